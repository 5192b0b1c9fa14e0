"""Listings: pages by offset and by cursor, their limits, parameters, hooks and warnings."""

import re
import warnings
from collections import OrderedDict, deque
from itertools import islice

import pytest
import requests
from wire import ANY_SERVER_ERROR, Reply

import pdpyras


def hold(api, count, name='users', total=None):
    """Let the API serve a collection of this many resources in pages by offset."""

    @api.rule
    def answer(seen):
        offset, limit = int(seen.query['offset']), int(seen.query['limit'])
        results = [{'id': number} for number in range(offset, min(offset + limit, count))]
        page = {'limit': limit, 'offset': offset, 'more': offset + limit < count}
        return Reply(body=dict(page, total=total, **{name: results}))


def sent(api, *names):
    """Return the values of these query parameters in each request, in order."""
    return [tuple(seen.query.get(name) for name in names) for seen in api.seen]


# Pages by offset


def test_iter_all_requests_pages_until_more_is_false(api, session):
    hold(api, 250)
    assert [user['id'] for user in session.iter_all('users')] == list(range(250))
    assert sent(api, 'limit', 'offset') == [('100', '0'), ('100', '100'), ('100', '200')]
    assert {seen.path for seen in api.seen} == {'/users'}


def test_iter_all_sends_nothing_until_the_first_result_is_requested(api, session):
    users = session.iter_all('users')
    assert api.seen == []
    hold(api, 1)
    assert next(users) == {'id': 0}


def test_iter_all_fetches_a_page_only_after_the_one_before_is_consumed(api, session):
    hold(api, 250)
    users = session.iter_all('users')
    list(islice(users, 100))
    assert len(api.seen) == 1
    next(users)
    assert len(api.seen) == 2


def test_iter_all_yields_nothing_for_an_empty_collection(api, session):
    hold(api, 0)
    assert list(session.iter_all('users')) == []
    assert len(api.seen) == 1


def test_iter_all_yields_results_that_are_not_objects(api, session):
    api.reply(body={'abilities': ['teams', 'sso'], 'more': False})
    assert list(session.iter_all('abilities')) == ['teams', 'sso']


def test_more_of_null_ends_the_iteration_without_a_warning(api, session):
    api.reply(body={'users': [1, 2], 'more': None})
    assert list(session.iter_all('users')) == [1, 2]


def test_a_response_without_more_is_the_only_page_and_warns(api, session):
    api.reply(body={'users': [1, 2]})
    with pytest.warns(UserWarning, match='more'):
        assert list(session.iter_all('users')) == [1, 2]
    assert len(api.seen) == 1


@pytest.mark.parametrize(
    'url',
    ['users', '/users', '/users/', '{base}/users', '{base}/users/'],
    ids=['path', 'leading slash', 'trailing slash', 'full URL', 'full URL with trailing slash'],
)
def test_iter_all_accepts_any_spelling_of_a_url(api, session, url):
    hold(api, 3)
    assert len(list(session.iter_all(url.format(base=api.url)))) == 3


def test_a_short_page_does_not_make_the_following_pages_short(api, session):
    api.reply(body={'users': [1] * 100, 'limit': 100, 'more': True})
    api.reply(body={'users': [2] * 7, 'limit': 100, 'more': True})
    api.reply(body={'users': [3] * 100, 'limit': 100, 'more': False})
    assert len(list(session.iter_all('users'))) == 207
    assert sent(api, 'limit', 'offset') == [('100', '0'), ('100', '100'), ('100', '107')]


@pytest.mark.parametrize('limit', [25, 1])
def test_following_pages_use_the_limit_to_which_the_server_lowered_the_first(api, session, limit):
    api.reply(body={'users': [1] * limit, 'limit': limit, 'more': True})
    api.reply(body={'users': [2] * limit, 'limit': limit, 'more': False})
    assert len(list(session.iter_all('users'))) == 2 * limit
    assert sent(api, 'limit', 'offset') == [('100', '0'), (str(limit), str(limit))]


@pytest.mark.parametrize('limit', [0, -1, None, '25', 1000], ids=repr)
def test_a_reported_limit_that_is_not_lower_is_ignored(api, session, limit):
    api.reply(body={'users': [1] * 25, 'limit': limit, 'more': True})
    api.reply(body={'users': [2] * 25, 'limit': limit, 'more': False})
    assert len(list(session.iter_all('users'))) == 50
    assert sent(api, 'limit', 'offset') == [('100', '0'), ('100', '25')]


def test_an_empty_page_with_more_ends_the_iteration_with_a_warning(api, session):
    api.reply(body={'users': [1], 'more': True})
    api.reply(body={'users': [], 'more': True}, times=9)
    with pytest.warns(UserWarning, match='empty page'):
        assert list(session.iter_all('users')) == [1]
    assert len(api.seen) == 2


@pytest.mark.parametrize(
    'listing, body',
    [
        (lambda session: session.iter_all('users'), {'users': [1]}),
        (lambda session: session.iter_all('users', params={'offset': 9999}), None),
        (lambda session: session.iter_all('users'), {'users': [], 'more': True}),
        (
            lambda session: session.iter_cursor('audit/records', params={'cursor': 'a'}),
            {'records': [1], 'next_cursor': 'a'},
        ),
    ],
    ids=['no more', 'past the limit', 'empty page', 'looping cursor'],
)
def test_an_iteration_warning_points_to_the_line_that_iterates(api, session, listing, body):
    api.reply(body=body)
    with pytest.warns(UserWarning) as caught:
        list(listing(session))
    assert [warning.filename for warning in caught] == [__file__]


# The limit of what pagination by offset can reach


def test_iter_all_yields_10_000_results_and_warns_that_there_are_more(api, session):
    hold(api, 10050)
    with pytest.warns(UserWarning, match='would go past 10000.*narrow the listing'):
        assert sum(1 for _ in session.iter_all('users')) == 10000
    assert sent(api, 'limit', 'offset')[-1] == ('100', '9900')


def test_a_collection_of_exactly_the_iteration_limit_does_not_warn(api, session, monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 40)
    hold(api, 40)
    assert len(list(session.iter_all('users', page_size=20))) == 40
    assert len(api.seen) == 2


@pytest.mark.parametrize('limit', [100, 100.0])
def test_the_last_page_before_the_iteration_limit_is_shortened(api, session, monkeypatch, limit):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', limit)
    hold(api, 500)
    with pytest.warns(UserWarning, match='would go past 100, where'):
        assert len(list(session.iter_all('users', page_size=30))) == 100
    assert sent(api, 'limit', 'offset') == [('30', '0'), ('30', '30'), ('30', '60'), ('10', '90')]


def test_a_first_page_past_the_iteration_limit_is_not_requested(api, session):
    with pytest.warns(UserWarning, match='limit 100 at offset 9950 would go past 10000'):
        assert list(session.iter_all('users', params={'offset': 9950})) == []
    assert api.seen == []


def test_results_up_to_the_iteration_limit_are_reached_from_any_offset(api, session):
    hold(api, 10050)
    with pytest.warns(UserWarning, match='10000'):
        found = list(session.iter_all('users', params={'offset': 9850}))
    assert [user['id'] for user in found] == list(range(9850, 10000))
    assert sent(api, 'limit', 'offset') == [('100', '9850'), ('50', '9950')]


# Parameters


def test_page_size_is_sent_as_the_limit(api, session):
    hold(api, 50)
    assert len(list(session.iter_all('users', page_size=20))) == 50
    assert sent(api, 'limit') == [('20',)] * 3


def test_the_default_page_size_of_the_session_is_sent_as_the_limit(api, session):
    session.default_page_size = 30
    hold(api, 50)
    assert len(list(session.iter_all('users'))) == 50
    assert sent(api, 'limit') == [('30',)] * 2


@pytest.mark.parametrize('limit', [7, '7', 250], ids=repr)
def test_a_limit_among_the_parameters_takes_precedence(api, session, limit):
    hold(api, 5)
    assert len(list(session.iter_all('users', params={'limit': limit}, page_size=50))) == 5
    assert sent(api, 'limit') == [(str(limit),)]


@pytest.mark.parametrize('offset', [20, '20'], ids=repr)
def test_iteration_starts_at_an_offset_among_the_parameters(api, session, offset):
    hold(api, 250)
    found = list(session.iter_all('users', params={'offset': offset}))
    assert [user['id'] for user in found] == list(range(20, 250))
    assert sent(api, 'offset') == [('20',), ('120',), ('220',)]


def test_the_total_is_not_requested_by_default(api, session):
    hold(api, 1)
    list(session.iter_all('users'))
    assert sent(api, 'total') == [(None,)]


def test_the_total_is_requested_on_demand(api, session):
    hold(api, 150)
    list(session.iter_all('users', total=True))
    assert sent(api, 'total') == [('1',)] * 2


def test_a_total_among_the_parameters_takes_precedence(api, session):
    hold(api, 1)
    list(session.iter_all('users', params={'total': False}, total=True))
    assert sent(api, 'total') == [('false',)]


@pytest.mark.parametrize(
    'params',
    [
        {'query': 'Dan', 'team_ids': ['T1', 'T2']},
        OrderedDict([('query', 'Dan'), ('team_ids[]', ('T1', 'T2'))]),
        [('query', 'Dan'), ('team_ids[]', 'T1'), ('team_ids[]', 'T2')],
        (('query', 'Dan'), ('team_ids', ['T1', 'T2'])),
        'query=Dan&team_ids[]=T1&team_ids[]=T2',
        b'query=Dan&team_ids%5B%5D=T1&team_ids%5B%5D=T2',
    ],
    ids=['dict', 'OrderedDict', 'list of pairs', 'tuple of pairs', 'str', 'bytes'],
)
def test_iter_all_accepts_parameters_in_any_form_that_requests_does(api, session, params):
    hold(api, 150)
    assert len(list(session.iter_all('users', params=params))) == 150
    for seen in api.seen:
        given = [pair for pair in seen.params if pair[0] in ('query', 'team_ids[]')]
        assert given == [('query', 'Dan'), ('team_ids[]', 'T1'), ('team_ids[]', 'T2')]
    assert sent(api, 'offset') == [('0',), ('100',)]


def test_iter_all_does_not_change_the_callers_parameters(api, session):
    hold(api, 150)
    params = {'team_ids': ['T1'], 'limit': 100}
    list(session.iter_all('users', params=params))
    assert params == {'team_ids': ['T1'], 'limit': 100}


def test_the_query_in_the_url_is_merged_into_the_parameters(api, session):
    hold(api, 100)
    found = list(session.iter_all('users?limit=25&offset=50&query=Dan&include[]=teams'))
    assert [user['id'] for user in found] == list(range(50, 100))
    first = [('limit', '25'), ('offset', '50'), ('query', 'Dan'), ('include[]', 'teams')]
    assert sorted(api.seen[0].params) == sorted(first)
    assert sent(api, 'limit', 'offset', 'query') == [('25', '50', 'Dan'), ('25', '75', 'Dan')]


def test_parameters_take_precedence_over_the_query_in_the_url(api, session):
    hold(api, 1)
    list(session.iter_all('users?limit=25&query=Dan', params={'limit': 10}))
    assert sorted(api.last.params) == [('limit', '10'), ('offset', '0'), ('query', 'Dan')]


def test_repeated_parameters_in_the_url_are_all_sent(api, session):
    hold(api, 1)
    list(session.iter_all(api.url + '/users?team_ids[]=T1&team_ids[]=T2'))
    assert [value for name, value in api.last.params if name == 'team_ids[]'] == ['T1', 'T2']


# The item hook


def test_item_hook_is_called_with_each_result_its_number_and_the_total(api, session):
    hold(api, 3, total=3)
    calls = []
    list(session.iter_all('users', item_hook=lambda *call: calls.append(call), total=True))
    assert calls == [({'id': 0}, 1, 3), ({'id': 1}, 2, 3), ({'id': 2}, 3, 3)]


def test_item_hook_counts_across_pages(api, session):
    hold(api, 250)
    numbers = []
    params = {'offset': 50}
    list(session.iter_all('users', params, item_hook=lambda item, n, total: numbers.append(n)))
    assert numbers == list(range(1, 201))


def test_item_hook_is_called_before_its_result_is_yielded(api, session):
    hold(api, 2)
    order = []
    for user in session.iter_all('users', item_hook=lambda item, n, total: order.append(n)):
        order.append(user)
    assert order == [1, {'id': 0}, 2, {'id': 1}]


@pytest.mark.parametrize('body', [{'total': None}, {}], ids=['total is null', 'no total'])
def test_item_hook_gets_a_question_mark_for_an_unknown_total(api, session, body):
    api.reply(body=dict(body, users=[1], more=False))
    totals = []
    list(session.iter_all('users', item_hook=lambda item, n, total: totals.append(total)))
    assert totals == ['?']


def test_an_exception_in_item_hook_reaches_the_caller(api, session):
    hold(api, 2)

    def refuse(item, number, total):
        raise KeyError(number)

    with pytest.raises(KeyError):
        list(session.iter_all('users', item_hook=refuse))


# Pages by cursor


def test_iter_all_follows_the_cursors_of_an_endpoint(api, session):
    api.reply(body={'records': [1, 2], 'next_cursor': 'abc'})
    api.reply(body={'records': [3], 'next_cursor': None})
    assert list(session.iter_all('/audit/records')) == [1, 2, 3]
    assert sent(api, 'cursor') == [(None,), ('abc',)]


@pytest.mark.parametrize(
    'collect, expected',
    [
        (lambda session: session.list_all('audit/records'), [{'id': 1}, {'id': 2}]),
        (lambda session: session.dict_all('audit/records'), {1: {'id': 1}, 2: {'id': 2}}),
        (lambda session: session.find('audit/records', 2, attribute='id'), {'id': 2}),
        (lambda session: list(session.iter_cursor('audit/records')), [{'id': 1}, {'id': 2}]),
    ],
    ids=['list_all', 'dict_all', 'find', 'iter_cursor'],
)
def test_every_listing_method_follows_cursors(api, session, collect, expected):
    api.reply(body={'records': [{'id': 1}], 'next_cursor': 'abc'})
    api.reply(body={'records': [{'id': 2}], 'next_cursor': ''})
    assert collect(session) == expected
    assert sent(api, 'cursor') == [(None,), ('abc',)]


@pytest.mark.parametrize('path', pdpyras.CURSOR_BASED_PAGINATION_PATHS)
def test_iter_all_follows_cursors_of_every_listed_endpoint(api, session, path):
    url = re.sub(r'{\w+}', 'PABC123', path)
    wrapper = pdpyras.entity_wrappers('GET', path)[1]
    api.reply(body={wrapper: [1], 'next_cursor': 'abc'})
    api.reply(body={wrapper: [2], 'next_cursor': None})
    assert list(session.iter_all(url)) == [1, 2]
    assert [seen.path for seen in api.seen] == [url, url]


def test_no_offset_is_sent_to_a_cursor_endpoint(api, session):
    api.reply(body={'records': [], 'next_cursor': None})
    list(session.iter_all('audit/records'))
    assert sent(api, 'offset') == [(None,)]


def test_page_size_is_the_limit_of_each_page_by_cursor(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'abc'})
    api.reply(body={'records': [2], 'next_cursor': None})
    list(session.iter_all('audit/records', page_size=1))
    assert sent(api, 'limit', 'cursor') == [('1', None), ('1', 'abc')]


def test_the_default_page_size_is_the_limit_of_each_page_by_cursor(api, session):
    api.reply(body={'records': [], 'next_cursor': None})
    list(session.iter_cursor('audit/records'))
    assert sent(api, 'limit') == [('100',)]


def test_parameters_are_sent_with_every_page_by_cursor(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'abc'})
    api.reply(body={'records': [2], 'next_cursor': None})
    list(session.iter_all('audit/records', params={'actions': ['create'], 'limit': 5}))
    assert sent(api, 'actions[]', 'limit') == [('create', '5')] * 2


def test_iteration_starts_at_a_cursor_among_the_parameters(api, session):
    api.reply(body={'records': [3], 'next_cursor': None})
    params = {'cursor': 'abc'}
    assert list(session.iter_cursor('audit/records', params=params)) == [3]
    assert sent(api, 'cursor') == [('abc',)]
    assert params == {'cursor': 'abc'}


def test_an_empty_page_with_a_cursor_does_not_end_the_iteration(api, session):
    api.reply(body={'records': [], 'next_cursor': 'abc'})
    api.reply(body={'records': [1], 'next_cursor': None})
    assert list(session.iter_all('audit/records')) == [1]


def test_a_response_without_next_cursor_is_the_last_page(api, session):
    api.reply(body={'records': [1]})
    assert list(session.iter_all('audit/records')) == [1]


def test_pages_by_cursor_are_fetched_as_they_are_consumed(api, session):
    api.reply(body={'records': [1, 2], 'next_cursor': 'abc'})
    records = session.iter_cursor('audit/records')
    assert api.seen == []
    assert [next(records), next(records)] == [1, 2]
    assert len(api.seen) == 1


@pytest.mark.parametrize(
    'cursors', [['a', 'a'], ['a', 'b', 'a']], ids=['to itself', 'to an earlier page']
)
def test_a_repeated_cursor_ends_the_iteration_with_a_warning(api, session, cursors):
    following = {None: cursors[0]}
    following.update(zip(cursors, cursors[1:]))
    api.rule(
        lambda seen: Reply(
            body={'records': [1], 'next_cursor': following[seen.query.get('cursor')]}
        )
    )
    with pytest.warns(UserWarning, match='cursor'):
        found = list(islice(session.iter_all('audit/records'), 20))
    assert len(found) == len(cursors)


def test_item_hook_counts_results_by_cursor_without_a_total(api, session):
    api.reply(body={'records': ['a'], 'next_cursor': 'abc'})
    api.reply(body={'records': ['b'], 'next_cursor': None})
    calls = []
    list(session.iter_cursor('audit/records', item_hook=lambda *call: calls.append(call)))
    assert calls == [('a', 1, '?'), ('b', 2, '?')]


def test_iter_cursor_rejects_a_listed_endpoint_without_cursors(api, session):
    with pytest.raises(pdpyras.URLError, match='cursor'):
        list(session.iter_cursor('users'))
    assert api.seen == []


# Endpoints without pages


@pytest.mark.parametrize(
    'url',
    [
        'users/me',
        'users/PABC123',
        '/users/PABC123/',
        'incidents/PABC123/alerts/PDEF456',
        '/event_orchestrations/PABC123/router',
        'incidents/count',
    ],
)
def test_iter_all_rejects_a_single_resource(api, session, url):
    with pytest.raises(pdpyras.URLError, match='is not a collection with pages. Use rget'):
        list(session.iter_all(url))
    assert api.seen == []


@pytest.mark.parametrize(
    'url, advice',
    [
        ('business_services/priority_thresholds', 'Use rget'),
        ('/analytics/raw/incidents/PABC123', 'Use rget'),
        ('/analytics/raw/incidents', 'Use jpost, or iter_analytics_raw_incidents'),
        ('/analytics/metrics/incidents/all', 'Use jpost, or iter_analytics_raw_incidents'),
    ],
)
def test_iter_all_rejects_an_endpoint_without_a_wrapper(api, session, url, advice):
    with pytest.raises(pdpyras.URLError, match='is not a collection with pages. ' + advice):
        list(session.iter_all(url))
    assert api.seen == []


@pytest.mark.parametrize('url', [None, 7, {'self': '/users'}], ids=repr)
def test_a_url_that_is_not_a_str_is_rejected(api, session, url):
    with pytest.raises(pdpyras.URLError, match='A URL or path must be a str'):
        list(session.iter_all(url))
    assert api.seen == []


def test_a_url_elsewhere_is_rejected(api, session):
    with pytest.raises(pdpyras.URLError, match='not under'):
        list(session.iter_all('https://api.example.com/users'))
    assert api.seen == []


@pytest.mark.parametrize(
    'body',
    [
        {'people': [], 'more': False},
        [1, 2],
        {'users': None, 'more': False},
        {'users': {'a': 1}},
        None,
    ],
    ids=['other key', 'a list', 'null', 'an object', 'nothing'],
)
def test_a_response_that_is_not_a_page_is_a_server_error(api, session, body):
    api.reply(body=body)
    with pytest.raises(pdpyras.PDServerError) as caught:
        list(session.iter_all('users'))
    assert caught.value.response.status_code == 200
    assert '/users' in str(caught.value)


def test_an_error_while_iterating_is_raised_after_the_results_so_far(api, session):
    api.reply(body={'users': [1, 2], 'more': True})
    api.reply(ANY_SERVER_ERROR, {'error': {'message': 'Internal Server Error', 'code': 2000}})
    found = []
    with pytest.raises(pdpyras.PDServerError, match='GET .*/users.*Internal Server Error'):
        for user in session.iter_all('users'):
            found.append(user)
    assert found == [1, 2]


# Unlisted paths


def test_the_wrapper_of_an_unlisted_collection_is_the_last_node_of_its_path(api, session):
    hold(api, 150, 'widgets')
    assert len(session.list_all('/v9/widgets')) == 150
    assert sent(api, 'offset') == [('0',), ('100',)]


def test_an_unlisted_collection_may_have_another_wrapper(api, session):
    api.reply(body={'gadgets': [1, 2], 'more': False, 'limit': 100, 'warnings': []})
    assert list(session.iter_all('/v9/widgets')) == [1, 2]


def test_an_unlisted_collection_with_two_lists_is_ambiguous(api, session):
    api.reply(body={'gadgets': [1], 'gizmos': [2], 'more': False})
    with pytest.raises(pdpyras.PDServerError, match='gadgets, gizmos'):
        list(session.iter_all('/v9/widgets'))


def test_an_unlisted_collection_may_have_cursors(api, session):
    api.reply(body={'widgets': [1], 'next_cursor': 'abc'})
    api.reply(body={'widgets': [2], 'next_cursor': None})
    assert list(session.iter_all('/v9/widgets')) == [1, 2]
    assert sent(api, 'cursor') == [(None,), ('abc',)]


def test_a_collection_added_to_canonical_paths_may_have_cursors(api, session):
    api.reply(body={'widgets': [1], 'next_cursor': 'abc'})
    api.reply(body={'widgets': [2], 'next_cursor': None})
    pdpyras.CANONICAL_PATHS.append('/v9/widgets')
    try:
        assert list(session.iter_all('/v9/widgets')) == [1, 2]
    finally:
        pdpyras.CANONICAL_PATHS.remove('/v9/widgets')


@pytest.mark.parametrize('path', ['oauth2_clients', 'v4/oauth2_clients', 'users/P1/oauth2_clients'])
def test_an_unlisted_collection_may_have_a_digit_in_its_name(api, session, path):
    api.reply(body={'oauth2_clients': [1], 'more': False})
    assert list(session.iter_all(path)) == [1]


def test_iter_cursor_accepts_an_unlisted_path(api, session):
    api.reply(body={'widgets': [1], 'next_cursor': 'abc'})
    api.reply(body={'widgets': [2], 'next_cursor': None})
    assert list(session.iter_cursor('/v9/widgets')) == [1, 2]


def test_an_unlisted_resource_is_not_a_collection(api, session):
    with pytest.raises(pdpyras.URLError, match='/v9/widgets/{id} is not a collection with pages'):
        list(session.iter_all('/v9/widgets/PABC123'))
    assert api.seen == []


# Numbers


@pytest.mark.parametrize('size', [0, -1, 'x', 1.5, float('nan'), True, False, [5]], ids=repr)
@pytest.mark.parametrize('method', ['iter_all', 'iter_cursor'])
def test_an_invalid_page_size_is_rejected(api, session, method, size):
    path = 'users' if method == 'iter_all' else 'audit/records'
    with pytest.raises(ValueError, match='page_size must be a whole number, 1 or more'):
        list(getattr(session, method)(path, page_size=size))
    assert api.seen == []


@pytest.mark.parametrize('name', ['limit', 'offset'])
def test_the_error_about_an_invalid_limit_or_offset_names_it(api, session, name):
    with pytest.raises(ValueError, match=name + " must be a whole number.*'ten'"):
        list(session.iter_all('users', params={name: 'ten'}))
    assert api.seen == []


def test_names_of_parameters_may_be_bytes(api, session):
    api.reply(body={'users': [], 'more': False})
    list(session.iter_all('users', params={b'query': b'x'}))
    assert api.last.query['query'] == 'x'


# One page, as in 4.x


def test_paginate_false_ends_after_the_first_page(api, session):
    hold(api, 250)
    with pytest.warns(UserWarning, match='paginate'):
        assert len(list(session.iter_all('users', paginate=False))) == 100
    assert len(api.seen) == 1


# Cost


def test_each_page_is_decoded_once(api, session):
    decoded = []

    class Counted(requests.Response):
        def json(self, **kwargs):
            decoded.append(self.url)
            return super().json(**kwargs)

    def count(response, **kwargs):
        response.__class__ = Counted

    session.hooks['response'].append(count)
    hold(api, 250)
    list(session.iter_all('users'))
    api.reply(body={'records': [1], 'next_cursor': None})
    list(session.iter_all('audit/records'))
    assert decoded == [api.url + seen.target for seen in api.seen]


def test_an_unlisted_collection_may_have_any_name(api, session):
    api.reply(body={'staff': [1, 2], 'more': False})
    assert session.list_all('v4/staff') == [1, 2]


def test_parameters_of_none_are_not_sent(api, session):
    params = {'limit': None, 'offset': None, 'query': None}
    for given in (params, list(params.items())):
        api.reply(body={'users': [1], 'more': False})
        assert session.list_all('users', params=given) == [1]
        assert api.last.query == {'limit': '100', 'offset': '0'}


@pytest.mark.parametrize(
    'url, expected',
    [
        ('users?query=a&query=b', 'query=a&query=b&limit=100&offset=0'),
        ('users?limit=5&query=a', 'query=a&limit=5&offset=0'),
        ('users?offset=30&limit=5', 'limit=5&offset=30'),
        ('users?total=true', 'limit=100&total=true&offset=0'),
        ('users?include[]=teams#top', 'include%5B%5D=teams&limit=100&offset=0'),
    ],
)
def test_only_paging_parameters_are_moved_from_the_query_of_a_url(api, session, url, expected):
    api.reply(body={'users': [], 'more': False})
    session.list_all(url)
    target = api.last.target.replace('include[]', 'include%5B%5D')
    assert target == '/users?' + expected


def test_iteration_starts_at_a_cursor_in_the_url(api, session):
    api.reply(body={'records': [1], 'next_cursor': 'c'})
    api.reply(body={'records': [2], 'next_cursor': None})
    assert session.list_all('audit/records?cursor=b&actions[]=create') == [1, 2]
    assert [seen.params for seen in api.seen] == [
        [('actions[]', 'create'), ('limit', '100'), ('cursor', cursor)] for cursor in 'bc'
    ]


def test_query_parameters_are_sent_in_a_fixed_order(api, session):
    api.reply(body={'users': [], 'more': False})
    session.list_all('users', params={'query': 'x', 'include[]': ['teams']}, total=True)
    names = [name for name, _ in api.last.params]
    assert names == ['limit', 'total', 'query', 'include[]', 'offset']


def test_a_missing_more_causes_a_warning_before_the_first_result(api, session):
    api.reply(body={'users': [{'name': 'Jane'}]})
    with pytest.warns(UserWarning, match='does not say whether there are more results'):
        assert next(session.iter_all('users')) == {'name': 'Jane'}


def test_find_warns_about_a_missing_more_even_if_it_succeeds(api, session):
    api.reply(body={'users': [{'name': 'Jane'}]})
    with pytest.warns(UserWarning, match='more'):
        assert session.find('users', 'jane') == {'name': 'Jane'}


def test_iteration_warnings_can_be_filtered_by_the_name_of_the_module(api, session):
    api.rule(lambda seen: Reply(body={'users': [1]}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        session.list_all('users')
        warnings.filterwarnings('ignore', module='pdpyras')
        session.list_all('users')
    assert [warning.filename for warning in caught] == [__file__]


def test_the_iteration_limit_may_be_a_float(api, session, monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', 2.5e2)
    api.rule(lambda seen: Reply(body={'users': [0] * int(seen.query['limit']), 'more': True}))
    with pytest.warns(UserWarning, match='would go past'):
        assert len(session.list_all('users')) == 250
    assert [seen.query['limit'] for seen in api.seen] == ['100', '100', '50']


ONCE = [
    pytest.param(lambda: (x for x in ['T1', 'T2']), id='generator'),
    pytest.param(lambda: map(str, ['T1', 'T2']), id='map'),
    pytest.param(lambda: filter(None, ['T1', 'T2']), id='filter'),
    pytest.param(lambda: iter(['T1', 'T2']), id='iterator'),
    pytest.param(lambda: deque(['T1', 'T2']), id='deque'),
    pytest.param(lambda: {'T1': 0, 'T2': 0}.keys(), id='view'),
]


@pytest.mark.parametrize('make', ONCE)
@pytest.mark.parametrize('name', ['team_ids', 'team_ids[]'])
@pytest.mark.parametrize('as_pairs', [False, True], ids=['dict', 'pairs'])
def test_an_iterable_filter_is_sent_with_every_page(api, session, make, name, as_pairs):
    api.rule(lambda seen: Reply(body={'users': [1], 'more': int(seen.query['offset']) < 2}))
    params = [(name, make())] if as_pairs else {name: make()}
    assert session.list_all('users', params=params) == [1, 1, 1]
    for seen in api.seen:
        assert [value for key, value in seen.params if key == 'team_ids[]'] == ['T1', 'T2']


@pytest.mark.parametrize('make', ONCE)
def test_an_iterable_filter_is_sent_with_every_cursor_page_and_retry(api, session, make):
    api.reply(body={'records': [1], 'next_cursor': 'b'})
    api.reply(429)
    api.reply(body={'records': [2], 'next_cursor': None})
    assert session.list_all('audit/records', params={'actions': make()}) == [1, 2]
    for seen in api.seen:
        assert [value for key, value in seen.params if key == 'actions[]'] == ['T1', 'T2']


def test_a_numeric_range_is_a_list_parameter(api, session):
    api.reply(body={'users': []})
    session.get('users', params={'numbers': range(2)})
    assert api.last.params == [('numbers[]', '0'), ('numbers[]', '1')]


def test_an_infinite_limit_turns_the_limit_off(api, session, monkeypatch):
    monkeypatch.setattr(pdpyras, 'ITERATION_LIMIT', float('inf'))
    api.reply(body={'users': [1], 'more': True})
    api.reply(body={'users': [2], 'more': False})
    assert session.list_all('users', params={'offset': 9990}, read_ahead=1) == [1, 2]
