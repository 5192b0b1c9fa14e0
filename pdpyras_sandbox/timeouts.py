"""Timeouts of incidents: escalation, expiry of acknowledgements, automatic resolution.

They are the ``pending_actions`` of an incident. Each has an alarm on the account's clock.
"""

from __future__ import annotations

from typing import Any

from pdpyras_sandbox.account import Account, parse_time, reference
from pdpyras_sandbox.clock import Alarm, timestamp
from pdpyras_sandbox.escalation import Level, level_of, next_level
from pdpyras_sandbox.incidents import Incidents
from pdpyras_sandbox.oncalls import users_on_call
from pdpyras_sandbox.store import Store

#: The documented types of pending actions.
ACTIONS = ('escalate', 'unacknowledge', 'resolve', 'urgency_change')
#: Maximum number of pending actions in a list.
SHOWN = 100


def watch(account: Account) -> None:
    """Set the alarms for the pending actions of all incidents."""

    def ring(alarm: Alarm) -> None:
        incident = account.store.find(alarm.subject)
        if incident is None:
            return
        actions = [(action['type'], action['at']) for action in incident['pending_actions']]
        if (alarm.kind, timestamp(alarm.at)) in actions:
            act(account, incident, alarm.kind)

    account.clock.handlers.update(dict.fromkeys(ACTIONS, ring))
    for incident in account.store.list('/incidents'):
        for action in incident['pending_actions']:
            account.clock.set_alarm(parse_time(action['at']), action['type'], incident['id'])


def pending_actions(store: Store) -> list[dict[str, Any]]:
    """Return the next pending actions of all incidents, soonest first."""
    actions = [
        {**action, 'incident': incident['id'], 'title': incident['title']}
        for incident in store.list('/incidents')
        for action in incident['pending_actions']
    ]
    return sorted(actions, key=lambda action: str(action['at']))[:SHOWN]


def act(account: Account, incident: dict[str, Any], kind: str) -> None:
    """Carry out a pending action on behalf of the service of the incident."""
    service = account.store.find(incident['service']['id'])
    agent = reference(service) if service else incident['service']
    incidents = Incidents(account, agent, {'type': 'timeout'})
    if kind == 'resolve':
        incidents.resolve(incident)
    elif kind == 'unacknowledge':
        incidents.trigger_again(incident)
    elif kind == 'urgency_change':
        raise_urgency(incidents, incident)
    else:
        escalate(account, incidents, incident)


def raise_urgency(incidents: Incidents, incident: dict[str, Any]) -> None:
    """Raise the urgency of an incident unless it is acknowledged, so that it escalates."""
    incidents.plan(incident, 'urgency_change', None)
    if incident['status'] == 'triggered':
        incident['urgency'] = 'high'
        incidents.plan_escalation(incident)
        incidents.log(incident, 'urgency_change')
    incidents.save(incident)


def escalate(account: Account, incidents: Incidents, incident: dict[str, Any]) -> None:
    """Escalate to the next level with a user on call."""
    policy = account.store.find(incident['escalation_policy']['id'])
    level: Level | None = level_of(account.store, incident)
    while policy is not None and level is not None:
        level = next_level(policy, level)
        if level and users_on_call(account.store, policy, level.number, account.clock.now()):
            incidents.escalate(incident, level, 'escalate')
            return
    incidents.plan(incident, 'escalate', None)
    incidents.save(incident)
