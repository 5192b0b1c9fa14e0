"""Checks of every request: authentication, headers, queries, bodies, limits; and connections."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests

from pdpyras_sandbox import Sandbox
from pdpyras_sandbox.limits import RateLimit

KEYS = ('api_key', 'user_key')


@pytest.mark.parametrize('name', KEYS)
def test_account_and_user_keys_are_accepted(pagerduty, name):
    key = getattr(pagerduty, name)
    answer = requests.get(
        pagerduty.url + '/users', headers={'Authorization': f'Token token={key}'}, timeout=5
    )
    assert answer.status_code == 200


def test_oauth_token_authenticates_its_user(pagerduty):
    headers = {'Authorization': f'Bearer {pagerduty.oauth_token}'}
    answer = requests.get(pagerduty.url + '/users/me', headers=headers, timeout=5)
    assert answer.json()['user']['email'] == pagerduty.email


@pytest.mark.parametrize(
    'authorization',
    ['Token token=wrong', 'Bearer {api_key}', 'Token {api_key}', 'Basic {api_key}', ''],
)
def test_invalid_credentials_are_401(web, authorization):
    header = authorization.format(api_key=web.sandbox.api_key)
    headers = {'Authorization': header}
    assert web.refusal('GET', '/users', headers=headers)[:2] == (401, 2006)


def test_account_key_has_no_current_user(web):
    answer = web.call('GET', '/users/me')
    assert answer.status_code == 400
    assert 'account-level access token' in answer.json()['error']


def test_an_account_key_creates_users_without_the_from_header(web):
    body = {'user': {'name': 'Bea Second', 'email': 'bea@example.com'}}
    assert web.call('POST', '/users', body, headers={'From': None}).status_code == 201


def test_unsupported_version_in_accept_header_is_rejected(web):
    headers = {'Accept': 'application/vnd.pagerduty+json;version=1'}
    status, code, errors = web.refusal('GET', '/users', headers=headers)
    assert (status, code) == (400, 2001)
    assert 'Version 1' in errors[0]


@pytest.mark.parametrize(
    ('sender', 'reason'), [(None, 'The header is missing'), ('stranger@example.com', 'No user has')]
)
def test_account_key_requires_the_from_header_for_incidents(web, sender, reason):
    incident = web.incident()
    body = {'incident': {'type': 'incident', 'status': 'acknowledged'}}
    path = '/incidents/' + incident['id']
    status, code, (error,) = web.refusal('PUT', path, body, headers={'From': sender})
    assert (status, code) == (400, 2001)
    assert "'From' header" in error
    assert reason in error


def test_user_key_requires_no_from_header(web):
    incident = web.incident()
    headers = {'From': None, 'Authorization': f'Token token={web.sandbox.user_key}'}
    body = {'incident': {'type': 'incident', 'status': 'acknowledged'}}
    answer = web.call('PUT', '/incidents/' + incident['id'], body, headers=headers)
    assert answer.json()['incident']['last_status_change_by']['id'] == web.owner['id']


@pytest.mark.parametrize(
    'query',
    [
        'limit=101',
        'limit=0',
        'limit=many',
        'offset=-1',
        'offset=9950&limit=100',
        'total=yes',
        'include[]=everything',
    ],
)
def test_invalid_query_is_rejected(web, query):
    assert web.refusal('GET', '/users?' + query)[:2] == (400, 2001)


def test_last_page_before_the_offset_limit_is_returned(web):
    assert web.get('/users', offset=9950, limit=50)['users'] == []


@pytest.mark.parametrize(
    ('body', 'reason'),
    [
        ({'name': 'A', 'email': 'a@example.com'}, 'user is required'),
        ({'user': {'name': 'A'}}, 'user.email is required'),
        ({'user': {'name': 'A', 'email': 'nobody'}}, 'user.email must be an email address'),
        ({'user': {'name': 1, 'email': 'a@example.com'}}, 'user.name must be a string'),
        ({'user': []}, 'user must be an object'),
        ([], 'body must be an object'),
    ],
)
def test_undocumented_body_is_rejected_with_reasons(web, body, reason):
    status, code, errors = web.refusal('POST', '/users', body)
    assert (status, code) == (400, 2001)
    assert reason in errors


@pytest.mark.parametrize(
    'path',
    [
        '/schedules/PNOBODY/overrides',
        '/teams/PNOTEAM/notification_subscriptions',
        '/business_services/PNOBODY/account_subscription',
    ],
)
def test_part_of_an_unknown_record_is_404(web, path):
    subscribable = {'subscribable_id': 'PNOBODY', 'subscribable_type': 'incident'}
    body = {'overrides': [], 'subscribables': [subscribable]}
    assert web.refusal('POST', path, body)[:2] == (404, 2100)


def test_invalid_json_is_rejected(web):
    headers = {'Content-Type': 'application/json'}
    status, code, (error,) = web.refusal('POST', '/users', data='{"user":', headers=headers)
    assert (status, code) == (400, 2001)
    assert 'Invalid JSON' in error


def test_form_encoded_body_is_rejected(web):
    (error,) = web.refusal('POST', '/users', data={'name': 'A'})[2]
    assert error == 'Content-Type must be application/json'


@pytest.mark.parametrize(
    'path',
    [
        '/nonesuch',
        '/users/PNOBODY',
        '/users/PNOBODY/contact_methods',
        '/users/PNOBODY/notification_subscriptions',
        '/users/PNOBODY/audit/records',
        '/teams/PNOTEAM/members',
        '/tags/PNOTAG/users',
    ],
)
def test_unknown_path_or_record_is_404(web, path):
    assert web.refusal('GET', path)[:2] == (404, 2100)


@pytest.mark.parametrize(
    'method, path', [('PATCH', '/users'), ('GET', '/v2/enqueue'), ('DELETE', '/_sandbox/reset')]
)
def test_unsupported_method_is_405(web, method, path):
    assert web.call(method, path, headers={'Content-Type': 'application/json'}).status_code == 405


@pytest.mark.parametrize(
    'path, allowed',
    [
        ('/users/PABC123', 'GET, DELETE, PUT, OPTIONS'),
        ('/tags/PABC123/users', 'GET, OPTIONS'),
        ('/v2/enqueue', 'POST, OPTIONS'),
    ],
)
def test_options_lists_the_methods_of_a_path(web, path, allowed):
    answer = web.call('OPTIONS', path)
    assert (answer.status_code, set(answer.headers['Allow'].split(', '))) == (
        200,
        set(allowed.split(', ')),
    )


def test_a_literal_segment_wins_over_a_parameter_if_it_has_the_method(web):
    assert web.get('/incidents/custom_fields') == {'fields': []}
    assert web.refusal('PUT', '/incidents/custom_fields', {'incident': {}})[0] == 404


def test_a_get_may_be_sent_as_head_and_with_a_trailing_slash(web):
    answer = web.call('HEAD', '/users/')
    assert (answer.status_code, answer.text) == (200, '')


def test_missing_ability_is_402(web):
    assert web.call('GET', '/abilities/teams').status_code == 204
    assert web.refusal('GET', '/abilities/flying')[0] == 402


def test_total_is_returned_only_if_requested(web):
    assert web.get('/users')['total'] is None
    assert web.get('/users', total='true')['total'] == 1
    # As requests and httpx send Python's booleans.
    assert web.get('/users', total='True')['total'] == 1
    assert web.get('/users', total='False')['total'] is None


def test_self_links_refer_to_the_sandbox_and_html_links_to_the_account(web):
    owner = web.owner
    assert web.call('GET', owner['self'][len(web.sandbox.url) :]).ok
    assert owner['html_url'] == 'https://sandbox.pagerduty.com/users/' + owner['id']


def test_self_links_are_https_behind_a_tls_proxy(web):
    headers = {'X-Forwarded-Proto': 'https'}
    user = web.call('GET', '/users', headers=headers).json()['users'][0]
    assert user['self'] == web.owner['self'].replace('http://', 'https://')


def test_responses_have_a_request_id_and_rate_limit_headers(web):
    headers = web.call('GET', '/users').headers
    assert len(headers['X-Request-Id']) == 32
    assert headers['ratelimit-limit'] == '960'
    assert headers['ratelimit-remaining'] == '959'


def test_connections_are_kept_open(web):
    for _ in range(3):
        web.call('GET', '/users')
    (pool,) = web.http.adapters['http://'].poolmanager.pools._container.values()
    assert (pool.num_connections, pool.num_requests) == (1, 3)


def test_unexpected_body_does_not_affect_the_next_request(web):
    web.call('DELETE', '/_sandbox/faults', {'surprising': 'body'})
    assert web.call('GET', '/users').status_code == 200


def test_chunked_body_is_read(web):
    body = (part for part in (b'{"team": {"type": "team", ', b'"name": "Platform"}}'))
    headers = {'Content-Type': 'application/json'}
    assert web.call('POST', '/teams', data=body, headers=headers).status_code == 201
    assert web.call('GET', '/teams').json()['teams'][0]['name'] == 'Platform'


@pytest.mark.parametrize(
    ('request_line', 'header', 'status'),
    [
        ('GET /_sandbox HTTP/1.0', 'Accept: */*', 200),
        ('GET /_sandbox HTTP/1.1', 'Connection: close', 200),
        ('POST /users HTTP/1.1', 'Content-Length: many', 400),
        ('POST /users HTTP/1.1', 'Content-Length: -1', 400),
        ('POST /users HTTP/1.1', 'Transfer-Encoding: chunked\r\n\r\nno chunk', 400),
    ],
)
def test_connection_is_closed_after_the_response_if_it_cannot_be_reused(
    web, request_line, header, status
):
    port = int(web.sandbox.url.rpartition(':')[2])
    with socket.create_connection(('127.0.0.1', port), timeout=5) as connection:
        connection.sendall(f'{request_line}\r\nHost: localhost\r\n{header}\r\n\r\n'.encode())
        with connection.makefile('rb') as answer:
            assert answer.read().split()[1] == str(status).encode()


def test_keys_of_a_deleted_user_are_rejected(web):
    owner, user = web.owner, web.user('Bea Second')
    (policy,) = web.get('/escalation_policies')['escalation_policies']
    policy['escalation_rules'][0]['targets'] = [{'id': user['id'], 'type': 'user_reference'}]
    web.put('/escalation_policies/' + policy['id'], {'escalation_policy': policy})
    assert web.call('DELETE', '/users/' + owner['id']).status_code == 204
    headers = {'Authorization': f'Token token={web.sandbox.user_key}'}
    assert web.refusal('GET', '/users', headers=headers)[0] == 401
    assert web.call('GET', '/users').status_code == 200
    assert web.call('GET', '/').status_code == 200


def test_requests_over_the_rate_limit_are_429_until_it_resets():
    now = [100.0]
    limit = RateLimit(2, clock=lambda: now[0])
    assert [limit.count('key')[1] for _ in range(3)] == [True, True, False]
    assert limit.count('other key')[1]
    now[0] += 45
    headers, passes = limit.count('key')
    assert (headers['ratelimit-reset'], passes) == ('15', False)
    now[0] += 15
    assert limit.count('key')[1]


def test_rate_limit_response_is_as_documented():
    with Sandbox(rate_limit=1) as sandbox:
        headers = {'Authorization': f'Token token={sandbox.api_key}'}
        first, second = (
            requests.get(sandbox.url + '/users', headers=headers, timeout=5) for _ in range(2)
        )
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()['error']['code'] == 2020
    assert 0 < int(second.headers['ratelimit-reset']) <= 60


def test_latency_delays_responses():
    with Sandbox(latency=20) as sandbox:
        answer = requests.get(sandbox.url + '/users', timeout=5)
    assert answer.elapsed.total_seconds() >= 0.02


def test_close_ends_requests_that_are_delayed():
    before = set(threading.enumerate())
    with Sandbox(latency=3_600_000) as sandbox:
        address = urlsplit(sandbox.url)
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(b'GET /users HTTP/1.1\r\nHost: localhost\r\n\r\n')
            deadline = time.monotonic() + 30
            while not sandbox.requests and time.monotonic() < deadline:
                time.sleep(0.001)
            sandbox.close()
    assert set(threading.enumerate()) <= before


def test_error_of_the_server_is_printed(monkeypatch, capsys):
    with Sandbox() as sandbox:  # At the end, it waits for the thread that prints.
        monkeypatch.setattr(sandbox._state.traffic, 'add', lambda seen: 1 / 0)
        with pytest.raises(requests.ConnectionError):
            requests.get(sandbox.url + '/users', timeout=5)
    assert 'ZeroDivisionError' in capsys.readouterr().err


def test_client_that_disconnects_in_the_middle_of_a_body_prints_no_error(capsys):
    with Sandbox() as sandbox:
        address = urlsplit(sandbox.url)
        with socket.create_connection((address.hostname, address.port), timeout=5) as client:
            head = b'POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n'
            client.sendall(head + b'abc')
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b''
    assert capsys.readouterr().err == ''


def test_received_requests_are_recorded(web):
    web.call('POST', '/users?total=true', {'user': {'name': 'A'}})
    (seen,) = web.sandbox.requests
    assert (seen.method, seen.path, seen.status) == ('POST', '/users', 400)
    assert seen.query == {'total': ['true']}
    assert seen.json == {'user': {'name': 'A'}}
    assert seen.headers['From'] == web.sandbox.email


def test_sandbox_listens_on_an_ipv6_address():
    try:
        sandbox = Sandbox(host='::1')
    except OSError as error:
        pytest.skip(f'this machine has no IPv6: {error}')
    with sandbox:
        assert sandbox.url.startswith('http://[::1]:')
        assert requests.get(sandbox.url + '/_sandbox', timeout=5).json()['url'] == sandbox.url
