"""Prometheus Alertmanager, as Debian has it, with the proxy in its configuration."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta, timezone

from operations import attempt, from_sandbox

PATIENCE = 60

with socket.socket() as unused:
    unused.bind(('127.0.0.1', 0))
    ADDRESS = '127.0.0.1:{}'.format(unused.getsockname()[1])

CONFIGURATION = {
    'route': {
        'receiver': 'pagerduty',
        'group_by': ['alertname'],
        'group_wait': '1ms',
        'group_interval': '1s',
    },
    'receivers': [
        {
            'name': 'pagerduty',
            'pagerduty_configs': [
                {
                    'routing_key': os.environ['PAGERDUTY_ROUTING_KEY'],
                    'http_config': {'proxy_url': os.environ['HTTPS_PROXY']},
                }
            ],
        }
    ],
}


def post_alert(ends_at):
    alert = {'labels': {'alertname': 'ServerOnFire', 'severity': 'critical'}}
    if ends_at:
        alert['endsAt'] = ends_at
    request = urllib.request.Request(
        f'http://{ADDRESS}/api/v2/alerts',
        json.dumps([alert]).encode(),
        {'Content-Type': 'application/json'},
    )
    urllib.request.urlopen(request, timeout=10).close()
    return True


def until(condition):
    """Wait for an effect of another process, and return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            result = condition()
        except OSError:
            result = None
        if result:
            return result
        time.sleep(0.05)
    return None


def incidents(status):
    return from_sandbox(f'/incidents?statuses[]={status}')['incidents']


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'alertmanager.yml')
    with open(path, 'w') as file:
        # JSON is YAML.
        json.dump(CONFIGURATION, file)
    command = [
        'prometheus-alertmanager',
        f'--config.file={path}',
        f'--storage.path={folder}',
        f'--web.listen-address={ADDRESS}',
        '--cluster.listen-address=',
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        attempt('it is ready', until, lambda: urllib.request.urlopen(f'http://{ADDRESS}/-/ready'))
        attempt('post an alert', post_alert, None)
        attempt('an incident is open', until, lambda: incidents('triggered'))
        past = datetime.now(timezone.utc) - timedelta(seconds=1)
        attempt('end the alert', post_alert, past.isoformat())
        attempt('the incident is resolved', until, lambda: incidents('resolved'))
    finally:
        process.terminate()
        process.wait()
