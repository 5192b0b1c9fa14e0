"""max_wait, which limits the waits of one request, and spare_requests, which avoids 429."""

import threading

import pytest
from wire import Hangup, Reply

import pdpyras


@pytest.mark.parametrize(
    'max_wait, expected', [(0, []), (2.9, []), (3, [3.0]), (8.9, [3.0]), (9, [3.0, 6.0]), (None, 4)]
)
def test_a_wait_that_would_exceed_max_wait_is_not_started(api, session, sleeps, max_wait, expected):
    session.max_wait = max_wait
    session.retry[503] = 4
    api.rule(lambda seen: Reply(503))
    assert session.get('users').status_code == 503
    if max_wait is None:
        assert len(sleeps) == expected
    else:
        assert sleeps == expected
    assert len(api.seen) == len(sleeps) + 1


def test_max_wait_ends_the_waiting_for_a_rate_limit(api, session, sleeps, caplog):
    session.max_wait = 20
    api.rule(lambda seen: Reply(429, headers={'ratelimit-reset': '15'}))
    with pytest.raises(pdpyras.PDHTTPError, match='429'):
        session.rget('users')
    assert sleeps == [3.0, 6.0]
    assert 'would exceed max_wait (20 s)' in caplog.text


def test_max_wait_ends_the_retries_of_a_network_error(api, session, sleeps):
    session.max_wait = 5
    api.rule(lambda seen: Hangup())
    with pytest.raises(pdpyras.PDClientError, match='would exceed max_wait') as caught:
        session.rget('users')
    assert sleeps == [3.0]
    assert caught.value.__cause__ is not None


def test_max_wait_applies_to_each_page_of_a_listing(api, session, sleeps):
    session.max_wait = 3
    api.reply(429)
    api.reply(body={'users': [1], 'more': True})
    api.reply(429)
    api.reply(body={'users': [2], 'more': False})
    assert session.list_all('users') == [1, 2]
    assert sleeps == [3.0, 3.0]


@pytest.mark.parametrize('value', [-1, 'ten', True, float('nan')], ids=repr)
def test_an_invalid_max_wait_is_rejected(api, session, value):
    session.max_wait = value
    with pytest.raises(ValueError, match='max_wait must be'):
        session.get('users')
    assert api.seen == []


@pytest.mark.parametrize('value', [-1, 1.5, 'ten', True], ids=repr)
def test_an_invalid_number_of_spare_requests_is_rejected(api, session, value):
    session.spare_requests = value
    with pytest.raises(ValueError, match='spare_requests must be'):
        session.get('users')
    assert api.seen == []


def limits(remaining, reset):
    return {'ratelimit-remaining': remaining, 'ratelimit-reset': reset}


def test_a_request_waits_if_no_more_than_spare_requests_remain(
    api, session, sleeps, monkeypatch, caplog
):
    caplog.set_level('INFO')
    monkeypatch.setattr(pdpyras, 'monotonic', lambda: 100.0 + sum(sleeps))
    session.spare_requests = 5
    api.reply(headers=limits('6', '30'))
    api.reply(headers=limits('5', '20'))
    api.reply(headers=limits('900', '60'))
    for _ in range(2):
        session.get('users')
    assert sleeps == []
    session.get('users')
    session.get('users')
    assert sleeps == [20.0]
    assert 'Few requests remain in the rate limit; waiting 20 s' in caplog.text


def test_spare_requests_accepts_a_numeric_string(api, session):
    session.spare_requests = '5'
    api.reply(headers=limits('6', '30'))
    assert session.get('users').ok


def test_each_thread_of_a_session_waits_if_few_requests_remain(api, session, sleeps, monkeypatch):
    monkeypatch.setattr(pdpyras, 'monotonic', lambda: 100.0)
    session.spare_requests = 2
    api.reply(headers=limits('1', '7'))
    session.get('users')
    api.rule(lambda seen: Reply())
    threads = [threading.Thread(target=session.get, args=('users',)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sleeps == [7.0] * 4


@pytest.mark.parametrize(
    'headers',
    [
        {},
        limits('', '9'),
        limits('1', ''),
        limits('one', '9'),
        limits('1', 'soon'),
        limits('-1', '9'),
        {'ratelimit-remaining': '0'},
        {'ratelimit-reset': '9'},
    ],
    ids=repr,
)
def test_unreadable_rate_limit_headers_are_ignored(api, session, sleeps, headers):
    session.spare_requests = 5
    api.reply(headers=headers, times=2)
    session.get('users')
    session.get('users')
    assert sleeps == []


def test_without_spare_requests_no_request_waits(api, session, sleeps):
    api.reply(headers=limits('0', '60'), times=2)
    session.get('users')
    session.get('users')
    assert sleeps == []


def test_a_new_key_does_not_wait_for_the_rate_limit_of_the_old_one(api, session, sleeps):
    session.spare_requests = 2
    api.reply(headers=limits('0', '30'), times=2)
    session.get('users')
    session.api_key = 'another-key-5678'
    session.get('users')
    assert sleeps == []


@pytest.mark.parametrize('stream', [False, True])
def test_the_response_returned_instead_of_a_long_wait_can_be_read(api, session, stream):
    session.max_wait = 0
    api.reply(429, {'error': {'message': 'slow down'}})
    assert session.get('users', stream=stream).json() == {'error': {'message': 'slow down'}}
