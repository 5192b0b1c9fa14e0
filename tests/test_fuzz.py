"""Any input at all: what comes out is documented, and what goes out goes to the right place."""

import json
from urllib.parse import urlsplit

import pytest
import requests
from urllib3.util import parse_url
from wire import Reply

import pdpyras

pytest.importorskip('hypothesis')

from hypothesis import HealthCheck, example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

pytestmark = pytest.mark.usefixtures('no_garbage_collection')

#: One server and one session serve all the examples of a test.
bounded = settings(
    max_examples=40,
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

#: Every public method that decodes what it gets, and what it may raise beside PDClientError.
REST_METHODS = {
    'rget': lambda session: session.rget('/users/P1'),
    'rget of a collection': lambda session: session.rget('/users'),
    'rget of an unlisted path': lambda session: session.rget('/nosuch/things'),
    'rget of an unwrapped path': lambda session: session.rget('/analytics/raw/incidents/P1'),
    'rpost': lambda session: session.rpost('/users', json={}),
    'rput': lambda session: session.rput('/users/P1', json={}),
    'rput of several': lambda session: session.rput('/incidents', json=[]),
    'rpatch': lambda session: session.rpatch('/users/P1', json={}),
    'rdelete': lambda session: session.rdelete('/users/P1'),
    'jget': lambda session: session.jget('/users/P1'),
    'jpost': lambda session: session.jpost('/users', json={}),
    'jput': lambda session: session.jput('/users/P1', json={}),
    'jpatch': lambda session: session.jpatch('/users/P1', json={}),
    'iter_all': lambda session: _some(session.iter_all('/users')),
    'iter_all by cursor': lambda session: _some(session.iter_all('/audit/records')),
    'iter_all of an unlisted path': lambda session: _some(session.iter_all('/nosuch/things')),
    'find': lambda session: session.find('/users', 'Jane'),
    'api_key_access': lambda session: session.api_key_access,
    'subdomain': lambda session: session.subdomain,
}
EVENTS_METHODS = {
    'trigger': lambda session: session.trigger('Server is on fire', 'here'),
    'resolve': lambda session: session.resolve('abc'),
}
CHANGE_METHODS = {'submit': lambda session: session.submit('new build')}


def _some(results, most=300):
    """A few of the results: a fuzzed server may well have more for ever."""
    return [result for result, _ in zip(results, range(most))]


def _only_documented_errors(call, session):
    try:
        call(session)
    except pdpyras.PDClientError as error:
        assert str(error)
        if isinstance(error, pdpyras.PDHTTPError):
            assert error.response
            assert error.code is None or isinstance(error.code, int)
            assert all(isinstance(text, str) for text in error.errors)


# Iteration warns of pages that make no sense; that is documented, too.
@pytest.mark.filterwarnings('ignore:Stopping the iteration:UserWarning')
@pytest.mark.parametrize('name', REST_METHODS)
def test_any_answer_gives_a_result_or_a_documented_error(name, api, session):
    @bounded
    @given(status=STATUSES, body=BODIES)
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
        # Whatever is asked for next ends the matter.
        api.rule(lambda seen: Reply(404, b''))
        session._learnt.clear()
        _only_documented_errors(REST_METHODS[name], session)

    check()


@pytest.mark.parametrize('name', EVENTS_METHODS)
def test_any_answer_to_an_event_is_its_key_or_a_documented_error(name, api, events):
    @bounded
    @given(status=STATUSES.filter(lambda status: status < 500), body=BODIES)
    @example(status=202, body=b'{"dedup_key": null}')
    def check(status, body):
        api.reset()
        api.reply(status, body)
        _only_documented_errors(EVENTS_METHODS[name], events)

    check()


def test_any_answer_to_a_change_event_is_its_id_or_a_documented_error(api, change_events):
    @bounded
    @given(status=STATUSES.filter(lambda status: status < 500), body=BODIES)
    def check(status, body):
        api.reset()
        api.reply(status, body)
        _only_documented_errors(CHANGE_METHODS['submit'], change_events)

    check()


def test_persist_survives_any_resource_that_it_finds(api, session):
    @bounded
    @given(found=st.dictionaries(NAMES, JSON, max_size=5), wanted=st.dictionaries(NAMES, JSON))
    def check(found, wanted):
        api.reset()
        api.reply(200, {'users': [dict(found, name='Jane')], 'more': False})
        api.rule(lambda seen: Reply(200, {'user': {}}))
        try:
            session.persist('/users', 'name', dict(wanted, name='Jane'), update=True)
        except (pdpyras.PDClientError, pdpyras.URLError) as error:
            assert str(error)

    check()


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
    """Where bytes go: scheme, host and port as urllib3 reads them, which makes the connection."""
    parts = parse_url(url)
    return parts.scheme, parts.host, parts.port or {'http': 80, 'https': 443}[parts.scheme]


@settings(bounded, max_examples=1000)
@given(base=st.sampled_from(BASES), url=URLS)
@example(base='https://api.pagerduty.com', url='https://api.pagerduty.com\\@evil.example/')
@example(base='https://api.pagerduty.com', url='https://api.pagerduty.com。evil.example/')
@example(base='https://api.pagerduty.com', url='https://api.pagerduty.com/\t//evil.example')
@example(base='https://gateway.example.com/pagerduty', url='../admin')
def test_whatever_passes_has_the_scheme_host_and_port_of_the_base(base, url):
    try:
        passed = pdpyras.normalize_url(base, url)
    except pdpyras.URLError:
        return
    parts = parse_url(passed)
    assert _origin(passed) == _origin(base)
    assert not parts.auth
    assert (parts.path or '').startswith(parse_url(base).path or '')


@settings(bounded, max_examples=300)
@given(base=st.sampled_from(BASES), url=URLS)
def test_requests_takes_what_passes_to_the_same_place(base, url):
    try:
        passed = pdpyras.normalize_url(base, url)
    except pdpyras.URLError:
        return
    try:
        prepared = requests.Request('GET', passed).prepare().url
    except pdpyras.RequestException:
        return
    assert _origin(prepared) == _origin(base)
    assert urlsplit(prepared).hostname == urlsplit(base).hostname


@settings(bounded, max_examples=300)
@given(base=st.sampled_from(BASES), url=URLS)
def test_canonical_path_gives_a_listed_path_or_says_that_there_is_none(base, url):
    try:
        path = pdpyras.canonical_path(base, url)
    except pdpyras.URLError as error:
        assert str(error)
        return
    assert path in pdpyras.CANONICAL_PATHS
