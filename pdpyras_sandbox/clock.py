"""The clock of an account: real time, moved ahead on demand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class Clock:
    """Tells the time of one account, in whole seconds and in UTC."""

    def __init__(self) -> None:
        #: How far this clock is ahead of real time.
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the current moment of the account."""
        return (datetime.now(timezone.utc) + self.ahead).replace(microsecond=0)

    def timestamp(self) -> str:
        """Return the current moment in PagerDuty's form."""
        return timestamp(self.now())


def timestamp(moment: datetime) -> str:
    """Return a moment in PagerDuty's form: ``2024-01-01T00:00:00Z``."""
    return moment.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
