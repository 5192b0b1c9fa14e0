"""Masking of credentials in recorded requests, which may contain real keys by mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pdpyras_sandbox.decoding import decoded
from pdpyras_sandbox.traffic import Request

#: Headers, properties and parameters whose values are credentials.
NAMES = frozenset(
    {
        'access_token', 'api_key', 'apikey', 'authorization', 'client_secret', 'cookie', 'id_token',
        'integration_key', 'password', 'proxy-authorization', 'refresh_token', 'routing_key',
        'secret', 'service_key', 'set-cookie', 'token', 'x-api-key', 'x-routing-key',
    }
)  # fmt: skip
#: The parts of a credential that are not secret: its scheme, ``token=`` and quotation marks.
CREDENTIAL = re.compile(r'^(\s*[A-Za-z]+\s+)?(token=)?("?)(.*?)("?\s*)$', re.DOTALL)
#: A named value in text that is not JSON, such as a form or truncated JSON.
NAMED = re.compile(
    r'("?\b(?:{})\b"?\s*[:=]\s*"?)([^\s"&,}}]+)'.format('|'.join(sorted(NAMES))), re.IGNORECASE
)
#: Paths for events that contain a key.
KEY_IN_PATH = re.compile(r'(?<=/integration/)[^/]+|(?<=/x-ere/)[^/]+')
#: The minimum length of secrets that keep their last four characters and are masked in other text.
SHORTEST = 8


def masked(secret: str) -> str:
    """Return ``*`` and the last four characters of a secret, or ``*`` if it is short."""
    return '*' + secret[-4:] if len(secret) >= SHORTEST else '*'


def masked_path(path: str) -> str:
    return KEY_IN_PATH.sub(lambda match: masked(match[0]), path)


class Mask:
    """Masks the credentials of a request wherever they occur.

    :param keys: other keys to mask, such as those of the account.
    """

    def __init__(self, request: Request, keys: Iterable[str] = ()) -> None:
        found = set(keys)
        for name, value in request.headers.items():
            found |= secrets_in({name: CREDENTIAL.sub(r'\4', value)})
        found |= secrets_in(request.query)
        found |= secrets_in(request.json)
        text = request.body.decode(errors='replace')
        found |= secrets_in(dict(parse_qsl(text))) | {match[2] for match in NAMED.finditer(text)}
        found |= set(KEY_IN_PATH.findall(request.path))
        # The longest first, because a secret may begin with another.
        ordered = sorted((s for s in found if len(s) >= SHORTEST), key=len, reverse=True)
        self._secrets = re.compile('|'.join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """Mask secrets anywhere in a text."""
        if self._secrets is None:
            return text
        return self._secrets.sub(lambda match: masked(match[0]), text)

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
        """Mask headers."""
        return [[name, self._named(name, value)] for name, value in pairs]

    def _named(self, name: str, value: str) -> str:
        if name.lower() not in NAMES:
            return self.text(value)
        return CREDENTIAL.sub(lambda m: (m[1] or '') + (m[2] or '') + masked(m[4]), value)

    def value(self, value: Any, name: str = '') -> Any:
        """Mask decoded JSON."""
        if isinstance(value, Mapping):
            return {key: self.value(child, name_of(value, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.value(child, name) for child in value]
        if isinstance(value, str):
            return masked(value) if name.lower() in NAMES else self.text(value)
        return value

    def body(self, body: bytes) -> str:
        """Mask a body, and indent it if it is JSON."""
        try:
            value = decoded(body)
        except ValueError:
            text = NAMED.sub(lambda m: m[1] + masked(m[2]), body.decode(errors='replace'))
            return self.text(text)
        return json.dumps(self.value(value), indent=2, ensure_ascii=False)


def name_of(properties: Mapping[str, Any], key: str) -> str:
    """Return the name of a property: that of the header in ``{"name": …, "value": …}``."""
    name = properties.get('name') if key == 'value' else key
    return name if isinstance(name, str) else key


def secrets_in(value: Any, name: str = '') -> set[str]:
    """Return the strings in decoded JSON that have the name of a credential."""
    if isinstance(value, Mapping):
        return set().union(
            *(secrets_in(child, name_of(value, key)) for key, child in value.items())
        )
    if isinstance(value, list):
        return set().union(*(secrets_in(child, name) for child in value))
    return {value} if isinstance(value, str) and name.lower() in NAMES else set()
