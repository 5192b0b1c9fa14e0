"""Properties of URLs, wrappers and parameters that hold for any ID and any content."""

from json import dumps
from string import ascii_letters, ascii_uppercase, digits

import pytest
from operations import PATHS

import pdpyras

pytest.importorskip('hypothesis')

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

BASES = ('https://api.pagerduty.com', 'https://api.eu.pagerduty.com', 'http://localhost:8080/pd')

# PagerDuty's IDs are upper-case letters and digits. Other resources have UUIDs or names, such as
# incident types; the prefix keeps a name from being a literal segment of another path.
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
    """Draw a path pattern and a path that matches it."""
    pattern = draw(st.sampled_from(PATHS))
    nodes = pattern.split('/')
    return pattern, '/'.join(draw(IDS) if node.startswith('{') else node for node in nodes)


@given(st.sampled_from(BASES), urls(), st.sampled_from(['', '/', '?a=b', '?a=/users/P1', '#top']))
def test_canonical_path_returns_the_pattern_of_a_path_with_any_ids(base, url, rest):
    pattern, path = url
    for form in (path, path[1:], base + path):
        assert pdpyras.canonical_path(base, form + rest) == pattern


@given(st.sampled_from(PATHS))
def test_canonical_path_of_a_pattern_is_the_pattern(pattern):
    assert pdpyras.canonical_path(BASES[0], pattern) == pattern


@given(st.sampled_from(BASES), urls(), st.sampled_from(['', '/', '?a=b', '#top']))
def test_normalizing_a_normalized_url_changes_nothing(base, url, rest):
    full_url = pdpyras.normalize_url(base, url[1] + rest)
    assert pdpyras.normalize_url(base, full_url) == full_url


@given(urls())
def test_a_url_of_the_other_region_is_moved_to_the_region_of_the_base(url):
    us, eu = BASES[:2]
    assert pdpyras.normalize_url(eu, us + url[1]) == eu + url[1]
    assert pdpyras.normalize_url(us, eu + url[1]) == us + url[1]


class Echo:
    """A client of an API that echoes the body of each request."""

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


def has_one_wrapper(method, path):
    request, response = pdpyras.entity_wrappers(method, path)
    return request == response


#: Endpoints with the same wrapper, or none, for request and response.
WRITABLE = [
    (method, path) for method in ('post', 'put') for path in PATHS if has_one_wrapper(method, path)
]
WRAPPED = [endpoint for endpoint in WRITABLE if pdpyras.entity_wrappers(*endpoint)[0]]
# A dict that has the wrapper among its keys counts as wrapped, so no key may be a wrapper.
CONTENT = st.one_of(st.dictionaries(st.text().map('x-{}'.format), JSON), st.lists(JSON), st.text())


@given(st.sampled_from(WRITABLE), CONTENT)
def test_an_echoed_body_is_returned_as_it_was_passed(endpoint, content):
    method, path = endpoint
    assert getattr(Echo(), method)(path, json=content) == content


@given(st.sampled_from(WRAPPED), CONTENT)
def test_a_wrapped_body_is_not_wrapped_again(endpoint, content):
    method, path = endpoint
    wrapper, _ = pdpyras.entity_wrappers(method, path)
    assert getattr(Echo(), method)(path, json={wrapper: content}) == content


@given(
    st.dictionaries(
        st.text(min_size=1), st.one_of(st.booleans(), st.integers(), st.text(), st.lists(st.text()))
    )
)
def test_normalizing_normalized_parameters_changes_nothing(params):
    session = pdpyras.APISession('the-api-key-1234')
    normalised = session.normalize_params(params)
    assert session.normalize_params(normalised) == normalised
