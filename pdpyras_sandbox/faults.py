"""Failures on demand: faults that the next responses have.

A fault has the same options in Python and in the control API::

    sandbox.faults.next(3, status=429, reset=2)
    sandbox.faults.next(drop='body', path='/users')
    curl -d '{"times": 3, "status": 503}' http://127.0.0.1:8080/_sandbox/faults
"""

from __future__ import annotations

import fnmatch
import json
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from werkzeug.wrappers import Response

from pdpyras_sandbox.errors import STANDARD, ApiError, EventError

#: The effects of a fault, which has at least one of them.
EFFECTS = ('status', 'hang', 'drop', 'body', 'content_type', 'slow', 'redirect', 'pages', 'lag')
CHOICES = {
    'drop': ('before', 'after', 'body'),
    'body': ('truncated', 'invalid', 'empty'),
    'pages': ('duplicate', 'missing', 'changing'),
}
SECONDS = ('hang', 'slow', 'reset', 'lag')
MAXIMUM_SECONDS = 86_400
TEXTS = ('content_type', 'redirect', 'path', 'method')
#: Paths of events that trigger, acknowledge and resolve alerts.
ALERT_PATHS = ('/v2/enqueue', '/generic/2010-04-15/create_event.json')
#: Paths whose errors have the form of the Events API.
EVENT_PATHS = (*ALERT_PATHS, '/v2/change/enqueue')
SLOW_CHUNKS = 20


class Fault:
    """The effects of a fault, and the requests that it applies to.

    :param status: respond with this status instead of processing the request.
    :param reset: seconds in the header ``ratelimit-reset`` of the response; requires ``status``.
    :param hang: seconds to delay the response.
    :param drop: close the connection ``'before'`` the request is processed, ``'after'`` it is
        processed, or in the middle of the response's ``'body'``.
    :param body: send a ``'truncated'``, ``'invalid'`` (HTML) or ``'empty'`` body.
    :param content_type: send the response with this content type.
    :param slow: seconds that sending the body takes.
    :param redirect: the URL to redirect the client to, with ``status`` or 302.
    :param pages: for listings: return the previous page (``'duplicate'``) or the next one
        (``'missing'``), or delete the first record of the page afterwards (``'changing'``).
    :param lag: for events: accept the event, and process it this many seconds later by the clock
        of the account.
    :param path: only requests with this path, or with a path that matches this shell pattern.
    :param method: only requests with this method.
    """

    def __init__(self, **options: Any) -> None:
        # In JSON, null stands for an option that is not set.
        options = {name: value for name, value in options.items() if value is not None}
        check(options)
        self.options = options
        #: Number of requests that the fault still applies to.
        self.times = 1
        self.status: int | None = options.get('status')
        self.reset: float | None = options.get('reset')
        self.hang: float | None = options.get('hang')
        self.drop: str | None = options.get('drop')
        self.body: str | None = options.get('body')
        self.content_type: str | None = options.get('content_type')
        self.slow: float = options.get('slow', 0)
        self.redirect: str | None = options.get('redirect')
        self.pages: str | None = options.get('pages')
        self.lag: float = options.get('lag', 0)
        self.path: str | None = options.get('path')
        self.method: str | None = options.get('method')

    def matches(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        if self.method and self.method.upper() != method:
            return False
        if self.path and not fnmatch.fnmatchcase(path, self.path):
            return False
        if self.pages:
            first = query.get('offset', '0') == '0' and not query.get('cursor')
            return method == 'GET' and not (self.pages == 'duplicate' and first)
        return not self.lag or path in ALERT_PATHS

    def response_instead(self, connection: socket.socket | None, path: str) -> Response | None:
        """Return a response to send instead of processing the request, or None to process it."""
        if self.drop == 'before':
            hang_up(connection)
        if self.redirect:
            return Response(status=self.status or 302, headers={'Location': self.redirect})
        if self.status:
            return self._error(self.status, path)
        return None

    def _error(self, status: int, path: str) -> Response:
        code, message = STANDARD.get(status, (2000, 'Failure on demand'))
        failure = EventError if path in EVENT_PATHS else ApiError
        response = Response(
            json.dumps(failure(status, code, message).body),
            status,
            content_type='application/json',
        )
        if self.reset is not None:
            response.headers['ratelimit-reset'] = str(self.reset)
        return response

    def apply(
        self, response: Response, connection: socket.socket | None, stopping: threading.Event
    ) -> Response:
        """Return a response with the effects of the fault."""
        if self.drop == 'after':
            hang_up(connection)
        if self.hang:
            stopping.wait(self.hang)
        if self.content_type:
            response.headers['Content-Type'] = self.content_type
        if self.body:
            response.data = {
                'truncated': response.data[: len(response.data) // 2],
                'invalid': b'<html>It works!</html>',
                'empty': b'',
            }[self.body]
        if self.drop == 'body':
            return self._cut_off(response, connection)
        return self._slowed(response, stopping) if self.slow else response

    def _cut_off(self, response: Response, connection: socket.socket | None) -> Response:
        data = response.data

        def first_half() -> Iterator[bytes]:
            yield data[: len(data) // 2]
            hang_up(connection)

        return streamed(response, first_half(), len(data))

    def _slowed(self, response: Response, stopping: threading.Event) -> Response:
        data = response.data
        size = max(1, len(data) // SLOW_CHUNKS)

        def trickle() -> Iterator[bytes]:
            for start in range(0, len(data), size):
                stopping.wait(self.slow / SLOW_CHUNKS)
                yield data[start : start + size]

        return streamed(response, trickle(), len(data))


def streamed(response: Response, chunks: Iterable[bytes], length: int) -> Response:
    response.response = chunks
    response.headers['Content-Length'] = str(length)
    return response


def hang_up(connection: socket.socket | None) -> NoReturn:
    """Close the client's connection, and stop processing its request."""
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            raise ConnectionAbortedError('the client closed the connection first') from None
    raise ConnectionAbortedError('dropped on demand')


def check(options: dict[str, Any]) -> None:
    """Raise ValueError for unknown or invalid options."""
    known = {*EFFECTS, 'reset', 'path', 'method'}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f'{unknown[0]!r} is not an option of a fault: {", ".join(sorted(known))}')
    if not options.keys() & set(EFFECTS):
        raise ValueError('A fault needs one of: {}'.format(', '.join(EFFECTS)))
    for name, choices in CHOICES.items():
        if name in options and options[name] not in choices:
            raise ValueError('{} must be one of: {}'.format(name, ', '.join(choices)))
    for name in SECONDS:
        if name in options and not is_number(options[name], 0, MAXIMUM_SECONDS):
            raise ValueError(f'{name} must be a number of seconds from 0 to {MAXIMUM_SECONDS}')
    for name in TEXTS:
        if name in options and not is_header_text(options[name]):
            raise ValueError(f'{name} must be a string of printable ASCII characters')
    check_status(options)


def check_status(options: dict[str, Any]) -> None:
    """Raise ValueError for an invalid status, or an option that cannot be combined with it."""
    status, redirect = options.get('status'), options.get('redirect')
    if status is not None and not (isinstance(status, int) and is_number(status, 200, 599)):
        raise ValueError('status must be an HTTP status from 200 to 599')
    if redirect is not None and status is not None and status // 100 != 3:
        raise ValueError('The status of a redirect must be from 300 to 399')
    if 'reset' in options and status is None:
        raise ValueError('reset requires a status')
    for name in ('pages', 'lag'):
        if name in options and (status or redirect):
            raise ValueError(f'{name} cannot be combined with status or redirect')


def is_number(value: Any, minimum: float, maximum: float) -> bool:
    is_numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_numeric and minimum <= value <= maximum


def is_header_text(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != ''


class Faults:
    """The pending faults, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []

    def next(self, times: int = 1, **options: Any) -> None:
        """Make the next ``times`` matching requests fail; see :class:`Fault` for the options.

        :raises ValueError: for unknown or invalid options.
        """
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise ValueError('times must be a positive integer')
        fault = Fault(**options)
        fault.times = times
        with self._lock:
            self._pending.append(fault)

    def take(self, method: str, path: str, query: Mapping[str, str]) -> Fault | None:
        """Return the first fault that matches a request, or None, and count down its uses."""
        with self._lock:
            for fault in self._pending:
                if fault.matches(method, path, query):
                    fault.times -= 1
                    if not fault.times:
                        self._pending.remove(fault)
                    return fault
        return None

    @property
    def pending(self) -> list[dict[str, Any]]:
        """The options of the pending faults."""
        with self._lock:
            return [{'times': fault.times, **fault.options} for fault in self._pending]

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()
