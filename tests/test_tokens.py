"""on_token_expired: a new token after a 401, once for all threads."""

import copy
import threading
from io import BytesIO

import pytest
from wire import Reply

import pdpyras


@pytest.fixture
def tokens(api):
    """An API that accepts only the newest of the issued tokens."""

    class Tokens:
        issued = ['token-0000']
        renewals = 0

        def renew(self, session):
            self.renewals += 1
            self.issued.append('token-{:04}'.format(len(self.issued)))
            return self.issued[-1]

    tokens = Tokens()

    @api.rule
    def check(seen):
        if seen.headers['Authorization'] != 'Bearer ' + tokens.issued[-1]:
            return Reply(401, {'error': {'message': 'expired'}})
        offset = int(seen.query.get('offset', 0))
        if seen.method == 'GET':
            return Reply(body={'users': [offset], 'more': offset < 18})
        return Reply(201, {'user': {'id': 'P1'}})

    return tokens


@pytest.fixture
def session(api, tokens):
    session = pdpyras.APISession(
        'token-9999', auth_type='bearer', base_url=api.url, on_token_expired=tokens.renew
    )
    yield session
    session.close()


@pytest.mark.parametrize('method', ['get', 'post', 'put', 'patch', 'delete'])
def test_a_request_with_an_expired_token_is_sent_again_with_the_new_one(
    api, session, tokens, sleeps, method
):
    response = session.request(method, 'users', json=None if method == 'get' else {'a': 1})
    assert response.ok
    assert [seen.headers['Authorization'] for seen in api.seen] == [
        'Bearer token-9999',
        'Bearer token-0001',
    ]
    assert api.seen[0].body == api.seen[1].body
    assert (session.api_key, tokens.renewals, sleeps) == ('token-0001', 1, [])


def test_a_file_is_sent_again_from_its_start_with_the_new_token(api, session):
    session.post('users', data=BytesIO(b'{"a": 1}'))
    assert [seen.body for seen in api.seen] == [b'{"a": 1}'] * 2


def test_16_threads_with_a_401_at_the_same_time_renew_the_token_once(api, session, tokens):
    together = threading.Barrier(16)
    arrived = threading.Barrier(16)

    @api.rule
    def check(seen):
        if seen.headers['Authorization'] == 'Bearer token-9999':
            arrived.wait(30)
            return Reply(401)
        return Reply(body={'user': {'id': 'P1'}})

    results = []

    def work():
        together.wait(30)
        results.append(session.rget('users/P1'))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [{'id': 'P1'}] * 16
    assert (tokens.renewals, len(api.seen)) == (1, 32)


@pytest.mark.parametrize('read_ahead', [0, 3])
def test_a_listing_is_complete_although_tokens_expire(api, session, tokens, read_ahead):
    seen_pages = []

    @api.rule
    def expire(seen):
        if seen.headers['Authorization'] != 'Bearer ' + tokens.issued[-1]:
            return Reply(401)
        seen_pages.append(seen)
        if len(seen_pages) in (5, 12):
            tokens.issued.append('another-{}'.format(len(seen_pages)))
        offset = int(seen.query['offset'])
        return Reply(body={'users': [offset], 'more': offset < 18})

    assert session.list_all('users', page_size=1, read_ahead=read_ahead) == list(range(19))
    assert tokens.renewals >= 2


@pytest.mark.parametrize('answer', [None, '', '  ', 5, b'token', 'token-9999'], ids=repr)
def test_without_a_new_token_the_401_is_raised(api, session, answer):
    session.on_token_expired = lambda session: answer
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.rget('users')
    assert len(api.seen) == 1


def test_a_new_token_that_is_rejected_too_is_not_renewed_again(api, session, tokens):
    api.rule(lambda seen: Reply(401))
    with pytest.raises(pdpyras.PDHTTPError, match=r'\*0001'):
        session.rget('users')
    assert (tokens.renewals, len(api.seen)) == (1, 2)


def test_an_exception_in_on_token_expired_is_raised_and_releases_the_lock(api, session, tokens):
    def fail(session):
        raise RuntimeError('no network')

    session.on_token_expired = fail
    with pytest.raises(RuntimeError, match='no network'):
        session.rget('users')
    session.on_token_expired = tokens.renew
    thread = threading.Thread(target=session.rget, args=('users',))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert tokens.renewals == 1


def test_a_401_in_retry_is_not_renewed(api, session, tokens, sleeps):
    session.retry[401] = 2
    response = session.get('users')
    assert (response.status_code, tokens.renewals, len(sleeps)) == (401, 0, 2)


def test_an_authorization_header_of_the_call_is_not_replaced(api, session, tokens):
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.rget('users', headers={'authorization': 'Bearer of-mine'})
    assert (tokens.renewals, len(api.seen)) == (0, 1)


def test_a_consumed_stream_is_not_sent_again_after_a_401(api, session, tokens):
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.post('users', data=(part for part in [b'{}']))
    assert (tokens.renewals, len(api.seen)) == (0, 1)


def test_a_copy_of_the_session_renews_its_token(api, session, tokens):
    with copy.copy(session) as twin:
        assert twin.rget('users') == [0]
    assert tokens.renewals == 1
    assert session.api_key == 'token-9999'


def test_a_streamed_request_is_sent_again_with_the_new_token(api, session, tokens):
    response = session.get('users', stream=True)
    assert response.json()['users'] == [0]
    assert tokens.renewals == 1


def test_a_failed_renewal_is_not_tried_by_each_thread(api, session, tokens):
    calls, arrived = [], threading.Barrier(5)

    @api.rule
    def refuse(seen):
        arrived.wait(30)
        return Reply(401)

    session.on_token_expired = calls.append
    errors = []

    def work():
        try:
            session.rget('users')
        except pdpyras.PDHTTPError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(calls), len(errors), len(api.seen)) == (1, 5, 5)
    arrived.reset()
    api.rule(lambda seen: Reply(401))
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.rget('users')
    assert len(calls) == 2


def test_on_token_expired_can_use_the_session_without_recursion(api, session):
    api.rule(lambda seen: Reply(401))
    session.on_token_expired = lambda session: session.rget('users/me')
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.rget('users')
    assert len(api.seen) == 2


def test_an_authorization_header_in_session_headers_is_not_replaced(api, session, tokens):
    session.headers['Authorization'] = 'Bearer of-mine'
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.rget('users')
    assert (tokens.renewals, len(api.seen)) == (0, 1)
