"""Sessions: construction, attributes, headers, bodies, parameters, copies and counters."""

import copy
import gc
import io
import json
import logging
import os
import pickle
import socket
import sys
import threading
import weakref
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
import requests
from wire import Hang, Reply

import pdpyras

KEY = 'the-api-key-1234'
SESSION_CLASSES = [
    pdpyras.PDSession,
    pdpyras.APISession,
    pdpyras.EventsAPISession,
    pdpyras.ChangeEventsAPISession,
]
each_class = pytest.mark.parametrize('session_class', SESSION_CLASSES, ids=lambda c: c.__name__)


# Construction


@each_class
def test_a_session_is_a_requests_session_and_a_context_manager(session_class):
    with session_class(KEY) as session:
        assert isinstance(session, pdpyras.PDSession)
        assert isinstance(session, requests.Session)
        assert session.api_key == KEY


@each_class
def test_every_session_has_the_documented_defaults(session_class):
    session = session_class(KEY)
    assert session.timeout == pdpyras.TIMEOUT == 60
    assert session.max_http_attempts == 10
    assert session.max_network_attempts == 3
    assert session.sleep_timer == 1.5
    assert session.sleep_timer_base == 2
    assert session.stagger_cooldown == 0
    assert session.print_debug is False
    assert session.retry_unsafe_methods is True
    assert session.trunc_key == '*1234'


def test_a_rest_session_has_the_documented_defaults():
    session = pdpyras.APISession(KEY)
    assert session.url == 'https://api.pagerduty.com'
    assert session.retry == {}
    assert session.default_from is None
    assert session.auth_type == 'token'
    assert session.default_page_size == 100
    assert session.api_call_counts == {}
    assert session.api_time == {}
    assert (session.total_call_count, session.total_call_time) == (0, 0)
    assert session.trunc_token == session.trunc_key


@pytest.mark.parametrize('session_class', SESSION_CLASSES[2:], ids=lambda c: c.__name__)
def test_an_events_session_retries_server_errors_by_default(session_class):
    session = session_class(KEY)
    assert session.url == 'https://events.pagerduty.com'
    assert session.retry == {500: 2, 502: 4, 503: 6, 504: 6}


@each_class
def test_base_url_sets_the_url_of_a_session(session_class):
    session = session_class(KEY, base_url='https://api.eu.pagerduty.com/')
    assert session.normalize_url('users') == 'https://api.eu.pagerduty.com/users'


@each_class
@pytest.mark.parametrize('key', ['', ' ', '\n', None, 5, b'key', ['key']], ids=repr)
def test_an_empty_or_non_str_key_is_rejected(session_class, key):
    with pytest.raises(ValueError, match='key'):
        session_class(key)


@pytest.mark.parametrize(
    'key',
    ['key\r\nX-Evil: 1', 'key\tkey', 'key\x00', 'key\x7f', 'key\x85key', 'key\nkey'],
    ids=['header injection', 'tab', 'NUL', 'DEL', 'C1', 'line break'],
)
@each_class
def test_a_key_with_a_control_character_is_rejected_without_being_shown(session_class, key):
    with pytest.raises(ValueError, match='control character') as refusal:
        session_class(key)
    assert key not in str(refusal.value)


@pytest.mark.parametrize('key', ['randomly generated key', 'sch\xfcssel', 'a"b\\c', '!'], ids=repr)
def test_any_other_key_is_sent_unchanged(api, key):
    api.reply(body={'user': {}})
    with pdpyras.APISession(key, base_url=api.url) as session:
        session.rget('users/P1')
    assert api.last.headers['Authorization'] == 'Token token=' + key


def test_a_key_that_cannot_be_sent_is_an_error_before_anything_is_sent(api, sleeps):
    session = pdpyras.APISession('ключ-1234', base_url=api.url)
    with pytest.raises(pdpyras.PDClientError, match='header Authorization') as caught:
        session.rget('users/P1')
    assert (api.seen, sleeps) == ([], [])
    assert 'ключ' not in str(caught.value)


def test_a_routing_key_may_have_non_ascii_characters(api):
    api.reply(202, {'dedup_key': 'k'})
    with pdpyras.EventsAPISession('ключ 1234', base_url=api.url) as events:
        events.trigger('s', 'x')
    assert api.last.json['routing_key'] == 'ключ 1234'


def test_a_rejected_key_leaves_the_old_one_in_place(api, session):
    api.reply()
    with pytest.raises(ValueError, match='The API key must be a non-empty str'):
        session.api_key = ''
    session.get('/users')
    assert api.last.headers['Authorization'] == 'Token token=' + KEY


# 5.4.1 retries for 21 seconds with a key read from a file.
def test_white_space_around_the_key_is_stripped(api, sleeps):
    api.reply()
    with pdpyras.APISession('  {}\n'.format(KEY), base_url=api.url) as session:
        session.get('/users')
    assert api.last.headers['Authorization'] == 'Token token=' + KEY
    assert sleeps == []


def test_after_set_api_key_can_use_the_whole_session(api):
    class Watching(pdpyras.APISession):
        keys = ()

        def after_set_api_key(self):
            self.log.debug('key set')
            self.keys += (self.trunc_key, self.url, self.timeout, dict(self.retry))

    session = Watching(KEY, base_url=api.url)
    assert session.keys == ('*1234', api.url, 60, {})
    session.api_key = 'another-key-5678'
    assert session.keys[4] == '*5678'


def test_the_constructor_sends_no_request(api):
    pdpyras.APISession(KEY, base_url=api.url, debug=False)
    assert api.seen == []


def test_retry_of_a_class_is_copied_to_each_instance(api, sleeps):
    class Patient(pdpyras.APISession):
        retry = {404: 2}

    session = Patient(KEY, base_url=api.url)
    api.reply(404, times=2)
    api.reply(body={})
    assert session.get('/users/P1').ok
    assert sleeps == [3, 6]
    session.retry[500] = 1
    assert Patient.retry == {404: 2}
    assert Patient(KEY).retry == {404: 2}
    assert pdpyras.PDSession.retry == {}


# Headers


def test_a_rest_session_sends_the_documented_headers(api, session):
    api.reply()
    session.get('/users')
    sent = api.last.headers
    assert sent['Accept'] == 'application/vnd.pagerduty+json;version=2'
    assert sent['Authorization'] == 'Token token=' + KEY
    assert sent['User-Agent'] == 'pdpyras/{} python-requests/{} Python/{}.{}'.format(
        pdpyras.__version__, requests.__version__, *sys.version_info[:2]
    )
    assert sent['From'] is None
    assert sent['Content-Type'] is None


def test_an_events_session_sends_no_authorization(api, events):
    api.reply(202, {'dedup_key': 'abc'})
    events.trigger('Server is on fire', 'dusty.old.server.net')
    sent = api.last.headers
    assert sent['Authorization'] is None
    assert sent['Content-Type'] == 'application/json'
    assert sent['User-Agent'].startswith('pdpyras/')


@pytest.mark.parametrize(
    'auth_type, sent',
    [('token', 'Token token=' + KEY), ('bearer', 'Bearer ' + KEY), ('oauth2', 'Bearer ' + KEY)],
)
def test_auth_type_determines_the_authorization_header(auth_type, sent, api):
    api.reply()
    with pdpyras.APISession(KEY, auth_type=auth_type, base_url=api.url) as session:
        session.get('/users')
    assert api.last.headers['Authorization'] == sent


def test_setting_auth_type_changes_the_authorization_header(api, session):
    api.reply(times=2)
    session.auth_type = 'oauth2'
    session.get('/users')
    session.auth_type = 'token'
    session.get('/users')
    assert [seen.headers['Authorization'] for seen in api.seen] == [
        'Bearer ' + KEY,
        'Token token=' + KEY,
    ]


def test_setting_api_key_changes_the_authorization_header(api, session):
    api.reply()
    session.api_key = 'another-key-5678'
    session.get('/users')
    assert api.last.headers['Authorization'] == 'Token token=another-key-5678'
    assert session.trunc_key == '*5678'


@pytest.mark.parametrize('auth_type', ['basic', '', None, 'Token'], ids=repr)
def test_an_unknown_auth_type_is_an_attribute_error(auth_type, session):
    with pytest.raises(AttributeError, match='oauth2'):
        pdpyras.APISession(KEY, auth_type=auth_type)
    with pytest.raises(AttributeError, match='oauth2'):
        session.auth_type = auth_type
    assert session.auth_type == 'token'


def test_from_is_sent_while_default_from_is_set(api, session):
    api.reply(times=3)
    session.get('/incidents')
    session.default_from = 'jane@example.com'
    session.get('/incidents')
    session.default_from = None
    session.get('/incidents')
    assert [seen.headers['From'] for seen in api.seen] == [None, 'jane@example.com', None]


def test_default_from_can_be_passed_to_the_constructor(api):
    api.reply()
    with pdpyras.APISession(KEY, 'jane@example.com', base_url=api.url) as session:
        session.get('/incidents')
    assert api.last.headers['From'] == 'jane@example.com'


@pytest.mark.parametrize(
    'name, value',
    [
        ('authorization', 'Bearer of-the-caller'),
        ('ACCEPT', 'text/csv'),
        ('from', 'bob@example.com'),
        ('user-agent', 'mine/1.0'),
        ('content-type', 'application/merge-patch+json'),
        ('X-EARLY-ACCESS', 'status-dashboards'),
    ],
)
def test_a_header_of_the_call_takes_precedence_in_any_case(name, value, api, session):
    api.reply()
    session.default_from = 'jane@example.com'
    session.post('/incidents', json={}, headers={name: value})
    assert api.last.headers.get_all(name) == [value]


def test_headers_of_a_call_are_not_sent_with_the_next(api, session):
    api.reply(times=2)
    given = {'X-Once': '1'}
    session.get('/users', headers=given)
    session.get('/users', headers=None)
    assert [seen.headers['X-Once'] for seen in api.seen] == ['1', None]
    assert given == {'X-Once': '1'}


def test_the_headers_of_the_session_are_sent_with_every_call(api, session):
    api.reply(times=2)
    session.headers['X-Mine'] = '1'
    session.get('/users')
    session.get('/teams')
    assert [seen.headers['X-Mine'] for seen in api.seen] == ['1', '1']


def test_a_user_agent_in_session_headers_is_prepended(api, session):
    api.reply(times=2)
    session.get('/users')
    session.headers['User-Agent'] = 'our-bot/1.0'
    session.get('/users')
    ours = api.seen[0].headers['User-Agent']
    assert api.last.headers.get_all('User-Agent') == ['our-bot/1.0 ' + ours]


def test_a_subclass_can_replace_user_agent(api):
    class Named(pdpyras.APISession):
        user_agent = 'named/1.0'

    api.reply()
    Named(KEY, base_url=api.url).get('/users')
    assert api.last.headers['User-Agent'] == 'named/1.0'


# Bodies


@pytest.mark.parametrize('method', ['post', 'put', 'patch'])
@pytest.mark.parametrize(
    'body',
    [
        pytest.param({}, id='none'),
        pytest.param({'json': {'user': {}}}, id='json'),
        pytest.param({'data': json.dumps({'user': {}})}, id='a str'),
        pytest.param({'data': json.dumps({'user': {}}).encode()}, id='bytes'),
        pytest.param({'data': io.BytesIO(b'{}')}, id='a file'),
    ],
)
def test_post_put_and_patch_have_the_content_type_json(method, body, api, session):
    api.reply()
    getattr(session, method)('/users/P1', **body)
    assert api.last.headers.get_all('Content-Type') == ['application/json']


@pytest.mark.parametrize('method', ['get', 'delete'])
def test_requests_without_a_body_have_no_content_type(method, api, session):
    api.reply()
    getattr(session, method)('/users/P1')
    assert api.last.headers['Content-Type'] is None


@pytest.mark.parametrize(
    'body, content_type',
    [
        pytest.param({'files': {'logo': b'PNG'}}, 'multipart/form-data; boundary=', id='files'),
        pytest.param(
            {'files': [('logo', ('logo.png', io.BytesIO(b'PNG')))], 'data': {'name': 'x'}},
            'multipart/form-data; boundary=',
            id='files and fields',
        ),
        pytest.param({'data': {'name': 'x'}}, 'application/x-www-form-urlencoded', id='fields'),
        pytest.param({'data': [('name', 'x')]}, 'application/x-www-form-urlencoded', id='pairs'),
    ],
)
def test_forms_and_files_have_the_content_type_of_requests(body, content_type, api, session):
    api.reply()
    session.post('/uploads', **body)
    (sent,) = api.last.headers.get_all('Content-Type')
    assert sent.startswith(content_type)
    assert b'PNG' in api.last.body or b'name=x' in api.last.body


def test_a_content_type_of_the_call_takes_precedence_for_a_form(api, session):
    api.reply()
    session.post('/x', data={'a': 1}, headers={'content-type': 'text/x-mine'})
    assert api.last.headers.get_all('Content-Type') == ['text/x-mine']


# 5.4.1 makes a deep copy of every argument.
@pytest.mark.parametrize(
    'options',
    [
        pytest.param(lambda file: {'data': file}, id='an open file'),
        pytest.param(lambda file: {'data': iter([b'file', b' content'])}, id='a generator'),
        pytest.param(lambda file: {'data': b'file content', 'hooks': _locked()}, id='a lock'),
        pytest.param(lambda file: {'files': {'f': file}}, id='a file among files'),
    ],
)
def test_arguments_that_cannot_be_copied_are_sent(options, tmp_path, api, session):
    path = tmp_path / 'body'
    path.write_bytes(b'file content')
    api.reply()
    with path.open('rb') as file:
        session.post('/uploads', **options(file))
    assert b'file content' in api.last.body


class Locked:
    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, response, **kwargs):
        with self.lock:
            return response


def _locked():
    return {'response': Locked()}


def test_arguments_of_the_caller_are_not_changed(api, session, events):
    api.rule(lambda seen: Reply(200, {'user': {}, 'dedup_key': 'abc', 'users': [], 'more': False}))
    user = {'name': 'Jane', 'teams': [{'id': 'T1'}]}
    params = {'include': ['teams'], 'when': datetime(2024, 1, 2), 'flag': True}
    headers = {'X-Once': '1'}
    event = {'event_action': 'trigger', 'payload': {'summary': 'x' * 2000}}
    given = [user, params, headers, event]
    before = copy.deepcopy(given)
    session.rpost('/users', json=user, params=params, headers=headers)
    session.list_all('/users', params=params)
    session.find('/users', 'Jane', params=params)
    events.post('/v2/enqueue', json=event, headers=headers)
    events.trigger('x' * 2000, 'here', payload={'custom_details': user}, custom_details=user)
    assert given == before


# Parameters


@pytest.mark.parametrize(
    'params, sent',
    [
        pytest.param({'query': 'Dan', 'limit': 1}, [('query', 'Dan'), ('limit', '1')], id='plain'),
        pytest.param({'ids': ['a', 'b']}, [('ids[]', 'a'), ('ids[]', 'b')], id='list'),
        pytest.param({'ids': ('a', 'b')}, [('ids[]', 'a'), ('ids[]', 'b')], id='tuple'),
        pytest.param({'ids': {'a'}}, [('ids[]', 'a')], id='set'),
        pytest.param({'ids': frozenset(['a'])}, [('ids[]', 'a')], id='frozen set'),
        pytest.param({'ids[]': ['a']}, [('ids[]', 'a')], id='brackets only once'),
        pytest.param({'ids': []}, [], id='empty list'),
        pytest.param({'on': True, 'off': False}, [('on', 'true'), ('off', 'false')], id='bools'),
        pytest.param({'flags': [True]}, [('flags[]', 'true')], id='bool in a list'),
        pytest.param(
            {'since': datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)},
            [('since', '2024-01-02T03:04:05Z')],
            id='datetime',
        ),
        pytest.param(
            {'since': datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=-5)))},
            [('since', '2024-01-02T05:00:00Z')],
            id='datetime west of UTC',
        ),
        pytest.param({'since': date(2024, 1, 2)}, [('since', '2024-01-02')], id='date'),
        pytest.param(
            {'dates': [date(2024, 1, 2)]}, [('dates[]', '2024-01-02')], id='date in a list'
        ),
        pytest.param({'query': None}, [], id='None is left out'),
        pytest.param({'query': ''}, [('query', '')], id='empty str'),
        pytest.param(
            [('query', 'Dan'), ('ids', ['a', 'b'])],
            [('query', 'Dan'), ('ids[]', 'a'), ('ids[]', 'b')],
            id='pairs',
        ),
        pytest.param(
            [('ids[]', 'a'), ('ids[]', 'b')], [('ids[]', 'a'), ('ids[]', 'b')], id='repeated pairs'
        ),
        pytest.param((('on', True),), [('on', 'true')], id='tuple of pairs'),
        pytest.param('query=Dan&limit=1', [('query', 'Dan'), ('limit', '1')], id='str'),
        pytest.param(b'query=Dan', [('query', 'Dan')], id='bytes'),
        pytest.param({}, [], id='empty dict'),
        pytest.param(None, [], id='None'),
    ],
)
def test_parameters_are_normalized_for_the_api(params, sent, api, session):
    api.reply()
    session.get('/users', params=params)
    assert api.last.params == sent


# Methods


@pytest.mark.parametrize('method', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
@pytest.mark.parametrize('spell', [str.upper, str.lower], ids=['upper case', 'lower case'])
def test_the_methods_of_the_rest_api_are_sent(method, spell, api, session):
    api.reply()
    assert session.request(spell(method), '/users').ok
    assert api.last.method == method


def test_rpatch_and_jpatch_send_a_patch(api, session):
    api.reply(body={'user': {'name': 'Jane'}}, times=2)
    assert session.rpatch('/users/P1', json={'name': 'Jane'}) == {'name': 'Jane'}
    assert session.jpatch('/users/P1', json={}) == {'user': {'name': 'Jane'}}
    assert [seen.method for seen in api.seen] == ['PATCH', 'PATCH']
    assert api.seen[0].json == {'user': {'name': 'Jane'}}


@pytest.mark.parametrize('method', ['HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'BREW', ''])
def test_an_unsupported_method_is_rejected_before_anything_is_sent(method, api, session):
    with pytest.raises(pdpyras.PDClientError, match='GET, POST, PUT, PATCH, DELETE') as refusal:
        session.request(method, '/users')
    assert refusal.value.response is None
    assert api.seen == []


@pytest.mark.parametrize('method', ['get', 'put', 'patch', 'delete', 'head', 'options'])
@pytest.mark.parametrize('fixture', ['events', 'change_events'])
def test_events_sessions_only_support_post(method, fixture, request, api):
    session = request.getfixturevalue(fixture)
    with pytest.raises(pdpyras.PDClientError, match='POST'):
        getattr(session, method)('/v2/enqueue')
    assert api.seen == []


def test_a_subclass_can_permit_other_methods(api):
    class Curious(pdpyras.APISession):
        permitted_methods = ('HEAD',)

    api.reply()
    session = Curious(KEY, base_url=api.url)
    session.head('/users')
    assert api.last.method == 'HEAD'
    with pytest.raises(pdpyras.PDClientError, match='GET.*HEAD'):
        session.get('/users')


# Timeouts


def _gives_up_waiting(session, **options):
    """Return whether a request to a server that hangs ends by its timeout."""
    session.max_network_attempts = 0
    with pytest.raises(pdpyras.PDClientError) as error:
        session.get('/users', **options)
    return isinstance(error.value.__cause__, requests.exceptions.ReadTimeout)


def test_the_timeout_of_a_call_takes_precedence(api, session):
    api.answer(Hang())
    session.timeout = 60
    assert _gives_up_waiting(session, timeout=0.05)


def test_the_timeout_of_the_session_is_the_default_of_each_call(api, session):
    api.answer(Hang())
    session.timeout = 0.05
    assert _gives_up_waiting(session)


def test_the_timeout_of_the_module_is_read_when_a_session_is_made(monkeypatch, api):
    before = pdpyras.APISession(KEY)
    monkeypatch.setattr(pdpyras, 'TIMEOUT', 0.05)
    api.answer(Hang())
    session = pdpyras.APISession(KEY, base_url=api.url)
    assert session.timeout == 0.05
    assert _gives_up_waiting(session)
    assert before.timeout == 60


def test_a_timeout_can_be_a_pair_or_none(api, session):
    api.reply(times=2)
    assert session.get('/users', timeout=(1, 5)).ok
    assert session.get('/users', timeout=None).ok


# Cookies


def test_a_cookie_of_the_server_is_neither_stored_nor_sent(api, session):
    api.reply(headers={'Set-Cookie': 'session=thief; Path=/'}, times=2)
    session.get('/users')
    session.get('/users')
    assert len(session.cookies) == 0
    assert api.last.headers['Cookie'] is None


def test_a_copy_of_a_session_stores_no_cookies(api, session):
    api.reply(headers={'Set-Cookie': 'session=thief; Path=/'}, times=2)
    twin = pickle.loads(pickle.dumps(session))
    twin.get('/users')
    twin.get('/users')
    assert api.last.headers['Cookie'] is None


# Pickling and copying


def _pickled(thing):
    return pickle.loads(pickle.dumps(thing))


each_copy = pytest.mark.parametrize(
    'duplicate', [_pickled, copy.copy, copy.deepcopy], ids=['pickled', 'copied', 'deep-copied']
)


@each_copy
def test_a_copy_of_a_session_works_like_the_original(duplicate, api, session):
    session.default_from = 'jane@example.com'
    session.auth_type = 'oauth2'
    session.retry[404] = 1
    session.timeout = 5
    session.headers['X-Mine'] = '1'
    twin = duplicate(session)
    api.reply(404)
    api.reply(body={'user': {'id': 'P1'}})
    assert twin.rget('/users/P1') == {'id': 'P1'}
    sent = api.last.headers
    assert sent['Authorization'] == 'Bearer ' + KEY
    assert (sent['From'], sent['X-Mine']) == ('jane@example.com', '1')
    assert (twin.timeout, twin.url, twin.trunc_key) == (5, api.url, '*1234')


def test_a_copy_keeps_an_assigned_log_and_parent(session):
    session.log = logging.getLogger('mine')
    session.parent = object()
    twin = copy.copy(session)
    assert (twin.log, twin.parent) == (session.log, session.parent)
    del session.parent
    assert copy.copy(session).parent is not twin.parent


@each_copy
def test_changing_a_copy_does_not_change_the_original(duplicate, api, session):
    twin = duplicate(session)
    twin.api_key = 'another-key-5678'
    twin.retry[500] = 1
    twin.headers['X-Mine'] = '1'
    api.reply(times=2)
    twin.get('/users')
    session.get('/users')
    assert [seen.headers['Authorization'] for seen in api.seen] == [
        'Token token=another-key-5678',
        'Token token=' + KEY,
    ]
    assert api.last.headers['X-Mine'] is None
    assert session.retry == {}
    assert session.total_call_count == twin.total_call_count == 1
    assert twin.log is not session.log


@each_copy
def test_a_copy_starts_with_the_counters_of_the_original(duplicate, api, session):
    api.reply(times=3)
    session.get('/users')
    twin = duplicate(session)
    twin.get('/users')
    assert twin.api_call_counts == {'GET /users': 2}
    assert session.api_call_counts == {'GET /users': 1}


@each_copy
def test_a_copy_of_a_subclass_keeps_its_attributes(duplicate, api):
    session = Tagged(KEY, base_url=api.url)
    session.user = {'id': 'P1'}
    twin = duplicate(session)
    assert isinstance(twin, Tagged)
    assert twin.user == {'id': 'P1'}


class Tagged(pdpyras.APISession):
    pass


@each_copy
@pytest.mark.parametrize('fixture', ['events', 'change_events'])
def test_events_sessions_can_be_copied(fixture, duplicate, request, api):
    twin = duplicate(request.getfixturevalue(fixture))
    api.reply(202, {})
    twin.post('/v2/enqueue', json={})
    assert api.last.json == {'routing_key': 'the-routing-key-5678'}


@each_copy
def test_a_copy_of_an_error_keeps_its_attributes(duplicate, api, session):
    problem = {'error': {'code': 2001, 'message': 'Invalid', 'errors': ['Name is too short']}}
    api.reply(400, problem, {'x-request-id': 'the-request-id'})
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('/users/P1')
    error = duplicate(caught.value)
    assert type(error) is pdpyras.PDHTTPError
    assert str(error) == error.msg == str(caught.value)
    assert (error.status_code, error.code, error.errors, error.request_id) == (
        400,
        2001,
        ['Name is too short'],
        'the-request-id',
    )
    assert error.response
    assert error.response.json() == problem
    assert isinstance(error.response, requests.Response)


@each_copy
@pytest.mark.parametrize(
    'error',
    [pdpyras.PDClientError('no answer'), pdpyras.URLError('elsewhere')],
    ids=lambda error: type(error).__name__,
)
def test_errors_without_a_response_can_be_copied(duplicate, error):
    assert str(duplicate(error)) == str(error)
    assert getattr(duplicate(error), 'response', None) is None


# Memory and connections


def test_a_dropped_session_is_freed_at_once_with_its_sockets(api):
    api.rule(lambda seen: Reply(200, {'user': {}}))
    gc.disable()
    try:
        dropped = []
        for _ in range(20):
            session = pdpyras.APISession(KEY, base_url=api.url)
            session.rget('/users/P1')
            dropped.append(weakref.ref(session))
            del session
        assert [ref() for ref in dropped] == [None] * 20
        assert _connections_to(api.port) == 0
    finally:
        gc.enable()


def test_a_dropped_session_whose_parent_was_replaced_is_freed_at_once(api):
    gc.disable()
    try:
        session = pdpyras.APISession(KEY, base_url=api.url)
        parent = session.parent
        assert callable(parent.request)
        del parent
        session.parent = None
        del session.parent
        ref = weakref.ref(session)
        del session
        assert ref() is None
    finally:
        gc.enable()


def _connections_to(port):
    """Return the number of open sockets of this process that are connected to a port."""
    count = 0
    for descriptor in os.listdir('/dev/fd'):
        try:
            with socket.socket(fileno=os.dup(int(descriptor))) as connection:
                count += connection.getpeername()[1] == port
        except OSError:
            continue
    return count


@pytest.mark.skipif(not os.path.isdir('/dev/fd'), reason='needs /dev/fd to count descriptors')
def test_the_connection_is_kept_between_calls(api, session):
    api.reply(times=3)
    for _ in range(3):
        session.get('/users')
    assert _connections_to(api.port) == 1


# In 5.4.1, the logging module keeps sessions alive.
def test_no_logger_outlives_its_session():
    before = len(logging.Logger.manager.loggerDict)
    for _ in range(5):
        pdpyras.APISession(KEY)
    assert len(logging.Logger.manager.loggerDict) == before


# Counters


@pytest.mark.parametrize(
    'url, key',
    [
        pytest.param('/users', 'GET /users', id='collection'),
        pytest.param('/users/PABC123', 'GET /users/{id}', id='resource'),
        pytest.param('users/PABC123?include[]=teams', 'GET /users/{id}', id='query'),
        pytest.param('/users/me', 'GET /users/me', id='literal'),
        pytest.param('/nosuch/things?x=1', 'GET /nosuch/things', id='unlisted'),
        pytest.param('/nosuch/PABC123/parts', 'GET /nosuch/{id}/parts', id='unlisted with ID'),
        pytest.param(
            '/nosuch/0f2c6b1e-5a9d-4c11-9c7e-3d4d0f7a8b90',
            'GET /nosuch/{id}',
            id='unlisted with UUID',
        ),
    ],
)
def test_calls_are_counted_by_the_pattern_of_their_path(url, key, api, session):
    api.reply(times=2)
    session.get(url)
    session.get(url)
    assert session.api_call_counts == {key: 2}
    assert list(session.api_time) == [key]
    assert session.total_call_count == 2
    assert 0 < session.total_call_time == session.api_time[key]


def test_each_method_and_every_retry_is_counted(api, session):
    session.retry[503] = 1
    api.reply(503)
    api.reply(times=3)
    session.get('/users')
    session.post('/users')
    session.delete('/users/P1')
    assert session.api_call_counts == {'GET /users': 2, 'POST /users': 1, 'DELETE /users/{id}': 1}
    assert session.total_call_count == 4


def test_requests_to_another_host_are_counted_together(api):
    class ThroughGateway(pdpyras.APISession):
        def normalize_url(self, url):
            return api.url + '/' + url

    api.reply(times=2)
    with ThroughGateway(KEY) as session:
        session.get('users')
        session.get('teams')
    assert session.api_call_counts == {'GET (others)': 2}


def test_calls_of_a_session_without_url_are_counted_by_their_path(api):
    class Anywhere(pdpyras.APISession):
        url = ''

    api.reply(times=2)
    with Anywhere(KEY) as session:
        session.get(api.url + '/users/PABC123')
        session.get(api.url + '/nosuch/PABC123?x=1')
    assert session.api_call_counts == {'GET /users/{id}': 1, 'GET /nosuch/{id}': 1}


def test_postprocess_accepts_and_ignores_a_suffix(api, session):
    api.reply(body={'user': {}})
    session.postprocess(session.get('users/P1'), suffix='mine')
    assert session.api_call_counts == {'GET /users/{id}': 2}


def test_a_mock_response_without_a_url_is_counted_by_its_request(session):
    response = requests.Response()
    response.status_code = 200
    response.request = requests.Request('GET', session.url + '/users/P1').prepare()
    session.postprocess(response)
    assert session.api_call_counts == {'GET /users/{id}': 1}


def test_the_number_of_counters_is_limited(api, session):
    session.parent = Echoing(api.url)
    for number in range(1500):
        letters = ''.join(chr(ord('a') + int(digit)) for digit in str(number))
        session.get('/unlisted/' + letters)
    assert len(session.api_call_counts) <= 1001
    assert len(session.api_time) == len(session.api_call_counts)
    assert session.total_call_count == 1500


class Echoing:
    """A parent that responds at once."""

    def __init__(self, base):
        self.base = base

    def request(self, method, url, **options):
        response = requests.Response()
        response.status_code, response.url = 200, url
        response.request = requests.Request(method, url).prepare()
        return response


def test_counters_are_exact_with_several_threads(api, session):
    session.parent = Echoing(api.url)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [session.get('/users') for _ in range(100)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert session.api_call_counts == {'GET /users': 800}


# stagger_cooldown


@pytest.mark.parametrize(
    'factor', [0, 1, 0.5, Fraction(1, 2)], ids=['zero', 'int', 'float', 'fraction']
)
def test_stagger_cooldown_accepts_any_non_negative_number(factor, session):
    session.stagger_cooldown = factor
    assert session.stagger_cooldown == factor
    assert 2 <= session.cooldown_factor() <= 2 * (1 + factor)


class NumpyBool:
    """A bool like NumPy's, which is not an instance of bool."""

    dtype = SimpleNamespace(kind='b')

    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return self.value


@pytest.mark.parametrize(('value', 'sent'), [(True, 'true'), (False, 'false')])
def test_a_numpy_bool_is_sent_like_a_bool(api, session, value, sent):
    api.reply()
    session.get('/users', params={'total': NumpyBool(value), 'list': [NumpyBool(value)]})
    assert api.last.query == {'total': sent, 'list[]': sent}


def test_stagger_cooldown_accepts_numpy_numbers(session):
    numpy = pytest.importorskip('numpy')
    for factor in (numpy.float64(0.5), numpy.float32(0.5), numpy.int64(1)):
        session.stagger_cooldown = factor
        assert session.stagger_cooldown == factor


@pytest.mark.parametrize(
    'factor',
    [-1, -0.001, float('nan'), float('-inf'), None, '1', 1j, [1], True, Decimal('nan')],
    ids=repr,
)
def test_stagger_cooldown_rejects_anything_else(factor, session):
    with pytest.raises(ValueError, match='stagger_cooldown must be a non-negative number'):
        session.stagger_cooldown = factor
    assert session.stagger_cooldown == 0


def test_each_wait_has_its_own_jitter(monkeypatch, api, session, sleeps):
    draws = iter([0.5, 0.0, 1.0])
    monkeypatch.setattr(pdpyras, 'random', lambda: next(draws))
    session.stagger_cooldown = 1
    session.sleep_timer = 1
    session.retry[404] = 3
    api.reply(404, times=4)
    session.get('/users/P1')
    assert sleeps == [3, 6, 24]


@each_class
def test_timeout_can_be_read_and_patched_on_the_class(session_class, monkeypatch):
    assert session_class.timeout == 60
    session = session_class(KEY)
    monkeypatch.setattr(session_class, 'timeout', 5)
    assert session.timeout == 5
    session.timeout = 7
    assert session.timeout == 7
    del session.timeout
    assert session.timeout == 5


def test_auth_type_can_be_set_before_the_constructor():
    class Early(pdpyras.APISession):
        def __init__(self, key):
            self.auth_type = 'bearer'
            super().__init__(key, auth_type=self.auth_type)

    assert Early(KEY).headers['Authorization'] == 'Bearer ' + KEY


def test_the_base_class_adds_no_content_type(api):
    class Plain(pdpyras.PDSession):
        permitted_methods = ('POST',)

    api.reply()
    with Plain(KEY, base_url=api.url) as session:
        session.post('things', data=b'bytes')
    assert api.last.headers['Content-Type'] is None


def test_a_session_without_url_accepts_full_urls(api):
    class Anywhere(pdpyras.PDSession):
        permitted_methods = ('GET',)

    api.reply()
    with Anywhere(KEY) as session:
        session.get(api.url + '/things')
    assert api.last.path == '/things'


@pytest.mark.filterwarnings('ignore:The requests of this session go to')
def test_a_session_without_url_rejects_a_url_without_host():
    class Anywhere(pdpyras.PDSession):
        permitted_methods = ('GET',)

    with Anywhere(KEY) as session, pytest.raises(pdpyras.PDClientError, match='No host supplied'):
        session.get('http:///things')


@pytest.mark.parametrize('name', ['default_from', 'cookies'])
@pytest.mark.parametrize('value', ['a\x00b', 'a\r\nX-Evil: 1', 'a\n b'], ids=repr)
def test_a_header_that_cannot_be_sent_is_rejected_without_being_shown(api, session, name, value):
    options = {}
    if name == 'default_from':
        session.default_from = value
    else:
        options['cookies'] = {'c': value}
    with pytest.raises(
        pdpyras.PDClientError, match='The value of the header (From|Cookie)'
    ) as caught:
        session.get('users', **options)
    assert api.seen == []
    assert value not in str(caught.value)


@pytest.mark.parametrize('url', ['', '/', '//', '?a=b', '#a'], ids=repr)
@pytest.mark.parametrize(
    'call',
    [
        pytest.param(lambda session, url: session.get(url), id='get'),
        pytest.param(lambda session, url: session.rget(url), id='rget'),
        pytest.param(lambda session, url: session.jget(url), id='jget'),
        pytest.param(lambda session, url: session.rpost(url, json={}), id='rpost'),
        pytest.param(lambda session, url: session.rput(url, json={}), id='rput'),
        pytest.param(lambda session, url: session.rdelete(url), id='rdelete'),
        pytest.param(lambda session, url: session.list_all(url), id='list_all'),
        pytest.param(lambda session, url: session.dict_all(url), id='dict_all'),
        pytest.param(lambda session, url: list(session.iter_cursor(url)), id='iter_cursor'),
        pytest.param(lambda session, url: session.find(url, 'x'), id='find'),
        pytest.param(lambda session, url: session.persist(url, 'a', {'a': 1}), id='persist'),
    ],
)
def test_an_empty_path_is_rejected_before_anything_is_sent(api, session, call, url):
    with pytest.raises(pdpyras.URLError):
        call(session, url)
    assert api.seen == []


@pytest.mark.parametrize('end', ['', '/', '?a=b'])
@pytest.mark.parametrize('name', ['rget', 'rput', 'list_all'])
def test_the_base_url_names_no_resource(api, session, name, end):
    with pytest.raises(pdpyras.URLError, match='empty path'):
        getattr(session, name)(session.url + end)
    assert api.seen == []


@pytest.mark.parametrize('base', [None, 5, b'https://api.pagerduty.com'], ids=repr)
def test_a_base_url_that_is_not_a_str_is_rejected(session, base):
    session.url = base
    with pytest.raises(pdpyras.URLError, match='url of a session'):
        session.get('users')


def test_an_empty_form_is_sent_as_json(api, session):
    api.reply(body={'user': {}})
    session.post('users', data={})
    assert api.last.headers['Content-Type'] == 'application/json'


def test_a_hook_that_is_a_single_function_is_copied(session):
    session.hooks['response'] = print
    assert copy.copy(session).hooks['response'] is print


def test_a_copy_with_the_log_of_the_user_leaves_its_handlers_alone(session):
    session.log = logging.Logger('mine')
    session.print_debug = True
    copied = copy.copy(session)
    assert copied.log.handlers == [session._debugHandler]
    assert copied.print_debug is False


def test_hooks_of_a_copy_do_not_change_the_original(session):
    copied = copy.copy(session)
    copied.hooks['response'].append(print)
    assert session.hooks['response'] == []


def test_a_session_whose_constructor_failed_has_a_repr():
    session = pdpyras.APISession.__new__(pdpyras.APISession)
    assert repr(session) == '<APISession https://api.pagerduty.com *>'


def test_a_plain_session_sends_the_headers_of_a_call(api):
    class Plain(pdpyras.PDSession):
        permitted_methods = ('GET',)

    api.reply()
    with Plain(KEY, base_url=api.url) as session:
        session.get('things', headers={'X-Mine': '1'})
    assert api.last.headers['X-Mine'] == '1'


def test_timeout_of_a_subclass_takes_precedence_over_the_default(monkeypatch):
    class Hourly(pdpyras.APISession):
        timeout = 3600

    monkeypatch.setattr(pdpyras, 'TIMEOUT', 5)
    assert (Hourly(KEY).timeout, pdpyras.APISession(KEY).timeout) == (3600, 5)


def test_form_data_in_an_unusual_form_is_passed_to_requests(api, session):
    api.reply()
    session.post('things', data=['ab'])
    assert api.last.body == b'a=b'


@pytest.mark.parametrize('method', [None, 5, ['GET']], ids=repr)
def test_a_method_that_is_not_a_str_is_rejected(api, session, method):
    with pytest.raises(pdpyras.PDClientError, match='is not supported by this API'):
        session.request(method, 'users')
    assert api.seen == []


@pytest.mark.parametrize('fields', [dict, list], ids=['mapping', 'pairs'])
def test_a_form_field_that_is_an_iterator_is_sent_again_in_a_retry(fields, api, session):
    api.reply(429)
    api.reply(201)
    session.post('users', data=fields([('a', (x for x in 'xy'))]))
    assert [seen.body for seen in api.seen] == [b'a=x&a=y'] * 2
