"""The decorators on methods of objects that are not sessions and have only a `url`."""

import inspect

import pytest
import requests
from wire import ANY_SERVER_ERROR

import pdpyras


@pytest.fixture
def client(api):
    """An API client of a user's own."""

    class Client:
        url = api.url

        def send(self, method, path, **options):
            return requests.request(method, self.url + path, **options)

        @pdpyras.wrapped_entities
        def get(self, url, **options):
            """Get something."""
            return self.send('GET', url, **options)

        @pdpyras.wrapped_entities
        def rpost(self, url, **options):
            return self.send('POST', url, **options)

        @pdpyras.wrapped_entities
        def PUT(self, url, **options):
            return self.send('PUT', url, **options)

        @pdpyras.wrapped_entities
        def rpatch(self, url, **options):
            return self.send('PATCH', url, **options)

        @pdpyras.wrapped_entities
        def create(self, url, **options):
            return self.send('POST', url, **options)

        @pdpyras.auto_json
        def decoded(self, url, **options):
            return self.send('GET', url, **options)

        @pdpyras.requires_success
        def checked(self, url, **options):
            return self.send('GET', url, **options)

        @pdpyras.resource_url
        def at(self, url, note=None, **options):
            return url, note, options

        @pdpyras.resource_url
        @pdpyras.wrapped_entities
        def rput(self, resource, **options):
            """Update something."""
            return self.send('PUT', resource, **options)

    return Client()


# wrapped_entities


@pytest.mark.parametrize(
    'name, method, url',
    [
        ('rpost', 'POST', '/users'),
        ('PUT', 'PUT', '/users/P1'),
        ('rput', 'PUT', '/users/P1'),
        ('rpatch', 'PATCH', '/users/P1'),
    ],
)
def test_wrapped_entities_wraps_by_the_verb_in_the_name_of_the_function(
    api, client, name, method, url
):
    api.reply(body={'user': {'id': 'P1'}})
    assert getattr(client, name)(url, json={'name': 'Jane'}) == {'id': 'P1'}
    assert api.last.method == method
    assert api.last.json == {'user': {'name': 'Jane'}}


def test_wrapped_entities_does_not_wrap_the_json_of_a_get(api, client):
    api.reply(body={'users': []})
    assert client.get('/users', json={'name': 'Jane'}) == []
    assert api.last.json == {'name': 'Jane'}


def test_without_a_verb_in_the_name_only_the_response_is_unwrapped(api, client):
    api.reply(body={'users': [1]})
    assert client.create('/users', json={'name': 'Jane'}) == [1]
    assert api.last.json == {'name': 'Jane'}


def test_wrapped_entities_accepts_the_url_by_keyword(api, client):
    api.reply(body={'user': {'id': 'P1'}})
    assert client.rpost(url='/users', json={'name': 'Jane'}) == {'id': 'P1'}


def test_a_url_elsewhere_is_rejected_before_the_function_is_called(api, client):
    with pytest.raises(pdpyras.URLError, match='https://api.example.com/users is not under'):
        client.get('https://api.example.com/users')
    assert api.seen == []


def test_wrapped_entities_raises_unless_the_response_is_a_success(api, client):
    api.reply(status=404, body={'error': {'message': 'Not Found', 'code': 2100}})
    with pytest.raises(pdpyras.PDHTTPError, match='404'):
        client.get('/users/P1')


# auto_json and requires_success


def test_auto_json_returns_the_decoded_body(api, client):
    api.reply(body={'user': {'id': 'P1'}})
    assert client.decoded('/users/P1') == {'user': {'id': 'P1'}}


def test_auto_json_raises_unless_the_response_is_a_success(api, client):
    api.reply(status=ANY_SERVER_ERROR)
    with pytest.raises(pdpyras.PDServerError, match=str(ANY_SERVER_ERROR)):
        client.decoded('/users/P1')


def test_requires_success_returns_a_successful_response(api, client):
    api.reply(status=202)
    response = client.checked('/users/P1')
    assert isinstance(response, requests.Response)
    assert response.status_code == 202


def test_requires_success_raises_unless_the_response_is_a_success(api, client):
    api.reply(status=403)
    with pytest.raises(pdpyras.PDHTTPError, match='403'):
        client.checked('/users/P1')


@pytest.mark.parametrize('decorator', [pdpyras.auto_json, pdpyras.requires_success])
def test_a_function_that_returns_none_causes_a_client_error(decorator):
    class Client:
        url = 'https://api.pagerduty.com'

        @decorator
        def get(self, url):
            return None

    with pytest.raises(pdpyras.PDClientError, match='[Nn]o response'):
        Client().get('/users')


# resource_url


@pytest.mark.parametrize(
    'resource, url',
    [('/users/P1', '/users/P1'), ('users', 'users'), ({'self': '/users/P1'}, '/users/P1')],
    ids=['a path', 'no slash', 'a resource'],
)
def test_resource_url_passes_the_url_unchanged(client, resource, url):
    assert client.at(resource) == (url, None, {})


def test_resource_url_passes_the_other_arguments(client):
    assert client.at('/users', 'a note', json=[1]) == ('/users', 'a note', {'json': [1]})


@pytest.mark.parametrize('keyword', ['url', 'resource'])
@pytest.mark.parametrize('resource', ['/users/P1', {'self': '/users/P1'}], ids=['path', 'resource'])
def test_resource_url_accepts_url_or_resource_as_the_keyword(client, keyword, resource):
    assert client.at(**{keyword: resource}) == ('/users/P1', None, {})


def test_path_is_a_deprecated_keyword(client):
    with pytest.warns(UserWarning, match='"path" is deprecated'):
        assert client.at(path='/users/P1') == ('/users/P1', None, {})


@pytest.mark.parametrize('keyword', ['url', 'resource'])
@pytest.mark.parametrize(
    'name', ['rget', 'rpost', 'rput', 'rpatch', 'rdelete', 'jget', 'jpost', 'jput', 'jpatch']
)
def test_r_and_j_methods_accept_their_first_argument_by_keyword(api, session, name, keyword):
    api.reply(body={'user': {}})
    getattr(session, name)(**{keyword: {'self': '/users/P1'}})
    assert api.last.path == '/users/P1'


def test_a_missing_first_argument_is_an_error_that_names_the_function(client):
    with pytest.raises(pdpyras.URLError, match='^at: '):
        client.at()


@pytest.mark.parametrize('resource', [{}, {'self': None}, None, 7, []], ids=repr)
def test_an_argument_without_a_url_is_an_error_that_names_the_function(client, resource):
    with pytest.raises(pdpyras.URLError, match='^at: '):
        client.at(resource)


DECORATORS = ['auto_json', 'requires_success', 'resource_url', 'wrapped_entities']


@pytest.mark.parametrize('name', DECORATORS)
def test_a_decorated_function_keeps_its_name_docstring_and_signature(name):
    def fetch(self, url, attempts=3, **options):
        """Fetch it."""

    decorated = getattr(pdpyras, name)(fetch)
    assert decorated.__name__ == 'fetch'
    assert decorated.__qualname__ == fetch.__qualname__
    assert decorated.__doc__ == 'Fetch it.'
    assert decorated.__module__ == __name__
    assert inspect.signature(decorated) == inspect.signature(fetch)


@pytest.mark.parametrize(
    'name', ['rget', 'rpost', 'rput', 'rpatch', 'rdelete', 'jget', 'jpost', 'jput', 'jpatch']
)
def test_r_and_j_methods_have_names_and_docstrings(name):
    method = getattr(pdpyras.APISession, name)
    assert method.__name__ == name
    assert method.__doc__


def test_a_method_of_a_subclass_can_be_decorated(api):
    class Session(pdpyras.APISession):
        @pdpyras.resource_url
        @pdpyras.auto_json
        def first_page(self, resource, **options):
            return self.get(resource, params={'limit': 1}, **options)

    api.reply(body={'users': [1], 'more': True})
    with Session('key', base_url=api.url) as session:
        assert session.first_page({'self': '/users'}) == {'users': [1], 'more': True}
    assert api.last.query == {'limit': '1'}
