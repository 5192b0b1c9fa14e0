"""What happens seldom, one test each."""

import pickle
import threading

import pytest
import requests
from requests.adapters import BaseAdapter
from wire import Reply

import pdpyras


def test_an_error_about_a_response_without_its_request_pickles():
    response = requests.Response()
    response.status_code = 404
    error = pickle.loads(pickle.dumps(pdpyras.PDHTTPError('gone', response)))
    assert error.status_code == 404
    assert error.response.request is None


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
def test_an_endpoint_matches_by_method_and_pattern(pattern, method, path, expected):
    assert pdpyras.endpoint_matches(pattern, method, path) is expected


def test_a_base_url_that_cannot_be_read_is_refused():
    with pytest.raises(pdpyras.URLError, match='scheme'):
        pdpyras.normalize_url('http://[::1', 'users')


def test_a_path_appended_while_the_index_is_made_is_found(monkeypatch):
    table = pdpyras._PathTable(['/users'])
    grow = pdpyras._grow_tree

    def grow_while_another_thread_appends(patterns):
        tree = grow(patterns)
        monkeypatch.setattr(pdpyras, '_grow_tree', grow)
        table.append('/late')
        return tree

    monkeypatch.setattr(pdpyras, '_grow_tree', grow_while_another_thread_appends)
    assert table.match('/users') == '/users'
    assert table.match('/late') == '/late'


def test_a_body_without_the_wrapper_is_not_unwrapped(api, session):
    api.reply(body={'team': {}, 'other': 1})
    with pytest.raises(pdpyras.PDServerError, match='other, team'):
        pdpyras.unwrap(session.get('users/P1'), 'user')


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


def test_a_class_may_set_its_own_timeout():
    class Patient(pdpyras.APISession):
        timeout = 300

    assert Patient('a-key').timeout == 300


@pytest.fixture
def forked_session(session):
    """A session that takes its process for another one than it was made in, once told to."""
    yield session
    # In a real process, what is left behind is never closed.
    for pools, _ in session._left_behind:
        pools.clear()


def test_after_a_fork_a_session_makes_connections_of_its_own(api, forked_session):
    session = forked_session
    api.rule(lambda seen: Reply(body={'user': {}}))
    session.rget('users/P1')
    lock = session._counting_lock
    session._process_id = -1
    session.rget('users/P1')
    assert session._counting_lock is not lock
    assert session.total_call_count == 2


def test_after_a_fork_no_lock_of_another_thread_is_waited_for(api, forked_session):
    session = forked_session
    api.rule(lambda seen: Reply(body={'user': {'id': 'P1'}}))
    session.rget('users/P1')
    lock = session.get_adapter(api.url).poolmanager.pools.lock
    results = []
    session._process_id = -1
    thread = threading.Thread(target=lambda: results.append(session.rget('users/P1')))
    with lock:
        thread.start()
        thread.join(10)
        assert results == [{'id': 'P1'}]
    # What was left behind is not pickled.
    with pickle.loads(pickle.dumps(session)) as twin:
        assert twin.rget('users/P1') == {'id': 'P1'}


def test_after_a_fork_an_adapter_of_another_kind_is_closed(api, session):
    class Adapter(BaseAdapter):
        closed = 0

        def send(self, *args, **kwargs):
            return wire.send(*args, **kwargs)

        def close(self):
            self.closed += 1

    api.rule(lambda seen: Reply(body={'user': {}}))
    wire, own = session.get_adapter(api.url), Adapter()
    session.mount('http://', own)
    session._process_id = -1
    session.rget('users/P1')
    assert own.closed == 1
    wire.close()


def test_a_subclass_may_count_apart_what_it_names(api, session):
    api.reply(body={'user': {}})
    session.postprocess(session.get('users/P1'), suffix='mine')
    assert session.api_call_counts == {'GET /users/{id}': 1, 'GET /users/{id}#mine': 1}


def test_where_4x_had_errors_end_an_iteration_those_with_cursors_end_as_well(api, session):
    with pytest.warns(DeprecationWarning):
        session.raise_if_http_error = False
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    api.reply(404)
    with pytest.warns(UserWarning, match='status 404'):
        assert session.list_all('audit/records') == [1]


@pytest.mark.parametrize('base', [None, 5, b'https://api.pagerduty.com'], ids=repr)
def test_a_base_url_that_is_no_text_is_refused(session, base):
    session.url = base
    with pytest.raises(pdpyras.URLError, match='url of a session'):
        session.get('users')


def test_port_0_is_not_the_default_port():
    with pytest.raises(pdpyras.URLError, match='not under'):
        pdpyras.normalize_url('https://api.pagerduty.com', 'https://api.pagerduty.com:0/users')


@pytest.mark.parametrize(
    'make',
    [
        pytest.param(lambda: {'a': [1], 'b': True}.items(), id='items'),
        pytest.param(lambda: (pair for pair in [('a', [1]), ('b', True)]), id='generator'),
    ],
)
def test_parameters_that_are_read_up_are_sent_again_in_a_retry(api, session, make):
    session.retry[500] = 1
    api.reply(500)
    api.reply(body={'users': []})
    session.get('users', params=make())
    assert [seen.params for seen in api.seen] == [[('a[]', '1'), ('b', 'true')]] * 2


def test_a_key_that_a_url_encodes_is_masked(api, caplog):
    key = 'u+ab/cdefgh=='
    caplog.set_level('DEBUG')
    session = pdpyras.APISession(key, base_url=api.url)
    api.reply(500)
    with pytest.raises(pdpyras.PDServerError) as caught:
        session.rget('users', params={'key': key})
    for text in [str(caught.value)] + [r.getMessage() for r in caplog.records if 'pdp' in r.name]:
        assert 'u%2Bab' not in text
        assert key not in text


def test_one_page_of_a_listing_with_cursors_is_what_paginate_false_gives(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    with pytest.warns(UserWarning, match='paginate'):
        assert session.list_all('audit/records', paginate=False) == [1]
    assert len(api.seen) == 1


def test_a_double_of_a_response_need_not_have_headers():
    class Double:
        status_code = 404
        ok = False
        text = 'gone'
        url = 'https://api.pagerduty.com/users/P1'
        request = None

    with pytest.raises(pdpyras.PDHTTPError, match='404') as caught:
        pdpyras.successful_response(Double())
    assert caught.value.request_id is None


def test_a_replaced_request_gets_the_routing_key_from_post(events, monkeypatch):
    sent = []
    monkeypatch.setattr(events, 'request', lambda *call, **options: sent.append(options['json']))
    events.post('/v2/enqueue', {}, {'a': 1})
    assert sent == [{'a': 1, 'routing_key': events.api_key}]


def test_an_unlisted_collection_may_have_any_name(api, session):
    api.reply(body={'staff': [1, 2], 'more': False})
    assert session.list_all('v4/staff') == [1, 2]


def test_an_empty_form_is_no_form(api, session):
    api.reply(body={'user': {}})
    session.post('users', data={})
    assert api.last.headers['Content-Type'] == 'application/json'


def test_persist_compares_what_identifies_a_resource_as_well(api, session):
    found = {'id': 'P1', 'summary': 'old', 'self': api.url + '/tags/P1'}
    api.reply(body={'tags': [found], 'more': False})
    api.reply(body={'tag': {'id': 'P1', 'summary': 'new'}})
    session.persist('tags', 'id', {'id': 'P1', 'summary': 'new'}, update=True)
    assert [seen.method for seen in api.seen] == ['GET', 'PUT']


def test_persist_leaves_a_query_out_of_the_url_that_it_updates(api, session):
    api.reply(body={'users': [{'id': 'P1', 'name': 'Jo', 'role': 'a'}], 'more': False})
    api.reply(body={'user': {}})
    session.persist('users?include[]=teams', 'name', {'name': 'Jo', 'role': 'b'}, update=True)
    assert api.last.target == '/users/P1'


def test_the_action_of_an_event_is_the_one_that_was_checked(api, events):
    api.reply(202, {'dedup_key': 'k'})
    events.send_event('trigger', payload={}, event_action='bogus')
    assert api.last.json['event_action'] == 'trigger'


def test_parameters_that_are_none_are_left_out(api, session):
    api.reply(body={'users': [1], 'more': False})
    assert session.list_all('users', params={'limit': None, 'offset': None, 'query': None}) == [1]
    assert api.last.query == {'limit': '100', 'offset': '0'}


def test_no_netrc_entry_wins_where_the_session_has_parameters(api, session, monkeypatch, tmp_path):
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine 127.0.0.1 login a password b\n')
    monkeypatch.setenv('NETRC', str(netrc))
    session.auth = None
    session.params = {'a': '1'}
    api.reply(body={'user': {}})
    session.rget('users/P1')
    assert api.last.headers['Authorization'] == 'Token token=' + session.api_key


@pytest.mark.parametrize('url', ['users/..%2fteams', 'users/..;/teams', 'users%5C..%5cteams'])
def test_dots_between_encoded_separators_are_refused(url):
    with pytest.raises(pdpyras.URLError, match='segment'):
        pdpyras.normalize_url('https://api.pagerduty.com', url)


def test_nan_is_refused_where_requests_would_send_it(api, session, monkeypatch):
    """As requests older than 2.26 does, which test environment "oldest" has."""
    monkeypatch.setattr(pdpyras, '_REFUSES_NAN', False)
    api.reply(body={})
    session.post('/users', json={'a': 1.5})
    with pytest.raises(pdpyras.PDClientError, match='could not be sent: .* not JSON compliant'):
        session.post('/users', json={'a': float('nan')})
    assert len(api.seen) == 1
