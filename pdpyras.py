"""Client for PagerDuty's REST API v2 and Events API v2, built on requests.

One file that needs only requests and deprecation. Import it, or copy it into your tree::

    import pdpyras

    session = pdpyras.APISession('YOUR-API-KEY')
    for user in session.iter_all('users', params={'query': 'Dan'}):
        print(user['name'], user['email'])
    user = session.find('users', 'jane@example.com', attribute='email')
    session.rput(user, json={'name': 'Jane Doe'})

    events = pdpyras.EventsAPISession('YOUR-ROUTING-KEY')
    dedup_key = events.trigger('Server is on fire', source='dusty.old.server.net')
    events.resolve(dedup_key)

Sections, top to bottom: errors; limits and defaults; secrets; URLs; endpoints; responses;
warnings; decorators; checks and conversions; names from 4.x; transport; PDSession and its retries;
APISession; listings; the events sessions; the API as tables. Adding an endpoint only changes the
tables.
"""

import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from copy import copy, deepcopy
from copyreg import __newobj__  # type: ignore[attr-defined]
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial, wraps
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from importlib import import_module
from io import TextIOBase
from itertools import islice
from json import JSONDecodeError, dumps, loads
from logging import DEBUG, INFO, WARNING, Logger, StreamHandler, getLogger, getLogRecordFactory
from random import random
from threading import RLock, Thread
from time import monotonic
from typing import (
    Any,
    Callable,
    Dict,
    Generator,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Pattern,
    Sequence,
    Set,
    Tuple,
    Type,
    TypeVar,
    Union,
    cast,
)
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from urllib.request import getproxies, getproxies_environment
from warnings import warn, warn_explicit

import requests
from deprecation import deprecated  # type: ignore[import-untyped]
from requests import PreparedRequest, Request, Response, Session
from requests.__version__ import __version__ as REQUESTS_VERSION
from requests.adapters import HTTPAdapter
from requests.compat import json as requests_json  # type: ignore[attr-defined]
from requests.cookies import RequestsCookieJar
from requests.exceptions import InvalidHeader, ProxyError, RequestException, SSLError
from requests.sessions import merge_hooks
from requests.structures import CaseInsensitiveDict
from requests.utils import default_user_agent, to_key_val_list
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, PoolError
from urllib3.util import parse_url

__version__ = '5.5.0'

# fmt: off
__all__ = [
    'APISession', 'CANONICAL_PATHS', 'CURSOR_BASED_PAGINATION_PATHS', 'ChangeEventsAPISession',
    'ENTITY_WRAPPER_CONFIG', 'EventsAPISession', 'ITERATION_LIMIT', 'PDClientError', 'PDHTTPError',
    'PDServerError', 'PDSession', 'TEXT_LEN_LIMIT', 'TIMEOUT', 'URLError', 'auto_json',
    'canonical_path', 'deprecated_kwarg', 'endpoint_matches', 'entity_wrappers',
    'http_error_message', 'infer_entity_wrapper', 'is_path_param', 'last_4', 'normalize_url',
    'plural_name', 'requires_success', 'resource_url', 'singular_name',
    'successful_response', 'truncate_text', 'try_decoding', 'unwrap', 'wrapped_entities',
]
# Not part of the API, but 5.4.1 exported them to `from pdpyras import *`, and scripts rely on them.
__all__ += [
    'HTTPError', 'Iterator', 'JSONDecodeError', 'PoolError', 'REQUESTS_VERSION', 'RequestException',
    'Response', 'Session', 'Union', 'datetime', 'deepcopy', 'logging', 'random', 'requests', 'sys',
    'time', 'warn',
]
# fmt: on

#: Decoded JSON.
Json = Any
_F = TypeVar('_F', bound=Callable[..., Any])
_ItemHook = Optional[Callable[[Any, int, Any], Any]]

# ---------------------------------------------------------------------------------------- Errors
#
#   URLError                 a URL that the session cannot or must not use
#   PDClientError            no usable response
#   └─ PDHTTPError           the API responded, but not with success
#      └─ PDServerError      a 5xx status, a refused redirect, or a success with an invalid body


class URLError(Exception):
    """A URL or path that the session cannot or must not use; nothing was sent."""


class PDClientError(Exception):
    """A request that did not end in a usable response.

    ``if error.response:`` is true for an HTTP error and false for a network error.
    """

    #: Description of what happened.
    msg: str

    #: The response that caused the error, or None if none was received.
    response: Optional[Response] = None

    #: Resources that :meth:`APISession.update_all` had updated before the error; None elsewhere.
    updated: Optional[List[Any]] = None

    def __init__(self, message: str, response: Optional[Response] = None) -> None:
        super().__init__(message)
        self.msg = message
        self.response = _truthy_response(response)

    def __reduce__(self) -> Any:
        # Not the default, which calls __init__ with the message only.
        return __newobj__, (type(self), *self.args), self.__dict__


class PDHTTPError(PDClientError):
    """The API responded, but not with success, or not as documented; ``response`` is always set."""

    response: Response  # pyright: ignore[reportIncompatibleVariableOverride]

    #: The HTTP status.
    status_code: int = cast(Any, None)

    #: ID of the request, which PagerDuty's support asks for, or None.
    request_id: Optional[str] = None

    #: PagerDuty's own error code, such as 2001, or None if the body has none.
    #: See https://developer.pagerduty.com/docs/errors.
    code: Optional[int] = None

    #: PagerDuty's explanations of the error, a sentence each; empty if there are none.
    errors: List[str] = cast(Any, ())

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message, response)
        secrets = _Secrets.of(response)
        said = _api_error(response)
        self.status_code = cast(Any, getattr(response, 'status_code', None))
        self.request_id = _request_id(response, secrets)
        self.code = said.code
        self.errors = [secrets.hide(sentence) for sentence in said.sentences]


class PDServerError(PDHTTPError):
    """The server failed: a 5xx status, a refused redirect, or a success with an invalid body."""


class _ErrorResponse(Response):
    """The response of an exception: like the original, but true whatever its status.

    ``requests.Response`` is false for 4xx and 5xx, so ``if error.response:``, which the documented
    error handling relies on, could not tell an HTTP error from a network error.
    """

    def __init__(self, response: Response) -> None:
        # Shares the original's state, so a body is read only once.
        self.__dict__ = response.__dict__

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        # Tests compare the response of an error with the response that they made.
        return isinstance(other, requests.Response) and self.__dict__ is other.__dict__

    __hash__ = Response.__hash__

    def __reduce__(self) -> Any:
        # Not type(self), which _truthy_response may have made.
        return _ErrorResponse, (Response(),), self.__getstate__()

    def __getstate__(self) -> Dict[str, Any]:
        """The state for a pickle or copy, without the credentials that a server may echo."""
        secrets = _Secrets.of(self)
        if not _text(self):
            # A stream that is broken or was read elsewhere would fail again in the pickle.
            self._content = b''
        # A copy: other classes of responses return their own __dict__.
        state: Dict[str, Any] = dict(super().__getstate__())
        state['request'] = None
        state['history'] = []
        state['cookies'] = RequestsCookieJar()
        for name in ('url', 'reason', 'encoding'):
            if isinstance(state[name], str):
                state[name] = secrets.hide(state[name])
        state['headers'] = CaseInsensitiveDict(
            (secrets.hide(name), secrets.hide(value)) for name, value in self.headers.items()
        )
        if state['_content']:
            content = state['_content'].decode('utf-8', 'surrogateescape')
            state['_content'] = secrets.hide(content).encode('utf-8', 'surrogateescape')
        return state


def _truthy_response(response: Any) -> Any:
    kind = type(response)
    # Not isinstance(): a spec'd mock passes as a Response and is already truthy.
    if not issubclass(kind, requests.Response) or issubclass(kind, _ErrorResponse):
        return response
    if kind is not requests.Response:
        # A test's fake or another library's class, whose methods the response keeps.
        return type(kind.__name__, (_ErrorResponse, kind), {})(response)
    return _ErrorResponse(response)


# --------------------------------------------------------------------------- Limits and defaults

#: Number of results that classic pagination can reach: ``offset`` plus ``limit`` may not exceed it.
#: See https://developer.pagerduty.com/docs/pagination. A program may assign a float.
ITERATION_LIMIT = 10000

#: Seconds to wait for the API before giving up on a request; read when a session is created.
TIMEOUT = 60

#: Maximum number of characters of a response body that an error message quotes.
TEXT_LEN_LIMIT = 100

#: Function that decodes the JSON of a response body from bytes, such as ``orjson.loads``; None to
#: decode as requests does.
json_loads: Optional[Callable[[bytes], Json]] = None

#: Maximum lengths of an error message, and of a URL that is shown or cached, in characters.
_MESSAGE_LIMIT = 1900
_URL_LIMIT = 1000

#: Maximum number of endpoints that are kept in memory, and counted in ``api_call_counts``.
_ENDPOINTS_LIMIT = 1000

#: Maximum number of pages requested ahead: with the caller's own request, they use all the
#: connections to one host that requests keeps by default.
_READ_AHEAD_LIMIT = 9

#: Query parameters that iter_history sets itself.
_HISTORY_PARAMETERS = ('since', 'until', 'offset', 'cursor', 'total', 'date_range')

#: Maximum lengths of an event's summary and dedup_key, in characters, and of an event, in bytes.
#: See https://developer.pagerduty.com/docs/send-alert-event and
#: https://developer.pagerduty.com/docs/events-api-v2-overview.
_SUMMARY_LIMIT = 1024
_DEDUP_KEY_LIMIT = 255
_EVENT_LIMIT = 512000

#: Seconds above which a wait before a retry is logged as a warning.
_LONG_WAIT = 10

#: Network errors, which a retry may overcome. HTTPError is urllib3's, not requests.HTTPError.
NETWORK_ERRORS = (HTTPError, RequestException)

#: Everything that can go wrong between a request and its response. OSError: a missing CA bundle,
#: for example. ValueError and OverflowError: a malformed HTTP response.
_FAILURES = NETWORK_ERRORS + (HTTPException, OSError, ValueError, OverflowError)

#: Everything that reading the body of a response can raise, mock responses included.
_UNREADABLE = _FAILURES + (AttributeError, LookupError, RuntimeError, TypeError, PDClientError)


# --------------------------------------------------------------------------------------- Secrets

_AUTH_HEADERS = ('authorization', 'proxy-authorization')
_KEY_FIELDS = ('routing_key', 'service_key')
_KEY_IN_TEXT = r'(?:routing|service)_key\W{1,5}?([\w+/=.-]+)'
_AUTH_SCHEME = r'(?i)\s*(?:token\s+token=|(?:bearer|basic|token|digest)(?:\s|$))\s*'
_USERINFO = r'(//)[^/?#\s]*@'
_CONTROL_CHARACTERS = r'[\x00-\x1f\x7f-\x9f\u2028\u2029]'


class _Secrets:
    """The credentials of a request, which no text may show.

    Whatever shows a text passes it through :meth:`hide`, or :meth:`show` if it comes from outside.
    """

    def __init__(self, *values: Any) -> None:
        texts = {_as_text(value) for value in values if value}
        # A shorter one cannot be masked: last_4 would show all of it.
        self._values = sorted((text for text in texts if len(text) > 4), key=len, reverse=True)

    @classmethod
    def of(cls, message: Any) -> '_Secrets':
        """Find the credentials of a request, or of the request that a response answers."""
        # Users' mock responses may lack a request.
        request = getattr(message, 'request', message)
        if not isinstance(request, PreparedRequest):
            return cls()
        headers: Any = request.headers or {}
        values = [headers.get(name) for name in _AUTH_HEADERS]
        found = [value for header in values if header for value in _credentials(header)]
        return cls(*found, *_keys_in(request.body))

    def hide(self, content: Any) -> str:
        """Replace each credential in a text, and the user information in each URL."""
        text = _as_text(content)
        for value in self._values:
            text = _spellings(value).sub(last_4(value).replace('\\', r'\\'), text)
        return re.sub(_USERINFO, r'\1(credentials)@', text) if '@' in text else text

    def hide_in(self, error: BaseException) -> None:
        """Replace the credentials in an exception and its causes, which tracebacks print."""
        pending: List[Any] = [error]
        seen: List[BaseException] = []
        while pending:
            current = pending.pop()
            if isinstance(current, BaseException) and current not in seen:
                seen.append(current)
                pending += [current.__cause__, current.__context__, *current.args]
                with suppress(AttributeError, TypeError):
                    current.args = tuple(
                        _printable(self.hide(item)) if isinstance(item, (str, bytes)) else item
                        for item in current.args
                    )

    def show(self, text: Any, length: int = _MESSAGE_LIMIT) -> str:
        """Mask, escape and truncate a text from outside for a message."""
        # Cut first: masking and escaping the whole body of a response would be slow.
        shown = self.hide(_as_text(text)[: 100 * length])
        return _cut(_printable(shown[: length + 1]), length)


def last_4(secret: str) -> str:
    """Mask a secret, all but its last four characters.

    >>> last_4('u+dHHxz3zVNmGk6yNLAv')
    '*NLAv'
    """
    return '*' + str(secret)[-4:]


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value  # str() would return the name of a str Enum.
    return value.decode('latin-1') if isinstance(value, bytes) else str(value)


def _credentials(header: Any) -> List[str]:
    """The secret parts of an Authorization header; the first is taken for the key.

    >>> _credentials('Token token=abc'), _credentials('Custom abc')
    (['abc'], ['Custom abc', 'abc'])
    """
    value = _as_text(header).strip()
    secret = re.sub(_AUTH_SCHEME, '', value, count=1).strip().strip('"')
    has_unknown_scheme = secret == value and ' ' in value
    return [secret, value.partition(' ')[2].strip()] if has_unknown_scheme else [secret]


def _keys_in(body: Any) -> List[str]:
    """The routing keys in the body of an event, whatever its size and encoding."""
    if not isinstance(body, (bytes, str)):
        return []
    text = body.decode('utf-8', 'replace') if isinstance(body, bytes) else body
    if not any(field in text for field in _KEY_FIELDS):
        return []
    with suppress(ValueError, RecursionError):
        event = loads(text)
        if isinstance(event, dict):
            return [str(event[field]) for field in _KEY_FIELDS if event.get(field)]
    # At most 100, because each is searched for in every text.
    return list(dict.fromkeys(re.findall(_KEY_IN_TEXT, text)[:100]))


def _proxy_credentials(*mappings: Any) -> List[str]:
    """The user information in the URLs of ``proxies`` dicts, and the passwords in it."""
    urls = [str(url) for proxies in mappings for url in dict(proxies or {}).values()]
    # To the last "@": a password may hold "/" and "#", although a URL must not.
    found = [url.rpartition('@')[0].partition('//')[2] for url in urls if '@' in url]
    passwords = [userinfo.partition(':')[2] for userinfo in found]
    # urllib3 may parse the part before a "/" or "#" as the host, and name it in an error.
    parts = [part for password in passwords for part in re.split('[/?#@]', password)]
    return found + passwords + parts + [unquote(password) for password in passwords]


@lru_cache(maxsize=64)
def _spellings(secret: str) -> 'Pattern[str]':
    """A pattern for a secret as it is, or encoded for a URL, JSON or a Python literal."""
    return re.compile(
        ''.join(
            character
            if re.match('[A-Za-z0-9]', character)
            else r'(?:\\?{}|(?i:{}|\\u{:04x}))'.format(
                re.escape(character), quote(character, safe=''), ord(character)
            )
            for character in secret
        )
    )


def _printable(text: str) -> str:
    r"""Escape control characters, so that a server cannot forge log lines: ``\n`` for a newline."""
    return re.sub(_CONTROL_CHARACTERS, lambda found: repr(found.group())[1:-1], text)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(0, length - 3)] + '...'


# ------------------------------------------------------------------------------------------ URLs

_Origin = Tuple[Optional[str], Optional[str], Optional[int]]


class _Base(NamedTuple):
    url: str
    origin: _Origin
    path: str


#: PagerDuty's service regions. A ``self`` link of one region is valid in the others.
#: See https://support.pagerduty.com/main/docs/service-regions.
_REGIONS = (('https', 'api.pagerduty.com', 443), ('https', 'api.eu.pagerduty.com', 443))

_DEFAULT_PORTS = {'http': 80, 'https': 443}
# To keep imports fast, only the patterns that every request uses are compiled here.
_ABSOLUTE = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:|//')
_ORIGIN = re.compile(r'^[^/?#]*//[^/?#]*')
#: Characters that make browsers or urllib3 send the request elsewhere.
_MISLEADING = r'[\x00-\x1f\x7f\\]'
_DOT_SEGMENT = r'(?i)(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|;)'
_EMPTY_PATH = 'An empty path names no resource; pass one such as /users.'
#: A path without these characters needs no check, and has no query or fragment.
_SPECIAL = re.compile(r'[\x00-\x1f\x7f\\.%?#]')
_LOOPBACK = r'(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$'


def normalize_url(base_url: str, url: str) -> str:
    """Return the full URL of a path, or a full URL under ``base_url`` unchanged.

    >>> normalize_url('https://api.pagerduty.com', '/users')
    'https://api.pagerduty.com/users'

    A URL in another of PagerDuty's service regions is moved to the region of ``base_url``.

    :raises URLError: for a URL anywhere else, which must never see the API key.
    """
    full_url, _ = _locate(base_url, url)
    return full_url


def canonical_path(base_url: str, url: str) -> str:
    """Return the path pattern that documents a URL or path, one of :data:`CANONICAL_PATHS`.

    >>> canonical_path('https://api.pagerduty.com', 'users/PABC123/contact_methods?limit=1')
    '/users/{id}/contact_methods'

    :raises URLError: if no pattern matches, or where :func:`normalize_url` raises it.
    """
    _, path = _locate(base_url, url)
    pattern = _listed_path(path)
    if pattern is None:
        raise URLError(
            f'URL {_shown_url(url)} does not match any API path that this version of pdpyras '
            f'lists{_suggestion(path) or "."} If the API has it, append its path to '
            'pdpyras.CANONICAL_PATHS.'
        )
    return pattern


def is_path_param(path_node: str) -> bool:
    """Whether a node of a path pattern is a parameter: ``{id}`` is one, ``users`` is not."""
    return path_node.startswith('{') and path_node.endswith('}')


def endpoint_matches(endpoint_pattern: str, method: str, path: str) -> bool:
    """Whether an endpoint pattern (``'GET /path'`` or ``'* /path'``) matches a method and path."""
    return endpoint_pattern in (method.upper() + ' ' + path, '* ' + path)


@lru_cache(maxsize=64)
def _parse_base(base_url: str) -> _Base:
    if not isinstance(base_url, str):
        base_url = str(base_url)  # An object of a URL library.
    base_url = base_url.strip()
    parts = _parsed(base_url)
    has_extras = any(part is not None for part in (parts.auth, parts.query, parts.fragment))
    if not parts.scheme or not parts.host or has_extras:
        raise URLError(
            'The url of a session must look like https://api.pagerduty.com: with a scheme, but '
            f'without credentials, query or fragment; it is {_shown_url(base_url)!r}.'
        )
    return _Base(base_url.rstrip('/'), _origin(parts), (parts.path or '').rstrip('/'))


def _parsed(url: str) -> Any:
    """The parts of a URL as urllib3 reads them, all None if it is invalid."""
    try:
        return parse_url(url)
    except ValueError:  # LocationParseError, for example
        return parse_url('')


def _origin(parts: Any) -> _Origin:
    """The scheme, host and port that a request goes to, as urllib3 reads the URL."""
    port = _DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port
    return parts.scheme, parts.host, port


def _is_same_origin(url: Optional[str], other: Optional[str]) -> bool:
    parts = _parsed(url or '')
    # Two invalid URLs do not have the same origin.
    return parts.host is not None and _origin(parts) == _origin(_parsed(other or ''))


@lru_cache(maxsize=64)
def _is_exposed(origin: str) -> bool:
    """Whether requests to an origin can be read on the network: plain HTTP, and not loopback."""
    parts = _parsed(origin)
    return parts.scheme == 'http' and not re.match(_LOOPBACK, parts.host or '')


def _locate(base_url: str, url: str) -> Tuple[str, str]:
    """Return the full URL, and its path below the base without query and trailing slash."""
    if not isinstance(url, str):
        hint = ' Pass the value of its key "self".' if isinstance(url, Mapping) else ''
        raise URLError(f'A URL or path must be a str, not {type(url).__name__}.{hint}')
    # Hundreds of long URLs would take too much memory.
    locate = _locate_str if len(url) <= _URL_LIMIT else _locate_str.__wrapped__
    return locate(base_url, url)


# One call of a method locates the same URL several times.
@lru_cache(maxsize=256)
def _locate_str(base_url: str, url: str) -> Tuple[str, str]:
    if not base_url and _ABSOLUTE.match(url):
        # A subclass of PDSession without a url of its own takes full URLs.
        return url, _before_query(_ORIGIN.sub('', url)).rstrip('/')
    base = _parse_base(base_url)
    end = len(base.url)
    if url.startswith(base.url) and url[end : end + 1] in ('', '/', '?', '#'):
        below = url[end:]
        full_url = base.url + below
    elif _ABSOLUTE.match(url):
        full_url, below = _below_base(base, url)
    else:
        below = '/' + url.lstrip('/')
        full_url = base.url + below
    if _SPECIAL.search(below):
        below = _before_query(below)
        _reject_path_tricks(below, url)
    return full_url, below.rstrip('/')


def _shown_url(url: Any) -> str:
    url = _as_text(url)
    if _parsed(url).host is None:
        # A password may hold "/", "?" or "#", although a URL must not.
        url = re.sub('//.*@', '//(credentials)@', url)
    return _Secrets().show(url, _URL_LIMIT)


def _reject_path_tricks(path: str, url: str) -> None:
    if re.search(_MISLEADING, path) or re.search(_DOT_SEGMENT, '/' + path + '/'):
        raise URLError(
            f'URL {_shown_url(url)} is rejected: its path has a "." or ".." segment, a backslash '
            'or a control character, so it could be sent to another path.'
        )


def _before_query(url: str) -> str:
    return url.partition('#')[0].partition('?')[0]


def _below_base(base: _Base, url: str) -> Tuple[str, str]:
    """Accept another spelling of a URL under the base, or the same resource in a sibling region."""
    _reject_path_tricks(_before_query(url), url)
    parts = _parsed(url)
    # Not parts.auth, which is None for https://@host.
    if parts.host and not re.match('[^/?#]*' + _USERINFO, url):
        origin = _origin(parts)
        rest = _ORIGIN.sub('', url)
        below = rest[len(base.path) :]
        if rest.startswith(base.path) and below[:1] in ('', '/', '?', '#'):
            if origin == base.origin:
                return url, below
            if origin in _REGIONS and base.origin in _REGIONS:
                return base.url + below, below
    raise URLError(
        f'URL {_shown_url(url)} is not under {base.url}, the url of this session; the API key is '
        'not sent elsewhere. Pass a path, or set the url attribute of the session.'
    )


# ------------------------------------------------------------------------------------- Endpoints
#
# An endpoint is a method and a path pattern. Most wrap their request and response bodies in an
# object with one property, the wrapper: {"user": {…}}, {"users": […], "more": false}.
# See https://developer.pagerduty.com/docs/wrapped-entities.

_Wrappers = Tuple[Optional[str], Optional[str]]

_BODY_VERBS = ('post', 'put', 'patch')

#: Keys of a response body that describe the response rather than hold content.
_NOT_CONTENT = frozenset(
    ('limit', 'offset', 'more', 'total', 'next_cursor', 'cursor')
    + ('response_metadata', 'privileges', 'additional_fields', 'account_id', 'warnings')
)

#: Collection names whose singular does not follow the rules of singular_name.
_IRREGULAR_PLURALS = {
    'analyses': 'analysis',
    'buses': 'bus',
    'credentials': 'credentials',
    'data': 'data',
    'metadata': 'metadata',
    'news': 'news',
    'series': 'series',
    'statuses': 'status',
}
_IRREGULAR_SINGULARS = {singular: plural for plural, singular in _IRREGULAR_PLURALS.items()}

#: An ID has a capital letter or a digit in it, or is longer than a name.
_IDENTIFIER = r'[A-Z]|\d|.{40}'
_API_VERSION = r'/v\d+(?:/|$)'
#: A name that _IDENTIFIER would take for an ID: with a digit, such as ``oauth2_clients``, or long.
_NAME = r'[a-z]+\d?(?:_[a-z]+)+$'
_COLLECTION_NAME = r'[a-z][a-z_]*$'


class _Endpoint(NamedTuple):
    """A path pattern with its rules: from the tables if it is listed, else from its shape."""

    path: str
    #: Whether the path is in CANONICAL_PATHS, so that the tables know its wrappers.
    is_listed: bool
    #: The pattern of a listing, if the last segment matched ``{id}`` but looks like the name of a
    #: collection that is newer than the tables; else None.
    collection: Optional[str] = None

    @classmethod
    def at(cls, base_url: str, url: str) -> '_Endpoint':
        """The endpoint of a URL or path."""
        _, path = _locate(base_url, url)
        if not path:
            raise URLError(_EMPTY_PATH)
        index = _path_index()
        endpoint = index.known.get(path)
        if endpoint is None:
            listed = _listed_path(path)
            endpoint = cls(_guessed_pattern(path), False) if listed is None else cls(listed, True)
            if endpoint.is_resource and re.match(_COLLECTION_NAME, path.rpartition('/')[2]):
                endpoint = endpoint._replace(collection=_guessed_pattern(path))
            if len(index.known) < _ENDPOINTS_LIMIT and len(path) <= _URL_LIMIT:
                index.known[path] = endpoint
        return endpoint

    def wrap(self, verb: str, content: Json) -> Json:
        """The request body for the content, which may be wrapped already."""
        wrapper = entity_wrappers(verb, self.path)[0]
        if content is None or wrapper is None:
            return content
        if not isinstance(content, Mapping):
            return {wrapper: content}
        # The API rejects a single resource under the name of a collection.
        name = singular_name(wrapper)
        if wrapper in content or isinstance(content.get(name), (Mapping, list)):
            return content
        values = list(content.values())
        if not self.is_listed and len(values) == 1 and isinstance(values[0], (Mapping, list)):
            # The only property holds an object or a list, so it is probably the wrapper.
            return content
        return {name: content}

    def unwrap(self, verb: str, response: Response) -> Json:
        """The content of a response body; None if the body is empty."""
        wrapper = entity_wrappers(verb, self.path)[1]
        body = try_decoding(response)
        if wrapper is None:
            return body
        if isinstance(body, dict):
            # Some endpoints take a plural wrapper, but respond with the singular.
            name = wrapper if wrapper in body else singular_name(wrapper)
            if name in body:
                return body[name]
        if self.collection is not None and verb == 'get':
            return self.as_listing().unwrap(verb, response)
        if not self.is_listed or (body is None and _is_empty(response)):
            return body
        raise _wrapper_missing(response, wrapper, body)

    @property
    def is_resource(self) -> bool:
        return is_path_param(self.path.rpartition('/')[2])

    def as_listing(self) -> '_Endpoint':
        """This endpoint, or the unlisted collection that it may be."""
        return self if self.collection is None else _Endpoint(self.collection, False)

    @property
    def has_cursors(self) -> bool:
        return self.path in CURSOR_BASED_PAGINATION_PATHS or self.path in _CURSOR_NAMES

    @property
    def cursor_names(self) -> Tuple[str, str]:
        """The names of the cursor: as a query parameter, and in the response."""
        return _CURSOR_NAMES.get(self.path, ('cursor', 'next_cursor'))

    def page_size(self, given: Optional[int], default: int) -> int:
        """The page size to request: as given, but at most what the endpoint allows."""
        size = _whole_number('page_size', default if given is None else given, 1)
        return min(size, _MAX_PAGE_SIZES.get(self.path, size))

    def results_wrapper(self) -> str:
        """The key of the results on a page; URLError if the endpoint is not a listing."""
        wrapper = entity_wrappers('GET', self.path)[1]
        # Some nouns, such as "data", are singular and plural.
        is_singular = wrapper and singular_name(wrapper) == wrapper != plural_name(wrapper)
        if wrapper is None or self.is_resource or (self.is_listed and is_singular):
            advice = 'Use rget.'
            if self.path.startswith('/analytics/') and not self.is_resource:
                advice = 'Use jpost, or iter_analytics_raw_incidents and similar methods.'
            shown = _cut(self.path, _URL_LIMIT)
            raise URLError(f'GET {shown} is not a collection with pages. {advice}')
        return wrapper


# A node of the index maps a segment of a path to the node below. A segment never contains a slash,
# so these two keys cannot be segments.
_ANY_SEGMENT = '/{}'
_LEAF = '/leaf'


class _PathIndex(NamedTuple):
    """A tree of the paths in CANONICAL_PATHS, and the copy that it was built from."""

    paths: List[str]
    root: Dict[str, Any]
    #: Endpoints of the paths that were looked up.
    known: Dict[str, _Endpoint]


_indexed = _PathIndex([], {}, {})


def _path_index() -> _PathIndex:
    """The index of CANONICAL_PATHS, rebuilt if users have appended to the table or replaced it."""
    global _indexed
    if _indexed.paths != CANONICAL_PATHS:
        index = _PathIndex(list(CANONICAL_PATHS), {}, {})
        for pattern in index.paths:
            node = index.root
            for segment in pattern.split('/')[1:]:
                node = node.setdefault(_ANY_SEGMENT if is_path_param(segment) else segment, {})
            node.setdefault(_LEAF, pattern)
        _indexed = index
    return _indexed


def _listed_path(path: str) -> Optional[str]:
    """The pattern in CANONICAL_PATHS that a path matches best, or None."""
    return _search(_path_index().root, path.split('/')[1:])


def _search(node: Dict[str, Any], segments: List[str]) -> Optional[str]:
    """The pattern below a node that the segments match, or None."""
    if not segments:
        return node.get(_LEAF)
    first, *rest = segments
    # A literal beats a parameter: /users/me is not the user whose ID is "me".
    for key in (first, _ANY_SEGMENT) if first else ():
        found = _search(node[key], rest) if key in node else None
        if found is not None:
            return found
    return None


def _guessed_pattern(path: str) -> str:
    """The path with ``{id}`` in place of each segment that looks like an identifier.

    >>> _guessed_pattern('/v4/things/PABC123/parts')
    '/v4/things/{id}/parts'
    """
    nodes = path.split('/')
    # A collection comes first, after the version if there is one.
    first = 2 if re.match(_API_VERSION, path) else 1
    return '/'.join(
        '{id}'
        if place > first and re.search(_IDENTIFIER, node) and not re.match(_NAME, node)
        else node
        for place, node in enumerate(nodes)
    )


def _suggestion(path: str) -> str:
    """A hint that names the listed path closest to an unlisted one; '' if none is close."""
    from difflib import get_close_matches  # Imported on first use, to keep imports fast.

    # difflib is slow on long texts.
    guess = _guessed_pattern(path[:200])
    close = get_close_matches(guess, CANONICAL_PATHS, n=1, cutoff=0.75)
    # A listed path below a base URL that has a path of its own is longer, and no typo.
    is_typo = close and close[0].count('/') == path.count('/')
    return f'; did you mean {close[0]}?' if is_typo else ''


def singular_name(r_name: str) -> str:
    """Return the name of one resource of a collection.

    >>> singular_name('escalation_policies')
    'escalation_policy'
    """
    before, separator, noun = r_name.rpartition('_')
    if noun in _IRREGULAR_PLURALS:
        return before + separator + _IRREGULAR_PLURALS[noun]
    if noun.endswith('ies'):
        return r_name[:-3] + 'y'
    if noun.endswith(('sses', 'xes', 'ches', 'shes')):
        return r_name[:-2]
    is_plural = noun.endswith('s') and not noun.endswith(('ss', 'us', 'is'))
    return r_name[:-1] if is_plural else r_name


def plural_name(obj_type: str) -> str:
    """Return the name of the collection for the ``type`` of a resource or reference.

    >>> plural_name('escalation_policy_reference')
    'escalation_policies'
    """
    name = re.sub('_reference$', '', obj_type)
    before, separator, noun = name.rpartition('_')
    if noun in _IRREGULAR_SINGULARS:
        return before + separator + _IRREGULAR_SINGULARS[noun]
    if re.search('[^aeiou]y$', noun):
        return name[:-1] + 'ies'
    return name + ('es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's')


def entity_wrappers(method: str, path: str) -> _Wrappers:
    """Return the names of the properties that wrap the request and the response of an endpoint.

    :param path: a path pattern, as :func:`canonical_path` returns it.
    :returns: (request wrapper, response wrapper), each None where the body is not wrapped.

    >>> entity_wrappers('POST', '/business_services/{id}/subscribers')
    ('subscribers', 'subscriptions')

    :raises ValueError: if the entry in :data:`ENTITY_WRAPPER_CONFIG` is not a name, None or a pair
        of those.
    """
    for endpoint in (method.upper() + ' ' + path, '* ' + path):
        if endpoint in ENTITY_WRAPPER_CONFIG:
            entry = ENTITY_WRAPPER_CONFIG[endpoint]
            pair = entry if isinstance(entry, tuple) else (entry, entry)
            if len(pair) == 2 and all(name is None or isinstance(name, str) for name in pair):
                return cast(_Wrappers, pair)
            raise ValueError(
                f'ENTITY_WRAPPER_CONFIG[{endpoint!r}] must be a name, None, or a pair of those; it '
                f'is {entry!r}.'
            )
    wrapper = infer_entity_wrapper(method, path)
    return wrapper, wrapper


def infer_entity_wrapper(method: str, path: str) -> str:
    """Return the wrapper of requests and responses that the API's naming convention implies.

    >>> infer_entity_wrapper('GET', '/users/{id}'), infer_entity_wrapper('POST', '/users')
    ('user', 'user')
    """
    nodes = path.split('/')
    if len(nodes) > 1 and is_path_param(nodes[-1]):
        return singular_name(nodes[-2])
    return singular_name(nodes[-1]) if method.upper() == 'POST' else nodes[-1]


# ------------------------------------------------------------------------------------- Responses


class _ApiError(NamedTuple):
    """The parts of an error response that are documented."""

    message: Optional[str] = None
    code: Optional[int] = None
    #: Explanations, a sentence each.
    sentences: Tuple[str, ...] = ()


def successful_response(r: Response, context: Optional[str] = None) -> Response:
    """Return the response if it is a success, and raise an error if not.

    :param context: the purpose of the request for the error message, such as 'sending an event'.
    :raises PDServerError: if the status is 5xx.
    :raises PDHTTPError: for any other status that is not 2xx.
    :raises PDClientError: if there is no response.
    """
    if r is None or r.status_code == 0:
        when = ' when ' + context if context else ''
        raise PDClientError(f'No response was received from the API{when}.', r)
    if _status_class(r) == 2:
        return r
    raise _http_error(r, context)


def unwrap(response: Response, wrapper: Optional[str]) -> Json:
    """Return the value at the wrapper of a response, or the whole body if ``wrapper`` is None.

    An empty body gives None.

    :raises PDServerError: if the body is not JSON or lacks the wrapper.
    """
    body = try_decoding(response)
    if wrapper is None or (body is None and _is_empty(response)):
        return body
    if isinstance(body, dict) and wrapper in body:
        return body[wrapper]
    raise _wrapper_missing(response, wrapper, body)


def _wrapper_missing(response: Response, wrapper: str, body: Json) -> PDHTTPError:
    if _is_empty(response):
        found = 'is empty.'
    elif body is None:
        found = 'is null.'
    elif not isinstance(body, dict):
        found = f'is of type {type(body).__name__}.'
    else:
        keys = _Secrets.of(response).show(', '.join(sorted(map(str, body))), 500)
        found = f'has the keys: {keys or "(none)"}.'
    problem = f'expected a JSON object with the key "{_cut(wrapper, 100)}" in the response'
    return _error(response, f'{problem} (status {response.status_code}), which {found}')


def _error(
    response: Response, problem: str, error_class: Type[PDHTTPError] = PDServerError
) -> PDHTTPError:
    """An error whose message names the request, the problem and the request ID."""
    secrets = _Secrets.of(response)
    request_id = _request_id(response, secrets)
    suffix = f' [request ID {request_id}]' if request_id else ''
    return error_class(f'{_request_line(response, secrets)}: {problem}{suffix}', response)


def http_error_message(r: Response, context: Optional[str] = None) -> str:
    """Describe an error response: the request, the API's own sentences, and what to do.

    :param context: the purpose of the request, such as 'sending an event'.
    """
    return _http_error(r, context).msg


def _http_error(
    r: Response, context: Optional[str] = None, key: Optional[str] = None
) -> PDHTTPError:
    secrets = _Secrets.of(r)
    faults = {3: 'unexpected redirect', 4: 'client error', 5: 'server error'}
    said = _api_error(r)
    # A body without the API's sentences is quoted: an error page of a proxy, for example. Mask it
    # before truncating: a truncated key would not be recognized.
    details = '; '.join(said.sentences) or secrets.show(_text(r), TEXT_LEN_LIMIT) or '(empty body)'
    reason = said.message or getattr(r, 'reason', None) or '(no reason given)'
    problem = secrets.show(reason, 200) + ('' if said.code is None else f' (code {said.code})')
    if details != said.message:
        problem += ': ' + secrets.show(details, 800)
    advice = _advice(r, said)
    if key is not None:
        in_use = f'The API key in use is {last_4(key)}.'
        advice += ' ' + (in_use if key else 'The Authorization header contains no key.')
    if advice and problem[-1] not in '.?!':
        problem += '.'
    fault = faults.get(_status_class(r), 'unexpected status')
    if context:
        fault += secrets.show(' when ' + context, 300)
    error_class = PDServerError if _status_class(r) == 5 else PDHTTPError
    return _error(r, f'{fault}: {r.status_code} {problem}{advice}', error_class)


#: The API's words for a From header that is missing or names no user, with various quotes.
_ABOUT_FROM = r'(?i)\bfrom\W? header\b|\brequester user not found\b'


def _is_about_from(sentences: Sequence[str]) -> bool:
    return any(re.search(_ABOUT_FROM, sentence) for sentence in sentences)


def _advice(r: Response, said: _ApiError) -> str:
    """Advice that the API's own sentences lack, or ''."""
    if r.status_code == 400 and _is_about_from(said.sentences):
        return (
            " Pass default_from= to the session: the e-mail address of one of the account's users."
        )
    if r.status_code == 401:
        return (
            ' Usual causes: the API key is wrong or no longer valid, or it belongs to another '
            'service region; see the url attribute of the session.'
        )
    if r.status_code == 404 and isinstance(getattr(r, 'url', None), str):
        path = _before_query(_ORIGIN.sub('', r.url)).rstrip('/')
        suggestion = '' if _listed_path(path) else _suggestion(path)
        return suggestion and ' The path is not listed' + suggestion
    return ''


def _api_error(r: Response) -> _ApiError:
    """Parse an error response: of REST, ``{"error": {"message": …, "code": …, "errors": […]}}``, or
    of Events v2, ``{"status": …, "message": …, "errors": […]}``, or a variant of these.
    """
    try:
        body = r.json()
        error = body.get('error') if isinstance(body, dict) else body
        if not error or error is True:
            # No error, or only a flag.
            error = body
        if not isinstance(error, dict):
            return _ApiError(sentences=tuple(_sentences(error)))
        message, code = error.get('message'), error.get('code')
        return _ApiError(
            message if isinstance(message, str) else None,
            code if isinstance(code, int) else None,
            tuple(_sentences(error.get('errors')) or _sentences(message)),
        )
    except _UNREADABLE:
        # Not JSON, a stream that is broken or was read already, or a mock response.
        return _ApiError()


def _sentences(content: Json) -> List[str]:
    """The sentences in the ``errors`` of a response, which may be a text, a list or an object."""
    if isinstance(content, (list, tuple)):
        return [sentence for item in content for sentence in _sentences(item)]
    if isinstance(content, dict):
        for key in ('messages', 'message', 'errors', 'detail', 'title'):
            if content.get(key):
                return _sentences(content[key])
        return [
            f'{field}: {sentence}'
            for field, value in content.items()
            for sentence in _sentences(value)
        ]
    return [] if content is None or content == '' else [str(content)]


def _status_class(r: Response) -> int:
    """The first digit of the status: 2 for success."""
    if isinstance(r.status_code, int):
        return r.status_code // 100
    # A mock response, whose status may be another mock.
    return 2 if r.ok else 4


def _header(r: Response, name: str) -> Any:
    # Users' mock responses may lack headers.
    return getattr(r, 'headers', {}).get(name)


def _request_id(r: Response, secrets: _Secrets) -> Optional[str]:
    header = _header(r, 'x-request-id')
    return secrets.show(header, 100) if isinstance(header, str) else None


def _request_line(r: Response, secrets: _Secrets) -> str:
    """The method and URL of the request that a response answers."""
    request = getattr(r, 'request', None)
    method = getattr(request, 'method', None) or 'request'
    url = getattr(r, 'url', None) or getattr(request, 'url', None) or '(URL unknown)'
    return f'{secrets.show(method, 20).upper()} {secrets.show(url, 300)}'


def try_decoding(r: Response) -> Json:
    """Return the decoded JSON body of a response; None if the body is empty.

    :raises PDServerError: if the body is not JSON, or is nested too deeply.
    """
    try:
        decode = json_loads
        if decode is None or not isinstance(getattr(r, 'content', None), bytes):
            return r.json()
        try:
            return decode(r.content)
        except Exception as error:  # noqa: BLE001 - not every decoder raises ValueError
            raise ValueError(f'json_loads: {type(error).__name__}') from error
    except (LookupError, ValueError, RecursionError) as error:
        if _is_empty(r):
            return None
        quoted = _Secrets.of(r).show(_text(r), TEXT_LEN_LIMIT)
        problem = f'the body of the response (status {r.status_code}) is invalid JSON: {quoted}'
        raise _error(r, problem) from error


def _is_empty(r: Response) -> bool:
    """Whether the body of a response is empty or white space."""
    content = getattr(r, 'content', None)
    return not (content if isinstance(content, bytes) else _text(r)).strip()


def _text(r: Response) -> str:
    """The body of a response as text, whatever charset it declares; '' if it cannot be read."""
    with suppress(*_UNREADABLE):
        return str(r.text)
    with suppress(*_UNREADABLE):
        return r.content.decode('utf-8', 'replace')
    return ''


def truncate_text(text: str) -> str:
    """Cut a text to :data:`TEXT_LEN_LIMIT` characters, the last three of them dots."""
    return _cut(text, TEXT_LEN_LIMIT)


# -------------------------------------------------------------------------------------- Warnings


def deprecated_kwarg(deprecated_name: str, details: Optional[str] = None) -> None:
    """Warn that the calling function received a deprecated keyword argument.

    The warning names the line of its caller.
    """
    message = f'Keyword argument "{deprecated_name}" is deprecated.'
    _warn(message + (' ' + details if details else ''), depth=3)


def _warn(message: str, depth: int = 1) -> None:
    """Warn about the line of the user's code that led here, at least ``depth`` calls up.

    ``warnings.filterwarnings('ignore', module='pdpyras')`` applies, as it did in 5.4.1.
    """
    frame = sys._getframe(depth)
    while frame.f_back and (
        frame.f_globals is globals()
        or frame.f_globals.get('__name__', '').partition('.')[0] == 'requests'
    ):
        frame = frame.f_back
    registry = frame.f_globals.setdefault('__warningregistry__', {})
    place = frame.f_code.co_filename, frame.f_lineno
    warn_explicit(message, UserWarning, *place, module=__name__, registry=registry)


def _rename_path(kwargs: Dict[str, Any]) -> None:
    """Rename the keyword argument ``path`` to ``url``, its name since 5.0."""
    if 'path' in kwargs:
        deprecated_kwarg('path', details='Use "url" instead.')
        kwargs['url'] = kwargs.pop('path')


# ------------------------------------------------------------------------------------ Decorators
#
# They decorate methods of any object. wrapped_entities needs its `url`, and takes the HTTP verb
# from the name of the method: rget and get both send a GET.


def auto_json(method: _F) -> _F:
    """Return the response's decoded JSON body instead of the response.

    :raises PDHTTPError: if the response is not a success.
    """

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Json:
        return try_decoding(successful_response(method(self, *args, **kwargs)))

    return cast(_F, call)


def requires_success(method: _F) -> _F:
    """Raise :class:`PDHTTPError` unless the response that a method returns is a success."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return successful_response(method(self, *args, **kwargs))

    return cast(_F, call)


def resource_url(method: _F) -> _F:
    """Let a method's first argument be a resource, and pass on the URL at its ``self`` key.

    :raises URLError: if the argument is neither a str nor a mapping with a str at ``self``.
    """

    @wraps(method)
    def call(self: Any, resource: Any = None, *args: Any, **kwargs: Any) -> Any:
        if resource is None:
            _rename_path(kwargs)
            resource = kwargs.pop('url', None)
        url = resource.get('self') if isinstance(resource, Mapping) else resource
        if not isinstance(url, str):
            found = '' if url is resource else f', and its "self" is {_cut(repr(url), 200)}'
            raise URLError(
                f'{method.__name__}: the first argument must be a URL or path, or a resource with '
                f'its URL at the key "self"; it is of type {type(resource).__name__}{found}.'
            )
        return method(self, url, *args, **kwargs)

    return cast(_F, call)


def wrapped_entities(method: _F) -> _F:
    """Wrap a method's ``json`` as the API documents it, and return the unwrapped response body.

    A body that is wrapped already is sent as it is, and the caller's object is never changed.

    :raises PDHTTPError: if the response is not a success.
    :raises PDServerError: if the response lacks the wrapper that the API documents.
    """
    verb = re.sub(r'^[rj](?=(?:get|post|put|patch|delete)$)', '', method.__name__.lower())

    @wraps(method)
    def call(self: Any, url: str, *args: Any, **kwargs: Any) -> Json:
        endpoint = _Endpoint.at(self.url, url)
        if 'json' in kwargs and verb in _BODY_VERBS:
            kwargs['json'] = endpoint.wrap(verb, kwargs['json'])
        return endpoint.unwrap(verb, successful_response(method(self, url, *args, **kwargs)))

    return cast(_F, call)


# ------------------------------------------------------------------------ Checks and conversions


def _reject_negative(name: str, value: Any) -> None:
    """Raise ValueError unless a value is a non-negative number of any kind, NumPy's for example."""
    with suppress(OverflowError, TypeError, ValueError):
        if not isinstance(value, (bool, str, bytes)) and 0 <= float(value) < float('inf'):
            return
    raise ValueError(f'{name} must be a non-negative number; it is {value!r}.')


def _is_list(value: Any) -> bool:
    return hasattr(value, '__iter__') and not isinstance(value, (str, bytes, Mapping))


def _is_aware(value: Any) -> bool:
    return getattr(value, 'tzinfo', None) is not None and value.utcoffset() is not None


def _reject_naive(name: str, value: Any) -> None:
    """Raise ValueError for a naive datetime, which the API reads in the account's time zone."""
    # Not datetime, which tests replace.
    if not isinstance(value, date) or not _is_aware(value):
        raise ValueError(
            f'{name} must be a datetime with a time zone, such as datetime.now(timezone.utc); it '
            f'is {value!r}.'
        )


def _utc(moment: datetime) -> str:
    """An aware datetime in the form that is documented for ``/change_events``."""
    return moment.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def _time_of(text: Any) -> Optional[datetime]:
    """Parse an ISO 8601 timestamp to the second; None if it is not one.

    >>> _time_of('2026-01-02T03:04:05Z') == _time_of('2026-01-01T22:04:05-05:00')
    True
    """
    pattern = r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$'
    found = re.match(pattern, text) if isinstance(text, str) else None
    if found is None:
        return None
    moment, zone = found.groups()
    zone = '+0000' if zone in (None, 'Z') else zone.replace(':', '')
    with suppress(ValueError):
        return datetime.strptime(moment + zone, '%Y-%m-%dT%H:%M:%S%z')
    return None


def _whole_number(name: str, value: Any, least: int, most: Optional[int] = None) -> int:
    """Convert an argument to an int; ValueError if it is not a whole number within the bounds."""
    # A bool is rejected, because 4.x had `paginate` at the position of page_size.
    with suppress(OverflowError, TypeError, ValueError):
        number = int(value)
        is_whole = isinstance(value, str) or (value == number and not isinstance(value, bool))
        if is_whole and least <= number and (most is None or number <= most):
            return number
    bounds = f'{least} or more' if most is None else f'from {least} to {most}'
    raise ValueError(f'{name} must be a whole number, {bounds}; it is {_cut(repr(value), 200)}.')


def _id_of(resource: Any) -> str:
    """The ID of a resource, which may be given as its ID, quoted for a path."""
    identifier = resource.get('id') if isinstance(resource, Mapping) else resource
    if not isinstance(identifier, str) or not identifier:
        raise ValueError(
            'A resource must be passed as its ID, or as a mapping with an "id"; it is '
            f'{_cut(repr(resource), 200)}.'
        )
    return quote(identifier, safe='')


def _as_dict(params: Any) -> Dict[str, Any]:
    """Convert query parameters in any form that requests accepts to a dict.

    Repeated parameters become a list. Iterators do, too: each page and each retry sends them again.
    """
    if not params:
        return {}
    if isinstance(params, bytes):
        params = params.decode('utf-8')
    is_query = isinstance(params, str)
    pairs = parse_qsl(params, keep_blank_values=True) if is_query else to_key_val_list(params)
    collected: Dict[str, Any] = {}
    for name, value in pairs:
        if hasattr(value, '__next__'):
            value = list(value)
        if name in collected:
            earlier = collected[name]
            collected[name] = [
                *(earlier if _is_list(earlier) else [earlier]),
                *(value if _is_list(value) else [value]),
            ]
        elif value is not None:  # requests leaves out None.
            collected[name] = value
    return collected


def _needs_update(existing: Any, wanted: Any) -> bool:
    """Whether a wanted value is missing from a resource or differs; other values are ignored."""
    return any(key not in existing or _differs(existing[key], wanted[key]) for key in wanted)


def _differs(existing: Any, wanted: Any) -> bool:
    """Whether a value differs from the wanted one; a reference equals the resource it refers to."""
    if isinstance(wanted, Mapping) and isinstance(existing, Mapping):
        is_reference = set(wanted) <= {'id', 'type', 'summary', 'self', 'html_url'}
        if is_reference and 'id' in wanted and 'id' in existing:
            return bool(wanted['id'] != existing['id'])
        return _needs_update(existing, wanted)
    if isinstance(wanted, (list, tuple)) and isinstance(existing, (list, tuple)):
        return len(wanted) != len(existing) or any(map(_differs, existing, wanted))
    return bool(existing != wanted)


def _checked_dict(name: str, value: Any) -> Dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f'{name} must be a dict, not {type(value).__name__}.')
    return value


# ------------------------------------------------------------------------------- Names from 4.x
#
# Names and keywords that the original removed in 5.0 and 5.1. Each says what to use instead.

#: Paths to which 4.x limited updates of several resources at once.
VALID_MULTI_UPDATE_PATHS = [
    ('incidents', '{index}'),
    ('incidents', '{id}', 'alerts', '{index}'),
    ('priorities', '{index}'),
]


def _deprecated(details: str) -> Callable[[_F], _F]:
    marked = deprecated(deprecated_in='5.0.0', current_version=__version__, details=details)
    return cast(Callable[[_F], _F], marked)


def _takes_path(method: _F) -> _F:
    """Let a method's argument ``url`` be passed as ``path=``."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        _rename_path(kwargs)
        return method(self, *args, **kwargs)

    return cast(_F, call)


@_deprecated('Use canonical_path instead.')
def tokenize_url_path(url: str, baseurl: str = 'https://api.pagerduty.com') -> Tuple[str, ...]:
    """Return the nodes of a path, with ``{id}`` for IDs and ``{index}`` after a collection."""
    return _tokens(baseurl, url)


def _tokens(base_url: str, url: str) -> Tuple[str, ...]:
    _, path = _locate(base_url, url)
    nodes = path.split('/')[1:]
    tokens = tuple('{id}' if place % 2 else node for place, node in enumerate(nodes))
    return tokens if len(tokens) % 2 == 0 else tokens + ('{index}',)


def _renamed(former_name: str, function: _F) -> _F:
    """A deprecated alias of a function: the name that it had before 5.0."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = former_name
    return _deprecated(f'Use {function.__name__} instead.')(cast(_F, call))


resource_envelope = _renamed('resource_envelope', wrapped_entities)
resource_path = _renamed('resource_path', resource_url)
object_type = _renamed('object_type', singular_name)
resource_name = _renamed('resource_name', plural_name)


# Not _renamed, because it never had a second parameter.
@_deprecated('Use successful_response instead.')
def raise_on_error(r: Response) -> Response:
    """Former name of :func:`successful_response`."""
    return successful_response(r)


class _MethodsFrom4x:
    """Methods of the sessions that 5.0 removed."""

    #: False if the user has set raise_if_http_error to False.
    _raises_http_errors = True

    @_deprecated('Assign to the property api_key instead.')
    def set_api_key(self, api_key: str) -> None:
        """Set ``api_key``."""
        self.api_key = api_key

    @property
    @_deprecated('Iteration raises PDHTTPError; catch it.')
    def raise_if_http_error(self) -> bool:
        """Whether iteration raises for an unsuccessful response, or warns and stops."""
        return self._raises_http_errors

    @raise_if_http_error.setter
    @_deprecated('Iteration raises PDHTTPError; catch it.')
    def raise_if_http_error(self, is_raising: bool) -> None:
        self._raises_http_errors = bool(is_raising)

    # unittest.mock.patch.object deletes the attribute that it has set.
    @raise_if_http_error.deleter
    def raise_if_http_error(self) -> None:
        self._raises_http_errors = True

    def _raises_errors(self) -> bool:
        # Subclasses of 4.x override the property, mostly with a plain attribute.
        is_ours = type(self).raise_if_http_error is _MethodsFrom4x.raise_if_http_error
        return self._raises_http_errors if is_ours else bool(self.raise_if_http_error)

    @_deprecated('The keys of api_call_counts now look like "GET /users/{id}".')
    def profiler_key(self, method: str, path: str, suffix: Optional[str] = None) -> str:
        """Return the key that 4.x counted a request under, such as ``get:users/{id}``."""
        base_url = cast(Any, self).url
        key = '{}:{}'.format(method.lower(), '/'.join(_tokens(base_url, path)))
        return key if suffix is None else f'{key}#{suffix}'


# ------------------------------------------------------------------------------------- Transport


class _OwnCookiesOnly(DefaultCookiePolicy):
    """Sends the caller's cookies, stores none of the server's."""

    def set_ok(self, cookie: Any, request: Any) -> bool:
        return False


_OWN_COOKIES_ONLY = _OwnCookiesOnly()
#: Bytes of a body to read at a time. With 10 KiB, as in requests, a long listing takes about 10 %
#: longer. Not None, for all at once: urllib3 would never reach the end of a mocked body.
_READ_SIZE = 1024 * 1024
_UNSAFE_IN_HEADER = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]|^\s|[^\x00-\xff]')

# The methods of requests that are overridden below for speed. If somebody has replaced the original
# since, the override calls the replacement.
_PREPARE_REQUEST = Session.prepare_request
_MERGE_ENVIRONMENT_SETTINGS = Session.merge_environment_settings

#: Whether requests finds proxies in the environment only; macOS and Windows have other places.
_PROXIES_ARE_IN_ENVIRONMENT = getproxies is getproxies_environment

#: Whether requests sends NaN, which is not JSON: before 2.26, it has no InvalidJSONError.
_REQUESTS_SENDS_NAN = not hasattr(requests.exceptions, 'InvalidJSONError')


class _MergedHeaders(CaseInsensitiveDict):  # type: ignore[type-arg]
    """The headers of a request, merged over those of the session."""

    #: The URL that these headers were merged for. It needs no second check.
    checked_url: Optional[str] = None


class _Transport(Session):
    """A ``requests.Session`` that keeps its credential to one server, and repeats less work.

    - Cookies of the server are not stored, and ``~/.netrc`` does not replace the credential.
    - A request is sent only where :meth:`_check_destination` allows it; redirects of a GET are
      followed within the same origin, and those of other methods not at all.
    - Settings from the environment are looked up again only if the environment changes.
    - A truncated body, or a status below 200, is an error with every supported urllib3.
    - After a fork, no connection is shared with the parent process.
    """

    #: All that the last merge of settings depended on, and its result.
    _merged_settings: Tuple[Any, Dict[str, Any]] = (None, {})

    def __init__(self) -> None:
        super().__init__()
        self._enter_process()

    def _check_destination(self, url: str) -> None:
        """Raise an error if requests must not be sent to a URL; overridden below."""

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Prepare a request, whose headers may include the session's already."""
        # True if PDSession.request has merged the headers and checked the URL.
        is_merged = getattr(request.headers, 'checked_url', '') == request.url
        _reject_unsafe_headers(request.headers)
        # Some versions of requests pass text on to http.client, which encodes it as Latin-1.
        data = request.data.read() if isinstance(request.data, TextIOBase) else request.data
        if isinstance(data, str) and len(data.encode('utf-8')) > len(data):
            data = data.encode('utf-8')
        if _REQUESTS_SENDS_NAN and not data:
            requests_json.dumps(request.json, allow_nan=False)
        # With auth=None, requests would read ~/.netrc.
        auth = request.auth or self.auth or _keep_authorization
        is_replaced = Session.prepare_request is not _PREPARE_REQUEST
        if is_replaced or not is_merged or self.params or self.cookies or request.cookies:
            prepared = self._prepare_and_merge(request, data, auth)
        else:
            prepared = PreparedRequest()
            prepared.prepare(
                method=request.method,
                url=request.url,
                headers=request.headers,
                files=request.files,
                data=data,
                json=request.json,
                params=request.params or None,
                cookies=RequestsCookieJar(policy=_OWN_COOKIES_ONLY),
                auth=auth,
                hooks=merge_hooks(request.hooks, self.hooks),
            )
        # The user's hooks, in between, may read the body.
        prepared.hooks['response'].insert(0, _check_length)
        prepared.register_hook('response', _read_body)
        # No need to check again if requests only appended the query to the checked URL.
        if not is_merged or not str(prepared.url).startswith(str(request.url)):
            self._check_destination(str(prepared.url))
        cast(Any, prepared).checked_url = prepared.url
        return prepared

    def _prepare_and_merge(self, request: Request, data: Any, auth: Any) -> PreparedRequest:
        """Prepare a request as requests does, which merges the session's settings into it."""
        _reject_unsafe_headers(self.headers)
        request = copy(request)
        request.data, request.auth = data, auth
        prepared = super().prepare_request(request)
        # Otherwise a redirect would send the cookies set by the previous response.
        cast(Any, prepared)._cookies.set_policy(_OWN_COOKIES_ONLY)
        _reject_unsafe_headers({'Cookie': prepared.headers.get('Cookie')})
        return prepared

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send a prepared request.

        :raises URLError: if its URL was changed to one that must not see the key; nothing is sent.
        """
        if request.url != getattr(request, 'checked_url', None):
            self._check_destination(str(request.url))
        if os.getpid() != self._process_id:
            self._leave_parent_process()
        # Here, because the user may have assigned another jar.
        self.cookies.set_policy(_OWN_COOKIES_ONLY)
        return super().send(request, **kwargs)

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Merge settings as requests does, but search the environment only after a change."""
        is_replaced = Session.merge_environment_settings is not _MERGE_ENVIRONMENT_SETTINGS
        if verify is None and self.verify is not True and not is_replaced:
            # REQUESTS_CA_BUNDLE would win: https://github.com/psf/requests/issues/3829
            verify = self.verify
        if is_replaced or proxies or not _PROXIES_ARE_IN_ENVIRONMENT:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        # os.environ encodes and decodes on each access, so comparing the whole dict below it is
        # cheaper than reading one variable. Tests may replace it with a plain dict.
        environment = getattr(os.environ, '_data', os.environ) if self.trust_env else {}
        given = (url.split('/', 3)[:3], stream, verify, cert)
        own = (dict(self.proxies or {}), self.stream, self.verify, self.cert, self.trust_env)
        known, settings = self._merged_settings
        if (given, own, environment) != known:
            settings = super().merge_environment_settings(url, {}, stream, verify, cert)
            self._merged_settings = ((given, own, dict(environment)), settings)
        return dict(settings, proxies=settings['proxies'].copy())

    def resolve_redirects(
        self, resp: Response, req: PreparedRequest, *args: Any, **kwargs: Any
    ) -> Generator[Any, None, None]:
        """Follow the redirects of a GET within its origin, and those of other methods not at all.

        :raises PDServerError: for a redirect to another origin or an invalid URL; nothing is sent
            there.
        """
        if kwargs.get('yield_requests'):
            # With allow_redirects=False, requests only asks for response.next.
            return
        is_followed = req.method == 'GET'
        kwargs['yield_requests'] = not is_followed
        for hop in super().resolve_redirects(resp, req, *args, **kwargs):
            if not is_followed:
                # Prepared only for the check in rebuild_auth.
                return
            yield hop

    def get_redirect_target(self, resp: Response) -> Optional[str]:
        """Return the URL that a response redirects to, or None.

        :raises PDServerError: if it is invalid.
        """
        try:
            target: Optional[str] = super().get_redirect_target(resp)
            if target is not None:
                urlsplit(target)  # ValueError if it is invalid
        except ValueError as error:
            location = resp.headers['location']
            raise _refused_redirect(resp, location, 'an invalid URL') from error
        return target

    def rebuild_proxies(self, prepared_request: PreparedRequest, proxies: Any) -> Any:
        """Select the proxies of a redirect, without sending their credentials to the API.

        requests before 2.31 would: https://nvd.nist.gov/vuln/detail/CVE-2023-32681
        """
        selected = super().rebuild_proxies(prepared_request, proxies)
        if str(prepared_request.url).startswith('https:'):
            prepared_request.headers.pop('Proxy-Authorization', None)
        return selected

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Keep the credential in a redirect, which requests would replace by one in ~/.netrc.

        :raises PDServerError: for a redirect to another origin.
        """
        # Compare the URLs as urllib3 reads them, because urllib3 connects.
        if not _is_same_origin(response.request.url, prepared_request.url):
            raise _refused_redirect(response, prepared_request.url)
        cast(Any, prepared_request).checked_url = prepared_request.url

    def _enter_process(self) -> None:
        self._process_id = os.getpid()
        #: Pools of the parent process, kept so that they are never finalized.
        self._inherited_pools: List[Any] = self.__dict__.get('_inherited_pools', [])

    def _leave_parent_process(self) -> None:
        """After a fork, give up the connections that belong to the parent process as well."""
        for adapter in self.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                # Closing the pools, or finalizing them, would take locks that a thread of the
                # parent process may have held at the fork.
                self._inherited_pools.append((adapter.poolmanager, adapter.proxy_manager))
                adapter.__setstate__(adapter.__getstate__())  # new pools
            else:
                adapter.close()
        self._enter_process()


def _keep_authorization(request: PreparedRequest) -> PreparedRequest:
    """An ``auth`` without effect, which keeps requests from reading ~/.netrc."""
    return request


def _check_length(response: Response, **options: Any) -> None:
    """The first response hook: urllib3 notices a truncated body, whoever reads it."""
    # Only if a socket is read: the Content-Length of a mock may be that of another body.
    original = getattr(response.raw, '_original_response', None)
    if getattr(original, 'fp', None) is not None:
        response.raw.enforce_content_length = True  # The default since urllib3 2.


def _read_body(response: Response, stream: bool = False, **options: Any) -> None:
    """The last response hook: read the body, in chunks larger than those of requests."""
    raw = response.raw
    if raw is None:
        # A response that a hook or a mounted adapter made by hand.
        return
    if isinstance(response.status_code, int) and 100 <= response.status_code < 200:
        # The final response is still to come, and would be taken for that of the next request.
        raw.close()
    # The body of a redirect, which may be broken, is left for requests to discard.
    is_unread = getattr(response, '_content', None) is False and not response.is_redirect
    if is_unread and not stream:
        response._content = b''.join(response.iter_content(_READ_SIZE))


def _reject_unsafe_headers(headers: Any) -> None:
    """Reject headers that cannot be sent, without showing their values.

    Some versions of requests do not check all of this, and others show the value in the error.
    """
    # lower_items() is faster.
    is_fast = isinstance(headers, CaseInsensitiveDict)
    for name, value in headers.lower_items() if is_fast else dict(headers or {}).items():
        if _UNSAFE_IN_HEADER.search(value if isinstance(value, str) else _as_text(value)):
            raise InvalidHeader(
                f'The value of the header {_printable(str(name)).title()} starts with white space, '
                'or contains a line break, another control character, or a character outside '
                'Latin-1.'
            )


def _refused_redirect(
    response: Response, target: Optional[str], kind: str = 'another origin'
) -> PDHTTPError:
    shown = _Secrets.of(response).show(target or '', 300)
    return _error(
        response,
        f'the response (status {response.status_code}) redirects to {kind}, {shown}, which is not '
        'followed: neither the key nor the request is sent there.',
    )


# ---------------------------------------------------------------------- PDSession and its retries

_UNSAFE_METHODS = ('POST', 'PATCH')
_DEFAULT_USER_AGENT = default_user_agent()
#: TIMEOUT when the module was imported.
_DEFAULT_TIMEOUT = TIMEOUT


class _SessionLogger(Logger):
    """A logger below ``pdpyras`` owned by one session, and freed with it.

    ``logging.getLogger`` would keep it forever, and two sessions would share one.
    """

    def isEnabledFor(self, level: int) -> bool:
        # Not inherited: Logger caches the result, and clears the cache of registered loggers only.
        return level > self.manager.disable and level >= self.getEffectiveLevel()

    def handle(self, record: Any) -> None:
        # In 5.4.1 the log was the logger 'pdpyras' itself, so its filters and `disabled` apply.
        above = getLogger('pdpyras')
        # Since Python 3.12, a filter may return another record.
        kept = not above.disabled and above.filter(record)
        if kept:
            super().handle(record if kept is True else kept)


class PDSession(_MethodsFrom4x, _Transport):
    """Base class of the sessions: URLs, headers, retries and logging.

    :param api_key: the credential for the API; surrounding white space is stripped.
    :param debug: the initial value of :attr:`print_debug`.
    :param base_url: the initial value of :attr:`url`, if not the class's own.
    :raises ValueError: if the key is empty, not a str, or contains a control character.
    :raises URLError: if the base URL has no scheme, or contains credentials.
    """

    #: Base URL of the API; paths are relative to it.
    url = ''

    _api_key = ''

    #: HTTP methods that the API supports, in upper case.
    permitted_methods: Tuple[str, ...] = ()

    #: Retries per HTTP status: a count, -1 for no limit, or 0 for the default behaviour.
    #:
    #: By default, 429 is retried without limit, 401 raises an error, and any other response is
    #: returned. :attr:`max_http_attempts` limits the total over all statuses. Each session starts
    #: with a copy of its class's dict.
    retry: Dict[int, int] = {}

    #: Maximum number of retries over all statuses in :attr:`retry`.
    max_http_attempts = 10

    #: Maximum number of retries after network errors.
    max_network_attempts = 3

    #: Base of the waits before retries, in seconds: the first is ``sleep_timer`` times
    #: :attr:`sleep_timer_base`, and each wait is longer than the one before.
    sleep_timer = 1.5

    #: Factor by which each wait is longer than the one before.
    sleep_timer_base = 2

    #: Whether to repeat a POST or PATCH that may already have taken effect.
    #:
    #: If False, they are repeated only if no connection was made, so a late response cannot create
    #: something twice.
    retry_unsafe_methods = True

    #: Maximum number of seconds that one request may spend waiting for retries in total, or None.
    #:
    #: A wait that would exceed it is not begun; the last response or error is the result then, as
    #: when retries are exhausted. In a listing, each page is a request of its own. Waits because of
    #: :attr:`spare_requests` do not count.
    max_wait: Optional[float] = None

    #: Number of requests to leave in the rate limit for other users of the key; 0 to turn it off.
    #:
    #: When a response reports that no more than this number remain, the requests of this session
    #: wait, in all threads, until the limit is reset. As the count is the server's, this works
    #: across processes and hosts that share a key.
    #: See https://developer.pagerduty.com/docs/rest-api-rate-limits.
    spare_requests = 0

    #: Seconds to wait for the API before giving up on a request; a pair for connecting and
    #: reading; or None to wait forever. Defaults to :data:`TIMEOUT` when the session is created.
    timeout: Any = TIMEOUT

    #: The session's own logger, below the logger ``pdpyras``, without handlers or level.
    log: Logger = cast(Any, None)

    _not_copied: Tuple[str, ...] = ('log', 'parent', '_debugHandler', '_debugged', '_counting_lock')
    # The settings may hold the password of a proxy, which belongs to this environment.
    _not_copied += ('_token_lock', '_inherited_pools', '_merged_settings')

    def __init__(
        self,
        api_key: str,
        debug: bool = False,
        *,
        base_url: Optional[str] = None,
        name: Optional[str] = None,
    ) -> None:
        super().__init__()
        self.retry = dict(self.retry)
        # The program may have assigned another TIMEOUT since the import.
        if self.timeout == _DEFAULT_TIMEOUT != TIMEOUT:
            self.timeout = TIMEOUT
        if base_url is not None:
            self.url = _parse_base(base_url).url
        if name is not None:
            deprecated_kwarg('name', details='Set the log attribute of the session instead.')
        self.log = self._create_log(name)
        self._has_warned_of_exposure = False
        self.api_key = api_key
        self.print_debug = debug

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {self.url} {self.trunc_key}>'

    # Pickling and copying

    def __getstate__(self) -> Dict[str, Any]:
        # Setting a header or cookie on a copy must not change the original.
        copied = (dict, CaseInsensitiveDict, RequestsCookieJar)
        state = {
            name: value.copy() if isinstance(value, copied) else value
            for name, value in self.__dict__.items()
            if name not in self._not_copied
        }
        # The value of an event is a list, or a single function.
        hooks = {event: copy(functions) for event, functions in self.hooks.items()}
        return dict(state, hooks=hooks, print_debug=self.print_debug)

    def __copy__(self) -> 'PDSession':
        copied = type(self).__new__(type(self))
        copied.__setstate__(self.__getstate__())
        # A copy keeps the parent and the log that the user assigned; a pickle cannot.
        if 'parent' in self.__dict__:
            copied.parent = self.parent
        if not isinstance(self.log, _SessionLogger):
            # The log has the original's handler already.
            copied.print_debug = False
            copied.log = self.log
        return copied

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        print_debug = self.__dict__.pop('print_debug')
        self.log = self._create_log()
        self._enter_process()
        self.print_debug = print_debug

    def _enter_process(self) -> None:
        super()._enter_process()
        # Reentrant: a signal handler may use the session while it counts a response.
        self._counting_lock = RLock()
        self._token_lock = RLock()
        self._renewals = 0
        self._is_renewing = False
        #: When the rate limit is reset, on the monotonic clock of this process.
        self._resume_at = 0.0

    def _create_log(self, name: Optional[str] = None) -> Logger:
        kind = type(self).__name__
        log = _SessionLogger(f'pdpyras.{kind}({name})' if name else 'pdpyras.' + kind)
        log.parent = getLogger('pdpyras')
        return log

    # The credential

    @property
    def api_key(self) -> str:
        """The credential for the API. Assigning another takes effect with the next request."""
        return self._api_key

    @api_key.setter
    def api_key(self, api_key: str) -> None:
        if not isinstance(api_key, str) or not api_key.strip():
            raise ValueError('The API key must be a non-empty str.')
        if re.search(_CONTROL_CHARACTERS, api_key.strip()):
            raise ValueError(
                'The API key contains a control character, such as a line break. Check where it '
                'is read from.'
            )
        self._api_key = api_key.strip()
        #: Facts that the API reported about this key.
        self._key_facts: Dict[str, str] = {}
        # Each key has a rate limit of its own.
        self._resume_at = 0.0
        self.headers.update(self.auth_header)
        self.after_set_api_key()

    def after_set_api_key(self) -> None:
        """Called after each assignment to :attr:`api_key`; subclasses may override it."""

    @property
    def auth_header(self) -> Dict[str, str]:
        """The headers that carry the credential; for subclasses."""
        return {}

    @property
    def trunc_key(self) -> str:
        """The key, masked except for its last four characters."""
        return last_4(self.api_key)

    # Configuration

    @property
    def parent(self) -> Any:
        """The ``requests.Session`` whose ``request`` is called; assign another to replace it."""
        # Created on demand: stored in the session, it would be a reference cycle, and a dropped
        # session would keep its sockets open until the garbage collector runs.
        return self.__dict__['parent'] if 'parent' in self.__dict__ else super()

    @parent.setter
    def parent(self, parent: Any) -> None:
        self.__dict__['parent'] = parent

    @parent.deleter
    def parent(self) -> None:
        self.__dict__.pop('parent', None)

    @property
    def stagger_cooldown(self) -> Any:
        """Jitter: the random share added to each wait; 0 (the default) for none, 1 for up to 100 %.

        :raises ValueError: when set to anything but a non-negative number.
        """
        return self.__dict__.get('_stagger_cooldown', 0)

    @stagger_cooldown.setter
    def stagger_cooldown(self, factor: Any) -> None:
        _reject_negative('stagger_cooldown', factor)
        self._stagger_cooldown = factor

    @property
    def print_debug(self) -> bool:
        """Whether this session's log records, down to debug level, are printed to stderr.

        To print those of a logger of your own, assign it to :attr:`log` first.
        """
        return '_debugHandler' in self.__dict__

    @print_debug.setter
    def print_debug(self, is_on: bool) -> None:
        if bool(is_on) == self.print_debug:
            return
        if is_on:
            self._debugHandler = StreamHandler()
            self._debugged = (self.log, self.log.level)
            self.log.setLevel(DEBUG)
            self.log.addHandler(self._debugHandler)
        else:
            log, level_before = self._debugged
            log.setLevel(level_before)
            log.removeHandler(self._debugHandler)
            del self._debugHandler, self._debugged

    @property
    def user_agent(self) -> str:
        """The value of the ``User-Agent`` header."""
        return 'pdpyras/{} python-requests/{} Python/{}.{}'.format(
            __version__, REQUESTS_VERSION, *sys.version_info[:2]
        )

    # Sending requests

    def request(self, method: str, url: str, **kwargs: Any) -> Response:  # type: ignore[override]
        """Send a request, and retry it as :attr:`retry` and the defaults say.

        :param url: a path below :attr:`url`, or a full URL under it.
        :param kwargs: the keyword arguments of ``requests.Session.request``.
        :raises URLError: if the URL is not under :attr:`url`; nothing is sent.
        :raises PDClientError: if the API does not support the method, or if no usable response was
            received; the error of the last try is the cause.
        :raises PDHTTPError: if the API rejects the key (401).
        :raises PDServerError: if the response redirects to another origin.
        """
        method, full_url = self._method_and_url(method, url)
        options = self._options_for_parent(method, kwargs)
        if isinstance(options['headers'], _MergedHeaders):
            options['headers'].checked_url = full_url
        retries = _Retries(self, method, full_url, options, kwargs.get('headers'))
        spare_requests = self.spare_requests
        if spare_requests:
            spare_requests = _whole_number('spare_requests', spare_requests, 0)
            self._wait_for_rate_limit()
        while True:
            status_error: Optional[Exception] = None
            try:
                # Not super(): tests replace `parent` to stand in for the network.
                response = self.parent.request(method, full_url, **options)
            except PDServerError as error:
                # A refused redirect is a response, too: count and log it.
                self.postprocess(error.response)
                raise
            except _FAILURES as error:
                if not _is_status_error(error):
                    retries.after_error(error)
                    continue
                # A hook called raise_for_status.
                status_error, response = error, cast(Any, error).response
            try:
                self.postprocess(response)
            except NETWORK_ERRORS as error:
                if not _is_status_error(error):
                    # An override rejects the response, for a retry.
                    retries.after_error(error)
                    continue
                status_error = error
            if spare_requests:
                self._note_rate_limit(response, spare_requests)
            if retries.after_response(response):
                if options['stream']:
                    # An unread body would block the connection.
                    response.close()
                continue
            if status_error is not None:
                _Secrets.of(response).hide_in(status_error)
                raise _http_error(response) from status_error
            if options['stream']:
                retries.watch_stream(response)
            return cast(Response, response)

    def _method_and_url(self, method: str, url: str) -> Tuple[str, str]:
        """The method and full URL of a request, checked before anything is sent."""
        method = _as_text(method).strip().upper()
        if method not in self.permitted_methods:
            supported = ', '.join(self.permitted_methods) or 'none: PDSession is a base class'
            problem = f'Method {_cut(method, 20)} is not supported by this API.'
            raise PDClientError(f'{problem} Supported methods: {supported}.')
        full_url = self.normalize_url(url)
        if url.strip('/ ')[:1] in ('', '?', '#'):
            raise URLError(_EMPTY_PATH)
        if full_url[:5].lower() == 'http:':
            self._warn_of_exposure(full_url)
        return method, full_url

    def normalize_url(self, url: str) -> str:
        """:func:`normalize_url` with the base URL of this session."""
        try:
            return normalize_url(self.url, url)
        except URLError as error:
            # A URL elsewhere may hold the key, as those of older APIs do.
            _Secrets(self.api_key).hide_in(error)
            raise

    def _check_destination(self, url: str) -> None:
        self.normalize_url(url)

    def _warn_of_exposure(self, full_url: str) -> None:
        # Check the final URL: a subclass may override normalize_url.
        origin = _ORIGIN.match(full_url)
        if origin and not self._has_warned_of_exposure and _is_exposed(origin.group()):
            self._has_warned_of_exposure = True
            _warn(
                f'The requests of this session go to {origin.group()}: over plain HTTP, anyone on '
                'the network path can read the API key. Use https.'
            )

    def _options_for_parent(self, method: str, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """The keyword arguments for the parent's ``request``."""
        options = dict(kwargs)
        if options.get('params') is not None:
            options['params'] = self.normalize_params(options['params'])
        has_fields = bool(kwargs.get('data')) and isinstance(kwargs['data'], (Mapping, list, tuple))
        if has_fields:
            options['data'] = _repeatable_fields(options['data'])
        user_headers = options.get('headers') or {}
        headers = self.prepare_headers(method, user_headers=user_headers)
        is_form = has_fields or options.get('files')
        if is_form and 'Content-Type' not in CaseInsensitiveDict(user_headers):
            # requests sets the Content-Type of forms, with the boundary of the parts.
            headers.pop('Content-Type', None)
        if None in headers.values():
            # Not _MergedHeaders: requests merges again, and so drops the headers that are None.
            headers = CaseInsensitiveDict(headers)
        options['headers'] = headers
        options.setdefault('stream', False)
        options.setdefault('timeout', self.timeout)
        return options

    def normalize_params(self, params: Any) -> Any:
        """Convert query parameters to the form that the API expects.

        Names of lists end in ``[]``, booleans are ``true`` and ``false``, dates ISO 8601: an aware
        datetime is sent as UTC, a naive one as it is, which the API reads in the account's time
        zone. Any iterable but a str, bytes or mapping is a list.
        """
        if isinstance(params, Mapping):
            return dict(_normalized_param(name, value) for name, value in params.items())
        if isinstance(params, (str, bytes)) or not hasattr(params, '__iter__'):
            return params
        # A list, because an iterator could not be read again for a retry.
        return [_normalized_param(name, value) for name, value in params]

    def prepare_headers(self, method: str, user_headers: Any = None) -> 'CaseInsensitiveDict[str]':
        """The headers of a request: the session's, with the caller's merged over them."""
        headers: CaseInsensitiveDict[str] = _MergedHeaders(self.headers)
        own_agent = headers.get('User-Agent')
        headers['User-Agent'] = self.user_agent
        if own_agent and own_agent != _DEFAULT_USER_AGENT:
            headers['User-Agent'] = f'{own_agent} {self.user_agent}'
        self._add_api_headers(headers, method)
        if user_headers:
            headers.update(user_headers)
        return headers

    def _add_api_headers(self, headers: Any, method: str) -> None:
        """Add the headers that an API requires; overridden below."""

    # Parts of request

    def _wait_for_rate_limit(self) -> None:
        """Wait until the rate limit is reset, if few requests remain; see spare_requests."""
        seconds = self._resume_at - monotonic()
        if seconds > 0:
            self.log.info('Few requests remain in the rate limit; waiting %g s', seconds)
            time.sleep(seconds)

    def _note_rate_limit(self, response: Response, spare_requests: int) -> None:
        """Remember when the rate limit is reset, if no more than spare_requests remain."""
        remaining = _numeric_header(response, 'ratelimit-remaining')
        reset = _numeric_header(response, 'ratelimit-reset')
        if remaining is not None and reset is not None and remaining <= spare_requests:
            self._resume_at = max(self._resume_at, monotonic() + reset)

    def cooldown_factor(self) -> float:
        """Factor from the last wait to the next, jitter included."""
        return self.sleep_timer_base * self._jitter_factor()

    def _jitter_factor(self) -> float:
        return 1 + float(self.stagger_cooldown) * random()

    def postprocess(self, response: Response) -> None:
        """Log a response. Called once for each response received, before any retry.

        It never raises, so that the response is not lost.
        """
        try:
            if self.log.isEnabledFor(DEBUG) or _status_class(response) == 5:
                self._log_response(response)
        except Exception as error:  # noqa: BLE001
            self.log.debug('Could not log a response: %r', error)

    def _log_response(self, response: Response) -> None:
        secrets = _Secrets.of(response)
        line = _request_line(response, secrets)
        method, _, url = line.partition(' ')
        request_id = _request_id(response, secrets)
        sent_at = secrets.show(_header(response, 'date') or '(none)', 100)
        seconds = response.elapsed.total_seconds()
        status = response.status_code
        fields = {'http_method': method, 'url': url, 'status': status}
        fields.update(request_id=request_id, seconds=seconds)
        # logging raises KeyError for a field that the program's own record factory has set.
        taken = vars(getLogRecordFactory()(__name__, DEBUG, '', 0, '', (), None, '', None))
        fields = {name: value for name, value in fields.items() if name not in taken}
        shown = (line, status, request_id or '(none)', sent_at)
        message = '%s: status=%s request_id=%s date=%s wall_time_s=%s'
        self.log.debug(message, *shown, seconds, extra=fields)
        if _status_class(response) == 5:
            self.log.error(
                "%s: server error (status %s). For help, give PagerDuty's support the request ID "
                '%s and the date %s.',
                *shown,
                extra=fields,
            )


class _Retries:
    """Decides whether one request is retried, and waits before the retry."""

    def __init__(
        self, session: PDSession, method: str, url: str, options: Dict[str, Any], user_headers: Any
    ) -> None:
        if session.max_wait is not None:
            _reject_negative('max_wait', session.max_wait)
        self.session = session
        self.method = method
        self.url = url
        self.options = options
        self.user_headers = user_headers
        has_body = options.get('data') is not None or options.get('files')
        self.body = _Body(options) if has_body else _NO_BODY
        self.wait = session.sleep_timer
        self.waited = 0.0
        self.network_errors = 0
        self.retries_by_status: Dict[int, int] = {}
        self.has_new_token = False
        self.renewals_before = session._renewals

    def after_error(self, error: Exception) -> None:
        """Wait before a retry, or raise PDClientError if the request is not to be retried."""
        self.network_errors += 1
        obstacle = self._why_not_retried(error)
        if not _is_retryable(error):
            problem = 'the request failed, and retrying cannot help'
        elif self.network_errors > self.session.max_network_attempts:
            problem = f'network error, the last of {self.network_errors} tries'
        elif obstacle is not None:
            problem = f'network error, not retried because {obstacle}'
        elif not self._cool_down(WARNING, f'network error ({type(error).__name__})'):
            problem = 'network error, not retried because the wait would exceed max_wait'
        else:
            return
        raise self._client_error(problem, error) from error

    def after_response(self, response: Response) -> bool:
        """Wait and return True if the request is to be retried; False if the response is final.

        A 401 that is not in :attr:`PDSession.retry`, and a status below 200, raise an error.
        """
        status = response.status_code
        kind = _status_class(response)
        if kind == 2:
            return False
        if kind == 1:
            raise _error(response, f'the server sent status {status} and no final response.')
        limit = self.session.retry.get(status, 0)
        if limit != 0:
            return self._after_configured_status(response, limit)
        if status == 401:
            if self._renew_token():
                return True
            raise _http_error(response, key=self._used_keys()[0])
        return status == 429 and self._wait_after(response, INFO)

    def _renew_token(self) -> bool:
        """Put a new token into the request after a 401, at most once per request."""
        session, headers = self.session, self.options['headers']
        renew = getattr(session, 'on_token_expired', None)
        own_header = 'Authorization' in CaseInsensitiveDict(self.user_headers or {})
        if renew is None or self.has_new_token or own_header or not self.body.is_repeatable:
            return False
        with session._token_lock:
            current = session.auth_header.get('Authorization')
            # on_token_expired itself uses this session, or the user has set the header directly.
            if session._is_renewing or session.headers.get('Authorization') != current:
                return False
            if headers.get('Authorization') == current:
                if session._renewals != self.renewals_before:
                    # Another thread has tried since this request was sent, and failed.
                    return False
                session._is_renewing = True
                try:
                    token = renew(session)
                finally:
                    session._is_renewing = False
                    session._renewals += 1
                if not isinstance(token, str) or token.strip() in ('', session.api_key):
                    return False
                session.api_key = token
        self.has_new_token = True
        headers.update(session.auth_header)
        self.body.rewind()
        return True

    def watch_stream(self, response: Response) -> None:
        """Raise PDClientError if reading a streamed body fails, by whatever method.

        json(), iter_lines() and the others call iter_content().
        """
        read: Any = response.iter_content

        def iter_content(*args: Any, **kwargs: Any) -> Iterator[bytes]:
            try:
                yield from read(*args, **kwargs)
            except _FAILURES as error:
                raise self._client_error('the body could not be read', error) from error

        cast(Any, response).iter_content = iter_content

    def _after_configured_status(self, response: Response, limit: int) -> bool:
        status, session = response.status_code, self.session
        retries, total = self.retries_by_status.get(status, 0), sum(self.retries_by_status.values())
        # A negative limit means no limit.
        if 0 <= limit <= retries or total >= session.max_http_attempts:
            message = '%s: status %s, giving up after %d retries for this status and %d in all.'
            session.log.error(message, self._line(), status, retries, total)
            return False
        self.retries_by_status[status] = retries + 1
        return self._wait_after(response, WARNING)

    def _why_not_retried(self, error: Optional[Exception] = None) -> Optional[str]:
        """The reason why the request must not be repeated, or None."""
        if not self.body.is_repeatable:
            return 'its body is a stream that cannot be read again'
        is_safe = self.session.retry_unsafe_methods or self.method not in _UNSAFE_METHODS
        if is_safe or _never_connected(error):
            return None
        return 'retry_unsafe_methods is off and the request may already have taken effect'

    def _wait_after(self, response: Response, level: int) -> bool:
        """Wait before a retry; return False if it must not be made, or would exceed max_wait."""
        if response.status_code == 429:
            # Do not wait longer than the server asks for.
            ceiling = _seconds_to_reset(response)
            reason = 'rate limit reached (status 429)'
        else:
            ceiling, reason = None, f'status {response.status_code}'
        obstacle = self._why_not_retried()
        if obstacle is not None:
            log, line = self.session.log, self._line()
            log.warning('%s: %s; not retried because %s', line, reason, obstacle)
            return False
        return self._cool_down(level, reason, ceiling)

    def _cool_down(self, level: int, reason: str, ceiling: Optional[float] = None) -> bool:
        """Wait longer than the last time, but not past the ceiling plus jitter.

        Return False, without waiting, if the wait would exceed max_wait.
        """
        session = self.session
        self.wait *= session.cooldown_factor()
        seconds = self.wait
        if ceiling is not None:
            # Jitter this wait too, or all clients would return at once.
            seconds = min(seconds, ceiling * session._jitter_factor())
        if seconds > _LONG_WAIT:
            level = WARNING
        limit, line = session.max_wait, self._line()
        if limit is not None and self.waited + seconds > limit:
            message = '%s: %s; giving up, because waiting another %g s would exceed max_wait (%g s)'
            session.log.error(message, line, reason, seconds, limit)
            return False
        self.waited += seconds
        log = session.log.warning if level == WARNING else session.log.info
        log('%s: %s; retrying in %g s', line, reason, seconds)
        time.sleep(seconds)
        self.body.rewind()
        return True

    def _line(self) -> str:
        return f'{self.method} {self._secrets().show(self.url, 300)}'

    def _client_error(self, problem: str, error: Exception) -> PDClientError:
        secrets = self._secrets()
        secrets.hide_in(error)
        return PDClientError(
            f'{self._line()}: {problem}: {type(error).__name__}: {secrets.show(error, 800)}'
        )

    def _secrets(self) -> _Secrets:
        """The credentials of this request, which may have failed before it was prepared."""
        proxies = [self.options.get('proxies'), self.session.proxies, getproxies()]
        return _Secrets(*self._used_keys(), self.session.api_key, *_proxy_credentials(*proxies))

    def _used_keys(self) -> List[str]:
        """The key in the headers of this request, or the session's."""
        authorization = CaseInsensitiveDict(self.options['headers']).get('Authorization')
        return _credentials(authorization) if authorization else [self.session.api_key]


class _Body:
    """The streams in the body of a request, which are rewound for a retry."""

    def __init__(self, options: Dict[str, Any]) -> None:
        self.positions: List[Tuple[Any, int]] = []
        #: Whether the whole body can be sent a second time.
        self.is_repeatable = True
        files = [content for _, content in to_key_val_list(options.get('files') or ())]
        parts = [part[1] if isinstance(part, (list, tuple)) else part for part in files]
        for part in [options.get('data'), *parts]:
            # A generator cannot be rewound; a pipe may tell its position, but not seek.
            if hasattr(part, 'read') or hasattr(part, '__next__'):
                try:
                    start = part.tell()
                    part.seek(start)
                    self.positions.append((part, start))
                except (AttributeError, OSError, ValueError):
                    self.is_repeatable = False

    def rewind(self) -> None:
        for stream, start in self.positions:
            stream.seek(start)


_NO_BODY = _Body({})

#: Mistakes in a request: a ValueError is a URL without a host, or a header with a line break, for
#: example.
_REQUEST_ERRORS: Tuple[Type[Exception], ...] = (
    requests.TooManyRedirects,
    ValueError,
    getattr(requests.exceptions, 'InvalidJSONError', ValueError),
)

#: Error texts of OpenSSL for a certificate that does not verify, a port that does not speak TLS, or
#: a refusal of the server; and of urllib3 for a refusal of the proxy.
_REFUSALS = (
    r'(?i)certificate|hostname|wrong.version.number|record.layer.failure|unknown.protocol'
    r'|unsupported.protocol|http.request|handshake.failure|no.protocols.available|pem.lib'
    r'|alert.(?!internal)|unrecognized.name|key.values.mismatch|tunnel connection failed: [34]'
)


def _is_status_error(error: Exception) -> bool:
    """Whether an error comes from ``raise_for_status``."""
    return isinstance(error, requests.HTTPError) and error.response is not None


def _is_retryable(error: Exception) -> bool:
    """Whether a retry may succeed; False for mistakes in the request or the settings."""
    is_network_error = isinstance(error, NETWORK_ERRORS + (HTTPException,))
    if not is_network_error or isinstance(error, _REQUEST_ERRORS):
        return False
    if not isinstance(error, (ProxyError, SSLError)):
        return True
    # The innermost error: the texts of the others have the URL and the host in them.
    *_, cause = _causes(error)
    return isinstance(cause, NewConnectionError) or not re.search(_REFUSALS, str(cause))


def _repeatable_fields(data: Any) -> Any:
    """Form fields whose values can be read again for a retry."""
    is_mapping = isinstance(data, Mapping)
    pairs = list(data.items()) if is_mapping else data
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
        return data
    fields = [(name, list(value) if hasattr(value, '__next__') else value) for name, value in pairs]
    return dict(fields) if is_mapping else fields


def _normalized_param(name: Any, value: Any) -> Tuple[Any, Any]:
    if not _is_list(value):
        return name, _normalized_value(value)
    text = _as_text(name)
    list_name = text if text.endswith('[]') else text + '[]'
    return list_name, [_normalized_value(item) for item in value]


def _normalized_value(value: Any) -> Any:
    # NumPy's bool is not a bool.
    if isinstance(value, bool) or getattr(getattr(value, 'dtype', None), 'kind', None) == 'b':
        return 'true' if value else 'false'
    # Not datetime: it is a date as well, and tests replace the name.
    if not isinstance(value, date):
        return value
    return _utc(cast(datetime, value)) if _is_aware(value) else value.isoformat()


def _seconds_to_reset(response: Response) -> Optional[float]:
    """Seconds until the server accepts requests again, or None if it does not say.

    See https://developer.pagerduty.com/docs/rest-api-rate-limits and, for Retry-After,
    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3.
    """
    seconds = _numeric_header(response, 'ratelimit-reset')
    if seconds is None:
        seconds = _numeric_header(response, 'retry-after')
    if seconds is None:
        seconds = _seconds_until(_header(response, 'retry-after'), response)
    # 0 means within this second; without a pause, retries would flood the server.
    return None if seconds is None else max(1.0, seconds)


def _numeric_header(response: Response, name: str) -> Optional[float]:
    """Parse a header as a number; None if it is missing or not a number."""
    header = _header(response, name)
    is_number = isinstance(header, str) and re.match(r'\s*\d{1,9}(\.\d+)?\s*$', header)
    return float(header) if is_number else None


def _seconds_until(http_date: Any, response: Response) -> Optional[float]:
    """Seconds from the date of a response to an HTTP date, or None if that is not a date."""
    try:
        end = parsedate_to_datetime(http_date).replace(tzinfo=timezone.utc)
        sent_at = _header(response, 'date')
        start = parsedate_to_datetime(sent_at) if sent_at else datetime.now(timezone.utc)
        return (end - start.replace(tzinfo=timezone.utc)).total_seconds()
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError):
        return None


def _never_connected(error: Optional[BaseException]) -> bool:
    """Whether an error occurred before a connection was made."""
    connecting = (requests.ConnectTimeout, ConnectTimeoutError, NewConnectionError)
    return any(isinstance(cause, connecting) for cause in _causes(error))


def _causes(error: Optional[BaseException]) -> Iterator[BaseException]:
    """Yield an error of requests, and the errors that it wraps."""
    while error is not None:
        yield error
        inner = [getattr(error, 'reason', None), getattr(error, 'original_error', None)]
        candidates = inner + list(error.args)
        error = next((item for item in candidates if isinstance(item, BaseException)), None)


# ------------------------------------------------------------------------------------ APISession


class APISession(PDSession):
    """Session for the REST API v2.

    :param api_key: a REST API key, or an OAuth 2 access token.
    :param default_from: the initial value of :attr:`default_from`.
    :param auth_type: the initial value of :attr:`auth_type`.
    :param debug: the initial value of :attr:`~PDSession.print_debug`.
    :param base_url: ``'https://api.eu.pagerduty.com'`` for an account in the EU service region.
    :param on_token_expired: see :attr:`on_token_expired`.
    """

    url = 'https://api.pagerduty.com'
    permitted_methods = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')

    #: The e-mail address of a user, sent as ``From``: on whose behalf to act. Endpoints that change
    #: incidents need it with an account's API key; a user's own key implies the user.
    #: See https://developer.pagerduty.com/docs/authentication.
    default_from: Optional[str] = None

    #: Page size of listings; the API allows at most 100.
    default_page_size = 100

    #: Number of pages of a classic listing to request ahead, over this one session; values
    #: above 9 count as 9. PagerDuty asks for one request at a time per key, so the default is 0.
    #: See https://developer.pagerduty.com/docs/rest-api-rate-limits.
    read_ahead = 0

    #: Function that is called with the session after a 401, and returns a new token; or None.
    #:
    #: It is called once for all threads that receive a 401 at the same time. Then each request is
    #: sent once more, whatever its method, because a rejected request had no effect. It is
    #: not called if :attr:`~PDSession.retry` has a count for 401. A method of a subclass must be a
    #: ``staticmethod``.
    on_token_expired: Optional[Callable[[Any], Optional[str]]] = None

    #: Number of responses received, retries included, by method and path pattern:
    #: ``{'GET /users/{id}': 3}``.
    #:
    #: :meta hide-value:
    api_call_counts: Dict[str, int] = cast(Any, None)

    #: Seconds that these requests took in total, by method and path pattern.
    #:
    #: :meta hide-value:
    api_time: Dict[str, float] = cast(Any, None)

    def __init__(
        self,
        api_key: str,
        default_from: Optional[str] = None,
        auth_type: str = 'token',
        debug: bool = False,
        *,
        base_url: Optional[str] = None,
        on_token_expired: Optional[Callable[[Any], Optional[str]]] = None,
        name: Optional[str] = None,
    ) -> None:
        self.api_call_counts = {}
        self.api_time = {}
        self.auth_type = auth_type
        super().__init__(api_key, debug, base_url=base_url, name=name)
        self.default_from = default_from
        if on_token_expired is not None:
            self.on_token_expired = on_token_expired
        self.headers['Accept'] = 'application/vnd.pagerduty+json;version=2'

    # The credential

    @property
    def auth_type(self) -> str:
        """``'token'`` for an API key, ``'bearer'`` or ``'oauth2'`` for an OAuth 2 access token, and
        ``'header_passthru'`` if the key is the whole value of the Authorization header.

        :raises AttributeError: when set to anything else.
        """
        return self._auth_type

    @auth_type.setter
    def auth_type(self, auth_type: str) -> None:
        if auth_type not in ('token', 'bearer', 'oauth2', 'header_passthru'):
            raise AttributeError(
                'auth_type must be "token" (an API key), "bearer" or "oauth2" (an OAuth 2 access '
                f'token), or "header_passthru" (the whole header); it is {auth_type!r}.'
            )
        self._auth_type = auth_type
        # A subclass may set it before it calls our constructor.
        if '_api_key' in self.__dict__:
            self.headers.update(self.auth_header)

    @property
    def auth_header(self) -> Dict[str, str]:
        if self.auth_type == 'token':
            return {'Authorization': 'Token token=' + self.api_key}
        if self.auth_type == 'header_passthru':
            return {'Authorization': self.api_key}
        return {'Authorization': 'Bearer ' + self.api_key}

    @property
    def trunc_token(self) -> str:
        """The same as :attr:`~PDSession.trunc_key`."""
        return self.trunc_key

    def _add_api_headers(self, headers: Any, method: str) -> None:
        if method.lower() in _BODY_VERBS:
            headers['Content-Type'] = 'application/json'
        if self.default_from is not None:
            headers['From'] = self.default_from

    # Resources

    @resource_url
    @wrapped_entities
    def rget(self, resource: Any, **kw: Any) -> Json:
        """Get a resource, or the first page of a collection, without its wrapper.

        :param resource: a URL or path, or a resource, whose URL is at its ``self`` key.
        :raises PDHTTPError: if the response is not a success.
        :raises PDServerError: if its body is not what the API documents.
        """
        return self.get(resource, **kw)

    @resource_url
    @wrapped_entities
    def rpost(self, url: Any, **kw: Any) -> Json:
        """Create a resource from ``json``; wrapper and errors as for :meth:`rput`."""
        return self.post(url, **kw)

    @resource_url
    @wrapped_entities
    def rput(self, resource: Any, **kw: Any) -> Json:
        """Update a resource, or all those in a list with ``rput('incidents', json=[…])``.

        ``json`` is sent in the wrapper that the API documents; it may have the wrapper already.

        :returns: the unwrapped body of the response.
        :raises PDHTTPError: if the response is not a success.
        :raises PDServerError: if its body is not what the API documents.
        """
        return self.put(resource, **kw)

    @resource_url
    @wrapped_entities
    def rpatch(self, resource: Any, **kw: Any) -> Json:
        """Change part of a resource; wrapper and errors as for :meth:`rput`."""
        return self.patch(resource, **kw)

    @resource_url
    @requires_success
    def rdelete(self, resource: Any, **kw: Any) -> Response:
        """Delete a resource, or the ones that ``json`` lists where the API documents that.

        :raises PDHTTPError: if the response is not a success.
        """
        if 'json' in kw:
            endpoint = _Endpoint.at(self.url, resource)
            # No naming convention covers DELETE, so only a documented wrapper is added.
            if 'DELETE ' + endpoint.path in ENTITY_WRAPPER_CONFIG:
                kw['json'] = endpoint.wrap('delete', kw['json'])
        return self.delete(resource, **kw)

    @resource_url
    @auto_json
    def jget(self, resource: Any, **kw: Any) -> Json:
        """Send a GET, and return the decoded body of the response.

        :raises PDHTTPError: if the response is not a success.
        """
        return self.get(resource, **kw)

    @resource_url
    @auto_json
    def jpost(self, resource: Any, **kw: Any) -> Json:
        """Send a POST, and return the decoded body of the response; errors as for :meth:`jget`."""
        return self.post(resource, **kw)

    @resource_url
    @auto_json
    def jput(self, resource: Any, **kw: Any) -> Json:
        """Send a PUT, and return the decoded body of the response; errors as for :meth:`jget`."""
        return self.put(resource, **kw)

    @resource_url
    @auto_json
    def jpatch(self, resource: Any, **kw: Any) -> Json:
        """Send a PATCH, and return the decoded body of the response; errors as for :meth:`jget`."""
        return self.patch(resource, **kw)

    # Collections

    @_takes_path
    def iter_all(
        self,
        url: str,
        params: Any = None,
        page_size: Optional[int] = None,
        item_hook: _ItemHook = None,
        total: bool = False,
        *,
        paginate: bool = True,
        read_ahead: Optional[int] = None,
        progress: Any = None,
    ) -> Iterator[Any]:
        """Yield the results of a listing one by one; pages are fetched as they are consumed.

        Errors are raised when the first result is requested.

        :param url: the URL or path of a collection.
        :param params: query parameters; ``limit`` and ``offset`` override the method's own.
        :param page_size: results per page; defaults to :attr:`default_page_size`. Most endpoints
            allow at most 100.
        :param item_hook: called before each result is yielded, with the result, its number
            starting at 1, and the total, which is ``'?'`` unless the server reported it.
        :param total: whether to request the total, which makes the API slower; ignored where the
            endpoint has cursors.
        :param read_ahead: number of pages to request ahead; defaults to :attr:`read_ahead`.
        :param progress: True to show a progress bar on stderr, if that is a terminal and tqdm is
            installed; or a function that is called after each page with the number of results so
            far, and the total or None.
        :raises URLError: if the endpoint is not a listing; nothing is sent.
        :raises PDHTTPError: if a response is not a success.
        :raises PDServerError: if its body is not a page of a listing.
        :raises ValueError: if ``page_size`` or ``read_ahead`` is not a suitable number.
        """
        if not paginate:
            deprecated_kwarg('paginate', details='Get one page with rget instead.')
        endpoint = _Endpoint.at(self.url, url).as_listing()
        depth = self.read_ahead if read_ahead is None else read_ahead
        depth = min(_whole_number('read_ahead', depth, 0), _READ_AHEAD_LIMIT)
        if endpoint.has_cursors and paginate:
            # Overrides of iter_cursor in users' code do not take progress.
            more = {} if progress is None else {'progress': progress}
            yield from self.iter_cursor(
                url, params=params, page_size=page_size, item_hook=item_hook, **more
            )
            return
        url, paging = _split_paging(url, ('limit', 'offset', 'total'))
        query = {'limit': endpoint.page_size(page_size, self.default_page_size)}
        if total:
            query['total'] = 1
        query.update({**paging, **_as_dict(params)})
        listing = _Listing(self, url, endpoint)
        pages = listing.until_error(listing.offset_pages(query, depth if paginate else 0))
        yield from _items(pages if paginate else islice(pages, 1), item_hook, progress)

    @_takes_path
    def iter_cursor(
        self,
        url: str,
        params: Any = None,
        item_hook: _ItemHook = None,
        page_size: Optional[int] = None,
        *,
        attribute: Any = None,
        progress: Any = None,
    ) -> Iterator[Any]:
        """Yield the results of a listing whose pages are linked by cursors; see :meth:`iter_all`.

        :raises URLError: if the endpoint has no cursors; nothing is sent.
        """
        if attribute is not None:
            deprecated_kwarg('attribute', details='It is no longer needed.')
        endpoint = _Endpoint.at(self.url, url).as_listing()
        if endpoint.is_listed and not endpoint.has_cursors:
            raise URLError(
                f'GET {endpoint.path} does not have cursor-based pagination. Use iter_all, which '
                'knows how each endpoint is paginated.'
            )
        url, paging = _split_paging(url, ('limit', endpoint.cursor_names[0]))
        query = {'limit': endpoint.page_size(page_size, self.default_page_size)}
        query.update({**paging, **_as_dict(params)})
        listing = _Listing(self, url, endpoint)
        pages = listing.until_error(listing.cursor_pages(query))
        yield from _items(pages, item_hook, progress)

    def iter_alert_grouping_settings(
        self,
        service_ids: Optional[List[str]] = None,
        limit: Optional[int] = None,
        *,
        params: Any = None,
        **kw: Any,
    ) -> Iterator[Any]:
        """Yield the alert grouping settings of the account, whose cursor is named ``after``.

        :param service_ids: the IDs of the services whose settings to fetch; all by default.
        :param limit: the page size.
        :param kw: the other arguments of :meth:`iter_cursor`; errors as for :meth:`iter_all`.
        """
        query = _as_dict(params)
        if service_ids:
            query['service_ids[]'] = list(service_ids)
        if limit is not None:
            kw['page_size'] = limit
        return self.iter_cursor('/alert_grouping_settings', params=query, **kw)

    def iter_analytics_raw_incidents(
        self, filters: Optional[Dict[str, Any]] = None, **options: Any
    ) -> Iterator[Any]:
        """Yield the raw analytics of incidents.

        :param filters: the incidents to include, such as
            ``{'created_at_start': '2026-01-01T00:00:00Z'}``.
        :param options: ``order``, ``order_by`` and ``time_zone`` for the API, and ``limit``, which
            takes precedence over ``page_size``; ``page_size`` (at most 1000), ``item_hook`` and
            ``progress`` as for :meth:`iter_all`.
        :raises PDHTTPError: if a response is not a success.
        :raises PDServerError: if its body is not a page of analytics.
        """
        return self._iter_analytics('/analytics/raw/incidents', filters, **options)

    def iter_analytics_raw_responder_incidents(
        self, responder_id: str, filters: Optional[Dict[str, Any]] = None, **options: Any
    ) -> Iterator[Any]:
        """Yield the raw analytics of one responder's incidents.

        Arguments and errors as for :meth:`iter_analytics_raw_incidents`.
        """
        url = f'/analytics/raw/responders/{_id_of(responder_id)}/incidents'
        return self._iter_analytics(url, filters, **options)

    def iter_analytics_raw_users(
        self, filters: Optional[Dict[str, Any]] = None, **options: Any
    ) -> Iterator[Any]:
        """Yield the raw analytics of users.

        Arguments and errors as for :meth:`iter_analytics_raw_incidents`.
        """
        return self._iter_analytics('/analytics/raw/users', filters, **options)

    def _iter_analytics(
        self,
        url: str,
        filters: Optional[Dict[str, Any]],
        page_size: Optional[int] = None,
        item_hook: _ItemHook = None,
        progress: Any = None,
        **options: Any,
    ) -> Iterator[Any]:
        size = _Endpoint.at(self.url, url).page_size(page_size, self.default_page_size)
        body: Dict[str, Any] = dict({'limit': min(size, _ANALYTICS_PAGE_LIMIT)}, **options)
        if filters is not None:
            body['filters'] = filters
        return _items(self._analytics_pages(url, body), item_hook, progress)

    def _analytics_pages(self, url: str, body: Dict[str, Any]) -> Iterator['_Page']:
        cursors = {str(body.get('starting_after'))}
        while True:
            response = successful_response(self.post(url, json=body))
            page = try_decoding(response)
            results = page.get('data') if isinstance(page, dict) else None
            if not isinstance(results, list):
                raise _wrapper_missing(response, 'data', page)
            yield _Page(results)
            last = page.get('last')
            # Not every endpoint sends `more`; all end with a page that repeats the last one or is
            # empty.
            if not results or not last or str(last) in cursors or not page.get('more', True):
                return
            cursors.add(str(last))
            body = dict(body, starting_after=last)

    def iter_history(
        self,
        url: str,
        since: datetime,
        until: datetime,
        *,
        params: Any = None,
        page_size: Optional[int] = None,
        item_hook: _ItemHook = None,
        progress: Any = None,
    ) -> Iterator[Any]:
        """Yield every record of a period, even beyond the 10,000 results that pagination can reach.

        The period is divided into windows that the API accepts, and each is divided further until
        pagination can reach all of it. The records come in the order of the endpoint, each once.

        :param url: ``/incidents``, ``/log_entries``, ``/notifications``, ``/change_events``,
            ``/oncalls``, one of the paths that end in ``/audit/records``, or another listing with
            ``since`` and ``until``.
        :param since: the start of the period, an aware datetime; rounded down to whole seconds.
        :param until: its end, an aware datetime; rounded up to whole seconds.
        :param params: more query parameters, but none that select a period or a page.
        :param page_size: results per page; defaults to :attr:`default_page_size`.
        :param item_hook: called as by :meth:`iter_all`; the total is always ``'?'``.
        :param progress: as for :meth:`iter_all`.
        :raises URLError: if the endpoint has no history; nothing is sent.
        :raises ValueError: if a datetime is naive, ``since`` is not before ``until``, or ``params``
            select a period or a page; nothing is sent.
        :raises PDHTTPError: if a response is not a success.

        If more than 10,000 records belong to one second, a warning says that some of them cannot
        be reached. The longest windows are documented with each endpoint, see
        https://developer.pagerduty.com/api-reference/.
        """
        endpoint = _Endpoint.at(self.url, url)
        is_audit = endpoint.has_cursors and endpoint.path.endswith('/audit/records')
        if endpoint.path not in _HISTORY_WINDOWS and not is_audit:
            raise URLError(
                f'GET {_cut(endpoint.path, _URL_LIMIT)} has no since and until to fetch a history '
                'by. Use iter_all.'
            )
        _reject_naive('since', since)
        _reject_naive('until', until)
        start, end = since.astimezone(timezone.utc), until.astimezone(timezone.utc)
        if start >= end:
            raise ValueError(f'since ({since}) must be before until ({until}).')
        url, paging = _split_paging(url, (*_HISTORY_PARAMETERS, 'limit'))
        query = {**paging, **_as_dict(params)}
        reserved = ', '.join(sorted(set(query).intersection(_HISTORY_PARAMETERS)))
        if reserved:
            raise ValueError(
                f'iter_history sets these parameters itself, so do not pass them: {reserved}.'
            )
        size = endpoint.page_size(query.pop('limit', page_size), self.default_page_size)
        query = {'limit': size, **query}
        history = _History(_Listing(self, url, endpoint), query)
        end += timedelta(microseconds=999999)  # rounds it up
        pages = history.pages(start.replace(microsecond=0), end.replace(microsecond=0))
        return _items(pages, item_hook, progress)

    def get_total(self, url: str, params: Any = None) -> int:
        """Return the number of results in a listing, without fetching them.

        For ``/incidents`` without ``since`` and ``until``, the API counts one month.

        :raises URLError: if the endpoint is not a listing with totals; nothing is sent.
        :raises PDHTTPError: if the response is not a success.
        :raises PDServerError: if it has no total.
        """
        endpoint = _Endpoint.at(self.url, url).as_listing()
        endpoint.results_wrapper()  # URLError if it is not a listing
        if endpoint.has_cursors:
            raise URLError(
                f'GET {endpoint.path} has cursor-based pagination, which has no totals. Count the '
                'results of iter_all.'
            )
        url, _ = _split_paging(url, ('limit', 'offset', 'total'))
        query = dict(_as_dict(params), limit=1, offset=0, total='true')
        response = successful_response(self.get(url, params=query), 'counting results')
        body = try_decoding(response)
        total = _total_of(body)
        if total is None:
            raise _wrapper_missing(response, 'total', body)
        return total

    @_takes_path
    def list_all(self, url: str, **kw: Any) -> List[Any]:
        """Return all results of a listing; arguments and errors as for :meth:`iter_all`."""
        return list(self.iter_all(url, **kw))

    def dict_all(self, path: str, by: str = 'id', **kw: Any) -> Dict[Any, Any]:
        """Return all results of a listing, keyed by one of their attributes; see :meth:`iter_all`.

        :raises KeyError: if a result does not have the attribute.
        """
        return {result[by]: result for result in self.iter_all(path, **kw)}

    def find(
        self, resource: str, query: Any, attribute: str = 'name', params: Any = None
    ) -> Optional[Any]:
        """Return the first result of a search whose attribute equals the query, or None.

        :param resource: the path of a collection that supports the query parameter ``query``.
        :param query: the text to search for, which the attribute must equal, ignoring case.
        :param params: more query parameters.
        """
        wanted = _as_text(query).lower()
        for result in self.iter_all(resource, params=dict(_as_dict(params), query=query)):
            value = result.get(attribute) if isinstance(result, Mapping) else None
            if value is not None and str(value).lower() == wanted:
                return result
        return None

    def persist(
        self, resource: str, attr: str, values: Dict[str, Any], update: bool = False
    ) -> Json:
        """Find the resource that ``values`` describe, or create it.

        :param resource: the path of the collection.
        :param attr: the attribute that identifies the resource, a key of ``values``.
        :param update: whether to update an existing resource that differs from ``values``.
        :returns: the resource as the API returned it.
        :raises ValueError: if ``attr`` is missing from ``values``; nothing is sent.
        """
        if attr not in values:
            raise ValueError(
                'persist: values must have the key {!r}, which identifies the resource; its keys '
                'are: {}.'.format(attr, _cut(', '.join(map(str, values)), 500) or '(none)')
            )
        existing = self.find(resource, values[attr], attribute=attr)
        if existing is None:
            return self.rpost(resource, json=values)
        if not update or not _needs_update(existing, values):
            return existing
        changed = {**existing, **values}
        if isinstance(changed.get('self'), str) or 'id' not in changed:
            return self.rput(changed, json=changed)
        # For some resources, `self` is null; build the documented path instead.
        return self.rput(f'{_before_query(resource).rstrip("/")}/{changed["id"]}', json=changed)

    def update_all(
        self, url: str, items: Any, *, batch_size: int = 250, item_hook: _ItemHook = None
    ) -> Tuple[List[Any], List[Tuple[Any, PDHTTPError]]]:
        """Update many resources in batches, and continue after an invalid item.

        The API rejects a whole batch if one item is invalid. Such a batch is halved until the bad
        items are found.

        :param url: ``/incidents`` or ``/incidents/{id}/alerts``, which support multi-update.
        :param items: the resources or references to update, with their new values.
        :param batch_size: items per request; the API allows at most 250.
        :param item_hook: called with each updated resource, its number starting at 1, and the
            number of items.
        :returns: the updated resources, and a list of ``(item, error)`` for the others, in order.
        :raises URLError: if the endpoint does not support multi-update; nothing is sent.
        :raises ValueError: if ``batch_size`` is not from 1 to 250; nothing is sent.
        :raises PDClientError: for an error that is not about single items, such as a 5xx status.
            The resources updated before are in its attribute ``updated``.

        See https://developer.pagerduty.com/api-reference/, "Manage incidents".
        """
        endpoint = _Endpoint.at(self.url, url)
        if endpoint.path not in _MULTI_UPDATE_PATHS:
            problem = f'PUT {_cut(endpoint.path, _URL_LIMIT)} does not support updates of several'
            raise URLError(f'{problem} resources; these do: {", ".join(_MULTI_UPDATE_PATHS)}.')
        size = _whole_number('batch_size', batch_size, 1, _BATCH_LIMIT)
        if isinstance(items, (str, bytes, Mapping)):
            raise ValueError('items must be a list of resources; to update one, use rput.')
        items = list(items)
        updated: List[Any] = []
        failed: List[Tuple[Any, PDHTTPError]] = []
        # The batches still to be sent, the next one last.
        batches = [items[start : start + size] for start in range(0, len(items), size)][::-1]
        while batches:
            batch = batches.pop()
            try:
                results = self.rput(url, json=batch)
            except PDClientError as error:
                status = getattr(error, 'status_code', None)
                if status not in (400, 404) or _is_about_from(cast(PDHTTPError, error).errors):
                    error.updated = updated
                    raise
                if len(batch) == 1:
                    failed.append((batch[0], cast(PDHTTPError, error)))
                else:
                    middle = (len(batch) + 1) // 2
                    batches += [batch[middle:], batch[:middle]]
                continue
            for result in results if isinstance(results, list) else []:
                updated.append(result)
                if item_hook is not None:
                    item_hook(result, len(updated), len(items))
        return updated, failed

    # Facts

    def account_has_ability(self, name: str) -> bool:
        """Whether the account has an ability, such as ``'teams'``.

        :raises ValueError: if the name is empty or not a str; nothing is sent.
        :raises PDHTTPError: if the API does not know the ability (404), or for any other error.

        See https://developer.pagerduty.com/api-reference/, "Test an ability".
        """
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f'The name of an ability must be a non-empty str, not {name!r}.')
        response = self.get('/abilities/' + quote(name, safe=''))
        if response.status_code == 402:
            return False
        successful_response(response, f'testing the ability {name!r}')
        return True

    def on_call(
        self,
        *,
        escalation_policy: Any = None,
        schedule: Any = None,
        service: Any = None,
        at: Optional[datetime] = None,
        level: int = 1,
    ) -> List[Any]:
        """Return the users who are on call at one moment, each once.

        Without a filter, these are the users of all escalation policies. ``escalation_policy`` and
        ``service`` add up; ``schedule`` narrows the result.

        :param escalation_policy: the ID of an escalation policy, or the policy.
        :param schedule: the ID of a schedule, or the schedule; its users are included at any level.
        :param service: the ID of a service, or the service: the same as its escalation policy.
        :param at: the moment, an aware datetime; defaults to now. A shift that ends at that
            moment does not count.
        :param level: the level of the escalation policy.
        :raises ValueError: if ``at`` is naive, or ``level`` is not a positive number.
        :raises PDHTTPError: if a response is not a success.
        """
        if at is not None:
            _reject_naive('at', at)
        level = _whole_number('level', level, 1)
        moment = _utc(datetime.now(timezone.utc) if at is None else at)
        policies = [] if escalation_policy is None else [_id_of(escalation_policy)]
        if service is not None:
            found = self.rget('/services/' + _id_of(service))
            try:
                policies.append(found['escalation_policy']['id'])
            except (LookupError, TypeError) as error:
                raise PDClientError('The service has no escalation policy.') from error
        query: Dict[str, Any] = {'since': moment, 'until': moment, 'include[]': ['users']}
        if policies:
            query['escalation_policy_ids[]'] = policies
        if schedule is not None:
            query['schedule_ids[]'] = [_id_of(schedule)]
        entries = self.list_all('/oncalls', params=query)
        if schedule is not None and not policies and not entries:
            # A schedule that no escalation policy uses has no entries in /oncalls.
            path = f'/schedules/{_id_of(schedule)}/users'
            return cast(List[Any], self.rget(path, params={'since': moment, 'until': moment}))
        users = {
            entry['user'].get('id'): entry['user']
            for entry in entries
            if isinstance(entry, Mapping)
            and isinstance(entry.get('user'), Mapping)
            and _time_of(entry.get('end')) != _time_of(moment)
            and (schedule is not None or entry.get('escalation_level') == level)
        }
        return list(users.values())

    @property
    def api_key_access(self) -> Optional[str]:
        """The owner of the key: ``'user'``, ``'account'``, or None if the API does not say.

        Requested once per key.
        """
        # If the key is replaced meanwhile, the result must not be cached for the new one.
        facts = self._key_facts
        if 'access' not in facts:
            response = self.get('/users/me')
            if response.status_code == 200:
                facts['access'] = 'user'
            elif response.status_code == 400 and 'account-level access token' in _text(response):
                facts['access'] = 'account'
            else:
                message = 'Could not determine what the API key gives access to: %s'
                self.log.error(message, http_error_message(response))
        return facts.get('access')

    @property
    def subdomain(self) -> str:
        """The account's subdomain of ``pagerduty.com``. Requested once per key.

        :raises PDHTTPError: if the response is not a success.
        :raises PDClientError: if GET /users returns no user with a link to read it from.
        """
        facts = self._key_facts
        if 'subdomain' not in facts:
            users, found = self.rget('users', params={'limit': 1}), None
            with suppress(LookupError, TypeError):
                found = re.match(r'https?://([^./?#:@]+)', users[0]['html_url'])
            if found is None:
                raise PDClientError(
                    'Cannot determine the subdomain: GET /users returned no user with an '
                    "html_url. Check the key's permissions."
                )
            facts['subdomain'] = found.group(1)
        return facts['subdomain']

    @property
    def total_call_count(self) -> int:
        """Number of responses that this session has received."""
        # A copy, because another thread may add a key meanwhile.
        return sum(list(self.api_call_counts.values()))

    @property
    def total_call_time(self) -> float:
        """Seconds that these requests took in total."""
        return sum(list(self.api_time.values()))

    def postprocess(self, response: Response, suffix: Optional[str] = None) -> None:
        """Count and log a response; see :meth:`PDSession.postprocess`.

        :param suffix: ignored, as in 5.4.1.
        """
        try:
            self._count_response(response)
        except Exception as error:  # noqa: BLE001
            self.log.debug('Could not count a response: %r', error)
        super().postprocess(response)

    def _count_response(self, response: Response) -> None:
        request = response.request
        # Users' mock responses may lack a URL.
        url = getattr(response, 'url', None) or str(request.url)
        try:
            path = _Endpoint.at(self.url, url).path
        except URLError:
            # The base URL itself, or another host that a hook sent a request to.
            path = '(others)'
        method = str(request.method).upper()
        endpoint = f'{method} {path}'
        seconds = response.elapsed.total_seconds()
        with self._counting_lock:
            counts = self.api_call_counts
            is_full = len(counts) >= _ENDPOINTS_LIMIT or len(endpoint) > _URL_LIMIT
            if endpoint not in counts and is_full:
                endpoint = f'{method} (others)'
            counts[endpoint] = counts.get(endpoint, 0) + 1
            self.api_time[endpoint] = self.api_time.get(endpoint, 0.0) + seconds


# -------------------------------------------------------------------------------------- Listings


class _Page(NamedTuple):
    results: List[Any]
    #: The total number of results, or None if the server did not report it.
    total: Any = None


def _total_of(body: Json) -> Optional[int]:
    """The total number of results that the body of a page reports, or None."""
    total = body.get('total') if isinstance(body, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


class _Listing:
    """Fetches the pages of a collection."""

    def __init__(self, session: APISession, url: str, endpoint: _Endpoint) -> None:
        self.session = session
        self.url = url
        self.endpoint = endpoint
        self.wrapper = endpoint.results_wrapper()

    def offset_pages(
        self,
        params: Dict[str, Any],
        read_ahead: int = 0,
        body: Optional[Dict[str, Any]] = None,
        on_limit: Optional[Callable[[], None]] = None,
    ) -> Iterator[_Page]:
        """Yield the pages from ``params['offset']`` on, ``params['limit']`` results each.

        :param body: the first page, if it was fetched already, with the total.
        :param on_limit: called instead of a warning where pagination cannot reach further.

        See https://developer.pagerduty.com/docs/pagination.
        """
        total = _total_of(body)
        limit = size = _whole_number('limit', params['limit'], 0)
        offset = _whole_number('offset', params.get('offset', 0), 0)
        is_single_page = self.endpoint.path in _SINGLE_PAGE_LISTINGS
        get = self.get
        if read_ahead and not is_single_page:
            get = _ReadAhead(self, read_ahead).get
        while body is not None or offset + size <= ITERATION_LIMIT:
            if body is None:
                body = get(dict(params, limit=size, offset=offset))
            results = self.results(body)
            offset += len(results)
            more, is_empty = body.get('more'), not results
            cursor = None if 'more' in body else body.get('next_cursor')
            if more is None and total is not None:
                # The document has `total` for change events, but no `more`.
                more = offset < total
            elif 'more' not in body and not cursor:
                self.warn('the response does not say whether there are more results ("more")')
            if isinstance(body.get('limit'), int) and 0 < body['limit'] < limit:
                limit = body['limit']  # The server's own maximum.
            yield _Page(results, body.get('total'))
            # Drop the page now, so that only one is in memory while the next is fetched.
            body, results = None, []
            if cursor:
                # The tables do not list this endpoint as cursor-based, but it is.
                yield from self.cursor_pages(dict(params, cursor=cursor))
                return
            if not more:
                return
            if is_single_page:
                self.warn('there are more results, but the API has no way to request them')
                return
            if is_empty:
                self.warn('the server says that there are more results, but sent an empty page')
                return
            # Shorten the last page rather than lose the results before the limit.
            size = max(1, int(min(limit, ITERATION_LIMIT - offset)))
        if on_limit is not None:
            on_limit()
            return
        has_history = self.endpoint.path in _HISTORY_WINDOWS
        remedy = 'use iter_history' if has_history else 'narrow the listing by its parameters'
        self.warn(
            f'limit {size} at offset {offset} would go past {ITERATION_LIMIT:.0f}, where the '
            f'API returns no results; {remedy} to get the others'
        )

    def cursor_pages(
        self, params: Dict[str, Any], body: Optional[Dict[str, Any]] = None
    ) -> Iterator[_Page]:
        """Yield the pages that are linked by cursors, of which the first may be given."""
        parameter, key = self.endpoint.cursor_names
        cursors = {str(params.get(parameter))}
        while True:
            if body is None:
                body = self.get(dict(params))
            cursor = body.get(key)
            yield _Page(self.results(body), body.get('total'))
            body = None
            if not cursor:
                return
            if str(cursor) in cursors:
                self.warn('the cursor that the server sent leads back to an earlier page')
                return
            cursors.add(str(cursor))
            params = dict(params, **{parameter: cursor})

    def get(self, params: Dict[str, Any]) -> Dict[str, Any]:
        """Fetch a page."""
        return self.read(self.request(params))

    def request(self, params: Dict[str, Any]) -> Response:
        return self.session.get(self.url, params=params)

    def read(self, response: Response) -> Dict[str, Any]:
        body = try_decoding(successful_response(response))
        name = self._results_key(body) if isinstance(body, dict) else None
        if name is None:
            raise _wrapper_missing(response, self.wrapper, body)
        if not isinstance(body[name], list):
            raise _error(response, f'expected a list at the key "{_cut(name, 100)}".')
        return cast(Dict[str, Any], body)

    def results(self, body: Dict[str, Any]) -> List[Any]:
        return cast(List[Any], body[self._results_key(body)])

    def _results_key(self, body: Dict[str, Any]) -> Any:
        """The wrapper, or on an unlisted path the key of the only list; None if not found."""
        if self.wrapper in body or self.endpoint.is_listed:
            return self.wrapper if self.wrapper in body else None
        lists = [key for key in body if isinstance(body[key], list) and key not in _NOT_CONTENT]
        return lists[0] if len(lists) == 1 else None

    def until_error(self, pages: Iterator[_Page]) -> Iterator[_Page]:
        """Yield the pages; end with a warning at an error status, if 4.x was told not to raise."""
        try:
            yield from pages
        except PDHTTPError as error:
            # A rejected key, or a success with an invalid body, was always raised.
            is_raised = error.status_code == 401 or error.status_code // 100 == 2
            if is_raised or self.session._raises_errors():
                raise
            self.warn(f'the API responded with status {error.status_code}')

    def warn(self, reason: str) -> None:
        _warn(f'Stopping the iteration over {self.shown_url()}: {reason}.')

    def shown_url(self) -> str:
        return _Secrets(self.session.api_key).show(self.url, _URL_LIMIT)


_Window = Tuple[datetime, datetime]


class _History:
    """The records of a listing in a period, which is divided into windows.

    The API does not document whether ``until`` is inclusive, so a record may be in two windows.
    """

    def __init__(self, listing: _Listing, params: Dict[str, Any]) -> None:
        self.listing = listing
        self.params = params
        path = listing.endpoint.path
        self.max_days = _HISTORY_WINDOWS.get(path, _AUDIT_WINDOW)
        # An entry of /oncalls is in every window that overlaps its shift.
        self.has_overlaps = path == '/oncalls'
        #: The order of the records; None until a page shows it.
        self.is_newest_first: Optional[bool] = None
        self.has_warned = False

    def pages(self, since: datetime, until: datetime) -> Iterator[_Page]:
        """Yield the pages of all windows in the order of the records, without repeated records."""
        windows = self._longest_windows(since, until)
        first_pages: Dict[_Window, Any] = {}
        # The latest window with two different times shows the order of the records.
        for window in reversed(windows):
            first_pages[window] = self._first_page(window)
            if self.is_newest_first is not None:
                break
        if self.is_newest_first:
            windows.reverse()
        before: Set[str] = set()
        for window in windows:
            for part, body in self._parts(window, first_pages.pop(window, None)):
                current: Set[str] = set()
                for page in self._pages_of(part, body):
                    fresh = {_record_key(record): record for record in page.results}
                    new = [key for key in fresh if key not in before and key not in current]
                    current.update(new)
                    yield _Page([fresh[key] for key in new])
                before = before | current if self.has_overlaps else current

    def _longest_windows(self, since: datetime, until: datetime) -> List[_Window]:
        step = until - since if self.max_days is None else timedelta(days=self.max_days)
        windows = []
        while since < until:
            windows.append((since, min(since + step, until)))
            since += step
        return windows

    def _parts(self, window: _Window, body: Any = None) -> Iterator[Tuple[_Window, Any]]:
        """Yield the parts of a window that pagination can reach, each with its first page."""
        if body is None:
            body = self._first_page(window)
        since, until = window
        seconds = int((until - since).total_seconds())
        if seconds <= 1 or (_total_of(body) or 0) <= ITERATION_LIMIT:
            yield window, body
            return
        middle = since + timedelta(seconds=seconds // 2)
        halves = [(since, middle), (middle, until)]
        is_newest_first = self.is_newest_first
        if is_newest_first is None:
            moment = _record_time(next(iter(self.listing.results(body)), None))
            is_newest_first = moment is not None and moment >= middle
        for half in reversed(halves) if is_newest_first else halves:
            yield from self._parts(half)

    def _first_page(self, window: _Window) -> Any:
        query = self._query(window)
        if not self.listing.endpoint.has_cursors:
            query = dict(query, total='true', offset=0)
        body = self.listing.get(query)
        if self.is_newest_first is None:
            times = list(filter(None, map(_record_time, self.listing.results(body))))
            if times and times[0] != times[-1]:
                self.is_newest_first = times[0] > times[-1]
        return body

    def _pages_of(self, window: _Window, body: Any) -> Iterator[_Page]:
        query = self._query(window)
        if self.listing.endpoint.has_cursors:
            return self.listing.cursor_pages(query, body)
        on_limit = partial(self._warn_of_limit, window)
        return self.listing.offset_pages(query, body=body, on_limit=on_limit)

    def _query(self, window: _Window) -> Dict[str, Any]:
        return dict(self.params, since=_utc(window[0]), until=_utc(window[1]))

    def _warn_of_limit(self, window: _Window) -> None:
        if not self.has_warned:
            self.has_warned = True
            _warn(
                'More than {} results of {} are between {} and {}; the API has no way to get the '
                'others.'.format(int(ITERATION_LIMIT), self.listing.shown_url(), *map(_utc, window))
            )


def _record_key(record: Any) -> str:
    """The identity of a record: its ID, or its whole content."""
    has_id = isinstance(record, dict) and record.get('id') is not None
    return str(record['id']) if has_id else dumps(record, sort_keys=True, default=str)


def _record_time(record: Any) -> Optional[datetime]:
    """The timestamp that a history is sorted by, if the record has one."""
    if isinstance(record, dict):
        for name in ('created_at', 'timestamp', 'execution_time', 'started_at', 'start'):
            if record.get(name):
                return _time_of(record[name])
    return None


class _ReadAhead:
    """Requests pages of a listing ahead, in threads.

    It ends with the first page that is shorter than expected, because the offsets of the following
    pages are then unknown.
    """

    def __init__(self, listing: _Listing, depth: int) -> None:
        self._listing = listing
        self._depth = depth
        self._pages: Dict[Tuple[int, int], _PageRequest] = {}

    def get(self, params: Dict[str, Any]) -> Dict[str, Any]:
        """Fetch a page, and request those that follow it."""
        page = self._pages.pop((params['offset'], params['limit']), None)
        if page is not None:
            self._request_after(params)
            return self._listing.read(page.result())
        body = self._listing.get(params)
        is_first = not self._pages
        self._pages.clear()
        is_full = body.get('more') and len(self._listing.results(body)) == params['limit']
        if is_first and is_full:
            self._request_after(params)
        else:
            self._depth = 0
        return body

    def _request_after(self, params: Dict[str, Any]) -> None:
        offset, limit = params['offset'], params['limit']
        for _ in range(self._depth):
            offset += limit
            limit = int(min(limit, ITERATION_LIMIT - offset))
            if limit < 1:
                return
            if (offset, limit) not in self._pages:
                following = dict(params, offset=offset, limit=limit)
                self._pages[offset, limit] = _PageRequest(self._listing.request, following)


class _PageRequest(Thread):
    """One page, requested in a daemon thread, so that Ctrl-C and exit do not wait for it."""

    def __init__(self, request: Callable[..., Response], params: Dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self._request = request
        self._params = params
        self._outcome: Optional[Tuple[Any, Optional[Exception]]] = None
        self.start()

    def run(self) -> None:
        try:
            self._outcome = self._request(self._params), None
        except Exception as error:  # noqa: BLE001 - raised by result
            self._outcome = None, error

    def result(self) -> Response:
        self.join()
        if self._outcome is None:
            # This process was forked meanwhile, without the thread.
            return self._request(self._params)
        response, error = self._outcome
        if error is not None:
            raise error
        return cast(Response, response)


def _items(pages: Iterator[_Page], item_hook: _ItemHook, progress: Any) -> Iterator[Any]:
    number = 0
    bar = None if callable(progress) else _progress_bar(progress)
    try:
        for page in pages:
            for item in page.results:
                number += 1
                if item_hook is not None:
                    item_hook(item, number, '?' if page.total is None else page.total)
                yield item
            total = page.total if isinstance(page.total, int) else None
            if callable(progress):
                progress(number, total)
            elif bar is not None:
                bar.total = total
                bar.update(number - bar.n)
            # Drop the page before the next one is fetched; see offset_pages.
            del page
    finally:
        if bar is not None:
            bar.close()


def _progress_bar(is_wanted: Any) -> Any:
    """A tqdm bar on stderr; None if it is not wanted, not on a terminal, or tqdm is missing."""
    # A program without a console has no stderr.
    if is_wanted and sys.stderr is not None and sys.stderr.isatty():
        with suppress(ImportError):
            return import_module('tqdm').tqdm(unit=' results', file=sys.stderr)
    return None


def _split_paging(url: str, names: Tuple[str, ...]) -> Tuple[str, Dict[str, Any]]:
    """Take the paging parameters out of the query of a URL, so that nothing is sent twice."""
    before, _, query = url.partition('#')[0].partition('?')
    kept: List[str] = []
    taken: List[str] = []
    for part in query.split('&'):
        (taken if unquote(part.partition('=')[0]) in names else kept).append(part)
    if not taken:
        return url, {}
    return before + ('?' + '&'.join(kept) if kept else ''), _as_dict('&'.join(taken))


# --------------------------------------------------------------------------- The events sessions


class _EventsSession(PDSession):
    """Base class for both Events APIs, which read the routing key from the body."""

    url = 'https://events.pagerduty.com'
    permitted_methods = ('POST',)

    #: See :attr:`PDSession.retry`: an event that the server failed to accept is sent again.
    retry = {500: 2, 502: 4, 503: 6, 504: 6}

    def _add_api_headers(self, headers: Any, method: str) -> None:
        headers['Content-Type'] = 'application/json'

    def request(self, method: str, url: str, **kwargs: Any) -> Response:  # type: ignore[override]
        if 'json' in kwargs:
            kwargs['json'] = self._with_routing_key(kwargs['json'])
        return super().request(method, url, **kwargs)

    def post(self, url: Any, data: Any = None, json: Any = None, **kwargs: Any) -> Response:
        if data is not None:
            kwargs['data'] = data
        # Also added in request, but tests that replace request still see the key.
        return super().post(url, json=self._with_routing_key(json), **kwargs)

    def _with_routing_key(self, event: Any) -> Any:
        if isinstance(event, Mapping) and not event.get('routing_key'):
            return {**event, 'routing_key': self.api_key}
        return event

    def _checked_event(self, event: Dict[str, Any]) -> Dict[str, Any]:
        """Convert and shorten the properties of an event; ValueError for those that are invalid."""
        for kind, required in (('images', 'src'), ('links', 'href')):
            entries = event.get(kind)
            for index, entry in enumerate(entries if isinstance(entries, (list, tuple)) else ()):
                if isinstance(entry, Mapping) and not entry.get(required):
                    raise ValueError(f'{kind}[{index}] has no {required!r}.')
        payload = event.get('payload')
        if isinstance(payload, Mapping):
            summary, changed = payload.get('summary'), {}
            if isinstance(payload.get('timestamp'), date):
                changed['timestamp'] = _event_time(payload['timestamp'])
            if isinstance(summary, str) and len(summary) > _SUMMARY_LIMIT:
                changed['summary'] = _cut(summary, _SUMMARY_LIMIT)
                message = (
                    'The summary of an event has %d characters and was cut to %d, because the API '
                    'rejects longer ones. Put details into custom_details.'
                )
                self.log.warning(message, len(summary), _SUMMARY_LIMIT)
            if changed:
                event = {**event, 'payload': {**payload, **changed}}
        return self._with_fitting_details(event)

    def _with_fitting_details(self, event: Dict[str, Any]) -> Dict[str, Any]:
        # Do not encode small events twice: JSON takes at most 12 bytes per character.
        if 12 * len(repr(event)) <= _EVENT_LIMIT:
            return event
        size = _encoded_size(self._with_routing_key(event))
        if size <= _EVENT_LIMIT:
            return event
        payload = event.get('payload')
        details = payload.get('custom_details') if isinstance(payload, Mapping) else None
        if payload is not None and details:
            note = (
                f'{_encoded_size(details)} bytes of custom_details were left out, because the '
                'event was too large'
            )
            fitting = {**event, 'payload': {**payload, 'custom_details': {'left_out': note}}}
            if _encoded_size(self._with_routing_key(fitting)) <= _EVENT_LIMIT:
                message = 'An event has %d bytes; the API accepts at most %d. %s.'
                self.log.warning(message, size, _EVENT_LIMIT, note)
                return fitting
        raise ValueError(
            f'The event has {size} bytes; the API accepts at most {_EVENT_LIMIT}. Shorten its '
            'properties other than custom_details, which would be left out.'
        )


def _encoded_size(content: Any) -> int:
    # As requests encodes it: with simplejson, which accepts more types, if that is installed.
    return len(requests_json.dumps(content).encode('utf-8'))


def _event_time(timestamp: Any) -> str:
    """A datetime as the time of an event, in UTC; ValueError if it is naive."""
    _reject_naive('timestamp', timestamp)
    # With microseconds, unlike the times in query parameters: events may follow each other closely.
    utc = cast(datetime, timestamp).astimezone(timezone.utc)
    return utc.replace(tzinfo=None).isoformat() + 'Z'


class EventsAPISession(_EventsSession):
    """Session for the Events API v2, which triggers, acknowledges and resolves alerts.

    See https://developer.pagerduty.com/docs/events-api-v2-overview.

    :param api_key: the routing key, which PagerDuty shows as the integration key of a service.
    """

    def send_event(self, action: str, dedup_key: Any = None, **properties: Any) -> str:
        """Send an event.

        :param action: ``'trigger'``, ``'acknowledge'`` or ``'resolve'``.
        :param dedup_key: the deduplication key of the alert; PagerDuty generates one for a trigger
            without it.
        :param properties: the other properties of the event, such as ``payload``.
        :returns: the deduplication key of the alert.
        :raises ValueError: for an unknown action, a ``dedup_key`` that is missing for an action
            other than trigger or has more than 255 characters, an image without ``src``, a link
            without ``href``, or an event of more than 512,000 bytes without its custom details;
            nothing is sent.
        :raises PDHTTPError: if the API rejects the event.
        :raises PDServerError: if it accepts the event without returning the key.
        """
        if action not in ('trigger', 'acknowledge', 'resolve'):
            raise ValueError(
                f"action must be 'trigger', 'acknowledge' or 'resolve'; it is {action!r}."
            )
        # The action comes first in the body, and is the one that was checked.
        event: Dict[str, Any] = {'event_action': action}
        event.update(properties, event_action=action)
        if dedup_key not in (None, '') and dedup_key is not False:
            event['dedup_key'] = _as_text(dedup_key)
            length = len(event['dedup_key'])
            if length > _DEDUP_KEY_LIMIT:
                raise ValueError(
                    f'dedup_key has {length} characters; the API accepts at most '
                    f'{_DEDUP_KEY_LIMIT}. It is not shortened, because that could merge alerts; '
                    'pass a hash of it, for example.'
                )
        elif action != 'trigger':
            raise ValueError(f'To {action} an alert, pass its dedup_key.')
        event = self._checked_event(event)
        response = successful_response(self.post('/v2/enqueue', json=event), 'sending an event')
        body = try_decoding(response)
        key = body.get('dedup_key') if isinstance(body, dict) else None
        if not isinstance(key, str) or not key:
            raise _wrapper_missing(response, 'dedup_key', body)
        return key

    def trigger(
        self,
        summary: Optional[str],
        source: Optional[str],
        dedup_key: Any = None,
        severity: str = 'critical',
        payload: Optional[Dict[str, Any]] = None,
        custom_details: Optional[Dict[str, Any]] = None,
        images: Any = None,
        links: Any = None,
        *,
        client: Optional[str] = None,
        client_url: Optional[str] = None,
        component: Optional[str] = None,
        group: Optional[str] = None,
        event_class: Optional[str] = None,
        timestamp: Any = None,
    ) -> str:
        """Trigger an alert, or add to the one with the same deduplication key.

        :param summary: one line of at most 1024 characters that says what is wrong; a longer one
            is cut.
        :param source: the affected system, such as a host name.
        :param dedup_key: the alert that the event belongs to; PagerDuty generates a new key
            without it.
        :param severity: ``'critical'``, ``'error'``, ``'warning'`` or ``'info'``.
        :param payload: properties of the payload that override the arguments.
        :param custom_details: merged over those in ``payload``; left out, with a warning, if the
            event would have more than 512,000 bytes.
        :param images: a list of ``{'src': …, 'href': …, 'alt': …}``.
        :param links: a list of ``{'href': …, 'text': …}``.
        :param client: the name of the monitoring system.
        :param client_url: a link to it.
        :param component: the part of the source that is affected, such as ``'mysql'``.
        :param group: the logical group of components, such as ``'app-stack'``.
        :param event_class: the kind of event, such as ``'ping failure'``; sent as ``class``.
        :param timestamp: the time of the event: an aware datetime, or a str in ISO 8601.
        :returns: the deduplication key of the alert.
        :raises ValueError: if ``payload`` or ``custom_details`` is not a dict, or ``timestamp`` a
            naive datetime; nothing is sent.

        Other errors as for :meth:`send_event`.
        """
        details: Dict[str, Any] = {'summary': summary, 'source': source, 'severity': severity}
        more = {'component': component, 'group': group, 'class': event_class}
        more['timestamp'] = timestamp
        details.update({name: value for name, value in more.items() if value is not None})
        details.update(_checked_dict('payload', payload))
        if custom_details is not None:
            given = _checked_dict("payload['custom_details']", details.get('custom_details'))
            details['custom_details'] = {**given, **_checked_dict('custom_details', custom_details)}
        event: Dict[str, Any] = {'payload': details}
        optional = {'images': images, 'links': links, 'client': client, 'client_url': client_url}
        event.update({name: value for name, value in optional.items() if value})
        return self.send_event('trigger', dedup_key=dedup_key, **event)

    def acknowledge(self, dedup_key: Any) -> str:
        """Acknowledge an alert; errors as for :meth:`send_event`."""
        return self.send_event('acknowledge', dedup_key=dedup_key)

    def resolve(self, dedup_key: Any) -> str:
        """Resolve an alert; errors as for :meth:`send_event`."""
        return self.send_event('resolve', dedup_key=dedup_key)


class ChangeEventsAPISession(_EventsSession):
    """Session for the change events API, which reports deployments and other changes to PagerDuty.

    See https://developer.pagerduty.com/docs/events-api-v2-overview.

    :param api_key: the routing key, which PagerDuty shows as the integration key of a service.
    """

    def submit(
        self,
        summary: str,
        source: Optional[str] = None,
        custom_details: Optional[Dict[str, Any]] = None,
        links: Any = None,
        timestamp: Any = None,
    ) -> Optional[str]:
        """Report a change.

        :param summary: one line of at most 1024 characters that says what was changed; a longer
            one is cut.
        :param source: the changed system; left out if it is not a str.
        :param links: a list of ``{'href': …, 'text': …}``.
        :param timestamp: the time of the change, a str in ISO 8601 or an aware datetime; defaults
            to now.
        :returns: the ID of the event, or None if the API does not return it.
        :raises ValueError: if ``custom_details`` is not a dict; nothing is sent.

        Other errors as for :meth:`send_change_event`.
        """
        payload: Dict[str, Any] = {
            'summary': summary,
            'timestamp': self.event_timestamp if timestamp is None else timestamp,
        }
        if isinstance(source, str):
            payload['source'] = source
        if custom_details is not None:
            payload['custom_details'] = _checked_dict('custom_details', custom_details)
        # The key comes first, as in 5.4.1: recorded cassettes compare bodies.
        event: Dict[str, Any] = {'routing_key': self.api_key, 'payload': payload}
        if links:
            event['links'] = links
        return self.send_change_event(**event)

    def send_change_event(self, **properties: Any) -> Optional[str]:
        """Send a change event with these properties.

        :returns: the ID of the event, or None if the API does not return it.
        :raises ValueError: for a naive timestamp, a link without ``href``, or an event of more than
            512,000 bytes without its custom details; nothing is sent.
        :raises PDHTTPError: if the API rejects the event.
        """
        event = self._checked_event(properties)
        response = self.post('/v2/change/enqueue', json=event)
        body = try_decoding(successful_response(response, 'sending a change event'))
        return body.get('id') if isinstance(body, dict) else None

    @property
    def event_timestamp(self) -> str:
        """The current time: UTC, ISO 8601."""
        return _event_time(datetime.now(timezone.utc))


# ---------------------------------------------------------------------------- The API as tables

# --- tables generated by tools/update_api.py: start ---
# From PagerDuty's OpenAPI document of August 2026, which has 465 operations, and from
# tools/by_hand.py. To add an endpoint, see docs/adding_an_endpoint.rst. Paths marked as
# legacy are known to 5.4.1 and no longer documented.
# fmt: off

#: The path patterns of the API.
CANONICAL_PATHS: List[str] = [
    # Abilities
    '/abilities',
    '/abilities/{id}',
    # Add-ons
    '/addons',
    '/addons/{id}',
    # Alert Grouping Settings
    '/alert_grouping_settings',
    '/alert_grouping_settings/{id}',
    # Analytics
    '/analytics/metrics/incidents/all',
    '/analytics/metrics/incidents/escalation_policies',
    '/analytics/metrics/incidents/escalation_policies/all',
    '/analytics/metrics/incidents/services',
    '/analytics/metrics/incidents/services/all',
    '/analytics/metrics/incidents/teams',
    '/analytics/metrics/incidents/teams/all',
    '/analytics/metrics/pd_advance_usage/features',
    '/analytics/metrics/responders/all',
    '/analytics/metrics/responders/teams',
    '/analytics/metrics/users/all',
    '/analytics/raw/incidents',
    '/analytics/raw/incidents/{id}',
    '/analytics/raw/incidents/{id}/responses',
    '/analytics/raw/responders/{responder_id}/incidents',
    '/analytics/raw/users',
    # Audit
    '/audit/records',
    # Automation Actions
    '/automation_actions/actions',
    '/automation_actions/actions/{id}',
    '/automation_actions/actions/{id}/invocations',
    '/automation_actions/actions/{id}/services',
    '/automation_actions/actions/{id}/services/{service_id}',
    '/automation_actions/actions/{id}/teams',
    '/automation_actions/actions/{id}/teams/{team_id}',
    '/automation_actions/invocations',
    '/automation_actions/invocations/{id}',
    '/automation_actions/runners',
    '/automation_actions/runners/{id}',
    '/automation_actions/runners/{id}/teams',
    '/automation_actions/runners/{id}/teams/{team_id}',
    # Business Services
    '/business_services',
    '/business_services/impactors',
    '/business_services/impacts',
    '/business_services/priority_thresholds',
    '/business_services/{id}',
    '/business_services/{id}/account_subscription',
    '/business_services/{id}/subscribers',
    '/business_services/{id}/supporting_services/impacts',
    '/business_services/{id}/unsubscribe',
    # Change Events
    '/change_events',
    '/change_events/{id}',
    # Customfields
    '/customfields/fields',  # legacy
    '/customfields/fields/{field_id}',  # legacy
    '/customfields/fields/{field_id}/field_options',  # legacy
    '/customfields/fields/{field_id}/field_options/{field_option_id}',  # legacy
    '/customfields/fields/{field_id}/schemas',  # legacy
    '/customfields/schema_assignments',  # legacy
    '/customfields/schema_assignments/{id}',  # legacy
    '/customfields/schemas',  # legacy
    '/customfields/schemas/{schema_id}',  # legacy
    '/customfields/schemas/{schema_id}/field_configurations',  # legacy
    '/customfields/schemas/{schema_id}/field_configurations/{field_configuration_id}',  # legacy
    # Enrichment
    '/enrichment/event_enrichments',
    '/enrichment/event_enrichments/default',
    '/enrichment/event_enrichments/{id}',
    '/enrichment/event_enrichments/{id}/associations',
    '/enrichment/event_enrichments/{id}/rules',
    '/enrichment/integrations/servicenow',
    '/enrichment/integrations/servicenow/credentials',
    '/enrichment/integrations/servicenow/credentials/{credentials_id}',
    '/enrichment/integrations/servicenow/{integration_id}',
    '/enrichment/integrations/servicenow/{integration_id}/tables',
    '/enrichment/integrations/servicenow/{integration_id}/tables/{table_id}',
    '/enrichment/integrations/servicenow/{integration_id}/tables/{table_id}/enable',
    '/enrichment/integrations/servicenow/{integration_id}/tables/{table_id}/test',
    '/enrichment/query',
    '/enrichment/schemas',
    '/enrichment/schemas/{schema_id}',
    '/enrichment/schemas/{schema_id}/records',
    '/enrichment/schemas/{schema_id}/records/{record_id}',
    # Escalation Policies
    '/escalation_policies',
    '/escalation_policies/{id}',
    '/escalation_policies/{id}/audit/records',
    # Event Orchestrations
    '/event_orchestrations',
    '/event_orchestrations/services/{id}',
    '/event_orchestrations/services/{id}/active',
    '/event_orchestrations/services/{service_id}/cache_variables',
    '/event_orchestrations/services/{service_id}/cache_variables/{cache_variable_id}',
    '/event_orchestrations/services/{service_id}/cache_variables/{cache_variable_id}/data',
    '/event_orchestrations/{id}',
    '/event_orchestrations/{id}/cache_variables',
    '/event_orchestrations/{id}/cache_variables/{cache_variable_id}',
    '/event_orchestrations/{id}/cache_variables/{cache_variable_id}/data',
    '/event_orchestrations/{id}/enablements',
    '/event_orchestrations/{id}/enablements/{feature_name}',
    '/event_orchestrations/{id}/global',
    '/event_orchestrations/{id}/integrations',
    '/event_orchestrations/{id}/integrations/migration',
    '/event_orchestrations/{id}/integrations/{integration_id}',
    '/event_orchestrations/{id}/router',
    '/event_orchestrations/{id}/unrouted',
    # Extension Schemas
    '/extension_schemas',
    '/extension_schemas/{id}',
    # Extensions
    '/extensions',
    '/extensions/{id}',
    '/extensions/{id}/enable',
    # Incident Workflows
    '/incident_workflows',
    '/incident_workflows/actions',
    '/incident_workflows/actions/{id}',
    '/incident_workflows/triggers',
    '/incident_workflows/triggers/{id}',
    '/incident_workflows/triggers/{id}/services',
    '/incident_workflows/triggers/{trigger_id}/services/{service_id}',
    '/incident_workflows/{id}',
    '/incident_workflows/{id}/instances',
    # Incidents
    '/incidents',
    '/incidents/count',  # legacy
    '/incidents/custom_fields',
    '/incidents/custom_fields/{field_id}',
    '/incidents/custom_fields/{field_id}/field_options',
    '/incidents/custom_fields/{field_id}/field_options/{field_option_id}',
    '/incidents/reviews',  # undocumented
    '/incidents/reviews/action_items',  # undocumented
    '/incidents/types',
    '/incidents/types/{type_id_or_name}',
    '/incidents/types/{type_id_or_name}/custom_fields',
    '/incidents/types/{type_id_or_name}/custom_fields/{field_id}',
    '/incidents/types/{type_id_or_name}/custom_fields/{field_id}/field_options',
    '/incidents/types/{type_id_or_name}/custom_fields/{field_id}/field_options/{field_option_id}',
    '/incidents/{id}',
    '/incidents/{id}/alerts',
    '/incidents/{id}/alerts/{alert_id}',
    '/incidents/{id}/business_services/impacts',
    '/incidents/{id}/business_services/{business_service_id}/impacts',
    '/incidents/{id}/custom_fields/values',
    '/incidents/{id}/field_values',  # legacy
    '/incidents/{id}/field_values/schema',  # legacy
    '/incidents/{id}/log_entries',
    '/incidents/{id}/merge',
    '/incidents/{id}/notes',
    '/incidents/{id}/notes/{note_id}',
    '/incidents/{id}/outlier_incident',
    '/incidents/{id}/past_incidents',
    '/incidents/{id}/related_change_events',
    '/incidents/{id}/related_incidents',
    '/incidents/{id}/responder_requests',
    '/incidents/{id}/responder_requests/cancel',
    '/incidents/{id}/review',  # undocumented
    '/incidents/{id}/review/action_items',  # undocumented
    '/incidents/{id}/review/markers',  # undocumented
    '/incidents/{id}/scribe_transcripts',  # undocumented
    '/incidents/{id}/snooze',
    '/incidents/{id}/status_updates',
    '/incidents/{id}/status_updates/subscribers',
    '/incidents/{id}/status_updates/unsubscribe',
    # IP Allow Lists
    '/ip_allow_lists',
    '/ip_allow_lists/{id}',
    '/ip_allow_lists/{id}/audit/records',
    # Licenses
    '/license_allocations',
    # Licenses
    '/licenses',
    # Log Entries
    '/log_entries',
    '/log_entries/{id}',
    '/log_entries/{id}/channel',
    # Maintenance Windows
    '/maintenance_windows',
    '/maintenance_windows/{id}',
    # Notifications
    '/notifications',
    # OAuth Delegations
    '/oauth_delegations',
    '/oauth_delegations/revocation_requests/status',
    # On-Calls
    '/oncalls',
    # Paused Incident Reports
    '/paused_incident_reports/alerts',
    '/paused_incident_reports/counts',
    # Priorities
    '/priorities',
    # Recommendations
    '/recommendations/event_orchestrations/rules',
    '/recommendations/event_orchestrations/services/{service_id}/accepted_rules/{rule_id}',
    '/recommendations/event_orchestrations/services/{service_id}/rules/{recommendation_id}/accept',
    '/recommendations/event_orchestrations/services/{service_id}/rules/{recommendation_id}/dismiss',
    # Response Plays
    '/response_plays',  # legacy
    '/response_plays/{id}',  # legacy
    '/response_plays/{response_play_id}/run',  # legacy
    # Rulesets
    '/rulesets',
    '/rulesets/{id}',
    '/rulesets/{id}/rules',
    '/rulesets/{id}/rules/{rule_id}',
    # Schedules
    '/schedules',
    '/schedules/preview',
    '/schedules/{id}',
    '/schedules/{id}/audit/records',
    '/schedules/{id}/overrides',
    '/schedules/{id}/overrides/{override_id}',
    '/schedules/{id}/users',
    # Service Dependencies
    '/service_dependencies/associate',
    '/service_dependencies/business_services/{id}',
    '/service_dependencies/disassociate',
    '/service_dependencies/technical_services/{id}',
    # Services
    '/services',
    '/services/custom_fields',
    '/services/custom_fields/{field_id}',
    '/services/custom_fields/{field_id}/field_options',
    '/services/custom_fields/{field_id}/field_options/{field_option_id}',
    '/services/{id}',
    '/services/{id}/audit/records',
    '/services/{id}/change_events',
    '/services/{id}/custom_fields/values',
    '/services/{id}/enablements',
    '/services/{id}/enablements/{feature_name}',
    '/services/{id}/integrations',
    '/services/{id}/integrations/{integration_id}',
    '/services/{id}/rules',
    '/services/{id}/rules/convert',
    '/services/{id}/rules/{rule_id}',
    # Session Configurations
    '/session_configurations',
    # SRE Agent
    '/sre_agent/memories',
    '/sre_agent/memories/{id}',
    # Standards
    '/standards',
    '/standards/scores/{resource_type}',
    '/standards/scores/{resource_type}/{id}',
    '/standards/{id}',
    # Status Dashboards
    '/status_dashboards',
    '/status_dashboards/url_slugs/{url_slug}',
    '/status_dashboards/url_slugs/{url_slug}/service_impacts',
    '/status_dashboards/{id}',
    '/status_dashboards/{id}/service_impacts',
    # Status Pages
    '/status_pages',
    '/status_pages/{id}/impacts',
    '/status_pages/{id}/impacts/{impact_id}',
    '/status_pages/{id}/posts',
    '/status_pages/{id}/posts/{post_id}',
    '/status_pages/{id}/posts/{post_id}/post_updates',
    '/status_pages/{id}/posts/{post_id}/post_updates/{post_update_id}',
    '/status_pages/{id}/posts/{post_id}/postmortem',
    '/status_pages/{id}/services',
    '/status_pages/{id}/services/{service_id}',
    '/status_pages/{id}/severities',
    '/status_pages/{id}/severities/{severity_id}',
    '/status_pages/{id}/statuses',
    '/status_pages/{id}/statuses/{status_id}',
    '/status_pages/{id}/subscriptions',
    '/status_pages/{id}/subscriptions/{subscription_id}',
    # Tags
    '/tags',
    '/tags/{id}',
    '/tags/{id}/escalation_policies',  # legacy
    '/tags/{id}/teams',  # legacy
    '/tags/{id}/users',  # legacy
    '/tags/{id}/{entity_type}',
    # Teams
    '/teams',
    '/teams/{id}',
    '/teams/{id}/audit/records',
    '/teams/{id}/escalation_policies/{escalation_policy_id}',
    '/teams/{id}/members',
    '/teams/{id}/notification_subscriptions',
    '/teams/{id}/notification_subscriptions/unsubscribe',
    '/teams/{id}/users/{user_id}',
    # Templates
    '/templates',
    '/templates/fields',
    '/templates/{id}',
    '/templates/{id}/render',
    # Users
    '/users',
    '/users/me',
    '/users/{id}',
    '/users/{id}/audit/records',
    '/users/{id}/contact_methods',
    '/users/{id}/contact_methods/{contact_method_id}',
    '/users/{id}/license',
    '/users/{id}/notification_rules',
    '/users/{id}/notification_rules/{notification_rule_id}',
    '/users/{id}/notification_subscriptions',
    '/users/{id}/notification_subscriptions/unsubscribe',
    '/users/{id}/oauth_delegations',
    '/users/{id}/oauth_delegations/{delegation_id}',
    '/users/{id}/oncall_handoff_notification_rules',
    '/users/{id}/oncall_handoff_notification_rules/{oncall_handoff_notification_rule_id}',
    '/users/{id}/regenerate_private_url_key',
    '/users/{id}/sessions',
    '/users/{id}/sessions/{type}/{session_id}',
    '/users/{id}/status_update_notification_rules',
    '/users/{id}/status_update_notification_rules/{status_update_notification_rule_id}',
    # Schedules v3
    '/v3/schedules',
    '/v3/schedules/{id}',
    '/v3/schedules/{id}/audit/records',
    '/v3/schedules/{id}/custom_shifts',
    '/v3/schedules/{id}/custom_shifts/{custom_shift_id}',
    '/v3/schedules/{id}/overrides',
    '/v3/schedules/{id}/overrides/{override_id}',
    '/v3/schedules/{id}/rotations',
    '/v3/schedules/{id}/rotations/{rotation_id}',
    '/v3/schedules/{id}/rotations/{rotation_id}/events',
    '/v3/schedules/{id}/rotations/{rotation_id}/events/{event_id}',
    # Vendors
    '/vendors',
    '/vendors/{id}',
    # Webhooks
    '/webhook_subscriptions',
    '/webhook_subscriptions/oauth_clients',
    '/webhook_subscriptions/oauth_clients/{id}',
    '/webhook_subscriptions/{id}',
    '/webhook_subscriptions/{id}/enable',
    '/webhook_subscriptions/{id}/ping',
    # Workflow Integrations
    '/workflows/integrations',
    '/workflows/integrations/connections',
    '/workflows/integrations/{id}',
    '/workflows/integrations/{integration_id}/connections',
    '/workflows/integrations/{integration_id}/connections/{id}',
    # Tags
    '/{entity_type}/{id}/change_tags',
    '/{entity_type}/{id}/tags',
]

#: The endpoints whose pages are linked by cursors.
CURSOR_BASED_PAGINATION_PATHS: List[str] = [
    # Audit
    '/audit/records',
    # Automation Actions
    '/automation_actions/actions',
    '/automation_actions/runners',
    # Enrichment
    '/enrichment/schemas/{schema_id}/records',
    # Escalation Policies
    '/escalation_policies/{id}/audit/records',
    # Incident Workflows
    '/incident_workflows/actions',
    '/incident_workflows/triggers',
    # Incidents
    '/incidents/reviews',
    '/incidents/reviews/action_items',
    '/incidents/{id}/business_services/impacts',
    '/incidents/{id}/review/action_items',
    # IP Allow Lists
    '/ip_allow_lists/{id}/audit/records',
    # Recommendations
    '/recommendations/event_orchestrations/rules',
    # Schedules
    '/schedules/{id}/audit/records',
    # Services
    '/services/{id}/audit/records',
    # Status Dashboards
    '/status_dashboards',
    # Teams
    '/teams/{id}/audit/records',
    # Users
    '/users/{id}/audit/records',
    '/users/{id}/oauth_delegations',
    # Schedules v3
    '/v3/schedules/{id}/audit/records',
    # Workflow Integrations
    '/workflows/integrations',
    '/workflows/integrations/connections',
    '/workflows/integrations/{integration_id}/connections',
]

#: The endpoints that return their first page only: nothing requests the next one.
_SINGLE_PAGE_LISTINGS: List[str] = [
    # Business Services
    '/business_services/impactors',
    '/business_services/impacts',
    '/business_services/{id}/supporting_services/impacts',
    # Status Dashboards
    '/status_dashboards/url_slugs/{url_slug}/service_impacts',
    '/status_dashboards/{id}/service_impacts',
]

#: The wrappers that infer_entity_wrapper() gets wrong: a name or None for both
#: request and response, or a pair.
ENTITY_WRAPPER_CONFIG: Dict[str, Any] = {
    # Analytics
    '* /analytics/metrics/incidents/all': None,
    '* /analytics/metrics/incidents/escalation_policies': None,
    '* /analytics/metrics/incidents/escalation_policies/all': None,
    '* /analytics/metrics/incidents/services': None,
    '* /analytics/metrics/incidents/services/all': None,
    '* /analytics/metrics/incidents/teams': None,
    '* /analytics/metrics/incidents/teams/all': None,
    '* /analytics/metrics/pd_advance_usage/features': None,
    '* /analytics/metrics/responders/all': None,
    '* /analytics/metrics/responders/teams': None,
    '* /analytics/metrics/users/all': None,
    '* /analytics/raw/incidents': None,
    '* /analytics/raw/incidents/{id}': None,
    '* /analytics/raw/incidents/{id}/responses': None,
    '* /analytics/raw/responders/{responder_id}/incidents': None,
    '* /analytics/raw/users': None,
    # Business Services
    'GET /business_services/impacts': 'services',
    # The response is the whole body, as in 5.4.1.
    '* /business_services/priority_thresholds': None,
    # The API rejects a request without its wrapper.
    'PUT /business_services/priority_thresholds': ('global_threshold', None),
    # The response is the whole body, as in 5.4.1.
    '* /business_services/{id}/account_subscription': None,
    'POST /business_services/{id}/subscribers': ('subscribers', 'subscriptions'),
    'GET /business_services/{id}/supporting_services/impacts': 'services',
    'POST /business_services/{id}/unsubscribe': ('subscribers', None),
    # Change Events
    # No body is documented; the caller passes the whole body, as in 5.4.1.
    'POST /change_events': None,
    # Enrichment
    'GET /enrichment/event_enrichments/default': None,
    'PUT /enrichment/event_enrichments/default': ('default', None),
    'POST /enrichment/event_enrichments/{id}/associations': ('associations', None),
    'DELETE /enrichment/event_enrichments/{id}/associations': ('associations', None),
    '* /enrichment/event_enrichments/{id}/rules': 'orchestration_path',
    'GET /enrichment/integrations/servicenow': 'integrations',
    'POST /enrichment/integrations/servicenow': (None, 'integration'),
    'GET /enrichment/integrations/servicenow/{integration_id}': 'integration',
    'POST /enrichment/integrations/servicenow/{integration_id}/tables': 'cmdb_table',
    'PUT /enrichment/integrations/servicenow/{integration_id}/tables/{table_id}': 'cmdb_table',
    '* /enrichment/integrations/servicenow/{integration_id}/tables/{table_id}/enable': None,
    'GET /enrichment/integrations/servicenow/{integration_id}/tables/{table_id}/test': 'enrichment_data',  # noqa: E501
    'POST /enrichment/query': (None, 'records'),
    'POST /enrichment/schemas': (None, 'schema'),
    'POST /enrichment/schemas/{schema_id}/records': None,
    # Event Orchestrations
    # 5.4.1's answer, which users' tests pin. One orchestration is sent under the singular.
    '* /event_orchestrations': 'orchestrations',
    '* /event_orchestrations/services/{id}': 'orchestration_path',
    # The response is the whole body, as in 5.4.1.
    '* /event_orchestrations/services/{id}/active': None,
    'GET /event_orchestrations/services/{service_id}/cache_variables/{cache_variable_id}/data': None,  # noqa: E501
    'PUT /event_orchestrations/services/{service_id}/cache_variables/{cache_variable_id}/data': ('cache_variable_data', None),  # noqa: E501
    '* /event_orchestrations/{id}': 'orchestration',
    'GET /event_orchestrations/{id}/cache_variables/{cache_variable_id}/data': None,
    'PUT /event_orchestrations/{id}/cache_variables/{cache_variable_id}/data': ('cache_variable_data', None),  # noqa: E501
    '* /event_orchestrations/{id}/global': 'orchestration_path',
    'POST /event_orchestrations/{id}/integrations/migration': (None, 'integrations'),
    '* /event_orchestrations/{id}/router': 'orchestration_path',
    '* /event_orchestrations/{id}/unrouted': 'orchestration_path',
    # Extensions
    'POST /extensions/{id}/enable': (None, 'extension'),
    # Incident Workflows
    'POST /incident_workflows/triggers/{id}/services': ('service', 'trigger'),
    'DELETE /incident_workflows/triggers/{trigger_id}/services/{service_id}': 'trigger',
    'POST /incident_workflows/{id}/instances': 'incident_workflow_instance',
    # Incidents
    'GET /incidents/custom_fields': 'fields',
    'POST /incidents/custom_fields': 'field',
    '* /incidents/custom_fields/{field_id}': 'field',
    'GET /incidents/reviews': 'incident_reviews',
    'GET /incidents/types': 'incident_types',
    'POST /incidents/types': 'incident_type',
    '* /incidents/types/{type_id_or_name}': 'incident_type',
    'GET /incidents/types/{type_id_or_name}/custom_fields': 'fields',
    'POST /incidents/types/{type_id_or_name}/custom_fields': 'field',
    '* /incidents/types/{type_id_or_name}/custom_fields/{field_id}': 'field',
    'GET /incidents/{id}/business_services/impacts': 'services',
    # Only for the one method that the path has, as in 5.4.1.
    'PUT /incidents/{id}/business_services/{business_service_id}/impacts': None,
    '* /incidents/{id}/custom_fields/values': 'custom_fields',
    'PUT /incidents/{id}/merge': ('source_incidents', 'incident'),
    'GET /incidents/{id}/related_change_events': 'change_events',
    'POST /incidents/{id}/responder_requests': (None, 'responder_request'),
    'PUT /incidents/{id}/responder_requests/cancel': (None, 'responder_request_targets'),
    # For all methods.
    '* /incidents/{id}/review': (None, 'incident_review'),
    'POST /incidents/{id}/review/markers': (None, 'marker'),
    # The caller passes the whole body, as in 5.4.1: its one property is a plain value.
    'POST /incidents/{id}/snooze': (None, 'incident'),
    'POST /incidents/{id}/status_updates': (None, 'status_update'),
    'POST /incidents/{id}/status_updates/subscribers': ('subscribers', 'subscriptions'),
    'POST /incidents/{id}/status_updates/unsubscribe': ('subscribers', None),
    # OAuth Delegations
    'DELETE /oauth_delegations': 'status',
    '* /oauth_delegations/revocation_requests/status': None,
    # Paused Incident Reports
    'GET /paused_incident_reports/alerts': 'paused_incident_reporting_alerts',
    'GET /paused_incident_reports/counts': 'paused_incident_reporting_counts',
    # Recommendations
    'GET /recommendations/event_orchestrations/rules': 'recommended_rules',
    'DELETE /recommendations/event_orchestrations/services/{service_id}/accepted_rules/{rule_id}': 'status',  # noqa: E501
    'POST /recommendations/event_orchestrations/services/{service_id}/rules/{recommendation_id}/accept': (None, 'status'),  # noqa: E501
    'POST /recommendations/event_orchestrations/services/{service_id}/rules/{recommendation_id}/dismiss': ('decision', 'status'),  # noqa: E501
    # Response Plays
    'POST /response_plays/{response_play_id}/run': None,  # legacy
    # Schedules
    'POST /schedules/preview': 'schedule',
    'POST /schedules/{id}/overrides': ('overrides', None),
    # Service Dependencies
    'POST /service_dependencies/associate': 'relationships',
    'GET /service_dependencies/business_services/{id}': 'relationships',
    'POST /service_dependencies/disassociate': 'relationships',
    'GET /service_dependencies/technical_services/{id}': 'relationships',
    # Services
    'GET /services/custom_fields': 'fields',
    'POST /services/custom_fields': 'field',
    '* /services/custom_fields/{field_id}': 'field',
    '* /services/{id}/custom_fields/values': 'custom_fields',
    '* /services/{id}/rules/convert': None,
    # Session Configurations
    'PUT /session_configurations': ('session_configuration', 'session_configurations'),
    # Standards
    'GET /standards/scores/{resource_type}': 'resources',
    '* /standards/scores/{resource_type}/{id}': None,
    '* /standards/{id}': None,
    # Status Dashboards
    'GET /status_dashboards/url_slugs/{url_slug}': 'status_dashboard',
    'GET /status_dashboards/url_slugs/{url_slug}/service_impacts': 'services',
    'GET /status_dashboards/{id}/service_impacts': 'services',
    # Tags
    '* /tags/{id}/{entity_type}': None,
    # Teams
    # No body is documented; the caller passes the whole body, as in 5.4.1.
    'PUT /teams/{id}/escalation_policies/{escalation_policy_id}': None,
    'GET /teams/{id}/notification_subscriptions': 'subscriptions',
    'POST /teams/{id}/notification_subscriptions': ('subscribables', 'subscriptions'),
    'POST /teams/{id}/notification_subscriptions/unsubscribe': ('subscribables', None),
    # The caller passes the whole body, as in 5.4.1: its one property is a plain value.
    'PUT /teams/{id}/users/{user_id}': None,
    # Templates
    # Only for the one method that the path has, as in 5.4.1.
    'POST /templates/{id}/render': None,
    # Users
    'GET /users/me': 'user',
    # For all methods, as in 5.4.1.
    '* /users/{id}/notification_subscriptions': ('subscribables', 'subscriptions'),
    'POST /users/{id}/notification_subscriptions/unsubscribe': ('subscribables', None),
    '* /users/{id}/oauth_delegations/{delegation_id}': None,
    'POST /users/{id}/regenerate_private_url_key': (None, 'private_url_key'),
    'GET /users/{id}/sessions': 'user_sessions',
    'GET /users/{id}/sessions/{type}/{session_id}': 'user_session',
    'GET /users/{id}/status_update_notification_rules/{status_update_notification_rule_id}': 'notification_rule',  # noqa: E501
    'PUT /users/{id}/status_update_notification_rules/{status_update_notification_rule_id}': ('status_update_notification_rule', 'notification_rule'),  # noqa: E501
    # Schedules v3
    '* /v3/schedules/{id}/custom_shifts': 'custom_shifts',
    '* /v3/schedules/{id}/overrides': 'overrides',
    'POST /v3/schedules/{id}/rotations': (None, 'rotation'),
    # Webhooks
    'POST /webhook_subscriptions/{id}/enable': (None, 'webhook_subscription'),
    # No body is documented; the caller passes the whole body, as in 5.4.1.
    'POST /webhook_subscriptions/{id}/ping': None,
    # Workflow Integrations
    '* /workflows/integrations/{id}': None,
    'POST /workflows/integrations/{integration_id}/connections': None,
    '* /workflows/integrations/{integration_id}/connections/{id}': None,
    # Tags
    # Only for the one method that the path has, as in 5.4.1.
    'POST /{entity_type}/{id}/change_tags': None,
}

#: The documented maximum of ``limit``, where there is one.
_MAX_PAGE_SIZES: Dict[str, int] = {
    # Enrichment
    '/enrichment/schemas/{schema_id}/records': 100,
    # Incidents
    '/incidents': 100,
    # Recommendations
    '/recommendations/event_orchestrations/rules': 50,
    # Schedules v3
    '/v3/schedules': 1000,
    '/v3/schedules/{id}/custom_shifts': 100,
    '/v3/schedules/{id}/overrides': 100,
    '/v3/schedules/{id}/rotations': 100,
    '/v3/schedules/{id}/rotations/{rotation_id}/events': 100,
}
# fmt: on
# --- tables generated by tools/update_api.py: end ---

# Facts that the document states in prose. See https://developer.pagerduty.com/api-reference/.

#: Listings whose cursors have names of their own: the query parameter, and the response key.
_CURSOR_NAMES = {'/alert_grouping_settings': ('after', 'after')}

#: Maximum page size of the raw analytics endpoints ("Get raw data - multiple incidents").
_ANALYTICS_PAGE_LIMIT = 1000

#: Endpoints that update several resources in one request, and the maximum number per request.
_MULTI_UPDATE_PATHS = ('/incidents', '/incidents/{id}/alerts')
_BATCH_LIMIT = 250

#: Listings that iter_history can fetch, and the longest window that each accepts, in days; None if
#: no limit is documented. All paths that end in /audit/records share _AUDIT_WINDOW.
_HISTORY_WINDOWS: Dict[str, Optional[int]] = {
    '/incidents': 180,  # 6 months are at least 181 days.
    '/notifications': 88,  # 3 months are at least 89 days.
    '/log_entries': None,
    '/incidents/{id}/log_entries': None,
    '/change_events': None,
    '/services/{id}/change_events': None,
    '/oncalls': None,
    '/v3/schedules/{id}/custom_shifts': None,
    '/v3/schedules/{id}/overrides': None,
}
_AUDIT_WINDOW = 31


def _run_command_line() -> None:
    try:
        command_line = import_module('pdpyras_extras.cli')
    except ImportError as error:
        reason = str(error).rstrip('.')
        sys.stderr.write(
            f'The command line cannot start: {reason}. Install it with Python 3.9 or newer: '
            'pip install "pdpyras[cli]>=5.5", or pip install ".[cli]" in a checkout.\n'
        )
        sys.exit(2)
    command_line.main()


if __name__ == '__main__':
    _run_command_line()
