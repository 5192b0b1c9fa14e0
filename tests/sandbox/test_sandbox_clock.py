"""The sandbox's clock, and the timeouts that it triggers."""

from datetime import datetime, timedelta, timezone

import pytest
import requests

from pdpyras_sandbox import Sandbox

HOUR = 3600


def moment(text):
    return datetime.strptime(text, '%Y-%m-%dT%H:%M:%S%z')


def timeline(web, incident):
    """Return the log entries of an incident after the first, with the minutes since it."""
    path = f'/incidents/{incident["id"]}/log_entries'
    entries = web.get(path, limit=100)['log_entries'][::-1]
    opened = moment(entries[0]['created_at'])
    return [
        (entry['type'].replace('_log_entry', ''), minutes_between(opened, entry))
        for entry in entries
        if entry['type'] not in ('trigger_log_entry', 'assign_log_entry')
    ]


def minutes_between(opened, entry):
    return round((moment(entry['created_at']) - opened) / timedelta(minutes=1))


def pending(web, incident):
    incident = web.get('/incidents/' + incident['id'])['incident']
    opened = moment(incident['created_at'])
    return [
        (action['type'], round((moment(action['at']) - opened) / timedelta(minutes=1)))
        for action in incident['pending_actions']
    ]


def change_service(web, **changes):
    web.put('/services/' + web.service['id'], {'service': changes})


def change_policy(web, *levels, **changes):
    """Set the levels of the only escalation policy to users or schedules."""
    rules = [
        {
            'escalation_delay_in_minutes': 10,
            'targets': [{'id': level['id'], 'type': level['type'] + '_reference'}],
        }
        for level in levels
    ]
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    body = {'escalation_policy': {'escalation_rules': rules, **changes}}
    web.put('/escalation_policies/' + policy['id'], body)


def assignee(web, incident):
    (assignment,) = web.get('/incidents/' + incident['id'])['incident']['assignments']
    return assignment['assignee']['summary']


def test_records_created_after_an_advance_have_the_new_time(web):
    before = web.sandbox.clock.now()
    after = web.sandbox.clock.advance(days=2, minutes=30)
    expected = timedelta(days=2, minutes=30)
    assert expected <= after - before < expected + timedelta(minutes=1)
    created = moment(web.incident()['created_at'])
    assert after <= created < after + timedelta(minutes=1)


# Acknowledgement timeouts and auto-resolution.


def test_acknowledgement_expires_at_its_time(web):
    incident = web.incident()
    web.update(incident, status='acknowledged')
    assert pending(web, incident) == [('unacknowledge', 30), ('resolve', 240)]
    web.sandbox.clock.advance(hours=1)
    again = web.get('/incidents/' + incident['id'])['incident']
    assert (again['status'], again['acknowledgements']) == ('triggered', [])
    assert timeline(web, incident) == [('acknowledge', 0), ('unacknowledge', 30)]


def test_open_incident_is_auto_resolved_at_its_time(web):
    web.event()
    (incident,) = web.get('/incidents')['incidents']
    web.sandbox.clock.advance(days=1)
    again = web.get('/incidents/' + incident['id'])['incident']
    assert (again['status'], again['pending_actions']) == ('resolved', [])
    assert again['alert_counts']['resolved'] == 1
    assert moment(again['resolved_at']) - moment(again['created_at']) == timedelta(hours=4)
    (entry, *_) = web.get(f'/incidents/{incident["id"]}/log_entries')['log_entries']
    assert (entry['agent']['summary'], entry['channel']['type']) == ('Web Shop', 'timeout')


def test_timeouts_do_not_fire_early(web):
    incident = web.incident()
    web.update(incident, status='acknowledged')
    web.sandbox.clock.advance(minutes=29)
    assert timeline(web, incident) == [('acknowledge', 0)]
    web.sandbox.clock.advance(minutes=1)
    assert timeline(web, incident) == [('acknowledge', 0), ('unacknowledge', 30)]


@pytest.mark.parametrize('never', [0, None])
def test_timeout_of_0_or_null_never_fires(web, never):
    change_service(web, auto_resolve_timeout=never, acknowledgement_timeout=never)
    incident = web.update(web.incident(), status='acknowledged')
    web.sandbox.clock.advance(weeks=500)
    assert web.get('/incidents/' + incident['id'])['incident']['status'] == 'acknowledged'
    assert pending(web, incident) == []


def test_timeouts_of_a_service_are_used(web):
    change_service(web, auto_resolve_timeout=2 * HOUR, acknowledgement_timeout=HOUR)
    incident = web.update(web.incident(), status='acknowledged')
    web.sandbox.clock.advance(days=1)
    assert timeline(web, incident) == [('acknowledge', 0), ('unacknowledge', 60), ('resolve', 120)]


def test_resolved_incident_has_no_timeouts(web):
    incident = web.incident()
    web.update(incident, status='acknowledged')
    web.update(incident, status='resolved')
    web.sandbox.clock.advance(days=1)
    assert timeline(web, incident) == [('acknowledge', 0), ('resolve', 0)]


def test_snooze_replaces_the_acknowledgement_timeout(web):
    incident = web.incident()
    web.post(f'/incidents/{incident["id"]}/snooze', {'duration': 2 * HOUR})
    web.sandbox.clock.advance(hours=3)
    assert timeline(web, incident) == [('acknowledge', 0), ('snooze', 0), ('unacknowledge', 120)]


def test_timeouts_due_in_real_time_fire_with_the_next_request(web, monkeypatch):
    incident = web.incident()
    later = datetime.now(timezone.utc) + timedelta(hours=5)
    monkeypatch.setattr(web.sandbox.clock, '_now', lambda: later)
    assert timeline(web, incident) == [('resolve', 240)]


# Escalation.


def test_incident_escalates_through_all_levels_and_repetitions(web):
    second, third = web.user('Bea Second'), web.user('Cem Third')
    change_policy(web, web.owner, second, third, num_loops=1)
    incident = web.incident()
    seen = [assignee(web, incident)]
    for _ in range(6):
        web.sandbox.clock.advance(minutes=10)
        seen.append(assignee(web, incident))
    once = ['Alex Sample', 'Bea Second', 'Cem Third']
    assert seen == [*once, *once, 'Cem Third']
    assert timeline(web, incident) == [('escalate', 10 * number) for number in range(1, 6)]


def test_escalations_within_one_advance_have_their_own_times(web):
    change_policy(web, web.owner, web.user('Bea Second'), num_loops=2)
    incident = web.incident()
    assert pending(web, incident) == [('escalate', 10), ('resolve', 240)]
    web.sandbox.clock.advance(days=1)
    steps = [('escalate', 10 * number) for number in range(1, 6)]
    assert timeline(web, incident) == [*steps, ('resolve', 240)]


def test_acknowledged_incident_escalates_only_after_it_is_triggered_again(web):
    change_policy(web, web.owner, web.user('Bea Second'))
    incident = web.update(web.incident(), status='acknowledged')
    web.sandbox.clock.advance(hours=2)
    steps = [('acknowledge', 0), ('unacknowledge', 30), ('escalate', 40)]
    assert timeline(web, incident) == steps


def test_low_urgency_incident_does_not_escalate(web):
    change_policy(web, web.owner, web.user('Bea Second'))
    incident = web.incident(urgency='low')
    web.sandbox.clock.advance(hours=1)
    assert timeline(web, incident) == []
    web.update(incident, urgency='high')
    web.sandbox.clock.advance(hours=1)
    assert timeline(web, incident) == [('urgency_change', 60), ('escalate', 70)]


def test_directly_assigned_incident_does_not_escalate(web):
    second = web.user('Bea Second')
    change_policy(web, web.owner, second)
    person = {'assignee': {'id': second['id'], 'type': 'user_reference'}}
    by_hand = web.update(web.incident('reassigned'), assignments=[person])
    at_once = web.incident('assigned from the start', assignments=[person])
    web.sandbox.clock.advance(hours=1)
    assert (timeline(web, by_hand), timeline(web, at_once)) == ([], [])


def test_manually_escalated_incident_continues_from_its_level(web):
    second, third = web.user('Bea Second'), web.user('Cem Third')
    change_policy(web, web.owner, second, third)
    incident = web.update(web.incident(), escalation_level=2)
    web.sandbox.clock.advance(hours=1)
    assert timeline(web, incident) == [('escalate', 0), ('escalate', 10)]
    assert assignee(web, incident) == 'Cem Third'


def rota(web, users, turn=HOUR):
    """Create a schedule with turns of users from now on."""
    now = web.sandbox.clock.timestamp()
    layer = {
        'start': now,
        'rotation_virtual_start': now,
        'rotation_turn_length_seconds': turn,
        'users': [{'user': {'id': user['id'], 'type': 'user_reference'}} for user in users],
    }
    schedule = {'type': 'schedule', 'name': 'Rota', 'time_zone': 'UTC', 'schedule_layers': [layer]}
    return web.post('/schedules', {'schedule': schedule})['schedule']


def schedule_with_nobody_on_call(web):
    """Create a schedule whose only layer has ended."""
    schedule = rota(web, [web.user('Bea Second')])
    past = {'start': '2000-01-01T00:00:00Z', 'end': '2000-01-02T00:00:00Z'}
    layer = {**schedule['schedule_layers'][0], **past}
    web.put('/schedules/' + schedule['id'], {'schedule': {'schedule_layers': [layer]}})
    return schedule


def test_escalation_assigns_the_user_on_call_at_that_time(web):
    crew = [web.user('Bea Second'), web.user('Cem Third')]
    change_policy(web, web.owner, rota(web, crew, turn=300))
    incident = web.incident()
    web.sandbox.clock.advance(hours=1)
    # 10 minutes after the start, the third turn of 5 minutes begins.
    assert assignee(web, incident) == 'Bea Second'


def test_level_with_nobody_on_call_is_skipped(web):
    change_policy(web, web.owner, schedule_with_nobody_on_call(web), web.user('Cem Third'))
    incident = web.incident()
    web.sandbox.clock.advance(minutes=10)
    assert assignee(web, incident) == 'Cem Third'


def test_incident_stays_at_its_level_if_nobody_is_on_call_at_later_ones(web):
    change_policy(web, web.owner, schedule_with_nobody_on_call(web))
    incident = web.incident()
    web.sandbox.clock.advance(minutes=10)
    assert assignee(web, incident) == 'Alex Sample'
    assert pending(web, incident) == [('resolve', 240)]


def support_hours(start, end, action):
    urgency = {'type': 'constant', 'urgency': 'low'}
    named_time = {'type': 'named_time', 'name': 'support_hours_' + action}
    return {
        'incident_urgency_rule': {
            'type': 'use_support_hours',
            'during_support_hours': urgency,
            'outside_support_hours': urgency,
        },
        'support_hours': {
            'type': 'fixed_time_per_day',
            'time_zone': 'UTC',
            'start_time': start.strftime('%H:%M:%S'),
            'end_time': end.strftime('%H:%M:%S'),
            'days_of_week': [1, 2, 3, 4, 5, 6, 7],
        },
        'scheduled_actions': [
            {'type': 'urgency_change', 'at': named_time, 'to_urgency': 'high'},
        ],
    }


@pytest.mark.parametrize(('action', 'minutes'), [('start', 60), ('end', 90)])
def test_low_urgency_is_raised_when_support_hours_start_or_end(web, action, minutes):
    change_policy(web, web.owner, web.user('Bea Second'))
    now = web.sandbox.clock.now()
    start, end = (now + timedelta(minutes=minutes) for minutes in (60, 90))
    change_service(web, acknowledgement_timeout=None, **support_hours(start, end, action))
    incident, taken = web.incident(), web.incident()
    (planned, _) = web.get('/incidents/' + incident['id'])['incident']['pending_actions']
    assert (planned['type'], planned['to']) == ('urgency_change', 'high')
    assert moment(planned['at']) == now + timedelta(minutes=minutes)
    web.update(taken, status='acknowledged')
    web.sandbox.clock.advance(minutes=minutes + 15)
    assert timeline(web, incident) == [('urgency_change', minutes), ('escalate', minutes + 10)]
    assert web.get('/incidents/' + incident['id'])['incident']['urgency'] == 'high'
    # An acknowledged incident.
    assert 'urgency_change' not in dict(timeline(web, taken))


def test_manually_raised_urgency_is_not_raised_again(web):
    now = web.sandbox.clock.now()
    start, end = (now + timedelta(minutes=minutes) for minutes in (60, 90))
    change_service(web, **support_hours(start, end, 'start'))
    incident = web.update(web.incident(), urgency='high')
    web.sandbox.clock.advance(hours=2)
    assert timeline(web, incident) == [('urgency_change', 0)]


# Other effects of the time.


def test_on_call_user_changes_as_the_clock_advances(web):
    crew = [web.user('Bea Second'), web.user('Cem Third')]
    change_policy(web, rota(web, crew))
    on_call = []
    for _ in range(3):
        (oncall,) = web.get('/oncalls')['oncalls']
        on_call.append(oncall['user']['summary'])
        web.sandbox.clock.advance(hours=1)
    assert on_call == ['Bea Second', 'Cem Third', 'Bea Second']


def test_maintenance_window_starts_and_ends_with_the_clock(web):
    now = web.sandbox.clock.now()
    window = {
        'type': 'maintenance_window',
        'start_time': (now + timedelta(hours=1)).isoformat(),
        'end_time': (now + timedelta(hours=3)).isoformat(),
        'services': [{'id': web.service['id'], 'type': 'service_reference'}],
    }
    web.post('/maintenance_windows', {'maintenance_window': window})
    phases = []
    for _ in range(3):
        for phase in ('future', 'ongoing', 'past'):
            if web.get('/maintenance_windows', filter=phase)['maintenance_windows']:
                phases.append(phase)
        web.sandbox.clock.advance(hours=2)
    assert phases == ['future', 'ongoing', 'past']


def test_rate_limit_resets_after_a_minute_of_the_clock():
    with Sandbox(rate_limit=1) as sandbox:
        headers = {'Authorization': f'Token token={sandbox.api_key}'}

        def status():
            return requests.get(sandbox.url + '/users', headers=headers, timeout=5).status_code

        assert [status(), status()] == [200, 429]
        sandbox.clock.advance(minutes=1)
        assert [status(), status()] == [200, 429]


# Invalid input, reset and state files.

BAD = [
    ({}, 'Pass a duration in weeks, days'),
    ({'months': 1}, "not 'months'"),
    ({'minutes': -1}, 'cannot go back'),
    ({'hours': 1, 'minutes': -61}, 'cannot go back'),
    ({'minutes': '30'}, "minutes must be a number, not '30'"),
    ({'minutes': True}, 'minutes must be a number'),
    ({'days': 10**6}, 'cannot go past the year 2999'),
    ({'days': 10**20}, 'cannot go that far'),
    ({'seconds': float('nan')}, 'cannot go that far'),
]


@pytest.mark.parametrize(('duration', 'reason'), BAD, ids=str)
def test_invalid_advance_is_rejected(web, duration, reason):
    with pytest.raises(ValueError, match=reason):
        web.sandbox.clock.advance(**duration)
    assert web.sandbox.clock.ahead == timedelta()


def test_control_api_shows_and_advances_the_clock(web):
    url = web.sandbox.url + '/_sandbox/clock'
    before = requests.get(url, timeout=5).json()
    assert (before['ahead_seconds'], before['pending_actions']) == (0, [])
    incident = web.incident()
    after = requests.post(url, json={'minutes': 30}, timeout=5).json()
    assert 1790 <= after['ahead_seconds'] <= 1800
    assert moment(after['now']) - moment(before['now']) >= timedelta(minutes=30)
    (action,) = after['pending_actions']
    assert action.pop('at') > after['now']
    assert action == {'type': 'resolve', 'incident': incident['id'], 'title': 'Disk full'}


@pytest.mark.parametrize('body', ['{"minutes": -1}', '{', '[]', '{"minutes": NaN}'])
def test_invalid_advance_over_http_is_a_400_with_the_reason(web, body):
    answer = requests.post(web.sandbox.url + '/_sandbox/clock', data=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()['error']


def test_reset_restores_the_clock_and_clears_pending_actions(web):
    web.incident()
    web.sandbox.clock.advance(minutes=30)
    web.sandbox.reset()
    assert web.sandbox.clock.ahead == timedelta()
    shown = requests.get(web.sandbox.url + '/_sandbox/clock', timeout=5).json()
    assert shown['pending_actions'] == []


def test_state_file_stores_the_clock_and_pending_actions(tmp_path):
    state = tmp_path / 'account.sqlite'
    with Sandbox(state=state) as sandbox:
        headers = {'Authorization': f'Token token={sandbox.user_key}'}
        payload = {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'}
        event = {'routing_key': sandbox.routing_key, 'event_action': 'trigger', 'payload': payload}
        requests.post(sandbox.url + '/v2/enqueue', json=event, timeout=5)
        sandbox.clock.advance(hours=3)
        ahead = sandbox.clock.ahead
    with Sandbox(state=state) as sandbox:
        assert sandbox.clock.ahead == ahead
        sandbox.clock.advance(hours=1)
        answer = requests.get(sandbox.url + '/incidents', headers=headers, timeout=5)
        (incident,) = answer.json()['incidents']
        assert incident['status'] == 'resolved'
        lived = moment(incident['resolved_at']) - moment(incident['created_at'])
        assert lived == timedelta(hours=4)
