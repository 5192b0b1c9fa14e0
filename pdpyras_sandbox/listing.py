"""Listings: filtering, sorting and pagination of the records of a collection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MultiDict

from pdpyras_sandbox.account import is_reference, parse_time
from pdpyras_sandbox.clock import timestamp
from pdpyras_sandbox.errors import invalid_input, invalid_range
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.shapes import Operation, Shape, counted
from pdpyras_sandbox.zones import requested_zone

if TYPE_CHECKING:
    from pdpyras_sandbox.call import Call

DEFAULT_LIMIT = 25
MAXIMUM_LIMIT = 100
#: PagerDuty returns no records past this position.
MAXIMUM_POSITION = 10_000
#: Values that PagerDuty accepts, but does not list in the documentation of the parameter.
UNLISTED = {
    ('GET /incidents', 'include[]'): ('body',),
    ('GET /incidents/{id}', 'include[]'): ('body', 'external_references', 'metadata'),
}
#: Query parameters that do not filter records.
NOT_FILTERS = {'limit', 'offset', 'total', 'cursor', 'include', 'sort_by', 'time_zone', 'overflow'}
#: Attributes that a free-text query searches.
SEARCHED = ('name', 'title', 'summary', 'email', 'label')
#: Fields to sort by that the document has only in a description.
SORTED_BY = {'GET /incidents': ['incident_number', 'created_at', 'resolved_at', 'urgency']}
UTC_TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z')
#: Number of pages by which a fault shifts the page requested.
SHIFTS: dict[str | None, int] = {'duplicate': -1, 'missing': 1}

Matcher = Callable[[Record], bool]


class Page:
    """The page that a query requests: ``limit`` records from ``offset`` on."""

    def __init__(self, query: MultiDict[str, str], cursor_based: bool = False) -> None:
        largest = None if cursor_based else MAXIMUM_LIMIT
        self.limit = min(whole_number(query, 'limit', DEFAULT_LIMIT, 1, largest), MAXIMUM_LIMIT)
        self.cursor_based = cursor_based
        if cursor_based:
            self.offset = decode_cursor(query.get('cursor'))
        else:
            self.offset = whole_number(query, 'offset', 0, 0, MAXIMUM_POSITION)
            if self.offset + self.limit > MAXIMUM_POSITION:
                raise invalid_input(f'Offset plus limit must be at most {MAXIMUM_POSITION}')
        self.wants_total = boolean(query, 'total')

    def of(self, records: list[Record], fault: str | None = None) -> list[Record]:
        """Return the records of the page, or of another page if there is a fault."""
        start = self.offset + SHIFTS.get(fault, 0) * self.limit
        return records[start : start + self.limit]

    def facts(self, records: list[Record]) -> Record:
        """Return the pagination fields of the response."""
        more = self.offset + self.limit < len(records)
        if self.cursor_based:
            next_offset = self.offset + self.limit
            return {
                'limit': self.limit,
                'next_cursor': encode_cursor(next_offset) if more else None,
            }
        total = len(records) if self.wants_total else None
        return {'limit': self.limit, 'offset': self.offset, 'more': more, 'total': total}


def encode_cursor(offset: int) -> str:
    return f'c{offset:x}'


def decode_cursor(cursor: str | None) -> int:
    try:
        return int(cursor[1:], 16) if cursor else 0
    except ValueError:
        raise invalid_input('Cursor is invalid; use next_cursor of an earlier page') from None


def whole_number(
    query: MultiDict[str, str], name: str, default: int, minimum: int, maximum: int | None
) -> int:
    text = query.get(name)
    if text in (None, ''):
        return default
    try:
        number = int(text)
    except ValueError:
        raise invalid_input(f"'{name}' must be an integer") from None
    if number < minimum or (maximum is not None and number > maximum):
        bounds = f'at least {minimum}' if maximum is None else f'from {minimum} to {maximum}'
        raise invalid_input(f"'{name}' must be {bounds}")
    return number


def boolean(query: MultiDict[str, str], name: str) -> bool:
    # Python's True and False are sent with a capital letter.
    text = query.get(name, 'false').lower()
    if text not in ('true', 'false', '1', '0', ''):
        raise invalid_input(f"'{name}' must be true or false")
    return text in ('true', '1')


def moment(query: MultiDict[str, str], name: str) -> datetime | None:
    """Return a time in a query; one without an offset is in the time zone of the query."""
    text = query.get(name)
    if not text:
        return None
    try:
        return parse_time(text, requested_zone(query) or timezone.utc)
    except ValueError:
        raise invalid_input(f"'{name}' must be an ISO 8601 date-time") from None


def searched_range(call: Call, default: timedelta, maximum: timedelta) -> tuple[str, str]:
    """Return the time range of a listing, as timestamps.

    :param default: the length of the range if ``since`` is missing.
    :param maximum: the maximum length of the range.
    """
    since, until = moment(call.query, 'since'), moment(call.query, 'until')
    # Include the current second.
    end = until or call.clock.now() + timedelta(seconds=1)
    start = since or end - default
    if end - start > maximum:
        raise invalid_range(f'The range must not be longer than {maximum.days} days')
    return timestamp(start), timestamp(end)


def check_utc(query: MultiDict[str, str]) -> None:
    """Reject times that are not in UTC, as documented for some operations."""
    for name in ('since', 'until'):
        if query.get(name) and not UTC_TIME.fullmatch(query[name]):
            raise invalid_input(f"'{name}' must be in UTC, such as 2024-01-01T00:00:00Z")


def check_query(operation: Operation, query: MultiDict[str, str]) -> None:
    """Reject undocumented values, such as an unknown status."""
    for name in operation.needed_query:
        if not query.get(name):
            raise invalid_input(f"'{name}' is required")
    for name in query:
        shape = operation.query.get(name, {})
        choices = shape.get('enum') or shape.get('items', {}).get('enum')
        values = query.getlist(name)
        if name == 'sort_by':
            check_sorting(operation, shape, values)
        elif choices:
            choices = [*choices, *UNLISTED.get((operation.name, name), ())]
            wrong = [value for value in values if value not in map(str, choices)]
            if wrong:
                expected = ', '.join(str(choice) for choice in choices)
                raise invalid_input(f"'{name}' must be one of: {expected}")
        if shape.get('type') == 'boolean':
            boolean(query, name)


def filters_or_sorts(query: MultiDict[str, str]) -> bool:
    """Return whether a query filters or sorts records, for which they need derived attributes."""
    plain = {name.replace('[]', '') for name in query}
    return not plain <= NOT_FILTERS - {'sort_by'}


def selected(records: list[Record], call: Call, skip: Iterable[str] = ()) -> list[Record]:
    """Return the records that match all documented filters in the query, sorted as requested.

    :param skip: parameters that the caller has applied.
    """
    for name in call.query.keys() & call.operation.query.keys():
        plain = name.replace('[]', '')
        values = [value for value in call.query.getlist(name) if value != '']
        if not values or plain in NOT_FILTERS or plain in skip:
            continue
        matches = matcher(plain, values, call.query)
        records = [record for record in records if matches(record)]
    return in_order(records, call.query.get('sort_by'))


def matcher(name: str, values: list[str], query: MultiDict[str, str]) -> Matcher:
    """Return a predicate for a query parameter, by PagerDuty's naming conventions."""
    if name == 'query':
        wanted = values[0].lower()
        return lambda record: any(
            wanted in str(record[field]).lower() for field in SEARCHED if record.get(field)
        )
    if name in ('since', 'until'):
        return time_matcher(name, query)
    if name.endswith(('_ids', '_id')):
        kind = name.rsplit('_', 1)[0]
        return lambda record: bool(ids_in(record, kind) & set(values))
    singular = singular_of(name)

    def matches(record: Record) -> bool:
        found = record.get(name, record.get(singular))
        if found is None:
            # Records without this attribute are not filtered by it.
            return name not in record and singular not in record
        return bool(plain_values(found) & set(values))

    return matches


def time_matcher(name: str, query: MultiDict[str, str]) -> Matcher:
    bound = moment(query, name)

    def matches(record: Record) -> bool:
        created = record.get('created_at') or record.get('timestamp')
        if not created or bound is None:
            return True
        return parse_time(created) >= bound if name == 'since' else parse_time(created) < bound

    return matches


def singular_of(name: str) -> str:
    if name.endswith('ies'):
        return name[:-3] + 'y'
    if name.endswith(('ses', 'xes', 'ches')):
        return name[:-2]
    return name[:-1] if name.endswith('s') else name


def plain_values(found: Any) -> set[str]:
    values = found if isinstance(found, list) else [found]
    return {str(value.get('id') if isinstance(value, dict) else value) for value in values}


def ids_in(record: Record, kind: str) -> set[str]:
    """Return the IDs in references of a kind, or in attributes with the name of the kind."""
    attributes = {name: record[name] for name in (kind, kind + 's') if name in record}
    named = {item for value in attributes.values() for item in plain_values(value)}
    return referred_ids(record, kind) | named


def referred_ids(value: Any, kind: str) -> set[str]:
    """Return the IDs of all references of a kind ("user", "team"), at any depth."""
    found = set()
    if isinstance(value, dict):
        if is_reference(value) and value['type'] == kind + '_reference':
            found.add(value['id'])
        value = value.values()
    elif not isinstance(value, list):
        return found
    for child in value:
        found |= referred_ids(child, kind)
    return found


def refers_to(value: Any, record: Record) -> bool:
    """Return whether a value contains a reference to a record, at any depth."""
    return record['id'] in referred_ids(value, record['type'])


def sorting_key(value: Any) -> tuple[int, float, str]:
    """Return a key that sorts missing values first, then numbers, then all others as text."""
    if value is None:
        return (0, 0, '')
    if isinstance(value, (int, float)):
        return (1, value, '')
    return (2, 0, str(value).lower())


def sorting_rules(sort_by: str) -> list[tuple[str, str]]:
    """Return the fields and directions in a parameter such as ``sort_by=name:desc``."""
    rules = [rule.strip().replace(' ', ':').partition(':') for rule in sort_by.split(',')]
    return [(field, direction) for field, _, direction in rules if field]


def check_sorting(operation: Operation, shape: Shape, values: list[str]) -> None:
    rules = sorting_rules(','.join(values))
    if any(direction not in ('', 'asc', 'desc') for _, direction in rules):
        raise invalid_input("'sort_by' must have the form field:asc or field:desc")
    fields = [field for choice in shape.get('enum', ()) for field, _ in sorting_rules(choice)]
    fields = SORTED_BY.get(operation.name) or list(dict.fromkeys(fields))
    if fields and any(field not in fields for field, _ in rules):
        raise invalid_input("'sort_by' must be one of: " + ', '.join(fields))
    maximum = shape.get('maxItems', 1)
    if len(rules) > maximum:
        raise invalid_input("'sort_by' must have at most " + counted(maximum, 'field'))


def in_order(records: list[Record], sort_by: str | None) -> list[Record]:
    """Sort records by a parameter such as ``sort_by=name:desc``."""
    rules = sorting_rules(sort_by or '')
    if rules and rules[-1][1] == 'desc':
        # Records of the same second are sorted by the order in which they were created.
        records = records[::-1]
    for field, direction in reversed(rules):
        records = sorted(
            records,
            key=lambda record: sorting_key(record.get(field)),
            reverse=direction == 'desc',
        )
    return records
