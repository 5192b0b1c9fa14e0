"""The requests received by a sandbox, with assertions and reports."""

from __future__ import annotations

import difflib
import fnmatch
import json
import logging
from typing import Any
from urllib.parse import urlencode

from pdpyras_sandbox.masking import Mask, masked_path
from pdpyras_sandbox.traffic import Request

#: Logs one line for each request at INFO; ``python -m pdpyras_sandbox`` shows them on stderr.
access_log = logging.getLogger('pdpyras_sandbox.access')
#: Maximum number of requests in a report.
SHOWN = 20
#: Maximum number of characters of a body in a report.
SHOWN_CHARACTERS = 200


class Requests(list[Request]):
    """The requests received, oldest first; a list."""

    def of(self, method: str, path: str = '*') -> Requests:
        """Return the requests with a method and a path.

        :param path: the path without its query, or a shell pattern such as ``/incidents/*``.
        """
        if '?' in path:
            raise ValueError(
                f'Give the path without its query, not {path!r}; requests have a .query'
            )
        pattern = '/' + path.lstrip('/') if path != '*' else path
        return Requests(
            seen
            for seen in self
            if seen.method == method.upper() and fnmatch.fnmatchcase(seen.path, pattern)
        )

    def assert_sent(
        self, method: str, path: str, json: Any = None, times: int | None = None
    ) -> Requests:
        """Assert that requests were sent, and return them.

        :param path: the path without its query, or a shell pattern such as ``/incidents/*``.
        :param json: the expected body, decoded; None for any. It may contain
            ``unittest.mock.ANY``.
        :param times: the exact number of requests; None for at least one.
        :raises AssertionError: with a report of the requests received.
        """
        __tracebackhide__ = True
        candidates = self.of(method, path)
        found = candidates
        if json is not None:
            found = Requests(seen for seen in candidates if seen.json == json)
        if len(found) == times or (times is None and found):
            return found
        name = f'{method.upper()} {path}' + (' with this body' if json is not None else '')
        expected = 'at least one' if times is None else times or 'no'
        lines = [f'Expected {expected} {name}, but the sandbox received {len(found) or "none"}.']
        if json is not None and candidates and not found:
            lines += ['The expected body (-), and the most similar one (+):']
            lines += closest_difference(json, candidates)
        lines += ['', *self.report()]
        raise AssertionError('\n'.join(lines))

    def report(self) -> list[str]:
        """Return the lines of a report: a heading, and the latest requests."""
        if not self:
            return ['The sandbox received no requests.']
        heading = 'All requests that the sandbox received:'
        if len(self) > SHOWN:
            heading = f'The last {SHOWN} of {len(self)} requests that the sandbox received:'
        return [heading, *('  ' + line_of(seen) for seen in self[-SHOWN:])]


def closest_difference(expected: Any, candidates: Requests) -> list[str]:
    """Return the lines of a diff of the expected body and the most similar one."""

    def compared(seen: Request) -> tuple[list[str], list[str]]:
        mask = Mask(seen)
        return pretty(mask.value(aligned(expected, seen.json))), pretty(mask.value(seen.json))

    pairs = map(compared, candidates)
    closest = max(pairs, key=lambda pair: difflib.SequenceMatcher(None, *pair).ratio())
    difference = difflib.ndiff(*closest)
    return ['  ' + line for line in difference if not line.startswith('?')]


def aligned(expected: Any, actual: Any) -> Any:
    """Replace parts of the expected value by equal actual ones, so that ANY shows no difference."""
    if expected == actual:
        return actual
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: aligned(value, actual.get(name)) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list):
        known = [aligned(*pair) for pair in zip(expected, actual)]
        return known + expected[len(known) :]
    return expected


def pretty(body: Any) -> list[str]:
    return json.dumps(body, indent=2, sort_keys=True, default=repr).splitlines()


def log_access(seen: Request, seconds: float) -> None:
    if access_log.isEnabledFor(logging.INFO):
        access_log.info('%s %d ms', summary_of(seen), round(1000 * seconds))


def line_of(seen: Request) -> str:
    """Return a request in one line: ``POST /teams 201 {"team": {"name": "Ops"}}``."""
    # Reports are stored and shared, and keys may be real ones.
    mask = Mask(seen)
    body = '' if seen.json is None else ' ' + printable(shortened(mask.value(seen.json)))
    return mask.text(summary_of(seen)) + body


def summary_of(seen: Request) -> str:
    """Return a request without its body: ``GET /users?limit=100 200``."""
    query = urlencode(seen.query, doseq=True, safe='[]:,@')
    path = masked_path(seen.path)
    target = f'{path}?{query}' if query else path
    status = 'no response' if seen.status is None else seen.status
    return printable(f'{seen.method} {target} {status}')


def shortened(body: Any) -> str:
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + '…'


def printable(text: str) -> str:
    """Return a text with its control characters escaped."""
    if text.isprintable():
        return text
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)
