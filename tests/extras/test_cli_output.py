"""Output formats, in a terminal, in a pipe and in a file."""

import csv
import io
import json
import re
import stat
import subprocess
import sys
from bisect import bisect_left
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cli_process import MODULE, PATIENCE, CommandLine
from hypothesis import given
from hypothesis import strategies as st
from wire import Reply

from pdpyras_extras.cli import formats

ROOT = Path(__file__).resolve().parents[2]
ISO = '%Y-%m-%dT%H:%M:%SZ'
ESCAPE = '\x1b'
#: The escape sequences of colours in a terminal.
STYLED = re.compile(r'\x1b\[[0-9;]*m')


@pytest.fixture
def wire(api):
    return CommandLine(PAGERDUTY_URL=api.url, PAGERDUTY_API_KEY='the-api-key-1234')


def reply_with(api, *teams):
    api.reply(body={'teams': list(teams), 'more': False, 'limit': 100, 'offset': 0})


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


# CSV


@pytest.mark.parametrize('start', formats.FORMULA_STARTS, ids=ascii)
def test_csv_escapes_formulas(start):
    assert formats.csv_cell(start + 'HYPERLINK("x")') == "'" + start + 'HYPERLINK("x")'


@pytest.mark.parametrize(
    ('value', 'cell'),
    [
        (None, ''),
        (True, 'true'),
        (-5, '-5'),
        (1.5, '1.5'),
        ('a,b "c"', 'a,b "c"'),
        ('a=b', 'a=b'),
        ([], ''),
        (['a', 'b'], 'a, b'),
        (['=a', 'b'], "'=a, b"),
        ([1, 2], '[1, 2]'),
        ({'id': 'P1'}, '{"id": "P1"}'),
    ],
    ids=repr,
)
def test_a_value_becomes_this_cell_of_csv(value, cell):
    assert formats.csv_cell(value) == cell


def test_csv_escapes_headings(wire, api):
    reply_with(api, {'=cmd()': 1, '@x': '@y'})
    assert rows_of(wire.output('list', 'teams', '--format', 'csv')) == [
        ["'=cmd()", "'@x"],
        ['1', "'@y"],
    ]


def test_a_reference_becomes_two_columns_of_csv(wire, api):
    team = {'id': 'P2', 'summary': 'Ops', 'type': 'team_reference'}
    reply_with(api, {'id': 'P1', 'parent': None}, {'id': 'P3', 'parent': team, 'tags': ['a', 'b']})
    assert rows_of(wire.output('list', 'teams', '--format', 'csv')) == [
        ['id', 'parent.id', 'parent.summary', 'tags'],
        ['P1', '', '', ''],
        ['P3', 'P2', 'Ops', 'a, b'],
    ]


def test_csv_reports_attributes_of_later_records_without_a_column(wire, api):
    first = [{'id': f'P{number}'} for number in range(100)]
    api.reply(body={'teams': first, 'more': True, 'limit': 100, 'offset': 0})
    reply_with(api, {'id': 'P100', 'late': 1, 'later': 2})
    finished = wire.run('list', 'teams', '--format', 'csv')
    assert (finished.returncode, len(finished.stdout.splitlines())) == (0, 102)
    assert finished.stderr == 'pdpyras: not in the output; add them with --fields: late, later\n'


@pytest.mark.parametrize('output_format', ['csv', 'table', 'jsonl'])
def test_an_empty_listing_has_no_lines(wire, api, output_format):
    reply_with(api)
    assert wire.output('list', 'teams', '--format', output_format) == ''


def test_csv_keeps_line_breaks_in_a_cell(wire, api):
    reply_with(api, {'id': 'P1', 'description': 'two\nlines'})
    assert rows_of(wire.output('list', 'teams', '--format', 'csv'))[1] == ['P1', 'two\nlines']


# JSON


@pytest.mark.parametrize('indent', [None, 2])
@given(text=st.text())
def test_json_escapes_control_characters_and_decodes_to_the_same_text(text, indent):
    encoded = formats.to_json(text, indent)
    assert json.loads(encoded) == text
    assert not re.search(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', encoded)


@given(st.text())
def test_one_line_escapes_control_characters(text):
    shown = formats.one_line(text)
    assert len(shown.splitlines()) <= 1 or '\u2028' in shown or '\u2029' in shown
    assert not re.search(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', shown)


def test_a_lone_surrogate_is_written_as_its_escape(wire, api, tmp_path):
    body = b'{"teams": [{"id": "P1", "name": "\\ud800"}], "more": false}'
    api.reply(200, body, {'Content-Type': 'application/json'}, times=3)
    assert json.loads(wire.output('list', 'teams'))['name'] == '\ud800'
    assert '\\ud800' in wire.output('list', 'teams', '--format', 'table')
    file = tmp_path / 'teams.csv'
    wire.output('list', 'teams', '-o', str(file))
    assert file.read_text() == 'id,name\nP1,\\ud800\n'


@pytest.mark.parametrize('encoding', ['ascii', 'cp1252', 'utf-16', 'utf-8', 'UTF8'])
@pytest.mark.parametrize(
    'command',
    [['get', 'teams/P1'], ['list', 'teams'], ['list', 'teams', '--format', 'json']],
    ids=' '.join,
)
def test_json_in_any_encoding_decodes_to_the_same_text(wire, api, encoding, command):
    team = {'id': 'P1', 'Größe': 'Größe 😀 日本'}
    api.reply(body={'team': team} if command[0] == 'get' else {'teams': [team], 'more': False})
    there = wire.with_variables(PYTHONIOENCODING=encoding)
    with there.start(*command) as process:
        printed = process.stdout.read().decode(encoding)
    found = json.loads(printed)
    assert (found[0] if isinstance(found, list) else found) == team
    assert ('😀' in printed) == (encoding in ('utf-8', 'UTF8'))


# Files


@pytest.mark.skipif(sys.platform == 'win32', reason='needs a Unix shell')
@pytest.mark.parametrize(
    'line',
    [
        '{} list teams -o /dev/stdout | cat',
        '{} list teams -o >(cat)',
        '{} list teams -o /dev/stdout > new; cat new',
        'echo 0 > log; {} list teams -o /dev/stdout >> log; grep -q 0 log && tail -n 1 log',
        '{} list teams -o link; cat target',
        'ln -s /dev/stdout linked-pipe; {} list teams -o linked-pipe | cat',
        'mkfifo pipe; cat pipe & {} list teams -o pipe; wait',
    ],
)
def test_output_goes_to_whatever_the_path_leads_to(wire, api, tmp_path, line):
    (tmp_path / 'link').symlink_to('target')
    reply_with(api, {'id': 'P1'})
    done = subprocess.run(
        ['bash', '-c', line.format(' '.join(MODULE))],
        cwd=tmp_path,
        env={**wire.environment, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr) == ('{"id": "P1"}\n', '')


@pytest.mark.skipif(sys.platform == 'win32', reason='Windows has other permissions')
def test_a_file_that_is_replaced_keeps_its_mode(wire, api, tmp_path):
    file = tmp_path / 'teams.csv'
    file.touch(0o600)
    reply_with(api, {'id': 'P1'})
    wire.output('list', 'teams', '-o', str(file))
    assert file.read_text() == 'id\nP1\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_in_a_folder_that_is_read_only_is_reported_before_a_request(wire, api, tmp_path):
    file = tmp_path / 'teams.csv'
    file.touch()
    # Root may write to any folder.
    setup = f'import os; os.access = lambda path, mode: path != {str(tmp_path)!r}'
    status, line = wire.failure('list', 'teams', '-o', str(file), setup=setup)
    assert status == 2
    assert f"no file can be created in '{tmp_path}'. Use > FILE instead." in line
    assert api.seen == []


# Tables


@pytest.mark.parametrize(
    ('value', 'cell'),
    [
        (None, ''),
        (False, 'false'),
        ('two\nlines', 'two lines'),
        ('\x1b[31mred\x9b', '\\u001b[31mred\\u009b'),
        ({'id': 'P1', 'summary': 'Ops'}, 'Ops'),
        ({'id': 'P1'}, 'P1'),
        ({'free': 0}, '{"free": 0}'),
        ([{'summary': 'Ops'}, {'name': 'Web'}], 'Ops, Web'),
        ([1, None, 'x'], '1, , x'),
    ],
    ids=repr,
)
def test_a_value_becomes_this_cell_of_a_table(value, cell):
    assert formats.table_cell(value) == cell


def test_a_table_in_a_pipe_is_plain_and_complete(wire, api):
    reply_with(api, {'id': 'P1', 'name': 'N' * 200}, {'id': 'P22', 'name': '日本'})
    assert wire.output('list', 'teams', '--format', 'table').splitlines() == [
        'id   name',
        'P1   ' + 'N' * 200,
        'P22  日本',
    ]


def table_in_terminal(pdp, *arguments, columns):
    """Return the lines of a table, without the progress bar and colours."""
    status, shown = pdp.in_terminal(*arguments, columns=columns)
    assert status == 0
    return STYLED.sub('', shown.rpartition('\x1b[2K')[2]).splitlines()


def test_a_table_in_a_terminal_has_colours(pdp):
    _, shown = pdp.in_terminal('incidents')
    assert '\x1b[31mtriggered' in shown
    assert '\x1b[33macknowledged' in shown


@pytest.mark.parametrize(
    ('columns', 'headings'),
    [
        (20, ['id']),
        (80, ['id', 'status', 'urgency', 'title']),
        (160, ['id', 'status', 'urgency', 'title', 'service', 'created_at', 'escalation_policy']),
    ],
)
def test_a_table_has_the_columns_that_fit_the_terminal(pdp, columns, headings):
    lines = table_in_terminal(pdp, 'incidents', columns=columns)
    assert lines[0].split() == headings
    assert max(map(len, lines)) <= columns


USER = {'id': 'P1', 'summary': 'Alex'}
POLICY = {'id': 'P2', 'summary': 'Default'}


@pytest.mark.parametrize(
    ('record', 'columns'),
    [
        (
            {'escalation_policy': POLICY, 'escalation_level': 1, 'user': USER, 'schedule': None},
            ['user', 'escalation_policy', 'schedule', 'escalation_level'],
        ),
        ({'id': 'P3', 'type': 'tag', 'label': 'EU', 'summary': 'EU'}, ['id', 'label']),
        ({'id': 'P4', 'type': 'team', 'summary': 'Ops', 'name': 'Ops'}, ['id', 'name']),
        ({'id': 'P5', 'summary': 'Deployed', 'timestamp': 'T'}, ['id', 'summary', 'timestamp']),
        (
            {'id': 'P6', 'execution_time': 'T', 'root_resource': USER, 'action': 'update'},
            ['id', 'action', 'root_resource', 'execution_time'],
        ),
    ],
    ids=['on-call', 'tag', 'team', 'change event', 'audit record'],
)
def test_a_table_has_the_columns_that_identify_a_record(wire, api, record, columns):
    reply_with(api, record)
    printed = wire.output('list', 'teams', '--format', 'table')
    assert printed.splitlines()[0].split() == columns


def test_all_chosen_fields_are_shown_in_a_narrow_terminal(pdp):
    fields = ['id', 'status', 'urgency', 'title', 'service', 'created_at']
    lines = table_in_terminal(pdp, 'incidents', '--fields', ','.join(fields), columns=40)
    assert lines[0].split() == fields


def test_a_table_escapes_markup_and_control_characters(wire, api):
    reply_with(api, {'id': 'P1', 'name': '[red]x[/red] \x1b]0;title\x07 :smile:'})
    _, shown = wire.in_terminal('list', 'teams', term='dumb')
    assert '[red]x[/red] \\u001b]0;title\\u0007 :smile:' in shown
    assert ESCAPE not in shown


@pytest.mark.parametrize('output_format', ['json', 'jsonl', 'csv'])
def test_json_and_csv_escape_control_characters_in_a_terminal(wire, api, output_format):
    reply_with(api, {'id': 'P1', 'name': '\x1b[31m\x9b31m'})
    _, shown = wire.in_terminal('list', 'teams', '--format', output_format, term='dumb')
    assert '\x1b' not in shown
    assert '\x9b' not in shown


def test_a_resource_in_a_terminal_is_coloured_json(wire, api):
    api.reply(body={'team': {'id': 'P1', 'name': '[red]x[/red]'}})
    status, shown = wire.in_terminal('get', 'teams/P1')
    assert status == 0
    assert shown != STYLED.sub('', shown)
    assert json.loads(STYLED.sub('', shown)) == {'id': 'P1', 'name': '[red]x[/red]'}


def test_no_color_is_respected(pdp):
    _, shown = pdp.with_variables(NO_COLOR='1').in_terminal('incidents')
    assert '\x1b[31m' not in shown


# Progress


def test_a_bar_on_a_terminal_shows_progress_of_an_export_and_is_removed(pdp, tmp_path):
    file = tmp_path / 'users.csv'
    status, shown = pdp.in_terminal('list', 'users', '-o', str(file))
    assert status == 0
    assert re.search(r'\d+/\?', shown)
    assert shown.endswith('\x1b[2K')
    assert len(file.read_text().splitlines()) > 1


def test_no_bar_is_drawn_if_records_are_printed_to_the_terminal(pdp):
    _, shown = pdp.in_terminal('list', 'users', '--format', 'jsonl', '--fields', 'id')
    assert all(json.loads(line) for line in shown.splitlines())


def test_records_in_a_pipe_have_a_bar_on_the_terminal(pdp):
    status, shown = pdp.in_terminal('list', 'users', stdout=subprocess.DEVNULL)
    assert status == 0
    assert re.search(r'\d+/\?', shown)


# Long listings

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
PERIOD = ('--since', '2026-01-01T00:00Z', '--until', '2026-07-01T00:00Z')

#: Setup in Python that reports the peak memory of the process, in KiB, on stderr.
REPORT_MEMORY = """
import atexit, re, sys
def report():
    sys.stderr.write(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])
atexit.register(report)
"""


def history(count):
    """Return a rule for /incidents with one incident a minute, limited to 10,000 in a listing."""
    times = [(START + timedelta(minutes=number)).strftime(ISO) for number in range(count)]

    def answer(seen):
        query = seen.query
        offset, limit = int(query['offset']), int(query['limit'])
        assert offset + limit <= 10_000
        found = range(bisect_left(times, query['since']), bisect_left(times, query['until']))
        incidents = [
            {'id': f'Q{number}', 'created_at': times[number], 'title': 'x' * 1000}
            for number in found[offset : offset + limit]
        ]
        more = offset + limit < len(found)
        body = {'incidents': incidents, 'total': len(found), 'more': more}
        return Reply(200, {**body, 'limit': limit, 'offset': offset})

    return answer


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read from /proc')
@pytest.mark.parametrize('output_format', ['csv', 'jsonl', 'json'])
def test_30_000_records_are_streamed_in_constant_memory(wire, api, output_format):
    peaks = {}
    for count in (3_000, 30_000):
        api.rule(history(count))
        finished = wire.run(
            *('list', 'incidents', *PERIOD, '--format', output_format), setup=REPORT_MEMORY
        )
        assert finished.returncode == 0
        peaks[count] = int(finished.stderr)
        assert sorted(map(int, re.findall(r'\bQ(\d+)\b', finished.stdout))) == list(range(count))
    # The records take 30 MB as JSON and several times that when decoded.
    assert peaks[30_000] - peaks[3_000] < 8 * 1024
