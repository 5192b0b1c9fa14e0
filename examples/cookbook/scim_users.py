"""List the users that your identity provider has provisioned, with PagerDuty's SCIM API."""

import os

import pdpyras

session = pdpyras.APISession(
    os.environ['PAGERDUTY_API_KEY'], base_url='https://api.pagerduty.com/scim/v2'
)
session.headers['Accept'] = 'application/scim+json'

start = 1
while True:
    # SCIM has its own pagination, so iter_all does not apply.
    page = session.jget('Users', params={'startIndex': start, 'count': 100})
    for user in page['Resources']:
        print(user['userName'], user['displayName'])
    start += len(page['Resources'])
    if not page['Resources'] or start > page['totalResults']:
        break
