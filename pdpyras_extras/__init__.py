"""Tools around pdpyras, each with an extra of the same name in setup.py.

``webhooks`` verifies the signature of a webhook delivery, ``logs`` triggers alerts for log
records, ``oauth`` obtains OAuth tokens and keeps sessions supplied with them, and ``cli`` is the
command line.

pdpyras itself imports none of them. This file stays readable to every Python that pdpyras supports,
so that older ones report the requirement below instead of a syntax error.
"""

import sys

if sys.version_info < (3, 9):
    raise ImportError(
        'pdpyras_extras needs Python 3.9 or newer; this is Python {}.{}. '
        'pdpyras itself works here.'.format(*sys.version_info[:2])
    )
