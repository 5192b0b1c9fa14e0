"""The Events API v1, which Ansible, Alertmanager and older clients use."""

import pytest
import requests

from pdpyras_sandbox import Sandbox

PATH = '/generic/2010-04-15/create_event.json'


@pytest.fixture
def send(web):
    def send(event_type='trigger', **properties):
        event = {'service_key': web.sandbox.routing_key, 'event_type': event_type, **properties}
        return web.call('POST', PATH, event)

    return send


def test_version_1_events_trigger_acknowledge_and_resolve_an_incident(web, send):
    answer = send(description='Disk full', incident_key='disk', details={'load': 0.75})
    assert answer.status_code == 200
    assert answer.json() == {
        'status': 'success',
        'message': 'Event processed',
        'incident_key': 'disk',
    }
    (incident,) = web.get('/incidents')['incidents']
    assert (incident['title'], incident['incident_key']) == ('Disk full', 'disk')
    (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
    assert alert['body']['details'] == {'load': 0.75}
    send('acknowledge', incident_key='disk')
    send('resolve', incident_key='disk')
    assert web.log(incident) == ['trigger', 'assign', 'acknowledge', 'resolve']


def test_version_1_event_without_an_incident_key_gets_one(web, send):
    keys = {send(description='Disk full').json()['incident_key'] for _ in range(2)}
    assert len(keys) == 2
    assert {i['incident_key'] for i in web.get('/incidents')['incidents']} == keys


def test_version_2_event_resolves_an_incident_of_version_1(web, send):
    send(description='Disk full', incident_key='disk')
    web.event('resolve', 'disk')
    (incident,) = web.get('/incidents')['incidents']
    assert incident['status'] == 'resolved'


def test_alert_contains_contexts_and_client_of_a_version_1_event(web, send):
    link = {'type': 'link', 'href': 'https://example.com', 'text': 'More'}
    image = {'type': 'image', 'src': 'https://example.com/a.png'}
    send(description='x', client='Nagios', client_url='https://nagios', contexts=[link, image])
    (incident,) = web.get('/incidents')['incidents']
    (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
    assert alert['body']['contexts'] == [link, image]
    details = alert['body']['cef_details']
    assert (details['client'], details['client_url']) == ('Nagios', 'https://nagios')


REFUSED = [
    ({'event_type': 'explode'}, 'event_type is invalid (must be one of: trigger acknowledge'),
    ({'event_type': 'resolve'}, 'incident_key is missing'),
    ({'description': None}, 'description is missing'),
    ({'description': 'x' * 1025}, 'description must be at most 1024'),
    ({'incident_key': 'x' * 256}, 'incident_key must be at most 255'),
    ({'incident_key': 7}, 'incident_key is missing or blank'),
    ({'service_key': ''}, 'service_key is missing'),
    ({'service_key': 'nobody'}, 'is not one of'),
    ({'contexts': 'x'}, 'contexts must be'),
    ({'contexts': [{'type': 'link'}]}, 'contexts must be'),
    ({'contexts': [{'type': 'sound', 'src': 'x'}]}, 'contexts must be'),
]


@pytest.mark.parametrize(('change', 'reason'), REFUSED, ids=[reason for _, reason in REFUSED])
def test_an_invalid_event_is_refused_with_reasons(send, change, reason):
    answer = send(**{'description': 'Disk full', **change})
    assert answer.status_code == 400
    assert answer.json()['status'] == 'invalid event'
    assert reason in answer.json()['errors'][0]


def test_version_1_rate_limit_is_a_403_and_independent_of_the_rest_limit():
    with Sandbox(rate_limit=1) as sandbox, requests.Session() as client:
        event = {'service_key': sandbox.routing_key, 'event_type': 'trigger', 'description': 'x'}
        answers = [client.post(sandbox.url + PATH, json=event, timeout=5) for _ in range(121)]
    assert [answer.status_code for answer in answers] == [*[200] * 120, 403]


@pytest.mark.parametrize(
    ('size', 'statuses'), [(500_000, (202, 200)), (600_000, (413, 413))], ids=str
)
def test_event_over_512_kb_is_rejected(web, send, size, statuses):
    details = {'text': 'x' * size}
    answers = (web.event(custom_details=details), send(description='x', details=details))
    assert tuple(answer.status_code for answer in answers) == statuses
    assert len(web.get('/incidents')['incidents']) == (2 if size < 512_000 else 0)


def test_alert_contains_the_event_in_the_common_event_format(web):
    web.event(dedup_key='disk', severity='warning', component='mysql', group='db')
    (incident,) = web.get('/incidents')['incidents']
    (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
    expected = {
        'dedup_key': 'disk',
        'description': 'Disk full',
        'severity': 'warning',
        'source_origin': 'db1',
        'source_component': 'mysql',
        'service_group': 'db',
        'event_class': None,
    }
    common = alert['body']['cef_details']
    assert {name: common[name] for name in expected} == expected
