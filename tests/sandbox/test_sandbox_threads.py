"""Concurrent requests of sixteen clients."""

from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest
import requests
from scale import at_scale

from pdpyras_sandbox import Sandbox, server

CLIENTS = 16
ROUNDS = at_scale(10, full=20)


@pytest.fixture
def sandbox():
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


def concurrently(work):
    """Run a function for each client at the same time, and return the results."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(work, range(CLIENTS)))


def client(sandbox):
    session = requests.Session()
    session.headers['Authorization'] = f'Token token={sandbox.user_key}'
    return session


def listed(sandbox, path, wrapper):
    with client(sandbox) as session:
        found, more = [], True
        while more:
            query = {'limit': 100, 'offset': len(found)}
            body = session.get(sandbox.url + path, params=query).json()
            found, more = found + body[wrapper], body['more']
        return found


def test_concurrently_created_users_are_all_stored(sandbox):
    def create(number):
        with client(sandbox) as session:
            for turn in range(ROUNDS):
                user = {'name': 'A', 'email': f'{number}-{turn}@example.com'}
                answer = session.post(sandbox.url + '/users', json={'user': user})
                assert answer.status_code == 201

    concurrently(create)
    users = listed(sandbox, '/users', 'users')
    assert len({user['id'] for user in users}) == CLIENTS * ROUNDS + 1
    assert len({user['email'] for user in users}) == CLIENTS * ROUNDS + 1
    assert len(sandbox.requests) >= CLIENTS * ROUNDS


class WatchedLock:
    """Wraps a lock, and reports for each attempt to take it whether another thread holds it."""

    def __init__(self, lock):
        self.lock = lock
        self.attempts = Queue()

    def __enter__(self):
        is_held = not self.lock.acquire(blocking=False)
        self.attempts.put(is_held)
        if is_held:
            self.lock.acquire()

    def __exit__(self, *exception):
        self.lock.release()


def test_requests_during_a_reset_wait_for_the_new_account(sandbox, monkeypatch):
    def create_late(account):
        lock = WatchedLock(account.store.lock)
        monkeypatch.setattr(account.store, 'lock', lock)
        answers.extend(pool.submit(read, path) for path in ('/users/me', '/_sandbox/clock'))
        assert [lock.attempts.get(timeout=10) for _ in answers] == [True, True]
        create_account(account)

    def read(path):
        with client(sandbox) as session:
            return session.get(sandbox.url + path).status_code

    answers, create_account = [], server.create_account
    monkeypatch.setattr(server, 'create_account', create_late)
    with ThreadPoolExecutor(2) as pool:
        sandbox.reset()
        assert [answer.result() for answer in answers] == [200, 200]


def test_concurrent_users_with_the_same_email_address_are_rejected(sandbox):
    def create(number):
        user = {'name': 'A', 'email': 'wanted@example.com'}
        with client(sandbox) as session:
            return session.post(sandbox.url + '/users', json={'user': user}).status_code

    assert sorted(concurrently(create)) == [201] + [400] * (CLIENTS - 1)


def test_concurrent_events_with_the_same_dedup_key_open_one_incident(sandbox):
    def trigger(number):
        payload = {'summary': 'x', 'source': 'y', 'severity': 'info'}
        event = {'routing_key': sandbox.routing_key, 'dedup_key': 'same', 'payload': payload}
        with requests.Session() as session:
            for _ in range(5):
                session.post(sandbox.url + '/v2/enqueue', json={**event, 'event_action': 'trigger'})

    concurrently(trigger)
    (incident,) = listed(sandbox, '/incidents', 'incidents')
    assert incident['alert_counts']['all'] == 1
    entries = listed(sandbox, f'/incidents/{incident["id"]}/log_entries', 'log_entries')
    triggers = [entry for entry in entries if entry['type'] == 'trigger_log_entry']
    assert len(triggers) == CLIENTS * 5


def test_concurrent_incidents_are_numbered_without_gaps_and_resolved_once(sandbox):
    def live(number):
        payload = {'summary': 'x', 'source': 'y', 'severity': 'info'}
        key = f'key {number % 4}'
        event = {'routing_key': sandbox.routing_key, 'dedup_key': key, 'payload': payload}
        with requests.Session() as session:
            for action in ('trigger', 'acknowledge', 'resolve') * 3:
                url = sandbox.url + '/v2/enqueue'
                assert session.post(url, json={**event, 'event_action': action}).ok

    concurrently(live)
    incidents = listed(sandbox, '/incidents', 'incidents')
    numbers = [incident['incident_number'] for incident in incidents]
    assert numbers == list(range(1, len(incidents) + 1))
    entries = listed(sandbox, '/log_entries', 'log_entries')
    resolved = [e['incident']['id'] for e in entries if e['type'] == 'resolve_log_entry']
    assert sorted(resolved) == sorted(i['id'] for i in incidents if i['status'] == 'resolved')
    for key in {incident['incident_key'] for incident in incidents}:
        same = [i for i in incidents if i['incident_key'] == key and i['status'] != 'resolved']
        assert len(same) <= 1
