"""Signatures as text, to compare them with what is promised."""

import inspect


def bare_signature(function):
    """The signature without annotations."""
    signature = inspect.signature(function)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(bare))
