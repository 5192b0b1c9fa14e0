"""Incident types, which are found by ID or name: https://support.pagerduty.com/docs/incident-types."""

from __future__ import annotations

from typing import Any

from pdpyras_sandbox.account import reference
from pdpyras_sandbox.call import Body, Call, handles
from pdpyras_sandbox.errors import invalid_input
from pdpyras_sandbox.resources import KINDS, Kind, page_of
from pdpyras_sandbox.store import Record, Store

#: The type of incidents that are created without one, from which all others derive.
DEFAULT_TYPE = 'incident_default'
TYPES_PATH = '/incidents/types'
#: Beginnings of display names that PagerDuty reserves.
RESERVED = ('PD', 'PagerDuty', 'Default')


def type_named(store: Store, named: Any) -> Record | None:
    """Return the incident type with an ID or a name."""
    types = store.list(TYPES_PATH)
    return next((kind for kind in types if named in (kind['id'], kind['name'])), None)


def incident_type(store: Store, given: Record | None) -> Record | None:
    """Return the type of an incident in a request, as incidents store it.

    :raises ApiError: with status 400 if the type does not exist.
    """
    if not given:
        return None
    named = given.get('name') or given.get('id')
    if not named:
        raise invalid_input('incident_type.name is required')
    found = type_named(store, named)
    # A state file of an older version has no types.
    if found is None and named != DEFAULT_TYPE:
        raise invalid_input(f'incident_type: no incident type has the name or ID {named}')
    return {'name': found['name'] if found else DEFAULT_TYPE}


def check_type(call: Call, kind: Record) -> None:
    if not kind['display_name']:
        raise invalid_input("display_name can't be blank")
    if kind['display_name'].startswith(RESERVED):
        raise invalid_input('display_name must not begin with {}, {} or {}'.format(*RESERVED))


def complete_type(call: Call, kind: Record) -> None:
    if kind['name'].endswith('_default'):
        raise invalid_input("name must not end with '_default'")
    named = kind.pop('parent_type')
    parent = type_named(call.store, named)
    if parent is None:
        raise invalid_input(f'parent_type: no incident type has the name or ID {named}')
    kind['parent'] = reference(parent)


KINDS[TYPES_PATH] = Kind(
    unique='name',
    defaults={'enabled': True, 'description': None},
    check=check_type,
    complete=complete_type,
)


@handles('GET /incidents/types')
def list_types(call: Call) -> Body:
    wanted = call.query.get('filter', 'enabled')
    types = call.store.list(TYPES_PATH)
    return page_of(
        call, [t for t in types if wanted == 'all' or t['enabled'] == (wanted == 'enabled')]
    )
