"""What the tests of the sandbox share: a bare HTTP client for it, without the library."""

import contextlib

import pytest
import requests

from pdpyras_sandbox import why_not_here

WHY_NOT = why_not_here()
if WHY_NOT is None:
    try:
        import flask  # noqa: F401
    except ImportError:
        WHY_NOT = "the sandbox needs Flask: pip install 'pdpyras[sandbox]'"
if WHY_NOT is not None:
    collect_ignore_glob = ['test_*.py']
    collect_ignore = ['clients']


def pytest_report_header():
    return [] if WHY_NOT is None else 'tests/sandbox is left out: ' + WHY_NOT


class Api:
    """Calls a sandbox as its owner and keeps the tests short."""

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
        """The decoded body; `include` stands for `include[]`, and so on for all lists."""
        params = {k + '[]' if isinstance(v, list) else k: v for k, v in params.items()}
        answer = self.call('GET', path, params=params)
        assert answer.status_code in (200, 201), answer.text
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
        """The status and the reasons of an answer that has to be a refusal."""
        answer = self.call(method, path, json, **options)
        error = answer.json()['error']
        return answer.status_code, error['code'], error.get('errors', [])

    # Records that many tests need.

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
        """What happened to an incident, in order."""
        entries = self.get(f'/incidents/{incident["id"]}/log_entries')['log_entries']
        return [entry['type'].replace('_log_entry', '') for entry in reversed(entries)]


@pytest.fixture
def api_of():
    """Makes clients of sandboxes, such as those that a test starts itself."""
    with contextlib.ExitStack() as clients:

        def api_of(sandbox):
            api = Api(sandbox)
            clients.enter_context(api.http)
            return api

        yield api_of


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line in this process; return its exit status, stdout and stderr."""
    from pdpyras_sandbox import __main__

    def run(*arguments):
        capsys.readouterr()
        with monkeypatch.context() as patch:
            # Signals belong to pytest, and the handlers of a log write to a stream that goes away.
            patch.setattr(__main__.signal, 'signal', lambda number, handler: None)
            for log in (__main__.log, __main__.access_log):
                patch.setattr(log, 'handlers', [])
                patch.setattr(log, 'level', log.level)
            try:
                __main__.main(list(arguments))
                status = 0
            except SystemExit as ended:
                status = ended.code or 0
        output, errors = capsys.readouterr()
        if isinstance(status, str):  # Python prints it, and ends with exit status 1.
            status, errors = 1, f'{errors}{status}\n'
        return status, output, errors

    return run


@pytest.fixture
def refusal(command):
    """The one line that a command prints before it ends with exit status 2."""

    def refusal(*arguments):
        status, output, errors = command(*arguments)
        assert (status, output) == (2, '')
        (line,) = errors.splitlines()
        assert line.startswith('pdpyras_sandbox')
        return line

    return refusal


@pytest.fixture
def web(pagerduty, api_of):
    return api_of(pagerduty)
