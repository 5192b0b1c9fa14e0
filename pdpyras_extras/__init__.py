"""Tools around pdpyras, each a module with an extra of the same name in setup.py.

:mod:`pdpyras_extras.webhooks` verifies the signature of a webhook delivery,
:mod:`pdpyras_extras.logs` sends log records to PagerDuty as events, and
:mod:`pdpyras_extras.oauth` obtains OAuth tokens and keeps a session supplied with them.

pdpyras itself imports none of them. This file stays readable to every Python that pdpyras supports,
so that older ones report the requirement below instead of a syntax error.
"""

import sys

if sys.version_info < (3, 9):
    raise ImportError(
        'pdpyras_extras needs Python 3.9 or newer; this is Python {}.{}. '
        'pdpyras itself works here.'.format(*sys.version_info[:2])
    )
