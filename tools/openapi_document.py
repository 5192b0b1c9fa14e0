"""Read operations and the shapes of their bodies from an OpenAPI 3.0 document."""

import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import unquote

METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')


class DocumentError(Exception):
    """Raised for a document, or tables derived from it, that cannot be used."""


class Property(NamedTuple):
    """A property of a body, or a query parameter."""

    #: ``{}`` for an object, ``[]`` for an array, else empty.
    kind: str
    is_read_only: bool
    #: The documented maximum of a number, or None.
    maximum: Optional[int]


#: The properties of a body by name.
Shape = Optional[Dict[str, Property]]

#: The shape of a body without properties, such as an array or a file.
NOT_AN_OBJECT = None


class Description(NamedTuple):
    """An operation as the document describes it."""

    method: str
    path: str
    tag: str
    query: Dict[str, Property]
    #: The alternative shapes of the request body; empty without a body.
    request: List[Shape]
    #: The alternative shapes of successful responses; empty without a body.
    response: List[Shape]
    #: Whether any successful response is described.
    has_success: bool
    #: The names of properties in the examples of successful responses.
    example_names: frozenset


class Document:
    """An OpenAPI 3.0 document, whose references are resolved when they are read."""

    def __init__(self, content: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get('paths'), dict):
            raise DocumentError('This is not an OpenAPI document: it has no "paths".')
        version = str(content.get('openapi'))
        if not version.startswith('3.0.'):
            raise DocumentError('This tool reads OpenAPI 3.0; the document has {}.'.format(version))
        self.content = content
        #: A sentence for each example that does not fit its schema.
        self.contradictions: List[str] = []

    def operations(self) -> Iterator[Description]:
        for method, path, item in self.declarations():
            yield self._described_or_error(method, path, item)

    def declarations(self) -> Iterator[Tuple[str, str, Any]]:
        """Return the method and path of each operation, and the item at the path."""
        for path, item in self.content['paths'].items():
            if not path.startswith('/'):
                raise DocumentError('The path {!r} does not begin with a slash.'.format(path))
            item = self.resolve(item)
            if not isinstance(item, dict):
                raise DocumentError('There is no description at the path {}.'.format(path))
            for method in METHODS:
                if method.lower() in item:
                    yield method, path, item

    def resolve(self, node: Any) -> Any:
        """Follow references until the node is not a reference."""
        followed: List[str] = []
        while isinstance(node, dict) and isinstance(node.get('$ref'), str):
            if node['$ref'] in followed:
                raise DocumentError('The reference {} leads back to itself.'.format(node['$ref']))
            followed.append(node['$ref'])
            node = self._at(node['$ref'])
        return node

    def _at(self, pointer: str) -> Any:
        if not pointer.startswith('#/'):
            raise DocumentError(
                '{}: only references within the document are supported.'.format(pointer)
            )
        node = self.content
        for step in unquote(pointer).split('/')[1:]:
            step = step.replace('~1', '/').replace('~0', '~')
            try:
                node = node[int(step)] if isinstance(node, list) else node[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise DocumentError(
                    'The reference {} cannot be resolved.'.format(pointer)
                ) from None
        return node

    def _described_or_error(self, method: str, path: str, item: Any) -> Description:
        try:
            return self._described(method, path, item)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise DocumentError(
                '{} {} is not valid OpenAPI 3.0: {!r}.'.format(method, path, error)
            ) from error

    def _described(self, method: str, path: str, item: Any) -> Description:
        operation = item[method.lower()]
        parameters = item.get('parameters', []) + operation.get('parameters', [])
        where = method + ' ' + path
        successes = self._successes(operation)
        if not successes:
            self.contradictions.append('{}: no success is documented.'.format(where))
        return Description(
            method,
            path,
            (operation.get('tags') or [path.split('/')[1]])[0],
            dict(self._query(parameters)),
            self._request(where, operation),
            [shape for media in successes for shape in self._shapes(where + ' response', media)],
            bool(successes),
            frozenset(n for media in successes for e in self.examples(media) for n in _names(e)),
        )

    def _query(self, parameters: Any) -> Iterator[Tuple[str, Property]]:
        for parameter in map(self.resolve, parameters):
            if parameter['in'] == 'query':
                # Some have the maximum in the description of the parameter, not of its schema.
                schema = dict(self.resolve(parameter.get('schema', {})))
                schema.setdefault('description', parameter.get('description', ''))
                yield parameter['name'], self._property(schema)

    def _request(self, where: str, operation: Any) -> List[Shape]:
        if 'requestBody' not in operation:
            return []
        content = self.resolve(operation['requestBody'])['content']
        if 'application/json' not in content:
            return [NOT_AN_OBJECT]
        shapes = self._shapes(where + ' request', content['application/json'])
        # Read-only properties "SHOULD NOT be sent as part of the request":
        # https://spec.openapis.org/oas/v3.0.3#schema-object
        return [_without_read_only(shape) for shape in shapes]

    def _successes(self, operation: Any) -> List[Any]:
        """Return the media type object of each successful response; {} without a body."""
        responses = operation['responses'].items()
        found = [self.resolve(response) for status, response in responses if status[0] == '2']
        return [next(iter(response.get('content', {}).values()), {}) for response in found]

    def _shapes(self, where: str, media: Any) -> List[Shape]:
        if 'schema' not in media:
            return []
        shapes = self.shapes(media['schema'])
        for example in self.examples(media):
            if not any(_fits(example, shape) for shape in shapes):
                self.contradictions.append(
                    '{}: an example has {}; the schema has {}.'.format(
                        where,
                        _properties_of(example),
                        ' or '.join(sorted(set(map(_properties_of, shapes)))),
                    )
                )
        return shapes

    def examples(self, media: Any) -> Iterator[Any]:
        if 'example' in media:
            yield self.resolve(media['example'])
        for example in media.get('examples', {}).values():
            yield self.resolve(example).get('value')

    def shapes(self, schema: Any) -> List[Shape]:
        """Return the alternative shapes of a body with this schema."""
        schema = self.resolve(schema)
        own = {name: self._property(value) for name, value in schema.get('properties', {}).items()}
        shapes = [own if schema.get('type', 'object') == 'object' else NOT_AN_OBJECT]
        for part in schema.get('allOf', []):
            shapes = _combined(shapes, self.shapes(part))
        for choice in ('oneOf', 'anyOf'):
            if schema.get(choice):
                chosen = [shape for part in schema[choice] for shape in self.shapes(part)]
                shapes = _combined(shapes, chosen)
        return shapes

    def _property(self, schema: Any) -> Property:
        schema = self.resolve(schema)
        return Property(self._kind(schema), bool(schema.get('readOnly')), _maximum(schema))

    def _kind(self, schema: Any) -> str:
        schema = self.resolve(schema)
        if 'type' in schema:
            return {'array': '[]', 'object': '{}'}.get(schema['type'], '')
        if 'properties' in schema:
            return '{}'
        for part in schema.get('allOf', []) + schema.get('oneOf', []) + schema.get('anyOf', []):
            return self._kind(part)
        return ''


def _maximum(schema: Any) -> Optional[int]:
    found = re.search(r'(?i)\bmaximum\b[^.]*?\b(?:of|is) (\d+)', schema.get('description', ''))
    return schema.get('maximum', int(found.group(1)) if found else None)


def _without_read_only(shape: Shape) -> Shape:
    if shape is NOT_AN_OBJECT:
        return NOT_AN_OBJECT
    return {name: value for name, value in shape.items() if not value.is_read_only}


def _combined(shapes: List[Shape], others: List[Shape]) -> List[Shape]:
    return [
        NOT_AN_OBJECT if shape is None or other is None else dict(shape, **other)
        for shape in shapes
        for other in others
    ]


def _fits(example: Any, shape: Shape) -> bool:
    if shape is NOT_AN_OBJECT or not isinstance(example, dict):
        return shape is NOT_AN_OBJECT and not isinstance(example, dict)
    return not shape or set(example) <= set(shape)


def _names(body: Any) -> Any:
    return body if isinstance(body, dict) else ()


def _properties_of(body: Any) -> str:
    if not isinstance(body, dict):
        return 'not an object'
    return ', '.join(sorted(body)) or 'no properties'
