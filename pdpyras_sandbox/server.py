"""A sandbox that runs: an account behind an HTTP server in a thread of its own."""

import io
import os
import socket
import threading

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from pdpyras_sandbox import dump
from pdpyras_sandbox.access import Access
from pdpyras_sandbox.account import Account
from pdpyras_sandbox.app import create_app
from pdpyras_sandbox.faults import Faults
from pdpyras_sandbox.founding import found
from pdpyras_sandbox.limits import EVENTS_LIMIT, REST_LIMIT, RateLimit
from pdpyras_sandbox.timeouts import watch
from pdpyras_sandbox.traffic import Traffic

#: How many clients may wait for their connection to be accepted.
BACKLOG = 128


class Handler(WSGIRequestHandler):
    """Keeps connections open, as PagerDuty does.

    Werkzeug's own ``run_wsgi`` closes each of them, and waits 10 ms first for leftovers of a body
    that nobody read. Here the body is always read, and the length of the answer is known.
    """

    protocol_version = 'HTTP/1.1'
    # Without this, Nagle's algorithm and delayed acknowledgements cost 40 ms a request.
    disable_nagle_algorithm = True

    def run_wsgi(self):
        environ = self.make_environ()
        try:
            if self.read_body(environ):
                self.send(self.server.app(environ, self.begin))
            else:
                self.send_error(400, 'The body does not end where its headers say')
        except ConnectionError:
            # The client hung up, or a fault hung up on it.
            self.close_connection = True

    def read_body(self, environ):
        """Take the body off the connection, where the next request follows; say if it could."""
        body = environ['wsgi.input']
        length = environ.get('CONTENT_LENGTH') or '0'
        if environ.get('wsgi.input_terminated'):
            try:
                content = body.read()
            except ConnectionError:
                raise
            except OSError:
                # What werkzeug says to chunks that are none.
                return False
        elif length.isdecimal():
            content = body.read(int(length))
        else:
            return False
        environ['wsgi.input'] = io.BytesIO(content)
        return True

    def begin(self, status, headers, exc_info=None):
        code, _, reason = status.partition(' ')
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if 'content-length' not in {name.lower() for name, _ in headers} and code != '204':
            self.send_header('Content-Length', '0')

    def send(self, chunks):
        """Send the headers with the first chunk, so that an answer is mostly one packet."""
        try:
            for chunk in chunks:
                self._headers_buffer.append(b'\r\n' if self._headers_buffer else b'')
                self.wfile.write(b''.join([*self._headers_buffer, chunk]))
                self._headers_buffer = []
            if self._headers_buffer:
                self.end_headers()
        finally:
            if hasattr(chunks, 'close'):
                chunks.close()

    def log(self, *args):
        """Keep quiet: the page and ``requests`` tell what came in."""


class Server(ThreadedWSGIServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is no error of the server."""


def listening(host, port):
    """A socket that listens; the server takes over a copy of it.

    :raises OSError: naming the address, where werkzeug would end the process.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f'Cannot listen on {host} port {port}: {reason}') from error


class State:
    """What a sandbox consists of besides its server."""

    def __init__(self, seed=None, latency=0, rate_limit=REST_LIMIT, state=None, load=None):
        #: The dump that the account starts from; None for a new account.
        self.start = dump.read(load) if isinstance(load, (str, os.PathLike)) else load
        if self.start is not None:
            dump.check(self.start)
        #: Seconds by which every answer is kept back.
        self.latency = latency / 1000
        self.faults = Faults()
        self.traffic = Traffic()
        self.account = Account(seed, state)
        self.rest_limit = RateLimit(rate_limit, self.account.clock.seconds)
        self.events_limit = RateLimit(min(EVENTS_LIMIT, rate_limit), self.account.clock.seconds)
        try:
            if not self.account.store.restored:
                with self.account.store.at_once():
                    self._begin()
            self._resume()
        except BaseException:
            self.account.store.close()
            raise

    def _begin(self):
        """Fill an empty account."""
        if self.start is None:
            found(self.account)
        else:
            self.account.load(self.start)

    def _resume(self):
        """Set the alarms that belong to the records of the account."""
        self.account.clock.clear()
        watch(self.account)

    def load(self, content):
        dump.check(content)
        with self.account.store.lock, self.account.store.at_once():
            self.account.load(content)
            self._resume()

    def reset(self):
        """Back to the state of the start, in which also the keys are the same."""
        with self.account.store.lock, self.account.store.at_once():
            self.account.reset()
            self._begin()
            self._resume()
        self.faults.clear()
        self.traffic.clear()
        self.rest_limit.reset()
        self.events_limit.reset()


class Sandbox:
    """A PagerDuty account on this machine, served until :meth:`close`.

    :param host: the address to listen on.
    :param port: the port; 0 for a free one.
    :param seed: fill the account with sample data, the same for the same number; None for an
        account with one user, one escalation policy and one service.
    :param latency: milliseconds by which every answer is kept back.
    :param rate_limit: REST requests a minute for each key; 0 for no limits at all.
    :param state: a file that keeps the account for the next time; None to keep it in memory.
    :param load: start from this dump of an account, or from the JSON file that holds one; ``seed``
        then has no effect.
    """

    def __init__(
        self,
        host='127.0.0.1',
        port=0,
        seed=None,
        latency=0,
        rate_limit=REST_LIMIT,
        state=None,
        load=None,
    ):
        with listening(host, port) as listener:
            self._state = State(seed, latency, rate_limit, state, load)
            app = create_app(self._state, Access(host))
            self._server = Server(host, port, app, Handler, fd=listener.fileno())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def url(self):
        """The base URL of both the REST API and the Events API."""
        host, port = self._server.server_address[:2]
        return f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'

    @property
    def api_key(self):
        """An account key: it acts for no user, so some requests need a From header."""
        return self._state.account.keys['api_key']

    @property
    def user_key(self):
        """A key of the user with the address :attr:`email`."""
        return self._state.account.keys['user_key']

    @property
    def oauth_token(self):
        """An OAuth token of that user, for ``Authorization: Bearer``."""
        return self._state.account.keys['oauth_token']

    @property
    def routing_key(self):
        """The integration key of a service: events sent with it open incidents there."""
        return self._state.account.keys['routing_key']

    @property
    def email(self):
        """The address of a user, good for the From header."""
        return self._state.account.keys['email']

    @property
    def requests(self):
        """The requests received, oldest first."""
        return self._state.traffic.list()

    @property
    def clock(self):
        """The account's clock: ``sandbox.clock.advance(minutes=30)``, ``sandbox.clock.now()``."""
        return self._state.account.clock

    @property
    def faults(self):
        """Failures on demand: ``sandbox.faults.next(3, status=429, reset=2)``."""
        return self._state.faults

    def reset(self):
        """Forget everything that happened; the keys stay the same."""
        self._state.reset()

    def dump(self):
        """Return the account as a dict that can be saved as JSON and loaded later."""
        return dump.dump(self._state.account)

    def load(self, content):
        """Replace the account, its keys included, by what :meth:`dump` returned.

        :raises ValueError: for anything else; the account then stays as it is.
        """
        self._state.load(content)

    @property
    def restored(self):
        """Whether the account was in the file given as ``state``."""
        return self._state.account.store.restored

    def wait(self):
        """Serve until the program is interrupted."""
        self._thread.join()

    def close(self):
        self._state.faults.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._state.account.store.lock:
            self._state.account.store.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
