"""Trigger an alert, and print the link to its incident."""

import os
import sys
import time

import pdpyras


def find_incident(session, dedup_key, attempts=10):
    """Return the open incident of an alert, or None."""
    # Filter by statuses: resolved incidents may have had the same key.
    params = {'incident_key': dedup_key, 'statuses': ['triggered', 'acknowledged']}
    for _ in range(attempts):
        incidents = session.rget('incidents', params=params)
        if incidents:
            return incidents[0]
        time.sleep(1)
    return None


events = pdpyras.EventsAPISession(os.environ['PAGERDUTY_ROUTING_KEY'])
session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])

dedup_key = events.trigger('The oven is cold', 'oven-1')
incident = find_incident(session, dedup_key)
if incident is None:
    sys.exit(f'There is no incident for {dedup_key} yet. Is the alert suppressed?')
print(incident['html_url'])
