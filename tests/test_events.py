"""Alerts and change events."""

import json
import re
from collections import OrderedDict
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from types import SimpleNamespace

import pytest
import requests

import pdpyras

KEY = 'the-routing-key-5678'
TIMESTAMP = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z')


def accept(api, dedup_key='abc123', times=1):
    body = {'status': 'success', 'message': 'Event processed', 'dedup_key': dedup_key}
    api.reply(202, body, times=times)


# Triggering


def test_trigger_opens_an_alert_and_returns_its_key(api, events):
    accept(api)
    assert events.trigger('Server is on fire', 'dusty.old.server.net') == 'abc123'
    assert (api.last.method, api.last.path) == ('POST', '/v2/enqueue')
    assert api.last.json == {
        'event_action': 'trigger',
        'routing_key': KEY,
        'payload': {
            'summary': 'Server is on fire',
            'source': 'dusty.old.server.net',
            'severity': 'critical',
        },
    }


IMAGES = [{'src': 'https://example.com/fire.png'}]
LINKS = [{'href': 'https://example.com', 'text': 'Graph'}]


def test_trigger_takes_all_its_arguments_by_position(api, events):
    accept(api)
    events.trigger('a', 'b', 'key', 'info', {'group': 'g'}, {'load': 9}, IMAGES, LINKS)
    payload = {'summary': 'a', 'source': 'b', 'severity': 'info', 'group': 'g'}
    assert api.last.json == {
        'event_action': 'trigger',
        'routing_key': KEY,
        'dedup_key': 'key',
        'payload': dict(payload, custom_details={'load': 9}),
        'images': IMAGES,
        'links': LINKS,
    }


def test_trigger_takes_all_its_arguments_by_keyword(api, events):
    accept(api, times=2)
    events.trigger('a', 'b', 'key', 'info', {'group': 'g'}, {'load': 9}, IMAGES, LINKS)
    events.trigger(
        summary='a',
        source='b',
        dedup_key='key',
        severity='info',
        payload={'group': 'g'},
        custom_details={'load': 9},
        images=IMAGES,
        links=LINKS,
    )
    assert api.seen[0].json == api.seen[1].json


def test_the_payload_overrides_the_arguments(api, events):
    accept(api)
    payload = {'summary': 'c', 'severity': 'warning', 'component': 'd'}
    events.trigger('a', 'b', severity='info', payload=payload)
    assert api.last.json['payload'] == dict(payload, source='b')


def test_trigger_accepts_all_properties_in_the_payload(api, events):
    accept(api)
    payload = {'summary': 'a', 'source': 'b', 'severity': 'error', 'class': 'c'}
    events.trigger(None, None, payload=payload)
    assert api.last.json['payload'] == payload


def test_custom_details_override_those_of_the_payload(api, events):
    accept(api)
    payload = {'custom_details': {'load': 1, 'disk': 2}}
    events.trigger('a', 'b', payload=payload, custom_details={'load': 9})
    assert api.last.json['payload']['custom_details'] == {'load': 9, 'disk': 2}


def test_empty_custom_details_are_sent(api, events):
    accept(api)
    events.trigger('a', 'b', custom_details={})
    assert api.last.json['payload']['custom_details'] == {}


@pytest.mark.parametrize(
    'options',
    [{'dedup_key': ''}, {'dedup_key': None}, {'images': []}, {'links': []}, {'images': None}],
    ids=repr,
)
def test_trigger_omits_empty_arguments(api, events, options):
    accept(api)
    events.trigger('a', 'b', **options)
    assert set(api.last.json) == {'event_action', 'routing_key', 'payload'}


def test_trigger_does_not_change_its_arguments(api, events):
    accept(api)
    given = {
        'payload': {'summary': 'x' * 2000, 'custom_details': {'load': 1, 'more': {'a': 1}}},
        'custom_details': {'disk': 2},
        'images': list(IMAGES),
        'links': list(LINKS),
    }
    before = deepcopy(given)
    events.trigger('a', 'b', **given)
    assert given == before


@pytest.mark.parametrize('dedup_key, sent', [(42, '42'), (0, '0'), ('42', '42')], ids=repr)
def test_a_number_as_dedup_key_is_sent_as_a_string(api, events, dedup_key, sent):
    accept(api, times=3)
    events.trigger('a', 'b', dedup_key=dedup_key)
    events.acknowledge(dedup_key)
    events.resolve(dedup_key)
    assert [seen.json['dedup_key'] for seen in api.seen] == [sent] * 3


@pytest.mark.parametrize('argument', ['payload', 'custom_details'])
@pytest.mark.parametrize('value', ['text', ['a'], 7], ids=repr)
def test_a_payload_or_details_that_are_not_dicts_are_rejected(api, events, argument, value):
    with pytest.raises(ValueError, match=argument + ' must be a dict'):
        events.trigger('a', 'b', **{argument: value})
    assert api.seen == []


# A summary that is too long


@pytest.mark.parametrize(
    'send',
    [
        lambda events, summary: events.trigger(summary, 'b'),
        lambda events, summary: events.trigger(None, 'b', payload={'summary': summary}),
        lambda events, summary: events.send_event('trigger', payload={'summary': summary}),
    ],
    ids=['trigger', 'payload', 'send_event'],
)
def test_a_summary_longer_than_1024_characters_is_truncated(api, events, caplog, send):
    accept(api)
    send(events, 'x' * 1025)
    assert api.last.json['payload']['summary'] == 'x' * 1021 + '...'
    [record] = caplog.records
    assert record.levelname == 'WARNING'
    assert '1025' in record.getMessage()


def test_a_summary_of_1024_characters_is_sent_whole(api, events, caplog):
    accept(api)
    events.trigger('x' * 1024, 'b')
    assert api.last.json['payload']['summary'] == 'x' * 1024
    assert caplog.records == []


def test_the_length_of_a_summary_is_counted_in_characters_not_bytes(api, events):
    accept(api)
    events.trigger('ü' * 1024, 'b')
    assert api.last.json['payload']['summary'] == 'ü' * 1024


# Acknowledging, resolving and raw events


@pytest.mark.parametrize('action', ['acknowledge', 'resolve'])
def test_an_alert_is_acknowledged_and_resolved_by_its_key(api, events, action):
    accept(api)
    assert getattr(events, action)('abc123') == 'abc123'
    assert api.last.json == {'event_action': action, 'routing_key': KEY, 'dedup_key': 'abc123'}


def test_send_event_sends_properties_unchanged(api, events):
    accept(api)
    events.send_event('trigger', 'key', payload={'summary': 'a'}, client='Monitor')
    assert api.last.json == {
        'event_action': 'trigger',
        'routing_key': KEY,
        'dedup_key': 'key',
        'payload': {'summary': 'a'},
        'client': 'Monitor',
    }


@pytest.mark.parametrize('action', ['escalate', 'Trigger', '', None], ids=repr)
def test_an_unknown_action_is_rejected(api, events, action):
    with pytest.raises(ValueError, match="'trigger', 'acknowledge' or 'resolve'"):
        events.send_event(action, dedup_key='abc')
    assert api.seen == []


@pytest.mark.parametrize('dedup_key', [None, ''], ids=repr)
@pytest.mark.parametrize('action', ['acknowledge', 'resolve'])
def test_acknowledge_and_resolve_require_a_dedup_key(api, events, action, dedup_key):
    with pytest.raises(ValueError, match='dedup_key'):
        getattr(events, action)(dedup_key)
    with pytest.raises(ValueError, match='dedup_key'):
        events.send_event(action)
    assert api.seen == []


@pytest.mark.parametrize('status', [200, 202])
def test_any_successful_status_means_an_accepted_event(api, events, status):
    api.reply(status, {'dedup_key': 'abc'})
    assert events.resolve('abc') == 'abc'


@pytest.mark.parametrize(
    'body', [{'status': 'success'}, [], None, 'abc'], ids=['no key', 'a list', 'empty', 'a str']
)
def test_a_success_without_a_dedup_key_is_a_server_error(api, events, body):
    api.reply(202, body)
    with pytest.raises(pdpyras.PDServerError, match='dedup_key'):
        events.trigger('a', 'b')


def test_the_error_about_a_rejected_event_has_the_reasons(api, events):
    errors = ["'payload.severity' is invalid"]
    api.reply(400, {'status': 'invalid event', 'message': 'Event object is bad', 'errors': errors})
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        events.trigger('a', 'b', severity='bad')
    assert caught.value.errors == errors
    assert 'sending an event' in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize('status, retries', [(500, 2), (502, 4), (503, 6), (504, 6), (400, 0)])
@pytest.mark.parametrize('kind', ['events', 'change_events'])
def test_server_errors_are_retried_for_events(api, request, kind, status, retries):
    session = request.getfixturevalue(kind)
    api.reply(status, {'error': 'x'}, times=retries + 1)
    with pytest.raises(pdpyras.PDHTTPError, match='POST .*{}'.format(status)):
        session.trigger('a', 'b') if kind == 'events' else session.submit('a')
    assert len(api.seen) == retries + 1
    assert len({seen.body for seen in api.seen}) == 1


# The routing key


def send_in_every_way(session, body):
    session.post('/v2/enqueue', json=body)
    session.post('/v2/enqueue', None, body)
    session.request('POST', '/v2/enqueue', json=body)


@pytest.mark.parametrize('kind', ['events', 'change_events'])
@pytest.mark.parametrize('mapping', [dict, OrderedDict])
def test_the_routing_key_is_added_to_the_event_but_not_to_the_callers_dict(
    api, request, kind, mapping
):
    accept(api, times=3)
    event = mapping(event_action='trigger')
    send_in_every_way(request.getfixturevalue(kind), event)
    assert [seen.json for seen in api.seen] == [{'event_action': 'trigger', 'routing_key': KEY}] * 3
    assert event == {'event_action': 'trigger'}


@pytest.mark.parametrize('kind', ['events', 'change_events'])
def test_a_routing_key_in_the_body_takes_precedence(api, request, kind):
    accept(api, times=3)
    send_in_every_way(request.getfixturevalue(kind), {'routing_key': 'other'})
    assert [seen.json for seen in api.seen] == [{'routing_key': 'other'}] * 3


def test_a_routing_key_among_the_properties_takes_precedence(api, events, change_events):
    accept(api, times=2)
    events.send_event('trigger', payload={}, routing_key='other')
    change_events.send_change_event(payload={}, routing_key='other')
    assert [seen.json['routing_key'] for seen in api.seen] == ['other', 'other']


@pytest.mark.parametrize(
    'options, body',
    [({'json': [1]}, b'[1]'), ({'data': '{}'}, b'{}'), ({}, b'')],
    ids=['a list', 'a str', 'nothing'],
)
def test_a_body_that_is_not_a_json_object_is_sent_as_it_is(api, events, options, body):
    accept(api)
    events.post('/v2/enqueue', **options)
    assert api.last.body == body


def test_the_next_event_has_the_new_routing_key(api, events):
    accept(api, times=2)
    events.trigger('a', 'b')
    events.api_key = 'another-key'
    events.trigger('a', 'b')
    assert [seen.json['routing_key'] for seen in api.seen] == [KEY, 'another-key']


@pytest.mark.parametrize('kind', ['events', 'change_events'])
def test_the_routing_key_is_in_no_header(api, request, kind):
    accept(api)
    request.getfixturevalue(kind).post('/v2/enqueue', json={})
    assert 'Authorization' not in api.last.headers
    assert KEY not in str(api.last.headers)
    assert api.last.headers['Content-Type'] == 'application/json'


# Change events


def test_submit_reports_a_change_and_returns_its_id(api, change_events):
    api.reply(202, {'status': 'success', 'id': 'C1'})
    assert change_events.submit('Build finished', source='automation') == 'C1'
    assert (api.last.method, api.last.path) == ('POST', '/v2/change/enqueue')
    event = api.last.json
    assert TIMESTAMP.fullmatch(event['payload'].pop('timestamp'))
    assert event == {
        'routing_key': KEY,
        'payload': {'summary': 'Build finished', 'source': 'automation'},
    }


def test_submit_takes_all_its_arguments_by_position(api, change_events):
    api.reply(202, {'id': 'C1'})
    change_events.submit('a', 'b', {'build': 7}, LINKS, '2024-01-02T03:04:05Z')
    assert api.last.json == {
        'routing_key': KEY,
        'payload': {
            'summary': 'a',
            'source': 'b',
            'custom_details': {'build': 7},
            'timestamp': '2024-01-02T03:04:05Z',
        },
        'links': LINKS,
    }


def test_a_change_event_omits_arguments_that_were_not_passed(api, change_events):
    api.reply(202, {'id': 'C1'})
    change_events.submit('a', links=[])
    assert set(api.last.json) == {'routing_key', 'payload'}
    assert set(api.last.json['payload']) == {'summary', 'timestamp'}


def test_empty_custom_details_of_a_change_are_sent(api, change_events):
    api.reply(202, {'id': 'C1'})
    change_events.submit('a', custom_details={})
    assert api.last.json['payload']['custom_details'] == {}


def test_custom_details_of_a_change_must_be_a_dict(api, change_events):
    with pytest.raises(ValueError, match='custom_details must be a dict'):
        change_events.submit('a', custom_details='text')
    assert api.seen == []


def test_a_long_summary_of_a_change_is_truncated(api, change_events, caplog):
    api.reply(202, {'id': 'C1'}, times=2)
    properties = {'payload': {'summary': 'x' * 1025}}
    change_events.submit('x' * 1025)
    change_events.send_change_event(**properties)
    assert [seen.json['payload']['summary'] for seen in api.seen] == ['x' * 1021 + '...'] * 2
    assert [record.levelname for record in caplog.records] == ['WARNING'] * 2
    assert properties == {'payload': {'summary': 'x' * 1025}}


@pytest.mark.parametrize(
    'body', [None, {'status': 'success'}, []], ids=['empty', 'no id', 'a list']
)
def test_submit_returns_none_if_the_response_has_no_id(api, change_events, body):
    api.reply(202, body)
    assert change_events.submit('a') is None


def test_a_raw_change_event_has_the_routing_key(api, change_events):
    api.reply(202, {'id': 'C1'})
    assert change_events.send_change_event(payload={'summary': 'a'}) == 'C1'
    assert api.last.json == {'routing_key': KEY, 'payload': {'summary': 'a'}}


def test_the_error_about_a_rejected_change_event_has_the_reasons(api, change_events):
    api.reply(400, {'status': 'invalid event', 'errors': ['no summary']})
    with pytest.raises(pdpyras.PDHTTPError, match='sending a change event') as caught:
        change_events.submit(None)
    assert caught.value.errors == ['no summary']


def test_the_default_timestamp_of_a_change_is_the_current_time_in_utc(change_events):
    stamp = change_events.event_timestamp
    assert TIMESTAMP.fullmatch(stamp)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    assert abs(datetime.strptime(stamp[:19], '%Y-%m-%dT%H:%M:%S') - now) < timedelta(minutes=1)


def test_event_timestamp_can_be_replaced_on_the_class(api, change_events, monkeypatch):
    monkeypatch.setattr(pdpyras.ChangeEventsAPISession, 'event_timestamp', '2020-01-02T03:04:05Z')
    api.reply(202, {'id': 'C1'})
    change_events.submit('a')
    assert api.last.json['payload']['timestamp'] == '2020-01-02T03:04:05Z'


def test_details_may_have_keys_that_are_not_str(api, events):
    api.reply(202, body={'dedup_key': 'k'}, times=2)
    events.trigger('Errors', 'web1', custom_details={404: 12, 500: 3})
    assert api.last.json['payload']['custom_details'] == {'404': 12, '500': 3}
    payload = {'custom_details': {1: 'one', 2: 'two'}}
    events.trigger('Errors', 'web1', payload=payload, custom_details={2: 'zwei'})
    assert api.last.json['payload']['custom_details'] == {'1': 'one', '2': 'zwei'}
    assert payload == {'custom_details': {1: 'one', 2: 'two'}}


def test_the_error_names_the_details_that_are_not_a_dict(api, events):
    payload = {'custom_details': 'text'}
    with pytest.raises(ValueError, match=r"payload\['custom_details'\] must be a dict"):
        events.trigger('Errors', 'web1', payload=payload, custom_details={'a': 1})
    assert api.seen == []


@pytest.mark.parametrize('key, sent', [(False, None), (0, '0')], ids=str)
def test_false_is_not_a_dedup_key_but_zero_is(api, events, key, sent):
    api.reply(202, body={'dedup_key': 'k'})
    events.trigger('Errors', 'web1', dedup_key=key)
    assert api.last.json.get('dedup_key') == sent


def test_an_empty_response_to_an_event_is_reported_with_its_status(api, events):
    api.reply(202, headers={'x-request-id': 'r-1'})
    problem = r'the key "dedup_key" in the response \(status 202\), which is empty\.'
    with pytest.raises(pdpyras.PDServerError, match=problem + r' \[request ID r-1\]'):
        events.trigger('Errors', 'web1')


def test_post_passes_the_routing_key_to_a_replaced_request(events, monkeypatch):
    sent = []
    monkeypatch.setattr(events, 'request', lambda *call, **options: sent.append(options['json']))
    events.post('/v2/enqueue', {}, {'a': 1})
    assert sent == [{'a': 1, 'routing_key': events.api_key}]


def test_an_encoded_event_is_posted_as_it_is(api, events):
    api.reply(202, {'dedup_key': 'k'})
    events.post('/v2/enqueue', data='{"routing_key": "another"}')
    assert api.last.json == {'routing_key': 'another'}
    assert api.last.headers['Content-Type'] == 'application/json'


def test_event_action_among_the_properties_does_not_override_the_action(api, events):
    api.reply(202, {'dedup_key': 'k'})
    events.send_event('trigger', payload={}, event_action='bogus')
    assert api.last.json['event_action'] == 'trigger'


@pytest.mark.parametrize('key', [None, '', 5, [], {}, True], ids=repr)
@pytest.mark.parametrize('act', ['trigger', 'acknowledge', 'resolve'])
def test_a_response_without_a_valid_dedup_key_is_a_server_error(api, events, act, key):
    api.reply(202, {'status': 'success', 'dedup_key': key})
    arguments = ('summary', 'source') if act == 'trigger' else ('a-key',)
    with pytest.raises(pdpyras.PDServerError, match='dedup_key'):
        getattr(events, act)(*arguments)


@pytest.mark.parametrize('timestamp', ['', 'yesterday', 5], ids=repr)
def test_a_timestamp_passed_to_submit_is_sent_unchanged(api, change_events, timestamp):
    api.reply(202, {'id': 'x'})
    change_events.submit('deployed', timestamp=timestamp)
    assert api.last.json['payload']['timestamp'] == timestamp


@pytest.mark.parametrize('source, sent', [(5, None), (None, None), ('', ''), ('host', 'host')])
def test_a_source_of_a_change_is_omitted_unless_it_is_a_string(api, change_events, source, sent):
    api.reply(202, {'id': 'x'})
    change_events.submit('deployed', source)
    assert api.last.json['payload'].get('source') == sent


def test_the_position_of_the_routing_key_in_the_body_is_that_of_5_4_1(api, events, change_events):
    """Keep the order of keys, because recorded cassettes compare bodies."""
    api.reply(202, {'dedup_key': 'k'})
    api.reply(202, {'id': 'x'})
    events.trigger('s', 'x')
    change_events.submit('s')
    assert [list(seen.json).index('routing_key') for seen in api.seen] == [2, 0]


def test_trigger_has_arguments_for_the_other_properties_of_an_event(api, events):
    api.reply(202, {'dedup_key': 'k'})
    events.trigger(
        's',
        'host',
        client='monitor',
        client_url='https://monitor.example',
        component='mysql',
        group='app-stack',
        event_class='ping failure',
        timestamp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        payload={'group': 'of the payload'},
    )
    event = api.last.json
    assert (event['client'], event['client_url']) == ('monitor', 'https://monitor.example')
    assert event['payload'] == {
        'summary': 's',
        'source': 'host',
        'severity': 'critical',
        'component': 'mysql',
        'group': 'of the payload',
        'class': 'ping failure',
        'timestamp': '2026-01-02T03:04:05Z',
    }


def test_a_naive_timestamp_is_rejected(api, events, change_events):
    with pytest.raises(ValueError, match='timestamp must be a datetime with a time zone'):
        events.trigger('s', 'x', timestamp=datetime(2026, 1, 2))
    with pytest.raises(ValueError, match='timestamp must be a datetime with a time zone'):
        change_events.submit('s', timestamp=datetime(2026, 1, 2))
    assert api.seen == []


@pytest.mark.parametrize('length', [255, 256])
@pytest.mark.parametrize('act', ['trigger', 'acknowledge', 'resolve', 'send_event'])
def test_a_dedup_key_has_at_most_255_characters(api, events, act, length):
    key = 'k' * length
    arguments = {
        'trigger': ('s', 'x', key),
        'acknowledge': (key,),
        'resolve': (key,),
        'send_event': ('trigger', key),
    }[act]
    api.reply(202, {'dedup_key': key})
    if length == 255:
        assert getattr(events, act)(*arguments) == key
    else:
        with pytest.raises(ValueError, match='dedup_key has 256 characters'):
            getattr(events, act)(*arguments)
        assert api.seen == []


@pytest.mark.parametrize(
    'options, message',
    [
        ({'images': [{'src': 'a'}, {'href': 'b'}]}, r"images\[1\] has no 'src'"),
        ({'links': [{'text': 'a'}]}, r"links\[0\] has no 'href'"),
        ({'links': [{'href': ''}]}, r"links\[0\] has no 'href'"),
    ],
)
def test_an_image_or_link_without_its_url_is_rejected(api, events, options, message):
    with pytest.raises(ValueError, match=message):
        events.trigger('s', 'x', **options)
    with pytest.raises(ValueError, match=message):
        events.send_event('trigger', payload={}, **options)
    assert api.seen == []


def test_unknown_keys_of_images_and_links_are_sent(api, events):
    api.reply(202, {'dedup_key': 'k'})
    images, links = [{'src': 'a', 'new': 1}], [{'href': 'b', 'new': 2}]
    events.trigger('s', 'x', images=images, links=links)
    assert (api.last.json['images'], api.last.json['links']) == (images, links)


@pytest.mark.parametrize('via', ['trigger', 'send_event'])
def test_an_alert_with_2_megabytes_of_details_is_sent_without_them(api, events, caplog, via):
    details = {'log': 'x' * 2000000}
    api.reply(202, {'dedup_key': 'k'})
    if via == 'trigger':
        events.trigger('s', 'x', custom_details=details)
    else:
        events.send_event('trigger', payload={'summary': 's', 'custom_details': details})
    assert len(api.last.body) < 1000
    assert list(api.last.json['payload']['custom_details']) == ['left_out']
    assert '2000011 bytes' in api.last.json['payload']['custom_details']['left_out']
    assert '2000011 bytes of custom_details were left out' in caplog.text
    assert details == {'log': 'x' * 2000000}


@pytest.mark.parametrize('surplus', [0, 1])
def test_the_size_of_an_event_is_that_of_the_sent_body(api, events, surplus):
    api.reply(202, {'dedup_key': 'k'}, times=2)
    events.trigger('s', 'x', custom_details={'a': 'x'})
    room = 512000 - len(api.last.body) + 1
    events.trigger('s', 'x', custom_details={'a': 'x' * (room + surplus)})
    if surplus:
        assert len(api.last.body) < 1000
    else:
        assert len(api.last.body) == 512000


def test_the_size_of_an_event_includes_json_escapes(api, events, caplog):
    api.reply(202, {'dedup_key': 'k'})
    events.trigger('s', 'x', custom_details={'a': '\u674e' * 100000})
    assert len(api.last.body) < 1000


def test_an_event_that_is_too_large_even_without_details_is_rejected(api, events, change_events):
    large = [{'href': 'https://example.com/' + 'x' * 600000}]
    with pytest.raises(ValueError, match='accepts at most 512000'):
        events.trigger('s', 'x', custom_details={'a': 1}, links=large)
    with pytest.raises(ValueError, match='accepts at most 512000'):
        events.trigger('s', 'x', payload={'component': 'x' * 600000})
    with pytest.raises(ValueError, match='accepts at most 512000'):
        change_events.submit('s', links=[{'href': 'x' * 600000}])
    assert api.seen == []


@pytest.mark.parametrize('key', [None, ''], ids=repr)
def test_an_empty_routing_key_is_replaced_by_the_one_of_the_session(api, events, key):
    api.reply(202, {'dedup_key': 'k'})
    events.send_event('trigger', payload={}, routing_key=key)
    assert api.last.json['routing_key'] == events.api_key


def test_a_large_integer_in_the_details_is_sent(api, events):
    api.reply(202, {'dedup_key': 'k'})
    events.trigger('s', 'x', custom_details={'n': 10**100})
    assert api.last.json['payload']['custom_details'] == {'n': 10**100}


def test_a_datetime_in_the_payload_is_sent_as_utc(api, events):
    api.reply(202, {'dedup_key': 'k'})
    moment = datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1)))
    payload = {'timestamp': moment}
    events.trigger('s', 'x', payload=payload)
    assert api.last.json['payload']['timestamp'] == '2026-01-01T23:00:00Z'
    assert payload == {'timestamp': moment}
    with pytest.raises(ValueError, match='time zone'):
        events.send_event('trigger', payload={'timestamp': datetime(2026, 1, 2)})


class Disk(str, Enum):
    FULL = 'disk-full'


def test_the_value_of_a_str_enum_is_the_dedup_key(api, events):
    api.reply(202, {'dedup_key': 'disk-full'}, times=2)
    events.trigger('Disk full', 'db1', dedup_key=Disk.FULL)
    events.resolve(Disk.FULL)
    assert [seen.json['dedup_key'] for seen in api.seen] == ['disk-full'] * 2


def test_a_large_event_is_measured_as_requests_encodes_it(api, events, monkeypatch):
    # Stands for simplejson, which requests prefers, and which encodes a Decimal.
    encoder = SimpleNamespace(dumps=partial(json.dumps, default=str), loads=json.loads)
    monkeypatch.setattr(requests.models, 'complexjson', encoder)
    monkeypatch.setattr(pdpyras, 'requests_json', encoder)
    api.reply(202, {'dedup_key': 'k'})
    events.trigger('Slow', 'db1', custom_details={'load': Decimal('1.5'), 'log': 'a' * 50000})
    assert api.seen[0].json['payload']['custom_details']['load'] == '1.5'
