"""A local sandbox of PagerDuty, to try and test programs.

>>> from pdpyras_sandbox import Sandbox
>>> with Sandbox() as sandbox:
...     print(sandbox.url, sandbox.api_key, sandbox.routing_key)

From a shell: ``python -m pdpyras_sandbox``. In tests: the pytest fixture ``pagerduty``.

This file runs on every Python that pdpyras supports and imports nothing heavy: pytest loads the
plugin, and with it this package, in every test run.
"""

import sys
from typing import TYPE_CHECKING, Any, Optional, Tuple

#: The oldest Python that the sandbox runs on; the library itself runs on older ones.
MINIMUM_PYTHON = (3, 9)

__all__ = ['MINIMUM_PYTHON', 'PagerDuty', 'Sandbox', 'why_not_here']


def why_not_here(version: Tuple[Any, ...] = sys.version_info) -> Optional[str]:
    """Return the reason why the sandbox can't run on this Python, or None if it can."""
    if tuple(version[:2]) >= MINIMUM_PYTHON:
        return None
    return 'pdpyras_sandbox needs Python {}.{} or newer, and this is Python {}.{}'.format(
        *(MINIMUM_PYTHON + tuple(version[:2]))
    )


if TYPE_CHECKING:
    from pdpyras_sandbox.convenience import PagerDuty
    from pdpyras_sandbox.server import Sandbox
elif why_not_here():

    class Sandbox:
        def __init__(self, **options):
            raise RuntimeError(why_not_here())

    PagerDuty = Sandbox

else:

    def __getattr__(name):
        if name == 'Sandbox':
            from pdpyras_sandbox.server import Sandbox

            return Sandbox
        if name == 'PagerDuty':
            from pdpyras_sandbox.convenience import PagerDuty

            return PagerDuty
        raise AttributeError('module {!r} has no attribute {!r}'.format(__name__, name))
