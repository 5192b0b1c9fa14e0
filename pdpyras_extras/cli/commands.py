"""The commands."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple
from uuid import uuid4

import click

from pdpyras_extras.cli import operations
from pdpyras_extras.cli.connection import Connection, Group
from pdpyras_extras.cli.failures import OK, PARTLY, REJECTED, USAGE, Mistake, advice, usage_errors
from pdpyras_extras.cli.formats import one_line, print_json
from pdpyras_extras.cli.options import (
    TIME,
    details_option,
    links_option,
    params_option,
    path_argument,
)
from pdpyras_extras.cli.output import ItemHook, Output, output_options, write

if TYPE_CHECKING:
    import pdpyras

#: The variable in which a shell asks for completions.
COMPLETION = '_PDPYRAS_COMPLETE'

SHELLS = ('bash', 'zsh', 'fish')
SEVERITIES = ('critical', 'error', 'warning', 'info')
OPEN = ('triggered', 'acknowledged')

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
    """PagerDuty from a shell: send events, call the REST API, see who is on call.

    Keys come from the environment or a file, never from an argument, which everybody on the
    machine could see in the list of processes.

    \b
    Example:
      export PAGERDUTY_API_KEY=...
      pdpyras incidents
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


# ------------------------------------------------------------------------------------------ Events


@cli.command()
@click.argument('summary')
@click.option('--source', metavar='NAME', help='What the alert is about; this host by default.')
@click.option(
    '--severity', type=click.Choice(SEVERITIES), default='critical', help='Default: critical.'
)
@click.option('--dedup-key', metavar='KEY', help='The alert to add to; a new one by default.')
@click.option('--component', metavar='NAME', help='The part of the source that is affected.')
@click.option('--group', metavar='NAME', help='The group of components, such as a cluster.')
@click.option('--class', 'event_class', metavar='NAME', help='The kind of event.')
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
    """Open an alert; print its deduplication key.

    \b
    Example:
      key=$(pdpyras trigger 'Disk is full' --source db-1 --detail free=0)
      pdpyras resolve "$key"
    """
    payload = {'component': component, 'group': group, 'class': event_class}
    with connection.events() as session, usage_errors():
        # With a key made here, an event that is sent again opens no second alert.
        key = session.trigger(
            summary,
            source or _host_name(),
            dedup_key=dedup_key or uuid4().hex,
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
@click.argument('summary')
@click.option('--source', metavar='NAME', help='What was changed; this host by default.')
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
      pdpyras change 'Deployed web 1.2' --source web --link https://ci.example.com/builds/7
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


# ---------------------------------------------------------------------------------------- REST API


@cli.command()
@path_argument('GET')
@params_option
@pass_connection
def get(connection: Connection, path: str, params: Any) -> None:
    """Print what is at PATH as JSON.

    Of a listing, that is the first page; "pdpyras list" has them all.

    \b
    Example:
      pdpyras get users/me
    """
    with connection.api() as session:
        print_json(session.rget(path, params=params))


def _add_command_with_body(verb: str, text: str) -> None:
    @cli.command(verb, help=text)
    @path_argument(verb.upper())
    @click.option('--json', 'file', metavar='FILE', help='The body; "-" for stdin.')
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
    def reject(name: str) -> None:
        raise ValueError(f'{name} is not a number')

    text = connection.read('--json', file)
    try:
        return json.loads(text, parse_constant=reject)
    except (ValueError, RecursionError) as error:
        raise Mistake(f'--json: {file} is not JSON: {error}.') from None


_add_command_with_body(
    'post',
    """Create a resource; print it as JSON.

    The body needs no wrapper such as {"team": ...}.

    \b
    Example:
      echo '{"type": "team", "name": "Bakers"}' | pdpyras post teams --json -
    """,
)
_add_command_with_body(
    'put',
    """Update a resource; print it as JSON.

    The body needs no wrapper such as {"team": ...}.

    \b
    Example:
      echo '{"type": "team", "name": "Cooks"}' | pdpyras put teams/PABC123 --json -
    """,
)
_add_command_with_body(
    'patch',
    """Change a part of a resource; print it as JSON.

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
@click.option('--since', type=TIME, metavar='TIME', help='Records from TIME on, without a limit.')
@click.option('--until', type=TIME, metavar='TIME', help='The end of --since; now by default.')
@click.option('--limit', type=click.IntRange(min=1), metavar='N', help='The first N records.')
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

    Pagination reaches 10,000 records. With --since, the period is divided so that all are listed.

    \b
    Examples:
      pdpyras list users --format csv -o users.csv
      pdpyras list incidents --since 2026-01-01T00:00Z --until 2026-02-01T00:00Z
      pdpyras list services --param query=web --fields id,name,escalation_policy.summary
    """
    import pdpyras

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

        try:
            with usage_errors():
                write(connection, output, lambda item_hook: islice(listing(item_hook), limit))
        except pdpyras.URLError as error:
            # A path that leads elsewhere raises here.
            session.normalize_url(path)
            if since is not None:
                raise
            raise Mistake(f'{path} has no pages to list. Run: pdpyras get {path}') from error


# --------------------------------------------------------------------------- Incidents and on-call


def _id_of(session: pdpyras.APISession, collection: str, text: Optional[str]) -> Optional[str]:
    """Return the ID of a resource that is given by its ID or its name, a user by the e-mail."""
    if text is None or re.fullmatch('[A-Z0-9]{7,}', text):
        return text
    found = session.find(collection, text, attribute='email' if collection == 'users' else 'name')
    if found is None:
        raise Mistake(f'None of the {collection.replace("_", " ")} is called {text!r}.')
    return str(found['id'])


@cli.command()
@click.option('--status', 'statuses', multiple=True, type=click.Choice(OPEN), help='Default: both.')
@click.option('--urgency', 'urgencies', multiple=True, type=click.Choice(('high', 'low')))
@click.option('--service', 'services', multiple=True, metavar='ID|NAME', help='Of this service.')
@click.option('--team', 'teams', multiple=True, metavar='ID|NAME', help='Of this team.')
@click.option('--user', 'users', multiple=True, metavar='ID|EMAIL', help='Assigned to this user.')
@click.option('--ack', is_flag=True, help='Acknowledge them.')
@click.option('--resolve', 'resolves', is_flag=True, help='Resolve them.')
@click.option('--yes', is_flag=True, help='Do so without asking.')
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
    """List the open incidents; acknowledge or resolve them.

    \b
    Examples:
      pdpyras incidents --urgency high
      pdpyras incidents --service 'Web Shop' --ack
    """
    if ack and resolves:
        raise Mistake('Pass --ack or --resolve, not both.')
    if (ack or resolves) and not yes and not sys.stdin.isatty():
        raise Mistake('There is no terminal to ask on. Pass --yes.')
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
@click.option('--policy', metavar='ID|NAME', help='On call for this escalation policy.')
@click.option('--schedule', metavar='ID|NAME', help='On call in this schedule.')
@click.option('--service', metavar='ID|NAME', help='On call for this service.')
@click.option('--at', type=TIME, metavar='TIME', help='Then; now by default.')
@click.option('--level', type=click.IntRange(min=1), default=1, help='Escalation level; 1 first.')
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
      pdpyras oncall --service 'Web Shop'
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


# ------------------------------------------------------------------------------------------ Others


@cli.command()
@pass_connection
def whoami(connection: Connection) -> None:
    """Show what the API key is, or why it fails.

    If PagerDuty rejects the key, the API of its other service region is tried as well.

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
    """Search the REST API for operations, offline.

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
    """Run a PagerDuty on this machine.

    The arguments are those of python -m pdpyras_sandbox.

    \b
    Examples:
      pdpyras sandbox --seed 1
      pdpyras sandbox run -- pdpyras incidents
    """
    from pdpyras_sandbox.__main__ import main

    main(list(arguments))


@cli.command(cls=click.Command)
@click.argument('shell', type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    It completes commands, options and API paths.

    \b
    Examples:
      pdpyras completion bash > ~/.local/share/bash-completion/completions/pdpyras
      pdpyras completion fish > ~/.config/fish/completions/pdpyras.fish
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    scripts = {'bash': BashComplete, 'zsh': ZshComplete, 'fish': FishComplete}
    click.echo(scripts[shell](cli, {}, 'pdpyras', COMPLETION).source())
