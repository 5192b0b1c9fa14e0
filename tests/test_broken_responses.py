"""Responses that are broken at any point: status line, headers, lengths, chunks, encodings, end.

Whatever the server sends, only documented exceptions are raised, their texts are short, and the
session can be used afterwards. Each request carries a number that its response echoes, so that a
response to another request is noticed.
"""

import itertools
import json
import logging
import re
import tracemalloc
import zlib
from collections import namedtuple
from contextlib import suppress

import pytest
import requests
from wire import Hangup, Reply, Reset, WireServer

import pdpyras

pytest.importorskip('hypothesis')

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

pytestmark = pytest.mark.usefixtures('no_garbage_collection')

#: The maximum number of characters in the text of an error or a log record.
LONGEST_TEXT = 2000

CONTROL_CHARACTERS = re.compile('[\0-\x09\x0b-\x1f\x7f-\x9f]')

#: A placeholder in a scripted response for the number of the request.
NUMBER = b'@NUMBER@'

# The server

SUCCESS = b'HTTP/1.1 200 OK'
STATUS_LINES = [
    SUCCESS,
    b'HTTP/1.1 201 Created',
    b'HTTP/1.1 204 No Content',
    b'HTTP/1.1 206 Partial',
    b'HTTP/1.1 301 Moved',
    b'HTTP/1.1 304 Not Modified',
    b'HTTP/1.1 400 Bad',
    b'HTTP/1.1 404 Not Found',
    b'HTTP/1.1 500 Oh',
    b'HTTP/1.1 503 Busy',
    b'HTTP/1.1 599',
    b'HTTP/1.1 999 Beyond',
    b'HTTP/1.1 1000 Beyond',
    b'HTTP/1.1 099 Below',
    b'HTTP/1.1 101 Switching Protocols',
    b'HTTP/1.1 199 Some',
    b'HTTP/1.1 -200 OK',
    b'HTTP/1.1 abc OK',
    b'HTTP/1.1',
    b'HTTP/1.0 200 OK',
    b'HTTP/2 200 OK',
    b'HTTP/9.9 200 OK',
    b'ICY 200 OK',
    b'HTTP/1.1 200 \xff\x00\x1b[31m',
    b'HTTP/1.1 200 ' + b'x' * 70000,
    b'HTTP/1.1 404 ' + b'x' * 60000,
    b'',
    b'\x16\x03\x01\x02',
]
INTERIM_RESPONSES = [
    b'HTTP/1.1 100 Continue\r\n\r\n',
    b'HTTP/1.1 100 Continue\r\nX-Number: -1\r\n\r\n',
    b'HTTP/1.1 102 Processing\r\n\r\n',
    b'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
    b'HTTP/1.1 199 Some\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello',
    b'HTTP/1.1 100\r\n\r\n' * 50,
    b'\r\n',
]
HEADERS = [
    b'Content-Type: application/json',
    b'Content-Type: application/json; charset=no-such',
    b'Content-Type: text/html; charset=utf-16',
    b'Content-Encoding: gzip',
    b'Content-Encoding: deflate',
    b'Content-Encoding: br',
    b'Content-Encoding: gzip, deflate, gzip',
    b'Content-Encoding: no-such',
    b'Transfer-Encoding: chunked',
    b'Transfer-Encoding: gzip, chunked',
    b'Transfer-Encoding: no-such',
    b'Content-Length: 5',
    b'Content-Length: 0',
    b'Content-Length: 100000000000000',
    b'Content-Length: -1',
    b'Content-Length: five',
    b'Content-Length: 5, 6',
    b'Content-Length:',
    b'Connection: close',
    b'Connection: keep-alive, upgrade',
    b'Keep-Alive: timeout=0',
    b'Location: /elsewhere',
    b'Location: http://[',
    b'Set-Cookie: a=b; path=/; expires=never',
    b'X-Request-Id: \x1b[31m\x07',
    b'X-Request-Id: ' + b'x' * 60000,
    b'X-Long: ' + b'x' * 70000,
    b'no colon at all',
    b': no name',
    b'X Y: z',
    b'X-Folded: a\r\n  b',
    b'X-Latin: \xe9\xff\x00',
    b'\r\n'.join(b'X-Many-%d: x' % number for number in range(120)),
    b'Date: ' + b'x' * 3000,
]
GOOD_BODY = (
    b'{"user": {"number": @NUMBER@}, "users": [{"number": @NUMBER@}], "number": @NUMBER@,'
    b' "more": false, "dedup_key": "@NUMBER@", "id": "@NUMBER@"}'
)
BODIES = [
    GOOD_BODY,
    b'{"user": {"number": @NUMBER@}, "users": [{"number": @NUMBER@}], "more": true}',
    b'{"error": {"message": "No", "code": 2001, "errors": ["Why"]}}',
    b'{"error": {"message": "' + b'm' * 60000 + b'", "errors": ["' + b'e' * 60000 + b'"]}}',
    b'{"errors": ["' + b'", "'.join([b'e' * 90] * 500) + b'"]}',
    b'',
    b'null',
    b'not JSON',
    b'\xff\xfe\x00\x1b[31m',
    b'[' * 100000,
    b'x' * 100000,
]
#: A response that no request asked for.
STRAY = b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"number": -1, "user": {"number": -1}}'


def _in_chunks(content, size=40):
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    return b''.join(b'%x\r\n%s\r\n' % (len(chunk), chunk) for chunk in chunks)


def _zipped(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


#: ``{name: (header lines, function of a body that returns what is sent of it)}``
FRAMINGS = {
    'with its length': lambda body: ([b'Content-Length: %d' % len(body)], body),
    'with its length, gzipped': lambda body: (
        [b'Content-Encoding: gzip', b'Content-Length: %d' % len(_zipped(body))],
        _zipped(body),
    ),
    'gzipped, truncated': lambda body: (
        [b'Content-Encoding: gzip', b'Content-Length: %d' % (len(_zipped(body)) - 5)],
        _zipped(body)[:-5],
    ),
    'shorter than its length': lambda body: ([b'Content-Length: %d' % (len(body) + 7)], body),
    'longer than its length': lambda body: ([b'Content-Length: %d' % (len(body) // 2)], body),
    'without a length': lambda body: ([], body),
    'in chunks': lambda body: ([b'Transfer-Encoding: chunked'], _in_chunks(body) + b'0\r\n\r\n'),
    'in chunks, with trailers': lambda body: (
        [b'Transfer-Encoding: chunked'],
        _in_chunks(body) + b'0\r\nX-Trailer: \x00\r\nmore\r\n\r\n',
    ),
    'in chunks, unterminated': lambda body: ([b'Transfer-Encoding: chunked'], _in_chunks(body)),
    'in chunks, with a length': lambda body: (
        [b'Content-Length: 10', b'Transfer-Encoding: chunked'],
        _in_chunks(body) + b'0\r\n\r\n',
    ),
}
for _size in (
    b'zz',
    b'',
    b'-5',
    b'0x10',
    b'5' * 30,
    b'ffffffffffff',
    b'5;' + b'x' * 70000,
    b'\xff',
):
    FRAMINGS['in chunks, then one of size {!r:.20}'.format(_size)] = lambda body, size=_size: (
        [b'Transfer-Encoding: chunked'],
        _in_chunks(body) + size + b'\r\nhello\r\n0\r\n\r\n',
    )


class Broken(namedtuple('Broken', 'interim status_line headers line_end body framing cut ending')):
    """Raw bytes instead of a response.

    ``cut`` is the share of the bytes that is sent, from 0 to 1; ``ending`` is ``'close'``,
    ``'reset'``, or the bytes to send after the response on a connection that stays open.
    """

    def __repr__(self):
        return 'Broken({})'.format(', '.join('{!r:.200}'.format(part) for part in self))

    def content(self, number):
        length_headers, sent = FRAMINGS[self.framing](self.body.replace(NUMBER, number))
        lines = [self.status_line] + self.headers + length_headers
        head = b''.join(line + self.line_end for line in lines) + self.line_end
        content = b''.join(self.interim) + head + sent
        return content[: int(len(content) * self.cut)]

    def send(self, handler):
        content = self.content(handler.headers['X-Number'].encode())
        if self.ending == 'reset':
            Reset(content).send(handler)
        elif self.ending == 'close':
            Hangup(content).send(handler)
        else:
            handler.wfile.write(content + self.ending)


def _often(value, others):
    return st.one_of(st.just(value), st.just(value), st.sampled_from(others))


BROKEN = st.builds(
    Broken,
    interim=st.one_of(
        st.just([]), st.just([]), st.lists(st.sampled_from(INTERIM_RESPONSES), max_size=2)
    ),
    status_line=_often(SUCCESS, STATUS_LINES),
    headers=st.lists(st.sampled_from(HEADERS), max_size=2),
    line_end=_often(b'\r\n', [b'\n', b'\r', b'\r\r\n']),
    body=_often(GOOD_BODY, BODIES),
    framing=_often('with its length', sorted(FRAMINGS)),
    cut=st.one_of(st.just(1), st.just(1), st.floats(0, 1)),
    ending=st.sampled_from(['close', 'reset']),
)

#: Complete responses, some of them followed by bytes that belong to no response.
FOLLOWED = st.builds(
    Broken,
    interim=st.lists(st.sampled_from(INTERIM_RESPONSES[:5]), max_size=2),
    status_line=st.sampled_from(STATUS_LINES[:11]),
    headers=st.just([]),
    line_end=st.just(b'\r\n'),
    body=st.just(GOOD_BODY),
    framing=st.sampled_from(['with its length', 'with its length, gzipped', 'in chunks']),
    cut=st.just(1),
    ending=st.sampled_from([b'', b'', b'\r\n', b'x', STRAY, STRAY * 3, b'x' * 100000]),
)

# The client


def _read(response):
    """Read a streamed response; reading raises the exceptions that requests documents."""
    with response, suppress(requests.RequestException, ValueError, RecursionError):
        return json.loads(b''.join(response.iter_content(7)).decode('utf-8'))
    return None


def _leave(response):
    response.close()


REST_CALLS = {
    'get': lambda rest: rest.get('users/P1'),
    'get, streamed and read': lambda rest: _read(rest.get('users/P1', stream=True)),
    'get, streamed and left': lambda rest: _leave(rest.get('users/P1', stream=True)),
    'post': lambda rest: rest.post('users', json={}),
    'put': lambda rest: rest.put('users/P1', json={}),
    'put, streamed and read': lambda rest: _read(rest.put('users/P1', json={}, stream=True)),
    'patch': lambda rest: rest.patch('users/P1', json={}),
    'delete': lambda rest: rest.delete('users/P1'),
    'rget': lambda rest: rest.rget('users/P1'),
    'rget, streamed': lambda rest: rest.rget('users/P1', stream=True),
    'rpost': lambda rest: rest.rpost('users', json={}),
    'rput': lambda rest: rest.rput('users/P1', json={}),
    'rdelete': lambda rest: rest.rdelete('users/P1'),
    'jget': lambda rest: rest.jget('users/P1'),
    'jget, streamed': lambda rest: rest.jget('users/P1', stream=True),
    'jpost': lambda rest: rest.jpost('users', json={}),
    'list_all': lambda rest: list(itertools.islice(rest.iter_all('users'), 30)),
    'list_all by cursor': lambda rest: list(itertools.islice(rest.iter_all('audit/records'), 30)),
    'find': lambda rest: rest.find('users', 'Jane'),
    'api_key_access': lambda rest: rest.api_key_access,
    'subdomain': lambda rest: rest.subdomain,
}
EVENTS_CALLS = {
    'trigger': lambda events: events.trigger('down', 'host'),
    'post': lambda events: events.post('v2/enqueue', json={}),
    'post, streamed and left': lambda events: _leave(
        events.post('v2/enqueue', json={}, stream=True)
    ),
}
CALLS = [(pdpyras.APISession, name, call) for name, call in REST_CALLS.items()]
CALLS += [(pdpyras.EventsAPISession, name, call) for name, call in EVENTS_CALLS.items()]
CALLS += [(pdpyras.ChangeEventsAPISession, 'submit', lambda changes: changes.submit('new'))]


def _numbers_in(result):
    """Return the numbers of requests that a result echoes."""
    if isinstance(result, requests.Response):
        try:
            result = result.json()
        except (ValueError, RecursionError):
            return set()
    if isinstance(result, dict):
        named = {result[name] for name in ('number', 'dedup_key') if name in result}
        return named.union(*map(_numbers_in, result.values()))
    if isinstance(result, list):
        return set().union(*map(_numbers_in, result))
    return {result} if isinstance(result, str) and result.isdigit() else set()


class Client:
    """A session whose requests are numbered."""

    def __init__(self, session_class, url):
        self.session = session_class('the-api-key-1234', base_url=url)
        # All of the same length, as the length of a response must not depend on it.
        self.numbers = itertools.count(10000001)

    def make(self, call):
        """Make a call and return its result, which may echo only its own number."""
        number = next(self.numbers)
        self.session.headers['X-Number'] = str(number)
        result = call(self.session)
        assert _numbers_in(result) <= {number, str(number)}
        return result


class Texts(logging.Handler):
    """A handler that keeps the text of each log record."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@pytest.fixture(scope='module')
def server():
    server = WireServer()
    yield server
    server.close()


@pytest.fixture
def texts():
    logger, handler = logging.getLogger('pdpyras'), Texts()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield handler.texts
    logger.removeHandler(handler)
    logger.setLevel(level)


class Good:
    """The response to a request for which nothing else is scripted."""

    def send(self, handler):
        number = handler.headers['X-Number']
        body = {'number': int(number), 'dedup_key': number}
        body = dict(body, user=body, users=[body], records=[body], more=False)
        handler.wfile.write(getattr(handler, 'late', b''))
        Reply(200, body).send(handler)


class Late:
    """An interim response; the final one is sent when the connection is used again."""

    def __init__(self, interim):
        self.interim = interim

    def send(self, handler):
        number = handler.headers['X-Number'].encode()
        body = GOOD_BODY.replace(NUMBER, number)
        handler.late = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body)
        handler.wfile.write(self.interim)


every_call = pytest.mark.parametrize(
    'session_class, call',
    [(session_class, call) for session_class, _, call in CALLS],
    ids=['{}, {}'.format(session_class.__name__, name) for session_class, name, _ in CALLS],
)
#: One server serves all the examples of a test. A failing one is not shrunk: that could take hours.
a_few = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@every_call
@a_few
@given(broken=st.lists(BROKEN, min_size=1, max_size=5))
def test_a_broken_response_causes_a_documented_error_and_leaves_the_session_usable(
    session_class, call, broken, server, texts
):
    script(server, broken)
    del texts[:]
    client = Client(session_class, server.url)
    with client.session:
        try:
            client.make(call)
        except (pdpyras.PDClientError, pdpyras.URLError) as error:
            texts.append(str(error))
        assert [text for text in texts if len(text) > LONGEST_TEXT] == []
        assert [text for text in texts if CONTROL_CHARACTERS.search(text)] == []
        assert_usable(client, server)


@every_call
@a_few
@given(followed=FOLLOWED)
def test_bytes_after_a_response_are_not_read_as_the_next_response(
    session_class, call, followed, server
):
    script(server, [followed])
    client = Client(session_class, server.url)
    with client.session:
        with suppress(pdpyras.PDClientError):
            client.make(call)
        assert_usable(client, server)


ANNOUNCED = {
    'length': (b'Content-Length: 100000000000000', b''),
    'chunk': (b'Transfer-Encoding: chunked', b'ffffffffffff\r\n'),
    'second chunk': (b'Transfer-Encoding: chunked', b'1\r\n{\r\nffffffffffff\r\n'),
}


@pytest.mark.parametrize('header, start', ANNOUNCED.values(), ids=ANNOUNCED)
def test_a_large_content_length_allocates_no_memory(header, start, server):
    content = b'\r\n'.join([SUCCESS, header, b'', start + b'{'])
    script(server, [Hangup(content)] * 4)
    client = Client(pdpyras.APISession, server.url)
    tracemalloc.start()
    try:
        with client.session, pytest.raises(pdpyras.PDClientError, match='network error'):
            client.make(lambda session: session.rget('users/P1'))
        assert tracemalloc.get_traced_memory()[1] < 20 * 1024**2
    finally:
        tracemalloc.stop()


@every_call
@pytest.mark.parametrize('interim', INTERIM_RESPONSES[2:5], ids=['102', '103', '199'])
def test_a_late_response_is_not_read_as_the_next_response(session_class, call, interim, server):
    script(server, [Late(interim)])
    client = Client(session_class, server.url)
    with client.session:
        with suppress(pdpyras.PDClientError):
            client.make(call)
        assert_usable(client, server)


def script(server, responses):
    server.reset()
    for response in responses:
        server.answer(response)
    server.rule(lambda seen: Good())


def assert_usable(client, server):
    script(server, [])
    for _ in range(3):
        assert client.make(lambda session: session.post('users', json={})).ok
