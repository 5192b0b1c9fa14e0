"""List the services with their escalation policies, from a cache of at most 5 minutes."""

import os

import requests_cache

import pdpyras


class CachedSession(requests_cache.CacheMixin, pdpyras.APISession):
    """An APISession that keeps responses in pagerduty.sqlite."""


# Pass the key by keyword: the first positional argument is the name of the cache file.
session = CachedSession(
    api_key=os.environ['PAGERDUTY_API_KEY'], cache_name='pagerduty', expire_after=300
)
for service in session.iter_all('services', params={'include': ['escalation_policies']}):
    print(service['name'], '-', service['escalation_policy']['name'])
