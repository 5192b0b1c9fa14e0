"""Custom fields of incidents and services: their options, and their values in records."""

from __future__ import annotations

from typing import Any, Optional

from pdpyras_sandbox.call import Call, handles
from pdpyras_sandbox.errors import invalid_input, not_found
from pdpyras_sandbox.resources import DOCUMENT, KINDS, Kind
from pdpyras_sandbox.store import Record

#: The attributes of a field that are shown with its value.
SHOWN = ('id', 'name', 'display_name', 'description', 'data_type', 'field_type')
TYPES: dict[str, type | tuple[type, ...]] = {
    'boolean': bool,
    'integer': int,
    'float': (int, float),
    'string': str,
    'datetime': str,
    'url': str,
}


def complete_field(call: Call, field: Record) -> None:
    field.setdefault('description', None)
    field.setdefault('field_options', [])


def check_field(call: Call, field: Record) -> None:
    if field['data_type'] not in TYPES:
        raise invalid_input('data_type must be one of: {}'.format(', '.join(TYPES)))


def check_option(call: Call, option: Record) -> None:
    data = option['data']
    if data.get('data_type') != 'string' or not isinstance(data.get('value'), str):
        raise invalid_input("data must have the data_type 'string' and a string as value")


for owner in ('/incidents', '/services', '/incidents/types/{type_id_or_name}'):
    fields = owner + '/custom_fields'
    KINDS[fields] = Kind(unique='name', created=complete_field, checked=check_field)
    KINDS[fields + '/{field_id}/field_options'] = Kind(checked=check_option)


@handles('GET /incidents/{id}/custom_fields/values', 'GET /services/{id}/custom_fields/values')
def read_values(call: Call) -> list[Any]:
    call.record(call.parent(2))
    values = call.store.get(stored_at(call)) or {}
    return [shown(field, values) for field in fields_of(call)]


@handles('PUT /incidents/{id}/custom_fields/values', 'PUT /services/{id}/custom_fields/values')
def write_values(call: Call) -> list[Any]:
    call.record(call.parent(2))
    values = dict(call.store.get(stored_at(call)) or {})
    for given in call.content:
        field = field_named(call, given)
        if 'value' not in given:
            raise invalid_input('custom_fields.value is required')
        check_value(field, given['value'], options_of(call, field))
        values[field['id']] = given['value']
    call.store.put(stored_at(call), values)
    return [shown(field, values) for field in fields_of(call)]


def stored_at(call: Call) -> str:
    return call.path + DOCUMENT


def fields_of(call: Call) -> list[Record]:
    """Return all custom fields of incidents or services."""
    return call.store.list('/{}/custom_fields'.format(call.path.split('/')[1]))


def field_named(call: Call, given: Record) -> Record:
    wanted = given.get('id') or given.get('name')
    for field in fields_of(call):
        if wanted in (field['id'], field['name']):
            return field
    raise not_found()


def check_value(field: Record, value: Any, options: Optional[list[Any]]) -> None:
    many = field['field_type'].startswith('multi_value')
    values = value if many and isinstance(value, list) else [value]
    expected = TYPES[field['data_type']]
    for item in values:
        wrong_boolean = isinstance(item, bool) and expected is not bool
        if item is not None and (wrong_boolean or not isinstance(item, expected)):
            raise invalid_input(f'{field["name"]} must be of type {field["data_type"]}')
        if item is not None and options is not None and item not in options:
            choices = ', '.join(str(option) for option in options)
            raise invalid_input(f'{field["name"]} must be one of its options: {choices}')


def options_of(call: Call, field: Record) -> Optional[list[Any]]:
    """Return the values that a field accepts; None if it accepts any."""
    if not field['field_type'].endswith('_fixed'):
        return None
    path = call.store.path_of(field['id'])
    options = [*field['field_options'], *call.store.list(f'{path}/field_options')]
    return [option['data']['value'] for option in options]


def shown(field: Record, values: Record) -> Record:
    facts = {name: field.get(name) for name in SHOWN}
    return {**facts, 'type': 'field_value', 'value': values.get(field['id'])}
