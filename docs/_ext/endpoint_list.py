"""The directive ``endpoint-list``: all operations that pdpyras knows, from its own tables.

Methods and kinds of pagination are read from tests/data/operations.tsv, wrappers from pdpyras, and
summaries from the table of the command line.
"""

import re
from collections import namedtuple
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import pdpyras
from pdpyras_extras.cli import operations as documented

OPERATIONS = Path(__file__).resolve().parents[2] / 'tests' / 'data' / 'operations.tsv'
#: Purposes of operations that their summaries do not name.
PURPOSES = {
    ('PUT', '/incidents'): 'acknowledge, resolve, escalate, reassign',
    ('PUT', '/incidents/{id}'): 'acknowledge, resolve, escalate, reassign',
    ('PUT', '/incidents/{id}/alerts'): 'resolve, move to another incident',
    ('PUT', '/incidents/{id}/alerts/{alert_id}'): 'resolve, move to another incident',
    ('GET', '/oncalls'): 'who is on call',
}
HEADINGS = ('Method', 'Path', 'Pagination', 'Request', 'Response')
NO_WRAPPER = '–'

LEGACY = (
    '{} paths of 5.4.1 that PagerDuty no longer documents. They work as long as the API '
    'supports them:'
)

Operation = namedtuple('Operation', 'method path summary pagination request response')


class EndpointList(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(OPERATIONS))
        self.env.note_dependency(str(documented.TABLE))
        self.env.note_dependency(pdpyras.__file__)
        rows = known_rows()
        summaries = {each[:2]: each.summary for each in documented.operations()}
        operations = [operation(row, summaries) for row in rows if row['source'] != 'legacy']
        legacy = [item(row['path']) for row in rows if row['source'] == 'legacy']
        undocumented = sum(row['source'] == 'undocumented' for row in rows)
        count = f'{len(operations)} operations, {undocumented} of which are not documented yet:'
        return [
            paragraph(count),
            table([row(operation) for operation in operations]),
            paragraph(LEGACY.format(len(legacy))),
            nodes.bullet_list('', *legacy),
        ]


def known_rows():
    lines = [line for line in OPERATIONS.read_text('utf-8').splitlines() if line[:1] != '#']
    names = lines[0].split('\t')
    return [dict(zip(names, line.split('\t'))) for line in lines[1:]]


def operation(row, summaries):
    request, response = pdpyras.entity_wrappers(row['method'], row['path'])
    return Operation(
        row['method'],
        row['path'],
        summaries.get((row['method'], row['path'])),
        # "after=after" names the parameter that requests the next page.
        row['pagination'].partition('=')[0],
        '' if row['request'] == 'none' else request or NO_WRAPPER,
        '' if row['response'] == 'none' else response or NO_WRAPPER,
    )


def row(operation):
    cells = [
        [nodes.paragraph('', '', nodes.strong(text=operation.method))],
        [
            nodes.paragraph('', '', path_link(operation)),
            *([paragraph(description(operation))] if operation.summary else []),
        ],
        [paragraph(operation.pagination)],
        [wrapper(operation.request)],
        [wrapper(operation.response)],
    ]
    return nodes.row('', *[nodes.entry('', *cell) for cell in cells])


def description(operation):
    purpose = PURPOSES.get(operation[:2])
    return f'{operation.summary} ({purpose})' if purpose else operation.summary


def path_link(operation):
    """The path; of a documented operation, a link to its page."""
    path = nodes.literal(text=operation.path)
    if not operation.summary:
        return path
    return nodes.reference('', '', path, refuri=page_of(*operation[:3]))


def page_of(method, path, summary):
    """The address of PagerDuty's page about an operation.

    PagerDuty publishes no list of them. The ID is the FNV-1a hash (64 bits, folded to 52) of method
    and path, from a start value that the known addresses have in common.
    """
    state = 0xEAF186284981378B
    for byte in '-{}-{}'.format(method.lower(), re.sub(r'{[^}]*}', '{}', path)).encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    slug = re.sub('[^a-z0-9]+', '-', summary.lower()).strip('-')
    page = '{:013x}-{}'.format((state ^ state >> 52) % 2**52, slug)
    return 'https://developer.pagerduty.com/api-reference/' + page


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
