"""Cross-origin requests (CORS): PagerDuty's APIs accept them from any website."""

from __future__ import annotations

from flask import Request
from werkzeug.wrappers import Response

#: Seconds for which a browser may cache the response to a preflight request.
MAXIMUM_AGE = '600'
EXPOSED = 'X-Request-Id, ratelimit-limit, ratelimit-remaining, ratelimit-reset'


def allow_any_origin(request: Request, response: Response) -> None:
    """Add the headers that let a browser share the response, or that a preflight asks for."""
    response.headers['Access-Control-Allow-Origin'] = '*'
    if request.method == 'OPTIONS':
        response.headers['Access-Control-Allow-Methods'] = response.headers.get('Allow', '')
        asked = request.headers.get('Access-Control-Request-Headers', '')
        response.headers['Access-Control-Allow-Headers'] = asked
        response.headers['Access-Control-Max-Age'] = MAXIMUM_AGE
    else:
        response.headers['Access-Control-Expose-Headers'] = EXPOSED
