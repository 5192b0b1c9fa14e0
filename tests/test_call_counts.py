"""The overhead of the library over requests, in calls: unlike time, their number is repeatable.

A call is one of a Python or C function, as ``sys.setprofile`` reports it, for a request whose
transport answers from memory. benchmarks/ measures the time.
"""

import io
import json
import platform
import sys

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

import pdpyras

pytestmark = [
    pytest.mark.skipif(
        platform.python_implementation() != 'CPython',
        reason='the limits are for CPython; a compiler that inlines calls reports fewer',
    ),
    # The collector would run finalizers of other tests' objects and callbacks of other libraries.
    pytest.mark.usefixtures('no_garbage_collection'),
]

#: The limits; pdpyras 5.4.1, measured in the same way on CPython 3.8 to 3.13, adds 1770 and 870.
MOST_ADDED_BY_RGET = 0
MOST_ADDED_BY_GET = 0

USER_URL = 'https://api.pagerduty.com/users/PABC123'
USER = {
    'user': {
        'id': 'PABC123',
        'type': 'user',
        'summary': 'Jane Doe',
        'self': USER_URL,
        'email': 'jane@example.com',
        'teams': [{'id': 'PTEAM01', 'type': 'team_reference', 'summary': 'Storage'}],
    }
}


class MemoryAdapter(HTTPAdapter):
    """A transport that answers any request with a user."""

    def __init__(self, user=None):
        super().__init__()
        self.content = json.dumps(user or USER).encode('utf-8')

    def send(self, request, **kwargs):
        headers = {'Content-Type': 'application/json; charset=utf-8', 'X-Request-Id': '0f5c1b0d'}
        body = io.BytesIO(self.content)
        return self.build_response(
            request, HTTPResponse(body, headers, status=200, preload_content=False)
        )


@pytest.fixture
def stubbed_session():
    with pdpyras.APISession('the-api-key-1234') as session:
        session.mount('https://', MemoryAdapter())
        yield session


@pytest.fixture
def plain_session(stubbed_session):
    with requests.Session() as session:
        session.mount('https://', MemoryAdapter())
        session.headers.update(stubbed_session.headers)
        yield session


def calls_in(act):
    """Return the number of function calls in an act that has been done once before."""
    act()
    calls = []

    def count(frame, event, argument):
        if event in ('call', 'c_call'):
            calls.append(event)

    profile = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(profile)
    return len(calls)


@pytest.fixture(params=[True, False], ids=['environment', 'no environment'])
def added(request, plain_session, stubbed_session):
    """A function that returns how many more calls an act makes than requests' get().json()."""
    plain_session.trust_env = stubbed_session.trust_env = request.param
    own = calls_in(lambda: plain_session.get(USER_URL).json())
    return lambda act: calls_in(act) - own


def test_rget_adds_few_function_calls_to_requests(added, stubbed_session):
    assert stubbed_session.rget('users/PABC123') == USER['user']
    assert added(lambda: stubbed_session.rget('users/PABC123')) <= MOST_ADDED_BY_RGET


def test_get_adds_few_function_calls_to_requests(added, stubbed_session):
    assert stubbed_session.get('users/PABC123').json() == USER
    assert added(lambda: stubbed_session.get('users/PABC123').json()) <= MOST_ADDED_BY_GET


def test_the_cost_of_a_call_does_not_grow_with_the_calls_before_it(stubbed_session):
    def act():
        return stubbed_session.rget('users/PABC123')

    first = calls_in(act)
    for _ in range(100):
        act()
    assert calls_in(act) == first


def test_the_cost_of_a_call_does_not_depend_on_the_path_of_the_call_before_it(stubbed_session):
    def act(*paths):
        for path in paths:
            stubbed_session.rget(path)

    repeated = calls_in(lambda: act('users/PABC123', 'users/PABC123'))
    assert calls_in(lambda: act('users/PABC123', 'users/PDEF456')) == repeated


def test_the_cost_of_a_call_does_not_depend_on_the_length_of_the_body(stubbed_session):
    def act():
        return stubbed_session.rget('users/PABC123')

    with_short_body = calls_in(act)
    long_body = {'user': dict(USER['user'], description='x' * 1000000)}
    stubbed_session.mount('https://', MemoryAdapter(long_body))
    assert calls_in(act) == with_short_body


@pytest.fixture
def list_many_paths():
    many = ['/things_{}/{{id}}'.format(number) for number in range(4000)]
    yield lambda: pdpyras.CANONICAL_PATHS.extend(many)
    del pdpyras.CANONICAL_PATHS[-len(many) :]


def test_the_cost_of_a_call_does_not_depend_on_the_number_of_listed_paths(
    stubbed_session, list_many_paths
):
    def act():
        return stubbed_session.rget('users/PABC123')

    with_few_paths = calls_in(act)
    list_many_paths()
    assert calls_in(act) == with_few_paths


@pytest.mark.skipif(
    sys.platform in ('darwin', 'win32'),
    reason='requests looks up the proxies of the system',
)
def test_the_cost_of_a_call_does_not_depend_on_the_number_of_environment_variables(
    stubbed_session, monkeypatch
):
    def act():
        return stubbed_session.rget('users/PABC123')

    with_few_variables = calls_in(act)
    for number in range(300):
        monkeypatch.setenv('SETTING_{}'.format(number), 'value {}'.format(number))
    assert calls_in(act) == with_few_variables
