"""Commands that call the REST API."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from itertools import islice
from typing import Any, Iterable, Optional

import click

from pdpyras_extras.cli.connection import Connection
from pdpyras_extras.cli.failures import Mistake, not_empty, usage_errors
from pdpyras_extras.cli.formats import print_json
from pdpyras_extras.cli.group import cli, pass_connection
from pdpyras_extras.cli.options import moment, params_option, path_argument
from pdpyras_extras.cli.output import ItemHook, Output, output_options, write


@cli.command()
@path_argument('GET')
@params_option
@pass_connection
def get(connection: Connection, path: str, params: Any) -> None:
    """Print a resource as JSON.

    For a listing, print the first page; "pdpyras list" prints all pages.

    \b
    Example:
      pdpyras get users/me
    """
    with connection.api() as session:
        resource = session.rget(path, params=params)
    # The response to GET /abilities/{id} has no body.
    if resource is not None or '/abilities/' not in f'/{path}':
        print_json(not_empty(resource, path))


def _add_command_with_body(verb: str, text: str) -> None:
    @cli.command(verb, help=text)
    @path_argument(verb.upper())
    @click.option(
        '--json', 'file', metavar='FILE', help='Read the body from FILE, or from stdin for "-".'
    )
    @params_option
    @pass_connection
    def call(connection: Connection, path: str, file: Optional[str], params: Any) -> None:
        import pdpyras

        options = {'params': params}
        if file is not None:
            options['json'] = _body(connection, file)
        with connection.api() as session:
            result = getattr(session, 'r' + verb)(path, **options)
            if verb == 'delete':
                result = pdpyras.try_decoding(result)
        if result is not None:
            print_json(result)


def _body(connection: Connection, file: str) -> Any:
    text = connection.read('--json', file)
    try:
        return json.loads(text, parse_constant=_number, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise Mistake(f'--json: {file} is not JSON: {error}.') from None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f'{text} is not a finite number')
    return number


_add_command_with_body(
    'post',
    """Create a resource, and print it as JSON.

    The body needs no wrapper such as {"team": ...}.

    \b
    Example:
      pdpyras post teams --json team.json
    """,
)
_add_command_with_body(
    'put',
    """Update a resource, and print it as JSON.

    The body needs no wrapper such as {"team": ...}.

    \b
    Example:
      pdpyras put teams/PABC123 --json team.json
    """,
)
_add_command_with_body(
    'patch',
    """Update a part of a resource, and print it as JSON.

    \b
    Example:
      pdpyras patch workflows/integrations/connections/PABC123 --json connection.json
    """,
)
_add_command_with_body(
    'delete',
    """Delete a resource.

    \b
    Example:
      pdpyras delete teams/PABC123
    """,
)


@cli.command('list')
@path_argument('GET')
@params_option
@click.option('--since', type=moment, metavar='TIME', help='Start of the period.')
@click.option('--until', type=moment, metavar='TIME', help='End of the period; now by default.')
@click.option(
    '--limit', type=click.IntRange(min=1), metavar='N', help='List only the first N records.'
)
@output_options
@pass_connection
def list_(
    connection: Connection,
    path: str,
    params: Any,
    since: Any,
    until: Any,
    limit: Optional[int],
    output: Output,
) -> None:
    """List all records at PATH, page by page.

    Pagination ends at 10,000 records. If there are more, the exit status is 4. With --since, all
    records of the period are listed, however many there are.

    \b
    Examples:
      pdpyras list users --format csv -o users.csv
      pdpyras list incidents --since 2026-01-01T00:00Z --until 2026-02-01T00:00Z
      pdpyras list services --param query=web --fields id,name,escalation_policy.summary
    """
    if until is not None and since is None:
        raise Mistake('--until needs --since.')
    with connection.api() as session:

        def listing(item_hook: Optional[ItemHook]) -> Iterable[Any]:
            options: Any = {'params': params, 'item_hook': item_hook}
            if limit is not None:
                options['page_size'] = min(limit, session.default_page_size)
            if since is not None:
                return session.iter_history(
                    path, since, until or datetime.now(timezone.utc), **options
                )
            return session.iter_all(path, **options)

        with usage_errors():
            write(connection, output, lambda item_hook: islice(listing(item_hook), limit))
