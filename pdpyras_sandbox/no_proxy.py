"""Direct access to a sandbox in an environment that uses a proxy."""

from __future__ import annotations

import os
import urllib.request
from typing import Callable

VARIABLES = ('no_proxy', 'NO_PROXY')


def reach_directly(host: str) -> Callable[[], None]:
    """Add a host to ``no_proxy`` for this process and its children.

    Does nothing if the environment has no proxy: with ``no_proxy``, clients would ignore the
    settings of macOS or Windows.

    :returns: a function that removes the host again.
    """
    if not set(urllib.request.getproxies_environment()) - {'no'}:
        return lambda: None
    names = [name for name in VARIABLES if name in os.environ] or VARIABLES[:1]
    for name in names:
        os.environ[name] = ','.join([*filter(None, [os.environ.get(name)]), host])

    def undo() -> None:
        for name in names:
            hosts = os.environ.get(name, '').split(',')
            if host in hosts:
                # Only one: another sandbox may have added the same host.
                hosts.remove(host)
            if hosts:
                os.environ[name] = ','.join(hosts)
            else:
                os.environ.pop(name, None)

    return undo
