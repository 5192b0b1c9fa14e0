"""pagerduty 7.2, PagerDuty's own client for Python."""

import os

import pagerduty
from operations import attempt

client = pagerduty.RestApiV2Client(
    os.environ['PAGERDUTY_API_KEY'], default_from=os.environ['PAGERDUTY_EMAIL']
)
by_user = pagerduty.RestApiV2Client(os.environ['PAGERDUTY_USER_KEY'])
by_token = pagerduty.RestApiV2Client(os.environ['PAGERDUTY_OAUTH_TOKEN'], auth_type='bearer')
events = pagerduty.EventsApiV2Client(os.environ['PAGERDUTY_ROUTING_KEY'])

NEWCOMER = {'type': 'user', 'name': 'Newcomer', 'email': 'newcomer@example.com'}

attempt('rget users/me by user key', by_user.rget, 'users/me')
attempt('rget users/me by OAuth token', by_token.rget, 'users/me')
attempt('subdomain', lambda: client.subdomain == 'sandbox')
attempt('account has an ability', lambda: client.list_all('abilities') or client.rget('abilities'))
attempt('rpost users', client.rpost, 'users', json=NEWCOMER)
attempt('list_all users', lambda: len(client.list_all('users')) == 2)
attempt('iter_all with a page size', lambda: len(list(client.iter_all('users', page_size=1))) == 2)
user = attempt('find by email', client.find, 'users', NEWCOMER['email'], attribute='email')
attempt(
    'persist with update',
    lambda: client.persist('users', 'email', dict(NEWCOMER, job_title='Engineer'), update=True)[
        'job_title'
    ],
)
attempt('rput a user', lambda: client.rput(user, json=dict(user, name='Old Hand'))['name'])
attempt('jget a user', lambda: client.jget('users/' + user['id'])['user'])
attempt('rdelete a user', lambda: client.rdelete(user) or True)
service = attempt('find a service', client.find, 'services', 'Web Shop')
attempt('list_all escalation policies', lambda: client.list_all('escalation_policies'))
attempt('list_all oncalls', lambda: client.list_all('oncalls', params={'earliest': 'true'}))
key = attempt('trigger', events.trigger, 'The server is on fire', 'dusty.example.com')
incidents = attempt(
    'list_all incidents by key', lambda: client.list_all('incidents', params={'incident_key': key})
)
attempt('acknowledge', events.acknowledge, key)
attempt('rget an incident', lambda: client.rget(incidents[0])['status'] == 'acknowledged')
attempt(
    'rput incidents',
    lambda: (
        client.rput(
            'incidents',
            json=[{'type': 'incident_reference', 'id': incidents[0]['id'], 'status': 'resolved'}],
        )[0]['status']
        == 'resolved'
    ),
)
attempt('resolve', events.resolve, key)
attempt('submit a change without a time', lambda: events.submit('Deployed', source='ci') or True)
attempt(
    'submit a change with a time',
    lambda: events.submit('Deployed', source='ci', timestamp='2026-01-01T00:00:00Z') or True,
)
attempt('list_all log entries', lambda: client.list_all('log_entries'))
attempt('iter_cursor audit records', lambda: list(client.iter_cursor('audit/records')))
