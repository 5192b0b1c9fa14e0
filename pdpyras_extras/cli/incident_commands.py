"""Commands about open incidents and who is on call."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import click

from pdpyras_extras.cli.connection import Connection
from pdpyras_extras.cli.failures import OK, PARTLY, REJECTED, Mistake, advice, usage_errors
from pdpyras_extras.cli.formats import one_line
from pdpyras_extras.cli.group import cli, pass_connection
from pdpyras_extras.cli.options import moment, utf_8
from pdpyras_extras.cli.output import Output, output_options, reject_unknown, write

if TYPE_CHECKING:
    import pdpyras

OPEN = ('triggered', 'acknowledged')


def _id_of(session: pdpyras.APISession, collection: str, text: Optional[str]) -> Optional[str]:
    """Return the ID of a resource given by ID or name, or of a user given by ID or e-mail."""
    if text is None:
        return None
    if re.fullmatch('[A-Z0-9]{7,}', text):
        # A name such as PRODDB01 looks like an ID, too.
        response = session.get(f'{collection}/{text}')
        # A key may have access to the incidents of a resource and not to the resource itself. An
        # empty response does not come from PagerDuty.
        if (response.ok and response.content) or response.status_code == 403:
            return text
    attribute = 'email' if collection == 'users' else 'name'
    found = session.find(collection, text, attribute=attribute)
    if found is None:
        kind = collection.replace('_', ' ')
        raise Mistake(f'None of the {kind} has the ID or {attribute} {text!r}.')
    return str(found['id'])


@cli.command()
@click.option('--status', 'statuses', multiple=True, type=click.Choice(OPEN), help='Default: both.')
@click.option(
    '--urgency',
    'urgencies',
    multiple=True,
    type=click.Choice(('high', 'low')),
    help='Default: both.',
)
@click.option(
    '--service',
    'services',
    multiple=True,
    type=utf_8,
    metavar='ID|NAME',
    help='List incidents of this service; can be repeated.',
)
@click.option(
    '--team',
    'teams',
    multiple=True,
    type=utf_8,
    metavar='ID|NAME',
    help='List incidents of this team; can be repeated.',
)
@click.option(
    '--user',
    'users',
    multiple=True,
    type=utf_8,
    metavar='ID|EMAIL',
    help='List incidents assigned to this user; can be repeated.',
)
@click.option('--ack', is_flag=True, help='Acknowledge the listed incidents.')
@click.option('--resolve', 'resolves', is_flag=True, help='Resolve the listed incidents.')
@click.option('--yes', is_flag=True, help='Do not ask for confirmation.')
@output_options
@pass_connection
def incidents(
    connection: Connection,
    statuses: Tuple[str, ...],
    urgencies: Tuple[str, ...],
    services: Tuple[str, ...],
    teams: Tuple[str, ...],
    users: Tuple[str, ...],
    ack: bool,
    resolves: bool,
    yes: bool,
    output: Output,
) -> int:
    """List, acknowledge or resolve open incidents.

    \b
    Examples:
      pdpyras incidents --urgency high
      pdpyras incidents --service "Web Shop" --ack
    """
    if ack and resolves:
        raise Mistake('Pass --ack or --resolve, not both.')
    if (ack or resolves) and not yes and not sys.stdin.isatty():
        raise Mistake('Cannot ask for confirmation without a terminal. Pass --yes.')
    with connection.api() as session:
        params = {
            'statuses': statuses or OPEN,
            # Without it, the API lists those of the last month.
            'date_range': 'all',
            'urgencies': urgencies,
            'service_ids': [_id_of(session, 'services', service) for service in services],
            'team_ids': [_id_of(session, 'teams', team) for team in teams],
            'user_ids': [_id_of(session, 'users', user) for user in users],
        }
        params = {name: value for name, value in params.items() if value}
        if not (ack or resolves):
            write(
                connection,
                output,
                lambda item_hook: session.iter_all('incidents', params=params, item_hook=item_hook),
            )
            return OK
        found = session.list_all('incidents', params=params)
        # Before anything is changed.
        reject_unknown(output.fields, found)
        status = 'resolved' if resolves else 'acknowledged'
        changed = [incident for incident in found if incident['status'] != status]
        if not (changed and (yes or _is_confirmed(changed, status))):
            return OK
        return _change_status(connection, session, changed, status, output)


def _is_confirmed(incidents: List[Any], status: str) -> bool:
    for incident in incidents:
        click.echo(one_line('{id}  {title}'.format(**incident)), err=True)
    verb = 'Resolve' if status == 'resolved' else 'Acknowledge'
    return click.confirm(f'{verb} {_count(incidents)}?', err=True)


def _change_status(
    connection: Connection,
    session: pdpyras.APISession,
    incidents: List[Any],
    status: str,
    output: Output,
) -> int:
    import pdpyras

    items = [
        {'id': incident['id'], 'type': 'incident_reference', 'status': status}
        for incident in incidents
    ]
    try:
        updated, failed = session.update_all('incidents', items)
    except pdpyras.PDClientError as error:
        done = len(getattr(error, 'updated', ()))
        if done:
            connection.notes.append(f'{done} of {_count(items)} had been {status} before.')
        raise
    write(connection, output, lambda item_hook: updated)
    if not failed:
        return OK
    # Mostly, all of them have one reason.
    ids_by_reason: Dict[str, List[str]] = {}
    for item, failure in failed:
        reason = ' '.join(failure.errors) or str(failure)
        ids_by_reason.setdefault(reason + advice(failure), []).append(item['id'])
    reasons = ' '.join(f'{reason} ({", ".join(ids)})' for reason, ids in ids_by_reason.items())
    message = f'pdpyras: {len(failed)} of {_count(items)} could not be {status}: {reasons}'
    click.echo(one_line(message), err=True)
    return PARTLY if updated else REJECTED


def _count(incidents: List[Any]) -> str:
    return f'{len(incidents)} incident{"" if len(incidents) == 1 else "s"}'


@cli.command()
@click.option(
    '--policy', type=utf_8, metavar='ID|NAME', help='Users on call for this escalation policy.'
)
@click.option('--schedule', type=utf_8, metavar='ID|NAME', help='Users on call in this schedule.')
@click.option('--service', type=utf_8, metavar='ID|NAME', help='Users on call for this service.')
@click.option('--at', type=moment, metavar='TIME', help='Users on call at TIME; now by default.')
@click.option(
    '--level',
    type=click.IntRange(min=1),
    default=1,
    help='Escalation level, 1 by default; any level with --schedule.',
)
@output_options
@pass_connection
def oncall(
    connection: Connection,
    policy: Optional[str],
    schedule: Optional[str],
    service: Optional[str],
    at: Any,
    level: int,
    output: Output,
) -> None:
    """List the users who are on call.

    \b
    Examples:
      pdpyras oncall --service "Web Shop"
      pdpyras oncall --schedule PABC123 --at 2026-12-24T18:00+01:00 --fields name,email
    """
    with connection.api() as session, usage_errors():
        users = session.on_call(
            escalation_policy=_id_of(session, 'escalation_policies', policy),
            schedule=_id_of(session, 'schedules', schedule),
            service=_id_of(session, 'services', service),
            at=at,
            level=level,
        )
        write(connection, output, lambda item_hook: users)
