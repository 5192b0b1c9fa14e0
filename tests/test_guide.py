"""The examples of 5.4.1's user guide, and the code of the pages pasted into a Python prompt."""

import logging
import re
from enum import Enum
from importlib.util import find_spec

import pytest
import requests
from paste import ROOT, blocks, run_in_new_process, statements
from scale import IS_FULL
from wire import ANY_SERVER_ERROR

import pdpyras

JANE = {
    'id': 'PJANE',
    'type': 'user',
    'name': 'Jane Doe',
    'email': 'jane@example35.com',
}


def authorization(api):
    return api.last.headers.get('Authorization')


def targets(api):
    return ['{} {}'.format(seen.method, seen.target) for seen in api.seen]


# Authentication


def test_an_api_key_is_sent_as_a_token(api):
    api.reply(204)
    pdpyras.APISession('API-KEY', base_url=api.url).get('users')
    assert authorization(api) == 'Token token=API-KEY'


def test_an_oauth_2_access_token_is_sent_as_a_bearer_token(api):
    api.reply(204)
    pdpyras.APISession('OAUTH-TOKEN', auth_type='oauth2', base_url=api.url).get('users')
    assert authorization(api) == 'Bearer OAUTH-TOKEN'


@pytest.mark.parametrize(
    'kind, url',
    [
        (pdpyras.APISession, 'https://api.pagerduty.com'),
        (pdpyras.EventsAPISession, 'https://events.pagerduty.com'),
        (pdpyras.ChangeEventsAPISession, 'https://events.pagerduty.com'),
    ],
)
def test_a_session_is_a_requests_session_for_the_us_region_and_a_context_manager(kind, url):
    with kind('KEY') as session:
        assert isinstance(session, pdpyras.PDSession)
        assert isinstance(session, requests.Session)
        assert session.url == url


# The From header


def test_no_from_header_is_sent_by_default(api, session):
    api.reply(204)
    session.put('incidents')
    assert 'From' not in api.last.headers


def by_keyword(api):
    session = pdpyras.APISession('KEY', default_from='me@example.com', base_url=api.url)
    return session.put('incidents')


def by_property(api):
    session = pdpyras.APISession('KEY', base_url=api.url)
    session.default_from = 'me@example.com'
    return session.put('incidents')


def by_header(api):
    session = pdpyras.APISession('KEY', base_url=api.url)
    return session.put('incidents', headers={'From': 'me@example.com'})


@pytest.mark.parametrize('send', [by_keyword, by_property, by_header])
def test_the_acting_user_is_named_in_the_from_header(api, send):
    api.reply(204)
    send(api)
    assert api.last.headers['From'] == 'me@example.com'


# Service regions


@pytest.mark.parametrize(
    'kind, send, path',
    [
        (pdpyras.APISession, lambda session: session.get('users'), '/users'),
        (pdpyras.EventsAPISession, lambda session: session.resolve('x'), '/v2/enqueue'),
        (pdpyras.ChangeEventsAPISession, lambda s: s.submit('x'), '/v2/change/enqueue'),
    ],
)
def test_requests_go_to_the_url_that_is_set(api, kind, send, path):
    api.reply(body={'dedup_key': 'x', 'id': 'x'})
    session = kind('KEY')
    session.url = api.url
    send(session)
    assert api.last.path == path


# Basic usage of the REST API


def test_get_returns_the_response_with_the_resource(api, session):
    api.reply(body={'user': JANE})
    response = session.get('/users/PABC123')
    assert response.ok
    assert response.json()['user'] == JANE


def test_jget_returns_the_body_and_rget_the_resource(api, session):
    api.reply(body={'user': JANE}, times=2)
    assert session.jget('/users/PABC123')['user'] == JANE
    assert session.rget('/users/PABC123') == JANE
    assert targets(api) == ['GET /users/PABC123'] * 2


def test_iter_all_yields_every_user(api, session):
    api.reply(body={'users': [JANE], 'more': True})
    api.reply(body={'users': [dict(JANE, id='PDAN')], 'more': False})
    assert [(user['id'], user['email']) for user in session.iter_all('users')] == [
        ('PJANE', 'jane@example35.com'),
        ('PDAN', 'jane@example35.com'),
    ]


def test_list_all_filters_services_by_a_query(api, session):
    services = [{'type': 'service', 'name': 'SN 1'}]
    api.reply(body={'services': services, 'more': False})
    assert session.list_all('services', params={'query': 'SN'}) == services
    assert api.last.query == {'query': 'SN', 'limit': '100', 'offset': '0'}


def test_a_user_is_found_by_email(api, session):
    api.reply(body={'users': [{'email': 'other@example35.com'}, JANE], 'more': False})
    assert session.find('users', 'jane@example35.com', attribute='email') == JANE


def test_a_user_is_updated_by_put(api, session):
    user = dict(JANE, self=api.url + '/users/PJANE')
    changes = {'type': 'user', 'name': 'Jane Roe'}
    api.reply(body={'user': dict(user, **changes)})
    response = session.put(user['self'], json={'user': changes})
    assert response.ok
    assert response.json()['user']['name'] == 'Jane Roe'
    assert targets(api) == ['PUT /users/PJANE']
    assert api.last.json == {'user': changes}


def test_a_user_is_updated_by_rput_without_wrapper_or_url(api, session):
    user = dict(JANE, self=api.url + '/users/PJANE')
    changes = {'type': 'user', 'name': 'Jane Roe'}
    api.reply(body={'user': dict(user, **changes)})
    assert session.rput(user, json=changes)['name'] == 'Jane Roe'
    assert targets(api) == ['PUT /users/PJANE']
    assert api.last.json == {'user': changes}


def test_an_update_that_fails_is_a_client_error(api, session):
    api.reply(400, {'error': {'message': 'Invalid', 'code': 2001}})
    with pytest.raises(pdpyras.PDClientError, match='PUT .*/users/PJANE.*Invalid'):
        session.rput(dict(JANE, self='/users/PJANE'), json={'name': ''})


@pytest.mark.parametrize(
    'found, sent',
    [
        ([], ['GET', 'POST']),
        ([{'name': 'Somebody Else'}], ['GET', 'PUT']),
        ([{'name': 'User McUserson'}], ['GET']),
    ],
    ids=['created', 'updated', 'left as it is'],
)
def test_a_user_is_created_or_updated_as_needed(api, session, found, sent):
    user_data = {'email': 'user123@example.com', 'name': 'User McUserson'}
    existing = {'id': 'P1', 'email': 'user123@example.com', 'self': api.url + '/users/P1'}
    api.reply(body={'users': [dict(existing, **user) for user in found], 'more': False})
    api.reply(body={'user': dict(existing, **user_data)})
    user = session.persist('users', 'email', user_data, update=True)
    assert user['name'] == 'User McUserson'
    assert [seen.method for seen in api.seen] == sent


def test_a_list_is_sent_with_brackets_after_its_name(api, session):
    api.reply(body={'incidents': [], 'more': False})
    session.list_all(
        'incidents',
        params={'user_ids[]': ['PHIJ789'], 'statuses': ['triggered', 'acknowledged']},
    )
    assert sorted(api.last.target.partition('?')[2].split('&')) == [
        'limit=100',
        'offset=0',
        'statuses%5B%5D=acknowledged',
        'statuses%5B%5D=triggered',
        'user_ids%5B%5D=PHIJ789',
    ]


class Filter(str, Enum):
    TEAMS = 'team_ids'
    USERS = 'user_ids[]'


def test_the_value_of_a_str_enum_is_the_name_of_a_list(api, session):
    api.reply()
    session.get('incidents', params={Filter.TEAMS: ['T1'], Filter.USERS: ['U1']})
    assert api.last.params == [('team_ids[]', 'T1'), ('user_ids[]', 'U1')]


def test_rput_acknowledges_all_incidents_of_a_user_in_one_request(api, session):
    incidents = [{'id': 'Q1', 'status': 'triggered'}, {'id': 'Q2', 'status': 'triggered'}]
    api.reply(body={'incidents': incidents, 'more': False})
    api.reply(body={'incidents': [dict(each, status='acknowledged') for each in incidents]})
    params = {'user_ids': ['PHIJ789'], 'statuses': ['triggered']}
    found = session.list_all('incidents', params=params)
    for incident in found:
        incident['status'] = 'acknowledged'
    updated = session.rput('incidents', json=found)
    assert [incident['status'] for incident in updated] == ['acknowledged'] * 2
    assert (api.last.method, api.last.path) == ('PUT', '/incidents')
    assert api.last.json == {'incidents': found}


# Basic usage of the Events API


def test_resolve_takes_the_key_that_trigger_returned(api, events):
    api.reply(202, {'dedup_key': 'made-by-the-api'}, times=2)
    dedup_key = events.trigger('Server is on fire', 'dusty.old.server.net')
    events.resolve(dedup_key)
    assert [seen.json['event_action'] for seen in api.seen] == ['trigger', 'resolve']
    assert 'dedup_key' not in api.seen[0].json
    assert api.last.json['dedup_key'] == 'made-by-the-api'


def test_trigger_and_acknowledge_take_a_key_of_the_callers_own(api, events):
    api.reply(202, {'dedup_key': 'abc123'}, times=2)
    events.trigger('Server is on fire', 'dusty.old.server.net', dedup_key='abc123')
    events.acknowledge('abc123')
    assert [seen.json['dedup_key'] for seen in api.seen] == ['abc123', 'abc123']


def test_submit_sends_the_summary_and_source_of_a_change(api, change_events):
    api.reply(202, {'id': 'C1'})
    change_events.submit('new build finished at latest HEAD', source='automation')
    assert api.last.json['payload']['summary'] == 'new build finished at latest HEAD'
    assert api.last.json['payload']['source'] == 'automation'


# Generic features


@pytest.mark.parametrize('verb', ['get', 'post', 'put', 'patch', 'delete'])
def test_plain_methods_return_responses_of_requests(api, session, verb):
    api.reply(404)
    response = getattr(session, verb)('users/P1')
    assert isinstance(response, requests.Response)
    assert response.status_code == 404


@pytest.mark.parametrize('method', ['rget', 'jget', 'rput', 'jput', 'rpost', 'jpost', 'rdelete'])
def test_keyword_arguments_are_passed_to_requests(api, session, method):
    hooked = []
    api.reply(body={'user': {}})
    getattr(session, method)(
        'users/P1',
        params={'a': '1'},
        headers={'X-Mine': '1'},
        hooks={'response': lambda response, **kwargs: hooked.append(response.status_code)},
    )
    assert (api.last.query, api.last.headers['X-Mine'], hooked) == ({'a': '1'}, '1', [200])


@pytest.mark.parametrize('url', ['users/PABC123', '/users/PABC123', '{base}/users/PABC123'])
def test_rget_accepts_a_path_or_a_full_url(api, session, url):
    api.reply(body={'user': JANE})
    assert session.rget(url.format(base=api.url)) == JANE
    assert targets(api) == ['GET /users/PABC123']


@pytest.mark.parametrize('kind', ['user', 'user_reference'])
def test_rget_and_jget_accept_a_resource_or_a_reference(api, session, kind):
    api.reply(body={'user': JANE}, times=2)
    resource = {'id': 'PJANE', 'type': kind, 'self': api.url + '/users/PJANE'}
    assert session.rget(resource) == JANE
    assert session.jget(resource) == {'user': JANE}
    assert targets(api) == ['GET /users/PJANE'] * 2


def test_query_parameters_are_sent_in_the_order_given(api, session):
    api.reply(body={'users': [JANE]})
    found = session.rget('users', params={'query': 'Dan', 'limit': 1, 'offset': 0})
    assert found == [JANE]
    assert targets(api) == ['GET /users?query=Dan&limit=1&offset=0']


def test_a_filtered_listing_of_82_services_takes_two_requests(api, session):
    services = [{'type': 'service', 'name': 'foo {}'.format(number)} for number in range(82)]
    api.reply(body={'services': services[:50], 'more': True})
    api.reply(body={'services': services[50:], 'more': False})
    params = {'query': 'foo', 'include': ['escalation_policies', 'teams'], 'limit': 50}
    assert session.list_all('services', params=params) == services
    for seen, offset in zip(api.seen, ('0', '50')):
        assert sorted(seen.target.partition('?')[2].split('&')) == [
            'include%5B%5D=escalation_policies',
            'include%5B%5D=teams',
            'limit=50',
            'offset=' + offset,
            'query=foo',
        ]
    assert len(api.seen) == 2


# Requests and responses


@pytest.mark.parametrize('verb', ['post', 'put'])
def test_the_json_of_post_and_put_is_sent_as_the_body(api, session, verb):
    api.reply(204)
    getattr(session, verb)('users/P1', json={'user': {'name': 'Jane'}})
    assert api.last.json == {'user': {'name': 'Jane'}}
    assert api.last.headers['Content-Type'] == 'application/json'


def test_the_headers_of_a_response_have_the_request_id(api, session):
    api.reply(body={'incidents': []}, headers={'x-request-id': 'REQ-1'})
    assert session.get('incidents').headers['x-request-id'] == 'REQ-1'


def test_j_methods_neither_wrap_nor_unwrap(api, session):
    api.reply(body={'user': JANE, 'more': False})
    assert session.jput('users/P1', json={'name': 'Jane'}) == {'user': JANE, 'more': False}
    assert api.last.json == {'name': 'Jane'}


def test_r_methods_wrap_the_request_and_unwrap_the_response(api, session):
    api.reply(body={'user': JANE})
    assert session.rpost('users', json={'name': 'Jane'}) == JANE
    assert api.last.json == {'user': {'name': 'Jane'}}


# Data types


def test_an_escalation_policy_is_read_extended_and_saved(api, session):
    targets_of_rule = [{'summary': 'Earline Greenholt'}, {'summary': 'Daily Engineering Rotation'}]
    policy = {
        'id': 'PT20YPA',
        'self': api.url + '/escalation_policies/PT20YPA',
        'escalation_rules': [{'id': 'PGHDV41', 'targets': targets_of_rule}],
    }
    api.reply(body={'escalation_policy': policy}, times=2)
    ep = session.rget('escalation_policies/PT20YPA')
    assert ep['escalation_rules'][0]['targets'][1]['summary'] == 'Daily Engineering Rotation'
    new_rule = {
        'escalation_delay_in_minutes': 30,
        'targets': [
            {'id': 'PAM4FGS', 'type': 'user_reference'},
            {'id': 'PI7DH85', 'type': 'schedule_reference'},
        ],
    }
    ep['escalation_rules'].append(new_rule)
    session.rput(ep, json=ep)
    assert targets(api)[1] == 'PUT /escalation_policies/PT20YPA'
    assert api.last.json == {'escalation_policy': ep}
    assert api.last.json['escalation_policy']['escalation_rules'][1] == new_rule


# Entity wrapping


def test_rpost_is_like_jpost_for_an_endpoint_without_wrappers(api, session):
    body = {'data': [], 'order': 'desc'}
    api.reply(body=body, times=4)
    for method in (session.rpost, session.jpost):
        assert method('analytics/raw/incidents', json={'limit': 1}) == body
        assert api.last.json == {'limit': 1}
    assert pdpyras.ENTITY_WRAPPER_CONFIG['* /analytics/raw/incidents'] is None


def test_rpost_wraps_subscribers_and_unwraps_subscriptions(api, session):
    subscribers = [{'subscriber_id': 'PD1234', 'subscriber_type': 'team'}]
    subscriptions = [dict(subscribers[0], result='success')]
    api.reply(body={'subscriptions': subscriptions})
    created = session.rpost('business_services/P1/subscribers', json=subscribers)
    assert created == subscriptions
    assert api.last.json == {'subscribers': subscribers}


def test_rpost_wraps_overrides_and_returns_the_whole_response(api, session):
    overrides = [
        {
            'start': '2023-07-01T00:00:00-04:00',
            'end': '2023-07-02T00:00:00-04:00',
            'user': {'id': 'PEYSGVA', 'type': 'user_reference'},
            'time_zone': 'UTC',
        },
        {
            'start': '2023-07-03T00:00:00-04:00',
            'end': '2023-07-01T00:00:00-04:00',
            'user': {'id': 'PEYSGVF', 'type': 'user_reference'},
            'time_zone': 'UTC',
        },
    ]
    results = [
        {'status': 201, 'override': overrides[0]},
        {'status': 400, 'errors': ['End before start'], 'override': overrides[1]},
    ]
    api.reply(201, results)
    assert session.rpost('/schedules/PGHI789/overrides', json=overrides) == results
    assert api.last.json == {'overrides': overrides}


def test_rpost_does_not_wrap_a_status_update_and_unwraps_the_response(api, session):
    update = {'id': 'PW5U8', 'message': 'Working on it'}
    api.reply(201, {'status_update': update})
    created = session.rpost('incidents/Q1/status_updates', json={'message': 'Working on it'})
    assert created == update
    assert api.last.json == {'message': 'Working on it'}


# Pagination


def test_iter_all_filters_users_by_a_query(api, session):
    api.reply(body={'users': [{'name': 'Dave', 'email': 'd@example.com'}], 'more': False})
    lines = [
        '{} <{}>'.format(dave['name'], dave['email'])
        for dave in session.iter_all('users', {'query': 'Dav'})
    ]
    assert lines == ['Dave <d@example.com>']
    assert api.last.query['query'] == 'Dav'


def test_a_user_is_found_by_dict_all_and_by_find(api, session):
    bob = {'id': 'PBOB', 'email': 'bob@example.com'}
    api.reply(body={'users': [JANE, bob], 'more': False}, times=2)
    assert session.dict_all('users', by='email')['bob@example.com']['id'] == 'PBOB'
    assert session.find('users', 'bob@example.com', attribute='email')['id'] == 'PBOB'


def test_iter_all_follows_the_cursors_of_an_endpoint(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'abc'})
    api.reply(body={'records': [2], 'next_cursor': None})
    assert list(session.iter_all('audit/records')) == [1, 2]


def test_an_error_discards_the_partial_results_of_list_all_but_not_of_iter_all(api, session):
    for _ in range(2):
        api.reply(body={'users': [1, 2], 'more': True})
        api.reply(ANY_SERVER_ERROR)
    with pytest.raises(pdpyras.PDServerError, match='GET .*/users'):
        session.list_all('users')
    seen = []
    with pytest.raises(pdpyras.PDServerError, match='GET .*/users'):
        seen.extend(session.iter_all('users'))
    assert seen == [1, 2]


def test_rput_resolves_two_incidents_in_one_request(api, session):
    incidents = [
        {'id': 'PABC123', 'type': 'incident_reference', 'status': 'resolved'},
        {'id': 'PDEF456', 'type': 'incident_reference', 'status': 'resolved'},
    ]
    api.reply(body={'incidents': incidents})
    assert session.rput('incidents', json=incidents) == incidents
    assert targets(api) == ['PUT /incidents']
    assert api.last.json == {'incidents': incidents}


# Errors


def email_or_excuse(session):
    """Return what the guide's first example of error handling prints."""
    try:
        return session.rget('/users/PJKL678')['email']
    except pdpyras.PDClientError as error:
        if error.response:
            if error.response.status_code == 404:
                return 'User not found'
            raise error
        return 'Non-transient network or client error'


def email_or_excuse_by_class(session):
    """Return what the guide's second example, with the class for HTTP errors, prints."""
    try:
        return session.rget('/users/PJKL678')['email']
    except pdpyras.PDHTTPError as error:
        if error.response.status_code == 404:
            return 'User not found'
        raise error
    except pdpyras.PDClientError:
        return 'Non-transient network or client error'


WAYS = [email_or_excuse, email_or_excuse_by_class]


@pytest.mark.parametrize('way', WAYS)
def test_the_examples_of_error_handling_return_the_email_of_a_user(api, session, way):
    api.reply(body={'user': JANE})
    assert way(session) == 'jane@example35.com'


@pytest.mark.parametrize('way', WAYS)
def test_the_examples_of_error_handling_report_a_missing_user(api, session, way):
    api.reply(404, {'error': {'message': 'Not Found', 'code': 2100}})
    assert way(session) == 'User not found'


@pytest.mark.parametrize('status', [400, 401, 403, ANY_SERVER_ERROR])
@pytest.mark.parametrize('way', WAYS)
def test_the_examples_of_error_handling_raise_other_http_errors(api, session, way, status):
    api.reply(status)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        way(session)
    assert caught.value.response.status_code == status


@pytest.mark.parametrize('way', WAYS)
def test_the_examples_of_error_handling_report_a_lasting_network_error(api, session, way):
    api.hang_up(times=4)
    assert way(session) == 'Non-transient network or client error'


def test_the_response_of_an_error_has_headers_status_and_body(api, session):
    api.reply(400, {'error': {'code': 2001}}, {'x-request-id': 'REQ-1'})
    with pytest.raises(pdpyras.PDClientError) as caught:
        session.jget('users')
    response = caught.value.response
    assert response.headers['x-request-id'] == 'REQ-1'
    assert (response.status_code, response.json()) == (400, {'error': {'code': 2001}})


# Logging


def test_a_session_has_a_logger_without_level_or_handlers_that_can_be_replaced(session):
    assert (session.log.level, session.log.handlers) == (logging.NOTSET, [])
    session.log = logging.getLogger('mine')
    assert session.log.name == 'mine'


def test_print_debug_switches_debug_messages_on_and_off(api, capsys):
    api.reply(204, times=3)
    session = pdpyras.APISession('KEY', debug=True, base_url=api.url)
    session.get('users')
    session.print_debug = False
    session.get('teams')
    session.print_debug = True
    session.get('services')
    session.print_debug = False
    printed = capsys.readouterr()
    assert [word in printed.err for word in ('/users', '/teams', '/services')] == [
        True,
        False,
        True,
    ]
    assert printed.out == ''


# Proxies


def test_https_goes_through_the_proxy_of_the_session(api, monkeypatch):
    # In requests, proxies of the environment take precedence over those of a session.
    for name in ('https_proxy', 'all_proxy', 'no_proxy'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    session = pdpyras.APISession('the-api-key-1234')
    session.max_network_attempts = 0
    session.proxies.update({'https': api.url[len('http://') :]})
    api.reply(502)
    with pytest.raises(pdpyras.PDClientError, match='GET https://api.pagerduty.com/users.*502'):
        session.get('users')
    assert targets(api) == ['CONNECT api.pagerduty.com:443']
    assert 'Authorization' not in api.last.headers


# Retries


def test_a_429_is_retried_without_limit_with_growing_waits(api, session, sleeps):
    api.reply(429, times=12)
    api.reply(body={'user': JANE})
    assert session.rget('users/P1') == JANE
    assert sleeps == [3.0 * 2**number for number in range(12)]


def test_a_401_raises_at_once(api, session, sleeps):
    api.reply(401)
    with pytest.raises(pdpyras.PDHTTPError, match='GET .*/users.*401'):
        session.get('users')
    assert (len(api.seen), sleeps) == (1, [])


@pytest.mark.parametrize('status', [200, 204, 400, 403, 404, ANY_SERVER_ERROR])
def test_every_other_status_is_returned_without_a_retry(api, session, sleeps, status):
    api.reply(status)
    assert session.get('users').status_code == status
    assert (len(api.seen), sleeps) == (1, [])


def test_a_network_error_is_retried(api, session, sleeps):
    api.hang_up(times=2)
    api.reply(body={'user': JANE})
    assert session.rget('users/P1') == JANE
    assert sleeps == [3, 6]


def test_without_stagger_a_wait_is_the_timer_times_a_power_of_the_base(api, session, sleeps):
    session.sleep_timer, session.sleep_timer_base = 1, 3
    api.reply(429, times=4)
    api.reply(204)
    session.get('users')
    assert sleeps == [3, 9, 27, 81]


def test_with_stagger_each_wait_grows_by_a_random_share(api, session, sleeps, monkeypatch):
    chances = [0.5, 0.0, 1.0]
    monkeypatch.setattr(pdpyras, 'random', iter(chances).__next__)
    session.sleep_timer, session.sleep_timer_base, session.stagger_cooldown = 1, 2, 0.4
    api.reply(429, times=3)
    api.reply(204)
    session.get('users')
    waits = [1]
    for chance in chances:
        waits.append(2 * (1 + 0.4 * chance) * waits[-1])
    assert sleeps == pytest.approx(waits[1:])


def test_a_success_in_retry_is_ignored(api, session, sleeps):
    session.retry[200] = 3
    api.reply(200)
    session.get('users')
    assert (len(api.seen), sleeps) == (1, [])


def test_each_status_has_its_own_limit_of_retries(api, session):
    session.retry.update({404: 2, 500: 1})
    for status in (404, 500, 404, 404):
        api.reply(status)
    assert session.get('users').status_code == 404
    assert len(api.seen) == 4


@pytest.mark.parametrize(
    'call',
    [lambda session: session.list_all('users'), lambda session: session.rget('users')],
    ids=['list_all', 'rget'],
)
def test_methods_that_need_success_raise_after_the_retries(api, session, call):
    session.retry[503] = 2
    api.reply(503, times=3)
    with pytest.raises(pdpyras.PDClientError) as caught:
        call(session)
    assert caught.value.response.status_code == 503
    assert len(api.seen) == 3


def test_trigger_raises_after_the_retries(api, events):
    events.retry = {503: 2}
    api.reply(503, times=3)
    with pytest.raises(pdpyras.PDClientError) as caught:
        events.trigger('a', 'b')
    assert caught.value.response.status_code == 503
    assert len(api.seen) == 3


def test_retry_overrides_the_default_for_401(api, session, sleeps):
    session.retry[401] = 1
    api.reply(401)
    api.reply(204)
    assert session.get('users').status_code == 204
    assert sleeps == [3]


def test_the_example_of_four_attempts_waits_2_4_8_and_16_seconds_and_returns(api, session, sleeps):
    session.max_http_attempts = 4
    session.retry[404] = 5
    session.sleep_timer = 1
    session.sleep_timer_base = 2
    api.reply(404, times=5)
    response = session.get('/users/PNOEXST')
    assert response.status_code == 404
    assert sleeps == [2, 4, 8, 16]
    assert len(api.seen) == 5


def test_the_example_of_a_limit_for_one_status_waits_62_seconds_in_all(api, session, sleeps):
    session.max_http_attempts = 6
    session.retry[404] = 5
    session.sleep_timer = 1
    session.sleep_timer_base = 2
    api.reply(404, times=6)
    response = session.get('/users/PNOEXST')
    assert response.status_code == 404
    assert sleeps == [2, 4, 8, 16, 32]
    assert sum(sleeps) == 62


# The pages

QUICKSTART = ROOT / 'docs' / 'quickstart.rst'
GUIDE = sorted((ROOT / 'docs' / 'guide').glob('*.rst'))
PAGES = [QUICKSTART] + GUIDE
NAMES = [page.stem for page in PAGES]
#: Other pages whose code needs nothing but the sandbox of the quick start.
OTHERS = sorted((ROOT / 'docs' / 'reference').glob('*.rst')) + [ROOT / 'docs' / 'performance.rst']
needs_sandbox = pytest.mark.skipif(
    find_spec('flask') is None, reason='the sandbox needs Flask, which needs Python 3.9'
)


@pytest.fixture
def quickstart_sandbox():
    """The sandbox that the quick start starts."""
    from pdpyras_sandbox import Sandbox

    with Sandbox(seed=1) as sandbox:
        yield sandbox


@needs_sandbox
@pytest.mark.parametrize('page', PAGES + OTHERS, ids=lambda page: page.stem)
def test_every_block_of_a_page_runs_as_pasted(page, quickstart_sandbox):
    assert run_in_new_process(page, quickstart_sandbox) == ''


@needs_sandbox
@pytest.mark.skipif(not IS_FULL, reason='tox -e scale runs the pages a second time')
def test_all_pages_run_in_turn_against_one_sandbox(quickstart_sandbox):
    for page in PAGES:
        assert run_in_new_process(page, quickstart_sandbox) == ''


@needs_sandbox
def test_the_pages_show_the_keys_of_the_sandbox(quickstart_sandbox):
    shown = QUICKSTART.read_text(encoding='utf-8')
    assert 'account key  {}\n'.format(quickstart_sandbox.api_key) in shown
    assert 'user key     {}\n'.format(quickstart_sandbox.user_key) in shown


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_no_page_hides_code_from_the_reader(page):
    text = page.read_text(encoding='utf-8')
    assert not re.search(r':hide:|:skipif:|testsetup|testcleanup|doctest::', text)
    assert 'python -m pdpyras_sandbox --seed 1' in text
    found = blocks(text)
    assert len(found) > 1
    # The first block makes the session, and whoever pastes it needs nothing else.
    assert 'import pdpyras\n' in found[0][1]
    assert 'http://127.0.0.1:8080' in found[0][1]


def test_a_block_that_the_prompt_rejects_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        list(statements('for number in range(3):\n    print(number)\nprint("end")\n'))
    assert len(list(statements('for number in range(3):\n    print(number)\n\nprint(1)\n'))) == 2
