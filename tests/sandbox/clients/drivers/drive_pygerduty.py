"""pygerduty: an older client, on urllib."""

import os

from operations import attempt
from pygerduty.events import Events
from pygerduty.v2 import PagerDuty

pager = PagerDuty(os.environ['PAGERDUTY_API_KEY'])
email = os.environ['PAGERDUTY_EMAIL']

attempt('list users', lambda: len(list(pager.users.list())) == 1)
user = attempt(
    'create a user',
    lambda: pager.users.create(name='Newcomer', email='newcomer@example.com', type='user'),
)
attempt('show a user', lambda: pager.users.show(user.id).email == 'newcomer@example.com')
attempt('find users', lambda: list(pager.users.list(query='newcomer')))
attempt(
    'update a user',
    lambda: pager.users.update(user.id, name='Old Hand', email='newcomer@example.com', type='user'),
)
attempt('delete a user', lambda: pager.users.delete(user.id) or True)
attempt('list services', lambda: list(pager.services.list()))
attempt('list escalation policies', lambda: list(pager.escalation_policies.list()))
attempt('list schedules', lambda: list(pager.schedules.list()) is not None)
attempt('list teams', lambda: list(pager.teams.list()) is not None)
attempt('list maintenance windows', lambda: list(pager.maintenance_windows.list()) is not None)
attempt('list on-calls', lambda: list(pager.oncalls.list()))

events = Events(os.environ['PAGERDUTY_ROUTING_KEY'])
key = attempt('trigger by the Events API', events.trigger_incident, 'The server is on fire')
attempt('acknowledge by the Events API', lambda: events.acknowledge_incident(key) or True)
incident = attempt('list incidents', lambda: next(iter(pager.incidents.list())))
attempt('show an incident', lambda: pager.incidents.show(incident.id).status == 'acknowledged')
attempt('count incidents', lambda: pager.incidents.count())
attempt('acknowledge an incident', lambda: incident.acknowledge(requester=email) or True)
attempt(
    'create a note',
    lambda: incident.notes.create(requester_id=email, content='Water is on its way') or True,
)
attempt('list notes', lambda: list(incident.notes.list()))
attempt('list log entries of an incident', lambda: list(incident.log_entries.list()))
attempt('list log entries', lambda: list(pager.log_entries.list()))
attempt('snooze an incident', lambda: incident.snooze(email, 3600))
attempt('resolve an incident', lambda: incident.resolve(requester=email) or True)
attempt('the incident is resolved', lambda: pager.incidents.show(incident.id).status == 'resolved')
