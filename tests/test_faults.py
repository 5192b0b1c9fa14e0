"""Faults of the network and of the server, for each kind of request.

For every fault, the tests check the number of attempts, the waits, the error and its cause, and
that the session can be used afterwards.
"""

import random
import socket
from contextlib import contextmanager

import pytest
import requests
from requests.adapters import HTTPAdapter
from wire import Hang, Hangup, Reply, Reset, WireServer

import pdpyras
from pdpyras import PDClientError, PDHTTPError, PDServerError

pytestmark = pytest.mark.usefixtures('no_garbage_collection')

USER = {'id': 'P1', 'name': 'Jane'}


class Operation:
    """A kind of request: the call, a good response to it, and the result."""

    def __init__(self, session, call, good, result):
        self.session = session
        self.good = good
        self.result = result
        self._call = call

    def run(self):
        return self._call(self.session)


OPERATIONS = {
    'GET': (lambda session: session.rget('/users/P1'), Reply(200, {'user': USER}), USER),
    'PUT': (
        lambda session: session.rput('/users/P1', json=USER),
        Reply(200, {'user': USER}),
        USER,
    ),
    'POST': (lambda session: session.rpost('/users', json=USER), Reply(201, {'user': USER}), USER),
    'DELETE': (lambda session: session.rdelete('/users/P1').status_code, Reply(204), 204),
    'event': (
        lambda session: session.trigger('Server is on fire', 'here', dedup_key='abc'),
        Reply(202, {'status': 'success', 'dedup_key': 'abc'}),
        'abc',
    ),
}


def _operation(name, session, events):
    return Operation(events if name == 'event' else session, *OPERATIONS[name])


@pytest.fixture(params=OPERATIONS)
def operation(request, session, events):
    return _operation(request.param, session, events)


@pytest.fixture(params=[name for name in OPERATIONS if name != 'DELETE'])
def reading(request, session, events):
    """An operation that reads the body of its response."""
    return _operation(request.param, session, events)


@pytest.fixture(autouse=True)
def tries(monkeypatch):
    """The method of each request passed to the network, whether it arrived or not."""
    sent = []
    send = HTTPAdapter.send

    def counting_send(self, request, **options):
        sent.append(request.method)
        return send(self, request, **options)

    monkeypatch.setattr(HTTPAdapter, 'send', counting_send)
    return sent


def assert_usable(operation, api, sleeps):
    """Assert that the session works as if nothing had happened."""
    del sleeps[:]
    api.reset()
    api.rule(lambda seen: operation.good)
    for _ in range(3):
        assert operation.run() == operation.result
    assert sleeps == []


def assert_fails_after_four_attempts(operation, cause, sleeps, tries):
    with pytest.raises(PDClientError) as error:
        operation.run()
    assert type(error.value) is PDClientError
    assert isinstance(error.value.__cause__, cause)
    assert not error.value.response
    assert len(tries) == 4
    assert sleeps == [3, 6, 12]


# Faults of the network, which are retried

RESET_MIDWAY = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"user": {"id":'
CLOSED_MIDWAY = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"user": {"id":'
NOT_HTTP = b'SSH-2.0-OpenSSH_9.6\r\n'
NOT_GZIP = Reply(200, b'not gzip at all', {'Content-Encoding': 'gzip'})

NETWORK_FAULTS = [
    pytest.param(Hangup(), requests.ConnectionError, id='closed before the response'),
    pytest.param(Reset(), requests.ConnectionError, id='reset before the response'),
    pytest.param(
        Reset(RESET_MIDWAY),
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError),
        id='reset in the middle of the body',
    ),
    pytest.param(
        Hangup(CLOSED_MIDWAY),
        requests.exceptions.ChunkedEncodingError,
        id='closed in the middle of the body',
    ),
    pytest.param(Hangup(NOT_HTTP), requests.ConnectionError, id='another protocol'),
    pytest.param(Hang(), requests.exceptions.ReadTimeout, id='hangs past the timeout'),
    pytest.param(NOT_GZIP, requests.exceptions.ContentDecodingError, id='broken compression'),
]


@pytest.mark.parametrize('fault, cause', NETWORK_FAULTS)
def test_a_permanent_network_fault_raises_after_four_attempts(
    fault, cause, api, operation, sleeps, tries
):
    # Only a server that hangs may run into the timeout, however busy this machine is.
    operation.session.timeout = 0.02 if isinstance(fault, Hang) else 30
    api.answer(fault, times=10)
    assert_fails_after_four_attempts(operation, cause, sleeps, tries)
    operation.session.timeout = 30
    assert_usable(operation, api, sleeps)


@pytest.fixture
def give_up_once(monkeypatch, api, tries):
    """A function that makes only the next attempt time out, however busy this machine is."""
    send = HTTPAdapter.send

    def send_with_short_timeout(self, request, **options):
        monkeypatch.setattr(HTTPAdapter, 'send', send)
        try:
            return send(self, request, **dict(options, timeout=0.02))
        finally:
            # Otherwise the server might receive the next attempt first.
            api.wait_for(1)

    return lambda: monkeypatch.setattr(HTTPAdapter, 'send', send_with_short_timeout)


@pytest.mark.parametrize('fault, cause', NETWORK_FAULTS)
def test_a_temporary_network_fault_is_retried(
    fault, cause, api, operation, sleeps, tries, give_up_once
):
    if isinstance(fault, Hang):
        give_up_once()
    api.answer(fault)
    api.answer(operation.good)
    assert operation.run() == operation.result
    assert len(tries) == len(api.seen) == 2
    assert sleeps == [3]


def test_a_refused_connection_raises_after_four_attempts(api, operation, sleeps, tries):
    api.close()
    assert_fails_after_four_attempts(operation, requests.ConnectionError, sleeps, tries)
    with _server_at(api.port) as back_again:
        assert_usable(operation, back_again, sleeps)


@contextmanager
def _server_at(port):
    server = WireServer(port)
    yield server
    server.close()


def test_a_host_without_an_address_raises_after_four_attempts(
    monkeypatch, api, operation, sleeps, tries
):
    def no_address(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')

    with monkeypatch.context() as patch:
        patch.setattr(socket, 'getaddrinfo', no_address)
        assert_fails_after_four_attempts(operation, requests.ConnectionError, sleeps, tries)
    assert api.seen == []
    assert_usable(operation, api, sleeps)


# Faults of the response, which are not retried

UNREADABLE = [
    pytest.param(b'{"user": {"id": "P', ValueError, id='truncated JSON'),
    pytest.param(b'{"user": nonsense}', ValueError, id='invalid JSON'),
    pytest.param(b'[' * 100000 + b']' * 100000, RecursionError, id='100,000 brackets'),
    pytest.param(b'{"a":' * 100000 + b'1' + b'}' * 100000, RecursionError, id='100,000 braces'),
    pytest.param(b'[' * 100000, (ValueError, RecursionError), id='brackets that never close'),
    pytest.param(b'<html><body>Bad gateway</body></html>', ValueError, id='HTML'),
    pytest.param(b'\xff\xfe\x00\xd8', ValueError, id='not text'),
]


@pytest.mark.parametrize('body, cause', UNREADABLE)
def test_a_response_that_cannot_be_decoded_is_a_server_error(
    body, cause, api, reading, sleeps, tries
):
    api.reply(reading.good.status, body, {'Content-Type': 'application/json'})
    with pytest.raises(PDServerError) as error:
        reading.run()
    assert isinstance(error.value.__cause__, cause)
    assert error.value.response.status_code == reading.good.status
    assert len(str(error.value)) < 500
    assert len(tries) == 1
    assert sleeps == []
    assert_usable(reading, api, sleeps)


@pytest.mark.parametrize(
    'body',
    [[], 'text', 5, True, {}, {'error': {'code': 2001}}, [{'user': USER}]],
    ids=repr,
)
def test_a_response_without_the_documented_content_is_a_server_error(
    body, api, reading, sleeps, tries
):
    api.reply(reading.good.status, body)
    with pytest.raises(PDServerError) as error:
        reading.run()
    assert error.value.response.status_code == reading.good.status
    assert len(tries) == 1
    assert sleeps == []
    assert_usable(reading, api, sleeps)


@pytest.mark.parametrize(
    'body',
    [b'[' * 100000, b'{"user": {"id": "P', b'\xff\xfe', b'<html>'],
    ids=['brackets', 'truncated JSON', 'no text', 'HTML'],
)
def test_an_error_response_that_cannot_be_decoded_raises_an_http_error(
    body, api, operation, sleeps, tries
):
    api.reply(404, body)
    with pytest.raises(PDHTTPError) as error:
        operation.run()
    assert type(error.value) is PDHTTPError
    assert (error.value.status_code, error.value.code, error.value.errors) == (404, None, [])
    assert len(tries) == 1
    assert_usable(operation, api, sleeps)


@pytest.mark.parametrize('body, cause', UNREADABLE)
def test_rdelete_does_not_decode_the_body(body, cause, api, session, tries):
    api.reply(200, body)
    assert session.rdelete('/users/P1').status_code == 200
    assert len(tries) == 1


@pytest.mark.parametrize(
    'content_type',
    ['text/html', 'text/plain', 'application/octet-stream', 'nonsense', ''],
    ids=repr,
)
def test_json_is_decoded_whatever_the_content_type(content_type, api, operation):
    good = operation.good
    api.reply(good.status, good.content, {'Content-Type': content_type})
    assert operation.run() == operation.result


def test_a_body_of_10_megabytes_is_read_whole(api, operation, sleeps, tries):
    padding = b'{"padding": "' + b'x' * 10 * 1024 * 1024 + b'", '
    content = operation.good.content or b'{"gone": true}'
    status = 200 if operation.good.status == 204 else operation.good.status
    api.reply(status, padding + content[1:])
    assert operation.run() in (operation.result, 200)
    assert len(tries) == 1
    assert_usable(operation, api, sleeps)


def test_the_message_about_an_error_of_10_megabytes_is_short(api, operation, sleeps):
    api.reply(400, b'x' * 10 * 1024 * 1024)
    with pytest.raises(PDHTTPError) as error:
        operation.run()
    assert len(str(error.value)) < 500
    assert_usable(operation, api, sleeps)


# Storms


@pytest.mark.parametrize(
    'headers, waits',
    [
        pytest.param({'ratelimit-reset': '7'}, [3, 6] + [7] * 10, id='with ratelimit-reset'),
        pytest.param({'Retry-After': '7'}, [3, 6] + [7] * 10, id='with Retry-After'),
        pytest.param({}, [3 * 2**n for n in range(12)], id='without headers'),
    ],
)
def test_a_long_sequence_of_429_is_retried(headers, waits, api, operation, sleeps, tries):
    api.reply(429, {'error': {'code': 2020}}, headers, times=12)
    api.answer(operation.good)
    assert operation.run() == operation.result
    assert sleeps == waits
    assert len(tries) == 13
    assert_usable(operation, api, sleeps)


def test_alternating_server_errors_are_counted_by_status(api, operation, sleeps, tries):
    operation.session.retry = {500: 2, 502: 2}
    for status in [500, 502] * 5:
        api.reply(status, {'error': {}})
    with pytest.raises(PDServerError) as error:
        operation.run()
    assert error.value.status_code == 500
    assert error.value.__cause__ is None
    assert sleeps == [3, 6, 12, 24]
    assert len(tries) == len(api.seen) == 5
    assert_usable(operation, api, sleeps)


def test_alternating_server_errors_end_at_max_http_attempts(api, operation, sleeps, tries):
    operation.session.retry = {500: -1, 502: -1}
    operation.session.max_http_attempts = 6
    for status in [500, 502] * 5:
        api.reply(status, {'error': {}})
    with pytest.raises(PDServerError, match='server error'):
        operation.run()
    assert len(tries) == 7
    assert_usable(operation, api, sleeps)


def test_a_sequence_of_different_faults_is_retried(api, operation, sleeps, tries):
    operation.session.retry = {503: 2}
    api.hang_up()
    api.reply(429, headers={'ratelimit-reset': '2'})
    api.reply(503)
    api.answer(Reset(RESET_MIDWAY))
    api.reply(503)
    api.reply(429)
    api.answer(operation.good)
    assert operation.run() == operation.result
    assert len(tries) == 7
    assert sleeps == [3, 2, 12, 24, 48, 96]
    assert_usable(operation, api, sleeps)


# Events: an event reported as accepted was accepted


class Weather:
    """A server that responds to events at random; ``accepted`` has the keys of accepted ones."""

    def __init__(self, seed):
        self.accepted = set()
        self._chance = random.Random(seed)

    def __call__(self, seen):
        key = seen.json['dedup_key']
        accepted = Reply(202, {'dedup_key': key})
        is_accepted, answer = self._chance.choice(
            [
                (True, accepted),
                (True, accepted),
                (True, accepted),
                (True, Hangup()),
                (True, Reply(202, b'{"dedup_')),
                (False, Hangup()),
                (False, Reset(RESET_MIDWAY)),
                (False, Reply(400, {'errors': ['no']})),
                (False, Reply(429, headers={'ratelimit-reset': '1'})),
                (False, Reply(500)),
                (False, Reply(503, b'<html>')),
            ]
        )
        if is_accepted:
            self.accepted.add(key)
        return answer


@pytest.mark.parametrize('is_repeated', [True, False], ids=['repeated', 'at most once'])
@pytest.mark.parametrize('seed', range(3))
def test_an_event_is_reported_as_accepted_only_if_it_was(seed, is_repeated, api, events):
    weather = api.rule(Weather(seed))
    reported, raised = set(), set()
    events.retry_unsafe_methods = is_repeated
    for number in range(120):
        key = 'key-{}'.format(number)
        try:
            reported.add(events.trigger('Server is on fire', 'here', dedup_key=key))
        except PDClientError:
            raised.add(key)
    assert reported <= weather.accepted
    assert reported.isdisjoint(raised)
    assert len(reported) + len(raised) == 120
    assert len(reported) > 20
    assert len(raised) > 20


@pytest.mark.parametrize('seed', range(2))
def test_without_retries_of_unsafe_methods_no_event_arrives_twice(seed, api, events):
    api.rule(Weather(seed))
    events.retry_unsafe_methods = False
    for number in range(100):
        try:
            events.trigger('Server is on fire', 'here', dedup_key=str(number))
        except PDClientError:
            continue
    keys = [seen.json['dedup_key'] for seen in api.seen]
    assert len(keys) == len(set(keys)) == 100


# Exceptions other than network errors


def test_a_keyboard_interrupt_is_not_treated_as_a_network_error(monkeypatch, session, sleeps):
    class Interrupted:
        def request(self, method, url, **options):
            raise KeyboardInterrupt

    session.parent = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        session.get('/users')
    assert sleeps == []


class LastWord:
    """A response after which the server closes the connection without notice."""

    def __init__(self, reply):
        self.reply = reply

    def send(self, handler):
        self.reply.send(handler)
        handler.close_connection = True


def test_a_connection_that_the_server_closed_is_replaced(api, operation, sleeps):
    api.answer(LastWord(operation.good), times=3)
    api.answer(operation.good)
    for _ in range(4):
        assert operation.run() == operation.result
    assert len(api.seen) == 4
    assert_usable(operation, api, sleeps)


def test_errors_name_the_request_and_its_id_for_support(api, operation):
    api.reply(400, {'error': {'code': 2001, 'errors': ['no']}}, {'x-request-id': 'the-request-id'})
    with pytest.raises(PDHTTPError) as error:
        operation.run()
    assert 'the-request-id' in str(error.value)
    assert api.last.method in str(error.value)
    assert api.url in str(error.value)
    assert error.value.request_id == 'the-request-id'
    assert isinstance(error.value, pdpyras.PDClientError)


@pytest.mark.parametrize('status', [101, 102, 103, 199])
@pytest.mark.parametrize('stream', [False, True], ids=['whole', 'stream'])
def test_an_interim_status_is_an_error_and_its_late_response_is_discarded(
    api, session, status, stream
):
    early = 'HTTP/1.1 {} Early\r\n\r\n'.format(status).encode()
    late = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"user": {"id": "A1"}}'
    api.answer(Hangup(early + late))
    with pytest.raises(pdpyras.PDServerError, match='status {} '.format(status)):
        session.get('users/A1', stream=stream)
    api.reply(body={'user': {'id': 'B2'}})
    assert session.rget('users/B2') == {'id': 'B2'}


@pytest.mark.parametrize(
    'body',
    [
        b'Content-Length: 100\r\n\r\n{"users": [',
        b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"use\r\nZZ\r\n',
        b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"use\r\n',
    ],
    ids=['short', 'broken chunk size', 'cut between chunks'],
)
def test_a_truncated_body_is_retried_as_a_network_error(api, session, sleeps, body):
    for _ in range(4):
        api.answer(Hangup(b'HTTP/1.1 200 OK\r\n' + body))
    with pytest.raises(pdpyras.PDClientError, match='network error, the last of 4 tries') as caught:
        session.get('users')
    assert caught.value.__cause__ is not None
    assert sleeps == [3.0, 6.0, 12.0]


def test_a_truncated_body_is_retried_if_a_hook_reads_it_first(api, session, sleeps):
    session.hooks['response'].append(lambda response, **options: print(response.text))
    api.answer(Hangup(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nid,name\n1,'))
    api.reply(body=b'id,name\n1,Jane\n')
    assert session.get('users.csv').content == b'id,name\n1,Jane\n'
    assert sleeps == [3.0]


@pytest.mark.parametrize(
    'body',
    [
        b'Content-Length: 100\r\n\r\n{"users": [',
        b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"use\r\nZZ\r\n',
    ],
    ids=['short', 'broken chunk size'],
)
@pytest.mark.parametrize(
    'read',
    [
        pytest.param(lambda response: response.content, id='content'),
        pytest.param(lambda response: response.json(), id='json'),
        pytest.param(lambda response: list(response.iter_content(4)), id='iter_content'),
        pytest.param(lambda response: list(response.iter_lines()), id='iter_lines'),
    ],
)
def test_reading_a_truncated_stream_raises_a_client_error(api, session, body, read):
    api.answer(Hangup(b'HTTP/1.1 200 OK\r\n' + body))
    response = session.get('users', stream=True)
    with pytest.raises(pdpyras.PDClientError, match='the body could not be read') as caught:
        read(response)
    assert caught.value.__cause__ is not None


def test_a_stream_can_be_read_in_the_expression_that_requests_it(api, session):
    api.reply(body=b'id,name')
    assert list(session.get('users.csv', stream=True).iter_content(3)) == [b'id,', b'nam', b'e']


def test_an_error_about_a_consumed_stream_does_not_quote_the_body(api, session):
    api.reply(400, {'error': {'message': 'm'}})
    response = session.get('users', stream=True)
    list(response.iter_content(4))
    with pytest.raises(pdpyras.PDHTTPError, match='400 Bad Request'):
        pdpyras.successful_response(response)


@pytest.mark.parametrize('name', ['Zo\xeb', '\u674e'])
def test_a_text_body_is_sent_as_utf_8(api, session, name):
    text = '{"user": {"name": "' + name + '"}}'
    api.reply(201)
    session.post('users', data=text)
    assert api.last.body == text.encode('utf-8')


@pytest.mark.parametrize('name', ['Zo\xeb', '\u674e'])
def test_a_text_file_is_sent_as_utf_8_in_each_try(api, session, name, tmp_path):
    path = tmp_path / 'user.json'
    path.write_text('{"user": {"name": "' + name + '"}}', encoding='utf-8')
    api.hang_up()
    api.reply(201)
    with path.open(encoding='utf-8') as file:
        session.post('users', data=file)
    assert [seen.body for seen in api.seen] == [path.read_bytes()] * 2
