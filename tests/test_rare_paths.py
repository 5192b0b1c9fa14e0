"""What happens seldom, one test each."""

import pickle

import pytest
import requests
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


def test_after_a_fork_a_session_makes_connections_of_its_own(api, session):
    """As the process that it was made in is another one, by its number."""
    api.rule(lambda seen: Reply(body={'user': {}}))
    session.rget('users/P1')
    lock = session._lock
    session._process = -1
    session.rget('users/P1')
    assert session._lock is not lock
    assert session.total_call_count == 2


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
