"""The Events API v1, which older monitoring tools use: its events are converted to version 2.

https://developer.pagerduty.com/docs/send-v1-event
"""

from __future__ import annotations

from typing import Any

from pdpyras_sandbox.account import Account
from pdpyras_sandbox.errors import invalid_event
from pdpyras_sandbox.event_rules import MAXIMUM_SUMMARY
from pdpyras_sandbox.events import ACTIONS, MAXIMUM_KEY, accept, integration_with_key

EMAIL_INTEGRATION = 'generic_email_inbound_integration'
#: By type of context: the required property, and the name of the list in version 2.
CONTEXTS = {'link': ('href', 'links'), 'image': ('src', 'images')}


def create_event(account: Account, event: Any, lag: float = 0) -> dict[str, str]:
    """Process an event, and return the response body of version 1 of the Events API.

    :param lag: seconds to wait before the event is processed.
    """
    errors = event_errors(event)
    if errors:
        raise invalid_event(*errors)
    integration = integration_with_key(account, event['service_key'])
    if integration is None or integration.get('type') == EMAIL_INTEGRATION:
        raise invalid_event('service_key is not one of an Events API integration')
    key = accept(account, integration, as_version_2(event), lag)
    return {'status': 'success', 'message': 'Event processed', 'incident_key': key}


def as_version_2(event: dict[str, Any]) -> dict[str, Any]:
    """Convert an event to version 2; version 1 has no severities."""
    links: dict[str, list[Any]] = {'links': [], 'images': []}
    for context in event.get('contexts') or ():
        links[CONTEXTS[context['type']][1]].append(context)
    return {
        'routing_key': event['service_key'],
        'event_action': event['event_type'],
        'dedup_key': event.get('incident_key'),
        'client': event.get('client'),
        'client_url': event.get('client_url'),
        'payload': {
            'summary': event.get('description'),
            'severity': 'critical',
            'custom_details': event.get('details'),
        },
        **links,
    }


def event_errors(event: Any) -> list[str]:
    """Return the problems with an event; an empty list if it is valid."""
    if not isinstance(event, dict):
        return ['JSON body must be an object']
    if event.get('event_type') not in ACTIONS:
        return ['event_type is invalid (must be one of: {})'.format(' '.join(ACTIONS))]
    is_trigger = event['event_type'] == 'trigger'
    errors = text_errors(event, 'service_key')
    if is_trigger:
        errors += text_errors(event, 'description', MAXIMUM_SUMMARY)
    if not is_trigger or event.get('incident_key') is not None:
        errors += text_errors(event, 'incident_key', MAXIMUM_KEY)
    contexts = event.get('contexts') or []
    if not isinstance(contexts, list) or not all(is_context(context) for context in contexts):
        errors.append("contexts must be an array of links with 'href' and images with 'src'")
    return errors


def text_errors(event: dict[str, Any], name: str, maximum: int | None = None) -> list[str]:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        return [f'{name} is missing or blank']
    if maximum and len(value) > maximum:
        return [f'{name} must be at most {maximum} characters']
    return []


def is_context(context: Any) -> bool:
    if not isinstance(context, dict) or context.get('type') not in CONTEXTS:
        return False
    return bool(context.get(CONTEXTS[context['type']][0]))
