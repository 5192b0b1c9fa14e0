"""PagerDuty's REST API v2 and Events API v2, through requests.

One file that needs only requests and deprecation: import it, or copy it into your tree::

    import pdpyras

    session = pdpyras.APISession('YOUR-API-KEY')
    for user in session.iter_all('users', params={'query': 'Dan'}):
        print(user['name'], user['email'])
    user = session.find('users', 'jane@example.com', attribute='email')
    session.rput(user, json={'name': 'Jane Doe'})

    events = pdpyras.EventsAPISession('YOUR-ROUTING-KEY')
    dedup_key = events.trigger('Server is on fire', source='dusty.old.server.net')
    events.resolve(dedup_key)

From top to bottom: errors; limits and defaults; URLs; entity wrapping; responses; decorators;
PDSession and its retries; APISession; the events sessions; what is kept for 4.x; the API as tables.
Adding an endpoint touches the tables at the end and nothing else.
"""

import logging  # noqa: F401 - people's tests look for it here, as for some names below
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timezone
from functools import lru_cache, wraps
from http.cookiejar import DefaultCookiePolicy
from importlib import import_module
from json import dumps
from logging import DEBUG, NOTSET, Logger, StreamHandler, getLogger
from random import random
from threading import Lock, local
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
    Tuple,
    TypeVar,
    cast,
)
from urllib.parse import parse_qsl, quote
from urllib.request import getproxies, getproxies_environment
from warnings import warn

import requests
from deprecation import deprecated  # type: ignore[import-untyped]
from requests import PreparedRequest, Request, Response, Session
from requests.__version__ import __version__ as REQUESTS_VERSION
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.exceptions import (
    ConnectTimeout,
    InvalidHeader,
    RequestException,
    TooManyRedirects,
    UnrewindableBodyError,
)
from requests.sessions import merge_hooks
from requests.structures import CaseInsensitiveDict
from requests.utils import default_user_agent, to_key_val_list
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    PoolError,
)
from urllib3.util import parse_url

__version__ = '5.5.0'

__all__ = [
    'APISession',
    'CANONICAL_PATHS',
    'CURSOR_BASED_PAGINATION_PATHS',
    'ChangeEventsAPISession',
    'ENTITY_WRAPPER_CONFIG',
    'EventsAPISession',
    'ITERATION_LIMIT',
    'PDClientError',
    'PDHTTPError',
    'PDServerError',
    'PDSession',
    'TEXT_LEN_LIMIT',
    'TIMEOUT',
    'URLError',
    'USE_ORJSON',
    'auto_json',
    'canonical_path',
    'deprecated_kwarg',
    'endpoint_matches',
    'entity_wrappers',
    'http_error_message',
    'infer_entity_wrapper',
    'is_path_param',
    'last_4',
    'normalize_url',
    'plural_name',
    'requires_success',
    'resource_url',
    'singular_name',
    'successful_response',
    'truncate_text',
    'try_decoding',
    'unwrap',
    'wrapped_entities',
]

_F = TypeVar('_F', bound=Callable[..., Any])

# ---------------------------------------------------------------------------------------- Errors
#
#   URLError                 a URL that this session must not or cannot send a request to
#   PDClientError            no answer that could be used
#   └─ PDHTTPError           the API answered, and not with success
#      └─ PDServerError      it is the server's fault: a 5xx, or a success that makes no sense


class URLError(Exception):
    """A URL or path that the session cannot or must not use; nothing was sent."""


class PDClientError(Exception):
    """A request that did not end in an answer that could be used.

    In ``if error.response:``, the response tells an HTTP error from a network error.
    """

    #: What happened, for a person to read.
    msg: str

    #: The response that the error is about, or None where none was received.
    response: Optional[Response]

    def __init__(self, message: str, response: Optional[Response] = None) -> None:
        if response is not None:
            # Servers repeat in their answers what they were sent.
            message = _masked(message, response)
        super().__init__(message)
        self.msg = message
        self.response = _shown_in_error(response)

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.response)


class PDHTTPError(PDClientError):
    """The API answered with an HTTP status that is not success; :attr:`response` is always set."""

    response: Response  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message, response)

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def request_id(self) -> Optional[str]:
        """What PagerDuty's support asks for when an API call went wrong, or None."""
        return cast(Optional[str], _header(self.response, 'x-request-id'))

    @property
    def code(self) -> Optional[int]:
        """PagerDuty's own error code, such as 2001, or None where the body has none.

        See https://developer.pagerduty.com/docs/errors.
        """
        code = self._details.get('code')
        return code if isinstance(code, int) else None

    @property
    def errors(self) -> List[str]:
        """What PagerDuty found wrong with the request, a sentence each; empty if it doesn't say."""
        errors = self._details.get('errors')
        if isinstance(errors, list):
            return [str(error) for error in errors]
        return [] if errors is None else [str(errors)]

    @property
    def _details(self) -> Dict[str, Any]:
        # REST answers {"error": {"code": …, "errors": […]}}, Events v2 {"errors": […]}.
        try:
            body = self.response.json()
        except (LookupError, ValueError, RecursionError):
            return {}
        details = body.get('error', body) if isinstance(body, dict) else None
        return details if isinstance(details, dict) else {}


class PDServerError(PDHTTPError):
    """The server failed: a 5xx status, or a success whose body is not what the API promises."""


class _ErrorResponse(Response):
    """A response as an exception shows it: the same one, but true whatever its status.

    ``requests.Response`` is false for 4xx and 5xx, so that ``if error.response:`` could not tell an
    HTTP error from a network error, which is what the documented error handling relies on.
    """

    def __init__(self, response: Response) -> None:
        # A view, not a copy: what is read from one need not be read again from the other.
        self.__dict__ = response.__dict__

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, requests.Response) and self.__dict__ is other.__dict__

    __hash__ = Response.__hash__

    def __reduce__(self) -> Any:
        return _restored_error_response, (self.__getstate__(),)

    def __getstate__(self) -> Dict[str, Any]:
        state: Dict[str, Any] = super().__getstate__()
        # The requests hold the key, in a header (REST) or in the body (Events), and the answer may
        # repeat it.
        state['request'] = _without_credentials(self.request)
        state['history'] = []
        state['url'] = _masked(self.url, self)
        headers = {name: _masked(value, self) for name, value in self.headers.items()}
        state['headers'] = CaseInsensitiveDict(headers)
        state['reason'] = self.reason and _masked(self.reason, self)
        if state['_content']:
            content = state['_content'].decode('latin-1')
            state['_content'] = _masked(content, self).encode('latin-1')
        return state


def _shown_in_error(response: Any) -> Any:
    # By its own class: a mock with a spec says that it is a Response, and is true already.
    kind: Any = type(response)
    if issubclass(kind, _ErrorResponse) or not issubclass(kind, requests.Response):
        return response
    return _error_response_of(kind)(response)


@lru_cache(maxsize=None)
def _error_response_of(kind: Any) -> Any:
    """The class of what is shown for a response of a class that adapters of the user's may have."""
    return _ErrorResponse if kind is Response else type(kind.__name__, (_ErrorResponse, kind), {})


def _restored_error_response(state: Dict[str, Any]) -> Response:
    response = Response()
    response.__setstate__(state)
    return _ErrorResponse(response)


def _without_credentials(request: Any) -> Any:
    if not isinstance(request, PreparedRequest):
        return None
    shown = PreparedRequest()
    shown.method, shown.url = request.method, request.url
    shown.headers = CaseInsensitiveDict(request.headers or {})
    shown.headers.pop('Authorization', None)
    shown.url = _without_secrets(str(shown.url), _secrets(request))
    return shown


# --------------------------------------------------------------------------- Limits and defaults

#: Results that classic pagination can reach: ``offset`` plus ``limit`` may not go past this.
#: See https://developer.pagerduty.com/docs/pagination.
ITERATION_LIMIT = 10000

#: Seconds to wait for the API before giving up on a request; read when a session is made.
TIMEOUT = 60

#: Characters of a response's body that are quoted in error messages.
TEXT_LEN_LIMIT = 100

#: Whether responses are decoded by orjson where that is installed: faster, and with equal results.
USE_ORJSON = True

#: Characters of an event's summary that the API accepts.
#: See https://developer.pagerduty.com/docs/send-alert-event.
_SUMMARY_LIMIT = 1024

#: Endpoints counted apart in ``api_call_counts``; later ones share the key that ends in "(others)".
_COUNTED_ENDPOINTS_LIMIT = 1000

#: Results that the raw analytics give in a page at the most.
#: See https://developer.pagerduty.com/api-reference/, "Get raw data - multiple incidents".
_ANALYTICS_PAGE_LIMIT = 1000

#: Listings whose cursors have names of their own: the parameter, and the key in the answer.
_CURSOR_NAMES = {'/alert_grouping_settings': ('after', 'after')}

#: Pages requested ahead at the most: together with a request of the caller's own, they use up the
#: connections that requests keeps for one host.
_READ_AHEAD_LIMIT = 9

#: What no retry of a request can mend. A RequestException that is a ValueError too (a URL without
#: host, a header with a line break) is another such mistake.
_UNMENDABLE: Tuple[Any, ...] = (TooManyRedirects, ValueError)
try:
    from requests.exceptions import InvalidJSONError

    _REFUSES_NAN = True
except ImportError:  # requests older than 2.26, which sends NaN as if that were JSON
    InvalidJSONError = type('InvalidJSONError', (RequestException,), {})  # type: ignore[assignment,misc]
    _REFUSES_NAN = False
_UNMENDABLE += (InvalidJSONError,)

#: What can go wrong between here and the API.
NETWORK_ERRORS = (HTTPError, PoolError, RequestException)


# ------------------------------------------------------------------------------------------ URLs

_Origin = Tuple[Optional[str], Optional[str], Optional[int]]


class _Base(NamedTuple):
    url: str
    origin: _Origin
    path: str


#: PagerDuty's service regions. A ``self`` link made by one of them is good in the others.
#: See https://support.pagerduty.com/main/docs/service-regions.
_REGIONS = (('https', 'api.pagerduty.com', 443), ('https', 'api.eu.pagerduty.com', 443))

_DEFAULT_PORTS = {'http': 80, 'https': 443}
# What each request looks for is compiled here, the rest when it is needed: an import is not slowed
# down by what few scripts use.
_ABSOLUTE = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:|//')
_ORIGIN = re.compile(r'^[^/?#]*//[^/?#]*')
#: What moves a request elsewhere, as a browser or urllib3 reads it.
_UNPRINTABLE = r'[\x00-\x1f\x7f\\]'
_DOT_SEGMENT = r'(?i)(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|;)'
#: A character of each URL that has either of these, or more than a path; few others have one.
_SPECIAL = re.compile(r'[\x00-\x1f\x7f\\.%?#]')
_USERINFO = r'^([^/?#]*//)[^/?#]*@'
_IDENTIFIER = r'[A-Z]|\d|.{40}'
_API_VERSION = r'v\d+$'
#: A name with a digit in it, such as ``oauth2_clients``.
_NAME = r'[a-z]+\d?(?:_[a-z]+)+$'


def normalize_url(base_url: str, url: str) -> str:
    """Make a full URL of a path; pass a full URL under ``base_url`` through.

    >>> normalize_url('https://api.pagerduty.com', '/users')
    'https://api.pagerduty.com/users'

    A URL in another of PagerDuty's service regions is moved to the region of ``base_url``.

    :raises URLError: for a URL anywhere else, which must never see the API key.
    """
    full_url, _ = _locate(base_url, url)
    return full_url


def canonical_path(base_url: str, url: str) -> str:
    """The documented path pattern of a URL or path, one of :data:`CANONICAL_PATHS`.

    >>> canonical_path('https://api.pagerduty.com', 'users/PABC123/contact_methods?limit=1')
    '/users/{id}/contact_methods'

    :raises URLError: if no pattern matches it, or where :func:`normalize_url` raises it.
    """
    _, path = _locate(base_url, url)
    pattern = _listed_path(path)
    if pattern is None:
        raise URLError(
            'URL {} does not match any API path that this version of pdpyras lists. If the API has '
            'it, append its path to pdpyras.CANONICAL_PATHS.'.format(url)
        )
    return pattern


def is_path_param(path_node: str) -> bool:
    """Whether a node of a path pattern stands for a variable part: ``{id}`` does, ``users`` not."""
    return path_node.startswith('{') and path_node.endswith('}')


def endpoint_matches(endpoint_pattern: str, method: str, path: str) -> bool:
    """Whether ``'GET /path'`` or ``'* /path'`` stands for that method of that path pattern."""
    return endpoint_pattern in (method.upper() + ' ' + path, '* ' + path)


@lru_cache(maxsize=64)
def _parse_base(base_url: str) -> _Base:
    try:
        parts = parse_url(str(base_url).strip())
    except LocationParseError:
        parts = parse_url('')
    is_more = any(part is not None for part in (parts.auth, parts.query, parts.fragment))
    if not parts.scheme or not parts.host or is_more:
        raise URLError(
            'The url of a session must be like https://api.pagerduty.com, with its scheme and '
            'without credentials, query or fragment; it is {!r}.'.format(
                _without_userinfo(str(base_url))
            )
        )
    base_path = (parts.path or '').rstrip('/')
    return _Base(base_url.strip().rstrip('/'), _origin(parts), base_path)


def _origin(parts: Any) -> _Origin:
    """What decides where a request goes, as urllib3 reads it: scheme, host and port."""
    port = _DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port
    return parts.scheme, parts.host, port


@lru_cache(maxsize=64)
def _is_exposed(origin: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = parse_url(origin)
    return parts.scheme == 'http' and not _is_loopback(parts.host or '')


def _is_loopback(host: str) -> bool:
    names = r'(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]'
    return re.match('(?:{})$'.format(names), host) is not None


def _locate(base_url: str, url: str) -> Tuple[str, str]:
    """The full URL that a request to ``url`` goes to; and its path below the base, without query,
    fragment and trailing slash."""
    if not isinstance(url, str):
        raise _not_text(url)
    return _locate_str(base_url, url)


def _not_text(url: Any) -> URLError:
    hint = ' Pass what is at its key "self".' if isinstance(url, Mapping) else ''
    return URLError('A URL or path must be a str; it is a {}.{}'.format(type(url).__name__, hint))


# A pure function of two strings; one call of a method asks for the same ones several times.
@lru_cache(maxsize=256)
def _locate_str(base_url: str, url: str) -> Tuple[str, str]:
    base = _parse_base(base_url)
    end = len(base.url)
    if url.startswith(base.url) and url[end : end + 1] in ('', '/', '?', '#'):
        full_url, below = url, url[end:]
    elif _ABSOLUTE.match(url):
        full_url, below = _below_base(base, url)
    else:
        below = '/' + url.lstrip('/')
        full_url = base.url + below
    path = below
    if _SPECIAL.search(path):
        path = _before_query(path)
        _refuse_detour(path, url)
    return full_url, path.rstrip('/')


def _refuse_detour(path: str, url: str) -> None:
    if re.search(_UNPRINTABLE, path) or re.search(_DOT_SEGMENT, '/' + path + '/'):
        raise URLError(
            'URL {!r} is refused: its path has a "." or ".." segment, a backslash or a control '
            'character, so that it may lead elsewhere.'.format(url)
        )


def _before_query(url: str) -> str:
    return url.partition('#')[0].partition('?')[0]


def _below_base(base: _Base, url: str) -> Tuple[str, str]:
    """Take an absolute URL that does not start with the base to the letter; refuse it if it isn't
    the same place written otherwise, or the same resource in a sibling service region."""
    _refuse_detour(_before_query(url), url)
    try:
        parts = parse_url(url)
    except LocationParseError:
        parts = parse_url('')
    if parts.host and not re.match(_USERINFO, url):
        origin = _origin(parts)
        rest = _ORIGIN.sub('', url)
        below = rest[len(base.path) :]
        if rest.startswith(base.path) and below[:1] in ('', '/', '?', '#'):
            if origin == base.origin:
                return url, below
            if origin in _REGIONS and base.origin in _REGIONS:
                return base.url + below, below
    raise URLError(
        'URL {} is not under {}, the url of this session; the API key is not sent elsewhere. '
        'Pass a path, or set the url attribute of the session.'.format(
            _without_userinfo(url), base.url
        )
    )


def _without_userinfo(url: str) -> str:
    return re.sub(_USERINFO, r'\1(credentials)@', url)


class _PathTable(List[str]):
    """A list of path patterns that are looked up in a tree, which is grown anew after a change."""

    _tree: Optional[Dict[str, Any]] = None
    _changes = 0

    def match(self, path: str) -> Optional[str]:
        """The pattern in the list that a path matches best, or None."""
        tree, changes = self._tree, self._changes
        if tree is None:
            tree = _grow_tree(self)
            # Not kept if another thread has changed the list meanwhile.
            if changes == self._changes:
                self._tree = tree
        return _search_tree(tree, path.split('/')[1:])

    def __contains__(self, pattern: object) -> bool:
        return isinstance(pattern, str) and self.match(pattern) == pattern


def _forgetting_the_tree(mutator: _F) -> _F:
    @wraps(mutator)
    def change(self: _PathTable, *args: Any, **kwargs: Any) -> Any:
        try:
            return mutator(self, *args, **kwargs)
        finally:
            self._changes += 1
            self._tree = None

    return cast(_F, change)


_LIST_MUTATORS = '__delitem__ __iadd__ __imul__ __setitem__ append clear extend insert pop remove'
for _mutator in (_LIST_MUTATORS + ' reverse sort').split():
    setattr(_PathTable, _mutator, _forgetting_the_tree(getattr(list, _mutator)))

# A node of the tree maps a segment to the node below it; no segment of a URL holds a slash.
_ANY_SEGMENT = '/{}'
_PATTERN = '/pattern'


def _grow_tree(patterns: List[str]) -> Dict[str, Any]:
    root: Dict[str, Any] = {}
    for pattern in patterns:
        node = root
        for segment in pattern.split('/')[1:]:
            node = node.setdefault(_ANY_SEGMENT if is_path_param(segment) else segment, {})
        node.setdefault(_PATTERN, pattern)
    return root


def _search_tree(node: Dict[str, Any], segments: List[str]) -> Optional[str]:
    for depth, segment in enumerate(segments, 1):
        below = node.get(segment)
        if below is None:
            below = node.get(_ANY_SEGMENT) if segment else None
            if below is None:
                return None
        elif _ANY_SEGMENT in node:
            # A literal beats a parameter: /users/me is not the user whose ID is "me".
            found = _search_tree(below, segments[depth:])
            if found is not None:
                return found
            below = node[_ANY_SEGMENT]
        node = below
    return node.get(_PATTERN)


def _listed_path(path: str) -> Optional[str]:
    # The table is read at call time: people append to it, and some replace it by a plain list.
    paths = CANONICAL_PATHS
    return (paths if isinstance(paths, _PathTable) else _PathTable(paths)).match(path)


def _endpoint(base_url: str, url: str) -> Tuple[str, bool]:
    """The path pattern of a URL and whether a table lists it; a guess from its shape otherwise."""
    _, path = _locate(base_url, url)
    listed = _listed_path(path)
    if listed is not None:
        return listed, True
    return _guessed_pattern(path), False


def _guessed_pattern(path: str) -> str:
    """The path with ``{id}`` for whatever looks like an identifier.

    >>> _guessed_pattern('/v4/things/PABC123/parts')
    '/v4/things/{id}/parts'
    """
    nodes = path.split('/')
    # A collection comes first, after the version if there is one.
    first = 2 if re.match(_API_VERSION, ''.join(nodes[1:2])) else 1
    return '/'.join(
        '{id}'
        if place > first and re.search(_IDENTIFIER, node) and not re.match(_NAME, node)
        else node
        for place, node in enumerate(nodes)
    )


# ------------------------------------------------------------------------------- Entity wrapping
#
# Most endpoints wrap what they take or give in an object with one property, the wrapper:
# {"user": {…}}, {"users": […], "more": false}.
# See https://developer.pagerduty.com/docs/wrapped-entities.

_Wrappers = Tuple[Optional[str], Optional[str]]

#: Beside the content of a body, these are about the answer, not part of it.
_NOT_CONTENT = frozenset(
    ('limit', 'offset', 'more', 'total', 'next_cursor', 'cursor')
    + ('response_metadata', 'privileges', 'additional_fields', 'account_id', 'warnings')
)

#: Collection names whose singular no rule below gives.
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


def singular_name(r_name: str) -> str:
    """The name of one resource of a collection.

    >>> singular_name('escalation_policies')
    'escalation_policy'
    """
    before, separator, last = r_name.rpartition('_')
    return before + separator + _singular(last)


def _singular(noun: str) -> str:
    if noun in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[noun]
    if noun.endswith('ies'):
        return noun[:-3] + 'y'
    if noun.endswith(('sses', 'xes', 'ches', 'shes')):
        return noun[:-2]
    if noun.endswith('s') and not noun.endswith(('ss', 'us', 'is')):
        return noun[:-1]
    return noun


def plural_name(obj_type: str) -> str:
    """The name of the collection for the ``type`` of a resource or of a reference to one.

    >>> plural_name('escalation_policy_reference')
    'escalation_policies'
    """
    name = obj_type[: -len('_reference')] if obj_type.endswith('_reference') else obj_type
    before, separator, last = name.rpartition('_')
    return before + separator + _plural(last)


def _plural(noun: str) -> str:
    if noun in _IRREGULAR_SINGULARS:
        return _IRREGULAR_SINGULARS[noun]
    if noun.endswith('y') and noun[-2:-1] not in tuple('aeiou'):
        return noun[:-1] + 'ies'
    if noun.endswith(('s', 'x', 'ch', 'sh')):
        return noun + 'es'
    return noun + 's'


def entity_wrappers(method: str, path: str) -> _Wrappers:
    """The names of the properties that wrap the request and the response of an endpoint.

    :param path: a path pattern, as :func:`canonical_path` gives it.
    :returns: (request wrapper, response wrapper), each None where the body is not wrapped.

    >>> entity_wrappers('POST', '/business_services/{id}/subscribers')
    ('subscribers', 'subscriptions')

    :raises ValueError: if :data:`ENTITY_WRAPPER_CONFIG` holds something else for it than a name,
        None or a pair of those.
    """
    for endpoint in (method.upper() + ' ' + path, '* ' + path):
        if endpoint in ENTITY_WRAPPER_CONFIG:
            return _configured_wrappers(endpoint)
    wrapper = infer_entity_wrapper(method, path)
    return wrapper, wrapper


def _configured_wrappers(endpoint: str) -> _Wrappers:
    entry = ENTITY_WRAPPER_CONFIG[endpoint]
    pair = entry if isinstance(entry, tuple) else (entry, entry)
    if len(pair) == 2 and all(name is None or isinstance(name, str) for name in pair):
        return cast(_Wrappers, pair)
    raise ValueError(
        'ENTITY_WRAPPER_CONFIG[{!r}] must be a name, None, or a pair of those; it is {!r}.'.format(
            endpoint, entry
        )
    )


def infer_entity_wrapper(method: str, path: str) -> str:
    """The wrapper that the API's naming convention gives an endpoint, request and response alike.

    >>> infer_entity_wrapper('GET', '/users/{id}'), infer_entity_wrapper('POST', '/users')
    ('user', 'user')
    """
    return _inferred_wrapper(method.upper(), path)


# A pure function of two strings, of which there are not many.
@lru_cache(maxsize=1024)
def _inferred_wrapper(method: str, path: str) -> str:
    nodes = path.split('/')
    if len(nodes) > 1 and is_path_param(nodes[-1]):
        return singular_name(nodes[-2])
    return singular_name(nodes[-1]) if method == 'POST' else nodes[-1]


def unwrap(response: Response, wrapper: Optional[str]) -> Any:
    """The content of a response: what its wrapper holds, or the whole body if ``wrapper`` is None.

    An empty body gives None.

    :raises PDServerError: if the body is not JSON or lacks the wrapper.
    """
    body = try_decoding(response)
    if wrapper is None or body is None:
        return body
    if isinstance(body, dict) and wrapper in body:
        return body[wrapper]
    raise _wrapper_missing(response, wrapper, body)


def _wrapper_missing(response: Response, wrapper: str, body: Any) -> PDServerError:
    found = 'empty' if body is None else 'a {}'.format(type(body).__name__)
    if isinstance(body, dict):
        found = 'an object with the keys: {}'.format(', '.join(sorted(map(str, body))) or '(none)')
    return PDServerError(
        '{}: expected a JSON object with the key "{}" in the response (status {}{}), which is '
        '{}.'.format(
            _request_line(response),
            wrapper,
            response.status_code,
            _named_request_id(response),
            found,
        ),
        response,
    )


def _wrap(content: Any, wrapper: Optional[str], is_listed: bool) -> Any:
    """The JSON body that carries the content, which may be wrapped already."""
    if content is None or wrapper is None:
        return content
    if not isinstance(content, Mapping):
        return {wrapper: content}
    # The API takes no single resource under the name of a collection.
    name = singular_name(wrapper)
    if wrapper in content or isinstance(content.get(name), (Mapping, list)):
        return content
    if not is_listed and _looks_wrapped(content):
        return content
    return {name: content}


def _looks_wrapped(content: Mapping) -> bool:  # type: ignore[type-arg]
    return len(content) == 1 and all(isinstance(x, (Mapping, list)) for x in content.values())


def _unwrapped(response: Response, wrapper: Optional[str], is_listed: bool) -> Any:
    body = try_decoding(response)
    if wrapper is None or body is None:
        return body
    if isinstance(body, dict):
        # Where a collection's name is configured for one resource, the API says it in the singular.
        for name in (wrapper, singular_name(wrapper)):
            if name in body:
                return body[name]
    if is_listed:
        raise _wrapper_missing(response, wrapper, body)
    return body


# ------------------------------------------------------------------------------------- Responses


def successful_response(r: Response, context: Optional[str] = None) -> Response:
    """Pass a successful response on.

    :param context: what the request was for, to be named in the error, such as 'sending an event'.
    :raises PDServerError: if the status is 5xx.
    :raises PDHTTPError: if it is another one that is not a success.
    :raises PDClientError: if there is no response.
    """
    if r is None:
        when = ' when ' + context if context else ''
        raise PDClientError('No response was received from the API{}.'.format(when))
    kind = _status_class(r)
    if kind == 2:
        return r
    error = PDServerError if kind == 5 else PDHTTPError
    raise error(http_error_message(r, context), r)


def http_error_message(r: Response, context: Optional[str] = None) -> str:
    """What a failure says: the request, whose fault it is, the status, the start of the body."""
    fault = {3: 'a redirect', 4: 'client error', 5: 'server error'}
    message = '{}: API responded with {} (status {}){}{}: {}'.format(
        _request_line(r),
        fault.get(_status_class(r), 'an unexpected answer'),
        r.status_code,
        ' when ' + context if context else '',
        _named_request_id(r),
        truncate_text(_masked(_text(r), r)) or '(empty body)',
    )
    return _masked(message, r)


def _status_class(r: Response) -> int:
    """The first digit of the status: 2 for success."""
    if isinstance(r.status_code, int):
        return r.status_code // 100
    # A mock as a response: most say no more than that they are ok.
    return 2 if r.ok else 4


def _header(r: Response, name: str) -> Any:
    # Doubles of responses in people's tests need not have headers.
    return getattr(r, 'headers', {}).get(name)


def _named_request_id(r: Response) -> str:
    request_id = _header(r, 'x-request-id')
    return ', request ID {}'.format(request_id) if isinstance(request_id, str) else ''


def try_decoding(r: Response) -> Any:
    """The body of a response decoded from JSON; None if it is empty.

    :raises PDServerError: if it is not JSON, or nested too deep to be decoded.
    """
    try:
        return _decoded(r)
    except (LookupError, ValueError, RecursionError) as error:
        text = _text(r)
        if not text.strip():
            return None
        raise PDServerError(
            '{}: API responded with invalid JSON (status {}): {}'.format(
                _request_line(r), r.status_code, truncate_text(_masked(text, r))
            ),
            r,
        ) from error


def _text(r: Response) -> str:
    with suppress(LookupError, ValueError):
        text = r.text
        # Python 3.13 makes an empty text of any bytes that are no Punycode.
        if text or not isinstance(getattr(r, 'content', None), bytes):
            return text
    # The server names an encoding that is none, or that does not fit; or there is no body.
    return r.content.decode('utf-8', 'replace')


def _decoded(r: Response) -> Any:
    loads = _orjson_loads() if USE_ORJSON else None
    if loads is not None and _suits_orjson(r):
        # json takes more, NaN and lone surrogates for example, and the errors are to be its own.
        with suppress(ValueError):
            return loads(r.content)
    return r.json()


@lru_cache(maxsize=None)
def _orjson_loads() -> Optional[Callable[[bytes], Any]]:
    # At the first use, as whoever imports this module should not wait for it.
    try:
        return cast(Callable[[bytes], Any], import_module('orjson').loads)
    except ImportError:
        return None


_JSON_OF_REQUESTS = Response.json
_DIGITS_AS_ZEROS = bytes.maketrans(b'123456789', b'0' * 9)


def _suits_orjson(r: Response) -> bool:
    """Whether orjson either gives what requests would give for the body, or raises."""
    if getattr(type(r), 'json', None) is not _JSON_OF_REQUESTS or 'json' in r.__dict__:
        # A double in somebody's test, or a class of somebody's own.
        return False
    if (r.encoding or '').lower() != 'utf-8':
        return False
    # orjson makes floats of integers beyond 64 bits. These have 19 digits or more, so that every
    # fourth character shows four digits on end; hardly anything else does.
    return b'0000' not in r.content[::4].translate(_DIGITS_AS_ZEROS)


def truncate_text(text: str) -> str:
    """Cut a text to :data:`TEXT_LEN_LIMIT` characters, the last three of them dots."""
    return _cut(text, TEXT_LEN_LIMIT)


def last_4(secret: str) -> str:
    """What may be shown of a secret: its last four characters.

    >>> last_4('u+dHHxz3zVNmGk6yNLAv')
    '*NLAv'
    """
    return '*' + str(secret)[-4:]


def deprecated_kwarg(deprecated_name: str, details: Optional[str] = None) -> None:
    """Warn that the caller of the calling function used a keyword argument of the past."""
    message = 'Keyword argument "{}" is deprecated.'.format(deprecated_name)
    level = max(3, _level_of_the_user())
    warn(message + (' ' + details if details else ''), stacklevel=level)


def _level_of_the_user() -> int:
    """The stack level, seen from the caller, of the code that is neither ours nor requests'."""
    between = (__name__.partition('.')[0], 'requests')
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get('__name__', '').partition('.')[0] in between:
        level, frame = level + 1, frame.f_back
    return level


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(0, length - 3)] + '...'


def _request_line(r: Response) -> str:
    """The method and URL that a response answers."""
    request = getattr(r, 'request', None)
    method = getattr(request, 'method', None) or 'request'
    url = getattr(r, 'url', None) or getattr(request, 'url', None) or '(URL unknown)'
    return '{} {}'.format(str(method).upper(), url)


def _masked(text: Any, r: Response) -> str:
    """The text without the key that the request was sent with, should the server repeat it.

    The key is in a header of a REST request, and in the body of an event.
    """
    # Doubles of responses in people's tests need not have a request.
    return _without_secrets(str(text), _secrets(getattr(r, 'request', None)))


def _without_secrets(text: str, secrets: List[str]) -> str:
    for secret in secrets:
        # All of a shorter one may be shown, and to replace it would garble other words.
        if len(secret) > 4:
            text = _as_written(secret).sub(last_4(secret).replace('\\', r'\\'), text)
    return text


@lru_cache(maxsize=64)
def _as_written(secret: str) -> 'Pattern[str]':
    """What a secret looks like, plainly written or encoded for a URL or for JSON."""
    return re.compile(
        ''.join(
            character
            if re.match('[A-Za-z0-9]', character)
            else r'(?:{}|(?i:{}|\\u{:04x}))'.format(
                re.escape(character), quote(character, safe=''), ord(character)
            )
            for character in secret
        )
    )


_CREDENTIALS = r'(?i)(?:token=|bearer |basic )"?([^\s"]+)'
_ROUTING_KEYS = r'"routing_key"\s*:\s*"([^"]+)"|(?:^|&)routing_key=([^&\s]+)'


def _secrets(request: Any) -> List[str]:
    if not isinstance(request, PreparedRequest):
        return []
    body = request.body if isinstance(request.body, (bytes, str)) else b''
    if isinstance(body, bytes):
        body = body.decode('utf-8', 'replace')
    routing_keys = [json_key or form_key for json_key, form_key in re.findall(_ROUTING_KEYS, body)]
    return _credentials_in(request.headers.get('Authorization')) + routing_keys


def _credentials_in(authorization: Any) -> List[str]:
    if isinstance(authorization, bytes):
        authorization = authorization.decode('latin-1')
    return re.findall(_CREDENTIALS, authorization or '')


# ------------------------------------------------------------------------------------ Decorators
#
# They work on methods of any object that has a `url`, and take the HTTP verb from the decorated
# function's name: rget, jget and get all send a GET.

_NOT_GIVEN = object()


def _deprecated(since: str, details: str) -> Callable[[_F], _F]:
    marked = deprecated(deprecated_in=since, current_version=__version__, details=details)
    return cast(Callable[[_F], _F], marked)


def auto_json(method: _F) -> _F:
    """Make a method return the whole body, decoded, of the response that it used to return.

    :raises PDHTTPError: if the response is not a success.
    """

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return try_decoding(successful_response(method(self, *args, **kwargs)))

    return cast(_F, call)


def requires_success(method: _F) -> _F:
    """Make a method raise :class:`PDHTTPError` unless the response it returns is a success."""

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return successful_response(method(self, *args, **kwargs))

    return cast(_F, call)


def resource_url(method: _F) -> _F:
    """Let the first argument of a method be a resource, whose URL is the one at its ``self`` key.

    :raises URLError: if it is neither a str nor a mapping with a str at ``self``.
    """

    @wraps(method)
    def call(self: Any, resource: Any = _NOT_GIVEN, *args: Any, **kwargs: Any) -> Any:
        if resource is _NOT_GIVEN:
            resource = _keyword_url(method.__name__, kwargs)
        url = resource.get('self') if isinstance(resource, Mapping) else resource
        if not isinstance(url, str):
            raise URLError(
                '{}: the first argument must be a URL or path, or a resource with its URL at the '
                'key "self"; it is a {}{}.'.format(
                    method.__name__,
                    type(resource).__name__,
                    '' if url is resource else ' whose "self" is {!r}'.format(url),
                )
            )
        return method(self, url, *args, **kwargs)

    return cast(_F, call)


def wrapped_entities(method: _F) -> _F:
    """Make a method wrap its ``json`` and return the content of the response, as the API has it.

    What is wrapped already is sent as it is; what the caller passed is never changed.

    :raises PDHTTPError: if the response is not a success.
    :raises PDServerError: if it lacks the wrapper that the API documents.
    """
    verb = _http_verb(method.__name__)

    @wraps(method)
    def call(self: Any, url: str, *args: Any, **kwargs: Any) -> Any:
        path, is_listed = _endpoint(self.url, url)
        request_wrapper, response_wrapper = entity_wrappers(verb, path)
        if 'json' in kwargs and verb in ('post', 'put', 'patch'):
            kwargs['json'] = _wrap(kwargs['json'], request_wrapper, is_listed)
        response = successful_response(method(self, url, *args, **kwargs))
        return _unwrapped(response, response_wrapper, is_listed)

    return cast(_F, call)


def _http_verb(name: str) -> str:
    return re.sub(r'^[rj](?=(?:get|post|put|patch|delete)$)', '', name.lower())


def _keyword_url(name: str, kwargs: Dict[str, Any]) -> Any:
    """The first argument of a method that was given by one of the names it had over the years."""
    for keyword in ('url', 'resource'):
        if keyword in kwargs:
            return kwargs.pop(keyword)
    if 'path' in kwargs:
        deprecated_kwarg(
            'path', details='Pass the URL or path as the first argument of {}.'.format(name)
        )
        return kwargs.pop('path')
    raise TypeError('{}() needs a URL, path or resource as its first argument.'.format(name))


# ------------------------------------------------------------------------ PDSession and its retries


class _OwnCookiesOnly(DefaultCookiePolicy):
    """Lets the caller's cookies out, and none in."""

    def set_ok(self, cookie: Any, request: Any) -> bool:
        return False


_BODY_METHODS = ('POST', 'PUT', 'PATCH')
_UNSAFE_METHODS = ('POST', 'PATCH')
_DEFAULT_USER_AGENT = default_user_agent()
_OWN_COOKIES_ONLY = _OwnCookiesOnly()
#: Bytes of a body to read at a time. Not None for all of them: urllib3 would never find the end of
#: a body that a mocking library holds in memory.
_READ_SIZE = 1024 * 1024
_COPIED = (dict, CaseInsensitiveDict, RequestsCookieJar)

#: Whether the environment is all that requests finds proxies in; macOS and Windows have more.
_PROXIES_ARE_IN_ENVIRONMENT = getproxies is getproxies_environment

#: The environment when it was last looked at, and an object that stands for that state of it.
_known_environment: Tuple[Dict[Any, Any], object] = ({}, object())


def _environment_state() -> object:
    """An object that stays the same for as long as no environment variable changes."""
    global _known_environment
    # os.environ encodes and decodes at each reading. To compare all that lies below it costs less
    # than to read one variable through it. Tests put plain dicts in its place.
    variables = getattr(os.environ, '_data', os.environ)
    known, state = _known_environment
    if known != variables:
        state = object()
        _known_environment = (dict(variables), state)
    return state


def _keeping_no_cookies(request: PreparedRequest) -> PreparedRequest:
    # A redirect would take along what the server sets in the answer before it.
    cast(Any, request)._cookies.set_policy(_OWN_COOKIES_ONLY)
    return request


class _SessionLogger(Logger):
    """A logger below ``pdpyras`` that belongs to one session and goes with it.

    ``logging.getLogger`` would keep it for ever, and two sessions would share one.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.parent = getLogger('pdpyras')

    def isEnabledFor(self, level: int) -> bool:
        # The inherited one remembers its answers, and only registered loggers are told to forget.
        return level > self.manager.disable and level >= self.getEffectiveLevel()

    def handle(self, record: Any) -> None:
        # In 5.4.1 the log was the logger 'pdpyras' itself: what silences or filters that one holds.
        above = getLogger('pdpyras')
        kept = not above.disabled and above.filter(record)
        if kept:
            super().handle(record if kept is True else kept)


class _MergedHeaders(CaseInsensitiveDict):  # type: ignore[type-arg]
    """The headers of a request that hold those of the session as well."""


def _read_in_one_go(response: Response, stream: bool = False, **options: Any) -> None:
    """A response hook: read the body as requests does, but not in pieces of 10 KiB.

    The pieces cost some tenth of a long listing.
    """
    # The body of a redirect, which may be broken, is requests' to throw away.
    is_unread = getattr(response, '_content', None) is False and not response.is_redirect
    if is_unread and not stream:
        response._content = b''.join(response.iter_content(_READ_SIZE))


def _keep_authorization(request: PreparedRequest) -> PreparedRequest:
    """The ``auth`` of a session: the header is set already, and ~/.netrc must not replace it."""
    return request


class PDSession(Session):
    """What the sessions of all PagerDuty's APIs have in common: URLs, headers, retries, logging.

    :param api_key: the credential for the API, without surrounding white space.
    :param debug: whether to start with :attr:`print_debug` on.
    :param base_url: what :attr:`url` starts with, if not the class's own.
    :raises ValueError: if the key is empty or not a str.
    :raises URLError: if the base URL lacks its scheme or holds credentials.
    """

    #: Where the API is; a path given to a method is relative to this.
    url = ''

    #: The HTTP methods that the API has, in upper case.
    permitted_methods: Tuple[str, ...] = ()

    #: How often to try again by status: -1 without limit, 0 not at all beyond the default, n times.
    #:
    #: By default, 429 is retried without limit, 401 raises, and anything else is returned. The
    #: total over all statuses is limited by :attr:`max_http_attempts`. Each session starts with a
    #: copy of its class's.
    retry: Dict[int, int] = {}

    #: Retries at the most, over all the statuses in :attr:`retry`.
    max_http_attempts = 10

    #: Retries at the most after network errors.
    max_network_attempts = 3

    #: Seconds that the waiting before retries starts from; it grows before each wait.
    sleep_timer = 1.5

    #: What each wait is multiplied by to get the next.
    sleep_timer_base = 2

    #: Whether to repeat a POST or PATCH that the server may have carried out without our knowing.
    #:
    #: If False, these are repeated only when the connection was never made, so that a late answer
    #: cannot create a thing twice; whatever else goes wrong is for the caller to decide.
    retry_unsafe_methods = True

    #: Seconds to wait for the API before giving up on a request. :data:`TIMEOUT`, as it is when
    #: the session is made, unless a class sets its own.
    timeout: Any = None

    _raises_http_errors = True

    _not_copied = (
        '_left_behind',
        '_counting_lock',
        # The settings may hold the password of a proxy, which belongs to this environment.
        '_merged_settings',
        'log',
        '_log',
        '_parent',
        '_debugHandler',
        '_level_before',
    )

    def __init__(
        self,
        api_key: str,
        debug: bool = False,
        *,
        base_url: Optional[str] = None,
        name: Optional[str] = None,
    ) -> None:
        super().__init__()
        # Nothing here logs in, and a cookie can be an identity of its own.
        self.cookies.set_policy(_OWN_COOKIES_ONLY)
        self.auth = _keep_authorization
        self.retry = dict(self.retry)
        if self.timeout is None:
            self.timeout = TIMEOUT
        if base_url is not None:
            self.url = _parse_base(base_url).url
        if name is not None:
            deprecated_kwarg('name', details='Set the log attribute of the session instead.')
        self.log = self._new_log(name)
        self._start_process()
        self._has_warned_of_exposure = False
        self.api_key = api_key
        self.print_debug = debug

    def __repr__(self) -> str:
        return '<{} {} {}>'.format(type(self).__name__, self.url, self.trunc_key)

    # Pickling and copying

    def __getstate__(self) -> Dict[str, Any]:
        # What is set on a copy, such as another key, must not show in the original.
        state = {
            name: value.copy() if isinstance(value, _COPIED) else value
            for name, value in self.__dict__.items()
            if name not in self._not_copied
        }
        return dict(state, print_debug=self.print_debug)

    def __copy__(self) -> 'PDSession':
        copied = type(self).__new__(type(self))
        copied.__setstate__(self.__getstate__())
        # What the user assigned goes along, as far as that is possible: not into a pickle.
        if '_parent' in self.__dict__:
            copied.parent = self.parent
        if not isinstance(self.log, _SessionLogger):
            copied.log = self.log
        return copied

    def __setstate__(self, state: Dict[str, Any]) -> None:
        print_debug = state.pop('print_debug')
        self.__dict__.update(state)
        self.log = self._new_log()
        self._start_process()
        self.print_debug = print_debug

    def _start_process(self) -> None:
        self._process_id = os.getpid()
        self._left_behind: List[Any] = self.__dict__.get('_left_behind', [])
        self._counting_lock = Lock()

    def _leave_other_process(self) -> None:
        """After a fork, take none of the connections and locks that are the other process's too."""
        for adapter in self.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                # To close the pools would take locks that a thread of the other process may have
                # held at the fork. They are kept, as their finalizers would take them as well.
                self._left_behind.append((adapter.poolmanager, adapter.proxy_manager))
                adapter.proxy_manager = {}
                adapter.init_poolmanager(
                    adapter._pool_connections, adapter._pool_maxsize, block=adapter._pool_block
                )
            else:
                adapter.close()
        self._start_process()

    def _new_log(self, name: Optional[str] = None) -> Logger:
        kind = type(self).__name__
        return _SessionLogger('pdpyras.{}({})'.format(kind, name) if name else 'pdpyras.' + kind)

    # The credential

    @property
    def api_key(self) -> str:
        """The credential for the API. A new one takes effect with the next request."""
        return self._api_key

    @api_key.setter
    def api_key(self, api_key: str) -> None:
        if not isinstance(api_key, str) or not api_key.strip():
            raise ValueError('The API key must be a non-empty str.')
        if re.search(r'[^\x21-\x7e]', api_key.strip()):
            raise ValueError(
                'The API key has characters in it that no key has: white space, or none of ASCII.'
            )
        self._api_key = api_key.strip()
        #: What was learnt from the API with this key.
        self._learnt: Dict[str, str] = {}
        self.headers.update(self.auth_header)
        self.after_set_api_key()

    def after_set_api_key(self) -> None:
        """Called whenever :attr:`api_key` was set; for subclasses."""

    @property
    def auth_header(self) -> Dict[str, str]:
        """The headers that carry the credential; for subclasses."""
        return {}

    @property
    def trunc_key(self) -> str:
        """What may be shown of the key: its last four characters."""
        return last_4(self.api_key)

    # Configuration

    @property
    def parent(self) -> Any:
        """The ``requests.Session`` below, whose ``request`` sends; assign another to stand in."""
        # Made on demand: kept in the session, it would make a reference cycle, and a session that
        # is dropped would keep its sockets until the garbage collector runs.
        return self.__dict__['_parent'] if '_parent' in self.__dict__ else super()

    @parent.setter
    def parent(self, parent: Any) -> None:
        self._parent = parent

    @parent.deleter
    def parent(self) -> None:
        self.__dict__.pop('_parent', None)

    @property
    def stagger_cooldown(self) -> Any:
        """How much of each wait is left to chance: 0 (the default) for none, 1 for up to twice it.

        :raises ValueError: when set to a negative value or to anything but a real number.
        """
        return self.__dict__.get('_stagger_cooldown', 0)

    @stagger_cooldown.setter
    def stagger_cooldown(self, factor: Any) -> None:
        if not _is_amount(factor):
            raise ValueError(
                'stagger_cooldown must be a real number of zero or more; it is {!r}.'.format(factor)
            )
        self._stagger_cooldown = factor

    @property
    def log(self) -> Logger:
        """The session's own logger, below the logger ``pdpyras``; not configured."""
        return self._log

    @log.setter
    def log(self, log: Logger) -> None:
        # What is being printed for debugging is then that of the new one.
        is_debugged = self.print_debug
        self.print_debug = False
        self._log = log
        self.print_debug = is_debugged

    @property
    def print_debug(self) -> bool:
        """Whether this session's log, down to debug level, is printed to stderr."""
        return '_debugHandler' in self.__dict__

    @print_debug.setter
    def print_debug(self, is_on: bool) -> None:
        if bool(is_on) == self.print_debug:
            return
        if is_on:
            self._debugHandler = StreamHandler()
            level = self.log.level
            self._level_before = level if isinstance(level, int) else NOTSET
            self.log.setLevel(DEBUG)
            self.log.addHandler(self._debugHandler)
        else:
            self.log.setLevel(self._level_before)
            self.log.removeHandler(self._debugHandler)
            del self._debugHandler, self._level_before

    @property
    def user_agent(self) -> str:
        """What the session says that it is, in the header ``User-Agent``."""
        return 'pdpyras/{} python-requests/{} Python/{}.{}'.format(
            __version__, REQUESTS_VERSION, *sys.version_info[:2]
        )

    # The main act

    def request(self, method: str, url: str, **kwargs: Any) -> Response:  # type: ignore[override]
        """Send a request, and send it again where :attr:`retry` and the defaults say so.

        :param url: a path below :attr:`url`, or a full URL under it.
        :param kwargs: what ``requests.Session.request`` takes.
        :raises URLError: if the URL is elsewhere; nothing is sent.
        :raises PDClientError: if the API does not have the method; or if no answer came, after
            the last retry, with the network error as the cause.
        :raises PDHTTPError: if the API refuses the key (401).
        :raises PDServerError: if the answer is a redirect to elsewhere.
        """
        method = self._checked_method(method)
        full_url = self.normalize_url(url)
        if os.getpid() != self._process_id:
            self._leave_other_process()
        self._warn_of_exposure(full_url)
        options = self._request_options(method, kwargs)
        retries = _Retries(self, method, full_url, options)
        while True:
            try:
                # Not super(): tests replace `parent` to stand in for the network.
                response = self.parent.request(method, full_url, **options)
            except NETWORK_ERRORS as error:
                retries.after_error(error)
                continue
            except PDServerError as error:
                # A redirect that was refused is an answer, too.
                self.postprocess(error.response)
                raise
            self.postprocess(response)
            if not retries.after_response(response):
                return cast(Response, response)

    def _checked_method(self, method: str) -> str:
        method = method.strip().upper()
        if method not in self.permitted_methods:
            raise PDClientError(
                'Method {} is not supported by this API. It has: {}.'.format(
                    method, ', '.join(self.permitted_methods) or '(none, as a mere base class)'
                )
            )
        return method

    def normalize_url(self, url: str) -> str:
        """:func:`normalize_url` with the base URL of this session."""
        return normalize_url(self.url, url)

    def _warn_of_exposure(self, full_url: str) -> None:
        # Where the request goes counts, which a subclass may decide in normalize_url.
        origin = _ORIGIN.match(full_url)
        if origin and not self._has_warned_of_exposure and _is_exposed(origin.group()):
            self._has_warned_of_exposure = True
            warn(
                'The requests of this session go to {}: over plain HTTP, everybody on the way can '
                'read the API key. Use https.'.format(origin.group()),
                stacklevel=_level_of_the_user(),
            )

    def _request_options(self, method: str, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        """What the parent's ``request`` is called with."""
        options = dict(kwargs)
        if options.get('params') is not None:
            options['params'] = self.normalize_params(options['params'])
        user_headers = options.get('headers') or {}
        _refuse_line_breaks(user_headers)
        if not _REFUSES_NAN:
            _refuse_nan(options.get('json'))
        headers = self.prepare_headers(method, user_headers=user_headers)
        if _is_form(options) and not _has_header(user_headers, 'content-type'):
            # The boundary of the parts, or the encoding of the fields, is requests' to name.
            headers.pop('Content-Type', None)
        if None in headers.values():
            # Headers are to be left out, which requests does in merging.
            headers = CaseInsensitiveDict(headers)
        options['headers'] = headers
        options.setdefault('stream', False)
        options.setdefault('timeout', self.timeout)
        return options

    def normalize_params(self, params: Any) -> Any:
        """Query parameters as the API reads them.

        Names of lists end in ``[]``, booleans are ``true`` and ``false``, dates ISO 8601.
        """
        if isinstance(params, Mapping):
            return dict(_normalized_param(name, value) for name, value in params.items())
        if isinstance(params, (str, bytes)) or not hasattr(params, '__iter__'):
            return params
        # A list, as an iterator could not be read again for a retry.
        return [_normalized_param(name, value) for name, value in params]

    def prepare_headers(self, method: str, user_headers: Any = None) -> 'CaseInsensitiveDict[str]':
        """The headers of a request: the session's, those of the API, and over them the caller's."""
        headers: CaseInsensitiveDict[str] = _MergedHeaders(self.headers)
        own_agent = headers.get('User-Agent')
        headers['User-Agent'] = self.user_agent
        if own_agent and own_agent != _DEFAULT_USER_AGENT:
            headers['User-Agent'] = '{} {}'.format(own_agent, self.user_agent)
        if method.upper() in _BODY_METHODS:
            headers['Content-Type'] = 'application/json'
        if user_headers:
            headers.update(user_headers)
        return headers

    # The parts

    def cooldown_factor(self) -> float:
        """What the last wait is multiplied by to get the next."""
        return self.sleep_timer_base * (1 + float(self.stagger_cooldown) * random())

    def postprocess(self, response: Response) -> None:
        """Called once for every response received, before it is decided whether to try again.

        It logs the response, and never raises: an answer that has arrived must not get lost.
        """
        try:
            self._log_response(response)
        except Exception as error:  # noqa: BLE001
            self.log.debug('Could not log a response: %r', error)

    def _log_response(self, response: Response) -> None:
        is_debugged, is_server_error = self.log.isEnabledFor(DEBUG), _status_class(response) == 5
        if not is_debugged and not is_server_error:
            return
        what = (
            _request_line(response),
            response.status_code,
            _header(response, 'x-request-id') or '(none)',
            _header(response, 'date') or '(none)',
        )
        if is_debugged:
            line = '{}: status={} request_id={} date={} wall_time_s={}'
            seconds = response.elapsed.total_seconds()
            self.log.debug('%s', _masked(line.format(*what, seconds), response))
        if is_server_error:
            line = (
                "{}: server error (status {}). For help, give PagerDuty's support the request ID "
                '{} and the date {}.'
            )
            self.log.error('%s', _masked(line.format(*what), response))

    # What requests does anew for each request, at more cost than all the rest of it

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Prepare a request; its headers hold those of the session if they come from here."""
        if not request.auth and not self.auth:
            request.auth = _keep_authorization
        is_merged = isinstance(request.headers, _MergedHeaders)
        if not is_merged or self.params or self.cookies or request.cookies:
            prepared = _keeping_no_cookies(super().prepare_request(request))
            # It may not have come through `request`; the key in it must go nowhere else.
            self.normalize_url(str(prepared.url))
            return prepared
        prepared = PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=request.url,
            headers=request.headers,
            files=request.files,
            data=request.data,
            json=request.json,
            params=request.params or None,
            cookies=RequestsCookieJar(policy=_OWN_COOKIES_ONLY),
            auth=request.auth or self.auth,
            hooks=merge_hooks(request.hooks, self.hooks),
        )
        prepared.register_hook('response', _read_in_one_go)
        return prepared

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """The settings of a request from the caller, the session and the environment.

        requests looks through the whole environment for them. They are remembered instead, for as
        long as nothing that they depend on has changed.
        """
        if proxies or not _PROXIES_ARE_IN_ENVIRONMENT:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        environment = _environment_state() if self.trust_env else None
        given = (url.split('/', 3)[:3], stream, verify, cert)
        own = (dict(self.proxies or {}), self.stream, self.verify, self.cert)
        basis = (given, own, environment)
        known_basis, settings = self.__dict__.get('_merged_settings', (None, {}))
        if basis != known_basis:
            settings = super().merge_environment_settings(url, {}, stream, verify, cert)
            self._merged_settings = (basis, settings)
        return dict(settings, proxies=settings['proxies'].copy())

    # Redirects: requests would follow them anywhere, and turn a POST into a GET

    def resolve_redirects(
        self, resp: Response, req: PreparedRequest, *args: Any, **kwargs: Any
    ) -> Generator[Any, None, None]:
        """Follow the redirects of a GET within the origin, and none of another method.

        :raises PDServerError: for one to another origin, which gets neither key nor request.
        """
        is_only_asked = kwargs.get('yield_requests', False)
        is_followed = req.method in ('GET', 'HEAD')
        # Asked to yield requests, requests prepares the next one and does not send it.
        kwargs['yield_requests'] = is_only_asked or not is_followed
        try:
            hops = super().resolve_redirects(resp, req, *args, **kwargs)
            while is_only_asked or is_followed:
                yield next(hops)
            next(hops)
        except StopIteration:
            return
        except PDServerError:
            if not is_only_asked:
                raise
        except UnrewindableBodyError:
            # A stream cannot be sent again, so this one is not followed; its origin was checked.
            return
        except ValueError as error:
            if is_only_asked:
                return
            raise _refused_redirect(resp, resp.headers.get('location')) from error

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Keep the key in a redirected request: it stays within its origin.

        requests would look for another credential in ~/.netrc.

        :raises PDServerError: if the redirect is to another origin.
        """
        # The URL is the very one that would be sent to, as urllib3 reads it.
        if not _is_same_origin(response.request.url, prepared_request.url):
            raise _refused_redirect(response, prepared_request.url)

    # Kept for 4.x

    @_deprecated('5.0.0', 'Assign to the property api_key instead.')
    def set_api_key(self, api_key: str) -> None:
        """Set :attr:`api_key`."""
        self.api_key = api_key

    @property
    @_deprecated('5.0.0', 'Iteration raises PDHTTPError; catch it.')
    def raise_if_http_error(self) -> bool:
        """Whether iteration raises for an answer that is not a success, or warns and stops."""
        return self._raises_http_errors

    @raise_if_http_error.setter
    @_deprecated('5.0.0', 'Iteration raises PDHTTPError; catch it.')
    def raise_if_http_error(self, is_raising: bool) -> None:
        self._raises_http_errors = bool(is_raising)


class _Retries:
    """Decides, for one request, whether it is sent again, and waits before it is."""

    def __init__(self, session: PDSession, method: str, url: str, options: Dict[str, Any]) -> None:
        self.session = session
        self.method = method
        self.url = url
        self.options = options
        self.body = _Body(options)
        self.wait = session.sleep_timer
        self.network_errors = 0
        self.retries_by_status: Dict[int, int] = {}

    def after_error(self, error: Exception) -> None:
        """Return after a wait if the request is to be sent again.

        :raises PDClientError: if not, with the error as the cause.
        """
        if isinstance(error, _UNMENDABLE):
            raise PDClientError(self._message('could not be sent', error)) from error
        if self.network_errors >= self.session.max_network_attempts:
            problem = 'network error, the last of {} tries'.format(self.network_errors + 1)
            raise PDClientError(self._message(problem, error)) from error
        if not self._may_repeat(error):
            problem = 'network error, not tried again because {}'.format(self._why_once())
            raise PDClientError(self._message(problem, error)) from error
        self.network_errors += 1
        self._cool_down(self.session.log.warning, 'network error ({})'.format(type(error).__name__))

    def after_response(self, response: Response) -> bool:
        """Whether the request is to be sent again; it has waited if so.

        :raises PDHTTPError: for a 401 that :attr:`PDSession.retry` does not name.
        """
        status = response.status_code
        if _status_class(response) == 2:
            return False
        limit = self.session.retry.get(status, 0)
        if limit != 0:
            return self._after_configured(response, limit)
        if status == 401:
            raise PDHTTPError(self._unauthorized(), response)
        if status != 429 or not self._may_repeat():
            return False
        self._make_way(self.session.log.info, response)
        return True

    def _after_configured(self, response: Response, limit: int) -> bool:
        status, session = response.status_code, self.session
        retries = self.retries_by_status.get(status, 0)
        is_exhausted = 0 <= limit <= retries
        if is_exhausted or sum(self.retries_by_status.values()) >= session.max_http_attempts:
            session.log.error(
                '%s: status %s, not tried again after %d retries for this status and %d in all.',
                self._target(),
                status,
                retries,
                sum(self.retries_by_status.values()),
            )
            return False
        if not self._may_repeat():
            return False
        self.retries_by_status[status] = retries + 1
        self._make_way(session.log.warning, response)
        return True

    def _may_repeat(self, error: Optional[Exception] = None) -> bool:
        if not self.body.is_repeatable:
            return False
        if self.session.retry_unsafe_methods or self.method not in _UNSAFE_METHODS:
            return True
        return error is not None and _never_connected(error)

    def _why_once(self) -> str:
        if self.body.is_repeatable:
            return 'retry_unsafe_methods is off and the request may have been carried out'
        return 'its body is a stream that cannot be read a second time'

    def _make_way(self, log: Callable[..., None], response: Response) -> None:
        """Wait after an answer before the next try, at a rate limit as the server says."""
        if self.options['stream']:
            # Unread, it would keep its connection from being used again.
            response.close()
        if response.status_code == 429:
            self._cool_down(log, 'rate limit reached (status 429)', _seconds_to_reset(response))
        else:
            self._cool_down(log, 'status {}'.format(response.status_code))

    def _cool_down(
        self, log: Callable[..., None], reason: str, ceiling: Optional[float] = None
    ) -> None:
        """Wait longer than the last time, at most until the server said that it is ready."""
        factor = self.session.cooldown_factor()
        self.wait *= factor
        seconds = self.wait
        if ceiling is not None:
            # Staggered like any other wait, or all clients would come back at the same moment.
            stagger = max(1.0, factor / (self.session.sleep_timer_base or factor or 1))
            seconds = min(seconds, ceiling * stagger)
        log('%s: %s; retrying in %g s', self._target(), reason, seconds)
        if _of_this_thread.is_reading_ahead:
            raise _TryLater(seconds)
        time.sleep(seconds)
        self.body.rewind()

    def _target(self) -> str:
        return self._masked('{} {}'.format(self.method, self.url))

    def _message(self, problem: str, error: Exception) -> str:
        detail = self._masked(str(error))
        return '{}: {}: {}: {}'.format(self._target(), problem, type(error).__name__, detail)

    def _masked(self, text: str) -> str:
        return _without_secrets(text, [self.session.api_key] + self._credentials_of_call())

    def _credentials_of_call(self) -> List[str]:
        headers = CaseInsensitiveDict(self.options['headers'])
        return _credentials_in(headers.get('Authorization'))

    def _unauthorized(self) -> str:
        used = self._credentials_of_call() or [self.session.api_key]
        return (
            '{}: 401 Unauthorized. The key that ends in {} is wrong or no longer valid, or it '
            'belongs to another service region than {}: see the url attribute of the session.'
        ).format(self._target(), last_4(used[0]), self.session.url)


class _Thread(local):
    #: Whether requests of this thread are tried once, and not again after a wait.
    is_reading_ahead = False


_of_this_thread = _Thread()


class _TryLater(Exception):
    """A request that was made ahead should wait so many seconds before it is made again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Body:
    """The streams that a request's body is read from, to be read again for a retry."""

    def __init__(self, options: Dict[str, Any]) -> None:
        self.starts: List[Tuple[Any, int]] = []
        #: Whether the whole body can be sent a second time.
        self.is_repeatable = True
        if options.get('data') is not None or options.get('files'):
            for part in _streams(options.get('data'), options.get('files')):
                self._remember(part)

    def _remember(self, stream: Any) -> None:
        try:
            start = stream.tell()
            stream.seek(start)
            self.starts.append((stream, start))
        except (AttributeError, OSError, ValueError):
            self.is_repeatable = False

    def rewind(self) -> None:
        for stream, start in self.starts:
            stream.seek(start)


def _streams(data: Any, files: Any) -> Iterator[Any]:
    """Whatever is read up when it is sent: files and iterators, in ``data`` and ``files``."""
    contents = [content for _, content in to_key_val_list(files or ())]
    named = [part[1] if isinstance(part, (list, tuple)) else part for part in contents]
    for part in [data] + named:
        if hasattr(part, 'read') or hasattr(part, '__next__'):
            yield part


def _is_amount(value: Any) -> bool:
    """Whether a value is a real number of any kind, NumPy's for example, and not negative."""
    try:
        return not isinstance(value, (bool, str, bytes)) and float(value) >= 0
    except (TypeError, ValueError):
        return False


def _is_form(options: Dict[str, Any]) -> bool:
    data = options.get('data')
    return bool(options.get('files') or (data and isinstance(data, (Mapping, list, tuple))))


def _refuse_nan(content: Any) -> None:
    try:
        dumps(content, allow_nan=False)
    except ValueError as error:
        problem = 'The body could not be sent: {}.'.format(error)
        raise PDClientError(problem) from InvalidJSONError(problem)


def _refuse_line_breaks(headers: Any) -> None:
    # Not every version of requests does, and of http.client the error shows the value.
    for name, value in dict(headers).items():
        if isinstance(value, str) and ('\n' in value or '\r' in value):
            problem = 'The header {} could not be sent: its value has a line break.'.format(name)
            raise PDClientError(problem) from InvalidHeader(problem)


def _has_header(headers: Any, name: str) -> bool:
    return any(str(header).lower() == name for header in headers)


def _normalized_param(name: Any, value: Any) -> Tuple[Any, Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        list_name = name if str(name).endswith('[]') else '{}[]'.format(name)
        return list_name, [_normalized_value(item) for item in value]
    return name, _normalized_value(value)


def _normalized_value(value: Any) -> Any:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    # Not datetime: it is a date as well, and tests replace the name.
    return value.isoformat() if isinstance(value, date) else value


def _seconds_to_reset(response: Response) -> Optional[float]:
    """When the server lets requests in again, by its own word, or None if it does not say.

    See https://developer.pagerduty.com/docs/rest-api-rate-limits.
    """
    for header in ('ratelimit-reset', 'retry-after'):
        value = _header(response, header)
        if isinstance(value, str) and re.match(r'\s*\d+(\.\d+)?\s*$', value):
            # 0 means within this second; without a pause, the server would be flooded.
            return max(1.0, float(value))
    return None


def _never_connected(error: Optional[BaseException]) -> bool:
    """Whether the error arose before there was a connection to send the request on."""
    while error is not None:
        if isinstance(error, (ConnectTimeout, ConnectTimeoutError, NewConnectionError)):
            return True
        inner = [getattr(error, 'reason', None), getattr(error, 'original_error', None)]
        candidates = inner + list(error.args)
        error = next((item for item in candidates if isinstance(item, BaseException)), None)
    return False


def _refused_redirect(response: Response, target: Optional[str]) -> PDServerError:
    return PDServerError(
        '{}: the answer (status {}) is a redirect to another place, {}, which is not followed: '
        'neither the key nor the request goes there.'.format(
            _request_line(response), response.status_code, _without_userinfo(target or '')
        ),
        response,
    )


def _is_same_origin(url: Optional[str], other: Optional[str]) -> bool:
    try:
        return _origin(parse_url(url or '')) == _origin(parse_url(other or ''))
    except LocationParseError:
        return False


# ------------------------------------------------------------------------------------ APISession


def _takes_path_for(parameter: str) -> Callable[[_F], _F]:
    """Let a method's first argument be given as ``path=``, its name before version 5."""

    def decorate(method: _F) -> _F:
        @wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if 'path' in kwargs:
                deprecated_kwarg('path', details='Use "{}" instead.'.format(parameter))
                kwargs[parameter] = kwargs.pop('path')
            return method(self, *args, **kwargs)

        return cast(_F, call)

    return decorate


class APISession(PDSession):
    """A session with the REST API v2.

    :param api_key: a REST API key, or an OAuth 2 access token.
    :param default_from: the e-mail address of the user in whose name to act, see
        :attr:`default_from`.
    :param auth_type: ``'token'`` for an API key, ``'bearer'`` or ``'oauth2'`` for a token.
    :param debug: whether to start with :attr:`~PDSession.print_debug` on.
    :param base_url: ``'https://api.eu.pagerduty.com'`` for an account in the EU service region.
    """

    url = 'https://api.pagerduty.com'
    permitted_methods = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')

    #: The e-mail address of a user, sent as ``From``. Endpoints that act on incidents need it with
    #: an account's API key; a user's own key says by itself who acts.
    #: See https://developer.pagerduty.com/docs/authentication.
    default_from: Optional[str] = None

    #: Results to ask for in a page; 100 is the most that the API gives.
    default_page_size = 100

    #: Pages of a classic listing to request before they are consumed, over this one session; no
    #: more than 9 have an effect. PagerDuty asks for one request at a time for each key, so that
    #: nothing is requested ahead by default.
    #: See https://developer.pagerduty.com/docs/rest-api-rate-limits.
    read_ahead = 0

    #: How many requests were made, by method and path pattern: ``{'GET /users/{id}': 3}``.
    #:
    #: :meta hide-value:
    api_call_counts: Dict[str, int] = cast(Any, None)

    #: How many seconds they took, likewise.
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
        name: Optional[str] = None,
    ) -> None:
        self.api_call_counts = {}
        self.api_time = {}
        self._auth_type = self._known_auth_type(auth_type)
        super().__init__(api_key, debug, base_url=base_url, name=name)
        self.default_from = default_from
        self.headers['Accept'] = 'application/vnd.pagerduty+json;version=2'

    # The credential

    @property
    def auth_type(self) -> str:
        """``'token'`` for an API key, ``'bearer'`` or ``'oauth2'`` for an OAuth 2 access token.

        :raises AttributeError: when set to anything else.
        """
        return self._auth_type

    @auth_type.setter
    def auth_type(self, auth_type: str) -> None:
        self._auth_type = self._known_auth_type(auth_type)
        self.headers.update(self.auth_header)

    @staticmethod
    def _known_auth_type(auth_type: str) -> str:
        if auth_type not in ('token', 'bearer', 'oauth2'):
            raise AttributeError(
                'auth_type must be "token" (an API key), "bearer" or "oauth2" (an OAuth 2 access '
                'token); it is {!r}.'.format(auth_type)
            )
        return auth_type

    @property
    def auth_header(self) -> Dict[str, str]:
        if self.auth_type == 'token':
            return {'Authorization': 'Token token=' + self.api_key}
        return {'Authorization': 'Bearer ' + self.api_key}

    @property
    def trunc_token(self) -> str:
        """The same as :attr:`~PDSession.trunc_key`."""
        return self.trunc_key

    def prepare_headers(self, method: str, user_headers: Any = None) -> 'CaseInsensitiveDict[str]':
        headers = super().prepare_headers(method)
        if self.default_from is not None:
            headers['From'] = self.default_from
        if user_headers:
            headers.update(user_headers)
        return headers

    # Resources

    @resource_url
    @wrapped_entities
    def rget(self, resource: Any, **kw: Any) -> Any:
        """Get what is at a URL, without the wrapper around it.

        :param resource: a URL or path, or a resource, whose URL is at its ``self`` key.
        :raises PDHTTPError: if the response is not a success.
        :raises PDServerError: if its body is not what the API documents.
        """
        return self.get(resource, **kw)

    @resource_url
    @wrapped_entities
    def rpost(self, url: Any, **kw: Any) -> Any:
        """Create a resource from ``json``; wrapper and errors as for :meth:`rput`."""
        return self.post(url, **kw)

    @resource_url
    @wrapped_entities
    def rput(self, resource: Any, **kw: Any) -> Any:
        """Update a resource, or all those in a list with ``rput('incidents', json=[…])``.

        ``json`` goes out in the wrapper that the API documents, whether it is in it or not.

        :returns: the content of the response.
        :raises PDHTTPError: if the response is not a success.
        :raises PDServerError: if its body is not what the API documents.
        """
        return self.put(resource, **kw)

    @resource_url
    @wrapped_entities
    def rpatch(self, resource: Any, **kw: Any) -> Any:
        """Change part of a resource; wrapper and errors as for :meth:`rput`."""
        return self.patch(resource, **kw)

    @resource_url
    @requires_success
    def rdelete(self, resource: Any, **kw: Any) -> Response:
        """Delete a resource, or what ``json`` lists where the API documents that.

        :raises PDHTTPError: if the response is not a success.
        """
        if 'json' in kw:
            path, is_listed = _endpoint(self.url, resource)
            # What inference gives is no rule for a method that has no body.
            if 'DELETE ' + path in ENTITY_WRAPPER_CONFIG:
                kw['json'] = _wrap(kw['json'], entity_wrappers('delete', path)[0], is_listed)
        return self.delete(resource, **kw)

    @resource_url
    @auto_json
    def jget(self, resource: Any, **kw: Any) -> Any:
        """GET, and the whole body of the response, decoded.

        :raises PDHTTPError: if the response is not a success.
        """
        return self.get(resource, **kw)

    @resource_url
    @auto_json
    def jpost(self, resource: Any, **kw: Any) -> Any:
        """POST, and the whole body of the response, decoded; errors as for :meth:`jget`."""
        return self.post(resource, **kw)

    @resource_url
    @auto_json
    def jput(self, resource: Any, **kw: Any) -> Any:
        """PUT, and the whole body of the response, decoded; errors as for :meth:`jget`."""
        return self.put(resource, **kw)

    @resource_url
    @auto_json
    def jpatch(self, resource: Any, **kw: Any) -> Any:
        """PATCH, and the whole body of the response, decoded; errors as for :meth:`jget`."""
        return self.patch(resource, **kw)

    # Collections

    @_takes_path_for('url')
    def iter_all(
        self,
        url: str,
        params: Any = None,
        page_size: Optional[int] = None,
        item_hook: Optional[Callable[[Any, int, Any], Any]] = None,
        total: bool = False,
        *,
        paginate: bool = True,
        read_ahead: Optional[int] = None,
    ) -> Iterator[Any]:
        """Yield the results of a listing, one by one; pages are fetched as they are consumed.

        :param url: the URL or path of a collection.
        :param params: query parameters; ``limit`` and ``offset`` among them win over ours.
        :param page_size: results to ask for in a page, at most 100; :attr:`default_page_size` if
            not given.
        :param item_hook: called before each result is yielded with the result, its number from 1
            on, and the total, which is ``'?'`` unless the server said.
        :param total: whether to ask for the total; the API is slower then.
        :param read_ahead: how many pages to request ahead; :attr:`read_ahead` if not given.
        :raises URLError: if the endpoint is not a listing; nothing is sent.
        :raises PDHTTPError: if a response is not a success.
        :raises PDServerError: if its body is not a page of a listing.
        :raises ValueError: if ``page_size`` or ``read_ahead`` is not such a number.
        """
        if not paginate:
            deprecated_kwarg('paginate', details='Get one page with rget instead.')
        resource, merged = _with_query_of(url, params)
        path, is_listed = _endpoint(self.url, resource)
        if _has_cursors(path) and paginate:
            yield from self.iter_cursor(
                url, params=params, page_size=page_size, item_hook=item_hook
            )
            return
        listing = _Listing(self, resource, path, is_listed)
        first = {'limit': self._wanted_page_size(path, page_size), 'offset': 0}
        if total:
            first['total'] = 1
        depth = self._read_ahead_depth(read_ahead)
        yield from _items(listing.offset_pages(_joined(first, merged), paginate, depth), item_hook)

    @_takes_path_for('url')
    def iter_cursor(
        self,
        url: str,
        params: Any = None,
        item_hook: Optional[Callable[[Any, int, Any], Any]] = None,
        page_size: Optional[int] = None,
        *,
        attribute: Any = None,
    ) -> Iterator[Any]:
        """Yield the results of a listing whose pages are linked by cursors; see :meth:`iter_all`.

        :raises URLError: if the endpoint does not have cursors; nothing is sent.
        """
        if attribute is not None:
            deprecated_kwarg('attribute', details='It is not needed any more.')
        resource, merged = _with_query_of(url, params)
        path, is_listed = _endpoint(self.url, resource)
        if is_listed and not _has_cursors(path):
            raise URLError(
                'GET {} does not have cursor-based pagination. Use iter_all, which knows how each '
                'endpoint is paginated.'.format(path)
            )
        listing = _Listing(self, resource, path, is_listed)
        first = {'limit': self._wanted_page_size(path, page_size)}
        names = _CURSOR_NAMES.get(path, ('cursor', 'next_cursor'))
        yield from _items(listing.cursor_pages(_joined(first, merged), *names), item_hook)

    def iter_alert_grouping_settings(self, params: Any = None, **kw: Any) -> Iterator[Any]:
        """Yield the alert grouping settings of the account, whose cursor is called ``after``.

        :param kw: the other arguments of :meth:`iter_cursor`, and errors as for :meth:`iter_all`.
        """
        return self.iter_cursor('/alert_grouping_settings', params=params, **kw)

    def iter_analytics_raw_incidents(
        self, filters: Optional[Dict[str, Any]] = None, **options: Any
    ) -> Iterator[Any]:
        """Yield the raw analytics of incidents.

        :param filters: which incidents, such as ``{'created_at_start': '2026-01-01T00:00:00Z'}``.
        :param options: ``order``, ``order_by`` and ``time_zone`` for the API, and ``limit``, which
            wins over ``page_size``; ``page_size`` (at most 1000) and ``item_hook`` as for
            :meth:`iter_all`.
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
        url = '/analytics/raw/responders/{}/incidents'.format(responder_id)
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
        item_hook: Optional[Callable[[Any, int, Any], Any]] = None,
        **options: Any,
    ) -> Iterator[Any]:
        size = min(self._wanted_page_size(url, page_size), _ANALYTICS_PAGE_LIMIT)
        body: Dict[str, Any] = dict({'limit': size}, **options)
        if filters is not None:
            body['filters'] = filters
        return _items(self._analytics_pages(url, body), item_hook)

    def _analytics_pages(self, url: str, body: Dict[str, Any]) -> Iterator['_Page']:
        cursors = {body.get('starting_after')}
        while True:
            response = successful_response(self.post(url, json=body))
            answer = try_decoding(response)
            results = answer.get('data') if isinstance(answer, dict) else None
            if not isinstance(results, list):
                raise _wrapper_missing(response, 'data', answer)
            yield _Page(results, '?')
            last = answer.get('last')
            # Some say whether there are more; all end in a page without anything new.
            if not results or not last or str(last) in cursors:
                return
            if not answer.get('more', True):
                return
            cursors.add(str(last))
            body = dict(body, starting_after=last)

    def _wanted_page_size(self, path: str, page_size: Optional[int]) -> int:
        wanted = self.default_page_size if page_size is None else page_size
        size = _whole_number('page_size', wanted, 1)
        return min(size, _MAX_PAGE_SIZES.get(path, size))

    def _read_ahead_depth(self, read_ahead: Optional[int]) -> int:
        depth = self.read_ahead if read_ahead is None else read_ahead
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
            raise ValueError(
                'read_ahead must be a number of pages, 0 for none; it is {!r}.'.format(depth)
            )
        return min(depth, _READ_AHEAD_LIMIT)

    @_takes_path_for('url')
    def list_all(self, url: str, **kw: Any) -> List[Any]:
        """All results of a listing as a list; arguments and errors as for :meth:`iter_all`."""
        return list(self.iter_all(url, **kw))

    def dict_all(self, path: str, by: str = 'id', **kw: Any) -> Dict[Any, Any]:
        """All results of a listing by one of their attributes; see :meth:`iter_all`.

        :raises KeyError: if a result does not have the attribute.
        """
        return {result[by]: result for result in self.iter_all(path, **kw)}

    def find(
        self, resource: str, query: Any, attribute: str = 'name', params: Any = None
    ) -> Optional[Any]:
        """The first result of a search whose attribute equals the query, or None.

        :param resource: the path of a collection that can be searched by the parameter ``query``.
        :param query: what to search for, and what the attribute must be; case does not matter.
        :param params: more query parameters.
        """
        sought = str(query).casefold()
        for result in self.iter_all(resource, params=dict(_as_dict(params), query=query)):
            value = result.get(attribute) if isinstance(result, Mapping) else None
            if value is not None and str(value).casefold() == sought:
                return result
        return None

    def persist(
        self, resource: str, attr: str, values: Dict[str, Any], update: bool = False
    ) -> Any:
        """Find the resource that ``values`` describe, or create it.

        :param resource: the path of the collection.
        :param attr: the attribute that identifies the resource, a key of ``values``.
        :param update: whether to update the resource found where something in ``values`` differs.
        :returns: the resource as the API has it.
        :raises ValueError: if ``attr`` is missing from ``values``; nothing is sent.
        """
        if attr not in values:
            raise ValueError(
                'persist: values must have the key {!r}, by which the resource is found; its keys '
                'are: {}.'.format(attr, ', '.join(map(str, values)) or '(none)')
            )
        existing = self.find(resource, values[attr], attribute=attr)
        if existing is None:
            return self.rpost(resource, json=values)
        if not update or not _lacks(existing, values):
            return existing
        changed = _joined(existing, values)
        if isinstance(changed.get('self'), str):
            return self.rput(changed, json=changed)
        # Some resources have no URL of their own to show; the documented path leads there as well.
        if 'id' not in changed:
            raise PDClientError(
                'persist: the {} found with {}={!r} has neither "self" nor "id", so there is no '
                'URL to update it at.'.format(singular_name(resource), attr, values[attr])
            )
        collection = _with_query_of(resource, None)[0].rstrip('/')
        return self.rput('{}/{}'.format(collection, changed['id']), json=changed)

    # Facts

    @property
    def api_key_access(self) -> Optional[str]:
        """Whose the key is: ``'user'`` or ``'account'``; None if the API does not tell.

        Asked once for each key.
        """
        # With another key set meanwhile, this is not to be said of that one.
        learnt = self._learnt
        if 'access' not in learnt:
            response = self.get('/users/me')
            if response.status_code == 200:
                learnt['access'] = 'user'
            elif response.status_code == 400 and 'account-level access token' in _text(response):
                learnt['access'] = 'account'
            else:
                self.log.error(
                    'Could not learn whose the API key is: %s', http_error_message(response)
                )
        return learnt.get('access')

    @property
    def subdomain(self) -> str:
        """The account's subdomain of ``pagerduty.com``. Asked once for each key.

        :raises PDClientError: if the account has no user to tell it from.
        """
        learnt = self._learnt
        if 'subdomain' not in learnt:
            users = self.rget('users', params={'limit': 1})
            user = users[0] if isinstance(users, list) and users else None
            link = user.get('html_url') if isinstance(user, Mapping) else None
            found = re.match(r'https?://([^./?#]+)\.', link) if isinstance(link, str) else None
            if found is None:
                raise PDClientError(
                    'The subdomain of the account is taken from the link to one of its users, and '
                    'GET /users shows none. Check what the API key may see.'
                )
            learnt['subdomain'] = found.group(1)
        return learnt['subdomain']

    @property
    def total_call_count(self) -> int:
        """How many requests this session has made."""
        with self._counting_lock:
            return sum(self.api_call_counts.values())

    @property
    def total_call_time(self) -> float:
        """How many seconds they took."""
        with self._counting_lock:
            return sum(self.api_time.values())

    def postprocess(self, response: Response, suffix: Optional[str] = None) -> None:
        """Count and log a response; see :meth:`PDSession.postprocess`.

        :param suffix: what to count the response under, apart from others of its endpoint.
        """
        try:
            self._count_response(response, suffix)
        except Exception as error:  # noqa: BLE001
            self.log.debug('Could not count a response: %r', error)
        super().postprocess(response)

    def _count_response(self, response: Response, suffix: Optional[str]) -> None:
        request = response.request
        path, _ = _endpoint(self.url, response.url)
        endpoint = '{} {}'.format(str(request.method).upper(), path)
        if suffix is not None:
            endpoint = '{}#{}'.format(endpoint, suffix)
        seconds = response.elapsed.total_seconds()
        with self._counting_lock:
            counts = self.api_call_counts
            if endpoint not in counts and len(counts) >= _COUNTED_ENDPOINTS_LIMIT:
                endpoint = '{} (others)'.format(str(request.method).upper())
            counts[endpoint] = counts.get(endpoint, 0) + 1
            self.api_time[endpoint] = self.api_time.get(endpoint, 0.0) + seconds

    # Kept for 4.x

    @_deprecated('5.0.0', 'The keys of api_call_counts are like "GET /users/{id}" now.')
    def profiler_key(self, method: str, path: str, suffix: Optional[str] = None) -> str:
        """What 4.x counted a request under, such as ``get:users/{id}``."""
        key = '{}:{}'.format(method.lower(), '/'.join(_tokens(self.url, path.split('?')[0])))
        return key if suffix is None else '{}#{}'.format(key, suffix)


class _Page(NamedTuple):
    results: List[Any]
    total: Any


class _Listing:
    """A collection of the API: how to get its pages."""

    def __init__(self, session: APISession, url: str, path: str, is_listed: bool) -> None:
        self.session = session
        self.url = url
        self.is_listed = is_listed
        self.is_cut = path in _CUT_LISTINGS
        self.wrapper = _collection_wrapper(path, is_listed)

    def offset_pages(
        self, params: Dict[str, Any], paginate: bool = True, read_ahead: int = 0
    ) -> Iterator[_Page]:
        """The pages from ``params['offset']`` on, ``params['limit']`` results each.

        See https://developer.pagerduty.com/docs/pagination.
        """
        if not (read_ahead and paginate) or self.is_cut:
            yield from self._offset_pages(params, paginate, self._get)
            return
        ahead = _ReadAhead(self._request, self._read, read_ahead)
        try:
            yield from self._offset_pages(params, paginate, ahead.get)
        finally:
            ahead.close()

    def _offset_pages(
        self,
        params: Dict[str, Any],
        paginate: bool,
        get: Callable[[Dict[str, Any]], Optional[Dict[str, Any]]],
    ) -> Iterator[_Page]:
        limit = _whole_number('limit', params['limit'], 0)
        offset = _whole_number('offset', params['offset'], 0)
        clamped = limit
        while offset + clamped <= ITERATION_LIMIT:
            body = get(dict(params, limit=clamped, offset=offset))
            if body is None:
                return
            page = self._page(body)
            offset += len(page.results)
            is_empty = not page.results
            yield page
            del page
            if 'more' not in body and paginate:
                yield from self._rest_of_unpaginated(body, params)
                return
            if not body.get('more') or not paginate:
                return
            if self.is_cut:
                self._warn('there are more results, but the API has no way to ask for them')
                return
            if is_empty:
                self._warn('the server says that there are more results, but sent an empty page')
                return
            limit = _capped(limit, body.get('limit'))
            # The last results before the limit are worth a shorter page.
            clamped = max(1, min(limit, ITERATION_LIMIT - offset))
        self._warn(
            'limit {} at offset {} would go past {}, where the API gives no results; narrow the '
            'listing by its parameters to get the others'.format(clamped, offset, ITERATION_LIMIT)
        )

    def _rest_of_unpaginated(self, body: Dict[str, Any], params: Dict[str, Any]) -> Iterator[_Page]:
        """What follows the first page of an answer without ``more``."""
        if body.get('next_cursor'):
            following = {name: value for name, value in params.items() if name != 'offset'}
            yield from self.cursor_pages(dict(following, cursor=body['next_cursor']))
            return
        self._warn('the answer does not say whether there are more results ("more")')

    def cursor_pages(
        self, params: Dict[str, Any], parameter: str = 'cursor', key: str = 'next_cursor'
    ) -> Iterator[_Page]:
        """The pages that are linked by what stands at a key and goes out as a parameter."""
        cursors = {str(params.get(parameter))}
        while True:
            body = self._get(dict(params))
            if body is None:
                return
            cursor = body.get(key)
            yield self._page(body)
            if not cursor:
                return
            if str(cursor) in cursors:
                self._warn('the cursor that the server sent leads back to an earlier page')
                return
            cursors.add(str(cursor))
            params[parameter] = cursor

    def _get(self, params: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        return self._read(self._request(params))

    def _request(self, params: Dict[str, Any]) -> Response:
        return self.session.get(self.url, params=params)

    def _read(self, response: Response) -> Optional[Dict[str, Any]]:
        if _status_class(response) != 2 and not self.session._raises_http_errors:
            self._warn('the API answered with status {}'.format(response.status_code))
            return None
        successful_response(response)
        body = try_decoding(response)
        name = self._name_in(body) if isinstance(body, dict) else None
        if name is None:
            raise _wrapper_missing(response, self.wrapper, body)
        if not isinstance(body[name], list):
            raise PDServerError(
                '{}: expected a list at the key "{}" in the response.'.format(
                    _request_line(response), name
                ),
                response,
            )
        return cast(Dict[str, Any], body)

    def _page(self, body: Dict[str, Any]) -> _Page:
        total = body.get('total')
        return _Page(body.pop(self._name_in(body)), '?' if total is None else total)

    def _name_in(self, body: Dict[str, Any]) -> Any:
        """The key of the results: the wrapper, or the only list where no table has the path."""
        if self.wrapper in body or self.is_listed:
            return self.wrapper if self.wrapper in body else None
        lists = [key for key in body if isinstance(body[key], list) and key not in _NOT_CONTENT]
        return lists[0] if len(lists) == 1 else None

    def _warn(self, reason: str) -> None:
        url = _without_secrets(self.url, [self.session.api_key])
        message = 'Stopping the iteration over {}: {}.'.format(url, reason)
        warn(message, stacklevel=_level_of_the_user())


class _ReadAhead:
    """Requests the next pages of a listing before they are asked for, each of them once.

    A page is used only if it is asked for with the very same limit and offset, and if its one try
    brought an answer. All else, such as waiting, trying again and warning, is done in the thread of
    the caller, as it is for one request after the other, and so are the results.
    """

    def __init__(
        self,
        request: Callable[[Dict[str, Any]], Response],
        read: Callable[[Response], Optional[Dict[str, Any]]],
        depth: int,
    ) -> None:
        self._request = request
        self._read = read
        self._depth = depth
        self._process_id = os.getpid()
        self._pool = _thread_pool(depth)
        self._requested: Dict[Tuple[int, int], Any] = {}
        self._abandoned: List[Any] = []
        #: Whether the server has asked for a pause: nothing that is queued is sent.
        self._is_held_back = False

    def get(self, params: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        if os.getpid() != self._process_id:
            # The threads have stayed in the process that this one was forked from.
            self._pool, self._requested, self._abandoned = None, {}, []
        requested = self._requested.pop((params['offset'], params['limit']), None)
        if requested is not None:
            self._request_after(params)
            try:
                return self._read(requested.result())
            except _TryLater as later:
                if later.seconds:
                    time.sleep(later.seconds)
        # Nothing is known yet, or the server did not give what was expected of it.
        self._abandon()
        self._is_held_back = False
        body = self._read(self._request(params))
        if body is not None and body.get('more'):
            self._request_after(params)
        return body

    def _request_after(self, params: Dict[str, Any]) -> None:
        offset, limit = params['offset'], params['limit']
        for _ in range(self._depth):
            offset += limit
            limit = min(limit, ITERATION_LIMIT - offset)
            if limit < 1:
                return
            if (offset, limit) not in self._requested:
                self._request_in_thread(dict(params, offset=offset, limit=limit))

    def _request_in_thread(self, params: Dict[str, Any]) -> None:
        if self._pool is None:
            return
        try:
            requested = self._pool.submit(self._request_once, params)
        except RuntimeError:
            # The interpreter is about to end, and starts no thread any more.
            self._pool = None
        else:
            self._requested[params['offset'], params['limit']] = requested

    def _request_once(self, params: Dict[str, Any]) -> Response:
        if self._is_held_back:
            raise _TryLater(0)
        _of_this_thread.is_reading_ahead = True
        try:
            return self._request(params)
        except _TryLater:
            self._is_held_back = True
            raise

    def _abandon(self) -> None:
        under_way = [request for request in self._abandoned if not request.done()]
        self._abandoned = under_way + [
            request for request in self._requested.values() if not request.cancel()
        ]
        self._requested.clear()

    def close(self) -> None:
        """Leave no request and no thread behind, unless the server leaves a request hanging.

        This may be called by the garbage collector, in any thread and with any lock held, so it
        does not wait for long.
        """
        if self._pool is None or os.getpid() != self._process_id:
            return
        from concurrent.futures import wait

        self._abandon()
        if _of_this_thread.is_reading_ahead:
            self._pool.shutdown(wait=False)
        else:
            unfinished = wait(self._abandoned, timeout=_SECONDS_TO_CLOSE).not_done
            self._pool.shutdown(wait=not unfinished)


#: Seconds to wait for requests that are under way when nobody wants their answers any more.
_SECONDS_TO_CLOSE = 1.0


def _thread_pool(size: int) -> Any:
    try:
        # Only those who read ahead pay for the import.
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(max_workers=size)
    except RuntimeError:
        # The interpreter is about to end, and starts no thread any more.
        return None


def _items(
    pages: Iterator[_Page], item_hook: Optional[Callable[[Any, int, Any], Any]]
) -> Iterator[Any]:
    number = 0
    for page in pages:
        for item in page.results:
            number += 1
            if item_hook is not None:
                item_hook(item, number, page.total)
            yield item
        # One page is held at a time, not two while the next one is fetched.
        del page


def _collection_wrapper(path: str, is_listed: bool) -> str:
    """The key of the results in the pages of a listing."""
    wrapper = entity_wrappers('GET', path)[1]
    if wrapper is None:
        raise URLError(
            'GET {} does not wrap its results, so it cannot be paginated. Use rget or jget.'.format(
                path
            )
        )
    if is_path_param(path.split('/')[-1]) or (is_listed and _is_singular(wrapper)):
        raise URLError('GET {} is not a collection that has pages. Use rget.'.format(path))
    return wrapper


def _has_cursors(path: str) -> bool:
    return path in CURSOR_BASED_PAGINATION_PATHS or path in _CURSOR_NAMES


def _is_singular(name: str) -> bool:
    return singular_name(name) == name and plural_name(name) != name


def _capped(limit: int, server_limit: Any) -> int:
    """The limit to go on with: the server says its own where it does not give as many."""
    is_lower = isinstance(server_limit, int) and 0 < server_limit < limit
    return server_limit if is_lower else limit


def _with_query_of(url: str, params: Any) -> Tuple[str, Dict[str, Any]]:
    """Take the query off a URL; its parameters and those in ``params``, which win."""
    if not isinstance(url, str):
        raise _not_text(url)
    resource, _, query = url.partition('#')[0].partition('?')
    return resource, _joined(_as_dict(query), _as_dict(params))


def _as_dict(params: Any) -> Dict[str, Any]:
    """Query parameters in any form that requests takes, as a dict; repeated ones become a list."""
    if not params:
        return {}
    if isinstance(params, Mapping):
        # requests leaves out what is None.
        return {name: value for name, value in params.items() if value is not None}
    if isinstance(params, bytes):
        params = params.decode('utf-8')
    pairs = parse_qsl(params, keep_blank_values=True) if isinstance(params, str) else params
    collected: Dict[str, Any] = {}
    for name, value in pairs:
        values = collected.setdefault(name, [])
        values.extend(value if isinstance(value, (list, tuple, set)) else [value])
    return {
        name: values[0] if len(values) == 1 and not name.endswith('[]') else values
        for name, values in collected.items()
    }


def _whole_number(name: str, value: Any, least: int) -> int:
    """An argument as an int; ValueError if it is none, or less than that."""
    try:
        # paginate, a bool, was in the place of page_size in 4.x.
        number = -1 if isinstance(value, bool) else int(value)
    except (OverflowError, TypeError, ValueError):
        number = -1
    if number < least or (isinstance(value, float) and value != number):
        raise ValueError(
            '{} must be a whole number, {} or more; it is {!r}.'.format(name, least, value)
        )
    return number


def _joined(first: Any, second: Any) -> Dict[Any, Any]:
    """A dict of both; the second wins. dict(first, **second) takes no keys but str."""
    joined = dict(first)
    joined.update(second)
    return joined


def _lacks(existing: Any, wanted: Any) -> bool:
    """Whether a resource is not yet as wanted; what is not mentioned does not count."""
    return any(key not in existing or _differs(existing[key], wanted[key]) for key in wanted)


def _differs(existing: Any, wanted: Any) -> bool:
    """Whether a value is not as wanted; a reference says the same as what it refers to."""
    if isinstance(wanted, Mapping) and isinstance(existing, Mapping):
        if 'id' in wanted and 'id' in existing and _is_reference(wanted):
            return bool(wanted['id'] != existing['id'])
        return _lacks(existing, wanted)
    if isinstance(wanted, (list, tuple)) and isinstance(existing, (list, tuple)):
        return len(wanted) != len(existing) or any(map(_differs, existing, wanted))
    return bool(existing != wanted)


def _is_reference(resource: Any) -> bool:
    return set(resource) <= {'id', 'type', 'summary', 'self', 'html_url'}


# --------------------------------------------------------------------------- The events sessions


class _EventsSession(PDSession):
    """What both Events APIs have in common: where they are, and that the key is in the body."""

    url = 'https://events.pagerduty.com'
    permitted_methods = ('POST',)

    #: See :attr:`PDSession.retry`: an event that a server fails to take is sent again.
    retry = {500: 2, 502: 4, 503: 6, 504: 6}

    def request(self, method: str, url: str, **kwargs: Any) -> Response:  # type: ignore[override]
        if 'json' in kwargs:
            kwargs['json'] = self._with_routing_key(kwargs['json'])
        return super().request(method, url, **kwargs)

    def post(self, url: Any, data: Any = None, json: Any = None, **kwargs: Any) -> Response:
        # Here as well as in request, which some tests replace.
        return super().post(url, data=data, json=self._with_routing_key(json), **kwargs)

    def _with_routing_key(self, event: Any) -> Any:
        if isinstance(event, Mapping) and 'routing_key' not in event:
            return dict(event, routing_key=self.api_key)
        return event

    def _with_fitting_summary(self, event: Dict[str, Any]) -> Dict[str, Any]:
        """The event with its summary cut to what the API accepts: better cut than refused."""
        payload = event.get('payload')
        summary = payload.get('summary') if isinstance(payload, Mapping) else None
        if payload is None or not isinstance(summary, str) or len(summary) <= _SUMMARY_LIMIT:
            return event
        self.log.warning(
            'The summary of an event has %d characters and was cut to %d, as the API refuses '
            'longer ones. Put details into custom_details.',
            len(summary),
            _SUMMARY_LIMIT,
        )
        return dict(event, payload=dict(payload, summary=_cut(summary, _SUMMARY_LIMIT)))


class EventsAPISession(_EventsSession):
    """A session with the Events API v2, which opens and closes alerts.

    See https://developer.pagerduty.com/docs/events-api-v2-overview.

    :param api_key: the routing key, shown as the integration key of a service in PagerDuty.
    """

    def send_event(self, action: str, dedup_key: Any = None, **properties: Any) -> str:
        """Send an event.

        :param action: ``'trigger'``, ``'acknowledge'`` or ``'resolve'``.
        :param dedup_key: which alert it is about; PagerDuty makes one for a trigger without.
        :param properties: the other properties of the event, such as ``payload``.
        :returns: the deduplication key of the alert.
        :raises ValueError: for an unknown action, or one other than trigger without a key; nothing
            is sent.
        :raises PDHTTPError: if the API refuses the event.
        :raises PDServerError: if it accepts it without naming the key.
        """
        if action not in ('trigger', 'acknowledge', 'resolve'):
            raise ValueError(
                'An event must trigger, acknowledge or resolve; the action is {!r}.'.format(action)
            )
        event: Dict[str, Any] = {'event_action': action}
        event.update(properties, event_action=action)
        if dedup_key not in (None, '') and dedup_key is not False:
            event['dedup_key'] = str(dedup_key)
        elif action != 'trigger':
            raise ValueError('To {} an alert, its dedup_key is needed.'.format(action))
        event = self._with_fitting_summary(event)
        response = successful_response(self.post('/v2/enqueue', json=event), 'sending an event')
        body = try_decoding(response)
        if not isinstance(body, dict) or 'dedup_key' not in body:
            raise _wrapper_missing(response, 'dedup_key', body)
        return cast(str, body['dedup_key'])

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
    ) -> str:
        """Open an alert, or add to the one that has the deduplication key.

        :param summary: what is wrong, in a line of at most 1024 characters; a longer one is cut.
        :param source: what it is wrong with, such as a host name.
        :param dedup_key: which alert it belongs to; PagerDuty makes a new one without it.
        :param severity: ``'critical'``, ``'error'``, ``'warning'`` or ``'info'``.
        :param payload: properties of the payload that win over the arguments.
        :param custom_details: merged over those in ``payload``.
        :param images: a list of ``{'src': …, 'href': …, 'alt': …}``.
        :param links: a list of ``{'href': …, 'text': …}``.
        :returns: the deduplication key of the alert.
        :raises ValueError: if ``payload`` or ``custom_details`` is not a dict; nothing is sent.

        Other errors as for :meth:`send_event`.
        """
        details: Dict[str, Any] = {'summary': summary, 'source': source, 'severity': severity}
        details.update(_checked_dict('payload', payload))
        if custom_details is not None:
            given = _checked_dict("payload['custom_details']", details.get('custom_details'))
            details['custom_details'] = _joined(
                given, _checked_dict('custom_details', custom_details)
            )
        event: Dict[str, Any] = {'payload': details}
        event.update(
            {name: value for name, value in (('images', images), ('links', links)) if value}
        )
        return self.send_event('trigger', dedup_key=dedup_key, **event)

    def acknowledge(self, dedup_key: Any) -> str:
        """Acknowledge an alert; errors as for :meth:`send_event`."""
        return self.send_event('acknowledge', dedup_key=dedup_key)

    def resolve(self, dedup_key: Any) -> str:
        """Resolve an alert; errors as for :meth:`send_event`."""
        return self.send_event('resolve', dedup_key=dedup_key)


class ChangeEventsAPISession(_EventsSession):
    """A session with the change events API, which tells PagerDuty of deployments and the like.

    See https://developer.pagerduty.com/docs/events-api-v2-overview.

    :param api_key: the routing key, shown as the integration key of a service in PagerDuty.
    """

    def submit(
        self,
        summary: str,
        source: Optional[str] = None,
        custom_details: Optional[Dict[str, Any]] = None,
        links: Any = None,
        timestamp: Optional[str] = None,
    ) -> Optional[str]:
        """Tell of a change.

        :param summary: what was changed, in a line of at most 1024 characters; a longer one is cut.
        :param source: where it was changed.
        :param links: a list of ``{'href': …, 'text': …}``.
        :param timestamp: when it was changed, ISO 8601; now, if not given.
        :returns: the ID of the event, or None if the API does not say it.
        :raises ValueError: if ``custom_details`` is not a dict; nothing is sent.
        """
        payload: Dict[str, Any] = {
            'summary': summary,
            'timestamp': timestamp or self.event_timestamp,
        }
        if source is not None:
            payload['source'] = source
        if custom_details is not None:
            payload['custom_details'] = _checked_dict('custom_details', custom_details)
        event: Dict[str, Any] = {'payload': payload}
        if links:
            event['links'] = links
        return self.send_change_event(**event)

    def send_change_event(self, **properties: Any) -> Optional[str]:
        """Send a change event with these properties.

        :returns: the ID of the event, or None if the API does not say it.
        :raises PDHTTPError: if the API refuses the event.
        """
        event = self._with_fitting_summary(properties)
        response = self.post('/v2/change/enqueue', json=event)
        body = try_decoding(successful_response(response, 'sending a change event'))
        return body.get('id') if isinstance(body, dict) else None

    @property
    def event_timestamp(self) -> str:
        """The time now: UTC, ISO 8601."""
        return datetime.now(timezone.utc).replace(tzinfo=None).isoformat() + 'Z'


def _checked_dict(name: str, value: Any) -> Dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError('{} must be a dict; it is a {}.'.format(name, type(value).__name__))
    return value


# --------------------------------------------------------------------- Names that are kept for 4.x
#
# Names and keywords that 5.0 and 5.1 of the original removed. Each tells what to use instead.


#: Paths to which 4.x limited updates of several resources at once.
VALID_MULTI_UPDATE_PATHS = [
    ('incidents', '{index}'),
    ('incidents', '{id}', 'alerts', '{index}'),
    ('priorities', '{index}'),
]


@_deprecated('5.0.0', 'Use canonical_path instead.')
def tokenize_url_path(url: str, baseurl: str = 'https://api.pagerduty.com') -> Tuple[str, ...]:
    """The nodes of a path, with ``{id}`` for an ID, and ``{index}`` at the end of a collection."""
    return _tokens(baseurl, url)


def _tokens(base_url: str, url: str) -> Tuple[str, ...]:
    _, path = _locate(base_url, url)
    nodes = path.split('/')[1:]
    tokens = tuple('{id}' if place % 2 else node for place, node in enumerate(nodes))
    return tokens if len(tokens) % 2 == 0 else tokens + ('{index}',)


@_deprecated('5.0.0', 'Use wrapped_entities instead.')
def resource_envelope(method: _F) -> _F:
    """The former name of :func:`wrapped_entities`."""
    return wrapped_entities(method)


@_deprecated('5.0.0', 'Use resource_url instead.')
def resource_path(method: _F) -> _F:
    """The former name of :func:`resource_url`."""
    return resource_url(method)


@_deprecated('5.0.0', 'Use singular_name instead.')
def object_type(r_name: str) -> str:
    """The former name of :func:`singular_name`."""
    return singular_name(r_name)


@_deprecated('5.0.0', 'Use plural_name instead.')
def resource_name(obj_type: str) -> str:
    """The former name of :func:`plural_name`."""
    return plural_name(obj_type)


@_deprecated('5.0.0', 'Use successful_response instead.')
def raise_on_error(r: Response) -> Response:
    """The former name of :func:`successful_response`."""
    return successful_response(r)


# ---------------------------------------------------------------------------- The API as tables

# --- tables generated by tools/update_api.py: start ---
# From PagerDuty's OpenAPI document of August 2026, which has 465 operations, and from
# tools/by_hand.py. To add an endpoint, see docs/adding_an_endpoint.rst. Paths marked as
# legacy are known to 5.4.1 and no longer documented.
# fmt: off

#: The path patterns of the API.
CANONICAL_PATHS: List[str] = _PathTable([
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
])

#: The endpoints whose pages are linked by cursors.
CURSOR_BASED_PAGINATION_PATHS: List[str] = _PathTable([
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
])

#: The endpoints that return their first page only: nothing requests the next one.
_CUT_LISTINGS: List[str] = _PathTable([
    # Business Services
    '/business_services/impactors',
    '/business_services/impacts',
    '/business_services/{id}/supporting_services/impacts',
    # Status Dashboards
    '/status_dashboards/url_slugs/{url_slug}/service_impacts',
    '/status_dashboards/{id}/service_impacts',
])

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
