"""The Events API v2, whose events trigger, acknowledge and resolve alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pdpyras_sandbox.account import Account, parse_time, reference
from pdpyras_sandbox.clock import Alarm, timestamp
from pdpyras_sandbox.errors import invalid_event
from pdpyras_sandbox.event_rules import (
    MAXIMUM_SUMMARY,
    SEVERITIES,
    Draft,
    orchestrate,
    run_service_rules,
)
from pdpyras_sandbox.incidents import Incidents, annotate, find_open
from pdpyras_sandbox.service_state import urgency_of
from pdpyras_sandbox.store import Record

ACTIONS = ('trigger', 'acknowledge', 'resolve')
#: Fields of the payload that the details of an alert contain besides the custom details.
DETAILS = ('source', 'component', 'group', 'class')
MAXIMUM_KEY = 255
#: Types of integrations whose keys version 2 accepts: its own, and those of most vendors.
TYPES = ('events_api_v2_inbound_integration', 'event_transformer_api_inbound_integration')
#: The collection of suspended alerts.
SUSPENDED = '/_sandbox/suspended'
#: The collection of accepted events that are processed later.
LAGGING = '/_sandbox/lagging'
#: Number of received events that are kept.
KEPT_EVENTS = 50


def enqueue(account: Account, event: Any, lag: float = 0) -> Record:
    """Process an event, and return the response body of the Events API.

    :param lag: seconds to wait before the event is processed.
    """
    errors = event_errors(event)
    if errors:
        raise invalid_event(*errors)
    integration = integration_of(account, event['routing_key'])
    key = accept(account, integration, event, lag)
    return {'status': 'success', 'message': 'Event processed', 'dedup_key': key}


def accept(account: Account, integration: Record, event: dict[str, Any], lag: float) -> str:
    """Process a valid event, now or later, and return its deduplication key."""
    key: str = event.get('dedup_key') or f'{account.store.random.getrandbits(128):032x}'
    if lag:
        at = account.clock.exact_now() + timedelta(seconds=lag)
        record = {
            'id': account.store.new_id('', 20),
            'at': at.isoformat(),
            'integration': integration['id'],
            'key': key,
            'event': event,
        }
        account.store.add(LAGGING, record)
        account.clock.set_alarm(at, 'lagging', record['id'])
    else:
        process(account, integration, event, key)
    return key


def process(account: Account, integration: Record, event: dict[str, Any], key: str) -> None:
    draft = Draft(event, key)
    service = destination(account, integration, draft)
    event = draft.event()
    if draft.decisions.get('drop_event'):
        outcome = 'dropped'
    elif service is None:
        outcome = 'unrouted'
    else:
        outcome = ServiceEvent(account, service, integration, draft).process()
    keep(account, event['event_action'], draft.key, summary_of(event), outcome)


def destination(account: Account, integration: Record, draft: Draft) -> Record | None:
    """Apply the rules to an event, and return the service that it goes to, if any."""
    store, now = account.store, account.clock.now()
    if 'service' in integration:
        service = store.find(integration['service']['id'])
    else:
        if draft.fields['event_action'] in ('acknowledge', 'resolve'):
            # Rules could match few fields of such events, so they follow the alert with their key.
            for alert in store.indexed('open_alerts', (integration['id'], draft.key)):
                return store.find(alert['service']['id'])
        path = str(store.path_of(integration['id']))
        service = orchestrate(store, path.rpartition('/integrations/')[0], draft, now)
    if service is not None:
        run_service_rules(store, service, draft, now)
    return service


def enqueue_change(account: Account, event: Any, lag: float = 0) -> Record:
    errors = change_errors(event)
    if errors:
        raise invalid_event(*errors)
    integration = integration_of(account, event['routing_key'])
    service = destination(account, integration, Draft({**event, 'event_action': 'change'}, ''))
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
        'services': [reference(service)] if service else [],
    }
    account.store.add('/change_events', change)
    keep(account, 'change', None, payload['summary'], 'listed')
    return {'status': 'success', 'message': 'Change event processed', 'id': change['id']}


def keep(
    account: Account, action: str, dedup_key: str | None, summary: str | None, outcome: Any
) -> None:
    """Add an event to the log that the page and ``Sandbox.event_log`` show."""
    seen = {
        'at': account.clock.timestamp(),
        'action': action,
        'dedup_key': dedup_key,
        'summary': summary,
        'outcome': outcome,
    }
    account.events.append(seen)
    del account.events[:-KEPT_EVENTS]


def summary_of(event: Any) -> str | None:
    """Return the summary; None if it is missing or not a string."""
    payload = event.get('payload')
    summary = payload.get('summary') if isinstance(payload, dict) else None
    return summary if isinstance(summary, str) else None


def integration_of(account: Account, routing_key: str) -> Record:
    """Return the integration of a service or an orchestration that has a routing key."""
    integration = integration_with_key(account, routing_key)
    # An integration of an orchestration has no type.
    if integration is None or integration.get('type', TYPES[0]) not in TYPES:
        raise invalid_event("'routing_key' is not one of an Events API v2 integration")
    return integration


def integration_with_key(account: Account, key: str) -> Record | None:
    for index in ('integrations_by_key', 'orchestration_integrations_by_key'):
        for integration in account.store.indexed(index, key):
            return integration
    return None


class ServiceEvent:
    """A valid event and the service that it goes to."""

    def __init__(
        self, account: Account, service: Record, integration: Record, draft: Draft
    ) -> None:
        self.account = account
        self.integration = integration
        self.service = service
        self.event = draft.event()
        self.key = draft.key
        self.draft = draft
        channel = {'type': 'api', 'summary': summary_of(self.event) or '', 'incident_key': self.key}
        self.incidents = Incidents(account, reference(self.service), channel)

    def process(self) -> str:
        """Process the event, and return its outcome in one word."""
        alert = self.open_alert()
        action = self.event['event_action']
        if action == 'trigger':
            return self.trigger(alert)
        if alert is None:
            # PagerDuty accepts such events too: the alert may have been resolved by hand.
            return 'resolved' if action == 'resolve' and self.end_suspension() else 'ignored'
        if action == 'resolve':
            self.incidents.resolve_alert(alert)
            return 'resolved'
        self.incidents.acknowledge(self.account.store.existing(alert['incident']['id']))
        return 'acknowledged'

    def open_alert(self) -> Record | None:
        """Return the open alert with this key from the same integration, if there is one."""
        alerts = self.account.store.indexed('open_alerts', (self.integration['id'], self.key))
        # An orchestration may have sent an event with this key to another service.
        found = (alert for alert in alerts if alert['service']['id'] == self.service['id'])
        return next(found, None)

    def trigger(self, alert: Record | None) -> str:
        if alert is not None:
            repeated = self.account.store.existing(alert['incident']['id'])
            self.incidents.log(repeated, 'trigger', **self.trigger_entry())
            return 'repeated'
        if self.draft.decisions.get('suppress'):
            # An alert without an incident, which the REST API does not show.
            return 'suppressed'
        payload = self.event['payload']
        incident = find_open(self.account.store, self.service, self.key)
        if incident is None and self.draft.decisions.get('suspend'):
            self.suspend(self.draft.decisions['suspend'])
            return 'suspended'
        if incident is None:
            policy = self.decided('escalation_policy', '/escalation_policies')
            if self.incidents.why_not_open(self.service, policy):
                return 'ignored'
            incident = self.open(payload, policy)
        self.incidents.add_alert(incident, self.alert_attributes())
        return 'triggered'

    def suspension(self) -> Record | None:
        """Return the record of the suspended alert with this key, if there is one."""
        wanted = {'service': self.service['id'], 'integration': self.integration, 'key': self.key}
        suspended = self.account.store.list(SUSPENDED)
        return next((record for record in suspended if wanted.items() <= record.items()), None)

    def suspend(self, seconds: int) -> None:
        """Suspend the alert; a repeated event does not change the time it is triggered."""
        if self.suspension() is not None:
            return
        at = self.account.clock.after(seconds)
        decisions = {**self.draft.decisions, 'suspend': None}
        record = {
            'id': self.account.store.new_id('', 20),
            'at': timestamp(at),
            'service': self.service['id'],
            'integration': self.integration,
            'key': self.key,
            'event': self.event,
            'decisions': decisions,
            'notes': self.draft.notes,
        }
        self.account.store.add(SUSPENDED, record)
        self.account.clock.set_alarm(at, 'suspended', record['id'])

    def end_suspension(self) -> bool:
        """Remove the suspended alert with this key, and return whether there was one."""
        record = self.suspension()
        if record is not None:
            self.account.store.remove(f'{SUSPENDED}/{record["id"]}')
        return record is not None

    def open(self, payload: dict[str, Any], policy: Record | None) -> Record:
        priority = self.decided('priority', '/priorities')
        incident: Record = self.incidents.open(
            self.service,
            payload['summary'],
            self.key,
            trigger_entry=self.trigger_entry(),
            urgency=urgency_of(self.service, payload['severity'], self.account.clock.now()),
            priority=priority and reference(priority),
            escalation_policy=policy,
        )
        for text in self.draft.notes:
            user = {'id': self.service['id'], 'type': 'bot_user_reference'}
            annotate(self.incidents, incident, text, user)
        return incident

    def decided(self, name: str, collection: str) -> Record | None:
        """Return the record that the rules chose; None without a choice, or if it was deleted."""
        found: Record | None = self.account.store.get(
            f'{collection}/{self.draft.decisions.get(name)}'
        )
        return found

    def trigger_entry(self) -> Record:
        """Return the attributes of the log entry of a trigger event."""
        summary = self.event['payload']['summary']
        body = self.alert_body()
        channel = {
            **self.incidents.channel,
            'service_key': self.event['routing_key'],
            'description': summary,
            'details': self.custom_details(),
            'cef_details': body['cef_details'],
        }
        return {
            'channel': channel,
            'contexts': body['contexts'],
            'event_details': {'description': summary},
        }

    def alert_attributes(self) -> Record:
        # An integration of an orchestration has no type.
        kind = self.integration.get('type', 'inbound_integration')
        return {
            'summary': self.event['payload']['summary'],
            'severity': self.event['payload']['severity'],
            'alert_key': self.key,
            'integration': {'id': self.integration['id'], 'type': kind + '_reference'},
            'body': self.alert_body(),
        }

    def alert_body(self) -> Record:
        payload = self.event['payload']
        contexts = [
            {'type': kind, **item}
            for kind, name in (('link', 'links'), ('image', 'images'))
            for item in self.event.get(name) or []
        ]
        details = {name: payload[name] for name in DETAILS if name in payload}
        return {
            'type': 'alert_body',
            'contexts': contexts,
            'details': {**details, **self.custom_details()},
            'cef_details': {**self.common_event(payload), 'contexts': contexts},
        }

    def custom_details(self) -> Record:
        custom = self.event['payload'].get('custom_details') or {}
        return custom if isinstance(custom, dict) else {'details': custom}

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


def watch_events(account: Account) -> None:
    """Process events with a lag and trigger suspended alerts when their time comes.

    This includes those restored from a file.
    """

    def process_lagging(alarm: Alarm) -> None:
        record = account.store.find(alarm.subject)
        if record is None:
            return
        account.store.remove(f'{LAGGING}/{record["id"]}')
        integration = account.store.find(record['integration'])
        if integration is not None:
            process(account, integration, record['event'], record['key'])

    def trigger_suspended(alarm: Alarm) -> None:
        record = account.store.find(alarm.subject)
        service = account.store.find(record['service']) if record else None
        if record is None or service is None:
            return
        draft = Draft(record['event'], record['key'])
        draft.decisions, draft.notes = record['decisions'], record['notes']
        account.store.remove(f'{SUSPENDED}/{record["id"]}')
        ServiceEvent(account, service, record['integration'], draft).process()

    account.clock.handlers.update(lagging=process_lagging, suspended=trigger_suspended)
    for kind, collection in (('lagging', LAGGING), ('suspended', SUSPENDED)):
        for record in account.store.list(collection):
            account.clock.set_alarm(parse_time(record['at']), kind, record['id'])


def event_errors(event: Any) -> list[str]:
    """Return the problems with an event; an empty list if it is valid."""
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
        return [] if key else [f"'dedup_key' is missing or blank, but required to {action}"]
    payload = event.get('payload')
    if not isinstance(payload, dict):
        return ["'payload' is missing or not an object"]
    errors = text_errors(payload, 'summary', 'source')
    if payload.get('severity') not in SEVERITIES:
        errors.append("'payload.severity' must be one of: {}".format(', '.join(SEVERITIES)))
    return errors + timestamp_errors(payload)


def change_errors(event: Any) -> list[str]:
    errors = common_errors(event)
    if errors:
        return errors
    if not isinstance(event.get('payload'), dict):
        return ["'payload' is missing or not an object"]
    return text_errors(event['payload'], 'summary') + timestamp_errors(event['payload'])


def common_errors(event: Any) -> list[str]:
    if not isinstance(event, dict):
        return ['JSON body must be an object']
    if not isinstance(event.get('routing_key'), str) or not event['routing_key']:
        return ["'routing_key' is missing or blank"]
    for name, required in (('links', 'href'), ('images', 'src')):
        items = event.get(name) or []
        if not isinstance(items, list) or not all(
            isinstance(item, dict) and item.get(required) for item in items
        ):
            return [f"'{name}' must be an array of objects with '{required}'"]
    return []


def timestamp_errors(payload: Record) -> list[str]:
    time = payload.get('timestamp')
    try:
        is_valid = time is None or (isinstance(time, str) and bool(parse_time(time)))
    except ValueError:
        is_valid = False
    return [] if is_valid else ["'payload.timestamp' must be an ISO 8601 date-time"]


def text_errors(payload: Record, *names: str) -> list[str]:
    errors = [
        f"'payload.{name}' is missing or blank"
        for name in names
        if not isinstance(payload.get(name), str) or not payload[name]
    ]
    if not errors and len(payload['summary']) > MAXIMUM_SUMMARY:
        errors.append(f"'payload.summary' must be at most {MAXIMUM_SUMMARY} characters")
    return errors
