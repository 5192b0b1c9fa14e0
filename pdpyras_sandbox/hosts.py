"""The host names of PagerDuty, and other kinds of hosts."""

from __future__ import annotations

import ipaddress

#: The hosts of PagerDuty's REST API, Events API and OAuth server, of both service regions:
#: https://support.pagerduty.com/main/docs/service-regions
API_HOSTS = (
    'api.pagerduty.com',
    'api.eu.pagerduty.com',
    'events.pagerduty.com',
    'events.eu.pagerduty.com',
    'identity.pagerduty.com',
)


def normalized(host: str | bytes) -> str:
    """Return a host name in lower case, without a final dot."""
    if isinstance(host, bytes):
        host = host.decode('ascii', 'replace')
    return host.lower().rstrip('.')


def is_pagerduty(host: str | bytes) -> bool:
    """Return whether a host is ``pagerduty.com`` or a subdomain."""
    return ('.' + normalized(host)).endswith('.pagerduty.com')


def is_address(name: str) -> bool:
    """Return whether a host is an IP address, which DNS rebinding cannot affect."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    return host == 'localhost' or (is_address(host) and ipaddress.ip_address(host).is_loopback)
