"""The Events API v2: what arrives from monitoring opens, acknowledges and resolves incidents."""

from __future__ import annotations

from typing import Any, Optional

from pdpyras_sandbox.account import Account, reference
from pdpyras_sandbox.errors import invalid_event
from pdpyras_sandbox.incidents import Incidents, find_open
from pdpyras_sandbox.service_state import urgency_of
from pdpyras_sandbox.store import Record

ACTIONS = ('trigger', 'acknowledge', 'resolve')
SEVERITIES = ('critical', 'error', 'warning', 'info')
#: What an alert's body keeps of the payload, besides the custom details.
DETAILS = ('source', 'component', 'group', 'class')
MAXIMUM_SUMMARY = 1024
MAXIMUM_KEY = 255
#: How many events the page shows.
KEPT_EVENTS = 50


def enqueue(account, event):
    """Take an event in and answer as the Events API does."""
    errors = event_errors(event)
    if errors:
        raise invalid_event(*errors)
    key = accept(account, event)
    return {'status': 'success', 'message': 'Event processed', 'dedup_key': key}


def accept(account: Account, event: dict[str, Any]) -> str:
    """Act on a valid event, and return its deduplication key."""
    integration = integration_of(account, event['routing_key'])
    key: str = event.get('dedup_key') or f'{account.store.random.getrandbits(128):032x}'
    Arrival(account, integration, event, key).take()
    remember(account, event['event_action'], key, summary_of(event))
    return key


def enqueue_change(account, event):
    errors = change_errors(event)
    if errors:
        raise invalid_event(*errors)
    service = integration_of(account, event['routing_key'])['service']
    payload = event['payload']
    change = {
        'id': account.store.new_id('01', 26),
        'type': 'change_event',
        'summary': payload['summary'],
        'source': payload.get('source', ''),
        'timestamp': payload.get('timestamp') or account.clock.timestamp(),
        'custom_details': payload.get('custom_details', {}),
        'links': event.get('links', []),
        'images': event.get('images', []),
        'routing_key': event['routing_key'],
        'services': [service],
    }
    account.store.add('/change_events', change)
    remember(account, 'change', None, payload['summary'])
    return {'status': 'success', 'message': 'Change event processed', 'id': change['id']}


def remember(account, action, dedup_key, summary):
    seen = {
        'at': account.clock.timestamp(),
        'action': action,
        'dedup_key': dedup_key,
        'summary': summary,
    }
    account.events.append(seen)
    del account.events[:-KEPT_EVENTS]


def summary_of(event):
    """The summary, which only a trigger needs to have; whatever else is sent does not count."""
    payload = event.get('payload')
    summary = payload.get('summary') if isinstance(payload, dict) else None
    return summary if isinstance(summary, str) else None


def integration_of(account: Account, routing_key: str) -> Record:
    """Return the integration that has a key; it names its service."""
    for integration in account.store.indexed('integrations_by_key', routing_key):
        return integration
    raise invalid_event("'routing_key' is not one of an Events API v2 integration")


class Arrival:
    """One valid event and the service it goes to."""

    def __init__(
        self, account: Account, integration: Record, event: dict[str, Any], key: str
    ) -> None:
        self.account = account
        self.integration = integration
        self.service = account.store.find(integration['service']['id'])
        self.event = event
        self.key = key
        channel = {'type': 'api', 'summary': summary_of(event) or '', 'incident_key': key}
        self.incidents = Incidents(account, reference(self.service), channel)

    def take(self) -> None:
        alert = self.open_alert()
        action = self.event['event_action']
        if action == 'trigger':
            self.trigger(alert)
        elif alert is None:
            # PagerDuty accepts these too: the alert may have been resolved by hand.
            return
        elif action == 'resolve':
            self.incidents.resolve_alert(alert)
        else:
            self.incidents.acknowledge(self.account.store.find(alert['incident']['id']))

    def open_alert(self) -> Optional[Record]:
        """Return the alert that this event repeats or ends: one by the same integration."""
        key = self.integration['id'], self.key
        return next(iter(self.account.store.indexed('open_alerts', key)), None)

    def trigger(self, alert: Optional[Record]) -> None:
        if alert is not None:
            incident = self.account.store.find(alert['incident']['id'])
            self.incidents.log(incident, 'trigger')
            return
        payload = self.event['payload']
        incident = find_open(self.account.store, self.service, self.key)
        if incident is None:
            if self.incidents.obstacle(self.service):
                return
            urgency = urgency_of(self.service, payload['severity'], self.account.clock.now())
            incident = self.incidents.open(
                self.service, payload['summary'], self.key, urgency=urgency
            )
        self.incidents.add_alert(incident, self.alert_attributes(payload))

    def alert_attributes(self, payload: dict[str, Any]) -> Record:
        contexts = [
            {'type': kind, **item}
            for kind, name in (('link', 'links'), ('image', 'images'))
            for item in self.event.get(name) or []
        ]
        details = {
            name: payload[name]
            for name in ('source', 'component', 'group', 'class')
            if name in payload
        }
        custom = payload.get('custom_details') or {}
        custom = custom if isinstance(custom, dict) else {'details': custom}
        return {
            'summary': payload['summary'],
            'severity': payload['severity'],
            'alert_key': self.key,
            'integration': reference(self.integration),
            'body': {
                'type': 'alert_body',
                'contexts': contexts,
                'details': {**details, **custom},
                'cef_details': {**self.common_event(payload), 'contexts': contexts},
            },
        }

    def common_event(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the event in the Common Event Format, which PagerDuty keeps with an alert."""
        return {
            'client': self.event.get('client'),
            'client_url': self.event.get('client_url'),
            'creation_time': payload.get('timestamp') or self.account.clock.timestamp(),
            'dedup_key': self.key,
            'description': payload['summary'],
            'details': payload.get('custom_details') or {},
            'event_class': payload.get('class'),
            'message': payload['summary'],
            'mutations': [],
            'service_group': payload.get('group'),
            'severity': payload['severity'],
            'source_component': payload.get('component'),
            'source_origin': payload.get('source'),
            'version': '1.0',
        }


def event_errors(event):
    """What is wrong with an event; nothing if it can be taken."""
    errors = common_errors(event)
    if errors:
        return errors
    action = event.get('event_action')
    if action not in ACTIONS:
        return ["'event_action' must be one of: {}".format(', '.join(ACTIONS))]
    key = event.get('dedup_key')
    if key is not None and (not isinstance(key, str) or len(key) > MAXIMUM_KEY):
        return [f"'dedup_key' must be a string of at most {MAXIMUM_KEY} characters"]
    if action != 'trigger':
        return [] if key else [f"'dedup_key' is missing or blank, and {action} needs it"]
    payload = event.get('payload')
    if not isinstance(payload, dict):
        return ["'payload' is missing or not an object"]
    errors = text_errors(payload, 'summary', 'source')
    if payload.get('severity') not in SEVERITIES:
        errors.append("'payload.severity' must be one of: {}".format(', '.join(SEVERITIES)))
    return errors


def change_errors(event):
    errors = common_errors(event)
    if errors:
        return errors
    if not isinstance(event.get('payload'), dict):
        return ["'payload' is missing or not an object"]
    return text_errors(event['payload'], 'summary')


def common_errors(event):
    if not isinstance(event, dict):
        return ['JSON body must be an object']
    if not isinstance(event.get('routing_key'), str) or not event['routing_key']:
        return ["'routing_key' is missing or blank"]
    for name, needed in (('links', 'href'), ('images', 'src')):
        items = event.get(name) or []
        if not isinstance(items, list) or not all(
            isinstance(item, dict) and item.get(needed) for item in items
        ):
            return [f"'{name}' must be an array of objects with '{needed}'"]
    return []


def text_errors(payload, *names):
    errors = [
        f"'payload.{name}' is missing or blank"
        for name in names
        if not isinstance(payload.get(name), str) or not payload[name]
    ]
    if not errors and len(payload['summary']) > MAXIMUM_SUMMARY:
        errors.append(f"'payload.summary' must be at most {MAXIMUM_SUMMARY} characters")
    return errors
