"""The operations of the REST API, to search and to complete without a request."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import List, NamedTuple

TABLE = Path(__file__).with_name('operations.tsv')


class Operation(NamedTuple):
    method: str
    path: str
    summary: str


@lru_cache(maxsize=None)
def operations() -> List[Operation]:
    """Return the operations that PagerDuty documents, sorted by path."""
    lines = TABLE.read_text(encoding='utf-8').splitlines()[1:]
    return [Operation(*line.split('\t')) for line in lines]


def search(words: List[str]) -> List[Operation]:
    """Return the operations that have every word in their method, path or summary."""
    wanted = [word.lower() for word in words]
    return [
        operation
        for operation in operations()
        if all(word in ' '.join(operation).lower() for word in wanted)
    ]


def similar(word: str) -> List[str]:
    """Return the words in the table whose spelling is similar to an unknown word."""
    from difflib import get_close_matches

    text = ' '.join(f'{operation.path} {operation.summary}' for operation in operations())
    known = {
        part for part in text.lower().replace('/', ' ').split() if part.isalpha() or '_' in part
    }
    return get_close_matches(word.lower().strip('/'), sorted(known))


def paths_from(start: str, method: str) -> List[str]:
    """Return the paths of a method that continue what is typed, up to their first parameter."""
    slash = '' if start.startswith('/') else '/'
    paths = {
        operation.path.partition('{')[0] for operation in operations() if operation.method == method
    }
    return sorted(path[len(slash) :] for path in paths if path.startswith(slash + start))
