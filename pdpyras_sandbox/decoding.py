"""What clients send, decoded."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

#: How deeply arrays and objects may be nested; whatever goes through them calls itself for each.
MAXIMUM_DEPTH = 100


def decoded(text: str | bytes) -> Any:
    """The value of a JSON text.

    :raises ValueError: if it is none, or is nested too deeply to be handled.
    """
    try:
        value = json.loads(text, parse_constant=refuse_constant, parse_float=finite)
        if is_deeper(value, MAXIMUM_DEPTH):
            raise RecursionError
    except RecursionError:
        raise ValueError(f'It is nested more than {MAXIMUM_DEPTH} levels deep') from None
    return value


def refuse_constant(name: str) -> NoReturn:
    """Python reads NaN and Infinity, which JSON does not have."""
    raise ValueError(f'{name} is not JSON')


def finite(text: str) -> float:
    """Python makes infinity of a number that is too large, and could not send it back as JSON."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f'{text} is too large a number')
    return number


def is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    children = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(child, levels - 1) for child in children)
