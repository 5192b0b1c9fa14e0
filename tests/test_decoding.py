"""Reading and decoding the bodies of responses."""

import json

import pytest
import requests

import pdpyras

USER_AT = 'users/PABC123'


@pytest.fixture
def decoded(monkeypatch):
    """The bodies passed to pdpyras.json_loads, in order."""
    bodies = []

    def loads(body):
        bodies.append(body)
        return json.loads(body.decode('utf-8'))

    monkeypatch.setattr(pdpyras, 'json_loads', loads)
    return bodies


def test_json_loads_decodes_the_response_of_rget(api, session, decoded):
    api.reply(body={'user': {'name': 'Jörg'}})
    assert session.rget(USER_AT) == {'name': 'Jörg'}
    assert decoded == [json.dumps({'user': {'name': 'Jörg'}}).encode('utf-8')]


def test_json_loads_decodes_each_page_of_a_listing_once(api, session, decoded):
    api.reply(body={'users': [1], 'more': True})
    api.reply(body={'users': [2], 'more': False})
    assert session.list_all('users') == [1, 2]
    assert len(decoded) == 2


def test_json_loads_decodes_the_response_to_an_event(api, events, decoded):
    api.reply(202, {'dedup_key': 'abc'})
    assert events.trigger('summary', 'source') == 'abc'
    assert len(decoded) == 1


def test_an_error_of_json_loads_names_the_request_and_quotes_the_body(api, session, decoded):
    api.reply(body=b'<html>', headers={'x-request-id': 'REQ-1'})
    with pytest.raises(pdpyras.PDServerError, match='invalid JSON: <html>.*REQ-1') as caught:
        session.rget(USER_AT)
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.response.content == b'<html>'


def test_json_loads_is_not_called_for_an_empty_body(api, session, decoded):
    api.reply(204)
    assert session.rput(USER_AT, json={}) is None


def test_orjson_loads_can_be_json_loads(api, session, monkeypatch):
    orjson = pytest.importorskip('orjson', reason='tox run -e coverage installs orjson')
    monkeypatch.setattr(pdpyras, 'json_loads', orjson.loads)
    api.reply(body={'user': {'name': 'Jörg'}})
    api.reply(body=b'{')
    assert session.rget(USER_AT) == {'name': 'Jörg'}
    with pytest.raises(pdpyras.PDServerError, match='invalid JSON'):
        session.rget(USER_AT)


def test_without_json_loads_the_json_method_of_the_response_is_used():
    class Shouted(requests.Response):
        def json(self):
            return 'HELLO'

    assert pdpyras.try_decoding(Shouted()) == 'HELLO'


def test_a_declared_encoding_is_used(api, session):
    headers = {'Content-Type': 'application/json; charset=latin-1'}
    api.reply(body='{"user": "Jörg"}'.encode('latin-1'), headers=headers)
    assert session.rget(USER_AT) == 'Jörg'


@pytest.mark.parametrize('number', [2**63 - 1, 2**64, -(2**63) - 1, 10**30], ids=str)
def test_a_large_integer_is_decoded_exactly(api, session, number):
    api.reply(body='{{"user": {}}}'.format(number).encode())
    assert session.rget(USER_AT) == number


def test_a_response_hook_runs_before_the_body_is_read(api, session):
    states = []
    session.hooks['response'].append(lambda response, **_: states.append(response._content))
    api.reply(body={'user': {}})
    session.rget(USER_AT)
    assert states == [False]


def test_the_body_of_a_streamed_response_is_not_read(api, session):
    api.reply(body={'user': {}})
    response = session.get(USER_AT, stream=True)
    assert response.raw.read() == b'{"user": {}}'


def test_a_body_read_by_a_hook_is_decoded(api, session):
    session.hooks['response'].append(lambda response, **_: response.content and None)
    api.reply(body={'user': {}})
    assert session.rget(USER_AT) == {}


@pytest.mark.parametrize('body, status', [(b'<html>', 200), (b'', 204)])
def test_an_exception_of_any_class_in_json_loads_means_an_invalid_body(
    api, session, monkeypatch, body, status
):
    class Unusual(Exception):
        """Not a ValueError."""

    def fail(content):
        raise Unusual

    monkeypatch.setattr(pdpyras, 'json_loads', fail)
    api.reply(status, body)
    if not body:
        assert session.rput(USER_AT, json={}) is None
    else:
        with pytest.raises(pdpyras.PDServerError, match='invalid JSON'):
            session.rget(USER_AT)
