"""Schedules: layers, restrictions, overrides and on-calls."""

from datetime import datetime, timezone

import pytest
from scale import at_scale

DAY = 86_400
MONDAY = '2024-01-01T00:00:00Z'


@pytest.fixture
def crew(web):
    return [web.user(f'User {number}') for number in range(2)]


def schedule_of(web, crew, time_zone='UTC', **layer):
    users = [{'user': {'id': user['id'], 'type': 'user_reference'}} for user in crew]
    layer = {
        'start': MONDAY,
        'rotation_virtual_start': MONDAY,
        'rotation_turn_length_seconds': DAY,
        'users': users,
        **layer,
    }
    body = {'type': 'schedule', 'name': 'Rota', 'time_zone': time_zone, 'schedule_layers': [layer]}
    return web.post('/schedules', {'schedule': body})['schedule']


def rendered(web, schedule, since='2024-01-01T00:00:00Z', until='2024-01-04T00:00:00Z', **options):
    query = {'since': since, 'until': until, 'time_zone': 'UTC', **options}
    shown = web.get('/schedules/' + schedule['id'], **query)['schedule']
    final = shown['final_schedule']
    entries = final['rendered_schedule_entries']
    shifts = [(e['user']['summary'], e['start'][8:13], e['end'][8:13]) for e in entries]
    return shifts, final['rendered_coverage_percentage']


def test_schedule_rotates_between_users(web, crew):
    shifts, coverage = rendered(web, schedule_of(web, crew))
    assert shifts == [
        ('User 0', '01T00', '02T00'),
        ('User 1', '02T00', '03T00'),
        ('User 0', '03T00', '04T00'),
    ]
    assert coverage == 100


def test_restriction_limits_shifts(web, crew):
    nights = {
        'type': 'daily_restriction',
        'start_time_of_day': '20:00:00',
        'duration_seconds': 12 * 3600,
    }
    shifts, coverage = rendered(web, schedule_of(web, crew[:1], restrictions=[nights]))
    assert shifts == [
        ('User 0', '01T00', '01T08'),
        ('User 0', '01T20', '02T08'),
        ('User 0', '02T20', '03T08'),
        ('User 0', '03T20', '04T00'),
    ]
    assert coverage == 50


def test_weekly_restriction_counts_days_from_monday(web, crew):
    tuesdays = {
        'type': 'weekly_restriction',
        'start_day_of_week': 2,
        'start_time_of_day': '09:00:00',
        'duration_seconds': 3600,
    }
    shifts, _ = rendered(web, schedule_of(web, crew[:1], restrictions=[tuesdays]))
    assert shifts == [('User 0', '02T09', '02T10')]


def overridden(web, schedule, user, start, end):
    """Create an override, and return its path."""
    override = {'start': start, 'end': end, 'user': {'id': user['id'], 'type': 'user_reference'}}
    path = f'/schedules/{schedule["id"]}/overrides'
    (result,) = web.post(path, {'overrides': [override]})
    assert result['status'] == 201
    return f'{path}/{result["override"]["id"]}'


@pytest.mark.parametrize(
    'change, problem',
    [
        ({'end': None}, 'override.end'),
        ({'start': 'tomorrow'}, 'override.start'),
        ({'user': 'PUSER'}, 'override.user'),
        ({'user': {'type': 'user_reference', 'id': 'PNO'}}, '/users/PNO does not exist'),
    ],
)
def test_single_override_is_checked_like_a_list_of_overrides(web, crew, change, problem):
    day, user = '2090-01-02T', {'id': crew[0]['id'], 'type': 'user_reference'}
    override = {'start': day + '06:00:00Z', 'end': day + '12:00:00Z', 'user': user}
    path = f'/schedules/{schedule_of(web, crew[:1])["id"]}/overrides'
    assert web.post(path, {'override': override})['override']['user']['id'] == crew[0]['id']
    status, _, errors = web.refusal('POST', path, {'override': {**override, **change}})
    assert status == 400
    assert problem in errors[0]


def test_override_replaces_shifts(web, crew):
    schedule = schedule_of(web, crew[:1])
    day = '2090-01-02T'
    path = overridden(web, schedule, crew[1], day + '06:00:00Z', day + '12:00:00Z')
    days = {'since': '2090-01-01T00:00:00Z', 'until': '2090-01-04T00:00:00Z'}
    shifts, _ = rendered(web, schedule, **days)
    assert shifts == [
        ('User 0', '01T00', '02T06'),
        ('User 1', '02T06', '02T12'),
        ('User 0', '02T12', '04T00'),
    ]
    listed = web.get(path.rpartition('/')[0], **days)
    assert [o['id'] for o in listed['overrides']] == [path.rpartition('/')[2]]
    assert web.call('DELETE', path).status_code == 204
    assert len(rendered(web, schedule, **days)[0]) == 1


def test_deleting_a_current_override_ends_it(web, crew):
    schedule = schedule_of(web, crew[:1])
    path = overridden(web, schedule, crew[1], MONDAY, '2090-01-01T00:00:00Z')
    answer = web.call('DELETE', path)
    assert (answer.status_code, answer.json()['override']['start']) == (200, MONDAY)
    (oncall,) = rendered(web, schedule, '2089-01-01T00:00:00Z', '2089-01-02T00:00:00Z')[0]
    assert oncall[0] == 'User 0'


def test_overrides_are_cut_off_at_the_range_without_overflow(web, crew):
    schedule = schedule_of(web, crew[:1])
    path = overridden(web, schedule, crew[1], MONDAY, '2024-01-03T00:00:00Z').rpartition('/')[0]
    bounds = {'since': '2024-01-02T00:00:00Z', 'until': '2024-01-02T12:00:00Z'}

    def times(**options):
        (listed,) = web.get(path, **bounds, **options)['overrides']
        return listed['start'], listed['end']

    assert times() == ('2024-01-02T00:00:00Z', '2024-01-02T12:00:00Z')
    assert times(overflow='true') == (MONDAY, '2024-01-03T00:00:00Z')
    assert web.get(path, **bounds, editable='true')['overrides'] == []


def test_past_override_cannot_be_deleted(web, crew):
    schedule = schedule_of(web, crew[:1])
    path = overridden(web, schedule, crew[1], MONDAY, '2024-01-02T00:00:00Z')
    assert web.refusal('DELETE', path)[:2] == (400, 4004)


def test_shifts_are_returned_in_utc(web, crew):
    evenings = {
        'type': 'daily_restriction',
        'start_time_of_day': '18:00:00',
        'duration_seconds': 4 * 3600,
    }
    start = '2024-01-01T00:00:00-05:00'
    layer = {'start': start, 'rotation_virtual_start': start, 'restrictions': [evenings]}
    schedule = schedule_of(web, crew[:1], time_zone='America/New_York', **layer)
    override = {
        'start': '2024-01-02T06:00:00+02:00',
        'end': '2024-01-02T08:00:00+02:00',
        'user': {'id': crew[1]['id'], 'type': 'user_reference'},
    }
    web.post(f'/schedules/{schedule["id"]}/overrides', {'overrides': [override]})
    assert rendered(web, schedule, until='2024-01-02T12:00:00Z')[0] == [
        ('User 0', '01T23', '02T03'),
        ('User 1', '02T04', '02T06'),
    ]
    (listed,) = web.get(
        f'/schedules/{schedule["id"]}/overrides',
        since='2024-01-02T05:00:00Z',
        until='2024-01-02T05:30:00Z',
        overflow='true',
    )['overrides']
    assert listed['start'] == '2024-01-02T04:00:00Z'


def test_handoff_keeps_its_local_time_across_daylight_saving_time(web, crew):
    """In New York, daylight saving time started on 10 March 2024."""
    start = '2024-03-08T09:00:00-05:00'
    layer = {'start': start, 'rotation_virtual_start': start}
    schedule = schedule_of(web, crew, time_zone='America/New_York', **layer)
    assert rendered(web, schedule, start[:10], '2024-03-11T12:00:00Z')[0] == [
        ('User 0', '08T14', '09T14'),
        ('User 1', '09T14', '10T13'),
        ('User 0', '10T13', '11T12'),
    ]


IMPOSSIBLE = [
    {'end': '2023-01-01T00:00:00Z'},
    {'rotation_turn_length_seconds': 0},
    {'rotation_turn_length_seconds': 10**12},
    {'restrictions': [{'type': 'daily_restriction', 'duration_seconds': 10**12}]},
    {'restrictions': [{'type': 'weekly_restriction', 'duration_seconds': 3600}]},
    {'users': [{'user': {'id': 'PNOBODY', 'type': 'user_reference'}}]},
]


@pytest.mark.parametrize('layer', IMPOSSIBLE, ids=str)
def test_invalid_layer_is_rejected_and_changes_nothing(web, crew, layer):
    for restriction in layer.get('restrictions', ()):
        restriction['start_time_of_day'] = '09:00:00'
    schedule = schedule_of(web, crew)
    layer = {**schedule['schedule_layers'][0], **layer}
    body = {'schedule': {**schedule, 'name': 'Changed', 'schedule_layers': [layer]}}
    assert web.refusal('PUT', '/schedules/' + schedule['id'], body)[0] == 400
    assert web.refusal('POST', '/schedules', body)[0] == 400
    assert web.refusal('POST', '/schedules/preview', body)[0] == 400
    assert web.get('/schedules/' + schedule['id'])['schedule']['name'] == 'Rota'


def test_invalid_turn_length_is_rejected(web, crew):
    layer = {
        'start': MONDAY,
        'rotation_virtual_start': MONDAY,
        'rotation_turn_length_seconds': 0,
        'users': [{'user': {'id': crew[0]['id'], 'type': 'user_reference'}}],
    }
    body = {'type': 'schedule', 'name': 'Rota', 'time_zone': 'UTC', 'schedule_layers': [layer]}
    answer = web.call('POST', '/schedules', {'schedule': body})
    error = answer.json()['error']
    assert (answer.status_code, error['code'], error['message']) == (400, 3001, 'Invalid Schedule')


def layered(web, crew):
    """Create a schedule of two layers with one user each."""
    layers = [
        {
            'name': user['name'],
            'start': MONDAY,
            'rotation_virtual_start': MONDAY,
            'rotation_turn_length_seconds': DAY,
            'users': [{'user': {'id': user['id'], 'type': 'user_reference'}}],
        }
        for user in crew
    ]
    nights = {'type': 'daily_restriction', 'start_time_of_day': '20:00:00'}
    layers[1]['restrictions'] = [{**nights, 'duration_seconds': 12 * 3600}]
    body = {'type': 'schedule', 'name': 'Rota', 'time_zone': 'UTC', 'schedule_layers': layers}
    return web.post('/schedules', {'schedule': body})['schedule']


def test_later_layer_takes_precedence(web, crew):
    schedule = layered(web, crew)
    assert rendered(web, schedule, until='2024-01-02T12:00:00Z')[0] == [
        ('User 1', '01T00', '01T08'),
        ('User 0', '01T08', '01T20'),
        ('User 1', '01T20', '02T08'),
        ('User 0', '02T08', '02T12'),
    ]
    night = {'since': '2024-01-01T22:00:00Z', 'until': '2024-01-01T23:00:00Z'}
    (user,) = web.get(f'/schedules/{schedule["id"]}/users', **night)['users']
    assert user['name'] == 'User 1'


def test_layers_are_returned_in_reverse_order(web, crew):
    schedule = layered(web, crew)
    path = '/schedules/' + schedule['id']

    def names(shown):
        return [layer['name'] for layer in shown['schedule_layers']]

    assert names(schedule) == ['User 1', 'User 0']
    assert names(web.get(path)['schedule']) == ['User 1', 'User 0']
    assert names(web.get('/schedules')['schedules'][0]) == ['User 1', 'User 0']
    changed = web.put(path, {'schedule': schedule})['schedule']
    assert names(changed) == ['User 0', 'User 1']
    assert rendered(web, changed)[0] == [('User 0', '01T00', '04T00')]


def test_schedule_is_rendered_in_the_requested_or_its_own_time_zone(web, crew):
    start = '2024-01-01T09:00:00+01:00'
    layer = {'start': start, 'rotation_virtual_start': start}
    schedule = schedule_of(web, crew, time_zone='Europe/Berlin', **layer)

    def first(**query):
        query = {'since': '2024-01-02T00:00:00Z', 'until': '2024-01-03T00:00:00Z', **query}
        shown = web.get('/schedules/' + schedule['id'], **query)['schedule']
        return shown['final_schedule']['rendered_schedule_entries'][0]['end']

    assert first() == '2024-01-02T09:00:00+01:00'
    assert first(time_zone='UTC') == '2024-01-02T08:00:00Z'
    assert first(time_zone='Asia/Tokyo') == '2024-01-02T17:00:00+09:00'
    refused = web.refusal('GET', f'/schedules/{schedule["id"]}?time_zone=Mars/Olympus')
    assert refused[:2] == (400, 2001)


def test_query_times_without_an_offset_are_in_the_time_zone_of_the_query(web, crew):
    schedule = schedule_of(web, crew)
    query = {'since': '2024-01-01T12:00:00', 'until': '2024-01-01T20:00:00'}
    shown = web.get('/schedules/' + schedule['id'], **query, time_zone='America/New_York')
    entries = shown['schedule']['final_schedule']['rendered_schedule_entries']
    assert [entry['start'][11:] for entry in entries] == ['12:00:00-05:00', '19:00:00-05:00']


def test_schedule_entries_are_cut_off_at_the_range_without_overflow(web, crew):
    schedule = schedule_of(web, crew)
    bounds = {'since': '2024-01-01T10:00:00Z', 'until': '2024-01-01T14:00:00Z'}
    assert rendered(web, schedule, **bounds) == ([('User 0', '01T10', '01T14')], 100)
    whole = rendered(web, schedule, **bounds, overflow='true')
    assert whole == ([('User 0', '01T00', '02T00')], 100)


def test_turns_of_a_minute_are_rendered_over_days(web, crew):
    days = at_scale(2, full=28)
    end = f'2024-01-{days + 1:02}T00:00:00Z'
    # With an end, the response to the creation does not contain the turns of the next two weeks.
    schedule = schedule_of(web, crew, rotation_turn_length_seconds=60, end=end)
    shifts, coverage = rendered(web, schedule, until=end)
    assert (len(shifts), coverage) == (days * 24 * 60, 100)


def test_reversed_or_too_long_range_is_rejected(web):
    assert web.refusal('GET', '/oncalls?since=2024-01-02&until=2024-01-01')[0] == 400
    assert web.refusal('GET', '/oncalls?since=1900-01-01&until=2900-01-01')[0] == 400


def test_missing_end_of_a_time_range_has_the_documented_default(web, crew, monkeypatch):
    schedule = schedule_of(web, crew)
    entries = rendered(web, schedule, None, '2024-01-04T00:00:00Z')[0]
    assert [entry[1:] for entry in entries] == [
        ('01T00', '02T00'),
        ('02T00', '03T00'),
        ('03T00', '04T00'),
    ]
    rule = {
        'escalation_delay_in_minutes': 30,
        'targets': [{'id': schedule['id'], 'type': 'schedule_reference'}],
    }
    policy = {'type': 'escalation_policy', 'name': 'By rota', 'escalation_rules': [rule]}
    web.post('/escalation_policies', {'escalation_policy': policy})
    noon = datetime(2024, 1, 4, 12, tzinfo=timezone.utc)
    monkeypatch.setattr(web.sandbox.clock, 'now', lambda: noon)
    found = web.get('/oncalls', since='2024-01-01T12:00:00Z', schedule_ids=[schedule['id']])
    assert [oncall['start'][8:10] for oncall in found['oncalls']] == ['01', '02', '03', '04']


def test_on_calls_without_a_schedule_have_the_schedule_id_null(web, crew):
    assert web.get('/oncalls', schedule_ids=[schedule_of(web, crew)['id']])['oncalls'] == []
    found = web.get('/oncalls', schedule_ids=['null'])['oncalls']
    assert [(oncall['schedule'], oncall['user']['summary']) for oncall in found] == [
        (None, 'Alex Sample')
    ]


def test_listing_overrides_returns_200_although_201_is_documented(web, crew):
    path = '/schedules/' + schedule_of(web, crew)['id'] + '/overrides'
    answer = web.call('GET', path, params={'since': MONDAY, 'until': '2024-01-02T00:00:00Z'})
    assert (answer.status_code, answer.json()) == (200, {'overrides': []})


def test_listing_overrides_requires_a_range(web, crew):
    schedule = schedule_of(web, crew)
    assert web.refusal('GET', f'/schedules/{schedule["id"]}/overrides')[0] == 400


def test_users_of_a_schedule_are_the_users_on_call(web, crew):
    schedule = schedule_of(web, crew)
    day = {'since': '2024-01-01T00:00:00Z', 'until': '2024-01-01T12:00:00Z'}
    (user,) = web.get(f'/schedules/{schedule["id"]}/users', **day)['users']
    assert user == web.get('/users/' + crew[0]['id'])['user']
    assert user['contact_methods'][0]['summary'] == 'Default'


def test_range_of_a_single_moment_is_accepted(web, crew):
    schedule = schedule_of(web, crew)
    target = {'id': schedule['id'], 'type': 'schedule_reference'}
    rules = [{'escalation_delay_in_minutes': 30, 'targets': [target]}]
    policy = {'type': 'escalation_policy', 'name': 'By rota', 'escalation_rules': rules}
    web.post('/escalation_policies', {'escalation_policy': policy})
    moment = {'since': '2024-01-02T12:00:00Z', 'until': '2024-01-02T12:00:00Z'}
    (oncall,) = web.get('/oncalls', schedule_ids=[schedule['id']], **moment)['oncalls']
    assert oncall['user']['id'] == crew[1]['id']
    (user,) = web.get('/schedules/' + schedule['id'] + '/users', **moment)['users']
    assert user['id'] == crew[1]['id']


def test_unknown_time_zone_of_a_schedule_is_rejected(web, crew):
    body = {'type': 'schedule', 'time_zone': 'Mars/Olympus', 'schedule_layers': []}
    assert web.refusal('POST', '/schedules', {'schedule': body})[:2] == (400, 3001)


def test_incident_is_assigned_to_the_user_on_call(web, crew):
    schedule = schedule_of(web, crew[1:])
    policy = {
        'type': 'escalation_policy',
        'name': 'By rota',
        'escalation_rules': [
            {
                'escalation_delay_in_minutes': 30,
                'targets': [{'id': schedule['id'], 'type': 'schedule_reference'}],
            }
        ],
    }
    policy = web.post('/escalation_policies', {'escalation_policy': policy})['escalation_policy']
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    incident = web.incident(escalation_policy=reference)
    assert incident['assignments'][0]['assignee']['summary'] == 'User 1'
    (oncall,) = web.get('/oncalls', schedule_ids=[schedule['id']])['oncalls']
    assert oncall['user']['summary'] == 'User 1'
    (permanent,) = web.get('/oncalls', user_ids=[web.owner['id']])['oncalls']
    assert (permanent['start'], permanent['end'], permanent['schedule']) == (None, None, None)
