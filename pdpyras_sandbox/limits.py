"""Rate limits: a number of requests a minute for each key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

REST_LIMIT = 960
EVENTS_LIMIT = 120
WINDOW = 60


class RateLimit:
    """Counts requests by key in windows of a minute; 0 disables the limit."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[Hashable, tuple[float, int]] = {}

    def count(self, key: Hashable) -> tuple[dict[str, str], bool]:
        """Count a request; return the rate limit headers, and whether the request is allowed."""
        if not self.limit:
            return {}, True
        with self._lock:
            start, used = self._windows.get(key, (0, 0))
            now = self._clock()
            if not used or now - start >= WINDOW:
                start, used = now, 0
            used += 1
            self._windows[key] = (start, used)
        headers = {
            'ratelimit-limit': str(self.limit),
            'ratelimit-remaining': str(max(0, self.limit - used)),
            'ratelimit-reset': str(max(1, round(start + WINDOW - now))),
        }
        return headers, used <= self.limit

    def reset(self) -> None:
        with self._lock:
            self._windows.clear()
