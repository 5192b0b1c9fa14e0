"""All scenarios."""

from itertools import chain

from scenarios import (
    events,
    filtering_warnings,
    functions,
    overriding,
    pagination,
    rest,
    retrying,
    sessions,
)

SCENARIOS = list(
    chain.from_iterable(
        area.TABLE.scenarios
        for area in (
            functions,
            sessions,
            overriding,
            rest,
            pagination,
            filtering_warnings,
            retrying,
            events,
        )
    )
)
