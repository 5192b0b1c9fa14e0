"""Retries: the requests that are retried, the number of retries, and the waits."""

import gc
import io
import logging
import socket
import threading
import warnings
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import pytest
import requests
import urllib3
from wire import Hang, Reply, WireServer

import pdpyras

KEY = 'the-api-key-1234'


# By status


@pytest.mark.parametrize('status', [302, 304, 400, 402, 403, 404, 409, 500, 502, 503, 504])
def test_a_status_is_not_retried_by_default(status, api, session, sleeps):
    api.reply(status)
    assert session.get('/users').status_code == status
    assert sleeps == []
    assert len(api.seen) == 1


# 5.4.1 makes six requests for max_http_attempts = 4, and two for 0.
@pytest.mark.parametrize(
    'most, limit, retries',
    [
        pytest.param(4, 9, 4, id='max_http_attempts is lower'),
        pytest.param(10, 3, 3, id='the limit of the status is lower'),
        pytest.param(0, 5, 0, id='max_http_attempts=0 makes no retry'),
        pytest.param(3, -1, 3, id='unlimited for the status'),
        pytest.param(10, 0, 0, id='zero for the status'),
        pytest.param(1, 1, 1, id='one'),
    ],
)
def test_the_lower_of_both_limits_is_the_number_of_retries(
    most, limit, retries, api, session, sleeps
):
    api.reply(404, times=20)
    session.max_http_attempts = most
    session.retry[404] = limit
    assert session.get('/users/P1').status_code == 404
    assert len(api.seen) == retries + 1
    assert sleeps == [3 * 2**n for n in range(retries)]


def test_retries_stop_when_the_status_changes(api, session, sleeps):
    session.retry[503] = 5
    api.reply(503, times=2)
    api.reply(body={'users': []})
    assert session.rget('/users') == []
    assert sleeps == [3, 6]


def test_retries_are_counted_by_status_and_in_total(api, session, sleeps):
    session.retry.update({404: 1, 500: 1, 502: 5})
    session.max_http_attempts = 3
    for status in (404, 500, 502, 502, 502):
        api.reply(status)
    assert session.get('/users').status_code == 502
    assert len(api.seen) == 4
    assert sleeps == [3, 6, 12]


def test_another_status_does_not_count_against_the_retries_of_the_first(api, session):
    session.retry.update({404: 1, 500: 1})
    for status in (404, 500, 404):
        api.reply(status)
    assert session.get('/users').status_code == 404
    assert len(api.seen) == 3


@pytest.mark.parametrize('status', [200, 201, 204])
def test_a_success_is_never_retried(status, api, session, sleeps):
    session.retry[status] = 5
    api.reply(status)
    assert session.get('/users').status_code == status
    assert sleeps == []


def test_a_status_that_persists_after_retries_is_logged_as_an_error(api, session, caplog):
    session.retry[404] = 1
    api.reply(404, times=2)
    with caplog.at_level(logging.INFO):
        session.get('/users/P1')
    levels = [(record.levelname, '404' in record.message) for record in caplog.records]
    assert ('WARNING', True) in levels
    assert ('ERROR', True) in levels


def test_methods_that_need_a_success_raise_after_the_last_retry(api, session, sleeps):
    session.retry[503] = 2
    api.reply(503, times=3)
    with pytest.raises(pdpyras.PDServerError) as error:
        session.rget('/users')
    assert error.value.response.status_code == 503
    assert sleeps == [3, 6]


# The wait


def test_waits_grow_from_sleep_timer_by_sleep_timer_base(api, session, sleeps):
    session.retry[404] = 4
    session.sleep_timer = 0.5
    session.sleep_timer_base = 3
    api.reply(404, times=5)
    session.get('/users/P1')
    assert sleeps == [1.5, 4.5, 13.5, 40.5]


def test_waits_of_each_request_start_from_sleep_timer(api, session, sleeps):
    session.retry[404] = 2
    api.reply(404, times=6)
    session.get('/users/P1')
    session.get('/users/P1')
    assert sleeps == [3, 6, 3, 6]


def test_waits_grow_across_different_causes(api, session, sleeps):
    session.retry[503] = 1
    api.hang_up()
    api.reply(503)
    api.reply(429)
    api.reply(body={'users': []})
    assert session.rget('/users') == []
    assert sleeps == [3, 6, 12]


def test_waits_grow_by_an_overridden_cooldown_factor(api, sleeps):
    class Steady(pdpyras.APISession):
        def cooldown_factor(self):
            return 1

    session = Steady(KEY, base_url=api.url)
    session.retry[404] = 3
    api.reply(404, times=4)
    session.get('/users/P1')
    assert sleeps == [1.5, 1.5, 1.5]


# 429


# 5.4.1 waits for hours in the end, whatever the server sends.
def test_a_429_is_retried_without_limit(api, session, sleeps):
    api.reply(429, headers={'ratelimit-reset': '20'}, times=30)
    api.reply(body={'users': []})
    assert session.rget('/users') == []
    assert sleeps == [3, 6, 12] + [20] * 27


@pytest.mark.parametrize(
    'headers, waits',
    [
        pytest.param({}, [3, 6, 12, 24, 48], id='nothing'),
        pytest.param({'ratelimit-reset': '20'}, [3, 6, 12, 20, 20], id='ratelimit-reset'),
        pytest.param({'RateLimit-Reset': '20'}, [3, 6, 12, 20, 20], id='other case'),
        pytest.param({'Retry-After': '5'}, [3, 5, 5, 5, 5], id='Retry-After'),
        pytest.param(
            {'ratelimit-reset': '10', 'Retry-After': '5'}, [3, 6, 10, 10, 10], id='both headers'
        ),
        pytest.param(
            {'ratelimit-reset': 'soon', 'Retry-After': '5'},
            [3, 5, 5, 5, 5],
            id='invalid ratelimit-reset',
        ),
        pytest.param({'ratelimit-reset': '2.5'}, [2.5] * 5, id='fraction of a second'),
        pytest.param({'ratelimit-reset': ' 7 '}, [3, 6, 7, 7, 7], id='with spaces'),
        pytest.param({'ratelimit-reset': '1'}, [1] * 5, id='shorter than the first wait'),
        pytest.param({'ratelimit-reset': '1000000'}, [3, 6, 12, 24, 48], id='in the far future'),
        pytest.param({'ratelimit-reset': ''}, [3, 6, 12, 24, 48], id='empty'),
        pytest.param({'ratelimit-reset': 'soon'}, [3, 6, 12, 24, 48], id='not a number'),
        pytest.param({'ratelimit-reset': '-5'}, [3, 6, 12, 24, 48], id='in the past'),
        pytest.param({'ratelimit-reset': 'nan'}, [3, 6, 12, 24, 48], id='nan'),
        pytest.param({'ratelimit-reset': 'inf'}, [3, 6, 12, 24, 48], id='inf'),
        pytest.param({'ratelimit-reset': '1e3'}, [3, 6, 12, 24, 48], id='exponent'),
        pytest.param({'ratelimit-reset': '٣'}, [3, 6, 12, 24, 48], id='not an ASCII digit'),
    ],
)
def test_a_wait_after_a_429_ends_when_the_server_is_ready(headers, waits, api, session, sleeps):
    for name in headers:
        headers = dict(headers, **{name: headers[name].encode('utf-8').decode('latin-1')})
    api.reply(429, headers=headers, times=5)
    api.reply(body={'users': []})
    assert session.rget('/users') == []
    assert sleeps == waits


def test_stagger_cooldown_applies_to_the_wait_after_a_429(monkeypatch, api, session, sleeps):
    monkeypatch.setattr(pdpyras, 'random', lambda: 0.5)
    session.stagger_cooldown = 1
    api.reply(429, headers={'ratelimit-reset': '20'}, times=4)
    api.reply(body={'users': []})
    session.rget('/users')
    # A factor of 2 * (1 + 1 * 0.5); the server's 20 seconds, plus half of them.
    assert sleeps == [4.5, 13.5, 30, 30]


def test_a_429_is_logged_at_info_with_the_wait(api, session, caplog):
    api.reply(429)
    api.reply(body={'users': []})
    with caplog.at_level(logging.INFO):
        session.rget('/users')
    (record,) = caplog.records
    assert record.levelname == 'INFO'
    assert '429' in record.getMessage()
    assert '3 s' in record.getMessage()
    assert record.getMessage().startswith('GET {}/users'.format(api.url))


def test_a_429_can_be_limited(api, session, sleeps):
    session.retry[429] = 2
    api.reply(429, headers={'ratelimit-reset': '4'}, times=3)
    assert session.get('/users').status_code == 429
    assert len(api.seen) == 3
    assert sleeps == [3, 4]


def test_a_limit_of_0_for_429_means_the_default(api, session, sleeps):
    session.retry[429] = 0
    api.reply(429, times=12)
    api.reply(body={'users': []})
    assert session.rget('/users') == []
    assert len(sleeps) == 12


def test_retries_of_429_do_not_count_against_other_retries(api, session, sleeps):
    session.max_http_attempts = 1
    session.retry[503] = 1
    api.reply(429, headers={'ratelimit-reset': '1'}, times=20)
    api.reply(503)
    api.reply(body={'users': []})
    assert session.rget('/users') == []


def test_a_429_is_retried_for_events(api, events, sleeps):
    api.reply(429, headers={'ratelimit-reset': '2'}, times=2)
    api.reply(202, {'dedup_key': 'abc'})
    assert events.trigger('Server is on fire', 'dusty.old.server.net') == 'abc'
    assert sleeps == [2, 2]


# 401


def test_a_401_raises_at_once_with_both_usual_causes(api, session, sleeps):
    api.reply(401, {'error': {'code': 2006, 'message': 'You shall not pass.'}})
    with pytest.raises(pdpyras.PDHTTPError) as error:
        session.get('/users')
    assert error.value.response.status_code == error.value.status_code == 401
    assert '*1234' in str(error.value)
    assert KEY not in str(error.value)
    assert 'region' in str(error.value)
    assert api.url in str(error.value)
    assert sleeps == []
    assert len(api.seen) == 1


def test_a_401_that_persists_after_its_retries_is_returned(api, session, sleeps):
    session.retry[401] = 1
    api.reply(401, times=2)
    assert session.get('/users').status_code == 401
    assert sleeps == [3]


def test_a_limit_of_0_for_401_means_the_default(api, session):
    session.retry[401] = 0
    api.reply(401)
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.get('/users')


# Network errors


@pytest.mark.parametrize('most', [0, 1, 3, 5])
def test_network_errors_are_retried_max_network_attempts_times(most, api, session, sleeps):
    api.hang_up(times=10)
    session.max_network_attempts = most
    with pytest.raises(pdpyras.PDClientError) as error:
        session.get('/users')
    assert type(error.value) is pdpyras.PDClientError
    assert not error.value.response
    assert isinstance(error.value.__cause__, requests.exceptions.ConnectionError)
    assert len(api.seen) == most + 1
    assert sleeps == [3 * 2**n for n in range(most)]


def test_a_temporary_network_error_is_retried(api, session, sleeps, caplog):
    api.hang_up(times=3)
    api.reply(body={'users': []})
    assert session.rget('/users') == []
    assert sleeps == [3, 6, 12]
    messages = [record.getMessage() for record in caplog.records if record.levelname == 'WARNING']
    assert len(messages) == 3
    assert all('GET {}/users'.format(api.url) in message for message in messages)
    assert 'retrying in 12 s' in messages[2]


def test_network_errors_do_not_count_against_retries_by_status(api, session):
    session.max_http_attempts = 1
    session.retry[503] = 1
    api.hang_up(times=2)
    api.reply(503)
    api.hang_up()
    api.reply(body={'users': []})
    assert session.rget('/users') == []


@pytest.mark.parametrize('name', ['HTTPError', 'PoolError', 'RequestException'])
def test_every_kind_of_network_error_is_retried(name, monkeypatch, api, session, sleeps):
    error = {
        'HTTPError': pdpyras.HTTPError('broken'),
        'PoolError': pdpyras.PoolError(None, 'full'),
        'RequestException': pdpyras.RequestException('broken'),
    }[name]
    session.parent = Failing(error)
    with pytest.raises(pdpyras.PDClientError) as caught:
        session.get('/users')
    assert caught.value.__cause__ is error
    assert sleeps == [3, 6, 12]


class Failing:
    def __init__(self, error):
        self.error = error

    def request(self, method, url, **options):
        raise self.error


# 5.4.1 retries each of these for 21 seconds.
@pytest.mark.parametrize(
    'spoil, cause',
    [
        pytest.param({'headers': {'X-Evil': 'a\r\nb: c'}}, ValueError, id='line break in a header'),
        pytest.param({'headers': {'X-Number': 5}}, ValueError, id='a number for a header'),
        # The error of requests itself, where it has one.
        pytest.param({'json': {'a': float('nan')}}, Exception, id='NaN in JSON'),
        pytest.param(
            {'proxies': {'http': 'http://'}}, pdpyras.RequestException, id='invalid proxy URL'
        ),
    ],
)
def test_errors_that_retrying_cannot_fix_raise_at_once(spoil, cause, api, session, sleeps):
    with pytest.raises(pdpyras.PDClientError) as error:
        session.post('/users', **spoil)
    assert isinstance(error.value.__cause__, cause)
    assert sleeps == []
    assert api.seen == []


def test_json_that_cannot_be_encoded_raises_type_error(api, session, sleeps):
    with pytest.raises(TypeError, match='not JSON serializable'):
        session.rpost('/users', json={'when': object()})
    assert sleeps == []
    assert api.seen == []


# 5.4.1 makes 124 requests.
def test_a_redirect_loop_raises_at_once(api, session, sleeps):
    api.rule(lambda seen: Reply(302, headers={'Location': '/users'}))
    with pytest.raises(pdpyras.PDClientError) as error:
        session.get('/users')
    assert isinstance(error.value.__cause__, requests.exceptions.TooManyRedirects)
    assert sleeps == []
    assert len(api.seen) == session.max_redirects + 1


# Streams


@pytest.mark.parametrize(
    'failure', [lambda api: api.reply(429), lambda api: api.hang_up()], ids=['429', 'network error']
)
def test_a_file_is_sent_from_its_original_position_in_a_retry(failure, tmp_path, api, session):
    path = tmp_path / 'body'
    path.write_bytes(b'skipped|content')
    failure(api)
    api.reply()
    with path.open('rb') as file:
        file.seek(len('skipped|'))
        session.post('/uploads', data=file)
    assert [seen.body for seen in api.seen] == [b'content', b'content']


def test_files_of_a_form_are_sent_whole_in_a_retry(api, session):
    api.reply(429, times=2)
    api.reply()
    session.post(
        '/uploads',
        files={'one': io.BytesIO(b'first file'), 'two': ('two.txt', io.BytesIO(b'second file'))},
    )
    assert len(api.seen) == 3
    assert all(b'first file' in seen.body for seen in api.seen)
    assert all(b'second file' in seen.body for seen in api.seen)


def test_a_consumed_stream_is_not_retried_after_a_429(api, session, sleeps):
    api.reply(429)
    response = session.post('/uploads', data=iter([b'once']))
    assert response.status_code == 429
    assert [seen.body for seen in api.seen] == [b'once']
    assert sleeps == []


def test_a_consumed_stream_is_not_retried_after_a_network_error(api, session, sleeps):
    api.hang_up()
    with pytest.raises(pdpyras.PDClientError, match='stream') as error:
        session.post('/uploads', data=iter([b'once']))
    assert isinstance(error.value.__cause__, requests.exceptions.ConnectionError)
    assert len(api.seen) == 1
    assert sleeps == []


def test_a_consumed_stream_is_not_retried_after_a_retryable_status(api, session, sleeps):
    session.retry[503] = 5
    api.reply(503)
    assert session.post('/uploads', data=iter([b'once'])).status_code == 503
    assert sleeps == []


# retry_unsafe_methods


def test_by_default_late_responses_create_several_resources(api, session, sleeps):
    api.answer(Hang(), times=4)
    session.timeout = 0.02
    with pytest.raises(pdpyras.PDClientError, match='POST .*/incidents.*timed out'):
        session.rpost('/incidents', json={'title': 'x'})
    api.wait_for(4)
    assert len(api.seen) == 4


@pytest.mark.parametrize('method', ['rpost', 'rpatch'])
def test_late_responses_create_one_resource_without_retries_of_unsafe_methods(
    method, api, session, sleeps
):
    api.answer(Hang(), times=4)
    session.timeout = 0.02
    session.retry_unsafe_methods = False
    with pytest.raises(pdpyras.PDClientError, match='retry_unsafe_methods') as error:
        getattr(session, method)('/incidents', json={'title': 'x'})
    assert isinstance(error.value.__cause__, requests.exceptions.ReadTimeout)
    api.wait_for(1)
    assert len(api.seen) == 1
    assert sleeps == []


@pytest.mark.parametrize('method', ['post', 'patch'])
@pytest.mark.parametrize('status', [429, 503])
def test_an_unsafe_method_is_not_retried_after_a_status(method, status, api, session, sleeps):
    session.retry_unsafe_methods = False
    session.retry[503] = 5
    api.reply(status)
    assert getattr(session, method)('/incidents', json={}).status_code == status
    assert sleeps == []


def test_the_log_says_why_a_status_is_not_retried(api, session, caplog):
    session.retry_unsafe_methods = False
    api.reply(429)
    session.post('/incidents', json={})
    [record] = [r for r in caplog.records if 'not retried' in r.getMessage()]
    assert record.levelname == 'WARNING'
    assert 'POST {}/incidents: rate limit reached'.format(api.url) in record.getMessage()
    assert 'because retry_unsafe_methods is off' in record.getMessage()


@pytest.mark.parametrize('method', ['get', 'put', 'delete'])
def test_safe_methods_are_retried_without_retry_unsafe_methods(method, api, session, sleeps):
    session.retry_unsafe_methods = False
    session.retry[503] = 1
    api.hang_up()
    api.reply(503)
    api.reply(429)
    api.reply()
    assert getattr(session, method)('/incidents').status_code == 200
    assert sleeps == [3, 6, 12]


def test_a_post_is_retried_if_no_connection_was_made(session, sleeps):
    session.retry_unsafe_methods = False
    session.url = 'http://127.0.0.1:{}'.format(_free_port())
    with pytest.raises(pdpyras.PDClientError, match='POST http.*/incidents'):
        session.post('/incidents', json={})
    assert sleeps == [3, 6, 12]


def test_a_post_is_retried_if_the_host_has_no_address(monkeypatch, session, sleeps):
    def no_address(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')

    monkeypatch.setattr(socket, 'getaddrinfo', no_address)
    session.retry_unsafe_methods = False
    with pytest.raises(pdpyras.PDClientError, match='POST http.*/incidents'):
        session.post('/incidents', json={})
    assert sleeps == [3, 6, 12]


def test_an_event_is_not_retried_without_retry_unsafe_methods(api, events, sleeps):
    events.retry_unsafe_methods = False
    api.hang_up()
    with pytest.raises(pdpyras.PDClientError, match='retry_unsafe_methods'):
        events.trigger('Server is on fire', 'dusty.old.server.net')
    assert len(api.seen) == 1
    assert sleeps == []


def test_retry_unsafe_methods_can_be_set_for_a_class(api, sleeps):
    class Careful(pdpyras.APISession):
        retry_unsafe_methods = False

    api.hang_up()
    with pytest.raises(pdpyras.PDClientError, match='POST http.*/incidents'):
        Careful(KEY, base_url=api.url).post('/incidents', json={})
    assert len(api.seen) == 1


def _free_port():
    server = WireServer()
    server.close()
    return server.port


def test_max_http_attempts_is_read_at_each_request(api, session, sleeps):
    session.retry[404] = 9
    for session.max_http_attempts in (1, 2):
        api.reply(404, times=session.max_http_attempts + 1)
        session.get('/users/P1')
    assert sleeps == [3, 3, 6]


# Unusual streams, waits and certificates


def test_a_stream_that_can_tell_but_not_seek_keeps_the_network_error_as_cause(api, session, sleeps):
    class Telling:
        def __iter__(self):
            return iter([b'{}'])

        def read(self, size=-1):
            return b''

        def tell(self):
            return 0

        def seek(self, position, whence=0):
            raise io.UnsupportedOperation('seek')

    api.hang_up()
    with pytest.raises(pdpyras.PDClientError, match='cannot be read again') as caught:
        session.post('/users', data=Telling())
    assert isinstance(caught.value.__cause__, requests.ConnectionError)
    assert sleeps == []


@pytest.mark.parametrize('reset', ['0', '0.0001'])
def test_a_wait_after_a_429_is_at_least_a_second(api, session, sleeps, reset):
    api.reply(429, headers={'ratelimit-reset': reset}, times=2)
    api.reply()
    session.get('/users')
    assert sleeps == [1.0, 1.0]


def test_streams_of_retried_responses_are_closed(api, session):
    api.reply(503, body=b'x' * 100000, times=3)
    api.reply(body=b'streamed')
    session.retry[503] = 3
    closed = []
    session.hooks['response'].append(lambda response, **_: closed.append(response.raw))
    response = session.get('/users', stream=True)
    assert response.raw.read() == b'streamed'
    assert [raw.closed for raw in closed[:3]] == [True] * 3


def test_a_401_names_the_key_of_the_request(api, session):
    api.reply(401)
    with pytest.raises(pdpyras.PDHTTPError, match='in use is [*]r-42[.]') as caught:
        session.get('/users', headers={'authorization': 'Bearer of-the-caller-42'})
    assert KEY[-4:] not in str(caught.value)


@pytest.mark.parametrize(
    'make',
    [
        pytest.param(lambda: {'a': [1], 'b': True}.items(), id='items'),
        pytest.param(lambda: (pair for pair in [('a', [1]), ('b', True)]), id='generator'),
    ],
)
def test_parameters_from_an_iterator_are_sent_in_a_retry(api, session, make):
    session.retry[500] = 1
    api.reply(500)
    api.reply(body={'users': []})
    session.get('users', params=make())
    assert [seen.params for seen in api.seen] == [[('a[]', '1'), ('b', 'true')]] * 2


def http_date(seconds, form='%a, %d %b %Y %H:%M:%S GMT'):
    """Return the date of a response plus some seconds."""
    return (datetime(2026, 1, 31, 23, 59, 58) + timedelta(seconds=seconds)).strftime(form)


@pytest.mark.parametrize(
    'form',
    ['%a, %d %b %Y %H:%M:%S GMT', '%A, %d-%b-%y %H:%M:%S GMT', '%a %b %d %H:%M:%S %Y'],
    ids=['IMF-fixdate', 'RFC 850', 'asctime'],
)
def test_retry_after_may_be_a_date(api, session, sleeps, form):
    headers = {'Retry-After': http_date(5, form), 'Date': http_date(0)}
    for _ in range(4):
        api.reply(429, headers=headers)
    api.reply(body={'users': []})
    session.rget('users')
    assert sleeps == [3.0, 5.0, 5.0, 5.0]


@pytest.mark.parametrize('value', ['yesterday', 'Mon, 99 Foo 2026 25:61:61 GMT', '-5', '1e3', ''])
def test_an_invalid_retry_after_is_ignored(api, session, sleeps, value):
    for _ in range(2):
        api.reply(429, headers={'Retry-After': value})
    api.reply(body={'users': []})
    session.rget('users')
    assert sleeps == [3.0, 6.0]


def test_a_retry_after_in_the_past_means_one_second(api, session, sleeps):
    headers = {'Retry-After': http_date(-60), 'Date': http_date(0)}
    api.reply(429, headers=headers)
    api.reply(body={'users': []})
    session.rget('users')
    assert sleeps == [1.0]


@pytest.mark.parametrize('seconds, level', [('10', 'INFO'), ('11', 'WARNING'), ('59', 'WARNING')])
def test_a_long_wait_after_a_429_is_logged_as_a_warning(api, session, caplog, seconds, level):
    caplog.set_level('INFO')
    session.sleep_timer = 100
    api.reply(429, headers={'ratelimit-reset': seconds})
    api.reply(body={'users': []})
    session.rget('users')
    waits = [r for r in caplog.records if 'rate limit reached' in r.getMessage()]
    assert [record.levelname for record in waits] == [level]
    assert 'retrying in {} s'.format(seconds) in waits[0].getMessage()


def test_a_long_wait_after_a_429_without_headers_is_logged_as_a_warning(api, session, caplog):
    caplog.set_level('INFO')
    api.reply(429, times=4)
    api.reply(body={'users': []})
    session.rget('users')
    waits = [r for r in caplog.records if 'rate limit reached' in r.getMessage()]
    assert [record.levelname for record in waits] == ['INFO', 'INFO', 'WARNING', 'WARNING']


@pytest.fixture
def failed_connections():
    """Collect the sockets of failed TLS connections, which urllib3 1.26 does not close."""
    yield
    if urllib3.__version__.startswith('1.'):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', ResourceWarning)
            gc.collect()


@pytest.mark.usefixtures('failed_connections')
@pytest.mark.parametrize('name', ['session', 'events'])
def test_a_failed_verification_of_a_certificate_is_not_retried(request, certificate, sleeps, name):
    session = request.getfixturevalue(name)

    def handshake(connection):
        certificate.wrap_socket(connection, server_side=True).close()

    with tls_server(handshake) as session.url, pytest.raises(
        pdpyras.PDClientError, match='retrying cannot help'
    ) as caught:
        session.post('/users', json={})
    assert sleeps == []
    assert isinstance(caught.value.__cause__, requests.exceptions.SSLError)


@contextmanager
def tls_server(accept):
    """Call a function with each connection to a port, and yield the https URL of the port."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(5)

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    accept(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield 'https://127.0.0.1:{}'.format(listener.getsockname()[1])
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


@pytest.mark.usefixtures('failed_connections')
def test_https_to_a_port_without_tls_is_not_retried(session, sleeps):
    session.url = session.url.replace('http:', 'https:')
    with pytest.raises(pdpyras.PDClientError, match='retrying cannot help'):
        session.get('users')
    assert sleeps == []


@pytest.mark.usefixtures('failed_connections')
def test_an_https_proxy_url_for_a_proxy_without_tls_is_not_retried(api, sleeps):
    with pdpyras.APISession('a-key-1234', base_url='https://pd.example.test') as session:
        session.proxies = {'https': api.url.replace('http:', 'https:')}
        with pytest.raises(pdpyras.PDClientError, match='retrying cannot help'):
            session.get('users')
    assert sleeps == []


# The alerts of RFC 8446, section 6.2.
@pytest.mark.usefixtures('failed_connections')
@pytest.mark.parametrize(
    'alert, retries',
    [
        pytest.param(40, 0, id='handshake failure'),
        pytest.param(48, 0, id='unknown CA'),
        pytest.param(49, 0, id='access denied'),
        pytest.param(70, 0, id='protocol version'),
        pytest.param(71, 0, id='insufficient security'),
        pytest.param(80, 3, id='internal error'),
        pytest.param(112, 0, id='unrecognized name'),
    ],
)
def test_only_an_internal_error_of_a_tls_server_is_retried(api, session, sleeps, alert, retries):
    def refuse(connection):
        connection.recv(4096)
        connection.sendall(b'\x15\x03\x03\x00\x02\x02' + bytes([alert]))

    with tls_server(refuse) as session.url, pytest.raises(pdpyras.PDClientError):
        session.get('users')
    assert len(sleeps) == retries


@pytest.mark.usefixtures('failed_connections')
@pytest.mark.parametrize('status, retries', [(302, 0), (407, 0), (403, 0), (502, 3), (503, 3)])
def test_only_server_errors_of_a_proxy_are_retried(api, sleeps, status, retries):
    api.rule(lambda seen: Reply(status))
    with pdpyras.APISession('a-key-1234', base_url='https://pd.example.test') as session:
        session.proxies = {'https': api.url}
        with pytest.raises(pdpyras.PDClientError, match=str(status)):
            session.get('users')
    assert len(sleeps) == retries


@pytest.mark.usefixtures('failed_connections')
@pytest.mark.parametrize('path', ['incidents/P1/alerts', 'users?query=certificate.hostname'])
def test_the_words_of_a_url_do_not_prevent_a_retry(session, sleeps, path):
    session.url = 'https://pd.example.test'
    session.proxies = {'https': 'http://alert.localhost:1'}
    with pytest.raises(pdpyras.PDClientError, match='last of 4 tries'):
        session.get(path)
    session.proxies = {}
    # A server that closes the connection during the handshake.
    with tls_server(lambda connection: connection.recv(4096)) as session.url, pytest.raises(
        pdpyras.PDClientError, match='last of 4 tries'
    ):
        session.get(path)
    assert len(sleeps) == 6


@pytest.mark.usefixtures('failed_connections')
@pytest.mark.parametrize('name', ['verify', 'cert'])
def test_a_missing_certificate_file_is_not_retried(api, sleeps, name):
    url = api.url.replace('http:', 'https:')
    with pdpyras.APISession('a-key-1234', base_url=url) as session:
        setattr(session, name, '/no/such/file.pem')
        with pytest.raises(pdpyras.PDClientError, match='/no/such/file.pem') as caught:
            session.get('users')
    assert isinstance(caught.value.__cause__, OSError)
    assert sleeps == []
