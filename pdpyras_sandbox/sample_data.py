"""Sample data: a company with teams, schedules and incidents, reproducible by seed."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from pdpyras_sandbox.account import reference
from pdpyras_sandbox.event_rules import Draft
from pdpyras_sandbox.events import ServiceEvent
from pdpyras_sandbox.incidents import Incidents, change_status
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.timeouts import watch

if TYPE_CHECKING:
    from pdpyras_sandbox.account import Account
    from pdpyras_sandbox.initial_account import Builder

FIRST_NAMES = (
    'Amina', 'Bruno', 'Chen', 'Dana', 'Elif', 'Farid', 'Grace', 'Hugo', 'Ines', 'Jamal', 'Kira',
    'Liam', 'Mei', 'Noah', 'Olga', 'Priya', 'Quinn', 'Rosa', 'Sven', 'Tariq', 'Uma', 'Viktor',
    'Wanda', 'Xenia', 'Yusuf', 'Zoe',
)  # fmt: skip
LAST_NAMES = (
    'Abel', 'Bianchi', 'Castro', 'Dubois', 'Eriksen', 'Fischer', 'Gupta', 'Haddad', 'Ivanova',
    'Jansen', 'Kowalski', 'Lopez', 'Meyer', 'Nakamura', 'Okafor', 'Petrov', 'Rossi', 'Silva',
)  # fmt: skip
TITLES = ('Engineer', 'Site Reliability Engineer', 'Database Administrator', 'Support Agent')
ZONES = ('America/Los_Angeles', 'America/New_York', 'Europe/Berlin', 'Asia/Tokyo', 'Etc/UTC')
#: Teams and the services that they run.
TEAMS = {
    'Platform': ('API Gateway', 'Container Cluster', 'DNS'),
    'Data': ('Orders Database', 'Search Index', 'Warehouse'),
    'Payments': ('Checkout', 'Invoicing'),
    'Customer Care': ('Help Desk',),
}
TROUBLES = (
    'Disk 95% full on {}', 'High error rate in {}', '{} answers slowly', 'Queue of {} grows',
    'Certificate of {} expires soon', 'No heartbeat from {}', 'Replication lag in {}',
)  # fmt: skip
TAGS = ('on-site', 'remote', 'contractor', '24x7')
USERS = 30
INCIDENTS = 24
#: The age of the account, and that of its oldest incident.
AGE = timedelta(days=60)
OLDEST = timedelta(days=20)
#: Incidents stay open as long as nobody resolves them, and warnings have a low urgency.
SETTINGS = {
    'auto_resolve_timeout': None,
    'acknowledgement_timeout': None,
    'incident_urgency_rule': {'type': 'constant', 'urgency': 'severity_based'},
}


def add_company(builder: Builder) -> None:
    """Create users, teams, schedules and services."""
    random = builder.store.random
    users = [user(builder, random, number) for number in range(USERS)]
    for position, (name, systems) in enumerate(TEAMS.items()):
        crew = users[position :: len(TEAMS)]
        team = staffed_team(builder, name, crew)
        rota = schedule(builder, name, team, crew)
        ladder = builder.policy(f'{name} Escalation', [rota, crew[0]], [team])
        for system in systems:
            service = builder.service(system, ladder, **SETTINGS)
            builder.integration(service, f'{random.getrandbits(128):032x}')
    for label in TAGS:
        builder.add('/tags', 'tag', label=label)
    builder.add(
        '/business_services', 'business_service', name='Online Shop', description='All of it'
    )


def user(builder: Builder, random: Random, number: int) -> Record:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    email = f'{first}.{last}.{number}@example.com'.lower()
    return builder.user(
        f'{first} {last}', email, job_title=random.choice(TITLES), time_zone=random.choice(ZONES)
    )


def staffed_team(builder: Builder, name: str, crew: list[Record]) -> Record:
    team = builder.add('/teams', 'team', name=name, description=f'Runs what {name} needs')
    for position, member in enumerate(crew):
        membership = {
            'id': member['id'],
            'user': reference(member),
            'role': 'responder' if position else 'manager',
        }
        builder.store.put('/teams/{}/members/{}'.format(team['id'], member['id']), membership)
    return team


def schedule(builder: Builder, name: str, team: Record, crew: list[Record]) -> Record:
    """Create a schedule with weekly turns of a team's members."""
    # The time at which the account begins, in a zone without daylight saving time: whom incidents
    # are assigned to must not depend on the time at which the sandbox starts.
    start = builder.account.clock.timestamp()
    layer = {
        'id': builder.store.new_id(),
        'name': 'Weekly',
        'start': start,
        'end': None,
        'rotation_virtual_start': start,
        'rotation_turn_length_seconds': 7 * 86_400,
        'restrictions': [],
        'users': [{'user': reference(member)} for member in crew],
    }
    return builder.add(
        '/schedules',
        'schedule',
        name=f'{name} Rota',
        description='',
        time_zone='Etc/UTC',
        schedule_layers=[layer],
        teams=[reference(team)],
    )


def add_incidents(account: Account) -> None:
    """Let some weeks of incidents happen, in the order of time."""
    random, clock = account.store.random, account.clock
    watch(account)
    names = [name for systems in TEAMS.values() for name in systems]
    services = [s for s in account.store.list('/services') if s['name'] in names]
    now = clock.now()
    steps = []
    for number in range(INCIDENTS):
        moment = now - random.random() * OLDEST
        # Not all incidents are acknowledged, and not all of those are resolved.
        reached = random.choices((1, 2, 3), (2, 2, 6))[0]
        for status in ('triggered', 'acknowledged', 'resolved')[:reached]:
            steps.append((moment.replace(microsecond=0), number, status))
            moment += timedelta(minutes=random.randrange(2, 60))
    incidents: dict[int, Record] = {}
    for moment, number, status in sorted(steps):
        if moment > now:
            break
        with clock.stopped(moment):
            # Unacknowledged incidents escalate.
            clock.catch_up()
            if status == 'triggered':
                incidents[number] = trigger(account, random, random.choice(services))
            else:
                responder = incidents[number]['assignments'][0]['assignee']
                by_responder = Incidents(account, responder, {'type': 'website'})
                change_status(by_responder, incidents[number], status)
    clock.catch_up()


def trigger(account: Account, random: Random, service: Record) -> Record:
    """Send an event to a service, and return the new incident."""
    (integration,) = account.store.list(f'/services/{service["id"]}/integrations')
    event = {
        'routing_key': integration['integration_key'],
        'event_action': 'trigger',
        'payload': {
            'summary': random.choice(TROUBLES).format(service['name']),
            'source': 'monitoring',
            'severity': random.choice(('critical', 'warning')),
        },
    }
    draft = Draft(event, f'{random.getrandbits(128):032x}')
    ServiceEvent(account, service, integration, draft).process()
    return account.store.list('/incidents')[-1]
