"""On-call shifts: rendering schedules, and the on-call users of escalation policies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, cast

from pdpyras_sandbox.account import parse_time, parse_time_of_day, reference
from pdpyras_sandbox.call import Body, Call, handles
from pdpyras_sandbox.clock import timestamp
from pdpyras_sandbox.errors import ApiError, invalid_input, invalid_schedule
from pdpyras_sandbox.listing import boolean, moment, refers_to
from pdpyras_sandbox.resources import (
    KINDS,
    Kind,
    create,
    delete,
    page_of,
    referring,
    update,
    with_derived,
    with_references,
)
from pdpyras_sandbox.store import Record, Store
from pdpyras_sandbox.zones import in_utc, is_zone, zone_named

#: The default time range of a rendered schedule.
DEFAULT_RANGE = timedelta(days=14)
#: The maximum time range of a rendered schedule.
MAXIMUM_RANGE = timedelta(days=92)
#: Limits of the sandbox, not of PagerDuty, which keep rendering fast; turns are in seconds.
MAXIMUM_ONCALL_RANGE = timedelta(days=732)
SHORTEST_TURN = 60
LONGEST_PERIOD = 366 * 86_400
#: The end of a layer without an end.
LAST_MOMENT = datetime(9998, 12, 31, tzinfo=timezone.utc)


class Shift:
    """The time from ``start`` up to ``end`` when a user is on call."""

    def __init__(self, start: datetime, end: datetime, user: Record) -> None:
        self.start = start
        self.end = end
        self.user = user

    def within(self, start: datetime, end: datetime) -> Shift | None:
        """Return the part of this shift between two times, or None."""
        start, end = max(self.start, start), min(self.end, end)
        return Shift(start, end, self.user) if start < end else None

    def entry(self) -> Record:
        user = {'id': self.user['id'], 'type': 'user_reference'}
        return {'start': timestamp(self.start), 'end': timestamp(self.end), 'user': user}


def parts_within(shifts: list[Shift], start: datetime, end: datetime) -> list[Shift]:
    """Return the parts of shifts between two times."""
    parts = (shift.within(start, end) for shift in shifts)
    return [part for part in parts if part]


def layer_shifts(
    layer: Record, zone: tzinfo, start: datetime, end: datetime, overflow: bool = False
) -> list[Shift]:
    """Return the shifts of a layer between two times: its rotation, within its restrictions.

    :param overflow: do not cut shifts off at these times.
    """
    users = [item['user'] for item in layer['users']]
    if not users:
        return []
    turn = timedelta(seconds=layer['rotation_turn_length_seconds'])
    opening = parse_time(layer['start'])
    closing = parse_time(layer['end']) if layer.get('end') else LAST_MOMENT
    start, end = max(start, opening), min(end, closing)
    # In local time: handoffs have the same hour in summer and winter.
    origin = parse_time(layer['rotation_virtual_start']).astimezone(zone)
    number = (start.astimezone(zone) - origin) // turn
    shifts: list[Shift] = []
    handoff = in_utc(origin + number * turn)
    while handoff < end:
        shift_start, handoff = handoff, in_utc(origin + (number + 1) * turn)
        shifts.append(Shift(shift_start, handoff, users[number % len(users)]))
        number += 1
    bounds = (opening, closing) if overflow else (start, end)
    shifts = parts_within(shifts, *bounds)
    shifts = restricted(shifts, layer.get('restrictions') or [], zone)
    return [shift for shift in shifts if shift.within(start, end)]


def restricted(shifts: list[Shift], restrictions: list[Record], zone: tzinfo) -> list[Shift]:
    """Return the parts of shifts within restrictions; whole shifts if there are none."""
    if not restrictions:
        return shifts
    return [
        part
        for shift in shifts
        for restriction in restrictions
        for start, end in windows(restriction, zone, shift)
        for part in parts_within([shift], start, end)
    ]


def windows(restriction: Record, zone: tzinfo, shift: Shift) -> Iterator[tuple[datetime, datetime]]:
    """Yield the periods of a daily or weekly restriction that may overlap a shift."""
    at = parse_time_of_day(restriction['start_time_of_day'])
    duration = timedelta(seconds=restriction['duration_seconds'])
    day = shift.start.astimezone(zone).date() - timedelta(days=7)
    while day <= shift.end.astimezone(zone).date():
        weekday = restriction.get('start_day_of_week')
        if restriction['type'] == 'daily_restriction' or weekday == day.isoweekday():
            start = datetime.combine(day, at, zone)
            yield in_utc(start), in_utc(start + duration)
        day += timedelta(days=1)


def merged(layers: list[list[Shift]]) -> list[Shift]:
    """Merge layers into one timeline, in which earlier layers take precedence."""
    edges = sorted({edge for shifts in layers for s in shifts for edge in (s.start, s.end)})
    position = {edge: number for number, edge in enumerate(edges)}
    # The user from each edge to the next; layers with precedence overwrite the others.
    users: list[Record | None] = [None] * len(edges)
    for shift in (s for shifts in reversed(layers) for s in reversed(shifts)):
        first, last = position[shift.start], position[shift.end]
        users[first:last] = [shift.user] * (last - first)
    timeline: list[Shift] = []
    for start, end, user in zip(edges, edges[1:], users):
        if user is None:
            continue
        before = timeline[-1] if timeline else None
        if before and before.end == start and before.user['id'] == user['id']:
            before.end = end
        else:
            timeline.append(Shift(start, end, user))
    return timeline


class Timetable:
    """A schedule between two times.

    :param overflow: do not cut shifts off at these times.
    """

    def __init__(
        self, store: Store, schedule: Record, start: datetime, end: datetime, overflow: bool = False
    ) -> None:
        self.start = start
        self.end = end
        zone = zone_named(schedule.get('time_zone'))
        #: The shifts of each layer; the last layer, which takes precedence, is first.
        self.layers = [
            layer_shifts(layer, zone, start, end, overflow)
            for layer in reversed(schedule['schedule_layers'])
        ]
        overrides = store.list('/schedules/{}/overrides'.format(schedule.get('id')))
        shifts = [Shift(parse_time(o['start']), parse_time(o['end']), o['user']) for o in overrides]
        if overflow:
            self.overrides = [shift for shift in shifts if shift.within(start, end)]
        else:
            self.overrides = parts_within(shifts, start, end)
        final = merged([self.overrides, *self.layers])
        self.final = [shift for shift in final if shift.within(start, end)]

    def rendering(self, shifts: list[Shift]) -> Record:
        return {
            'rendered_schedule_entries': [shift.entry() for shift in shifts],
            'rendered_coverage_percentage': self.coverage(shifts),
        }

    def coverage(self, shifts: list[Shift]) -> float:
        parts = parts_within(shifts, self.start, self.end)
        covered = sum((part.end - part.start for part in parts), timedelta(0))
        return round(100 * covered / (self.end - self.start), 1)


def rendered(call: Call, schedule: Record) -> Record:
    """Return a schedule with its rendered layers, overrides and final schedule."""
    start, end = date_range(call)
    timetable = Timetable(call.store, schedule, start, end, boolean(call.query, 'overflow'))
    call.zone = call.zone or zone_named(schedule.get('time_zone'))
    layers = [
        {**layer, **timetable.rendering(shifts)}
        for layer, shifts in zip(last_layer_first(call, schedule), timetable.layers)
    ]
    return {
        **with_derived(call, schedule),
        'schedule_layers': layers,
        'final_schedule': {'name': 'Final Schedule', **timetable.rendering(timetable.final)},
        'overrides_subschedule': {'name': 'Overrides', **timetable.rendering(timetable.overrides)},
    }


def date_range(call: Call) -> tuple[datetime, datetime]:
    """Return the time range of a query; by default, two weeks from the given end or from now."""
    start, end = moment(call.query, 'since'), moment(call.query, 'until')
    start = start or (end - DEFAULT_RANGE if end else call.clock.now())
    return checked_range(start, end or start + DEFAULT_RANGE, MAXIMUM_RANGE)


def oncall_range(call: Call) -> tuple[datetime, datetime]:
    """Return the time range of a query; by default, the current moment.

    Without an end, a range from a past start lasts until now.
    """
    start = moment(call.query, 'since') or call.clock.now()
    end = moment(call.query, 'until') or max(start, call.clock.now()) + timedelta(seconds=1)
    return checked_range(start, end, MAXIMUM_ONCALL_RANGE)


def checked_range(start: datetime, end: datetime, maximum: timedelta) -> tuple[datetime, datetime]:
    if end < start:
        raise invalid_input("'until' cannot be before 'since'")
    # A single moment is a valid range: it asks who is on call then.
    end = max(end, start + timedelta(seconds=1))
    if end - start > maximum:
        raise invalid_input(f'The date range may not be longer than {maximum.days} days')
    return start, end


def last_layer_first(call: Call, schedule: Record) -> list[Record]:
    """Return the layers in the order of PagerDuty's responses, the reverse of requests."""
    layers: list[Record] = schedule['schedule_layers']
    return layers[::-1]


def users_of(call: Call, schedule: Record) -> list[Record]:
    seen: dict[str, Record] = {}
    for layer in schedule['schedule_layers']:
        for item in layer['users']:
            seen[item['user']['id']] = {'id': item['user']['id'], 'type': 'user_reference'}
    return list(seen.values())


def check_schedule(call: Call, schedule: Record) -> None:
    """Reject a schedule that cannot be rendered, and set the IDs of its layers."""
    if schedule.get('time_zone') and not is_zone(schedule['time_zone']):
        raise invalid_schedule('Time zone is not in the IANA time zone database')
    schedule['schedule_layers'] = schedule.get('schedule_layers') or []
    for layer in schedule['schedule_layers']:
        layer['id'] = layer.get('id') or call.store.new_id()
        if layer.get('end') and parse_time(layer['end']) <= parse_time(layer['start']):
            raise invalid_schedule('A layer must end after its start')
        check_seconds(layer, 'rotation_turn_length_seconds', SHORTEST_TURN)
        for item in layer['users']:
            call.referred(item.get('user'), '/users')
        for restriction in layer.get('restrictions') or []:
            check_seconds(restriction, 'duration_seconds', 1)
            is_weekly = restriction['type'] == 'weekly_restriction'
            if is_weekly and restriction.get('start_day_of_week') is None:
                raise invalid_schedule('A weekly restriction requires start_day_of_week')


def check_seconds(given: Record, name: str, minimum: int) -> None:
    if not minimum <= given[name] <= LONGEST_PERIOD:
        raise invalid_schedule(f'{name} must be from {minimum} to {LONGEST_PERIOD}')


def check_deletion_of_schedule(call: Call, schedule: Record) -> None:
    if refers_to(call.store.list('/escalation_policies'), schedule):
        raise invalid_input("Schedule can't be deleted if it's being used by escalation policies")


def check_shift_based_schedule(call: Call, schedule: Record) -> None:
    if not is_zone(schedule['time_zone']):
        raise invalid_schedule('Time zone is not in the IANA time zone database')


# Stored only: nobody is on call through a shift-based schedule.
KINDS['/v3/schedules'] = Kind(
    check=check_shift_based_schedule, check_deletion=check_deletion_of_schedule
)
KINDS['/schedules'] = Kind(
    check=check_schedule,
    check_deletion=check_deletion_of_schedule,
    # Read-only in the document; Terraform's provider sets them.
    settable={'teams'},
    defaults={'schedule_layers': [], 'description': ''},
    derived={
        'users': users_of,
        'escalation_policies': referring('/escalation_policies'),
        'schedule_layers': last_layer_first,
    },
)


@handles('GET /schedules/{id}')
def read_schedule(call: Call) -> Record:
    return rendered(call, call.record())


@handles('POST /schedules')
def create_schedule(call: Call) -> Record:
    return rendered(call, call.store.existing(create(call)['id']))


@handles('PUT /schedules/{id}')
def update_schedule(call: Call) -> Record:
    update(call)
    return rendered(call, call.record())


@handles('POST /schedules/preview')
def preview_schedule(call: Call) -> Record:
    schedule = {**call.content, 'type': 'schedule'}
    schedule.pop('id', None)
    check_schedule(call, schedule)
    return rendered(call, schedule)


@handles('GET /schedules/{id}/users')
def list_users_on_call(call: Call) -> list[Record]:
    schedule = call.record(call.parent())
    start, end = date_range(call)
    ids = {shift.user['id'] for shift in Timetable(call.store, schedule, start, end).final}
    return [with_derived(call, user) for user in call.store.list('/users') if user['id'] in ids]


@handles('POST /schedules/{id}/overrides')
def create_overrides(call: Call) -> Any:
    """Create overrides; return the result of each, in order and without a wrapper."""
    single = call.body.get('override')
    if single:
        # PagerDuty accepts this form, too, although its document does not have it.
        problems = call.operation.problems({'overrides': [single]})
        if problems:
            raise invalid_input(*(text.replace('overrides[0]', 'override') for text in problems))
        return Body({'override': with_references(call, create_override(call, single))})
    given = call.body.get('overrides')
    if not given:
        raise invalid_input('overrides is required')
    return [result_of_override(call, item) for item in given]


def result_of_override(call: Call, given: Record) -> Record:
    try:
        return {'status': 201, 'override': create_override(call, given)}
    except ApiError as error:
        return {'status': error.status, 'errors': error.errors, 'override': given}


def create_override(call: Call, given: Record) -> Record:
    override: Record = {
        'start': timestamp(parse_time(given['start'])),
        'end': timestamp(parse_time(given['end'])),
        'user': reference(call.referred(given['user'], '/users')),
        'id': call.store.new_id('Q', 14),
        'type': 'override',
    }
    if override['start'] >= override['end']:
        raise invalid_input('Override must end after its start')
    return call.store.add(call.path, override)


@handles('GET /schedules/{id}/overrides')
def list_overrides(call: Call) -> list[Record]:
    # Both are required, as documented.
    start, end = (cast(datetime, moment(call.query, name)) for name in ('since', 'until'))
    # The value of this parameter does not matter.
    earliest_end = max(start, call.clock.now()) if 'editable' in call.query else start
    return [
        override if boolean(call.query, 'overflow') else cut(override, start, end)
        for override in call.store.list(call.path)
        if parse_time(override['start']) < end and parse_time(override['end']) > earliest_end
    ]


def cut(override: Record, start: datetime, end: datetime) -> Record:
    """Return an override, cut off at the bounds."""
    start = max(start, parse_time(override['start']))
    end = min(end, parse_time(override['end']))
    return {**override, 'start': timestamp(start), 'end': timestamp(end)}


@handles('DELETE /schedules/{id}/overrides/{override_id}')
def remove_override(call: Call) -> Any:
    """Delete a future override; end a current one."""
    override = call.record()
    if parse_time(override['end']) <= call.clock.now():
        raise ApiError(400, 4004, 'Invalid Override', ['Override is in the past'])
    if parse_time(override['start']) >= call.clock.now():
        call.status = 204
        return delete(call)
    override['end'] = call.clock.timestamp()
    call.store.save(call.path)
    return Body(override=override)


def users_on_call(store: Store, policy: Record, level: int, at: datetime) -> list[Record]:
    """Return the users on call at a level of an escalation policy at a time."""
    users = []
    for target in policy['escalation_rules'][level - 1]['targets']:
        record = store.find(target['id'])
        if record and record['type'] == 'schedule':
            final = Timetable(store, record, at, at + timedelta(seconds=1)).final
            users += [store.find(shift.user['id']) for shift in final]
        elif record and record['type'] == 'user':
            users.append(record)
    return [user for user in users if user]


@handles('GET /oncalls')
def list_oncalls(call: Call) -> Body:
    start, end = oncall_range(call)
    oncalls = [
        oncall
        for policy in call.store.list('/escalation_policies')
        for level, rule in enumerate(policy.get('escalation_rules', []), 1)
        for target in rule['targets']
        for oncall in oncalls_of(call, policy, level, target, start, end)
    ]
    for name, field in ONCALL_FILTERS.items():
        ids = call.query.getlist(name)
        if ids:
            # As documented, schedule_ids[]=null selects users who are on call without a schedule.
            oncalls = [o for o in oncalls if (o[field]['id'] if o[field] else 'null') in ids]
    return page_of(call, earliest(oncalls) if boolean(call.query, 'earliest') else oncalls)


ONCALL_FILTERS = {
    'user_ids[]': 'user',
    'escalation_policy_ids[]': 'escalation_policy',
    'schedule_ids[]': 'schedule',
}


def oncalls_of(
    call: Call, policy: Record, level: int, target: Record, start: datetime, end: datetime
) -> Iterator[Record]:
    record = call.store.find(target['id'])
    if record is None:
        return
    facts = {'escalation_policy': reference(policy), 'escalation_level': level}
    if record['type'] == 'schedule':
        # Shifts are not cut off at the range, so render a wider one.
        wider = Timetable(call.store, record, start - DEFAULT_RANGE, end + DEFAULT_RANGE)
        for shift in wider.final:
            if shift.within(start, end):
                yield {**facts, **shift.entry(), 'schedule': reference(record)}
    elif record['type'] == 'user':
        yield {**facts, 'user': reference(record), 'schedule': None, 'start': None, 'end': None}


def earliest(oncalls: list[Record]) -> list[Record]:
    first: dict[tuple[str, str, int], Record] = {}
    for oncall in sorted(oncalls, key=lambda oncall: oncall['start'] or ''):
        key = oncall['user']['id'], oncall['escalation_policy']['id'], oncall['escalation_level']
        first.setdefault(key, oncall)
    return list(first.values())
