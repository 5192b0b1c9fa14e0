"""The requests that the sandbox received, within bounds."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from sys import getsizeof
from typing import Any

from werkzeug.wrappers import Response

from pdpyras_sandbox.decoding import decoded

#: Number of requests that are kept, and of bytes that they may take up.
KEPT = 10_000
MAXIMUM_BYTES = 56 * 2**20
#: Responses are kept for the latest requests only, and not whole if they are long: 100 of 64 KiB
#: fill the 64 MiB that all of this may take up.
KEPT_RESPONSES = 100
SHOWN_BYTES = 64 * 2**10
#: The memory that Python takes for a request besides its texts, and for a text in a dict or list.
OVERHEAD = 1500
OVERHEAD_OF_TEXT = 60


class Request:
    """One request, as it was received."""

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
        #: The body as it was sent, in bytes.
        self.body = body
        #: When it was received, by the sandbox's clock.
        self.at = at
        #: The status it was answered with; None if it got no answer, or none yet.
        self.status: int | None = None
        #: The headers and the body of the answer; None for all but the latest requests.
        self.response_headers: list[tuple[str, str]] | None = None
        self.response_body: bytes | None = None
        #: Counts the requests since the start, from 1.
        self.number = 0

    @property
    def json(self) -> Any:
        """The decoded body; None if there was none or it is not JSON."""
        try:
            return decoded(self.body)
        except ValueError:
            return None

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes up, without the response."""
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
        self._changed = threading.Condition()
        self._requests: deque[tuple[int, Request]] = deque()
        self._answered: deque[Request] = deque()
        self._bytes = 0
        self._number = 0
        self._changes = 0

    def add(self, request: Request) -> None:
        size = request.size
        with self._changed:
            self._number += 1
            request.number = self._number
            self._requests.append((size, request))
            self._bytes += size
            while self._bytes > MAXIMUM_BYTES or len(self._requests) > KEPT:
                self._bytes -= self._requests.popleft()[0]
            self._notify()

    def answer(self, request: Request, response: Response) -> None:
        """Record the answer to a request."""
        with self._changed:
            request.status = response.status_code
            request.response_headers = list(response.headers)
            if not response.is_streamed:
                request.response_body = response.get_data()[:SHOWN_BYTES]
            self._answered.append(request)
            if len(self._answered) > KEPT_RESPONSES:
                oldest = self._answered.popleft()
                oldest.response_headers = oldest.response_body = None
            self._notify()

    def changed(self) -> None:
        """Wake up the pages that show the sandbox, after a change that no request made."""
        with self._changed:
            self._notify()

    def _notify(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def wait(self, changes: int, seconds: float) -> int:
        """Wait until something has happened that :meth:`wait` has not reported before.

        :param changes: the number that the last call returned.
        :param seconds: how long to wait at most.
        :returns: the number of changes so far.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._changes != changes, seconds)
            return self._changes

    def get(self, number: int) -> Request | None:
        """Return the request with a number, or None if it is no longer kept."""
        with self._changed:
            for _, request in reversed(self._requests):
                if request.number == number:
                    return request
        return None

    def all(self) -> list[Request]:
        with self._changed:
            return [request for _, request in self._requests]

    def clear(self) -> None:
        with self._changed:
            self._requests.clear()
            self._answered.clear()
            self._bytes = 0
            self._notify()
