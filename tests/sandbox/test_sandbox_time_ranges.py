"""Time ranges of listings: defaults, limits and filters."""

import pytest
import requests

from pdpyras_sandbox import Sandbox

HALF_A_YEAR = 'since=2024-01-01T00:00:00Z&until=2024-07-01T00:00:00Z'
TOO_LONG = [
    '/incidents?since=2024-01-01T00:00:00Z&until=2024-08-01T00:00:00Z',
    '/incidents?since=2020-01-01T00:00:00Z',
    '/notifications?since=2024-01-01T00:00:00Z&until=2024-05-01T00:00:00Z',
    '/audit/records?since=2024-01-01T00:00:00Z&until=2024-02-02T00:00:00Z',
]


@pytest.mark.parametrize('path', TOO_LONG)
def test_time_range_that_is_too_long_is_rejected(web, path):
    assert web.refusal('GET', path)[:2] == (400, 2005)


def test_time_range_of_half_a_year_of_incidents_is_accepted(web):
    assert web.call('GET', '/incidents?' + HALF_A_YEAR).json()['incidents'] == []


@pytest.mark.parametrize('missing', ['since', 'until'])
@pytest.mark.parametrize('path', ['/notifications', '/schedules/{}/overrides'])
def test_missing_required_time_range_is_rejected(web, path, missing):
    empty = {'type': 'schedule', 'time_zone': 'UTC', 'schedule_layers': []}
    schedule = web.post('/schedules', {'schedule': empty})['schedule']
    query = {'since': '2024-01-01T00:00:00Z', 'until': '2024-02-01T00:00:00Z'}
    del query[missing]
    status, _, errors = web.refusal('GET', path.format(schedule['id']), params=query)
    assert (status, errors) == (400, [f"'{missing}' is required"])


def test_notifications_are_empty(web):
    web.incident()
    day = {'since': '2024-01-01', 'until': '2024-01-02'}
    assert web.get('/notifications', **day)['notifications'] == []


def test_incidents_of_the_last_month_are_listed_by_default():
    with Sandbox() as sandbox, requests.Session() as http:
        http.headers['Authorization'] = f'Token token={sandbox.user_key}'
        event = {
            'routing_key': sandbox.routing_key,
            'event_action': 'trigger',
            'payload': {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'},
        }
        http.post(sandbox.url + '/v2/enqueue', json=event)

        def count(path, name):
            return len(http.get(sandbox.url + path).json()[name])

        audit = '/audit/records'
        http.post(sandbox.url + '/teams', json={'team': {'type': 'team', 'name': 'Platform'}})
        assert (count('/incidents', 'incidents'), count(audit, 'records')) == (1, 1)
        sandbox.clock.advance(days=2)
        assert (count('/incidents', 'incidents'), count(audit, 'records')) == (1, 0)
        sandbox.clock.advance(days=40)
        assert count('/incidents', 'incidents') == 0
        assert count('/incidents?date_range=all', 'incidents') == 1


@pytest.mark.parametrize('time', ['2024-01-01T00:00:00+02:00', '2024-01-01T00:00:00', '2024-01-01'])
def test_change_events_accept_times_in_utc_only(web, time):
    assert web.refusal('GET', '/change_events', params={'since': time})[0] == 400
    path = f'/services/{web.service["id"]}/change_events'
    assert web.refusal('GET', path, params={'until': time})[0] == 400


def test_change_events_are_filtered_by_time(web):
    for year in (2020, 2024):
        payload = {'summary': str(year), 'timestamp': f'{year}-01-01T00:00:00Z'}
        event = {'routing_key': web.sandbox.routing_key, 'payload': payload}
        web.call('POST', '/v2/change/enqueue', event)
    found = web.get('/change_events', since='2022-01-01T00:00:00Z')['change_events']
    assert [change['summary'] for change in found] == ['2024']


def test_limit_over_the_maximum_is_reduced_for_cursor_pagination(web):
    assert web.get('/audit/records', limit=1000)['limit'] == 100
    assert web.refusal('GET', '/audit/records?limit=0')[2] == ["'limit' must be at least 1"]


def test_query_does_not_search_descriptions(web):
    body = {'user': {'name': 'A', 'email': 'a@example.com', 'description': 'a friend of Bea'}}
    web.post('/users', body)
    assert web.get('/users', query='bea')['users'] == []
