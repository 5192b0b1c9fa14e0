"""Run a command line; whatever goes wrong is one line on stderr and an exit status."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import warnings
from contextlib import contextmanager
from typing import Any, Iterator, List, Sequence

import click

from pdpyras_extras.cli import (  # noqa: F401 - they add their commands to `cli`
    event_commands,
    incident_commands,
    other_commands,
    rest_commands,
)
from pdpyras_extras.cli.connection import Connection
from pdpyras_extras.cli.failures import (
    CLOSED_PIPE,
    INTERRUPTED,
    OK,
    PARTLY,
    USAGE,
    advice,
    status_of,
)
from pdpyras_extras.cli.formats import one_line
from pdpyras_extras.cli.group import COMPLETION, cli

#: A warning of the library that is not shown, and those that mean that records are missing.
NO_MORE = '.* does not say whether there are more results'
INCOMPLETE = r'Stopping the iteration|More than \d+ results'
#: Log messages of the library about shortened events.
SHORTENED = '(The summary of an|An) event has'

#: Phrases of the library for Python programs, and their counterparts on the command line.
IN_A_SHELL = {
    'use iter_history': 'pass --since and --until',
    'Use iter_all.': 'Leave out --since.',
    'Use rget.': 'Use pdpyras get.',
    'Use jpost, or iter_analytics_raw_incidents and similar methods.': 'Use pdpyras post.',
    'see the url attribute of the session': 'see --region',
    'set the url attribute of the session': 'pass --url',
    'Pass default_from= to the session': 'Pass --from EMAIL or set PAGERDUTY_FROM',
}


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    instruction = os.environ.get(COMPLETION)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, 'pdpyras', COMPLETION, instruction)
    _open_missing_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # For lone surrogates in responses, and characters that the encoding lacks.
        sys.stdout.reconfigure(errors='backslashreplace')
    connection = Connection()
    try:
        with _reporting(connection):
            status = _invoke(list(arguments), connection)
        if status == OK and connection.is_incomplete:
            status = PARTLY
        sys.stdout.flush()
    except BrokenPipeError:
        # Network errors are PDClientErrors. At exit, Python would flush the closed stdout again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    return status


def _open_missing_streams() -> None:
    """Replace the streams that the shell has closed, as in ``pdpyras trigger ... >&-``."""
    for name, mode in (('stdin', 'r'), ('stdout', 'w'), ('stderr', 'w')):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for the whole process


def _invoke(arguments: List[str], connection: Connection) -> int:
    try:
        with cli.make_context('pdpyras', arguments, obj=connection) as context:
            status = cli.invoke(context)
            return status if isinstance(status, int) else OK
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail(INTERRUPTED, 'interrupted.', connection)
    except click.ClickException as error:
        message = error.format_message()
        if isinstance(error, click.UsageError) and error.ctx is not None:
            message = f'{message} See: {error.ctx.command_path} --help'
        return _fail(error.exit_code, message, connection)
    except BrokenPipeError:
        raise
    except OSError as error:
        named = f'{error.filename}: ' if error.filename else ''
        return _fail(USAGE, f'{named}{error.strerror or error}.', connection)
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        message, hint = str(error), advice(error)
        if hint and message[-1:] not in ('.', ']'):
            message += '.'
        return _fail(status, message + hint, connection)


def _fail(status: int, message: str, connection: Connection) -> int:
    click.echo(_line(' '.join(['pdpyras:', message, *connection.notes])), err=True)
    return status


def _line(message: object) -> str:
    """Return a message of the library in one line, for users of the command line."""
    line = one_line(message)
    for phrase, counterpart in IN_A_SHELL.items():
        line = line.replace(phrase, counterpart)
    return line


@contextmanager
def _reporting(connection: Connection) -> Iterator[None]:
    """Show warnings in a line each, and the log with -v.

    Without -v, show only what was left out of an event and, on a terminal, waits.
    """

    def show(message: Any, *details: Any, **options: Any) -> None:
        if re.match(NO_MORE, str(message)):
            return
        connection.is_incomplete |= bool(re.match(INCOMPLETE, str(message)))
        click.echo(f'pdpyras: warning: {_line(message)}', err=True)

    def is_shown(record: logging.LogRecord) -> bool:
        if connection.verbose or re.match(SHORTENED, str(record.msg)):
            return True
        # The library logs waits for the rate limit, which may take a minute, at INFO.
        return record.levelno == logging.INFO and sys.stderr.isatty()

    logger = logging.getLogger('pdpyras')
    level = logger.level
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter('pdpyras: %(message)s'))
    handler.addFilter(is_shown)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings():
            # Whatever PYTHONWARNINGS says: the exit status depends on these warnings.
            warnings.simplefilter('always', UserWarning)
            warnings.showwarning = show
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
