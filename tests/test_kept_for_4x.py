"""Names and keywords of version 4: each still works, and warns with its replacement."""

import warnings
from linecache import getline
from unittest.mock import patch

import pytest
from deprecation import DeprecatedWarning
from wire import ANY_SERVER_ERROR

import pdpyras

URL = 'https://api.pagerduty.com'


@pytest.fixture
def client(api):
    """An object with a `url`, to decorate methods of."""

    class Client:
        url = api.url

    return Client()


# Functions


@pytest.mark.parametrize(
    'url, tokens',
    [
        ('users', ('users', '{index}')),
        ('/users', ('users', '{index}')),
        ('/users/P1', ('users', '{id}')),
        (URL + '/users/P1', ('users', '{id}')),
        ('/users/P1/contact_methods', ('users', '{id}', 'contact_methods', '{index}')),
        ('/users/P1/contact_methods/C1?x=1', ('users', '{id}', 'contact_methods', '{id}')),
    ],
)
def test_tokenize_url_path_returns_the_nodes_of_a_path_and_warns(url, tokens):
    with pytest.warns(DeprecatedWarning, match='canonical_path'):
        assert pdpyras.tokenize_url_path(url) == tokens


def test_tokenize_url_path_with_another_base():
    with pytest.warns(DeprecatedWarning):
        tokens = pdpyras.tokenize_url_path(
            'https://api.eu.pagerduty.com/users/P1', baseurl='https://api.eu.pagerduty.com'
        )
    assert tokens == ('users', '{id}')


def test_tokenize_url_path_rejects_a_url_elsewhere():
    with pytest.warns(DeprecatedWarning), pytest.raises(
        pdpyras.URLError, match='is not under https://api.pagerduty.com'
    ):
        pdpyras.tokenize_url_path('https://api.example.com/users/P1')


def test_object_type_returns_the_singular_name_and_warns():
    with pytest.warns(DeprecatedWarning, match='singular_name'):
        assert pdpyras.object_type('escalation_policies') == 'escalation_policy'


def test_resource_name_returns_the_plural_name_and_warns():
    with pytest.warns(DeprecatedWarning, match='plural_name'):
        assert pdpyras.resource_name('escalation_policy_reference') == 'escalation_policies'


def test_raise_on_error_raises_for_an_error_and_warns(api, session):
    api.reply(204)
    api.reply(404)
    success, failure = session.get('users'), session.get('users')
    with pytest.warns(DeprecatedWarning, match='successful_response'):
        assert pdpyras.raise_on_error(success) is success
    with pytest.warns(DeprecatedWarning), pytest.raises(pdpyras.PDHTTPError, match='404'):
        pdpyras.raise_on_error(failure)


def test_resource_envelope_wraps_and_unwraps_and_warns(api, session, client):
    def rput(self, url, **options):
        return session.put(url, **options)

    with pytest.warns(DeprecatedWarning, match='wrapped_entities'):
        decorated = pdpyras.resource_envelope(rput)
    api.reply(body={'user': {'id': 'P1'}})
    assert decorated(client, '/users/P1', json={'name': 'Jane'}) == {'id': 'P1'}
    assert api.last.json == {'user': {'name': 'Jane'}}


def test_resource_path_accepts_a_resource_and_warns(client):
    with pytest.warns(DeprecatedWarning, match='resource_url'):
        decorated = pdpyras.resource_path(lambda self, url: url)
    assert decorated(client, {'self': '/users/P1'}) == '/users/P1'


def test_valid_multi_update_paths_has_incidents():
    assert ('incidents', '{index}') in pdpyras.VALID_MULTI_UPDATE_PATHS


# Methods and properties


def test_set_api_key_sets_the_key_and_warns(api, session):
    with pytest.warns(DeprecatedWarning, match='api_key'):
        session.set_api_key('another-key')
    api.reply(204)
    session.get('users')
    assert api.last.headers['Authorization'] == 'Token token=another-key'


@pytest.mark.parametrize(
    'arguments, key',
    [
        (('GET', '/users/P1'), 'get:users/{id}'),
        (('get', 'users'), 'get:users/{index}'),
        (('POST', URL + '/users/P1/teams?x=1'), 'post:users/{id}/teams/{index}'),
        (('GET', 'users', 'slow'), 'get:users/{index}#slow'),
    ],
    ids=['a resource', 'a collection', 'a URL', 'a suffix'],
)
def test_profiler_key_returns_the_key_of_4x_and_warns(arguments, key):
    session = pdpyras.APISession('key')
    with pytest.warns(DeprecatedWarning, match='api_call_counts'):
        assert session.profiler_key(*arguments) == key


def test_profiler_key_takes_its_arguments_by_keyword():
    session = pdpyras.APISession('key')
    with pytest.warns(DeprecatedWarning):
        assert session.profiler_key(method='GET', path='users', suffix='x') == 'get:users/{index}#x'


def test_raise_if_http_error_is_true_by_default(session):
    with pytest.warns(DeprecatedWarning, match='PDHTTPError'):
        assert session.raise_if_http_error is True


@pytest.mark.parametrize('kind', [pdpyras.APISession, pdpyras.EventsAPISession])
def test_raise_if_http_error_can_be_set_on_every_session(kind):
    session = kind('key')
    with pytest.warns(DeprecatedWarning):
        session.raise_if_http_error = False
    with pytest.warns(DeprecatedWarning):
        assert session.raise_if_http_error is False


def test_without_raise_if_http_error_iteration_ends_with_a_warning(api, session):
    with pytest.warns(DeprecatedWarning, match='PDHTTPError'):
        session.raise_if_http_error = False
    api.reply(body={'users': [1, 2], 'more': True})
    api.reply(ANY_SERVER_ERROR)
    with pytest.warns(UserWarning, match=str(ANY_SERVER_ERROR)):
        assert session.list_all('users') == [1, 2]


def test_raise_if_http_error_can_be_overridden_in_a_subclass(api):
    class Quiet(pdpyras.APISession):
        raise_if_http_error = False

    api.reply(ANY_SERVER_ERROR)
    with pytest.warns(UserWarning, match=str(ANY_SERVER_ERROR)):
        assert Quiet('key', base_url=api.url).list_all('users') == []


@pytest.mark.parametrize('in_class', [False, True])
def test_raise_if_http_error_of_a_session_overrides_that_of_its_class(api, in_class):
    class Mine(pdpyras.APISession):
        raise_if_http_error = in_class

    session = Mine('key', base_url=api.url)
    session.raise_if_http_error = not in_class
    api.reply(ANY_SERVER_ERROR)
    is_raising = pytest.raises(pdpyras.PDServerError)
    with pytest.warns(UserWarning, match=str(ANY_SERVER_ERROR)) if in_class else is_raising:
        assert session.list_all('users') == []


@pytest.mark.filterwarnings('ignore::deprecation.DeprecatedWarning')
@pytest.mark.parametrize('where', ['class', 'session'])
def test_raise_if_http_error_can_be_patched(api, session, where):
    target = pdpyras.APISession if where == 'class' else session
    api.reply(ANY_SERVER_ERROR, times=2)
    patched = patch.object(target, 'raise_if_http_error', False)
    with patched, pytest.warns(UserWarning, match=str(ANY_SERVER_ERROR)):
        assert session.list_all('users') == []
    with pytest.raises(pdpyras.PDServerError):
        session.list_all('users')


# Keywords


@pytest.mark.parametrize(
    'kind', [pdpyras.APISession, pdpyras.EventsAPISession, pdpyras.ChangeEventsAPISession]
)
def test_the_keyword_name_names_the_log_and_warns(kind):
    with pytest.warns(UserWarning, match='"name" is deprecated.*log'):
        session = kind('key', name='bob')
    assert 'bob' in session.log.name


def test_iter_all_with_paginate_false_warns(api, session):
    api.reply(body={'users': [1, 2], 'more': True})
    with pytest.warns(UserWarning, match='"paginate" is deprecated'):
        assert list(session.iter_all('users', paginate=False)) == [1, 2]
    assert len(api.seen) == 1


def test_the_attribute_of_iter_cursor_is_ignored(api, session):
    api.reply(body={'records': [1], 'next_cursor': None})
    with pytest.warns(UserWarning, match='"attribute" is deprecated'):
        assert list(session.iter_cursor('audit/records', attribute='cursor')) == [1]


@pytest.mark.parametrize(
    'method, collect, body',
    [
        ('iter_all', list, {'users': [1], 'more': False}),
        ('iter_cursor', list, {'records': [1], 'next_cursor': None}),
        ('list_all', list, {'users': [1], 'more': False}),
    ],
)
def test_listings_accept_path_instead_of_url_and_warn(api, session, method, collect, body):
    api.reply(body=body)
    path = 'audit/records' if method == 'iter_cursor' else 'users'
    with pytest.warns(UserWarning, match='"path" is deprecated.*"url"'):
        assert collect(getattr(session, method)(path=path)) == [1]
    assert api.last.path == '/' + path


def test_dict_all_takes_path_as_its_first_argument(api, session):
    api.reply(body={'users': [{'id': 1}], 'more': False})
    assert session.dict_all(path='users') == {1: {'id': 1}}


@pytest.mark.parametrize(
    'method', ['rget', 'rpost', 'rput', 'rpatch', 'rdelete', 'jget', 'jpost', 'jput', 'jpatch']
)
def test_r_and_j_methods_accept_path_instead_of_url_and_warn(api, session, method):
    api.reply(body={'user': {}})
    with pytest.warns(UserWarning, match='"path" is deprecated'):
        getattr(session, method)(path={'self': '/users/P1'})
    assert api.last.path == '/users/P1'


def test_deprecated_kwarg_warns_at_the_line_of_the_call():
    def modern(old=None):
        if old is not None:
            pdpyras.deprecated_kwarg('old', details='Use "new" instead.')

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        modern(old=1)
    [warning] = caught
    assert str(warning.message) == 'Keyword argument "old" is deprecated. Use "new" instead.'
    assert warning.filename == __file__
    assert getline(__file__, warning.lineno).strip() == 'modern(old=1)'


@pytest.mark.parametrize(
    'call',
    [
        lambda session: pdpyras.APISession('key', name='bob'),
        lambda session: pdpyras.EventsAPISession('key', name='bob'),
        lambda session: list(session.iter_all('users', paginate=False)),
        lambda session: list(session.iter_cursor('audit/records', attribute='x')),
        lambda session: list(session.iter_all(path='users')),
        lambda session: list(session.iter_cursor(path='audit/records')),
        lambda session: session.list_all(path='users'),
        lambda session: session.rget(path='users'),
        lambda session: session.jget(path='users'),
        lambda session: session.rdelete(path='users'),
    ],
    ids=[
        'name',
        'name of an events session',
        'paginate',
        'attribute',
        'path of iter_all',
        'path of iter_cursor',
        'path of list_all',
        'path of rget',
        'path of jget',
        'path of rdelete',
    ],
)
def test_a_deprecated_keyword_warns_at_the_line_of_the_call(api, session, call):
    api.reply(body={'users': [1], 'records': [1], 'more': False})
    with pytest.warns(UserWarning) as caught:
        call(session)
    assert [warning.filename for warning in caught] == [__file__]


def test_current_methods_do_not_warn(api, session):
    api.reply(body={'users': [{'id': 1}], 'more': False}, times=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        session.list_all('users')
        session.rget('users')
        session.dict_all('users')
    assert caught == []


def test_errors_end_iterations_with_cursors_if_raise_if_http_error_is_off(api, session):
    with pytest.warns(DeprecationWarning):
        session.raise_if_http_error = False
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    api.reply(404)
    with pytest.warns(UserWarning, match='status 404'):
        assert session.list_all('audit/records') == [1]


def test_paginate_false_returns_one_page_of_a_listing_with_cursors(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    with pytest.warns(UserWarning, match='paginate'):
        assert session.list_all('audit/records', paginate=False) == [1]
    assert len(api.seen) == 1
