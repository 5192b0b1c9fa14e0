"""Verify that a webhook delivery was sent by PagerDuty.

::

    if not verify_signature(request.get_data(), request.headers.get(SIGNATURE_HEADER), secret):
        abort(401)

Needs nothing but the standard library. The header holds an HMAC-SHA256 of the request's body for
each valid secret, so there are two while a secret is rotated; see
https://developer.pagerduty.com/docs/verifying-webhook-signatures.
"""

import hmac
from collections.abc import Iterable
from typing import Union

__all__ = ['SIGNATURE_HEADER', 'verify_signature']

#: Name of the request header that carries the signatures.
SIGNATURE_HEADER: str = 'X-PagerDuty-Signature'

Secret = Union[str, bytes]


def verify_signature(
    body: Union[bytes, bytearray, memoryview, str],
    header: Union[str, bytes, None],
    secrets: Union[Secret, Iterable[Secret]],
) -> bool:
    """Return whether a signature in the header matches the body under one of the secrets.

    >>> verify_signature(b'{"event":{}}', 'v1=00, v1=11', 'the-secret')
    False

    All pairs of secret and signature are compared, each in constant time, so the duration does not
    reveal how much of a signature is correct.

    :param body: the raw body of the request, as received. Text is encoded as UTF-8.
    :param header: the value of :data:`SIGNATURE_HEADER`, or None if the request lacks it. The
        result is False for a malformed header.
    :param secrets: the secret of the webhook subscription, or several while it is rotated.
        Surrounding white space is stripped.
    :raises TypeError: if ``body`` is decoded JSON, which no longer has the bytes that were signed.
    :raises ValueError: if there is no secret or one is empty, as when an environment variable is
        not set. Anyone can sign with an empty secret.
    """
    keys = _keys(secrets)
    signed = _signed_bytes(body)
    candidates = _signatures(header)
    # Once per secret: the sender of a forged request chooses the number of signatures.
    expected = [hmac.new(key, signed, 'sha256').hexdigest() for key in keys]
    matches = [
        hmac.compare_digest(signature, candidate)
        for signature in expected
        for candidate in candidates
    ]
    return any(matches)


def _keys(secrets: Union[Secret, Iterable[Secret]]) -> list[bytes]:
    several = [secrets] if isinstance(secrets, (str, bytes)) else list(secrets or ())
    if not several or not all(isinstance(each, (str, bytes)) and each.strip() for each in several):
        raise ValueError(
            'A webhook secret is missing or empty. Pass the secret that PagerDuty showed when the '
            'subscription was created; if it comes from an environment variable, check that the '
            'variable is set.'
        )
    return [(each.encode() if isinstance(each, str) else each).strip() for each in several]


def _signed_bytes(body: Union[bytes, bytearray, memoryview, str]) -> bytes:
    if isinstance(body, str):
        # The body comes from outside too: a lone surrogate must not raise UnicodeEncodeError.
        return body.encode('utf-8', 'surrogatepass')
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise TypeError(
        'body must be the raw body of the request (bytes or str), not {}: parsed JSON no longer '
        'has the bytes that were signed.'.format(type(body).__name__)
    )


def _signatures(header: Union[str, bytes, None]) -> list[str]:
    """The v1 signatures of a header, in lower case."""
    if isinstance(header, bytes):
        header = header.decode('latin-1')
    # compare_digest raises for text that is not ASCII.
    if not isinstance(header, str) or not header.isascii():
        return []
    parts = [part.strip() for part in header.split(',')]
    return [part[len('v1=') :].lower() for part in parts if part.startswith('v1=')]
