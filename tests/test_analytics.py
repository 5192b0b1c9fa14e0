"""Listings that page in their own way: raw analytics, and alert grouping settings."""

import pytest

import pdpyras

LISTINGS = [
    pytest.param('iter_analytics_raw_incidents', [], '/analytics/raw/incidents', id='incidents'),
    pytest.param('iter_analytics_raw_users', [], '/analytics/raw/users', id='users'),
    pytest.param(
        'iter_analytics_raw_responder_incidents',
        ['PR1'],
        '/analytics/raw/responders/PR1/incidents',
        id='incidents of a responder',
    ),
]


@pytest.mark.parametrize('name, arguments, path', LISTINGS)
def test_each_page_of_raw_analytics_starts_after_the_last_cursor(
    api, session, name, arguments, path
):
    api.reply(body={'data': [1, 2], 'last': 'b', 'more': True})
    api.reply(body={'data': [3], 'last': 'c', 'more': False})
    assert list(getattr(session, name)(*arguments)) == [1, 2, 3]
    assert [(seen.method, seen.path) for seen in api.seen] == [('POST', path)] * 2
    assert [seen.json for seen in api.seen] == [
        {'limit': 100},
        {'limit': 100, 'starting_after': 'b'},
    ]


def test_a_limit_in_the_options_overrides_page_size(api, session):
    api.reply(body={'data': []})
    assert list(session.iter_analytics_raw_incidents(limit=5)) == []
    assert api.last.json == {'limit': 5}


@pytest.mark.parametrize('name, arguments, path', LISTINGS)
def test_filters_and_options_are_sent_with_each_page(api, session, name, arguments, path):
    api.reply(body={'data': [1], 'last': 'b', 'more': True})
    api.reply(body={'data': [], 'last': None})
    wanted = {'order': 'asc', 'time_zone': 'Etc/UTC'}
    listing = getattr(session, name)(*(arguments + [{'urgency': 'high'}]), **wanted)
    assert list(listing) == [1]
    for seen in api.seen:
        assert seen.json['filters'] == {'urgency': 'high'}
        assert seen.json['order'] == 'asc'
        assert seen.json['time_zone'] == 'Etc/UTC'


@pytest.mark.parametrize(
    'last',
    [
        pytest.param({'data': [], 'last': 'b'}, id='no results'),
        pytest.param({'data': [], 'last': None}, id='no cursor'),
        pytest.param({'data': [], 'last': 'a'}, id='the same cursor again'),
    ],
)
def test_analytics_without_more_end_with_a_page_without_new_results(api, session, last):
    api.reply(body={'data': [1], 'last': 'a'})
    api.reply(body=last)
    assert list(session.iter_analytics_raw_responder_incidents('PR1')) == [1]
    assert len(api.seen) == 2


def test_a_page_of_analytics_has_at_most_1000_results(api, session):
    api.reply(body={'data': [], 'more': False})
    list(session.iter_analytics_raw_incidents(page_size=5000))
    assert api.last.json['limit'] == 1000


def test_progress_of_analytics_is_reported_and_not_sent(api, session):
    api.reply(body={'data': [{'id': 1}], 'more': False, 'last': None})
    done = []
    list(session.iter_analytics_raw_incidents(progress=lambda *counts: done.append(counts)))
    assert done == [(1, None)]
    assert api.last.json == {'limit': 100}


def test_the_hook_is_called_with_each_result_of_analytics(api, session):
    api.reply(body={'data': ['a', 'b'], 'more': False})
    calls = []
    list(session.iter_analytics_raw_incidents(item_hook=lambda *call: calls.append(call)))
    assert calls == [('a', 1, '?'), ('b', 2, '?')]


@pytest.mark.parametrize('body', [{'rows': []}, {'data': {}}, [], 'no'], ids=repr)
def test_a_body_that_is_not_a_page_of_analytics_is_a_server_error(api, session, body):
    api.reply(body=body)
    with pytest.raises(pdpyras.PDServerError, match='data'):
        list(session.iter_analytics_raw_users())


@pytest.mark.parametrize('name', ['iter_alert_grouping_settings', 'iter_all'])
def test_alert_grouping_settings_are_paginated_by_the_cursor_after(api, session, name):
    api.reply(body={'alert_grouping_settings': [1], 'after': 'x', 'before': 'w', 'limit': 25})
    api.reply(body={'alert_grouping_settings': [2], 'after': None})
    arguments = ['alert_grouping_settings'] if name == 'iter_all' else []
    listing = getattr(session, name)(*arguments, params={'service_ids': ['PS1']})
    assert list(listing) == [1, 2]
    assert [seen.query.get('after') for seen in api.seen] == [None, 'x']
    assert [seen.query['service_ids[]'] for seen in api.seen] == ['PS1', 'PS1']


def test_a_repeated_cursor_ends_the_iteration(api, session):
    for cursor in 'abab':
        api.reply(body={'data': [cursor], 'last': cursor, 'more': True})
    assert list(session.iter_analytics_raw_users()) == ['a', 'b', 'a']
