"""Acknowledge all triggered incidents of a service.

python acknowledge_service.py "Web Shop"
"""

import os
import sys

import pdpyras

session = pdpyras.APISession(
    os.environ['PAGERDUTY_API_KEY'], default_from=os.environ['PAGERDUTY_EMAIL']
)
service = session.find('services', sys.argv[1])
if service is None:
    sys.exit(f'There is no service {sys.argv[1]!r}.')

# List everything first, because a changed incident drops out of the listing.
triggered = session.list_all(
    'incidents',
    params={'service_ids': [service['id']], 'statuses': ['triggered'], 'date_range': 'all'},
)
updated, failed = session.update_all(
    'incidents',
    [
        {'id': incident['id'], 'type': 'incident_reference', 'status': 'acknowledged'}
        for incident in triggered
    ],
)
print(f'Incidents acknowledged: {len(updated)} of {len(triggered)}')
for incident, error in failed:
    print(f'{incident["id"]}: {error}', file=sys.stderr)
sys.exit(1 if failed else 0)
