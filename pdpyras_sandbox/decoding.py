"""Decoding of JSON from clients."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

#: The maximum nesting of arrays and objects, because the functions that read them are recursive.
MAXIMUM_DEPTH = 100


def decoded(text: str | bytes) -> Any:
    """Decode a JSON text.

    :raises ValueError: if it is not JSON, or is nested too deeply.
    """
    try:
        value = json.loads(text, parse_constant=reject_constant, parse_float=finite)
        if is_deeper(value, MAXIMUM_DEPTH):
            raise RecursionError
    except RecursionError:
        raise ValueError(f'it is nested more than {MAXIMUM_DEPTH} levels deep') from None
    return value


def decoded_or_none(text: str | bytes) -> Any:
    """Decode a JSON text; return None if it is empty or not JSON."""
    try:
        return decoded(text)
    except ValueError:
        return None


def reject_constant(name: str) -> NoReturn:
    """Reject NaN and Infinity, which the json module accepts."""
    raise ValueError(f'{name} is not JSON')


def finite(text: str) -> float:
    """Reject a number that is too large for a float: infinity could not be encoded as JSON."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f'{text} is too large')
    return number


def is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    children = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(child, levels - 1) for child in children)
