"""Pages of a classic listing that are requested ahead: the same results, sooner."""

import gc
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from wire import Hangup, Reply

import pdpyras


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Time for the requests under way to end, however busy this machine is."""
    monkeypatch.setattr(pdpyras, '_SECONDS_TO_CLOSE', 30)


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


# What is requested ahead and not needed after all


def test_nothing_is_tried_again_that_nobody_asks_for(api, session, sleeps):
    """The listing ends with its second page; past it, the rate limit is reached for long."""

    @api.rule
    def end_soon(seen):
        past_the_end = int(seen.query['offset']) > 100 and len(api.seen) < 50
        return Reply(429) if past_the_end else users(seen, count=150)

    assert session.list_all('users', read_ahead=4) == list(range(150))
    assert len(api.seen) <= 2 + 4
    assert sleeps == []


def test_an_error_does_not_wait_for_what_comes_after_it(api, session, sleeps):
    @api.rule
    def fail(seen):
        statuses = {'0': None, '100': 404}
        status = statuses.get(seen.query['offset'], 429 if len(api.seen) < 50 else 500)
        return users(seen) if status is None else Reply(status)

    with pytest.raises(pdpyras.PDHTTPError, match='404'):
        session.list_all('users', read_ahead=4)
    assert len(api.seen) <= 2 + 4
    assert sleeps == []


def test_a_network_error_ahead_is_tried_again_when_its_page_is_due(api, session, sleeps):
    dropped = []

    @api.rule
    def drop_once(seen):
        if seen.query['offset'] == '300' and not dropped:
            dropped.append(seen)
            return Hangup()
        return users(seen)

    assert session.list_all('users', read_ahead=4) == list(range(950))
    assert sleeps == [3.0]


def test_closing_does_not_wait_for_a_thread_that_waits_for_the_one_that_closes(api, monkeypatch):
    """As the garbage collector may close an iterator wherever it runs, with any lock held."""
    monkeypatch.setattr(pdpyras, '_SECONDS_TO_CLOSE', 0.01)
    lock = threading.RLock()

    class Locked(pdpyras.APISession):
        def get(self, url, **kwargs):
            with lock:
                return super().get(url, **kwargs)

    api.rule(users)
    with Locked('the-api-key-1234', base_url=api.url) as session:
        with lock:
            iterator = session.iter_all('users', read_ahead=4)
            next(iterator)
            iterator.close()
        for thread in reading_threads():
            thread.join(10)
        assert reading_threads() == []


def test_a_forked_process_goes_on_by_itself(api, session, monkeypatch):
    """The threads stay in the process that the other one was forked from."""
    api.rule(users)
    iterator = session.iter_all('users', read_ahead=4)
    results = [next(iterator)]
    with monkeypatch.context() as forked:
        forked.setattr(pdpyras.os, 'getpid', lambda: -1)
        results += iterator
    assert results == list(range(950))
    for thread in reading_threads():
        thread.join(10)


AFTER_THE_MAIN_THREAD = """
import sys, threading
import pdpyras

def list_users():
    threading.main_thread().join()
    with pdpyras.APISession('the-api-key-1234', base_url=sys.argv[1]) as session:
        print(len(session.list_all('users', read_ahead=4)))

threading.Thread(target=list_users).start()
"""


def test_a_listing_comes_out_when_the_interpreter_starts_no_thread_any_more(api):
    api.rule(users)
    path = os.path.dirname(os.path.abspath(pdpyras.__file__))
    done = subprocess.run(
        [sys.executable, '-W', 'error', '-c', AFTER_THE_MAIN_THREAD, api.url],
        env=dict(os.environ, PYTHONPATH=path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    assert done.stdout.decode().strip() == '950'


@pytest.mark.parametrize('when', ['at the start', 'later'])
def test_where_no_thread_is_to_be_had_pages_are_requested_one_by_one(
    api, session, monkeypatch, when
):
    def no_pool(**options):
        raise RuntimeError("can't register atexit after shutdown")

    def closed_pool(size):
        pool = ThreadPoolExecutor(max_workers=size)
        pool.shutdown()
        return pool

    if when == 'at the start':
        monkeypatch.setattr('concurrent.futures.ThreadPoolExecutor', no_pool)
    else:
        monkeypatch.setattr(pdpyras, '_thread_pool', closed_pool)
    api.rule(users)
    assert session.list_all('users', read_ahead=4) == list(range(950))
    assert offsets(api) == list(range(0, 1000, 100))


def test_an_iterator_may_be_closed_by_a_thread_that_reads_ahead(api, session):
    """As the garbage collector may do, in the middle of one."""
    api.rule(users)
    iterator = session.iter_all('users', read_ahead=4)
    next(iterator)

    def close():
        pdpyras._of_this_thread.is_reading_ahead = True
        iterator.close()

    thread = threading.Thread(target=close)
    thread.start()
    thread.join(10)
    for thread in reading_threads():
        thread.join(10)
    assert reading_threads() == []


def test_a_page_that_was_held_back_is_requested_when_its_turn_comes(sleeps):
    requested, here = [], threading.current_thread()

    def request(params):
        if threading.current_thread() is here:
            requested.append(params['offset'])
        # As a request does that was under way when nobody wanted it any more.
        ahead._is_held_back = True

    ahead = pdpyras._ReadAhead(request, lambda response: {'more': True}, 1)
    for offset in (0, 100, 200):
        ahead.get({'offset': offset, 'limit': 100})
    ahead.close()
    assert requested == [0, 100, 200]
    assert sleeps == []


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
    warned = [(str(warning.message), warning.filename) for warning in caught]
    return items, hooked, warned, end


@pytest.mark.parametrize('raises', [True, False], ids=['raising', 'as 4.x could, warning'])
@pytest.mark.parametrize('limit', [7, 30, 100])
def test_it_gives_what_one_request_after_the_other_gives_however_the_server_lies(
    api, session, limit, raises, monkeypatch
):
    with pytest.warns(DeprecationWarning):
        session.raise_if_http_error = raises
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 1000)
    for seed in range(40):
        api.rule(lying_page(seed))
        sequential = outcome(session, page_size=limit)
        assert outcome(session, page_size=limit, read_ahead=1 + seed % 6) == sequential
    assert reading_threads() == []
