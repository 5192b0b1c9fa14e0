"""Events and change events."""

from laboratory import API_KEY

from scenarios import Table, error, ok

TABLE = Table('events')

ACCEPTED = ok({'status': 'success', 'message': 'Event processed', 'dedup_key': 'd'}, 202)
PAYLOAD = {'summary': 'down', 'source': 'host', 'severity': 'info'}


def events(method, *args, **kwargs):
    def call(lab):
        return getattr(lab.events, method)(*args, **kwargs)

    return call


def changes(method, *args, **kwargs):
    def call(lab):
        return getattr(lab.changes, method)(*args, **kwargs)

    return call


TABLE.add('trigger', events('trigger', 'down', 'host'), ACCEPTED)
TABLE.add('trigger by keywords', events('trigger', summary='down', source='host'), ACCEPTED)
TABLE.add('trigger with a key', events('trigger', 'down', 'host', dedup_key='abc'), ACCEPTED)
TABLE.add('trigger with a key by position', events('trigger', 'down', 'host', 'abc'), ACCEPTED)
TABLE.add('trigger with an empty key', events('trigger', 'down', 'host', dedup_key=''), ACCEPTED)
TABLE.add('trigger with a number as key', events('trigger', 'down', 'host', dedup_key=5), ACCEPTED)
TABLE.add('trigger with a severity', events('trigger', 'down', 'host', severity='info'), ACCEPTED)
TABLE.add(
    'trigger with custom_details',
    events('trigger', 'down', 'host', custom_details={'a': 1}),
    ACCEPTED,
)
TABLE.add(
    'trigger with empty custom_details',
    events('trigger', 'down', 'host', custom_details={}),
    ACCEPTED,
)
TABLE.add(
    'trigger with images and links',
    events('trigger', 'down', 'host', images=[{'src': 'i.png'}], links=[{'href': 'x'}]),
    ACCEPTED,
)
TABLE.add(
    'trigger with empty images and links',
    events('trigger', 'down', 'host', images=[], links=[]),
    ACCEPTED,
)
TABLE.add(
    'trigger with eight positions',
    events(
        'trigger',
        'down',
        'host',
        'abc',
        'error',
        {'component': 'disk'},
        {'a': 1},
        [{'src': 'i'}],
        [{'href': 'x'}],
    ),
    ACCEPTED,
)
TABLE.add(
    'trigger with all in the payload', events('trigger', None, None, payload=PAYLOAD), ACCEPTED
)
TABLE.add(
    'trigger with more in the payload',
    events(
        'trigger',
        'down',
        'host',
        payload={'timestamp': 'noon', 'group': 'g', 'class': 'c', 'component': 'disk'},
    ),
    ACCEPTED,
)
TABLE.add(
    'trigger with a severity in the payload',
    events('trigger', 'down', 'host', severity='error', payload={'severity': 'warning'}),
    ACCEPTED,
)
TABLE.add(
    'trigger with custom_details twice',
    events(
        'trigger',
        'down',
        'host',
        payload={'custom_details': {'a': 1, 'b': 2}},
        custom_details={'b': 3},
    ),
    ACCEPTED,
)
TABLE.add(
    'trigger with a payload that is no dict',
    events('trigger', 'down', 'host', payload='text'),
    ACCEPTED,
)
TABLE.add(
    'trigger with custom_details that are no dict',
    events('trigger', 'down', 'host', custom_details='text'),
    ACCEPTED,
)
TABLE.add('trigger without a source', events('trigger', 'down'), ACCEPTED)
TABLE.add('trigger with a summary of 1024', events('trigger', 's' * 1024, 'host'), ACCEPTED)
TABLE.add('trigger with a summary of 2000', events('trigger', 's' * 2000, 'host'), ACCEPTED)


def payload_left_alone(lab):
    payload = {'custom_details': {'a': 1}}
    lab.events.trigger('down', 'host', payload=payload, custom_details={'b': 2})
    return payload


TABLE.add("trigger leaves the caller's payload alone", payload_left_alone, ACCEPTED)

for action in ('acknowledge', 'resolve'):
    TABLE.add(action, events(action, 'd'), ACCEPTED)
    TABLE.add('{} by keyword'.format(action), events(action, dedup_key='d'), ACCEPTED)
    TABLE.add('{} without a key'.format(action), events(action, None), ACCEPTED)
    TABLE.add('{} with an empty key'.format(action), events(action, ''), ACCEPTED)
    TABLE.add('{} with a number as key'.format(action), events(action, 5), ACCEPTED)

TABLE.add('send_event', events('send_event', 'trigger', payload=PAYLOAD), ACCEPTED)
TABLE.add(
    'send_event with a key',
    events('send_event', 'trigger', dedup_key='abc', payload=PAYLOAD),
    ACCEPTED,
)
TABLE.add('send_event with a key by position', events('send_event', 'acknowledge', 'abc'), ACCEPTED)
TABLE.add(
    'send_event with more properties',
    events('send_event', 'trigger', payload=PAYLOAD, client='Mine', client_url='https://x'),
    ACCEPTED,
)
TABLE.add(
    'send_event with a routing key of the caller',
    events('send_event', 'trigger', payload=PAYLOAD, routing_key='theirs'),
    ACCEPTED,
)
TABLE.add('send_event with an unknown action', events('send_event', 'explode'), ACCEPTED)
TABLE.add('send_event that resolves nothing', events('send_event', 'resolve'), ACCEPTED)

TABLE.add('post', events('post', '/v2/enqueue', json={'event_action': 'resolve'}), ACCEPTED)
TABLE.add(
    'post with a routing key of the caller',
    events('post', '/v2/enqueue', json={'routing_key': 'theirs'}),
    ACCEPTED,
)
TABLE.add(
    'post JSON by position',
    events('post', '/v2/enqueue', None, {'event_action': 'resolve'}),
    ACCEPTED,
)
TABLE.add('post data', events('post', '/v2/enqueue', data='{"a": 1}'), ACCEPTED)
TABLE.add('post a list', events('post', '/v2/enqueue', json=[1]), ACCEPTED)
TABLE.add('post without a body', events('post', '/v2/enqueue'), ACCEPTED)
TABLE.add(
    'post with headers', events('post', '/v2/enqueue', json={}, headers={'X-Extra': '1'}), ACCEPTED
)
TABLE.add('request', events('request', 'POST', '/v2/enqueue', json={'a': 1}), ACCEPTED)
TABLE.add('post elsewhere', events('post', 'https://example.com/', json={}), ACCEPTED)


def event_left_alone(lab):
    event = {'event_action': 'resolve', 'dedup_key': 'd'}
    lab.events.post('/v2/enqueue', json=event)
    return event


TABLE.add("post leaves the caller's dict alone", event_left_alone, ACCEPTED)

for method in ('get', 'put', 'delete'):
    TABLE.add('{} is refused'.format(method), events(method, '/v2/enqueue'), ok())
    TABLE.add('{} of change events is refused'.format(method), changes(method, '/'), ok())

RESPONSES = {
    'without a dedup_key': ok({'status': 'success'}, 202),
    'that is a list': ok([1], 202),
    'that is empty': ok(status=202),
    'that is not JSON': ok(b'<html>', 202),
    'with status 200': ok({'dedup_key': 'd'}),
    'with status 400': error(400),
    'with status 403': error(403),
}
for what, reply in RESPONSES.items():
    TABLE.add('an answer {}'.format(what), events('trigger', 'down', 'host'), reply)

TABLE.add(
    'a redirect of an event',
    events('trigger', 'down', 'host'),
    ok(status=302, location='/v2/elsewhere'),
    ok({'dedup_key': 'd'}),
)

TABLE.add(
    'a redirect of an event to another server',
    lambda lab: (
        lab.api.reply(307, headers={'Location': lab.elsewhere.url + '/v2/enqueue'}),
        lab.events.trigger('down', 'host'),
    )[-1],
)
TABLE.add(
    'post to a look-alike host',
    lambda lab: lab.events.post(
        '{}@{}/'.format(lab.url, lab.elsewhere.url.split('//')[1]), json={}
    ),
)

# --- change events -----------------------------------------------------------------------------

CHANGED = ok({'id': 'c', 'status': 'success'}, 202)

TABLE.add('submit', changes('submit', 'new build'), CHANGED)
TABLE.add('submit with a source', changes('submit', 'new build', source='ci'), CHANGED)
TABLE.add('submit with a timestamp', changes('submit', 'new build', timestamp='noon'), CHANGED)
TABLE.add(
    'submit with everything by position',
    changes('submit', 'new build', 'ci', {'a': 1}, [{'href': 'x'}], 'noon'),
    CHANGED,
)
TABLE.add('submit with empty links', changes('submit', 'new', links=[], timestamp='n'), CHANGED)
TABLE.add(
    'submit with empty custom_details',
    changes('submit', 'new', custom_details={}, timestamp='n'),
    CHANGED,
)
TABLE.add(
    'submit with custom_details that are no dict',
    changes('submit', 'new', custom_details='text'),
    CHANGED,
)
TABLE.add('submit a summary of 2000', changes('submit', 's' * 2000, timestamp='n'), CHANGED)
TABLE.add('send_change_event', changes('send_change_event', payload={'summary': 'new'}), CHANGED)
TABLE.add(
    'send_change_event with a routing key of the caller',
    changes('send_change_event', routing_key='theirs', payload={'summary': 'new'}),
    CHANGED,
)
TABLE.add(
    'post a change event', changes('post', 'v2/change/enqueue', json={'payload': {}}), CHANGED
)
TABLE.add(
    'post a change event with a routing key of the caller',
    changes('post', 'v2/change/enqueue', json={'routing_key': 'theirs'}),
    CHANGED,
)
CHANGE_RESPONSES = {
    'without an id': ok({'status': 'success'}, 202),
    'that is empty': ok(status=202),
    'that is not JSON': ok(b'<html>', 202),
    'with status 400': error(400),
}
for what, reply in CHANGE_RESPONSES.items():
    TABLE.add(
        'an answer to a change {}'.format(what), changes('submit', 'new', timestamp='n'), reply
    )


def patched_timestamp(lab):
    class Noon(lab.pdpyras.ChangeEventsAPISession):
        event_timestamp = 'noon'

    return lab.aim(Noon(API_KEY)).submit('new build')


TABLE.add('submit with event_timestamp patched', patched_timestamp, CHANGED)
