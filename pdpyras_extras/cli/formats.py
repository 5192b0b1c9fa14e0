"""The output formats, and the fields of records that they show."""

from __future__ import annotations

import codecs
import csv
import json
import sys
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, TextIO

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ('table', 'json', 'jsonl', 'csv')

#: Columns of a table unless fields are named, as far as the records have them and the terminal is
#: wide enough.
TABLE_FIELDS = (
    'id', 'name', 'label', 'summary', 'status', 'urgency', 'title', 'email', 'role', 'service',
    'created_at', 'user', 'escalation_policy', 'schedule', 'escalation_level', 'start', 'end',
    'action', 'root_resource', 'timestamp', 'execution_time',
)  # fmt: skip

#: Attributes that the summary only repeats.
SUMMARIZED = {'name', 'label', 'title'}

#: Attributes that stand for a whole resource in a cell of a table, the best first.
NAMES = ('summary', 'name', 'title', 'email', 'id')

#: Columns of a table up to this width are never wrapped; others get at least this.
UNWRAPPED_WIDTH = 30

STYLES = {'triggered': 'red', 'acknowledged': 'yellow', 'resolved': 'green'}

#: Spreadsheets take text that begins with one of these for a formula, full-width forms included.
#: See https://owasp.org/www-community/attacks/CSV_Injection.
FORMULA_STARTS = ('=', '+', '-', '@', '\t', '\r', '\n', '\uff1d', '\uff0b', '\uff0d', '\uff20')

#: Records after which the output is flushed, so that a reader gets each page as it arrives.
PAGE_SIZE = 100

# ---------------------------------------------------------------------------------------- Escaping

#: Characters that a terminal obeys, or that reorder the text around them.
_CONTROLS = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ESCAPED = {code: f'\\u{code:04x}' for code in _CONTROLS}
_ON_ONE_LINE = {**_ESCAPED, **dict.fromkeys(map(ord, '\t\r\n'), ' ')}
_ON_LINES = {code: text for code, text in _ESCAPED.items() if chr(code) not in '\t\n'}


def one_line(text: object) -> str:
    """Return text without line breaks and with its control characters escaped."""
    return str(text).translate(_ON_ONE_LINE)


def to_json(value: Any, indent: Optional[int] = None, encoding: Optional[str] = None) -> str:
    """Return JSON whose only control characters are line breaks between values.

    :param encoding: encoding of the output; unless it is UTF-8, escape non-ASCII characters.
    """
    is_ascii = codecs.lookup(encoding or 'utf-8').name != 'utf-8'
    return json.dumps(value, ensure_ascii=is_ascii, indent=indent).translate(_ON_LINES)


# ------------------------------------------------------------------------------------------ Fields


def value_at(record: Any, field: str) -> Any:
    """Return an attribute; a dot leads into an object, or into each object of a list."""
    if not isinstance(record, dict):
        return record if field == 'value' else None
    if field in record:
        return record[field]
    value: Any = record
    for name in field.split('.'):
        if isinstance(value, list):
            value = [item.get(name) for item in value if isinstance(item, dict)]
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def may_have(record: Any, field: str) -> bool:
    """Return whether a record may have the attribute. Null and empty lists may have any."""
    if not isinstance(record, dict):
        return field == 'value'
    return field in record or _leads_on(record, field.split('.'))


def _leads_on(value: Any, names: List[str]) -> bool:
    if not names or value is None:
        return True
    if isinstance(value, list):
        return not value or any(_leads_on(item, names) for item in value)
    return isinstance(value, dict) and names[0] in value and _leads_on(value[names[0]], names[1:])


def fields_of(records: List[Any]) -> List[str]:
    """Return the fields of records; a reference to another resource gives its ID and summary."""
    fields: Dict[str, None] = {}
    for record in records:
        if not isinstance(record, dict):
            fields['value'] = None
            continue
        for name, value in record.items():
            is_reference = isinstance(value, dict) and 'id' in value
            names = (f'{name}.id', f'{name}.summary') if is_reference else (name,)
            fields.update(dict.fromkeys(names))
    # A reference may be null in some of the records.
    return [field for field in fields if f'{field}.id' not in fields]


# ------------------------------------------------------------------------------------------- Cells


def table_cell(value: Any) -> str:
    """Return a value in a few words: a resource by its name."""
    if isinstance(value, list):
        return ', '.join(map(table_cell, value))
    if isinstance(value, dict):
        named = [value[name] for name in NAMES if isinstance(value.get(name), str)]
        return one_line(named[0]) if named else to_json(value)
    if isinstance(value, str):
        return one_line(value)
    return '' if value is None else to_json(value)


def csv_cell(value: Any) -> str:
    """Return a value for a spreadsheet: text that is not a formula there, objects as JSON."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ', '.join(value)
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA_STARTS) else value
    return '' if value is None else to_json(value)


# ----------------------------------------------------------------------------------------- Writers


def write_json_lines(file: TextIO, records: Iterable[Any]) -> None:
    for number, record in enumerate(records, 1):
        file.write(to_json(record, encoding=file.encoding) + '\n')
        if number % PAGE_SIZE == 0:
            file.flush()


def write_json(file: TextIO, records: Iterable[Any]) -> None:
    """Write an array, a record on a line."""
    before = '[\n'
    for record in records:
        file.write(before + to_json(record, encoding=file.encoding))
        before = ',\n'
    file.write('[]\n' if before == '[\n' else '\n]\n')


def write_csv(file: TextIO, records: Iterable[Any], fields: List[str]) -> None:
    if not fields:  # There are no records.
        return
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow([csv_cell(field) for field in fields])
    # A terminal obeys control characters in text; a spreadsheet or a script may need them.
    is_on_terminal = file.isatty()
    for number, record in enumerate(records, 1):
        cells = [csv_cell(value_at(record, field)) for field in fields]
        writer.writerow([cell.translate(_ON_LINES) for cell in cells] if is_on_terminal else cells)
        if number % PAGE_SIZE == 0:
            file.flush()


def write_table(file: TextIO, records: Iterable[Any], fields: List[str]) -> None:
    """Write a table, fitted to the terminal; elsewhere nothing is wrapped or left out.

    :param fields: the columns; if empty, the terminal's width decides how many there are.
    """
    from rich.cells import cell_len
    from rich.console import Console

    records = list(records)
    chosen = fields or _table_fields(records[:PAGE_SIZE])
    if not chosen:  # There are no records.
        return
    rows = [[table_cell(value_at(record, field)) for field in chosen] for record in records]
    headings = [one_line(field) for field in chosen]
    widths = [max(map(cell_len, column)) for column in zip(headings, *rows)]
    if not file.isatty():
        for row in [headings, *rows]:
            padded = [cell + ' ' * (width - cell_len(cell)) for cell, width in zip(row, widths)]
            file.write('  '.join(padded).rstrip() + '\n')
        return
    console = Console()
    needed = list(accumulate(min(width, UNWRAPPED_WIDTH) + len('  ') for width in widths))
    if fields:
        # Lines that are too long for the terminal are broken by it, not cut.
        console = Console(width=max(console.width, needed[-1]))
    else:
        widths = widths[: max(1, sum(width <= console.width + len('  ') for width in needed))]
    _print_table(console, headings, rows, widths)


def _table_fields(records: List[Any]) -> List[str]:
    known = fields_of(records)
    top_level = {field.partition('.')[0] for field in known}
    if top_level & SUMMARIZED:
        top_level.discard('summary')
    return [field for field in TABLE_FIELDS if field in top_level] or known[:5]


def _print_table(
    console: Console, headings: List[str], rows: List[List[str]], widths: List[int]
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style='bold')
    for heading, width in zip(headings, widths):
        is_wrapped = width > UNWRAPPED_WIDTH
        table.add_column(
            Text(heading),
            overflow='fold',
            no_wrap=not is_wrapped,
            min_width=UNWRAPPED_WIDTH if is_wrapped else width,
        )
    for row in rows:
        # Text is not read as markup.
        cells = [Text(cell, STYLES.get(cell, '')) for cell in row[: len(widths)]]
        table.add_row(*cells)
    console.print(table)


def print_json(value: Any) -> None:
    """Print JSON to stdout, in colours on a terminal."""
    text = to_json(value, 2, sys.stdout.encoding)
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.highlighter import JSONHighlighter

    Console().print(JSONHighlighter()(text), soft_wrap=True)
