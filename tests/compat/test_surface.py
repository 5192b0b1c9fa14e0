"""Names, parameters, values and mocks are those of 5.4.1, except for the listed differences."""

from fnmatch import fnmatchcase

import pytest
from differences import SURFACE


@pytest.mark.parametrize('aspect', ['shown', 'parameters', 'changed'])
def test_the_public_surface_differs_from_5_4_1_only_as_listed(aspect, there, here):
    before, now = there['surface'][aspect], here['surface'][aspect]
    keeps = _keeps_parameters if aspect == 'parameters' else _is_the_same
    different = {name for name in before if name not in now or not keeps(before[name], now[name])}
    intended = [pattern for pattern, _ in SURFACE[aspect]]
    unexpected = {
        name: (before[name], now.get(name, 'gone'))
        for name in different
        if not any(fnmatchcase(name, pattern) for pattern in intended)
    }
    assert unexpected == {}
    unneeded = [
        pattern for pattern in intended if not any(fnmatchcase(name, pattern) for name in different)
    ]
    assert unneeded == []


def _is_the_same(before, now):
    return before == now


def _keeps_parameters(before, now):
    """Return whether calls keep working; more parameters with defaults are allowed."""
    if before is None or now is None:
        return before == now
    kept = [parameter for parameter in now if parameter in before]
    added = [parameter for parameter in now if parameter not in before]
    # A new parameter with a default, or one that collects the rest, breaks no valid call.
    return kept == before and all(
        default is not None or kind.startswith('VAR') for _, kind, default in added
    )
