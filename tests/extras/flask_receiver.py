"""Receive PagerDuty webhooks in Flask.

PAGERDUTY_WEBHOOK_SECRET holds the secret of the webhook subscription.
"""

import os

from flask import Flask, abort, request

from pdpyras_extras.webhooks import SIGNATURE_HEADER, verify_signature

app = Flask(__name__)


@app.post('/pagerduty')
def receive():
    secret = os.environ.get('PAGERDUTY_WEBHOOK_SECRET', '')
    if not verify_signature(request.get_data(), request.headers.get(SIGNATURE_HEADER), secret):
        abort(401)
    event = request.get_json()['event']
    app.logger.warning('%s: %s', event['event_type'], event['data'].get('title'))
    return '', 202
