"""The servers that receive the key: two on this machine, one trusted, the other a thief.

The thief's URL starts with that of the trusted server: http://127.0.0.1:20010 and
http://127.0.0.1:2001. Whatever URL a session is given, the thief must receive nothing.
"""

import socket
import threading

import pytest
import requests
from wire import Reply, WireServer

import pdpyras
from pdpyras import PDClientError, PDHTTPError, PDServerError, URLError

KEY = 'the-api-key-1234'
ROUTING_KEY = 'the-routing-key-5678'
#: The end of the message for a URL that must not see the key.
NOT_SENT = 'is not under|is rejected'


@pytest.fixture(scope='module')
def pair():
    """The trusted server and the thief, whose port is that of the trusted one with a zero added."""
    for port in range(2001, 6500):
        servers = []
        try:
            for number in (port, port * 10):
                servers.append(WireServer(number))
        except OSError:
            for server in servers:
                server.close()
            continue
        yield servers
        for server in servers:
            server.close()
        return
    raise AssertionError('found no two free ports, one the start of the other')


@pytest.fixture
def api(pair):
    pair[0].reset()
    return pair[0]


@pytest.fixture
def thief(pair):
    pair[1].reset()
    pair[1].rule(
        lambda seen: Reply(200, {'user': {}, 'users': [], 'more': False, 'dedup_key': 'x'})
    )
    return pair[1]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'NETRC'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_other_server_records_all_requests(thief):
    """Check the premise of the other tests: bare requests does send the key to the thief."""
    requests.get(thief.url + '/users', headers={'Authorization': 'Token token=' + KEY}, timeout=5)
    assert thief.last.headers['Authorization'] == 'Token token=' + KEY


def test_the_url_of_the_other_server_starts_with_that_of_the_trusted_one(api, thief):
    assert thief.url.startswith(api.url)


# URLs, through every method

#: Every public method of a REST session that makes a request.
REST_CALLS = {
    'get': lambda session, url: session.get(url),
    'post': lambda session, url: session.post(url, json={}),
    'put': lambda session, url: session.put(url, json={}),
    'patch': lambda session, url: session.patch(url, json={}),
    'delete': lambda session, url: session.delete(url),
    'request': lambda session, url: session.request('GET', url),
    'rget': lambda session, url: session.rget(url),
    'rpost': lambda session, url: session.rpost(url, json={}),
    'rput': lambda session, url: session.rput(url, json={}),
    'rpatch': lambda session, url: session.rpatch(url, json={}),
    'rdelete': lambda session, url: session.rdelete(url),
    'jget': lambda session, url: session.jget(url),
    'jpost': lambda session, url: session.jpost(url, json={}),
    'jput': lambda session, url: session.jput(url, json={}),
    'jpatch': lambda session, url: session.jpatch(url, json={}),
    'iter_all': lambda session, url: list(session.iter_all(url)),
    'iter_cursor': lambda session, url: list(session.iter_cursor(url)),
    'list_all': lambda session, url: session.list_all(url),
    'dict_all': lambda session, url: session.dict_all(url),
    'find': lambda session, url: session.find(url, 'Jane'),
    'persist': lambda session, url: session.persist(url, 'name', {'name': 'Jane'}),
}

#: The methods that accept a resource instead of its URL.
RESOURCE_CALLS = ['rget', 'rpost', 'rput', 'rpatch', 'rdelete', 'jget', 'jpost', 'jput', 'jpatch']

EVENTS_CALLS = {
    'post': lambda session, url: session.post(url, json={'event_action': 'trigger'}),
    'post positional': lambda session, url: session.post(url, None, {'event_action': 'trigger'}),
    'request': lambda session, url: session.request('POST', url, json={'event_action': 'trigger'}),
}

# {base} is the trusted origin, {port} its port; {thief} and {stolen} are those of the thief.
ELSEWHERE = [
    pytest.param('{thief}/users', id='port that starts with ours'),
    pytest.param('{base}@127.0.0.1:{stolen}/users', id='our origin as user name and password'),
    pytest.param('http://user:secret@127.0.0.1:{stolen}/users', id='user name and password'),
    pytest.param('http://user:secret@127.0.0.1:{port}/users', id='credentials for us'),
    pytest.param('http://localhost:{stolen}/users', id='another name for the thief'),
    pytest.param('http://localhost:{port}/users', id='another name for us'),
    pytest.param('http://127.1:{stolen}/users', id='short address'),
    pytest.param('http://2130706433:{stolen}/users', id='address in one number'),
    pytest.param('http://0x7f.0.0.1:{stolen}/users', id='hexadecimal address'),
    pytest.param('http://0177.0.0.1:{stolen}/users', id='octal address'),
    pytest.param('http://127。0。0。1:{stolen}/users', id='ideographic full stops'),
    pytest.param('http://１２７.0.0.1:{stolen}/users', id='full-width digits'),
    pytest.param('http://[::ffff:127.0.0.1]:{stolen}/users', id='IPv6 spelling'),
    pytest.param('HTTP://127.0.0.1:{stolen}/users', id='upper-case scheme'),
    pytest.param('hTtP://LocalHost:{stolen}/users', id='mixed case'),
    pytest.param('//127.0.0.1:{stolen}/users', id='relative to the scheme'),
    pytest.param('///127.0.0.1:{stolen}/users', id='three slashes'),
    pytest.param('http:127.0.0.1:{stolen}/users', id='scheme without slashes'),
    pytest.param('http:/127.0.0.1:{stolen}/users', id='one slash'),
    pytest.param('http:///127.0.0.1:{stolen}/users', id='scheme and three slashes'),
    pytest.param('http:\\\\127.0.0.1:{stolen}\\users', id='backslashes'),
    pytest.param('http://127.0.0.1:{stolen}\\@127.0.0.1:{port}/users', id='backslash before us'),
    pytest.param('{base}\\@127.0.0.1:{stolen}/users', id='backslash behind us'),
    pytest.param('{base}\\users', id='backslash instead of a slash'),
    pytest.param('{thief}#@127.0.0.1:{port}/users', id='us in the fragment'),
    pytest.param('{thief}?@127.0.0.1:{port}/users', id='us in the query'),
    pytest.param('{thief}/{base}/users', id='us in the path'),
    pytest.param('http://127.0.0.1:{port}\t0/users', id='tab in the port'),
    pytest.param('\n{thief}/users', id='leading line break'),
    pytest.param('{base}\r\nHost: 127.0.0.1:{stolen}\r\n\r\n', id='request splitting'),
    pytest.param('{base}/users/../teams', id='dots'),
    pytest.param('users/../teams/T1', id='dots in a path'),
    pytest.param('{base}/%2e%2e/teams', id='encoded dots'),
    pytest.param('{base}/users/%2E./teams', id='half-encoded dots'),
    pytest.param('{base}/..', id='dots at the end'),
    pytest.param('../users', id='dots at the start'),
]


def _filled(url, api, thief):
    return url.format(base=api.url, port=api.port, thief=thief.url, stolen=thief.port)


@pytest.mark.parametrize('template', ELSEWHERE)
def test_a_url_elsewhere_is_rejected_by_every_method(template, api, thief, session, sleeps):
    url = _filled(template, api, thief)
    for call in REST_CALLS.values():
        with pytest.raises(URLError, match=NOT_SENT):
            call(session, url)
    assert thief.seen == api.seen == sleeps == []


@pytest.mark.parametrize('template', ELSEWHERE)
def test_a_self_link_elsewhere_is_rejected_by_every_method(template, api, thief, session, sleeps):
    resource = {'id': 'PABC123', 'self': _filled(template, api, thief)}
    for name in RESOURCE_CALLS:
        with pytest.raises(URLError, match=NOT_SENT):
            REST_CALLS[name](session, resource)
    assert thief.seen == api.seen == sleeps == []


# In 5.4.1, the routing key leaks in the same way.
@pytest.mark.parametrize('template', ELSEWHERE)
def test_a_url_elsewhere_is_rejected_by_events_sessions(
    template, api, thief, events, change_events, sleeps
):
    url = _filled(template, api, thief)
    for session in (events, change_events):
        for call in EVENTS_CALLS.values():
            with pytest.raises(URLError, match=NOT_SENT):
                call(session, url)
    assert thief.seen == api.seen == sleeps == []


# All of these are accepted, because they go to the trusted server.
@pytest.mark.parametrize(
    'template',
    [
        pytest.param('{base}/users?next={thief}/users', id='thief in the query'),
        pytest.param('{base}/users#@127.0.0.1:{stolen}/', id='thief in the fragment'),
        pytest.param('{base}/users?@127.0.0.1:{stolen}/', id='thief behind a question mark'),
        pytest.param('{base}/users#{thief}', id='thief behind a hash'),
        pytest.param('{base}/{thief}/users', id='thief in the path'),
        pytest.param('{base}/@127.0.0.1:{stolen}/users', id='at sign in the path'),
        pytest.param('users/%2F%2F127.0.0.1:{stolen}', id='encoded slashes'),
        pytest.param('HTTP://127.0.0.1:{port}/users', id='our scheme in upper case'),
        pytest.param('@127.0.0.1:{stolen}/users', id='path that starts with an at sign'),
        pytest.param(':{stolen}/users', id='path that starts with a port'),
        pytest.param('.evil.example/users', id='path that starts with a dot'),
        pytest.param('0/users', id='path that starts with a digit'),
        pytest.param(' {thief}/users', id='leading space'),
    ],
)
def test_a_url_that_mentions_another_host_goes_to_the_trusted_server(template, api, thief, session):
    api.rule(lambda seen: Reply(200, {}))
    url = _filled(template, api, thief)
    for name in ('get', 'post', 'put', 'patch', 'delete'):
        assert REST_CALLS[name](session, url).ok
    assert len(api.seen) == 5
    assert thief.seen == []


def test_a_changed_base_url_applies_to_the_next_request(api, thief, session):
    api.reply()
    session.get(api.url + '/users')
    session.url = 'http://localhost:{}'.format(api.port)
    with pytest.raises(URLError, match=NOT_SENT):
        session.get(api.url + '/users')
    assert len(api.seen) == 1


# Redirects

STATUSES = [301, 302, 303, 307, 308]
METHODS = ['get', 'post', 'put', 'patch', 'delete']

# Targets of redirects; each leads to the thief or nowhere.
LOCATIONS = [
    pytest.param('{thief}/users', id='the thief'),
    pytest.param('//127.0.0.1:{stolen}/users', id='relative to the scheme'),
    pytest.param('http://localhost:{port}/users', id='another name for us'),
    pytest.param('http://user:secret@127.0.0.1:{stolen}/users', id='with credentials'),
    pytest.param('{base}@127.0.0.1:{stolen}/users', id='our origin as credentials'),
    pytest.param('https://127.0.0.1:{port}/users', id='our port over TLS'),
    pytest.param('ftp://127.0.0.1:{port}/users', id='another protocol'),
    pytest.param('HTTP://127.0.0.1:{stolen}/users', id='upper case'),
]


# In 5.4.1, the From address, the body and, with 307 and 308, the routing key leak.
@pytest.mark.parametrize('status', STATUSES)
@pytest.mark.parametrize('method', METHODS)
def test_a_redirect_to_another_origin_raises(method, status, api, thief, session, sleeps):
    session.default_from = 'jane@example.com'
    api.reply(status, headers={'Location': thief.url + '/users'})
    with pytest.raises(PDServerError, match=str(status)) as error:
        REST_CALLS[method](session, '/users')
    assert error.value.response.status_code == status
    assert thief.seen == sleeps == []
    assert len(api.seen) == 1


@pytest.mark.parametrize('location', LOCATIONS)
def test_a_redirect_to_any_spelling_of_another_origin_raises(location, api, thief, session, sleeps):
    api.reply(302, headers={'Location': _filled(location, api, thief)})
    with pytest.raises(PDServerError) as error:
        session.get('/users')
    assert 'secret' not in str(error.value)
    assert thief.seen == sleeps == []
    assert len(api.seen) == 1


# urllib.parse, requests and urllib3 read these in three different ways.
@pytest.mark.parametrize(
    'location',
    [
        '\\\\127.0.0.1:{stolen}/users',
        '/\\127.0.0.1:{stolen}/users',
        'http:\\\\127.0.0.1:{stolen}/users',
        'http:127.0.0.1:{stolen}/users',
        'http:/127.0.0.1:{stolen}/users',
        'http:///127.0.0.1:{stolen}/users',
        '///127.0.0.1:{stolen}/users',
        '////127.0.0.1:{stolen}/users',
        'http://127.0.0.1:{stolen}\\@127.0.0.1:{port}/users',
        '{base}\\@127.0.0.1:{stolen}/users',
        '{base}\\.127.0.0.1:{stolen}/users',
        '@127.0.0.1:{stolen}/users',
        ':{stolen}/users',
        '\thttp://127.0.0.1:{stolen}/users',
        'http://127.0.0.1:{stolen}#@127.0.0.1:{port}/users',
        'http://127.0.0.1:{stolen}?@127.0.0.1:{port}/users',
        'http://127。0。0。1:{stolen}/users',
        'http://[::1/users',
        'http://',
        'http://127.0.0.1:notaport/',
        'javascript:alert(1)',
        ' ',
    ],
)
def test_an_ambiguous_redirect_never_reaches_another_origin(location, api, thief, session, sleeps):
    target = _filled(location, api, thief).encode('utf-8').decode('latin-1')
    api.reply(302, headers={'Location': target})
    api.rule(lambda seen: Reply(200, {}))
    try:
        session.get('/users')
    except PDClientError as error:
        assert KEY not in str(error)
    assert thief.seen == sleeps == []


def test_a_second_redirect_to_another_origin_raises(api, thief, session):
    api.reply(302, headers={'Location': '/somewhere'})
    api.reply(302, headers={'Location': thief.url + '/users'})
    with pytest.raises(PDServerError, match='redirects to another origin'):
        session.rget('/users')
    assert thief.seen == []
    assert [seen.path for seen in api.seen] == ['/users', '/somewhere']


@pytest.mark.parametrize('status', STATUSES)
def test_a_get_follows_a_redirect_within_the_origin_with_the_key(status, api, session):
    session.default_from = 'jane@example.com'
    api.reply(status, headers={'Location': '/teams/../users/P2'})
    api.reply(body={'user': {'id': 'P2'}})
    assert session.rget('/users/P1') == {'id': 'P2'}
    assert api.last.path == '/users/P2'
    assert api.last.headers['Authorization'] == 'Token token=' + KEY


# In 5.4.1, 301 and 302 turn a POST into a GET without a body.
@pytest.mark.parametrize('status', STATUSES)
@pytest.mark.parametrize('method', METHODS[1:])
def test_a_redirect_of_a_write_is_returned_and_not_followed(method, status, api, session):
    api.reply(status, headers={'Location': '/teams'})
    assert REST_CALLS[method](session, '/users').status_code == status
    assert [seen.method for seen in api.seen] == [method.upper()]


@pytest.mark.parametrize('status', STATUSES)
@pytest.mark.parametrize('name', ['rpost', 'rput', 'rpatch', 'rdelete', 'jpost', 'jput', 'jpatch'])
def test_a_redirected_write_is_an_error_for_r_and_j_methods(name, status, api, session):
    api.reply(status, headers={'Location': '/teams'})
    with pytest.raises(PDHTTPError, match='redirect'):
        REST_CALLS[name](session, '/users')
    assert len(api.seen) == 1


# In 5.4.1, trigger() reports success for an event that was not received.
@pytest.mark.parametrize('status', STATUSES)
@pytest.mark.parametrize('target', ['{base}/v3/enqueue', '{thief}/v2/enqueue'], ids=['us', 'thief'])
def test_a_redirected_event_is_an_error(target, status, api, thief, events, change_events):
    location = _filled(target, api, thief)
    api.rule(lambda seen: Reply(status, {'dedup_key': 'abc'}, {'Location': location}))
    for send in (
        lambda: events.trigger('Server is on fire', 'here', dedup_key='abc'),
        lambda: events.acknowledge('abc'),
        lambda: events.resolve('abc'),
        lambda: change_events.submit('new build'),
    ):
        with pytest.raises(PDHTTPError, match='unexpected redirect|redirects to another'):
            send()
    assert thief.seen == []
    assert [seen.method for seen in api.seen] == ['POST'] * 4


def test_redirects_are_not_followed_with_allow_redirects_false(api, thief, session):
    api.reply(302, headers={'Location': thief.url})
    response = session.get('/users', allow_redirects=False)
    assert response.status_code == 302
    assert thief.seen == []


def test_the_error_of_an_invalid_redirect_names_the_request_and_its_location(api, session):
    api.reply(302, headers={'Location': '/users/P2'})
    api.reply(302, headers={'Location': 'http://[bad'})
    with pytest.raises(PDServerError) as caught:
        session.rget('/users/P1')
    assert 'GET {}/users/P2: '.format(api.url) in str(caught.value)
    assert 'redirects to an invalid URL, http://[bad, which is not' in str(caught.value)


def test_a_value_error_of_a_hook_on_a_redirected_response_is_shown(api, session):
    def hook(response, **_):
        if response.status_code == 200:
            raise ValueError('my own hook')

    session.hooks['response'].append(hook)
    api.reply(302, headers={'Location': '/users/P2'})
    api.reply(body={'user': {}})
    with pytest.raises(PDClientError, match='ValueError: my own hook'):
        session.rget('/users/P1')


@pytest.mark.parametrize('location', ['http://[::1', 'https://evil.example/'])
def test_an_unreachable_redirect_is_returned_if_redirects_are_off(location, api, session):
    api.reply(302, headers={'Location': location})
    assert session.get('/users', allow_redirects=False).status_code == 302


def test_a_redirect_with_a_broken_body_is_followed(api, session, sleeps):
    headers = {'Location': '/users/P2', 'Content-Encoding': 'gzip'}
    api.reply(302, body=b'not gzip at all', headers=headers)
    api.reply(body={'user': {'id': 'P2'}})
    assert session.rget('/users/P1') == {'id': 'P2'}
    assert sleeps == []


def test_a_rejected_redirect_is_logged_and_counted_like_any_response(api, thief, session, caplog):
    caplog.set_level('DEBUG', 'pdpyras')
    api.reply(302, headers={'Location': thief.url, 'x-request-id': 'the-request-id'})
    with pytest.raises(PDServerError, match='redirects to another origin'):
        session.get('/users')
    assert session.api_call_counts == {'GET /users': 1}
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == 'DEBUG']
    assert 'the-request-id' in line


def test_the_connection_is_usable_after_a_rejected_redirect_with_a_body(api, thief, session):
    api.reply(302, {'a': 'b' * 1000}, {'Location': thief.url})
    api.reply(body={'users': []})
    with pytest.raises(PDServerError, match='redirects to another origin'):
        session.get('/users')
    assert session.rget('/users') == []


# Cookies


def test_a_cookie_of_the_server_is_not_stored_in_a_jar_that_the_user_assigned(api, session):
    session.cookies = requests.cookies.cookiejar_from_dict({'mine': 'yes'})
    api.rule(lambda seen: Reply(200, {'user': {}}, {'Set-Cookie': 'session=fixed; Path=/'}))
    session.rget('/users/P1')
    session.rget('/users/P1')
    assert [seen.headers['Cookie'] for seen in api.seen] == ['mine=yes'] * 2


def test_a_cookie_set_by_a_redirect_is_not_sent(api, session):
    cookie = {'Set-Cookie': 'session=fixed; Path=/'}
    api.reply(302, headers=dict(cookie, Location='/users/P2'))
    api.reply(body={'user': {}}, headers=cookie)
    api.reply(body={'user': {}})
    session.rget('/users/P1')
    session.rget('/users/P1')
    assert [seen.headers['Cookie'] for seen in api.seen] == [None] * 3


@pytest.mark.parametrize(
    'given', [{'headers': {'Accept-Encoding': None}}, {'cookies': {'mine': 'yes'}}], ids=str
)
def test_a_cookie_of_the_server_is_not_stored_if_the_call_sets_headers_or_cookies(
    given, api, session
):
    cookie = {'Set-Cookie': 'session=fixed; Path=/'}
    api.reply(302, headers=dict(cookie, Location='/users/P2'))
    api.reply(body={'user': {}}, headers=cookie)
    session.rget('/users/P1', **given)
    mine = 'mine=yes' if 'cookies' in given else None
    assert [seen.headers['Cookie'] for seen in api.seen] == [mine] * 2
    assert not session.cookies


# Prepared requests


@pytest.mark.parametrize(
    'spell',
    [str, str.encode, ' {}'.format, str.upper],
    ids=['plain', 'bytes', 'leading space', 'upper case'],
)
def test_a_request_prepared_for_another_origin_is_rejected(spell, api, thief, session):
    url = spell(thief.url + '/users')
    with pytest.raises(URLError, match=NOT_SENT):
        session.send(session.prepare_request(requests.Request('GET', url)))
    with pytest.raises(URLError, match=NOT_SENT):
        session.parent.request('GET', url)
    assert thief.seen == []


def test_a_request_prepared_for_the_base_url_is_sent(api, session):
    api.reply(body={'users': []})
    request = requests.Request('GET', api.url + '/users', params={'a': ['1', '2']})
    assert session.send(session.prepare_request(request)).json() == {'users': []}


# ~/.netrc


@pytest.fixture
def netrc(monkeypatch, tmp_path):
    """A netrc file with a login for every host of these tests."""
    path = tmp_path / 'netrc'
    hosts = [
        'machine {} login someone password hunter2'.format(h) for h in ('127.0.0.1', 'localhost')
    ]
    path.write_text('\n'.join(hosts + ['default login anyone password hunter3\n']))
    monkeypatch.setenv('NETRC', str(path))


def test_bare_requests_uses_the_netrc_file_of_these_tests(netrc, api):
    api.reply()
    requests.get(api.url, timeout=5)
    assert api.last.headers['Authorization'].startswith('Basic ')


@pytest.mark.parametrize('auth_type, sent', [('token', 'Token token='), ('oauth2', 'Bearer ')])
def test_the_key_takes_precedence_over_netrc(auth_type, sent, netrc, api, session):
    session.auth_type = auth_type
    api.reply(times=2)
    session.get('/users')
    session.post('/users', json={})
    assert [seen.headers.get_all('Authorization') for seen in api.seen] == [[sent + KEY]] * 2


def test_the_key_takes_precedence_over_netrc_after_a_redirect(netrc, api, session):
    api.reply(302, headers={'Location': '/users/P2'})
    api.reply(body={'user': {}})
    session.rget('/users/P1')
    assert api.last.headers.get_all('Authorization') == ['Token token=' + KEY]


def test_netrc_adds_no_authorization_to_events(netrc, api, events):
    api.reply(202, {'dedup_key': 'abc'})
    events.trigger('Server is on fire', 'here')
    assert api.last.headers['Authorization'] is None


@pytest.mark.parametrize('nothing', [None, '', (), False], ids=repr)
def test_the_key_takes_precedence_over_netrc_without_auth(nothing, netrc, api, session):
    api.reply()
    session.auth = nothing
    session.get('/users', headers={'Accept-Encoding': None}, auth=nothing)
    assert api.last.headers.get_all('Authorization') == ['Token token=' + KEY]


def test_an_authorization_header_of_the_call_takes_precedence_over_netrc_and_key(
    netrc, api, session
):
    api.reply()
    session.get('/users', headers={'Authorization': 'Bearer of-the-caller'})
    assert api.last.headers.get_all('Authorization') == ['Bearer of-the-caller']


def test_auth_of_the_call_takes_precedence_over_the_key(api, session):
    api.reply()
    session.get('/users', auth=('user', 'password'))
    assert api.last.headers['Authorization'].startswith('Basic ')


# Headers

INJECTIONS = [
    pytest.param('jane@example.com\r\nX-Evil: 1', id='CR LF'),
    pytest.param('jane@example.com\nX-Evil: 1', id='LF'),
    pytest.param('jane@example.com\rX-Evil: 1', id='CR'),
    pytest.param('jane@example.com\r\n\r\nGET /evil HTTP/1.1', id='a second request'),
]


@pytest.mark.parametrize('address', INJECTIONS)
def test_a_line_break_in_default_from_injects_no_header(address, api, session, sleeps):
    session.default_from = address
    for name in METHODS:
        with pytest.raises(PDClientError, match='From') as caught:
            REST_CALLS[name](session, '/incidents')
        assert 'evil' not in str(caught.value).lower()
    assert api.seen == sleeps == []


@pytest.mark.parametrize('value', INJECTIONS)
def test_a_line_break_in_a_header_injects_nothing_and_the_error_hides_the_value(
    value, api, session, sleeps
):
    with pytest.raises(PDClientError, match='X-Mine') as caught:
        session.get('/incidents', headers={'X-Mine': value})
    assert 'evil' not in str(caught.value).lower()
    session.headers['User-Agent'] = value
    with pytest.raises(PDClientError, match='User-Agent') as caught:
        session.get('/incidents')
    assert 'evil' not in str(caught.value).lower()
    assert api.seen == sleeps == []


# Proxies


@pytest.fixture
def proxy():
    """A proxy that forwards requests and keeps them in ``seen``."""
    server = WireServer()

    @server.rule
    def forward(seen):
        headers = dict(seen.headers.items())
        with requests.Session() as client:
            client.trust_env = False
            answer = client.request(
                seen.method, seen.target, headers=headers, data=seen.body, timeout=5
            )
        return Reply(answer.status_code, answer.content, {'Content-Type': 'application/json'})

    yield server
    server.close()


@pytest.mark.parametrize('name', ['http_proxy', 'HTTP_PROXY', 'all_proxy'])
def test_a_proxy_from_the_environment_is_used(name, monkeypatch, api, proxy, session):
    monkeypatch.setenv(name, proxy.url)
    api.reply(body={'user': {'id': 'P1'}})
    assert session.rget('/users/P1') == {'id': 'P1'}
    assert [seen.target for seen in proxy.seen] == [api.url + '/users/P1']
    assert api.last.headers.get_all('Authorization') == ['Token token=' + KEY]


# Ignoring netrc must not mean ignoring the proxies.
def test_a_proxy_from_the_environment_is_used_despite_a_netrc_file(
    monkeypatch, netrc, api, proxy, session
):
    monkeypatch.setenv('http_proxy', proxy.url)
    api.reply(body={'user': {'id': 'P1'}})
    assert session.rget('/users/P1') == {'id': 'P1'}
    assert len(proxy.seen) == 1
    assert api.last.headers.get_all('Authorization') == ['Token token=' + KEY]


def test_a_host_in_no_proxy_is_requested_directly(monkeypatch, api, proxy, session):
    monkeypatch.setenv('http_proxy', proxy.url)
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    api.reply(body={'user': {}})
    session.rget('/users/P1')
    assert proxy.seen == []


def test_the_proxies_of_the_session_are_used(api, proxy, session):
    session.proxies.update({'http': proxy.url})
    api.reply(202, {'user': {}})
    session.rget('/users/P1')
    assert len(proxy.seen) == 1


def test_events_are_sent_through_the_proxy(monkeypatch, api, proxy, events):
    monkeypatch.setenv('http_proxy', proxy.url)
    api.reply(202, {'dedup_key': 'abc'})
    assert events.trigger('Server is on fire', 'here') == 'abc'
    assert len(proxy.seen) == 1
    assert api.last.json['routing_key'] == ROUTING_KEY


def test_a_proxy_for_https_does_not_receive_the_key(monkeypatch):
    proxy = WireServer()
    proxy.rule(lambda seen: Reply(403))
    monkeypatch.setenv('https_proxy', proxy.url)
    with pdpyras.APISession(KEY) as session:
        session.max_network_attempts = 0
        with pytest.raises(PDClientError, match='GET https://api.pagerduty.com/users.*403'):
            session.get('/users')
    proxy.close()
    (seen,) = proxy.seen
    assert (seen.method, seen.target) == ('CONNECT', 'api.pagerduty.com:443')
    assert KEY not in str(seen.headers)


# requests before 2.31 sends it.
@pytest.mark.filterwarnings('ignore:Unverified HTTPS request')
def test_a_redirect_does_not_send_the_password_of_the_proxy_to_the_api(certificate):
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(1)
    received = []

    def receive(connection):
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += connection.recv(65536)
        received.append(head)

    def serve():
        """Play the proxy, and the API behind it."""
        connection, _ = listener.accept()
        receive(connection)
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        with certificate.wrap_socket(connection, server_side=True) as tunnel:
            receive(tunnel)
            tunnel.sendall(
                b'HTTP/1.1 302 Found\r\nLocation: /users/P2\r\nContent-Length: 0\r\n\r\n'
            )
            receive(tunnel)
            tunnel.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"user": {}}')

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with pdpyras.APISession(KEY, base_url='https://pd.example.test') as session:
        session.verify = False
        session.proxies = {'https': 'http://me:pw@127.0.0.1:{}'.format(listener.getsockname()[1])}
        assert session.rget('/users/P1') == {}
    thread.join(10)
    listener.close()
    assert [b'Proxy-Authorization' in head for head in received] == [True, False, False]


def test_a_redirect_from_a_proxy_to_another_origin_raises(monkeypatch, thief, session):
    proxy = WireServer()
    proxy.rule(lambda seen: Reply(302, headers={'Location': thief.url + '/users'}))
    monkeypatch.setenv('http_proxy', proxy.url)
    with pytest.raises(PDServerError, match='redirects to another origin'):
        session.get('/users')
    proxy.close()
    assert len(proxy.seen) == 1
    assert thief.seen == []


def test_the_key_takes_precedence_over_netrc_if_the_session_has_params(
    api, session, monkeypatch, tmp_path
):
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine 127.0.0.1 login a password b\n')
    monkeypatch.setenv('NETRC', str(netrc))
    session.auth = None
    session.params = {'a': '1'}
    api.reply(body={'user': {}})
    session.rget('users/P1')
    assert api.last.headers['Authorization'] == 'Token token=' + session.api_key
