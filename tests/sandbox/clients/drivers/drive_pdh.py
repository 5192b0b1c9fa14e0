"""pdh: a command line, on PagerDuty's own client."""

import json
import os
import sys
import tempfile

from operations import attempt, command, from_sandbox

PDH = os.path.join(os.path.dirname(sys.executable), 'pdh')
user = from_sandbox('/users/me')['user']


def trigger(title):
    import urllib.request

    payload = {'summary': title, 'source': 'cellar', 'severity': 'critical'}
    event = {
        'routing_key': os.environ['PAGERDUTY_ROUTING_KEY'],
        'event_action': 'trigger',
        'payload': payload,
    }
    url = os.environ['PAGERDUTY_SANDBOX_URL'] + '/v2/enqueue'
    urllib.request.urlopen(url, json.dumps(event).encode(), timeout=10).close()
    return max(from_sandbox('/incidents')['incidents'], key=lambda i: i['incident_number'])['id']


def status(incident):
    return from_sandbox(f'/incidents/{incident}')['incident']['status']


with tempfile.TemporaryDirectory() as folder:
    config = os.path.join(folder, 'pdh.yaml')
    with open(config, 'w') as file:
        # JSON is YAML.
        json.dump(
            {
                'apikey': os.environ['PAGERDUTY_USER_KEY'],
                'email': user['email'],
                'uid': user['id'],
            },
            file,
        )

    def pdh(topic, *arguments, shows=''):
        return command(PDH, topic, '-c', config, *arguments, shows=shows)

    incident = trigger('The server is on fire')
    attempt('inc ls', pdh, 'inc', 'ls', '-e', '-o', 'json', shows=incident)
    attempt('inc ack', pdh, 'inc', 'ack', incident)
    attempt('the incident is acknowledged', lambda: status(incident) == 'acknowledged')
    attempt('inc snooze', pdh, 'inc', 'snooze', '-d', '3600', incident)
    attempt('inc resolve', pdh, 'inc', 'resolve', incident)
    attempt('the incident is resolved', lambda: status(incident) == 'resolved')
    attempt('svc ls', pdh, 'svc', 'ls', '-o', 'json', shows='Web Shop')
    attempt('user ls', pdh, 'user', 'ls', '-o', 'json', shows=user['id'])
    attempt('user get', pdh, 'user', 'get', '-o', 'json', user['id'], shows=user['id'])
    attempt('teams ls', pdh, 'teams', 'ls', '-o', 'json')
