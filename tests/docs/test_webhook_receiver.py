import threading

import pytest
from flask import Flask, abort, request
from werkzeug.serving import make_server

from pdpyras_extras.webhooks import verify_signature

app = Flask(__name__)
secrets, titles = [], []


@app.post('/pagerduty')
def receive():
    signature = request.headers.get('X-PagerDuty-Signature')
    if not verify_signature(request.get_data(), signature, secrets):
        abort(403)
    titles.append(request.json['event']['data']['title'])
    return '', 202


@pytest.fixture
def receiver():
    with make_server('127.0.0.1', 0, app) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield 'http://127.0.0.1:{}/pagerduty'.format(server.port)
        server.shutdown()
        thread.join()


def test_triggered_incidents_are_received(pagerduty, receiver):
    webhook = pagerduty.session().rpost(
        'webhook_subscriptions',
        json={
            'type': 'webhook_subscription',
            'delivery_method': {'type': 'http_delivery_method', 'url': receiver},
            'events': ['incident.triggered'],
            'filter': {'type': 'account_reference'},
        },
    )
    secrets.append(webhook['delivery_method']['secret'])

    pagerduty.events().trigger('The oven is cold', 'oven-1')
    pagerduty.webhooks.wait()

    assert titles == ['The oven is cold']
    assert [delivery['status'] for delivery in pagerduty.webhooks.deliveries] == ['delivered']
