"""Custom fields of incidents and services: their options, and their values in records."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pdpyras_sandbox.account import parse_time, reference
from pdpyras_sandbox.call import Body, Call, handles
from pdpyras_sandbox.errors import invalid_input, not_found
from pdpyras_sandbox.incident_types import TYPES_PATH, type_named
from pdpyras_sandbox.resources import DOCUMENT, KINDS, Kind
from pdpyras_sandbox.store import Record

#: The attributes of a field that are shown with its value.
SHOWN = ('id', 'name', 'display_name', 'description', 'data_type', 'field_type')
#: Python types of values by ``data_type``.
DATA_TYPES: dict[str, type | tuple[type, ...]] = {
    'boolean': bool,
    'integer': int,
    'float': (int, float),
    'string': str,
    'datetime': str,
    'url': str,
}
NAME = re.compile('[a-z0-9_]+')
#: The path of the values, after that of the incident or the service.
VALUES = '/custom_fields/values' + DOCUMENT


def check_field(call: Call, field: Record) -> None:
    if field['data_type'] not in DATA_TYPES:
        raise invalid_input('data_type must be one of: {}'.format(', '.join(DATA_TYPES)))
    if not NAME.fullmatch(field['name']):
        raise invalid_input('name may contain only lowercase letters, digits and underscores')
    path = f'{call.collection}/{field["id"]}/field_options'
    options = call.store.list(path)
    is_replacing = 'field_options' in field
    if is_replacing:
        options = [new_option(call, path, given) for given in field.pop('field_options') or ()]
    if isinstance(field.get('default_value'), dict):
        # The documented form; responses have the value itself.
        field['default_value'] = field['default_value'].get('value')
    if field.get('default_value') is not None:
        default = {**field, 'name': 'default_value'}
        check_value(default, field['default_value'], accepted_values(field, options))
    if is_replacing:
        replace_options(call, path, options)


def complete_field(call: Call, field: Record) -> None:
    field.setdefault('description', None)
    if 'type_id_or_name' in call.parameters:
        field['incident_type'] = call.parameters['type_id_or_name']


def replace_options(call: Call, path: str, options: list[Record]) -> None:
    """Store the options in a request as records of their own."""
    for option in call.store.list(path):
        call.store.remove(f'{path}/{option["id"]}')
    for option in options:
        call.store.add(path, option)


def new_option(call: Call, path: str, given: Record) -> Record:
    check_option(call, given)
    before = call.store.get(f'{path}/{given.get("id")}')
    option = before or {
        'id': call.store.new_id(),
        'type': 'field_option',
        'created_at': call.clock.timestamp(),
    }
    return {**option, 'data': given['data'], 'updated_at': call.clock.timestamp()}


def check_option(call: Call, option: Record) -> None:
    data = option['data'] or {}
    if data.get('data_type') != 'string' or not isinstance(data.get('value'), str):
        raise invalid_input("data must have the data_type 'string' and a string as value")


def options_in(call: Call, field: Record) -> list[Record]:
    return call.store.list(f'{call.store.path_of(field["id"])}/field_options')


for owner in ('/incidents', '/services', '/incidents/types/{type_id_or_name}'):
    fields = owner + '/custom_fields'
    KINDS[fields] = Kind(
        unique='name',
        complete=complete_field,
        check=check_field,
        derived={'field_options': options_in},
    )
    KINDS[fields + '/{field_id}/field_options'] = Kind(check=check_option)


@handles('GET /incidents/{id}/custom_fields/values', 'GET /services/{id}/custom_fields/values')
def read_values(call: Call) -> Body:
    return Body(custom_fields=values_of(call, call.parent(2)))


@handles('PUT /incidents/{id}/custom_fields/values', 'PUT /services/{id}/custom_fields/values')
def write_values(call: Call) -> Body:
    owner = call.parent(2)
    fields = fields_of(call, owner)
    values = dict(call.store.get(owner + VALUES) or {})
    changed = []
    for given in call.content:
        field = field_named(fields, given)
        if 'value' not in given:
            raise invalid_input('custom_fields.value is required')
        check_value(field, given['value'], accepted_values(field, options_in(call, field)))
        if given['value'] != value_of(field, values):
            changed.append(field['id'])
        values[field['id']] = given['value']
    call.store.put(owner + VALUES, values)
    shown = values_of(call, owner)
    if changed:
        announce_values(call, call.record(owner), shown, changed)
    return Body(custom_fields=shown)


def announce_values(call: Call, record: Record, values: list[Record], changed: list[str]) -> None:
    """Announce new values of an incident or a service to webhooks."""
    data = {
        record['type']: reference(record),
        'custom_fields': values,
        'changed_custom_fields': [value for value in values if value['id'] in changed],
        'type': f'{record["type"]}_field_values',
    }
    agent = reference(call.sender) if call.sender else None
    event = f'{record["type"]}.custom_field_values.updated'
    call.account.webhooks.announce(event, record, agent, data)


def values_of(call: Call, owner: str) -> list[Record]:
    """Return the custom fields of an incident or a service, with their values."""
    values = call.store.get(owner + VALUES) or {}
    return [
        {
            **{name: field.get(name) for name in SHOWN},
            'type': 'field_value',
            'value': value_of(field, values),
        }
        for field in fields_of(call, owner)
    ]


def value_of(field: Record, values: Record) -> Any:
    return values.get(field['id'], field.get('default_value'))


def fields_of(call: Call, owner: str) -> list[Record]:
    """Return all custom fields of an incident or a service, with those of the incident's type."""
    kind = call.record(owner).get('incident_type')
    found = call.store.list('/{}/custom_fields'.format(owner.split('/')[1]))
    record = type_named(call.store, kind['name']) if kind else None
    return found + (call.store.list(f'{TYPES_PATH}/{record["id"]}/custom_fields') if record else [])


def field_named(fields: list[Record], given: Record) -> Record:
    wanted = given.get('id') or given.get('name')
    for field in fields:
        if wanted in (field['id'], field['name']):
            return field
    raise not_found()


def check_value(field: Record, value: Any, options: list[Any] | None) -> None:
    many = field['field_type'].startswith('multi_value')
    values = value if many and isinstance(value, list) else [value]
    for item in values:
        if item is not None and not has_data_type(item, field['data_type']):
            raise invalid_input(f'{field["name"]} must be of type {field["data_type"]}')
        if item is not None and options is not None and item not in options:
            choices = ', '.join(str(option) for option in options) or '(none)'
            raise invalid_input(f'{field["name"]} must be one of the options: {choices}')


def has_data_type(value: Any, data_type: str) -> bool:
    expected = DATA_TYPES[data_type]
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        return False
    try:
        if data_type == 'datetime':
            parse_time(str(value))
        return data_type != 'url' or bool(urlsplit(str(value)).hostname)
    except ValueError:
        return False


def accepted_values(field: Record, options: list[Record]) -> list[Any] | None:
    """Return the values that a field accepts; None if it accepts any."""
    if not field['field_type'].endswith('_fixed'):
        return None
    return [option['data']['value'] for option in options]
