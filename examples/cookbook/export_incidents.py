"""Export the incidents of the last 365 days to incidents.csv."""

import csv
import os
from datetime import datetime, timedelta, timezone

import pdpyras

session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
until = datetime.now(timezone.utc)
since = until - timedelta(days=365)

with open('incidents.csv', 'w', newline='', encoding='utf-8') as file:
    writer = csv.writer(file)
    writer.writerow(['number', 'title', 'service', 'urgency', 'status', 'created', 'resolved'])
    for incident in session.iter_history('incidents', since, until, progress=True):
        writer.writerow(
            [
                incident['incident_number'],
                incident['title'],
                incident['service']['summary'],
                incident['urgency'],
                incident['status'],
                incident['created_at'],
                incident['resolved_at'],
            ]
        )
