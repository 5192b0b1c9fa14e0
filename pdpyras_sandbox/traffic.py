"""The latest requests received by the sandbox, within a memory limit."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from sys import getsizeof
from typing import Any

from werkzeug.wrappers import Response

from pdpyras_sandbox.decoding import decoded_or_none

#: Maximum number of stored requests, and of bytes that they occupy.
KEPT = 10_000
MAXIMUM_BYTES = 56 * 2**20
#: Responses are stored for the latest requests only, and truncated: 100 of 64 KiB, so that requests
#: and responses together occupy at most about 64 MiB.
KEPT_RESPONSES = 100
SHOWN_BYTES = 64 * 2**10
#: Bytes of memory for a request without its strings, and for a string in a dict or list.
OVERHEAD = 1500
OVERHEAD_OF_TEXT = 60


class Request:
    """A request as it was received."""

    def __init__(
        self,
        method: str,
        path: str,
        query: dict[str, list[str]],
        headers: dict[str, str],
        body: bytes = b'',
        at: datetime | None = None,
    ) -> None:
        self.method = method
        self.path = path
        #: The query string as a dict of lists: ``{'limit': ['100'], 'statuses[]': […]}``.
        self.query = query
        self.headers = headers
        #: The body as it was sent.
        self.body = body
        #: The time of receipt, by the sandbox's clock.
        self.at = at
        #: The status of the response; None without a response, or before it is sent.
        self.status: int | None = None
        #: The headers and the body of the response; None for all but the latest requests.
        self.response_headers: list[tuple[str, str]] | None = None
        self.response_body: bytes | None = None
        #: The number of the request since the start, from 1.
        self.number = 0

    @property
    def json(self) -> Any:
        """The decoded body; None if it is empty or not JSON."""
        return decoded_or_none(self.body)

    @property
    def size(self) -> int:
        """The approximate bytes of memory that the request occupies, without its response."""
        texts: list[str | bytes] = [self.path, self.body]
        for name, values in self.query.items():
            texts += [name, *values]
        for pair in self.headers.items():
            texts += pair
        return OVERHEAD + sum(OVERHEAD_OF_TEXT + getsizeof(text) for text in texts)

    def __repr__(self) -> str:
        return f'<{self.method} {self.path} {self.status}>'


class Traffic:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._requests: deque[tuple[int, Request]] = deque()
        self._answered: deque[Request] = deque()
        self._bytes = 0
        self._number = 0
        self._changes = 0

    def add(self, request: Request) -> None:
        size = request.size
        with self._condition:
            self._number += 1
            request.number = self._number
            self._requests.append((size, request))
            self._bytes += size
            while self._bytes > MAXIMUM_BYTES or len(self._requests) > KEPT:
                self._bytes -= self._requests.popleft()[0]
            self.notify()

    def add_response(self, request: Request, response: Response) -> None:
        """Store the response to a request."""
        with self._condition:
            request.status = response.status_code
            request.response_headers = list(response.headers)
            if not response.is_streamed:
                request.response_body = response.get_data()[:SHOWN_BYTES]
            self._answered.append(request)
            if len(self._answered) > KEPT_RESPONSES:
                oldest = self._answered.popleft()
                oldest.response_headers = oldest.response_body = None
            self.notify()

    def notify(self) -> None:
        """Notify open pages of a change."""
        with self._condition:
            self._changes += 1
            self._condition.notify_all()

    def wait(self, changes: int, seconds: float) -> int:
        """Wait for a change.

        :param changes: the number of changes that the last call returned.
        :param seconds: the maximum time to wait.
        :returns: the number of changes so far.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._changes != changes, seconds)
            return self._changes

    def get(self, number: int) -> Request | None:
        """Return the request with a number, or None if it is no longer stored."""
        with self._condition:
            for _, request in reversed(self._requests):
                if request.number == number:
                    return request
        return None

    def all(self) -> list[Request]:
        with self._condition:
            return [request for _, request in self._requests]

    def clear(self) -> None:
        with self._condition:
            self._requests.clear()
            self._answered.clear()
            self._bytes = 0
            self.notify()
