"""pagerduty-cli: a command line for Node.js. Takes the commands of Node.js and of the program."""

import os
import sys
import tempfile

from operations import attempt, command, from_sandbox

PD = sys.argv[1:]
KEY = os.environ['PAGERDUTY_USER_KEY']
EMAIL = os.environ['PAGERDUTY_EMAIL']

folder = tempfile.TemporaryDirectory()
environment = {**os.environ, 'HOME': folder.name, 'XDG_CONFIG_HOME': folder.name}


def pd(*arguments, shows=''):
    return command(*PD, *arguments, shows=shows, env=environment)


def incident():
    return from_sandbox('/incidents')['incidents'][0]


attempt('auth add', pd, 'auth', 'add', '-t', KEY, '-d')
attempt('auth list', pd, 'auth', 'list', shows='sandbox')
attempt('user list', pd, 'user', 'list', '--json', shows=EMAIL)
attempt('user create', pd, 'user', 'create', '-n', 'Newcomer', '-e', 'newcomer@example.com')
attempt('the user is there', lambda: len(from_sandbox('/users')['users']) == 2)
attempt('team create', pd, 'team', 'create', '-n', 'Platform')
attempt('team list', pd, 'team', 'list', '--json', shows='Platform')
attempt('service list', pd, 'service', 'list', '--json', shows='Web Shop')
attempt('ep list', pd, 'ep', 'list', '--json', shows='escalation_policy')
attempt('rest get', pd, 'rest', 'get', '-e', '/users', shows=EMAIL)
attempt('rest fetch', pd, 'rest', 'fetch', '-e', '/services', shows='Web Shop')
attempt('incident create', pd, 'incident', 'create', '-t', 'Fire', '-S', 'Web Shop', '-F', EMAIL)
attempt('the incident is open', lambda: incident()['status'] == 'triggered')
attempt('incident list', pd, 'incident', 'list', '--json', shows='Fire')
number = incident()['id']
attempt('incident ack', pd, 'incident', 'ack', '-i', number, '-F', EMAIL)
attempt('the incident is acknowledged', lambda: incident()['status'] == 'acknowledged')
attempt('incident notes', pd, 'incident', 'notes', '-i', number, '-n', 'Water is on its way')
attempt('incident log', pd, 'incident', 'log', '-i', number, '--json')
attempt('incident resolve', pd, 'incident', 'resolve', '-i', number, '-F', EMAIL)
attempt(
    'the incident is resolved',
    lambda: from_sandbox('/incidents/' + number)['incident']['status'] == 'resolved',
)
event = ['-r', os.environ['PAGERDUTY_ROUTING_KEY'], '--summary', 'Again', '--source', 'cellar']
attempt('event alert', pd, 'event', 'alert', '-d', 'key', *event)
folder.cleanup()
