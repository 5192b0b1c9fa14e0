"""Protection from web pages.

The sandbox has no login. A script of any website, run by a browser on the same machine, could read
the sandbox's keys through a host name that resolves to a loopback address (DNS rebinding), or reset
the account with a cross-site request. The headers Host and Origin, which a script cannot forge,
reveal both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pdpyras_sandbox.hosts import API_HOSTS, is_address, is_loopback, normalized

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = re.compile(r'(\[[0-9a-f:.]+\]|[^\s:@/\[\]]+)(:\d*)?', re.IGNORECASE)
#: The sandbox's own pages and control API, which PagerDuty does not have and no key protects.
SANDBOX_PATHS = ('/', '/_sandbox', '/favicon.ico')


def is_sandbox_path(path: str) -> bool:
    return path in SANDBOX_PATHS or path.startswith('/_sandbox/')


class Access:
    """Decides which requests are allowed.

    :param host: the address or name that the sandbox listens on.
    :param names: other names that it is called by.
    """

    def __init__(self, host: str, names: Iterable[str] = ()) -> None:
        # Requests that are redirected from PagerDuty keep PagerDuty's host names.
        self.names = {*API_HOSTS, 'localhost', *map(normalized, (host, *names))}
        #: In a container network, clients call the sandbox by a name without a dot. The names of
        #: websites contain one.
        self.accepts_short_names = not is_loopback(host)

    def problem(self, environ: WSGIEnvironment) -> str | None:
        """Return the reason why a request is rejected, or None if it is allowed."""
        host = environ.get('HTTP_HOST')
        if host is not None and not self.is_trusted(host):
            return (
                f'{host!r} is not a name of this sandbox. Call it by its address, such as '
                '127.0.0.1, or as localhost, or start it with --name and this name'
            )
        origin = environ.get('HTTP_ORIGIN')
        if (
            origin is not None
            and is_sandbox_path(environ['PATH_INFO'])
            and not is_same(origin, host)
        ):
            return f'{origin!r} is another website, which may not control this sandbox'
        return None

    def is_trusted(self, host: str) -> bool:
        name = name_in(host)
        if name is None:
            return False
        if name in self.names or name.endswith('.localhost') or is_address(name):
            return True
        return self.accepts_short_names and '.' not in name


def name_in(host: str) -> str | None:
    """Return the name or address in a Host header, without the port; None if it is malformed."""
    match = HOST.fullmatch(host)
    return match and normalized(match.group(1).strip('[]'))


def is_same(origin: str, host: str | None) -> bool:
    """Return whether an origin has the host of the request.

    Its scheme is not compared: behind a TLS proxy, the sandbox does not know it.
    """
    try:
        return urlsplit(origin).netloc.lower() == (host or '').lower() != ''
    except ValueError:
        return False
