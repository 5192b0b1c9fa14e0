"""api_key_access and subdomain: facts about the key and its account."""

import pytest
from wire import ANY_SERVER_ERROR, Reply

import pdpyras

ACCOUNT_LEVEL = {'error': 'This endpoint cannot be used with an account-level access token.'}
ME = {'user': {'id': 'P1', 'html_url': 'https://acme.pagerduty.com/users/P1'}}


# api_key_access


def test_api_key_access_of_a_key_with_a_user_is_user(api, session):
    api.reply(body=ME)
    assert session.api_key_access == 'user'
    assert (api.last.method, api.last.path) == ('GET', '/users/me')


@pytest.mark.parametrize(
    'body',
    [ACCOUNT_LEVEL, {'error': {'message': ACCOUNT_LEVEL['error'], 'code': 1008}}],
    ids=['a str', 'an object'],
)
def test_api_key_access_of_an_account_level_key_is_account(api, session, body):
    api.reply(400, body)
    assert session.api_key_access == 'account'


@pytest.mark.parametrize('status', [204, 402, 403, 404, 500, 503])
def test_api_key_access_is_none_for_any_other_status(api, session, status):
    api.reply(status)
    assert session.api_key_access is None


@pytest.mark.parametrize(
    'body', [[1, 2], {'error': None}, {}, b'<html>', None], ids=['list', 'null', 'no', 'html', '']
)
def test_api_key_access_is_none_for_a_400_for_another_reason(api, session, body):
    api.reply(400, body)
    assert session.api_key_access is None


@pytest.mark.parametrize('status, body', [(200, ME), (400, ACCOUNT_LEVEL)], ids=['user', 'account'])
def test_api_key_access_is_requested_once(api, session, status, body):
    api.reply(status, body)
    assert session.api_key_access == session.api_key_access
    assert len(api.seen) == 1


def test_api_key_access_is_requested_again_after_an_inconclusive_response(api, session):
    api.reply(ANY_SERVER_ERROR)
    api.reply(body=ME)
    assert [session.api_key_access, session.api_key_access] == [None, 'user']


def test_api_key_access_is_requested_again_for_another_key(api, session):
    api.reply(body=ME)
    api.reply(400, ACCOUNT_LEVEL)
    assert session.api_key_access == 'user'
    session.api_key = 'another-key'
    assert session.api_key_access == 'account'
    assert api.last.headers['Authorization'] == 'Token token=another-key'


def test_api_key_access_raises_for_a_rejected_key(api, session):
    api.reply(401)
    with pytest.raises(pdpyras.PDHTTPError, match='401'):
        session.api_key_access  # noqa: B018


# The subdomain


@pytest.mark.parametrize(
    'link, subdomain',
    [
        ('https://acme.pagerduty.com/users/P1', 'acme'),
        ('https://acme.eu.pagerduty.com/users/P1', 'acme'),
        ('https://acme-dev.pagerduty.com/users/P1', 'acme-dev'),
    ],
)
def test_the_subdomain_is_in_the_link_to_a_user(api, session, link, subdomain):
    api.reply(body={'users': [{'html_url': link}], 'more': True})
    assert session.subdomain == subdomain
    assert (api.last.path, api.last.query) == ('/users', {'limit': '1'})


def test_the_subdomain_is_requested_once_for_each_key(api, session):
    for link in ('https://acme.pagerduty.com/users/P1', 'https://evil.pagerduty.com/users/P1'):
        api.reply(body={'users': [{'html_url': link}]})
    assert [session.subdomain, session.subdomain] == ['acme', 'acme']
    session.api_key = 'another-key'
    assert [session.subdomain, session.subdomain] == ['evil', 'evil']
    assert len(api.seen) == 2


@pytest.mark.parametrize(
    'users', [[], [{'id': 'P1'}], [{'html_url': None}]], ids=['no user', 'no link', 'null']
)
def test_a_missing_link_to_a_user_is_a_client_error_about_the_subdomain(api, session, users):
    api.reply(body={'users': users})
    with pytest.raises(pdpyras.PDClientError, match='subdomain'):
        session.subdomain  # noqa: B018


def test_an_error_while_requesting_the_subdomain_reaches_the_caller(api, session):
    api.reply(403)
    with pytest.raises(pdpyras.PDHTTPError, match='403'):
        session.subdomain  # noqa: B018


@pytest.mark.parametrize('fact', ['api_key_access', 'subdomain'])
def test_facts_about_one_key_are_not_reported_for_the_next(api, session, fact):
    """Replace the key while the response is on its way, as another thread may."""

    @api.rule
    def change_key_meanwhile(seen):
        session.api_key = 'another-key-9999'
        return Reply(
            body={'user': {}, 'users': [{'html_url': 'https://one.pagerduty.com/users/P1'}]}
        )

    assert getattr(session, fact) in ('user', 'one')
    api.rule(lambda seen: Reply(400, body={'error': 'account-level access token'}))
    if fact == 'api_key_access':
        assert session.api_key_access == 'account'
    else:
        with pytest.raises(pdpyras.PDHTTPError, match='account-level access token'):
            print(session.subdomain)
