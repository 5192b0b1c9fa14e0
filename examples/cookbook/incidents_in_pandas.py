"""Show how long it took to resolve incidents, by service, over the last 365 days."""

import os
from datetime import datetime, timedelta, timezone

import pandas

import pdpyras

session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
until = datetime.now(timezone.utc)
resolved = session.iter_history(
    'incidents', until - timedelta(days=365), until, params={'statuses': ['resolved']}
)

incidents = pandas.json_normalize(list(resolved))
if incidents.empty:
    raise SystemExit('No incident was resolved.')
created, ended = (pandas.to_datetime(incidents[name]) for name in ('created_at', 'resolved_at'))
incidents['minutes'] = (ended - created).dt.total_seconds() / 60
print(incidents.groupby('service.summary')['minutes'].agg(['count', 'median', 'max']))
