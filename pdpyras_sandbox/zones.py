"""Time zones of the times in responses, and of times without an offset in queries."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from werkzeug.datastructures import MultiDict

from pdpyras_sandbox.account import parse_time
from pdpyras_sandbox.clock import timestamp
from pdpyras_sandbox.errors import invalid_input

#: The query parameter for the time zone.
PARAMETER = 'time_zone'
TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)')
#: Properties with content from clients, which is returned unchanged.
KEPT = {'body', 'custom_details', 'details', 'event_details'}


def zone_named(name: str | None) -> ZoneInfo:
    """Return a time zone by name; UTC if it does not exist."""
    try:
        return ZoneInfo(name or 'UTC')
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the package tzdata has a folder of this name, such as America.
        return ZoneInfo('UTC')


def is_zone(name: str) -> bool:
    return zone_named(name).key == name


def requested_zone(query: MultiDict[str, str]) -> ZoneInfo | None:
    """Return the time zone in a query, or None; raise a 400 if it does not exist."""
    name = query.get(PARAMETER)
    if not name:
        return None
    if not is_zone(name):
        raise invalid_input('time_zone must be in the IANA time zone database')
    return zone_named(name)


def in_utc(moment: datetime) -> datetime:
    """Convert to UTC, in which Python's date arithmetic counts elapsed time."""
    return moment.astimezone(timezone.utc)


def in_zone(value: Any, zone: ZoneInfo) -> Any:
    """Return a response body with all times converted to a time zone."""
    if isinstance(value, list):
        return [in_zone(child, zone) for child in value]
    if isinstance(value, dict):
        return {
            name: child if name in KEPT else in_zone(child, zone) for name, child in value.items()
        }
    if isinstance(value, str) and TIME.fullmatch(value):
        moment = parse_time(value)
        return timestamp(moment) if zone.key == 'UTC' else moment.astimezone(zone).isoformat()
    return value
