"""Incidents: triggering, acknowledging and resolving them, with a log entry for each step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pdpyras_sandbox.account import reference
from pdpyras_sandbox.call import Body, Call, handles, required_id, required_property
from pdpyras_sandbox.clock import timestamp
from pdpyras_sandbox.custom_fields import values_of
from pdpyras_sandbox.errors import ApiError, already_merged, invalid_input, nobody_on_call
from pdpyras_sandbox.escalation import Level, seconds_to_escalation, set_level
from pdpyras_sandbox.incident_types import DEFAULT_TYPE, incident_type
from pdpyras_sandbox.indices import OPEN
from pdpyras_sandbox.listing import referred_ids, searched_range, selected
from pdpyras_sandbox.oncalls import users_on_call
from pdpyras_sandbox.resources import KINDS, Kind, page_of, summary_of, with_derived
from pdpyras_sandbox.service_state import next_urgency_change, urgency_of, why_closed
from pdpyras_sandbox.store import Record, Store

if TYPE_CHECKING:
    from pdpyras_sandbox.account import Account

#: Maximum number of incidents in a multi-update.
MAXIMUM_UPDATES = 250
#: Maximum number of alerts of an incident after a merge.
MAXIMUM_ALERTS = 1000
#: The longest time range of a listing of incidents: any 6 months.
LONGEST_RANGE = timedelta(days=184)
#: The longest time range of a listing of notifications: less than any 3 months.
LONGEST_RANGE_OF_NOTIFICATIONS = timedelta(days=91)
ALREADY_RESOLVED = 'Incident Already Resolved'
#: Codes and messages of errors: https://developer.pagerduty.com/docs/errors
NO_ASSIGNEE = (1007, 'Assigned To User Not Found')
NO_POLICY = (1014, 'Escalation Policy Not Found')
INVALID_PRIORITY = (1020, 'Invalid Priority')


class Incidents:
    """Changes incidents on behalf of an agent, and logs the changes.

    :param agent: a reference to the acting user or service, for the log entries.
    :param channel: the channel of the log entries, such as ``{'type': 'api'}``.
    """

    def __init__(self, account: Account, agent: Record, channel: Record) -> None:
        self.account = account
        self.store = account.store
        self.clock = account.clock
        self.agent = agent
        self.channel = channel

    def why_not_open(self, service: Record, policy: Record | None = None) -> ApiError | None:
        """Return the error that prevents opening an incident on a service, or None."""
        closed = why_closed(self.store, service, self.clock.now())
        if closed == 'disabled':
            return invalid_input('Service is disabled')
        if closed:
            return invalid_input('Service is under maintenance')
        level = self._first_level(policy or service['escalation_policy'])
        return nobody_on_call() if level is None else None

    def _first_level(self, policy: Record) -> Level | None:
        """Return the first level of an escalation policy that has somebody on call."""
        record = self.store.find(policy['id']) or {}
        for number in range(1, 1 + len(record.get('escalation_rules', ()))):
            if users_on_call(self.store, record, number, self.clock.now()):
                return Level(number)
        return None

    def open(
        self,
        service: Record,
        title: str,
        incident_key: str | None = None,
        assignees: Sequence[Record] = (),
        trigger_entry: Record | None = None,
        **attributes: Any,
    ) -> Record:
        """Open an incident.

        :param trigger_entry: attributes of its first log entry, such as the channel.
        :param attributes: further attributes of the incident; None selects the default.
        """
        policy = attributes.pop('escalation_policy', None) or service['escalation_policy']
        teams = (self.store.find(policy['id']) or {}).get('teams') or []
        moment = self.clock.timestamp()
        incident_id = self.store.new_id('Q', 14)
        incident: Record = {
            'id': incident_id,
            'type': 'incident',
            'incident_number': self._next_number(),
            'title': title,
            'created_at': moment,
            'updated_at': moment,
            'last_status_change_at': moment,
            'last_status_change_by': reference(service),
            'resolved_at': None,
            'resolve_reason': None,
            'status': 'triggered',
            'incident_key': incident_key or incident_id.lower(),
            'service': reference(service),
            'urgency': urgency_of(service, None, self.clock.now()),
            'assignments': [],
            'acknowledgements': [],
            'pending_actions': [],
            'assigned_via': 'escalation_policy',
            'escalation_policy': reference(policy),
            'teams': list(teams),
            'is_mergeable': True,
            'priority': None,
            'incidents_responders': [],
            'responder_requests': [],
            'subscriber_requests': [],
            'incident_type': {'name': DEFAULT_TYPE},
            'external_references': [],
            'metadata': {},
        }
        incident.update({name: value for name, value in attributes.items() if value is not None})
        self.store.add('/incidents', incident)
        service['last_incident_timestamp'] = moment
        self.store.save('/services/' + service['id'])
        self.plan(incident, 'resolve', service.get('auto_resolve_timeout'))
        raised_at = next_urgency_change(service, self.clock.now())
        if raised_at is not None and incident['urgency'] == 'low':
            wait = (raised_at - self.clock.now()).total_seconds()
            self.plan(incident, 'urgency_change', wait, to='high')
        entry = self.log(incident, 'trigger', **(trigger_entry or {}))
        incident['first_trigger_log_entry'] = reference(entry)
        if assignees:
            incident['assigned_via'] = 'direct_assignment'
            self.assign(incident, assignees)
        else:
            self.assign_by_policy(incident)
        self.announce('incident.triggered', incident)
        return incident

    def _next_number(self) -> int:
        last = self.store.last('/incidents')
        return last['incident_number'] + 1 if last else 1

    def escalate(self, incident: Record, level: Level, step: str = 'assign') -> None:
        policy = policy_with_level(self.store, incident['escalation_policy'], level.number)
        users = users_on_call(self.store, policy, level.number, self.clock.now())
        incident['assigned_via'] = 'escalation_policy'
        set_level(self.store, incident, level)
        self.assign(incident, users, step)

    def plan(self, incident: Record, kind: str, seconds: float | None, **facts: str) -> None:
        """Schedule a pending action, or remove it if the seconds are 0 or None."""
        actions = [a for a in incident['pending_actions'] if a['type'] != kind]
        if seconds:
            at = self.clock.after(seconds)
            self.clock.set_alarm(at, kind, incident['id'])
            actions.append({'type': kind, 'at': timestamp(at), **facts})
        incident['pending_actions'] = sorted(actions, key=lambda action: action['at'])

    def plan_escalation(self, incident: Record) -> None:
        self.plan(incident, 'escalate', seconds_to_escalation(self.store, incident))

    def assign(self, incident: Record, users: Sequence[Record], step: str = 'assign') -> None:
        moment = self.clock.timestamp()
        incident['assignments'] = [{'at': moment, 'assignee': reference(user)} for user in users]
        self.plan_escalation(incident)
        self.log(incident, step, assignees=[a['assignee'] for a in incident['assignments']])

    def acknowledge(self, incident: Record) -> None:
        self._check_unresolved(incident)
        if any(a['acknowledger'] == self.agent for a in incident['acknowledgements']):
            return
        incident['acknowledgements'].append(
            {'at': self.clock.timestamp(), 'acknowledger': self.agent}
        )
        self._change_status(incident, 'acknowledged')
        service = self.store.find(incident['service']['id']) or {}
        timeout = service.get('acknowledgement_timeout')
        self.plan(incident, 'unacknowledge', timeout)
        self.log(incident, 'acknowledge', acknowledgement_timeout=timeout)

    def resolve(self, incident: Record, resolution: str | None = None) -> None:
        self._check_unresolved(incident)
        incident['acknowledgements'] = []
        incident['assignments'] = []
        incident['pending_actions'] = []
        incident['resolved_at'] = self.clock.timestamp()
        self._change_status(incident, 'resolved')
        path = alerts_path(incident)
        for alert in self.store.list(path):
            alert['status'] = 'resolved'
            self.store.save(f'{path}/{alert["id"]}')
        self.log(incident, 'resolve', note=resolution)

    def trigger_again(self, incident: Record) -> None:
        self._check_unresolved(incident)
        incident['acknowledgements'] = []
        self.plan(incident, 'unacknowledge', None)
        self._change_status(incident, 'triggered')
        self.log(incident, 'unacknowledge')

    def reopen(self, incident: Record) -> None:
        """Trigger a resolved incident again, with no assignee yet."""
        incident['resolved_at'] = None
        self._change_status(incident, 'triggered')
        service = self.store.find(incident['service']['id']) or {}
        self.plan(incident, 'resolve', service.get('auto_resolve_timeout'))
        self.announce('incident.reopened', incident)

    def assign_by_policy(self, incident: Record) -> None:
        """Assign an incident to the first level of its policy that has somebody on call."""
        level = self._first_level(incident['escalation_policy']) or Level()
        self.escalate(incident, level)

    def _check_unresolved(self, incident: Record) -> None:
        if incident['status'] not in OPEN:
            raise invalid_input(ALREADY_RESOLVED)

    def _change_status(self, incident: Record, status: str) -> None:
        incident['status'] = status
        incident['last_status_change_at'] = self.clock.timestamp()
        incident['last_status_change_by'] = self.agent
        self.plan_escalation(incident)
        self.save(incident)

    def save(self, incident: Record) -> None:
        incident['updated_at'] = self.clock.timestamp()
        self.store.save('/incidents/' + incident['id'])

    def log(self, incident: Record, action: str, **extra: Any) -> Record:
        """Add a log entry, and return it."""
        entry = {
            'id': self.store.new_id('R', 26),
            'type': action + '_log_entry',
            'summary': self._log_summary(action, extra.get('assignees') or ()),
            'created_at': self.clock.timestamp(),
            'agent': self.agent,
            'channel': dict(self.channel),
            'incident': reference(incident),
            'service': incident['service'],
            'teams': incident['teams'],
            'contexts': [],
            **{name: value for name, value in extra.items() if value is not None},
        }
        self.save(incident)
        if action in ANNOUNCED:
            self.announce(ANNOUNCED[action], incident)
        return self.store.add('/log_entries', entry)

    def _log_summary(self, action: str, assignees: Sequence[Record]) -> str:
        """Return a summary such as ``Assigned to Jane Doe by Alex Sample``."""
        text = LOG_SUMMARIES[action]
        if assignees:
            text += ' to ' + ', '.join(map(self._name, assignees))
        if self.channel['type'] == 'timeout':
            return f'{text} automatically'
        if self.agent['type'] == 'user_reference':
            return f'{text} by {self._name(self.agent)}'
        return f'{text} through the API'

    def _name(self, user: Record) -> str:
        return summary_of(self.store.find(user['id']) or user)

    def announce(self, event_type: str, incident: Record, data: Record | None = None) -> None:
        self.account.webhooks.announce(event_type, incident, self.agent, data)

    def add_alert(self, incident: Record, attributes: Record) -> Record:
        alert = {
            'id': self.store.new_id('Q', 14),
            'type': 'alert',
            'status': 'triggered',
            'created_at': self.clock.timestamp(),
            'suppressed': False,
            'severity': 'critical',
            'incident': reference(incident),
            'service': incident['service'],
            'first_trigger_log_entry': incident['first_trigger_log_entry'],
            **attributes,
        }
        return self.store.add(alerts_path(incident), alert)

    def resolve_alert(self, alert: Record) -> None:
        """Resolve an alert, and its incident if all of its alerts are resolved."""
        incident = self.store.existing(alert['incident']['id'])
        alert['status'] = 'resolved'
        path = alerts_path(incident)
        self.store.save(f'{path}/{alert["id"]}')
        all_resolved = all(a['status'] == 'resolved' for a in self.store.list(path))
        if all_resolved and incident['status'] != 'resolved':
            self.resolve(incident)


#: Types of webhook events by logged action.
ANNOUNCED = {
    'acknowledge': 'incident.acknowledged',
    'unacknowledge': 'incident.unacknowledged',
    'resolve': 'incident.resolved',
    'escalate': 'incident.escalated',
    'delegate': 'incident.delegated',
    'priority_change': 'incident.priority_updated',
}
#: Types of webhook events by changed attribute.
CHANGES = {
    'service': 'incident.service_updated',
    'incident_type': 'incident.incident_type.changed',
}
LOG_SUMMARIES = {
    'trigger': 'Triggered',
    'assign': 'Assigned',
    'escalate': 'Escalated',
    'delegate': 'Delegated',
    'acknowledge': 'Acknowledged',
    'unacknowledge': 'Unacknowledged',
    'resolve': 'Resolved',
    'annotate': 'Annotated',
    'snooze': 'Snoozed',
    'merge': 'Merged',
    'priority_change': 'Priority changed',
    'urgency_change': 'Urgency changed',
    'status_update': 'Status update posted',
    'responder_request': 'Responders requested',
}


def incidents_for(call: Call) -> Incidents:
    """Return an :class:`Incidents` that acts on behalf of the sender of the request."""
    if call.sender is None:
        raise invalid_input("A 'From' header with the email address of a user is required")
    return Incidents(call.account, reference(call.sender), {'type': 'api'})


def alerts_path(incident: Record) -> str:
    """Return the path of the alerts of an incident, which may be given by a reference."""
    return f'/incidents/{incident["id"]}/alerts'


def alert_counts(call: Call, incident: Record) -> dict[str, int]:
    alerts = call.store.list(alerts_path(incident))
    triggered = sum(alert['status'] == 'triggered' for alert in alerts)
    return {'all': len(alerts), 'triggered': triggered, 'resolved': len(alerts) - triggered}


def custom_fields(call: Call, incident: Record) -> list[Record]:
    return values_of(call, '/incidents/' + incident['id'])


KINDS['/incidents'] = Kind(
    derived={'alert_counts': alert_counts, 'custom_fields': custom_fields},
    on_request={
        'body',
        'conference_bridge',
        'custom_fields',
        'external_references',
        'metadata',
    },
)


@handles('GET /incidents')
def list_incidents(call: Call) -> Body:
    incidents = call.store.list('/incidents')
    users = set(call.query.getlist('user_ids[]'))
    if users:
        incidents = [i for i in incidents if users & referred_ids(i['assignments'], 'user')]
    if call.query.get('date_range') != 'all':
        start, end = searched_range(call, timedelta(days=31), LONGEST_RANGE)
        incidents = [i for i in incidents if start <= i['created_at'] < end]
    skipped = ('user_ids', 'date_range', 'since', 'until')
    return page_of(call, selected(incidents, call, skip=skipped), derive=True)


@handles('POST /incidents')
def create_incident(call: Call) -> Record:
    incidents = incidents_for(call)
    given = call.content
    service = call.referred(given['service'], '/services')
    key = given.get('incident_key')
    if key and find_open(call.store, service, key):
        raise invalid_input('Open incident with matching dedup key already exists on this service')
    assignees = assignees_in(call, given)
    if assignees and given.get('escalation_policy'):
        raise invalid_input('assignments and escalation_policy cannot both be given')
    policy = given.get('escalation_policy')
    policy = policy and call.referred(policy, '/escalation_policies', NO_POLICY)
    error = incidents.why_not_open(service, policy)
    # With assignees, nobody needs to be on call.
    if error and not (assignees and error.code == nobody_on_call().code):
        raise error
    title = text_in(given, 'title')
    details = (given.get('body') or {}).get('details')
    channel = {'type': 'web_trigger', 'summary': title, 'subject': title, 'details': details}
    incident = incidents.open(
        service,
        title,
        key,
        trigger_entry={'channel': channel},
        urgency=given.get('urgency'),
        body=given.get('body'),
        priority=priority_of(call, given.get('priority')),
        assignees=assignees,
        escalation_policy=policy,
        conference_bridge=given.get('conference_bridge'),
        incident_type=incident_type(call.store, given.get('incident_type')),
    )
    if [user['id'] for user in assignees] == [incidents.agent['id']]:
        # Users who assign an incident to themselves need no notification.
        incidents.acknowledge(incident)
    return with_derived(call, incident)


def find_open(store: Store, service: Record, incident_key: str) -> Record | None:
    """Return the open incident of a service with a key, if there is one."""
    found = store.indexed('open_incidents_by_key', (service['id'], incident_key))
    return next(iter(found), None)


def policy_with_level(store: Store, policy: Record, number: int) -> Record:
    """Return the escalation policy that a reference points to.

    :raises ApiError: with code 1006 if it has no level with this number.
    """
    found = store.find(policy['id'])
    if not found or not 1 <= number <= len(found.get('escalation_rules', ())):
        problem = f'Escalation level {number} does not exist'
        raise ApiError(400, 1006, 'Cannot Escalate', [problem])
    return found


@handles('PUT /incidents/{id}')
def update_incident(call: Call) -> Record:
    incidents = incidents_for(call)
    incident = call.record()
    return change(call, incidents, incident, checked_update(call, incident, call.content))


@handles('PUT /incidents')
def update_incidents(call: Call) -> list[Record]:
    incidents = incidents_for(call)
    given = call.content
    if len(given) > MAXIMUM_UPDATES:
        raise invalid_input(f'At most {MAXIMUM_UPDATES} incidents may be updated at a time')
    # All updates are checked before anything changes.
    pairs = [(call.record('/incidents/' + item['id']), item) for item in given]
    updates = [checked_update(call, incident, item) for incident, item in pairs]
    return [
        change(call, incidents, incident, update) for (incident, _), update in zip(pairs, updates)
    ]


def checked_update(call: Call, incident: Record, given: Record) -> Record:
    """Return an update of an incident, with references as incidents store them.

    Null removes a priority, is rejected for a title, and leaves other attributes unchanged.

    :raises ApiError: with status 400 if any part of the update is invalid.
    """
    if incident['resolve_reason'] and given.get('status') not in (None, 'resolved'):
        # It was merged into another incident.
        raise already_merged()
    update = {name: value for name, value in given.items() if value is not None}
    if 'title' in given:
        update['title'] = text_in(given, 'title')
    if 'priority' in given:
        update['priority'] = priority_of(call, given['priority'])
    if update.get('service'):
        update['service'] = reference(call.referred(update['service'], '/services'))
    if update.get('incident_type'):
        update['incident_type'] = incident_type(call.store, update['incident_type'])
    policy = incident['escalation_policy']
    if update.get('escalation_policy'):
        if update['escalation_policy'].get('id') != policy['id']:
            policy = call.referred(update['escalation_policy'], '/escalation_policies', NO_POLICY)
        update['escalation_policy'] = reference(policy)
    if update.get('assignments') == [] and incident['assignments']:
        raise invalid_input('assignments must have at least one assignee')
    update['assignees'] = assignees_in(call, update)
    is_reopened = incident['status'] == 'resolved' and update.get('status') == 'triggered'
    if 'escalation_level' in update or (is_reopened and not update['assignees']):
        # The policy of a resolved incident may have been deleted.
        policy_with_level(call.store, policy, update.get('escalation_level', 1))
    return update


def reopen(incidents: Incidents, incident: Record, update: Record) -> None:
    """Reopen a resolved incident, assigned to the user who acknowledges it or by its policy."""
    incidents.reopen(incident)
    if update['status'] == 'acknowledged':
        incident['assigned_via'] = 'direct_assignment'
        incidents.assign(incident, [incidents.agent])
    elif not update['assignees'] and not update.get('escalation_policy'):
        incidents.assign_by_policy(incident)


def change(call: Call, incidents: Incidents, incident: Record, update: Record) -> Record:
    """Apply a checked update to one incident."""
    status = update.get('status') or incident['status']
    if incident['status'] == 'resolved' != status:
        reopen(incidents, incident, update)
    for name in ('service', 'incident_type', 'title', 'conference_bridge'):
        if update.get(name) and update[name] != incident.get(name):
            incident[name] = update[name]
            announce_change(incidents, incident, name)
    if update.get('priority', incident['priority']) != incident['priority']:
        incident['priority'] = update['priority']
        incidents.log(incident, 'priority_change')
    if update.get('urgency', incident['urgency']) != incident['urgency']:
        incident['urgency'] = update['urgency']
        incidents.plan(incident, 'urgency_change', None)
        incidents.plan_escalation(incident)
        incidents.log(incident, 'urgency_change')
    if incident['status'] != 'resolved':
        change_assignment(incidents, incident, update)
    if status != incident['status']:
        change_status(incidents, incident, status, update.get('resolution'))
    incidents.save(incident)
    return with_derived(call, incident)


def announce_change(incidents: Incidents, incident: Record, name: str) -> None:
    """Announce a changed attribute of an incident to webhooks, if PagerDuty has an event for it."""
    if name == 'conference_bridge':
        bridge = incident[name]
        data = {
            'incident': reference(incident),
            'conference_numbers': [{'label': '', 'number': bridge.get('conference_number')}],
            'conference_url': bridge.get('conference_url'),
            'type': 'incident_conference_bridge',
        }
        incidents.announce('incident.conference_bridge.updated', incident, data)
    elif name in CHANGES:
        incidents.announce(CHANGES[name], incident)


def change_status(
    incidents: Incidents, incident: Record, status: str, resolution: str | None = None
) -> None:
    if status == 'acknowledged':
        incidents.acknowledge(incident)
    elif status == 'resolved':
        incidents.resolve(incident, resolution)
    else:
        incidents.trigger_again(incident)


def priority_of(call: Call, given: Any) -> Record | None:
    """Return a reference to a priority that is given by reference or by name."""
    if isinstance(given, str):
        # The highest priority comes first.
        named = (p for p in call.store.list('/priorities') if p['name'] == given)
        given = next(named, {'name': given})
    if not isinstance(given, dict):
        return None
    return reference(call.referred(given, '/priorities', INVALID_PRIORITY))


def assignees_in(call: Call, given: Record) -> list[Record]:
    """Return the users that the assignments in a body refer to."""
    return [
        call.referred(
            required_property(assignment, 'assignee', f'assignments[{place}]'),
            '/users',
            NO_ASSIGNEE,
        )
        for place, assignment in enumerate(given.get('assignments') or ())
    ]


def change_assignment(incidents: Incidents, incident: Record, update: Record) -> None:
    policy = update.get('escalation_policy')
    is_changed = policy and policy['id'] != incident['escalation_policy']['id']
    # Nobody is assigned to an incident that has just been reopened.
    if policy and (is_changed or not incident['assignments']):
        incident['escalation_policy'] = reference(policy)
        incidents.escalate(incident, Level(update.get('escalation_level', 1)), 'delegate')
    elif 'escalation_level' in update:
        incidents.escalate(incident, Level(update['escalation_level']), 'escalate')
    users = update['assignees']
    before = {a['assignee']['id'] for a in incident['assignments']}
    if users and {user['id'] for user in users} != before:
        incident['assigned_via'] = 'direct_assignment'
        incidents.assign(incident, users)
        incidents.announce('incident.reassigned', incident)


@handles('PUT /incidents/{id}/merge')
def merge(call: Call) -> Record:
    incidents = incidents_for(call)
    target = call.record(call.parent())
    paths = dict.fromkeys('/incidents/' + item['id'] for item in call.content)
    sources = [call.record(path) for path in paths]
    if target in sources:
        raise invalid_input('An incident cannot be merged into itself')
    if target['status'] not in OPEN:
        raise invalid_input('The target incident must be open')
    if any(source['resolve_reason'] for source in sources):
        raise already_merged()
    alerts = [call.store.list(alerts_path(incident)) for incident in (target, *sources)]
    if sum(map(len, alerts)) > MAXIMUM_ALERTS:
        raise invalid_input(f'An incident cannot have more than {MAXIMUM_ALERTS} alerts')
    for source in sources:
        for alert in call.store.list(alerts_path(source)):
            move_alert(call.store, alert, target)
        source['resolve_reason'] = {
            'type': 'merge_resolve_reason',
            'incident': reference(target),
        }
        if source['status'] != 'resolved':
            incidents.resolve(source)
        incidents.save(source)
        incidents.log(target, 'merge')
    return reference(target)


@handles('POST /incidents/{id}/snooze')
def snooze(call: Call) -> Record:
    incidents = incidents_for(call)
    incident = call.record(call.parent())
    incidents.acknowledge(incident)
    duration = call.body['duration']
    incidents.plan(incident, 'unacknowledge', duration)
    end = [action for action in incident['pending_actions'] if action['type'] == 'unacknowledge']
    channel = {'type': 'website', 'duration': duration}
    incidents.log(incident, 'snooze', channel=channel, changed_actions=end)
    return with_derived(call, incident)


@handles('POST /incidents/{id}/notes')
def add_note(call: Call) -> Any:
    incidents = incidents_for(call)
    incident = call.record(call.parent())
    content = text_in(call.content, 'content')
    return annotate(incidents, incident, content, incidents.agent)


def text_in(given: Record, name: str) -> str:
    text: str = given[name] or ''
    if not text.strip():
        raise invalid_input(f"{name.capitalize()} can't be blank")
    return text


def annotate(incidents: Incidents, incident: Record, content: Any, user: Record) -> Record:
    """Add a note to an incident, and return it."""
    note = {
        'id': incidents.store.new_id(),
        'type': 'note',
        'user': user,
        'content': content,
        'created_at': incidents.clock.timestamp(),
        'channel': {'summary': 'The PagerDuty website or APIs'},
    }
    incidents.log(incident, 'annotate', channel={'type': 'note', 'summary': content})
    announce_text(incidents, incident, 'annotated', note['id'], 'note', content=content)
    return incidents.store.add(f'/incidents/{incident["id"]}/notes', note)


def announce_text(
    incidents: Incidents, incident: Record, event: Any, text_id: Any, kind: str, **text: Any
) -> None:
    """Announce a note or a status update of an incident to webhooks."""
    facts = {'id': text_id, 'type': 'incident_' + kind, **text, 'trimmed': False}
    data = {'incident': reference(incident), **facts}
    incidents.announce('incident.' + event, incident, data)


@handles('POST /incidents/{id}/status_updates')
def add_status_update(call: Call) -> Record:
    incidents = incidents_for(call)
    incident = call.record(call.parent())
    message = text_in(call.body, 'message')
    incidents.log(incident, 'status_update', message=message)
    update_id = call.store.new_id()
    event = 'status_update_published'
    announce_text(incidents, incident, event, update_id, 'status_update', message=message)
    return {
        'id': update_id,
        'message': message,
        'created_at': call.clock.timestamp(),
        'sender': incidents.agent,
    }


@handles('POST /incidents/{id}/responder_requests')
def request_responders(call: Call) -> Record:
    incident = call.record(call.parent())
    requester = call.store.get('/users/{}'.format(call.body.get('requester_id')))
    if requester is None:
        raise invalid_input('requester_id must be the ID of a user')
    targets = [
        required_property(item, 'responder_request_target', 'responder_request_targets')
        for item in call.body['responder_request_targets']
    ]
    for target in targets:
        target_id = required_id(target, 'responder_request_target')
        found = call.store.find(target_id)
        if found is None or found.get('type') not in ('user', 'escalation_policy'):
            raise invalid_input(
                f'responder_request_targets: no user or escalation policy has ID {target_id}'
            )
    request = {
        'incident': reference(incident),
        'requester': reference(requester),
        'requested_at': call.clock.timestamp(),
        'message': call.body['message'],
        'responder_request_targets': [{'responder_request_target': t} for t in targets],
    }
    incident['responder_requests'].append(request)
    incidents = Incidents(call.account, reference(requester), {'type': 'api'})
    for target in targets:
        add_responder(incidents, incident, call.store.existing(target['id']), request)
    incidents.log(incident, 'responder_request')
    return request


def add_responder(incidents: Incidents, incident: Record, target: Record, request: Record) -> None:
    """Add a user, or those on call, to the responders of an incident, and announce the request."""
    kind, users, policies = target['type'], [target], []
    if kind == 'escalation_policy':
        users = users_on_call(incidents.store, target, 1, incidents.clock.now())
        policies = [target['name']]
    for user in users:
        others = [r for r in incident['incidents_responders'] if r['user']['id'] != user['id']]
        responder = {
            'state': 'pending',
            'user': reference(user),
            'incident': reference(incident),
            'updated_at': request['requested_at'],
            'message': request['message'],
            'requester': request['requester'],
            'requested_at': request['requested_at'],
            'escalation_policy_requests': policies,
        }
        incident['incidents_responders'] = [*others, responder]
    data = {
        'incident': reference(incident),
        'user': None,
        'escalation_policy': None,
        kind: reference(target),
        'message': request['message'],
        'state': 'pending',
        'type': 'incident_responder',
    }
    incidents.announce('incident.responder.added', incident, data)


@handles('PUT /incidents/{id}/alerts/{alert_id}')
def update_alert(call: Call) -> Record:
    incidents = incidents_for(call)
    alert = call.record()
    return change_alert(incidents, alert, call.content, incident_for(call, call.content))


@handles('PUT /incidents/{id}/alerts')
def update_alerts(call: Call) -> Body:
    incidents = incidents_for(call)
    # All records are looked up before anything changes.
    found = [
        (call.record(f'{call.path}/{required_id(item, "alerts")}'), item) for item in call.content
    ]
    updates = [(alert, item, incident_for(call, item)) for alert, item in found]
    return page_of(call, [change_alert(incidents, *update) for update in updates])


def incident_for(call: Call, given: Record) -> Record | None:
    """Return the incident that an update moves an alert to, if there is one."""
    target = given.get('incident')
    return call.referred(target, '/incidents') if target else None


def change_alert(
    incidents: Incidents, alert: Record, given: Record, incident: Record | None
) -> Record:
    if incident and incident['id'] != alert['incident']['id']:
        move_alert(incidents.store, alert, incident)
    if given.get('status') == 'resolved' and alert['status'] != 'resolved':
        incidents.resolve_alert(alert)
    return alert


def move_alert(store: Store, alert: Record, target: Record) -> None:
    """Move an alert to another incident."""
    store.remove(f'{alerts_path(alert["incident"])}/{alert["id"]}')
    alert['incident'] = reference(target)
    store.add(alerts_path(target), alert)


@handles('GET /notifications')
def list_notifications(call: Call) -> Body:
    """Return an empty list, because the sandbox notifies nobody."""
    searched_range(call, timedelta(), LONGEST_RANGE_OF_NOTIFICATIONS)
    return page_of(call, [])


@handles('GET /log_entries')
def list_log_entries(call: Call) -> Body:
    return newest_first(call, call.store.list('/log_entries'))


@handles('GET /incidents/{id}/log_entries')
def list_log_entries_of_incident(call: Call) -> Body:
    incident = call.record(call.parent())
    return newest_first(call, call.store.indexed('log_entries_by_incident', incident['id']))


def newest_first(call: Call, records: list[Record]) -> Body:
    return page_of(call, selected(records[::-1], call), derive=True)


def shown_channel(call: Call, entry: Record) -> Record:
    """Return the channel of a log entry; listings show all of it on request only."""
    channel: Record = entry['channel']
    is_requested = 'channels' in call.query.getlist('include[]')
    if is_requested or call.operation.wrapper not in ('log_entry', 'log_entries'):
        return channel
    return {name: channel[name] for name in ('type', 'summary') if name in channel}


KINDS['/log_entries'] = Kind(derived={'channel': shown_channel})


@handles('PUT /log_entries/{id}/channel')
def update_channel(call: Call) -> None:
    entry = call.record(call.parent())
    channel_type = entry['channel']['type']
    if call.content.get('type', channel_type) != channel_type:
        raise invalid_input(f"channel.type must be the present type, '{channel_type}'")
    entry['channel'].update(call.content)
    call.store.save(call.parent())
