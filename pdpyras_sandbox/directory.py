"""Rules for users, teams, tags, services, escalation policies and maintenance windows.

Also the lists of change events, audit records and abilities of the account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pdpyras_sandbox.account import parse_time, reference
from pdpyras_sandbox.call import Body, Call, handles
from pdpyras_sandbox.clock import timestamp
from pdpyras_sandbox.errors import (
    ability_missing,
    invalid_input,
    not_found,
    reassignment_team_missing,
    team_in_use,
    user_required,
    window_is_over,
)
from pdpyras_sandbox.indices import OPEN
from pdpyras_sandbox.listing import Page, check_utc, refers_to, searched_range, selected
from pdpyras_sandbox.resources import (
    KINDS,
    Kind,
    delete,
    described,
    page_of,
    parts,
    referring,
    with_derived,
)
from pdpyras_sandbox.service_state import status_of
from pdpyras_sandbox.store import Record, Store
from pdpyras_sandbox.zones import is_zone

#: Abilities of the account: those of a plan with the features that scripts commonly use.
ABILITIES = (
    'advanced_reports', 'coordinated_responding', 'event_rules', 'manage_api_keys',
    'manage_schedules', 'permissions_service', 'preview_intelligent_alert_grouping',
    'service_support_hours', 'sso', 'teams', 'urgencies', 'view_historical_analytics',
)  # fmt: skip
COLORS = ('purple', 'red', 'green', 'blue', 'teal', 'orange', 'brown', 'gray')


# Users and teams.


def complete_user(call: Call, user: Record) -> None:
    prepare_user(call.store, user)


def prepare_user(store: Store, user: Record) -> Record:
    """Complete a new user, and return a contact method that is added for the email address."""
    number = len(store.list('/users'))
    user.setdefault('color', COLORS[number % len(COLORS)])
    user['avatar_url'] = 'https://secure.gravatar.com/avatar/{}.png?d=mm'.format(user['id'].lower())
    method = {
        'id': store.new_id(),
        'type': 'email_contact_method',
        'label': 'Default',
        'address': user['email'],
        'send_short_email': False,
    }
    return store.add('/users/{}/contact_methods'.format(user['id']), method)


def teams_of(call: Call, user: Record) -> list[Record]:
    return [
        reference(team)
        for team in call.store.list('/teams')
        if call.store.get('/teams/{}/members/{}'.format(team['id'], user['id']))
    ]


def check_deletion_of_user(call: Call, user: Record) -> None:
    """Refuse to delete a user who is on call or has incidents."""
    store = call.store
    if refers_to(store.list('/schedules'), user):
        raise invalid_input("User can't be deleted while they are on a schedule")
    if refers_to(store.list('/escalation_policies'), user):
        raise invalid_input("User can't be deleted while they are in an escalation policy")
    assignments = [incident['assignments'] for incident in store.list('/incidents')]
    if refers_to(assignments, user):
        raise invalid_input("User can't be deleted while incidents are assigned to them")


def check_deletion_of_team(call: Call, team: Record) -> None:
    """Refuse to delete a team with associations; reassign its open incidents if asked to."""
    store = call.store
    if any(
        refers_to([item.get('teams'), item.get('parent')], team)
        for collection in ('/escalation_policies', '/schedules', '/teams')
        for item in store.list(collection)
    ):
        raise team_in_use()
    named = call.query.get('reassignment_team')
    successor = store.get(f'/teams/{named}')
    if named and successor is None:
        raise reassignment_team_missing()
    teams = [reference(successor)] if successor else []
    for incident in store.list('/incidents'):
        if incident['status'] in OPEN and refers_to(incident['teams'], team):
            incident['teams'] = [t for t in incident['teams'] if t['id'] != team['id']] + teams
            store.save('/incidents/' + incident['id'])


def check_team(call: Call, team: Record) -> None:
    """Reject a parent that is the team itself or below it, as neither could be deleted."""
    if not team.get('parent'):
        return
    above = call.referred(team['parent'], '/teams')
    team['parent'] = reference(above)
    while above['id'] != team['id']:
        if not above.get('parent'):
            return
        above = call.store.existing(above['parent']['id'])
    raise invalid_input('A team cannot be its own parent')


KINDS['/users'] = Kind(
    unique='email',
    defaults={
        'role': 'limited_user',
        'time_zone': 'America/Los_Angeles',
        'description': None,
        'invitation_sent': True,
        'job_title': None,
    },
    complete=complete_user,
    check_deletion=check_deletion_of_user,
    derived={
        'teams': teams_of,
        'contact_methods': parts('contact_methods'),
        'notification_rules': parts('notification_rules'),
    },
)


def reject_duplicates(message: str, *names: str) -> Callable[[Call, Record], None]:
    """Return a check that attributes differ from those of other records in the collection."""

    def check(call: Call, record: Record) -> None:
        facts = [record.get(name) for name in names]
        for other in call.store.list(call.collection):
            if other['id'] != record['id'] and [other.get(name) for name in names] == facts:
                raise invalid_input(message)

    return check


# Terraform's provider recognizes these two errors by their messages.
KINDS['/users/{id}/contact_methods'] = Kind(
    check=reject_duplicates('User Contact method must be unique', 'type', 'address', 'country_code')
)
reject_duplicate_rule = reject_duplicates(
    'Channel Start delay must be unique for a given contact method',
    'contact_method',
    'start_delay_in_minutes',
    'urgency',
)


def check_notification_rule(call: Call, rule: Record) -> None:
    methods = '/users/{id}/contact_methods'.format(**call.parameters)
    if rule['start_delay_in_minutes'] < 0:
        raise invalid_input('start_delay_in_minutes must not be negative')
    rule['contact_method'] = reference(call.referred(rule['contact_method'], methods))
    reject_duplicate_rule(call, rule)


KINDS['/users/{id}/notification_rules'] = Kind(check=check_notification_rule)
KINDS['/teams'] = Kind(
    unique='name',
    defaults={'default_role': 'manager', 'parent': None},
    check=check_team,
    check_deletion=check_deletion_of_team,
    # Undocumented, but set by Terraform's provider.
    settable={'parent'},
)


@handles('GET /users/me')
def read_me(call: Call) -> Record:
    if call.user is None:
        raise user_required()
    return with_derived(call, call.user)


@handles('PUT /teams/{id}/users/{user_id}')
def add_member(call: Call) -> None:
    user = call.record('/users/' + call.parameters['user_id'])
    membership = {
        # The ID of the user, who can be a member only once.
        'id': user['id'],
        'user': reference(user),
        'role': (call.body or {}).get('role', 'manager'),
    }
    call.store.put(member_path(call), membership)


@handles('DELETE /teams/{id}/users/{user_id}')
def remove_member(call: Call) -> None:
    if call.store.get(member_path(call)) is None:
        raise not_found()
    team = call.record(call.parent(2))
    user = call.record('/users/' + call.parameters['user_id'])
    for policy in call.store.list('/escalation_policies'):
        if refers_to(policy['teams'], team) and refers_to(policy['escalation_rules'], user):
            raise invalid_input(
                'User cannot be removed as they belong to an escalation policy on this team'
            )
    call.store.remove(member_path(call))


def member_path(call: Call) -> str:
    return '/teams/{id}/members/{user_id}'.format(**call.parameters)


@handles('GET /teams/{id}/members')
def list_members(call: Call) -> Body:
    members = [
        {'user': member['user'], 'role': member['role']} for member in call.store.list(call.path)
    ]
    return page_of(call, members)


@handles('PUT /teams/{id}/escalation_policies/{escalation_policy_id}')
def add_policy(call: Call) -> None:
    team, policy = call.record(call.parent(2)), policy_named(call)
    others = [other for other in policy.get('teams') or [] if other['id'] != team['id']]
    policy['teams'] = [*others, reference(team)]
    call.store.save('/escalation_policies/' + policy['id'])


@handles('DELETE /teams/{id}/escalation_policies/{escalation_policy_id}')
def remove_policy(call: Call) -> None:
    team, policy = call.record(call.parent(2)), policy_named(call)
    policy['teams'] = [other for other in policy.get('teams') or [] if other['id'] != team['id']]
    call.store.save('/escalation_policies/' + policy['id'])


def policy_named(call: Call) -> Record:
    return call.record('/escalation_policies/' + call.parameters['escalation_policy_id'])


# Tags.

KINDS['/tags'] = Kind(unique='label')


@handles('POST /{entity_type}/{id}/change_tags')
def change_tags(call: Call) -> Record:
    entity = call.record(call.parent())
    added = call.body.get('add') or []
    # Every tag is looked up before anything changes.
    removed = [call.record('/tags/' + item['id']) for item in call.body.get('remove') or []]
    for item in added:
        if item['type'] == 'tag_reference':
            call.record('/tags/{}'.format(item.get('id')))
        elif not item.get('label'):
            raise invalid_input('label is required')
    for tag in removed:
        call.store.remove(tagging_path(tag, call, entity))
    for item in added:
        call.store.put(tagging_path(tag_for(call, item), call, entity), reference(entity))
    return {}


def tag_for(call: Call, item: Record) -> Record:
    """Return the tag that an item to add refers to, which is created if its label is new."""
    if item['type'] == 'tag_reference':
        return call.record('/tags/' + item['id'])
    for tag in call.store.list('/tags'):
        if tag['label'] == item['label']:
            return tag
    tag = {'id': call.store.new_id(), 'type': 'tag', 'label': item['label']}
    return call.store.add('/tags', tag)


def tagging_path(tag: Record, call: Call, entity: Record) -> str:
    return '/tags/{}/{}/{}'.format(tag['id'], call.parameters['entity_type'], entity['id'])


@handles('GET /{entity_type}/{id}/tags')
def list_tags_of(call: Call) -> Body:
    entity = call.record(call.parent())
    tags = call.store.list('/tags')
    return page_of(call, [t for t in tags if call.store.get(tagging_path(t, call, entity))])


@handles('GET /tags/{id}/{entity_type}')
def list_tagged(call: Call) -> Body:
    """Return the tagged entities, with the last segment of the path as their wrapper."""
    page = Page(call.query)
    references = call.store.list(call.path)
    shown = [described(call, tagged) for tagged in page.of(references)]
    return Body({call.parameters['entity_type']: shown, **page.facts(references)})


# Services and escalation policies.


def teams_of_service(call: Call, service: Record) -> list[Record]:
    """Return the teams of a service, which are those of its escalation policy."""
    policy = call.store.find(service['escalation_policy']['id']) or {}
    return policy.get('teams') or []


def check_service(call: Call, service: Record) -> None:
    policy = call.referred(service['escalation_policy'], '/escalation_policies')
    service['escalation_policy'] = reference(policy)
    for name in ('auto_resolve_timeout', 'acknowledgement_timeout'):
        if (service.get(name) or 0) < 0:
            raise invalid_input(f'{name} must not be negative')
    hours = service.get('support_hours') or {}
    zone, days = hours.get('time_zone'), hours.get('days_of_week') or []
    if zone is not None and not is_zone(zone):
        raise invalid_input('support_hours.time_zone must be in the IANA time zone database')
    if not isinstance(days, list) or any(day not in range(1, 8) for day in days):
        raise invalid_input('support_hours.days_of_week must be numbers from 1 (Monday) to 7')
    # All other statuses are derived from incidents and maintenance windows.
    service['status'] = 'disabled' if service.get('status') == 'disabled' else 'active'


def status_of_service(call: Call, service: Record) -> str:
    return status_of(call.store, service, call.clock.now())


#: Collections of the targets of escalation policies, by type.
TARGETS = {'user': '/users', 'schedule': '/schedules', 'schedule_v3': '/v3/schedules'}


def check_policy(call: Call, policy: Record) -> None:
    if not policy['escalation_rules']:
        raise invalid_input('escalation_rules must have at least 1 item')
    for rule in policy['escalation_rules']:
        if rule['escalation_delay_in_minutes'] < 1:
            raise invalid_input('escalation_delay_in_minutes must be at least 1')
        rule['id'] = rule.get('id') or call.store.new_id()
        rule['targets'] = [escalation_target(call, target) for target in rule['targets']]


def escalation_target(call: Call, given: Record) -> Record:
    """Return a reference to a user or a schedule; PagerDuty assumes a user if there is no type."""
    kind = str(given.get('type') or 'user').removesuffix('_reference')
    if call.store.get(f'{TARGETS[kind]}/{given["id"]}') is None:
        raise invalid_input(f'escalation_rules: no {kind} has ID {given["id"]}')
    return {'id': given['id'], 'type': kind + '_reference'}


def check_deletion_of_policy(call: Call, policy: Record) -> None:
    if refers_to(call.store.list('/services'), policy):
        raise invalid_input("Escalation policy can't be deleted if it's being used by services")


KINDS['/escalation_policies'] = Kind(
    unique='name',
    order='name',
    defaults={
        'num_loops': 0,
        'on_call_handoff_notifications': 'if_has_services',
        'teams': [],
        'description': None,
    },
    refers={'teams': '/teams'},
    check=check_policy,
    check_deletion=check_deletion_of_policy,
    derived={'services': referring('/services')},
)
KINDS['/services'] = Kind(
    unique='name',
    order='name',
    defaults={
        'description': None,
        'auto_resolve_timeout': 14400,
        'acknowledgement_timeout': 1800,
        'alert_creation': 'create_alerts_and_incidents',
        'addons': [],
        'scheduled_actions': [],
        'incident_urgency_rule': {'type': 'constant', 'urgency': 'high'},
        'last_incident_timestamp': None,
    },
    check=check_service,
    derived={
        'integrations': parts('integrations'),
        'status': status_of_service,
        'teams': teams_of_service,
    },
)


#: Types of the integrations of vendors that have their own.
VENDOR_TYPES: dict[object, str] = {
    'Amazon CloudWatch': 'aws_cloudwatch_inbound_integration',
    'Nagios': 'nagios_inbound_integration',
}


def complete_integration(call: Call, integration: Record) -> None:
    service = call.record(call.parent())
    integration['service'] = reference(service)
    if not call.content.get('type'):
        if not integration.get('vendor'):
            raise invalid_input('Type cannot be empty')
        # Scripts contain the IDs of PagerDuty's vendors, most of which the sandbox does not have.
        vendor = call.store.find(integration['vendor']['id']) or {}
        other = 'event_transformer_api_inbound_integration'
        integration['type'] = VENDOR_TYPES.get(vendor.get('name'), other)
    if integration['type'].startswith('generic_email'):
        integration.setdefault(
            'integration_email', f'{integration["id"].lower()}@sandbox.pagerduty.com'
        )
    integration['integration_key'] = f'{call.store.random.getrandbits(128):032x}'


KINDS['/services/{id}/integrations'] = Kind(complete=complete_integration)


def number_window(call: Call, window: Record) -> None:
    window['sequence_number'] = len(call.store.list('/maintenance_windows')) + 1


def check_window(call: Call, window: Record) -> None:
    """Let a maintenance window begin now rather than in the past, as PagerDuty documents."""
    now = call.clock.now()
    before = call.store.get(call.path) or {}
    if not window['services']:
        raise invalid_input('services must have at least 1 item')
    if window['end_time'] != before.get('end_time') and parse_time(window['end_time']) <= now:
        raise invalid_input('End time must be in the future')
    if window['start_time'] != before.get('start_time') and parse_time(window['start_time']) < now:
        window['start_time'] = timestamp(now)
    if parse_time(window['end_time']) <= parse_time(window['start_time']):
        raise invalid_input('End time must be later than the start time')


KINDS['/maintenance_windows'] = Kind(
    refers={'services': '/services'}, complete=number_window, check=check_window
)


# Change events are created by the Events API.
KINDS['/change_events'] = Kind()
KINDS['/extensions'] = Kind(
    refers={'extension_objects': '/services', 'extension_schema': '/extension_schemas'}
)


# The account itself.


@handles('GET /abilities')
def list_abilities(call: Call) -> list[str]:
    return list(ABILITIES)


@handles('GET /abilities/{id}')
def has_ability(call: Call) -> None:
    if call.parameters['id'] not in ABILITIES:
        raise ability_missing()


@handles('GET /audit/records')
def list_audit_records(call: Call) -> Body:
    return page_of(call, audited(call, call.store.list('/audit/records')))


@handles(
    'GET /escalation_policies/{id}/audit/records',
    'GET /schedules/{id}/audit/records',
    'GET /services/{id}/audit/records',
    'GET /teams/{id}/audit/records',
    'GET /users/{id}/audit/records',
)
def list_audit_records_of(call: Call) -> Body:
    record_id = call.parameters['id']
    records = call.store.list('/audit/records')
    return page_of(
        call, audited(call, [r for r in records if r['root_resource']['id'] == record_id])
    )


def audited(call: Call, records: list[Record]) -> list[Record]:
    """Return the audit records that match the query, newest first."""
    filters: dict[str, Callable[[Record], Any]] = {
        'root_resource_types[]': root_collection,
        'actions[]': lambda record: record['action'],
        'actor_id': lambda record: record['actors'][0]['id'],
        'actor_type': lambda record: record['actors'][0]['type'],
        'method_type': lambda record: record['method']['type'],
        'method_truncated_token': lambda record: record['method']['truncated_token'],
    }
    for name, value in filters.items():
        wanted = call.query.getlist(name)
        if wanted:
            records = [record for record in records if value(record) in wanted]
    start, end = searched_range(call, timedelta(days=1), timedelta(days=31))
    records = [record for record in records if start <= record['execution_time'] < end]
    skipped = [name.replace('[]', '') for name in filters]
    return selected(records[::-1], call, skip=[*skipped, 'since', 'until'])


def root_collection(record: Record) -> str:
    kind = str(record['root_resource']['type']).removesuffix('_reference')
    return kind[:-1] + 'ies' if kind.endswith('y') else kind + 's'


@handles('GET /maintenance_windows')
def list_windows(call: Call) -> Body:
    moment = call.clock.now()
    tests: dict[str | None, Callable[[datetime, datetime], bool]] = {
        'past': lambda start, end: end <= moment,
        'future': lambda start, end: start > moment,
        'ongoing': lambda start, end: start <= moment < end,
        'open': lambda start, end: end > moment,
    }
    test = tests.get(call.query.get('filter'))
    windows = [
        window
        for window in call.store.list('/maintenance_windows')
        if test is None or test(parse_time(window['start_time']), parse_time(window['end_time']))
    ]
    return page_of(call, selected(windows, call, skip=('filter',)))


@handles('DELETE /maintenance_windows/{id}')
def end_window(call: Call) -> None:
    """Delete a future maintenance window; end a current one."""
    window = call.record()
    if parse_time(window['end_time']) <= call.clock.now():
        raise window_is_over()
    if parse_time(window['start_time']) > call.clock.now():
        delete(call)
        return
    window['end_time'] = call.clock.timestamp()
    call.store.save(call.path)


@handles('GET /services/{id}/change_events')
def list_changes_of(call: Call) -> Body:
    service = call.record(call.parent())
    check_utc(call.query)
    changes = call.store.list('/change_events')
    return page_of(call, selected([c for c in changes if refers_to(c, service)], call))


@handles('GET /change_events')
def list_changes(call: Call) -> Body:
    check_utc(call.query)
    return page_of(call, selected(call.store.list('/change_events'), call))


@handles('POST /business_services/{id}/account_subscription')
def subscribe_account(call: Call) -> bool:
    return True
