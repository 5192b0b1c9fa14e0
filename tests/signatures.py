"""What the module promises of its names: signatures as text, and what else people patch."""

import inspect

#: Names of other modules that people's tests patch here.
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
    """The signature without annotations."""
    signature = inspect.signature(function)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(bare))
