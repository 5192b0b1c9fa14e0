"""Environment variables: a session heeds the same ones as requests, although it caches them."""

import os
import pickle

import pytest
import requests
from wire import Reply

import pdpyras

URLS = ['https://api.pagerduty.com/users', 'http://127.0.0.1:8080/users', 'https://[::1]/users']

NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']

SETTINGS = [
    {},
    {'http_proxy': 'http://proxy.example:1'},
    {'HTTP_PROXY': 'http://proxy.example:2', 'REQUEST_METHOD': 'GET'},
    {'https_proxy': 'http://proxy.example:3'},
    {'HTTPS_PROXY': 'http://user:secret@proxy.example:4'},
    {'https_proxy': 'http://lower.example', 'HTTPS_PROXY': 'http://upper.example'},
    {'https_proxy': '', 'HTTPS_PROXY': 'http://upper.example'},
    {'Https_Proxy': 'http://proxy.example:8'},
    {'Https_Proxy': 'http://proxy.example:9'},
    {'all_proxy': 'socks5://proxy.example:5'},
    {'ALL_PROXY': 'http://proxy.example:6', 'no_proxy': 'api.pagerduty.com'},
    {'https_proxy': 'http://proxy.example:7', 'no_proxy': '*'},
    {'https_proxy': 'http://proxy.example:7', 'no_proxy': '.pagerduty.com, 127.0.0.0/8'},
    {'https_proxy': 'http://proxy.example:7', 'NO_PROXY': 'pagerduty.com:443'},
    {'https_proxy': 'http://proxy.example:7', 'no_proxy': 'example.com'},
    {'REQUESTS_CA_BUNDLE': '/etc/some-bundle.pem'},
    {'CURL_CA_BUNDLE': '/etc/another-bundle.pem'},
    {'REQUESTS_CA_BUNDLE': '', 'CURL_CA_BUNDLE': '/etc/another-bundle.pem'},
]


@pytest.fixture
def environment(monkeypatch):
    """A function that sets the given variables and removes all others of the kind."""

    def apply(variables):
        for name in list(os.environ):
            is_ours = name.lower() in NAMES or name in ('REQUEST_METHOD',)
            if is_ours or name.endswith('CA_BUNDLE'):
                monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    apply({})
    return apply


@pytest.fixture
def twins():
    """A session of this library and one of requests, to be configured alike."""
    with pdpyras.APISession('a-key-1234') as ours, requests.Session() as theirs:
        yield ours, theirs


def assert_alike(twins, url, **given):
    arguments = dict({'proxies': {}, 'stream': None, 'verify': None, 'cert': None}, **given)
    ours, theirs = [
        session.merge_environment_settings(
            url, **dict(arguments, proxies=dict(arguments['proxies'] or {}))
        )
        for session in twins
    ]
    assert ours == theirs


@pytest.mark.parametrize('url', URLS)
def test_each_change_of_the_environment_takes_effect_on_the_next_call(environment, twins, url):
    for variables in SETTINGS + SETTINGS[::-1]:
        environment(variables)
        assert_alike(twins, url)


def test_os_environ_can_be_replaced_by_a_dict(environment, twins, monkeypatch):
    """Replace it as tests do with ``mock.patch('os.environ', {…})``."""
    assert_alike(twins, URLS[0])
    variables = {'https_proxy': 'http://proxy.example:1'}
    monkeypatch.setattr(os, 'environ', variables)
    assert_alike(twins, URLS[0])
    variables['https_proxy'] = 'http://proxy.example:2'
    assert_alike(twins, URLS[0])


def test_the_password_of_a_proxy_is_not_pickled(environment, api, session):
    environment({'https_proxy': 'http://me:the-password@proxy.example'})
    session.merge_environment_settings(URLS[0], {}, None, None, None)
    assert b'the-password' not in pickle.dumps(session)


@pytest.mark.parametrize('variables', SETTINGS, ids=lambda variables: ' '.join(variables) or 'none')
def test_each_change_of_the_session_takes_effect_on_the_next_call(environment, twins, variables):
    environment(variables)
    changes = [
        ('cert', ('cert.pem', 'key.pem')),
        ('cert', None),
        ('stream', True),
        ('stream', False),
        ('trust_env', False),
        ('trust_env', True),
        ('proxies', {'https': 'http://mine.example'}),
        ('proxies', {}),
    ]
    for name, value in changes:
        for session in twins:
            setattr(session, name, value)
        for url in URLS:
            assert_alike(twins, url)


@pytest.mark.parametrize('variable', ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])
@pytest.mark.parametrize('verify', [False, '/etc/own.pem'])
def test_verify_of_the_session_takes_precedence_over_the_environment(
    environment, twins, variable, verify
):
    """Unlike in requests: https://github.com/psf/requests/issues/3829."""
    ours = twins[0]
    for variables in ({variable: '/etc/environment.pem'}, {}):
        environment(variables)
        ours.verify = verify
        settings = ours.merge_environment_settings(URLS[0], {}, None, None, None)
        assert settings['verify'] == verify
    ours.verify = True
    environment({variable: '/etc/environment.pem'})
    settings = ours.merge_environment_settings(URLS[0], {}, None, None, None)
    assert settings['verify'] == '/etc/environment.pem'
    settings = ours.merge_environment_settings(URLS[0], {}, None, '/etc/call.pem', None)
    assert settings['verify'] == '/etc/call.pem'


def test_a_replaced_merge_environment_settings_is_called_for_each_request(
    environment, api, session, monkeypatch
):
    """Replace it like a widely copied context manager that turns TLS verification off."""
    original = requests.Session.merge_environment_settings
    merged = []

    def without_verification(self, url, proxies, stream, verify, cert):
        settings = original(self, url, proxies, stream, verify, cert)
        merged.append(settings)
        return dict(settings, verify=False)

    sent = []
    send = session.get_adapter(api.url).send

    def record(request, **options):
        sent.append(options['verify'])
        return send(request, **options)

    monkeypatch.setattr(session.get_adapter(api.url), 'send', record)
    api.rule(lambda seen: Reply(body={'users': []}))
    session.rget('users')
    with monkeypatch.context() as replaced:
        replaced.setattr(requests.Session, 'merge_environment_settings', without_verification)
        session.rget('users')
        session.rget('users')
    session.rget('users')
    assert sent == [True, False, False, True]
    assert len(merged) == 2


@pytest.mark.parametrize('name', ['prepare_request', 'send', 'request'])
def test_a_wrapped_method_of_requests_is_called_for_each_request(api, session, monkeypatch, name):
    """Wrap it like instrumentation libraries do."""
    original, calls = getattr(requests.Session, name), []

    def wrapped(self, *args, **kwargs):
        calls.append(name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(requests.Session, name, wrapped)
    api.rule(lambda seen: Reply(body={'users': []}))
    session.rget('users')
    session.get('users', params={'limit': 1})
    assert calls == [name] * 2
    assert api.last.headers['Authorization'] == 'Token token=' + session.api_key


def test_proxies_of_the_session_can_be_changed_in_place(environment, twins):
    assert_alike(twins, URLS[0])
    for session in twins:
        session.proxies.update({'https': '10.42.187.3:4012'})
    assert_alike(twins, URLS[0])
    for session in twins:
        session.proxies.clear()
    assert_alike(twins, URLS[0])


def test_proxies_of_the_session_can_be_none(environment, twins):
    environment({'https_proxy': 'http://proxy.example:1'})
    for session in twins:
        session.proxies = None
    assert_alike(twins, URLS[0])


@pytest.mark.parametrize(
    'given',
    [
        {'proxies': {'https': 'http://call.example'}},
        {'proxies': {'no_proxy': 'api.pagerduty.com'}},
        {'verify': False},
        {'verify': True},
        {'verify': '/etc/call.pem'},
        {'cert': 'call.pem'},
        {'stream': True},
    ],
    ids=repr,
)
def test_settings_of_a_call_do_not_affect_the_next_call(environment, twins, given):
    environment({'https_proxy': 'http://proxy.example', 'REQUESTS_CA_BUNDLE': '/etc/b.pem'})
    for arguments in ({}, given, {}):
        assert_alike(twins, URLS[0], **arguments)


def test_changing_the_merged_settings_does_not_affect_the_next_call(environment, twins):
    ours = twins[0]
    ours.merge_environment_settings(URLS[0], {}, None, None, None)['proxies']['https'] = 'mine'
    assert_alike(twins, URLS[0])


def test_a_proxy_is_used_while_it_is_in_the_environment(environment, api, session):
    """Use the scripted server as the proxy, which receives the whole URL."""
    session.url = 'http://api.pagerduty.example'
    api.rule(lambda seen: Reply(body={'user': {'through': seen.target}}))
    environment({'http_proxy': api.url})
    with pytest.warns(UserWarning, match='plain HTTP'):
        user = session.rget('users/P1')
    assert user == {'through': 'http://api.pagerduty.example/users/P1'}
    session.url = api.url
    environment({})
    assert session.rget('users/P1') == {'through': '/users/P1'}
    environment({'http_proxy': 'http://127.0.0.1:9', 'no_proxy': '127.0.0.1'})
    assert session.rget('users/P1') == {'through': '/users/P1'}


def test_prepare_request_adds_the_headers_of_the_session(api, session):
    api.rule(lambda seen: Reply(body={}))
    request = requests.Request('GET', api.url + '/users', params={'a': 1}, headers={'X-Mine': 'x'})
    session.send(session.prepare_request(request))
    assert api.last.query == {'a': '1'}
    assert api.last.headers['X-Mine'] == 'x'
    assert api.last.headers['Authorization'] == 'Token token=' + session.api_key


@pytest.mark.parametrize('place', ['session', 'call'])
def test_a_header_set_to_none_is_not_sent(api, session, place):
    api.rule(lambda seen: Reply(body={}))
    headers = {'Accept-Encoding': None}
    if place == 'session':
        session.headers.update(headers)
    session.get('users', headers=None if place == 'session' else headers)
    assert 'gzip' not in api.last.headers.get('Accept-Encoding', '')
    assert api.last.headers['Authorization'] == 'Token token=' + session.api_key


def test_parameters_and_cookies_of_the_session_and_the_call_are_sent(api, session):
    api.rule(lambda seen: Reply(body={}))
    session.params = {'team_ids[]': 'T1'}
    session.cookies.set('mine', 'yes')
    session.get('users', params={'limit': 1}, cookies={'other': 'too'})
    assert api.last.query == {'team_ids[]': 'T1', 'limit': '1'}
    assert sorted(api.last.headers['Cookie'].split('; ')) == ['mine=yes', 'other=too']


def test_hooks_of_the_session_and_of_the_call_run(api, session):
    api.rule(lambda seen: Reply(body={}))
    ran = []
    session.hooks['response'].append(lambda response, **options: ran.append('session'))
    session.get('users')
    session.get('users', hooks={'response': lambda response, **options: ran.append('call')})
    assert ran == ['session', 'call']
