"""The status of a service, and the urgency of its incidents."""

from __future__ import annotations

from datetime import datetime, timedelta

from pdpyras_sandbox.account import parse_time, parse_time_of_day
from pdpyras_sandbox.listing import refers_to
from pdpyras_sandbox.store import Record, Store
from pdpyras_sandbox.zones import in_utc, zone_named

#: Urgencies by severity for the rule ``severity_based``; without a severity, the urgency is high.
BY_SEVERITY = {'critical': 'high', 'error': 'high', 'warning': 'low', 'info': 'low'}


def status_of(store: Store, service: Record, moment: datetime) -> str:
    """Return the documented ``status`` of a service."""
    closed = why_closed(store, service, moment)
    if closed:
        return closed
    incidents = store.indexed('open_incidents_by_service', service['id'])
    statuses = {incident['status'] for incident in incidents}
    if 'triggered' in statuses:
        return 'critical'
    return 'warning' if statuses else 'active'


def why_closed(store: Store, service: Record, moment: datetime) -> str | None:
    """Return ``disabled`` or ``maintenance`` if a service accepts no incidents, else None."""
    if service['status'] == 'disabled':
        return 'disabled'
    windows = store.list('/maintenance_windows')
    return 'maintenance' if any(covers(w, service, moment) for w in windows) else None


def covers(window: Record, service: Record, moment: datetime) -> bool:
    """Return whether a service is in a maintenance window."""
    is_on = parse_time(window['start_time']) <= moment < parse_time(window['end_time'])
    return is_on and refers_to(window['services'], service)


def urgency_of(service: Record, severity: str | None, moment: datetime) -> str:
    """Return the urgency of a new incident, by the ``incident_urgency_rule`` of its service."""
    rule = service.get('incident_urgency_rule') or {}
    if rule.get('type') == 'use_support_hours':
        during = is_supported(service.get('support_hours') or {}, moment)
        rule = rule.get('during_support_hours' if during else 'outside_support_hours') or {}
    urgency: str = rule.get('urgency') or 'high'
    return BY_SEVERITY.get(severity or '', 'high') if urgency == 'severity_based' else urgency


def is_supported(hours: Record, moment: datetime) -> bool:
    """Return whether a time is within support hours, which may end on the next day."""
    local = moment.astimezone(zone_named(hours.get('time_zone')))
    days = hours.get('days_of_week') or range(1, 8)
    start, end = (parse_time_of_day(hours.get(name) or '00:00') for name in HOURS)
    if start < end:
        return local.isoweekday() in days and start <= local.time() < end
    before_midnight = local.time() >= start
    day = local.isoweekday() if before_midnight else (local.isoweekday() - 2) % 7 + 1
    return day in days and (before_midnight or local.time() < end)


HOURS = ('start_time', 'end_time')


def next_urgency_change(service: Record, moment: datetime) -> datetime | None:
    """Return the next time when ``scheduled_actions`` raise the urgency of incidents, if any."""
    hours = service.get('support_hours')
    uses_hours = (service.get('incident_urgency_rule') or {}).get('type') == 'use_support_hours'
    names = {action['at']['name'] for action in service.get('scheduled_actions') or []}
    if not hours or not uses_hours:
        return None
    zone = zone_named(hours.get('time_zone'))
    start, end = (parse_time_of_day(hours.get(name) or '00:00') for name in HOURS)
    moments = []
    # Hours that began yesterday may end today.
    for day in range(-1, 8):
        date = moment.astimezone(zone).date() + timedelta(days=day)
        if date.isoweekday() in (hours.get('days_of_week') or range(1, 8)):
            last_date = date if start < end else date + timedelta(days=1)
            moments += [datetime.combine(date, start, zone)] * ('support_hours_start' in names)
            moments += [datetime.combine(last_date, end, zone)] * ('support_hours_end' in names)
    return min((in_utc(m) for m in moments if in_utc(m) > moment), default=None)
