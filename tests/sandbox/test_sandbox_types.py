"""Types of records and references in requests: ``{"id": "P123", "type": "user_reference"}``."""

import pytest

PHONE = {'label': 'Mobile', 'address': '5551234'}


def policy_of(*targets):
    rules = [{'escalation_delay_in_minutes': 30, 'targets': list(targets)}]
    body = {'type': 'escalation_policy', 'name': 'Night', 'escalation_rules': rules}
    return {'escalation_policy': body}


@pytest.mark.parametrize(
    ('path', 'body'),
    [
        ('/users', {'user': {'name': 'Bea', 'email': 'bea@example.com'}}),
        ('/teams', {'team': {'name': 'Night'}}),
        ('/tags', {'tag': {'label': 'remote'}}),
        ('/schedules', {'schedule': {'name': 'Night', 'time_zone': 'Etc/UTC'}}),
    ],
    ids=['user', 'team', 'tag', 'schedule'],
)
def test_type_of_a_record_is_optional_but_no_other_type_is_accepted(web, path, body):
    ((wrapper, attributes),) = body.items()
    status, code, errors = web.refusal('POST', path, {wrapper: {'type': 'gadget', **attributes}})
    assert (status, code, errors) == (400, 2001, [f'{wrapper}.type must be one of: {wrapper}'])
    created = web.post(path, body)[wrapper]
    assert created['type'] == wrapper
    refused = {wrapper: {**attributes, 'type': 'gadget'}}
    if path != '/tags':
        assert web.refusal('PUT', f'{path}/{created["id"]}', refused)[2] == errors


@pytest.mark.parametrize('kind', ['nonsense_contact_method', 'user', 42, None])
def test_contact_method_of_an_unknown_type_is_rejected(web, kind):
    path = f'/users/{web.owner["id"]}/contact_methods'
    method = {'contact_method': {**PHONE, 'type': kind}}
    status, _, (error,) = web.refusal('POST', path, method)
    assert status == 400
    assert error.startswith('contact_method.type ')
    assert kind is None or 'sms_contact_method, push_notification_contact_method' in error


def test_addon_needs_a_type(web):
    addon = {'name': 'Status', 'src': 'https://example.com'}
    assert web.refusal('POST', '/addons', {'addon': addon})[2] == ['addon.type is required']
    assert web.post('/addons', {'addon': {**addon, 'type': 'full_page_addon'}})


@pytest.mark.parametrize('kind', ['service_reference', 'service', None])
def test_reference_may_have_the_type_of_the_record_or_none(web, kind):
    service = {'id': web.service['id'], **({'type': kind} if kind else {})}
    incident = web.incident(service=service)
    assert incident['service']['type'] == 'service_reference'
    assert incident['service']['summary'] == 'Web Shop'


@pytest.mark.parametrize('kind', ['escalation_policy_reference', 'escalation_policy', None])
def test_references_to_an_escalation_policy_are_stored_alike(web, kind):
    policy = {'id': web.service['escalation_policy']['id'], **({'type': kind} if kind else {})}
    body = {'type': 'service', 'name': 'Shop 2', 'escalation_policy': policy}
    service = web.post('/services', {'service': body})['service']
    assert service['escalation_policy'] == web.service['escalation_policy']
    (named,) = web.get('/escalation_policies')['escalation_policies']
    assert service['id'] in [used['id'] for used in named['services']]


def test_reference_of_another_type_is_rejected(web):
    wrong = {'id': web.service['id'], 'type': 'user_reference'}
    incident = {'type': 'incident', 'title': 'Disk full', 'service': wrong}
    status, code, errors = web.refusal('POST', '/incidents', {'incident': incident})
    assert (status, code) == (400, 2001)
    assert errors == ['incident.service.type must be one of: service_reference']
    wrong = {**web.service['escalation_policy'], 'type': 'user_reference'}
    service = {'type': 'service', 'name': 'Shop 2', 'escalation_policy': wrong}
    errors = web.refusal('POST', '/services', {'service': service})[2]
    assert errors == ['service.escalation_policy.type must be one of: escalation_policy_reference']


@pytest.mark.parametrize('kind', ['user_reference', 'user', None])
def test_escalation_target_without_a_type_is_a_user(web, kind):
    target = {'id': web.owner['id'], **({'type': kind} if kind else {})}
    policy = web.post('/escalation_policies', policy_of(target))['escalation_policy']
    (shown,) = policy['escalation_rules'][0]['targets']
    assert (shown['type'], shown['summary']) == ('user_reference', 'Alex Sample')


@pytest.mark.parametrize('kind', ['schedule_reference', 'schedule', 'schedule_v3_reference'])
def test_escalation_target_of_a_wrong_type_is_rejected(web, kind):
    target = {'id': web.owner['id'], 'type': kind}
    status, code, (error,) = web.refusal('POST', '/escalation_policies', policy_of(target))
    assert (status, code) == (400, 2001)
    assert f'no {kind.replace("_reference", "")} has ID {target["id"]}' in error


def test_schedule_as_an_escalation_target_needs_its_type(web):
    schedule = {'schedule': {'type': 'schedule', 'name': 'Night', 'time_zone': 'Etc/UTC'}}
    target = {'id': web.post('/schedules', schedule)['schedule']['id']}
    assert web.refusal('POST', '/escalation_policies', policy_of(target))[0] == 400
    target['type'] = 'schedule_reference'
    assert web.post('/escalation_policies', policy_of(target))


def test_schedule_of_version_3_can_be_an_escalation_target(web):
    schedule = {'schedule': {'name': 'Night', 'time_zone': 'Etc/UTC'}}
    created = web.post('/v3/schedules', schedule)['schedule']
    target = {'id': created['id'], 'type': 'schedule_v3_reference'}
    policy = web.post('/escalation_policies', policy_of(target))['escalation_policy']
    (shown,) = policy['escalation_rules'][0]['targets']
    assert shown['type'] == 'schedule_v3_reference'
    assert web.refusal('DELETE', '/v3/schedules/' + created['id'])[0] == 400


def test_nobody_is_on_call_through_a_schedule_of_version_3(web):
    schedule = {'schedule': {'name': 'Night', 'time_zone': 'Etc/UTC'}}
    created = web.post('/v3/schedules', schedule)['schedule']
    path = '/escalation_policies/' + web.service['escalation_policy']['id']
    target = {'id': created['id'], 'type': 'schedule_v3_reference'}
    web.put(path, policy_of(target))
    assert web.get('/oncalls')['oncalls'] == []
    body = {'type': 'incident', 'title': 'Disk full', 'service': web.service}
    assert web.refusal('POST', '/incidents', {'incident': body})[1] == 1015
    schedule['schedule']['time_zone'] = 'Mars/Base'
    assert web.refusal('POST', '/v3/schedules', schedule)[1] == 3001


def test_notification_rule_must_name_a_contact_method_of_the_user(web):
    owner, other = web.owner, web.user('Bea Second')
    path = f'/users/{owner["id"]}/notification_rules'
    rule = {'type': 'assignment_notification_rule', 'start_delay_in_minutes': 5, 'urgency': 'high'}

    def body(user):
        method = {'id': user['contact_methods'][0]['id'], 'type': 'email_contact_method'}
        return {'notification_rule': {**rule, 'contact_method': method}}

    assert web.refusal('POST', path, body(other))[:2] == (400, 2001)
    assert web.post(path, body(owner))
    rule['start_delay_in_minutes'] = -5
    assert web.refusal('POST', path, body(owner))[:2] == (400, 2001)


@pytest.mark.parametrize('name', [None, '', ' '])
def test_name_of_a_service_is_required(web, name):
    service = {'type': 'service', 'escalation_policy': web.service['escalation_policy']}
    body = {'service': {**service, **({} if name is None else {'name': name})}}
    assert web.refusal('POST', '/services', body) == (400, 2001, ["Name can't be blank"])


def test_unknown_time_zone_of_a_user_is_rejected(web):
    user = {'type': 'user', 'name': 'Bea', 'email': 'bea@example.com', 'time_zone': 'Mars/Base'}
    status, code, errors = web.refusal('POST', '/users', {'user': user})
    assert (status, code) == (400, 2001)
    assert errors == ['user.time_zone must be a time zone of the IANA time zone database']
    assert web.post('/users', {'user': {**user, 'time_zone': 'Asia/Tokyo'}})
