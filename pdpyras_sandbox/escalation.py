"""The level that an incident has reached in its escalation policy."""

from __future__ import annotations

from typing import Any, NamedTuple

from pdpyras_sandbox.store import Store


class Level(NamedTuple):
    """The number of an escalation rule, from 1, and how often the policy was repeated."""

    number: int = 1
    repeated: int = 0


def level_of(store: Store, incident: dict[str, Any]) -> Level:
    """Return the level that an incident has reached."""
    stored = store.get(path_of(incident))
    return Level(**stored) if stored else Level()


def set_level(store: Store, incident: dict[str, Any], level: Level) -> None:
    """Store the level that an incident has reached."""
    # Most incidents never leave the first level, which is the default.
    if level != level_of(store, incident):
        store.put(path_of(incident), level._asdict())


def path_of(incident: dict[str, Any]) -> str:
    return f'/incidents/{incident["id"]}/escalation/document'


def next_level(policy: dict[str, Any], level: Level) -> Level | None:
    """Return the next level; None after the last repetition of the policy."""
    if level.number < len(policy['escalation_rules']):
        return level._replace(number=level.number + 1)
    if level.repeated < (policy.get('num_loops') or 0):
        return Level(1, level.repeated + 1)
    return None


def seconds_to_escalation(store: Store, incident: dict[str, Any]) -> int | None:
    """Return the seconds until an incident escalates; None if it does not.

    Low-urgency incidents never escalate: https://support.pagerduty.com/docs/configurable-service-settings
    """
    escalates = (
        incident['status'] == 'triggered'
        and incident['urgency'] == 'high'
        and incident['assigned_via'] == 'escalation_policy'
    )
    policy = store.find(incident['escalation_policy']['id'])
    level = level_of(store, incident)
    if not escalates or policy is None or next_level(policy, level) is None:
        return None
    # The policy may have lost rules since.
    rule = policy['escalation_rules'][min(level.number, len(policy['escalation_rules'])) - 1]
    minutes: int = rule['escalation_delay_in_minutes']
    return 60 * minutes
