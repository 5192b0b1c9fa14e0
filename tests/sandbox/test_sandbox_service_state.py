"""The status of a service, and the effects of its settings on incidents."""

import pytest


def reference(record):
    return {'id': record['id'], 'type': record['type'] + '_reference'}


def change_service(web, **attributes):
    path = '/services/' + web.service['id']
    return web.put(path, {'service': {'type': 'service', **attributes}})['service']


def window(web, start, end):
    window = {
        'type': 'maintenance_window',
        'services': [reference(web.service)],
        'start_time': start + '-01-01T00:00:00Z',
        'end_time': end + '-01-01T00:00:00Z',
    }
    return web.post('/maintenance_windows', {'maintenance_window': window})['maintenance_window']


def incident_body(web):
    return {'incident': {'type': 'incident', 'title': 'x', 'service': reference(web.service)}}


# Status.


def test_status_of_a_service_follows_its_incidents(web):
    assert web.service['status'] == 'active'
    incident = web.incident()
    assert web.service['status'] == 'critical'
    assert web.service['last_incident_timestamp'] == incident['created_at']
    web.update(incident, status='acknowledged')
    assert web.service['status'] == 'warning'
    other = web.incident()
    assert web.service['status'] == 'critical'
    for one in (incident, other):
        web.update(one, status='resolved')
    assert web.service['status'] == 'active'


def test_clients_can_set_the_service_status_to_disabled_only(web):
    assert change_service(web, status='critical')['status'] == 'active'
    assert change_service(web, status='disabled')['status'] == 'disabled'
    assert change_service(web, status='active')['status'] == 'active'


@pytest.mark.parametrize('kind', ['maintenance', 'disabled'])
def test_disabled_or_maintained_service_accepts_no_incidents(web, kind):
    web.event(dedup_key='before')
    if kind == 'disabled':
        change_service(web, status='disabled')
    else:
        window(web, '2020', '2090')
    assert web.service['status'] == kind
    assert web.event(dedup_key='during').status_code == 202
    assert web.refusal('POST', '/incidents', incident_body(web))[:2] == (400, 2001)
    web.event(dedup_key='before')
    (incident,) = web.get('/incidents')['incidents']
    assert web.log(incident).count('trigger') == 2
    web.event('resolve', 'before')
    assert web.get('/incidents/' + incident['id'])['incident']['status'] == 'resolved'


def test_future_maintenance_window_has_no_effect(web):
    window(web, '2089', '2090')
    assert web.service['status'] == 'active'
    web.event()
    assert len(web.get('/incidents')['incidents']) == 1


# Urgency.

CONSTANT = [('low', 'critical', 'low'), ('high', 'info', 'high')]
SEVERITIES = [('critical', 'high'), ('error', 'high'), ('warning', 'low'), ('info', 'low')]
CASES = [*CONSTANT, *(('severity_based', *case) for case in SEVERITIES)]


@pytest.mark.parametrize(('rule', 'severity', 'urgency'), CASES)
def test_urgency_of_an_event_follows_the_rule_of_the_service(web, rule, severity, urgency):
    change_service(web, incident_urgency_rule={'type': 'constant', 'urgency': rule})
    web.event(severity=severity)
    (incident,) = web.get('/incidents')['incidents']
    assert incident['urgency'] == urgency


@pytest.mark.parametrize(
    ('rule', 'urgency'), [('low', 'low'), ('high', 'high'), ('severity_based', 'high')]
)
def test_urgency_of_a_rest_incident_follows_the_rule_by_default(web, rule, urgency):
    change_service(web, incident_urgency_rule={'type': 'constant', 'urgency': rule})
    assert web.incident()['urgency'] == urgency
    assert web.incident(urgency='low')['urgency'] == 'low'
    assert web.incident(urgency='high')['urgency'] == 'high'


WEEK = [1, 2, 3, 4, 5]
#: Support hours, a time (1 January 2024 is a Monday), and the urgency at this time.
SUPPORT = [
    (('09:00:00', '17:00:00', WEEK), '2024-01-01T08:00:00Z', 'high'),
    (('09:00:00', '17:00:00', WEEK), '2024-01-01T07:59:59Z', 'low'),
    (('09:00:00', '17:00:00', WEEK), '2024-01-01T16:00:00Z', 'low'),
    (('09:00:00', '17:00:00', WEEK), '2024-01-06T10:00:00Z', 'low'),
    (('22:00:00', '06:00:00', [1]), '2024-01-02T04:00:00Z', 'high'),
    (('22:00:00', '06:00:00', [1]), '2024-01-01T04:00:00Z', 'low'),
    (('22:00:00', '06:00:00', [7]), '2024-01-08T04:00:00Z', 'high'),
]


@pytest.mark.parametrize(('hours', 'at', 'urgency'), SUPPORT)
def test_support_hours_are_in_their_time_zone(hours, at, urgency):
    from pdpyras_sandbox.account import parse_time
    from pdpyras_sandbox.service_state import urgency_of

    start, end, days = hours
    service = {
        'incident_urgency_rule': {
            'type': 'use_support_hours',
            'during_support_hours': {'type': 'constant', 'urgency': 'high'},
            'outside_support_hours': {'type': 'constant', 'urgency': 'low'},
        },
        'support_hours': {
            'type': 'fixed_time_per_day',
            'time_zone': 'Europe/Berlin',
            'days_of_week': days,
            'start_time': start,
            'end_time': end,
        },
    }
    assert urgency_of(service, None, parse_time(at)) == urgency


def test_support_hours_are_stored_and_used(web):
    constant = {'type': 'constant', 'urgency': 'low'}
    change_service(
        web,
        incident_urgency_rule={
            'type': 'use_support_hours',
            'during_support_hours': constant,
            'outside_support_hours': constant,
        },
        support_hours={
            'type': 'fixed_time_per_day',
            'time_zone': 'America/Lima',
            'days_of_week': WEEK,
            'start_time': '09:00:00',
            'end_time': '17:00:00',
        },
    )
    web.event()
    assert web.get('/incidents')['incidents'][0]['urgency'] == 'low'


# Nobody on call, and integrations.


def test_no_incident_is_opened_if_nobody_is_on_call(web):
    empty = {'type': 'schedule', 'name': 'Empty', 'time_zone': 'UTC', 'schedule_layers': []}
    schedule = web.post('/schedules', {'schedule': empty})['schedule']
    rule = {'escalation_delay_in_minutes': 30, 'targets': [reference(schedule)]}
    policy = {'type': 'escalation_policy', 'name': 'Nobody', 'escalation_rules': [rule]}
    policy = web.post('/escalation_policies', {'escalation_policy': policy})['escalation_policy']
    change_service(web, escalation_policy=reference(policy))
    answer = web.call('POST', '/incidents', incident_body(web))
    assert (answer.status_code, answer.json()['error']['code']) == (400, 1015)
    assert answer.json()['error']['message'] == 'Escalation Policy Has No User On Call'
    assert web.event().status_code == 202
    assert web.get('/incidents')['incidents'] == []
    assigned = web.incident(assignments=[{'assignee': reference(web.owner)}])
    assert assigned['assignments'][0]['assignee']['summary'] == 'Alex Sample'
    policy['escalation_rules'].append({**rule, 'targets': [reference(web.owner)]})
    web.put('/escalation_policies/' + policy['id'], {'escalation_policy': policy})
    assert web.incident()['assignments'][0]['assignee']['summary'] == 'Alex Sample'


@pytest.mark.parametrize('action', ['acknowledge', 'resolve'])
def test_event_from_another_integration_does_not_change_the_alert(web, action):
    body = {'integration': {'type': 'events_api_v2_inbound_integration', 'name': 'Other'}}
    path = f'/services/{web.service["id"]}/integrations'
    other = web.post(path, body)['integration']['integration_key']
    web.event(dedup_key='disk')
    event = {'routing_key': other, 'event_action': action, 'dedup_key': 'disk'}
    assert web.call('POST', '/v2/enqueue', event).status_code == 202
    (incident,) = web.get('/incidents')['incidents']
    assert incident['status'] == 'triggered'


# Invalid settings.

RULE = {'type': 'use_support_hours', 'during_support_hours': {'type': 'constant', 'urgency': 'low'}}
HOURS = {
    'type': 'fixed_time_per_day',
    'time_zone': 'Etc/UTC',
    'start_time': '00:00:00',
    'end_time': '00:00:00',
}


def hours_body(**changes):
    return {'service': {'incident_urgency_rule': RULE, 'support_hours': {**HOURS, **changes}}}


@pytest.mark.parametrize('time', ['9am', '25:00:00', '', 900])
def test_support_hours_with_an_invalid_time_are_rejected(web, time):
    path = '/services/' + web.service['id']
    status, code, (error,) = web.refusal('PUT', path, hours_body(start_time=time))
    assert (status, code) == (400, 2001)
    assert error.startswith('service.support_hours.start_time must be a ')
    assert web.event().status_code == 202


@pytest.mark.parametrize(
    'time', ['2000-01-01T09:00:00', '2000-01-01 09:00:00', '2000-01-01T09:00:00Z', '09:00:00+02:00']
)
def test_date_and_offset_of_support_hours_are_ignored(web, time):
    day = {'start_time': time, 'end_time': time, 'days_of_week': list(range(1, 8))}
    web.put('/services/' + web.service['id'], hours_body(**day))
    assert web.event().status_code == 202
    (incident,) = web.get('/incidents')['incidents']
    assert incident['urgency'] == 'low'


@pytest.mark.parametrize('zone', ['Nowhere', 'Eastern Time (US & Canada)', 'Lima'])
def test_support_hours_need_an_iana_time_zone(web, zone):
    path = '/services/' + web.service['id']
    status, code, (error,) = web.refusal('PUT', path, hours_body(time_zone=zone))
    assert (status, code) == (400, 2001)
    assert error == 'support_hours.time_zone must be in the IANA time zone database'


@pytest.mark.parametrize('days', ['Monday', [0], [8], ['Monday'], 1, {'1': 1}])
def test_support_hours_need_days_from_1_to_7(web, days):
    path = '/services/' + web.service['id']
    status, _, (error,) = web.refusal('PUT', path, hours_body(days_of_week=days))
    assert status == 400
    assert error.startswith('service.support_hours.days_of_week must be ') or '1 (Mon' in error
    assert web.event().status_code == 202


@pytest.mark.parametrize('name', ['auto_resolve_timeout', 'acknowledgement_timeout'])
def test_timeout_of_a_service_can_be_long_but_not_negative(web, name):
    path = '/services/' + web.service['id']
    body = {'service': {'type': 'service', name: -5}}
    assert web.refusal('PUT', path, body)[2] == [f'{name} must not be negative']
    assert change_service(web, **{name: 10**15})[name] == 10**15
    incident = web.incident()
    assert web.update(incident, status='acknowledged')['status'] == 'acknowledged'
    assert web.call('GET', '/_sandbox/clock').status_code == 200


@pytest.mark.parametrize('minutes', [0, -5])
def test_escalation_delay_must_be_positive(web, minutes):
    path = '/escalation_policies/' + web.service['escalation_policy']['id']
    rules = web.get(path)['escalation_policy']['escalation_rules']
    rules[0]['escalation_delay_in_minutes'] = minutes
    body = {'escalation_policy': {'escalation_rules': rules}}
    status, _, (error,) = web.refusal('PUT', path, body)
    assert (status, error) == (400, 'escalation_delay_in_minutes must be at least 1')


def test_long_escalation_delay_and_snooze_end_when_the_clock_does(web):
    path = '/escalation_policies/' + web.service['escalation_policy']['id']
    rules = web.get(path)['escalation_policy']['escalation_rules']
    rules[0]['escalation_delay_in_minutes'] = 10**15
    body = {'escalation_policy': {'escalation_rules': rules, 'num_loops': 2}}
    web.put(path, body)
    incident = web.incident()
    (action,) = [a for a in incident['pending_actions'] if a['type'] == 'escalate']
    assert action['at'].startswith('2999-12-31')
    snoozed = web.call('POST', f'/incidents/{incident["id"]}/snooze', {'duration': 10**15})
    assert snoozed.status_code < 500
