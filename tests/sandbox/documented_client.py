"""A client that calls any documented operation, and creates the records that it needs."""

import json
import re
from contextlib import contextmanager

import requests

from pdpyras_sandbox.shapes import minimal, operations


@contextmanager
def client_of_new_account(sandbox, document):
    """Reset the sandbox, send some events, and yield a client."""
    sandbox.reset()
    client = Client(sandbox, document)
    with client.session:
        client.trigger()
        yield client


class Client:
    def __init__(self, sandbox, document):
        self.sandbox = sandbox
        self.document = document
        self.operations = document.operations()
        self.session = requests.Session()
        self.session.headers.update(
            {'Authorization': f'Token token={sandbox.user_key}', 'From': sandbox.email}
        )

    def call(self, name, body=None):
        method, path = name.split(' ')
        if name in NEEDS_NEW_RECORD:
            collection = path.rpartition('/')[0]
            created = self.call('POST ' + collection, self.body('POST ' + collection))
            path = '{}/{}'.format(collection, next(ids_in(created.json())))
        url = self.sandbox.url + self.concrete(path)
        return self.session.request(method, url, json=body, params=self.query(name))

    def trigger(self):
        """Send events, so that there are alerts, log entries and a change event."""
        payload = {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'}
        event = {'routing_key': self.sandbox.routing_key, 'event_action': 'trigger'}
        for path in ('/v2/enqueue', '/v2/change/enqueue'):
            self.session.post(self.sandbox.url + path, json={**event, 'payload': payload})

    def query(self, name):
        """Return values for the required query parameters, from their examples or types."""
        query = {}
        for parameter in self.document.operation(name).get('parameters', ()):
            parameter = self.document.resolve(parameter)
            if parameter['in'] == 'query' and parameter.get('required'):
                choices = parameter['schema'].get('enum', ['sample'])
                query[parameter['name']] = RANGE.get(parameter['name'], choices[0])
        return query

    def concrete(self, path):
        """Return a path with IDs of existing records."""
        concrete = ''
        template = ''
        for segment in path.split('/')[1:]:
            if segment.startswith('{'):
                concrete += '/' + self.existing(template, concrete, segment)
            else:
                concrete += '/' + segment
            template += '/' + segment
        return concrete

    def existing(self, template, collection, parameter):
        if parameter == '{entity_type}':
            return 'users'
        if template == '/log_entries':
            # The channels of events cannot be changed.
            incident = self.call('POST /incidents', self.body('POST /incidents')).json()['incident']
            return incident['first_trigger_log_entry']['id']
        template = template.replace('{entity_type}', 'users')
        if collection.endswith(('/users', '/escalation_policies')):
            template = collection = '/' + collection.rpartition('/')[2]
        if template in COLLECTIONS_ELSEWHERE:
            template = collection = COLLECTIONS_ELSEWHERE[template]
        if 'GET ' + template in self.operations:
            query = self.query('GET ' + template)
            answer = self.session.get(self.sandbox.url + collection, params=query)
            for found in ids_in(answer.json()):
                return found
        if 'POST ' + template in self.operations:
            body = self.body('POST ' + template)
            answer = self.session.post(self.sandbox.url + collection, json=body)
            assert answer.ok, answer.text
            for found in ids_in(answer.json() if answer.content else {}):
                return found
        return 'PABC123'

    def body(self, name):
        """Return a valid request body that refers to existing records."""
        if not self.document.takes_body(name):
            return None
        if name == 'PUT /incidents/{id}/merge':
            other = self.call('POST /incidents', self.body('POST /incidents')).json()['incident']
            return {'source_incidents': [{'id': other['id'], 'type': 'incident_reference'}]}
        if name == 'PUT /services/{id}/custom_fields/values':
            field = self.existing('/services/custom_fields', '/services/custom_fields', '')
            return {'custom_fields': [{'id': field, 'value': 'production'}]}
        example = self.document.example(name)
        if example is None:
            example = minimal(operations()[name].request)
        if name == 'POST /users/{id}/notification_rules':
            # Without a delay, it would be the same as the default rule of a user.
            example['notification_rule']['start_delay_in_minutes'] = 20
        if name in IN_FUTURE:
            example = json.loads(re.sub(r'"20\d\d-', '"2090-', json.dumps(example)))
        return self.with_existing_ids(example)

    def with_existing_ids(self, value):
        if isinstance(value, list):
            return [self.with_existing_ids(child) for child in value]
        if not isinstance(value, dict):
            return value
        value = {key: self.with_existing_ids(child) for key, child in value.items()}
        if 'requester_id' in value:
            value['requester_id'] = self.existing('/users', '/users', '')
        kind = str(value.get('type', '')).replace('_reference', '')
        if 'id' in value and kind in COLLECTIONS:
            template = COLLECTIONS[kind]
            value['id'] = self.existing(template, self.concrete(template), '')
        return value


def ids_in(body):
    """Yield the IDs in a response, outermost first; the ID of an ability is its name."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, list):
        for item in body:
            yield from ids_in(item)
    elif isinstance(body, dict):
        if 'id' in body:
            yield body['id']
        for child in body.values():
            if isinstance(child, (list, dict)):
                yield from ids_in(child)


#: Collections of the records in paths below another collection.
COLLECTIONS_ELSEWHERE = {
    '/event_orchestrations/services': '/services',
    '/service_dependencies/business_services': '/business_services',
    '/service_dependencies/technical_services': '/services',
}
COLLECTIONS = {
    'user': '/users',
    'team': '/teams',
    'service': '/services',
    'escalation_policy': '/escalation_policies',
    'schedule': '/schedules',
    'priority': '/priorities',
    'incident': '/incidents',
    'extension_schema': '/extension_schemas',
    'tag': '/tags',
    'business_service': '/business_services',
    'alert': '/incidents/{id}/alerts',
    'email_contact_method': '/users/{id}/contact_methods',
    'phone_contact_method': '/users/{id}/contact_methods',
}
#: Operations on records that nothing may refer to, so a new record is created.
NEEDS_NEW_RECORD = ('DELETE /escalation_policies/{id}', 'DELETE /users/{id}')
#: Operations whose examples are moved to the future: windows in the past cannot be created, and
#: overrides in the past cannot be deleted.
IN_FUTURE = (
    'POST /maintenance_windows',
    'PUT /maintenance_windows/{id}',
    'POST /schedules/{id}/overrides',
)
RANGE = {'since': '2024-01-01T00:00:00Z', 'until': '2024-03-01T00:00:00Z'}
