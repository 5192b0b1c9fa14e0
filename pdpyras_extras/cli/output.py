"""Output of records to a terminal, a pipe or a file, with a progress bar on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing, contextmanager
from functools import wraps
from itertools import chain, islice
from typing import (
    Any,
    Callable,
    Generator,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    TextIO,
    TypeVar,
    cast,
)

import click

from pdpyras_extras.cli import formats
from pdpyras_extras.cli.connection import Connection
from pdpyras_extras.cli.failures import Mistake

_F = TypeVar('_F', bound=Callable[..., Any])
#: Called with a record, its number and the total, which may be '?'.
ItemHook = Callable[[Any, int, Any], None]


class Output(NamedTuple):
    """The options about output."""

    format: str
    fields: List[str]
    #: The path of a file, or None for stdout.
    file: Optional[str]


def output_options(command: _F) -> _F:
    """Let a command take --format, --fields and -o, and get them as ``output``."""

    @click.option(
        '--format',
        'output_format',
        type=click.Choice(formats.FORMATS),
        help='Default: the extension of FILE; without FILE, table in a terminal, jsonl in a pipe.',
    )
    @click.option(
        '--fields',
        metavar='A,B.C',
        callback=_split_fields,
        help='Attributes to show, separated by commas; a dot leads into an object.',
    )
    @click.option(
        '-o',
        '--output',
        'file',
        metavar='FILE',
        callback=_checked_path,
        help='Write to FILE, which is replaced once the output is complete.',
    )
    @wraps(command)
    def call(
        *args: Any, output_format: Optional[str], fields: List[str], file: Optional[str], **kw: Any
    ) -> Any:
        output = Output(output_format or _default_format(file), fields, file)
        return command(*args, output=output, **kw)

    return cast(_F, call)


def _split_fields(
    context: click.Context, parameter: click.Parameter, text: Optional[str]
) -> List[str]:
    if text is None:
        return []
    fields = [field.strip() for field in text.split(',')]
    if not all(name for field in fields for name in field.split('.')):
        raise click.BadParameter(f'{text!r} has an empty name. Pass names such as id,service.id.')
    return fields


def _checked_path(
    context: click.Context, parameter: click.Parameter, path: Optional[str]
) -> Optional[str]:
    """Reject a path that cannot be written to before any request is sent."""
    # After `>> FILE`, opening /dev/stdout again would truncate FILE.
    if path is None or path in ('-', '/dev/stdout'):
        return None
    if not path:
        raise click.BadParameter('the name of the file is empty.')
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise click.BadParameter(f'{path!r} is a directory. Name a file.')
    if not os.path.isdir(folder):
        raise click.BadParameter(f'there is no directory {folder!r}.')
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise click.BadParameter(f'{path!r} cannot be written to.')
    if _is_replaced(path) and not os.access(folder, os.W_OK):
        raise click.BadParameter(f'no file can be created in {folder!r}. Use > FILE instead.')
    return path


def _is_replaced(path: str) -> bool:
    """Return False for a pipe or a device, which is written to."""
    return os.path.isfile(path) or not os.path.exists(path)


def _default_format(path: Optional[str]) -> str:
    if path is None:
        return 'table' if sys.stdout.isatty() else 'jsonl'
    extension = os.path.splitext(path)[1].lstrip('.').lower()
    if extension and extension not in formats.FORMATS:
        raise Mistake(
            f'{path!r} must end in .json, .jsonl or .csv; for any other name, pass --format.'
        )
    return extension or 'jsonl'


def write(
    connection: Connection, output: Output, listing: Callable[[Optional[ItemHook]], Iterable[Any]]
) -> None:
    """Write the records of a listing as they arrive, or a table when all have arrived.

    :param listing: takes an ``item_hook`` that shows progress, or None, and returns the records.
    """
    is_on_terminal = output.file is None and sys.stdout.isatty()
    # A bar on the same terminal would be drawn into the records.
    has_bar = _can_draw(sys.stderr) and (output.format == 'table' or not is_on_terminal)
    arriving = _with_bar(listing) if has_bar else (record for record in listing(None))
    with _opened(connection, output.file) as file, closing(arriving):
        # The first page shows the columns, and which fields are misspelt.
        sample = list(islice(arriving, formats.PAGE_SIZE))
        reject_unknown(output.fields, sample)
        records = chain(sample, arriving)
        if output.format == 'table':
            formats.write_table(file, records, output.fields)
        elif output.format == 'csv':
            fields = formats.fields_of(sample)
            watched = records if output.fields else _watched(records, fields)
            formats.write_csv(file, watched, output.fields or fields)
        else:
            write_all = formats.write_json if output.format == 'json' else formats.write_json_lines
            write_all(file, (_selection(record, output.fields) for record in records))


def _selection(record: Any, fields: List[str]) -> Any:
    return {field: formats.value_at(record, field) for field in fields} if fields else record


def reject_unknown(fields: List[str], sample: List[Any]) -> None:
    """Raise Mistake for a field that none of the records has."""
    for field in fields:
        if sample and not any(formats.may_have(record, field) for record in sample):
            known = ', '.join(formats.fields_of(sample))
            raise Mistake(f'--fields: no record has {field!r}. The fields are: {known}.')


def _watched(records: Iterable[Any], fields: List[str]) -> Iterator[Any]:
    """Warn at the end if later records have attributes that the first page did not show."""
    known = {field.partition('.')[0] for field in fields}
    missing = set()
    for record in records:
        if isinstance(record, dict):
            missing.update(record.keys() - known)
        yield record
    if missing:
        names = formats.one_line(', '.join(sorted(missing)))
        click.echo(f'pdpyras: not in the output; add them with --fields: {names}', err=True)


def _can_draw(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get('TERM') not in ('dumb', 'unknown')


def _with_bar(
    listing: Callable[[Optional[ItemHook]], Iterable[Any]],
) -> Generator[Any, None, None]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (MofNCompleteColumn(), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task('', total=None)

        def advance(record: Any, number: int, total: Any) -> None:
            progress.update(bar, completed=number, total=total if total != '?' else None)

        yield from listing(advance)


@contextmanager
def _opened(connection: Connection, path: Optional[str]) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    is_replaced = _is_replaced(path)
    if is_replaced:
        # A pipe in /dev/fd has no such path.
        path = os.path.realpath(path)
    written = path + '.part' if is_replaced else path
    try:
        with open(written, 'w', encoding='utf-8', errors='backslashreplace', newline='') as file:
            if is_replaced and os.path.exists(path):
                # Before anything is written: the records may be confidential.
                shutil.copymode(path, written)
            yield file
    except BaseException:
        if is_replaced and os.path.exists(written):
            if os.path.getsize(written):
                connection.notes.append(f'The records received before are in {written}.')
            else:
                os.remove(written)
        raise
    if is_replaced:
        os.replace(written, path)
