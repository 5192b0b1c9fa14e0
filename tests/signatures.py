"""Helpers for tests of the public names: signatures as text, and the names that users patch."""

import inspect

#: Names imported from other modules that users' tests patch in pdpyras.
PATCHED = [
    'time',
    'logging',
    'datetime',
    'HTTPError',
    'PoolError',
    'RequestException',
    'Response',
    'Session',
]


def bare_signature(function):
    """Return the signature without annotations, as text."""
    signature = inspect.signature(function)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(bare))
