"""Resolve the open incidents with low urgency; without --yes, only show what would be sent."""

import io
import os
import sys

import requests
from requests.adapters import HTTPAdapter

import pdpyras


class DryRun(HTTPAdapter):
    """Sends GET requests; prints all others, and returns their own body as the response."""

    def send(self, request, **options):
        if request.method == 'GET':
            return super().send(request, **options)
        body = request.body or b''
        body = body.encode() if isinstance(body, str) else body
        print(request.method, request.path_url, body.decode())
        response = requests.Response()
        response.status_code = 200 if body else 204
        response.url, response.request = request.url, request
        response.raw = io.BytesIO(body)
        return response


session = pdpyras.APISession(
    os.environ['PAGERDUTY_API_KEY'], default_from=os.environ['PAGERDUTY_EMAIL']
)
if '--yes' not in sys.argv:
    session.mount('https://', DryRun())

open_incidents = session.list_all(
    'incidents',
    params={
        'statuses': ['triggered', 'acknowledged'],
        'urgencies': ['low'],
        'date_range': 'all',
    },
)
for incident in open_incidents:
    session.rput(incident, json={'type': 'incident_reference', 'status': 'resolved'})
print(f'Open incidents: {len(open_incidents)}')
