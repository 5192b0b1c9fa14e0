"""Users, teams, tags, services and other records of an account."""

from datetime import datetime, timedelta, timezone

import pytest
from owner_api import Api

from pdpyras_sandbox import Sandbox


def reference(record):
    return {'id': record['id'], 'type': record['type'] + '_reference'}


def test_user_is_created_read_updated_and_deleted(web):
    user = web.user('Bea Second')
    path = '/users/' + user['id']
    assert user['self'] == web.sandbox.url + path
    changed = web.put(path, {'user': {'type': 'user', 'job_title': 'Engineer'}})['user']
    assert (changed['name'], changed['job_title']) == ('Bea Second', 'Engineer')
    assert web.get(path)['user'] == changed
    assert web.call('DELETE', path).status_code == 204
    assert web.call('GET', path).status_code == 404
    assert web.call('GET', path + '/contact_methods').status_code == 404


def test_email_address_of_a_user_must_be_unique(web):
    body = {'user': {'name': 'Imposter', 'email': web.sandbox.email.upper()}}
    assert web.refusal('POST', '/users', body)[2] == ['Email has already been taken']


def test_required_attribute_cannot_be_removed(web):
    path = '/users/' + web.owner['id']
    for name in ('name', 'email'):
        status, _, errors = web.refusal('PUT', path, {'user': {'type': 'user', name: None}})
        assert (status, errors) == (400, [f'user.{name} is required'])
    assert web.put(path, {'user': {'type': 'user', 'job_title': None}})['user']['name']


def test_read_only_attributes_in_a_request_are_ignored(web):
    body = {'name': 'A', 'email': 'a@example.com', 'id': 'PMINE01', 'avatar_url': 'mine'}
    user = web.post('/users', {'user': body})['user']
    assert user['id'] != 'PMINE01'
    assert user['avatar_url'] != 'mine'


def test_unknown_property_in_a_request_is_ignored(web):
    body = {'name': 'A', 'email': 'a@example.com', 'favourite_colour': 'green'}
    user = web.post('/users', {'user': body})['user']
    assert 'favourite_colour' not in user
    changed = web.put('/users/' + user['id'], {'user': {'favourite_colour': 'green', 'name': 'B'}})
    assert changed['user'] == {**user, 'name': 'B', 'summary': 'B'}


@pytest.mark.parametrize(('query', 'names'), [('bea', ['Bea Second']), ('EXAMPLE.COM', None)])
def test_a_query_searches_names_and_addresses(web, query, names):
    web.user('Bea Second')
    found = [user['name'] for user in web.get('/users', query=query)['users']]
    assert found == (names or ['Alex Sample', 'Bea Second'])


def test_offset_pagination_returns_all_records(web):
    for number in range(4):
        web.user(f'User {number}')
    first = web.get('/users', limit=2)
    last = web.get('/users', limit=2, offset=4)
    assert (len(first['users']), first['more']) == (2, True)
    assert (len(last['users']), last['more']) == (1, False)


def test_audit_records_are_paginated_by_cursor_newest_first(web):
    users = [web.user(f'User {number}') for number in range(3)]
    first = web.get('/audit/records', limit=2)
    second = web.get('/audit/records', limit=2, cursor=first['next_cursor'])
    records = first['records'] + second['records']
    assert [r['root_resource']['id'] for r in records] == [u['id'] for u in reversed(users)]
    assert second['next_cursor'] is None
    assert web.refusal('GET', '/audit/records?cursor=made-up')[0] == 400
    of_one = web.get(f'/users/{users[0]["id"]}/audit/records')['records']
    assert [record['action'] for record in of_one] == ['create']


def test_audit_records_are_filtered_by_action_actor_and_kind_of_resource(web):
    user = web.user('Jane')
    web.team('Database')
    web.put('/users/' + user['id'], {'user': {'name': 'Jane Roe', 'email': user['email']}})

    def found(**params):
        records = web.get('/audit/records', **params)['records']
        return [(r['action'], r['root_resource']['type']) for r in records]

    both = [('update', 'user_reference'), ('create', 'team_reference')]
    assert found() == [*both, ('create', 'user_reference')]
    assert found(**{'actions[]': 'update'}) == both[:1]
    assert found(**{'actions[]': 'delete'}) == []
    assert found(**{'actions[]': ['update', 'create']}) == found()
    assert found(**{'root_resource_types[]': 'teams'}) == both[1:]
    assert found(actor_id='PNOBODY') == []
    assert found(actor_type='user_reference') == found()
    assert found(actor_type='api_key_reference') == []
    assert found(method_type='api_token', method_truncated_token='1234') == []


def test_contact_methods_and_notification_rules_belong_to_a_user(web):
    path = '/users/' + web.owner['id']
    method = {'type': 'sms_contact_method', 'label': 'Mobile', 'address': '5551234'}
    body = {'contact_method': {**method, 'country_code': 1}}
    created = web.post(path + '/contact_methods', body)['contact_method']
    rule = {
        'type': 'assignment_notification_rule',
        'start_delay_in_minutes': 5,
        'urgency': 'high',
        'contact_method': {'id': created['id'], 'type': 'sms_contact_method'},
    }
    web.post(path + '/notification_rules', {'notification_rule': rule})
    user = web.get(path, include=['contact_methods'])['user']
    assert user['contact_methods'][-1]['address'] == '5551234'
    assert len(user['notification_rules']) == 2


def test_teams_have_members_with_roles(web):
    team, user = web.team('Platform'), web.user('Bea Second')
    path = f'/teams/{team["id"]}/users/{user["id"]}'
    assert web.call('PUT', path, {'role': 'responder'}).status_code == 204
    (member,) = web.get(f'/teams/{team["id"]}/members')['members']
    assert (member['role'], member['user']['summary']) == ('responder', 'Bea Second')
    (listed,) = web.get('/users', team_ids=[team['id']])['users']
    assert listed['teams'][0]['id'] == team['id']
    assert web.call('DELETE', path).status_code == 204
    assert web.call('DELETE', path).status_code == 404


def test_deleted_user_is_removed_from_teams_and_tags(web):
    team, user = web.team('Platform'), web.user('Bea Second')
    web.put(f'/teams/{team["id"]}/users/{user["id"]}')
    add = [{'type': 'tag', 'label': 'remote'}]
    web.post(f'/users/{user["id"]}/change_tags', {'add': add})
    assert web.call('DELETE', '/users/' + user['id']).status_code == 204
    assert web.get(f'/teams/{team["id"]}/members')['members'] == []
    (tag,) = web.get('/tags')['tags']
    assert web.get(f'/tags/{tag["id"]}/users')['users'] == []


def test_log_entries_name_deleted_users(web):
    user = web.user('Bea Second')
    headers = {'From': user['email']}
    service = {'id': web.service['id'], 'type': 'service_reference'}
    body = {'incident': {'type': 'incident', 'title': 'x', 'service': service}}
    web.call('POST', '/incidents', body, headers=headers)
    assert web.call('DELETE', '/users/' + user['id']).status_code == 204
    agent = web.get('/log_entries')['log_entries'][-1]['agent']
    assert agent == {
        'id': user['id'],
        'type': 'user_reference',
        'summary': 'Bea Second',
        'self': None,
        'html_url': None,
    }


def test_service_requires_an_existing_escalation_policy(web):
    nobody = {'id': 'PNOBODY', 'type': 'escalation_policy_reference'}
    body = {'service': {'type': 'service', 'name': 'Search', 'escalation_policy': nobody}}
    assert web.refusal('POST', '/services', body)[0] == 400
    body['service']['escalation_policy'] = web.service['escalation_policy']
    service = web.post('/services', body)['service']
    assert (service['status'], service['integrations']) == ('active', [])
    without = {'service': {'type': 'service', 'escalation_policy': None}}
    assert web.refusal('PUT', '/services/' + service['id'], without)[0] == 400


def test_services_and_incidents_have_the_teams_of_the_escalation_policy(web):
    team, policy = web.team('Platform'), web.service['escalation_policy']
    web.put(f'/teams/{team["id"]}/escalation_policies/{policy["id"]}')
    (service,) = web.get('/services', team_ids=[team['id']])['services']
    assert [team['summary'] for team in service['teams']] == ['Platform']
    web.incident()
    assert len(web.get('/incidents', team_ids=[team['id']])['incidents']) == 1
    assert len(web.get('/log_entries', team_ids=[team['id']])['log_entries']) == 2


def test_event_goes_to_the_service_with_its_integration_key(web):
    policy = web.service['escalation_policy']
    body = {'service': {'type': 'service', 'name': 'Search', 'escalation_policy': policy}}
    service = web.post('/services', body)['service']
    integration = {'type': 'events_api_v2_inbound_integration', 'name': 'Monitoring'}
    path = f'/services/{service["id"]}/integrations'
    key = web.post(path, {'integration': integration})['integration']['integration_key']
    payload = {'summary': 'x', 'source': 'y', 'severity': 'info'}
    event = {'routing_key': key, 'event_action': 'trigger', 'payload': payload}
    assert web.call('POST', '/v2/enqueue', event).status_code == 202
    (incident,) = web.get('/incidents')['incidents']
    assert incident['service']['summary'] == 'Search'


def test_team_cannot_be_above_itself(web):
    upper, lower = web.team('Upper'), web.team('Lower')

    def put_below(team, parent):
        parent = {'id': parent['id'], 'type': 'team_reference'}
        return web.call('PUT', '/teams/' + team['id'], {'team': {'parent': parent}}).status_code

    assert put_below(lower, lower) == 400
    assert put_below(lower, upper) == 200
    assert put_below(upper, lower) == 400
    assert put_below(lower, {'id': 'PNOBODY'}) == 400
    for parent in ('Upper', {'type': 'team_reference'}, [upper]):
        path = '/teams/' + lower['id']
        assert web.refusal('PUT', path, {'team': {'parent': parent}})[0] == 400
    assert web.call('DELETE', '/teams/' + lower['id']).status_code == 204


def send_event(web, path, key):
    """Send an event of the version of a path, and return the status of the response."""
    event = {
        '/v2/enqueue': {
            'routing_key': key,
            'event_action': 'trigger',
            'payload': {'summary': 'x', 'source': 'y', 'severity': 'info'},
        },
        '/v2/change/enqueue': {'routing_key': key, 'payload': {'summary': 'x'}},
        '/generic/2010-04-15/create_event.json': {
            'service_key': key,
            'event_type': 'trigger',
            'description': 'x',
        },
    }
    return web.call('POST', path, event[path]).status_code


@pytest.mark.parametrize(
    ('kind', 'statuses'),
    [
        ('events_api_v2_inbound_integration', [202, 202, 200]),
        ('event_transformer_api_inbound_integration', [202, 202, 200]),
        ('generic_events_api_inbound_integration', [400, 400, 200]),
        ('generic_email_inbound_integration', [400, 400, 400]),
    ],
)
def test_key_of_an_integration_is_accepted_by_its_own_api(web, kind, statuses):
    integration = {'integration': {'type': kind, 'name': 'Monitoring'}}
    path = f'/services/{web.service["id"]}/integrations'
    key = web.post(path, integration)['integration']['integration_key']
    paths = ('/v2/enqueue', '/v2/change/enqueue', '/generic/2010-04-15/create_event.json')
    assert [send_event(web, path, key) for path in paths] == statuses


@pytest.mark.parametrize(
    ('vendor', 'kind'),
    [
        ('Datadog', 'event_transformer_api_inbound_integration'),
        ('Amazon CloudWatch', 'aws_cloudwatch_inbound_integration'),
        ('Nagios', 'nagios_inbound_integration'),
    ],
)
def test_integration_with_only_a_vendor_gets_the_type_of_the_vendor(web, vendor, kind):
    (found,) = [v for v in web.get('/vendors')['vendors'] if v['name'] == vendor]
    reference = {'id': found['id'], 'type': 'vendor'}
    path = f'/services/{web.service["id"]}/integrations'
    body = {'integration': {'name': 'Monitoring', 'vendor': reference}}
    created = web.post(path, body)['integration']
    assert (created['type'], created['vendor']['summary']) == (kind, vendor)


def test_integration_needs_a_type_or_a_vendor(web):
    path = f'/services/{web.service["id"]}/integrations'
    assert web.refusal('POST', path, {'integration': {'name': 'Monitoring'}}) == (
        400,
        2001,
        ['Type cannot be empty'],
    )
    unknown = {'name': 'Monitoring', 'vendor': {'id': 'PKAPG94', 'type': 'vendor_reference'}}
    created = web.post(path, {'integration': unknown})['integration']
    assert created['type'] == 'event_transformer_api_inbound_integration'


def test_escalation_policy_lists_its_services(web):
    (policy,) = web.get('/escalation_policies', user_ids=[web.owner['id']])['escalation_policies']
    assert [service['summary'] for service in policy['services']] == ['Web Shop']
    assert policy['escalation_rules'][0]['targets'][0]['summary'] == 'Alex Sample'


def test_escalation_policy_without_an_existing_target_is_rejected(web):
    rule = {
        'escalation_delay_in_minutes': 5,
        'targets': [{'id': 'PNOBODY', 'type': 'user_reference'}],
    }
    policy = {'type': 'escalation_policy', 'name': 'New', 'escalation_rules': [rule]}
    assert web.refusal('POST', '/escalation_policies', {'escalation_policy': policy})[0] == 400


def test_updated_escalation_policy_is_validated_and_gets_rule_ids(web):
    (policy,) = web.get('/escalation_policies')['escalation_policies']
    path = '/escalation_policies/' + policy['id']

    def rules(*ids):
        targets = [{'id': user, 'type': 'user_reference'} for user in ids]
        rule = {'escalation_delay_in_minutes': 5, 'targets': targets}
        return {'escalation_policy': {**policy, 'escalation_rules': [rule, rule]}}

    assert web.refusal('PUT', path, rules('PNOBODY'))[0] == 400
    assert web.get(path)['escalation_policy'] == policy
    changed = web.put(path, rules(web.owner['id']))['escalation_policy']
    assert len({rule['id'] for rule in changed['escalation_rules']}) == 2


def test_tags_are_added_and_removed(web):
    user = web.owner['id']
    web.post(f'/users/{user}/change_tags', {'add': [{'type': 'tag', 'label': 'remote'}]})
    (tag,) = web.get(f'/users/{user}/tags')['tags']
    assert tag['label'] == 'remote'
    assert [u['id'] for u in web.get(f'/tags/{tag["id"]}/users')['users']] == [user]
    removed = {'remove': [{'type': 'tag_reference', 'id': tag['id']}]}
    web.post(f'/users/{user}/change_tags', removed)
    assert web.get(f'/users/{user}/tags')['tags'] == []


@pytest.mark.parametrize(
    ('invalid', 'status'),
    [({'type': 'tag_reference', 'id': 'PNOTAG'}, 404), ({'type': 'tag', 'label': ''}, 400)],
    ids=['unknown ID', 'no label'],
)
def test_change_of_tags_with_an_invalid_tag_changes_nothing(web, invalid, status):
    path = f'/users/{web.owner["id"]}/change_tags'
    body = {'add': [{'type': 'tag', 'label': 'remote'}, invalid]}
    assert web.call('POST', path, body).status_code == status
    assert web.get('/tags')['tags'] == []


def window_body(web, start, end, **attributes):
    times = {'start_time': start, 'end_time': end}
    window = {'type': 'maintenance_window', 'services': [reference(web.service)], **times}
    return {'maintenance_window': {**window, **attributes}}


def test_maintenance_windows_are_filtered_by_time(web):
    for start, end in (('2099-01-01', '2099-01-02'), ('2100-01-01', '2100-01-02')):
        body = window_body(web, start + 'T00:00:00Z', end + 'T00:00:00Z')
        web.post('/maintenance_windows', body)
    until = datetime(2099, 7, 1, tzinfo=timezone.utc)
    web.sandbox.clock.advance(days=(until - web.sandbox.clock.now()).days)
    past = web.get('/maintenance_windows', filter='past')['maintenance_windows']
    assert [window['start_time'] for window in past] == ['2099-01-01T00:00:00Z']
    assert len(web.get('/maintenance_windows', filter='future')['maintenance_windows']) == 1


def test_maintenance_window_from_the_past_begins_now(web):
    body = window_body(web, '2020-01-01T00:00:00Z', '2090-01-01T00:00:00Z')
    window = web.post('/maintenance_windows', body)['maintenance_window']
    assert window['start_time'] > '2026'
    assert web.service['status'] == 'maintenance'
    path = '/maintenance_windows/' + window['id']
    web.sandbox.clock.advance(hours=1)
    # The start of a current window stays, also if it is sent again with a change.
    changed = web.put(path, {'maintenance_window': {**window, 'description': 'Longer'}})
    assert changed['maintenance_window']['start_time'] == window['start_time']
    changed = web.put(path, {'maintenance_window': {'start_time': '2020-01-01T00:00:00Z'}})
    assert changed['maintenance_window']['start_time'] > window['start_time']


def test_maintenance_window_must_end_in_the_future_and_have_services(web):
    past = window_body(web, '2020-01-01T00:00:00Z', '2020-01-02T00:00:00Z')
    refused = (400, 2001, ['End time must be in the future'])
    assert web.refusal('POST', '/maintenance_windows', past) == refused
    start, end = '2090-01-01T00:00:00Z', '2090-01-02T00:00:00Z'
    empty = window_body(web, start, end, services=[])
    errors = web.refusal('POST', '/maintenance_windows', empty)[2]
    assert errors == ['services must have at least 1 item']
    window = web.post('/maintenance_windows', window_body(web, start, end))['maintenance_window']
    path = '/maintenance_windows/' + window['id']
    body = {'maintenance_window': {'end_time': '2020-01-02T00:00:00Z'}}
    assert web.refusal('PUT', path, body) == refused


def test_maintenance_windows_with_different_offsets_are_compared(web):
    def window(start, end):
        return window_body(web, start, end)

    web.post('/maintenance_windows', window('2094-01-01T23:00:00-0500', '2094-01-02T05:00:00.1Z'))
    backwards = window('2094-01-01T09:00:00Z', '2094-01-01T10:00:00+02:00')
    assert web.refusal('POST', '/maintenance_windows', backwards)[0] == 400
    ahead = (datetime.now(timezone(timedelta(hours=-12))) + timedelta(hours=1)).isoformat()
    web.post('/maintenance_windows', window(ahead, '2100-01-01T00:00:00Z'))
    windows = web.get('/maintenance_windows', filter='future')['maintenance_windows']
    assert windows[-1]['start_time'] == ahead


def test_webhook_subscriptions_are_created_and_filtered(web):
    webhook = {
        'type': 'webhook_subscription',
        'delivery_method': {'type': 'http_delivery_method', 'url': 'https://example.com/hook'},
        'events': ['incident.triggered'],
        'filter': {'type': 'account_reference'},
    }
    created = web.post('/webhook_subscriptions', {'webhook_subscription': webhook})
    assert created['webhook_subscription']['active'] is True
    assert len(web.get('/webhook_subscriptions')['webhook_subscriptions']) == 1
    webhook['filter'] = reference(web.service)
    web.post('/webhook_subscriptions', {'webhook_subscription': webhook})
    of_service = {'filter_type': 'service', 'filter_id': web.service['id']}
    for query in ({'filter_type': 'service'}, {'filter_type': 'account'}, of_service):
        (found,) = web.get('/webhook_subscriptions', **query)['webhook_subscriptions']
        assert found['filter']['type'] == query['filter_type'] + '_reference'


def test_custom_field_accepts_values_of_its_type(web):
    web.custom_field('attempts', data_type='integer')
    path = f'/incidents/{web.incident()["id"]}/custom_fields/values'
    web.put(path, {'custom_fields': [{'name': 'attempts', 'value': 3}]})
    (value,) = web.get(path)['custom_fields']
    assert value['value'] == 3
    wrong = {'custom_fields': [{'name': 'attempts', 'value': 'three'}]}
    assert web.refusal('PUT', path, wrong)[0] == 400


def test_unset_custom_field_has_its_default_value_or_null(web):
    web.custom_field('attempts', data_type='integer')
    web.custom_field('limit', data_type='integer', default_value=3)
    path = f'/incidents/{web.incident()["id"]}/custom_fields/values'
    assert [value['value'] for value in web.get(path)['custom_fields']] == [None, 3]
    web.put(path, {'custom_fields': [{'name': 'limit', 'value': None}]})
    assert [value['value'] for value in web.get(path)['custom_fields']] == [None, None]


def test_default_value_of_a_custom_field_can_be_changed(web):
    field = web.custom_field('team', default_value='a')
    path = '/incidents/custom_fields/' + field['id']
    assert web.put(path, {'field': field})['field']['default_value'] == 'a'
    for default in ('b', {'value': 'b'}):
        changed = web.put(path, {'field': {'default_value': default}})['field']
        assert changed['default_value'] == 'b'


def test_default_value_of_a_custom_field_has_its_type(web):
    field = {
        'name': 'attempts',
        'display_name': 'Attempts',
        'data_type': 'integer',
        'field_type': 'single_value',
        'default_value': 'three',
    }
    refusal = web.refusal('POST', '/incidents/custom_fields', {'field': field})
    assert refusal == (400, 2001, ['default_value must be of type integer'])


@pytest.mark.parametrize('many', [False, True], ids=['single', 'multi'])
def test_fixed_custom_field_accepts_its_options_only(web, many):
    created = web.custom_field(
        'environment',
        field_type='multi_value_fixed' if many else 'single_value_fixed',
        field_options=[{'data': {'data_type': 'string', 'value': 'production'}}],
    )
    option = {'field_option': {'data': {'data_type': 'string', 'value': 'staging'}}}
    options = f'/incidents/custom_fields/{created["id"]}/field_options'
    staging = web.post(options, option)['field_option']
    for data in (None, {}, {'data_type': 'string', 'value': 5}):
        without = {'field_option': {'data': data}}
        assert web.refusal('PUT', f'{options}/{staging["id"]}', without)[0] == 400
    path = f'/incidents/{web.incident()["id"]}/custom_fields/values'

    def values(text):
        value = [text] if many else text
        return {'custom_fields': [{'name': 'environment', 'value': value}]}

    for text in ('production', 'staging'):
        assert web.put(path, values(text))['custom_fields'][0]['value'] in (text, [text])
    assert web.refusal('PUT', path, values('moon'))[:2] == (400, 2001)


def test_new_account_has_vendors_and_extension_schemas(web):
    vendor = web.get('/vendors')['vendors'][0]
    assert vendor['name'] == 'Amazon CloudWatch'
    assert web.get('/vendors/' + vendor['id'])['vendor']
    schema = web.get('/extension_schemas')['extension_schemas'][0]
    extension = {
        'name': 'Hook',
        'extension_schema': {'id': schema['id'], 'type': 'extension_schema_reference'},
        'extension_objects': [reference(web.service)],
    }
    created = web.post('/extensions', {'extension': extension})['extension']
    assert created['extension_objects'][0]['summary'] == 'Web Shop'
    for wanted, count in ((web.service['id'], 1), ('PNOBODY', 0)):
        assert len(web.get('/extensions', extension_object_id=wanted)['extensions']) == count


def test_invalid_subscriber_in_a_list_adds_none(web):
    path = f'/incidents/{web.incident()["id"]}/status_updates/subscribers'
    subscribers = [{'subscriber_id': web.owner['id'], 'subscriber_type': 'user'}]
    invalid = {'subscribers': [*subscribers, {'subscriber_type': 'user'}]}
    assert web.refusal('POST', path, invalid)[0] == 400
    assert web.get(path)['subscribers'] == []


def test_business_service_subscribers_are_added_and_removed(web):
    service = web.post('/business_services', {'business_service': {'name': 'Shop'}})
    path = f'/business_services/{service["business_service"]["id"]}'
    subscriber = {'subscriber_id': web.owner['id'], 'subscriber_type': 'user'}
    results = [
        web.post(path + '/subscribers', {'subscribers': [subscriber]})['subscriptions'][0]['result']
        for _ in range(2)
    ]
    assert results == ['success', 'duplicate']
    assert len(web.get(path + '/subscribers')['subscribers']) == 1
    gone = web.post(path + '/unsubscribe', {'subscribers': [subscriber]})
    assert gone['deleted_count'] == 1
    assert web.get(path + '/subscribers')['subscribers'] == []


def test_sample_users_have_different_colors():
    with Sandbox(seed=1) as sandbox:
        colors = [user['color'] for user in Api(sandbox).get('/users')['users']]
    assert len(set(colors)) > 3


def test_referenced_services_are_returned_as_references(web):
    action = {'name': 'Restart', 'description': 'x', 'action_type': 'script'}
    data = {'script': 'reboot'}
    created = web.post(
        '/automation_actions/actions', {'action': {**action, 'action_data_reference': data}}
    )
    path = f'/automation_actions/actions/{created["action"]["id"]}/services'
    web.post(path, {'service': reference(web.service)})
    (listed,) = web.get(path)['services']
    assert (listed['type'], listed['summary']) == ('service_reference', 'Web Shop')
    shown = web.get(f'{path}/{web.service["id"]}')['service']
    assert shown['summary'] == 'Web Shop'


def test_unset_attributes_are_null(web):
    user = web.user('Bea Second')
    assert (user['description'], user['job_title']) == (None, None)
    service = web.service
    names = ('description', 'last_incident_timestamp', 'support_hours')
    assert [service[name] for name in names] == [None] * 3
    assert web.team('Platform')['description'] is None
    assert web.incident()['resolve_reason'] is None


@pytest.mark.parametrize(
    ('collection', 'record'),
    [
        ('users', {'user': {'type': 'user', 'name': 'Jane', 'email': ' '}}),
        ('teams', {'team': {'type': 'team', 'name': ''}}),
    ],
)
def test_blank_name_is_rejected(web, collection, record):
    status, code, errors = web.refusal('POST', '/' + collection, record)
    assert (status, code) == (400, 2001)
    assert errors


def test_duplicate_contact_method_is_rejected(web):
    path = f'/users/{web.owner["id"]}/contact_methods'
    phone = {'type': 'phone_contact_method', 'address': '5551234567', 'country_code': 1}
    body = {'contact_method': {**phone, 'label': 'Mobile'}}
    created = web.post(path, body)['contact_method']
    assert created['summary'] == 'Mobile'
    assert created['self'].endswith(f'{path}/{created["id"]}')
    refusal = web.refusal('POST', path, body)
    assert refusal == (400, 2001, ['User Contact method must be unique'])
    web.post(path, {'contact_method': {**phone, 'country_code': 49, 'label': 'Abroad'}})
    assert web.put(f'{path}/{created["id"]}', body)['contact_method']['id'] == created['id']
    email = web.get(path)['contact_methods'][0]
    assert (email['type'], email['summary']) == ('email_contact_method', 'Default')
    assert 'device_type' not in email


def test_duplicate_notification_rule_is_rejected(web):
    path = f'/users/{web.owner["id"]}/notification_rules'
    method = web.get(f'/users/{web.owner["id"]}/contact_methods')['contact_methods'][0]
    rule = {
        'type': 'assignment_notification_rule',
        'start_delay_in_minutes': 7,
        'urgency': 'high',
        'contact_method': {'id': method['id'], 'type': method['type']},
    }
    web.post(path, {'notification_rule': rule})
    status, code, errors = web.refusal('POST', path, {'notification_rule': rule})
    assert (status, code) == (400, 2001)
    assert errors == ['Channel Start delay must be unique for a given contact method']
    web.post(path, {'notification_rule': {**rule, 'start_delay_in_minutes': 8}})


def test_escalation_policy_without_a_rule_is_rejected(web):
    policy = {'type': 'escalation_policy', 'name': 'Empty', 'escalation_rules': []}
    refusal = web.refusal('POST', '/escalation_policies', {'escalation_policy': policy})
    assert refusal == (400, 2001, ['escalation_rules must have at least 1 item'])


def test_escalation_rule_without_a_target_is_rejected(web):
    rule = {'escalation_delay_in_minutes': 30, 'targets': []}
    policy = {'type': 'escalation_policy', 'name': 'Nobody', 'escalation_rules': [rule]}
    refusal = web.refusal('POST', '/escalation_policies', {'escalation_policy': policy})
    problem = 'escalation_policy.escalation_rules[0].targets must have at least 1 item'
    assert refusal == (400, 2001, [problem])


def test_services_are_sorted_by_name_by_default(web):
    policy = {'id': web.service['escalation_policy']['id'], 'type': 'escalation_policy_reference'}
    for name in ('zoo', 'API'):
        service = {'type': 'service', 'name': name, 'escalation_policy': policy}
        web.post('/services', {'service': service})

    def names(**params):
        return [service['name'] for service in web.get('/services', **params)['services']]

    assert names() == ['API', 'Web Shop', 'zoo']
    assert names(query='o') == ['Web Shop', 'zoo']
    assert names(sort_by='name:desc') == ['zoo', 'Web Shop', 'API']
