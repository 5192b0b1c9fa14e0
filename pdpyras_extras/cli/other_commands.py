"""The commands whoami, endpoints, sandbox and completion."""

from __future__ import annotations

import os
from typing import Tuple

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from pdpyras_extras.cli import operations
from pdpyras_extras.cli.connection import Connection
from pdpyras_extras.cli.failures import OK, USAGE, Mistake
from pdpyras_extras.cli.formats import one_line
from pdpyras_extras.cli.group import COMPLETION, cli, pass_connection

SHELLS = {'bash': BashComplete, 'zsh': ZshComplete, 'fish': FishComplete}


@cli.command()
@pass_connection
def whoami(connection: Connection) -> None:
    """Identify the API key, or explain why it is rejected.

    If PagerDuty rejects the key, this also tries it in the other service region.

    \b
    Example:
      pdpyras whoami --key-file ~/.config/pagerduty-key
    """
    import pdpyras
    from pdpyras_extras.cli.whoami import describe, mistake_in, why_rejected

    key = connection.api_key
    try:
        with connection.api() as session:
            facts = describe(session)
    except Mistake as error:
        raise Mistake(mistake_in(key) or error.message) from None
    except pdpyras.PDHTTPError as error:
        if error.status_code != 401:
            raise
        raise click.ClickException(
            f'{connection.rest_url} rejects the API key {pdpyras.last_4(key)}. '
            + why_rejected(connection, key)
        ) from None
    for name, value in facts:
        click.echo(f'{name:<9}  {one_line(value)}')


@cli.command(cls=click.Command)
@click.argument('words', metavar='WORD...', nargs=-1, required=True)
def endpoints(words: Tuple[str, ...]) -> int:
    """Search the operations of the REST API, offline.

    An operation is found if each WORD is in its method, its path or its summary.

    \b
    Example:
      pdpyras endpoints list users
    """
    found = operations.search(list(words))
    if not found:
        similar = {
            word: operations.similar(word) for word in words if not operations.search([word])
        }
        hints = [f'for {word!r}, try {", ".join(near)}' for word, near in similar.items() if near]
        click.echo(
            'pdpyras: no operation has all of these words' + '; '.join(['', *hints]), err=True
        )
        return USAGE
    width = max(len(operation.path) for operation in found)
    for operation in found:
        click.echo(f'{operation.method:<6}  {operation.path:<{width}}  {operation.summary}')
    return OK


@cli.command(
    cls=click.Command,
    add_help_option=False,
    context_settings={'ignore_unknown_options': True, 'allow_interspersed_args': False},
)
@click.argument('arguments', nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: Tuple[str, ...]) -> None:
    """Run a local sandbox of PagerDuty.

    The arguments are those of python -m pdpyras_sandbox.

    \b
    Examples:
      pdpyras sandbox --seed 1
      pdpyras sandbox run -- pdpyras incidents
    """
    # A command that is run with the sandbox as PagerDuty must not go past it.
    for variable in ('PAGERDUTY_URL', 'PAGERDUTY_FROM'):
        os.environ.pop(variable, None)
    from pdpyras_sandbox.__main__ import main

    main(list(arguments))


@cli.command(cls=click.Command)
@click.argument('shell', type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    It completes commands, options and API paths.

    \b
    Examples:
      pdpyras completion bash > ~/.local/share/bash-completion/completions/pdpyras
      pdpyras completion fish > ~/.config/fish/completions/pdpyras.fish
    """
    click.echo(SHELLS[shell](cli, {}, 'pdpyras', COMPLETION).source())
