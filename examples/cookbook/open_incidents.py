"""List the triggered incidents, with pdpyras."""

import os
import sys

import pdpyras

try:
    with pdpyras.APISession(os.environ['PAGERDUTY_API_KEY']) as session:
        for incident in session.iter_all('incidents', params={'statuses': ['triggered']}):
            print(incident['incident_number'], incident['title'])
except pdpyras.PDHTTPError as error:
    sys.exit(f'PagerDuty responded with status {error.response.status_code}.')
except pdpyras.PDClientError as error:
    sys.exit(f'PagerDuty cannot be reached: {error}')
