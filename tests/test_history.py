"""iter_history: every record of a period, past the 10,000 results that pagination reaches."""

import random
import tracemalloc
import warnings
from datetime import datetime, timedelta, timezone

import pytest
from history_server import EPOCH, CursorHistoryServer, HistoryServer, stamp
from scale import at_scale
from wire import ANY_SERVER_ERROR, Reply

import pdpyras

hypothesis = pytest.importorskip('hypothesis')

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

#: The full scale has a million records; the default divides them and the limit of 10,000 by this.
SCALE = at_scale(40, full=1)
LIMIT = 10000 // SCALE

DAY = 86400
YEAR = 366 * DAY
SINCE, UNTIL = EPOCH, EPOCH + timedelta(days=366)


@pytest.fixture(autouse=True)
def iteration_limit(monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', LIMIT)


def session_with(server):
    session = pdpyras.APISession('the-api-key-1234')
    session.mount('https://', server)
    return session


def history_of(server, url='incidents', since=SINCE, until=UNTIL, **options):
    with session_with(server) as session:
        return [record['id'] for record in session.iter_history(url, since, until, **options)]


def expected(server):
    ids = ['R{}'.format(place) for place in range(len(server.seconds))]
    return ids[::-1] if server.newest_first else ids


def spread(count, seed, span=YEAR):
    generator = random.Random(seed)
    return [generator.randrange(span) for _ in range(count // SCALE)]


def bursts(seed, places):
    """Half of the records evenly, the others in bursts at the given seconds."""
    generator = random.Random(seed)
    seconds = spread(sum(size for _, size, _ in places), seed)
    for at, size, width in places:
        seconds += [min(YEAR - 1, at + generator.randrange(width)) for _ in range(size // SCALE)]
    return seconds


#: Seconds at which windows are cut: the ends of the longest windows, and the middles of those.
CUTS = [180 * DAY, 360 * DAY, 90 * DAY, 270 * DAY, 45 * DAY]

WORLDS = [
    pytest.param(spread(200000, 1), id='200,000 records evenly'),
    pytest.param(bursts(2, [(at, 9000, 1) for at in CUTS]), id='bursts on the cuts'),
    pytest.param(bursts(3, [(at - 1800, 30000, 3600) for at in CUTS]), id='bursts around the cuts'),
    pytest.param(bursts(4, [(1000000, 60000, 3600), (5, 9999, 1)]), id='60,000 in an hour'),
]


@pytest.mark.parametrize('inclusive', [False, True], ids=['exclusive', 'inclusive'])
@pytest.mark.parametrize('newest_first', [False, True], ids=['oldest first', 'newest first'])
@pytest.mark.parametrize('seconds', WORLDS)
def test_every_record_comes_once_and_in_order(seconds, newest_first, inclusive):
    server = HistoryServer(seconds, 181, inclusive, newest_first, limit=LIMIT)
    assert history_of(server) == expected(server)
    assert server.refused == []
    if SCALE == 1:
        # With a tenth, the windows are too small for a fair count. An inclusive end brings the
        # records on a cut twice, whatever the client does.
        twice = sum(second in CUTS for second in seconds) if inclusive else 0
        assert len(server.queries) <= 1.1 * (len(seconds) + twice) / 100
    assert len(server.queries) == len({tuple(sorted(query.items())) for query in server.queries})


@pytest.mark.parametrize('count', [0, 1, 100, 101, LIMIT - 1, LIMIT])
def test_a_window_that_fits_takes_as_few_requests_as_pagination(count):
    server = HistoryServer(spread(count * SCALE, 5, 100 * DAY), 181, limit=LIMIT)
    until = SINCE + timedelta(days=100)
    assert history_of(server, until=until) == expected(server)
    assert len(server.queries) == max(1, -(-count // 100))


@pytest.mark.parametrize('inclusive', [False, True], ids=['exclusive', 'inclusive'])
@pytest.mark.parametrize('newest_first', [False, True], ids=['oldest first', 'newest first'])
def test_only_a_second_with_too_many_records_is_incomplete(newest_first, inclusive):
    at = 1234567
    server = HistoryServer(
        spread(30000, 6) + [at] * (25000 // SCALE), 181, inclusive, newest_first, limit=LIMIT
    )
    with pytest.warns(UserWarning, match='More than {} results'.format(LIMIT)) as warned:
        received = history_of(server)
    assert len(warned) == 1
    assert server.refused == []
    others = [i for i in expected(server) if server.seconds[int(i[1:])] != at]
    assert [i for i in received if server.seconds[int(i[1:])] != at] == others
    assert len(received) == len(set(received))
    assert len(received) - len(others) >= LIMIT - 10


@pytest.mark.parametrize('newest_first', [False, True], ids=['oldest first', 'newest first'])
@pytest.mark.parametrize('inclusive', [False, True], ids=['exclusive', 'inclusive'])
def test_audit_records_are_fetched_in_windows_of_31_days(newest_first, inclusive):
    server = CursorHistoryServer(
        spread(20000, 7), longest_days=31, inclusive=inclusive, newest_first=newest_first
    )
    assert history_of(server, 'audit/records') == expected(server)
    assert server.refused == []
    assert len(server.queries) <= 200 // SCALE + 13


@settings(max_examples=at_scale(30, full=60))
@given(
    seconds=st.lists(st.integers(0, 40), max_size=120),
    width=st.integers(1, 40),
    start=st.integers(0, 20),
    inclusive=st.booleans(),
    newest_first=st.booleans(),
)
def test_any_distribution_of_records_in_any_period_comes_once_and_in_order(
    seconds, width, start, inclusive, newest_first
):
    """With an iteration limit of 10, so that a few records are too many."""
    before = pdpyras.ITERATION_LIMIT
    pdpyras.ITERATION_LIMIT = 10
    try:
        server = HistoryServer(seconds, None, inclusive, newest_first, 'log_entries', limit=10)
        since = EPOCH + timedelta(seconds=start)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter('always')
            until = since + timedelta(seconds=width)
            received = history_of(server, 'log_entries', since, until, page_size=7)
    finally:
        pdpyras.ITERATION_LIMIT = before
    end = start + width + inclusive
    within = [i for i in expected(server) if start <= server.seconds[int(i[1:])] < end]
    crowded = {second for second in seconds if seconds.count(second) > 10}
    near = crowded | {second + 1 for second in crowded} | {second - 1 for second in crowded}
    assert len(received) == len(set(received))
    assert set(received) <= set(within)
    calm = [i for i in within if server.seconds[int(i[1:])] not in near]
    assert [i for i in received if i in set(calm)] == calm
    assert server.refused == []


@pytest.mark.parametrize(
    'url, wrapper',
    [
        ('incidents', 'incidents'),
        ('log_entries', 'log_entries'),
        ('incidents/P1/log_entries', 'log_entries'),
        ('change_events', 'change_events'),
        ('services/P1/change_events', 'change_events'),
        ('notifications', 'notifications'),
    ],
)
def test_iter_history_supports_each_listing_with_a_period(url, wrapper):
    server = HistoryServer(spread(3000, 8), None, wrapper=wrapper)
    until = SINCE + timedelta(days=20)
    within = [i for i in expected(server) if server.seconds[int(i[1:])] < 20 * DAY]
    assert history_of(server, url, until=until) == within


def test_an_oncall_that_overlaps_several_windows_comes_once(api, session, monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 10)
    always = [{'user': {'id': 'U1'}, 'start': None, 'end': None, 'escalation_level': 1}]
    shifts = [{'user': {'id': 'U2'}, 'start': stamp(n), 'end': stamp(n + 3)} for n in range(40)]

    @api.rule
    def oncalls(seen):
        since, until = seen.query['since'], seen.query['until']
        found = always + [s for s in shifts if s['start'] <= until and s['end'] >= since]
        offset, limit = int(seen.query['offset']), int(seen.query['limit'])
        page = found[offset : offset + limit]
        more = offset + limit < len(found)
        return Reply(body={'oncalls': page, 'more': more, 'total': len(found)})

    until = SINCE + timedelta(seconds=43)
    assert list(session.iter_history('oncalls', SINCE, until)) == always + shifts


def test_records_without_an_id_are_compared_as_a_whole(api, session):
    records = [{'created_at': stamp(1), 'n': 1}, {'n': 1, 'created_at': stamp(1)}, {'n': 2}]
    api.reply(body={'log_entries': records, 'more': False, 'total': 3})
    got = list(session.iter_history('log_entries', SINCE, UNTIL))
    assert got == [records[0], records[2]]


def test_a_record_that_moves_to_the_next_page_comes_once(api, session):
    api.reply(body={'log_entries': [{'id': 'b'}, {'id': 'a'}], 'more': True, 'total': 3})
    api.reply(body={'log_entries': [{'id': 'a'}], 'more': False})
    assert list(session.iter_history('log_entries', SINCE, UNTIL)) == [{'id': 'b'}, {'id': 'a'}]


def test_the_period_is_sent_in_whole_seconds_of_utc(api, session):
    api.reply(body={'log_entries': [], 'more': False, 'total': 0})
    zone = timezone(timedelta(hours=5, minutes=30))
    since = datetime(2024, 1, 1, 5, 30, 0, 999999, zone)
    until = datetime(2024, 1, 1, 5, 30, 1, 1, zone)
    assert list(session.iter_history('log_entries', since, until)) == []
    assert (api.last.query['since'], api.last.query['until']) == (stamp(0), stamp(2))


def test_params_hook_and_page_size_apply_to_each_page(api, session):
    calls, params = [], {'include': ['users'], 'is_overview': True}
    api.reply(body={'log_entries': [{'id': 'a'}], 'more': True, 'total': 2})
    api.reply(body={'log_entries': [{'id': 'b'}], 'more': False})
    history = session.iter_history(
        'log_entries?team_ids[]=T1',
        SINCE,
        UNTIL,
        params=params,
        page_size=1,
        item_hook=lambda *arguments: calls.append(arguments),
    )
    assert [record['id'] for record in history] == ['a', 'b']
    assert calls == [({'id': 'a'}, 1, '?'), ({'id': 'b'}, 2, '?')]
    assert params == {'include': ['users'], 'is_overview': True}
    for seen in api.seen:
        query = dict(seen.params)
        assert (query['include[]'], query['is_overview'], query['limit']) == ('users', 'true', '1')
        assert query['team_ids[]'] == 'T1'
    assert [seen.query['offset'] for seen in api.seen] == ['0', '1']


def test_records_are_yielded_as_fetched_and_an_error_is_raised_after_them(api, session):
    api.reply(body={'log_entries': [{'id': 'a'}], 'more': True, 'total': 2})
    api.reply(ANY_SERVER_ERROR)
    history = session.iter_history('log_entries', SINCE, UNTIL, page_size=1)
    assert api.seen == []
    assert next(history) == {'id': 'a'}
    assert len(api.seen) == 1
    with pytest.raises(pdpyras.PDServerError, match='GET .*/log_entries.*offset=1: server error'):
        next(history)


def test_change_events_without_more_are_fetched_up_to_the_total(api, session):
    for ids, total in (('ab', 3), ('c', None)):
        records = [{'id': each} for each in ids]
        api.reply(body={'change_events': records, **({'total': total} if total else {})})
    history = session.iter_history('change_events', SINCE, UNTIL, page_size=2)
    assert [record['id'] for record in history] == ['a', 'b', 'c']
    assert [seen.query['offset'] for seen in api.seen] == ['0', '2']


def test_a_history_that_may_be_incomplete_warns(api, session):
    api.reply(body={'change_events': [{'id': 'a'}]})
    with pytest.warns(UserWarning, match='does not say whether there are more'):
        assert list(session.iter_history('change_events', SINCE, UNTIL)) == [{'id': 'a'}]


def test_each_page_is_requested_with_parameters_that_do_not_change_afterwards(api, session):
    for ids, more in (('a', True), ('b', True), ('c', False)):
        records = [{'id': each} for each in ids]
        api.reply(body={'log_entries': records, 'more': more, 'total': 3})
    passed, get = [], session.get
    session.get = lambda url, params: passed.append(params) or get(url, params=params)
    list(session.iter_history('log_entries', SINCE, UNTIL, page_size=1))
    assert [params['offset'] for params in passed] == [0, 1, 2]


def test_the_warning_at_the_limit_masks_the_key(api, session, monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 1)
    api.rule(lambda seen: Reply(body={'overrides': [{'id': '1'}], 'more': True}))
    path = 'v3/schedules/S1/overrides?mark=' + session.api_key
    with pytest.warns(UserWarning, match=r'overrides\?mark=\*1234 are between'):
        list(session.iter_history(path, SINCE, UNTIL, page_size=1))


def test_a_listing_without_totals_is_one_window_with_a_warning_at_the_limit(
    api, session, monkeypatch
):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 2)
    api.rule(lambda seen: Reply(body={'overrides': [{'id': str(len(api.seen))}], 'more': True}))
    history = session.iter_history('v3/schedules/S1/overrides', SINCE, UNTIL, page_size=1)
    with pytest.warns(UserWarning, match='no way to get the others'):
        assert [record['id'] for record in history] == ['1', '2']


def test_memory_does_not_grow_with_the_number_of_records():
    server = HistoryServer(spread(100000, 9), 181, limit=LIMIT)
    peaks = []
    with session_with(server) as session:
        history = session.iter_history('incidents', SINCE, UNTIL)
        for _ in range(4):
            server.queries.clear()
            tracemalloc.start()
            try:
                for _ in range(len(server.seconds) // 4):
                    next(history)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
    assert peaks[3] < 1.5 * peaks[0]


# Rejected before anything is sent

NAIVE = datetime(2024, 1, 1)


@pytest.mark.parametrize(
    'url', ['users', 'schedules', 'schedules/S1', 'incidents/P1', 'services', 'nosuch/thing']
)
def test_iter_history_rejects_an_endpoint_without_a_period(api, session, url):
    with pytest.raises(pdpyras.URLError, match='no since and until|not a collection'):
        session.iter_history(url, SINCE, UNTIL)
    assert api.seen == []


@pytest.mark.parametrize(
    'since, until, message',
    [
        (NAIVE, UNTIL, 'since must be a datetime with a time zone'),
        (SINCE, NAIVE, 'until must be a datetime with a time zone'),
        ('2024-01-01T00:00:00Z', UNTIL, 'since must be'),
        (SINCE, None, 'until must be'),
        (SINCE.date(), UNTIL, 'since must be'),
        (UNTIL, SINCE, 'must be before'),
        (SINCE, SINCE, 'must be before'),
        (SINCE, SINCE.astimezone(timezone(timedelta(hours=5))), 'must be before'),
    ],
    ids=repr,
)
def test_iter_history_rejects_an_invalid_period(api, session, since, until, message):
    with pytest.raises(ValueError, match=message):
        session.iter_history('incidents', since, until)
    assert api.seen == []


def test_an_invalid_total_is_ignored(api, session):
    api.reply(body={'log_entries': [{'id': 'a'}], 'more': False, 'total': '20000'})
    assert list(session.iter_history('log_entries', SINCE, UNTIL)) == [{'id': 'a'}]


@pytest.mark.parametrize('name', ['since', 'until', 'offset', 'total', 'date_range', 'cursor'])
@pytest.mark.parametrize('where', ['params', 'url'])
def test_iter_history_rejects_parameters_that_select_a_period_or_page(api, session, name, where):
    url = 'incidents?{}=1'.format(name) if where == 'url' else 'incidents'
    params = {name: 1} if where == 'params' else None
    with pytest.raises(ValueError, match=name):
        session.iter_history(url, SINCE, UNTIL, params=params)
    assert api.seen == []


def test_a_period_without_records_takes_one_request_for_each_longest_window():
    server = HistoryServer([], 181)
    assert history_of(server) == []
    assert len(server.queries) == 3


@pytest.mark.parametrize('newest_first', [False, True], ids=['oldest first', 'newest first'])
def test_records_within_one_second_of_unknown_order_are_yielded(newest_first):
    """The half that the first record belongs to comes first; the other one is empty."""
    server = HistoryServer([1000] * (2 * LIMIT), None, False, newest_first, 'log_entries', LIMIT)
    with pytest.warns(UserWarning, match='no way to get the others'):
        received = history_of(server, 'log_entries', until=SINCE + timedelta(seconds=4000))
    assert received == expected(server)[:LIMIT]


@pytest.mark.parametrize('newest_first', [False, True], ids=['oldest first', 'newest first'])
def test_the_order_is_known_although_the_latest_window_has_no_records(newest_first):
    server = HistoryServer([10, 20, 200 * DAY, 201 * DAY], 181, False, newest_first)
    assert history_of(server) == expected(server)
    assert len(server.queries) == 3


@pytest.mark.parametrize('newest_first', [False, True], ids=['oldest first', 'newest first'])
def test_a_page_of_records_at_the_second_where_a_window_is_cut_shows_their_order(newest_first):
    step = -1 if newest_first else 1
    nearby = [2000 + step * (n % 2000) for n in range(LIMIT)]
    server = HistoryServer([2000] * 100 + nearby, None, False, newest_first, limit=LIMIT)
    assert history_of(server, until=SINCE + timedelta(seconds=4000)) == expected(server)


@pytest.mark.parametrize('stamp', [None, 5, 'yesterday', '2024-13-01T00:00:00Z'], ids=repr)
def test_records_with_an_unreadable_time_are_yielded_unchanged(api, session, stamp):
    records = [{'id': 'a', 'created_at': stamp}, 'not an object', {'id': 'b'}]
    api.reply(body={'log_entries': records, 'more': False, 'total': 3})
    assert list(session.iter_history('log_entries', SINCE, UNTIL)) == records


def test_since_and_until_are_compared_in_utc(api, session):
    zone = pytest.importorskip('zoneinfo', reason='Python 3.9 has time zones').ZoneInfo
    try:
        new_york = zone('America/New_York')
    except KeyError:
        pytest.skip('this system has no time zones')
    api.rule(lambda seen: Reply(body={'log_entries': [], 'more': False, 'total': 0}))
    early = datetime(2026, 11, 1, 1, 30, tzinfo=new_york)
    late = datetime(2026, 11, 1, 1, 15, fold=1, tzinfo=new_york)
    assert list(session.iter_history('log_entries', early, late)) == []
    with pytest.raises(ValueError, match='must be before'):
        session.iter_history('log_entries', late, early)


def test_a_limit_in_params_is_the_page_size(api, session):
    api.rule(lambda seen: Reply(body={'log_entries': [], 'more': False, 'total': 0}))
    list(session.iter_history('log_entries?limit=50', SINCE, UNTIL))
    list(session.iter_history('log_entries', SINCE, UNTIL, params={'limit': 20}))
    assert [[value for name, value in seen.params if name == 'limit'] for seen in api.seen] == [
        ['50'],
        ['20'],
    ]
    with pytest.raises(ValueError, match='page_size'):
        session.iter_history('log_entries', SINCE, UNTIL, params={'limit': 0})


@pytest.mark.filterwarnings('ignore:Stopping the iteration')
def test_a_cursor_that_repeats_ends_the_history(api, session):
    api.rule(lambda seen: Reply(200, {'records': [], 'next_cursor': 'again'}))
    assert list(session.iter_history('audit/records', SINCE, SINCE + timedelta(days=1))) == []


def test_iter_history_rejects_unlisted_audit_records(api, session):
    with pytest.raises(pdpyras.URLError, match='no since and until'):
        session.iter_history('business_services/B1/audit/records', SINCE, UNTIL)
    assert api.seen == []
