"""The table of the API's operations, tests/data/operations.tsv, for the tests that go by it."""

import os
import re
from collections import namedtuple

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'operations.tsv')

#: Values for path parameters that are not IDs.
NAMED = {
    'entity_type': 'users',
    'feature_name': 'aiops',
    'resource_type': 'technical_services',
    'type': 'browser',
    'type_id_or_name': 'major_incident',
    'url_slug': 'our-status',
}


class Operation(
    namedtuple('Operation', 'method path request response pagination results max_limit')
):
    """A line of the table; its head says what the columns hold."""

    def __str__(self):
        return '{} {}'.format(self.method, self.path)

    @property
    def url(self):
        """The path of one resource, with IDs like the API's."""
        return with_ids(self.path)

    @property
    def request_wrapper(self):
        return _wrapper(self.request)

    @property
    def response_wrapper(self):
        return _wrapper(self.response)


def with_ids(path):
    """A path with a value for each parameter of its pattern."""
    if path == '/tags/{id}/{entity_type}':
        # The three types that there are have paths of their own; this is for the next one.
        return '/tags/PTAG001/services'
    ids = ('P{}7KQ'.format(letter) for letter in 'ABCDEF')
    return re.sub(r'{(\w+)}', lambda found: NAMED.get(found.group(1)) or next(ids), path)


def content(body):
    """Something to go into, or to come out of, a body of the kind that the table says."""
    if body == '-':
        return {'id': 'PCONTNT', 'message': 'not wrapped'}
    return {'{}': {'id': 'PCONTNT'}, '[]': [{'id': 'PONE111'}, {'id': 'PTWO222'}]}.get(
        body[-2:], 'content'
    )


def wrapped(body):
    """The same, as it is on the wire."""
    wrapper = _wrapper(body)
    return content(body) if wrapper is None else {wrapper: content(body)}


def _wrapper(body):
    return None if body in ('-', 'none') else body.rstrip('[]{}')


def _read():
    with open(TABLE, encoding='utf-8') as table:
        lines = [line.rstrip('\n').split('\t') for line in table if not line.startswith('#')]
    return [Operation(*line) for line in lines[1:]]


_LINES = _read()

#: Every operation that PagerDuty's OpenAPI document has.
OPERATIONS = [line for line in _LINES if line.method not in ('LEGACY', 'UNDOCUMENTED')]

#: The paths that 5.4.1 knows and the document does not.
LEGACY_PATHS = [line.path for line in _LINES if line.method == 'LEGACY']

#: Every path, once.
PATHS = sorted({line.path for line in _LINES})
