"""Incidents: changes by REST requests and by events."""

import sys
from datetime import datetime
from unittest.mock import patch

import pytest


def test_incident_is_assigned_by_the_escalation_policy_of_its_service(web):
    incident = web.incident(urgency='low', body={'type': 'incident_body', 'details': 'So full'})
    assert incident['status'] == 'triggered'
    assert incident['incident_number'] == 1
    assert incident['assignments'][0]['assignee']['summary'] == 'Alex Sample'
    assert incident['summary'] == '[#1] Disk full'
    assert web.log(incident) == ['trigger', 'assign']


def test_incident_is_found_by_its_number(web):
    web.incident('first')
    incident = web.incident('second')
    assert web.get('/incidents/2')['incident'] == incident
    assert len(web.get('/incidents/2/log_entries')['log_entries']) == 2
    assert web.refusal('GET', '/incidents/3')[0] == 404


def test_each_step_of_an_incident_adds_a_log_entry(web):
    incident = web.incident()
    web.update(incident, status='acknowledged')
    web.update(incident, urgency='low')
    web.post(f'/incidents/{incident["id"]}/notes', {'note': {'content': 'Looking'}})
    web.update(incident, status='resolved', resolution='Deleted the logs')
    steps = ['trigger', 'assign', 'acknowledge', 'urgency_change', 'annotate', 'resolve']
    assert web.log(incident) == steps
    (note,) = web.get(f'/incidents/{incident["id"]}/notes')['notes']
    assert (note['content'], note['user']['summary']) == ('Looking', 'Alex Sample')


def test_resolved_incident_has_no_assignee(web):
    incident = web.update(web.incident(), status='resolved')
    assert incident['resolved_at'] is not None
    assert incident['assignments'] == []
    # Resolving it again changes nothing.
    again = web.update(incident, status='resolved')
    assert {**again, 'updated_at': incident['updated_at']} == incident


def assignees(incident):
    return [assignment['assignee']['summary'] for assignment in incident['assignments']]


def test_reopened_incident_is_assigned_by_its_escalation_policy(web):
    incident = web.update(web.incident(), status='resolved')
    reopened = web.update(incident, status='triggered')
    assert (reopened['status'], reopened['resolved_at']) == ('triggered', None)
    assert assignees(reopened) == ['Alex Sample']
    assert [action['type'] for action in reopened['pending_actions']] == ['resolve']


def test_reopened_incident_is_assigned_as_requested(web):
    jane, policy = web.user('Jane'), web.user('Paul')
    incident = web.update(web.incident(), status='resolved')
    reference = {'id': jane['id'], 'type': 'user_reference'}
    reopened = web.update(incident, status='triggered', assignments=[{'assignee': reference}])
    assert assignees(reopened) == ['Jane']
    policy = web.post('/escalation_policies', policy_of(policy))['escalation_policy']
    web.update(incident, status='resolved')
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    reopened = web.update(incident, status='triggered', escalation_policy=reference)
    assert assignees(reopened) == ['Paul']


def policy_of(user):
    targets = [{'id': user['id'], 'type': 'user_reference'}]
    rules = [{'escalation_delay_in_minutes': 30, 'targets': targets}]
    policy = {'type': 'escalation_policy', 'name': 'Nights', 'escalation_rules': rules}
    return {'escalation_policy': policy}


def test_rejected_reopening_changes_no_incident(web):
    policy = web.post('/escalation_policies', policy_of(web.user('Paul')))['escalation_policy']
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    other, resolved = web.incident('Other'), web.incident('Resolved')
    web.update(resolved, escalation_policy=reference)
    before = web.update(resolved, status='resolved')
    assert web.call('DELETE', '/escalation_policies/' + policy['id']).status_code == 204
    changes = [
        {'id': other['id'], 'type': 'incident_reference', 'title': 'Changed'},
        {'id': resolved['id'], 'type': 'incident_reference', 'status': 'triggered'},
    ]
    assert web.refusal('PUT', '/incidents', {'incidents': changes})[0] == 400
    assert web.get('/incidents/' + other['id'])['incident']['title'] == 'Other'
    assert web.get('/incidents/' + resolved['id'])['incident']['status'] == before['status']


def test_resolved_incident_is_reopened_by_acknowledging_it(web):
    jane = web.user('Jane')
    incident = web.update(web.incident(), status='resolved')
    body = {'incidents': [{'id': incident['id'], 'type': 'incident', 'status': 'acknowledged'}]}
    (reopened,) = web.call('PUT', '/incidents', body, headers={'From': jane['email']}).json()[
        'incidents'
    ]
    assert (reopened['status'], assignees(reopened)) == ('acknowledged', ['Jane'])


def test_merged_incident_cannot_be_reopened(web):
    target, source = web.incident('Target'), web.incident('Source')
    sources = [{'id': source['id'], 'type': 'incident_reference'}]
    web.put(f'/incidents/{target["id"]}/merge', {'source_incidents': sources})
    body = {'incident': {'type': 'incident', 'status': 'triggered'}}
    assert web.refusal('PUT', '/incidents/' + source['id'], body)[:2] == (400, 1019)


def test_priority_can_be_given_by_name(web):
    incident = web.update(web.incident(), priority='P1')
    assert incident['priority']['summary'] == 'P1'
    body = {'incident': {'type': 'incident', 'priority': 'P99'}}
    assert web.refusal('PUT', '/incidents/' + incident['id'], body)[0] == 400


def test_incident_is_moved_to_another_service(web):
    policy = {'id': web.service['escalation_policy']['id'], 'type': 'escalation_policy_reference'}
    body = {'service': {'type': 'service', 'name': 'API', 'escalation_policy': policy}}
    other = web.post('/services', body)['service']
    service = {'id': other['id'], 'type': 'service_reference'}
    assert web.update(web.incident(), service=service)['service']['summary'] == 'API'
    (found,) = web.get('/incidents', service_ids=[other['id']])['incidents']
    assert found['service']['id'] == other['id']


@pytest.mark.parametrize(
    ('path', 'body', 'reason'),
    [
        ('/notes', {'note': {'content': ' '}}, "Content can't be blank"),
        ('/status_updates', {'message': ''}, "Message can't be blank"),
    ],
)
def test_blank_text_is_rejected(web, path, body, reason):
    refusal = web.refusal('POST', f'/incidents/{web.incident()["id"]}{path}', body)
    assert refusal == (400, 2001, [reason])


def test_open_incident_has_no_resolution_time(web):
    assert web.incident()['resolved_at'] is None


def test_acknowledging_twice_adds_one_acknowledgement(web):
    incident = web.incident()
    web.update(incident, status='acknowledged')
    again = web.update(incident, status='acknowledged')
    assert len(again['acknowledgements']) == 1
    assert web.log(incident).count('acknowledge') == 1


def test_multi_update_changes_all_incidents(web):
    incidents = [web.incident(f'Disk {number} full') for number in range(3)]
    changes = [{'id': i['id'], 'type': 'incident', 'status': 'resolved'} for i in incidents]
    answer = web.put('/incidents', {'incidents': changes})
    assert [incident['status'] for incident in answer['incidents']] == ['resolved'] * 3


def test_multi_update_with_an_unknown_incident_changes_nothing(web):
    incident = web.incident()
    changes = [
        {'id': which, 'type': 'incident', 'status': 'resolved'}
        for which in (incident['id'], 'PNOBODY')
    ]
    assert web.refusal('PUT', '/incidents', {'incidents': changes})[0] == 404
    assert web.get('/incidents/' + incident['id'])['incident']['status'] == 'triggered'


def test_multi_update_with_a_merged_incident_changes_nothing(web):
    first, second = web.incident('first'), web.incident('second')
    sources = [{'id': second['id'], 'type': 'incident_reference'}]
    web.put(f'/incidents/{web.incident()["id"]}/merge', {'source_incidents': sources})
    changes = [
        {'id': i['id'], 'type': 'incident', 'status': 'acknowledged'} for i in (first, second)
    ]
    assert web.refusal('PUT', '/incidents', {'incidents': changes})[:2] == (400, 1019)
    assert web.get('/incidents/' + first['id'])['incident']['status'] == 'triggered'


def test_assignee_of_a_new_incident_needs_no_type(web):
    user = web.user('Bea Second')
    incident = web.incident(assignments=[{'assignee': {'id': user['id']}}])
    assert incident['assignments'][0]['assignee']['summary'] == 'Bea Second'
    assert incident['assignments'][0]['assignee']['type'] == 'user_reference'


@pytest.mark.parametrize('assignment', [{}, {'assignee': None}])
def test_assignment_without_an_assignee_is_rejected(web, assignment):
    service = {'id': web.service['id'], 'type': 'service_reference'}
    new = {'type': 'incident', 'title': 'Cold', 'service': service, 'assignments': [assignment]}
    path = '/incidents/' + web.incident()['id']
    change = {'type': 'incident', 'assignments': [assignment]}
    for method, where, incident in (('POST', '/incidents', new), ('PUT', path, change)):
        status, _, errors = web.refusal(method, where, {'incident': incident})
        assert (status, errors) == (400, ['assignments[0].assignee is required'])


@pytest.mark.parametrize(
    ('service', 'reason'),
    [
        ({'id': 'PNO'}, '/services/PNO does not exist'),
        ({'id': 'PNO', 'type': 'service_reference'}, '/services/PNO does not exist'),
    ],
)
def test_missing_service_is_named_by_its_path(web, service, reason):
    new = {'type': 'incident', 'title': 'Cold', 'service': service}
    status, _, errors = web.refusal('POST', '/incidents', {'incident': new})
    assert (status, errors) == (400, [reason])


def test_bare_id_in_place_of_a_reference_is_rejected(web):
    incident = web.incident()
    item = {'id': incident['id'], 'type': 'incident', 'service': web.service['id']}
    status, _, errors = web.refusal('PUT', '/incidents', {'incidents': [item]})
    assert (status, errors) == (400, ['A reference to services must be an object with an id'])
    path = '/incidents/' + incident['id']
    status, _, errors = web.refusal('PUT', path, {'incident': item})
    assert (status, errors) == (400, ['incident.service must be an object'])


def test_incident_is_reassigned(web):
    user = web.user('Bea Second')
    assignee = {'id': user['id'], 'type': 'user_reference'}
    incident = web.update(web.incident(), assignments=[{'assignee': assignee}])
    assert incident['assignments'][0]['assignee']['summary'] == 'Bea Second'
    assert incident['assigned_via'] == 'direct_assignment'


def test_priority_is_set_and_removed(web):
    priority = web.get('/priorities')['priorities'][0]
    reference = {'id': priority['id'], 'type': 'priority_reference'}
    incident = web.update(web.incident(), priority=reference)
    assert incident['priority']['summary'] == 'P1'
    assert web.update(incident, priority=None)['priority'] is None


def test_incident_on_an_unknown_service_is_rejected(web):
    service = {'id': 'PNOBODY', 'type': 'service_reference'}
    body = {'incident': {'type': 'incident', 'title': 'x', 'service': service}}
    assert web.refusal('POST', '/incidents', body)[:2] == (400, 2001)


REFUSED_CHANGES = [
    ({'priority': {'id': 'PNOBODY', 'type': 'priority_reference'}}, 1020),
    ({'assignments': [{'assignee': {'id': 'PNOBODY', 'type': 'user_reference'}}]}, 1007),
    ({'escalation_policy': {'id': 'PNOBODY', 'type': 'escalation_policy_reference'}}, 1014),
    ({'escalation_level': 9}, 1006),
]


@pytest.mark.parametrize(
    ('change', 'code'), REFUSED_CHANGES, ids=[str(c) for _, c in REFUSED_CHANGES]
)
def test_invalid_update_of_an_incident_is_rejected_with_a_code(web, change, code):
    path = '/incidents/' + web.incident()['id']
    body = {'incident': {'type': 'incident', **change}}
    assert web.refusal('PUT', path, body)[:2] == (400, code)
    if code != 1006:
        service = {'id': web.service['id'], 'type': 'service_reference'}
        new = {'incident': {'type': 'incident', 'title': 'x', 'service': service, **change}}
        assert web.refusal('POST', '/incidents', new)[:2] == (400, code)


NO_SERVICE = {'service': {'id': 'PNOBODY', 'type': 'service_reference'}}


@pytest.mark.parametrize(
    'change',
    [*(change for change, _ in REFUSED_CHANGES), NO_SERVICE, {'incident_type': {'name': 'no'}}],
    ids=lambda change: next(iter(change)),
)
def test_invalid_update_changes_nothing(web, change):
    incident = web.incident()
    valid = {'type': 'incident', 'title': 'New', 'urgency': 'low', 'status': 'acknowledged'}
    path = '/incidents/' + incident['id']
    assert web.refusal('PUT', path, {'incident': {**valid, **change}})[0] == 400
    items = [{'id': incident['id'], **valid}, {'id': incident['id'], **valid, **change}]
    assert web.refusal('PUT', '/incidents', {'incidents': items})[0] == 400
    assert web.get(path)['incident'] == incident
    assert web.log(incident) == ['trigger', 'assign']


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'title': ''}, "Title can't be blank"),
        ({'title': ' '}, "Title can't be blank"),
        ({'title': None}, "Title can't be blank"),
        ({'escalation_level': 0}, 'Escalation level 0 does not exist'),
        ({'assignments': []}, 'assignments must have at least one assignee'),
        ({'assignments': [{'assignee': None}]}, 'assignments[0].assignee is required'),
    ],
    ids=str,
)
def test_empty_values_in_an_update_are_rejected(web, change, reason):
    incident = web.incident()
    item = {'id': incident['id'], 'type': 'incident', **change}
    for path, body in (
        ('/incidents/' + incident['id'], {'incident': item}),
        ('/incidents', {'incidents': [item]}),
    ):
        status, _, errors = web.refusal('PUT', path, body)
        assert (status, errors) == (400, [reason])


def test_policy_of_a_reopened_incident_needs_no_type(web):
    incident = web.update(web.incident(), status='resolved')
    policy = {'id': incident['escalation_policy']['id']}
    reopened = web.update(incident, status='triggered', escalation_policy=policy)
    assert assignees(reopened) == ['Alex Sample']
    assert reopened['escalation_policy'] == incident['escalation_policy']


@pytest.mark.parametrize('name', ['service', 'incident_type', 'conference_bridge'])
def test_empty_object_in_a_multi_update_changes_nothing(web, name):
    incident = web.incident()
    item = {'id': incident['id'], 'type': 'incident', name: {}}
    (updated,) = web.put('/incidents', {'incidents': [item]})['incidents']
    assert {**updated, 'updated_at': incident['updated_at']} == incident


def test_incident_can_be_sent_back_as_it_was_received(web):
    incident = web.update(web.incident(), status='resolved')
    assert incident['assignments'] == []
    path = '/incidents/' + incident['id']
    reopened = web.put(path, {'incident': {**incident, 'status': 'triggered'}})['incident']
    assert (reopened['status'], assignees(reopened)) == ('triggered', ['Alex Sample'])
    unchanged = web.put(path, {'incident': reopened})['incident']
    assert {**unchanged, 'updated_at': reopened['updated_at']} == reopened


def test_invalid_update_of_alerts_changes_nothing(web):
    for key in ('one', 'two'):
        web.event(dedup_key=key)
    source, target = web.get('/incidents')['incidents']
    path = f'/incidents/{source["id"]}/alerts'
    (alert,) = web.get(path)['alerts']
    item = {'id': alert['id'], 'type': 'alert'}
    valid = {**item, 'incident': {'id': target['id'], 'type': 'incident_reference'}}
    invalid = {**item, 'incident': {'id': 'PNOBODY', 'type': 'incident_reference'}}
    assert web.refusal('PUT', path, {'alerts': [valid, invalid]})[0] == 400
    assert web.get(path)['alerts'] == [alert]


def test_incident_key_must_be_unique_among_open_incidents(web):
    web.incident(incident_key='once')
    service = {'id': web.service['id'], 'type': 'service_reference'}
    body = {'type': 'incident', 'title': 'x', 'service': service, 'incident_key': 'once'}
    assert web.refusal('POST', '/incidents', {'incident': body})[0] == 400


def test_merge_moves_the_alerts_and_resolves_the_source(web):
    web.event(dedup_key='one')
    web.event(dedup_key='two')
    source, target = web.get('/incidents')['incidents']
    merged = [{'id': source['id'], 'type': 'incident_reference'}]
    web.put(f'/incidents/{target["id"]}/merge', {'source_incidents': merged})
    assert web.get('/incidents/' + source['id'])['incident']['status'] == 'resolved'
    alerts = web.get(f'/incidents/{target["id"]}/alerts')['alerts']
    assert {alert['alert_key'] for alert in alerts} == {'one', 'two'}
    assert all(alert['status'] == 'triggered' for alert in alerts)


def test_source_that_is_listed_twice_is_merged_once(web):
    target, source = web.incident('Target'), web.incident('Source')
    sources = [{'id': source['id'], 'type': 'incident_reference'}] * 2
    web.put(f'/incidents/{target["id"]}/merge', {'source_incidents': sources})
    entries = web.get(f'/incidents/{target["id"]}/log_entries')['log_entries']
    assert [entry['type'] for entry in entries].count('merge_log_entry') == 1


def test_merged_incident_refers_to_the_target(web):
    target, source = web.incident('target'), web.incident('source')
    merged = {'source_incidents': [{'id': source['id'], 'type': 'incident_reference'}]}
    web.put(f'/incidents/{target["id"]}/merge', merged)
    reason = web.get('/incidents/' + source['id'])['incident']['resolve_reason']
    assert (reason['type'], reason['incident']['id']) == ('merge_resolve_reason', target['id'])
    assert web.refusal('PUT', f'/incidents/{target["id"]}/merge', merged)[:2] == (400, 1019)


def test_merge_into_a_resolved_incident_is_rejected(web):
    target, source = web.update(web.incident(), status='resolved'), web.incident('source')
    merged = {'source_incidents': [{'id': source['id'], 'type': 'incident_reference'}]}
    assert web.refusal('PUT', f'/incidents/{target["id"]}/merge', merged)[0] == 400
    assert web.get('/incidents/' + source['id'])['incident']['status'] == 'triggered'


def test_incident_assigned_to_its_creator_is_acknowledged(web):
    def assigned_to(user):
        return web.incident(
            assignments=[{'assignee': {'id': user['id'], 'type': 'user_reference'}}]
        )

    mine = assigned_to(web.owner)
    assert mine['status'] == 'acknowledged'
    assert mine['acknowledgements'][0]['acknowledger']['id'] == web.owner['id']
    assert assigned_to(web.user('Bea Second'))['status'] == 'triggered'


def test_incident_with_assignee_and_escalation_policy_is_rejected(web):
    incident = {
        'type': 'incident',
        'title': 'x',
        'service': {'id': web.service['id'], 'type': 'service_reference'},
        'assignments': [{'assignee': {'id': web.owner['id'], 'type': 'user_reference'}}],
        'escalation_policy': web.service['escalation_policy'],
    }
    assert web.refusal('POST', '/incidents', {'incident': incident})[:2] == (400, 2001)


def test_snoozed_incident_is_acknowledged_and_has_an_end_time(web):
    incident = web.incident()
    snoozed = web.post(f'/incidents/{incident["id"]}/snooze', {'duration': 3600})['incident']
    assert snoozed['status'] == 'acknowledged'
    assert snoozed['pending_actions'][0]['type'] == 'unacknowledge'


def test_snoozed_incident_is_triggered_again_after_its_time(web):
    incident = web.incident()
    web.post(f'/incidents/{incident["id"]}/snooze', {'duration': 3600})
    web.sandbox.clock.advance(hours=2)
    again = web.get('/incidents/' + incident['id'])['incident']
    assert again['status'] == 'triggered'
    assert [action['type'] for action in again['pending_actions']] == ['resolve']
    assert web.log(incident)[-1] == 'unacknowledge'


def test_responders_and_status_updates_are_recorded(web):
    incident = web.incident()
    user = web.user('Bea Second')
    target = {'responder_request_target': {'id': user['id'], 'type': 'user_reference'}}
    request = {
        'requester_id': web.owner['id'],
        'message': 'Please help',
        'responder_request_targets': [target],
    }
    web.post(f'/incidents/{incident["id"]}/responder_requests', request)
    update = web.post(f'/incidents/{incident["id"]}/status_updates', {'message': 'Better'})
    assert update['status_update']['message'] == 'Better'
    assert web.log(incident)[-2:] == ['responder_request', 'status_update']


def test_requested_users_and_those_on_call_are_the_responders(web):
    incident = web.incident()
    user, policy = web.user('Bea Second'), web.get('/escalation_policies')['escalation_policies'][0]
    targets = [
        {'id': user['id'], 'type': 'user_reference'},
        {'id': policy['id'], 'type': 'escalation_policy_reference'},
    ]
    request = {
        'requester_id': web.owner['id'],
        'message': 'Please help',
        'responder_request_targets': [{'responder_request_target': target} for target in targets],
    }
    for _ in range(2):
        web.post(f'/incidents/{incident["id"]}/responder_requests', request)
    shown = web.get('/incidents/' + incident['id'])['incident']
    assert [
        (r['user']['summary'], r['state'], r['message'], r['escalation_policy_requests'])
        for r in shown['incidents_responders']
    ] == [
        ('Bea Second', 'pending', 'Please help', []),
        ('Alex Sample', 'pending', 'Please help', ['Default']),
    ]
    assert len(shown['responder_requests']) == 2


def test_only_users_and_escalation_policies_can_be_responders(web):
    incident = web.incident()
    path = '/incidents/' + incident['id']
    for target_id in (web.service['id'], incident['id'], 'PSTATUS', 'PNOBODY'):
        targets = [
            {'responder_request_target': {'id': one, 'type': 'user_reference'}}
            for one in (web.owner['id'], target_id)
        ]
        request = {
            'requester_id': web.owner['id'],
            'message': 'Please help',
            'responder_request_targets': targets,
        }
        reason = f'responder_request_targets: no user or escalation policy has ID {target_id}'
        refusal = web.refusal('POST', path + '/responder_requests', request)
        assert refusal == (400, 2001, [reason])
    assert web.get(path)['incident']['incidents_responders'] == []


FILTERS = [
    ({'statuses': ['triggered']}, {'web'}),
    ({'statuses': ['triggered', 'resolved']}, {'web', 'db'}),
    ({'urgencies': ['low']}, {'db'}),
    ({'incident_key': 'db'}, {'db'}),
    ({'since': '2100-01-01T00:00:00Z'}, set()),
    ({'until': '2000-01-01T00:00:00Z'}, set()),
    ({'until': '2000-01-01T00:00:00Z', 'date_range': 'all'}, {'web', 'db'}),
    ({'since': '2000-01-01T00:00:00Z', 'date_range': 'all'}, {'web', 'db'}),
]


@pytest.mark.parametrize(('query', 'expected'), FILTERS, ids=[str(f[0]) for f in FILTERS])
def test_incidents_are_filtered(web, query, expected):
    web.incident('web', incident_key='web')
    web.update(web.incident('db', incident_key='db', urgency='low'), status='resolved')
    incidents = web.get('/incidents', **query)['incidents']
    assert {incident['title'] for incident in incidents} == expected


def test_incidents_are_filtered_by_assignee_and_sorted(web):
    web.incident('b')
    web.incident('a')
    query = {'user_ids': [web.owner['id']], 'sort_by': 'incident_number:desc'}
    mine = web.get('/incidents', **query)['incidents']
    assert [incident['title'] for incident in mine] == ['a', 'b']
    assert web.get('/incidents', user_ids=['PNOBODY'])['incidents'] == []


def test_incident_numbers_are_sorted_numerically(web):
    for number in range(11):
        web.incident(urgency='low' if number == 5 else 'high')
    listed = web.get('/incidents', sort_by='urgency:desc,incident_number:desc')['incidents']
    assert [incident['incident_number'] for incident in listed[:4]] == [6, 11, 10, 9]


@pytest.mark.parametrize('sort_by', ['created_at:desc', 'urgency,created_at:desc'])
def test_newest_incident_of_one_second_comes_first_in_descending_order(web, sort_by):
    for number in range(1, 6):
        web.event(dedup_key=str(number))
    listed = web.get('/incidents', sort_by=sort_by)['incidents']
    created = [(i['created_at'], i['incident_number']) for i in listed]
    assert created == sorted(created, reverse=True)
    ascending = web.get('/incidents', sort_by='urgency:desc,created_at')['incidents']
    assert [i['incident_number'] for i in ascending] == [1, 2, 3, 4, 5]


SORTS = [
    ('/incidents', 'nonsense', 'incident_number, created_at, resolved_at, urgency'),
    ('/incidents', 'title:asc', 'incident_number, created_at, resolved_at, urgency'),
    ('/incidents', 'urgency,created_at,resolved_at', 'at most 2 fields'),
    ('/incidents', 'urgency:down', 'field:asc or field:desc'),
    ('/services', 'created_at', 'one of: name'),
    ('/services', 'name,name:desc', 'at most 1 field'),
    ('/templates', 'name:down', 'field:asc or field:desc'),
    ('/incident_workflows/triggers', 'id', 'one of: workflow_id, workflow_name'),
]


@pytest.mark.parametrize(
    ('path', 'sort_by', 'reason'), SORTS, ids=[f'{s[0]} {s[1]}' for s in SORTS]
)
def test_undocumented_sorting_is_rejected(web, path, sort_by, reason):
    status, code, (error,) = web.refusal('GET', f'{path}?sort_by={sort_by}')
    assert (status, code) == (400, 2001)
    assert error.startswith("'sort_by' must ")
    assert reason in error


@pytest.mark.parametrize(
    ('path', 'sort_by'),
    [
        ('/incidents', 'urgency:desc,incident_number'),
        ('/services', 'name:desc'),
        ('/templates', 'created_at'),
        ('/incident_workflows/triggers', 'workflow_id desc'),
        ('/event_orchestrations', 'routes:desc'),
        ('/incidents', ''),
    ],
)
def test_documented_sorting_is_accepted(web, path, sort_by):
    assert web.get(path, sort_by=sort_by)


def test_times_are_returned_in_the_requested_time_zone(web):
    incident = web.incident()
    (shown,) = web.get('/incidents', time_zone='Asia/Tokyo')['incidents']
    assert shown['created_at'].endswith('+09:00')
    created = (one['created_at'].replace('Z', '+00:00') for one in (incident, shown))
    assert len({datetime.fromisoformat(text) for text in created}) == 1
    assert web.get('/incidents', time_zone='UTC')['incidents'][0]['created_at'][-1] == 'Z'


def test_folder_of_the_package_tzdata_is_not_a_time_zone(web, tmp_path, monkeypatch):
    for package in ('tzdata', 'tzdata/zoneinfo', 'tzdata/zoneinfo/Mars'):
        (tmp_path / package).mkdir()
        (tmp_path / package / '__init__.py').touch()
    monkeypatch.syspath_prepend(tmp_path)
    with patch.dict(sys.modules):
        errors = web.refusal('GET', '/incidents?time_zone=Mars')[2]
    assert errors == ['time_zone must be in the IANA time zone database']


def test_records_without_the_sorted_attribute_come_first(web):
    web.update(web.incident('over'), status='resolved')
    web.incident('open')
    for order, titles in (('asc', ['open', 'over']), ('desc', ['over', 'open'])):
        listed = web.get('/incidents', sort_by='resolved_at:' + order)['incidents']
        assert [incident['title'] for incident in listed] == titles


BODY = {'type': 'incident_body', 'details': 'So full'}
BRIDGE = {'conference_number': '+1 415-555-1212,,,,1234#'}


def test_body_and_conference_bridge_are_returned_only_if_included(web):
    incident = web.incident(body=BODY, conference_bridge=BRIDGE)
    path = '/incidents/' + incident['id']
    names = ['body', 'conference_bridge']
    updated = web.update(incident, urgency='low')
    (listed,) = web.get('/incidents')['incidents']
    for plain in (incident, updated, listed, web.get(path)['incident']):
        assert not plain.keys() & set(names)
    (listed,) = web.get('/incidents', include=names)['incidents']
    for full in (listed, web.get(path, include=names)['incident']):
        assert full['body'] == BODY
        assert full['conference_bridge']['conference_number'] == BRIDGE['conference_number']


def test_custom_fields_of_an_incident_can_be_included(web):
    web.custom_field('environment')
    path = '/incidents/' + web.incident()['id']
    values = {'custom_fields': [{'name': 'environment', 'value': 'staging'}]}
    web.put(path + '/custom_fields/values', values)
    assert 'custom_fields' not in web.get(path)['incident']
    (value,) = web.get(path, include=['custom_fields'])['incident']['custom_fields']
    assert (value['name'], value['value']) == ('environment', 'staging')


def test_external_references_and_metadata_can_be_included(web):
    path = '/incidents/' + web.incident()['id']
    incident = web.get(path, include=['external_references', 'metadata'])['incident']
    assert (incident['external_references'], incident['metadata']) == ([], {})
    assert not web.get(path)['incident'].keys() & {'external_references', 'metadata'}


def test_included_records_are_complete(web):
    web.incident()
    (plain,) = web.get('/incidents')['incidents']
    (full,) = web.get('/incidents', include=['services', 'assignees'])['incidents']
    assert plain['service']['type'] == 'service_reference'
    assert (full['service']['type'], full['service']['name']) == ('service', 'Web Shop')
    assert full['assignments'][0]['assignee']['email'] == web.sandbox.email


def test_resolving_the_last_alert_resolves_the_incident(web):
    web.event()
    (incident,) = web.get('/incidents')['incidents']
    path = f'/incidents/{incident["id"]}/alerts'
    (alert,) = web.get(path)['alerts']
    web.put(f'{path}/{alert["id"]}', {'alert': {'type': 'alert', 'status': 'resolved'}})
    again = web.get('/incidents/' + incident['id'])['incident']
    assert again['status'] == 'resolved'
    assert again['alert_counts'] == {'all': 1, 'triggered': 0, 'resolved': 1}


# Events.


def test_repeated_dedup_key_creates_no_second_alert(web):
    for _ in range(3):
        assert web.event(dedup_key='disk').json()['dedup_key'] == 'disk'
    (incident,) = web.get('/incidents')['incidents']
    assert incident['alert_counts']['all'] == 1
    assert web.log(incident).count('trigger') == 3


def test_each_trigger_without_a_dedup_key_opens_an_incident(web):
    keys = {web.event().json()['dedup_key'] for _ in range(3)}
    assert len(keys) == 3
    assert len(web.get('/incidents')['incidents']) == 3


def test_dedup_key_of_a_resolved_incident_opens_a_new_incident(web):
    web.event(dedup_key='disk')
    web.event('resolve', 'disk')
    web.event(dedup_key='disk')
    statuses = [incident['status'] for incident in web.get('/incidents')['incidents']]
    assert statuses == ['resolved', 'triggered']


def test_events_acknowledge_and_resolve_incidents(web):
    web.event(dedup_key='disk')
    web.event('acknowledge', 'disk')
    (incident,) = web.get('/incidents')['incidents']
    assert incident['status'] == 'acknowledged'
    web.event('resolve', 'disk')
    assert web.log(incident) == ['trigger', 'assign', 'acknowledge', 'resolve']


def test_event_without_a_matching_alert_is_accepted_and_ignored(web):
    assert web.event('resolve', 'never seen').status_code == 202
    assert web.get('/incidents')['incidents'] == []


def test_alert_contains_the_data_of_the_event(web):
    web.event(severity='warning', component='mysql', custom_details={'load': 0.75})
    (incident,) = web.get('/incidents')['incidents']
    (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
    assert alert['severity'] == 'warning'
    assert alert['integration']['summary'] == 'Events API V2'
    assert alert['body']['details'] == {'source': 'db1', 'component': 'mysql', 'load': 0.75}


REFUSED = [
    ({'event_action': 'explode'}, "'event_action' must be one of"),
    ({'routing_key': 'nobody'}, 'not one of an Events API v2 integration'),
    ({'routing_key': None}, "'routing_key' is missing"),
    ({'payload': None}, "'payload' is missing"),
    ({'event_action': 'resolve'}, "'dedup_key' is missing"),
    ({'dedup_key': 5}, "'dedup_key' must be a string"),
    ({'links': [{'text': 'no address'}]}, "'links' must be"),
    ({'payload': {'summary': 'x', 'source': 'y', 'severity': 'awful'}}, 'payload.severity'),
    ({'payload': {'source': 'y', 'severity': 'info'}}, 'payload.summary'),
    ({'payload': {'summary': 'x' * 1025, 'source': 'y', 'severity': 'info'}}, 'at most 1024'),
]
NOT_TIMES = [1764324000, '1764324000', '28 Nov', '', '0001-01-01T00:00:00Z']


@pytest.mark.parametrize(('change', 'reason'), REFUSED, ids=[reason for _, reason in REFUSED])
def test_an_invalid_event_is_refused_with_reasons(web, change, reason):
    payload = {'summary': 'x', 'source': 'y', 'severity': 'info'}
    event = {'routing_key': web.sandbox.routing_key, 'event_action': 'trigger', 'payload': payload}
    answer = web.call('POST', '/v2/enqueue', {**event, **change})
    assert answer.status_code == 400
    assert answer.json()['status'] == 'invalid event'
    assert reason in answer.json()['errors'][0]


@pytest.mark.parametrize('time', NOT_TIMES)
@pytest.mark.parametrize('path', ['/v2/enqueue', '/v2/change/enqueue'])
def test_event_with_an_invalid_timestamp_is_rejected(web, path, time):
    payload = {'summary': 'x', 'source': 'y', 'severity': 'info', 'timestamp': time}
    event = {'routing_key': web.sandbox.routing_key, 'event_action': 'trigger', 'payload': payload}
    answer = web.call('POST', path, event)
    assert answer.status_code == 400
    assert answer.json()['errors'] == ["'payload.timestamp' must be an ISO 8601 date-time"]
    event['payload']['timestamp'] = '2026-11-28T09:00:00.315+0000'
    assert web.call('POST', path, event).status_code == 202
    if 'change' in path:
        (change,) = web.get('/change_events', since='2026-01-01T00:00:00Z')['change_events']
        assert change['timestamp'] == '2026-11-28T09:00:00.315+0000'


def test_event_that_is_not_json_is_rejected(web):
    answer = web.call('POST', '/v2/enqueue', data='{')
    assert (answer.status_code, answer.json()['status']) == (400, 'invalid event')


def test_change_event_is_listed_and_opens_no_incident(web):
    event = {'routing_key': web.sandbox.routing_key, 'payload': {'summary': 'Deployed'}}
    assert web.call('POST', '/v2/change/enqueue', event).status_code == 202
    (change,) = web.get('/change_events')['change_events']
    assert change['summary'] == 'Deployed'
    service = web.service['id']
    assert len(web.get(f'/services/{service}/change_events')['change_events']) == 1
    path = '/change_events/' + change['id']
    body = {'change_event': {'custom_details': {'build': 7}, 'summary': 'Ignored'}}
    assert web.put(path, body)['change_event']['custom_details'] == {'build': 7}
    assert web.get(path)['change_event']['summary'] == 'Deployed'
    assert web.refusal('PUT', '/change_events/PNOBODY', body)[0] == 404
    assert web.get('/incidents')['incidents'] == []


def test_change_events_come_in_pages_with_the_fields_of_the_documented_example(web):
    for number in range(3):
        event = {'routing_key': web.sandbox.routing_key, 'payload': {'summary': f'Step {number}'}}
        web.call('POST', '/v2/change/enqueue', event)
    page = web.get('/change_events?limit=2&total=true')
    assert len(page.pop('change_events')) == 2
    assert page == {'limit': 2, 'offset': 0, 'more': True, 'total': 3}
    assert len(web.get('/change_events?limit=2&offset=2')['change_events']) == 1


@pytest.mark.parametrize(
    'payload', [{}, {'summary': ''}, {'summary': None}, {'summary': 5}, None, []]
)
def test_change_event_requires_a_summary(web, payload):
    event = {'routing_key': web.sandbox.routing_key, 'payload': payload}
    answer = web.call('POST', '/v2/change/enqueue', event)
    assert answer.status_code == 400
    assert any('summary' in text or 'payload' in text for text in answer.json()['errors'])
    assert web.get('/change_events')['change_events'] == []


def test_events_over_the_rate_limit_of_a_key_are_429(web):
    answers = [web.event('resolve', 'k') for _ in range(121)]
    assert [answer.status_code for answer in answers[-2:]] == [202, 429]
    assert answers[-1].json()['message'] == 'Rate Limit Exceeded'
    assert 0 < int(answers[-1].headers['ratelimit-reset']) <= 60
