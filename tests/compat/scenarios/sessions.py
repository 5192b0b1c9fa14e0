"""Construction of sessions, their attributes, and the seams that subclasses use."""

import copy
import io
import logging
import pickle
from fractions import Fraction
from unittest import mock

from laboratory import API_KEY, LogKeeper, RecordingParent

from scenarios import HANG_UP, Table, error, ok, page

TABLE = Table('session')

CLASSES = ('APISession', 'EventsAPISession', 'ChangeEventsAPISession')


def construct(class_name, *args, **kwargs):
    def call(lab):
        return getattr(lab.pdpyras, class_name)(*args, **kwargs).api_key

    return call


for name in CLASSES:
    for key in ('', None, 5, b'bytes'):
        TABLE.add('{}({!r})'.format(name, key), construct(name, key))
    TABLE.add('{} by keyword'.format(name), construct(name, api_key='k', debug=False))
TABLE.add('a key with a trailing newline', construct('APISession', 'the-key\n'))
TABLE.add('PDSession without a key', construct('PDSession', ''))
TABLE.add('an unknown auth_type', construct('APISession', 'k', auth_type='password'))
TABLE.add(
    'positional arguments of APISession',
    lambda lab: attributes_of(
        lab.pdpyras.APISession(API_KEY, 'me@example.com', 'bearer', False),
        'api_key',
        'default_from',
        'auth_type',
        'print_debug',
    ),
)

OF_EVERY_SESSION = (
    'api_key',
    'auth_header',
    'url',
    'timeout',
    'print_debug',
    'permitted_methods',
    'retry',
    'max_http_attempts',
    'max_network_attempts',
    'sleep_timer',
    'sleep_timer_base',
    'stagger_cooldown',
    'trunc_key',
    'user_agent',
)
OF_REST_SESSIONS = (
    'auth_type',
    'default_from',
    'default_page_size',
    'api_call_counts',
    'api_time',
    'total_call_count',
    'total_call_time',
    'trunc_token',
)


def attributes_of(session, *names):
    return {name: getattr(session, name) for name in names}


def attribute(class_name, name):
    def call(lab):
        return getattr(getattr(lab.pdpyras, class_name)(API_KEY), name)

    return call


for class_name in CLASSES:
    for name in OF_EVERY_SESSION:
        TABLE.add('{}.{}'.format(class_name, name), attribute(class_name, name))
for name in OF_REST_SESSIONS:
    TABLE.add('APISession.{}'.format(name), attribute('APISession', name))


def public_names(class_name):
    """Return the attributes on the class itself, which ``Mock(spec=...)`` uses."""
    return lambda lab: [
        name
        for name in NAMES_ON_CLASSES[class_name]
        if not hasattr(getattr(lab.pdpyras, class_name), name)
    ]


NAMES_ON_CLASSES = {
    'PDSession': (
        'after_set_api_key',
        'api_key',
        'auth_header',
        'cooldown_factor',
        'log',
        'max_http_attempts',
        'max_network_attempts',
        'normalize_params',
        'normalize_url',
        'parent',
        'permitted_methods',
        'postprocess',
        'prepare_headers',
        'print_debug',
        'request',
        'retry',
        'sleep_timer',
        'sleep_timer_base',
        'stagger_cooldown',
        'timeout',
        'trunc_key',
        'url',
        'user_agent',
    ),
    'APISession': (
        'api_call_counts',
        'api_key_access',
        'api_time',
        'auth_type',
        'default_from',
        'default_page_size',
        'dict_all',
        'find',
        'iter_all',
        'iter_cursor',
        'jget',
        'jpost',
        'jput',
        'list_all',
        'persist',
        'rdelete',
        'rget',
        'rpost',
        'rput',
        'subdomain',
        'total_call_count',
        'total_call_time',
        'trunc_token',
    ),
    'EventsAPISession': ('acknowledge', 'post', 'resolve', 'send_event', 'trigger'),
    'ChangeEventsAPISession': ('event_timestamp', 'send_change_event', 'submit'),
}
for class_name in NAMES_ON_CLASSES:
    TABLE.add('names that the class {} lacks'.format(class_name), public_names(class_name))


def set_and_read(name, value, *more_to_read):
    def call(lab):
        session = lab.pdpyras.APISession(API_KEY)
        setattr(session, name, value)
        return attributes_of(session, name, *more_to_read)

    return call


for value in (0.5, 1, 0, Fraction(1, 2), -1, 'much', None, True):
    TABLE.add('stagger_cooldown = {!r}'.format(value), set_and_read('stagger_cooldown', value))
for value in ('token', 'bearer', 'oauth2', 'password'):
    TABLE.add('auth_type = {!r}'.format(value), set_and_read('auth_type', value, 'auth_header'))
for value in ('another-key-9876', '', None, 5):
    TABLE.add(
        'api_key = {!r}'.format(value), set_and_read('api_key', value, 'auth_header', 'trunc_key')
    )


def headers_kept(**kwargs):
    def call(lab):
        headers = lab.pdpyras.APISession(API_KEY, **kwargs).headers
        return {name: headers.get(name) for name in ('Authorization', 'Accept', 'From')}

    return call


TABLE.add('session.headers', headers_kept())
TABLE.add('session.headers of a bearer', headers_kept(auth_type='bearer'))
TABLE.add('session.headers with a default_from', headers_kept(default_from='me@example.com'))


def headers_after_setting(name, value):
    def call(lab):
        session = lab.aim(lab.pdpyras.APISession(API_KEY), **{name: value})
        session.get('users')

    return call


TABLE.add('the key is changed, then a call', headers_after_setting('api_key', 'new-key'), ok())
TABLE.add('auth_type is changed, then a call', headers_after_setting('auth_type', 'bearer'), ok())
TABLE.add(
    'default_from is changed, then a call',
    headers_after_setting('default_from', 'me@example.com'),
    ok(),
)


def prepared(class_name, method, user_headers=None):
    def call(lab):
        session = getattr(lab.pdpyras, class_name)(API_KEY)
        if user_headers is None:
            headers = session.prepare_headers(method)
        else:
            headers = session.prepare_headers(method, user_headers=user_headers)
        return {
            name.lower(): value
            for name, value in dict(headers).items()
            if name.lower()
            in ('accept', 'authorization', 'content-type', 'from', 'user-agent', 'x-extra')
        }

    return call


for method in ('GET', 'POST', 'PUT', 'DELETE'):
    TABLE.add('prepare_headers({!r})'.format(method), prepared('APISession', method))
TABLE.add(
    'prepare_headers with headers of the user',
    prepared('APISession', 'GET', {'X-Extra': '1', 'accept': 'text/plain'}),
)
TABLE.add('prepare_headers of an events session', prepared('EventsAPISession', 'POST'))
TABLE.add('prepare_headers of a change events session', prepared('ChangeEventsAPISession', 'POST'))

for params in (
    {'ids': ['a', 'b']},
    {'ids[]': ['a']},
    {'ids': []},
    {'query': 'x', 'limit': 5},
    {},
    {'since': None},
    {'ids': ('a',)},
    {'total': True},
):
    TABLE.add(
        'normalize_params({!r})'.format(params),
        lambda lab, params=params: lab.pdpyras.APISession(API_KEY).normalize_params(params),
    )

TABLE.add('cooldown_factor', lambda lab: lab.pdpyras.APISession(API_KEY).cooldown_factor())
TABLE.add(
    'cooldown_factor on another base',
    lambda lab: lab.aim(lab.pdpyras.APISession(API_KEY), sleep_timer_base=3).cooldown_factor(),
)
TABLE.add(
    'cooldown_factor, staggered',
    lambda lab: lab.aim(lab.pdpyras.APISession(API_KEY), stagger_cooldown=0.5).cooldown_factor(),
)


def with_block(lab):
    with lab.pdpyras.APISession(API_KEY) as session:
        return type(session).__name__, lab.aim(session).get('users').ok


TABLE.add('a session as a context manager', with_block, ok())


def retry_of_instances(lab):
    one, other = (lab.pdpyras.EventsAPISession(API_KEY) for _ in range(2))
    one.retry[404] = 3
    return sorted(one.retry.items()), sorted(other.retry.items())


TABLE.add('retry belongs to the instance', retry_of_instances)
TABLE.add(
    'retry of a subclass',
    lambda lab: type('Patient', (lab.pdpyras.APISession,), {'retry': {404: 1}})(API_KEY).retry,
)


def after_the_key_is_set(lab):
    class Watched(lab.pdpyras.APISession):
        def after_set_api_key(self):
            lab.note('after_set_api_key', self.api_key, self.log is not None)

    Watched('first').api_key = 'second'


TABLE.add('after_set_api_key', after_the_key_is_set)


def timeout_of_a_new_session(lab):
    with mock.patch.object(lab.pdpyras, 'TIMEOUT', 5):
        return lab.pdpyras.APISession(API_KEY).timeout


TABLE.add("the module's TIMEOUT is changed", timeout_of_a_new_session)


def through_a_parent(call):
    def run(lab):
        lab.rest.parent = RecordingParent(lab)
        return call(lab.rest)

    return run


TABLE.add('parent.request on get', through_a_parent(lambda rest: rest.get('users')), ok())
TABLE.add(
    'parent.request on get with parameters',
    through_a_parent(
        lambda rest: rest.get('users', params={'ids': ['a']}, headers={'X-Extra': '1'})
    ),
    ok(),
)
TABLE.add(
    'parent.request on post',
    through_a_parent(lambda rest: rest.post('users', json={'user': {}})),
    ok(),
)
TABLE.add(
    'parent.request on put',
    through_a_parent(lambda rest: rest.put('users/PABC123', json={'user': {}})),
    ok(),
)
TABLE.add(
    'parent.request on delete', through_a_parent(lambda rest: rest.delete('users/PABC123')), ok()
)
TABLE.add(
    'parent.request on rpost',
    through_a_parent(lambda rest: rest.rpost('users', json={'name': 'Jane'})),
    ok({'user': {'id': 1}}),
)
TABLE.add(
    'parent.request on iter_all',
    through_a_parent(lambda rest: rest.list_all('users')),
    page('users', [1]),
)
TABLE.add(
    'parent.request with a timeout of the session',
    through_a_parent(lambda rest: setattr(rest, 'timeout', 7) or rest.get('users')),
    ok(),
)
TABLE.add(
    'parent.request with a timeout of the call',
    through_a_parent(lambda rest: rest.get('users', timeout=3)),
    ok(),
)

SEAMS = {
    'find': lambda rest: rest.find('users', 'Jane'),
    'persist, found': lambda rest: rest.persist('users', 'name', {'name': 'Jane'}),
    'persist, to be made': lambda rest: rest.persist('users', 'name', {'name': 'Joe'}),
    'persist, to be updated': lambda rest: rest.persist(
        'users', 'name', {'name': 'Jane', 'role': 'owner'}, update=True
    ),
    'list_all': lambda rest: rest.list_all('users', page_size=7),
    'dict_all': lambda rest: rest.dict_all('users', by='name', params={'query': 'J'}),
    'rget': lambda rest: rest.rget('users'),
    'rpost': lambda rest: rest.rpost('users', json={}),
    'rput': lambda rest: rest.rput('users/PABC123', json={}),
    'rdelete': lambda rest: rest.rdelete('users/PABC123'),
    'jget': lambda rest: rest.jget('users'),
    'jpost': lambda rest: rest.jpost('users', json={}),
    'jput': lambda rest: rest.jput('users/PABC123', json={}),
    'subdomain': lambda rest: rest.subdomain,
    'api_key_access': lambda rest: rest.api_key_access,
}

JANE = {'id': 'PABC123', 'name': 'Jane', 'html_url': 'https://acme.pagerduty.com/users/PABC123'}


def watching(names, call, class_name='APISession'):
    """Make the call on a subclass that notes every call of these methods."""

    def run(lab):
        base = getattr(lab.pdpyras, class_name)

        def watched(name):
            def method(self, *args, **kwargs):
                lab.note(name, args, kwargs)
                return getattr(super(subclass, self), name)(*args, **kwargs)

            return method

        subclass = type('Watched', (base,), {name: watched(name) for name in names})
        jane = dict(JANE, self=lab.url + '/users/PABC123')
        lab.api.rule(lambda seen: page('users', [jane], user=jane, dedup_key='d', id='i'))
        call(lab.aim(subclass(API_KEY)))

    return run


VERBS = ('get', 'post', 'put', 'delete', 'iter_all', 'find', 'rpost', 'rput')
for name, call in SEAMS.items():
    TABLE.add('who calls whom: {}'.format(name), watching(VERBS, call))
TABLE.add(
    'who calls whom: inside a request',
    watching(
        ('request', 'normalize_url', 'normalize_params', 'cooldown_factor'),
        lambda rest: rest.get('users', params={'limit': 1}),
    ),
    error(429),
)
TABLE.add(
    'who calls whom: trigger',
    watching(
        ('send_event', 'post'), lambda events: events.trigger('down', 'host'), 'EventsAPISession'
    ),
)
TABLE.add(
    'who calls whom: acknowledge',
    watching(('send_event', 'post'), lambda events: events.acknowledge('d'), 'EventsAPISession'),
)
TABLE.add(
    'who calls whom: resolve',
    watching(('send_event', 'post'), lambda events: events.resolve('d'), 'EventsAPISession'),
)
TABLE.add(
    'who calls whom: submit',
    watching(
        ('send_change_event', 'post'),
        lambda changes: changes.submit('new', timestamp='noon'),
        'ChangeEventsAPISession',
    ),
)


def postprocessed(lab):
    class Watched(lab.pdpyras.APISession):
        def postprocess(self, response):
            lab.note('postprocess', response.status_code)

    lab.aim(Watched(API_KEY)).get('users')


TABLE.add('postprocess sees every response', postprocessed, error(429), error(429), ok())


def copies(make):
    def call(lab):
        return make(lab.aim(lab.pdpyras.APISession(API_KEY))).get('users').ok

    return call


def pickled_error(lab):
    try:
        lab.rest.rget('users/PABC123')
    except lab.pdpyras.PDHTTPError as problem:
        return pickle.loads(pickle.dumps(problem)).response.status_code


TABLE.add('a pickled error', pickled_error, error(404))
TABLE.add('a pickled session', copies(lambda s: pickle.loads(pickle.dumps(s))), ok())
TABLE.add('a copied session', copies(copy.copy), ok())


def debug_output(lab):
    """Return the facts and the number of lines on stderr while print_debug is on."""
    with mock.patch('sys.stderr', io.StringIO()) as stderr:
        session = lab.aim(lab.pdpyras.APISession(API_KEY, debug=True))
        session.get('users', params={'query': 'x'})
        session.print_debug = False
        session.get('users')
    lines = stderr.getvalue().splitlines()
    return len(lines), [
        fact for fact in ('GET', lab.url + '/users?query=x', '200', 'RID-1') if fact in lines[0]
    ]


TABLE.add('print_debug', debug_output, ok(x_request_id='RID-1'), ok())


def debug_output_of_two(lab):
    with mock.patch('sys.stderr', io.StringIO()) as stderr:
        sessions = [lab.aim(lab.pdpyras.APISession(API_KEY, debug=True)) for _ in range(2)]
        sessions[0].get('users')
        for session in sessions:
            session.print_debug = False
    return len(stderr.getvalue().splitlines())


TABLE.add('print_debug of two sessions', debug_output_of_two, ok())


def debug_handler(lab):
    session = lab.pdpyras.APISession(API_KEY)
    states = []
    for state in (False, True, False):
        session.print_debug = state
        states.append(hasattr(session, '_debugHandler'))
    return states


TABLE.add('_debugHandler exists while print_debug is on', debug_handler)


def facts_in_the_log(call, *facts):
    """Return the level of each log line, and which of these facts it contains."""

    def run(lab):
        log, keeper = logging.getLogger('pdpyras'), LogKeeper(logging.DEBUG)
        log.setLevel(logging.DEBUG)
        log.addHandler(keeper)
        try:
            call(lab)
        finally:
            log.removeHandler(keeper)
        return [
            [record.levelname, [fact for fact in facts if fact in record.getMessage()]]
            for record in keeper.records
        ]

    return run


TABLE.add(
    'the log of a success',
    facts_in_the_log(
        lambda lab: lab.rest.get('users', params={'query': 'x'}),
        'GET',
        '/users?query=x',
        '200',
        'RID-1',
        'GMT',
        API_KEY,
    ),
    ok(x_request_id='RID-1'),
)
TABLE.add(
    'the log of a 503',
    facts_in_the_log(lambda lab: lab.rest.get('users'), '503', 'RID-1', 'GMT'),
    error(503, x_request_id='RID-1'),
)
TABLE.add(
    'the log of a retry',
    facts_in_the_log(
        lambda lab: lab.aim(lab.rest, retry={404: 1}).get('users'),
        'GET',
        '/users',
        '404',
        ' in 3 s',
    ),
    error(404),
    error(404),
)
TABLE.add(
    'the log of a 429',
    facts_in_the_log(lambda lab: lab.rest.get('users'), 'GET', '/users', '429', ' in 3 s'),
    error(429),
    ok(),
)
TABLE.add(
    'the log of a network error',
    facts_in_the_log(
        lambda lab: lab.rest.get('users'), 'GET', '/users', 'ConnectionError', ' in 3 s'
    ),
    HANG_UP,
    ok(),
)
TABLE.add(
    'the log of an event',
    facts_in_the_log(lambda lab: lab.events.resolve('d'), 'POST', '/v2/enqueue', '202', API_KEY),
    ok({'dedup_key': 'd'}, 202),
)
