"""Each command, as a process against a sandbox."""

import json
import os
import sys
from pathlib import Path

import pytest
from cli_process import WITHOUT_WAITS

from pdpyras_extras.cli.options import ARRAY_PARAMETERS


def incidents_of(account_session, key):
    return account_session.list_all('incidents', params={'incident_key': key, 'date_range': 'all'})


def status_of(account_session, key):
    (incident,) = incidents_of(account_session, key)
    return incident['status']


# Events


def test_trigger_acknowledge_and_resolve_print_only_the_dedup_key(pdp, account_session):
    key = pdp.output('trigger', 'Disk is full', '--source', 'db-1').strip()
    assert status_of(account_session, key) == 'triggered'
    assert pdp.output('acknowledge', key) == key + '\n'
    assert status_of(account_session, key) == 'acknowledged'
    assert pdp.output('resolve', key) == key + '\n'
    assert status_of(account_session, key) == 'resolved'


def test_trigger_sends_every_option(pdp, account):
    options = '--source db-1 --severity warning --dedup-key disk --component sda --group dbs'
    more = '--class full --detail free=0 --detail disk=a --detail disk=b --link https://e.example/'
    assert pdp.output('trigger', 'Disk is full', *options.split(), *more.split()) == 'disk\n'
    (seen,) = account.requests
    event = dict(seen.json)
    assert event.pop('routing_key') == account.routing_key
    assert event == {
        'event_action': 'trigger',
        'dedup_key': 'disk',
        'payload': {
            'summary': 'Disk is full',
            'source': 'db-1',
            'severity': 'warning',
            'component': 'sda',
            'group': 'dbs',
            'class': 'full',
            'custom_details': {'free': '0', 'disk': ['a', 'b']},
        },
        'links': [{'href': 'https://e.example/', 'text': 'https://e.example/'}],
    }


@pytest.mark.skipif(sys.platform != 'linux', reason='arguments are bytes on Linux')
@pytest.mark.parametrize('command', ['trigger', 'change'])
def test_text_of_an_event_in_another_encoding_is_escaped(pdp, account, command):
    utf8 = pdp.with_variables(PYTHONUTF8='1')
    utf8.output(command, b'Gr\xf6n', '--detail', b'job=Gr\xf6n')
    payload = account.requests[-1].json['payload']
    assert payload['summary'] == r'Gr\udcf6n'
    assert payload['custom_details'] == {'job': r'Gr\udcf6n'}


def test_trigger_uses_this_host_as_the_default_source(pdp, account):
    pdp.output('trigger', 'Disk is full')
    assert account.requests[-1].json['payload']['source']


def test_a_retry_of_trigger_sends_the_same_dedup_key(pdp, account):
    account.faults.next(1, drop='after', path='/v2/enqueue')
    key = pdp.output('trigger', 'Disk is full', setup=WITHOUT_WAITS)
    first, second = account.requests
    assert first.json == second.json
    assert first.json['dedup_key'] == key.strip()


@pytest.mark.parametrize('command', ['trigger', 'change'])
def test_a_summary_that_is_too_long_is_reported(pdp, account, command):
    done = pdp.run(command, 2000 * 's', '--source', 'db-1')
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith('pdpyras: The summary of an event has 2000 characters')
    assert len(account.requests[-1].json['payload']['summary']) == 1024


@pytest.mark.parametrize('command', ['trigger', 'change'])
def test_details_that_are_left_out_are_reported(pdp, account, command):
    # Linux limits each argument to 128 KiB.
    details = [f'--detail={name}=' + 110_000 * 'x' for name in 'abcde']
    done = pdp.run(command, 'Disk is full', '--source', 'db-1', *details)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith('pdpyras: An event has 55')
    assert 'custom_details were left out' in line
    assert list(account.requests[-1].json['payload']['custom_details']) == ['left_out']


def test_change_reports_a_change(pdp, account_session):
    printed = pdp.output('change', 'Deployed web 1.2', '--source', 'web', '--detail', 'by=ci')
    (change,) = account_session.rget('change_events')
    assert printed == change['id'] + '\n'
    assert (change['summary'], change['source']) == ('Deployed web 1.2', 'web')
    assert change['custom_details'] == {'by': 'ci'}


# Requests


def test_get_prints_the_resource_as_json(pdp, account_session):
    user = account_session.rget('users', params={'limit': 1})[0]
    printed = json.loads(pdp.output('get', 'users/' + user['id']))
    assert printed == user


def test_get_sends_repeated_query_parameters(pdp, account):
    pdp.output(
        *('get', 'incidents', '--param', 'limit=1'),
        *('--param', 'statuses[]=triggered', '--param', 'statuses[]=resolved'),
    )
    assert account.requests[-1].query == {
        'limit': ['1'],
        'statuses[]': ['triggered', 'resolved'],
    }


def test_filters_that_take_several_values_get_their_brackets(pdp, account):
    pdp.output(
        *('list', 'incidents', '--param', 'statuses=triggered', '--param', 'urgencies[]=low'),
        *('--param', 'urgencies=high', '--param', 'date_range=all', '--limit', '1'),
    )
    query = account.requests[-1].query
    assert (query['statuses[]'], query['urgencies[]']) == (['triggered'], ['low', 'high'])
    assert query['date_range'] == ['all']
    assert not {'statuses', 'urgencies'} & set(query)


@pytest.mark.skipif('PAGERDUTY_OPENAPI' not in os.environ, reason='needs the OpenAPI document')
def test_array_parameters_are_those_that_have_brackets_throughout_the_document():
    document = json.loads(Path(os.environ['PAGERDUTY_OPENAPI']).read_text(encoding='utf-8'))
    items = [item for path in document['paths'].values() for item in path.values()]
    operations = [item for item in items if isinstance(item, dict)]
    references = [each for operation in operations for each in operation.get('parameters', ())]
    shared = document['components']['parameters']
    parameters = [
        shared[each['$ref'].rpartition('/')[2]] if '$ref' in each else each for each in references
    ]
    names = {each['name'] for each in parameters if each['in'] == 'query'}
    arrays = {name[:-2] for name in names if name.endswith('[]')}
    assert arrays - names == ARRAY_PARAMETERS


def test_post_put_and_delete_create_change_and_delete_a_team(pdp, account_session, tmp_path):
    body = '{"type": "team", "name": "Bäcker"}'
    team = json.loads(pdp.output('post', 'teams', '--json', '-', stdin=body))
    assert account_session.rget(team)['name'] == 'Bäcker'
    file = tmp_path / 'team.json'
    file.write_text('{"team": {"type": "team", "name": "Cooks"}}')
    path = 'teams/' + team['id']
    assert json.loads(pdp.output('put', path, '--json', str(file)))['name'] == 'Cooks'
    assert pdp.output('delete', path) == ''
    assert account_session.get(path).status_code == 404


def test_patch_sends_a_patch(pdp, account):
    path = '/workflows/integrations/P1/connections/P2'
    pdp.run('patch', path, '--json', '-', stdin='{"name": "x"}')
    assert [(seen.method, seen.path) for seen in account.requests] == [('PATCH', path)]


# Listings


def test_list_prints_a_line_of_json_for_each_record_in_a_pipe(pdp, account_session):
    lines = pdp.output('list', 'users').splitlines()
    assert [json.loads(line) for line in lines] == account_session.list_all('users')


def test_list_as_json_is_an_array(pdp, account_session):
    assert json.loads(pdp.output('list', 'users', '--format', 'json')) == account_session.list_all(
        'users'
    )


def test_list_as_json_of_an_empty_collection_is_an_empty_array(pdp):
    assert pdp.output('list', 'maintenance_windows', '--format', 'json') == '[]\n'


def test_list_stops_at_a_limit_and_requests_no_more_pages(pdp, account):
    lines = pdp.output('list', 'users', '--limit', '3').splitlines()
    assert len(lines) == 3
    (seen,) = account.requests
    assert seen.query['limit'] == ['3']


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('2026-01-31T10:00:00+0200', '2026-01-31T08:00:00Z'),
        ('2026-01-31T10:00-02:00', '2026-01-31T12:00:00Z'),
        ('2026-01-31t10:00:05z', '2026-01-31T10:00:05Z'),
        ('2026-01-31 10:00:05.5Z', '2026-01-31T10:00:05Z'),
        ('2026-01-31T10:00:05.123456789+00:00', '2026-01-31T10:00:05Z'),
    ],
)
def test_since_is_sent_in_utc(pdp, account, text, expected):
    pdp.output('list', 'incidents', '--since', text, '--until', '2026-02-28T00:00Z')
    assert account.requests[-1].query['since'] == [expected]


def test_fields_select_nested_attributes(pdp, account_session):
    printed = pdp.output(
        'list', 'services', '--fields', 'id,escalation_policy.summary', '--limit', '1'
    )
    service = account_session.rget('services', params={'limit': 1})[0]
    assert json.loads(printed) == {
        'id': service['id'],
        'escalation_policy.summary': service['escalation_policy']['summary'],
    }


def test_list_writes_a_file_in_the_format_of_its_extension(pdp, account_session, tmp_path):
    file = tmp_path / 'users.csv'
    file.write_text('the last export')
    assert pdp.output('list', 'users', '--fields', 'id,email', '-o', str(file)) == ''
    expected = ['{id},{email}'.format(**user) for user in account_session.iter_all('users')]
    assert file.read_text().splitlines() == ['id,email', *expected]
    assert [path.name for path in tmp_path.iterdir()] == ['users.csv']


def test_a_listing_of_strings_has_one_field(pdp, account_session):
    printed = pdp.run('list', 'abilities', '--format', 'csv')
    assert printed.stdout.splitlines() == ['value', *account_session.rget('abilities')]
