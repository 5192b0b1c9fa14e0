"""pdpyras_extras/cli/operations.tsv: the table that the command `pdpyras endpoints` searches."""

from typing import Any

import by_hand
from openapi_document import METHODS, Document

HEAD = 'method\tpath\tsummary\n'

#: Stands in for the summary of an operation that the document does not have yet.
UNDOCUMENTED = '(undocumented)'


def render_summaries(document: Document) -> str:
    """Return a line with the method, path and summary of each operation, sorted by path."""
    rows = [
        (path, method, _summary(item[method.lower()]))
        for method, path, item in document.declarations()
    ]
    for entry in by_hand.UNDOCUMENTED:
        method, path = entry.endpoint.split(' ')
        rows.append((path, method, UNDOCUMENTED))
    rows.sort(key=lambda row: (row[0], METHODS.index(row[1])))
    return HEAD + ''.join(
        '{}\t{}\t{}\n'.format(method, path, summary) for path, method, summary in rows
    )


def _summary(operation: Any) -> str:
    # An operation without a summary has one in the first line of its description.
    text = operation.get('summary') or operation.get('description') or ''
    return ' '.join(text.partition('\n')[0].replace('`', '').split()).rstrip('.')
