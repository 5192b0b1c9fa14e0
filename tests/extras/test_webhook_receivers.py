"""The webhook receivers in the documentation, run as servers."""

import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import pdpyras_extras

HERE = Path(__file__).resolve().parent
SECRET = 'the-secret-of-the-subscription'
COMMANDS = {
    'flask': ['flask', '--app', 'flask_receiver', 'run', '--port'],
    'fastapi': ['uvicorn', 'fastapi_receiver:app', '--port'],
}
EVENT = {
    'event': {
        'event_type': 'incident.triggered',
        'resource_type': 'incident',
        'data': {'type': 'incident', 'title': 'Größte Störung 🔥'},
    }
}


class Receiver:
    """A receiver in its own process, and its output."""

    def __init__(self, framework, secret, port):
        pytest.importorskip(COMMANDS[framework][0])
        pytest.importorskip(framework)
        environment = dict(os.environ, PAGERDUTY_WEBHOOK_SECRET=secret, PYTHONUTF8='1')
        environment['PYTHONPATH'] = str(Path(pdpyras_extras.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, '-m'] + COMMANDS[framework] + [str(port)],
            cwd=str(HERE),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding='utf-8',
        )
        self.output = ''
        self.url = self._read_until(r'(http://127.0.0.1:\d+)') + '/pagerduty'

    def _read_until(self, pattern):
        for line in self._process.stdout:
            self.output += line
            found = re.search(pattern, line)
            if found:
                return found.group(1)
        raise AssertionError('the receiver ended: ' + self.output)

    def post(self, body, **headers):
        headers = dict({'Content-Type': 'application/json'}, **headers)
        return requests.post(self.url, data=body, headers=headers, timeout=30)

    def stop(self):
        """End the process and return its output."""
        self._process.terminate()
        self.output += self._process.stdout.read()
        self._process.wait(30)
        return self.output

    def close(self):
        self._process.stdout.close()


@pytest.fixture
def start():
    receivers = []

    def start(framework, secret=SECRET, port=0):
        receivers.append(Receiver(framework, secret, port))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.stop()
        receiver.close()


def signature(body, secret=SECRET):
    return 'v1=' + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize('framework', sorted(COMMANDS))
def test_receiver_accepts_signed_deliveries_only(start, framework):
    receiver = start(framework)
    body = json.dumps(EVENT, indent=1, ensure_ascii=False).encode()
    signed = {'X-PagerDuty-Signature': 'v1=00,' + signature(body)}

    assert receiver.post(body, **signed).status_code == 202
    assert receiver.post(body + b' ', **signed).status_code == 401
    assert receiver.post(body).status_code == 401
    assert receiver.post(b'\xff', **{'X-PagerDuty-Signature': '\xe9'}).status_code == 401
    assert receiver.stop().count('incident.triggered: Größte Störung 🔥') == 1


@pytest.mark.parametrize('framework', sorted(COMMANDS))
def test_receiver_without_a_secret_rejects_everything_with_the_reason(start, framework):
    receiver = start(framework, secret='')
    body = json.dumps(EVENT).encode()
    forged = {'X-PagerDuty-Signature': signature(body, secret='')}

    assert receiver.post(body, **forged).status_code == 500
    assert 'A webhook secret is missing or empty' in receiver.stop()


def subscribe(sandbox, url):
    """Subscribe to the webhooks of a sandbox; return the secret that signs them."""
    subscription = {
        'type': 'webhook_subscription',
        'delivery_method': {'type': 'http_delivery_method', 'url': url},
        'events': ['incident.triggered', 'incident.resolved'],
        'filter': {'type': 'account_reference'},
    }
    created = sandbox.session().rpost('webhook_subscriptions', json=subscription)
    return created['delivery_method']['secret']


@pytest.mark.parametrize('framework', sorted(COMMANDS))
def test_receiver_accepts_the_deliveries_of_a_sandbox(start, pagerduty, framework):
    # The secret is known only after the subscription, which needs the URL of the receiver.
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    secret = subscribe(pagerduty, 'http://127.0.0.1:{}/pagerduty'.format(port))
    receiver = start(framework, secret, port)

    key = pagerduty.events().trigger('Größte Störung 🔥', 'oven-1')
    pagerduty.events().resolve(key)
    pagerduty.webhooks.wait()

    assert [sent['status'] for sent in pagerduty.webhooks.deliveries] == 2 * ['delivered']
    output = receiver.stop()
    assert output.index('incident.triggered: Größte Störung 🔥') < output.index('incident.resolved')


@pytest.mark.parametrize('framework', sorted(COMMANDS))
def test_receiver_with_another_secret_rejects_the_deliveries_of_a_sandbox(
    start, pagerduty, framework
):
    receiver = start(framework)
    subscribe(pagerduty, receiver.url)
    pagerduty.events().trigger('The oven is cold', 'oven-1')
    pagerduty.webhooks.wait()
    assert [sent['status'] for sent in pagerduty.webhooks.deliveries] == ['dropped']
    assert 'incident.triggered' not in receiver.stop()
