"""The recipes of the cookbook, run as scripts with the sandbox as PagerDuty."""

import csv
import importlib.util
import json
import os
import re
import runpy
import signal
import statistics
import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

import pdpyras

pytest.importorskip('flask', reason='the sandbox needs Flask, which needs Python 3.9')
pytest.importorskip('trustme', reason='the proxy of the sandbox needs trustme')

from pdpyras_sandbox import Sandbox  # noqa: E402
from pdpyras_sandbox.proxy import SandboxProxy  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
RECIPES = os.path.join(TOP, 'examples', 'cookbook')


def needs(module, package):
    reason = '{} is not installed; tox -e mocking installs it'.format(package)
    try:
        is_installed = find_spec(module) is not None
    except ModuleNotFoundError:  # Its parent is not there either.
        is_installed = False
    return pytest.mark.skipif(not is_installed, reason=reason)


@pytest.fixture(scope='module')
def proxy():
    with Sandbox() as sandbox, SandboxProxy(sandbox) as proxy:
        yield sandbox, proxy


@pytest.fixture
def sandbox(proxy):
    proxy[0].reset()
    return proxy[0]


@pytest.fixture
def account(sandbox):
    """A session to prepare the account and to inspect it afterwards."""
    return pdpyras.APISession(sandbox.api_key, default_from=sandbox.email, base_url=sandbox.url)


@pytest.fixture
def alerts(sandbox):
    return pdpyras.EventsAPISession(sandbox.routing_key, base_url=sandbox.url)


@pytest.fixture
def run(proxy, sandbox, tmp_path):
    """A function that runs a recipe in an empty directory and returns its output."""

    def run(recipe, *arguments, status=0):
        finished = subprocess.run(
            [sys.executable, '-W', 'error', os.path.join(RECIPES, recipe)] + list(arguments),
            cwd=str(tmp_path),
            env=proxy[1].environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=60,
        )
        assert finished.returncode == status, finished.stderr
        return finished.stdout + finished.stderr

    return run


def read(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as file:
        return file.read()


def test_each_recipe_is_on_the_page_and_has_a_test():
    recipes = sorted(name for name in os.listdir(RECIPES) if name.endswith('.py'))
    shown = re.findall(r'literalinclude:: .*/(\w+\.py)', read('docs', 'cookbook.rst'))
    assert sorted(shown) == recipes
    tests = read('tests', 'test_cookbook.py')
    assert [name for name in recipes if "'{}'".format(name) not in tests] == []


# On call


def test_the_recipe_prints_who_is_on_call_for_a_service(run):
    assert run('who_is_on_call.py', 'Web Shop') == 'Alex Sample alex@example.com\n'


def test_an_unknown_service_is_named_in_the_message(run):
    assert run('who_is_on_call.py', 'Shop', status=1) == "There is no service 'Shop'.\n"


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig'], ids=['without a BOM', 'with a BOM'])
def test_the_recipe_creates_overrides_from_a_csv_file(run, account, sandbox, tmp_path, encoding):
    (user,) = account.list_all('users')
    schedule = account.rpost(
        'schedules',
        json={
            'type': 'schedule',
            'name': 'Daily',
            'time_zone': 'UTC',
            'schedule_layers': [
                {
                    'start': '2024-01-01T00:00:00Z',
                    'rotation_virtual_start': '2024-01-01T00:00:00Z',
                    'rotation_turn_length_seconds': 86400,
                    'users': [{'user': {'id': user['id'], 'type': 'user_reference'}}],
                }
            ],
        },
    )
    rows = [
        ('2099-01-01T00:00:00Z', '2099-01-02T00:00:00Z', sandbox.email),
        ('2099-01-04T00:00:00Z', '2099-01-03T00:00:00Z', sandbox.email),
    ]
    with open(str(tmp_path / 'overrides.csv'), 'w', newline='', encoding=encoding) as file:
        csv.writer(file).writerows([('start', 'end', 'email'), *rows])

    printed = run('overrides_from_csv.py', schedule['id'], 'overrides.csv', status=1)

    assert [line.split()[:2] for line in printed.splitlines()] == [
        ['created', '2099-01-01T00:00:00Z'],
        ['rejected', '2099-01-04T00:00:00Z'],
    ]
    period = {'since': '2099-01-01T00:00:00Z', 'until': '2099-02-01T00:00:00Z'}
    (override,) = account.rget('schedules/{}/overrides'.format(schedule['id']), params=period)
    assert (override['start'], override['user']['id']) == ('2099-01-01T00:00:00Z', user['id'])


def test_an_override_of_an_unknown_user_is_rejected_before_anything_is_sent(run, sandbox, tmp_path):
    (tmp_path / 'overrides.csv').write_text('start,end,email\n1,2,nobody@example.com\n')
    printed = run('overrides_from_csv.py', 'PSCHED1', 'overrides.csv', status=1)
    assert printed == 'There are no users nobody@example.com\n'
    sandbox.requests.assert_sent('POST', '*', times=0)


# Incidents


def test_the_recipe_prints_the_incident_of_an_alert(run, account):
    printed = run('incident_of_alert.py')
    (incident,) = account.list_all('incidents')
    assert printed == incident['html_url'] + '\n'


def test_the_recipe_acknowledges_all_incidents_of_a_service(run, account, alerts):
    (service,) = account.list_all('services')
    other = account.rpost('services', json=dict(service, name='Bakery'))
    other = {'id': other['id'], 'type': 'service_reference'}
    for number in range(3):
        alerts.trigger('Oven {} is cold'.format(number), 'kitchen')
    account.rpost('incidents', json={'type': 'incident', 'title': 'No flour', 'service': other})

    assert run('acknowledge_service.py', 'Web Shop') == 'Incidents acknowledged: 3 of 3\n'

    incidents = account.list_all('incidents')
    assert sorted((found['service']['summary'], found['status']) for found in incidents) == [
        ('Bakery', 'triggered'),
        ('Web Shop', 'acknowledged'),
        ('Web Shop', 'acknowledged'),
        ('Web Shop', 'acknowledged'),
    ]


def test_the_recipe_copies_notes_from_one_incident_to_another(run, account, alerts):
    for source in ('oven-1', 'oven-2'):
        alerts.trigger('Cold', source)
    first, second = account.list_all('incidents')
    for content in ('Called the electrician.', 'He is on his way.'):
        account.rpost('incidents/{}/notes'.format(first['id']), json={'content': content})

    assert run('copy_notes.py', first['id'], second['id']) == 'Notes copied: 2\n'

    copied = account.rget('incidents/{}/notes'.format(second['id']))
    assert sorted(note['content'].split(': ')[-1] for note in copied) == [
        'Called the electrician.',
        'He is on his way.',
    ]
    assert all(note['content'].startswith('Alex Sample, 20') for note in copied)


def make_low_urgency_incidents(account, count):
    (service,) = account.list_all('services')
    for number in range(count):
        incident = {
            'type': 'incident',
            'title': 'Crumbs {}'.format(number),
            'urgency': 'low',
            'service': {'id': service['id'], 'type': 'service_reference'},
        }
        account.rpost('incidents', json=incident)


def test_a_dry_run_prints_the_requests_and_changes_nothing(run, account, sandbox):
    make_low_urgency_incidents(account, 2)
    before = len(sandbox.requests)

    *sent, last = run('dry_run.py').splitlines()

    assert last == 'Open incidents: 2'
    assert [seen.method for seen in sandbox.requests[before:]] == ['GET']
    incidents = account.list_all('incidents')
    body = '{"incident": {"type": "incident_reference", "status": "resolved"}}'
    assert sent == ['PUT /incidents/{} {}'.format(found['id'], body) for found in incidents]


def test_with_yes_the_dry_run_recipe_sends_its_requests(run, account):
    make_low_urgency_incidents(account, 2)
    assert run('dry_run.py', '--yes') == 'Open incidents: 2\n'
    assert [found['status'] for found in account.list_all('incidents')] == ['resolved'] * 2


# Reports


@pytest.fixture
def past(sandbox):
    """The incidents of a company, some of them resolved."""
    with Sandbox(seed=3) as company:
        sandbox.load(company.dump())
    account = pdpyras.APISession(sandbox.api_key, base_url=sandbox.url)
    incidents = account.list_all('incidents', params={'date_range': 'all'})
    assert len({found['status'] for found in incidents}) == 3
    return incidents


def test_the_recipe_exports_a_year_of_incidents_as_csv(run, past, tmp_path):
    run('export_incidents.py')
    with open(str(tmp_path / 'incidents.csv'), newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert sorted((int(row['number']), row['title'], row['resolved']) for row in rows) == sorted(
        (found['incident_number'], found['title'], found['resolved_at'] or '') for found in past
    )


@needs('pandas', 'pandas')
def test_the_recipe_summarizes_incidents_with_pandas(run, past):
    minutes = {}
    for incident in past:
        if incident['status'] == 'resolved':
            begun, ended = (
                datetime.strptime(incident[name], '%Y-%m-%dT%H:%M:%SZ')
                for name in ('created_at', 'resolved_at')
            )
            durations = minutes.setdefault(incident['service']['summary'], [])
            durations.append((ended - begun).total_seconds() / 60)
    assert len(minutes) > 1
    _, _, *lines = run('incidents_in_pandas.py').splitlines()
    assert [re.split('  +', line.strip()) for line in lines] == [
        [name, str(len(each)), str(statistics.median(each)), str(max(each))]
        for name, each in sorted(minutes.items())
    ]


def test_with_spare_requests_the_recipe_waits_before_the_rate_limit_is_reached(monkeypatch, capsys):
    """Run in this process, where waiting advances the sandbox's clock instead of the real one."""
    with Sandbox(seed=3, rate_limit=60).as_pagerduty() as sandbox:
        users = len(pdpyras.APISession(sandbox.user_key).list_all('users'))
        waits = []

        def sleep(seconds):
            waits.append(seconds)
            sandbox.clock.advance(seconds=seconds)

        monkeypatch.setattr(pdpyras.time, 'sleep', sleep)
        monkeypatch.setenv('PAGERDUTY_API_KEY', sandbox.api_key)
        runpy.run_path(os.path.join(RECIPES, 'users_without_phone.py'), run_name='__main__')
        assert {seen.status for seen in sandbox.requests} == {200}
        assert len(sandbox.requests.of('GET', '/users/*/contact_methods')) == users
        assert len(waits) > 1, waits
    assert capsys.readouterr().out.splitlines()


# With other libraries


@needs('requests_cache', 'requests-cache')
def test_cached_responses_are_not_requested_again(run, sandbox, tmp_path):
    printed = run('cached_session.py')
    requests = len(sandbox.requests)
    assert printed == 'Web Shop - Default\n'
    assert run('cached_session.py') == printed
    assert len(sandbox.requests) == requests
    assert os.listdir(str(tmp_path)) == ['pagerduty.sqlite']
    assert sandbox.api_key.encode() not in (tmp_path / 'pagerduty.sqlite').read_bytes()


@needs('opentelemetry.instrumentation', 'opentelemetry-instrumentation-requests')
def test_requests_are_traced(run, sandbox):
    printed = run('traces.py')
    decoder, spans, position = json.JSONDecoder(), [], 0
    while position < len(printed):
        span, end = decoder.raw_decode(printed, position)
        spans.append(span)
        position = end + 1
    request, whole = spans
    assert whole['name'] == 'count services'
    assert request['parent_id'] == whole['context']['span_id']
    url = request['attributes']['http.url']
    assert url == 'https://api.pagerduty.com/services?limit=100&offset=0'
    assert sandbox.api_key not in printed


# Jobs


def test_a_failed_job_triggers_an_alert_which_its_success_resolves(run, account, sandbox):
    fail = 'import sys; sys.exit("The disk is full")'
    printed = run('page_on_failure.py', 'backup', sys.executable, '-c', fail, status=1)
    assert printed == 'The disk is full\n'
    (incident,) = account.list_all('incidents')
    assert incident['title'] == 'backup failed with exit status 1'
    event = sandbox.requests.of('POST', '/v2/enqueue')[0].json
    assert event['dedup_key'] == 'backup'
    assert event['payload']['custom_details']['stderr'] == 'The disk is full\n'

    run('page_on_failure.py', 'backup', sys.executable, '-c', 'pass')
    assert account.rget(incident)['status'] == 'resolved'


def test_a_missing_command_of_a_job_triggers_an_alert(run, account):
    printed = run('page_on_failure.py', 'backup', 'no-such-command', status=127)
    assert 'no-such-command' in printed
    (incident,) = account.list_all('incidents')
    assert incident['title'] == 'backup failed with exit status 127'


def test_a_failed_job_triggers_an_alert_if_its_output_is_not_utf_8(run, sandbox):
    fail = r'import os; os.write(2, b"cannot read caf\351.txt"); os._exit(3)'
    run('page_on_failure.py', 'backup', sys.executable, '-c', fail, status=3)
    (request,) = sandbox.requests.of('POST', '/v2/enqueue')
    stderr = request.json['payload']['custom_details']['stderr']
    assert stderr == 'cannot read caf\N{REPLACEMENT CHARACTER}.txt'


def test_a_job_may_start_a_background_process(run, account, tmp_path):
    job = """
import subprocess, sys
daemon = [sys.executable, '-c', 'import time; time.sleep(60)']
process = subprocess.Popen(daemon, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
open(sys.argv[1], 'w').write(str(process.pid))
sys.exit(1)
"""
    file = tmp_path / 'pid'
    run('page_on_failure.py', 'backup', sys.executable, '-c', job, str(file), status=1)
    os.kill(int(file.read_text()), signal.SIGTERM)  # ProcessLookupError if it has ended.
    assert len(account.list_all('incidents')) == 1


def test_a_job_without_a_command_prints_the_usage_and_sends_nothing(run, sandbox):
    printed = run('page_on_failure.py', 'backup', status=1)
    assert printed.startswith('Run a command: ')
    sandbox.requests.assert_sent('POST', '*', times=0)


def test_the_airflow_callbacks_trigger_and_resolve_an_alert(pagerduty_everywhere, monkeypatch):
    """Call the callbacks without Airflow, with a context of the same shape."""
    monkeypatch.setenv('PAGERDUTY_ROUTING_KEY', pagerduty_everywhere.routing_key)
    path = os.path.join(RECIPES, 'airflow_alerts.py')
    spec = importlib.util.spec_from_file_location('airflow_alerts', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    task = SimpleNamespace(dag_id='nightly', task_id='load', log_url='https://example.com/log')
    context = {'task_instance': task, 'run_id': 'run-1', 'exception': OSError('No route')}

    module.trigger_alert(context)

    (incident,) = pagerduty_everywhere.session().list_all('incidents')
    assert (incident['title'], incident['status']) == ('Task load of nightly failed', 'triggered')
    event = pagerduty_everywhere.requests.of('POST', '/v2/enqueue')[0].json
    assert event['payload']['custom_details'] == {'run': 'run-1', 'error': 'No route'}
    assert event['links'] == [{'href': 'https://example.com/log', 'text': 'Log'}]

    module.resolve_alert(dict(context, run_id='run-2', exception=None))
    assert pagerduty_everywhere.session().rget(incident)['status'] == 'resolved'


# PagerDuty's other APIs, which the sandbox lacks


@pytest.fixture
def responses():
    library = pytest.importorskip('responses', reason='responses is not installed')
    with library.RequestsMock() as mock:
        yield mock


def run_here(recipe, *arguments, **variables):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [recipe, *arguments])
        for name, value in variables.items():
            patch.setenv(name, value)
        runpy.run_path(os.path.join(RECIPES, recipe), run_name='__main__')


def test_the_recipe_lists_all_users_by_scim(responses, capsys):
    people = [
        {'userName': 'user{}@example.com'.format(n), 'displayName': 'User {}'.format(n)}
        for n in range(101)
    ]

    def page(request):
        start = int(parse_qs(urlsplit(request.url).query)['startIndex'][0])
        page = {'totalResults': 101, 'Resources': people[start - 1 : start + 99]}
        assert request.headers['Authorization'] == 'Token token=the-key-1234'
        return 200, {'Content-Type': request.headers['Accept']}, json.dumps(page)

    responses.add_callback('GET', 'https://api.pagerduty.com/scim/v2/Users', page)
    run_here('scim_users.py', PAGERDUTY_API_KEY='the-key-1234')
    assert capsys.readouterr().out.splitlines() == [
        'user{0}@example.com User {0}'.format(n) for n in range(101)
    ]
    assert len(responses.calls) == 2


def test_slack(responses, capsys):
    url = 'https://app.pagerduty.com/integration-slack/workspaces/T0123/connections'
    for number, more in ((1, True), (2, False)):
        connection = {'source_name': 'Shop {}'.format(number), 'channel_name': 'ops'}
        responses.get(url, json={'slack_connections': [connection], 'more': more})
    run_here('slack_connections.py', 'T0123', PAGERDUTY_USER_KEY='the-key-1234')
    assert capsys.readouterr().out.splitlines() == ['Shop 1 -> ops', 'Shop 2 -> ops']


def test_jira_cloud(responses):
    base_url = 'https://api.pagerduty.com/integration-jira-cloud'
    responses.get(base_url + '/accounts_mappings', json={'accounts_mappings': [1], 'more': True})
    responses.get(base_url + '/accounts_mappings', json={'accounts_mappings': [2], 'more': False})
    assert base_url in read('docs', 'cookbook.rst')
    session = pdpyras.APISession('the-key-1234', base_url=base_url)
    assert session.list_all('accounts_mappings') == [1, 2]


# The same script with PagerDuty's own client


@needs('pagerduty', 'pagerduty')
def test_a_script_and_its_port_to_the_successor_print_the_same(run, alerts):
    alerts.trigger('The oven is cold', 'oven-1')
    expected = '1 The oven is cold\n'
    assert run('open_incidents.py') == expected
    assert run('open_incidents_with_pagerduty.py') == expected


@needs('pagerduty', 'pagerduty')
def test_the_page_about_the_successor_has_its_names():
    import pagerduty

    rows = re.findall(r'^``(\w+)`` +``(\w+)``', read('docs', 'successor.rst'), re.MULTILINE)
    classes = [row for row in rows if row[0] in pdpyras.__all__]
    assert len(classes) == 8
    assert [theirs for _, theirs in classes if not hasattr(pagerduty, theirs)] == []
    client = pagerduty.RestApiV2Client
    shared = ('account_has_ability', 'get_total', 'iter_history', 'patch')
    assert [name for name in shared if not hasattr(client, name)] == []
    missing = ('jpatch', 'on_call', 'update_all', 'read_ahead', 'max_wait', 'spare_requests')
    assert [name for name in missing if hasattr(client, name)] == []
