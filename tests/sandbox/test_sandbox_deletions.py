"""Records in use, which cannot be deleted."""

from datetime import timedelta

import pytest


def reference(record):
    return {'id': record['id'], 'type': record['type'] + '_reference'}


@pytest.fixture
def user(web):
    return web.user('Bea Second')


def schedule_of(web, user):
    layer = {
        'start': '2024-01-01T00:00:00Z',
        'rotation_virtual_start': '2024-01-01T00:00:00Z',
        'rotation_turn_length_seconds': 86_400,
        'users': [{'user': reference(user)}],
    }
    body = {'type': 'schedule', 'name': 'Rota', 'time_zone': 'UTC', 'schedule_layers': [layer]}
    return web.post('/schedules', {'schedule': body})['schedule']


def policy_of(web, target, name='By rota', **attributes):
    rule = {'escalation_delay_in_minutes': 30, 'targets': [reference(target)]}
    policy = {'type': 'escalation_policy', 'name': name, 'escalation_rules': [rule], **attributes}
    return web.post('/escalation_policies', {'escalation_policy': policy})['escalation_policy']


def deleted(web, record):
    return web.call('DELETE', record['self'][len(web.sandbox.url) :]).status_code == 204


def refused(web, record):
    return web.refusal('DELETE', record['self'][len(web.sandbox.url) :])


def test_schedule_in_an_escalation_policy_cannot_be_deleted(web, user):
    schedule = schedule_of(web, user)
    policy = policy_of(web, schedule)
    reason = "Schedule can't be deleted if it's being used by escalation policies"
    assert refused(web, schedule) == (400, 2001, [reason])
    assert deleted(web, policy)
    assert deleted(web, schedule)


def test_escalation_policy_of_a_service_cannot_be_deleted(web, user):
    policy = policy_of(web, user)
    (service,) = web.get('/services')['services']
    web.put(
        '/services/' + service['id'],
        {'service': {'type': 'service', 'escalation_policy': reference(policy)}},
    )
    status, code, (reason,) = refused(web, policy)
    assert (status, code) == (400, 2001)
    assert 'used by services' in reason
    assert deleted(web, web.get('/escalation_policies', query='Default')['escalation_policies'][0])


def test_user_on_a_schedule_cannot_be_deleted(web, user):
    schedule = schedule_of(web, user)
    assert 'on a schedule' in refused(web, user)[2][0]
    assert deleted(web, schedule)
    assert deleted(web, user)


def test_user_in_an_escalation_policy_cannot_be_deleted(web, user):
    policy_of(web, user)
    assert 'in an escalation policy' in refused(web, user)[2][0]


def test_user_with_an_open_incident_cannot_be_deleted(web, user):
    incident = web.incident(assignments=[{'assignee': reference(user)}])
    assert 'incidents are assigned' in refused(web, user)[2][0]
    web.update(incident, status='resolved')
    assert deleted(web, user)


@pytest.mark.parametrize('kind', ['policy', 'schedule', 'subteam'])
def test_team_with_associations_cannot_be_deleted(web, user, kind):
    team = web.team('Platform')
    if kind == 'policy':
        policy_of(web, user, teams=[reference(team)])
    elif kind == 'schedule':
        body = {'type': 'schedule', 'time_zone': 'UTC', 'teams': [reference(team)]}
        web.post('/schedules', {'schedule': {**body, 'schedule_layers': []}})
    else:
        body = {'type': 'team', 'name': 'Part', 'parent': reference(team)}
        web.post('/teams', {'team': body})
    assert refused(web, team)[:2] == (400, 6006)


@pytest.mark.parametrize('successor', [None, 'Data'])
def test_incidents_of_a_deleted_team_get_the_reassignment_team(web, user, successor):
    team, other = web.team('Platform'), web.team('Data')
    policy = policy_of(web, user, teams=[reference(team)])
    incident = web.incident(escalation_policy=reference(policy))
    assert [team['summary'] for team in incident['teams']] == ['Platform']
    path = f'/teams/{team["id"]}/escalation_policies/{policy["id"]}'
    assert web.call('DELETE', path).status_code == 204
    nobody = {'reassignment_team': 'PNOBODY'}
    assert web.refusal('DELETE', '/teams/' + team['id'], params=nobody)[:2] == (400, 6003)
    query = {'reassignment_team': other['id']} if successor else {}
    assert web.call('DELETE', '/teams/' + team['id'], params=query).status_code == 204
    (incident,) = web.get('/incidents')['incidents']
    assert [team['summary'] for team in incident['teams']] == ([successor] if successor else [])


def test_member_in_an_escalation_policy_of_the_team_cannot_be_removed(web, user):
    team = web.team('Platform')
    path = f'/teams/{team["id"]}/users/{user["id"]}'
    assert web.call('PUT', path).status_code == 204
    policy = policy_of(web, user, teams=[reference(team)])
    reason = 'User cannot be removed as they belong to an escalation policy on this team'
    assert web.refusal('DELETE', path)[2] == [reason]
    assert deleted(web, policy)
    assert web.call('DELETE', path).status_code == 204


@pytest.mark.parametrize(
    ('hours', 'status'), [(3, 405), (2, 204), (0, 204)], ids=['past', 'current', 'future']
)
def test_past_maintenance_window_cannot_be_deleted(web, hours, status):
    now = web.sandbox.clock.now()
    window = {
        'type': 'maintenance_window',
        'start_time': (now + timedelta(hours=1)).isoformat(),
        'end_time': (now + timedelta(hours=3)).isoformat(),
        'services': [reference(web.service)],
    }
    created = web.post('/maintenance_windows', {'maintenance_window': window})
    path = '/maintenance_windows/' + created['maintenance_window']['id']
    web.sandbox.clock.advance(hours=hours)
    answer = web.call('DELETE', path)
    assert answer.status_code == status
    if hours == 0:
        assert web.call('GET', path).status_code == 404
    else:
        shown = web.get(path)['maintenance_window']
        assert shown['end_time'][:19] <= web.sandbox.clock.now().isoformat()
        assert web.get('/maintenance_windows', filter='ongoing')['maintenance_windows'] == []
