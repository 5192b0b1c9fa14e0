"""The clock of an account: real time, moved ahead on demand, and the alarms set on it."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, NamedTuple

from pdpyras_sandbox.store import Store

#: The record that keeps how far the clock is ahead.
PATH = '/_sandbox/clock'
#: The keywords of :meth:`Clock.advance`, which are those of :class:`datetime.timedelta`.
UNITS = ('weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds', 'microseconds')
#: Seconds between two checks of the alarms by :meth:`Clock.tick`.
TICK = 1
#: The last year that the clock can reach.
LAST_YEAR = 2999


class Alarm(NamedTuple):
    """Something that is due at a moment."""

    at: datetime
    #: Orders alarms of the same moment as they were set.
    number: int
    #: Names the function that is called, see :attr:`Clock.handlers`.
    kind: str
    #: The ID of the record that it is about.
    subject: str


class Clock:
    """The time of one account, in UTC.

    Callers that act on the account call :meth:`catch_up` first, so that alarms ring as real time
    passes, too. All methods but :meth:`advance` need the lock of the store.
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
        #: Waits for what the alarms of one moment have set off; called without the lock.
        self.settle: Callable[[], None] = lambda: None

    @property
    def ahead(self) -> timedelta:
        """How far this clock is ahead of real time."""
        record = self._store.get(PATH)
        return timedelta(microseconds=record['ahead']) if record else timedelta()

    def now(self) -> datetime:
        """Return the current moment of the account, in whole seconds."""
        return (self._stopped_at or self._now()).replace(microsecond=0)

    def _now(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead

    def seconds(self) -> float:
        """Return seconds for measuring time: real time never moves them back."""
        return time.monotonic() + self.ahead.total_seconds()

    def timestamp(self) -> str:
        """Return the current moment in PagerDuty's form."""
        return timestamp(self.now())

    def set_alarm(self, at: datetime, kind: str, subject: str) -> None:
        """Have the handler of a kind called at a moment.

        Nothing cancels an alarm: the handler checks whether there is still something to do.
        """
        self._number += 1
        heapq.heappush(self._alarms, Alarm(at, self._number, kind, subject))

    def clear(self) -> None:
        """Forget all alarms."""
        self._alarms.clear()

    def catch_up(self) -> None:
        """Ring the alarms that are due, each with the clock stopped at its own moment."""
        now = self._stopped_at or self._now()
        while self._alarms and self._alarms[0].at <= now:
            self._ring(heapq.heappop(self._alarms))

    def tick(self) -> None:
        """Ring alarms as real time passes from now on, even if no request comes in."""
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
        with self._stopped(alarm.at):
            self.handlers[alarm.kind](alarm)

    @contextmanager
    def _stopped(self, at: datetime) -> Iterator[None]:
        before, self._stopped_at = self._stopped_at, at
        try:
            yield
        finally:
            self._stopped_at = before

    def advance(self, **duration: float) -> datetime:
        """Move the clock ahead, and return the new moment.

        Whatever is due until then happens first, each at its own time: incidents escalate, are
        triggered again and resolve themselves, webhooks are retried.

        :param duration: the words of :class:`datetime.timedelta`, such as ``minutes=30``.
        :raises ValueError: for a step back, and for anything that is not a duration.
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
        if step > datetime(LAST_YEAR, 12, 31, tzinfo=timezone.utc) - now:
            raise ValueError(f'The clock cannot go past the year {LAST_YEAR}')
        return now + step

    def _next_due(self, target: datetime) -> bool:
        """Move to the next alarm up to ``target`` and ring it; False if there is none."""
        with self._store.lock, self._store.at_once():
            if not self._alarms or self._alarms[0].at > target:
                return False
            self._move_to(self._alarms[0].at)
            self.catch_up()
            return True

    def _move_to(self, moment: datetime) -> None:
        # Real time may have got there first, while a webhook was waiting for its response.
        step = moment - self._now()
        if step > timedelta():
            # A whole number: a float of many years loses microseconds.
            ahead = (self.ahead + step) // timedelta(microseconds=1)
            self._store.put(PATH, {'ahead': ahead})


def step_of(duration: dict[str, Any]) -> timedelta:
    """Return the step that :meth:`Clock.advance` is asked for; ValueError if it is not one."""
    unknown = sorted(set(duration) - set(UNITS))
    if unknown or not duration:
        given = repr(unknown[0]) if unknown else 'nothing'
        raise ValueError(f'Give a duration in {", ".join(UNITS)}, not {given}')
    for name, value in duration.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f'{name} must be a number, not {value!r}')
    try:
        step = timedelta(**duration)
    except (OverflowError, ValueError) as error:
        raise ValueError(f'The clock cannot go that far: {error}') from None
    if step < timedelta():
        raise ValueError('The clock goes forward only; reset() puts it back to real time')
    return step


def timestamp(moment: datetime) -> str:
    """Return a moment in PagerDuty's form: ``2024-01-01T00:00:00Z``."""
    # Much faster than strftime.
    return moment.astimezone(timezone.utc).isoformat(timespec='seconds')[:-6] + 'Z'
