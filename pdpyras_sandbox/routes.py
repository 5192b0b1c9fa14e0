"""The views of PagerDuty's paths.

Werkzeug would take 0.2 seconds to compile a rule for each operation, whenever a sandbox starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import request
from werkzeug.routing import PathConverter
from werkzeug.wrappers import Response

from pdpyras_sandbox.errors import method_not_allowed, not_found

View = Callable[..., Response]
#: The values of path parameters of which only some are documented.
CHOICES = {'entity_type': ('users', 'teams', 'escalation_policies')}
METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
# Keys of a node beside the literal segments, which are str.
PARAMETER = object()
VIEWS = object()


class PagerDutyPath(PathConverter):
    """Matches all paths but those of the sandbox's own page and control API."""

    regex = '(?!_sandbox(?:/|$))[^/].*?'


class Routes:
    """A tree of path segments, with the views of each path by method."""

    def __init__(self) -> None:
        self.root: dict[Any, Any] = {}

    def add(self, method: str, path: str, view: View) -> None:
        """Add a view, which is called with the parameters of the path by keyword."""
        node = self.root
        for segment in path.split('/')[1:]:
            node = node.setdefault(PARAMETER if segment.startswith('{') else segment, {})
        node.setdefault(VIEWS, {})[method] = (view, re.findall(r'{(\w+)}', path))

    def dispatch(self, path: str) -> Response:
        """Respond to the current request.

        :raises ApiError: with status 404 for an unknown path, and 405 for an unknown method.
        """
        method = 'GET' if request.method == 'HEAD' else request.method
        allowed: list[str] = []
        for views, values in matches(self.root, path.rstrip('/').split('/')):
            for name, (view, names) in views.items():
                parameters = dict(zip(names, values))
                if all(parameters[key] in CHOICES[key] for key in names if key in CHOICES):
                    if name == method:
                        found: View = view
                        return found(**parameters)
                    allowed.append(name)
        if not allowed:
            raise not_found()
        if method == 'OPTIONS':
            return Response(headers={'Allow': ', '.join([*allowed, 'OPTIONS'])})
        raise method_not_allowed()


def matches(node: dict[Any, Any], segments: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """Yield the views and parameter values of the paths that match, literal segments first."""
    if not segments:
        if VIEWS in node:
            yield node[VIEWS], []
        return
    first, rest = segments[0], segments[1:]
    if first in node:
        yield from matches(node[first], rest)
    if first and PARAMETER in node:
        for views, values in matches(node[PARAMETER], rest):
            yield views, [first, *values]
