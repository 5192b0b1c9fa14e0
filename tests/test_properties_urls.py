"""What holds for any ID and any content, not only for those that other tests thought of."""

from json import dumps
from string import ascii_letters, ascii_uppercase, digits

import pytest
from operations import PATHS

import pdpyras

pytest.importorskip('hypothesis')

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

BASES = ('https://api.pagerduty.com', 'https://api.eu.pagerduty.com', 'http://localhost:8080/pd')

# IDs of PagerDuty are made of upper-case letters and digits. Others are UUIDs, or names, such as
# those of incident types, which cannot be the name of another path.
CAPITALS = ascii_uppercase + digits
IDS = st.one_of(
    st.text(CAPITALS, min_size=6, max_size=14),
    st.uuids().map(str),
    st.text(ascii_letters + digits + '_.~-').map('x-{}'.format),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@st.composite
def urls(draw):
    """A path pattern and a path that matches it."""
    pattern = draw(st.sampled_from(PATHS))
    nodes = pattern.split('/')
    return pattern, '/'.join(draw(IDS) if node.startswith('{') else node for node in nodes)


@given(st.sampled_from(BASES), urls(), st.sampled_from(['', '/', '?a=b', '?a=/users/P1', '#top']))
def test_a_path_with_any_ids_is_known_by_its_pattern(base, url, rest):
    pattern, path = url
    for form in (path, path[1:], base + path):
        assert pdpyras.canonical_path(base, form + rest) == pattern


@given(st.sampled_from(PATHS))
def test_a_pattern_is_known_by_itself(pattern):
    assert pdpyras.canonical_path(BASES[0], pattern) == pattern


@given(st.sampled_from(BASES), urls(), st.sampled_from(['', '/', '?a=b', '#top']))
def test_normalising_twice_changes_nothing(base, url, rest):
    full_url = pdpyras.normalize_url(base, url[1] + rest)
    assert pdpyras.normalize_url(base, full_url) == full_url


@given(urls())
def test_a_url_of_one_region_is_moved_to_the_other_and_back(url):
    american, european = BASES[:2]
    there = pdpyras.normalize_url(european, american + url[1])
    assert there == european + url[1]
    assert pdpyras.normalize_url(american, there) == american + url[1]


class Echo:
    """Something with a URL whose API answers with the body that it was sent."""

    url = BASES[0]

    @pdpyras.wrapped_entities
    def post(self, url, json):
        return _echo(json)

    @pdpyras.wrapped_entities
    def put(self, url, json):
        return _echo(json)


def _echo(body):
    response = pdpyras.Response()
    response.status_code = 200
    response._content = dumps(body).encode('utf-8')
    return response


def takes_what_it_gives(method, path):
    request, response = pdpyras.entity_wrappers(method, path)
    return request == response


#: Paths by the method whose body is wrapped as its answer is.
WRITABLE = [
    (method, path)
    for method in ('post', 'put')
    for path in PATHS
    if takes_what_it_gives(method, path)
]
# A dict with the wrapper among its keys is wrapped already, so that no name of a wrapper may occur.
CONTENT = st.one_of(st.dictionaries(st.text().map('x-{}'.format), JSON), st.lists(JSON), st.text())


@given(st.sampled_from(WRITABLE), CONTENT)
def test_unwrapping_after_wrapping_is_the_identity(endpoint, content):
    method, path = endpoint
    assert getattr(Echo(), method)(path, json=content) == content


@given(st.sampled_from(WRITABLE), CONTENT)
def test_wrapping_what_is_wrapped_changes_nothing(endpoint, content):
    method, path = endpoint
    wrapper, _ = pdpyras.entity_wrappers(method, path)
    if wrapper is not None:
        assert getattr(Echo(), method)(path, json={wrapper: content}) == content


@given(
    st.dictionaries(
        st.text(min_size=1), st.one_of(st.booleans(), st.integers(), st.text(), st.lists(st.text()))
    )
)
def test_normalising_parameters_twice_changes_nothing(params):
    session = pdpyras.APISession('the-api-key-1234')
    normalised = session.normalize_params(params)
    assert session.normalize_params(normalised) == normalised
