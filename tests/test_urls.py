"""URLs: the base, rejected URLs, regions, and the documented path of a URL."""

from collections import OrderedDict
from enum import Enum
from io import BytesIO
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

import pdpyras
from pdpyras import URLError, canonical_path, normalize_url

US = 'https://api.pagerduty.com'
EU = 'https://api.eu.pagerduty.com'


# URLs under the base


@pytest.mark.parametrize(
    'path, url',
    [
        pytest.param('users', US + '/users', id='without its leading slash'),
        pytest.param('/users', US + '/users', id='with its leading slash'),
        pytest.param('users/', US + '/users/', id='with a trailing slash'),
        pytest.param('users/PABC123', US + '/users/PABC123', id='of a resource'),
        pytest.param('users?query=a#b', US + '/users?query=a#b', id='with query and fragment'),
        pytest.param(
            'users?next=https://x.y/..', US + '/users?next=https://x.y/..', id='URL in query'
        ),
        pytest.param('', US + '/', id='empty'),
        pytest.param('/', US + '/', id='root'),
        pytest.param('.../users', US + '/.../users', id='three dots are a name'),
        pytest.param('users/a..b', US + '/users/a..b', id='dots within a name'),
    ],
)
def test_a_path_becomes_a_url_under_the_base(path, url):
    assert normalize_url(US, path) == url


@pytest.mark.parametrize(
    'url',
    [
        pytest.param(US, id='the base itself'),
        pytest.param(US + '/', id='the root'),
        pytest.param(US + '/users/PABC123', id='of a resource'),
        pytest.param(US + '?query=a', id='query right after the host'),
        pytest.param(US + '#top', id='fragment right after the host'),
        pytest.param(US + '/users?email=jane@example.com', id='an at sign in the query'),
        pytest.param(US + ':443/users', id='the default port in numbers'),
        pytest.param('HTTPS://API.PagerDuty.com/users', id='scheme and host in other case'),
        pytest.param('HTTPS://API.PagerDuty.com', id='the base in other case'),
    ],
)
def test_a_full_url_under_the_base_passes_unchanged(url):
    assert normalize_url(US, url) == url


@pytest.mark.parametrize(
    ('base', 'url'),
    [
        ('http://pd.example', 'http://pd.example:80/users'),
        ('http://pd.example:80', 'http://pd.example/users'),
        ('https://pd.example', 'https://pd.example:443/users'),
        ('https://pd.example:443', 'https://pd.example/users'),
    ],
)
def test_the_default_port_of_a_scheme_is_optional(base, url):
    assert urlsplit(normalize_url(base, url)).hostname == 'pd.example'
    assert urlsplit(normalize_url(base, url)).path == '/users'


def test_a_url_outside_the_path_of_the_base_is_rejected():
    base = 'https://gateway.example.com/x'
    assert normalize_url(base + '/', '/users') == base + '/users'
    with pytest.raises(URLError, match='gateway.example.com/users'):
        normalize_url(base, 'https://gateway.example.com/users')


@pytest.mark.parametrize(
    ('base', 'url'),
    [
        ('http://pd.example', 'http://pd.example:443/users'),
        ('https://pd.example', 'https://pd.example:80/users'),
        ('http://pd.example:8080', 'http://pd.example/users'),
        ('http://pd.example', 'http://pd.example:81/users'),
    ],
)
def test_a_url_with_another_port_is_rejected(base, url):
    with pytest.raises(URLError, match='pd.example'):
        normalize_url(base, url)


@pytest.mark.parametrize('base', [US, US + '/'], ids=['without slash', 'with slash'])
def test_a_trailing_slash_of_the_base_makes_no_difference(base):
    assert normalize_url(base, '/users') == US + '/users'
    assert normalize_url(base, US + '/users') == US + '/users'


def test_a_base_url_may_be_a_url_object():
    url = urllib3.util.parse_url('https://api.eu.pagerduty.com/')
    with pdpyras.APISession('the-api-key-1234', base_url=url) as session:
        assert session.url == 'https://api.eu.pagerduty.com'


class Region(str, Enum):
    EU = 'https://api.eu.pagerduty.com'
    USERS = 'https://api.eu.pagerduty.com/users'


class EuropeanSession(pdpyras.APISession):
    url = Region.EU


def test_the_value_of_a_str_enum_is_the_base_url_and_the_url():
    given = pdpyras.APISession('the-api-key-1234', base_url=Region.EU)
    for session in (given, EuropeanSession('the-api-key-1234')):
        for url in ('users', Region.USERS):
            sent_to = session.normalize_url(url)
            assert f'{sent_to!s}' == EU + '/users'


def test_a_base_url_may_have_a_path():
    base = 'https://gateway.example.com/pagerduty'
    assert normalize_url(base, 'users') == base + '/users'
    assert normalize_url(base, base + '/users') == base + '/users'
    assert canonical_path(base, base + '/users/PABC123') == '/users/{id}'
    with pytest.raises(URLError, match='pagerduty-evil/users is not under'):
        normalize_url(base, 'https://gateway.example.com/pagerduty-evil/users')
    with pytest.raises(URLError, match='gateway.example.com/users is not under'):
        normalize_url(base, 'https://gateway.example.com/users')


# URLs elsewhere


# 5.4.1 compares strings.
@pytest.mark.parametrize(
    'url',
    [
        pytest.param('https://api.pagerduty.com.evil.example/x', id='host that starts with ours'),
        pytest.param('https://api.pagerduty.com@evil.example/', id='our host as a user name'),
        pytest.param('https://api.pagerduty.com:secret@evil.example/', id='user name and password'),
        pytest.param('https://user:secret@api.pagerduty.com/users', id='credentials for our host'),
        pytest.param('https://@api.pagerduty.com/users', id='empty credentials'),
        pytest.param('https://api.pagerduty.com:8443/users', id='another port'),
        pytest.param('https://api.pagerduty.com:4430/users', id='a port that starts with ours'),
        pytest.param('http://api.pagerduty.com/users', id='plain http'),
        pytest.param('ftp://api.pagerduty.com/users', id='ftp'),
        pytest.param('mailto:jane@example.com', id='mailto'),
        pytest.param('//evil.example/users', id='relative to the scheme'),
        pytest.param('https:evil.example/users', id='scheme without slashes'),
        pytest.param('https:/evil.example/users', id='scheme with one slash'),
        pytest.param('https:///evil.example/users', id='scheme with three slashes'),
        pytest.param('https://evil.example/users', id='elsewhere'),
        pytest.param('https://evil.example/https://api.pagerduty.com', id='our base in their path'),
        pytest.param(
            'https://evil.example?https://api.pagerduty.com/', id='our base in their query'
        ),
        pytest.param('https://evil.example#@api.pagerduty.com/', id='our host in their fragment'),
        pytest.param('https://evil.example\\@api.pagerduty.com/', id='backslash before our host'),
        pytest.param('https://api.pagerduty.com\\@evil.example/', id='backslash behind our host'),
        pytest.param('https:\\\\evil.example\\users', id='backslashes for slashes'),
        pytest.param('https://api.pagerduty.com\t.evil.example/', id='tab in the host'),
        pytest.param('https://api.pagerduty.com\n/users', id='line break'),
        pytest.param('\nhttps://evil.example/users', id='leading line break'),
        pytest.param('https://api.pagerduty.com./users', id='dot behind the host'),
        pytest.param('https://api.pagerduty.com%2eevil.example/', id='encoded dot in the host'),
        pytest.param('https://api.pagerduty.com:port/users', id='invalid port'),
        pytest.param('https://[::1/users', id='half an IPv6 address'),
        # The requested path must be the one in the code.
        pytest.param('users/../teams/T1', id='segment of two dots'),
        pytest.param('users/..', id='two dots at the end'),
        pytest.param('../users', id='two dots at the start'),
        pytest.param('./users', id='one dot'),
        pytest.param('users/%2e%2e/teams', id='encoded dots'),
        pytest.param('users/.%2E/teams', id='half-encoded dots'),
        pytest.param('users/..?x=1', id='two dots before the query'),
        pytest.param('users/..#top', id='two dots before the fragment'),
        pytest.param('users\\..\\teams', id='backslashes in a path'),
        pytest.param(US + '/users/../teams', id='two dots in a full URL'),
        pytest.param('/users/..\\teams', id='mixed slashes'),
    ],
)
def test_a_url_that_may_lead_elsewhere_is_rejected_before_anything_is_sent(url, sleeps):
    session = pdpyras.APISession('the-api-key-1234')
    # The transport would hit the network; URLError must come first.
    session.parent = None
    with pytest.raises(URLError):
        normalize_url(US, url)
    with pytest.raises(URLError):
        session.get(url)
    assert sleeps == []


def test_the_error_about_a_url_does_not_show_its_credentials():
    with pytest.raises(URLError) as refusal:
        normalize_url(US, 'https://user:hunter2@evil.example/')
    assert 'evil.example' in str(refusal.value)
    assert 'hunter2' not in str(refusal.value)


def test_a_password_with_an_at_sign_is_masked_whole():
    with pytest.raises(URLError) as refusal:
        normalize_url(US, 'https://user:pass@word@api.pagerduty.com/users')
    assert 'https://(credentials)@api.pagerduty.com/users' in str(refusal.value)
    assert 'word' not in str(refusal.value)


@pytest.mark.parametrize('password', ['pass#word', 'pass/word', 'pass?word'])
def test_a_password_that_is_not_quoted_is_masked_whole(password, api, session):
    url = 'https://user:{}@evil.example/users'.format(password)
    for use in (session.get, lambda url: pdpyras.APISession('key', base_url=url)):
        with pytest.raises(URLError) as refusal:
            use(url)
        assert 'https://(credentials)@evil.example/users' in str(refusal.value)
        assert 'word' not in str(refusal.value)
    assert api.seen == []


def test_the_key_of_the_session_in_a_url_elsewhere_is_masked(api, events):
    with pytest.raises(URLError) as refusal:
        events.post('https://evil.example/integration/' + events.api_key + '/enqueue')
    assert 'https://evil.example/integration/*5678/enqueue' in str(refusal.value)
    assert api.seen == []


@pytest.mark.parametrize('url', [None, 5, b'users', ['users'], {'self': 'users'}], ids=repr)
def test_a_url_that_is_not_a_str_is_an_error_before_anything_is_sent(url, api, session):
    with pytest.raises(URLError, match=type(url).__name__):
        session.get(url)
    assert api.seen == []


# Regions


@pytest.mark.parametrize(
    'base, url, sent',
    [
        pytest.param(US, EU + '/users/P1', US + '/users/P1', id='EU link on a default session'),
        pytest.param(EU, US + '/users/P1', EU + '/users/P1', id='US link on an EU session'),
        pytest.param(EU, US + '/users?limit=1', EU + '/users?limit=1', id='with its query'),
        pytest.param(
            US, 'HTTPS://API.EU.pagerduty.com:443/users', US + '/users', id='other spelling'
        ),
        pytest.param(US, EU + '/', US + '/', id='only the host'),
    ],
)
def test_a_link_to_the_sibling_region_is_moved_to_the_region_of_the_session(base, url, sent):
    assert normalize_url(base, url) == sent


@pytest.mark.parametrize(
    'base, url',
    [
        pytest.param('https://gateway.example.com', EU + '/users', id='base is not PagerDuty'),
        pytest.param(US, 'http://api.eu.pagerduty.com/users', id='over plain http'),
        pytest.param(US, 'https://api.eu.pagerduty.com:8443/users', id='another port'),
        pytest.param(US, 'https://x@api.eu.pagerduty.com/users', id='with credentials'),
        pytest.param(US, 'https://events.pagerduty.com/v2/enqueue', id='another service'),
        pytest.param(US, EU + '/users/../teams', id='with dots'),
    ],
)
def test_a_url_of_another_host_or_scheme_is_not_moved_to_the_sibling_region(base, url):
    with pytest.raises(URLError, match='is not under|is rejected'):
        normalize_url(base, url)


def test_a_self_link_of_the_sibling_region_is_requested_in_the_region_of_the_session(transport):
    session = pdpyras.APISession('the-api-key-1234')
    session.mount('https://', transport)
    assert session.rget({'self': EU + '/users/PABC123'}) == {'id': 'PABC123'}
    assert [request.url for request in transport.sent] == [US + '/users/PABC123']


class Transport(HTTPAdapter):
    """A fake network, because no PagerDuty speaks TLS on this machine."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, request, **kwargs):
        self.sent.append(request)
        answer = HTTPResponse(
            BytesIO(b'{"user": {"id": "PABC123"}}'), status=200, preload_content=False
        )
        return self.build_response(request, answer)


@pytest.fixture
def transport():
    return Transport()


# Documented paths


@pytest.mark.parametrize(
    'url, path',
    [
        pytest.param('/users', '/users', id='collection'),
        pytest.param('users/PABC123', '/users/{id}', id='resource'),
        pytest.param(US + '/users/PABC123', '/users/{id}', id='full URL'),
        pytest.param('users?query=a/b&limit=1', '/users', id='query'),
        pytest.param('users/PABC123?include[]=teams', '/users/{id}', id='query of a resource'),
        pytest.param('/users/', '/users', id='trailing slash of a collection'),
        pytest.param('/users/PABC123/', '/users/{id}', id='trailing slash of a resource'),
        pytest.param('/users/?limit=1', '/users', id='trailing slash before a query'),
        pytest.param('/users#top', '/users', id='fragment'),
        pytest.param('/users#/teams?x', '/users', id='fragment with slashes'),
        pytest.param('/users?x#y', '/users', id='query and fragment'),
        # A literal segment beats a parameter.
        pytest.param('/users/me', '/users/me', id='users/me'),
        pytest.param('/incidents/count', '/incidents/count', id='incidents/count'),
        pytest.param(
            '/incidents/custom_fields', '/incidents/custom_fields', id='incidents/custom_fields'
        ),
        pytest.param('/schedules/preview', '/schedules/preview', id='schedules/preview'),
        pytest.param(
            '/event_orchestrations/services/P1',
            '/event_orchestrations/services/{id}',
            id='event_orchestrations/services',
        ),
        pytest.param('/teams/T1/tags', '/{entity_type}/{id}/tags', id='parameter first'),
        pytest.param(
            '/users/P1/contact_methods/C1',
            '/users/{id}/contact_methods/{contact_method_id}',
            id='two parameters',
        ),
        pytest.param('/users/{id}', '/users/{id}', id='the pattern itself'),
    ],
)
def test_canonical_path_returns_the_documented_path_of_a_url(url, path):
    assert canonical_path(US, url) == path


@pytest.mark.parametrize(
    'url', ['', '/', '/nosuch', '/users/P1/nosuch', '/USERS', '/users//contact_methods'], ids=repr
)
def test_canonical_path_rejects_an_unlisted_path(url):
    with pytest.raises(URLError, match='does not match'):
        canonical_path(US, url)


def test_canonical_path_rejects_a_url_elsewhere():
    with pytest.raises(URLError, match='is not under'):
        canonical_path(US, 'https://api.pagerduty.com.evil.example/users')


def test_a_literal_path_added_to_the_table_takes_precedence_at_once(monkeypatch):
    monkeypatch.setattr(pdpyras, 'CANONICAL_PATHS', pdpyras.CANONICAL_PATHS[:])
    assert canonical_path(US, '/users/newest') == '/users/{id}'
    pdpyras.CANONICAL_PATHS.append('/users/newest')
    assert canonical_path(US, '/users/newest') == '/users/newest'


@pytest.mark.parametrize(
    'url, params, query',
    [
        pytest.param(
            'users?limit=25&offset=50',
            None,
            {'limit': '25', 'offset': '50'},
            id='a query that pages',
        ),
        pytest.param(
            'users?limit=25', {'limit': 5}, {'limit': '5', 'offset': '0'}, id='params win'
        ),
        pytest.param(
            'users?team_ids[]=T1&team_ids[]=T2',
            None,
            {'team_ids[]': 'T2', 'limit': '100', 'offset': '0'},
            id='other parameters are kept',
        ),
    ],
)
def test_list_all_merges_the_query_of_the_url_with_the_parameters(url, params, query, api, session):
    api.reply(body={'users': [], 'more': False})
    assert session.list_all(url, params=params) == []
    assert api.last.path == '/users'
    assert api.last.query == query
    names = [name for name, _ in api.last.params]
    assert names.count('limit') == names.count('offset') == 1


# Resources for URLs


@pytest.mark.parametrize(
    'resource, said',
    [
        pytest.param({'self': None}, 'None', id='self is null'),
        pytest.param({'id': 'PABC123'}, 'None', id='no self'),
        pytest.param({'self': 5}, '5', id='self is a number'),
        pytest.param(None, 'NoneType', id='None'),
        pytest.param(5, 'int', id='number'),
        pytest.param(['users'], 'list', id='list'),
    ],
)
@pytest.mark.parametrize(
    'name', ['rget', 'rpost', 'rput', 'rpatch', 'rdelete', 'jget', 'jpost', 'jput', 'jpatch']
)
def test_a_resource_without_a_url_is_an_error_that_names_the_method(
    name, resource, said, api, session
):
    with pytest.raises(URLError) as refusal:
        getattr(session, name)(resource)
    assert str(refusal.value).startswith(name)
    assert said in str(refusal.value)
    assert api.seen == []


def test_r_methods_accept_any_mapping_with_a_self(api, session):
    api.reply(body={'user': {'id': 'PABC123'}}, times=2)
    link = {'self': api.url + '/users/PABC123'}
    assert session.rget(OrderedDict(link)) == {'id': 'PABC123'}
    assert session.rget(MappingProxyType(link)) == {'id': 'PABC123'}
    assert [seen.path for seen in api.seen] == ['/users/PABC123'] * 2


# 5.4.1 raises a bare Exception after the request was sent.
@pytest.mark.parametrize('url', ['/users/P1/', '/users#top', '/nosuch/thing', '/users//'], ids=repr)
def test_a_response_from_an_odd_url_is_returned(url, api, session):
    api.reply(body={'fine': True})
    assert session.get(url).json() == {'fine': True}
    assert session.total_call_count == 1


# The base


NO_BASES = [
    pytest.param('api.eu.pagerduty.com', id='no scheme'),
    pytest.param('', id='empty'),
    pytest.param('/users', id='a path'),
    pytest.param('https://', id='no host'),
    pytest.param('https://user:hunter2@api.pagerduty.com', id='credentials'),
    pytest.param('https://api.pagerduty.com?x=1', id='query'),
    pytest.param('https://api.pagerduty.com?', id='empty query'),
    pytest.param('https://api.pagerduty.com#x', id='fragment'),
]


# 5.4.1 retries for 21 seconds.
@pytest.mark.parametrize('base', NO_BASES)
def test_an_invalid_base_url_is_an_error_at_once(base, session, sleeps):
    session.url = base
    with pytest.raises(URLError, match='https://api.pagerduty.com'):
        session.get('/users')
    assert sleeps == []


@pytest.mark.parametrize('base', ['mock://pd.test', 'http+unix://%2Ftmp%2Fpd.sock'])
def test_a_base_url_may_have_the_scheme_of_a_mounted_adapter(base):
    class Adapter(HTTPAdapter):
        def send(self, request, **kwargs):
            body = BytesIO(('{"user": "' + request.url + '"}').encode())
            return self.build_response(request, HTTPResponse(body, {}, 200, preload_content=False))

    with pdpyras.APISession('the-api-key-1234', base_url=base) as session:
        session.mount(base.split('//')[0], Adapter())
        assert session.rget('/users/P1') == base + '/users/P1'
        assert session.rget(base + '/users/P1') == base + '/users/P1'
        with pytest.raises(URLError, match='elsewhere.test/users/P1 is not under'):
            session.rget(base.split('//')[0] + '//elsewhere.test/users/P1')


def test_a_scheme_without_an_adapter_fails_at_once(sleeps):
    session = pdpyras.APISession('the-api-key-1234', base_url='ftp://api.pagerduty.com')
    with pytest.raises(pdpyras.PDClientError, match='No connection adapters'):
        session.get('/users')
    assert sleeps == []


@pytest.mark.parametrize('base', NO_BASES)
def test_the_constructor_rejects_an_invalid_base_url(base):
    with pytest.raises(URLError, match='scheme') as refusal:
        pdpyras.APISession('the-api-key-1234', base_url=base)
    assert 'hunter2' not in str(refusal.value)


@pytest.fixture
def exposed(api):
    """A session for another host over plain HTTP, with the scripted server as its proxy."""
    with pdpyras.APISession('the-api-key-1234', base_url='http://api.example.com') as session:
        session.proxies['http'] = api.url
        yield session


def test_a_plain_http_base_url_warns_once_for_each_session(api, exposed):
    api.reply(times=2)
    with pytest.warns(UserWarning, match='http://api.example.com.*https') as warned:
        exposed.get('/users')
        exposed.get('/teams')
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert [seen.target for seen in api.seen] == [
        'http://api.example.com/users',
        'http://api.example.com/teams',
    ]


def test_a_plain_http_base_url_warns_again_for_the_next_session(api, exposed):
    api.reply(times=2)
    with pytest.warns(UserWarning) as warned:
        exposed.get('/users')
        with pdpyras.APISession('the-api-key-1234', base_url=exposed.url) as other:
            other.proxies.update(exposed.proxies)
            other.get('/users')
    assert len(warned) == 2


@pytest.mark.parametrize(
    'base',
    [
        'http://127.0.0.1:5000',
        'http://127.8.8.8',
        'http://localhost:5000',
        'http://LOCALHOST',
        'http://[::1]:5000',
        'http://pagerduty.localhost',
    ],
)
def test_a_plain_http_base_url_on_this_machine_does_not_warn(base, api, exposed):
    api.reply()
    exposed.url = base
    assert exposed.get('/users').ok


@pytest.mark.parametrize(
    'base',
    ['http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://127.example.com'],
)
def test_a_host_that_only_looks_like_this_machine_warns(base, api, exposed):
    api.reply()
    exposed.url = base
    with pytest.warns(UserWarning, match='https'):
        exposed.get('/users')


@pytest.mark.parametrize(
    'pattern, method, path, expected',
    [
        ('GET /users', 'get', '/users', True),
        ('* /users', 'POST', '/users', True),
        ('GET /users', 'put', '/users', False),
        ('GET /users', 'get', '/users/{id}', False),
        ('* /users/{id}', 'get', '/users/P1', False),
    ],
)
def test_endpoint_matches_compares_method_and_pattern(pattern, method, path, expected):
    assert pdpyras.endpoint_matches(pattern, method, path) is expected


def test_a_base_url_that_cannot_be_parsed_is_rejected():
    with pytest.raises(pdpyras.URLError, match='scheme'):
        pdpyras.normalize_url('http://[::1', 'users')


def test_port_0_is_not_the_default_port():
    with pytest.raises(pdpyras.URLError, match='not under'):
        pdpyras.normalize_url('https://api.pagerduty.com', 'https://api.pagerduty.com:0/users')


@pytest.mark.parametrize('url', ['users/..%2fteams', 'users/..;/teams', 'users%5C..%5cteams'])
def test_dots_between_encoded_separators_are_rejected(url):
    with pytest.raises(pdpyras.URLError, match='segment'):
        pdpyras.normalize_url('https://api.pagerduty.com', url)
