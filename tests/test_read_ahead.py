"""read_ahead: pages of a classic listing requested ahead in threads."""

import os
import signal
import subprocess
import sys
import threading
import warnings

import pytest
from scale import at_scale
from wire import ANY_SERVER_ERROR, Hang, Hangup, Reply

import pdpyras


def users(seen, count=950, **answer):
    """Return a correct page of a listing of numbers."""
    offset, limit = int(seen.query['offset']), int(seen.query['limit'])
    results = list(range(offset, max(offset, min(offset + limit, count))))
    body = {'users': results, 'more': offset + limit < count, 'limit': limit, 'offset': offset}
    return Reply(body=dict(body, **answer))


def offsets(api):
    return [int(seen.query['offset']) for seen in api.seen]


def test_no_page_is_requested_ahead_by_default(api, session):
    api.rule(users)
    iterator = session.iter_all('users')
    next(iterator)
    assert len(api.seen) == 1


@pytest.mark.filterwarnings('ignore:Keyword argument "paginate"')
def test_no_page_is_requested_ahead_without_pagination(api, session):
    api.rule(users)
    assert session.list_all('users', paginate=False, read_ahead=3) == list(range(100))
    for thread in threading.enumerate():
        if type(thread).__module__ == 'pdpyras':
            thread.join()
    assert len(api.seen) == 1


def test_read_ahead_yields_results_in_order(api, session):
    api.rule(users)
    assert session.list_all('users', read_ahead=8) == list(range(950))
    assert sorted(set(offsets(api)))[:10] == list(range(0, 1000, 100))


@pytest.fixture
def held_back(api):
    """A listing that holds back each page until the next one has been requested."""
    asked_for = [threading.Event() for _ in range(11)]

    @api.rule
    def hold_back(seen):
        page = int(seen.query['offset']) // 100
        asked_for[page].set()
        if 0 < page < 9:
            assert asked_for[page + 1].wait(10)
        return users(seen)


def test_read_ahead_requests_pages_before_they_are_consumed(held_back, session):
    assert session.list_all('users', read_ahead=2) == list(range(950))


def test_read_ahead_of_the_session_is_the_default(held_back, session):
    session.read_ahead = 2
    assert session.list_all('users') == list(range(950))


def test_no_more_than_read_ahead_pages_are_requested_ahead(api, session):
    api.rule(users)
    iterator = session.iter_all('users', read_ahead=3)
    for _ in range(101):
        next(iterator)
    iterator.close()
    assert max(offsets(api)) <= 400


def test_a_listing_of_one_page_takes_one_request_with_read_ahead(api, session):
    api.rule(lambda seen: users(seen, count=50))
    assert len(session.list_all('users', read_ahead=8)) == 50
    assert len(api.seen) == 1


def test_item_hook_runs_in_the_thread_of_the_caller(api, session):
    api.rule(users)
    calls = []

    def hook(item, number, total):
        calls.append((item, number, total, threading.current_thread()))

    session.list_all('users', read_ahead=4, item_hook=hook)
    assert calls == [(n, n + 1, '?', threading.current_thread()) for n in range(950)]


def test_an_error_of_a_page_requested_ahead_is_raised_in_order(api, session):
    api.rule(lambda seen: _failure(seen) or users(seen))
    results = []
    with pytest.raises(pdpyras.PDServerError, match='GET .*/users.*{}'.format(ANY_SERVER_ERROR)):
        results.extend(_collected(session.iter_all('users', read_ahead=8), results))
    assert results == list(range(300))


def _failure(seen):
    return Reply(ANY_SERVER_ERROR) if seen.query['offset'] == '300' else None


def _collected(iterator, results):
    for item in iterator:
        results.append(item)
    return []


def test_the_connection_pool_is_large_enough_for_any_read_ahead(api, session, caplog):
    api.rule(lambda seen: users(seen, count=5000))
    assert session.list_all('users', read_ahead=50) == list(range(5000))
    assert [record for record in caplog.records if 'pool' in record.getMessage()] == []


def test_cursors_are_followed_one_by_one_with_read_ahead(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    api.reply(body={'records': [2], 'next_cursor': None})
    assert session.list_all('audit/records', read_ahead=8) == [1, 2]
    assert len(api.seen) == 2


@pytest.mark.parametrize('depth', [-1, 1.5, 'two', True], ids=repr)
def test_an_invalid_read_ahead_is_rejected(api, session, depth):
    with pytest.raises(ValueError, match='read_ahead must be'):
        session.list_all('users', read_ahead=depth)
    assert api.seen == []


def lying_page(seed):
    """Return a server that reports sizes and ``more`` of each page correctly or not."""

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


def test_a_network_error_of_a_page_requested_ahead_is_retried(api, session, sleeps):
    dropped = []

    @api.rule
    def drop_once(seen):
        if seen.query['offset'] == '300' and not dropped:
            dropped.append(seen)
            return Hangup()
        return users(seen)

    assert session.list_all('users', read_ahead=4) == list(range(950))
    assert sleeps == [3.0]


def test_a_forked_process_continues_an_iteration_with_read_ahead(api, session, monkeypatch):
    """Simulate a fork, after which the threads exist only in the parent process."""
    api.rule(users)
    iterator = session.iter_all('users', read_ahead=4)
    results = [next(iterator)]
    with monkeypatch.context() as forked:
        forked.setattr(pdpyras.os, 'getpid', lambda: -1)
        results += iterator
    assert results == list(range(950))


@pytest.mark.parametrize(
    'status, retry',
    [(500, {500: 2}), (503, {503: 1}), (429, {429: 2}), (404, {404: 3}), (500, {}), (None, {})],
    ids=str,
)
def test_a_failing_page_is_retried_as_often_as_without_read_ahead(
    api, session, sleeps, status, retry
):
    session.retry.update(retry)
    failed = []

    @api.rule
    def fail(seen):
        if seen.query['offset'] != '300':
            return users(seen)
        failed.append(seen)
        return Hangup() if status is None else Reply(status)

    def run(depth):
        del failed[:], sleeps[:]
        results = []
        with pytest.raises(pdpyras.PDClientError, match='GET .*/users'):
            results.extend(_collected(session.iter_all('users', read_ahead=depth), results))
        return results, len(failed), list(sleeps)

    assert run(3) == run(0)


def test_reading_ahead_continues_after_a_429(api, session, sleeps):
    limited = []

    @api.rule
    def limit_once(seen):
        if seen.query['offset'] == '200' and not limited:
            limited.append(seen)
            return Reply(429, headers={'ratelimit-reset': '2'})
        return users(seen)

    assert session.list_all('users', read_ahead=2) == list(range(950))
    assert sleeps == [2.0]
    for thread in threading.enumerate():
        if isinstance(thread, pdpyras._PageRequest):
            thread.join(10)
    # The page after the last one was requested ahead.
    assert 1000 in offsets(api)


def test_a_short_page_ends_the_reading_ahead(api, session):
    @api.rule
    def shorten_the_third_page(seen):
        offset, limit = int(seen.query['offset']), int(seen.query['limit'])
        results = list(range(offset, min(offset + (40 if offset == 200 else limit), 950)))
        return Reply(body={'users': results, 'more': offset + limit < 950})

    assert session.list_all('users', read_ahead=2) == list(range(950))
    # Pages requested ahead may arrive late, but none is requested ahead after the short page.
    one_by_one = [offset for offset in offsets(api) if offset % 100]
    assert one_by_one == [240, 340, 440, 540, 640, 740, 840, 940]
    assert max(offset for offset in offsets(api) if not offset % 100) <= 400


def test_a_short_first_page_requests_nothing_ahead(api, session):
    api.reply(body={'users': [1], 'more': True})
    api.reply(body={'users': [2], 'more': False})
    assert session.list_all('users', read_ahead=8) == [1, 2]
    assert offsets(api) == [0, 1]


SCRIPT = """
import sys, pdpyras
session = pdpyras.APISession('the-api-key-1234', base_url=sys.argv[1])
users = session.iter_all('users', read_ahead=4)
for _ in range(int(sys.argv[2])):
    next(users)
print('consumed', flush=True)
next(users)
"""


def run_script(api, count):
    path = os.path.dirname(os.path.abspath(pdpyras.__file__))
    return subprocess.Popen(
        [sys.executable, '-W', 'error', '-c', SCRIPT, api.url, str(count)],
        env=dict(os.environ, PYTHONPATH=path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_program_ends_without_waiting_for_pages_requested_ahead(api):
    api.rule(lambda seen: users(seen) if int(seen.query['offset']) < 200 else Hang())
    process = run_script(api, 50)
    output, errors = process.communicate(timeout=60)
    assert (output.split(), errors, process.returncode) == ([b'consumed'], b'', 0)


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no SIGINT for another process')
def test_an_interrupt_does_not_wait_for_pages_requested_ahead(api):
    api.rule(lambda seen: users(seen) if int(seen.query['offset']) < 200 else Hang())
    process = run_script(api, 200)
    assert process.stdout.readline().strip() == b'consumed'
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors.rstrip().endswith(b'KeyboardInterrupt')


def outcome(session, **options):
    """Return the items, hook calls and warnings of a listing, and its error or None."""
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


@pytest.mark.parametrize('raises', [True, False], ids=['raising', 'warning, as in 4.x'])
@pytest.mark.parametrize('limit', [7, 30, 100])
def test_read_ahead_returns_the_same_as_sequential_requests(
    api, session, limit, raises, monkeypatch
):
    with pytest.warns(DeprecationWarning):
        session.raise_if_http_error = raises
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 1000)
    for seed in range(at_scale(15, full=40)):
        api.rule(lying_page(seed))
        sequential = outcome(session, page_size=limit)
        assert outcome(session, page_size=limit, read_ahead=1 + seed % 6) == sequential


def test_read_ahead_requests_nothing_past_the_iteration_limit(api, session, monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 250)
    api.rule(lambda seen: users(seen, count=1000))
    with pytest.warns(UserWarning, match='would go past 250'):
        assert session.list_all('users', read_ahead=5) == list(range(250))
    assert sorted(offsets(api)) == [0, 100, 200]


def test_a_page_whose_thread_is_gone_is_requested_by_the_caller(api, session, monkeypatch):
    """Disable the threads, as in a process that was forked meanwhile."""
    monkeypatch.setattr(pdpyras._PageRequest, 'start', lambda self: None)
    monkeypatch.setattr(pdpyras._PageRequest, 'join', lambda self: None)
    api.rule(users)
    assert session.list_all('users', read_ahead=4) == list(range(950))
    assert offsets(api) == list(range(0, 1000, 100))


@pytest.mark.parametrize('url', ['users', 'audit/records'])
def test_an_invalid_read_ahead_is_rejected_for_each_kind_of_listing(api, session, url):
    with pytest.raises(ValueError, match='read_ahead'):
        session.list_all(url, read_ahead='x')
    assert api.seen == []
