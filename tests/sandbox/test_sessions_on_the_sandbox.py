"""Methods of the sessions that are new in this library, against the sandbox."""

import threading
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

import pdpyras
from pdpyras_sandbox import Sandbox


@pytest.fixture
def limited(monkeypatch):
    """A sandbox with 30 requests a minute, whose clock the library waits by."""
    with Sandbox(rate_limit=30) as sandbox:
        monkeypatch.setattr(pdpyras, 'monotonic', lambda: sandbox.clock.now().timestamp())
        sleep = SimpleNamespace(sleep=lambda seconds: sandbox.clock.advance(seconds=seconds))
        monkeypatch.setattr(pdpyras, 'time', sleep)
        yield sandbox


@pytest.mark.parametrize('threads', [1, 4])
def test_spare_requests_avoids_429_responses(limited, threads):
    statuses = []
    with pdpyras.APISession(limited.api_key, base_url=limited.url) as session:
        session.spare_requests = 2 * threads
        session.hooks['response'].append(
            lambda response, **_: statuses.append(response.status_code)
        )

        def work():
            for _ in range(80 // threads):
                session.get('abilities')

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert statuses == [200] * 80


def test_without_spare_requests_the_rate_limit_is_hit(limited):
    statuses = []
    with pdpyras.APISession(limited.api_key, base_url=limited.url) as session:
        session.hooks['response'].append(
            lambda response, **_: statuses.append(response.status_code)
        )
        for _ in range(40):
            session.get('abilities')
    assert 429 in statuses


def test_max_wait_limits_the_wait_for_the_rate_limit(limited):
    with pdpyras.APISession(limited.api_key, base_url=limited.url) as session:
        session.max_wait = 5
        with pytest.raises(pdpyras.PDHTTPError, match='429'):
            for _ in range(40):
                session.rget('users')


@pytest.fixture
def account():
    with Sandbox(seed=1) as sandbox, pdpyras.APISession(
        sandbox.api_key, default_from=sandbox.email, base_url=sandbox.url
    ) as session:
        yield SimpleNamespace(sandbox=sandbox, session=session)


def test_on_call_is_the_same_for_policy_service_and_schedule(account):
    session = account.session
    entry = next(e for e in session.iter_all('oncalls') if e['escalation_level'] == 1)
    policy = entry['escalation_policy']
    users = {user['id'] for user in session.on_call(escalation_policy=policy)}
    assert entry['user']['id'] in users
    services = session.rget('/escalation_policies/' + policy['id'])['services']
    for service in services:
        assert {user['id'] for user in session.on_call(service=service)} == users
    if entry['schedule']:
        assert entry['user']['id'] in {u['id'] for u in session.on_call(schedule=entry['schedule'])}


def test_iter_history_get_total_and_progress_agree(account):
    session = account.session
    until = datetime.now(timezone.utc) + timedelta(minutes=1)
    done = []
    history = session.iter_history(
        'log_entries', until - timedelta(days=400), until, progress=lambda *call: done.append(call)
    )
    ids = [entry['id'] for entry in history]
    assert len(ids) == len(set(ids)) == session.get_total('log_entries')
    assert done[-1] == (len(ids), None)


def test_update_all_resolves_valid_incidents_and_returns_failed_ones(account):
    session = account.session
    incidents = session.list_all('incidents', params={'date_range': 'all'})
    changes = [{'id': i['id'], 'type': 'incident', 'status': 'resolved'} for i in incidents]
    changes[1:1] = [{'id': 'PNOSUCH', 'type': 'incident', 'status': 'resolved'}]
    updated, failed = session.update_all('incidents', changes)
    assert [incident['status'] for incident in updated] == ['resolved'] * len(incidents)
    assert [item['id'] for item, _ in failed] == ['PNOSUCH']


def test_account_has_ability(account):
    assert account.session.account_has_ability('teams') is True
    assert account.session.account_has_ability('no_such_thing') is False
