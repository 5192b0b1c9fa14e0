"""How bodies are read and decoded: by orjson where it is installed, with the results of json."""

import json
import sys
import types
from importlib.util import find_spec

import pytest
import requests

import pdpyras

hypothesis = pytest.importorskip('hypothesis')

from hypothesis import example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

USER_AT = 'users/PABC123'


@pytest.fixture
def installed_orjson(monkeypatch):
    """Puts a module in the place of orjson, or makes it impossible to import with None."""

    def install(module):
        monkeypatch.setitem(sys.modules, 'orjson', module)
        pdpyras._orjson_loads.cache_clear()

    yield install
    pdpyras._orjson_loads.cache_clear()


def telling_orjson():
    """An orjson that shows that it was used."""
    return types.SimpleNamespace(loads=lambda body: {'user': 'decoded by orjson'})


def test_orjson_decodes_where_it_is_installed(api, session, installed_orjson):
    installed_orjson(telling_orjson())
    api.reply(body={'user': {}}, headers={'Content-Type': 'application/json; charset=utf-8'})
    assert session.rget(USER_AT) == 'decoded by orjson'


def test_orjson_can_be_switched_off(api, session, installed_orjson, monkeypatch):
    installed_orjson(telling_orjson())
    monkeypatch.setattr(pdpyras, 'USE_ORJSON', False)
    api.reply(body={'user': {}})
    assert session.rget(USER_AT) == {}


def test_json_decodes_where_orjson_is_not_installed(api, session, installed_orjson):
    installed_orjson(None)
    api.reply(body={'user': {}})
    assert session.rget(USER_AT) == {}


@pytest.mark.parametrize('number', [2**63 - 1, 2**64, -(2**63) - 1, 10**30], ids=str)
@pytest.mark.parametrize('padding', range(4))
def test_a_long_number_is_left_to_json(api, session, installed_orjson, number, padding):
    installed_orjson(telling_orjson())
    user = '{{"user": {}{}}}'.format(' ' * padding, number).encode()
    api.reply(body=user, headers={'Content-Type': 'application/json'})
    assert session.rget(USER_AT) == number


def test_another_encoding_is_left_to_json(api, session, installed_orjson):
    installed_orjson(telling_orjson())
    headers = {'Content-Type': 'application/json; charset=latin-1'}
    api.reply(body='{"user": "Jörg"}'.encode('latin-1'), headers=headers)
    assert session.rget(USER_AT) == 'Jörg'


def test_a_response_that_decodes_itself_is_left_to_it(installed_orjson):
    installed_orjson(telling_orjson())

    class Shouted(requests.Response):
        def json(self):
            return 'HELLO'

    patched = body_of(b'{}')
    patched.json = lambda: 'patched'
    assert pdpyras.try_decoding(Shouted()) == 'HELLO'
    assert pdpyras.try_decoding(patched) == 'patched'


def test_a_hook_for_responses_sees_the_body_before_it_is_read(api, session):
    states = []
    session.hooks['response'].append(lambda response, **_: states.append(response._content))
    api.reply(body={'user': {}})
    session.rget(USER_AT)
    assert states == [False]


def test_a_body_that_is_asked_for_as_a_stream_is_not_read(api, session):
    api.reply(body={'user': {}})
    response = session.get(USER_AT, stream=True)
    assert response.raw.read() == b'{"user": {}}'


def test_a_body_that_a_hook_has_read_is_not_read_again(api, session):
    session.hooks['response'].append(lambda response, **_: response.content and None)
    api.reply(body={'user': {}})
    assert session.rget(USER_AT) == {}


def body_of(content):
    response = requests.Response()
    response.status_code = 200
    response.encoding = 'utf-8'
    response._content = content
    return response


def outcome(content):
    """What comes of decoding a body: a value in full detail, or an error."""
    try:
        # Unlike ==, this tells 1 from 1.0 and from True, 0.0 from -0.0, and one order of keys from
        # another.
        return repr(pdpyras.try_decoding(body_of(content)))
    except pdpyras.PDServerError as error:
        return error.msg, repr(error.__cause__)


NUMBERS = st.integers() | st.integers(-(2**66), 2**66) | st.floats()
TEXTS = st.text(st.characters(blacklist_categories=()), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
ESCAPED = VALUES.map(lambda value: json.dumps(value).encode())
UNESCAPED = VALUES.map(
    lambda value: json.dumps(value, ensure_ascii=False).encode('utf-8', 'surrogatepass')
)
LITERALS = st.from_regex(rb'[ \n]*-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][-+]?[0-9]{1,3})?[ ]*')
FRAGMENTS = st.lists(
    st.sampled_from(
        [b'{', b'}', b'[', b']', b',', b':', b'"a"', b'"b"', b'null', b'true', b'NaN', b'Infinity']
        + [b'-', b'0', b'1', b'.5', b'e9', b'1e400', b'"\\ud800"', b'"\xff"', b'\xef\xbb\xbf', b' ']
    ),
    max_size=12,
).map(b''.join)


@pytest.mark.skipif(
    find_spec('orjson') is None, reason='orjson is not installed: tox run -e coverage has it'
)
@given(ESCAPED | UNESCAPED | LITERALS | FRAGMENTS | st.binary(max_size=12))
@settings(max_examples=2000)
@example(b'{"a": 1, "b": 2, "a": 3}')
@example(b'[18446744073709551615, 18446744073709551616, -9223372036854775809]')
@example(b'[-0, -0.0, 5e-324, 1.7976931348623159e308]')
@example(b'[' * 1030 + b']' * 1030)
def test_orjson_gives_what_json_gives(content):
    pdpyras.USE_ORJSON = True
    by_orjson = outcome(content)
    pdpyras.USE_ORJSON = False
    try:
        assert by_orjson == outcome(content)
    finally:
        pdpyras.USE_ORJSON = True
