"""Protection of the sandbox: from websites, and from clients that send too much or nothing."""

import json
import tracemalloc

import pytest

from pdpyras_sandbox import traffic
from pdpyras_sandbox.access import Access

REBINDING = (
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'api.pagerduty.com.evil.example',
    'evilpagerduty.com',
    'www.pagerduty.com',
    'localhost@evil.example',
    'evil.example@localhost',
    'evil',
    '[::1',
    ':8080',
    'a b',
)


@pytest.mark.parametrize('host', REBINDING)
@pytest.mark.parametrize('path', ['/_sandbox', '/', '/users', '/nonesuch'])
def test_a_host_name_of_somebody_else_gets_nothing(web, host, path):
    answer = web.call('GET', path, headers={'Host': host})
    assert answer.status_code == 403
    assert 'is not a name of this sandbox' in answer.json()['error']['errors'][0]
    assert web.sandbox.api_key not in answer.text
    assert web.sandbox.requests == []


@pytest.mark.parametrize(
    'host',
    [
        'localhost',
        'LOCALHOST:80',
        'localhost.',
        'web.localhost:8080',
        '127.0.0.1:1',
        '127.1.2.3',
        '[::1]:8080',
        '192.168.1.2',
        'api.pagerduty.com',
        'api.eu.pagerduty.com:443',
        'events.pagerduty.com',
        'events.eu.pagerduty.com',
        'Identity.PagerDuty.com',
    ],
)
def test_names_of_this_machine_and_of_pagerduty_are_let_in(web, host):
    assert web.call('GET', '/users', headers={'Host': host}).status_code == 200


def test_a_container_is_called_by_its_short_name_or_the_name_it_listens_on():
    everywhere = Access('0.0.0.0')
    assert everywhere.is_trusted('pagerduty:8080')
    assert not everywhere.is_trusted('pagerduty.example')
    assert Access('pagerduty.example').is_trusted('pagerduty.example:8080')


@pytest.mark.parametrize(
    'origin',
    ['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'http://[', ''],
)
@pytest.mark.parametrize(
    ('method', 'path'),
    [
        ('POST', '/_sandbox/reset'),
        ('POST', '/_sandbox/faults'),
        ('DELETE', '/_sandbox/faults'),
        ('GET', '/_sandbox'),
        ('GET', '/'),
    ],
)
def test_another_website_may_not_control_the_sandbox(web, origin, method, path):
    web.team('Platform')
    fault = {'status': 503} if method == 'POST' else None
    answer = web.call(method, path, fault, headers={'Origin': origin})
    assert answer.status_code == 403
    assert 'another website' in answer.json()['error']['errors'][0]
    assert web.sandbox.faults.pending == []
    assert [team['name'] for team in web.get('/teams')['teams']] == ['Platform']


def test_the_page_of_the_sandbox_itself_may_control_it(web):
    headers = {'Origin': web.sandbox.url}
    assert web.call('POST', '/_sandbox/reset', headers=headers).status_code == 204


def test_pagerdutys_paths_can_be_called_from_any_website_that_has_a_key(web):
    headers = {'Origin': 'https://app.example'}
    assert web.call('GET', '/users', headers=headers).status_code == 200


# Too much.


def test_the_requests_kept_stay_within_their_bounds(web, monkeypatch):
    monkeypatch.setattr(traffic, 'MAXIMUM_BYTES', 1_000_000)
    for _ in range(20):
        assert web.call('POST', '/users', {'user': {'name': 'x' * 100_000}}).status_code == 400
    seen = web.sandbox.requests
    assert len(seen) == 9
    assert sum(request.size for request in seen) < 1_000_000
    assert seen[-1].json['user']['name'] == 'x' * 100_000


def test_all_that_is_kept_is_within_64_mebibytes():
    responses = traffic.KEPT_RESPONSES * traffic.SHOWN_BYTES
    assert traffic.MAXIMUM_BYTES + responses <= 64 * 2**20


@pytest.mark.parametrize(
    ('query', 'body'),
    [
        ({}, '{}'),
        ({'a': ['\U0001f600' + 'a' * 2_000]}, '{}'),
        ({f'n{n}': ['v'] for n in range(1_000)}, '{}'),
        ({}, json.dumps([{'a': n} for n in range(5_000)])),
    ],
    ids=['plain', 'wide characters', 'many parameters', 'long body'],
)
def test_the_size_of_a_request_is_not_underestimated(query, body):
    def received():
        copy = json.loads(json.dumps(query))
        return traffic.Request('POST', '/users', copy, {}, body.encode())

    tracemalloc.start()
    try:
        kept = [received() for _ in range(20)]
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(request.json == json.loads(body) for request in kept)
    assert size < sum(request.size for request in kept)


def test_the_oldest_requests_give_way(web, monkeypatch):
    monkeypatch.setattr(traffic, 'KEPT', 3)
    for number in range(5):
        web.call('GET', f'/users?offset={number}')
    assert [seen.query['offset'] for seen in web.sandbox.requests] == [['2'], ['3'], ['4']]
