"""pdpyras 5.4.1, the last version of the original project."""

import os
import warnings

from operations import attempt

with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    import pdpyras

assert pdpyras.__version__ == '5.4.1'

session = pdpyras.APISession(
    os.environ['PAGERDUTY_API_KEY'], default_from=os.environ['PAGERDUTY_EMAIL']
)
by_token = pdpyras.APISession(os.environ['PAGERDUTY_OAUTH_TOKEN'], auth_type='bearer')
by_user = pdpyras.APISession(os.environ['PAGERDUTY_USER_KEY'])
events = pdpyras.EventsAPISession(os.environ['PAGERDUTY_ROUTING_KEY'])
changes = pdpyras.ChangeEventsAPISession(os.environ['PAGERDUTY_ROUTING_KEY'])

NEWCOMER = {'type': 'user', 'name': 'Newcomer', 'email': 'newcomer@example.com'}

attempt('rget users/me by user key', by_user.rget, 'users/me')
attempt('rget users/me by OAuth token', by_token.rget, 'users/me')
attempt('subdomain', lambda: session.subdomain == 'sandbox')
attempt('rpost users', session.rpost, 'users', json=NEWCOMER)
attempt('list_all users', lambda: len(session.list_all('users')) == 2)
attempt('list_all with total', lambda: len(session.list_all('users', total=True)) == 2)
attempt('iter_all with a page size', lambda: len(list(session.iter_all('users', page_size=1))) == 2)
user = attempt('find by email', session.find, 'users', NEWCOMER['email'], attribute='email')
attempt(
    'persist with update',
    lambda: session.persist('users', 'email', dict(NEWCOMER, job_title='Engineer'), update=True)[
        'job_title'
    ],
)
attempt('rput a user', lambda: session.rput(user, json=dict(user, name='Old Hand'))['name'])
attempt('dict_all by name', lambda: 'Old Hand' in session.dict_all('users', by='name'))
attempt('rdelete a user', lambda: session.rdelete(user) or True)
attempt(
    'rget a deleted user',
    lambda: session.get('users/' + user['id']).status_code == 404,
)
team = attempt('rpost teams', session.rpost, 'teams', json={'type': 'team', 'name': 'Platform'})
owner = session.find('users', os.environ['PAGERDUTY_EMAIL'], attribute='email')
member = 'teams/{}/users/{}'.format(team['id'], owner['id'])
attempt('put a team member', lambda: session.put(member, json={'role': 'manager'}).ok)
attempt('list_all team members', lambda: session.list_all('teams/{}/members'.format(team['id'])))
service = attempt('find a service', session.find, 'services', 'Web Shop')
attempt('rget a service with include', session.rget, service, params={'include[]': ['teams']})
attempt('list_all escalation policies', lambda: session.list_all('escalation_policies'))
attempt('list_all oncalls', lambda: session.list_all('oncalls', params={'earliest': 'true'}))
attempt('list_all vendors', lambda: session.list_all('vendors'))
attempt('list_all priorities', lambda: session.list_all('priorities'))

key = attempt('trigger', events.trigger, 'The server is on fire', 'dusty.example.com')
incidents = attempt(
    'list_all incidents by key', lambda: session.list_all('incidents', params={'incident_key': key})
)
reference = {'type': 'incident_reference', 'id': incidents[0]['id']}
attempt('acknowledge', events.acknowledge, key)
attempt('rget an incident', lambda: session.rget(incidents[0])['status'] == 'acknowledged')
attempt(
    'post a note',
    session.rpost,
    'incidents/{}/notes'.format(reference['id']),
    json={'content': 'Water is on its way'},
)
attempt('list_all log entries', lambda: session.list_all('log_entries'))
attempt('list_all alerts', lambda: session.list_all('incidents/{}/alerts'.format(reference['id'])))
attempt(
    'rput incidents',
    lambda: (
        session.rput('incidents', json=[dict(reference, status='resolved')])[0]['status']
        == 'resolved'
    ),
)
attempt('resolve', events.resolve, key)
attempt('submit a change', lambda: changes.submit('Deployed', source='ci') or True)
attempt('list_all change events', lambda: session.list_all('change_events'))
attempt('iter_cursor audit records', lambda: list(session.iter_cursor('audit/records')))
