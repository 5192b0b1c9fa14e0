"""List the triggered incidents, with PagerDuty's own client."""

import os
import sys

import pagerduty

try:
    with pagerduty.RestApiV2Client(os.environ['PAGERDUTY_API_KEY']) as client:
        for incident in client.iter_all('incidents', params={'statuses': ['triggered']}):
            print(incident['incident_number'], incident['title'])
except pagerduty.HttpError as error:
    sys.exit(f'PagerDuty responded with status {error.response.status_code}.')
except pagerduty.Error as error:
    sys.exit(f'PagerDuty cannot be reached: {error}')
