"""One session in many threads, in forked processes, and for many calls."""

import gc
import json
import os
import pickle
import random
import select
import signal
import sys
import threading
import tracemalloc
import weakref
from collections import Counter
from io import BytesIO
from itertools import islice

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from scale import at_scale
from urllib3 import HTTPResponse
from wire import Hangup, Reply

import pdpyras

THREADS = 16


def in_threads(function):
    """Return the results of ``function(number)`` in 16 threads, or raise the first exception."""
    outcomes = [None] * THREADS

    def run(number):
        try:
            outcomes[number] = function(number)
        except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes


# Threads


class FaultyNetwork(HTTPAdapter):
    """A fake network, for speed, with up to three faults before each good response."""

    def __init__(self):
        super().__init__()
        self.answers = Counter()
        self._pending = {}
        self._lock = threading.Lock()

    def send(self, request, **options):
        with self._lock:
            pending = self._pending.setdefault(request.url, self._faults_before(request.url))
            fault = pending.pop() if pending else None
            if not isinstance(fault, Exception):
                self.answers[request.method] += 1
        if isinstance(fault, Exception):
            raise fault
        body = {'user': {'id': request.url.rpartition('/')[2]}}
        return self._answer(request, fault or 200, body)

    @staticmethod
    def _faults_before(url):
        chance = random.Random(url)
        kinds = [
            requests.ConnectionError('refused'),
            requests.exceptions.ReadTimeout('late'),
            requests.exceptions.ChunkedEncodingError('cut'),
            429,
            500,
            503,
        ]
        return chance.sample(kinds, chance.choice([0, 0, 1, 2, 3]))

    def _answer(self, request, status, body):
        content = BytesIO(json.dumps(body).encode('utf-8'))
        return self.build_response(
            request, HTTPResponse(content, status=status, preload_content=False)
        )


@pytest.fixture
def frequent_switches():
    """Let threads take turns every few instructions, so that few calls show a race."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_16_threads_make_thousands_of_calls_with_faults_on_one_session(
    session, sleeps, frequent_switches
):
    calls = at_scale(480, full=10000)
    network = FaultyNetwork()
    session.mount('http://', network)
    session.retry = {500: 1, 503: 1}

    def work(number):
        names = ['P{}T{}'.format(call, number) for call in range(calls // THREADS)]
        return [session.rget('/users/' + name)['id'] == name for name in names]

    right = in_threads(work)
    assert all(map(all, right))
    assert sum(map(len, right)) == calls
    assert session.api_call_counts == {'GET /users/{id}': network.answers['GET']}
    assert session.total_call_count == network.answers['GET'] > calls
    assert len(sleeps) > calls // 2


class FaultyServer:
    """A rule that fails the first attempts of each request, then echoes it."""

    def __init__(self):
        self.answers = Counter()
        self._tries = Counter()
        self._lock = threading.Lock()

    def __call__(self, seen):
        request = (seen.method, seen.path)
        with self._lock:
            self._tries[request] += 1
            fails = self._tries[request] <= random.Random(repr(request)).choice([0, 0, 0, 1, 2])
            fault = random.Random(repr((request, self._tries[request]))).choice(
                [Hangup(), Reply(429, headers={'ratelimit-reset': '1'}), Reply(503)]
            )
            if not fails or isinstance(fault, Reply):
                self.answers[seen.method] += 1
        if fails:
            return fault
        return Reply(200, {'user': seen.json['user'] if seen.body else {'id': seen.path[-8:]}})


def test_16_threads_get_their_own_responses_over_the_wire(api, session, sleeps):
    server = api.rule(FaultyServer())
    session.retry = {503: 3}
    calls = {
        'GET': lambda url, user: session.rget(url)['id'] == user['id'],
        'PUT': lambda url, user: session.rput(url, json=user) == user,
        'PATCH': lambda url, user: session.rpatch(url, json=user) == user,
        'DELETE': lambda url, user: session.rdelete(url).status_code == 200,
    }

    def work(number):
        turns = at_scale(8, full=20)
        users = [{'id': 'P{:03}T{:03}'.format(turn, number)} for turn in range(turns)]
        return [call('/users/' + user['id'], user) for user in users for call in calls.values()]

    assert all(map(all, in_threads(work)))
    assert session.api_call_counts == {
        method + ' /users/{id}': server.answers[method] for method in calls
    }


def test_each_thread_gets_the_exception_of_its_own_request(api, session, sleeps):
    api.rule(lambda seen: Reply(404, {'error': {'code': 2100}}))

    def work(number):
        with pytest.raises(pdpyras.PDHTTPError) as error:
            session.rget('/users/P{}'.format(number))
        return error.value.code, 'P{}'.format(number) in str(error.value)

    assert in_threads(work) == [(2100, True)] * THREADS


def test_all_threads_get_the_subdomain_of_the_account(api, session):
    api.rule(
        lambda seen: Reply(200, {'users': [{'html_url': 'https://acme.pagerduty.com/users/P1'}]})
    )
    assert in_threads(lambda number: session.subdomain) == ['acme'] * THREADS
    assert len(api.seen) <= THREADS


def test_threads_can_iterate_at_the_same_time(api, session):
    def page(seen):
        offset = int(seen.query['offset'])
        users = [{'id': seen.query['query'] + str(offset + n)} for n in range(10)]
        return Reply(200, {'users': users, 'more': offset < 40})

    api.rule(page)

    def work(number):
        query = 'T{}-'.format(number)
        listed = session.list_all('/users', params={'query': query}, page_size=10)
        return [user['id'] for user in listed] == [query + str(n) for n in range(50)]

    assert all(in_threads(work))


# Processes


def _gets_own_responses(session, tag, calls=50):
    """Return whether each response belongs to its request."""
    names = ['{}{}'.format(tag, number) for number in range(calls)]
    return all(session.rget('/users/' + name)['id'] == name for name in names)


def _echo(seen):
    return Reply(200, {'user': {'id': seen.path.rpartition('/')[2]}})


# Newer Pythons warn of a fork while threads run, such as the scripted server's.
@pytest.mark.filterwarnings('ignore::DeprecationWarning')
@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
@pytest.mark.parametrize('is_warm', [False, True], ids=['unused', 'with an open connection'])
def test_a_session_works_on_both_sides_of_a_fork(is_warm, api, session):
    api.rule(_echo)
    if is_warm:
        session.rget('/users/P1')
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        outcome = b'error'
        try:
            outcome = b'right' if _gets_own_responses(session, 'CHILD') else b'wrong'
        finally:
            os.write(writer, outcome)
            os._exit(0)
    try:
        assert _gets_own_responses(session, 'PARENT')
        assert select.select([reader], [], [], 20)[0], 'the child hangs'
        assert os.read(reader, 100) == b'right'
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)


def test_pickled_sessions_work_beside_the_original(api, session):
    api.rule(_echo)
    session.rget('/users/P1')
    twins = [pickle.loads(pickle.dumps(session)) for _ in range(THREADS)]
    assert all(in_threads(lambda number: _gets_own_responses(twins[number], 'T', 10)))
    assert [twin.total_call_count for twin in twins] == [11] * THREADS
    assert session.total_call_count == 1


# Memory


class NoNetwork:
    """A parent that responds at once and keeps nothing."""

    def __init__(self, base):
        self.response = requests.Response()
        self.response.status_code = 200
        self.response._content = b'{"user": {}}'
        self.response.request = requests.Request('GET', base).prepare()

    def request(self, method, url, **options):
        self.response.url = self.response.request.url = url
        return self.response


class EndlessNetwork(HTTPAdapter):
    """An adapter that responds at once and keeps nothing."""

    def send(self, request, **options):
        answer = HTTPResponse(BytesIO(b'{"user": {}}'), status=200, preload_content=False)
        return self.build_response(request, answer)


def growth_over(first_calls, calls):
    """Return the number of bytes by which the calls increase the memory held after the first calls.

    The first calls must fill everything that is limited, such as caches. They are traced, too:
    otherwise, additions to a cache would be counted, and the entries that they replace would not.
    """
    tracemalloc.start()
    try:
        first_calls()
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        calls()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - held
    finally:
        tracemalloc.stop()


def _distinct_urls(count):
    """Yield URLs of listed and unlisted paths, with segments that do and don't look like IDs."""
    for number in range(count // 4):
        letters = ''.join(chr(ord('a') + int(digit)) for digit in str(number))
        yield '/users/P{}'.format(number)
        yield '/unlisted/P{}/things?page={}'.format(number, number)
        yield '/unlisted-{}'.format(letters)
        yield '/unlisted/{}/{}'.format(letters, letters)


def test_calls_to_distinct_urls_do_not_grow_the_session(api, session):
    plain, first, traced = at_scale((1600, 1600, 800), full=(75000, 5000, 15000))
    session.parent = NoNetwork(api.url)
    filling = 2400  # Until all the tables that have a limit are full.
    urls = _distinct_urls(filling + plain + first + traced)

    def make(count):
        for url in islice(urls, count):
            session.get(url)

    make(filling)
    blocks = sys.getallocatedblocks()
    make(plain)
    # Fewer calls, because tracing makes a call seven times as slow.
    assert growth_over(lambda: make(first), lambda: make(traced)) < 20000
    assert sys.getallocatedblocks() - blocks < 2000
    assert session.total_call_count == filling + plain + first + traced


def test_calls_leave_no_objects_in_requests(api, session):
    first, then = at_scale((2400, 400), full=(3000, 10000))
    session.mount('http://', EndlessNetwork())
    urls = _distinct_urls(first + then)

    def make(count):
        for url in islice(urls, count):
            session.rget(url)
        gc.collect()

    make(first)  # Until all the tables that have a limit are full.
    blocks = sys.getallocatedblocks()
    make(then)
    # Less than one object for every other call; a response has dozens.
    assert sys.getallocatedblocks() - blocks < then // 2


def test_iter_all_holds_one_page_of_10_000_records_in_memory(api, session):
    def page(seen):
        offset = int(seen.query['offset'])
        records = [{'id': 'P{}'.format(offset + n), 'marked': []} for n in range(100)]
        return Reply(200, {'users': records, 'more': offset < 9900})

    api.rule(page)
    held, count = [], 0
    hide_objects_from_the_collector()
    for count, user in enumerate(session.iter_all('/users'), 1):
        assert user['id'] == 'P{}'.format(count - 1)
        del user
        if count % 3000 in (1, 100, 101):
            held.append(_records_alive())
    assert count == 10000
    assert max(held) == 100


def hide_objects_from_the_collector():
    """Leave only objects that are created later in :func:`gc.get_objects`, for speed."""
    gc.collect()
    if hasattr(gc, 'freeze'):  # Since Python 3.7.
        gc.freeze()


def _records_alive():
    return sum(isinstance(thing, dict) and 'marked' in thing for thing in gc.get_objects())


def test_iter_all_holds_one_page_by_cursor_in_memory(api, session):
    def page(seen):
        number = int(seen.query.get('cursor', 0))
        records = [{'id': 'P{}'.format(n), 'marked': []} for n in range(100)]
        return Reply(
            200, {'records': records, 'next_cursor': str(number + 1) if number < 3 else None}
        )

    api.rule(page)
    held = []
    hide_objects_from_the_collector()
    for count, record in enumerate(session.iter_all('/audit/records'), 1):
        del record
        if count % 100 in (1, 50, 0):
            held.append(_records_alive())
    assert len(held) == 12
    assert max(held) == 100


@pytest.fixture
def forked_session(session):
    """A session that can be made to act as in a forked process."""
    yield session
    # In a real process, inherited pools are never closed.
    for pools, _ in session._inherited_pools:
        pools.clear()


def test_after_a_fork_a_session_replaces_its_lock_and_connections(api, forked_session):
    session = forked_session
    api.rule(lambda seen: Reply(body={'user': {}}))
    session.rget('users/P1')
    lock = session._counting_lock
    session._process_id = -1
    session.rget('users/P1')
    assert session._counting_lock is not lock
    assert session.total_call_count == 2


def test_after_a_fork_a_session_does_not_wait_for_a_lock_of_another_thread(api, forked_session):
    session = forked_session
    api.rule(lambda seen: Reply(body={'user': {'id': 'P1'}}))
    session.rget('users/P1')
    lock = session.get_adapter(api.url).poolmanager.pools.lock
    results = []
    session._process_id = -1
    thread = threading.Thread(target=lambda: results.append(session.rget('users/P1')))
    with lock:
        thread.start()
        thread.join(10)
        assert results == [{'id': 'P1'}]
    # Inherited pools are not pickled.
    with pickle.loads(pickle.dumps(session)) as twin:
        assert twin.rget('users/P1') == {'id': 'P1'}


def test_after_a_fork_the_connection_pools_of_the_parent_process_are_not_finalized(
    api, forked_session
):
    session = forked_session
    api.rule(lambda seen: Reply(body={'user': {}}))
    session.rget('users/P1')
    pools = weakref.ref(session.get_adapter(api.url).poolmanager)
    session._process_id = -1
    session.rget('users/P1')
    gc.collect()
    assert pools() is not None
    assert session.get_adapter(api.url).poolmanager is not pools()


def test_after_a_fork_an_adapter_of_the_users_own_is_closed(api, session):
    class Adapter(BaseAdapter):
        closed = 0

        def send(self, *args, **kwargs):
            return wire.send(*args, **kwargs)

        def close(self):
            self.closed += 1

    api.rule(lambda seen: Reply(body={'user': {}}))
    wire, own = session.get_adapter(api.url), Adapter()
    session.mount('http://', own)
    session._process_id = -1
    session.rget('users/P1')
    assert own.closed == 1
    wire.close()


@pytest.mark.skipif(not hasattr(signal, 'setitimer'), reason='needs POSIX signals')
def test_a_signal_handler_can_use_the_session_while_it_counts(api, session):
    api.rule(lambda seen: Reply(body={'user': {}}))
    handled = []

    def handle(*_):
        handled.append(session.rget('users/P1'))

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with session._counting_lock:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert handled == [{}]
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert session.total_call_count == 1


def test_long_urls_are_not_kept_in_memory(api, session):
    api.rule(lambda seen: Reply(404))
    tracemalloc.start()
    try:
        for number in range(50):
            session.get('users/P1', params={'query': str(number)})
            session.normalize_url('users/{}{}'.format(number, 'x' * 200000))
            pdpyras.infer_entity_wrapper('GET', '/users/{}{}'.format(number, 'x' * 200000))
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 2000000
