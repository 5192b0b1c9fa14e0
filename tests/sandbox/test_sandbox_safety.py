"""Protection of the sandbox from websites, too long bodies and idle connections."""

import json
import socket
import ssl
import tracemalloc
from urllib.parse import urlsplit

import pytest
import requests

from pdpyras_sandbox import Sandbox, server, traffic
from pdpyras_sandbox.access import Access

REBINDING = (
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'api.pagerduty.com.evil.example',
    'evilpagerduty.com',
    'www.pagerduty.com',
    'localhost@evil.example',
    'evil.example@localhost',
    'evil',
    '[::1',
    ':8080',
    'a b',
)


@pytest.mark.parametrize('host', REBINDING)
@pytest.mark.parametrize('path', ['/_sandbox', '/', '/users', '/nonesuch'])
def test_request_with_an_unknown_host_name_is_rejected(web, host, path):
    answer = web.call('GET', path, headers={'Host': host})
    assert answer.status_code == 403
    assert 'is not a name of this sandbox' in answer.json()['error']['errors'][0]
    assert web.sandbox.api_key not in answer.text
    assert web.sandbox.requests == []


@pytest.mark.parametrize(
    'host',
    [
        'localhost',
        'LOCALHOST:80',
        'localhost.',
        'web.localhost:8080',
        '127.0.0.1:1',
        '127.1.2.3',
        '[::1]:8080',
        '192.168.1.2',
        'api.pagerduty.com',
        'api.eu.pagerduty.com:443',
        'events.pagerduty.com',
        'events.eu.pagerduty.com',
        'Identity.PagerDuty.com',
    ],
)
def test_host_names_of_this_machine_and_of_pagerduty_are_accepted(web, host):
    assert web.call('GET', '/users', headers={'Host': host}).status_code == 200


def test_short_host_names_are_accepted_in_a_container_network():
    everywhere = Access('0.0.0.0')
    assert everywhere.is_trusted('pagerduty:8080')
    assert not everywhere.is_trusted('pagerduty.example')
    assert Access('pagerduty.example').is_trusted('pagerduty.example:8080')


def test_configured_host_names_are_accepted():
    with Sandbox(names=['PagerDuty.test.svc', 'pagerduty.internal']) as sandbox:
        for host, status in (
            ('pagerduty.test.svc:8080', 200),
            ('pagerduty.internal.', 200),
            ('other.test.svc', 403),
        ):
            answer = requests.get(sandbox.url + '/_sandbox', headers={'Host': host}, timeout=10)
            assert answer.status_code == status


@pytest.mark.parametrize('option', ['names', 'webhooks_to'])
def test_string_instead_of_a_list_of_host_names_is_rejected(option):
    with pytest.raises(TypeError, match=f'{option} must be a list of host names'):
        Sandbox(**{option: 'pagerduty.internal'})


def test_name_without_a_certificate_is_rejected_and_leaves_the_state_file_unlocked(tmp_path):
    state = tmp_path / 'account.sqlite'
    with Sandbox(state=state):
        pass
    with pytest.raises(ValueError, match="cannot contain this host name: .*'my_host'"):
        Sandbox(tls=True, names=['my_host'], state=state)
    with Sandbox(state=state) as sandbox:
        assert sandbox.restored


def test_certificate_covers_the_configured_names():
    with Sandbox(tls=True, names=['pagerduty.internal']) as sandbox:
        address = urlsplit(sandbox.url)
        context = ssl.create_default_context(cafile=sandbox.ca_file)
        with socket.create_connection((address.hostname, address.port)) as connection:
            # The handshake fails if the certificate does not have the name.
            context.wrap_socket(connection, server_hostname='pagerduty.internal').close()


@pytest.mark.parametrize(
    'origin',
    ['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'http://[', ''],
)
@pytest.mark.parametrize(
    ('method', 'path'),
    [
        ('POST', '/_sandbox/reset'),
        ('POST', '/_sandbox/faults'),
        ('DELETE', '/_sandbox/faults'),
        ('GET', '/_sandbox'),
        ('GET', '/'),
    ],
)
def test_control_request_from_another_website_is_rejected(web, origin, method, path):
    web.team('Platform')
    fault = {'status': 503} if method == 'POST' else None
    answer = web.call(method, path, fault, headers={'Origin': origin})
    assert answer.status_code == 403
    assert 'another website' in answer.json()['error']['errors'][0]
    assert web.sandbox.faults.pending == []
    assert [team['name'] for team in web.get('/teams')['teams']] == ['Platform']


def test_control_request_from_the_sandbox_page_is_accepted(web):
    headers = {'Origin': web.sandbox.url}
    assert web.call('POST', '/_sandbox/reset', headers=headers).status_code == 204


def test_api_request_from_another_website_is_accepted_with_a_key(web):
    headers = {'Origin': 'https://app.example'}
    assert web.call('GET', '/users', headers=headers).status_code == 200


# Long bodies and many requests.


@pytest.fixture
def connect(pagerduty):
    """Return a function that opens sockets to the sandbox, which are closed after the test."""
    connections = []

    def open_one():
        port = int(pagerduty.url.rpartition(':')[2])
        connections.append(socket.create_connection(('127.0.0.1', port), timeout=20))
        return connections[-1]

    yield open_one
    for connection in connections:
        connection.close()


def answer_of(connection):
    """Return the status and decoded body of the response after which a connection is closed."""
    with connection.makefile('rb') as file:
        head, _, body = file.read().partition(b'\r\n\r\n')
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ('length', 'status'),
    [
        ('33554433', 413),
        ('99999999999999999999', 413),
        ('9' * 5000, 413),
        ('-1', 400),
        ('+5', 400),
        ('1e3', 400),
        ('0x10', 400),
        ('5, 5', 400),
        ('\xb2', 400),
        ('many', 400),
    ],
    ids=lambda value: str(value)[:20],
)
def test_invalid_content_length_is_rejected_before_the_body(connect, length, status):
    connection = connect()
    head = f'POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n'
    connection.sendall(head.encode('latin-1'))
    connection.shutdown(socket.SHUT_WR)
    answered, body = answer_of(connection)
    assert answered == status
    assert 'Content-Length' in body['error']['message'] or '32 MiB' in body['error']['message']


@pytest.mark.parametrize(
    'chunks', ['no chunk\r\n', '-5\r\nhello\r\n', '5\r\nhello!\r\n', '5\r\nhel', '5']
)
def test_body_with_invalid_chunks_is_rejected(connect, chunks):
    connection = connect()
    head = 'POST /users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    connection.sendall((head + chunks).encode())
    connection.shutdown(socket.SHUT_WR)
    status, body = answer_of(connection)
    assert (status, body['error']['message']) == (400, 'The body is not in valid chunks')


@pytest.fixture
def short_bodies(monkeypatch):
    monkeypatch.setattr(server, 'MAXIMUM_BODY', 200_000)


def in_chunks(length):
    return (b'x' * 10_000 for _ in range(length // 10_000))


@pytest.mark.parametrize(
    'body', [lambda length: b'x' * length, in_chunks], ids=['known', 'chunked']
)
def test_client_receives_the_error_for_a_body_that_is_too_long(web, short_bodies, body):
    headers = {'Content-Type': 'application/json'}
    answer = web.call('POST', '/users', data=body(350_000), headers=headers)
    assert answer.status_code == 413
    assert 'longer than' in answer.json()['error']['message']
    assert web.call('POST', '/users', data=body(150_000), headers=headers).status_code == 400


def test_recorded_requests_stay_within_the_limits(web, monkeypatch):
    monkeypatch.setattr(traffic, 'MAXIMUM_BYTES', 1_000_000)
    for _ in range(20):
        assert web.call('POST', '/users', {'user': {'name': 'x' * 100_000}}).status_code == 400
    seen = web.sandbox.requests
    assert len(seen) == 9
    assert sum(request.size for request in seen) < 1_000_000
    assert seen[-1].json['user']['name'] == 'x' * 100_000


def test_recorded_requests_and_responses_stay_within_64_mebibytes():
    responses = traffic.KEPT_RESPONSES * traffic.SHOWN_BYTES
    assert traffic.MAXIMUM_BYTES + responses <= 64 * 2**20
    assert server.MAXIMUM_BODY < traffic.MAXIMUM_BYTES


@pytest.mark.parametrize(
    ('query', 'body'),
    [
        ({}, '{}'),
        ({'a': ['\U0001f600' + 'a' * 2_000]}, '{}'),
        ({f'n{n}': ['v'] for n in range(1_000)}, '{}'),
        ({}, json.dumps([{'a': n} for n in range(5_000)])),
    ],
    ids=['plain', 'wide characters', 'many parameters', 'long body'],
)
def test_size_of_a_request_is_not_underestimated(query, body):
    def received():
        copy = json.loads(json.dumps(query))
        return traffic.Request('POST', '/users', copy, {}, body.encode())

    tracemalloc.start()
    try:
        kept = [received() for _ in range(20)]
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(request.json == json.loads(body) for request in kept)
    assert size < sum(request.size for request in kept)


def test_oldest_requests_are_dropped(web, monkeypatch):
    monkeypatch.setattr(traffic, 'KEPT', 3)
    for number in range(5):
        web.call('GET', f'/users?offset={number}')
    assert [seen.query['offset'] for seen in web.sandbox.requests] == [['2'], ['3'], ['4']]


# Idle connections.


def test_idle_connection_is_closed(pagerduty, connect, monkeypatch):
    monkeypatch.setattr(server.Handler, 'timeout', 0.05)
    assert connect().recv(1) == b''


def test_connection_is_closed_if_the_body_stalls(connect, monkeypatch):
    monkeypatch.setattr(server.Handler, 'timeout', 0.05)
    connection = connect()
    connection.sendall(b'POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{')
    assert connection.recv(1) == b''


def test_idle_timeout_is_one_minute():
    assert server.Handler.timeout == 60


def test_many_idle_connections_do_not_block_new_clients(web, connect):
    """The sandbox keeps the latest idle connections, because open files are limited."""
    # As many as wait to be accepted; the system would retry more of them after a second.
    connections = [connect() for _ in range(server.BACKLOG)]
    assert web.call('GET', '/users').status_code == 200
    for connection in connections[: server.BACKLOG - server.MAXIMUM_IDLE]:
        assert connection.recv(1) == b''
    connections[-1].sendall(b'GET /_sandbox HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert connections[-1].recv(12) == b'HTTP/1.1 200'


def test_connection_in_use_is_not_closed_as_idle(pagerduty, connect):
    pagerduty.faults.next(hang=30)
    busy = connect()
    busy.sendall(b'GET /users HTTP/1.1\r\nHost: localhost\r\n\r\n')
    while not pagerduty.requests:
        pass
    for _ in range(server.MAXIMUM_IDLE + 10):
        connect()
    pagerduty._state.stopping.set()
    try:
        assert busy.recv(12) == b'HTTP/1.1 401'
    finally:
        pagerduty._state.stopping.clear()
