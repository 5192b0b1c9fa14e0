"""The requests received by a sandbox: ``of``, ``assert_sent``, their reports, and the log."""

import logging
import queue
import re
from logging.handlers import QueueHandler
from unittest.mock import ANY

import pytest

from pdpyras_sandbox.received import access_log

NOTE = {'note': {'content': 'Looking into it'}}


def test_requests_are_found_by_method_and_path(web):
    incident = web.incident()
    web.get('/incidents/' + incident['id'])
    web.get('/incidents', limit=5)
    requests = web.sandbox.requests
    assert [seen.path for seen in requests.of('POST', '/incidents')] == ['/incidents']
    assert requests.of('get', 'incidents')[0].query == {'limit': ['5']}
    assert len(requests.of('GET', '/incidents*')) == 2
    assert len(requests.of('GET', '/incidents/*')) == 1
    assert len(requests.of('GET')) == len(requests) - 1
    assert requests.of('DELETE', '/incidents') == []


def test_path_with_a_query_is_rejected(web):
    with pytest.raises(ValueError, match='without its query'):
        web.sandbox.requests.of('GET', '/incidents?limit=5')


def test_assert_sent_returns_the_requests(web):
    incident = web.incident()
    path = f'/incidents/{incident["id"]}/notes'
    web.post(path, NOTE)
    requests = web.sandbox.requests
    (seen,) = requests.assert_sent('POST', path, json=NOTE, times=1)
    assert (seen.path, seen.status) == (path, 200)
    requests.assert_sent('POST', '/incidents/*/notes')
    requests.assert_sent('POST', path, json={'note': {'content': ANY}})
    requests.assert_sent('DELETE', path, times=0)
    requests.assert_sent('POST', path, json={'note': {}}, times=0)


def failure(web, *arguments, **options):
    with pytest.raises(AssertionError) as caught:
        web.sandbox.requests.assert_sent(*arguments, **options)
    return str(caught.value).splitlines()


def test_assert_sent_failure_lists_the_received_requests(web):
    web.get('/users', query='alex', include=['teams'])
    web.call('GET', '/nothing')
    assert failure(web, 'POST', '/incidents') == [
        'Expected at least one POST /incidents, but the sandbox received none.',
        '',
        'All requests that the sandbox received:',
        '  GET /users?query=alex&include[]=teams 200',
        '  GET /nothing 404',
    ]


def test_assert_sent_failure_shows_a_diff_of_the_most_similar_body(web):
    incident = web.incident()
    path = f'/incidents/{incident["id"]}/notes'
    web.post(path, {'note': {'content': 'Something else entirely'}, 'more': [1, 2, 3]})
    web.post(path, NOTE)
    expected = {'note': {'content': 'Looking into this'}}
    lines = failure(web, 'POST', path, json=expected)
    assert lines[:8] == [
        f'Expected at least one POST {path} with this body, but the sandbox received none.',
        'The expected body (-), and the most similar one (+):',
        '    {',
        '      "note": {',
        '  -     "content": "Looking into this"',
        '  +     "content": "Looking into it"',
        '      }',
        '    }',
    ]


def test_mock_any_is_not_in_the_diff(web):
    incidents = [web.incident('first'), web.incident('second')]
    changes = [{'id': i['id'], 'type': 'incident', 'status': 'acknowledged'} for i in incidents]
    web.put('/incidents', {'incidents': changes})
    first, second = ({'id': ANY, 'type': ANY, 'status': 'acknowledged'} for _ in incidents)
    expected = {'incidents': [first, {**second, 'status': 'resolved'}]}
    lines = failure(web, 'PUT', '/incidents', json=expected)
    different = [line for line in lines if line.startswith(('  -', '  +'))]
    assert different == [
        '  -       "status": "resolved",',
        '  +       "status": "acknowledged",',
    ]


def test_assert_sent_failure_has_the_number_of_requests(web):
    web.get('/users')
    web.get('/users')
    for times, expected in ((0, 'no'), (1, '1'), (3, '3')):
        line = f'Expected {expected} GET /users, but the sandbox received 2.'
        assert failure(web, 'GET', '/users', times=times)[0] == line


def test_assert_sent_failure_reports_that_no_requests_were_received(web):
    assert failure(web, 'GET', '/users')[-1] == 'The sandbox received no requests.'


def test_assert_sent_failure_lists_the_latest_requests_only(web):
    for number in range(25):
        web.get('/users', limit=number + 1)
    lines = failure(web, 'POST', '/users')
    assert lines[2] == 'The last 20 of 25 requests that the sandbox received:'
    assert lines[3:] == [f'  GET /users?limit={number} 200' for number in range(6, 26)]


def test_assert_sent_failure_truncates_bodies_and_masks_keys(web):
    web.event(summary='\x1b[31mred' + 'x' * 500)
    web.call('GET', '/a%1bb%0ac')
    lines = failure(web, 'GET', '/users')[3:]
    assert len(lines) == 2
    key = web.sandbox.routing_key
    assert lines[0].startswith(f'  POST /v2/enqueue 202 {{"routing_key": "*{key[-4:]}"')
    assert lines[0].endswith('x…')
    assert key not in lines[0]
    assert '\x1b' not in ''.join(lines)
    assert lines[1] == '  GET /a\\x1bb\\nc 404'


def test_keys_in_paths_and_events_of_version_1_are_masked_in_reports_and_the_log(web, caplog):
    caplog.set_level(logging.INFO, access_log.name)
    key = 'e93facc04764012d7bfb002500d5d1a6'
    event = {'service_key': key, 'event_type': 'trigger', 'description': f'with {key}'}
    web.call('POST', f'/integration/{key}/enqueue', {})
    web.call('POST', '/generic/2010-04-15/create_event.json', event)
    different = {**event, 'event_type': 'resolve'}
    lines = failure(web, 'POST', '/generic/*', json=different)
    assert '  POST /integration/*d1a6/enqueue 404 {}' in lines
    assert [line for line in lines if 'service_key' in line] == [
        '      "service_key": "*d1a6"',
        '  POST /generic/2010-04-15/create_event.json 400 {"service_key": "*d1a6",'
        ' "event_type": "trigger", "description": "with *d1a6"}',
    ]
    assert key not in '\n'.join([*lines, caplog.text])


def test_expected_key_is_masked_in_the_difference(web):
    key = 'e93facc04764012d7bfb002500d5d1a6'
    web.event()
    lines = failure(web, 'POST', '/v2/enqueue', json={'routing_key': key})
    assert any(line.startswith('  -   "routing_key": "*d1a6"') for line in lines)
    assert key not in '\n'.join(lines)


def test_each_request_is_logged_at_info(web, caplog, monkeypatch):
    # A queue, because a dropped request may be logged after its client gets the error.
    records = queue.Queue()
    caplog.set_level(logging.INFO, access_log.name)
    monkeypatch.setattr(access_log, 'handlers', [QueueHandler(records)])
    web.get('/users', limit=5)
    web.call('GET', '/a%1bb')
    web.sandbox.faults.next(drop='after')
    with pytest.raises(OSError, match='Connection aborted'):
        web.get('/users')
    messages = [records.get(timeout=5).getMessage() for _ in range(3)]
    lines = ['GET /users?limit=5 200', 'GET /a\\x1bb 404', 'GET /users no response']
    for message, line in zip(messages, lines):
        assert re.fullmatch(re.escape(line) + r' \d+ ms', message)


def test_request_without_a_response_is_reported_as_such(web):
    web.sandbox.faults.next(drop='before')
    with pytest.raises(OSError, match='Connection aborted'):
        web.get('/users')
    assert failure(web, 'POST', '/users')[-1] == '  GET /users no response'
