"""Faults, as a client sees them on the wire."""

import time

import pytest
import requests

from pdpyras_sandbox import Sandbox

NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def statuses(web, count, path='/users'):
    return [web.call('GET', path).status_code for _ in range(count)]


@pytest.mark.parametrize('status', [429, 500, 502, 503, 504])
def test_status_fault_sets_the_status_of_the_next_responses(web, status):
    web.sandbox.faults.next(2, status=status)
    assert statuses(web, 3) == [status, status, 200]


@pytest.mark.parametrize(
    ('status', 'code'), [(400, 2001), (401, 2006), (402, 2012), (403, 2010), (404, 2100)]
)
def test_status_fault_has_the_code_that_pagerduty_documents(web, status, code):
    web.sandbox.faults.next(status=status)
    assert web.refusal('GET', '/users')[:2] == (status, code)


def test_reset_option_adds_a_ratelimit_reset_header(web):
    web.sandbox.faults.next(status=429, reset=2)
    web.sandbox.faults.next(status=429)
    assert web.call('GET', '/users').headers['ratelimit-reset'] == '2'
    assert 'ratelimit-reset' not in web.call('GET', '/users').headers


def test_faults_are_applied_in_order(web):
    web.sandbox.faults.next(status=500)
    web.sandbox.faults.next(status=429)
    assert statuses(web, 3) == [500, 429, 200]


def test_fault_applies_to_its_path_and_method_only(web):
    web.sandbox.faults.next(status=500, path='/teams*')
    web.sandbox.faults.next(status=503, method='post')
    assert statuses(web, 1) == [200]
    assert statuses(web, 1, '/teams') == [500]
    assert web.call('POST', '/teams').status_code == 503


def call_until_timeout(web, path):
    """Send a request that the next fault delays, and time out.

    Returns only after the sandbox has received the request, so that a late request cannot affect
    another test.
    """
    with pytest.raises(requests.ReadTimeout):
        web.call('GET', path, timeout=0.05)
    end = time.monotonic() + 30
    while web.sandbox.faults.pending:
        assert time.monotonic() < end, 'the request did not arrive'
        time.sleep(0.005)


def test_hang_fault_delays_the_response(web):
    web.sandbox.faults.next(hang=30)
    call_until_timeout(web, '/users')


def test_requests_are_recorded_in_the_order_of_their_arrival(web):
    web.sandbox.faults.next(hang=30)
    call_until_timeout(web, '/users')
    web.get('/teams')
    seen = [(request.path, request.status) for request in web.sandbox.requests]
    assert seen == [('/users', None), ('/teams', 200)]


def test_faults_can_be_combined_to_a_gateway_timeout_with_html(web):
    """Like a gateway whose backend does not respond."""
    web.sandbox.faults.next(status=504, hang=0.2, body='invalid', content_type='text/html')
    answer = web.call('GET', '/users')
    assert (answer.status_code, answer.headers['Content-Type']) == (504, 'text/html')
    assert answer.text == '<html>It works!</html>'
    assert answer.elapsed.total_seconds() >= 0.2


def test_connection_is_dropped_in_the_middle_of_an_error_response(web):
    web.sandbox.faults.next(status=503, drop='body')
    with pytest.raises(NO_ANSWER):
        web.call('GET', '/users')


USER = {'user': {'name': 'Bea', 'email': 'bea@example.com'}}


@pytest.mark.parametrize(('moment', 'users'), [('before', 1), ('after', 2), ('body', 2)])
def test_connection_is_dropped_before_or_after_processing(web, moment, users):
    web.sandbox.faults.next(drop=moment, path='/users')
    with pytest.raises(NO_ANSWER):
        web.call('POST', '/users', USER)
    assert len(web.get('/users')['users']) == users
    assert web.sandbox.requests[0].status == (201 if moment == 'body' else None)


@pytest.mark.parametrize('body', ['truncated', 'invalid', 'empty'])
def test_body_fault_sends_a_body_that_is_not_json(web, body):
    web.sandbox.faults.next(body=body)
    answer = web.call('GET', '/users')
    assert answer.status_code == 200
    with pytest.raises(ValueError, match='.'):
        answer.json()


def test_content_type_fault_sets_the_content_type(web):
    web.sandbox.faults.next(content_type='text/html')
    answer = web.call('GET', '/users')
    assert answer.headers['Content-Type'] == 'text/html'
    assert answer.json()['users']


def test_slow_fault_sends_the_complete_body(web):
    web.sandbox.faults.next(slow=0.02)
    answer = web.call('GET', '/users', stream=True)
    assert len(answer.raw.read(10)) == 10
    assert answer.raw.read().endswith(b'}')


def test_slow_fault_applies_to_an_empty_body(web):
    web.sandbox.faults.next(slow=0.02, body='empty')
    answer = web.call('GET', '/users')
    assert (answer.status_code, answer.content) == (200, b'')


def test_redirect_fault_redirects_the_client(web):
    web.sandbox.faults.next(redirect=web.sandbox.url + '/teams', status=307)
    answer = web.call('GET', '/users', allow_redirects=False)
    assert (answer.status_code, answer.headers['Location']) == (307, web.sandbox.url + '/teams')


def pages(web, count=3):
    return [
        [user['name'] for user in web.get('/users', limit=2, offset=2 * number)['users']]
        for number in range(count)
    ]


@pytest.fixture
def users(web):
    """The names of six users: Alex Sample and five others."""
    for number in range(1, 6):
        web.user(f'User {number}')


@pytest.mark.usefixtures('users')
def test_duplicate_fault_repeats_a_page(web):
    web.sandbox.faults.next(pages='duplicate')
    first = ['Alex Sample', 'User 1']
    assert pages(web) == [first, first, ['User 4', 'User 5']]


@pytest.mark.usefixtures('users')
def test_missing_fault_skips_a_page(web):
    web.sandbox.faults.next(pages='missing')
    assert pages(web, 2) == [['User 2', 'User 3'], ['User 2', 'User 3']]


@pytest.mark.usefixtures('users')
def test_changing_fault_deletes_a_record_between_pages(web):
    web.call('GET', '/users')
    web.sandbox.faults.next(pages='changing')
    assert pages(web) == [['Alex Sample', 'User 1'], ['User 3', 'User 4'], ['User 5']]


def test_faults_apply_to_events(web):
    web.sandbox.faults.next(status=503, path='/v2/enqueue')
    answer = web.event()
    assert answer.status_code == 503
    assert answer.json() == {
        'status': 'service unavailable',
        'message': 'Service Unavailable',
        'errors': [],
    }
    assert web.event().status_code == 202


def test_faults_have_the_error_format_of_the_events_api_version_1(web):
    path = '/generic/2010-04-15/create_event.json'
    web.sandbox.faults.next(status=400)
    on_demand, actual = (web.call('POST', path, {}).json() for _ in range(2))
    assert on_demand.keys() == actual.keys()
    assert on_demand['status'] == actual['status'] == 'invalid event'


INVALID = [
    {},
    {'status': 99},
    {'status': '500'},
    {'hang': -1},
    {'drop': 'sometimes'},
    {'surprise': True},
    {'times': 0, 'status': 500},
    {'status': 500, 'path': 5},
    {'times': True, 'status': 500},
    {'hang': 1e20},
    {'slow': 1e308},
    {'redirect': ''},
    {'redirect': '/teams\r\nX-Forged: yes'},
    {'redirect': '/teams', 'status': 500},
    {'content_type': 'text/html\n'},
    {'hang': 1, 'reset': 2},
    {'status': 500, 'pages': 'missing'},
]


@pytest.mark.parametrize('fault', INVALID, ids=str)
def test_invalid_fault_is_rejected(pagerduty, fault):
    with pytest.raises(ValueError, match='.'):
        pagerduty.faults.next(**fault)
    answer = requests.post(pagerduty.url + '/_sandbox/faults', json=fault, timeout=5)
    assert answer.status_code == 400
    assert answer.json()['error']
    assert pagerduty.faults.pending == []


def test_control_api_adds_lists_and_clears_faults(web):
    control = web.sandbox.url + '/_sandbox'
    fault = {'times': 3, 'status': 429, 'reset': 2}
    assert requests.post(control + '/faults', json=fault, timeout=5).status_code == 201
    assert statuses(web, 1) == [429]
    pending = requests.get(control + '/faults', timeout=5).json()['faults']
    assert pending == [{**fault, 'times': 2}]
    assert requests.delete(control + '/faults', timeout=5).status_code == 204
    assert statuses(web, 1) == [200]


def test_control_api_returns_keys_and_requests_and_resets_the_account(web):
    control = web.sandbox.url + '/_sandbox'
    web.user('Bea Second')
    about = requests.get(control, timeout=5).json()
    assert about['routing_key'] == web.sandbox.routing_key
    (seen,) = requests.get(control + '/requests', timeout=5).json()['requests']
    assert (seen['method'], seen['status']) == ('POST', 201)
    assert web.sandbox.api_key not in str(seen)
    assert requests.post(control + '/reset', timeout=5).status_code == 204
    assert len(web.get('/users')['users']) == 1


def test_lag_fault_processes_an_event_later(web):
    web.sandbox.faults.next(lag=60)
    answer = web.event()
    assert answer.status_code == 202
    key = answer.json()['dedup_key']
    assert web.get('/incidents', incident_key=key)['incidents'] == []
    web.sandbox.clock.advance(seconds=59)
    assert web.get('/incidents', incident_key=key)['incidents'] == []
    assert web.sandbox.event_log == []
    web.sandbox.clock.advance(seconds=1)
    (incident,) = web.get('/incidents', incident_key=key)['incidents']
    assert (incident['incident_key'], incident['status']) == (key, 'triggered')
    assert [event['outcome'] for event in web.sandbox.event_log] == ['triggered']


def test_lag_fault_keeps_the_order_of_the_events_of_one_alert(web):
    web.sandbox.faults.next(3, lag=60)
    for action in ('trigger', 'acknowledge', 'resolve'):
        web.event(action, 'disk')
    web.sandbox.clock.advance(minutes=2)
    (incident,) = web.get('/incidents')['incidents']
    assert web.log(incident) == ['trigger', 'assign', 'acknowledge', 'resolve']


def test_lag_fault_applies_to_events_of_version_1_and_to_no_other_requests(web):
    web.sandbox.faults.next(lag=60)
    assert web.incident()
    event = {
        'service_key': web.sandbox.routing_key,
        'event_type': 'trigger',
        'description': 'Disk full',
        'incident_key': 'disk',
    }
    assert web.call('POST', '/generic/2010-04-15/create_event.json', event).json()
    assert web.get('/incidents', incident_key='disk')['incidents'] == []
    web.sandbox.clock.advance(minutes=1)
    assert len(web.get('/incidents', incident_key='disk')['incidents']) == 1


def test_invalid_event_is_rejected_at_once_in_spite_of_a_lag_fault(web):
    web.sandbox.faults.next(2, lag=60)
    assert web.event(severity='awful').status_code == 400
    event = {'routing_key': 'nobody', 'event_action': 'resolve', 'dedup_key': 'disk'}
    assert web.call('POST', '/v2/enqueue', event).status_code == 400


def test_event_of_a_deleted_service_is_dropped_after_its_lag(web):
    web.sandbox.faults.next(lag=60)
    web.event()
    assert web.call('DELETE', '/services/' + web.service['id']).status_code == 204
    web.sandbox.clock.advance(minutes=1)
    assert web.get('/incidents')['incidents'] == []


def test_events_with_a_lag_are_kept_in_a_state_file(tmp_path, api_of):
    state = tmp_path / 'account.sqlite'
    with Sandbox(state=state) as sandbox:
        sandbox.faults.next(lag=60)
        api_of(sandbox).event(dedup_key='disk')
    with Sandbox(state=state) as sandbox:
        web = api_of(sandbox)
        assert web.get('/incidents')['incidents'] == []
        sandbox.clock.advance(minutes=1)
        assert len(web.get('/incidents')['incidents']) == 1
