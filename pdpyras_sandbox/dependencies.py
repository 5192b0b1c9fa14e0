"""Dependencies between technical services and business services."""

from __future__ import annotations

from pdpyras_sandbox.call import Call, handles, required_property
from pdpyras_sandbox.errors import invalid_input
from pdpyras_sandbox.store import Record

COLLECTION = '/service_dependencies'
SIDES = ('supporting_service', 'dependent_service')
#: The types of references in a dependency, by type of record.
TYPES = {'service': 'technical_service_reference', 'business_service': 'business_service_reference'}
MAXIMUM = 2000


@handles('POST /service_dependencies/associate')
def associate(call: Call) -> list[Record]:
    """Add dependencies; if one of them is invalid, add none."""
    wanted = [relationship(call, given) for given in relationships(call)]
    for given in wanted:
        if given['supporting_service'] == given['dependent_service']:
            raise invalid_input('A service cannot depend on itself')
        if any(len(of_service(call, given[side]['id'])) >= MAXIMUM for side in SIDES):
            raise invalid_input(f'A service can have at most {MAXIMUM} dependencies')
    return [find(call, given) or add(call, given) for given in wanted]


@handles('POST /service_dependencies/disassociate')
def disassociate(call: Call) -> list[Record]:
    found = [find(call, relationship(call, given)) for given in relationships(call)]
    removed = [dependency for dependency in found if dependency]
    for dependency in removed:
        call.store.remove(f'{COLLECTION}/{dependency["id"]}')
    return removed


@handles(
    'GET /service_dependencies/business_services/{id}',
    'GET /service_dependencies/technical_services/{id}',
)
def list_dependencies(call: Call) -> list[Record]:
    kind = call.path.split('/')[2].replace('technical_', '')
    return of_service(call, call.record(f'/{kind}/{call.parameters["id"]}')['id'])


def relationships(call: Call) -> list[Record]:
    given: list[Record] = required_property(call.body, 'relationships', 'body')
    return given


def relationship(call: Call, given: Record) -> Record:
    """Return both sides of a dependency as references to services that exist."""
    sides = {}
    for side in SIDES:
        record = call.store.find((given.get(side) or {}).get('id'))
        if record is None or record.get('type') not in TYPES:
            raise invalid_input(f'{side} must refer to an existing service or business service')
        sides[side] = {'id': record['id'], 'type': TYPES[record['type']]}
    return sides


def add(call: Call, sides: Record) -> Record:
    dependency = {'id': call.store.new_id('D', 16), 'type': 'service_dependency', **sides}
    return call.store.add(COLLECTION, dependency)


def find(call: Call, sides: Record) -> Record | None:
    found = (d for d in call.store.list(COLLECTION) if sides.items() <= d.items())
    return next(found, None)


def of_service(call: Call, service_id: str) -> list[Record]:
    """Return the dependencies of a service, in both directions, between existing services."""
    dependencies = [
        (dependency, {dependency[side]['id'] for side in SIDES})
        for dependency in call.store.list(COLLECTION)
    ]
    return [
        dependency
        for dependency, ids in dependencies
        if service_id in ids and all(call.store.find(one) for one in ids)
    ]
