"""OAuth tokens from an Authlib server and, for failures, from a scripted one."""

import copy
import json
import logging
import pickle
import re
import traceback
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from wire import Reply

import pdpyras

pytest.importorskip('oauthlib', reason='pdpyras_extras.oauth needs oauthlib')

from pdpyras_extras.oauth import OAuthTokenClient  # noqa: E402

SECRET = 'client+secret/0123456789'
CODE = 'pdus+_code_0123456789'
ACCESS, REFRESH = 'pdus+_0XBPWQQ_access', 'pdus+_1XBPWQQ_refresh'
REDIRECT_URI = 'https://app.example.com/callback'
#: https://www.rfc-editor.org/rfc/rfc7636#appendix-B
VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
APP_SCOPE = 'as_account-eu.acme incidents.read'


def token(**more):
    return dict(
        {
            'access_token': ACCESS,
            'token_type': 'bearer',
            'expires_in': 86400,
            'scope': 'openid write',
        },
        **more,
    )


def form(seen):
    assert seen.headers['Content-Type'] == 'application/x-www-form-urlencoded'
    return {name: value for name, (value,) in parse_qs(seen.body.decode()).items()}


@pytest.fixture
def client(api):
    return OAuthTokenClient(SECRET, 'the-client', base_url=api.url)


def get_app_token(client):
    return client.get_scoped_app_token(APP_SCOPE)


def get_from_code(client):
    return client.get_new_token_from_code(CODE, 'write', REDIRECT_URI)


def get_with_pkce(client):
    return client.get_new_token_from_code_with_pkce(CODE, 'write', REDIRECT_URI, VERIFIER)


def refresh(client):
    return client.get_refreshed_token(REFRESH)


REQUESTS = [get_app_token, get_from_code, get_with_pkce, refresh]


# With Authlib


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip('authlib', reason='Authlib is the OAuth server of these tests')
    pytest.importorskip('flask')
    from authorization_server import Server

    monkeypatch.setenv('AUTHLIB_INSECURE_TRANSPORT', '1')
    server = Server()
    server.register('the-client', SECRET)
    server.register('public-client', None)
    yield server
    server.close()


def authorize(url):
    """Follow the URL like a browser whose user agrees; return the parameters of the redirect."""
    redirect = requests.get(url, allow_redirects=False, timeout=30)
    assert redirect.headers['Location'].startswith(REDIRECT_URI)
    return {
        name: value
        for name, (value,) in parse_qs(urlsplit(redirect.headers['Location']).query).items()
    }


@pytest.mark.parametrize('client_id, secret', [('the-client', SECRET), ('public-client', None)])
def test_user_token_with_pkce_is_issued_and_refreshed(server, client_id, secret):
    client = OAuthTokenClient(secret, client_id, base_url=server.url)
    scope = 'services.read incidents.read'
    verifier, challenge = client.generate_s256_pkce_params()
    redirect = authorize(
        client.get_pkce_authorize_url(scope, REDIRECT_URI, challenge, state='a state')
    )
    assert redirect['state'] == 'a state'

    first = client.get_new_token_from_code_with_pkce(
        redirect['code'], scope, REDIRECT_URI, verifier
    )
    second = client.get_refreshed_token(first['refresh_token'])

    assert server.access_tokens == [first['access_token'], second['access_token']]
    assert first['refresh_token'] != second['refresh_token']
    assert [fields.get('client_secret') for fields, _ in server.requests] == [secret, secret]
    assert [authorization for _, authorization in server.requests] == [None, None]


def test_code_and_refresh_token_are_valid_once(server):
    client = OAuthTokenClient(SECRET, 'the-client', base_url=server.url)
    verifier, challenge = client.generate_s256_pkce_params()
    code = authorize(client.get_pkce_authorize_url('read', REDIRECT_URI, challenge))['code']
    token = client.get_new_token_from_code_with_pkce(code, 'read', REDIRECT_URI, verifier)
    client.get_refreshed_token(token['refresh_token'])
    with pytest.raises(pdpyras.PDClientError, match='invalid_grant'):
        client.get_new_token_from_code_with_pkce(code, 'read', REDIRECT_URI, verifier)
    with pytest.raises(pdpyras.PDClientError, match='invalid_grant'):
        client.get_refreshed_token(token['refresh_token'])


def test_wrong_verifier_and_wrong_secret_are_errors(server):
    client = OAuthTokenClient(SECRET, 'the-client', base_url=server.url)
    _, challenge = client.generate_s256_pkce_params()
    code = authorize(client.get_pkce_authorize_url('read', REDIRECT_URI, challenge))['code']
    with pytest.raises(pdpyras.PDClientError, match='invalid_grant'):
        client.get_new_token_from_code_with_pkce(code, 'read', REDIRECT_URI, VERIFIER)
    wrong = OAuthTokenClient('wrong', 'the-client', base_url=server.url)
    with pytest.raises(pdpyras.PDClientError, match='invalid_client'):
        wrong.get_scoped_app_token(APP_SCOPE)


def test_user_token_without_pkce_is_issued(server):
    client = OAuthTokenClient(SECRET, 'the-client', base_url=server.url)
    code = authorize(client.authorize_url('write', REDIRECT_URI))['code']
    token = client.get_new_token_from_code(code, 'write', REDIRECT_URI)
    assert server.access_tokens == [token['access_token']]


def test_app_token_is_issued(server):
    client = OAuthTokenClient(SECRET, 'the-client', base_url=server.url)
    token = client.get_scoped_app_token(APP_SCOPE)
    assert server.access_tokens == [token['access_token']]
    assert 'refresh_token' not in token
    assert server.requests == [
        (
            {
                'grant_type': 'client_credentials',
                'scope': APP_SCOPE,
                'client_id': 'the-client',
                'client_secret': SECRET,
            },
            None,
        )
    ]


def test_scope_that_the_server_omits_is_an_error(server):
    client = OAuthTokenClient(SECRET, 'the-client', base_url=server.url)
    with pytest.raises(pdpyras.PDClientError) as caught:
        client.get_scoped_app_token('as_account-eu.acme incidents.read incidents.wirte')
    said = str(caught.value)
    assert 'the token lacks incidents.wirte.' in said
    assert 'Asked for: as_account-eu.acme incidents.read incidents.wirte.' in said
    assert 'Granted: openid as_account-eu.acme incidents.read.' in said


# URLs


def test_authorization_url_has_the_documented_parameters(client, api):
    url = client.get_pkce_authorize_url('a b', REDIRECT_URI + '?x=ü', CHALLENGE, state='s&t')
    assert url.startswith(api.url + '/oauth/authorize?')
    assert parse_qs(urlsplit(url).query) == {
        'client_id': ['the-client'],
        'redirect_uri': [REDIRECT_URI + '?x=ü'],
        'response_type': ['code'],
        'scope': ['a b'],
        'state': ['s&t'],
        'code_challenge': [CHALLENGE],
        'code_challenge_method': ['S256'],
    }
    assert client.authorize_url('write', REDIRECT_URI) == (
        api.url + '/oauth/authorize?client_id=the-client&redirect_uri=https%3A%2F%2Fapp.example.com'
        '%2Fcallback&response_type=code&scope=write'
    )
    assert OAuthTokenClient.get_authorize_url('id', 'write', REDIRECT_URI, state='x') == (
        'https://identity.pagerduty.com/oauth/authorize?client_id=id&redirect_uri=https%3A%2F%2F'
        'app.example.com%2Fcallback&response_type=code&scope=write&state=x'
    )
    assert api.seen == []


def test_code_challenge_is_that_of_rfc_7636():
    assert OAuthTokenClient.s256_code_challenge(VERIFIER) == CHALLENGE


def test_code_verifiers_are_random_and_well_formed(client):
    pairs = {client.generate_s256_pkce_params() for _ in range(50)}
    assert len(pairs) == 50
    for verifier, challenge in pairs:
        assert re.fullmatch(r'[A-Za-z0-9._~-]{43,128}', verifier)
        assert OAuthTokenClient.s256_code_challenge(verifier) == challenge


# Requests and tokens


def test_code_is_exchanged_with_its_verifier(client, api):
    api.reply(body=token(refresh_token=REFRESH))
    assert get_with_pkce(client)['refresh_token'] == REFRESH
    assert api.last.path == '/oauth/token'
    assert 'Authorization' not in api.last.headers
    assert form(api.last) == {
        'grant_type': 'authorization_code',
        'code': CODE,
        'redirect_uri': REDIRECT_URI,
        'code_verifier': VERIFIER,
        'client_id': 'the-client',
        'client_secret': SECRET,
    }


def test_client_without_a_secret_sends_none(api):
    public = OAuthTokenClient(None, 'the-client', base_url=api.url)
    api.reply(body=token())
    get_with_pkce(public)
    assert 'client_secret' not in form(api.last)


def test_white_space_around_the_id_and_the_secret_is_stripped(api):
    client = OAuthTokenClient(SECRET + '\n', ' the-client\r\n', base_url=api.url)
    api.reply(body=token())
    refresh(client)
    sent = form(api.last)
    assert (sent['client_id'], sent['client_secret']) == ('the-client', SECRET)


def test_white_space_around_codes_and_refresh_tokens_is_stripped(client, api):
    api.reply(body=token(), times=2)
    client.get_refreshed_token(REFRESH + '\n')
    assert form(api.last)['refresh_token'] == REFRESH
    client.get_new_token_from_code(CODE + ' ', 'write', REDIRECT_URI)
    assert form(api.last)['code'] == CODE


@pytest.mark.parametrize('request_token', [get_app_token, get_from_code])
def test_client_without_a_secret_cannot_do_without_pkce(api, request_token):
    public = OAuthTokenClient(None, 'the-client', base_url=api.url)
    with pytest.raises(ValueError, match='needs a client_secret, and this client has none'):
        request_token(public)
    assert api.seen == []


def test_netrc_is_not_used(client, api, monkeypatch, tmp_path):
    (tmp_path / 'netrc').write_text('default login somebody password else')
    monkeypatch.setenv('NETRC', str(tmp_path / 'netrc'))
    api.reply(body=token())
    refresh(client)
    assert 'Authorization' not in api.last.headers


def test_token_has_the_properties_of_the_response_and_its_expiration(client, api):
    api.reply(body=token(refresh_token=REFRESH, id_token='x.y.z', client_info='legacy'))
    before = datetime.now(timezone.utc).replace(microsecond=0)
    result = refresh(client)
    expiration = datetime.strptime(result.pop('expiration_date'), '%Y-%m-%dT%H:%M:%S%z')
    assert result == token(refresh_token=REFRESH, id_token='x.y.z', client_info='legacy')
    assert timedelta(0) <= expiration - before - timedelta(days=1) <= timedelta(minutes=5)
    assert type(result) is dict


@pytest.mark.parametrize(
    'granted',
    ['write', 'write openid', 'openid read write', ''],
    ids=['the same', 'other order', 'more', 'empty'],
)
def test_granted_scope_in_any_order_is_not_an_error(client, api, granted):
    api.reply(body=token(scope=granted))
    assert get_with_pkce(client)['access_token'] == ACCESS


@pytest.mark.parametrize('name', ['scope', 'expires_in'])
@pytest.mark.parametrize('is_null', [False, True], ids=['missing', 'null'])
def test_token_without_a_scope_or_a_lifetime_is_returned(client, api, name, is_null):
    body = token()
    del body[name]
    api.reply(body={**body, name: None} if is_null else body)
    result = get_with_pkce(client)
    assert ('expiration_date' in result) == (name == 'scope')
    result.pop('expiration_date', None)
    assert result == body


def test_lifetime_may_be_a_str(client, api):
    api.reply(body=token(expires_in='86400'))
    assert 'expiration_date' in get_with_pkce(client)


@pytest.mark.parametrize('granted', ['openid', 'read', 'writer', 'WRITE'])
def test_scope_that_is_not_granted_is_an_error(client, api, granted):
    api.reply(body=token(scope=granted))
    with pytest.raises(pdpyras.PDClientError, match='lacks write.*Granted: ' + granted):
        get_with_pkce(client)


def test_additional_form_fields_are_sent(client, api):
    api.reply(body=token(scope='a'))
    client.get_new_token(grant_type='client_credentials', scope='a', audience='x')
    assert form(api.last)['audience'] == 'x'
    with pytest.raises(ValueError, match='grant_type'):
        client.get_new_token(scope='a')


# Failures


@pytest.mark.parametrize('request_token', REQUESTS)
def test_token_request_whose_response_is_lost_is_not_retried(client, api, sleeps, request_token):
    api.hang_up()
    with pytest.raises(pdpyras.PDClientError, match='/oauth/token: network error'):
        request_token(client)
    assert len(api.seen) == 1
    assert sleeps == []


def test_read_timeout_of_a_token_request_is_not_retried(client, api, sleeps):
    from wire import Hang

    api.answer(Hang())
    client._http.timeout = 0.05
    with pytest.raises(pdpyras.PDClientError, match='network error'):
        get_with_pkce(client)
    api.wait_for(1)
    assert len(api.seen) == 1 and sleeps == []


def test_refused_connection_of_a_token_request_is_retried(sleeps):
    client = OAuthTokenClient(SECRET, 'the-client', base_url='http://127.0.0.1:1')
    with pytest.raises(pdpyras.PDClientError, match='network error'):
        refresh(client)
    assert len(sleeps) == 3


@pytest.mark.parametrize(
    'reply, said',
    [
        (
            Reply(400, {'error': 'invalid_grant', 'error_description': 'expired'}),
            'invalid_grant.*expired',
        ),
        (Reply(401, {'error': 'invalid_client'}), '401 Unauthorized: .*invalid_client'),
        (Reply(403, b'<html>'), '403 Forbidden, and the response holds no token'),
        (Reply(500, b'<html>'), '500 Internal Server Error, and the response holds no token'),
        (Reply(502, {'access_token': ACCESS, 'token_type': 'b'}), '502.*holds no token'),
        (Reply(429, {}), '429'),
        (Reply(302, headers={'Location': '/elsewhere'}), '302'),
        (Reply(200, b''), 'holds no token'),
        (Reply(200, {}), 'holds no token'),
        (Reply(200, [1]), 'not that of a token endpoint'),
        (Reply(200, b'null'), 'not that of a token endpoint'),
        (Reply(200, {'access_token': 5, 'token_type': 'b'}), 'holds no token'),
        (Reply(200, {'access_token': '', 'token_type': 'b'}), 'holds no token'),
        (Reply(200, {'access_token': 'a\nb', 'token_type': 'b'}), 'holds no token'),
        (Reply(200, {'access_token': '\xe9', 'token_type': 'b'}), 'holds no token'),
        (
            Reply(200, {'access_token': ACCESS, 'token_type': 'b', 'expires_in': 'soon'}),
            'token endpoint',
        ),
        (
            Reply(200, {'expires_in': 10**12, 'access_token': ACCESS, 'token_type': 'b'}),
            'token endpoint',
        ),
        (Reply(200, b'{"expires_in": Infinity, "access_token": "x"}'), 'token endpoint'),
        (Reply(200, {'error': 'access_denied'}), 'access_denied'),
    ],
    ids=lambda value: (
        None if isinstance(value, str) else '{} {}'.format(value.status, value.content[:20])
    ),
)
def test_response_without_a_token_is_an_error(client, api, reply, said):
    api.answer(reply)
    with pytest.raises(pdpyras.PDClientError, match=said) as caught:
        get_with_pkce(client)
    assert str(caught.value).startswith('POST {}/oauth/token: '.format(api.url))
    assert len(api.seen) == 1


def test_description_of_an_error_is_truncated_and_escaped(client, api):
    description = '\x1b[2Jforged\n' + 100_000 * 'x'
    api.reply(400, {'error': 'invalid_grant', 'error_description': description})
    with pytest.raises(pdpyras.PDClientError) as caught:
        refresh(client)
    assert r'\x1b[2Jforged\n' in str(caught.value)
    assert len(str(caught.value)) < 2000


# Secrets in logs, exceptions and copies


def echo(seen):
    fields = form(seen)
    values, body = ' '.join(fields.values()), seen.body.decode()
    lower_case = re.sub('%..', lambda found: found.group().lower(), body)
    as_json = json.dumps(values).replace('/', '\\/')
    description = 'bad: ' + ' '.join((values, body, lower_case, as_json))
    return Reply(400, {'error': 'invalid_request', 'error_description': description})


SECRETS = [SECRET, CODE, VERIFIER, ACCESS, REFRESH]
SECRETS += [requests.utils.quote(secret, safe='') for secret in SECRETS]
SECRETS += [secret.replace('%2B', '%2b').replace('%2F', '%2f') for secret in SECRETS]
SECRETS += [secret.replace('/', '\\/') for secret in SECRETS]


def shown_of(text):
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize('request_token', REQUESTS)
@pytest.mark.parametrize('outcome', ['echo', 'hang up', 'partial', 'token'])
def test_no_secret_is_in_logs_or_errors(client, api, caplog, request_token, outcome):
    caplog.set_level(logging.DEBUG)
    client._http.print_debug = True
    if outcome == 'echo':
        api.rule(echo)
    elif outcome == 'hang up':
        api.hang_up()
    elif outcome == 'partial':
        api.reply(body=token(scope='openid', refresh_token=REFRESH))
    else:
        api.reply(body=token(scope='write ' + APP_SCOPE, refresh_token=REFRESH))
    try:
        request_token(client)
        error = None
    except pdpyras.PDClientError as caught:
        error = caught
    assert (error is None) == (
        outcome == 'token' or (outcome == 'partial' and request_token is refresh)
    )
    assert caplog.records
    for record in caplog.records:
        assert not shown_of(record.getMessage()), record
    if error is not None:
        assert error.response is None and error.__context__ is None and error.__cause__ is None
        assert not shown_of(''.join(traceback.format_exception(None, error, error.__traceback__)))
        assert not shown_of(repr(error)) and not shown_of(repr(vars(error)))
        assert not shown_of(pickle.dumps(error).decode('latin-1'))


def test_client_shows_no_secret_and_is_not_pickled(client):
    assert repr(client) == "OAuthTokenClient(client_id='the-client', url={!r})".format(client.url)
    with pytest.raises(TypeError, match='An OAuthTokenClient.*cannot be pickled'):
        pickle.dumps(client)
    assert copy.copy(client) is copy.deepcopy(client) is client


def test_session_that_requests_its_tokens_can_be_copied_but_not_pickled(client, api):
    api.reply(body=token(scope=APP_SCOPE))
    session = client.session(APP_SCOPE)
    with pytest.raises(TypeError, match=r'session from its session\(\), cannot be pickled'):
        pickle.dumps(session)
    assert copy.copy(session).on_token_expired.client is client


# Sessions


@pytest.mark.parametrize(
    'scope, url',
    [
        ('as_account-us.acme incidents.read', 'https://api.pagerduty.com'),
        ('incidents.read as_account-eu.acme-2', 'https://api.eu.pagerduty.com'),
    ],
)
def test_session_is_in_the_region_of_its_scope(client, api, scope, url):
    api.reply(body=token(scope=scope))
    session = client.session(scope, default_from='jane@example.com')
    assert session.url == url
    assert session.headers['Authorization'] == 'Bearer ' + ACCESS
    assert session.default_from == 'jane@example.com'


def test_expired_token_of_a_session_is_replaced(client, api):
    api.reply(body=token(scope=APP_SCOPE))
    session = client.session(APP_SCOPE, base_url=api.url)
    api.reply(body=token(scope=APP_SCOPE, access_token='new-token'))
    assert session.on_token_expired(session) == 'new-token'
    assert form(api.last)['scope'] == APP_SCOPE


class ExpiringApi:
    """A REST API and an identity service at one URL: tokens expire after some requests."""

    def __init__(self, api, requests_per_token):
        self.requests_per_token = requests_per_token
        self.issued = 0
        self.used = {}
        api.rule(self.answer)

    def answer(self, seen):
        if seen.path == '/oauth/token':
            self.issued += 1
            return Reply(200, token(access_token='token-{}'.format(self.issued), scope=APP_SCOPE))
        current = seen.headers['Authorization']
        self.used[current] = self.used.get(current, 0) + 1
        if self.used[current] > self.requests_per_token:
            return Reply(401, {'error': {'message': 'expired', 'code': 2006}})
        offset = int(seen.query['offset'])
        users = [{'id': number} for number in range(offset, offset + 10)]
        return Reply(200, {'users': users, 'more': offset < 90, 'limit': 10, 'offset': offset})


@pytest.mark.parametrize('duplicate', [lambda session: session, copy.copy, copy.deepcopy])
@pytest.mark.parametrize('read_ahead', [0, 4])
def test_listing_continues_after_the_token_expires(client, api, duplicate, read_ahead):
    # The second token is valid for all pages that remain, and for those that are read ahead.
    server = ExpiringApi(api, requests_per_token=8)
    session = duplicate(client.session(APP_SCOPE, base_url=api.url))
    users = list(session.iter_all('users', page_size=10, read_ahead=read_ahead))
    assert [user['id'] for user in users] == list(range(100))
    assert server.issued >= 2


def test_session_whose_token_is_not_replaced_raises(client, api):
    api.reply(body=token(scope=APP_SCOPE))
    session = client.session(APP_SCOPE, base_url=api.url)
    api.reply(401)
    api.reply(401, {'error': 'invalid_client'})
    with pytest.raises(
        pdpyras.PDClientError, match='/oauth/token: 401 Unauthorized: .*invalid_client'
    ):
        session.rget('users/PJANE')


@pytest.mark.parametrize(
    'scope',
    [
        'incidents.read',
        'as_account-us',
        'as_account-us.',
        'as_account-us incidents.read',
        'as_account-de.acme',
        'as_account-us.acme as_account-eu.acme',
        'as_account-us.ac_me',
        'xas_account-us.acme',
        '',
        None,
        ['as_account-us.acme'],
    ],
)
def test_scope_of_an_app_token_must_name_one_account(client, api, scope):
    for request in (client.session, client.get_scoped_app_token):
        with pytest.raises(ValueError, match='scope must'):
            request(scope)
    assert api.seen == []


def in_hours(hours):
    return datetime.now(timezone.utc) + timedelta(hours=hours)


@pytest.mark.parametrize(
    'expiration',
    [in_hours(2), in_hours(2).strftime('%Y-%m-%dT%H:%M:%S+0000'), '2999-01-01T00:00:00Z'],
    ids=['datetime', 'str', 'Z'],
)
def test_token_that_is_valid_for_long_enough_is_used(client, api, expiration):
    session, new = client.refresh_client(ACCESS, REFRESH, expiration, api.url)
    assert new is None
    assert api.seen == []
    assert session.headers['Authorization'] == 'Bearer ' + ACCESS
    assert session.url == api.url


@pytest.mark.parametrize(
    'expiration',
    [in_hours(0.5), in_hours(-1), '2020-01-01T00:00:00+0000'],
    ids=['soon', 'an hour ago', 'years ago'],
)
def test_token_that_is_about_to_expire_is_refreshed(client, api, expiration):
    api.reply(body=token(access_token='new-token', refresh_token='new-refresh-token'))
    session, new = client.refresh_client(
        ACCESS, REFRESH, expiration, default_from='jane@example.com'
    )
    assert new['refresh_token'] == 'new-refresh-token'
    assert session.headers['Authorization'] == 'Bearer new-token'
    assert session.url == 'https://api.pagerduty.com'
    assert session.default_from == 'jane@example.com'


def test_early_refresh_buffer_is_less_than_the_life_of_a_scoped_token(client, api):
    assert 0 < client.early_refresh_buffer < 86400
    client.early_refresh_buffer = 0
    assert client.refresh_client(ACCESS, REFRESH, in_hours(0.5))[1] is None


@pytest.mark.parametrize(
    'date', ['tomorrow', '2026-12-07', '', None, 1.5e9, datetime(2999, 1, 1)], ids=repr
)
def test_bad_expiration_date_is_an_error(client, api, date):
    with pytest.raises(ValueError, match='expiration_date must'):
        client.refresh_client(ACCESS, REFRESH, date)
    assert api.seen == []


# Bad input


@pytest.mark.parametrize(
    'arguments, options, said',
    [
        (('', 'id'), {}, 'client_secret must be.*Pass None'),
        ((5, 'id'), {}, 'client_secret'),
        ((SECRET, ''), {}, 'client_id'),
        ((SECRET, None), {}, 'client_id'),
        ((SECRET, 'id'), {'base_url': 'http://identity.example.com'}, 'must begin with https://'),
        ((SECRET, 'id'), {'base_url': 'identity.pagerduty.com'}, 'must begin with https://'),
    ],
)
def test_bad_client_is_an_error(arguments, options, said):
    with pytest.raises(ValueError, match=said) as caught:
        OAuthTokenClient(*arguments, **options)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    'verifier', [VERIFIER[:-1], 129 * 'a', VERIFIER + '+', VERIFIER + '\n', '', None]
)
def test_bad_verifier_is_an_error_that_does_not_show_it(client, api, verifier):
    with pytest.raises(ValueError, match='code_verifier must have 43 to 128') as caught:
        client.get_new_token_from_code_with_pkce(CODE, 'write', REDIRECT_URI, verifier)
    assert not verifier or verifier not in str(caught.value)
    assert api.seen == []


@pytest.mark.parametrize(
    'call, said',
    [
        (lambda client: client.get_new_token_from_code('', 'write', REDIRECT_URI), 'auth_code'),
        (lambda client: client.get_new_token_from_code(None, 'write', REDIRECT_URI), 'auth_code'),
        (lambda client: client.get_new_token_from_code(CODE, '', REDIRECT_URI), 'scope'),
        (lambda client: client.get_new_token_from_code(CODE, 'write', ''), 'redirect_uri'),
        (lambda client: client.get_refreshed_token(''), 'refresh_token'),
        (lambda client: client.get_refreshed_token(None), 'refresh_token'),
        (lambda client: client.authorize_url('', REDIRECT_URI), 'scope'),
        (lambda client: client.authorize_url('write', None), 'redirect_uri'),
        (lambda client: client.authorize_url('write', REDIRECT_URI, state=''), 'state'),
        (lambda client: client.get_pkce_authorize_url('write', REDIRECT_URI, ''), 'code_challenge'),
    ],
)
def test_missing_argument_is_an_error(client, api, call, said):
    with pytest.raises(ValueError, match=said + ' must be a str that is not empty'):
        call(client)
    assert api.seen == []
