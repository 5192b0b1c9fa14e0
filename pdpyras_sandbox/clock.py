"""The clock of an account: real time that can be moved ahead, and the alarms set on it."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, NamedTuple

from pdpyras_sandbox.store import Store

#: The path of the record that keeps the clock's offset from real time.
PATH = '/_sandbox/clock'
#: The keywords of :meth:`Clock.advance`, which are those of :class:`datetime.timedelta`.
UNITS = ('weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds', 'microseconds')
#: Seconds between two checks of the alarms by :meth:`Clock.tick`.
TICK = 1
#: The last year that the clock can reach.
LAST_YEAR = 2999
END = datetime(LAST_YEAR, 12, 31, tzinfo=timezone.utc)


class Alarm(NamedTuple):
    """An action that is due at a moment."""

    at: datetime
    #: A serial number, which keeps alarms of the same moment in the order in which they were set.
    number: int
    #: The kind of action, which selects one of :attr:`Clock.handlers`.
    kind: str
    #: The ID of the record that the action is about.
    subject: str


class Clock:
    """The time of one account, in UTC.

    Call :meth:`catch_up` before acting on the account, so that alarms also ring as real time
    passes. Setting and ringing alarms requires the lock of the store; reading the time does not.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._advancing = threading.Lock()
        self._stopped_at: datetime | None = None
        self._alarms: list[Alarm] = []
        self._number = 0
        self._ticking: threading.Thread | None = None
        self._closed = threading.Event()
        #: The functions that alarms call, by kind.
        self.handlers: dict[str, Callable[[Alarm], None]] = {}
        #: Waits until the alarms of one moment have taken effect; called without the lock.
        self.settle: Callable[[], None] = lambda: None

    @property
    def ahead(self) -> timedelta:
        """The difference between this clock and real time."""
        record = self._store.get(PATH)
        return timedelta(microseconds=record['ahead']) if record else timedelta()

    def now(self) -> datetime:
        """Return the current moment of the account, in whole seconds."""
        return self.exact_now().replace(microsecond=0)

    def exact_now(self) -> datetime:
        """Return the current moment of the account, with microseconds."""
        return self._stopped_at or self._now()

    def _now(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead

    def seconds(self) -> float:
        """Return a number of seconds for measuring time, which never decreases."""
        return time.monotonic() + self.ahead.total_seconds()

    def after(self, seconds: float) -> datetime:
        """Return the moment after a number of seconds, within the range of the clock."""
        longest = (END - self.now()).total_seconds()
        return self.now() + timedelta(seconds=min(max(seconds, 0), longest))

    def timestamp(self) -> str:
        """Return the current moment in PagerDuty's format."""
        return timestamp(self.now())

    def set_alarm(self, at: datetime, kind: str, subject: str) -> None:
        """Schedule a call of a kind's handler.

        An alarm cannot be cancelled: the handler checks whether there is still something to do.
        """
        self._number += 1
        heapq.heappush(self._alarms, Alarm(at, self._number, kind, subject))

    def clear(self) -> None:
        """Remove all alarms."""
        self._alarms.clear()

    def catch_up(self) -> None:
        """Ring the alarms that are due, each with the clock stopped at its own moment."""
        now = self.exact_now()
        while self._alarms and self._alarms[0].at <= now:
            self._ring(heapq.heappop(self._alarms))

    def tick(self) -> None:
        """Start a thread that rings alarms as real time passes, even if no request comes in."""
        if self._ticking is None:
            self._ticking = threading.Thread(target=self._tick, name='sandbox-clock', daemon=True)
            self._ticking.start()

    def _tick(self) -> None:
        while not self._closed.wait(TICK):
            with self._store.lock:
                self.catch_up()

    def close(self) -> None:
        """Stop ticking."""
        self._closed.set()
        if self._ticking is not None:
            self._ticking.join()

    def _ring(self, alarm: Alarm) -> None:
        with self.stopped(alarm.at):
            self.handlers[alarm.kind](alarm)

    @contextmanager
    def stopped(self, at: datetime) -> Iterator[None]:
        """Stop the clock at a moment within the context."""
        before, self._stopped_at = self._stopped_at, at
        try:
            yield
        finally:
            self._stopped_at = before

    def advance(self, **duration: float) -> datetime:
        """Move the clock ahead, and return the new moment.

        Everything that becomes due happens first, each at its own time: incidents escalate, return
        to triggered or are resolved by their timeouts, and webhooks are retried.

        :param duration: keyword arguments of :class:`datetime.timedelta`, such as ``minutes=30``.
        :raises ValueError: for a negative or invalid duration.
        """
        step = step_of(duration)
        with self._advancing:
            target = self._target(step)
            while self._next_due(target):
                self.settle()
            with self._store.lock:
                self._move_to(target)
                return self.now()

    def _target(self, step: timedelta) -> datetime:
        self.settle()
        now = self._now()
        if step > END - now:
            raise ValueError(f'The clock cannot go past the year {LAST_YEAR}')
        return now + step

    def _next_due(self, target: datetime) -> bool:
        """Move to the next alarm up to ``target`` and ring it; return False if no alarm is left."""
        with self._store.lock, self._store.transaction():
            if not self._alarms or self._alarms[0].at > target:
                return False
            self._move_to(self._alarms[0].at)
            self.catch_up()
            return True

    def _move_to(self, moment: datetime) -> None:
        # Real time may have reached the moment while a webhook was waiting for its response.
        step = moment - self._now()
        if step > timedelta():
            # An integer, because a float of many years loses microseconds.
            ahead = (self.ahead + step) // timedelta(microseconds=1)
            self._store.put(PATH, {'ahead': ahead})


def step_of(duration: dict[str, Any]) -> timedelta:
    """Return the duration passed to :meth:`Clock.advance` as a timedelta.

    :raises ValueError: if it is negative or invalid.
    """
    unknown = sorted(set(duration) - set(UNITS))
    if unknown or not duration:
        given = repr(unknown[0]) if unknown else 'nothing'
        raise ValueError(f'Pass a duration in {", ".join(UNITS)}, not {given}')
    for name, value in duration.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f'{name} must be a number, not {value!r}')
    try:
        step = timedelta(**duration)
    except (OverflowError, ValueError) as error:
        raise ValueError(f'The clock cannot go that far: {error}') from None
    if step < timedelta():
        raise ValueError('The clock cannot go back; reset() returns it to real time')
    return step


def timestamp(moment: datetime) -> str:
    """Return a moment in PagerDuty's format: ``2024-01-01T00:00:00Z``."""
    # Much faster than strftime.
    return moment.astimezone(timezone.utc).isoformat(timespec='seconds')[:-6] + 'Z'
