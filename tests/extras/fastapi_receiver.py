"""Receive PagerDuty webhooks in FastAPI.

PAGERDUTY_WEBHOOK_SECRET holds the secret of the webhook subscription.
"""

import json
import logging
import os

from fastapi import FastAPI, HTTPException, Request

from pdpyras_extras.webhooks import SIGNATURE_HEADER, verify_signature

app = FastAPI()
log = logging.getLogger(__name__)


@app.post('/pagerduty', status_code=202)
async def receive(request: Request):
    secret = os.environ.get('PAGERDUTY_WEBHOOK_SECRET', '')
    body = await request.body()
    if not verify_signature(body, request.headers.get(SIGNATURE_HEADER), secret):
        raise HTTPException(401)
    event = json.loads(body)['event']
    log.warning('%s: %s', event['event_type'], event['data'].get('title'))
