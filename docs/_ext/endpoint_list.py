"""The directive ``endpoint-list``: all operations that pdpyras knows, from its own tables.

What the API documents (methods and kinds of pagination) is read from tests/data/operations.tsv; how
each operation is wrapped, and which paths there are, is asked of pdpyras itself.
"""

from collections import namedtuple
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import pdpyras

OPERATIONS = Path(__file__).resolve().parents[2] / 'tests' / 'data' / 'operations.tsv'
HEADINGS = ('Method', 'Path', 'Pagination', 'Request', 'Response')
NO_WRAPPER = '–'

#: What stands in place of a method beside a path that the API's document does not have.
WITHOUT_DOCUMENT = {
    'LEGACY': (
        'And {} paths that 5.4.1 knew and that PagerDuty does not document any more. They go on '
        'working here for as long as they do there:'
    ),
    'UNDOCUMENTED': 'And {} paths that PagerDuty does not document yet:',
}

Operation = namedtuple('Operation', 'method path pagination request response')


class EndpointList(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(OPERATIONS))
        self.env.note_dependency(pdpyras.__file__)
        rows = known_rows()
        operations = documented_operations(rows)
        content = [
            paragraph(f'{len(operations)} operations:'),
            table([row(operation) for operation in operations]),
        ]
        for kind, sentence in WITHOUT_DOCUMENT.items():
            paths = sorted(row['path'] for row in rows if row['method'] == kind)
            if paths:
                items = [item(path) for path in paths]
                content += [paragraph(sentence.format(len(paths))), nodes.bullet_list('', *items)]
        return content


def known_rows():
    lines = [line for line in OPERATIONS.read_text('utf-8').splitlines() if line[:1] != '#']
    names = lines[0].split('\t')
    return [dict(zip(names, line.split('\t'))) for line in lines[1:]]


def documented_operations(rows):
    operations = [operation(row) for row in rows if row['method'] not in WITHOUT_DOCUMENT]
    return sorted(operations, key=lambda found: (found.path, found.method))


def operation(row):
    request, response = pdpyras.entity_wrappers(row['method'], row['path'])
    return Operation(
        row['method'],
        row['path'],
        # "after=after" tells by which parameter the next page is asked for.
        row['pagination'].partition('=')[0],
        '' if row['request'] == 'none' else request or NO_WRAPPER,
        '' if row['response'] == 'none' else response or NO_WRAPPER,
    )


def row(operation):
    cells = [
        nodes.paragraph('', '', nodes.strong(text=operation.method)),
        nodes.paragraph('', '', nodes.literal(text=operation.path)),
        paragraph(operation.pagination),
        wrapper(operation.request),
        wrapper(operation.response),
    ]
    return nodes.row('', *[nodes.entry('', cell) for cell in cells])


def wrapper(name):
    if name in ('', NO_WRAPPER):
        return paragraph(name)
    return nodes.paragraph('', '', nodes.literal(text=name))


def table(rows):
    head = nodes.row('', *[nodes.entry('', paragraph(heading)) for heading in HEADINGS])
    group = nodes.tgroup(cols=len(HEADINGS))
    group += [nodes.colspec(colwidth=1) for _ in HEADINGS]
    group += [nodes.thead('', head), nodes.tbody('', *rows)]
    return nodes.table('', group, classes=['endpoint-list'])


def item(path):
    return nodes.list_item('', nodes.paragraph('', '', nodes.literal(text=path)))


def paragraph(text):
    return nodes.paragraph(text=text)


def setup(app):
    app.add_directive('endpoint-list', EndpointList)
    return {'version': '1', 'parallel_read_safe': True}
