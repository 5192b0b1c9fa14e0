"""The sandbox: an account and the HTTP server for it, which runs in a thread."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from pdpyras_sandbox import dump
from pdpyras_sandbox.access import Access
from pdpyras_sandbox.account import Account
from pdpyras_sandbox.app import create_app
from pdpyras_sandbox.certificates import CertificateAuthority
from pdpyras_sandbox.connections import ClosingServer, shut_down
from pdpyras_sandbox.deliveries import Deliveries
from pdpyras_sandbox.events import watch_events
from pdpyras_sandbox.faults import Faults
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.initial_account import create_account
from pdpyras_sandbox.limits import EVENTS_LIMIT, REST_LIMIT, RateLimit
from pdpyras_sandbox.no_proxy import reach_directly
from pdpyras_sandbox.received import Requests
from pdpyras_sandbox.timeouts import watch
from pdpyras_sandbox.traffic import Traffic
from pdpyras_sandbox.webhooks import Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from pdpyras_sandbox.clock import Clock
    from pdpyras_sandbox.in_process import AsPagerDuty

SandboxType = TypeVar('SandboxType', bound='Sandbox')
#: Maximum number of connections that wait to be accepted.
BACKLOG = 128
#: Seconds after which an idle connection is closed.
IDLE_TIMEOUT = 60
#: Maximum number of idle connections. The default limit of open files on macOS is 256.
MAXIMUM_IDLE = 100
#: Maximum size of a body, and the chunk size for bodies of unknown length, in bytes.
MAXIMUM_BODY = 32 * 2**20
CHUNK = 2**16
#: Limits in seconds and bytes for reading the rest of a body that is too long, so that the client
#: receives the response.
DRAIN_TIMEOUT = 2
MAXIMUM_DRAINED = 2 * MAXIMUM_BODY


class Handler(WSGIRequestHandler):
    """Keeps connections open, as PagerDuty does.

    Werkzeug's ``run_wsgi`` closes each connection, after waiting 10 ms for the rest of a body. Here
    the body is always read completely, and the length of the response is known.
    """

    protocol_version = 'HTTP/1.1'
    # Without this, Nagle's algorithm and delayed acknowledgements cost 40 ms a request.
    disable_nagle_algorithm = True
    timeout = IDLE_TIMEOUT
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    _headers_buffer: list[bytes]
    error_content_type = 'application/json'
    error_message_format = '{"error": {"message": "%(message)s", "code": 2001}}'

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            self.server.idle.discard(self.connection)

    def handle_one_request(self) -> None:
        super().handle_one_request()
        if not self.close_connection:
            self.server.idle.add(self.connection)

    def make_environ(self) -> Record:
        return {**super().make_environ(), 'wsgi.url_scheme': self.server.scheme}

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        try:
            environ['wsgi.input'] = io.BytesIO(self.read_body(environ))
            self.server.idle.discard(self.connection)
            self.send(self.server.app(environ, self.begin))
        except BodyError as error:
            self.send_error(error.status, str(error))
            self.drain()
        except (ConnectionError, socket.timeout):
            # The client or a fault closed the connection, or the client timed out.
            self.close_connection = True

    def read_body(self, environ: WSGIEnvironment) -> bytes:
        """Read the body, so that the next request on the connection follows.

        :raises BodyError: if the body is too long, or its length is invalid.
        :raises ConnectionError: if the client disconnects before the end of the body.
        """
        body = environ['wsgi.input']
        if environ.get('wsgi.input_terminated'):
            return b''.join(chunks_of(body))
        length = environ.get('CONTENT_LENGTH') or '0'
        if not (length.isascii() and length.isdigit()):
            raise BodyError(400, 'Content-Length must be a number of bytes')
        # The number of digits is checked first, because int() rejects thousands of digits.
        if len(length.lstrip('0')) > len(str(MAXIMUM_BODY)) or int(length) > MAXIMUM_BODY:
            raise BodyError(413, TOO_LONG)
        content: bytes = body.read(int(length))
        if len(content) < int(length):
            raise ConnectionError('The client disconnected in the middle of the body')
        return content

    def drain(self) -> None:
        """Read the rest of the body: closing a connection with unread data loses the response."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(DRAIN_TIMEOUT)
            rest = MAXIMUM_DRAINED
            while rest > 0:
                data = self.rfile.read1(CHUNK)
                rest = rest - len(data) if data else 0
        except OSError:
            self.close_connection = True

    def begin(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        code, _, reason = status.partition(' ')
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        names = {name.lower() for name, _ in headers}
        # A response of unknown length has a Connection header, as it ends with the connection.
        if not names & {'content-length', 'connection'} and code != '204':
            self.send_header('Content-Length', '0')
        return self.wfile.write

    def send(self, chunks: Iterable[bytes]) -> None:
        """Send the headers with the first chunk, so that most responses fit one packet."""
        try:
            for chunk in chunks:
                self._headers_buffer.append(b'\r\n' if self._headers_buffer else b'')
                self.wfile.write(b''.join([*self._headers_buffer, chunk]))
                self._headers_buffer = []
            if self._headers_buffer:
                self.end_headers()
        finally:
            close = getattr(chunks, 'close', None)
            if close is not None:
                close()

    def log(self, type: str, message: str, *args: object) -> None:
        """Log nothing: :mod:`pdpyras_sandbox.received` logs the requests."""

    def log_request(self, code: int | str = '-', size: int | str = '-') -> None:
        """Log nothing, and save the time for formatting a line."""


class BodyError(Exception):
    """A body that is rejected, with the status of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


TOO_LONG = f'The body is longer than {MAXIMUM_BODY // 2**20} MiB'


def chunks_of(body: IO[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a body of unknown length.

    :raises BodyError: if the body is too long, or has an invalid chunk.
    """
    length = 0
    while True:
        try:
            chunk = body.read(CHUNK)
        except (ConnectionError, socket.timeout):
            raise
        except OSError:
            raise BodyError(400, 'The body is not in valid chunks') from None
        if not chunk:
            return
        length += len(chunk)
        if length > MAXIMUM_BODY:
            raise BodyError(413, TOO_LONG)
        yield chunk


class Idle:
    """The connections without a current request, of which at most ``MAXIMUM_IDLE`` are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A dict serves as an ordered set.
        self._connections: dict[socket.socket, bool] = {}

    def add(self, connection: socket.socket) -> None:
        """Add a connection; if there are too many, shut down the oldest."""
        with self._lock:
            self._connections[connection] = True
            if len(self._connections) > MAXIMUM_IDLE:
                oldest = next(iter(self._connections))
                del self._connections[oldest]
                shut_down(oldest)

    def discard(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.pop(connection, None)


class Server(ClosingServer, ThreadedWSGIServer):
    """Serves an application on a listening socket.

    :param context: the certificate to serve HTTPS with; None for plain HTTP.
    """

    #: The scheme of the URLs that clients use.
    scheme = 'http'

    def __init__(
        self, listener: socket.socket, app: Flask, context: ssl.SSLContext | None = None
    ) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, Handler, fd=listener.fileno())
        self.idle = Idle()
        if context is not None:
            # The handshake happens in the connection's thread, so that a slow client does not
            # delay others.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.scheme = 'https'

    def process_request(self, request: Any, client_address: Any) -> None:
        # Added in this thread, so that the oldest connection is the one accepted first.
        self.idle.add(request)
        super().process_request(request, client_address)

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), self.server_address[1]
        return '{}://{}:{}'.format(self.scheme, f'[{host}]' if ':' in host else host, port)


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket, which the server duplicates.

    :raises OSError: with the address in the message; werkzeug would end the process instead.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or error
        if error.errno == errno.EADDRINUSE:
            reason = 'the port is in use. Stop the other program, or choose another port, 0 for any'
        raise OSError(f'Cannot listen on {host} port {port}: {reason}') from error


class State:
    """The parts of a sandbox that its servers share: account, traffic, faults and limits."""

    def __init__(
        self,
        seed: int | None = None,
        latency: float = 0,
        rate_limit: int = REST_LIMIT,
        state: str | os.PathLike[str] | None = None,
        load: Any = None,
        webhooks_to: Iterable[str] = (),
    ) -> None:
        #: The dump of the initial account; None for a new account.
        self.initial = dump.read(load) if isinstance(load, (str, os.PathLike)) else deepcopy(load)
        if self.initial is not None:
            dump.check(self.initial)
        #: Seconds by which every response is delayed.
        self.latency = latency / 1000
        #: Set when the sandbox closes, so that no thread waits any longer.
        self.stopping = threading.Event()
        self.faults = Faults()
        self.traffic = Traffic()
        self.account = Account(seed, state)
        self.webhooks = Webhooks(self.account, Deliveries(self.account, webhooks_to))
        self.account.webhooks = self.webhooks
        self.rest_limit = RateLimit(rate_limit, self.account.clock.seconds)
        events_limit = EVENTS_LIMIT if rate_limit else 0
        self.events_limit = RateLimit(events_limit, self.account.clock.seconds)
        try:
            # The lock is for the threads that send the webhooks of a restored account.
            with self.account.store.lock, self.account.store.transaction():
                if self.account.store.restored:
                    self._resume()
                else:
                    self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Fill an empty account."""
        if self.initial is None:
            create_account(self.account)
            self._resume()
        else:
            self._replace(self.initial)

    def _replace(self, content: Any) -> None:
        """Replace the account by a dump.

        :raises ValueError: if a record lacks something, which leaves the account incomplete.
        """
        try:
            self.account.load(content)
            self._resume()
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f'This dump has an incomplete or invalid record: {error!r}') from error

    def _resume(self) -> None:
        """Set the alarms for the records of the account."""
        self.account.clock.clear()
        watch(self.account)
        watch_events(self.account)
        self.webhooks.resume()

    def load(self, content: Any) -> None:
        dump.check(content)
        with self.account.store.lock, self.account.store.transaction():
            before, events = dump.dump(self.account), list(self.account.events)
            try:
                self._replace(content)
            except ValueError:
                self._replace(before)
                self.account.events.extend(events)
                raise

    def reset(self) -> None:
        """Restore the initial account, with the same keys."""
        with self.account.store.lock, self.account.store.transaction():
            self.account.reset()
            self._begin()
        self.faults.clear()
        self.traffic.clear()
        self.rest_limit.reset()
        self.events_limit.reset()

    def close(self) -> None:
        self.account.clock.close()
        self.webhooks.close()
        with self.account.store.lock:
            self.account.store.close()


class Sandbox:
    """A PagerDuty account on this machine, served until :meth:`close`.

    :param host: the address to listen on.
    :param port: the port; 0 for a free one.
    :param seed: fill the account with sample data, the same for the same number; None for an
        account with one user, one escalation policy and one service.
    :param latency: milliseconds by which every response is delayed.
    :param rate_limit: the number of REST requests a minute for each key; 0 for no rate limits.
    :param state: a file that stores the account; None to keep the account in memory.
    :param load: a dump of an account, or a JSON file that contains one, to start from; ``seed``
        then has no effect.
    :param tls: serve HTTPS, with a certificate that :attr:`ca_file` verifies.
    :param webhooks_to: names or addresses of hosts that webhooks may be sent to, besides loopback
        addresses.
    :param names: other host names that clients use for the sandbox, such as ``pagerduty.test.svc``.
    """

    def __init__(
        self,
        host: str = '127.0.0.1',
        port: int = 0,
        seed: int | None = None,
        latency: float = 0,
        rate_limit: int = REST_LIMIT,
        state: str | os.PathLike[str] | None = None,
        load: Any = None,
        tls: bool = False,
        webhooks_to: Iterable[str] = (),
        names: Iterable[str] = (),
    ) -> None:
        for option, hosts in (('names', names), ('webhooks_to', webhooks_to)):
            if isinstance(hosts, str):
                raise TypeError(f'{option} must be a list of host names, not a string')
        names, webhooks_to = list(names), list(webhooks_to)
        self._options = {
            'host': host,
            'port': port,
            'seed': seed,
            'latency': latency,
            'rate_limit': rate_limit,
            'state': state,
            'load': load,
            'tls': tls,
            'webhooks_to': webhooks_to,
            'names': names,
        }
        self._closed = False
        self._authority: CertificateAuthority | None = None
        context = None
        with contextlib.ExitStack() as on_error, listening(host, port) as listener:
            if tls:
                self._authority = CertificateAuthority()
                on_error.callback(self._authority.close)
                own_names = dict.fromkeys([host, '127.0.0.1', '::1', 'localhost', *names])
                context = self._authority.context(*own_names)
            self._state = State(seed, latency, rate_limit, state, load, webhooks_to)
            on_error.callback(self._state.close)
            self._app = create_app(self._state, Access(host, names))
            self._server = Server(listener, self._app, context)
            on_error.pop_all()
        self._server.start()
        self._undo_no_proxy = reach_directly(urlsplit(self.url).hostname or host)
        self._state.webhooks.url = self.url

    @property
    def url(self) -> str:
        """The base URL of both the REST API and the Events API."""
        return self._server.url

    @property
    def ca_file(self) -> str | None:
        """The PEM file of the authority that clients must trust; None without ``tls``."""
        return self._authority.file if self._authority else None

    @property
    def api_key(self) -> str:
        """An account key; it belongs to no user, so some requests need a From header."""
        return str(self._state.account.keys['api_key'])

    @property
    def user_key(self) -> str:
        """A key of the user with the email address :attr:`email`."""
        return str(self._state.account.keys['user_key'])

    @property
    def oauth_token(self) -> str:
        """An OAuth token of the user with the email address :attr:`email`."""
        return str(self._state.account.keys['oauth_token'])

    @property
    def routing_key(self) -> str:
        """The integration key of a service, for events."""
        return str(self._state.account.keys['routing_key'])

    @property
    def email(self) -> str:
        """The email address of the account's owner, for the From header."""
        return str(self._state.account.keys['email'])

    @property
    def requests(self) -> Requests:
        """The requests received, oldest first: a list with ``of()`` and ``assert_sent()``."""
        return Requests(self._state.traffic.all())

    @property
    def event_log(self) -> list[Record]:
        """The latest events received, oldest first, each with its ``outcome``."""
        with self._state.account.store.lock:
            return list(self._state.account.events)

    @property
    def clock(self) -> Clock:
        """The account's clock: ``sandbox.clock.advance(minutes=30)``, ``sandbox.clock.now()``."""
        return self._state.account.clock

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks sent: ``sandbox.webhooks.deliveries``, ``sandbox.webhooks.wait()``."""
        return self._state.webhooks

    @property
    def faults(self) -> Faults:
        """Failures on demand: ``sandbox.faults.next(3, status=429, reset=2)``."""
        return self._state.faults

    def reset(self) -> None:
        """Restore the initial account, with the same keys, and clear requests and faults."""
        self._state.reset()

    def dump(self) -> dict[str, Any]:
        """Return the account as a dict that can be saved as JSON and loaded later."""
        return dump.dump(self._state.account)

    def load(self, content: Any) -> None:
        """Replace the account, including its keys, by a dump from :meth:`dump`.

        :raises ValueError: if the content is not a dump; the account is then unchanged.
        """
        self._state.load(content)

    @property
    def restored(self) -> bool:
        """True if the account was restored from the file given as ``state``."""
        return self._state.account.store.restored

    def as_pagerduty(self) -> AsPagerDuty:
        """Redirect the HTTP clients of this process from PagerDuty to this sandbox.

        >>> with Sandbox().as_pagerduty() as sandbox:
        ...     requests.get('https://api.pagerduty.com/users', …)

        Also a decorator. requests, urllib3, httpx and httpx2 are redirected, in all threads. Other
        clients get a :class:`~pdpyras_sandbox.in_process.RedirectError` if they connect to a host
        of PagerDuty. Requests to other hosts are not affected.

        The sandbox is closed at the end if it was created in the same expression.
        """
        from pdpyras_sandbox.in_process import AsPagerDuty

        return AsPagerDuty(self)

    def with_same_options(self) -> Sandbox:
        """Return a new sandbox with the same options."""
        return type(self)(**self._options)

    def server_for_pagerduty(self, context: ssl.SSLContext | None = None) -> Server:
        """Return another server for this account, on a free loopback port.

        It serves requests for PagerDuty's URLs, over HTTPS if there is a context.
        """
        if self._closed:
            raise RuntimeError('This sandbox is closed')
        with listening('127.0.0.1', 0) as listener:
            server = Server(listener, self._app, context)
        server.scheme = 'https'
        return server

    def wait(self) -> None:
        """Block until the program is interrupted."""
        self._server.wait()

    def close(self) -> None:
        """Stop the server, close all connections, and close the file of the account."""
        if self._closed:
            return
        self._closed = True
        self._undo_no_proxy()
        self._state.stopping.set()
        # Ends the streams of open pages, which wait for changes.
        self._state.traffic.notify()
        self._server.stop()
        if self._authority:
            self._authority.close()
        self._state.close()

    def __enter__(self: SandboxType) -> SandboxType:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
