"""Update the files that are derived from PagerDuty's OpenAPI document.

    python tools/update_api.py openapiv3.json --date 'May 2030'   from a new document
    python tools/update_api.py                                    after a change in by_hand.py
    python tools/update_api.py [openapiv3.json] --check           write nothing, fail if outdated

The files are pdpyras.py (the tables at its end), tests/data/operations.tsv and
docs/changed_operations.rst; with a document, also pdpyras_sandbox/shapes.json,
tests/data/error_shapes.json and pdpyras_extras/cli/operations.tsv. docs/adding_an_endpoint.rst
describes the procedure.
"""

import argparse
import difflib
import json
import sys
from pathlib import Path
from typing import Dict, List, Optional

from changed_operations import former_wrappers, reject_regressions, render_changes
from error_shapes import render_error_shapes
from library_tables import with_tables
from openapi_document import Document, DocumentError
from operation_summaries import render_summaries
from operations_table import (
    documented_operations,
    read_table,
    reject_lost_paths,
    render_table,
    with_undocumented,
)
from sandbox_shapes import render_shapes

ROOT = Path(__file__).resolve().parent.parent
MODULE = 'pdpyras.py'
OPERATIONS = 'tests/data/operations.tsv'
FORMER_WRAPPERS = 'tests/data/wrapping_5.4.1.tsv'
CHANGES = 'docs/changed_operations.rst'
SHAPES = 'pdpyras_sandbox/shapes.json'
ERROR_SHAPES = 'tests/data/error_shapes.json'
SUMMARIES = 'pdpyras_extras/cli/operations.tsv'

#: Longer lines of differences are truncated: a line of the sandbox's shapes can fill a screen.
SHOWN_LENGTH = 160


def main(arguments: Optional[List[str]] = None, root: Path = ROOT) -> int:
    options = _parser().parse_args(arguments)
    try:
        files = _derived(root, options)
    except (DocumentError, OSError, ValueError) as error:
        print('{}{}'.format(_prefix(options.document), error), file=sys.stderr)
        return 2
    except RecursionError:
        print('{}A schema contains itself.'.format(_prefix(options.document)), file=sys.stderr)
        return 2
    outdated = {name: text for name, text in files.items() if _text_of(root / name) != text}
    for name, text in outdated.items():
        if options.check:
            _show_difference(name, _text_of(root / name), text)
        else:
            (root / name).write_text(text, encoding='utf-8')
            print('Updated {}.'.format(name))
    return 1 if options.check and outdated else 0


def _prefix(document: Optional[Path]) -> str:
    return '{}: '.format(document) if document else ''


def _text_of(path: Path) -> str:
    return path.read_text(encoding='utf-8') if path.exists() else ''


def _derived(root: Path, options: argparse.Namespace) -> Dict[str, str]:
    """Return the text of each derived file by its name."""
    before = read_table(_text_of(root / OPERATIONS))
    former = former_wrappers(_text_of(root / FORMER_WRAPPERS))
    files = {}
    if options.document:
        document = Document(json.loads(options.document.read_text(encoding='utf-8')))
        documented = documented_operations(document)
        if options.verbose:
            for contradiction in document.contradictions:
                print('The document contradicts itself: ' + contradiction, file=sys.stderr)
    else:
        documented = before
    operations = with_undocumented(documented)
    reject_lost_paths(before, operations)
    if options.document:
        reject_regressions(operations, document, former)
        files[SHAPES] = render_shapes(document)
        files[ERROR_SHAPES] = render_error_shapes(document)
        files[SUMMARIES] = render_summaries(document)
    files[OPERATIONS] = render_table(operations)
    files[MODULE] = with_tables(_text_of(root / MODULE), operations, options.date)
    files[CHANGES] = render_changes(operations, former)
    return files


def _show_difference(name: str, before: str, after: str) -> None:
    difference = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, 'expected', lineterm='', n=1
    )
    for line in difference:
        print(line if len(line) <= SHOWN_LENGTH else line[:SHOWN_LENGTH] + '...')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'document', type=Path, nargs='?', help="REST/openapiv3.json of PagerDuty's api-schema"
    )
    parser.add_argument(
        '--check', action='store_true', help='show what is outdated and exit with 1; write nothing'
    )
    parser.add_argument(
        '--date', default='', help='month of the document, for the comment in pdpyras.py'
    )
    parser.add_argument(
        '-v', '--verbose', action='store_true', help='list the contradictions in the document'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
