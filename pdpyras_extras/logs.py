"""Send log records to PagerDuty as alerts.

::

    logging.getLogger().addHandler(PagerDutyHandler(routing_key))

Needs nothing but pdpyras. See https://developer.pagerduty.com/docs/events-api-v2-overview.
"""

import atexit
import copy
import hashlib
import itertools
import logging
import os
import reprlib
import socket
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Optional, Union

import pdpyras

__all__ = ['PagerDutyHandler']

#: Events that PagerDuty accepts for a routing key within a minute; see
#: https://developer.pagerduty.com/docs/events-api-v2-overview.
EVENTS_PER_MINUTE = 120
MINUTE = 60.0
HOUR = 3600.0
#: Seconds to wait for a response.
TIMEOUT = 10
#: Shortest and longest time in seconds between two attempts while PagerDuty cannot be reached.
SHORTEST_BACKOFF = 1.0
LONGEST_BACKOFF = 60.0
#: Characters that PagerDuty accepts as a summary.
SUMMARY_LIMIT = 1024
#: Characters of a formatted record that are sent: PagerDuty refuses events over 512 kB.
TEXT_LIMIT = 20_000
#: Characters that PagerDuty accepts as a deduplication key.
KEY_LIMIT = 255
#: Number of lost alerts that are named on stderr.
ALERTS_NAMED = 10


class PagerDutyHandler(logging.Handler):
    """Trigger alerts in PagerDuty for log records.

    Logging never waits for the network: a daemon thread, started with the first record, sends the
    alerts. Records with the same deduplication key share an alert. The first record of an alert is
    sent at once. After that, an event is sent at most once a minute, with the number of records
    since the previous event as ``count`` in its custom details; it describes the most severe of
    these records. At most 120 events are sent per minute, because PagerDuty rejects more. If
    PagerDuty cannot be reached, alerts are kept and retried; delays of more than a minute are
    reported on stderr, at most once an hour.

    :meth:`flush` and the end of the program wait until all alerts are sent, at most
    ``flush_timeout`` seconds. The number of lost records is reported on stderr.

    :param routing_key: integration key of the service that receives the alerts.
    :param level: lowest level of the records to send.
    :param source: ``source`` of the events; the name of this host if None.
    :param dedup: function that takes a record and returns its deduplication key, a str of 1 to 255
        characters. By default, or if the function fails, records share a key if they have the same
        logger, the same format string and the same type of exception.
    :param capacity: maximum number of pending alerts. If it is reached, records of further alerts
        are dropped. Records of pending alerts are still counted.
    :param flush_timeout: maximum time in seconds that :meth:`flush` and the end of the program
        wait.
    :param base_url: URL of the Events API, if it is not PagerDuty's own.
    :raises ValueError: if the routing key is empty, or a number is out of range.
    :raises TypeError: if ``dedup`` is not callable.
    """

    def __init__(
        self,
        routing_key: str,
        level: Union[int, str] = logging.ERROR,
        *,
        source: Optional[str] = None,
        dedup: Optional[Callable[[logging.LogRecord], str]] = None,
        capacity: int = 1000,
        flush_timeout: float = 5.0,
        base_url: Optional[str] = None,
    ) -> None:
        if not isinstance(routing_key, str) or not routing_key.strip():
            raise ValueError(
                'routing_key must be the integration key of a service, and it is missing or empty. '
                'If it comes from an environment variable, check that the variable is set.'
            )
        if dedup is not None and not callable(dedup):
            raise TypeError('dedup must be a function of a log record, not {!r}'.format(dedup))
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError('capacity must be a positive integer, not {!r}'.format(capacity))
        if not (
            isinstance(flush_timeout, (int, float)) and 0 <= flush_timeout <= threading.TIMEOUT_MAX
        ):
            raise ValueError(
                'flush_timeout must be a non-negative number of seconds, not {!r}'.format(
                    flush_timeout
                )
            )
        super().__init__(level)
        self.source = source or socket.gethostname()
        self.dedup = dedup
        self.capacity = capacity
        self.flush_timeout = flush_timeout
        self._base_url = base_url
        self._closed = False
        self._set_up(routing_key)
        _handlers.add(self)

    def _set_up(self, routing_key: str) -> None:
        """Create all that a forked process must not share with its parent."""
        self._session = pdpyras.EventsAPISession(routing_key, base_url=self._base_url)
        self._session.timeout = TIMEOUT
        # One attempt per call: the outbox decides on retries, and a flush can cut its waits short.
        # A number for 429, because max_http_attempts does not limit its default.
        self._session.retry = {429: 1}
        self._session.max_http_attempts = self._session.max_network_attempts = 0
        # Guards all that follows. The handler's own lock would not do: logging.shutdown holds it
        # while it waits for the worker. Reentrant, as a signal handler may log while it is held.
        self._changed = threading.Condition(threading.RLock())
        self._outbox = _Outbox(self.capacity)
        self._unusable = _Tally()
        self._worker: Optional[threading.Thread] = None
        self._sending: Optional[_Alert] = None
        self._last_error = 'there was no response'
        self._flush_timed_out = False
        self._reported_at = float('-inf')
        #: Delayed alerts are reported at most once an hour, from this time on.
        self._report_delay_at = float('-inf')

    # Logging

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and emit a record; unlike other handlers, without making other threads wait."""
        passed = self.filter(record)
        if isinstance(passed, logging.LogRecord):  # Since Python 3.12, a filter may replace it.
            record = passed
        if passed:
            self.emit(record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Count the record, and open an alert unless one of at least its level is pending."""
        if getattr(_thread, 'ignored', False):
            return
        try:
            key = self._key(record)
            if not self._outbox.count(key, record.levelno):
                self._open_alert(key, record.levelno, self._payload(record))
        except Exception:  # noqa: BLE001
            # A logging call must not raise, whatever a record holds.
            self.handleError(record)
            self._unusable.add()

    def _open_alert(self, key: str, level: int, payload: dict[str, Any]) -> None:
        if self._closed:
            _report_lost(1, 'the handler is closed')
            return
        with self._changed:
            if not self._outbox.count(key, level):  # Another thread may have been faster.
                self._outbox.open(key, level, payload)
                self._start_worker()
                self._changed.notify_all()

    def _key(self, record: logging.LogRecord) -> str:
        if self.dedup is not None:
            try:
                return _checked_key(self.dedup(record))
            except Exception:  # noqa: BLE001
                # The alert matters more than its key.
                self.handleError(record)
        parts = (record.name, _text_of(record.msg), _exception_name(record))
        return hashlib.sha256(ascii(parts).encode()).hexdigest()

    def _texts(self, record: logging.LogRecord) -> tuple[str, str]:
        """Return the message of a record, and the formatted record with its traceback."""
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001
            # Such as '%d' and a str. The alert matters more than its wording.
            message = _text_of(record.msg)
            problem = 'arguments that do not fit: {}: {}'.format(
                _repr(record.args), _text_of(error)
            )
            record = copy.copy(record)
            record.msg, record.args = '{} [{}]'.format(message, problem), ()
        try:
            return message, self.format(record)
        except Exception as error:  # noqa: BLE001
            # Such as a formatter with a field that only some records have.
            text = logging.Formatter().format(record)
            return message, '{} [the formatter failed: {!r}]'.format(text, error)

    def _payload(self, record: logging.LogRecord) -> dict[str, Any]:
        message, text = self._texts(record)
        created = datetime.fromtimestamp(record.created, timezone.utc)
        payload = {
            'summary': _cut(message.strip().partition('\n')[0], SUMMARY_LIMIT) or '(no message)',
            'source': self.source,
            'severity': _severity(record.levelno),
            'timestamp': created.strftime('%Y-%m-%dT%H:%M:%S.%fZ'),
            'component': record.name,
            'custom_details': {
                'message': _cut(text, TEXT_LIMIT),
                'level': record.levelname,
                'location': '{}:{}'.format(record.pathname, record.lineno),
                'process': record.process,
                'thread': record.threadName,
            },
        }
        exception = _exception_name(record)
        if exception:
            payload['class'] = exception
        return payload

    # Sending

    def _start_worker(self) -> bool:
        """Start the worker unless it runs; return whether it does."""
        if self._worker is None or not self._worker.is_alive():
            worker = threading.Thread(target=self._work, name='PagerDutyHandler', daemon=True)
            try:
                worker.start()
            except RuntimeError:
                return False  # Too many threads, or (since Python 3.12) the interpreter is ending.
            self._worker = worker
            _call_at_end_of_child(self._finish)
        return True

    def _work(self) -> None:
        with _own_records_ignored():
            while True:
                with self._changed:
                    alert = self._wait_for_alert()
                if alert is None:
                    return
                self._send(alert)
                if time.monotonic() - self._reported_at >= MINUTE:
                    self._report_dropped()

    def _wait_for_alert(self) -> 'Optional[_Alert]':
        """Return the next alert as soon as it may be sent, or None if the worker is to end."""
        while True:
            now = time.monotonic()
            self._sending = self._outbox.take(now)
            if self._sending is not None:
                return self._sending
            when = self._outbox.next_time()
            if when is None and (self._closed or self in _forgotten):
                self._worker = None
                return None
            self._changed.wait(None if when is None else when - now)

    def _send(self, alert: '_Alert') -> None:
        failure: Optional[Exception] = None
        try:
            self._session.send_event('trigger', alert.key, payload=alert.event_payload())
        except Exception as error:  # noqa: BLE001
            failure = error  # Whatever it is, the worker must go on.
        is_retryable = failure is not None and _is_retryable(failure)
        now = time.monotonic()
        with self._changed:
            if self._sending is not alert:
                return  # Reported as lost meanwhile, at the end of the program.
            self._sending = None
            if is_retryable:
                self._last_error = str(failure)
                self._outbox.put_back(alert, now)
            else:
                self._outbox.settle(alert, now)
                self._flush_timed_out = False
            self._changed.notify_all()
        is_late = is_retryable and now - alert.failing_since >= MINUTE
        if is_late and now >= self._report_delay_at:
            self._report_delay_at = now + HOUR
            _report(['PagerDutyHandler: alerts are delayed: {}'.format(failure)])
        if failure is not None and not is_retryable:
            _report_lost(alert.taken, 'PagerDuty did not accept them: {}'.format(failure), [alert])

    # Ending

    def flush(self) -> None:
        """Send the pending alerts now, and wait for this at most ``flush_timeout`` seconds."""

        def is_done() -> bool:
            return all(alert.records.settled >= total for alert, total in targets)

        if _is_configuring_logging():
            return
        with self._changed:
            targets = self._outbox.hurry()
            has_worker = not targets or self._start_worker()
            if has_worker:
                self._changed.notify_all()
                self._changed.wait_for(is_done, self.flush_timeout)
        if not has_worker:
            self._send_without_worker()
        self._flush_timed_out = not is_done()
        self._report_dropped()

    def _send_without_worker(self) -> None:
        deadline = time.monotonic() + self.flush_timeout
        with _own_records_ignored():
            while True:
                now = time.monotonic()
                with self._changed:
                    self._sending = alert = self._outbox.take(now) if now < deadline else None
                if alert is None:
                    break
                self._session.timeout = deadline - now
                self._send(alert)
        self._session.timeout = TIMEOUT

    def close(self) -> None:
        """Flush, report lost records, and end the background thread.

        Does not wait if a flush has timed out and nothing was sent since then, because
        :func:`logging.shutdown` flushes before it closes.
        """
        if _is_configuring_logging():
            with self._changed:
                _forgotten.add(self)
                self._changed.notify_all()  # The worker may be idle.
            return
        with self._changed:
            self._closed = True
        self._finish()
        super().close()

    def _finish(self) -> None:
        if not self._flush_timed_out:
            self.flush()
        with self._changed:
            lost = self._outbox.clear()
            self._sending = None
            self._changed.notify_all()
        if lost:
            reason = 'PagerDuty did not accept them within {:g} s: {}'.format(
                self.flush_timeout, self._last_error
            )
            _report_lost(sum(alert.taken for alert in lost), reason, lost)
        self._report_dropped()

    def _report_dropped(self) -> None:
        with self._changed:
            overflow, unusable = self._outbox.overflow.settle(), self._unusable.settle()
            self._reported_at = time.monotonic()
        if overflow:
            _report_lost(overflow, 'no room for their alerts (capacity={})'.format(self.capacity))
        if unusable:
            _report_lost(unusable, 'no event could be made of them')


# Alerts that wait


class _Tally:
    """A number of records, and how many of them are settled: sent, or reported as lost.

    Any thread may add without a lock, as ``next`` of an ``itertools.count`` is atomic. With a lock,
    threads that log at the same time would wait in line for it and for the interpreter: in a flood
    from 16 threads, that made the 99th percentile of a log call 9 ms instead of 0.04 ms.
    """

    def __init__(self) -> None:
        self._ticks = itertools.count()
        self._reads = 0
        self.settled = 0

    def add(self) -> None:
        next(self._ticks)

    def total(self) -> int:
        """Return the number of records so far; under the handler's lock, as all that follows."""
        total = next(self._ticks) - self._reads
        self._reads += 1
        return total

    def unsettled(self) -> int:
        return self.total() - self.settled

    def settle(self) -> int:
        """Settle all records; return how many were not settled before."""
        count = self.unsettled()
        self.settled += count
        return count


class _Alert:
    """The records with one deduplication key, from the first one until a minute without any."""

    def __init__(self, key: str) -> None:
        self.key = key
        #: The event, except for the count: the first record of the highest level since the last
        #: attempt, and that level.
        self.payload: dict[str, Any] = {}
        self.level = logging.NOTSET
        #: The same of the event that is being sent.
        self.taken_payload, self.taken_level = self.payload, self.level
        self.records = _Tally()
        #: True if records up to the level can be added without a new payload.
        self.is_open = False
        #: Number of records in the event that is being sent.
        self.taken = 0
        #: True to send it for a flush, before it is due.
        self.is_urgent = False
        #: Seconds to wait after the last attempt, if it failed.
        self.backoff = 0.0
        self.not_before = float('-inf')
        #: Time of the first attempt, while all attempts have failed.
        self.failing_since = float('inf')

    def due(self) -> float:
        return float('-inf') if self.is_urgent else self.not_before

    def take(self) -> None:
        self.taken_payload, self.taken_level = self.payload, self.level
        self.level = logging.NOTSET

    def restore(self) -> None:
        if self.taken_level >= self.level:
            self.payload, self.level = self.taken_payload, self.taken_level

    def event_payload(self) -> dict[str, Any]:
        details = dict(self.taken_payload['custom_details'], count=self.taken)
        return dict(self.taken_payload, custom_details=details)


class _Outbox:
    """Alerts by key, and when each may be sent; times are seconds of any one clock.

    ``count`` needs no lock, everything else does.
    """

    def __init__(self, capacity: int) -> None:
        self.overflow = _Tally()
        self._capacity = capacity
        self._alerts: dict[str, _Alert] = {}
        self._number_open = 0
        self._attempts: deque[float] = deque(maxlen=EVENTS_PER_MINUTE)

    def count(self, key: str, level: int) -> bool:
        """Count a record, as overflow if there is no room; return False if ``open`` is needed."""
        alert = self._alerts.get(key)
        if alert is not None and alert.is_open:
            if level > alert.level:
                return False
            alert.records.add()
        elif self._number_open >= self._capacity:
            self.overflow.add()
        else:
            return False
        return True

    def open(self, key: str, level: int, payload: dict[str, Any]) -> None:
        """Count a record and send its payload: the first since the last attempt, or more severe."""
        alert = self._alerts.setdefault(key, _Alert(key))
        alert.payload, alert.level = payload, level
        alert.records.add()
        self._reopen(alert)

    def _reopen(self, alert: _Alert) -> None:
        if not alert.is_open:
            alert.is_open = True
            self._number_open += 1

    def next_time(self) -> Optional[float]:
        """Return when to call ``take`` next, or None if there are no alerts."""
        if not self._alerts:
            return None
        return max(self._limited_until(), min(alert.due() for alert in self._alerts.values()))

    def _limited_until(self) -> float:
        """Return until when nothing may be sent, because of the rate limit."""
        is_full = len(self._attempts) == EVENTS_PER_MINUTE
        return self._attempts[0] + MINUTE if is_full else float('-inf')

    def take(self, now: float) -> Optional[_Alert]:
        """Return an alert to send now, if there is one; forget those that have been quiet."""
        if self._limited_until() > now:
            return None
        ready = []
        for alert in [alert for alert in self._alerts.values() if alert.due() <= now]:
            alert.taken = alert.records.unsettled()
            if alert.taken:
                ready.append(alert)
            else:
                del self._alerts[alert.key]
        if not ready:
            return None
        first = min(ready, key=_Alert.due)
        self._attempts.append(now)
        self._number_open -= first.is_open
        first.is_open = first.is_urgent = False
        first.take()
        return first

    def settle(self, alert: _Alert, now: float) -> None:
        """Settle the records of an alert that was taken, and then sent or refused."""
        alert.records.settled += alert.taken
        alert.taken_level = logging.NOTSET
        alert.backoff = 0.0
        alert.failing_since = float('inf')
        alert.not_before = now + MINUTE

    def put_back(self, alert: _Alert, now: float) -> None:
        """Keep an alert that was taken and could not be sent; back off before its next attempt.

        Others are sent meanwhile, because the failure may be due to this event.
        """
        self._reopen(alert)
        alert.restore()
        alert.failing_since = min(alert.failing_since, now)
        alert.backoff = min(max(SHORTEST_BACKOFF, 2 * alert.backoff), LONGEST_BACKOFF)
        alert.not_before = now + alert.backoff

    def hurry(self) -> list[tuple[_Alert, int]]:
        """Let all alerts be sent as soon as the rate limit allows; return them and their totals."""
        pending = [alert for alert in self._alerts.values() if alert.records.unsettled()]
        for alert in pending:
            alert.is_urgent = True
            alert.backoff = 0.0
        return [(alert, alert.records.total()) for alert in pending]

    def clear(self) -> list[_Alert]:
        """Remove all alerts; return those with unsettled records, whose number is in ``taken``."""
        alerts, self._alerts = list(self._alerts.values()), {}
        self._number_open = 0
        for alert in alerts:
            alert.is_open = False
            alert.restore()
            alert.take()
            alert.taken = alert.records.settle()
        return [alert for alert in alerts if alert.taken]


def _checked_key(key: Any) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= KEY_LIMIT:
        raise ValueError(
            'dedup must return a str of 1 to {} characters, not {!r:.300}'.format(KEY_LIMIT, key)
        )
    return key


_limited_repr = reprlib.Repr()
_limited_repr.maxstring = _limited_repr.maxother = 1000
#: Like repr, also for objects whose ``__repr__`` raises.
_repr = _limited_repr.repr


def _text_of(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - an ORM object whose session is closed, for example
        return '<{} without a text>'.format(type(value).__name__)


def _severity(level: int) -> str:
    if level >= logging.CRITICAL:
        return 'critical'
    if level >= logging.ERROR:
        return 'error'
    return 'warning' if level >= logging.WARNING else 'info'


def _exception_name(record: logging.LogRecord) -> str:
    error = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    if error is None:
        return ''
    return '{}.{}'.format(error.__module__, error.__qualname__).removeprefix('builtins.')


def _cut(text: str, limit: int) -> str:
    """Shorten a long text in the middle; replace characters that cannot be encoded."""
    if len(text) > limit:
        half = limit // 2 - 5
        text = '{} [...] {}'.format(text[:half], text[-half:])
    return text.encode('utf-8', 'replace').decode()


def _is_retryable(error: Exception) -> bool:
    """Return whether the same event may be accepted later."""
    if isinstance(error, pdpyras.PDHTTPError):
        status = error.response.status_code
        return status in (408, 429) or status // 100 != 4
    return isinstance(error, pdpyras.PDClientError)


# Lost records


def _report_lost(count: int, reason: str, alerts: Sequence[_Alert] = ()) -> None:
    lines = ['PagerDutyHandler: {} log record(s) lost: {}'.format(count, reason)]
    for alert in alerts[:ALERTS_NAMED]:
        lines.append('    {} x {!r}'.format(alert.taken, alert.taken_payload['summary']))
    if len(alerts) > ALERTS_NAMED:
        lines.append('    and {} other alerts'.format(len(alerts) - ALERTS_NAMED))
    _report(lines)


def _report(lines: Sequence[str]) -> None:
    # Some programs turn what is written to stderr into log records.
    with _own_records_ignored():
        try:
            _write_to_stderr('\n'.join(lines) + '\n')
        except (OSError, ValueError, AttributeError):
            return  # stderr is closed or None.


def _write_to_stderr(text: str) -> None:
    stream: Any = sys.stderr
    is_own = stream is sys.__stderr__
    if is_own and threading.current_thread().daemon:
        # Without the lock of the stream: a program that ends while a daemon thread holds it is
        # aborted, see https://github.com/python/cpython/issues/129536.
        os.write(stream.fileno(), text.encode(stream.encoding, stream.errors))
    else:
        stream.write(text)
        stream.flush()


#: ``ignored`` is True while a thread works for a handler: what it logs is not sent, or sending an
#: alert could cause the next one.
_thread = threading.local()


@contextmanager
def _own_records_ignored() -> Iterator[None]:
    before = getattr(_thread, 'ignored', False)
    _thread.ignored = True
    try:
        yield
    finally:
        _thread.ignored = before


# Configuration of logging

#: Handlers that are open, but that logging.shutdown does not know any more.
_forgotten: 'weakref.WeakSet[PagerDutyHandler]' = weakref.WeakSet()


@atexit.register
def _close_forgotten() -> None:
    for handler in list(_forgotten):
        handler.close()


def _is_configuring_logging() -> bool:
    """Return whether this thread is in dictConfig, which uvicorn and Django call, or fileConfig.

    They flush, close and forget all handlers that were added before. Some of these stay in use, and
    a flush would fail, because the worker needs a lock that the configuration holds.
    """
    lock = getattr(logging, '_lock', None)
    return lock is not None and bool(lock._is_owned())


# Forks

_handlers: 'weakref.WeakSet[PagerDutyHandler]' = weakref.WeakSet()


def _set_up_child() -> None:
    """Let a forked process begin without the parent's alerts, worker, locks and connections."""
    for handler in list(_handlers):
        handler._set_up(handler._session.api_key)


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_set_up_child)


def _call_at_end_of_child(function: Callable[[], None]) -> None:
    """Call a function when a child of multiprocessing ends, as that does not run logging.shutdown.

    In other processes, it is called shortly before logging.shutdown.
    """
    util = sys.modules.get('multiprocessing.util')
    if util is not None:
        util.Finalize(None, function, exitpriority=-100)
