"""The command ``pdpyras`` itself, which the modules of commands add theirs to."""

from __future__ import annotations

import click

from pdpyras_extras.cli.connection import Connection, Group

#: The variable in which a shell asks for completions.
COMPLETION = '_PDPYRAS_COMPLETE'

pass_connection = click.make_pass_decorator(Connection)


def _print_version(context: click.Context, parameter: click.Parameter, is_given: bool) -> None:
    if is_given and not context.resilient_parsing:
        import pdpyras

        click.echo(f'pdpyras {pdpyras.__version__}')
        context.exit()


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 100},
)
@click.option(
    '--version',
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help='Show the version.',
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Send events, call PagerDuty's REST API, and see who is on call.

    Keys are read from environment variables or a file. There is no option for a key, because other
    users of the machine can see the arguments of a process.

    \b
    Example:
      export PAGERDUTY_API_KEY=...
      pdpyras incidents
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
