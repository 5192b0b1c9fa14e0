"""Dumping accounts as JSON, and loading them."""

import copy
import json
import re
import subprocess
import sys

import pytest
import requests

from pdpyras_sandbox import Sandbox

MODULE = [sys.executable, '-m', 'pdpyras_sandbox']


def headers(sandbox):
    return {'Authorization': f'Token token={sandbox.api_key}', 'From': sandbox.email}


def listed(sandbox, *paths):
    """Return the records of some listings, without the port in links."""
    answers = [
        requests.get(f'{sandbox.url}{path}?limit=100', headers=headers(sandbox), timeout=5)
        for path in paths or ('/users', '/teams', '/services', '/schedules', '/incidents', '/tags')
    ]
    return [answer.text.replace(sandbox.url, '') for answer in answers]


def trigger(sandbox):
    payload = {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'}
    event = {'routing_key': sandbox.routing_key, 'event_action': 'trigger', 'payload': payload}
    return requests.post(sandbox.url + '/v2/enqueue', json=event, timeout=5).json()['dedup_key']


@pytest.fixture(scope='module')
def company():
    """A dump of an account with sample data, and its listings."""
    with Sandbox(seed=7) as sandbox:
        trigger(sandbox)
        # Stored as a boolean.
        (service, *_) = json.loads(listed(sandbox, '/services')[0])['services']
        path = f'/event_orchestrations/services/{service["id"]}/active'
        body = {'active': False}
        requests.put(sandbox.url + path, json=body, headers=headers(sandbox), timeout=5)
        sandbox.clock.advance(minutes=10)
        return sandbox.dump(), listed(sandbox), sandbox.api_key


def test_loaded_account_equals_the_dumped_account(pagerduty, company):
    dumped, listings, api_key = company
    # As if read from a file.
    pagerduty.load(json.loads(json.dumps(dumped)))
    assert pagerduty.api_key == api_key
    assert listed(pagerduty) == listings
    assert pagerduty.dump()['records'] == dumped['records']


def test_timeouts_of_a_loaded_account_fire(pagerduty, company):
    pagerduty.load(company[0])
    assert pagerduty.clock.ahead.total_seconds() > 500

    def statuses():
        # Only this service resolves its incidents automatically.
        found = json.loads(listed(pagerduty, '/incidents')[0])['incidents']
        return [i['status'] for i in found if i['service']['summary'] == 'Web Shop']

    assert statuses() == ['triggered']
    pagerduty.clock.advance(hours=4)
    assert statuses() == ['resolved']


def test_dedup_keys_are_not_repeated_after_loading_a_dump(pagerduty):
    first = trigger(pagerduty)
    pagerduty.load(pagerduty.dump())
    assert trigger(pagerduty) != first


def test_new_ids_after_loading_the_same_dump_are_the_same(pagerduty, company):
    keys = []
    for _ in range(2):
        pagerduty.load(company[0])
        keys.append(trigger(pagerduty))
    assert keys[0] == keys[1]


def test_a_dump_does_not_change_with_the_account(pagerduty):
    dumped = pagerduty.dump()
    before = copy.deepcopy(dumped)
    user = {'user': {'name': 'Renamed', 'email': 'renamed@example.com'}}
    (owner,) = (
        path for path in dumped['records'] if path.startswith('/users/') and path.count('/') == 2
    )
    requests.put(pagerduty.url + owner, json=user, headers=headers(pagerduty), timeout=5)
    assert dumped == before
    assert pagerduty.dump() != before


def test_reset_after_load_restores_the_initial_account(pagerduty, company):
    start, api_key = listed(pagerduty), pagerduty.api_key
    pagerduty.load(company[0])
    pagerduty.reset()
    assert pagerduty.api_key == api_key
    assert [len(text) for text in listed(pagerduty)] == [len(text) for text in start]


def test_sandbox_started_from_a_dump_is_reset_to_the_dump(company):
    dumped, listings, _ = company
    with Sandbox(load=dumped) as sandbox:
        assert listed(sandbox) == listings
        trigger(sandbox)
        sandbox.reset()
        assert listed(sandbox) == listings


def test_reset_does_not_depend_on_later_changes_of_a_loaded_dict(pagerduty):
    dumped = pagerduty.dump()
    with Sandbox(load=dumped) as sandbox:
        dumped['records'].clear()
        sandbox.reset()
        assert sandbox.dump()['records'] == pagerduty.dump()['records'] != {}


def test_state_file_stores_a_loaded_account(tmp_path, company):
    dumped, listings, api_key = company
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        sandbox.load(dumped)
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        assert sandbox.api_key == api_key
        assert listed(sandbox) == listings


def test_accounts_are_dumped_and_loaded_over_http(pagerduty, company):
    response = requests.post(pagerduty.url + '/_sandbox/load', json=company[0], timeout=5)
    assert response.status_code == 204
    assert listed(pagerduty) == company[1]
    dumped = requests.get(pagerduty.url + '/_sandbox/dump', timeout=5).json()
    assert dumped == pagerduty.dump()


def changed(**changes):
    return lambda dumped: {**dumped, **changes}


def without_a_key(dumped):
    keys = {**dumped['documents']['/_sandbox/keys'], 'api_key': None}
    return {**dumped, 'documents': {**dumped['documents'], '/_sandbox/keys': keys}}


def with_record(path, **record):
    return lambda dumped: {
        **dumped,
        'records': {**dumped['records'], path: {'id': path.rpartition('/')[2], **record}},
    }


INCIDENT = {'service': {'id': 'P1'}, 'status': 'resolved', 'incident_number': 1}

BAD = [
    (lambda dumped: [], 'not a dump of an account'),
    (lambda dumped: {'users': []}, 'it has no "pdpyras_sandbox"'),
    (changed(pdpyras_sandbox=2), 'version 2; this sandbox reads version 1'),
    (changed(records=[]), 'records must be an object'),
    (changed(documents=None), 'documents must be an object'),
    (changed(records={'/users/P1': []}), '/users/P1 must be an object'),
    (changed(records={'users': {}}), "'users' is not a path"),
    (changed(records={'/users/P1': {'id': 'P2'}}), "the id of /users/P1 must be 'P1'"),
    (changed(documents={}), 'has no api_key'),
    (without_a_key, 'has no api_key'),
    (with_record('/users/P1'), "the record at '/users/P1' is not valid"),
    (with_record('/incidents/Q1', **INCIDENT), "incomplete or invalid .*'pending_actions'"),
    (with_record('/_sandbox/deliveries/1'), "incomplete or invalid .*'status'"),
]


@pytest.mark.parametrize(('change', 'reason'), BAD, ids=[reason for _, reason in BAD])
def test_invalid_dump_is_rejected_and_changes_nothing(pagerduty, change, reason):
    trigger(pagerduty)
    before, events = pagerduty.dump(), pagerduty.event_log
    content = change(before)
    with pytest.raises(ValueError, match=reason):
        pagerduty.load(content)
    response = requests.post(pagerduty.url + '/_sandbox/load', json=content, timeout=5)
    assert response.status_code == 400
    assert pagerduty.dump() == before
    assert pagerduty.event_log == events


def test_failed_load_leaves_the_state_file_unchanged(tmp_path):
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        before = sandbox.dump()
        with pytest.raises(ValueError, match='/users/P1'):
            sandbox.load(with_record('/users/P1')(before))
        assert sandbox.dump() == before
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        assert sandbox.dump() == before


def test_sandbox_cannot_start_from_a_dump_with_an_incomplete_record(company):
    with pytest.raises(ValueError, match="'pending_actions'"):
        Sandbox(load=with_record('/incidents/Q1', **INCIDENT)(company[0]))


# The command line.


def test_a_state_file_is_printed_as_json_that_can_be_loaded(command, tmp_path):
    state = tmp_path / 'account.sqlite'
    with Sandbox(seed=3, state=state) as sandbox:
        listings = listed(sandbox)
    status, output, errors = command('dump', '--state', str(state))
    assert (status, errors) == (0, '')
    file = tmp_path / 'account.json'
    file.write_text(output, encoding='utf-8')
    with Sandbox(load=file) as sandbox:
        assert listed(sandbox) == listings


def test_dump_command_reports_a_missing_file_and_does_not_create_it(refusal, tmp_path):
    missing = tmp_path / 'missing.sqlite'
    line = f'pdpyras_sandbox: There is no file {missing}'
    assert refusal('dump', '--state', str(missing)) == line
    assert not missing.exists()


def test_dump_command_requires_a_state_file(refusal):
    assert refusal('dump') == 'pdpyras_sandbox: the following arguments are required: --state'


def test_dump_command_ends_quietly_if_its_output_pipe_breaks(tmp_path):
    state = tmp_path / 'account.sqlite'
    with Sandbox(seed=3, state=state):
        pass
    command = [*MODULE, 'dump', '--state', str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b''
    assert process.returncode == 0


def test_dump_command_reports_a_file_without_an_account(refusal, tmp_path):
    other = tmp_path / 'other'
    other.write_text('not a database, but a text that is long enough for one' * 20)
    line = refusal('dump', '--state', str(other))
    assert line.startswith(f'pdpyras_sandbox: Cannot keep the account in {other}')


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (None, 'Cannot load .*account.json: No such file or directory'),
        ('{', 'Cannot load .*account.json: it is not JSON'),
        ('{}', 'not a dump of an account'),
    ],
    ids=['missing', 'not JSON', 'not a dump'],
)
def test_invalid_load_file_is_rejected_before_the_start(refusal, tmp_path, content, reason):
    file = tmp_path / 'account.json'
    if content is not None:
        file.write_text(content, encoding='utf-8')
    with pytest.raises(ValueError, match=reason):
        Sandbox(load=str(file))
    assert re.search(reason, refusal('--port', '0', '--load', str(file)))


def test_seed_and_load_cannot_be_combined(refusal):
    line = refusal('--port', '0', '--seed', '1', '--load', 'account.json')
    assert '--load and --seed cannot be combined' in line
