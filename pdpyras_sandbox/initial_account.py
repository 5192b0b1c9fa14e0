"""The initial content of an account: an owner and a service, or sample data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pdpyras_sandbox.account import reference
from pdpyras_sandbox.directory import prepare_user
from pdpyras_sandbox.incident_types import DEFAULT_TYPE, TYPES_PATH
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.listing import singular_of
from pdpyras_sandbox.resources import KINDS
from pdpyras_sandbox.sample_data import AGE, add_company, add_incidents

if TYPE_CHECKING:
    from pdpyras_sandbox.account import Account

PRIORITIES = (
    ('P1', 'Critical: the service is down for many customers'),
    ('P2', 'Major: some customers are affected'),
    ('P3', 'Minor: there is a workaround'),
    ('P4', 'Low: no customer is affected'),
)
VENDORS = ('Amazon CloudWatch', 'Datadog', 'Nagios', 'New Relic', 'Prometheus', 'Zabbix')
#: The base type, and a type that derives from it.
INCIDENT_TYPES = ((DEFAULT_TYPE, 'Base Incident'), ('major_incident', 'Major Incident'))
#: The impacts, severities and statuses of posts on the status page, by type of post.
STATUS_PAGE: dict[str, dict[str, tuple[str, ...]]] = {
    'impacts': {
        'incident': ('operational', 'partial outage', 'outage'),
        'maintenance': ('operational', 'under maintenance'),
    },
    'severities': {
        'incident': ('all good', 'minor', 'major'),
        'maintenance': ('all good', 'maintenance'),
    },
    'statuses': {
        'incident': ('investigating', 'detected', 'resolved'),
        'maintenance': ('scheduled', 'in progress', 'completed'),
    },
}
EXTENSION_SCHEMAS = ('Generic V2 Webhook', 'Slack', 'Jira Server')


def create_account(account: Account) -> None:
    """Create an owner and a service with an integration, and sample data if there is a seed."""
    start = account.clock.now()
    if account.seed is not None:
        start -= AGE
    with account.clock.stopped(start):
        builder = Builder(account)
        keys = account.new_keys()
        owner = builder.user('Alex Sample', 'alex@example.com', role='owner')
        account.save_keys(keys, owner)
        policy = builder.policy('Default', [owner])
        service = builder.service('Web Shop', policy)
        builder.integration(service, keys['routing_key'])
        builder.catalogues()
        if account.seed is not None:
            add_company(builder)
        builder.incident_types()
        builder.status_page(service)
    if account.seed is not None:
        add_incidents(account)


class Builder:
    """Creates records in the store, without the checks of the REST API."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store

    def add(self, collection: str, kind: str, **attributes: Any) -> Record:
        return self.store.add(collection, {'id': self.store.new_id(), 'type': kind, **attributes})

    def user(self, name: str, email: str, **attributes: Any) -> Record:
        user = {
            'id': self.store.new_id(),
            'type': 'user',
            'name': name,
            'email': email,
            **KINDS['/users'].defaults,
            'time_zone': 'Etc/UTC',
            **attributes,
        }
        method = prepare_user(self.store, user)
        self.store.add('/users', user)
        self.add(
            '/users/{}/notification_rules'.format(user['id']),
            'assignment_notification_rule',
            start_delay_in_minutes=0,
            urgency='high',
            contact_method=reference(method),
        )
        return user

    def policy(self, name: str, targets: list[Record], teams: Iterable[Record] = ()) -> Record:
        rules = [
            {
                'id': self.store.new_id(),
                'escalation_delay_in_minutes': 30,
                'targets': [reference(target)],
            }
            for target in targets
        ]
        return self.add(
            '/escalation_policies',
            'escalation_policy',
            **{
                'name': name,
                **KINDS['/escalation_policies'].defaults,
                'escalation_rules': rules,
                'teams': [reference(team) for team in teams],
            },
        )

    def service(self, name: str, policy: Record, **attributes: Any) -> Record:
        return self.add(
            '/services',
            'service',
            **{
                'name': name,
                'status': 'active',
                'created_at': self.account.clock.timestamp(),
                'updated_at': self.account.clock.timestamp(),
                'escalation_policy': reference(policy),
                **KINDS['/services'].defaults,
                **attributes,
            },
        )

    def integration(self, service: Record, routing_key: str) -> Record:
        return self.add(
            '/services/{}/integrations'.format(service['id']),
            'events_api_v2_inbound_integration',
            name='Events API V2',
            created_at=self.account.clock.timestamp(),
            service=reference(service),
            integration_key=routing_key,
        )

    def incident_types(self) -> None:
        now = self.account.clock.timestamp()
        facts = {'enabled': True, 'description': None, 'created_at': now, 'updated_at': now}
        parent = None
        for name, display_name in INCIDENT_TYPES:
            kind = self.add(
                TYPES_PATH,
                'incident_type',
                name=name,
                display_name=display_name,
                parent=parent,
                **facts,
            )
            parent = reference(kind)

    def catalogues(self) -> None:
        """Create the records that PagerDuty provides and clients cannot create."""
        for name, description in PRIORITIES:
            self.add('/priorities', 'priority', name=name, description=description)
        for name in VENDORS:
            self.add('/vendors', 'vendor', name=name, description=name, website_url=None)
        for label in EXTENSION_SCHEMAS:
            self.add(
                '/extension_schemas',
                'extension_schema',
                label=label,
                key=label.lower().replace(' ', '_'),
                description=label,
                send_types=['trigger', 'acknowledge', 'resolve'],
            )

    def status_page(self, service: Record) -> None:
        """Create a published status page, which clients cannot create, with one service."""
        # Fixed IDs, so that those of later records stay the same.
        page = {'id': 'PSTATUS', 'type': 'status_page'}
        self.store.add(
            '/status_pages',
            {
                **page,
                'name': 'Status',
                'published_at': self.account.clock.timestamp(),
                'status_page_type': 'public',
                'url': 'https://status.example.com',
            },
        )
        path = '/status_pages/PSTATUS'
        entries: list[tuple[str, Record]] = [('services', {'name': service['name']})]
        for name, descriptions in STATUS_PAGE.items():
            for post_type, texts in descriptions.items():
                entries += [(name, {'post_type': post_type, 'description': t}) for t in texts]
        for number, (name, facts) in enumerate(entries):
            entry = {'id': f'PSTAT{number:02}', 'type': f'status_page_{singular_of(name)}'}
            self.store.add(f'{path}/{name}', {**entry, **facts, 'status_page': page})
