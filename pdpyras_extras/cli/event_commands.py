"""Commands that send events."""

from __future__ import annotations

import os
from typing import Any, Optional, Tuple

import click

from pdpyras_extras.cli.connection import Connection
from pdpyras_extras.cli.failures import Mistake, usage_errors
from pdpyras_extras.cli.formats import one_line
from pdpyras_extras.cli.group import cli, pass_connection
from pdpyras_extras.cli.options import details_option, escaped, links_option

SEVERITIES = ('critical', 'error', 'warning', 'info')


@cli.command()
@click.argument('summary', type=escaped)
@click.option('--source', metavar='NAME', help='Affected system; this host by default.')
@click.option(
    '--severity', type=click.Choice(SEVERITIES), default='critical', help='Default: critical.'
)
@click.option('--dedup-key', metavar='KEY', help='Deduplication key; a new one by default.')
@click.option('--component', metavar='NAME', help='Affected part of the source.')
@click.option('--group', metavar='NAME', help='Group of components, such as a cluster.')
@click.option('--class', 'event_class', metavar='NAME', help='Type of the event.')
@links_option
@details_option
@pass_connection
def trigger(
    connection: Connection,
    summary: str,
    source: Optional[str],
    severity: str,
    dedup_key: Optional[str],
    component: Optional[str],
    group: Optional[str],
    event_class: Optional[str],
    links: Tuple[str, ...],
    details: Any,
) -> None:
    """Trigger an alert, and print its deduplication key.

    \b
    Example:
      pdpyras trigger "Disk is full" --source db-1 --detail free=0
    """
    if dedup_key == '':
        raise Mistake('--dedup-key is empty. For a new key, leave it out.')
    payload = {'component': component, 'group': group, 'class': event_class}
    with connection.events() as session, usage_errors():
        # With a key made here, an event that is sent again opens no second alert.
        key = session.trigger(
            summary,
            source or _host_name(),
            dedup_key=dedup_key or os.urandom(16).hex(),
            severity=severity,
            payload={name: value for name, value in payload.items() if value is not None},
            custom_details=details or None,
            links=[{'href': link, 'text': link} for link in links],
        )
    click.echo(one_line(key))


def _host_name() -> str:
    import socket

    return socket.gethostname()


@cli.command()
@click.argument('dedup_key', metavar='KEY')
@pass_connection
def acknowledge(connection: Connection, dedup_key: str) -> None:
    """Acknowledge the alert with a deduplication key.

    It prints the key.

    \b
    Example:
      pdpyras acknowledge disk-db-1
    """
    with connection.events() as session, usage_errors():
        click.echo(one_line(session.acknowledge(dedup_key)))


@cli.command()
@click.argument('dedup_key', metavar='KEY')
@pass_connection
def resolve(connection: Connection, dedup_key: str) -> None:
    """Resolve the alert with a deduplication key.

    It prints the key.

    \b
    Example:
      pdpyras resolve disk-db-1
    """
    with connection.events() as session, usage_errors():
        click.echo(one_line(session.resolve(dedup_key)))


@cli.command()
@click.argument('summary', type=escaped)
@click.option('--source', metavar='NAME', help='Changed system; this host by default.')
@links_option
@details_option
@pass_connection
def change(
    connection: Connection,
    summary: str,
    source: Optional[str],
    links: Tuple[str, ...],
    details: Any,
) -> None:
    """Report a change, such as a deployment.

    It prints the ID of the change event if the API returns one.

    \b
    Example:
      pdpyras change "Deployed web 1.2" --source web --link https://ci.example.com/builds/7
    """
    with connection.change_events() as session, usage_errors():
        change_id = session.submit(
            summary,
            source or _host_name(),
            custom_details=details or None,
            links=[{'href': link, 'text': link} for link in links],
        )
    if change_id is not None:
        click.echo(one_line(change_id))
