"""The sample data of ``--seed``: its times agree with each other."""

from datetime import datetime, timezone

import pytest

from pdpyras_sandbox import Sandbox
from pdpyras_sandbox.clock import Clock


@pytest.fixture(scope='module')
def company():
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def web(company, api_of):
    return api_of(company)


@pytest.fixture
def incidents(web):
    return web.get('/incidents', limit=100)['incidents']


def steps(web, incident):
    """Return the times of the log entries of an incident by type, oldest first."""
    times = {}
    for entry in web.get(f'/incidents/{incident["id"]}/log_entries')['log_entries'][::-1]:
        times.setdefault(entry['type'].replace('_log_entry', ''), []).append(entry['created_at'])
    return times


def test_incidents_are_in_all_states_and_urgencies(incidents):
    assert {i['status'] for i in incidents} == {'triggered', 'acknowledged', 'resolved'}
    assert {i['urgency'] for i in incidents} == {'high', 'low'}


def test_incident_numbers_grow_with_time(incidents):
    assert [i['incident_number'] for i in incidents] == list(range(1, 25))
    created = [i['created_at'] for i in incidents]
    assert created == sorted(created)


def test_log_entries_are_listed_from_the_newest_to_the_oldest(web):
    listed = web.get('/log_entries', limit=100)['log_entries']
    created = [entry['created_at'] for entry in listed]
    assert len(created) > 60
    assert created == sorted(created, reverse=True)


def test_times_of_incidents_agree_with_their_log_entries(web, incidents):
    for incident in incidents:
        times = steps(web, incident)
        assert times['trigger'] == [incident['created_at']]
        acknowledged = [a['at'] for a in incident['acknowledgements']]
        if incident['status'] == 'acknowledged':
            assert acknowledged == times['acknowledge']
        if incident['status'] == 'resolved':
            assert [incident['resolved_at']] == times['resolve']
            assert times['trigger'] < times['acknowledge'] < times['resolve']
        else:
            assigned = times['assign'] + times.get('escalate', [])
            assert [a['at'] for a in incident['assignments']] == assigned[-1:]
        changed = max(time for found in times.values() for time in found)
        assert incident['updated_at'] == changed


def test_alerts_are_created_with_their_incident(web, incidents):
    for incident in incidents:
        (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
        assert alert['created_at'] == incident['created_at']
        assert alert['body']['cef_details']['creation_time'] == incident['created_at']


def test_services_are_older_than_their_incidents(web, incidents):
    services = {s['id']: s for s in web.get('/services', limit=100)['services']}
    for incident in incidents:
        service = services[incident['service']['id']]
        assert service['created_at'] < incident['created_at'] <= service['last_incident_timestamp']


def test_unacknowledged_incidents_of_a_high_urgency_have_escalated(web, incidents):
    waiting = [i for i in incidents if i['status'] == 'triggered' and i['urgency'] == 'high']
    assert waiting
    for incident in waiting:
        assert len(steps(web, incident)['escalate']) == 1


# Of the sample data, the last covers a period without a change to or from daylight saving time.
STARTS = [(2026, 11, 28, 7), (2026, 11, 28, 19), (2027, 1, 7, 19)]


def test_assignees_do_not_depend_on_the_time_at_which_the_sandbox_starts(monkeypatch, api_of):
    def assignees(*start):
        monkeypatch.setattr(Clock, '_now', lambda clock: datetime(*start, tzinfo=timezone.utc))
        # With this seed, an incident is triggered within an hour of a handoff, so that a change to
        # or from daylight saving time would have an effect.
        with Sandbox(seed=22) as sandbox:
            found = api_of(sandbox).get('/incidents', limit=100)['incidents']
        return [[a['assignee']['id'] for a in incident['assignments']] for incident in found]

    first, *others = (assignees(*start) for start in STARTS)
    assert any(first)
    assert others == [first, first]
