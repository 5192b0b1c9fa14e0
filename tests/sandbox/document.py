"""PagerDuty's OpenAPI document, read independently of the sandbox's table."""

import copy
import json
import re

from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

#: Paths at which the document contradicts itself or the API: invalid examples of requests, a vendor
#: that is a list, and a priority or schedule that cannot be null.
CONTRADICTED = (
    '.escalation_rule_assignment_strategy',
    '.body.details',
    '$.addon.type',
    '.priority',
    '].schedule',
    '$.vendor',
)
#: Properties that are null until they are set, whatever their documented type: "any field in the
#: PagerDuty API can contain the value null", https://developer.pagerduty.com/docs/types
NULL_IF_UNSET = (
    'description', 'job_title', 'last_incident_timestamp', 'resolve_reason', 'support_hours',
)  # fmt: skip
METHODS = ('get', 'post', 'put', 'patch', 'delete')


class Document:
    def __init__(self, file):
        self.content = json.loads(file.read_text(encoding='utf-8'))
        for name in self.operations():
            responses = self.operation(name)['responses']
            if name.startswith('GET ') and '201' in responses:
                # The API returns 200; the document has a slip here.
                responses['200'] = responses.pop('201')
        resource = Resource(contents=relaxed(self.content), specification=DRAFT4)
        self._registry = Registry().with_resource('document', resource)

    def operations(self):
        """Return all documented operations: ``'GET /users'``, …"""
        return [
            f'{method.upper()} {path}'
            for path, item in self.content['paths'].items()
            for method in METHODS
            if method in item
        ]

    def operation(self, name):
        method, path = name.split(' ')
        return self.content['paths'][path][method.lower()]

    def resolve(self, node):
        while '$ref' in node:
            node = self._at(node['$ref'])
        return node

    def _at(self, pointer):
        node = self.content
        for step in pointer.split('/')[1:]:
            step = step.replace('~1', '/').replace('~0', '~')
            node = node[int(step)] if isinstance(node, list) else node[step]
        return node

    def successes(self, name):
        return [int(s) for s in self.operation(name)['responses'] if s.startswith('2')]

    def response_errors(self, name, status, body):
        """Return the differences of a response from the documented one."""
        response = self.resolve(self.operation(name)['responses'][str(status)])
        schema = response.get('content', {}).get('application/json', {}).get('schema')
        if schema is None:
            return []
        known = set()
        for example in self._examples(response['content']['application/json']):
            # If an example contradicts its schema, the example is right.
            known |= set(self._errors(OAS30ReadValidator, schema, example))
        found = self._errors(OAS30ReadValidator, schema, body)
        return [
            text
            for place, text in found.items()
            if place not in known and not place[0].endswith(CONTRADICTED)
        ]

    def request_errors(self, name, body):
        schema = self._request(name)['schema']
        return list(self._errors(OAS30WriteValidator, schema, body).values())

    def _errors(self, validator, schema, body):
        schema = relaxed({'schema': absolute(schema)})['schema']
        errors = validator(schema, registry=self._registry).iter_errors(body)
        return {
            (re.sub(r'\d+', '0', error.json_path), error.validator): '{}: {}'.format(
                error.json_path, error.message[:200]
            )
            for error in errors
        }

    def _request(self, name):
        body = self.resolve(self.operation(name).get('requestBody', {}))
        return body.get('content', {}).get('application/json', {})

    def takes_body(self, name):
        return 'schema' in self._request(name)

    def example(self, name):
        """Return an example of a request body, or None if the document has none."""
        return copy.deepcopy(next(self._examples(self._request(name)), None))

    def _examples(self, content):
        if 'example' in content:
            yield content['example']
        for example in content.get('examples', {}).values():
            yield self.resolve(example).get('value')


def absolute(node):
    """Return a schema with its references relative to the registry."""
    if isinstance(node, list):
        return [absolute(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        key: 'document' + child if key == '$ref' and isinstance(child, str) else absolute(child)
        for key, child in node.items()
    }


def relaxed(node):
    """Return the document with ``oneOf`` replaced by ``anyOf``.

    Most of its alternatives overlap: a reference to a user is also a valid user, so that even
    PagerDuty's own examples are invalid with ``oneOf``.
    """
    if isinstance(node, list):
        return [relaxed(child) for child in node]
    if not isinstance(node, dict):
        return node
    if re.search('(If|or|is) `null`', str(node.get('description', ''))):
        # The description says that the value may be null, the schema does not.
        node = {**node, 'nullable': True}
    properties = node.get('properties')
    if isinstance(properties, dict):
        unset = {
            name: {'anyOf': [child, {'nullable': True, 'enum': [None]}]}
            for name, child in properties.items()
            if name in NULL_IF_UNSET and name not in node.get('required', ())
        }
        node = {**node, 'properties': {**properties, **unset}}
    return {
        'anyOf' if key == 'oneOf' else key: child.replace('/oneOf/', '/anyOf/')
        if key == '$ref' and isinstance(child, str)
        else relaxed(child)
        for key, child in node.items()
    }
