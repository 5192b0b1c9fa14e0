"""A scripted HTTP server on a real socket, from the standard library alone.

Tests script the responses, run the code under test, and inspect the received requests::

    api.reply(status=429, headers={'ratelimit-reset': '2'})
    api.reply(body={'user': {'id': 'PABC123'}})
    session.rget('users/PABC123')
    assert [seen.path for seen in api.seen] == ['/users/PABC123', '/users/PABC123']

It works on every interpreter that the library supports, so it uses nothing newer than Python 3.6.
"""

import json
import socket
import struct
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from urllib.parse import parse_qsl, urlsplit

#: The status for tests that mean any 5xx, so that a new default retry does not affect them.
ANY_SERVER_ERROR = 590


class Seen:
    """One request as it came over the wire."""

    def __init__(self, method, target, headers, body):
        self.method = method
        #: The request target as sent: path and query string, still percent-encoded.
        self.target = target
        self.headers = headers
        self.body = body

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def params(self):
        """The query string as a list of pairs, in the order sent."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def query(self):
        """The query string as a dict; the last of repeated names wins."""
        return dict(self.params)

    @property
    def json(self):
        return json.loads(self.body.decode('utf-8'))

    def __repr__(self):
        return '<{} {}>'.format(self.method, self.target)


class Reply:
    """A response: a status, headers, and a body sent as JSON unless it is bytes or None."""

    def __init__(self, status=200, body=None, headers=None):
        self.status = status
        self.headers = dict(headers or {})
        self.content = body if isinstance(body, bytes) else b''
        if body is not None and not isinstance(body, bytes):
            self.content = json.dumps(body).encode('utf-8')
            self.headers.setdefault('Content-Type', 'application/json')

    def send(self, handler):
        handler.send_response_only(self.status)
        if 'Date' not in self.headers:
            handler.send_header('Date', handler.date_time_string())
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if 'Content-Length' not in self.headers:
            handler.send_header('Content-Length', str(len(self.content)))
        handler.end_headers()
        if handler.command != 'HEAD':
            handler.wfile.write(self.content)


class Hangup:
    """Close the connection instead of responding, after the raw bytes ``partial`` if any."""

    def __init__(self, partial=b''):
        self.partial = partial

    def send(self, handler):
        handler.wfile.write(self.partial)
        handler.wfile.flush()
        handler.close_connection = True
        try:
            handler.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # The client closed it first.


class Reset(Hangup):
    """Reset the connection (TCP RST) instead of responding, after the raw bytes ``partial``."""

    def send(self, handler):
        handler.wfile.write(self.partial)
        handler.wfile.flush()
        handler.close_connection = True
        # Closing with no time to linger resets; detached, as the handler's files hold it open.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        socket.socket(fileno=handler.connection.detach()).close()


class Hang:
    """Send nothing for as long as the server runs."""

    def send(self, handler):
        handler.server.api.closing.wait()
        handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    # Without this, Nagle's algorithm and delayed acknowledgements cost 40 ms a request.
    disable_nagle_algorithm = True
    # One write per response.
    wbufsize = -1

    def answer(self):
        if self.headers.get('Transfer-Encoding', '').lower() == 'chunked':
            body = self._read_chunks()
        else:
            body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        seen = Seen(self.command, self.path, self.headers, body)
        self.server.api.next_reply(seen).send(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = answer

    def _read_chunks(self):
        chunks = []
        while True:
            size = int(self.rfile.readline().split(b';')[0], 16)
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
            if not size:
                return b''.join(chunks)

    def log_message(self, *args):
        """Log nothing: tests inspect ``api.seen`` instead."""


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def verify_request(self, request, client_address):
        """Reject the connection by which :meth:`WireServer.close` wakes the thread."""
        return not self.api.closing.is_set()

    def handle_error(self, request, client_address):
        """Ignore a client that hangs up, which many tests do."""


class WireServer:
    """The scripted API. Replies are sent in order; after the last, ``rule`` makes them."""

    def __init__(self, port=0):
        self._lock = threading.Condition()
        self._replies = deque()
        self._rule = None
        #: Every request received, in order, as :class:`Seen`.
        self.seen = []
        #: Set when the server is about to close.
        self.closing = threading.Event()
        self._server = _Server(('127.0.0.1', port), _Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._serve)
        self._thread.daemon = True
        self._thread.start()

    def _serve(self):
        while not self.closing.is_set():
            self._server.handle_request()

    @property
    def url(self):
        return 'http://127.0.0.1:{}'.format(self.port)

    @property
    def port(self):
        return self._server.server_port

    def reply(self, status=200, body=None, headers=None, times=1):
        """Queue a response, ``times`` over."""
        self.answer(Reply(status, body, headers), times)

    def hang_up(self, partial=b'', times=1):
        """Queue a closed connection, after the raw bytes ``partial``."""
        self.answer(Hangup(partial), times)

    def answer(self, reply, times=1):
        """Queue any object with ``send(handler)``."""
        with self._lock:
            self._replies.extend([reply] * times)

    def rule(self, function):
        """Reply by ``function(seen)`` when no scripted reply is left; usable as a decorator."""
        self._rule = function
        return function

    def next_reply(self, seen):
        with self._lock:
            self.seen.append(seen)
            self._lock.notify_all()
            if self._replies:
                return self._replies.popleft()
        if self._rule is not None:
            return self._rule(seen)
        return Reply(599, {'error': {'message': 'the test scripted no reply for this', 'code': 0}})

    def reset(self):
        """Forget the scripted replies and the seen requests."""
        with self._lock:
            self._replies.clear()
            self._rule = None
            self.seen = []

    @property
    def last(self):
        return self.seen[-1]

    def wait_for(self, count):
        """Wait until ``count`` requests have been seen.

        Needed if a client gave up waiting for a response: it may be ahead of the server, which
        still receives the request.
        """
        with self._lock:
            arrived = self._lock.wait_for(lambda: len(self.seen) >= count, 30)
        assert arrived, 'only {} of {} requests arrived'.format(len(self.seen), count)

    def close(self):
        if not self.closing.is_set():
            self.closing.set()
            # A last connection wakes the thread, which does not poll. Not create_connection(),
            # which looks names up: some tests replace that.
            with socket.socket() as last:
                last.connect(self._server.server_address)
            self._thread.join()
            self._server.server_close()
