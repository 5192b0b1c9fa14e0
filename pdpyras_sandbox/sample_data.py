"""Sample data: a company with teams, schedules and incidents, reproducible by seed."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from pdpyras_sandbox.account import reference
from pdpyras_sandbox.clock import timestamp
from pdpyras_sandbox.incidents import Incidents
from pdpyras_sandbox.indices import Record

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


def fill(builder: Builder, policy: Record) -> None:
    """Create users, teams, schedules, services and some weeks of incidents."""
    random = builder.store.random
    users = [user(builder, random, number) for number in range(USERS)]
    services = []
    for position, (name, systems) in enumerate(TEAMS.items()):
        crew = users[position :: len(TEAMS)]
        team = staffed_team(builder, name, crew)
        rota = schedule(builder, name, team, crew)
        ladder = builder.policy(f'{name} Escalation', [rota, crew[0]], [team])
        for system in systems:
            service = builder.service(system, ladder)
            builder.integration(service, f'{random.getrandbits(128):032x}')
            services.append(service)
    for label in TAGS:
        builder.add('/tags', 'tag', label=label)
    builder.add(
        '/business_services', 'business_service', name='Online Shop', description='All of it'
    )
    for _ in range(INCIDENTS):
        past_incident(builder, random, random.choice(services), random.choice(users))


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
    first_day = builder.account.clock.now() - timedelta(days=60)
    start = timestamp(first_day.replace(hour=9, minute=0, second=0))
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
        time_zone='Europe/Berlin',
        schedule_layers=[layer],
        teams=[reference(team)],
    )


def past_incident(builder: Builder, random: Random, service: Record, responder: Record) -> None:
    """Create an incident that may have been acknowledged and resolved."""
    by_service = Incidents(builder.account, reference(service), {'type': 'api'})
    title = random.choice(TROUBLES).format(service['name'])
    incident = by_service.open(service, title, urgency=random.choice(('high', 'low')))
    by_service.add_alert(
        incident,
        {
            'summary': title,
            'alert_key': incident['incident_key'],
            'body': {'type': 'alert_body', 'contexts': [], 'details': {'source': 'monitoring'}},
        },
    )
    by_responder = Incidents(builder.account, reference(responder), {'type': 'website'})
    progress = random.random()
    if progress > 0.2:
        by_responder.acknowledge(incident)
    if progress > 0.4:
        by_responder.resolve(incident)
    backdate(builder.account, incident, timedelta(minutes=random.randrange(30, 20 * 24 * 60)))


def backdate(account: Account, incident: Record, age: timedelta) -> None:
    """Move an incident and its log entries into the past."""
    store = account.store
    opened = account.clock.now() - age
    step = timedelta(minutes=7)
    incident['created_at'] = timestamp(opened)
    entries = [e for e in store.list('/log_entries') if e['incident']['id'] == incident['id']]
    for number, entry in enumerate(entries):
        entry['created_at'] = timestamp(opened + number * step)
        store.save('/log_entries/' + entry['id'])
    incident['last_status_change_at'] = incident['updated_at'] = entries[-1]['created_at']
    if incident['resolved_at']:
        incident['resolved_at'] = entries[-1]['created_at']
    store.save('/incidents/' + incident['id'])
