"""The table of the API's operations, tests/data/operations.tsv, and requests that fit it."""

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
    namedtuple('Operation', 'method path request response pagination results max_limit area source')
):
    """A line of the table; the comment at its top explains the columns."""

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
    """Return a path with a value for each parameter of its pattern."""
    if path == '/tags/{id}/{entity_type}':
        # The three existing types have paths of their own; this one does not exist yet.
        return '/tags/PTAG001/services'
    ids = ('P{}7KQ'.format(letter) for letter in 'ABCDEF')
    return re.sub(r'{(\w+)}', lambda found: NAMED.get(found.group(1)) or next(ids), path)


def content(body):
    """Return sample content for a body, which is described as in the table."""
    if body == '-':
        return {'id': 'PCONTNT', 'message': 'not wrapped'}
    return {'{}': {'id': 'PCONTNT'}, '[]': [{'id': 'PONE111'}, {'id': 'PTWO222'}]}.get(
        body[-2:], 'content'
    )


def wrapped(body):
    """Return the sample content in its wrapper, as it is on the wire."""
    wrapper = _wrapper(body)
    return content(body) if wrapper is None else {wrapper: content(body)}


def _wrapper(body):
    return None if body in ('-', 'none') else body.rstrip('[]{}')


def _read():
    with open(TABLE, encoding='utf-8') as table:
        lines = [line.rstrip('\n').split('\t') for line in table if not line.startswith('#')]
    return [Operation(*line) for line in lines[1:]]


_LINES = _read()

#: Every known operation: those of PagerDuty's OpenAPI document and the undocumented ones.
OPERATIONS = [line for line in _LINES if line.source != 'legacy']

#: Paths that 5.4.1 knows and the document no longer has.
LEGACY_PATHS = [line.path for line in _LINES if line.source == 'legacy']

#: Every path, once.
PATHS = sorted({line.path for line in _LINES})
