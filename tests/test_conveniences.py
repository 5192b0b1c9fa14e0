"""get_total, account_has_ability, on_call and progress."""

import sys
import types
from datetime import datetime, timedelta, timezone

import pytest
from wire import Reply

import pdpyras

# get_total


def test_get_total_requests_the_total_and_one_result(api, session):
    api.reply(body={'incidents': [{}], 'more': True, 'total': 4711, 'limit': 1, 'offset': 0})
    assert session.get_total('incidents', params={'statuses': ['triggered']}) == 4711
    expected = [('statuses[]', 'triggered'), ('limit', '1'), ('offset', '0'), ('total', 'true')]
    assert api.last.params == expected


def test_get_total_replaces_paging_parameters_in_the_url(api, session):
    api.reply(body={'users': [], 'more': False, 'total': 0})
    assert session.get_total('users?query=a&limit=50&offset=100') == 0
    assert api.last.params[0] == ('query', 'a')
    assert len(api.last.params) == 4


@pytest.mark.parametrize('url', ['audit/records', 'users/me', 'users/P1', 'incidents/P1/merge'])
def test_get_total_rejects_endpoints_without_totals(api, session, url):
    with pytest.raises(pdpyras.URLError, match='no totals|not a collection with pages'):
        session.get_total(url)
    assert api.seen == []


@pytest.mark.parametrize('body', [{'users': []}, {'users': [], 'total': None}, [], {'total': True}])
def test_a_response_without_a_total_is_a_server_error(api, session, body):
    api.reply(body=body)
    with pytest.raises(pdpyras.PDServerError, match='"total"'):
        session.get_total('users')


# account_has_ability


@pytest.mark.parametrize('status, expected', [(204, True), (402, False)])
def test_account_has_ability_returns_whether_the_status_is_a_success(
    api, session, status, expected
):
    api.reply(status)
    assert session.account_has_ability('teams') is expected
    assert api.last.path == '/abilities/teams'


@pytest.mark.parametrize('status', [404, 403, 500])
def test_any_other_status_is_an_error_that_names_the_ability(api, session, status):
    api.reply(status)
    with pytest.raises(pdpyras.PDHTTPError, match="the ability 'teem s'"):
        session.account_has_ability('teem s')
    assert api.last.path == '/abilities/teem%20s'


@pytest.mark.parametrize('name', ['', ' ', None, 5, '..'], ids=repr)
def test_an_invalid_name_of_an_ability_is_rejected(api, session, name):
    with pytest.raises((ValueError, pdpyras.URLError)):
        session.account_has_ability(name)
    assert api.seen == []


# on_call

AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def entry(user, level=1, end=None):
    return {'user': {'id': user, 'name': user}, 'escalation_level': level, 'end': end}


def test_on_call_returns_each_user_of_the_level_once(api, session):
    api.reply(
        body={
            'oncalls': [entry('U1'), entry('U2', end='2026-03-01T13:00:00Z')],
            'more': True,
        }
    )
    api.reply(body={'oncalls': [entry('U1'), entry('U3', level=2)], 'more': False})
    users = session.on_call(escalation_policy='EP1', at=AT, level='1')
    assert [user['id'] for user in users] == ['U1', 'U2']
    query = api.seen[0].query
    assert (query['since'], query['until']) == ('2026-03-01T12:00:00Z',) * 2
    assert (query['escalation_policy_ids[]'], query['include[]']) == ('EP1', 'users')


@pytest.mark.parametrize('end', ['2026-03-01T12:00:00Z', '2026-03-01T07:00:00-05:00'])
def test_on_call_ignores_a_shift_that_ends_at_the_given_moment(api, session, end):
    api.reply(body={'oncalls': [entry('U1', end=end), entry('U2')], 'more': False})
    assert [user['id'] for user in session.on_call(at=AT)] == ['U2']


def test_on_call_sends_a_moment_in_another_time_zone_as_utc(api, session):
    api.reply(body={'oncalls': [], 'more': False})
    session.on_call(at=datetime(2026, 3, 1, 17, 30, tzinfo=timezone(timedelta(hours=5.5))))
    assert api.last.query['since'] == '2026-03-01T12:00:00Z'


def test_on_call_of_a_service_queries_its_escalation_policy(api, session):
    api.reply(body={'service': {'id': 'S1', 'escalation_policy': {'id': 'EP9'}}})
    api.reply(body={'oncalls': [entry('U1')], 'more': False})
    assert session.on_call(service={'id': 'S1'}) == [{'id': 'U1', 'name': 'U1'}]
    assert api.seen[0].path == '/services/S1'
    assert api.last.query['escalation_policy_ids[]'] == 'EP9'


@pytest.mark.parametrize(
    'body',
    [None, {'service': None}, {'service': {}}, {'service': {'escalation_policy': None}}],
    ids=repr,
)
def test_on_call_of_a_service_without_an_escalation_policy_is_an_error(api, session, body):
    api.reply(body=body)
    with pytest.raises(pdpyras.PDClientError, match='no escalation policy'):
        session.on_call(service='S1')


def test_on_call_ignores_entries_without_a_user(api, session):
    entries = [None, entry('U1'), dict(entry('U2'), user=None)]
    api.reply(body={'oncalls': entries, 'more': False})
    assert [user['id'] for user in session.on_call(at=AT)] == ['U1']


def test_on_call_of_a_schedule_does_not_depend_on_the_level(api, session):
    api.reply(body={'oncalls': [entry('U1', level=3)], 'more': False})
    assert [user['id'] for user in session.on_call(schedule='SC1')] == ['U1']
    assert api.last.query['schedule_ids[]'] == 'SC1'


def test_on_call_of_a_schedule_without_a_policy_returns_its_users(api, session):
    api.reply(body={'oncalls': [], 'more': False})
    api.reply(body={'users': [{'id': 'U1'}]})
    assert session.on_call(schedule='SC1', at=AT) == [{'id': 'U1'}]
    assert api.last.path == '/schedules/SC1/users'
    assert (api.last.query['since'], api.last.query['until']) == ('2026-03-01T12:00:00Z',) * 2


@pytest.mark.parametrize(
    'options, message',
    [
        ({'at': datetime(2026, 3, 1)}, 'at must be a datetime with a time zone'),
        ({'level': 0}, 'level must be a whole number, 1 or more'),
        ({'level': 'first'}, 'level must be a whole number, 1 or more'),
        ({'schedule': {}}, 'A resource must be passed as its ID'),
        ({'service': 5}, 'A resource must be passed as its ID'),
    ],
    ids=repr,
)
def test_invalid_arguments_of_on_call_are_rejected(api, session, options, message):
    with pytest.raises(ValueError, match='^' + message):
        session.on_call(**options)
    assert api.seen == []


# progress


def test_progress_is_called_after_each_page(api, session):
    api.reply(body={'users': [1, 2], 'more': True, 'total': 3})
    api.reply(body={'users': [3], 'more': False})
    calls = []
    session.list_all('users', total=True, progress=lambda *call: calls.append(call))
    assert calls == [(2, 3), (3, None)]


def test_progress_of_a_cursor_listing_has_no_total(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    api.reply(body={'records': [2], 'next_cursor': None})
    calls = []
    list(session.iter_all('audit/records', progress=lambda *call: calls.append(call)))
    assert calls == [(1, None), (2, None)]


class FakeBar:
    """A tqdm that records what it shows."""

    bars = []

    def __init__(self, **options):
        self.n, self.total, self.is_closed = 0, None, False
        FakeBar.bars.append(self)

    def update(self, count):
        self.n += count

    def close(self):
        self.is_closed = True


@pytest.mark.parametrize('is_terminal', [False, True])
@pytest.mark.parametrize('is_installed', [False, True])
def test_the_progress_bar_is_shown_only_on_a_terminal(
    api, session, monkeypatch, is_terminal, is_installed
):
    FakeBar.bars = []
    module = types.SimpleNamespace(tqdm=FakeBar) if is_installed else None
    monkeypatch.setitem(sys.modules, 'tqdm', module)
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: is_terminal)
    api.reply(body={'users': [1, 2], 'more': False, 'total': 2})
    assert session.list_all('users', progress=True) == [1, 2]
    shown = [(bar.n, bar.total, bar.is_closed) for bar in FakeBar.bars]
    assert shown == ([(2, 2, True)] if is_terminal and is_installed else [])


def test_the_progress_bar_is_closed_when_the_iteration_is_abandoned(api, session, monkeypatch):
    FakeBar.bars = []
    monkeypatch.setitem(sys.modules, 'tqdm', types.SimpleNamespace(tqdm=FakeBar))
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
    api.rule(lambda seen: Reply(body={'users': [1], 'more': True}))
    results = session.iter_all('users', progress=True)
    next(results)
    results.close()
    assert FakeBar.bars[0].is_closed


# Names of the successor, and paths missing from the tables


def test_header_passthru_sends_the_key_as_the_whole_header(api):
    api.reply(body={'user': {}})
    with pdpyras.APISession(
        'Custom scheme of mine', auth_type='header_passthru', base_url=api.url
    ) as session:
        session.rget('users/P1')
    assert api.last.headers['Authorization'] == 'Custom scheme of mine'


def test_alert_grouping_settings_take_service_ids_and_limit_by_position(api, session):
    api.reply(body={'alert_grouping_settings': [1], 'after': None})
    assert list(session.iter_alert_grouping_settings(['S1', 'S2'], 25)) == [1]
    expected = [('limit', '25'), ('service_ids[]', 'S1'), ('service_ids[]', 'S2')]
    assert sorted(api.last.params) == expected


@pytest.mark.parametrize('name', ['rput', 'rpatch'])
def test_an_update_of_a_lower_case_id_must_return_the_wrapped_resource(api, session, name):
    api.reply(body={'other': {'id': 'abc'}})
    with pytest.raises(pdpyras.PDServerError, match='"user"'):
        getattr(session, name)('users/abc', json={'name': 'Jane'})


def test_an_unlisted_collection_is_not_mistaken_for_an_id_of_a_listed_one(api, session):
    api.reply(body={'tasks': [1], 'more': False})
    assert session.list_all('incidents/tasks') == [1]
    api.reply(body={'tasks': [2]})
    assert session.rget('incidents/tasks') == [2]
    api.reply(body={'incident': {'id': 'abc'}})
    assert session.rget('incidents/abc') == {'id': 'abc'}
    api.reply(body={'incident': {'id': 'abc'}})
    session.rput('incidents/abc', json={'title': 'x'})
    assert api.last.json == {'incident': {'title': 'x'}}


# Datetimes in parameters


@pytest.mark.parametrize(
    'moment, sent',
    [
        (AT, '2026-03-01T12:00:00Z'),
        (AT.astimezone(timezone(timedelta(hours=-5))), '2026-03-01T12:00:00Z'),
        (AT.replace(microsecond=999999), '2026-03-01T12:00:00Z'),
        (datetime(2026, 3, 1, 12), '2026-03-01T12:00:00'),
        (AT.date(), '2026-03-01'),
    ],
    ids=repr,
)
def test_an_aware_datetime_is_sent_as_utc(api, session, moment, sent):
    api.reply(body={'change_events': []})
    session.get('change_events', params={'since': moment, 'days': [moment]})
    assert api.last.params == [('since', sent), ('days[]', sent)]


def test_no_progress_bar_is_shown_without_stderr(api, session, monkeypatch):
    monkeypatch.setattr(sys, 'stderr', None)
    api.reply(body={'users': [1], 'more': False})
    assert session.list_all('users', progress=True) == [1]
