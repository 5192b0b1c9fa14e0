"""The requests that the sandbox saw."""

import threading
from collections import deque

#: How many requests are kept.
KEPT = 10_000


class Request:
    """One request, as it was received."""

    def __init__(self, method, path, query, headers, json):
        self.method = method
        self.path = path
        #: The query string as a dict of lists: ``{'limit': ['100'], 'statuses[]': […]}``.
        self.query = query
        self.headers = headers
        #: The decoded body; None if there was none or it was no JSON.
        self.json = json
        #: The status it was answered with; None if it got no answer, or none yet.
        self.status = None

    def __repr__(self):
        return f'<{self.method} {self.path} {self.status}>'


class Traffic:
    def __init__(self):
        self._lock = threading.Lock()
        self._requests = deque(maxlen=KEPT)

    def add(self, request):
        with self._lock:
            self._requests.append(request)

    def list(self):
        with self._lock:
            return list(self._requests)

    def clear(self):
        with self._lock:
            self._requests.clear()
