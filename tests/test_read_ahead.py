"""Pages of a classic listing that are requested ahead: the same results, sooner."""

import gc
import threading
import warnings

import pytest
from wire import Reply

import pdpyras


def users(seen, count=950, **answer):
    """A truthful page of a listing of numbers."""
    offset, limit = int(seen.query['offset']), int(seen.query['limit'])
    results = list(range(offset, max(offset, min(offset + limit, count))))
    body = {'users': results, 'more': offset + limit < count, 'limit': limit, 'offset': offset}
    return Reply(body=dict(body, **answer))


def reading_threads():
    return [thread for thread in threading.enumerate() if 'ThreadPool' in thread.name]


def offsets(api):
    return [int(seen.query['offset']) for seen in api.seen]


def test_nothing_is_requested_ahead_unless_asked_for(api, session):
    api.rule(users)
    iterator = session.iter_all('users')
    next(iterator)
    assert len(api.seen) == 1


def test_the_results_come_in_order(api, session):
    api.rule(users)
    assert session.list_all('users', read_ahead=8) == list(range(950))
    assert sorted(set(offsets(api)))[:10] == list(range(0, 1000, 100))


@pytest.fixture
def held_back(api):
    """A listing each of whose pages is held back until the one after it has been asked for."""
    asked_for = [threading.Event() for _ in range(11)]

    @api.rule
    def hold_back(seen):
        page = int(seen.query['offset']) // 100
        asked_for[page].set()
        if 0 < page < 9:
            assert asked_for[page + 1].wait(10)
        return users(seen)


def test_pages_are_requested_before_they_are_consumed(held_back, session):
    assert session.list_all('users', read_ahead=2) == list(range(950))


def test_the_attribute_of_the_session_is_the_default(held_back, session):
    session.read_ahead = 2
    assert session.list_all('users') == list(range(950))


def test_no_more_pages_are_requested_ahead_than_asked_for(api, session):
    api.rule(users)
    iterator = session.iter_all('users', read_ahead=3)
    for _ in range(101):
        next(iterator)
    iterator.close()
    assert max(offsets(api)) <= 400


def test_a_listing_of_one_page_takes_one_request(api, session):
    api.rule(lambda seen: users(seen, count=50))
    assert len(session.list_all('users', read_ahead=8)) == 50
    assert len(api.seen) == 1


def test_the_hook_runs_in_the_thread_of_the_caller(api, session):
    api.rule(users)
    calls = []

    def hook(item, number, total):
        calls.append((item, number, total, threading.current_thread()))

    session.list_all('users', read_ahead=4, item_hook=hook)
    assert calls == [(n, n + 1, '?', threading.current_thread()) for n in range(950)]


def test_an_abandoned_iterator_leaves_no_thread_and_no_request_behind(api, session):
    api.rule(users)
    iterator = session.iter_all('users', read_ahead=8)
    next(iterator)
    del iterator
    gc.collect()
    assert reading_threads() == []
    number = len(api.seen)
    api.reply(body={'user': {}})
    session.rget('users/P1')
    assert len(api.seen) == number + 1


def test_an_error_surfaces_at_its_place_in_the_order(api, session):
    api.rule(lambda seen: Reply(500) if seen.query['offset'] == '300' else users(seen))
    results = []
    with pytest.raises(pdpyras.PDServerError):
        results.extend(_collected(session.iter_all('users', read_ahead=8), results))
    assert results == list(range(300))
    assert reading_threads() == []


def _collected(iterator, results):
    for item in iterator:
        results.append(item)
    return []


def test_a_rate_limit_on_one_page_holds_the_others_back(api, session, monkeypatch):
    """While one request waits for the rate limit, no other is sent."""
    limited = threading.Event()
    sent_while_waiting = []

    @api.rule
    def limit_once(seen):
        if seen.query['offset'] == '200' and not limited.is_set():
            limited.set()
            return Reply(429, headers={'ratelimit-reset': '5'})
        return users(seen)

    def sleep(seconds):
        # Those that were under way may still arrive; those that had not been sent must not.
        before = len(api.seen)
        for _ in range(20):
            threading.Event().wait(0.001)
        sent_while_waiting.append(len(api.seen) - before)

    monkeypatch.setattr(pdpyras.time, 'sleep', sleep)
    assert session.list_all('users', read_ahead=2) == list(range(950))
    assert len(sent_while_waiting) == 1
    assert sent_while_waiting[0] <= 1


def test_the_connection_pool_is_large_enough_for_any_depth(api, session, caplog):
    api.rule(lambda seen: users(seen, count=5000))
    assert session.list_all('users', read_ahead=50) == list(range(5000))
    assert [record for record in caplog.records if 'pool' in record.getMessage()] == []


def test_cursors_are_followed_one_by_one(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    api.reply(body={'records': [2], 'next_cursor': None})
    assert session.list_all('audit/records', read_ahead=8) == [1, 2]
    assert len(api.seen) == 2


@pytest.mark.parametrize('depth', [-1, 1.5, '2', True], ids=repr)
def test_a_depth_that_is_no_number_of_pages_is_refused(api, session, depth):
    with pytest.raises(ValueError, match='read_ahead'):
        session.list_all('users', read_ahead=depth)
    assert api.seen == []


def lying_page(seed):
    """A server that answers each page by a rule of its own, truthful or not."""

    def page(seen):
        offset, limit = int(seen.query['offset']), int(seen.query['limit'])
        lie = (offset * 7 + limit * 13 + seed) % 11
        count = {0: 0, 1: limit // 2, 2: limit + 3}.get(lie, limit)
        more = {3: False, 4: None}.get(lie, offset < 700 + seed % 5 * 100)
        answer = {'users': list(range(offset, offset + count)), 'more': more}
        if lie == 5:
            answer['limit'] = max(1, limit // 3)
        if lie == 6:
            answer['limit'] = 'many'
        if lie == 7:
            del answer['more']
        if lie == 8 and offset:
            return Reply(404, {'error': {'code': 2100}})
        if lie == 9 and offset:
            return Reply(body=b'{"users": [')
        return Reply(body=answer)

    return page


def outcome(session, **options):
    """All that comes out of a listing: items, hook calls, warnings, and how it ended."""
    items, hooked = [], []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            for item in session.iter_all('users', item_hook=lambda *a: hooked.append(a), **options):
                items.append(item)
            end = None
        except pdpyras.PDClientError as error:
            end = (type(error), str(error))
    return items, hooked, [str(warning.message) for warning in caught], end


@pytest.mark.parametrize('limit', [7, 30, 100])
def test_it_gives_what_one_request_after_the_other_gives_however_the_server_lies(
    api, session, limit, monkeypatch
):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 1000)
    for seed in range(40):
        api.rule(lying_page(seed))
        sequential = outcome(session, page_size=limit)
        assert outcome(session, page_size=limit, read_ahead=1 + seed % 6) == sequential
    assert reading_threads() == []
