"""Error responses, in the forms that PagerDuty documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: The name of a field at the start of a message about invalid input.
FIELD = re.compile(r"'?([\w.\[\]]+)'? (?:must|is) ")
#: The codes and messages of the errors that any operation may have, by status.
STANDARD = {
    400: (2001, 'Invalid Input Provided'),
    401: (2006, 'Authentication failed'),
    402: (2012, 'Account does not have the abilities to perform the action'),
    403: (2010, 'Access Denied'),
    404: (2100, 'Not Found'),
    429: (2020, 'Rate Limit Exceeded'),
    500: (2000, 'Internal Server Error'),
    502: (2000, 'Bad Gateway'),
    503: (2000, 'Service Unavailable'),
    504: (2000, 'Gateway Timeout'),
}


class ApiError(Exception):
    """An error response: ``{"error": {"message": …, "code": …, "errors": […]}}``."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: Iterable[str] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = list(errors)
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        error = {'message': self.message, 'code': self.code}
        if self.errors:
            error['errors'] = self.errors
        return {'error': error}


class EventError(ApiError):
    """An error response of the Events API, which has no code."""

    @property
    def body(self) -> dict[str, Any]:
        name = 'invalid event' if self.status == 400 else self.message.lower()
        return {'status': name, 'message': self.message, 'errors': self.errors}


class PlainError(ApiError):
    """An error response without a code, as from GET /users/me: ``{"error": "…"}``."""

    @property
    def body(self) -> dict[str, Any]:
        return {'error': self.message}


class KeyedError(ApiError):
    """An error response of version 3 of the API, whose messages are grouped by field."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.status, error.code, error.message, error.errors, error.headers)

    @property
    def body(self) -> dict[str, Any]:
        body = super().body
        fields: dict[str, list[str]] = {}
        for message in self.errors:
            field = FIELD.match(message)
            fields.setdefault(field[1].lower() if field else 'base', []).append(message)
        if fields:
            body['error']['errors'] = fields
        return body


def invalid_input(*errors: str) -> ApiError:
    return ApiError(400, *STANDARD[400], errors)


def invalid_event(*errors: str) -> EventError:
    return EventError(400, 2001, 'Event object is invalid', errors)


def event_too_large(maximum: int) -> ApiError:
    return EventError(413, 2001, 'Event object is too large', [f'The limit is {maximum} bytes'])


def too_many_events(headers: dict[str, str], status: int = 429) -> ApiError:
    return EventError(status, *STANDARD[429], headers=headers)


def authentication_failed() -> ApiError:
    return ApiError(401, *STANDARD[401])


def ability_missing() -> ApiError:
    return ApiError(402, *STANDARD[402])


def user_required() -> ApiError:
    return PlainError(
        400,
        2001,
        "User id 'me' can't be used with an account-level access token, only with a user's",
    )


def already_merged() -> ApiError:
    return ApiError(400, 1019, 'Incident Already Merged')


def nobody_on_call() -> ApiError:
    return ApiError(400, 1015, 'Escalation Policy Has No User On Call')


def invalid_range(*errors: str) -> ApiError:
    return ApiError(400, 2005, 'Invalid Query Date Range', errors)


def invalid_schedule(*errors: str) -> ApiError:
    return ApiError(400, 3001, 'Invalid Schedule', errors)


def reassignment_team_missing() -> ApiError:
    return ApiError(400, 6003, 'Team has Incidents but Reassignment Team is not found')


def team_in_use() -> ApiError:
    return ApiError(400, 6006, 'Team has existing associations')


def window_is_over() -> ApiError:
    return ApiError(405, 5003, 'Cannot cancel a maintenance window from the past')


def access_denied(*errors: str) -> ApiError:
    return ApiError(403, *STANDARD[403], errors)


def not_found() -> ApiError:
    return ApiError(404, *STANDARD[404])


def method_not_allowed() -> ApiError:
    return ApiError(405, 2001, 'Method Not Allowed')


def rate_limited(headers: dict[str, str]) -> ApiError:
    return ApiError(429, *STANDARD[429], headers=headers)
