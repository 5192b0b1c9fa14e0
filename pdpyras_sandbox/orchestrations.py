"""The REST API of event orchestrations: their integrations, and their paths with rules."""

from __future__ import annotations

from typing import Any

from pdpyras_sandbox.call import Call, handles
from pdpyras_sandbox.event_rules import check_rules
from pdpyras_sandbox.resources import DOCUMENT, KINDS, Kind
from pdpyras_sandbox.store import Record

#: The route of events that no rule of a router matches.
UNROUTED = 'unrouted'
PATHS = (
    '/event_orchestrations/{id}/global',
    '/event_orchestrations/{id}/router',
    '/event_orchestrations/{id}/unrouted',
    '/event_orchestrations/services/{service_id}',
)


def complete_orchestration(call: Call, orchestration: Record) -> None:
    orchestration['version'] = call.store.new_id('', 32)
    add_integration(call, orchestration, 'Default Integration')


def add_integration(call: Call, orchestration: Record, label: str) -> None:
    integration = {'id': call.store.new_id('', 36), 'label': label}
    complete_integration(call, integration)
    call.store.add(f'/event_orchestrations/{orchestration["id"]}/integrations', integration)


def complete_integration(call: Call, integration: Record) -> None:
    """Add the routing key that events for the integration are sent with."""
    integration.pop('type', None)
    routing_key = 'R' + call.store.new_id('', 31)
    integration['parameters'] = {'routing_key': routing_key, 'type': 'global'}


def integrations_of(call: Call, orchestration: Record) -> list[Record]:
    return call.store.list(f'/event_orchestrations/{orchestration["id"]}/integrations')


def count_routes(call: Call, orchestration: Record) -> int:
    """Return the number of services that the router can route to."""
    router = call.store.get(f'/event_orchestrations/{orchestration["id"]}/router{DOCUMENT}') or {}
    actions = [(router.get('catch_all') or {}).get('actions')]
    actions += [rule.get('actions') for rule in rules_of(router)]
    routes = {(action or {}).get('route_to') for action in actions}
    return len(routes - {None, UNROUTED})


def rules_of(orchestration_path: Record) -> list[Record]:
    sets = orchestration_path.get('sets') or []
    return [rule for rule_set in sets for rule in rule_set.get('rules') or []]


KINDS['/event_orchestrations'] = Kind(
    id=('O', 36),
    order='name',
    complete=complete_orchestration,
    derived={'integrations': integrations_of, 'routes': count_routes},
)
KINDS['/event_orchestrations/{id}/integrations'] = Kind(id=('', 36), complete=complete_integration)


@handles(*(f'GET {path}' for path in PATHS))
def read_path(call: Call) -> Any:
    return call.store.get(call.path + DOCUMENT) or new_path(call)


@handles(*(f'PUT {path}' for path in PATHS))
def write_path(call: Call) -> Any:
    """Store the rules; those without an ID get one."""
    stored = {**read_path(call), **call.content, 'updated_at': call.clock.timestamp()}
    check_rules(stored)
    for rule in rules_of(stored):
        rule['id'] = rule.get('id') or call.store.new_id('', 8).lower()
    stored['version'] = call.store.new_id('', 32)
    call.store.put(call.path + DOCUMENT, stored)
    return stored


@handles('GET /event_orchestrations/services/{service_id}/active')
def read_active(call: Call) -> Any:
    call.record(f'/services/{call.parameters["service_id"]}')
    return call.store.get(call.path + DOCUMENT) is not False


def new_path(call: Call) -> Record:
    """Return the default content of a path; raise a 404 if its owner does not exist."""
    kind = 'service' if 'service_id' in call.parameters else call.path.rpartition('/')[2]
    owner = f'/services/{call.parameters["service_id"]}' if kind == 'service' else call.parent()
    parent = {
        'id': call.record(owner)['id'],
        'type': 'service_reference' if kind == 'service' else 'event_orchestration_reference',
        'self': owner,
    }
    return {
        'type': kind,
        'parent': parent,
        'sets': [{'id': 'start', 'rules': []}],
        'catch_all': {'actions': {'route_to': UNROUTED} if kind == 'router' else {}},
        'created_at': call.clock.timestamp(),
        'updated_at': call.clock.timestamp(),
    }
