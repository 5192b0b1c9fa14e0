"""Invalid and random input, which must cause no internal error."""

import json
from random import Random
from uuid import UUID

import pytest
from scale import at_scale

from pdpyras_sandbox.shapes import minimal, operations

# The sandbox runs in this process, and parses 100,000 nested brackets.
pytestmark = pytest.mark.usefixtures('no_garbage_collection')

JSON = {'Content-Type': 'application/json'}


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('null', 'incident is required'),
        ('NaN', 'Invalid JSON: NaN is not JSON'),
        ('{"incident": 1e999}', 'Invalid JSON: 1e999 is too large'),
        ('[' * 100_000, 'Invalid JSON: it is nested more than 100 levels deep'),
        ('[' * 500 + ']' * 500, 'Invalid JSON: it is nested more than 100 levels deep'),
    ],
    ids=['null', 'NaN', 'infinite number', 'truncated', 'nested too deeply'],
)
def test_malformed_json_body_is_rejected(web, text, reason):
    refusal = web.refusal('POST', '/incidents', data=text, headers=JSON)
    assert refusal == (400, 2001, [reason])
    assert web.sandbox.requests[-1].status == 400


@pytest.mark.parametrize('path', ['/v2/enqueue', '/_sandbox/faults'])
def test_deeply_nested_body_is_rejected(web, path):
    assert web.call('POST', path, data='[' * 100_000).status_code == 400


INCOMPLETE = [
    ('PUT', '/incidents/{incident}/merge', {'source_incidents': [{'type': 'incident_reference'}]}),
    ('PUT', '/incidents/{incident}/merge', {'source_incidents': [None]}),
    ('PUT', '/incidents/{incident}/alerts', {'alerts': [{'status': 'resolved'}]}),
    ('POST', '/users/{user}/change_tags', {'remove': [{'type': 'tag_reference', 'id': 5}]}),
    (
        'POST',
        '/incidents/{incident}/status_updates/subscribers',
        {'subscribers': [{'subscriber_type': 'user'}]},
    ),
    (
        'POST',
        '/incidents/{incident}/responder_requests',
        {'requester_id': '{user}', 'message': 'Help', 'responder_request_targets': [{}]},
    ),
    (
        'POST',
        '/incidents/{incident}/responder_requests',
        {
            'requester_id': '{user}',
            'message': 'Help',
            'responder_request_targets': [{'responder_request_target': {'id': {'id': '{user}'}}}],
        },
    ),
]


@pytest.mark.parametrize(
    ('method', 'path', 'body'), INCOMPLETE, ids=[f'{c[0]} {c[1]} {c[2]}' for c in INCOMPLETE]
)
def test_invalid_reference_is_rejected(web, method, path, body):
    ids = {'incident': web.incident()['id'], 'user': web.owner['id']}
    text = json.dumps(body).replace('{user}', ids['user'])
    status, code, (reason,) = web.refusal(method, path.format(**ids), data=text, headers=JSON)
    assert (status, code) == (400, 2001)
    assert 'required' in reason or 'null' in reason


@pytest.mark.parametrize('time', ['yesterday', '2024-13-01T00:00:00Z', '0001-01-01T00:00:00Z', ''])
def test_invalid_time_is_rejected(web, time):
    window = {'type': 'maintenance_window', 'services': [], 'start_time': time, 'end_time': time}
    status, _, errors = web.refusal('POST', '/maintenance_windows', {'maintenance_window': window})
    assert status == 400
    assert 'maintenance_window.start_time must be an ISO 8601 date-time' in errors
    if time:
        assert web.refusal('GET', '/oncalls?since=' + time)[0] == 400


@pytest.mark.parametrize('payload', [None, 'text', [], {'summary': 5}])
def test_acknowledge_and_resolve_events_accept_any_payload(web, payload):
    web.event(dedup_key='disk')
    event = {'routing_key': web.sandbox.routing_key, 'event_action': 'resolve', 'dedup_key': 'disk'}
    assert web.call('POST', '/v2/enqueue', {**event, 'payload': payload}).status_code == 202
    assert web.get('/incidents')['incidents'][0]['status'] == 'resolved'
    assert web.call('GET', '/').status_code == 200


def test_custom_details_that_look_like_references_are_unchanged(web):
    details = {'id': {}, 'type': 'user_reference'}
    web.event(custom_details=details)
    (incident,) = web.get('/incidents')['incidents']
    (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
    assert details.items() <= alert['body']['details'].items()


# Random bodies.

STRANGE = (
    None, True, -1, 10**30, 1e308, '', 'x', '\ud800', '/', 'x' * 5000, [], {}, [None], [[]], [{}],
    {'id': None}, {'id': {}}, {'id': [], 'type': 'user_reference'}, {'type': []},
    {'id': 'PNOBODY', 'type': 'user_reference'}, '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z',
)  # fmt: skip


class Client:
    """Sends documented bodies with random errors to existing records."""

    def __init__(self, web, seed):
        self.web = web
        self.random = Random(seed)
        self.known = {}

    def send(self, operation):
        path = self.path(operation.path)
        if operation.request is None or operation.method == 'GET':
            return self.web.call(operation.method, path)
        text = json.dumps(self.with_errors(self.filled(operation.request)))
        return self.web.call(operation.method, path, data=text, headers=JSON)

    def path(self, template):
        path = ''
        for segment in template.replace('{entity_type}', 'users').split('/')[1:]:
            path += '/' + (self.existing(path) if segment.startswith('{') else segment)
        return path

    def existing(self, collection):
        """Return the ID of a random record in a collection."""
        if collection not in self.known:
            answer = self.web.call('GET', collection)
            lists = answer.json().values() if answer.ok and answer.content else ()
            records = [item for found in lists if isinstance(found, list) for item in found]
            ids = [item['id'] for item in records if isinstance(item, dict) and item.get('id')]
            if not ids:
                return 'PABC123'
            self.known[collection] = ids[0]
        return self.known[collection]

    def filled(self, shape):
        """Return a value with all properties of a shape."""
        if 'any' in shape:
            return self.filled(self.random.choice(shape['any']))
        if shape.get('type') == 'array':
            return [self.filled(shape.get('items', {}))]
        if shape.get('type') != 'object':
            return minimal(shape)
        value = {name: self.filled(child) for name, child in shape.get('properties', {}).items()}
        kind = str(value.get('type'))
        if kind.endswith('_reference'):
            value['id'] = self.existing('/{}s'.format(kind[: -len('_reference')]))
        return value

    def with_errors(self, value):
        if self.random.random() < 0.1:
            return self.random.choice(STRANGE)
        if isinstance(value, list):
            return [self.with_errors(child) for child in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self.with_errors(child)
            for name, child in value.items()
            if self.random.random() > 0.05
        }


@pytest.mark.parametrize('seed', at_scale([0], full=[0, 2]))
def test_random_bodies_cause_no_internal_error(web, seed):
    web.event()
    client = Client(web, seed)
    # No deletions, because other requests need the records. Listings show what was stored.
    tried = [operation for operation in operations().values() if operation.method != 'DELETE']
    for operation in sorted(tried, key=lambda operation: operation.method == 'GET'):
        answer = client.send(operation)
        assert answer.status_code < 500, (answer.request.body, answer.text)
    assert web.call('GET', '/').status_code == 200


@pytest.mark.parametrize('action', ['associate', 'disassociate'])
def test_null_service_dependencies_are_rejected(web, action):
    body = {'relationships': None}
    status, code, errors = web.refusal('POST', f'/service_dependencies/{action}', body)
    assert (status, code, errors) == (400, 2001, ['body.relationships is required'])


def test_rule_set_without_an_id_is_rejected(web):
    orchestration = web.post('/event_orchestrations', {'orchestration': {'name': 'Ops'}})
    path = f'/event_orchestrations/{orchestration["orchestration"]["id"]}/global'
    body = {'orchestration_path': {'sets': [{'rules': []}], 'catch_all': {'actions': {}}}}
    status, code, errors = web.refusal('PUT', path, body)
    assert (status, code) == (400, 2001)
    assert 'must have IDs' in errors[0]


def test_version_3_errors_are_grouped_by_field(web):
    status, code, errors = web.refusal('GET', '/v3/schedules?limit=0')
    assert (status, code) == (400, 2001)
    assert errors == {'limit': ["'limit' must be from 1 to 100"]}


@pytest.mark.parametrize(
    'data', [{}, {'data_type': 'string'}, {'data_type': 'float', 'value': '1'}]
)
def test_custom_field_option_that_is_not_a_string_is_rejected(web, data):
    option = {'data': {'data_type': 'string', 'value': 'production'}}
    field = {
        'name': 'environment',
        'display_name': 'Environment',
        'data_type': 'string',
        'field_type': 'single_value_fixed',
        'field_options': [option],
    }
    field = web.post('/incidents/custom_fields', {'field': field})['field']
    path = f'/incidents/custom_fields/{field["id"]}/field_options'
    created = web.post(path, {'field_option': option})['field_option']
    body = {'field_option': {'data': data}}
    assert web.refusal('PUT', f'{path}/{created["id"]}', body)[:2] == (400, 2001)


def test_id_is_a_uuid_if_documented(web):
    fields = [{'name': 'host', 'type': 'query'}, {'name': 'rack', 'type': 'enriched'}]
    body = {'name': 'Hosts', 'fields': fields}
    assert UUID(web.post('/enrichment/schemas', body)['schema']['id']).version == 4


def test_deletion_returns_a_body_if_documented(web):
    answer = web.call('DELETE', '/oauth_delegations?delegation_user_id=PABC123&type=mobile')
    assert answer.headers['Content-Type'] == 'application/json'
    assert answer.json()
