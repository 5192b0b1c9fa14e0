"""An HTTP client for the sandbox that does not use the library."""

import requests


class Api:
    """Sends requests to a sandbox on behalf of its owner."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.http = requests.Session()
        self.http.headers.update(
            {
                'Authorization': f'Token token={sandbox.api_key}',
                'Accept': 'application/vnd.pagerduty+json;version=2',
                'From': sandbox.email,
            }
        )

    def call(self, method, path, json=None, **options):
        return self.http.request(method, self.sandbox.url + path, json=json, **options)

    def get(self, path, **params):
        """Return the decoded body; parameters with lists get ``[]`` after their names."""
        params = {k + '[]' if isinstance(v, list) else k: v for k, v in params.items()}
        answer = self.call('GET', path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, json):
        answer = self.call('POST', path, json)
        assert answer.ok, answer.text
        return answer.json()

    def put(self, path, json=None):
        answer = self.call('PUT', path, json)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def refusal(self, method, path, json=None, **options):
        """Return the status, code and messages of an error response."""
        answer = self.call(method, path, json, **options)
        error = answer.json()['error']
        return answer.status_code, error['code'], error.get('errors', [])

    # Records for many tests.

    @property
    def service(self):
        return self.get('/services', query='Web Shop')['services'][0]

    @property
    def owner(self):
        return self.get('/users')['users'][0]

    def user(self, name):
        email = name.lower().replace(' ', '.') + '@example.com'
        return self.post('/users', {'user': {'name': name, 'email': email}})['user']

    def team(self, name):
        return self.post('/teams', {'team': {'type': 'team', 'name': name}})['team']

    def incident(self, title='Disk full', **attributes):
        service = {'id': self.service['id'], 'type': 'service_reference'}
        body = {'type': 'incident', 'title': title, 'service': service, **attributes}
        return self.post('/incidents', {'incident': body})['incident']

    def custom_field(self, name, **properties):
        field = {'name': name, 'display_name': name, 'data_type': 'string'}
        body = {'field': {**field, 'field_type': 'single_value', **properties}}
        return self.post('/incidents/custom_fields', body)['field']

    def update(self, incident, **changes):
        body = {'incident': {'type': 'incident', **changes}}
        return self.put('/incidents/' + incident['id'], body)['incident']

    def event(self, action='trigger', dedup_key=None, **payload):
        event = {'routing_key': self.sandbox.routing_key, 'event_action': action}
        if dedup_key:
            event['dedup_key'] = dedup_key
        if action == 'trigger':
            event['payload'] = {
                'summary': 'Disk full',
                'source': 'db1',
                'severity': 'critical',
                **payload,
            }
        return self.call('POST', '/v2/enqueue', event)

    def log(self, incident):
        """Return the types of an incident's log entries, oldest first."""
        entries = self.get(f'/incidents/{incident["id"]}/log_entries')['log_entries']
        return [entry['type'].replace('_log_entry', '') for entry in reversed(entries)]
