"""The HTTP responses of an account with many users, for the servers and the stubs."""

import json
from typing import NamedTuple
from urllib.parse import parse_qs

import bodies

USERS = 10000
PAGE_SIZE = 100


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes


class Answers:
    """The responses to requests. Each body is encoded once."""

    def __init__(self, users=USERS):
        self._users = users
        self._pages = {}
        self._user = answer(200, {'user': bodies.user(1)})
        self._incident = answer(201, {'incident': bodies.created_incident()})
        self._event = answer(202, bodies.accepted_event())

    def to(self, method, target):
        """Return the response to a request for a target such as ``/users?limit=100``."""
        path, _, query = target.partition('?')
        if method == 'POST':
            return self._event if path == '/v2/enqueue' else self._incident
        return self._page(query) if path == '/users' else self._user

    def _page(self, query):
        if query not in self._pages:
            self._pages[query] = answer(200, self._listing(parse_qs(query)))
        return self._pages[query]

    def _listing(self, query):
        offset = int(query.get('offset', ['0'])[0])
        limit = int(query.get('limit', [PAGE_SIZE])[0])
        end = min(offset + limit, self._users)
        return {
            'users': [bodies.user(number) for number in range(offset, end)],
            'limit': limit,
            'offset': offset,
            'more': end < self._users,
            'total': None,
        }


def answer(status, content, **headers):
    """Return a response with those of PagerDuty's headers that clients read."""
    body = json.dumps(content, separators=(',', ':')).encode('utf-8')
    usual = {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': str(len(body)),
        'Connection': 'keep-alive',
        'Date': 'Tue, 02 Jan 2024 03:04:05 GMT',
        'X-Request-Id': '0f5c1b0d4b1e4c0b8f6f7a5d3c2b1a09',
        'ratelimit-limit': '960',
        'ratelimit-remaining': '959',
        'ratelimit-reset': '60',
    }
    named = {name.replace('_', '-'): value for name, value in headers.items()}
    return Answer(status, dict(usual, **named), body)
