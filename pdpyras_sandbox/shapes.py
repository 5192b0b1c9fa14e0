"""The documented operations, with the shapes of their requests and responses.

The shapes are in ``shapes.json``, which ``tools/sandbox_shapes.py`` creates from PagerDuty's
OpenAPI document. A shape is the part of a JSON schema that a server needs, with ``any`` for
alternatives, ``closed`` for an object without further properties and ``values`` for a mapping.
Shapes of objects get a ``plan`` when they are loaded, see :class:`Plan`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pdpyras_sandbox.account import parse_time, parse_time_of_day
from pdpyras_sandbox.zones import is_zone

Shape = dict[str, Any]
#: Properties of a response that describe the page.
PAGE_FIELDS = {'limit', 'offset', 'more', 'total', 'next_cursor', 'cursor'}
#: Properties that refer to another page.
CURSORS = {'next_cursor', 'cursor'}
METADATA_FIELDS = {'response_metadata', 'privileges', 'additional_fields', 'account_id', 'warnings'}

TYPES: dict[str, type | tuple[type, ...]] = {
    'object': dict,
    'array': list,
    'string': str,
    'boolean': bool,
    'integer': int,
    'number': (int, float),
}
EMAIL = re.compile(r'[^@\s]+@[^@\s]+')
#: Names of times, whose format the document does not always give.
TIME_NAME = re.compile('(_at|_start|_end|^since|^until)$')
EXAMPLE_TEXT: dict[str | None, str] = {
    'date-time': '2024-01-01T00:00:00Z',
    'email': 'someone@example.com',
    'uuid': '00000000-0000-4000-8000-000000000000',
    'time': '08:00:00',
    'partial-time': '08:00:00',
    'uri': 'https://example.com',
    'url': 'https://example.com',
    'tzinfo': 'Etc/UTC',
}


def parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Return a predicate that is true for strings that can be parsed without ValueError."""

    def is_valid(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return is_valid


#: Descriptions of documented formats of strings, and predicates for them.
FORMATS: dict[str | None, tuple[str, Callable[[str], object]]] = {
    'email': ('an email address', EMAIL.fullmatch),
    'date-time': ('an ISO 8601 date-time', parses(parse_time)),
    'time': ('a time of day', parses(parse_time_of_day)),
    'partial-time': ('a time of day', parses(parse_time_of_day)),
    'tzinfo': ('a time zone of the IANA time zone database', is_zone),
}


class Operation:
    """A documented method of a path."""

    def __init__(self, name: str, facts: dict[str, Any], link: Callable[[Any], Any]) -> None:
        self.method, self.path = name.split(' ')
        self.name = name
        self.status: int = facts['status']
        self.needs_from: bool = facts.get('from', False)
        # Shapes are linked at the first call: a sandbox starts faster without hundreds of them.
        self._facts = facts
        self._link = link

    @cached_property
    def query(self) -> dict[str, Shape]:
        parameters: dict[str, Shape] = self._link(self._facts.get('query', {}))
        return parameters

    @cached_property
    def needed_query(self) -> list[str]:
        return [name for name, shape in self.query.items() if shape.get('needed')]

    @cached_property
    def request(self) -> Shape | None:
        shape: Shape | None = self._link(self._facts.get('request'))
        return shape

    @cached_property
    def response(self) -> Shape | None:
        shape: Shape | None = self._link(self._facts.get('response'))
        return shape

    @cached_property
    def wrapper(self) -> str | None:
        return content_property(self.response) or self._listed_property()

    @cached_property
    def request_wrapper(self) -> str | None:
        return content_property(self.request)

    def _listed_property(self) -> str | None:
        """Return the property with the list, if it is not the only property with content."""
        name = self.path.rpartition('/')[2]
        fields = (self.response or {}).get('properties', {})
        is_page = bool(fields.keys() & {'offset', 'next_cursor'})
        return name if is_page and fields.get(name, {}).get('type') == 'array' else None

    @property
    def returns_list(self) -> bool:
        return self.wrapper is not None and self.content.get('type') == 'array'

    @property
    def content(self) -> Shape:
        """The shape of the response without its wrapper."""
        response = self.response or {}
        if self.wrapper is None:
            return response
        content: Shape = response['properties'][self.wrapper]
        return content

    @cached_property
    def envelope(self) -> Shape:
        """The shape of the response without its content."""
        response = self.response or {}
        others = {k: v for k, v in response['properties'].items() if k != self.wrapper}
        envelope = {**response, 'properties': others}
        return {**envelope, 'plan': Plan(envelope)}

    @property
    def pagination(self) -> str | None:
        """The kind of pagination: ``'offset'``, ``'cursor'`` or None."""
        fields = (self.response or {}).get('properties', {})
        if 'next_cursor' in fields:
            return 'cursor'
        # Some listings have their pagination fields in examples only.
        is_paged = 'more' in fields or 'offset' in fields or 'offset' in self.query
        return 'offset' if is_paged else None

    def problems(self, body: Any) -> list[str]:
        """Return the problems with a request body; an empty list if it is valid.

        Updates may leave out properties: the document mostly requires complete records, but
        PagerDuty accepts partial ones.
        """
        partial = self.method in ('PUT', 'PATCH')
        request = self.request or {}
        found = problems({**request, 'properties': {}}, body)
        if isinstance(body, dict):
            for name, shape in request.get('properties', {}).items():
                found += problems(shape, body.get(name), name, partial)
        return found

    def __repr__(self) -> str:
        return f'<{self.name}>'


def content_property(shape: Shape | None) -> str | None:
    """Return the property with the content of a body, or None if there is not exactly one."""
    names = set((shape or {}).get('properties', {})) - PAGE_FIELDS - METADATA_FIELDS
    return names.pop() if len(names) == 1 else None


@cache
def operations() -> dict[str, Operation]:
    """Return all documented operations by name, such as ``'GET /users/{id}'``."""
    text = Path(__file__).with_name('shapes.json').read_text(encoding='utf-8')
    document = json.loads(text)
    shared = document['shapes']

    def link(node: Any) -> Any:
        """Replace references to shared shapes by the shapes."""
        if isinstance(node, list):
            return [link(child) for child in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get('ref'), int):
            return linked(node['ref'])
        shape = {key: link(child) for key, child in node.items()}
        if 'properties' in shape:
            shape['plan'] = Plan(shape)
        return shape

    @cache
    def linked(number: int) -> Any:
        return link(shared[number])

    return {name: Operation(name, facts, link) for name, facts in document['operations'].items()}


class Plan:
    """The properties to process when an object is completed, computed once for speed."""

    def __init__(self, shape: Shape) -> None:
        properties, required = shape['properties'], shape.get('required', ())
        self.hidden = [name for name, child in properties.items() if child.get('writeOnly')]
        #: Properties that may need completion themselves.
        self.nested = {
            name: child
            for name, child in properties.items()
            if child.keys() & {'properties', 'required', 'items', 'any'}
        }
        #: Properties of a complete object. Some required ones have no documented shape.
        self.needed = {
            name: properties.get(name, {}) if name in required else {}
            for name in {**properties, **dict.fromkeys(required)}
            if name in required or properties[name].get('nullable')
        }
        #: Properties that are left out rather than null.
        self.not_null = properties.keys() - self.needed.keys()


def problems(shape: Shape, value: Any, name: str = 'body', partial: bool = False) -> list[str]:
    """Return the problems with a value; an empty list if it fits the shape.

    :param partial: allow missing properties, as in updates, but not null for required ones.
    """
    if value is None:
        # PagerDuty accepts null wherever it accepts an absent property.
        return []
    kind = shape.get('type')
    if kind in TYPES and not has_type(value, kind):
        return [f'{name} must be {"an" if kind[0] in "aeiou" else "a"} {kind}']
    if 'enum' in shape and value not in shape['enum']:
        choices = ', '.join(str(choice) for choice in shape['enum'])
        return [f'{name} must be one of: {choices}']
    if 'any' in shape:
        found = choice_problems(shape['any'], value, name, partial)
        if found:
            return found
    if isinstance(value, dict):
        return object_problems(shape, value, name, partial)
    if isinstance(value, list):
        return list_problems(shape, value, name)
    if isinstance(value, str):
        return text_problems(shape, value, name)
    return number_problems(shape, value, name)


def choice_problems(choices: list[Shape], value: Any, name: str, partial: bool) -> list[str]:
    """Return the problems with a value for the choice that it fits best."""
    types = [kind for choice in choices for kind in types_of(choice)]
    if isinstance(value, dict) and all(types_of(choice) for choice in choices):
        # The type selects the choice, for example the kind of a contact method.
        if value.get('type') is None and not partial:
            return [f'{name}.type is required']
        choices = [choice for choice in choices if has_documented_type(choice, value)]
    if not choices:
        return [f'{name}.type must be one of: {", ".join(types)}']
    return min((problems(choice, value, name, partial) for choice in choices), key=len)


def types_of(shape: Shape) -> list[str]:
    """Return the documented types of a record or reference; an empty list if there are none."""
    types = shape.get('properties', {}).get('type', {}).get('enum', ())
    return [kind for kind in types if kind is not None]


def has_documented_type(shape: Shape, value: dict[str, Any]) -> bool:
    """Return whether a record or reference has no type, or one of the documented types.

    A reference may have the type of the record: PagerDuty accepts ``user`` and ``user_reference``.
    """
    types, given = types_of(shape), value.get('type')
    if not types or given is None:
        return True
    kind = str(given)
    if shape['properties']['type'].get('readOnly'):
        kind = kind.removesuffix('_reference')
    return kind in types or kind + '_reference' in types


def fits(shape: Shape, value: Any) -> bool:
    """Return whether a value has the type of a shape."""
    return shape.get('type') not in TYPES or has_type(value, shape['type'])


def has_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == 'boolean'
    return isinstance(value, TYPES[kind])


def object_problems(shape: Shape, value: dict[str, Any], name: str, partial: bool) -> list[str]:
    properties = shape.get('properties', {})
    found = []
    for required in shape.get('required', ()):
        if partial and required not in value:
            continue
        expected = properties.get(required, {})
        null_is_fine = required in value and expected.get('nullable')
        if is_set_by_server(shape, required) or has_one_value(expected) or null_is_fine:
            continue
        if value.get(required) is None:
            found.append(f'{name}.{required} is required'.removeprefix('body.'))
    if shape.get('closed'):
        found += [f'{name}.{extra} is not known' for extra in sorted(set(value) - set(properties))]
    types = types_of(shape)
    if not has_documented_type(shape, value):
        found.append(f'{name}.type must be one of: {", ".join(types)}')
    for key, expected in properties.items():
        is_checked = key == 'type' and types
        if key in value and not expected.get('readOnly') and not is_checked:
            found += problems(expected, value[key], f'{name}.{key}', partial)
    # Read-only in records, but required in references.
    if is_reference(shape) and not isinstance(value.get('id'), str):
        found.append(f'{name}.id is required, and must be a string')
    return found


def is_set_by_server(shape: Shape, name: str) -> bool:
    """Return whether a required property can be left out of a request.

    The document marks most types as read-only, even those that clients choose.
    """
    is_choice = name == 'type' and bool(types_of(shape)) and not is_reference(shape)
    return bool(shape.get('properties', {}).get(name, {}).get('readOnly')) and not is_choice


def is_reference(shape: Shape) -> bool:
    """Return whether a shape is that of a reference."""
    is_named = any(kind.endswith('_reference') for kind in types_of(shape))
    return is_named and 'id' in shape.get('required', ())


def has_one_value(shape: Shape) -> bool:
    """Return whether only one value is possible, such as "user" for the type of a user."""
    return len(shape.get('enum', ())) == 1


def list_problems(shape: Shape, value: list[Any], name: str) -> list[str]:
    if len(value) < shape.get('minItems', 0):
        return [f'{name} must have at least {counted(shape["minItems"], "item")}']
    if len(value) > shape.get('maxItems', len(value)):
        return [f'{name} must have at most {counted(shape["maxItems"], "item")}']
    items = shape.get('items', {})
    if None in value and items.keys() & {'type', 'any'} and not items.get('nullable'):
        return [f'{name} must not contain null']
    return [
        problem
        for number, item in enumerate(value)
        for problem in problems(items, item, f'{name}[{number}]')
    ]


def text_problems(shape: Shape, value: str, name: str) -> list[str]:
    if len(value) < shape.get('minLength', 0):
        return [f'{name} is too short (minimum is {counted(shape["minLength"], "character")})']
    if len(value) > shape.get('maxLength', len(value)):
        return [f'{name} is too long (maximum is {counted(shape["maxLength"], "character")})']
    expected, is_valid = FORMATS.get(shape.get('format'), ('', str))
    if expected and not is_valid(value):
        return [f'{name} must be {expected}']
    return []


def number_problems(shape: Shape, value: float, name: str) -> list[str]:
    if value < shape.get('minimum', value):
        return [f'{name} must be at least {shape["minimum"]}']
    if value > shape.get('maximum', value):
        return [f'{name} must be at most {shape["maximum"]}']
    return []


def counted(number: int, noun: str) -> str:
    return f'{number} {noun}' if number == 1 else f'{number} {noun}s'


def completed(shape: Shape, value: Any) -> Any:
    """Return a value with missing required properties added."""
    if value is None:
        return None if shape.get('nullable') or not shape else minimal(shape)
    if 'any' in shape:
        value = completed(best_choice(shape['any'], value), value)
    if isinstance(value, dict):
        return completed_object(shape, value)
    if isinstance(value, list) and 'items' in shape:
        return [completed(shape['items'], item) for item in value]
    return value


def completed_object(shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    plan: Plan | None = shape.get('plan')
    if plan is None:
        return {**dict.fromkeys(shape.get('required', ())), **value}
    result = dict(value)
    for name in plan.hidden:
        result.pop(name, None)
    for name, child in plan.nested.items():
        content = result.get(name)
        if content is not None:
            result[name] = completed(child, content)
    for name, child in plan.needed.items():
        if result.get(name) is None:
            result[name] = completed(child, None)
    if None in result.values():
        for name in plan.not_null & result.keys():
            if result[name] is None:
                del result[name]
    return result


def best_choice(choices: list[Shape], value: Any) -> Shape:
    """Return the choice that a value fits with the fewest problems, the first of several."""
    kind = value.get('type') if isinstance(value, dict) else None
    named = [choice for choice in choices if kind in types_of(choice)]
    return min(named or choices, key=lambda choice: len(problems(choice, value)))


def example(shape: Shape, name: str = '') -> Any:
    """Return a value with every documented property, and one object in every list of objects."""
    if 'any' in shape and 'properties' not in shape:
        return example(shape['any'][0])
    if shape.get('properties'):
        return {
            name: None if child.get('nullable') else example(child, name)
            for name, child in shape['properties'].items()
            if not child.get('writeOnly') and name not in CURSORS
        }
    if shape.get('items', {}).get('properties'):
        return [example(shape['items'])]
    if shape == {'type': 'string'} and TIME_NAME.search(name):
        return EXAMPLE_TEXT['date-time']
    return minimal(shape)


def minimal(shape: Shape) -> Any:
    """Return the smallest value that fits a shape."""
    if 'enum' in shape:
        return next((value for value in shape['enum'] if value is not None), None)
    if 'any' in shape and 'properties' not in shape:
        return minimal(shape['any'][0])
    kind = shape.get('type')
    if kind == 'object':
        return completed(shape, {})
    if kind == 'array':
        return [minimal(shape.get('items', {})) for _ in range(shape.get('minItems', 0))]
    if kind == 'string':
        text = EXAMPLE_TEXT.get(shape.get('format'), 'sample')
        return text[: shape.get('maxLength')].ljust(shape.get('minLength', 0), 'x')
    return {'boolean': False, 'integer': shape.get('minimum', 0), 'number': 0}.get(str(kind))
