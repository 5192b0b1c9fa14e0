"""Temporary redirection of this process's HTTP clients from PagerDuty to a sandbox.

requests, urllib3, httpx and httpx2 are redirected where they would open a connection, so that URLs,
hooks, adapters and retries work as usual. Other clients get an error if they call PagerDuty.
"""

from __future__ import annotations

import _socket
import contextlib
import errno
import functools
import http.client
import importlib.util
import inspect
import os
import socket
import sys
import threading
from types import ModuleType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ContextManager,
    Iterator,
    TypeVar,
    cast,
)
from urllib.parse import urlsplit

import urllib3.connection
import urllib3.connectionpool

from pdpyras_sandbox.hosts import API_HOSTS, is_pagerduty, normalized

if TYPE_CHECKING:
    from pdpyras_sandbox.server import Sandbox, Server

Function = TypeVar('Function', bound=Callable[..., Any])

HTTPS_PORT = 443
#: Maximum number of idle connections to the sandbox; more than a program has threads.
IDLE_CONNECTIONS = 1000
#: Stands for an absent timeout; urllib3's own default is private.
_NOT_GIVEN: Any = object()

#: The active redirections, innermost last.
_redirections: list[_Redirection] = []
_lock = threading.RLock()
_patches = contextlib.ExitStack()


class RedirectError(ConnectionError):
    """A request to PagerDuty that cannot be redirected to the sandbox, and was not sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ECONNREFUSED, reason)


class AsPagerDuty:
    """Context manager and decorator that redirect requests for PagerDuty to a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        #: An object that only this one refers to, for comparing reference counts.
        self._unshared = object()
        self._entered: list[contextlib.ExitStack] = []

    def _owns_sandbox(self) -> bool:
        """Return whether nothing else refers to the sandbox: the same expression created it."""
        return sys.getrefcount(self._sandbox) == sys.getrefcount(self._unshared)

    def __enter__(self) -> Sandbox:
        with contextlib.ExitStack() as stack:
            if self._owns_sandbox():
                stack.callback(self._sandbox.close)
            stack.enter_context(_redirected(self._sandbox))
            self._entered.append(stack.pop_all())
        return self._sandbox

    def __exit__(self, *exception: Any) -> None:
        self._entered.pop().close()

    def __call__(self, function: Function) -> Function:
        """Decorate a function, a coroutine function or a generator function.

        If the sandbox was created in the decorator's expression, each call gets a new one.
        """
        if self._owns_sandbox():
            self._sandbox.close()
            return _wrapped(function, lambda: AsPagerDuty(self._sandbox.with_same_options()))
        return _wrapped(function, lambda: AsPagerDuty(self._sandbox))


def _wrapped(function: Function, context: Callable[[], ContextManager[Any]]) -> Function:
    if not callable(function) or inspect.isclass(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f'as_pagerduty() decorates functions, not {function!r}')
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            with context():
                return await function(*args, **kwargs)

        return cast(Function, coroutine)
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with context():
                return (yield from function(*args, **kwargs))
    else:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with context():
                return function(*args, **kwargs)

    return cast(Function, wrapper)


@contextlib.contextmanager
def _redirected(sandbox: Sandbox) -> Iterator[None]:
    redirection = _Redirection(sandbox)
    try:
        with _lock:
            if not _redirections:
                _install(_patches)
            _redirections.append(redirection)
        yield
    finally:
        with _lock:
            if redirection in _redirections:
                _redirections.remove(redirection)
            if not _redirections:
                _patches.close()
        redirection.close()


class _Redirection:
    """A server for requests to PagerDuty's API hosts, and urllib3's connections to it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.server: Server = sandbox.server_for_pagerduty()
        self.server.start()
        self._pools: dict[tuple[int, str], _Pool] = {}

    def pool(self, host: str) -> _Pool:
        # A forked process must not share connections with its parent.
        key = (os.getpid(), host)
        with _lock:
            if key not in self._pools:
                address = ('127.0.0.1', self.server.port)
                self._pools[key] = _Pool(
                    host, HTTPS_PORT, maxsize=IDLE_CONNECTIONS, address=address
                )
            return self._pools[key]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self.server.stop()


def _redirection_for(scheme: str, host: str, port: int | None) -> _Redirection | None:
    """Return the redirection for a request; None if it is not for PagerDuty.

    :raises RedirectError: if the request is for PagerDuty, but not for one of its APIs.
    """
    if not is_pagerduty(host):
        return None
    with _lock:
        redirection = _redirections[-1] if _redirections else None
    if redirection is None:
        return None
    if normalized(host) not in API_HOSTS or scheme != 'https' or port not in (None, HTTPS_PORT):
        raise RedirectError(
            f'{scheme}://{host} was not called: the sandbox at {redirection.url} replaces '
            f'PagerDuty here, and has only the APIs https://{", https://".join(API_HOSTS)}'
        )
    return redirection


def _check_host(host: Any) -> None:
    """Raise an error if a client that cannot be redirected connects to a host of PagerDuty."""
    if not isinstance(host, (str, bytes)) or not is_pagerduty(host):
        return
    with _lock:
        url = _redirections[-1].url if _redirections else None
    if url:
        raise RedirectError(
            f'{normalized(host)} was not called: the sandbox at {url} replaces PagerDuty here, and '
            "this client cannot be redirected. Use the sandbox's own URL, or run the whole program "
            'with: python -m pdpyras_sandbox run'
        )


def _install(patches: contextlib.ExitStack) -> None:
    """Patch the functions that open connections, until the patches are closed."""

    def replace(owner: Any, name: str, replacement: Any) -> None:
        if name in vars(owner):
            patches.callback(setattr, owner, name, vars(owner)[name])
        else:
            patches.callback(delattr, owner, name)
        setattr(owner, name, replacement)

    def guard(owner: Any, name: str, hosts: Callable[..., Any]) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            for host in hosts(*args, **kwargs):
                _check_host(host)
            return original(*args, **kwargs)

        replace(owner, name, guarded)

    pool_class = urllib3.connectionpool.HTTPConnectionPool
    replace(pool_class, 'urlopen', _urlopen(pool_class.urlopen))
    for name in ('httpx', 'httpx2'):
        if importlib.util.find_spec(name):
            module = importlib.import_module(name)
            transport, asynchronous = module.HTTPTransport, module.AsyncHTTPTransport
            replace(transport, 'handle_request', _handle_request(module, transport.handle_request))
            replace(
                asynchronous,
                'handle_async_request',
                _handle_async_request(module, asynchronous.handle_async_request),
            )
    # socket.getaddrinfo calls _socket.getaddrinfo, also if it was imported by name before.
    guard(_socket, 'getaddrinfo', lambda host, *args, **kwargs: [host])
    guard(socket, 'gethostbyname', lambda host: [host])
    guard(socket, 'gethostbyname_ex', lambda host: [host])
    guard(socket.socket, 'connect', _hosts_of_address)
    guard(socket.socket, 'connect_ex', _hosts_of_address)
    # With a proxy, the host is not resolved in this process.
    guard(http.client.HTTPConnection, 'putrequest', _hosts_of_http_request)
    aiohttp = sys.modules.get('aiohttp')
    if aiohttp:
        guard(
            aiohttp.BaseConnector,
            'connect',
            lambda self, request, *args, **kwargs: [request.url.host],
        )


def _hosts_of_address(connection: socket.socket, address: Any) -> list[Any]:
    return [address[0]] if isinstance(address, tuple) else []


def _hosts_of_http_request(
    connection: http.client.HTTPConnection, method: str, url: str, *args: Any, **kwargs: Any
) -> list[Any]:
    if isinstance(connection, _Connection):
        return []
    tunnelled = getattr(connection, '_tunnel_host', None)
    return [connection.host, tunnelled, None if url.startswith('/') else urlsplit(url).hostname]


class _Connection(urllib3.connection.HTTPConnection):
    """A connection to the sandbox, with the host and port of PagerDuty."""

    # Keeps the port out of the header Host.
    default_port = HTTPS_PORT  # type: ignore[misc]

    def __init__(self, *args: Any, address: tuple[str, int], **options: Any) -> None:
        super().__init__(*args, **options)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection(self._address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    scheme = 'https'
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]


def _urlopen(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def urlopen(
        pool: urllib3.connectionpool.HTTPConnectionPool,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        retries: Any = None,
        redirect: bool = True,
        assert_same_host: bool = True,
        timeout: Any = _NOT_GIVEN,
        *args: Any,
        **options: Any,
    ) -> Any:
        target = urlsplit(url) if not url.startswith('/') else None
        redirection = None
        if not isinstance(pool, _Pool):
            if target and target.hostname:
                # The pool is for an HTTP proxy.
                redirection = _redirection_for(target.scheme, target.hostname, target.port)
            else:
                redirection = _redirection_for(pool.scheme or '', pool.host, pool.port)
        if redirection:
            timeout = pool.timeout if timeout is _NOT_GIVEN else timeout
            headers = pool.headers if headers is None else headers
            retries = pool.retries if retries is None else retries
            pool = redirection.pool(normalized(pool.host))
        if timeout is not _NOT_GIVEN:
            args = (timeout, *args)
        return original(
            pool, method, url, body, headers, retries, redirect, assert_same_host, *args, **options
        )

    return urlopen


def _redirected_request(module: ModuleType, request: Any) -> Any | None:
    """Return an httpx request readdressed to the sandbox; None if it is not for PagerDuty."""
    url = request.url
    redirection = _redirection_for(url.scheme, url.host, url.port)
    if redirection is None:
        return None
    return module.Request(
        request.method,
        url.copy_with(scheme='http', host='127.0.0.1', port=redirection.server.port),
        # Includes the original Host header.
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _handle_request(module: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def handle_request(transport: Any, request: Any) -> Any:
        redirected = _redirected_request(module, request)
        if redirected is None:
            return original(transport, request)
        return original(_transport(module, module.HTTPTransport), redirected)

    return handle_request


def _handle_async_request(module: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def handle_async_request(transport: Any, request: Any) -> Any:
        redirected = _redirected_request(module, request)
        if redirected is None:
            return await original(transport, request)
        return await original(_transport(module, module.AsyncHTTPTransport), redirected)

    return handle_async_request


def _transport(module: ModuleType, transport_class: Callable[..., Any]) -> Any:
    """Return a transport that keeps no connections, which may belong to another event loop."""
    limits = module.Limits(max_keepalive_connections=0)
    return transport_class(verify=False, trust_env=False, limits=limits)
