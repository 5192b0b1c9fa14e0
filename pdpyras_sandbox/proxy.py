"""An HTTP proxy that forwards requests for PagerDuty to the sandbox, and rejects others."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import tempfile
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Iterable, cast
from urllib.parse import urlsplit

from pdpyras_sandbox.certificates import CertificateAuthority, system_authorities
from pdpyras_sandbox.connections import ClosingServer
from pdpyras_sandbox.hosts import API_HOSTS, normalized

if TYPE_CHECKING:
    from pdpyras_sandbox.server import Sandbox

log = logging.getLogger('pdpyras_sandbox')

HTTP_PORT = 80
HTTPS_PORT = 443
#: Seconds to wait for a connection to an allowed host.
CONNECT_TIMEOUT = 30
CHUNK = 2**16
#: Headers that concern the connection to the proxy, and are not forwarded.
HOP_BY_HOP = ('connection', 'keep-alive', 'proxy-connection', 'proxy-authorization')


class SandboxProxy:
    """An HTTP proxy on a loopback port that connects PagerDuty's API hosts to a sandbox.

    :param sandbox: a running :class:`~pdpyras_sandbox.Sandbox`.
    :param allowed: other hosts that programs may reach.
    """

    #: Variables that could make programs bypass the proxy or distrust its certificate.
    removed_variables = ('ALL_PROXY', 'all_proxy', 'SSL_CERT_DIR')

    def __init__(self, sandbox: Sandbox, allowed: Iterable[str] = ()) -> None:
        self._sandbox = sandbox
        self._authority = CertificateAuthority()
        self._folder = tempfile.TemporaryDirectory(prefix='pdpyras_sandbox-')
        trusted = system_authorities() + self._authority.pem
        if sandbox.ca_file:
            with open(sandbox.ca_file, encoding='ascii') as file:
                trusted += file.read()
        self._bundle = self._write('ca-bundle.pem', trusted)
        self._wgetrc = self._write('wgetrc', f'ca_certificate = {self._bundle}\n')
        self._pagerduty = sandbox.server_for_pagerduty(self._authority.context(*API_HOSTS))
        self._server = _Server(('127.0.0.1', self._pagerduty.port), allowed)
        self._pagerduty.start()
        self._server.start()

    def _write(self, name: str, text: str) -> str:
        path = os.path.join(self._folder.name, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    @property
    def url(self) -> str:
        """The URL of the proxy."""
        return f'http://127.0.0.1:{self._server.server_address[1]}'

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that make a program use the proxy and trust its certificate."""
        loopback = '127.0.0.1,localhost,::1'
        variables = {'HTTP_PROXY': self.url, 'HTTPS_PROXY': self.url, 'NO_PROXY': loopback}
        variables.update({name.lower(): value for name, value in variables.items()})
        # requests, OpenSSL and Go, curl, Node.js.
        for name in (
            'REQUESTS_CA_BUNDLE',
            'SSL_CERT_FILE',
            'CURL_CA_BUNDLE',
            'NODE_EXTRA_CA_CERTS',
        ):
            variables[name] = self._bundle
        variables['WGETRC'] = self._wgetrc
        # Node.js 24 and newer use the proxy in the environment only with this variable.
        variables['NODE_USE_ENV_PROXY'] = '1'
        # The package global-agent, for older versions, expects a prefix unless this is empty.
        variables['GLOBAL_AGENT_ENVIRONMENT_VARIABLE_NAMESPACE'] = ''
        sandbox = self._sandbox
        return {
            **variables,
            'PAGERDUTY_API_KEY': sandbox.api_key,
            'PAGERDUTY_USER_KEY': sandbox.user_key,
            'PAGERDUTY_OAUTH_TOKEN': sandbox.oauth_token,
            'PAGERDUTY_ROUTING_KEY': sandbox.routing_key,
            'PAGERDUTY_EMAIL': sandbox.email,
            'PAGERDUTY_SANDBOX_URL': sandbox.url,
        }

    def environment(self) -> dict[str, str]:
        """Return this process's environment, changed to make programs use the proxy."""
        kept = {k: v for k, v in os.environ.items() if k not in self.removed_variables}
        return {**kept, **self.variables}

    def close(self) -> None:
        """Stop the proxy, and remove its files."""
        self._server.stop()
        self._pagerduty.stop()
        self._authority.close()
        self._folder.cleanup()

    def __enter__(self) -> SandboxProxy:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    """Connects a client to the requested host, if the host is allowed."""

    # Unbuffered: the bytes after the request belong to the tunnel.
    rbufsize = 0
    protocol_version = 'HTTP/1.1'
    error_message_format = '%(message)s\n'
    error_content_type = 'text/plain'
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_CONNECT(self) -> None:
        self.close_connection = True
        try:
            target = urlsplit('//' + self.path)
            host, port = normalized(target.hostname or ''), target.port or HTTPS_PORT
        except ValueError:
            self.send_error(400, 'CONNECT requires a host and a port')
            return
        if host in API_HOSTS and port == HTTPS_PORT:
            address = self.server.sandbox_address
        elif host in self.server.allowed:
            address = (host, port)
        else:
            self.reject(host, port)
            return
        with self.connect(address) as upstream:
            self.send_response_only(200, 'Connection established')
            self.end_headers()
            relay(self.connection, upstream)

    def do_GET(self) -> None:
        """Forward a request with any method over plain HTTP."""
        self.close_connection = True
        host, port, path = '', HTTP_PORT, '/'
        with contextlib.suppress(ValueError):
            target = urlsplit(self.path)
            host, port = normalized(target.hostname or ''), target.port or HTTP_PORT
            path = (target.path or '/') + ('?' + target.query if target.query else '')
        if not host:
            self.send_error(400, 'This is a proxy; the sandbox itself is at PAGERDUTY_SANDBOX_URL')
            return
        if host not in self.server.allowed:
            self.reject(host, port)
            return
        head = [f'{self.command} {path} HTTP/1.1']
        head += [f'{k}: {v}' for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP]
        head += ['Connection: close', '', '']
        with self.connect((host, port)) as upstream:
            upstream.sendall('\r\n'.join(head).encode('latin-1'))
            relay(self.connection, upstream)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def connect(self, address: tuple[str, int]) -> socket.socket:
        try:
            upstream = socket.create_connection(address, CONNECT_TIMEOUT)
        except OSError as error:
            self.send_error(502, f'Cannot connect to {address[0]}: {error}')
            raise
        upstream.settimeout(None)
        # Without this, Nagle's algorithm and delayed acknowledgements cost 40 ms a request.
        for connection in (self.connection, upstream):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return upstream

    def reject(self, host: str, port: int) -> None:
        if host in API_HOSTS:
            reason = f'refused {host}:{port}: PagerDuty requires HTTPS on port {HTTPS_PORT}'
        else:
            reason = f'refused {host}:{port}: pass --allow {host} to allow it'
        self.server.report(reason)
        self.send_error(403, f'pdpyras_sandbox {reason}')

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: only rejected hosts are logged, by :meth:`_Server.report`."""


class _Server(ClosingServer):
    def __init__(self, sandbox_address: tuple[str, int], allowed: Iterable[str]) -> None:
        self.sandbox_address = sandbox_address
        self.allowed = {normalized(host) for host in allowed}
        self._reported: set[str] = set()
        super().__init__(('127.0.0.1', 0), _Handler)

    def report(self, reason: str) -> None:
        """Log a rejected host, once."""
        if reason not in self._reported:
            self._reported.add(reason)
            log.warning(reason)


def relay(client: socket.socket, upstream: socket.socket) -> None:
    """Copy bytes in both directions until one side closes the connection."""
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, upstream)
        selector.register(upstream, selectors.EVENT_READ, client)
        while True:
            for key, _ in selector.select():
                data = cast(socket.socket, key.fileobj).recv(CHUNK)
                if not data:
                    return
                key.data.sendall(data)
