"""The rules of event orchestrations, which change events and route them to services.

An event goes through the global rules of its orchestration, then the router, then the rules of the
service that the router selects, or the unrouted rules if it selects none. An event sent directly to
a service goes through the rules of the service only. See
https://support.pagerduty.com/docs/event-orchestration.

Automation actions and custom fields are ignored; trigger counts and cache variables have no value.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pdpyras_sandbox import pcl
from pdpyras_sandbox.errors import invalid_input
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.resources import DOCUMENT
from pdpyras_sandbox.store import Store

#: Actions that concern the resulting incident rather than change the event.
DECISIONS = ('suppress', 'suspend', 'drop_event', 'priority', 'escalation_policy')
#: Fields of the Common Event Format that an event has outside its payload.
OUTSIDE_OF_PAYLOAD = ('dedup_key', 'event_action', 'client', 'client_url', 'links', 'images')
SEVERITIES = ('critical', 'error', 'warning', 'info')
MAXIMUM_SUMMARY = 1024
VARIABLE = re.compile(r'{{\s*(.+?)\s*}}')


class Draft:
    """An event as changed by rules, and their decisions about its incident."""

    def __init__(self, event: dict[str, Any], key: str) -> None:
        self._event = event
        payload = event.get('payload')
        self._payload: dict[str, Any] = payload if isinstance(payload, dict) else {}
        own = {name: event[name] for name in OUTSIDE_OF_PAYLOAD if event.get(name) is not None}
        fields = {**self._payload, **own, 'dedup_key': key}
        #: The fields of the event, as conditions and templates refer to them.
        self.fields: dict[str, Any] = copy.deepcopy(fields)
        self.decisions: dict[str, Any] = {}
        self.notes: list[str] = []

    def context(self, variables: dict[str, str], now: datetime) -> pcl.Context:
        values = {'event': self.fields, 'raw_event': self._event, 'variables': variables}
        return pcl.Context(values, now)

    def event(self) -> dict[str, Any]:
        """Return the event with the changes made by the rules."""
        fields = dict(self.fields)
        own = {name: fields.pop(name) for name in OUTSIDE_OF_PAYLOAD if name in fields}
        if fields.get('severity') not in SEVERITIES:
            fields['severity'] = self._payload.get('severity') or 'critical'
        if own['event_action'] == 'trigger' and not fields.get('summary'):
            # An alert needs a summary, so this event cannot trigger one.
            own['event_action'] = self._event['event_action']
        if 'summary' in fields:
            fields['summary'] = str(fields['summary'])[:MAXIMUM_SUMMARY]
        return {**self._event, **own, 'payload': fields}

    @property
    def key(self) -> str:
        return str(self.fields['dedup_key'])

    def apply(self, actions: Record, variables: dict[str, str], now: datetime) -> None:
        """Apply the actions of a rule: first variables, then extractions, which may use them."""
        for variable in actions.get('variables') or []:
            found = extracted(variable, 'path', 'value', self.context(variables, now))
            if found is not None:
                variables[variable['name']] = found
        context = self.context(variables, now)
        for extraction in actions.get('extractions') or []:
            if extraction.get('template') is not None:
                value: str | None = expanded(extraction['template'], context)
            else:
                value = extracted(extraction, 'source', 'regex', context)
            if value is not None:
                self._set(pcl.path(extraction['target']), value)
        for name in ('severity', 'event_action'):
            if actions.get(name):
                self.fields[name] = actions[name]
        self.decisions.update({n: actions[n] for n in DECISIONS if actions.get(n) is not None})
        if actions.get('annotate'):
            self.notes.append(expanded(actions['annotate'], context))

    def _set(self, steps: list[pcl.Step], value: str) -> None:
        """Set a field of the event, replacing anything on its path that is not an object."""
        root, *between = steps[:-1]
        if root != 'event':
            return
        target = self.fields
        for step in between:
            below = target.get(str(step))
            if not isinstance(below, dict):
                below = target[str(step)] = {}
            target = below
        target[str(steps[-1])] = value


def extracted(action: Record, source: str, pattern: str, context: pcl.Context) -> str | None:
    """Return the match of a regular expression in a field: its groups joined, or all of it."""
    text = pcl.as_text(pcl.look_up(context.values, pcl.path(action[source])))
    found = pcl.regex(action[pattern]).search(text) if text is not None else None
    if found is None:
        return None
    return ''.join(group or '' for group in found.groups()) if found.groups() else found[0]


def expanded(template: str, context: pcl.Context) -> str:
    """Replace variables such as ``{{event.source}}`` or ``{{variables.name}}`` by their values."""

    def value(match: re.Match[str]) -> str:
        try:
            steps = pcl.path(match[1])
        except ValueError:
            return match[0]
        if steps[0] not in context.values:
            # Some of PagerDuty's examples have {{name}} for a variable.
            steps = ['variables', *steps]
        return pcl.as_text(pcl.look_up(context.values, steps)) or ''

    return VARIABLE.sub(value, template)


def matching(rules: list[Record], context: pcl.Context) -> Iterator[Record]:
    """Yield the actions of the rules that match an event."""
    for rule in rules:
        conditions = [expression_of(condition) for condition in rule.get('conditions') or []]
        if not rule.get('disabled') and (
            not conditions or any(pcl.matches(condition, context) for condition in conditions)
        ):
            yield rule.get('actions') or {}


def expression_of(condition: Any) -> str:
    # Some of PagerDuty's examples have conditions as bare strings.
    return str(condition.get('expression') if isinstance(condition, dict) else condition)


def sets_of(path: Record) -> dict[str, list[Record]]:
    return {rules['id']: rules.get('rules') or [] for rules in path.get('sets') or []}


def run(path: Record | None, draft: Draft, now: datetime) -> None:
    """Apply the first matching rule of the set "start", and of each set that a rule routes to."""
    if path is None:
        return
    sets = sets_of(path)
    variables: dict[str, str] = {}
    name: Any = 'start'
    while name in sets:
        # Removed when visited, so that sets that route to each other cause no endless loop.
        actions = next(matching(sets.pop(name), draft.context(variables, now)), None)
        if actions is None:
            actions = (path.get('catch_all') or {}).get('actions') or {}
        draft.apply(actions, variables, now)
        name = actions.get('route_to')


def routed_to(store: Store, router: Record, draft: Draft, now: datetime) -> Record | None:
    """Return the service that a router sends an event to; None for an unrouted event."""
    context = draft.context({}, now)
    for actions in matching(sets_of(router).get('start', []), context):
        service = target_of(store, actions, context)
        # If a dynamic route finds no service, the following rules apply.
        if service is not None or 'dynamic_route_to' not in actions:
            return service
    return target_of(store, (router.get('catch_all') or {}).get('actions') or {}, context)


def target_of(store: Store, actions: Record, context: pcl.Context) -> Record | None:
    dynamic = actions.get('dynamic_route_to')
    if not dynamic:
        return service_at(store, actions.get('route_to'))
    wanted = extracted(dynamic, 'source', 'regex', context)
    if dynamic.get('lookup_by') == 'service_id':
        return service_at(store, wanted)
    return next((s for s in store.list('/services') if s['name'] == wanted), None)


def service_at(store: Store, service_id: Any) -> Record | None:
    found: Record | None = store.get(f'/services/{service_id}')
    return found


def orchestrate(store: Store, orchestration: str, draft: Draft, now: datetime) -> Record | None:
    """Apply an orchestration to an event, and return the service that it routes to, if any.

    :param orchestration: the path of the orchestration.
    """
    run(store.get(f'{orchestration}/global{DOCUMENT}'), draft, now)
    if draft.decisions.get('drop_event'):
        return None
    router = store.get(f'{orchestration}/router{DOCUMENT}') or {}
    service = routed_to(store, router, draft, now)
    if service is None:
        run(store.get(f'{orchestration}/unrouted{DOCUMENT}'), draft, now)
    return service


def run_service_rules(store: Store, service: Record, draft: Draft, now: datetime) -> None:
    """Apply the rules of a service to an event, unless they are inactive."""
    path = f'/event_orchestrations/services/{service["id"]}'
    if store.get(f'{path}/active{DOCUMENT}') is not False:
        run(store.get(path + DOCUMENT), draft, now)


def check_rules(path: Record) -> None:
    """Reject rules with invalid conditions, regular expressions or paths."""
    if any(not rules.get('id') for rules in path.get('sets') or []):
        raise invalid_input('orchestration_path.sets must have IDs, "start" for the first one')
    rules = [rule for rules in sets_of(path).values() for rule in rules]
    for rule in [*rules, {'label': 'catch_all', **(path.get('catch_all') or {})}]:
        try:
            for condition in rule.get('conditions') or []:
                pcl.parse(expression_of(condition))
            check_actions(rule.get('actions') or {})
        except ValueError as error:
            name = rule.get('label') or 'without a label'
            raise invalid_input(f'Rule {name}: {error}') from None


def check_actions(actions: Record) -> None:
    dynamic = [actions['dynamic_route_to']] if actions.get('dynamic_route_to') else []
    variables = actions.get('variables') or []
    extractions = actions.get('extractions') or []
    fields = [
        *((item, 'path', 'value') for item in variables),
        *((item, 'source', 'regex') for item in (*extractions, *dynamic) if 'regex' in item),
    ]
    for item, source, pattern in fields:
        pcl.path(required_text(item, source))
        pcl.regex(required_text(item, pattern))
    for variable in variables:
        required_text(variable, 'name')
    for extraction in extractions:
        if 'regex' not in extraction:
            required_text(extraction, 'template')
        if pcl.path(required_text(extraction, 'target'))[0] != 'event':
            raise ValueError(f'the target {extraction["target"]} is not a field of the event')


def required_text(item: Record, name: str) -> str:
    value = item.get(name)
    if value is None:
        raise ValueError(f'{name} is required')
    if not isinstance(value, str):
        raise ValueError(f'{name} must be a string')
    return value
