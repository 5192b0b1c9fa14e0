"""Webhook subscriptions, and the events that are sent to them.

The events and their format are those of https://developer.pagerduty.com/docs/webhooks-overview.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from pdpyras_sandbox.account import WEB_URL, Account
from pdpyras_sandbox.call import Call, handles, required_id
from pdpyras_sandbox.deliveries import Deliveries
from pdpyras_sandbox.errors import invalid_input
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.resources import KINDS, Kind, create, page_of, summary_of, with_derived
from pdpyras_sandbox.store import Store

COLLECTION = '/webhook_subscriptions'
REDACTED = '-- redacted --'
#: A name and a value that can be sent in a header.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r'[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?|')


class Webhooks:
    """Sends webhooks to the subscriptions of an account."""

    def __init__(self, account: Account, deliveries: Deliveries) -> None:
        self._account = account
        self._store = account.store
        self._deliveries = deliveries
        #: The base URL of the links in webhooks.
        self.url = ''

    @property
    def deliveries(self) -> list[Record]:
        """The webhooks sent and to be sent, oldest first, each with its ``attempts``."""
        return self._deliveries.all()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all webhooks that are due have been sent, whatever the responses.

        :param timeout: the maximum time in seconds; None for no limit.
        :raises TimeoutError: if the timeout expires.
        """
        self._deliveries.wait(timeout)

    @property
    def subscriptions(self) -> list[Record]:
        """The subscriptions, each with the reason why no webhooks are sent to it, or None."""
        with self._store.lock:
            return [
                {
                    'id': subscription['id'],
                    'url': subscription['delivery_method']['url'],
                    'active': subscription['active'],
                    'disabled': subscription['delivery_method']['temporarily_disabled'],
                    'not_called': self._deliveries.why_not_sent(
                        subscription['delivery_method']['url']
                    ),
                }
                for subscription in self._store.list(COLLECTION)
            ]

    def announce(
        self, event_type: str, record: Record, agent: Any, data: Record | None = None
    ) -> None:
        """Send an event to the matching subscriptions.

        :param record: the incident or service.
        :param agent: a reference to the user or service that caused the event, or None.
        :param data: the data of the event, if it is not the record.
        """
        matching = [s for s in self._store.list(COLLECTION) if matches(s, event_type, record)]
        if matching:
            body = self._body(event_type, agent, data or self._data(record))
            for subscription in matching:
                self._deliveries.add(subscription, record['id'], event_type, body)

    def ping(self, subscription: Record) -> None:
        """Send a test event to a subscription."""
        data = {'message': 'Hello from your friend Pagey!', 'type': 'ping'}
        body = self._body('pagey.ping', None, data)
        self._deliveries.add(subscription, subscription['id'], 'pagey.ping', body)

    def resume(self) -> None:
        self._deliveries.resume()

    def close(self) -> None:
        self._deliveries.close()

    def enable(self, subscription: Record) -> None:
        self._deliveries.enable(subscription)

    def _body(self, event_type: str, agent: Any, data: Record) -> str:
        event = {
            'id': self._store.new_id('01', 26),
            'event_type': event_type,
            'resource_type': event_type.partition('.')[0],
            'occurred_at': self._account.clock.timestamp().replace('Z', '.000Z'),
            'agent': agent,
            'client': {'name': 'PagerDuty'}
            if agent and agent['type'] == 'user_reference'
            else None,
            'data': data,
        }
        return json.dumps({'event': self._linked(event)})

    def _data(self, record: Record) -> Record:
        # Not path_of(): a deleted service is no longer in the store.
        path = f'/{record["type"]}s/{record["id"]}'
        links = {'id': record['id'], 'type': record['type'], 'self': path, 'html_url': path}
        if record['type'] == 'service':
            policy = self._store.find(record['escalation_policy']['id']) or {}
            return {
                **links,
                'summary': summary_of(record),
                'alert_creation': record.get('alert_creation'),
                'teams': policy.get('teams') or [],
            }
        return {
            **links,
            'number': record['incident_number'],
            'assignees': [assignment['assignee'] for assignment in record['assignments']],
            **{name: record.get(name) for name in COPIED},
        }

    def _linked(self, value: Any) -> Any:
        """Return a copy with the summaries of references, and full URLs in links."""
        if isinstance(value, list):
            return [self._linked(child) for child in value]
        if not isinstance(value, dict):
            return value
        linked = {name: self._linked(child) for name, child in value.items()}
        if str(value.get('type')).endswith('_reference') and 'id' in value:
            path = self._store.path_of(value['id'])
            record = self._store.get(path) if path else None
            summary = summary_of(record) if record else None
            linked.update(summary=summary, self=path, html_url=path)
        for name, base in (('self', self.url), ('html_url', WEB_URL)):
            if isinstance(linked.get(name), str):
                linked[name] = base + linked[name]
        return linked


#: Attributes that an incident in a webhook has in common with one in the API.
COPIED = (
    'status', 'incident_key', 'created_at', 'title', 'service', 'escalation_policy', 'teams',
    'priority', 'urgency', 'conference_bridge', 'resolve_reason',
)  # fmt: skip


def matches(subscription: Record, event_type: str, record: Record) -> bool:
    """Return whether a subscription matches an event about an incident or a service."""
    if not subscription['active'] or event_type not in subscription['events']:
        return False
    scope = subscription['filter']
    if scope['type'] == 'service_reference':
        service = record if record['type'] == 'service' else record['service']
        return bool(service['id'] == scope['id'])
    if scope['type'] == 'team_reference':
        return scope['id'] in [team['id'] for team in record.get('teams') or []]
    return True


# The subscriptions in the REST API.


def check_webhook(call: Call, webhook: Record) -> None:
    stored = call.store.get(call.path)
    if stored is not None:
        # An update cannot change how webhooks are delivered.
        webhook['delivery_method'] = stored['delivery_method']
    check_url(webhook['delivery_method']['url'])
    check_headers(webhook['delivery_method'].get('custom_headers') or [])
    check_filter(call.store, webhook['filter'])


def check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ('http', 'https') and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise invalid_input('delivery_method.url must be an http or https URL')


def check_headers(headers: list[Any]) -> None:
    for header in headers:
        name, value = header.get('name'), header.get('value')
        if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
            raise invalid_input('delivery_method.custom_headers: name cannot be sent in a header')
        if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            raise invalid_input('delivery_method.custom_headers: value cannot be sent in a header')
    names = [header['name'].lower() for header in headers]
    if len(set(names)) < len(names):
        raise invalid_input('delivery_method.custom_headers: names must be unique')


def check_filter(store: Store, scope: Record) -> None:
    kind = str(scope.get('type')).removesuffix('_reference')
    if kind == 'account':
        return
    wanted = required_id(scope, 'filter')
    if store.get(f'/{kind}s/{wanted}') is None:
        raise invalid_input(f'filter: no {kind} has ID {wanted}')


def complete_webhook(call: Call, webhook: Record) -> None:
    webhook.setdefault('active', True)
    webhook['delivery_method'] = {
        **webhook['delivery_method'],
        'id': call.store.new_id('PF', 7),
        'secret': f'{call.store.random.getrandbits(256):064x}',
        'temporarily_disabled': False,
        'custom_headers': webhook['delivery_method'].get('custom_headers') or [],
    }
    # Timeouts send webhooks, even without requests.
    call.clock.tick()


def without_secrets(call: Call, webhook: Record) -> Record:
    """Return the delivery method without the secrets, which only creation returns."""
    method: Record = webhook['delivery_method']
    headers = [{'name': h['name'], 'value': REDACTED} for h in method['custom_headers']]
    return {**method, 'secret': None, 'custom_headers': headers}


KINDS[COLLECTION] = Kind(
    complete=complete_webhook, check=check_webhook, derived={'delivery_method': without_secrets}
)


@handles('POST /webhook_subscriptions')
def create_webhook(call: Call) -> Record:
    created = create(call)
    stored = call.store.existing(created['id'])
    return {**created, 'delivery_method': stored['delivery_method']}


@handles('POST /webhook_subscriptions/{id}/enable')
def enable_webhook(call: Call) -> Any:
    webhook = call.record(call.parent())
    call.account.webhooks.enable(webhook)
    return with_derived(call, webhook)


@handles('POST /webhook_subscriptions/{id}/ping')
def ping_webhook(call: Call) -> None:
    call.account.webhooks.ping(call.record(call.parent()))


@handles('GET /webhook_subscriptions')
def list_webhooks(call: Call) -> Any:
    kind, wanted = call.query.get('filter_type'), call.query.get('filter_id')
    found = [
        webhook
        for webhook in call.store.list(COLLECTION)
        if not kind or webhook['filter']['type'] == kind + '_reference'
        if not wanted or webhook['filter'].get('id') == wanted
    ]
    return page_of(call, found, derive=True)
