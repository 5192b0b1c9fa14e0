"""Webhooks: signatures, order, retries by the sandbox's clock, and subscriptions."""

import json
import re
import socket
import threading
from datetime import datetime, timedelta, timezone

import pytest
import requests
from wire import Hang, Hangup, Reply, WireServer

from pdpyras_extras.webhooks import verify_signature
from pdpyras_sandbox import Sandbox, clock, deliveries

EVERYTHING = [
    'incident.acknowledged',
    'incident.annotated',
    'incident.conference_bridge.updated',
    'incident.custom_field_values.updated',
    'incident.delegated',
    'incident.escalated',
    'incident.incident_type.changed',
    'incident.priority_updated',
    'incident.reassigned',
    'incident.resolved',
    'incident.responder.added',
    'incident.service_updated',
    'incident.status_update_published',
    'incident.triggered',
    'incident.unacknowledged',
    'service.created',
    'service.deleted',
    'service.updated',
]
ACCOUNT = {'type': 'account_reference'}


@pytest.fixture
def receiver():
    """A server that receives webhooks, and responds with 202 by default."""
    server = WireServer()
    server.rule(lambda seen: Reply(202))
    yield server
    server.close()


def subscribe(web, url, events=EVERYTHING, scope=ACCOUNT, **method):
    webhook = {
        'type': 'webhook_subscription',
        'delivery_method': {'type': 'http_delivery_method', 'url': url, **method},
        'events': events,
        'filter': scope,
    }
    created = web.post('/webhook_subscriptions', {'webhook_subscription': webhook})
    return created['webhook_subscription']


def subscription(web):
    (found,) = web.get('/webhook_subscriptions')['webhook_subscriptions']
    return found


def received(web, receiver):
    """Return the events received so far, in order."""
    web.sandbox.webhooks.wait(timeout=60)
    return [seen.json['event'] for seen in receiver.seen]


def types(events):
    return [event['event_type'].replace('incident.', '') for event in events]


def statuses(web):
    web.sandbox.webhooks.wait(timeout=60)
    return [delivery['status'] for delivery in web.sandbox.webhooks.deliveries]


# Content.


def test_webhook_of_a_triggered_incident_is_signed(web, receiver):
    webhook = subscribe(web, receiver.url + '/hook?key=1')
    incident = web.incident()
    web.sandbox.webhooks.wait(timeout=60)
    (seen,) = receiver.seen
    assert (seen.method, seen.target) == ('POST', '/hook?key=1')
    secret = webhook['delivery_method']['secret']
    assert verify_signature(seen.body, seen.headers['X-PagerDuty-Signature'], [secret])
    assert not verify_signature(seen.body + b' ', seen.headers['X-PagerDuty-Signature'], [secret])
    assert seen.headers['Content-Type'] == 'application/json'
    assert seen.headers['X-Webhook-Subscription'] == webhook['id']
    event = seen.json['event']
    assert re.fullmatch('01[A-Z0-9]{24}', event['id'])
    assert event['event_type'] == 'incident.triggered'
    assert event['resource_type'] == 'incident'
    assert event['agent']['summary'] == 'Alex Sample'
    assert event['client'] == {'name': 'PagerDuty'}
    data = event['data']
    assert event['occurred_at'] == data['created_at'].replace('Z', '.000Z')
    assert (data['type'], data['id'], data['number']) == ('incident', incident['id'], 1)
    assert (data['title'], data['status'], data['urgency']) == ('Disk full', 'triggered', 'high')
    assert data['self'] == f'{web.sandbox.url}/incidents/{incident["id"]}'
    assert data['service']['summary'] == 'Web Shop'
    assert [assignee['summary'] for assignee in data['assignees']] == ['Alex Sample']
    # The links refer to this sandbox.
    assert web.http.get(data['service']['self']).json()['service']['name'] == 'Web Shop'


def acknowledge(web, incident):
    web.update(incident, status='acknowledged')


def resolve(web, incident):
    web.update(incident, status='resolved')


def trigger_again(web, incident):
    web.update(incident, status='acknowledged')
    web.update(incident, status='triggered')


def reassign(web, incident):
    person = {'id': web.user('Bea Second')['id'], 'type': 'user_reference'}
    web.update(incident, assignments=[{'assignee': person}])


def escalate(web, incident):
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    web.put(
        '/escalation_policies/' + policy['id'],
        {'escalation_policy': {'escalation_rules': policy['escalation_rules'] * 2}},
    )
    web.update(incident, escalation_level=2)


def delegate(web, incident):
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    other = {**policy, 'name': 'Other'}
    created = web.post('/escalation_policies', {'escalation_policy': other})['escalation_policy']
    reference = {'id': created['id'], 'type': 'escalation_policy_reference'}
    web.update(incident, escalation_policy=reference)


def prioritize(web, incident):
    priority = web.get('/priorities')['priorities'][0]
    web.update(incident, priority={'id': priority['id'], 'type': 'priority_reference'})


def annotate(web, incident):
    web.post(f'/incidents/{incident["id"]}/notes', {'note': {'content': 'Looking'}})


def post_status_update(web, incident):
    web.post(f'/incidents/{incident["id"]}/status_updates', {'message': 'Looking'})


def request_responder(web, incident):
    person = {'id': web.user('Bea Second')['id'], 'type': 'user_reference'}
    request = {
        'requester_id': web.owner['id'],
        'message': 'Please help',
        'responder_request_targets': [{'responder_request_target': person}],
    }
    web.post(f'/incidents/{incident["id"]}/responder_requests', request)


def open_bridge(web, incident):
    bridge = {'conference_number': '+1-555-555-5555', 'conference_url': 'https://example.com'}
    for _ in range(2):  # The second update changes nothing.
        web.update(incident, conference_bridge=bridge)


def change_type(web, incident):
    web.update(incident, incident_type={'name': 'major_incident'})


def move(web, incident):
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    body = {'type': 'service', 'name': 'Till', 'escalation_policy': reference}
    service = web.post('/services', {'service': body})['service']
    web.update(incident, service={'id': service['id'], 'type': 'service_reference'})


def fill_in_a_field(web, incident):
    web.custom_field('environment')
    web.custom_field('region')
    values = {'custom_fields': [{'name': 'environment', 'value': 'staging'}]}
    web.put(f'/incidents/{incident["id"]}/custom_fields/values', values)


STEPS = [
    (acknowledge, ['acknowledged'], {'type': 'incident', 'status': 'acknowledged'}),
    (resolve, ['resolved'], {'type': 'incident', 'status': 'resolved', 'assignees': []}),
    (trigger_again, ['acknowledged', 'unacknowledged'], {'status': 'triggered'}),
    (reassign, ['reassigned'], {'type': 'incident'}),
    (escalate, ['escalated'], {'type': 'incident'}),
    (delegate, ['delegated'], {'type': 'incident'}),
    (prioritize, ['priority_updated'], {'type': 'incident'}),
    (annotate, ['annotated'], {'type': 'incident_note', 'content': 'Looking', 'trimmed': False}),
    (
        post_status_update,
        ['status_update_published'],
        {'type': 'incident_status_update', 'message': 'Looking', 'trimmed': False},
    ),
    (
        request_responder,
        ['responder.added'],
        {'type': 'incident_responder', 'state': 'pending', 'escalation_policy': None},
    ),
    (
        open_bridge,
        ['conference_bridge.updated'],
        {
            'type': 'incident_conference_bridge',
            'conference_numbers': [{'label': '', 'number': '+1-555-555-5555'}],
            'conference_url': 'https://example.com',
        },
    ),
    (change_type, ['incident_type.changed'], {'type': 'incident'}),
    (move, ['service.created', 'service_updated'], {'type': 'incident'}),
    (fill_in_a_field, ['custom_field_values.updated'], {'type': 'incident_field_values'}),
]


@pytest.mark.parametrize(('step', 'expected', 'facts'), STEPS, ids=[s[0].__name__ for s in STEPS])
def test_each_step_of_an_incident_sends_its_webhook_event(web, receiver, step, expected, facts):
    subscribe(web, receiver.url)
    incident = web.incident()
    step(web, incident)
    events = received(web, receiver)
    assert types(events) == ['triggered', *expected]
    data = events[-1]['data']
    assert facts.items() <= data.items()
    assert incident['id'] in (data.get('id'), data.get('incident', {}).get('id'))


def test_webhook_about_custom_fields_has_all_values_and_the_changed_ones(web, receiver):
    subscribe(web, receiver.url, ['incident.custom_field_values.updated'])
    fill_in_a_field(web, web.incident())
    (event,) = received(web, receiver)
    values = {value['name']: value['value'] for value in event['data']['custom_fields']}
    assert values == {'environment': 'staging', 'region': None}
    (changed,) = event['data']['changed_custom_fields']
    assert (changed['name'], changed['value']) == ('environment', 'staging')


def test_unchanged_custom_fields_send_no_webhook(web, receiver):
    subscribe(web, receiver.url, ['incident.custom_field_values.updated'])
    incident = web.incident()
    fill_in_a_field(web, incident)
    path = f'/incidents/{incident["id"]}/custom_fields/values'
    unchanged = {'custom_fields': web.get(path)['custom_fields']}
    for values in (unchanged, {'custom_fields': []}):
        web.put(path, values)
    region = {'custom_fields': [*unchanged['custom_fields'], {'name': 'region', 'value': 'eu'}]}
    web.put(path, region)
    _, event = received(web, receiver)
    assert [value['name'] for value in event['data']['changed_custom_fields']] == ['region']


def test_webhooks_of_timeouts_have_the_time_of_the_timeout(web, receiver):
    subscribe(web, receiver.url)
    web.event()
    web.event('acknowledge', web.get('/incidents')['incidents'][0]['incident_key'])
    web.sandbox.clock.advance(days=1)
    events = received(web, receiver)
    assert types(events) == ['triggered', 'acknowledged', 'unacknowledged', 'resolved']
    moments = [datetime.fromisoformat(event['occurred_at'][:19]) for event in events]
    assert moments[2] - moments[1] == timedelta(minutes=30)
    assert moments[3] - moments[0] == timedelta(hours=4)
    assert events[3]['agent']['type'] == 'service_reference'


def test_changes_of_services_send_webhooks(web, receiver):
    subscribe(web, receiver.url)
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    service = {'type': 'service', 'name': 'Till', 'escalation_policy': reference}
    created = web.post('/services', {'service': service})['service']
    web.put('/services/' + created['id'], {'service': {'name': 'Cash desk'}})
    web.call('DELETE', '/services/' + created['id'])
    events = received(web, receiver)
    assert types(events) == ['service.created', 'service.updated', 'service.deleted']
    assert [event['data']['summary'] for event in events] == ['Till', 'Cash desk', 'Cash desk']
    assert events[2]['data']['self'] == f'{web.sandbox.url}/services/{created["id"]}'


def test_service_webhook_contains_the_teams_of_its_escalation_policy(web, receiver):
    team = web.team('Ops')
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    web.put(f'/teams/{team["id"]}/escalation_policies/{policy["id"]}')
    subscribe(web, receiver.url)
    web.put('/services/' + web.service['id'], {'service': {'name': 'Cash desk'}})
    (event,) = received(web, receiver)
    assert [named['summary'] for named in event['data']['teams']] == ['Ops']


def test_ping_is_sent_to_one_subscription_regardless_of_its_events(web, receiver):
    webhook = subscribe(web, receiver.url, events=['incident.resolved'])
    subscribe(web, receiver.url)
    answer = web.call('POST', f'/webhook_subscriptions/{webhook["id"]}/ping')
    assert (answer.status_code, answer.content) == (202, b'')
    (event,) = received(web, receiver)
    assert event['event_type'] == 'pagey.ping'
    assert event['data'] == {'type': 'ping', 'message': 'Hello from your friend Pagey!'}


def test_webhooks_have_custom_headers_and_url_credentials(web, receiver):
    url = receiver.url.replace('://', '://user:long%20password@')
    subscribe(web, url, custom_headers=[{'name': 'X-Mine', 'value': 'some value'}])
    web.incident()
    web.sandbox.webhooks.wait(timeout=60)
    (seen,) = receiver.seen
    assert seen.headers['X-Mine'] == 'some value'
    assert requests.auth._basic_auth_str('user', 'long password') == seen.headers['Authorization']


# Events, filters and hosts.


def test_subscription_receives_its_events_only(web, receiver):
    subscribe(web, receiver.url, events=['incident.resolved'])
    resolve(web, web.incident())
    assert types(received(web, receiver)) == ['resolved']


def test_inactive_subscription_receives_no_webhooks(web, receiver):
    webhook = subscribe(web, receiver.url)
    path = '/webhook_subscriptions/' + webhook['id']
    web.put(path, {'webhook_subscription': {'active': False}})
    incident = web.incident()
    web.put(path, {'webhook_subscription': {'active': True}})
    resolve(web, incident)
    assert types(received(web, receiver)) == ['resolved']


def test_webhooks_are_filtered_by_service_and_team(web, receiver):
    team, other_team = web.team('Ops'), web.team('Others')
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    web.put(f'/teams/{team["id"]}/escalation_policies/{policy["id"]}')
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    service = {'type': 'service', 'name': 'Till', 'escalation_policy': reference}
    other = web.post('/services', {'service': service})['service']
    for name, scope in (
        ('service', {'id': web.service['id'], 'type': 'service_reference'}),
        ('other-service', {'id': other['id'], 'type': 'service_reference'}),
        ('team', {'id': team['id'], 'type': 'team_reference'}),
        ('other-team', {'id': other_team['id'], 'type': 'team_reference'}),
        ('account', ACCOUNT),
    ):
        subscribe(web, f'{receiver.url}/{name}', scope=scope)
    web.incident()
    web.sandbox.webhooks.wait(timeout=60)
    paths = sorted(seen.path for seen in receiver.seen)
    assert paths == ['/account', '/service', '/team']


def test_webhooks_are_not_sent_to_other_machines_by_default(web):
    subscribe(web, 'https://hooks.example.com/pagerduty')
    web.incident()
    assert web.sandbox.webhooks.deliveries == []
    shown = requests.get(web.sandbox.url + '/_sandbox/webhooks', timeout=5).json()
    assert shown['subscriptions'][0]['not_called'] == (
        'hooks.example.com is not on this machine; '
        'start the sandbox with --webhooks-to hooks.example.com'
    )


def test_webhooks_are_sent_to_a_configured_host(receiver, monkeypatch, api_of):
    resolve_host = socket.getaddrinfo

    def here(host, *arguments, **options):
        return resolve_host('127.0.0.1' if host == 'hooks.test' else host, *arguments, **options)

    monkeypatch.setattr(socket, 'getaddrinfo', here)
    with Sandbox(webhooks_to=['Hooks.test']) as sandbox:
        web = api_of(sandbox)
        subscribe(web, f'http://hooks.test:{receiver.port}')
        web.incident()
        assert types(received(web, receiver)) == ['triggered']


# Order and retries.


def test_webhooks_of_an_incident_stay_in_order_during_retries(web, receiver):
    subscribe(web, receiver.url)
    receiver.reply(503)
    incident = web.incident()
    acknowledge(web, incident)
    resolve(web, incident)
    other = web.incident('Another one')
    assert types(received(web, receiver)) == ['triggered', 'triggered']
    assert received(web, receiver)[1]['data']['id'] == other['id']
    assert statuses(web) == ['retrying', 'queued', 'queued', 'delivered']
    web.sandbox.clock.advance(minutes=1)
    assert types(received(web, receiver)[2:]) == ['triggered', 'acknowledged', 'resolved']
    assert statuses(web) == ['delivered'] * 4


def test_webhook_retries_back_off_exponentially_for_48_hours(web, receiver):
    subscribe(web, receiver.url)
    receiver.rule(lambda seen: Reply(500))
    web.incident()
    assert len(received(web, receiver)) == 1
    web.sandbox.clock.advance(days=3)
    (delivery,) = [
        d for d in web.sandbox.webhooks.deliveries if d['event_type'] == 'incident.triggered'
    ]
    attempts = [datetime.fromisoformat(attempt['at'][:19]) for attempt in delivery['attempts']]
    minutes = [round((at - attempts[0]) / timedelta(minutes=1)) for at in attempts]
    assert minutes == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 2880]
    assert (delivery['status'], delivery['result']) == ('dropped', '500')


OUTCOMES = [
    (Reply(200), 'delivered', '200'),
    (Reply(204), 'delivered', '204'),
    (Reply(302, headers={'Location': '/elsewhere'}), 'dropped', '302'),
    (Reply(400), 'dropped', '400'),
    (Reply(410), 'dropped', '410'),
    (Reply(429), 'retrying', None),
    (Reply(503), 'retrying', None),
    (Hangup(), 'retrying', None),
    (Hang(), 'retrying', None),
]
NAMES = [
    '200',
    '204',
    '302',
    '400',
    '410',
    '429',
    '503',
    'closes the connection',
    'does not respond',
]


@pytest.mark.parametrize(('reply', 'status', 'result'), OUTCOMES, ids=NAMES)
def test_response_to_a_webhook_determines_its_status(
    web, receiver, monkeypatch, reply, status, result
):
    monkeypatch.setattr(deliveries, 'TIMEOUT', 0.3)
    subscribe(web, receiver.url)
    receiver.answer(reply)
    web.incident()
    assert statuses(web) == [status]
    (delivery,) = web.sandbox.webhooks.deliveries
    assert delivery.get('result') == result
    assert len(delivery['attempts']) == len(receiver.seen) == 1


def closed_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


def test_webhook_to_a_closed_port_is_retried(web):
    subscribe(web, f'http://127.0.0.1:{closed_port()}')
    web.incident()
    assert statuses(web) == ['retrying']
    (attempt,) = web.sandbox.webhooks.deliveries[0]['attempts']
    assert 'Connection refused' in attempt['result']


def test_webhook_with_a_tls_error_is_not_retried(web, receiver):
    subscribe(web, receiver.url.replace('http:', 'https:'))
    web.incident()
    assert statuses(web) == ['dropped']


def test_webhook_id_is_the_same_in_retries(web, receiver):
    subscribe(web, receiver.url)
    receiver.reply(500, times=2)
    web.incident()
    web.sandbox.clock.advance(minutes=3)
    resolve(web, web.incident('Another one'))
    web.sandbox.webhooks.wait(timeout=60)
    ids = [seen.headers['X-Webhook-Id'] for seen in receiver.seen]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 3


def test_webhook_receiver_can_call_the_sandbox_while_the_clock_advances(web, receiver):
    subscribe(web, receiver.url)
    seen = []

    def look(request):
        headers = {'Authorization': f'Token token={web.sandbox.api_key}'}
        url = request.json['event']['data']['self']
        seen.append(requests.get(url, headers=headers, timeout=4).json()['incident']['status'])
        return Reply(202)

    receiver.rule(look)
    web.incident()
    web.sandbox.clock.advance(days=1)
    assert seen == ['triggered', 'resolved']


def test_waiting_for_a_hanging_webhook_receiver_times_out(web, receiver):
    subscribe(web, receiver.url)
    receiver.answer(Hang())
    web.incident()
    with pytest.raises(TimeoutError, match='Webhooks still being sent: 1'):
        web.sandbox.webhooks.wait(timeout=0.05)
    receiver.closing.set()
    web.sandbox.webhooks.wait(timeout=60)


def test_webhook_over_256_kb_is_dropped(web, receiver):
    subscribe(web, receiver.url)
    incident = web.incident()
    web.post(f'/incidents/{incident["id"]}/notes', {'note': {'content': 'x' * 256 * 1024}})
    resolve(web, incident)
    assert types(received(web, receiver)) == ['triggered', 'resolved']
    assert statuses(web) == ['delivered', 'dropped', 'delivered']


# Disabled subscriptions.


def test_three_dropped_webhooks_in_a_row_disable_the_subscription_for_24_hours(web, receiver):
    subscribe(web, receiver.url)
    receiver.reply(500)
    waiting = web.incident('its webhook waits for a retry')
    receiver.reply(404, times=3)
    for number in range(3):
        web.sandbox.webhooks.wait(timeout=60)
        assert subscription(web)['delivery_method']['temporarily_disabled'] is False
        web.incident(f'dropped {number}')
    web.sandbox.webhooks.wait(timeout=60)
    assert subscription(web)['delivery_method']['temporarily_disabled'] is True
    assert statuses(web) == ['dropped'] * 4
    resolve(web, waiting)
    assert len(received(web, receiver)) == 4
    web.sandbox.clock.advance(hours=23)
    assert subscription(web)['delivery_method']['temporarily_disabled'] is True
    web.sandbox.clock.advance(hours=1)
    assert subscription(web)['delivery_method']['temporarily_disabled'] is False
    web.incident('after a day')
    assert received(web, receiver)[4]['data']['title'] == 'after a day'


def test_successful_webhook_resets_the_count_of_dropped_ones(web, receiver):
    subscribe(web, receiver.url)
    for status in (404, 404, 202, 404, 404):
        receiver.reply(status)
        web.incident()
        web.sandbox.webhooks.wait(timeout=60)
    assert subscription(web)['delivery_method']['temporarily_disabled'] is False


def test_disabled_subscription_can_be_enabled(web, receiver):
    webhook = subscribe(web, receiver.url)
    receiver.reply(404, times=3)
    for _ in range(3):
        web.incident()
        web.sandbox.webhooks.wait(timeout=60)
    answer = web.call('POST', f'/webhook_subscriptions/{webhook["id"]}/enable')
    assert answer.status_code == 200
    method = answer.json()['webhook_subscription']['delivery_method']
    assert (method['temporarily_disabled'], method['secret']) == (False, None)
    web.incident()
    assert len(received(web, receiver)) == 4


# Subscriptions in the API.


def test_webhook_secret_and_header_values_are_returned_at_creation_only(web, receiver):
    headers = [{'name': 'X-Mine', 'value': 'secret'}]
    created = subscribe(web, receiver.url, custom_headers=headers)
    assert len(created['delivery_method']['secret']) == 64
    path = '/webhook_subscriptions/' + created['id']
    update = {'description': 'Mine', 'delivery_method': {'url': 'http://other', 'secret': 'x'}}
    for shown in (
        web.get(path)['webhook_subscription'],
        subscription(web),
        web.put(path, {'webhook_subscription': update})['webhook_subscription'],
    ):
        method = shown['delivery_method']
        assert (method['secret'], method['url']) == (None, receiver.url)
        assert method['custom_headers'] == [{'name': 'X-Mine', 'value': '-- redacted --'}]
    web.incident()
    web.sandbox.webhooks.wait(timeout=60)
    (seen,) = receiver.seen
    secret = created['delivery_method']['secret']
    assert verify_signature(seen.body, seen.headers['X-PagerDuty-Signature'], [secret])
    assert seen.headers['X-Mine'] == 'secret'


BAD = [
    ({'url': 'ftp://127.0.0.1'}, ACCOUNT, 'must be an http or https URL'),
    ({'url': 'http://'}, ACCOUNT, 'must be an http or https URL'),
    ({'url': 'http://127.0.0.1:99999'}, ACCOUNT, 'must be an http or https URL'),
    ({'custom_headers': [{'name': 'a b', 'value': 'c'}]}, ACCOUNT, 'name cannot be sent'),
    ({'custom_headers': [{'name': 'a', 'value': 'c\nd'}]}, ACCOUNT, 'value cannot be sent'),
    (
        {'custom_headers': [{'name': 'A', 'value': ''}, {'name': 'a', 'value': ''}]},
        ACCOUNT,
        'names must be unique',
    ),
    ({}, {'type': 'service_reference', 'id': 'PNOBODY'}, 'no service has ID PNOBODY'),
    ({}, {'type': 'team_reference'}, 'filter.id is required'),
    ({}, 'PNOBODY', 'filter must be an object'),
]


@pytest.mark.parametrize(('method', 'scope', 'reason'), BAD, ids=[bad[2] for bad in BAD])
def test_invalid_subscription_is_rejected(web, method, scope, reason):
    body = {
        'type': 'webhook_subscription',
        'delivery_method': {'type': 'http_delivery_method', 'url': 'http://127.0.0.1', **method},
        'events': ['incident.triggered'],
        'filter': scope,
    }
    path = '/webhook_subscriptions'
    status, _, (error,) = web.refusal('POST', path, {'webhook_subscription': body})
    assert status == 400
    assert reason in error


# State files and reset.


def test_state_file_stores_pending_webhooks(tmp_path, receiver, api_of):
    receiver.reply(503)
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        web = api_of(sandbox)
        subscribe(web, receiver.url)
        acknowledge(web, web.incident())
        assert statuses(web) == ['retrying', 'queued']
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        assert len(receiver.seen) == 1
        sandbox.clock.advance(minutes=2)
        sandbox.webhooks.wait(timeout=60)
    events = [seen.json['event'] for seen in receiver.seen]
    assert types(events) == ['triggered', 'triggered', 'acknowledged']


def test_webhooks_that_were_not_sent_before_closing_are_sent_after_a_restart(
    tmp_path, receiver, api_of
):
    closing = threading.Event()

    def late(seen):
        closing.wait(30)
        return Reply(202)

    receiver.rule(late)
    sandbox = Sandbox(state=tmp_path / 'account.sqlite')
    web = api_of(sandbox)
    subscribe(web, receiver.url)
    acknowledge(web, web.incident())
    receiver.wait_for(1)
    thread = threading.Thread(target=sandbox.close)
    thread.start()
    sandbox.wait()
    closing.set()
    thread.join()
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        sandbox.webhooks.wait(timeout=60)
        assert [d['status'] for d in sandbox.webhooks.deliveries] == ['delivered'] * 2
    assert types([seen.json['event'] for seen in receiver.seen]) == ['triggered', 'acknowledged']


def test_webhooks_of_many_incidents_are_resumed(pagerduty, web, receiver):
    subscribe(web, receiver.url)
    for number in range(40):
        web.incident(str(number))
    pagerduty.webhooks.wait(timeout=60)
    content = pagerduty.dump()
    for path, delivery in content['records'].items():
        if path.startswith('/_sandbox/deliveries/'):
            delivery['status'] = 'queued'
    # Without a lock, the first webhooks end while others are still being queued.
    with Sandbox(load=content) as again:
        again.webhooks.wait(timeout=60)
        assert [d['status'] for d in again.webhooks.deliveries] == ['delivered'] * 40
    assert len(receiver.seen) == 80


def test_reset_deletes_subscriptions_and_deliveries(web, receiver):
    receiver.rule(lambda seen: Reply(503))
    subscribe(web, receiver.url)
    web.incident()
    web.sandbox.webhooks.wait(timeout=60)
    web.sandbox.reset()
    web.sandbox.clock.advance(days=3)
    assert web.sandbox.webhooks.deliveries == []
    assert len(receiver.seen) == 1


def test_only_the_latest_200_completed_deliveries_are_stored(web, receiver, monkeypatch):
    monkeypatch.setattr(deliveries, 'KEPT', 3)
    subscribe(web, receiver.url)
    for number in range(5):
        web.incident(f'number {number}')
        web.sandbox.webhooks.wait(timeout=60)
    titles = [
        json.loads(delivery['body'])['event']['data']['title']
        for delivery in web.sandbox.webhooks.deliveries
    ]
    assert titles == ['number 2', 'number 3', 'number 4']


def test_webhooks_of_timeouts_are_sent_in_real_time_without_requests(receiver, monkeypatch, api_of):
    monkeypatch.setattr(clock, 'TICK', 0.01)
    with Sandbox() as sandbox:
        web = api_of(sandbox)
        subscribe(web, receiver.url)
        web.incident()
        receiver.wait_for(1)
        later = datetime.now(timezone.utc) + timedelta(hours=5)
        monkeypatch.setattr(sandbox.clock, '_now', lambda: later)
        receiver.wait_for(2)
        assert types([receiver.seen[1].json['event']]) == ['resolved']


def test_closed_sandbox_leaves_no_webhook_threads(receiver, api_of):
    before = set(threading.enumerate())
    with Sandbox() as sandbox:
        web = api_of(sandbox)
        subscribe(web, receiver.url)
        web.incident()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if 'sandbox' in name}
