"""Keys are masked in all output of a session: log lines, exceptions, their pickles, reprs."""

import contextlib
import copy
import io
import json
import logging
import pickle
import traceback
from urllib.parse import quote

import pytest
import requests
from wire import ANY_SERVER_ERROR, Hang, Hangup, Reply, WireServer

import pdpyras
from pdpyras import PDClientError, URLError

pytestmark = pytest.mark.usefixtures('no_garbage_collection')

KEY = 'the-api-key-1234'
ROUTING_KEY = 'the-routing-key-5678'
SECRETS = [KEY, ROUTING_KEY]


@pytest.fixture(params=[False, True], ids=['quiet', 'debug output on'])
def output(request, caplog, capfd, session, events, change_events):
    """A function that returns all logged and printed text; sessions print their log, or don't."""
    caplog.set_level(logging.DEBUG)
    printed = io.StringIO()
    # pytest closes its own stream for the setup, which the handlers would keep, before the test.
    with contextlib.redirect_stderr(printed):
        for each in (session, events, change_events):
            each.print_debug = request.param

    def read(logger=''):
        assert bool(printed.getvalue()) == request.param
        logged = [r.getMessage() for r in caplog.records if r.name.startswith(logger)]
        assert logged
        return '\n'.join(logged + [printed.getvalue()] + list(capfd.readouterr()))

    return read


def assert_silent_about_secrets(text):
    for secret in SECRETS:
        assert secret not in text


def all_text_of(error):
    """Return all text that a program may show of an exception, and its pickles."""
    texts = [str(error), repr(error), repr(error.args), repr(getattr(error, 'msg', ''))]
    texts += traceback.format_exception(type(error), error, error.__traceback__)
    for duplicate in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        texts += [str(duplicate), repr(duplicate)]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        texts.append(pickle.dumps(error, protocol).decode('latin-1'))
    response = getattr(error, 'response', None)
    texts += [repr(response), str(response)]
    return '\n'.join(texts)


# Faults, and the calls that fail by them

REST_CALLS = {
    'get': lambda session: session.get('/users'),
    'rget': lambda session: session.rget('/users/P1'),
    'rpost': lambda session: session.rpost('/users', json={'name': 'Jane'}),
    'rput': lambda session: session.rput('/users/P1', json={'name': 'Jane'}),
    'rdelete': lambda session: session.rdelete('/users/P1'),
    'jget': lambda session: session.jget('/users/P1'),
    'list_all': lambda session: session.list_all('/users'),
    'subdomain': lambda session: session.subdomain,
    'api_key_access': lambda session: session.api_key_access,
}
EVENTS_CALLS = {
    'trigger': lambda session: session.trigger('Server is on fire', 'here', dedup_key='abc'),
    'resolve': lambda session: session.resolve('abc'),
    'post': lambda session: session.post('/v2/enqueue', json={'event_action': 'trigger'}),
}
CHANGE_CALLS = {'submit': lambda session: session.submit('new build', source='here')}

FAULTS = [
    pytest.param(Reply(200, {'nothing': 'documented'}), id='wrapper missing'),
    pytest.param(Reply(200, b'{"user": '), id='invalid JSON'),
    pytest.param(Reply(200, b'[' * 100000), id='nested JSON'),
    pytest.param(Reply(400, {'error': {'code': 2001, 'errors': ['no']}}), id='400'),
    pytest.param(Reply(401, {'error': {'code': 2006}}), id='401'),
    pytest.param(Reply(404), id='404'),
    pytest.param(Reply(500, b'<html>', {'x-request-id': 'the-request-id'}), id='500'),
    pytest.param(
        Reply(302, headers={'Location': 'https://evil.example/'}), id='redirect elsewhere'
    ),
    pytest.param(Reply(302, headers={'Location': '/users'}), id='redirect in a circle'),
    pytest.param(Hangup(), id='hangs up'),
    pytest.param(Hangup(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{'), id='cut'),
    pytest.param(Hangup(b'garbage\r\n'), id='another protocol'),
    pytest.param(Hang(), id='hangs'),
]


def _go_wrong(calls, session, api, fault):
    """Return the exceptions that the calls raise."""
    errors = []
    for call in calls.values():
        api.reset()
        # Once more than anything is retried; and what redirects in a circle ends by itself.
        api.rule(lambda seen: fault)
        session.max_network_attempts = 1
        session.max_redirects = 2
        # Only a server that hangs may run into the timeout, however busy this machine is.
        session.timeout = 0.01 if isinstance(fault, Hang) else 30
        try:
            call(session)
        except PDClientError as error:
            errors.append(error)
    return errors


@pytest.mark.parametrize('fault', FAULTS)
def test_errors_and_log_of_a_rest_session_do_not_show_the_key(fault, api, session, output):
    errors = _go_wrong(REST_CALLS, session, api, fault)
    assert errors
    for error in errors:
        assert_silent_about_secrets(all_text_of(error))
    api.wait_for(1)
    assert KEY in api.last.headers['Authorization']
    assert_silent_about_secrets(output())


@pytest.mark.parametrize('fault', FAULTS)
def test_errors_and_log_of_an_events_session_do_not_show_the_key(
    fault, api, events, change_events, output
):
    errors = []
    for calls, session in ((EVENTS_CALLS, events), (CHANGE_CALLS, change_events)):
        session.retry = {500: 1}
        errors += _go_wrong(calls, session, api, fault)
        api.wait_for(1)
        assert api.last.json['routing_key'] == ROUTING_KEY
    assert errors
    for error in errors:
        assert_silent_about_secrets(all_text_of(error))
    assert_silent_about_secrets(output())


def test_the_error_of_a_refused_connection_does_not_show_the_key(api, session, events, output):
    api.close()
    for call in (lambda: session.rget('/users/P1'), lambda: events.resolve('abc')):
        with pytest.raises(PDClientError) as error:
            call()
        assert_silent_about_secrets(all_text_of(error.value))
    assert_silent_about_secrets(output())


def test_the_log_of_retries_and_successes_does_not_show_the_key(api, session, events, output):
    session.retry[503] = events.retry[503] = 2
    for status in (429, 503):
        api.reply(status, headers={'ratelimit-reset': '1'})
    api.reply(200, {'user': {}})
    session.rget('/users/P1')
    for status in (429, 503):
        api.reply(status, headers={'ratelimit-reset': '1'})
    api.reply(202, {'dedup_key': 'abc'})
    events.trigger('x' * 2000, 'here')
    text = output()
    assert '503' in text
    assert_silent_about_secrets(text)


# A server that echoes the key


ECHOES = [
    pytest.param(lambda secret: Reply(400, {'error': {'message': secret}}), id='in an error'),
    pytest.param(lambda secret: Reply(400, {'errors': ['bad key ' + secret]}), id='in the errors'),
    pytest.param(lambda secret: Reply(500, secret.encode()), id='in the body of a 500'),
    pytest.param(lambda secret: Reply(401, {'error': 'no such key: ' + secret}), id='in a 401'),
    pytest.param(lambda secret: Reply(200, b'<html>' + secret.encode()), id='in invalid JSON'),
    pytest.param(lambda secret: Reply(200, {secret: 1}), id='in the name of a key'),
    pytest.param(
        lambda secret: Reply(404, b'x' * 80 + secret.encode()), id='where the body is truncated'
    ),
    pytest.param(
        lambda secret: Reply(500, headers={'x-request-id': secret}), id='in the request ID'
    ),
    pytest.param(
        lambda secret: Reply(404, headers={'x-request-id': secret}), id='in that of a 404'
    ),
    pytest.param(lambda secret: Reply(500, headers={'date': secret}), id='in the date'),
    pytest.param(
        lambda secret: Reply(302, headers={'Location': 'https://evil.example/?' + secret}),
        id='in a redirect',
    ),
    pytest.param(
        lambda secret: Reply(302, headers={'Location': '/users/' + secret}),
        id='in a redirect to itself',
    ),
]


def _shown(error):
    """Return the text shown of an error, without its response, which keeps the server's text."""
    texts = [str(error), repr(error), repr(error.args)]
    return '\n'.join(texts + traceback.format_exception(type(error), error, error.__traceback__))


@pytest.mark.parametrize('echo', ECHOES)
def test_an_echoed_key_is_masked(echo, api, session, output):
    errors = _go_wrong(REST_CALLS, session, api, echo(KEY))
    assert errors
    for error in errors:
        assert_silent_about_secrets(_shown(error))
    # urllib3's own log has the target of the redirect, like any URL.
    assert_silent_about_secrets(output('pdpyras'))


@pytest.mark.parametrize('echo', ECHOES[:5])
def test_an_echoed_oauth_token_is_masked(echo, api, session, output):
    session.auth_type = 'oauth2'
    (error,) = _go_wrong({'rget': REST_CALLS['rget']}, session, api, echo(KEY))
    assert_silent_about_secrets(_shown(error))
    assert api.last.headers['Authorization'] == 'Bearer ' + KEY
    assert_silent_about_secrets(output('pdpyras'))


@pytest.mark.parametrize('echo', ECHOES)
def test_an_echoed_routing_key_is_masked(echo, api, events, change_events, output):
    errors = []
    for calls, session in ((EVENTS_CALLS, events), (CHANGE_CALLS, change_events)):
        session.retry = {}
        errors += _go_wrong(calls, session, api, echo(ROUTING_KEY))
    assert errors
    for error in errors:
        assert_silent_about_secrets(_shown(error))
    assert_silent_about_secrets(output('pdpyras'))


# PagerDuty echoes a rejected key in the body; a stored error must not contain it.
@pytest.mark.parametrize('echo', ECHOES[:5])
def test_a_pickled_error_does_not_contain_an_echoed_key(echo, api, session, events, output):
    for calls, each, secret in ((REST_CALLS, session, KEY), (EVENTS_CALLS, events, ROUTING_KEY)):
        each.retry = {}
        errors = _go_wrong(calls, each, api, echo(secret))
        assert errors
        for error in errors:
            assert_silent_about_secrets(pickle.dumps(error, 0).decode('latin-1'))
    output()


# Keys in URLs and parameters


@pytest.mark.parametrize(
    'call',
    [
        pytest.param(lambda session: session.rget('/users/' + KEY), id='in the path'),
        pytest.param(lambda session: session.rget('/users?key=' + KEY), id='in the URL'),
        pytest.param(lambda session: session.rget('/users', params={'k': KEY}), id='in params'),
        pytest.param(lambda session: session.list_all('/things/' + KEY + '/parts'), id='iterating'),
    ],
)
@pytest.mark.parametrize('answer', [Reply(404), Reply(500), Reply(401), Reply(200, b'[')])
def test_the_key_in_a_url_is_masked(call, answer, api, session, output):
    api.rule(lambda seen: answer)
    with pytest.raises(PDClientError) as error:
        call(session)
    assert_silent_about_secrets(str(error.value))
    assert_silent_about_secrets(output('pdpyras'))


@pytest.mark.parametrize(
    'url',
    [
        'https://{}@evil.example/',
        'https://user:{}@evil.example/',
        '//{}@evil.example/',
        'http://{}:x@127.0.0.1/',
    ],
)
def test_a_key_as_credentials_in_a_url_is_not_in_the_error(url, session):
    with pytest.raises(URLError) as error:
        session.get(url.format(KEY))
    assert_silent_about_secrets(str(error.value) + repr(error.value))


# Objects


def test_the_repr_of_a_session_shows_four_characters_of_the_key(session, events, change_events):
    for each in (session, events, change_events):
        assert_silent_about_secrets(repr(each) + str(each) + '{}'.format(each))
        assert each.trunc_key in repr(each)
        assert len(each.trunc_key) == 5


def test_the_constructor_with_debug_shows_no_key(monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    for session_class in (
        pdpyras.PDSession,
        pdpyras.APISession,
        pdpyras.EventsAPISession,
        pdpyras.ChangeEventsAPISession,
    ):
        with session_class(KEY, debug=True) as session:
            session.api_key = ROUTING_KEY
    printed = capfd.readouterr()
    assert_silent_about_secrets(caplog.text + printed.out + printed.err)


@pytest.mark.parametrize('key', ['short', 'abcd', 'a'])
def test_last_4_returns_at_most_five_characters(key):
    assert len(pdpyras.last_4(key)) <= 5


def test_the_response_of_an_error_keeps_its_request_except_in_a_pickle(api, session):
    """Keep the request with the key for the program itself; only output is masked."""
    api.reply(404)
    with pytest.raises(pdpyras.PDHTTPError) as error:
        session.rget('/users/P1')
    request = error.value.response.request
    assert isinstance(request, requests.PreparedRequest)
    assert request.headers['Authorization'] == 'Token token=' + KEY
    assert pickle.loads(pickle.dumps(error.value)).response.request is None


# Keys in other spellings


@pytest.mark.parametrize(
    'shape', ['{}', 'key%2bhidden%2Fsigns-1234', 'key\\u002bhidden\\u002fsigns\\u002d1234'], ids=str
)
def test_an_escaped_key_is_masked(shape, api, session, output):
    session.api_key = 'key+hidden/signs-1234'
    api.reply(400, body=shape.format(session.api_key).encode())
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('/users/P1')
    shown = str(caught.value) + pickle.dumps(caught.value, 0).decode('latin-1') + output('pdpyras')
    assert 'hidden' not in shown
    assert '*1234' in shown


@pytest.mark.parametrize(
    'authorization', ['bearer {}', 'Token token="{}"', 'Basic {}', 'TOKEN TOKEN={}'], ids=str
)
def test_a_key_in_a_header_of_the_call_is_masked(authorization, api, session, output):
    headers = {'Authorization': authorization.format('of-the-caller-42')}
    api.reply(400, body=b'You sent of-the-caller-42.')
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('/users/P1', headers=headers)
    assert 'of-the-caller' not in str(caught.value) + output('pdpyras')


def test_a_key_in_the_callers_header_that_cannot_be_sent_is_masked(session):
    with pytest.raises(pdpyras.PDClientError) as caught:
        session.get('/users', headers={'Authorization': 'Bearer of-the-caller-42\n'})
    assert 'of-the-caller' not in str(caught.value)


@pytest.mark.parametrize(
    'data', ['{"routing_key" : "' + ROUTING_KEY + '"}', 'a=b&routing_key=' + ROUTING_KEY], ids=str
)
def test_a_routing_key_sent_as_data_is_masked(data, api, events, output):
    api.reply(400, body=ROUTING_KEY.encode())
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        pdpyras.successful_response(events.post('/v2/enqueue', data=data))
    assert_silent_about_secrets(str(caught.value) + output('pdpyras'))


def test_a_short_key_is_not_replaced_in_messages(api, session, output):
    session.api_key = 'api'
    api.reply(400, body=b'The api says no.')
    with pytest.raises(pdpyras.PDHTTPError, match='The api says no.'):
        session.rget('/users/P1')
    output()


def test_a_pickled_error_does_not_contain_a_key_in_the_reason(api, session, output):
    api.hang_up(b'HTTP/1.1 400 No ' + KEY.encode() + b'\r\nContent-Length: 0\r\n\r\n')
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('/users/P1')
    assert caught.value.response.reason == 'No ' + KEY
    assert_silent_about_secrets(pickle.dumps(caught.value, 0).decode('latin-1'))
    output()


def test_the_key_in_the_url_of_a_listing_is_masked_in_a_warning(api, session, output):
    api.reply(body={'parts': []})
    with pytest.warns(UserWarning) as caught:
        session.list_all('/things/' + KEY + '/parts')
    assert_silent_about_secrets(str(caught[0].message) + output('pdpyras'))


def test_a_key_given_as_bytes_is_masked(api, session):
    api.reply(403, {'error': {'message': 'no right with secret-of-mine'}})
    with pytest.raises(pdpyras.PDHTTPError, match=r'\*mine') as caught:
        session.rget('users', headers={'Authorization': b'Token token=secret-of-mine'})
    assert 'secret-of-mine' not in str(caught.value)


def test_a_key_in_a_text_body_is_masked(api, events):
    api.reply(400, {'message': 'bad key: other-routing-key'})
    response = events.post('/v2/enqueue', data='{"routing_key": "other-routing-key"}')
    with pytest.raises(pdpyras.PDHTTPError, match=r'\*-key') as caught:
        pdpyras.successful_response(response)
    assert 'other-routing-key' not in str(caught.value)


def test_a_percent_encoded_key_is_masked(api, caplog):
    key = 'u+ab/cdefgh=='
    caplog.set_level('DEBUG')
    session = pdpyras.APISession(key, base_url=api.url)
    api.reply(ANY_SERVER_ERROR)
    with pytest.raises(pdpyras.PDServerError) as caught:
        session.rget('users', params={'key': key})
    for text in [str(caught.value)] + [r.getMessage() for r in caplog.records if 'pdp' in r.name]:
        assert 'u%2Bab' not in text
        assert key not in text


AUTHORIZATIONS = [
    'Token token={}',
    ' Token token={}',
    'token   token="{}"',
    'Bearer {}',
    'bearer\t{}',
    'Basic {}',
    '{}',
    'Custom {}',
]


@pytest.mark.parametrize('key', ['k-1234567890', 'a"b\\c-567890', 'u+HH/zz==', 'spaced out key'])
@pytest.mark.parametrize('form', AUTHORIZATIONS)
def test_a_key_is_masked_for_any_form_of_the_authorization_header(api, session, form, key, caplog):
    caplog.set_level('DEBUG')
    header = form.format(key)
    shown = [key, json.dumps(key)[1:-1], quote(key, safe='')]
    api.reply(ANY_SERVER_ERROR, {'error': {'message': ' '.join(shown), 'errors': shown}})
    with pytest.raises(PDClientError) as caught:
        session.rget('users', params={'q': key}, headers={'Authorization': header})
    texts = [''.join(traceback.format_exception(None, caught.value, caught.tb)), repr(caught.value)]
    texts += [record.getMessage() for record in caplog.records if 'pdpyras' in record.name]
    texts.append(pickle.dumps(caught.value).decode('latin-1'))
    for text in texts:
        for spelling in shown:
            assert spelling not in text


@pytest.mark.parametrize(
    'proxy',
    [
        'http://u:SECRETpw@127.0.0.1:99999',
        'http://u:SECRETpw#x@127.0.0.1:9',
        'http://u:SECRETpw@127.0.0.1:9',
        'http://u:SECRETpw@[::1:9',
        'foo://u:SECRETpw@127.0.0.1:9',
        'http://u:SECRETpw/x@127.0.0.1:9',
        'http://u:SECRETpw?x@127.0.0.1:9',
        'http://u:SECRETpw@x@127.0.0.1:9',
        'http://SECRETpw@127.0.0.1:99999',
        'socks5h://u:SECRETpw@127.0.0.1:9',
    ],
)
@pytest.mark.parametrize('where', ['session', 'call', 'environment'])
def test_the_password_of_a_proxy_is_masked(monkeypatch, proxy, where):
    with pdpyras.APISession(KEY, base_url='http://localhost:9') as session:
        session.max_network_attempts = 0
        options = {'proxies': {'http': proxy}} if where == 'call' else {}
        if where == 'session':
            session.proxies = {'http': proxy}
        if where == 'environment':
            monkeypatch.setenv('http_proxy', proxy)
            monkeypatch.setenv('no_proxy', '')
        with pytest.raises(PDClientError) as caught:
            session.get('users', **options)
    text = ''.join(traceback.format_exception(None, caught.value, caught.tb))
    # The traceback also shows the line of this test that has the URL in it, if any.
    assert 'SECRETpw' not in text
    assert 'SECRETpw' not in str(caught.value)


@pytest.mark.parametrize('size', [10, 480000])
@pytest.mark.parametrize('place', ['first', 'last'])
def test_a_routing_key_is_masked_in_a_body_of_any_size(api, events, place, size):
    fake = {'routing_key': 'not-the-key', 'filler': 'x" routing_key ' * (size // 16)}
    event = {'custom_details': fake}
    event['routing_key'] = ROUTING_KEY
    if place == 'first':
        event = {'routing_key': ROUTING_KEY, 'custom_details': fake}
    api.reply(400, {'errors': ['bad key ' + ROUTING_KEY], 'echo': event})
    response = events.post('/v2/enqueue', json=event)
    with pytest.raises(PDClientError, match=r'bad key \*5678') as caught:
        pdpyras.successful_response(response)
    assert ROUTING_KEY not in str(caught.value)
    assert ROUTING_KEY.encode() not in pickle.dumps(caught.value)


def test_a_prepared_request_whose_url_was_changed_is_rejected(api, session):
    elsewhere = WireServer()
    request = requests.Request('GET', api.url + '/users')
    prepared = session.prepare_request(request)
    prepared.url = elsewhere.url + '/users'
    with pytest.raises(URLError, match='is not under'):
        session.send(prepared)
    assert elsewhere.seen == []
    elsewhere.close()
    prepared.url = api.url + '/teams'
    api.reply()
    assert session.send(prepared).status_code == 200
    assert api.last.path == '/teams'


def test_a_routing_key_in_a_list_of_events_is_masked(api, events):
    body = json.dumps([{'routing_key': 'key-of-a-list-1234'}])
    api.reply(400, {'message': 'bad key-of-a-list-1234'})
    response = events.post('/v2/enqueue', data=body)
    with pytest.raises(PDClientError, match=r'bad \*1234'):
        pdpyras.successful_response(response)
