"""Errors: their classes, messages and attributes."""

import copy
import pickle
import traceback
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import requests
import urllib3
from wire import ANY_SERVER_ERROR, Hangup

import pdpyras

pytestmark = pytest.mark.usefixtures('no_garbage_collection')

KEY = 'the-api-key-1234'
NOT_FOUND = {'error': {'message': 'Not Found', 'code': 2100}}
INVALID = {
    'error': {
        'message': 'Invalid Input Provided',
        'code': 2001,
        'errors': ['Name cannot be empty.', 'Time zone is invalid.'],
    }
}


def fail(api, session, status=404, body=None, headers=None):
    """Return the error that rget raises for such a response."""
    api.reply(status, body, headers)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users/P1')
    return caught.value


# Classes


def test_errors_form_the_documented_class_hierarchy():
    assert issubclass(pdpyras.PDServerError, pdpyras.PDHTTPError)
    assert issubclass(pdpyras.PDHTTPError, pdpyras.PDClientError)
    assert not issubclass(pdpyras.URLError, pdpyras.PDClientError)


@pytest.mark.parametrize('status', [500, 501, 502, 503, 504, 529, 599])
def test_every_5xx_is_a_server_error(api, session, status):
    session.retry.clear()
    error = fail(api, session, status)
    assert isinstance(error, pdpyras.PDServerError)
    assert 'server error: {} '.format(status) in str(error)


@pytest.mark.parametrize('status', [400, 402, 403, 404, 409, 422, 499])
def test_every_4xx_is_a_client_error(api, session, status):
    error = fail(api, session, status)
    assert not isinstance(error, pdpyras.PDServerError)
    assert 'client error: {} '.format(status) in str(error)


@pytest.mark.parametrize('status', [300, 304])
def test_an_unexpected_redirect_is_an_http_error(api, session, status):
    error = fail(api, session, status)
    assert not isinstance(error, pdpyras.PDServerError)
    assert ': unexpected redirect: {} '.format(status) in str(error)


@pytest.mark.parametrize('status', [200, 201, 202, 204])
def test_successful_response_returns_a_success(api, session, status):
    api.reply(status)
    response = session.get('users')
    assert pdpyras.successful_response(response) is response


def test_successful_response_raises_a_client_error_for_none():
    with pytest.raises(pdpyras.PDClientError, match='hoping') as caught:
        pdpyras.successful_response(None, context='hoping')
    assert caught.value.response is None


# Messages


def test_a_message_names_the_request_the_fault_the_status_and_the_response(api, session):
    error = fail(api, session, 404, NOT_FOUND, {'x-request-id': 'REQ-1'})
    message = str(error)
    assert message.startswith('GET {}/users/P1: '.format(api.url))
    for part in ('client error', '404', 'REQ-1', 'Not Found'):
        assert part in message
    assert error.msg == message


@pytest.mark.parametrize('method', ['POST', 'PUT', 'PATCH', 'DELETE'])
def test_a_message_starts_with_the_method(api, session, method):
    api.reply(409)
    with pytest.raises(pdpyras.PDHTTPError, match='^{} http'.format(method)):
        pdpyras.successful_response(session.request(method, 'users'))


def test_a_message_has_the_context_of_the_request(api, session):
    api.reply(400, b'bad')
    response = session.get('users')
    assert 'looking for Dan' in pdpyras.http_error_message(response, 'looking for Dan')
    with pytest.raises(pdpyras.PDHTTPError, match='looking for Dan'):
        pdpyras.successful_response(response, context='looking for Dan')


def test_a_message_shows_the_query_that_was_sent(api, session):
    api.reply(400)
    with pytest.raises(pdpyras.PDHTTPError, match=r'users\?query=Dan'):
        session.rget('users', params={'query': 'Dan'})


def test_the_body_is_truncated_to_100_characters_in_a_message(api, session):
    message = str(fail(api, session, 400, b'x' * 500))
    assert message.endswith(' ' + 'x' * 97 + '...')


def test_a_message_says_that_the_body_is_empty(api, session):
    assert 'empty' in str(fail(api, session, 400))


@pytest.mark.parametrize('repeated', ['{}', 'Token token={}', '{{"your_key": "{}"}}'], ids=repr)
def test_a_key_that_the_server_echoes_is_masked_in_the_message(api, session, repeated):
    error = fail(api, session, 403, repeated.format(KEY).encode())
    assert KEY not in str(error)
    assert '*1234' in str(error)


@pytest.mark.parametrize(
    'text, cut',
    [
        ('', ''),
        ('x' * 100, 'x' * 100),
        ('x' * 101, 'x' * 97 + '...'),
        ('ü' * 101, 'ü' * 97 + '...'),
    ],
    ids=['empty', '100', '101', '101 umlauts'],
)
def test_truncate_text(text, cut):
    assert pdpyras.truncate_text(text) == cut
    assert len(pdpyras.truncate_text(text)) <= pdpyras.TEXT_LEN_LIMIT


@pytest.mark.parametrize(
    'secret, shown',
    [('the-api-key-1234', '*1234'), ('abcde', '*bcde')],
)
def test_last_4(secret, shown):
    assert pdpyras.last_4(secret) == shown


# Attributes


def test_an_error_has_the_status_code_sentences_and_request_id(api, session):
    error = fail(api, session, 400, INVALID, {'x-request-id': 'REQ-1'})
    assert error.status_code == 400
    assert error.code == 2001
    assert error.errors == ['Name cannot be empty.', 'Time zone is invalid.']
    assert error.request_id == 'REQ-1'


@pytest.mark.parametrize(
    'body, code, errors',
    [
        (None, None, []),
        (b'<html>', None, []),
        ([], None, []),
        ({'error': 'text'}, None, ['text']),
        ({'error': {'message': 'x'}}, None, ['x']),
        ({'error': {'code': 2100, 'errors': []}}, 2100, []),
        ({'error': {'code': 2100, 'errors': 'one only'}}, 2100, ['one only']),
        ({'error': {'errors': [{'field': 'name'}]}}, None, ['field: name']),
        ({'status': 'invalid event', 'errors': ['bad severity']}, None, ['bad severity']),
    ],
    ids=[
        'empty',
        'not JSON',
        'an empty list',
        'a text',
        'a message only',
        'a code',
        'a str for errors',
        'an object for an error',
        'a response of the Events API',
    ],
)
def test_code_and_errors_are_read_from_a_body_of_any_shape(api, session, body, code, errors):
    error = fail(api, session, 400, body)
    assert (error.code, error.errors, error.request_id) == (code, errors, None)


def test_an_error_has_the_response(api, session):
    response = fail(api, session, 404, NOT_FOUND, {'X-Mine': '1'}).response
    assert isinstance(response, requests.Response)
    assert response.status_code == 404
    assert response.json() == NOT_FOUND
    assert response.headers['X-Mine'] == '1'
    assert response.request.method == 'GET'
    assert response.ok is False


@pytest.mark.parametrize('status', [400, 404, 500, 503])
def test_the_response_of_an_error_is_true(api, session, status):
    assert fail(api, session, status).response


def test_the_response_passed_to_successful_response_stays_false(api, session):
    api.reply(404)
    response = session.get('users/P1')
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        pdpyras.successful_response(response)
    assert not response
    assert caught.value.response == response


def test_a_network_error_has_a_cause_and_no_response(api, session):
    session.max_network_attempts = 1
    api.hang_up(times=2)
    with pytest.raises(pdpyras.PDClientError) as caught:
        session.rget('users/P1')
    assert caught.value.response is None
    assert not isinstance(caught.value, pdpyras.PDHTTPError)
    assert isinstance(caught.value.__cause__, requests.ConnectionError)


@pytest.mark.parametrize('kind', [pdpyras.PDHTTPError, pdpyras.PDServerError])
def test_an_http_error_requires_a_response(kind):
    with pytest.raises(TypeError):
        kind('message')


def test_a_client_error_has_only_its_message():
    error = pdpyras.PDClientError('No way')
    assert (error.msg, str(error), error.args, error.response) == (
        'No way',
        'No way',
        ('No way',),
        None,
    )


# Mock responses, as in users' tests


def test_an_http_error_accepts_a_mock_response_with_only_a_status():
    double = SimpleNamespace(status_code=404)
    error = pdpyras.PDHTTPError('not found', double)
    assert error.response is double
    assert (error.status_code, error.request_id) == (404, None)


def test_a_message_uses_the_url_of_the_request_if_a_mock_response_has_none():
    request = SimpleNamespace(method='get', url='https://api.pagerduty.com/users')
    double = SimpleNamespace(status_code=404, text='', request=request)
    assert pdpyras.http_error_message(double).startswith('GET https://api.pagerduty.com/users: ')
    nothing_known = SimpleNamespace(status_code=404, text='')
    assert pdpyras.http_error_message(nothing_known).startswith('REQUEST (URL unknown): ')


def test_the_response_of_an_error_is_the_mock_with_a_spec_itself():
    response = Mock(spec=requests.Response, status_code=404, text='gone', headers={}, url='u')
    response.request = Mock(method='GET')
    error = pdpyras.PDHTTPError('message', response)
    assert error.response is response
    assert error.response.text == 'gone'


# Decoding


@pytest.mark.parametrize(
    'body, decoded',
    [
        (b'{"a": 1}', {'a': 1}),
        (b'[1]', [1]),
        (b'"s"', 's'),
        (b'null', None),
        (b'', None),
        (b' \n ', None),
        ('{"ü": "ö"}'.encode(), {'ü': 'ö'}),
    ],
    ids=repr,
)
def test_try_decoding_returns_any_json_and_none_for_an_empty_body(api, session, body, decoded):
    api.reply(body=body)
    assert pdpyras.try_decoding(session.get('users')) == decoded


@pytest.mark.parametrize('body', [b'<html>', b'{"a": ', b'[' * 100000], ids=['html', 'cut', 'deep'])
def test_try_decoding_rejects_text_that_is_not_json(api, session, body):
    api.reply(body=body)
    response = session.get('users')
    with pytest.raises(pdpyras.PDServerError, match='invalid JSON') as caught:
        pdpyras.try_decoding(response)
    assert caught.value.response == response
    assert len(str(caught.value)) < 300


# Pickling and copying


def through_pickle(error, protocol=pickle.HIGHEST_PROTOCOL):
    return pickle.loads(pickle.dumps(error, protocol))


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('status', [404, ANY_SERVER_ERROR])
def test_an_http_error_survives_pickling(api, session, status, protocol):
    error = fail(api, session, status, INVALID, {'x-request-id': 'REQ-1'})
    same = through_pickle(error, protocol)
    assert type(same) is type(error)
    assert str(same) == str(error)
    assert same.response
    assert isinstance(same.response, requests.Response)
    assert (same.status_code, same.code, same.request_id) == (status, 2001, 'REQ-1')
    assert same.errors == error.errors
    assert same.response.json() == INVALID
    assert same.response.url == api.url + '/users/P1'
    assert same.response.request is None


@pytest.mark.parametrize('duplicate', [copy.copy, copy.deepcopy, through_pickle])
@pytest.mark.parametrize(
    'error', [pdpyras.PDClientError('No way'), pdpyras.URLError('Not there')], ids=repr
)
def test_other_errors_survive_pickling_and_copying(error, duplicate):
    same = duplicate(error)
    assert type(same) is type(error)
    assert str(same) == str(error)


@pytest.mark.parametrize('duplicate', [copy.copy, copy.deepcopy])
def test_an_http_error_survives_copying(api, session, duplicate):
    error = fail(api, session, 404, NOT_FOUND)
    same = duplicate(error)
    assert str(same) == str(error)
    assert same.response.json() == NOT_FOUND
    assert same.response


def test_a_pickled_error_does_not_contain_the_key_of_its_request(api, session, events):
    for send in (lambda: session.rput('users/P1', json={}), lambda: events.trigger('a', 'b')):
        api.reply(400)
        with pytest.raises(pdpyras.PDHTTPError) as caught:
            send()
        pickled = pickle.dumps(caught.value)
        assert KEY.encode() not in pickled
        assert b'the-routing-key-5678' not in pickled


def test_a_subclass_of_an_error_survives_pickling(api, session):
    error = fail(api, session, 404, NOT_FOUND)
    same = through_pickle(UserNotFound(error.msg, error.response))
    assert isinstance(same, UserNotFound)
    assert same.code == 2100


class UserNotFound(pdpyras.PDHTTPError):
    """An exception class of a user's own."""


class Unavailable(pdpyras.PDHTTPError):
    """An exception class with arguments and attributes of its own."""

    def __init__(self, service, error):
        super().__init__(service + ' is unavailable', error.response)
        self.service = service
        self.status_code = 'unavailable'


def test_a_subclass_with_arguments_of_its_own_survives_pickling(api, session):
    error = Unavailable('mail', fail(api, session, 404, NOT_FOUND))
    error.seen_by = 'a handler'
    same = through_pickle(error)
    assert (str(same), same.service, same.status_code) == (
        'mail is unavailable',
        'mail',
        'unavailable',
    )
    assert same.seen_by == 'a handler'
    assert same.code == 2100
    assert same.response.json() == NOT_FOUND


class FakeResponse(requests.Response):
    """A response of a user's test, or of a library such as requests-cache."""

    from_cache = True

    def json(self):
        return {'error': {'message': 'No such user', 'code': 2100}}


def test_the_response_of_an_error_keeps_its_class(api, session):
    response = FakeResponse()
    response.status_code = 404
    session.parent = SimpleNamespace(request=lambda *args, **options: response)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users/P1')
    assert isinstance(caught.value.response, FakeResponse)
    assert caught.value.response
    assert caught.value.response.from_cache
    assert caught.value.response.json()['error']['message'] == 'No such user'
    assert caught.value.code == 2100
    assert through_pickle(caught.value).response.status_code == 404


def test_a_response_made_by_a_hook_is_accepted(api, session):
    made = requests.Response()
    made.status_code = 204
    session.hooks['response'].append(lambda response, **options: made)
    api.reply(404)
    assert session.rdelete('users/P1') is made


# Invalid encodings


@pytest.mark.parametrize('charset', ['idna', 'undefined', 'punycode', 'no-such'])
@pytest.mark.parametrize('body', [b'not json', 'ö'.encode(), b'\xff\xfe'], ids=repr)
def test_an_invalid_charset_does_not_hide_the_error(api, session, charset, body):
    headers = {'Content-Type': 'application/json; charset=' + charset}
    api.reply(200, body=body, headers=headers)
    with pytest.raises(pdpyras.PDServerError, match='invalid JSON'):
        session.rget('users/P1')
    api.reply(404, body=body, headers=headers)
    with pytest.raises(pdpyras.PDHTTPError, match='404') as caught:
        session.rget('users/P1')
    assert (caught.value.code, caught.value.errors) == (None, [])
    api.reply(400, body=body, headers=headers)
    assert session.api_key_access is None


def test_a_body_that_does_not_fit_its_charset_is_quoted_as_utf_8(api, session):
    headers = {'Content-Type': 'text/plain; charset=undefined'}
    api.reply(404, body='Ñandú'.encode() + b'\xff', headers=headers)
    with pytest.raises(pdpyras.PDHTTPError, match='Ñandú\ufffd'):
        session.rget('users/P1')


def test_an_error_whose_response_has_no_request_can_be_pickled():
    response = requests.Response()
    response.status_code = 404
    error = pickle.loads(pickle.dumps(pdpyras.PDHTTPError('gone', response)))
    assert error.status_code == 404
    assert error.response.request is None


def test_a_mock_response_without_headers_raises_an_http_error():
    class Double:
        status_code = 404
        ok = False
        text = 'gone'
        url = 'https://api.pagerduty.com/users/P1'
        request = None

    with pytest.raises(pdpyras.PDHTTPError, match='404') as caught:
        pdpyras.successful_response(Double())
    assert caught.value.request_id is None


SENTENCE = 'Date cannot be more than 12 months in the future'


@pytest.mark.parametrize(
    'body, sentences',
    [
        ({'error': {'message': 'm', 'errors': [SENTENCE]}}, [SENTENCE]),
        ({'error': {'message': 'm', 'errors': SENTENCE}}, [SENTENCE]),
        ({'error': {'errors': {'event.since': [SENTENCE]}}}, ['event.since: ' + SENTENCE]),
        ({'error': {'errors': [{'rule_id': 'x', 'messages': [SENTENCE]}]}}, [SENTENCE]),
        ({'error': SENTENCE}, [SENTENCE]),
        ({'error': [SENTENCE, 'b']}, [SENTENCE, 'b']),
        ({'errors': {'name': ['is taken', 'is short']}}, ['name: is taken', 'name: is short']),
        ({'errors': [{'title': 't', 'detail': SENTENCE}]}, [SENTENCE]),
        ({'errors': [{'status': '404', 'title': SENTENCE}]}, [SENTENCE]),
        ({'status': 'invalid event', 'message': 'm', 'errors': [SENTENCE]}, [SENTENCE]),
        ({'message': SENTENCE}, [SENTENCE]),
        ([SENTENCE], [SENTENCE]),
    ],
    ids=repr,
)
def test_errors_is_a_list_of_sentences_for_a_body_of_any_shape(api, session, body, sentences):
    error = fail(api, session, 400, body)
    assert error.errors == sentences
    assert '; '.join(sentences) in str(error)


def test_a_message_has_the_whole_sentences_and_the_code_of_the_api(api, session):
    long = 'A sentence that goes on ' * 20 + 'to its end.'
    body = {'error': {'message': 'Invalid Input Provided', 'code': 2001, 'errors': [long, 'B.']}}
    message = str(fail(api, session, 400, body, {'x-request-id': 'REQ-1'}))
    expected = 'client error: 400 Invalid Input Provided (code 2001): {}; B. [request ID REQ-1]'
    assert message == 'GET {}/users/P1: '.format(api.url) + expected.format(long)


def test_a_missing_from_header_names_default_from(api, session):
    sentence = "A 'From' header with the e-mail address of a user is required."
    error = {'message': 'Invalid Input Provided', 'code': 2001, 'errors': [sentence]}
    api.reply(400, {'error': error})
    with pytest.raises(pdpyras.PDHTTPError, match='default_from=') as caught:
        session.rput('incidents', json=[])
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    'path, suggestion',
    [
        ('serivces', '/services'),
        ('service', '/services'),
        ('incidents/PABC123/note', '/incidents/{id}/notes'),
        ('escalation_policy/PABC123', '/escalation_policies/{id}'),
        ('users/PABC123/contact_method', '/users/{id}/contact_methods'),
        # Their last segments are listed paths themselves.
        ('incident/PABC123/log_entries', '/incidents/{id}/log_entries'),
        ('schedule/PABC123/users', '/schedules/{id}/users'),
    ],
)
def test_a_404_on_a_misspelt_path_suggests_the_nearest_listed_path(api, session, path, suggestion):
    api.reply(404, NOT_FOUND)
    with pytest.raises(pdpyras.PDHTTPError, match='did you mean') as caught:
        session.rget(path)
    assert 'did you mean {}?'.format(suggestion) in str(caught.value)


@pytest.mark.parametrize('empty', ['', {}, [], None, False, True], ids=repr)
def test_a_message_beside_an_empty_error_is_shown(api, session, empty):
    api.reply(400, {'error': empty, 'message': 'The account is locked.'})
    with pytest.raises(pdpyras.PDHTTPError, match='400 The account is locked[.]$'):
        session.rget('users')


@pytest.mark.parametrize(
    'message',
    [
        'You must specify a user\'s email address in the "From" header to perform this action',
        'You must specify a user’s email address in the “From” header to perform this action',
        'Requester User Not Found',
    ],
)
def test_every_error_about_the_from_header_names_default_from(api, session, message):
    api.reply(400, {'error': {'message': message, 'code': 2016}})
    with pytest.raises(pdpyras.PDHTTPError, match='Pass default_from= to the session'):
        session.rput('/incidents/P1', json={'status': 'resolved'})


def test_a_401_says_so_if_no_key_was_sent(api, session):
    api.reply(401)
    with pytest.raises(pdpyras.PDHTTPError, match='The Authorization header contains no key[.]'):
        session.rget('users', headers={'Authorization': 'Bearer '.strip()})


def test_a_message_that_is_the_only_sentence_is_shown_once(api, session):
    api.reply(429, {'error': {'message': 'Rate Limit Exceeded', 'code': 2020}})
    session.retry[429] = 1
    session.max_http_attempts = 0
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users')
    assert str(caught.value).endswith('client error: 429 Rate Limit Exceeded (code 2020)')
    assert caught.value.errors == ['Rate Limit Exceeded']


def test_a_body_that_is_null_is_named(api, session):
    api.reply(200, b'null')
    with pytest.raises(pdpyras.PDServerError, match='which is null[.]'):
        session.rget('users/P1')


def test_a_404_below_a_base_url_with_a_path_suggests_nothing(api):
    api.reply(404, NOT_FOUND)
    session = pdpyras.APISession('the-api-key-1234', base_url=api.url + '/gateway')
    with session, pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('services/PABC123')
    assert 'not listed' not in str(caught.value)
    assert 'did you mean' not in str(caught.value)


@pytest.mark.parametrize('path', ['services/PABC123', 'utterly/different'])
def test_a_404_on_any_other_path_suggests_nothing(api, session, path):
    api.reply(404, NOT_FOUND)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget(path)
    assert 'not listed' not in str(caught.value)
    assert 'did you mean' not in str(caught.value)


def test_a_401_names_the_key_and_the_region(api, session):
    api.reply(401, headers={'x-request-id': 'REQ-1'})
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users')
    assert 'service region' in str(caught.value)
    assert session.url in str(caught.value)
    assert str(caught.value).endswith('The API key in use is *1234. [request ID REQ-1]')


@pytest.mark.parametrize('key', ['wrong', 'other service', 'region', 'key that'])
def test_a_key_that_is_a_common_word_does_not_garble_the_message(api, key):
    api.reply(401)
    session = pdpyras.APISession(key, base_url=api.url)
    with session, pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users')
    causes = 'the API key is wrong or no longer valid, or it belongs to another service region;'
    assert causes in str(caught.value)
    assert str(caught.value).endswith('The API key in use is *{}.'.format(key[-4:]))


def test_a_401_shows_the_reason_that_the_api_gives(api, session):
    error = {'message': 'Forbidden', 'code': 2006, 'errors': ['Your IP is not allowed.']}
    api.reply(401, {'error': error})
    with pytest.raises(pdpyras.PDHTTPError, match=r'401 Forbidden \(code 2006\): Your IP is'):
        session.rget('users')


@pytest.mark.parametrize(
    'body, headers, path',
    [
        ({'error': {'message': 'm' * 5000, 'errors': ['e' * 5000] * 50}}, {}, 'users/P1'),
        (b'x' * 2000000, {}, 'users/P1'),
        (b'', {'x-request-id': 'r' * 5000}, 'users/P1'),
        (b'', {}, 'users/' + 'P' * 30000),
        ({'k' * 5000: 1}, {}, 'users/P1'),
    ],
    ids=['sentences', 'body', 'header', 'URL', 'keys'],
)
@pytest.mark.parametrize('status', [200, 400, ANY_SERVER_ERROR])
def test_a_message_stays_below_2000_characters(api, session, status, body, headers, path):
    api.reply(status, body, headers)
    try:
        assert session.rget(path) is None
    except pdpyras.PDHTTPError as error:
        assert len(str(error)) < 2000


def test_the_message_of_a_url_error_stays_below_2000_characters(session):
    for url in ('https://evil.example/' + 'x' * 100000, 'users/../' + 'x' * 100000):
        with pytest.raises(pdpyras.URLError) as caught:
            session.get(url)
        assert len(str(caught.value)) < 2000


def test_control_characters_are_escaped_in_messages_and_log_lines(api, session, caplog):
    caplog.set_level('DEBUG')
    forged = 'ok\nCRITICAL forged\x1b[31m'
    error = fail(api, session, ANY_SERVER_ERROR, {'error': {'message': forged, 'errors': [forged]}})
    assert '\n' not in str(error)
    assert '\x1b' not in str(error)
    assert 'ok\\nCRITICAL' in str(error)
    assert not any('\n' in record.getMessage() for record in caplog.records)


def test_control_characters_are_escaped_in_the_causes_of_an_error(api, session, caplog):
    session.hooks['response'].append(lambda response, **options: response.raise_for_status())
    api.hang_up(b'HTTP/1.1 404 \x1b[2JNot\x07 there\r\nContent-Length: 0\r\n\r\n')
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.get('users/P1')
    text = ''.join(traceback.format_exception(pdpyras.PDHTTPError, caught.value, None))
    assert r'\x1b[2JNot\x07 there' in text
    assert '\x1b' not in text


def test_a_mock_with_status_0_counts_as_no_response():
    double = SimpleNamespace(status_code=0, ok=False, text='')
    with pytest.raises(pdpyras.PDClientError, match='No response') as caught:
        pdpyras.successful_response(double)
    assert not isinstance(caught.value, pdpyras.PDHTTPError)


@pytest.mark.parametrize('status', [400, 404, ANY_SERVER_ERROR])
@pytest.mark.parametrize('where', ['a hook', 'postprocess'])
def test_raise_for_status_in_user_code_is_a_response_not_a_network_error(
    api, session, sleeps, monkeypatch, where, status
):
    if where == 'a hook':
        session.hooks['response'] = [lambda response, *_, **__: response.raise_for_status()]
    else:
        monkeypatch.setattr(session, 'postprocess', lambda response: response.raise_for_status())
    api.reply(status, NOT_FOUND)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.get('users/P1')
    assert caught.value.response.status_code == status
    assert isinstance(caught.value.__cause__, requests.HTTPError)
    assert isinstance(caught.value, pdpyras.PDServerError) == (status == ANY_SERVER_ERROR)
    assert (len(api.seen), sleeps) == (1, [])


@pytest.mark.parametrize('where', ['a hook', 'postprocess'])
def test_raise_for_status_in_user_code_goes_through_the_retries(
    api, session, sleeps, monkeypatch, where
):
    session.retry[502] = 2
    if where == 'a hook':
        session.hooks['response'] = [lambda response, *_, **__: response.raise_for_status()]
    else:
        monkeypatch.setattr(session, 'postprocess', lambda response: response.raise_for_status())
    api.reply(502)
    api.reply(429)
    api.reply(body={'user': {'id': 'P1'}})
    assert session.rget('users/P1') == {'id': 'P1'}
    assert len(sleeps) == 2


def test_a_pickled_error_does_not_contain_an_echoed_key(api, session):
    headers = {
        'Set-Cookie': 'a=' + KEY,
        'X-' + KEY: 'name',
        'Content-Type': 'application/json; charset=' + KEY,
        'X-Echo': KEY,
    }
    error = fail(api, session, 400, {'error': {'message': KEY, 'errors': [KEY]}}, headers)
    assert KEY.encode() not in pickle.dumps(error)
    assert KEY.encode() not in pickle.dumps(error.response)


@pytest.mark.parametrize(
    'error',
    [requests.HTTPError, requests.ConnectionError, urllib3.exceptions.HTTPError],
    ids=['HTTPError of requests', 'ConnectionError', 'HTTPError of urllib3'],
)
def test_a_network_error_raised_by_postprocess_is_retried(api, session, sleeps, monkeypatch, error):
    def reject_pages(response):
        if response.text.startswith('<html>'):
            raise error('a page of the gateway')

    monkeypatch.setattr(session, 'postprocess', reject_pages)
    api.reply(body=b'<html>', times=2)
    api.reply(body={'user': {'id': 'P1'}})
    assert session.rget('users/P1') == {'id': 'P1'}
    assert sleeps == [3, 6]
    api.reply(body=b'<html>', times=4)
    with pytest.raises(pdpyras.PDClientError, match='the last of 4 tries.*a page of the gateway'):
        session.rget('users/P1')


def test_a_401_after_retries_says_what_to_check(api, session):
    session.retry[401] = 1
    api.reply(401, {'error': {'message': 'Unauthorized'}}, times=2)
    with pytest.raises(
        pdpyras.PDHTTPError, match='Unauthorized. Usual causes: the API key is wrong'
    ):
        session.rget('users')


def test_the_cause_of_an_error_from_a_hook_does_not_show_the_key(api, session):
    session.hooks['response'] = [lambda response, *_, **__: response.raise_for_status()]
    api.answer(Hangup('HTTP/1.1 403 Bad key {}\r\n\r\n'.format(KEY).encode()))
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.get('users')
    assert KEY not in ''.join(traceback.format_exception(None, caught.value, caught.tb))


@pytest.mark.parametrize('status', [401, 500])
def test_an_error_about_a_truncated_stream_can_be_read_and_pickled(api, session, status):
    api.answer(
        Hangup('HTTP/1.1 {} X\r\nContent-Length: 500\r\n\r\n{{"error"'.format(status).encode())
    )
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users', stream=True)
    assert (caught.value.code, caught.value.errors) == (None, [])
    assert pickle.loads(pickle.dumps(caught.value)).status_code == status


@pytest.mark.parametrize('error', [None, True, False])
def test_errors_are_read_from_the_body_if_error_is_a_flag(api, session, error):
    body = {'error': error, 'errors': [SENTENCE]}
    assert fail(api, session, 400, body).errors == [SENTENCE]


@pytest.mark.parametrize(
    'act',
    [
        lambda session: session.rget({'self': ['x' * 10**6]}),
        lambda session: session.on_call(schedule={'x': 'y' * 10**6}),
        lambda session: session.list_all('users', page_size='x' * 10**6),
        lambda session: session.persist('users', 'email', {'k' * 10**6: 1}),
    ],
    ids=['resource', 'ID', 'number', 'keys'],
)
def test_messages_about_arguments_are_short(session, act):
    with pytest.raises((ValueError, pdpyras.URLError)) as caught:
        act(session)
    assert len(str(caught.value)) < 2000


class CachedResponse(requests.Response):
    """As in requests-cache, the state of a response is its own dict."""

    def __getstate__(self):
        return self.__dict__


def test_a_pickle_of_an_error_does_not_change_its_response(api, session):
    api.reply(404)
    response = session.get('users')
    response.__class__, response.raw, response.connection = CachedResponse, None, None
    error = pdpyras.PDHTTPError('Not found', response)
    through_pickle(error)
    assert error.response.request.headers['Authorization'].endswith(KEY)
