"""Print who is on call for a service right now.

python who_is_on_call.py "Web Shop"
"""

import os
import sys

import pdpyras

session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
service = session.find('services', sys.argv[1])
if service is None:
    sys.exit(f'There is no service {sys.argv[1]!r}.')
for user in session.on_call(service=service):
    print(user['name'], user['email'])
