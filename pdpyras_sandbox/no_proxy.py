"""Reach a sandbox directly where clients use a proxy for everything else."""

import os
import urllib.request
from typing import Callable

VARIABLES = ('no_proxy', 'NO_PROXY')


def reach_directly(host: str) -> Callable[[], None]:
    """Add a host to those that this process and its children reach without a proxy.

    Changes nothing if the environment has no proxy: with ``no_proxy``, clients would not look at
    the settings of macOS or Windows.

    :returns: a function that takes the host out again.
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
                # Another sandbox may have added it, too.
                hosts.reverse()
                hosts.remove(host)
                hosts.reverse()
            if hosts:
                os.environ[name] = ','.join(hosts)
            else:
                os.environ.pop(name, None)

    return undo
