"""tests/data/error_shapes.json: the shapes of the error responses that the document describes.

A shape is an example of a body, with a sentence or an ID of our own in place of each text. Two
bodies have the same shape if they have the same keys and types.
"""

import json
from typing import Any, Dict, Iterator, Tuple

from openapi_document import Document


def render_error_shapes(document: Document) -> str:
    """Return the distinct shapes of the responses with a status of 400 or more, as JSON."""
    shapes: Dict[str, Dict[str, Any]] = {}
    for where, body in _error_bodies(document):
        text = json.dumps(body, sort_keys=True)
        shapes.setdefault(text, {'documented_for': where, 'body': body})
    found = sorted(shapes.values(), key=lambda shape: json.dumps(shape['body'], sort_keys=True))
    return json.dumps(found, indent=2, sort_keys=True) + '\n'


def _error_bodies(document: Document) -> Iterator[Tuple[str, Any]]:
    for method, path, item in document.declarations():
        for status, response in item[method.lower()]['responses'].items():
            if status[0] in '45':
                where = '{} {} {}'.format(method, path, status)
                for media in document.resolve(response).get('content', {}).values():
                    if 'schema' in media:
                        yield where, _from_schema(document, media['schema'], 'body')
                    for example in document.examples(media):
                        yield where, _from_example(example, 'body')


def _from_example(example: Any, name: str) -> Any:
    """Return an example with its texts replaced; a list keeps its first item."""
    if isinstance(example, dict):
        return {key: _from_example(value, key) for key, value in example.items()}
    if isinstance(example, list):
        return [_from_example(item, name) for item in example[:1]]
    return _text(name) if isinstance(example, str) else 1


def _from_schema(document: Document, schema: Any, name: str) -> Any:
    """Return an instance of a schema, or of the first alternative."""
    schema = document.resolve(schema)
    for choice in ('oneOf', 'anyOf'):
        if schema.get(choice):
            return _from_schema(document, schema[choice][0], name)
    if 'items' in schema:
        return [_from_schema(document, schema['items'], name)]
    properties = {}
    for part in [*schema.get('allOf', []), schema]:
        properties.update(document.resolve(part).get('properties', {}))
    if isinstance(schema.get('additionalProperties'), dict):
        properties['a_field'] = schema['additionalProperties']
    if properties:
        return {key: _from_schema(document, value, key) for key, value in properties.items()}
    return 1 if schema.get('type') in ('integer', 'number') else _text(name)


def _text(name: str) -> str:
    return 'P1A2B3C' if name.endswith('id') else 'Text of {}.'.format(name)
