"""Strategies for random calls, by area; each draws a :class:`calls.Case`."""

import json
import string
from functools import partial

from calls import BASE, HANG_UP, Case
from hypothesis import strategies as st

# --- values ------------------------------------------------------------------------------------

TEXT = st.text('ab Zß&=?#%+/:[]"\\\'.;,@é✓', max_size=8)
WORD = st.text(string.ascii_lowercase + string.digits + '_-', min_size=1, max_size=6)
NUMBER = st.one_of(st.integers(-5, 200), st.floats(allow_nan=False, allow_infinity=False, width=16))
JSON_NAME = st.sampled_from(
    ['id', 'name', 'user', 'users', 'self', 'incident', 'incidents', 'type']
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_NAME, inner, max_size=3),
    max_leaves=6,
)
MAYBE = partial(st.one_of, st.none())


def some_of(**optional):
    """Return a strategy for dicts with any of these keys; each value is a strategy."""
    return st.fixed_dictionaries({}, optional=optional)


def mostly(value, *others):
    """Draw the value about two times in three."""
    return st.sampled_from([value] * 2 * len(others) + list(others))


# --- URLs --------------------------------------------------------------------------------------

PATH = st.sampled_from(
    [
        'users',
        'users/P1',
        'users/me',
        'users/P1/contact_methods/C1',
        'incidents',
        'incidents/P1',
        'incidents/P1/notes',
        'incidents/P1/alerts',
        'incidents/P1/merge',
        'teams/P1/users/P2',
        'services',
        'services/P1/integrations',
        'schedules/P1/overrides',
        'schedules/P1/users',
        'oncalls',
        'analytics/raw/incidents/P1',
        'analytics/metrics/incidents/all',
        'abilities',
        'abilities/sso',
        'audit/records',
        'users/P1/audit/records',
        'business_services/P1/subscribers',
        'event_orchestrations',
        'event_orchestrations/P1',
        'event_orchestrations/services/P1',
        'extension_schemas',
        'log_entries',
        'maintenance_windows/P1',
        'notifications',
        'priorities',
        'response_plays/P1/run',
        'rulesets/P1/rules',
        'tags/P1/users',
        'service_dependencies/associate',
        'status_dashboards',
        'status_dashboards/P1/service_impacts',
        'vendors',
        'webhook_subscriptions',
        'change_events',
        'incident_workflows/P1',
        'incident_workflows/triggers',
        'license_allocations',
        'nowhere',
        'nowhere/P1',
        'users/P1/nowhere',
        'a/b/c/d',
    ]
)
ENDING = st.sampled_from(
    [
        '?query=x',
        '?limit=5',
        '?a=b&c',
        '?total=true&offset=3',
        '?ids[]=1&ids[]=2',
        '?',
        '?q=%20é',
        '/',
        '//',
        '/#x',
        '#x',
        '#',
        ';a',
        '%2F',
        '%20',
        '/.',
        '/..',
        '/%2e%2e',
        '\\',
        '/é',
    ]
    + [' ']
)
URL = st.one_of(
    PATH,
    PATH.map('/{}'.format),
    PATH.map((BASE + '/{}').format),
    st.builds('{}{}'.format, PATH, ENDING),
    st.builds('{}/{}'.format, PATH, TEXT),
    st.builds('{}{}'.format, st.sampled_from(['//', ' ', './', '../', '/../', '\\']), PATH),
    st.lists(WORD, min_size=1, max_size=4).map('/'.join),
    TEXT,
    st.sampled_from(
        ['', '/', '//', BASE, BASE + '/', BASE + '?x=1', BASE + '#x', BASE + '//users']
        + [BASE + 'evil/users', BASE + '@h/users', BASE.upper() + '/users']
        + ['https://example.com/users', 'https://api.pagerduty.com/users', 'ftp://x/users']
        + ['mailto:a@b', 'http:', '://', 'users:1', 'a//b', 'http:/users', '/http://base/users']
    ),
)

# --- answers -----------------------------------------------------------------------------------

GOOD = (200, b'{"user": {"id": "P1"}, "users": [{"id": "P1"}]}', {})
STATUS = st.sampled_from(
    [200] * 8
    + [201, 202, 204, 206, 304, 400, 401, 402, 403, 404, 408, 409, 422, 429]
    + [500, 502, 503, 504, 529, 599]
)
BODY = st.one_of(
    st.sampled_from(
        [
            b'',
            b'null',
            b'[]',
            b'{}',
            b'not json',
            b'1',
            b'"text"',
            b'NaN',
            b'\xff',
            b'{"user": {}}',
        ]
        + [b'{"error": {"message": "No", "code": 2001, "errors": ["Why"]}}', b'{"errors": ["Why"]}']
        + [b'{"error": "No"}', b'{"user": {"role": "owner"}}', b'{"users": null}', b'{"users": {}}']
        + [
            b'{"users": [{"html_url": "https://acme.pagerduty.com/users/P1"}]}',
            b' {"users": []} \n',
        ]
    ),
    JSON.map(lambda value: json.dumps(value).encode()),
)
RESPONSE_HEADERS = st.dictionaries(
    st.sampled_from(['Content-Type', 'x-request-id', 'Set-Cookie', 'X-Other']),
    st.sampled_from(['application/json', 'text/html; charset=latin-1', 'a=b; path=/', '', 'x']),
    max_size=2,
)
REPLY = st.one_of(st.tuples(STATUS, BODY, RESPONSE_HEADERS), st.just(HANG_UP))


# --- areas -------------------------------------------------------------------------------------

METHOD = st.sampled_from(
    ['get', 'post', 'put', 'delete', 'rget', 'rpost', 'rput', 'rdelete', 'jget', 'jpost', 'jput'],
)


def case(owner, attributes, method, args, kwargs, replies=(GOOD,)):
    return Case(owner, attributes, method, tuple(args), kwargs, list(replies))


def on_a_path(session, call, kwargs, replies=(GOOD,)):
    owner, attributes = session
    method, args = call
    return case(owner, attributes, method, args, kwargs, replies)


REST = st.just(('APISession', {}))


@st.composite
def _urls(draw):
    method, url = draw(METHOD), draw(URL)
    if method[0] in 'rj':
        url = draw(
            st.sampled_from([url] * 6 + [{'self': url}, {'self': url, 'id': 'P1'}, {'self': None}])
        )
    kwargs = draw(_URL_OPTIONS)
    if not method.endswith(('post', 'put')):
        kwargs.pop('json', None)
    return case('APISession', {}, method, [url], kwargs)


_URL_OPTIONS = some_of(
    json=st.just({'user': {'name': 'J'}}), params=st.sampled_from([{'query': 'y'}, {}, None])
)

_NAME = st.sampled_from(
    ['query', 'ids', 'ids[]', 'limit', 'offset', 'total', 'include', 'é', 'a b', 'cursor']
)
_SCALAR = st.one_of(TEXT, TEXT, NUMBER, st.none(), st.booleans(), st.binary(max_size=3))
_PARAM = st.one_of(
    _SCALAR,
    _SCALAR,
    st.lists(_SCALAR, max_size=3),
    st.tuples(TEXT),
    st.sets(st.integers(0, 9), max_size=1),
    st.datetimes(),
    st.dictionaries(_NAME, TEXT, max_size=2),
)
_MAPPING = st.dictionaries(_NAME, _PARAM, max_size=4)
_PARAMS = st.one_of(
    _MAPPING,
    _MAPPING,
    _MAPPING,
    _MAPPING,
    st.lists(st.tuples(_NAME, _PARAM), max_size=3),
    TEXT,
    st.binary(max_size=5),
    st.none(),
)
_COLLECTION = st.sampled_from(
    ['users', 'users', '/users?query=z', 'incidents/P1', BASE + '/users?limit=3#f']
)
PARAMS = st.builds(
    on_a_path,
    REST,
    st.tuples(
        st.sampled_from(['get', 'get', 'rget', 'jget', 'delete', 'post', 'put']),
        st.tuples(_COLLECTION),
    ),
    st.fixed_dictionaries({'params': _PARAMS}),
)

BODIES = st.builds(
    on_a_path,
    REST,
    st.tuples(METHOD, st.tuples(PATH)),
    st.one_of(
        st.fixed_dictionaries({'json': JSON}),
        st.fixed_dictionaries({'json': JSON}),
        st.fixed_dictionaries(
            {'data': st.text(string.printable, max_size=8) | st.binary(max_size=8)}
        ),
        st.fixed_dictionaries(
            {
                'data': st.dictionaries(_NAME, TEXT | NUMBER | st.none(), max_size=2)
                | st.lists(st.tuples(_NAME, TEXT), max_size=2)
            }
        ),
        st.fixed_dictionaries(
            {'files': st.fixed_dictionaries({'f': st.binary(max_size=5)})},
            optional={'data': st.just({'a': 'b'})},
        ),
        some_of(json=st.none(), data=st.none()),
    ),
    st.sampled_from([[GOOD], [(204, b'', {})], [(200, b'[1]', {})]]),
)

_HEADER = st.sampled_from(
    [
        'X-A',
        'x-a',
        'Accept',
        'accept',
        'Authorization',
        'authorization',
        'From',
        'FROM',
        'User-Agent',
        'user-agent',
        'Content-Type',
        'content-type',
        'Cookie',
        'Accept-Encoding',
        'Connection',
        'X-EARLY-ACCESS',
    ]
)
_HEADER_VALUE = st.one_of(
    st.sampled_from(['a', '', 'a b', 'text/plain', 'Bearer x', 'a@b.example', 'é', b'bytes', None]),
    st.sampled_from(['a', 'close', ' lead', 5]),
    st.text(string.ascii_letters + ' ;=,"', max_size=6),
)
_KEY = mostly('another-key-5678', 'k', 'a b')
_HEADERS = some_of(headers=st.dictionaries(_HEADER, _HEADER_VALUE, max_size=3))
HEADERS = st.one_of(
    st.builds(
        on_a_path,
        st.tuples(
            st.just('APISession'),
            some_of(
                headers=st.dictionaries(_HEADER, _HEADER_VALUE, max_size=2),
                default_from=st.sampled_from(['me@example.com', '', None]),
                auth_type=st.sampled_from(['token', 'bearer', 'oauth2']),
                api_key=_KEY,
            ),
        ),
        st.tuples(METHOD, st.just(['users/P1'])),
        _HEADERS,
    ),
    st.builds(
        on_a_path,
        st.tuples(
            st.sampled_from(['EventsAPISession', 'ChangeEventsAPISession']),
            some_of(headers=st.dictionaries(_HEADER, _HEADER_VALUE, max_size=2), api_key=_KEY),
        ),
        st.just(('post', ['v2/enqueue'])),
        _HEADERS,
    ),
)

_RETRY_ATTRIBUTES = some_of(
    retry=st.dictionaries(
        st.sampled_from([200, 204, 400, 401, 404, 429, 500, 502, 503]),
        st.sampled_from([-1, 0, 1, 2, 3, 5]),
        max_size=3,
    ),
    max_http_attempts=st.sampled_from([1, 2, 3, 4, 10]),
    max_network_attempts=st.sampled_from([0, 1, 2, 3, 5]),
    sleep_timer=st.sampled_from([0, 0.5, 1, 1.5, 3]),
    sleep_timer_base=st.sampled_from([1, 1.5, 2, 3]),
    stagger_cooldown=st.sampled_from([0, 0.4, 1, 2]),
)
_RETRY_SESSIONS_AND_CALLS = st.one_of(
    st.tuples(
        st.just('APISession'),
        st.sampled_from(
            [(method, ['users/P1']) for method in ['get', 'put', 'rget', 'jget', 'rdelete']]
            + [('post', ['users']), ('list_all', ['users']), ('iter_cursor', ['audit/records'])]
        ),
    ),
    st.tuples(
        st.just('EventsAPISession'),
        st.sampled_from([('trigger', ['s', 'h']), ('resolve', ['d']), ('post', ['v2/enqueue'])]),
    ),
    st.tuples(
        st.just('ChangeEventsAPISession'),
        st.sampled_from([('submit', ['s']), ('post', ['v2/change/enqueue'])]),
    ),
)
_TROUBLE = st.one_of(
    st.tuples(
        st.sampled_from([200, 400, 401, 404, 404, 429, 500, 502, 502, 503, 504]),
        st.just(b'{"error": {"message": "m", "code": 1}}'),
        st.sampled_from(
            [{}] * 6
            + [{'ratelimit-reset': '5'}, {'Retry-After': '7'}]
            + [{'ratelimit-reset': '0'}, {'Retry-After': 'x'}]
        ),
    ),
    st.just(HANG_UP),
)
_SUCCESS = (
    202,
    b'{"dedup_key": "d", "id": "i", "users": [1], "records": [1], "user": {}, "more": false}',
    {},
)
RETRIES = st.builds(
    lambda session_and_call, attributes, troubles: on_a_path(
        (session_and_call[0], attributes), session_and_call[1], {}, troubles + [_SUCCESS]
    ),
    _RETRY_SESSIONS_AND_CALLS,
    _RETRY_ATTRIBUTES,
    st.lists(_TROUBLE, max_size=7),
)

_ITEMS = st.lists(
    st.fixed_dictionaries(
        {'id': st.sampled_from(['P1', 'P2', 'P3'])},
        optional={
            'name': st.sampled_from(['a', 'A', 'b', 'ß', None, 5]),
            'self': st.sampled_from([BASE + '/users/P1', BASE + '/users/P2', None]),
        },
    ),
    max_size=3,
)
_PAGE = st.tuples(
    mostly(200, 200, 200, 404, 429, 500, 503),
    _ITEMS,
    some_of(
        limit=st.sampled_from([1, 2, 100]),
        offset=st.sampled_from([0, 1]),
        total=st.sampled_from([None, 3]),
        more=st.booleans(),
        next_cursor=st.sampled_from(['c1', 'c2', None, '']),
    ),
    mostly(None, b'', b'null', b'[]', b'{}', b'no'),
)
_LISTING = st.sampled_from(
    [('users', 'users')] * 3
    + [('/services', 'services'), (BASE + '/teams', 'teams'), ('incidents?query=x', 'incidents')]
    + [('audit/records', 'records'), ('tags/P1/users', 'users'), ('users/P1', 'user')]
    + [('business_services/P1/subscribers', 'subscribers')]
)
_FILTERS = st.dictionaries(
    st.sampled_from(['limit', 'offset', 'total', 'query', 'ids', 'cursor']),
    st.sampled_from([1, 2, 50, 9999, '7', 'x']),
    max_size=2,
)
_PAGING = {
    'params': _FILTERS,
    'page_size': st.sampled_from([1, 2, 3, 25, 100]),
    'total': st.booleans(),
}
_LISTING_CALLS = st.one_of(
    st.tuples(st.sampled_from(['iter_all', 'list_all']), st.just(()), some_of(**_PAGING)),
    st.tuples(st.just('dict_all'), st.just(()), some_of(by=st.just('name'), **_PAGING)),
    st.tuples(st.just('iter_cursor'), st.just(()), some_of(params=_FILTERS)),
    st.tuples(
        st.just('find'),
        st.tuples(st.sampled_from(['a', 'A', 'b', 'ß', 'SS', 'None', 5, '5', ''])),
        some_of(attribute=st.sampled_from(['id', 'name', 'email']), params=_FILTERS),
    ),
    st.tuples(
        st.just('persist'),
        st.tuples(
            st.sampled_from(['name', 'id']),
            st.fixed_dictionaries(
                {'name': st.sampled_from(['a', 'b', 'c']), 'id': st.sampled_from(['P1', 'P2'])}
            ),
        ),
        some_of(update=st.booleans()),
    ),
)


def _listing(listing, call, pages, attributes):
    path, wrapper = listing
    method, args, kwargs = call
    replies = [
        (status, json.dumps(dict(control, **{wrapper: items})).encode() if raw is None else raw, {})
        for status, items, control, raw in pages
    ]
    return case('APISession', attributes, method, (path,) + args, kwargs, replies)


PAGES = st.builds(
    _listing,
    _LISTING,
    _LISTING_CALLS,
    st.lists(_PAGE, min_size=1, max_size=4),
    some_of(default_page_size=st.sampled_from([1, 2, 100])),
)

_LINKS = st.lists(
    st.fixed_dictionaries({'href': TEXT, 'src': TEXT}, optional={'text': TEXT}), max_size=2
)
_DETAILS = st.dictionaries(st.sampled_from(['a', 'b']), JSON, max_size=2)
_PAYLOAD = some_of(
    summary=TEXT, source=JSON, severity=TEXT, custom_details=_DETAILS, component=JSON
)
_KEY_OR_NOT = st.one_of(st.none(), TEXT, st.integers(0, 9))
_EVENT_CALLS = st.one_of(
    st.tuples(
        st.just('trigger'),
        st.tuples(MAYBE(TEXT), MAYBE(TEXT)),
        some_of(
            dedup_key=_KEY_OR_NOT,
            severity=st.sampled_from(['critical', 'info', 'x', None]),
            payload=MAYBE(_PAYLOAD),
            custom_details=MAYBE(_DETAILS),
            images=MAYBE(_LINKS),
            links=MAYBE(_LINKS),
        ),
    ),
    st.tuples(st.sampled_from(['acknowledge', 'resolve']), st.tuples(_KEY_OR_NOT), st.just({})),
    st.tuples(
        st.just('send_event'),
        st.tuples(st.sampled_from(['trigger', 'acknowledge', 'resolve', 'x', None])),
        some_of(dedup_key=_KEY_OR_NOT, payload=JSON, client=JSON, routing_key=TEXT, x=JSON),
    ),
)
_CHANGE_CALLS = st.one_of(
    st.tuples(
        st.just('submit'),
        st.tuples(MAYBE(TEXT)),
        some_of(
            source=MAYBE(TEXT),
            custom_details=MAYBE(_DETAILS),
            links=MAYBE(_LINKS),
            timestamp=st.sampled_from([None, 'noon', '2024-01-02T03:04:05Z', '', 5]),
        ),
    ),
    st.tuples(st.just('send_change_event'), st.just(()), some_of(payload=JSON, links=JSON, x=JSON)),
)
_TAKEN = (202, b'{"status": "success", "dedup_key": "d", "id": "i"}', {})
_EVENT_REPLIES = st.one_of(
    st.just([_TAKEN]), st.just([_TAKEN]), st.lists(REPLY, min_size=1, max_size=1)
)
EVENTS = st.builds(
    lambda owner_and_call, replies: case(
        owner_and_call[0], {}, owner_and_call[1][0], *owner_and_call[1][1:], replies=replies
    ),
    st.tuples(st.just('EventsAPISession'), _EVENT_CALLS)
    | st.tuples(st.just('ChangeEventsAPISession'), _CHANGE_CALLS),
    _EVENT_REPLIES,
)

RESPONSES = st.builds(
    lambda call, replies: case('APISession', {}, *call, replies=replies),
    st.sampled_from(
        [(method, ['users/P1'], {}) for method in ['get', 'rget', 'jget', 'rdelete', 'delete']]
        + [('rpost', ['users'], {'json': {'name': 'x'}}), ('rput', ['incidents'], {'json': []})]
        + [('rput', ['users/P1'], {'json': {'name': 'x'}}), ('list_all', ['users'], {})]
        + [('iter_cursor', ['audit/records'], {}), ('find', ['users', 'x'], {})]
        + [('persist', ['users', 'name', {'name': 'a'}], {}), ('api_key_access', [], {})]
        + [('subdomain', [], {}), ('rget', ['analytics/raw/incidents/P1'], {})]
        + [('rget', ['users'], {}), ('jpost', ['users'], {})]
    ),
    st.lists(REPLY, min_size=1, max_size=2),
)

_WORD = st.one_of(
    st.text(string.ascii_lowercase + '_', max_size=10),
    st.sampled_from(
        [
            'users',
            'policies',
            'escalation_policies',
            'entries',
            'user',
            'priority',
            'vendors',
            'log_entry',
        ]
    ),
)
_VERB = st.sampled_from(['GET', 'POST', 'PUT', 'DELETE', 'get', 'HEAD'])
_NODES = st.lists(_WORD | _WORD.map('{{{}}}'.format), min_size=1, max_size=4).map('/'.join)
_SOME_PATH = st.one_of(PATH, PATH.map('/{}'.format), URL, _NODES.map('/{}'.format))
_BASE = st.sampled_from([BASE, BASE + '/', 'https://api.pagerduty.com'])
FUNCTIONS = st.one_of(
    st.tuples(st.just('singular_name'), st.tuples(_WORD)),
    st.tuples(st.just('plural_name'), st.tuples(_WORD)),
    st.tuples(st.just('canonical_path'), st.tuples(_BASE, _SOME_PATH)),
    st.tuples(st.just('normalize_url'), st.tuples(_BASE, _SOME_PATH)),
    st.tuples(
        st.just('endpoint_matches'),
        st.tuples(
            st.builds('{} /{}'.format, st.sampled_from(['GET', '*', 'POST']), PATH),
            _VERB,
            PATH.map('/{}'.format),
        ),
    ),
    st.tuples(st.just('is_path_param'), st.tuples(TEXT | _WORD.map('{{{}}}'.format))),
    st.tuples(st.just('infer_entity_wrapper'), st.tuples(_VERB, _SOME_PATH)),
    st.tuples(st.just('entity_wrappers'), st.tuples(_VERB, _SOME_PATH)),
    st.tuples(st.just('truncate_text'), st.tuples(st.text('ab', max_size=250))),
    st.tuples(st.just('last_4'), st.tuples(st.text('ab', max_size=9))),
).map(lambda call: case(None, {}, call[0], call[1], {}, []))

#: ``{area: cases}`` for differences that the strategies seldom draw.
EXAMPLES = {
    'bodies': [
        case('APISession', {}, 'rput', ['incidents'], {'json': {'incident': {}}}),
        case('APISession', {}, 'rpost', ['users'], {'json': ['user']}),
        case('APISession', {}, 'rget', ['abilities/sso'], {}),
    ],
    'headers': [
        case('APISession', {'headers': {'User-Agent': ' a'}}, 'get', ['users'], {}),
        case('EventsAPISession', {'headers': {'Content-Type': 5}}, 'post', ['v2/enqueue'], {}),
    ],
    'events': [
        case('EventsAPISession', {}, 'send_event', ['trigger'], {'routing_key': 'r'}, [_TAKEN]),
        case('EventsAPISession', {}, 'trigger', ['s', 'h'], {'links': [{'text': 't'}]}, [_TAKEN]),
        case('EventsAPISession', {}, 'resolve', [5], {}, [_TAKEN]),
    ],
    'pages': [
        case(
            'APISession', {}, 'find', ['users', 'None'], {}, [(200, b'{"users": [{"id": 1}]}', {})]
        ),
        case(
            'APISession', {}, 'list_all', ['users'], {}, [(200, b'{"users": [], "more": true}', {})]
        ),
    ],
    'retries': [
        case(
            'APISession',
            {'retry': {404: -1}, 'max_http_attempts': 1},
            'get',
            ['users'],
            {},
            [(404, b'', {})] * 5,
        ),
        case('APISession', {}, 'get', ['users'], {}, [(429, b'', {'Retry-After': '1'})]),
        case('ChangeEventsAPISession', {}, 'submit', ['s'], {}, [(504, b'', {}), _TAKEN]),
    ],
    'responses': [
        case(
            'APISession', {}, 'rput', ['incidents'], {'json': []}, [(200, b'{"incident": {}}', {})]
        ),
        case(
            'APISession',
            {},
            'list_all',
            ['users'],
            {},
            [(200, b'{"users": null, "more": false}', {})],
        ),
        case('APISession', {}, 'api_key_access', [], {}, [(500, b'{}', {})]),
        case('APISession', {}, 'subdomain', [], {}, [(404, b'{}', {})]),
        case('APISession', {}, 'rget', ['users/P1'], {}, [(304, b'', {})]),
    ],
    'functions': [
        case(None, {}, 'normalize_url', [BASE + '/', BASE + '#x'], {}, []),
        case(None, {}, 'normalize_url', [BASE, 'https://example.com'], {}, []),
        case(None, {}, 'canonical_path', [BASE, 'tags/P1/anything'], {}, []),
        case(None, {}, 'canonical_path', [BASE, 'users/'], {}, []),
        case(None, {}, 'plural_name', ['address'], {}, []),
    ],
}

AREAS = {
    'urls': _urls(),
    'params': PARAMS,
    'bodies': BODIES,
    'headers': HEADERS,
    'retries': RETRIES,
    'pages': PAGES,
    'events': EVENTS,
    'responses': RESPONSES,
    'functions': FUNCTIONS,
}
