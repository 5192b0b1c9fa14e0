"""Log entries: the data of the event or request that each was added for."""

import pytest

EVENT = {
    'dedup_key': 'disk-1',
    'client': 'Monitoring',
    'links': [{'href': 'https://example.com/runbook', 'text': 'Runbook'}],
    'images': [{'src': 'https://example.com/graph.png'}],
}
#: Events with the same content, by version of the Events API.
VERSIONS = {
    'v1': (
        '/generic/2010-04-15/create_event.json',
        'service_key',
        {
            'event_type': 'trigger',
            'incident_key': 'disk-1',
            'description': 'Disk full',
            'details': {'used': 99},
        },
    ),
    'v2': (
        '/v2/enqueue',
        'routing_key',
        {
            **EVENT,
            'event_action': 'trigger',
            'payload': {
                'summary': 'Disk full',
                'source': 'db1',
                'severity': 'critical',
                'custom_details': {'used': 99},
            },
        },
    ),
}


@pytest.fixture(params=VERSIONS)
def triggered(request, web):
    """Trigger an incident by an event of each version, and return the event."""
    path, key, event = VERSIONS[request.param]
    event = {key: web.sandbox.routing_key, **event}
    assert web.call('POST', path, event).ok
    return event


def entries(web, kind, **params):
    found = web.get('/log_entries', **params)['log_entries']
    return [entry for entry in found if entry['type'] == kind + '_log_entry']


def test_channel_of_a_trigger_log_entry_has_the_data_of_the_event(web, triggered):
    (entry,) = entries(web, 'trigger', include=['channels'])
    facts = {name: value for name, value in entry['channel'].items() if name != 'cef_details'}
    assert facts == {
        'type': 'api',
        'summary': 'Disk full',
        'description': 'Disk full',
        'incident_key': 'disk-1',
        'service_key': web.sandbox.routing_key,
        'details': {'used': 99},
    }
    assert entry['channel']['cef_details']['details'] == {'used': 99}
    assert entry['event_details'] == {'description': 'Disk full'}
    (incident,) = web.get('/incidents', include=['first_trigger_log_entries'])['incidents']
    assert incident['first_trigger_log_entry']['channel'] == entry['channel']


def test_contexts_of_a_trigger_log_entry_are_the_links_and_images_of_the_event(web):
    payload = {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'}
    key = {'routing_key': web.sandbox.routing_key, 'event_action': 'trigger'}
    web.call('POST', '/v2/enqueue', {**EVENT, **key, 'payload': payload})
    (entry,) = entries(web, 'trigger')
    link, image = entry['contexts']
    assert link == {'type': 'link', 'href': 'https://example.com/runbook', 'text': 'Runbook'}
    assert (image['type'], image['src']) == ('image', 'https://example.com/graph.png')


def test_repeated_trigger_adds_a_log_entry_with_its_own_details(web):
    for used in (95, 99):
        web.event(dedup_key='disk-1', custom_details={'used': used})
    found = entries(web, 'trigger', include=['channels'])
    assert [entry['channel']['details'] for entry in found] == [{'used': 99}, {'used': 95}]


def test_other_log_entries_of_an_event_have_no_details(web):
    web.event(dedup_key='disk-1', custom_details={'used': 99})
    web.event('resolve', 'disk-1')
    for kind in ('assign', 'resolve'):
        (entry,) = entries(web, kind, include=['channels'])
        assert 'details' not in entry['channel']
        assert 'event_details' not in entry


def test_custom_details_that_are_not_an_object_become_one(web):
    web.event(custom_details='Only text')
    (entry,) = entries(web, 'trigger', include=['channels'])
    assert entry['channel']['details'] == {'details': 'Only text'}


def test_log_entries_show_the_type_and_the_summary_of_the_channel_by_default(web):
    web.event(custom_details={'used': 99})
    (entry,) = entries(web, 'trigger')
    assert entry['channel'] == {'type': 'api', 'summary': 'Disk full'}
    path = '/log_entries/' + entry['id']
    assert web.get(path)['log_entry']['channel'] == entry['channel']
    shown = web.get(path, include=['channels'])['log_entry']
    assert shown['channel']['details'] == {'used': 99}


def trigger_channel(web):
    (entry,) = entries(web, 'trigger', include=['channels'])
    return entry['id'], entry['channel']


@pytest.mark.parametrize('details', [{}, {'details': 'So full'}], ids=['without', 'with'])
def test_incident_of_the_rest_api_is_a_web_trigger_with_its_body_as_details(web, details):
    web.incident(body={'type': 'incident_body', **details})
    subject = {'type': 'web_trigger', 'summary': 'Disk full', 'subject': 'Disk full'}
    assert trigger_channel(web)[1] == {**subject, **details}


def test_details_of_a_web_trigger_can_be_changed(web):
    web.incident()
    entry_id, before = trigger_channel(web)
    for change in ({'type': 'web_trigger', 'details': 'Emptied'}, {'details': 'Filled'}):
        web.put(f'/log_entries/{entry_id}/channel', {'channel': change})
        assert trigger_channel(web)[1] == {**before, 'details': change['details']}


def test_the_type_of_a_channel_cannot_be_changed(web):
    web.event()
    entry_id, before = trigger_channel(web)
    change = {'channel': {'type': 'web_trigger', 'details': 'Emptied'}}
    status, _, messages = web.refusal('PUT', f'/log_entries/{entry_id}/channel', change)
    assert (status, messages) == (400, ["channel.type must be the present type, 'api'"])
    assert trigger_channel(web)[1] == before


def test_log_entry_of_an_acknowledgement_has_its_timeout(web):
    service = web.service
    service['acknowledgement_timeout'] = 600
    web.put('/services/' + service['id'], {'service': service})
    web.update(web.incident(), status='acknowledged')
    (entry,) = entries(web, 'acknowledge')
    assert entry['acknowledgement_timeout'] == 600


def test_log_entry_of_a_snooze_has_its_duration_and_its_end(web):
    incident = web.incident()
    snoozed = web.post(f'/incidents/{incident["id"]}/snooze', {'duration': 3600})['incident']
    (entry,) = entries(web, 'snooze', include=['channels'])
    assert entry['channel'] == {'type': 'website', 'duration': 3600}
    end = [action for action in snoozed['pending_actions'] if action['type'] == 'unacknowledge']
    assert entry['changed_actions'] == end


def test_summaries_name_the_agent_and_the_assignees(web):
    web.event(dedup_key='disk-1')
    (incident,) = web.get('/incidents')['incidents']
    web.update(incident, status='acknowledged')
    web.sandbox.clock.advance(hours=1)
    web.event('resolve', 'disk-1')
    found = web.get(f'/incidents/{incident["id"]}/log_entries')['log_entries']
    assert [entry['summary'] for entry in found[::-1]] == [
        'Triggered through the API',
        'Assigned to Alex Sample through the API',
        'Acknowledged by Alex Sample',
        'Unacknowledged automatically',
        'Resolved through the API',
    ]
