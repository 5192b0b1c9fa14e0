"""Generated responses and URLs: only documented results and errors, only requests to the base."""

import json
import re
from collections import namedtuple
from urllib.parse import urlsplit

import pytest
import requests
from operations import PATHS, with_ids
from scale import at_scale
from urllib3.util import parse_url
from wire import Reply

import pdpyras

pytest.importorskip('hypothesis')

from hypothesis import HealthCheck, example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

pytestmark = pytest.mark.usefixtures('no_garbage_collection')

#: One server and one session serve all examples of a test.
bounded = settings(
    max_examples=at_scale(20, full=40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Bodies

NAMES = st.sampled_from(
    ['user', 'users', 'id', 'self', 'name', 'html_url', 'records', 'dedup_key', 'status']
    + ['more', 'limit', 'offset', 'total', 'next_cursor', 'cursor']
    + ['error', 'code', 'errors', 'message']
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
BODIES = JSON.map(lambda body: json.dumps(body).encode('utf-8')) | st.binary(max_size=20)
STATUSES = st.sampled_from([200, 201, 202, 204, 304, 400, 401, 403, 404, 409, 500, 503])


def encoded(body):
    return json.dumps(body).encode('utf-8')


class Call(namedtuple('Call', 'make usable result')):
    """A call of a session.

    ``usable`` makes a response body that the call can use out of any JSON content, and ``result``
    is what the call then returns.
    """


def wrapped(make, wrapper):
    return Call(make, lambda content: {wrapper: content}, lambda content: content)


def whole(make):
    return Call(make, lambda content: content, lambda content: content)


def listed(make, wrapper, last_page):
    return Call(
        lambda session: _first(make(session)),
        lambda content: dict({wrapper: [content, content]}, **last_page),
        lambda content: [content, content],
    )


def _first(results, most=300):
    """Return the first results, because a fuzzed server may report more of them without end."""
    return [result for result, _ in zip(results, range(most))]


LAST_PAGE = {'more': False}
LAST_CURSOR = {'next_cursor': None}

#: Every public method that decodes responses.
REST_CALLS = {
    'rget': wrapped(lambda session: session.rget('/users/P1'), 'user'),
    'rget of a collection': wrapped(lambda session: session.rget('/users'), 'users'),
    'rget of an unlisted path': wrapped(lambda session: session.rget('/nosuch/things'), 'things'),
    'rget of an unwrapped path': whole(lambda s: s.rget('/analytics/raw/incidents/P1')),
    'rpost': wrapped(lambda session: session.rpost('/users', json={}), 'user'),
    'rput': wrapped(lambda session: session.rput('/users/P1', json={}), 'user'),
    'rput of several': wrapped(lambda session: session.rput('/incidents', json=[]), 'incidents'),
    'rpatch': wrapped(lambda session: session.rpatch('/users/P1', json={}), 'user'),
    'rdelete': Call(
        lambda session: session.rdelete('/users/P1').ok,
        lambda content: content,
        lambda content: True,
    ),
    'jget': whole(lambda session: session.jget('/users/P1')),
    'jpost': whole(lambda session: session.jpost('/users', json={})),
    'jput': whole(lambda session: session.jput('/users/P1', json={})),
    'jpatch': whole(lambda session: session.jpatch('/users/P1', json={})),
    'iter_all': listed(lambda session: session.iter_all('/users'), 'users', LAST_PAGE),
    'iter_all by cursor': listed(
        lambda session: session.iter_all('/audit/records'), 'records', LAST_CURSOR
    ),
    'iter_all of an unlisted path': listed(
        lambda session: session.iter_all('/nosuch/things'), 'things', LAST_PAGE
    ),
    'find': Call(
        lambda session: session.find('/users', 'Jane'),
        lambda content: {'users': [{'name': 'Joe'}, {'name': 'jane', 'of': content}]},
        lambda content: {'name': 'jane', 'of': content},
    ),
    'subdomain': Call(
        lambda session: session.subdomain,
        lambda content: {
            'users': [{'html_url': 'https://acme.pagerduty.com/users/P1', 'of': content}]
        },
        lambda content: 'acme',
    ),
}
EVENTS_CALLS = {
    'trigger': lambda session: session.trigger('Server is on fire', 'here'),
    'resolve': lambda session: session.resolve('abc'),
}


def outcome_of(call, session):
    """Return 'result', or 'error' if the call raises a documented one."""
    try:
        call(session)
    except pdpyras.PDClientError as error:
        assert str(error)
        if isinstance(error, pdpyras.PDHTTPError):
            assert error.response
            assert error.code is None or isinstance(error.code, int)
            assert all(isinstance(text, str) for text in error.errors)
        return 'error'
    return 'result'


def forget_facts(session):
    """Make the session forget what it found out about its API key."""
    session.api_key = session.api_key


# Iteration warns about inconsistent pages, as documented.
@pytest.mark.filterwarnings('ignore:Stopping the iteration:UserWarning')
@pytest.mark.parametrize('name', REST_CALLS)
def test_any_response_leads_to_a_result_or_a_documented_error(name, api, session):
    call = REST_CALLS[name]
    reached = set()

    @bounded
    @given(status=STATUSES, body=JSON.map(call.usable).map(encoded) | BODIES)
    @example(status=200, body=encoded(call.usable({'id': 'P1'})))
    @example(status=200, body=b'{"users": [null], "more": true}')
    @example(status=200, body=b'{"users": {}, "more": true}')
    @example(status=200, body=b'{"users": null}')
    @example(status=200, body=b'{"users": [], "more": 1, "limit": "x"}')
    @example(status=200, body=b'{"users": [{"html_url": 5}]}')
    @example(status=200, body=b'{"users": [{"html_url": "http://[::1"}]}')
    @example(status=200, body=b'{"records": [1], "next_cursor": {"a": [1]}}')
    @example(status=200, body=b'[' * 100000)
    @example(status=400, body=b'{"error": {"code": [], "errors": {"a": 1}}}')
    @example(status=400, body=b'{"error": "account-level access token"}')
    @example(status=404, body=b'[' * 100000)
    def check(status, body):
        api.reset()
        api.reply(status, body)
        # A further request ends the call.
        api.rule(lambda seen: Reply(404, b''))
        forget_facts(session)
        reached.add(outcome_of(call.make, session))

    check()
    assert reached == {'result', 'error'}


@pytest.mark.filterwarnings('ignore:Stopping the iteration:UserWarning')
@pytest.mark.parametrize('name', REST_CALLS)
def test_any_content_of_a_usable_body_is_returned_unchanged(name, api, session):
    call = REST_CALLS[name]

    @settings(bounded, max_examples=at_scale(12, full=25))
    @given(content=JSON)
    def check(content):
        api.reset()
        api.reply(200, encoded(call.usable(content)))
        forget_facts(session)
        assert call.make(session) == call.result(content)

    check()


def test_any_response_to_users_me_leads_to_an_access_level_or_none(api, session):
    reached = set()

    @bounded
    @given(status=STATUSES, body=BODIES)
    @example(status=200, body=b'{"user": {}}')
    @example(status=400, body=b'{"error": "account-level access token"}')
    def check(status, body):
        api.reset()
        api.reply(status, body)
        forget_facts(session)
        if outcome_of(lambda session: reached.add(session.api_key_access), session) == 'error':
            reached.add('error')
            assert status == 401

    check()
    assert reached == {'user', 'account', None, 'error'}


@pytest.mark.parametrize('name', EVENTS_CALLS)
def test_any_response_to_an_event_leads_to_its_key_or_a_documented_error(name, api, events):
    reached = set()

    @bounded
    @given(status=STATUSES.filter(lambda status: status < 500), body=BODIES)
    @example(status=202, body=b'{"dedup_key": null}')
    @example(status=202, body=b'{"dedup_key": "abc"}')
    def check(status, body):
        api.reset()
        api.reply(status, body)
        reached.add(outcome_of(EVENTS_CALLS[name], events))

    check()
    assert reached == {'result', 'error'}


def test_any_response_to_a_change_event_leads_to_its_id_or_a_documented_error(api, change_events):
    reached = set()

    @bounded
    @given(status=STATUSES.filter(lambda status: status < 500), body=BODIES)
    @example(status=202, body=b'{"id": "abc"}')
    def check(status, body):
        api.reset()
        api.reply(status, body)
        reached.add(outcome_of(lambda session: session.submit('new build'), change_events))

    check()
    assert reached == {'result', 'error'}


#: Attributes without the key "user", because an object that has it counts as wrapped, and without
#: "self" and "id", which determine the URL of the user.
ATTRIBUTES = st.dictionaries(
    NAMES.filter(lambda name: name not in ('user', 'self', 'id')), JSON, max_size=5
)


def test_persist_updates_any_resource_that_differs(api, session):
    requested = set()

    @bounded
    @given(found=ATTRIBUTES, wanted=ATTRIBUTES)
    @example(found={'status': None}, wanted={'status': ['a', 'list']})
    @example(found={'status': ['a', 'list']}, wanted={'status': None})
    @example(found={'status': {'id': 1}}, wanted={'status': 'text'})
    @example(found={'status': 'same'}, wanted={'status': 'same'})
    def check(found, wanted):
        api.reset()
        found = dict(found, id='P1', name='Jane')
        wanted = dict(wanted, name='Jane')
        scalars = {name: wanted[name] for name in wanted if _is_scalar(wanted[name])}
        api.reply(200, {'users': [found], 'more': False})
        api.rule(lambda seen: Reply(200, {'user': {}}))
        result = session.persist('/users', 'name', wanted, update=True)
        requested.add(api.last.method)
        if api.last.method == 'PUT':
            assert any(found.get(name, ...) != wanted[name] for name in wanted)
            sent = api.last.json['user']
            assert {name: sent[name] for name in scalars} == scalars
        else:
            assert result == found
            assert all(name in found for name in wanted)
            assert {name: found[name] for name in scalars} == scalars

    check()
    assert requested == {'GET', 'PUT'}


def _is_scalar(value):
    return not isinstance(value, (dict, list))


# URLs

BASES = [
    'https://api.pagerduty.com',
    'https://api.eu.pagerduty.com',
    'http://127.0.0.1:5000',
    'https://gateway.example.com/pagerduty',
]

#: The pieces that tricks with URLs are made of.
PIECES = st.sampled_from(
    BASES
    + ['http:', 'https:', 'HTTPS:', '443', '80', '5000', '0']
    + ['api.pagerduty.com', 'evil.example', '127.0.0.1', 'localhost', '[::1]', 'user:secret@']
    + ['/', '//', '\\', '@', ':', '?', '#', '.', '..', '[', ']', ';', '&', '=']
    + ['%2e', '%2f', '%5c', '%40', '%00', ' ', '\t', '\n', '\r', '\x00']
    + ['users', '\u3002', '\uff41', '\xdf', '\u2100', '\uff0f', '\ufeff']
)
URLS = (
    st.lists(PIECES, max_size=8).map(''.join)
    | st.text(max_size=30)
    | st.tuples(st.sampled_from(BASES), st.text(max_size=15)).map(''.join)
    | st.tuples(st.sampled_from(BASES), st.lists(PIECES, max_size=5).map(''.join)).map(''.join)
)


def _origin(url):
    """Return the scheme, host and port as read by urllib3, which makes the connection."""
    parts = parse_url(url)
    return parts.scheme, parts.host, parts.port or {'http': 80, 'https': 443}[parts.scheme]


@st.composite
def known_urls(draw, base):
    """A URL of a listed path, complete or not, with something appended."""
    path = with_ids(draw(st.sampled_from(PATHS)))
    ending = draw(st.sampled_from(['', '/', '?a=b', '#top', '/x']) | PIECES)
    return draw(st.sampled_from([base, '', BASES[0]])) + path + ending


@st.composite
def bases_and_urls(draw):
    base = draw(st.sampled_from(BASES))
    return base, draw(known_urls(base) | URLS)


def test_a_normalized_url_keeps_the_scheme_host_and_port_of_the_base():
    reached = set()

    @settings(bounded, max_examples=at_scale(150, full=400))
    @given(bases_and_urls())
    @example(('https://api.pagerduty.com', 'https://api.pagerduty.com\\@evil.example/'))
    @example(('https://api.pagerduty.com', 'https://api.pagerduty.com。evil.example/'))
    @example(('https://api.pagerduty.com', 'https://api.pagerduty.com/\t//evil.example'))
    @example(('https://gateway.example.com/pagerduty', '../admin'))
    def check(base_and_url):
        base, url = base_and_url
        try:
            full = pdpyras.normalize_url(base, url)
        except pdpyras.URLError:
            reached.add('rejected')
            return
        reached.add('accepted')
        parts = parse_url(full)
        assert _origin(full) == _origin(base)
        assert not parts.auth
        assert (parts.path or '').startswith(parse_url(base).path or '')
        prepared = requests.Request('GET', full).prepare().url
        assert _origin(prepared) == _origin(base)
        assert urlsplit(prepared).hostname == urlsplit(base).hostname

    check()
    assert reached == {'accepted', 'rejected'}


def test_canonical_path_returns_a_listed_path_that_matches_or_raises():
    reached = set()

    @settings(bounded, max_examples=at_scale(150, full=300))
    @given(bases_and_urls())
    def check(base_and_url):
        base, url = base_and_url
        try:
            pattern = pdpyras.canonical_path(base, url)
        except pdpyras.URLError as error:
            reached.add('rejected')
            assert str(error)
            return
        reached.add('found')
        assert pattern in pdpyras.CANONICAL_PATHS
        path = re.split('[?#]', pdpyras.normalize_url(base, url)[len(base) :])[0]
        assert re.fullmatch(re.sub(r'{\w+}', '[^/]+', pattern) + '/*', path)

    check()
    assert reached == {'found', 'rejected'}
