"""The PagerDuty Condition Language; most cases are examples from its documentation."""

from datetime import datetime, timezone

import pytest

from pdpyras_sandbox.pcl import Context, matches, parse, path, regex

EVENT = {
    'summary': '[PROD] Disk space low',
    'source': 'db1',
    'severity': 'critical',
    'number': 5,
    'float': 3.0,
    'big': 9007199254740992,
    'flag': True,
    'null': None,
    'list': ['a', {'b': 1}],
    'location': 'Canada',
    'custom_details': {
        'system diagnosis': {'important_field': 'This is an important value'},
        'load': 0.75,
    },
}
RAW = {
    'links': [{'href': 'https://diag.test/details', 'text': 'Diagnosis details'}],
    'important_field': 'This is an important value',
    'another_field': 'This has a newline\nin it',
}
#: 20:00 UTC on a Monday is noon in Los Angeles.
MONDAY = datetime(2022, 1, 3, 20, tzinfo=timezone.utc)


def holds(expression, now=MONDAY):
    return matches(expression, Context({'event': EVENT, 'raw_event': RAW}, now))


TRUE = [
    # The precedence of operators.
    'event.number > 4 and not event.number < 6 or event.number == 5',
    'true or true and false',
    'not false and true',
    'not (true and false)',
    "event.summary matches part 'prod' and (event.location == 'US' or event.location == 'Canada')",
    # Paths.
    "event.custom_details['system diagnosis'].important_field matches part 'important'",
    "raw_event.links[0].href == 'https://diag.test/details'",
    'raw_event.images[0].src == nil',
    "event.list[1].b == 1 and event['source'] == 'db1'",
    # Comparisons.
    'event.float == 3 and 3.0 == 3',
    '9007199254740992 == 9007199254740993.0',
    'event.custom_details.load >= 0.75 and event.custom_details.load < 4.5e10',
    "'Mercury' == 'Mercury'",
    "'the system\\'s down' matches part 'm\\'s'",
    r"'this has a single \\ backslash in it' matches part 'e \\ b'",
    "'こんにちは世界' matches part '世界'",
    'event.flag and event.flag == true',
    "event.source equals 'db1'",
    # Strings.
    "'this is a test' matches 'This Is A Test'",
    "'[PROD] Disk space low' matches part 'prod'",
    "event.summary matches part exactly 'PROD'",
    "event.number matches '5'",
    "event.flag matches 'true'",
    'event.list matches part \'"b": 1\'',
    # Regular expressions.
    "raw_event.important_field matches regex 'this'",
    "raw_event.important_field matches regex exactly '(?i)this'",
    "raw_event.another_field matches regex '.in it'",
    "raw_event.another_field matches regex '^in it'",
    "raw_event.another_field matches regex '(?-sm)^this.*newline'",
    "event.source matches regex 'DB[[:digit:]]$'",
    # Existence.
    'event.null exists',
    'not event.missing exists',
    'event.list[0] exists',
    # Evaluation errors count as false.
    "not 2 > 'two'",
    "2 >= 'two' or 2 < 10",
    'not raw_event.invalid_path > 2',
    # Time.
    'now > 2020-01-01 00:00:00 Etc/UTC',
    '2021-12-04 19:00:42 America/Los_Angeles < now',
    'now in Mon,Wed,Fri 01:00:00 to 15:00:00 America/Los_Angeles',
]
FALSE = [
    'event.number > 5',
    '9007199254740992 == 9007199254740994.0',
    "event.severity == 'CRITICAL'",
    'event.number == true',
    'event.flag == 1',
    "'trailing whitespace ' matches 'trailing whitespace'",
    "'[PROD] Network down' matches part 'disk'",
    "event.summary matches part exactly 'prod'",
    "event.missing matches part 'a'",
    "event.null matches 'null'",
    "raw_event.important_field matches regex exactly 'this'",
    "raw_event.important_field matches regex '(?-i)this'",
    "raw_event.another_field matches regex '(?-s).in it'",
    "raw_event.another_field matches regex '(?-m)^in it'",
    'event.missing exists',
    'event.list[2] exists',
    'event.source.deeper exists',
    "2 > 'two'",
    "2 <= 'two' and 2 < 10",
    'event.number',
    "'a string'",
    'nil',
    'now in Mon,Wed,Fri 01:00:00 to 15:00:00 Etc/Utc',
    'trigger_count over 1 minute > 3',
    'resetting_trigger_count over 1 hour 30 minutes > 3',
]


@pytest.mark.parametrize('expression', TRUE)
def test_condition_is_true(expression):
    assert holds(expression) is True


@pytest.mark.parametrize('expression', FALSE)
def test_condition_is_false(expression):
    assert holds(expression) is False


SUNDAYS = [
    # Daylight saving time ends.
    ('2021-11-07T05:00', False),
    ('2021-11-07T05:30', True),
    ('2021-11-07T06:00', False),
    ('2021-11-07T06:15', False),
    ('2021-11-07T06:30', True),
    ('2021-11-07T08:00', True),
    ('2021-11-07T08:30', False),
    # Daylight saving time starts.
    ('2022-03-13T06:00', False),
    ('2022-03-13T06:30', True),
    ('2022-03-13T07:00', True),
    ('2022-03-13T07:15', True),
    ('2022-03-13T07:30', False),
]


@pytest.mark.parametrize(('now', 'expected'), SUNDAYS, ids=[now for now, _ in SUNDAYS])
def test_schedule_follows_daylight_saving_time(now, expected):
    moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
    assert holds('now in Sun 01:30:00 to 03:15:00 America/New_York', moment) is expected


NIGHTS = [
    ('Wed 22:00:00 to 08:00:00 Etc/UTC', '2022-01-05T22:00', True),
    ('Wed 22:00:00 to 08:00:00 Etc/UTC', '2022-01-06T07:59', True),
    ('Wed 22:00:00 to 08:00:00 Etc/UTC', '2022-01-06T22:00', False),
    ('Wed 22:00:00 to 08:00:00 Etc/UTC', '2022-01-05T07:00', False),
    ('Sat,Sun 12:00:00 to 12:00:00 Africa/Cairo', '2022-01-08T09:00', False),
    ('Sat,Sun 12:00:00 to 12:00:00 Africa/Cairo', '2022-01-08T10:00', True),
    ('Sat,Sun 12:00:00 to 12:00:00 Africa/Cairo', '2022-01-10T09:00', True),
    ('Sat,Sun 12:00:00 to 12:00:00 Africa/Cairo', '2022-01-10T11:00', False),
]


@pytest.mark.parametrize(('schedule', 'now', 'expected'), NIGHTS)
def test_schedule_may_end_on_the_next_day(schedule, now, expected):
    moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
    assert holds('now in ' + schedule, moment) is expected


WRONG = [
    ('', 'syntax error at the end'),
    ('event.summary matches', 'syntax error at the end'),
    ("event.summary contains 'a'", 'syntax error at "contains'),
    ('event.summary = 1', "syntax error at '= 1'"),
    ("event.summary matches 'a", 'syntax error at'),
    ('(event.number > 1', "')' is missing at the end"),
    ('event.number > 1)', "syntax error at ')'"),
    ('and event.number > 1', 'syntax error at'),
    ('event. > 1', "syntax error at '> 1'"),
    ('event[a] == 1', "syntax error at 'a] == 1'"),
    ('event.summary matches regex event.source', 'a regular expression in quotes is missing'),
    ("event.summary matches regex '('", 'not a regular expression'),
    ("event.summary matches regex '(?=a)'", 'not a regular expression of RE2'),
    (r"event.summary matches regex '(a)\\1'", 'not a regular expression of RE2'),
    ('event.source in Mon 01:00:00 to 02:00:00 Etc/UTC', '"in" needs now and a schedule'),
    ('now in Mon', '"in" needs now and a schedule'),
    ('now in Mon 01:00:00 to 02:00:00 Mars/Base', 'Mars/Base is not a time zone'),
    ('now > 2020-13-01 00:00:00 Etc/UTC', 'not a date and time'),
    ('trigger_count over often > 1', 'a duration such as'),
    ('(' * 5000 + 'true' + ')' * 5000, 'nested too deeply'),
]


@pytest.mark.parametrize(('expression', 'reason'), WRONG, ids=[reason for _, reason in WRONG])
def test_invalid_condition_is_rejected_with_the_position(expression, reason):
    with pytest.raises(ValueError) as caught:
        parse(expression)
    assert reason.replace('"contains', '"contains \'a\'"') in str(caught.value)


def test_path_is_parsed_without_a_condition():
    assert path("event.custom_details['a b'][0].c") == ['event', 'custom_details', 'a b', 0, 'c']


@pytest.mark.parametrize(
    ('text', 'place'),
    [
        ('event.', 'the end'),
        ('event x', "'x'"),
        ("'event'", '"\'event\'"'),
        ('', 'the end'),
        ('event.a[1.5]', "'1.5]'"),
        ('event.a[-1]', "'-1]'"),
    ],
)
def test_invalid_path_is_rejected_with_the_position(text, place):
    with pytest.raises(ValueError) as caught:
        path(text)
    assert str(caught.value) == f'Cannot parse {text!r}: syntax error at {place}'


def test_regular_expression_is_case_sensitive_without_a_flag():
    assert regex('High CPU on (.*) server').search('High CPU on web server')[1] == 'web'
    assert regex('(?i)HIGH').search('High CPU')
    assert not regex('HIGH').search('High CPU')
    assert regex(r'CPU\z').search('High CPU')
