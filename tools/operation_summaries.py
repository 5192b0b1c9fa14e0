"""Render the table that the command `pdpyras endpoints` searches."""

from typing import Any

import by_hand
from openapi_document import METHODS, Document

HEAD = 'method\tpath\tsummary\n'

#: Stands in for the summary of an operation that the document does not have yet.
UNDOCUMENTED = '(undocumented)'


def render_summaries(document: Document) -> str:
    """Return a line for each operation, with its method, path and summary; sorted by path."""
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
    # Where the summary is missing, the first line of the description says as much.
    text = operation.get('summary') or operation.get('description') or ''
    return ' '.join(text.partition('\n')[0].replace('`', '').split()).rstrip('.')
