"""Failures: their exit statuses, and what to do about them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, Optional

import click

OK = 0
#: The API rejected the request.
REJECTED = 1
#: The command line, a file or the environment needs a correction.
USAGE = 2
#: The network or PagerDuty failed, also after retries.
FAILED = 3
#: A part was done.
PARTLY = 4
INTERRUPTED = 130
CLOSED_PIPE = 141


class Mistake(click.ClickException):
    """Something to correct on the command line, in a file or in the environment."""

    exit_code = USAGE


@contextmanager
def usage_errors() -> Iterator[None]:
    """Report arguments that the library rejects as mistakes."""
    try:
        yield
    except ValueError as error:
        raise Mistake(str(error)) from None


def status_of(error: Exception) -> Optional[int]:
    """Return the exit status for an error of the library, or None for any other."""
    import pdpyras

    if isinstance(error, pdpyras.URLError):
        return USAGE
    if not isinstance(error, pdpyras.PDClientError):
        return None
    if getattr(error, 'updated', None):
        return PARTLY
    is_rejected = isinstance(error, pdpyras.PDHTTPError)
    return REJECTED if is_rejected and not isinstance(error, pdpyras.PDServerError) else FAILED


def advice(error: Exception) -> str:
    """Return what to do on the command line, to follow the message of an error."""
    import pdpyras

    if not isinstance(error, pdpyras.PDHTTPError):
        is_slow = isinstance(error.__cause__, pdpyras.requests.ReadTimeout)
        return ' To wait longer for a response, pass --timeout SECONDS.' if is_slow else ''
    if error.status_code == 401:
        return ' To find out why, run: pdpyras whoami'
    if error.status_code == 400 and "'From' header" in str(error.errors):
        return ' Pass --from EMAIL, or set PAGERDUTY_FROM.'
    return ''
