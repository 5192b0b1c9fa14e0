"""List the users who can only be reached by e-mail. Sends one request per user."""

import os

import pdpyras

session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
# Leave 50 requests per minute for other programs that use this key, on any host.
session.spare_requests = 50

for user in session.iter_all('users'):
    methods = session.rget(f'users/{user["id"]}/contact_methods')
    if {method['type'] for method in methods} <= {'email_contact_method'}:
        print(user['email'])
