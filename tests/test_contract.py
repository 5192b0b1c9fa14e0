"""The seams that users' tests and subclasses depend on (the only file with mocks).

Users patch the methods of sessions and replace the functions that they call. Each test pins one
such seam, with a comment where the reason is not obvious.
"""

import copy
import inspect
import socket
from unittest.mock import ANY, MagicMock, Mock, call, patch

import pytest
import requests
from signatures import PATCHED, bare_signature

import pdpyras

BASE = 'https://api.pagerduty.com'
VERBS = ['get', 'post', 'put', 'patch', 'delete']


def answer(status=200, body=None, **attributes):
    """Return a mock response with few attributes, as in users' tests."""
    response = MagicMock(status_code=status, ok=status < 400, text='', **attributes)
    response.json.return_value = {} if body is None else body
    return response


@pytest.fixture
def session():
    return pdpyras.APISession('the-api-key-1234')


@pytest.fixture
def events():
    return pdpyras.EventsAPISession('the-routing-key-5678')


@pytest.fixture
def change_events():
    return pdpyras.ChangeEventsAPISession('the-routing-key-5678')


@pytest.fixture
def parent(session):
    """A mock of the requests session below, as in the tests of 5.4.1's users."""
    with patch.object(session, 'parent') as parent:
        parent.request.return_value = answer()
        yield parent


@pytest.fixture(autouse=True)
def sleeps():
    """A patched ``time.sleep``, as in users' tests; other tests here replace the whole module."""
    with patch.object(pdpyras.time, 'sleep') as sleep:
        yield sleep


# parent.request


@pytest.mark.parametrize(
    'send, expected',
    [
        (lambda session: session.request('get', 'users'), call('GET', BASE + '/users')),
        (lambda session: session.get('users'), call('GET', BASE + '/users', allow_redirects=True)),
        (
            lambda session: session.post('users'),
            call('POST', BASE + '/users', data=None, json=None),
        ),
        (
            lambda session: session.post('users', json={'a': 1}),
            call('POST', BASE + '/users', data=None, json={'a': 1}),
        ),
        (
            lambda session: session.put('users/P1', json={'a': 1}),
            call('PUT', BASE + '/users/P1', data=None, json={'a': 1}),
        ),
        (lambda session: session.patch('users/P1'), call('PATCH', BASE + '/users/P1', data=None)),
        (lambda session: session.delete('users/P1'), call('DELETE', BASE + '/users/P1')),
        (
            lambda session: session.get('users', params={'team_ids': ['T1']}),
            call('GET', BASE + '/users', params={'team_ids[]': ['T1']}, allow_redirects=True),
        ),
        (
            lambda session: session.get('users', verify=False, cert='x'),
            call('GET', BASE + '/users', verify=False, cert='x', allow_redirects=True),
        ),
    ],
    ids=['request', 'get', 'post', 'json', 'put', 'patch', 'delete', 'params', 'other keywords'],
)
def test_parent_request_is_called_with_the_callers_arguments_headers_stream_and_timeout(
    session, parent, send, expected
):
    # Users' tests assert on these calls, with positional and keyword arguments as they are here.
    send(session)
    args, given = parent.request.call_args[0], dict(parent.request.call_args[1])
    assert (given.pop('stream'), given.pop('timeout')) == (False, 60)
    headers = given.pop('headers')
    assert headers['Authorization'] == 'Token token=the-api-key-1234'
    given.setdefault('params', None)  # requests gives params=None on get in some versions only.
    wanted = dict(expected[2])
    wanted.setdefault('params', None)
    assert (args, given) == (expected[1], wanted)


def test_the_timeout_of_a_call_overrides_that_of_the_session(session, parent):
    session.timeout = 5
    session.get('users')
    session.get('users', timeout=7)
    assert [sent[1]['timeout'] for sent in parent.request.call_args_list] == [5, 7]


def test_the_response_of_parent_is_returned_as_it_is(session, parent):
    assert session.get('users') is parent.request.return_value


def test_parent_can_be_assigned(session):
    session.parent = Mock()
    session.parent.request.return_value = answer(204)
    assert session.get('users').status_code == 204


def test_the_default_parent_calls_the_request_method_of_requests(session):
    # Some tests patch requests itself.
    with patch.object(requests.Session, 'request', return_value=answer()) as request:
        session.request('GET', 'users')
    request.assert_called_once_with('GET', BASE + '/users', headers=ANY, stream=False, timeout=60)


def test_parent_is_restored_after_a_patch(session):
    with patch.object(session, 'parent'):
        pass
    with patch.object(requests.Session, 'request', return_value=answer()) as request:
        session.get('users')
    assert request.call_count == 1


# Waiting


def test_each_wait_calls_cooldown_factor_once_and_sleep_once(session, parent, sleeps):
    session.retry[500] = 3
    parent.request.side_effect = [
        answer(500),
        pdpyras.RequestException('no'),
        answer(429, headers={}),
        answer(200),
    ]
    with patch.object(session, 'cooldown_factor', return_value=3) as cooldown_factor:
        assert session.get('users').status_code == 200
    assert cooldown_factor.call_args_list == [call()] * 3
    assert sleeps.call_args_list == [call(4.5), call(13.5), call(40.5)]


def test_without_a_retry_cooldown_factor_and_sleep_are_not_called(session, parent, sleeps):
    with patch.object(session, 'cooldown_factor') as cooldown_factor:
        session.get('users')
    assert not cooldown_factor.called
    assert not sleeps.called


@pytest.mark.parametrize('error', ['HTTPError', 'PoolError', 'RequestException'])
def test_errors_raised_by_parent_are_network_errors_by_their_names_in_the_module(
    session, parent, sleeps, error
):
    kind = getattr(pdpyras, error)
    raised = kind('pool', 'no') if error == 'PoolError' else kind('no')
    parent.request.side_effect = raised
    with pytest.raises(pdpyras.PDClientError) as caught:
        session.get('users')
    assert caught.value.__cause__ is raised
    assert sleeps.call_args_list == [call(3), call(6), call(12)]
    assert parent.request.call_count == 4


# postprocess


def test_postprocess_is_called_once_for_each_response_including_retried_ones(session, parent):
    session.retry[500] = 2
    responses = [answer(500), answer(429, headers={}), answer(200)]
    parent.request.side_effect = responses
    with patch.object(session, 'postprocess') as postprocess:
        session.get('users')
    assert postprocess.call_args_list == [call(response) for response in responses]


def test_postprocess_is_called_before_a_401_raises(session, parent):
    parent.request.return_value = answer(401)
    with patch.object(session, 'postprocess') as postprocess, pytest.raises(
        pdpyras.PDHTTPError, match='401'
    ):
        session.get('users')
    postprocess.assert_called_once_with(parent.request.return_value)


@pytest.mark.parametrize(
    'response',
    [requests.Response(), MagicMock(), Mock(), Mock(status_code=500), object(), None],
    ids=['nothing set', 'MagicMock', 'Mock', 'a 500', 'an object', 'None'],
)
@pytest.mark.parametrize('kind', ['session', 'events', 'change_events'])
def test_postprocess_never_raises(request, kind, response):
    # A received response must not be lost because it could not be counted or logged.
    request.getfixturevalue(kind).postprocess(response)


def test_postprocess_logs_why_a_response_could_not_be_logged(session, caplog):
    caplog.set_level('DEBUG')
    session.postprocess(object())
    assert 'Could not log a response' in caplog.text
    assert "'object' object has no attribute" in caplog.text


# Points for subclasses to override


class Recorder:
    """A mixin that records the calls of a session's override points."""

    def __init__(self, *args, **kwargs):
        self.noted = []
        super().__init__(*args, **kwargs)

    def normalize_url(self, url):
        self.noted.append(('normalize_url', url))
        return super().normalize_url(url)

    def prepare_headers(self, method, user_headers=None):
        self.noted.append(('prepare_headers', method, user_headers))
        return super().prepare_headers(method, user_headers=user_headers)

    def normalize_params(self, params):
        self.noted.append(('normalize_params', params))
        return super().normalize_params(params)

    def after_set_api_key(self):
        self.noted.append(('after_set_api_key', self.api_key, self.log is not None))

    def postprocess(self, response):
        self.noted.append(('postprocess', response.status_code))


KINDS = [pdpyras.APISession, pdpyras.EventsAPISession, pdpyras.ChangeEventsAPISession]


@pytest.mark.parametrize('kind', KINDS)
def test_request_calls_each_override_point_once(kind):
    session = type('Mine', (Recorder, kind), {})('key')
    session.parent = Mock()
    session.parent.request.return_value = answer()
    del session.noted[:]
    session.request('post', '/users', params={'a': 1}, headers={'X-Mine': '1'})
    assert sorted(session.noted, key=lambda noted: noted[0]) == [
        ('normalize_params', {'a': 1}),
        ('normalize_url', '/users'),
        ('postprocess', 200),
        ('prepare_headers', 'POST', {'X-Mine': '1'}),
    ]


def test_an_event_reaches_post_of_requests_with_the_url_and_the_json_alone(monkeypatch):
    post = Mock(return_value=answer(202, {'dedup_key': 'k'}))
    monkeypatch.setattr(pdpyras.requests.Session, 'post', post)
    pdpyras.EventsAPISession('the-key').resolve('k')
    event = {'event_action': 'resolve', 'dedup_key': 'k', 'routing_key': 'the-key'}
    post.assert_called_once_with('/v2/enqueue', json=event)


@pytest.mark.parametrize('kind', KINDS)
def test_a_retry_does_not_prepare_the_request_again(kind):
    session = type('Mine', (Recorder, kind), {'retry': {500: 1}})('key')
    session.parent = Mock()
    session.parent.request.side_effect = [answer(500), answer(200)]
    session.post('/users')
    names = [noted[0] for noted in session.noted]
    assert names.count('normalize_url') == names.count('prepare_headers') == 1
    assert names.count('postprocess') == 2


@pytest.mark.parametrize('kind', KINDS)
def test_after_set_api_key_is_called_after_each_assignment_and_can_log(kind):
    session = type('Mine', (Recorder, kind), {})('key')
    session.api_key = 'another'
    assert session.noted == [
        ('after_set_api_key', 'key', True),
        ('after_set_api_key', 'another', True),
    ]


def test_the_results_of_override_points_are_used():
    class Mine(pdpyras.APISession):
        permitted_methods = ('GET', 'OPTIONS')
        user_agent = 'mine/1.0'
        auth_header = {'Authorization': 'Mine'}

        def normalize_url(self, url):
            return 'https://mine.example.com/' + url

        def normalize_params(self, params):
            return {'mine': '1'}

    session = Mine('key')
    session.parent = Mock()
    session.parent.request.return_value = answer()
    session.options('users', params={'a': 1})
    args, options = session.parent.request.call_args
    assert args == ('OPTIONS', 'https://mine.example.com/users')
    assert options['params'] == {'mine': '1'}
    assert options['headers']['User-Agent'] == 'mine/1.0'
    assert options['headers']['Authorization'] == 'Mine'
    with pytest.raises(pdpyras.PDClientError, match='POST'):
        session.post('users')


def test_the_headers_from_prepare_headers_are_sent(session, parent):
    with patch.object(session, 'prepare_headers', return_value={'X-Mine': '1'}) as prepare_headers:
        session.get('users')
    prepare_headers.assert_called_once_with('GET', user_headers={})
    assert parent.request.call_args[1]['headers'] == {'X-Mine': '1'}


def test_the_auth_header_of_a_subclass_follows_the_key():
    class Mine(pdpyras.PDSession):
        url = 'https://mine.example.com'
        permitted_methods = ('GET',)

        @property
        def auth_header(self):
            return {'X-Key': self.api_key}

    session = Mine('first')
    session.parent = Mock()
    session.parent.request.return_value = answer()
    session.api_key = 'second'
    session.get('things')
    assert session.parent.request.call_args[1]['headers']['X-Key'] == 'second'


def test_r_and_j_methods_call_the_overridden_verbs_of_a_subclass():
    class Careful(pdpyras.APISession):
        def put(self, url, **kwargs):
            return answer(200, {'user': 'not really'})

        def delete(self, url, **kwargs):
            return answer(204)

    session = Careful('key')
    session.parent = Mock()
    assert session.rput('users/P1', json={}) == 'not really'
    assert session.jput('users/P1') == {'user': 'not really'}
    assert session.rdelete('users/P1').status_code == 204
    assert not session.parent.request.called


OTHERS = ['_lock', '_options', '_page_size', '_count', '_process', '_permitted', '_client']


@pytest.mark.parametrize(
    'name', ['user', 'email', 'user_id', 'backup', 'escalation_policies'] + OTHERS
)
@pytest.mark.parametrize('kind', KINDS)
def test_sessions_do_not_use_the_attribute_names_of_subclasses(kind, name):
    # Subclasses in the wild have attributes with these names, or are likely to.
    assert not hasattr(kind, name)
    session = type('Mine', (kind,), {name: 'mine'})('key')
    assert getattr(session, name) == 'mine'
    setattr(session, name, 'other')
    assert getattr(session, name) == 'other'


def test_a_subclass_can_redirect_all_requests_by_overriding_normalize_url():
    class ThroughGateway(pdpyras.APISession):
        url = ''

        def normalize_url(self, url):
            return 'https://gateway.example/' + url

    session = ThroughGateway('key')
    session.parent = Mock()
    session.parent.request.return_value = answer()
    session.get('users')
    assert session.parent.request.call_args[0] == ('GET', 'https://gateway.example/users')


def test_attributes_may_be_set_before_the_constructor_of_the_session_runs():
    class Mine(pdpyras.APISession):
        def __init__(self, key):
            self.backup = {'a': 1}
            super().__init__(key)

    assert Mine('key').backup == {'a': 1}


# The constructor


@pytest.mark.parametrize('kind', KINDS)
def test_the_constructor_sends_nothing_and_calls_no_public_method(kind):
    def refuse(*args, **kwargs):
        raise AssertionError('The constructor must not do this.')

    names = VERBS + ['request', 'rget', 'jget', 'iter_all', 'head', 'options', 'send']
    Mine = type('Mine', (kind,), dict.fromkeys(names, refuse))
    with patch.object(socket, 'socket', refuse), patch.object(socket, 'getaddrinfo', refuse):
        Mine('key', debug=False)
        Mine('key', base_url='https://api.eu.pagerduty.com')


# Calls between the methods

HOOK = Mock()


def page(*results, **more):
    return answer(200, dict(more, users=list(results)))


@pytest.mark.parametrize(
    'outer, inner, result, expected',
    [
        (
            lambda s: s.find('users', 'Jane', attribute='email', params={'include': ['teams']}),
            'iter_all',
            [],
            call('users', params={'query': 'Jane', 'include': ['teams']}),
        ),
        (
            lambda s: s.find('users', 'Jane'),
            'iter_all',
            [],
            call('users', params={'query': 'Jane'}),
        ),
        (
            lambda s: s.list_all('users', params={'a': 1}, page_size=5),
            'iter_all',
            [],
            call('users', params={'a': 1}, page_size=5),
        ),
        (
            lambda s: s.dict_all('users', by='x', total=True),
            'iter_all',
            [],
            call('users', total=True),
        ),
        (
            lambda s: list(s.iter_all('audit/records', {'a': 1}, 5, HOOK)),
            'iter_cursor',
            [],
            call('audit/records', params={'a': 1}, page_size=5, item_hook=HOOK),
        ),
        (
            lambda s: list(s.iter_all('audit/records')),
            'iter_cursor',
            [],
            call('audit/records', params=None, page_size=None, item_hook=None),
        ),
        (
            lambda s: list(s.iter_all('users')),
            'get',
            page(more=False),
            call('users', params={'limit': 100, 'offset': 0}),
        ),
        (
            lambda s: list(s.iter_all('users', {'a': 1}, page_size=5, total=True)),
            'get',
            page(more=False),
            call('users', params={'limit': 5, 'offset': 0, 'total': 1, 'a': 1}),
        ),
        (
            lambda s: list(s.iter_cursor('audit/records', {'a': 1})),
            'get',
            answer(200, {'records': []}),
            call('audit/records', params={'limit': 100, 'a': 1}),
        ),
        (
            lambda s: s.subdomain,
            'rget',
            [{'html_url': 'https://acme.pagerduty.com'}],
            call('users', params={'limit': 1}),
        ),
        (lambda s: s.api_key_access, 'get', answer(200), call('/users/me')),
    ],
    ids=[
        'find with params',
        'find',
        'list_all',
        'dict_all',
        'iter_all of cursors',
        'iter_all of cursors without arguments',
        'iter_all',
        'iter_all with arguments',
        'iter_cursor',
        'subdomain',
        'api_key_access',
    ],
)
def test_a_method_calls_the_one_below_with_these_arguments(session, outer, inner, result, expected):
    with patch.object(session, inner, return_value=result) as called:
        outer(session)
    assert called.call_args_list == [expected]


def test_each_page_is_requested_with_a_new_dict_of_parameters(session):
    # A mock keeps a reference to the dict: one shared by all pages would look like the last page's.
    with patch.object(session, 'get') as get:
        get.side_effect = [page(1, 2, more=True), page(3, more=False)]
        assert list(session.iter_all('users', page_size=2)) == [1, 2, 3]
    assert [sent[1]['params']['offset'] for sent in get.call_args_list] == [0, 2]
    with patch.object(session, 'get') as get:
        get.side_effect = [
            answer(200, {'records': [1], 'next_cursor': 'abc'}),
            answer(200, {'records': [2], 'next_cursor': None}),
        ]
        assert list(session.iter_cursor('audit/records')) == [1, 2]
    assert [sent[1]['params'].get('cursor') for sent in get.call_args_list] == [None, 'abc']


@pytest.mark.parametrize('prefix', ['r', 'j'])
@pytest.mark.parametrize('verb', ['get', 'post', 'put', 'patch'])
@pytest.mark.parametrize('resource', ['users/P1', {'self': 'users/P1'}], ids=['url', 'resource'])
def test_r_and_j_methods_call_the_verb(session, prefix, verb, resource):
    with patch.object(session, verb, return_value=answer(200, {'user': {'id': 1}})) as called:
        getattr(session, prefix + verb)(resource, params={'a': 1})
    assert called.call_args_list == [call('users/P1', params={'a': 1})]


def test_rdelete_calls_delete(session):
    with patch.object(session, 'delete', return_value=answer(204)) as delete:
        assert session.rdelete({'self': 'users/P1'}, params={'a': 1}) is delete.return_value
    assert delete.call_args_list == [call('users/P1', params={'a': 1})]


def test_rput_passes_wrapped_json_to_put(session):
    with patch.object(session, 'put', return_value=answer(200, {'user': {}})) as put:
        session.rput('users/P1', json={'name': 'Jane'})
    assert put.call_args_list == [call('users/P1', json={'user': {'name': 'Jane'}})]


@pytest.mark.parametrize('verb', VERBS)
def test_verbs_call_request(session, verb):
    with patch.object(session, 'request') as request:
        assert getattr(session, verb)('users') is request.return_value
    assert request.call_args[0] == (verb.upper(), 'users')


def test_persist_calls_find_and_rpost(session):
    values = {'email': 'jane@example.com'}
    with patch.object(session, 'find', return_value=None) as find, patch.object(
        session, 'rpost'
    ) as rpost:
        assert session.persist('users', 'email', values) is rpost.return_value
    assert find.call_args_list == [call('users', 'jane@example.com', attribute='email')]
    assert rpost.call_args_list == [call('users', json=values)]


def test_persist_calls_find_and_rput(session):
    found = {'id': 'P1', 'self': BASE + '/users/P1', 'email': 'jane@example.com', 'name': 'Jane'}
    values = {'email': 'jane@example.com', 'name': 'Jane Doe'}
    with patch.object(session, 'find', return_value=found), patch.object(session, 'rput') as rput:
        assert session.persist('users', 'email', values, update=True) is rput.return_value
    existing = dict(found, name='Jane Doe')
    assert rput.call_args_list == [call(existing, json=existing)]


@pytest.mark.parametrize(
    'outer, expected',
    [
        (
            lambda events: events.trigger('a', 'b'),
            call(
                'trigger',
                dedup_key=None,
                payload={'summary': 'a', 'source': 'b', 'severity': 'critical'},
            ),
        ),
        (
            lambda events: events.trigger('a', 'b', 'key', 'info', images=[{}], links=[{}]),
            call(
                'trigger',
                dedup_key='key',
                payload={'summary': 'a', 'source': 'b', 'severity': 'info'},
                images=[{}],
                links=[{}],
            ),
        ),
        (lambda events: events.acknowledge('key'), call('acknowledge', dedup_key='key')),
        (lambda events: events.resolve('key'), call('resolve', dedup_key='key')),
    ],
    ids=['trigger', 'trigger with arguments', 'acknowledge', 'resolve'],
)
def test_trigger_acknowledge_and_resolve_call_send_event(events, outer, expected):
    with patch.object(events, 'send_event') as send_event:
        assert outer(events) is send_event.return_value
    assert send_event.call_args_list == [expected]


def test_send_event_calls_post(events):
    with patch.object(events, 'post', return_value=answer(202, {'dedup_key': 'x'})) as post:
        assert events.send_event('resolve', 'key') == 'x'
    event = {'event_action': 'resolve', 'dedup_key': 'key'}
    assert post.call_args_list == [call('/v2/enqueue', json=event)]


def test_submit_calls_send_change_event(change_events):
    with patch.object(change_events, 'send_change_event') as send_change_event:
        change_events.submit('a', 'b', {'c': 1}, [{}], '2024-01-02T03:04:05Z')
    [(args, properties)] = send_change_event.call_args_list
    assert args == ()
    properties.pop('routing_key', None)  # 5.4.1 gave it here; ours adds it when it posts.
    payload = {'summary': 'a', 'source': 'b', 'custom_details': {'c': 1}}
    payload['timestamp'] = '2024-01-02T03:04:05Z'
    assert properties == {'payload': payload, 'links': [{}]}


def test_send_change_event_calls_post(change_events):
    with patch.object(change_events, 'post', return_value=answer(202, {'id': 'C1'})) as post:
        assert change_events.send_change_event(payload={'summary': 'a'}) == 'C1'
    assert post.call_args_list == [call('/v2/change/enqueue', json={'payload': {'summary': 'a'}})]


# Changes of the tables take effect at once


@pytest.mark.parametrize(
    'add',
    [
        lambda table: table.append('/v9/widgets'),
        lambda table: table.insert(0, '/v9/widgets'),
        lambda table: table.extend(['/v9/widgets']),
        lambda table: table.__iadd__(['/v9/widgets']),
        lambda table: table.__setitem__(slice(0, 0), ['/v9/widgets']),
    ],
    ids=['append', 'insert', 'extend', '+=', 'slice'],
)
@pytest.mark.parametrize('is_warm', [True, False], ids=['used before', 'not used before'])
def test_a_path_is_canonical_from_its_addition_to_the_table_until_its_removal(add, is_warm):
    if is_warm:
        pdpyras.canonical_path(BASE, '/users')
    add(pdpyras.CANONICAL_PATHS)
    try:
        assert pdpyras.canonical_path(BASE, '/v9/widgets?a=1') == '/v9/widgets'
    finally:
        pdpyras.CANONICAL_PATHS.remove('/v9/widgets')
    with pytest.raises(pdpyras.URLError, match='/v9/widgets does not match any API path'):
        pdpyras.canonical_path(BASE, '/v9/widgets')


def test_the_tables_can_be_replaced_by_plain_lists_and_dicts(session, parent):
    parent.request.return_value = answer(200, {'gizmos': [1], 'next_cursor': None})
    tables = {
        'CANONICAL_PATHS': ['/v9/widgets'],
        'CURSOR_BASED_PAGINATION_PATHS': ['/v9/widgets'],
        'ENTITY_WRAPPER_CONFIG': {'* /v9/widgets': 'gizmos'},
    }
    with patch.multiple(pdpyras, **tables):
        assert pdpyras.canonical_path(BASE, '/v9/widgets') == '/v9/widgets'
        assert list(session.iter_all('/v9/widgets')) == [1]
    assert 'offset' not in parent.request.call_args[1]['params']


def test_a_path_added_to_the_cursor_table_is_paginated_by_cursors_at_once(session, parent):
    parent.request.return_value = answer(200, {'users': [1], 'next_cursor': None})
    pdpyras.CURSOR_BASED_PAGINATION_PATHS.append('/users')
    try:
        assert list(session.iter_all('users')) == [1]
    finally:
        pdpyras.CURSOR_BASED_PAGINATION_PATHS.remove('/users')
    assert 'offset' not in parent.request.call_args[1]['params']


def test_an_entry_added_to_the_wrapper_table_takes_effect_at_once(session, parent):
    parent.request.return_value = answer(200, {'people': [1]})
    with patch.dict(pdpyras.ENTITY_WRAPPER_CONFIG, {'GET /users': 'people'}):
        assert session.rget('users') == [1]


@pytest.mark.parametrize(
    'table, kind',
    [
        ('CANONICAL_PATHS', list),
        ('CURSOR_BASED_PAGINATION_PATHS', list),
        ('ENTITY_WRAPPER_CONFIG', dict),
    ],
)
def test_the_tables_are_lists_and_a_dict(table, kind):
    assert isinstance(getattr(pdpyras, table), kind)


# Mocks as responses


def test_a_response_whose_status_is_a_mock_is_returned(session, parent):
    parent.request.return_value = MagicMock()
    assert session.get('users') is parent.request.return_value


@pytest.mark.parametrize('kind', [Mock, MagicMock])
def test_a_mock_response_with_only_a_true_ok_is_a_success(kind):
    response = kind(ok=True)
    assert pdpyras.successful_response(response) is response


def test_a_mock_response_with_only_a_false_ok_is_an_http_error():
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        pdpyras.successful_response(MagicMock(ok=False))
    assert not isinstance(caught.value, pdpyras.PDServerError)


def test_a_mock_response_with_ok_and_json_suffices_for_every_method(session, events, parent):
    parent.request.return_value = MagicMock(ok=True)
    parent.request.return_value.json.return_value = {'users': [1], 'more': False}
    assert session.rget('users') == [1]
    assert session.jget('users') == {'users': [1], 'more': False}
    assert session.list_all('users') == [1]
    with patch.object(events, 'post', return_value=MagicMock(ok=True)) as post:
        post.return_value.json.return_value = {'dedup_key': 'x'}
        assert events.trigger('a', 'b') == 'x'


@pytest.mark.parametrize('status, kind', [(404, pdpyras.PDHTTPError), (503, pdpyras.PDServerError)])
def test_the_response_of_an_error_is_the_mock_itself(session, parent, status, kind):
    parent.request.return_value = answer(status)
    with pytest.raises(kind, match=str(status)) as caught:
        session.rget('users/P1')
    assert caught.value.response is parent.request.return_value


# Names in the module that users' tests patch


@pytest.mark.parametrize('name', PATCHED)
def test_a_session_works_while_a_name_in_the_module_is_patched(name):
    with patch('pdpyras.' + name):
        session = pdpyras.APISession('key', debug=True)
        session.parent = Mock()
        session.parent.request.return_value = answer(200, {'user': {'id': 1}})
        assert session.rget('users/P1') == {'id': 1}
        session.parent.request.return_value = answer(404)
        with pytest.raises(pdpyras.PDHTTPError, match='404'):
            session.rget('users/P1')
        session.print_debug = False


def test_all_waits_use_the_sleep_of_the_patched_time_module(session, parent):
    parent.request.side_effect = [answer(429, headers={}), answer(200)]
    with patch('pdpyras.time') as time:
        session.get('users')
    assert time.mock_calls == [call.sleep(3)]


def test_names_imported_from_requests_and_urllib3_are_their_classes():
    import urllib3.exceptions

    assert pdpyras.Session is requests.Session
    assert pdpyras.Response is requests.Response
    assert pdpyras.RequestException is requests.exceptions.RequestException
    assert pdpyras.HTTPError is urllib3.exceptions.HTTPError
    assert pdpyras.PoolError is urllib3.exceptions.PoolError


def test_event_timestamp_can_be_patched_on_the_class(change_events):
    # A property, which users' tests replace with a plain value.
    with patch.object(pdpyras.ChangeEventsAPISession, 'event_timestamp', 'now'), patch.object(
        change_events, 'send_change_event'
    ) as send_change_event:
        change_events.submit('a')
    assert send_change_event.call_args[1]['payload']['timestamp'] == 'now'


# The signatures of methods; those of functions and classes are in test_names.py


@pytest.mark.parametrize(
    'kind, method, signature',
    [
        ('PDSession', 'request', '(self, method, url, **kwargs)'),
        ('PDSession', 'normalize_url', '(self, url)'),
        ('PDSession', 'normalize_params', '(self, params)'),
        ('PDSession', 'postprocess', '(self, response)'),
        ('PDSession', 'cooldown_factor', '(self)'),
        ('PDSession', 'after_set_api_key', '(self)'),
        ('APISession', 'postprocess', '(self, response, suffix=None)'),
        ('APISession', 'rget', '(self, resource, **kw)'),
        ('APISession', 'rpost', '(self, url, **kw)'),
        ('APISession', 'rput', '(self, resource, **kw)'),
        ('APISession', 'rpatch', '(self, resource, **kw)'),
        ('APISession', 'rdelete', '(self, resource, **kw)'),
        ('APISession', 'jget', '(self, resource, **kw)'),
        ('APISession', 'jpost', '(self, resource, **kw)'),
        ('APISession', 'jput', '(self, resource, **kw)'),
        ('APISession', 'jpatch', '(self, resource, **kw)'),
        ('APISession', 'list_all', '(self, url, **kw)'),
        ('APISession', 'dict_all', "(self, path, by='id', **kw)"),
        ('APISession', 'find', "(self, resource, query, attribute='name', params=None)"),
        ('APISession', 'persist', '(self, resource, attr, values, update=False)'),
        ('EventsAPISession', 'send_event', '(self, action, dedup_key=None, **properties)'),
        ('EventsAPISession', 'acknowledge', '(self, dedup_key)'),
        ('EventsAPISession', 'resolve', '(self, dedup_key)'),
        (
            'EventsAPISession',
            'trigger',
            "(self, summary, source, dedup_key=None, severity='critical', payload=None, "
            'custom_details=None, images=None, links=None, *, client=None, client_url=None, '
            'component=None, group=None, event_class=None, timestamp=None)',
        ),
        ('ChangeEventsAPISession', 'send_change_event', '(self, **properties)'),
        (
            'ChangeEventsAPISession',
            'submit',
            '(self, summary, source=None, custom_details=None, links=None, timestamp=None)',
        ),
    ],
)
def test_the_signature_of_a_method(kind, method, signature):
    assert bare_signature(getattr(getattr(pdpyras, kind), method)) == signature


@pytest.mark.parametrize(
    'method, start',
    [
        ('iter_all', '(self, url, params=None, page_size=None, item_hook=None, total=False, *, '),
        ('iter_cursor', '(self, url, params=None, item_hook=None, page_size=None, *, '),
    ],
)
def test_additions_to_a_signature_are_keyword_only(method, start):
    assert bare_signature(getattr(pdpyras.APISession, method)).startswith(start)


def test_prepare_headers_has_the_parameter_user_headers():
    for kind in KINDS:
        assert list(inspect.signature(kind.prepare_headers).parameters) == [
            'self',
            'method',
            'user_headers',
        ]


@pytest.mark.parametrize('name', ['log', 'parent', 'retry', 'default_from', 'timeout', 'url'])
@pytest.mark.parametrize('is_assigned', [False, True], ids=['as made', 'assigned'])
def test_an_attribute_can_be_patched_on_an_instance(name, is_assigned):
    session = pdpyras.APISession('a-key-1234')
    if is_assigned:
        setattr(session, name, Mock(name='assigned'))
    before = getattr(session, name)
    with patch.object(session, name) as stub:
        assert getattr(session, name) is stub
    after = getattr(session, name)
    assert after is before or (name == 'parent' and not is_assigned)
    assert type(after) is type(before)


def test_an_error_subclass_that_skips_the_constructor_has_no_response():
    class Skipped(pdpyras.PDClientError):
        def __init__(self):
            """Does not call the inherited constructor."""

    assert Skipped().response is None
    assert Mock(spec=pdpyras.PDClientError).response is not None


def test_a_decoded_body_is_never_changed():
    """Mock responses return the same dict each time."""
    body = {'users': [{'id': 'P1', 'name': 'Jane'}], 'more': False}
    before = copy.deepcopy(body)
    session = pdpyras.APISession('a-key-1234')
    session.parent = Mock()
    session.parent.request.return_value = answer(body=body)
    for _ in range(2):
        assert session.list_all('users') == before['users']
        assert session.find('users', 'jane') == before['users'][0]
        assert session.rget('users') == before['users']
    assert body == before


def test_the_url_of_a_listing_is_passed_to_get_unchanged():
    session = pdpyras.APISession('a-key-1234')
    url = 'https://api.pagerduty.com/users?number=1&filters[]=foo'
    session.get = Mock(return_value=answer(body={'users': [], 'more': False}))
    session.list_all(url, total=True)
    session.get.assert_called_once_with(url, params={'limit': 100, 'total': 1, 'offset': 0})
