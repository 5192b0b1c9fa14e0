"""Libraries that mock or cache the network below requests work with these sessions."""

import json
import os

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

import pdpyras

BASE = 'https://api.pagerduty.com'


@pytest.fixture
def real_session():
    """A session with PagerDuty's real URL, which no test may reach."""
    with pdpyras.APISession('the-api-key-1234') as session:
        session.max_network_attempts = 0
        yield session


# responses


@pytest.fixture
def responses():
    library = pytest.importorskip('responses', reason='responses is not installed')
    with library.RequestsMock() as mock:
        yield mock


def test_responses_mocks_a_session(responses, real_session):
    responses.add('GET', BASE + '/users/P1', json={'user': {'id': 'P1'}})
    assert real_session.rget('users/P1') == {'id': 'P1'}
    assert responses.calls[0].request.headers['Authorization'] == 'Token token=the-api-key-1234'


def test_responses_sees_a_body_of_text_as_it_was_passed(responses, real_session):
    responses.add('POST', BASE + '/users', status=201)
    text = json.dumps({'user': {'name': 'Ren\u00e9'}})
    real_session.post('users', data=text)
    assert responses.calls[0].request.body == text


def test_responses_sees_the_wrapped_body(responses, real_session):
    responses.add('PUT', BASE + '/users/P1', json={'user': {}})
    real_session.rput('users/P1', json={'name': 'Jane'})
    assert json.loads(responses.calls[0].request.body) == {'user': {'name': 'Jane'}}


def test_responses_mocks_each_page_of_a_listing(responses, real_session):
    responses.add('GET', BASE + '/users', json={'users': [1, 2], 'more': True})
    responses.add('GET', BASE + '/users', json={'users': [3], 'more': False})
    assert real_session.list_all('users', page_size=2) == [1, 2, 3]
    assert 'offset=2' in responses.calls[1].request.url


def test_responses_mocks_each_retry(responses, real_session, sleeps):
    responses.add('GET', BASE + '/users/P1', status=429)
    responses.add('GET', BASE + '/users/P1', json={'user': {'id': 'P1'}})
    assert real_session.rget('users/P1') == {'id': 'P1'}
    assert sleeps == [3]


def test_responses_mocks_network_errors(responses, real_session):
    responses.add('GET', BASE + '/users', body=requests.ConnectionError('no network'))
    with pytest.raises(pdpyras.PDClientError, match='no network'):
        real_session.rget('users')


def test_responses_mocks_http_errors(responses, real_session):
    responses.add('GET', BASE + '/users/P1', status=404, json={'error': {'code': 2100}})
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        real_session.rget('users/P1')
    assert caught.value.code == 2100


def test_responses_mocks_the_events_sessions(responses):
    url = 'https://events.pagerduty.com/v2/'
    responses.add('POST', url + 'enqueue', status=202, json={'dedup_key': 'x'})
    responses.add('POST', url + 'change/enqueue', status=202, json={'id': 'C1'})
    assert pdpyras.EventsAPISession('KEY').trigger('a', 'b') == 'x'
    assert pdpyras.ChangeEventsAPISession('KEY').submit('a') == 'C1'
    for call in responses.calls:
        assert json.loads(call.request.body)['routing_key'] == 'KEY'


def test_a_redirect_to_another_origin_by_responses_raises(responses, real_session):
    elsewhere = {'Location': 'https://evil.example.com/users'}
    responses.add('GET', BASE + '/users', status=302, headers=elsewhere)
    with pytest.raises(pdpyras.PDServerError, match='redirect'):
        real_session.get('users')
    assert len(responses.calls) == 1


# Adapters of the user's own


class Canned(HTTPAdapter):
    """An adapter that responds without a network, as in users' tests."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, request, **kwargs):
        self.sent.append((request.method, request.url, kwargs['timeout']))
        response = requests.Response()
        response.status_code = 200
        response.url = request.url
        response.request = request
        response._content = b'{"user": {"id": "P1"}}'
        return response


@pytest.mark.parametrize('prefix', ['https://', BASE, BASE + '/users'])
def test_a_mounted_adapter_sends_the_requests_of_the_session(real_session, prefix):
    adapter = Canned()
    real_session.mount(prefix, adapter)
    assert real_session.rget('users/P1', timeout=7) == {'id': 'P1'}
    assert adapter.sent == [('GET', BASE + '/users/P1', 7)]


def test_a_mounted_adapter_may_have_retries_of_its_own(api, session, sleeps):
    retry = Retry(total=2, status_forcelist=[503], backoff_factor=0, raise_on_status=False)
    session.mount('http://', HTTPAdapter(max_retries=retry))
    api.reply(503)
    api.reply(body={'user': {'id': 'P1'}})
    assert session.rget('users/P1') == {'id': 'P1'}
    assert (len(api.seen), sleeps) == (2, [])


def test_hooks_of_requests_see_every_response(api, session):
    seen = []
    session.hooks['response'].append(lambda response, **kwargs: seen.append(response.status_code))
    api.reply(429)
    api.reply(204)
    session.get('users')
    assert seen == [429, 204]


# requests-mock


@pytest.fixture
def requests_mock_library():
    return pytest.importorskip('requests_mock', reason='requests-mock is not installed')


@pytest.mark.parametrize('is_for_one_session', [False, True], ids=['everywhere', 'one session'])
def test_requests_mock_mocks_a_session(requests_mock_library, real_session, is_for_one_session):
    options = {'session': real_session} if is_for_one_session else {}
    with requests_mock_library.Mocker(**options) as mock:
        mock.get(BASE + '/users/P1', [{'status_code': 429}, {'json': {'user': {'id': 'P1'}}}])
        assert real_session.rget('users/P1') == {'id': 'P1'}
    assert [request.url for request in mock.request_history] == [BASE + '/users/P1'] * 2


def test_an_adapter_of_requests_mock_can_be_mounted(requests_mock_library, real_session):
    adapter = requests_mock_library.Adapter()
    adapter.register_uri('GET', BASE + '/users', json={'users': [1], 'more': False})
    real_session.mount('https://', adapter)
    assert real_session.list_all('users') == [1]


def test_requests_mock_may_send_any_content_length(requests_mock_library, real_session):
    with requests_mock_library.Mocker() as mock:
        headers = {'Content-Length': '5'}  # of the recorded body, which was edited since
        mock.get(BASE + '/users/P1', json={'user': {'id': 'P1'}}, headers=headers)
        assert real_session.rget('users/P1') == {'id': 'P1'}


# vcrpy


def test_vcrpy_records_and_replays_a_session(api, session, tmp_path):
    vcr = pytest.importorskip('vcr', reason='vcrpy is not installed')
    cassette = str(tmp_path / 'cassette.yaml')
    api.reply(body={'user': {'id': 'P1'}})
    for _ in range(2):
        with vcr.use_cassette(cassette, filter_headers=['authorization']):
            assert session.rget('users/P1') == {'id': 'P1'}
    assert len(api.seen) == 1
    with open(cassette) as file:
        assert 'the-api-key-1234' not in file.read()


def test_a_cassette_recorded_with_5_4_1_can_be_replayed():
    """Replay a cassette that 5.4.1 recorded from a scripted server, which no longer runs."""
    vcr = pytest.importorskip('vcr', reason='vcrpy is not installed')
    session = pdpyras.APISession('the-api-key-1234', base_url='http://127.0.0.1:8080')
    matching = ['method', 'scheme', 'host', 'port', 'path', 'query', 'body']
    cassette = os.path.join(os.path.dirname(__file__), 'data', 'recorded_by_5.4.1.yaml')
    with vcr.use_cassette(cassette, record_mode='none', match_on=matching) as played:
        users = session.list_all('users', page_size=2, params={'team_ids': ['T1']})
        assert [user['name'] for user in users] == ['Ann', 'Bob', 'Cid']
        assert session.rget('users/P1') == {'id': 'P1', 'name': 'Ann'}
        assert session.rpost('users', json={'name': 'Dan'}) == {'id': 'P4', 'name': 'Dan'}
    assert played.all_played


EDITED = """
version: 1
interactions:
- request: {method: GET, uri: 'https://api.pagerduty.com/users/P1', headers: {}, body: null}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json], Content-Length: ['20']}
    body: {string: '{"user": {"id": "P1", "name": "edited"}}'}
"""


def test_vcrpy_replays_a_body_that_was_edited_after_the_recording(real_session, tmp_path):
    vcr = pytest.importorskip('vcr', reason='vcrpy is not installed')
    cassette = tmp_path / 'cassette.yaml'
    cassette.write_text(EDITED)
    with vcr.use_cassette(str(cassette), record_mode='none'):
        assert real_session.rget('users/P1') == {'id': 'P1', 'name': 'edited'}


# requests-cache


def test_requests_cache_caches_the_responses_of_a_session(api):
    library = pytest.importorskip('requests_cache', reason='requests-cache is not installed')

    class Cached(library.CacheMixin, pdpyras.APISession):
        """A session with a cache, as requests-cache documents it."""

    api.reply(body={'user': {'id': 'P1'}})
    with Cached(api_key='the-api-key-1234', base_url=api.url, backend='memory') as session:
        assert session.rget('users/P1') == {'id': 'P1'}
        assert session.rget('users/P1') == {'id': 'P1'}
        assert session.get('users/P1').from_cache
    assert len(api.seen) == 1
