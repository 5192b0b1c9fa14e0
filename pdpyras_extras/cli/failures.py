"""Failures: their exit statuses, and what to do about them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, Optional

import click

OK = 0
#: The API rejected the request.
REJECTED = 1
#: The command line, a file or the environment needs a correction.
USAGE = 2
#: The network or PagerDuty failed, also after retries.
FAILED = 3
#: Partial success.
PARTLY = 4
INTERRUPTED = 130
CLOSED_PIPE = 141


class Mistake(click.ClickException):
    """Something to correct on the command line, in a file or in the environment."""

    exit_code = USAGE


class Failure(click.ClickException):
    """A response that does not come from PagerDuty."""

    exit_code = FAILED


def not_empty(resource: Any, path: str) -> Any:
    """Return a resource, unless the response to a GET was empty."""
    if resource is None:
        raise Failure(f'GET {path}: the response is empty. Check --url or PAGERDUTY_URL if set.')
    return resource


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
    if isinstance(error, pdpyras.PDHTTPError):
        return FAILED if isinstance(error, pdpyras.PDServerError) else REJECTED
    cause = error.__cause__
    # requests raises a ValueError for a bad URL, proxy or header, and a plain OSError if there is
    # no CA bundle at the given path.
    is_plain = isinstance(cause, OSError) and not isinstance(cause, pdpyras.RequestException)
    return USAGE if is_plain or isinstance(cause, ValueError) else FAILED


def advice(error: Exception) -> str:
    """Return what to do on the command line, to follow the message of an error."""
    import pdpyras

    if not isinstance(error, pdpyras.PDHTTPError):
        kinds = pdpyras.requests.exceptions
        for kind, what_to_do in (
            (kinds.ReadTimeout, 'To wait longer for a response, pass --timeout SECONDS.'),
            (kinds.ProxyError, 'Check the proxy in HTTPS_PROXY or HTTP_PROXY.'),
            (kinds.SSLError, 'Check the URL. For a CA of your own, set REQUESTS_CA_BUNDLE.'),
            (kinds.ConnectionError, 'Check the network, and --url or PAGERDUTY_URL if set.'),
            (kinds.InvalidHeader, 'Check --from or PAGERDUTY_FROM.'),
            # Old versions of requests let errors of urllib3 through.
            (ValueError, 'Check HTTPS_PROXY or HTTP_PROXY, and --url or PAGERDUTY_URL.'),
            (kinds.RequestException, ''),
            (OSError, 'Check REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE.'),
        ):
            if isinstance(error.__cause__, kind):
                return f' {what_to_do}'.rstrip()
        return ''
    return ' To find out why, run: pdpyras whoami' if error.status_code == 401 else ''
