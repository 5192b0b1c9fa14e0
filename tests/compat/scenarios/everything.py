"""All the scenarios there are."""

from itertools import chain

from scenarios import events, functions, pagination, rest, retrying, sessions

SCENARIOS = list(
    chain.from_iterable(
        area.TABLE.scenarios for area in (functions, sessions, rest, pagination, retrying, events)
    )
)
