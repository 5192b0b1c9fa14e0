"""iter_all, iter_cursor, list_all, dict_all, find and persist."""

from scenarios import Table, error, ok, page

TABLE = Table('pages')


def user(name, number=1, **more):
    return dict({'id': 'PUSER0{}'.format(number), 'name': name}, **more)


def iterate(*args, **kwargs):
    """iter_all with these arguments, every item noted."""

    def call(lab):
        lab.drain(lab.rest.iter_all(*args, **kwargs))

    return call


def iterate_hooked(*args, **kwargs):
    def call(lab):
        return list(lab.rest.iter_all(*args, item_hook=lab.note, **kwargs))

    return call


# --- iter_all ----------------------------------------------------------------------------------

TABLE.add('iter_all of one page', iterate('users'), page('users', [1, 2]))
TABLE.add('iter_all of an empty page', iterate('users'), page('users', []))
TABLE.add(
    'iter_all of three full pages',
    iterate('users', page_size=2),
    page('users', [1, 2], True),
    page('users', [3, 4], True),
    page('users', [5]),
)
TABLE.add(
    'iter_all with everything by position',
    lambda lab: list(lab.rest.iter_all('users', {'query': 'x'}, 2, lab.note, True)),
    page('users', [1], total=1),
)
TABLE.add(
    'iter_all of a full URL',
    lambda lab: lab.drain(lab.rest.iter_all(lab.url + '/users')),
    page('users', [1]),
)
TABLE.add(
    'iter_all of a nested path', iterate('/incidents/PABC123/log_entries'), page('log_entries', [1])
)
TABLE.add(
    'iter_all of an odd wrapper',
    iterate('users/PABC123/notification_subscriptions'),
    page('subscriptions', [1]),
)
TABLE.add(
    'iter_all of an odd wrapper named after its parent',
    iterate('users/PABC123/sessions'),
    page('user_sessions', [1]),
)
TABLE.add(
    'iter_all with filters',
    iterate(
        'incidents', params={'user_ids[]': ['PABC123'], 'statuses': ['triggered', 'acknowledged']}
    ),
    page('incidents', [1]),
)
TABLE.add(
    'iter_all with a limit in params',
    iterate('users', params={'limit': 7}, page_size=3),
    page('users', [1]),
)
TABLE.add(
    'iter_all with a limit over 100', iterate('users', params={'limit': 500}), page('users', [1])
)
TABLE.add(
    'iter_all with a limit as str',
    iterate('users', params={'limit': '2', 'offset': '4'}),
    page('users', [1]),
)
TABLE.add(
    'iter_all with an offset',
    iterate_hooked('users', params={'offset': 10, 'limit': 2}),
    page('users', [1, 2], True),
    page('users', [3]),
)
TABLE.add(
    'iter_all with a total in params',
    iterate('users', params={'total': 'true'}),
    page('users', [1], total=1),
)
TABLE.add(
    'iter_all with total=False in params',
    iterate('users', params={'total': False}),
    page('users', [1]),
)
TABLE.add('iter_all with a query in the path', iterate('users?query=x'), page('users', [1]))
TABLE.add(
    'iter_all with limit and offset in the path',
    iterate('users?limit=25&offset=50'),
    page('users', [1]),
)
TABLE.add(
    'iter_all on another default_page_size',
    lambda lab: list(lab.aim(lab.rest, default_page_size=25).iter_all('users')),
    page('users', [1]),
)
TABLE.add(
    'iter_all with params as pairs', iterate('users', params=[('query', 'x')]), page('users', [1])
)

TABLE.add(
    'item_hook',
    iterate_hooked('users', page_size=2),
    page('users', [1, 2], True),
    page('users', [3]),
)
TABLE.add(
    'item_hook with a total',
    iterate_hooked('users', page_size=2, total=True),
    page('users', [1, 2], True, total=3),
    page('users', [3], total=3),
)
TABLE.add(
    'item_hook with a total that nobody asked for',
    iterate_hooked('users'),
    page('users', [1], total=1),
)
TABLE.add('item_hook with a total of null', iterate_hooked('users'), page('users', [1], total=None))
TABLE.add(
    'item_hook that raises',
    lambda lab: list(lab.rest.iter_all('users', item_hook=lambda item, n, total: 1 / 0)),
    page('users', [1]),
)


def fetched_as_consumed(lab):
    items = lab.rest.iter_all('users', page_size=2)
    lab.note(len(lab.api.seen))
    for _ in range(2):
        next(items)
        lab.note(len(lab.api.seen))
    next(items)
    lab.note(len(lab.api.seen))


TABLE.add('iter_all is lazy', fetched_as_consumed, page('users', [1, 2], True), page('users', [3]))


def params_left_alone(lab):
    params = {'query': 'x', 'ids': ['a']}
    lab.rest.list_all('users', params=params, page_size=1)
    return params


TABLE.add(
    'iter_all leaves params alone', params_left_alone, page('users', [1], True), page('users', [2])
)

TABLE.add(
    'iter_all over a short page',
    iterate('users', page_size=10),
    page('users', [1, 2], True),
    page('users', [3], True),
    page('users', [4]),
)
TABLE.add(
    'iter_all where the server caps the limit',
    iterate('users', params={'limit': 500}),
    page('users', [1, 2], True, limit=2),
    page('users', [3], limit=2),
)
TABLE.add(
    'iter_all over an empty page with more',
    iterate('users', page_size=2),
    page('users', [], True),
    page('users', [], True),
    page('users', []),
)
TABLE.add('iter_all without "more"', iterate('users'), ok({'users': [1, 2]}))
TABLE.add('iter_all with "more" of null', iterate('users'), page('users', [1], None))

TABLE.add(
    'iter_all up to the very limit',
    lambda lab: len(lab.rest.list_all('users', params={'offset': 9900})),
    page('users', list(range(100)), True),
)
TABLE.add(
    'iter_all into the limit by steps that do not fit',
    lambda lab: len(lab.rest.list_all('users', params={'offset': 9960, 'limit': 30})),
    page('users', list(range(30)), True),
    page('users', list(range(10)), True),
)
TABLE.add(
    'iter_all into the limit',
    lambda lab: len(lab.rest.list_all('users', params={'offset': 9850})),
    page('users', list(range(100)), True),
    page('users', list(range(50)), True),
)
TABLE.add(
    'iter_all that starts where its first page would pass the limit',
    iterate('users', params={'offset': 9950}),
)
TABLE.add('iter_all that starts at the limit', iterate('users', params={'offset': 10000}))

NO_COLLECTION = {
    'a singular path': 'users/PABC123',
    'users/me': 'users/me',
    'an unwrapped endpoint': 'analytics/raw/incidents',
    'a URL elsewhere': 'https://example.com/users',
    'a number': 5,
}
for what, path in NO_COLLECTION.items():
    TABLE.add('iter_all of {}'.format(what), iterate(path), ok({'user': {'a': 1}}))
TABLE.add('iter_all of an unlisted path', iterate('incident_types'), page('incident_types', [1]))
TABLE.add(
    'iter_all raises at the first item, not before',
    lambda lab: lab.note(type(lab.rest.iter_all('users/PABC123')).__name__),
)

TABLE.add('iter_all: the wrapper is missing', iterate('users'), ok({'teams': [], 'more': False}))
TABLE.add('iter_all: a list', iterate('users'), ok([1]))
TABLE.add('iter_all: invalid JSON', iterate('users'), ok(b'<html>'))
TABLE.add('iter_all: empty', iterate('users'), ok(status=204))
for status in (400, 401, 404, 500, 503):
    TABLE.add('iter_all: a {}'.format(status), iterate('users'), error(status))
TABLE.add(
    'iter_all: a 404 on the second page',
    iterate('users', page_size=2),
    page('users', [1, 2], True),
    error(404),
)
TABLE.add(
    'iter_all: a 429 in between',
    iterate('users', page_size=2),
    page('users', [1, 2], True),
    error(429),
    page('users', [3]),
)

# --- cursors -----------------------------------------------------------------------------------


def records(items, cursor=None):
    return ok({'records': items, 'next_cursor': cursor})


def follow(*args, **kwargs):
    def call(lab):
        lab.drain(lab.rest.iter_cursor(*args, **kwargs))

    return call


TABLE.add('iter_cursor', follow('audit/records'), records([1, 2], 'abc'), records([3]))
TABLE.add('iter_cursor of a nested path', follow('/users/PABC123/audit/records'), records([1]))
TABLE.add(
    'iter_cursor with params',
    follow('audit/records', params={'limit': 5, 'actions': ['create'], 'cursor': 'start'}),
    records([1], 'abc'),
    records([2]),
)
TABLE.add(
    'iter_cursor with an item_hook',
    lambda lab: list(lab.rest.iter_cursor('audit/records', {'limit': 2}, lab.note)),
    records([1, 2], 'abc'),
    records([3]),
)
TABLE.add(
    'iter_cursor over an empty page', follow('audit/records'), records([], 'abc'), records([1])
)
TABLE.add('iter_cursor without next_cursor', follow('audit/records'), ok({'records': [1]}))
TABLE.add('iter_cursor with an empty next_cursor', follow('audit/records'), records([1], ''))
TABLE.add('iter_cursor of a path without cursors', follow('users'), page('users', [1]))
TABLE.add('iter_cursor of a singular path', follow('users/PABC123'))
TABLE.add('iter_cursor: a 404', follow('audit/records'), error(404))
TABLE.add(
    'iter_cursor: a 500 on the second page',
    follow('audit/records'),
    records([1], 'abc'),
    error(500),
)
TABLE.add(
    'iter_cursor: the wrapper is missing',
    follow('audit/records'),
    ok({'users': [1], 'next_cursor': 'abc'}),
)
TABLE.add(
    'iter_all of a path with cursors',
    iterate('audit/records'),
    records([1, 2], 'abc'),
    records([3]),
)
TABLE.add(
    'list_all of a path with cursors',
    lambda lab: lab.rest.list_all('audit/records', params={'actions': ['create']}),
    records([1], 'abc'),
    records([2]),
)
TABLE.add(
    'dict_all of a path with cursors',
    lambda lab: lab.rest.dict_all('automation_actions/actions'),
    ok({'actions': [user('a')], 'next_cursor': None}),
)
TABLE.add(
    'find on a path with cursors',
    lambda lab: lab.rest.find('incident_workflows/actions', 'b'),
    ok({'actions': [user('a')], 'next_cursor': 'abc'}),
    ok({'actions': [user('b', 2)], 'next_cursor': None}),
)

# --- list_all, dict_all ------------------------------------------------------------------------

TWO = page('users', [user('Jane'), user('Joe', 2)])

TABLE.add('list_all', lambda lab: lab.rest.list_all('users'), TWO)
TABLE.add(
    'list_all with all keywords',
    lambda lab: lab.rest.list_all(
        'users', params={'query': 'J'}, page_size=9, item_hook=lab.note, total=True
    ),
    TWO,
)
TABLE.add(
    'list_all: a 500 on the second page',
    lambda lab: lab.rest.list_all('users', page_size=1),
    page('users', [1], True),
    error(500),
)
TABLE.add('dict_all', lambda lab: lab.rest.dict_all('users'), TWO)
TABLE.add(
    'dict_all by name',
    lambda lab: lab.rest.dict_all('users', by='name', params={'query': 'J'}),
    TWO,
)
TABLE.add(
    'dict_all where two have the same key',
    lambda lab: lab.rest.dict_all('users', by='name'),
    page('users', [user('Jane'), user('Jane', 2)]),
)
TABLE.add(
    'dict_all by what one does not have', lambda lab: lab.rest.dict_all('users', by='email'), TWO
)
TABLE.add('dict_all by position', lambda lab: lab.rest.dict_all('users', 'name'), TWO)

# --- find --------------------------------------------------------------------------------------

TABLE.add(
    'find',
    lambda lab: lab.rest.find('users', 'jane'),
    page('users', [user('Jane Doe'), user('JANE', 2), user('jane', 3)]),
)
TABLE.add('find none', lambda lab: lab.rest.find('users', 'Jim'), TWO)
TABLE.add(
    'find by another attribute',
    lambda lab: lab.rest.find('users', 'J@X.example', attribute='email'),
    page('users', [user('J', email='j@x.EXAMPLE')]),
)
TABLE.add('find by position', lambda lab: lab.rest.find('users', 'Joe', 'name', {'limit': 7}), TWO)
TABLE.add(
    'find with params',
    lambda lab: lab.rest.find('users', 'Joe', params={'include': ['teams'], 'query': 'overruled'}),
    TWO,
)
TABLE.add(
    'find on the second page',
    lambda lab: lab.rest.find('users', 'Joe'),
    page('users', [user('Jane')] * 100, True),
    page('users', [user('Joe', 2)]),
)
TABLE.add(
    'find stops at the first',
    lambda lab: lab.rest.find('users', 'Jane'),
    page('users', [user('Jane')], True),
)
TABLE.add(
    'find a number', lambda lab: lab.rest.find('users', 5), page('users', [user('5'), user(5, 2)])
)
TABLE.add(
    'find a number that is text there',
    lambda lab: lab.rest.find('users', '5'),
    page('users', [user(5)]),
)
TABLE.add(
    'find where results lack the attribute',
    lambda lab: lab.rest.find('users', 'Jane'),
    page('users', [{'id': 'PABC123'}, user('Jane')]),
)
TABLE.add(
    'find the text None', lambda lab: lab.rest.find('users', 'None'), page('users', [user(None)])
)
TABLE.add(
    'find on an unwrapped endpoint', lambda lab: lab.rest.find('analytics/raw/incidents', 'x')
)
TABLE.add('find: a 403', lambda lab: lab.rest.find('users', 'x'), error(403))

# --- persist -----------------------------------------------------------------------------------


def persist(values, existing, update=False):
    """persist() by name, where the server already has these users."""

    def call(lab):
        there = [dict(found, self=lab.url + '/users/' + found['id']) for found in existing]
        lab.api.reply(body={'users': there, 'more': False})
        lab.api.reply(body={'user': {'id': 'FROM THE SERVER'}})
        return lab.rest.persist('users', 'name', values, update=update)

    return call


TABLE.add('persist what exists', persist({'name': 'Jane'}, [user('Jane')]))
TABLE.add(
    'persist what exists, though different',
    persist({'name': 'Jane', 'role': 'owner'}, [user('Jane', role='user')]),
)
TABLE.add('persist what is new', persist({'name': 'Joe', 'role': 'user'}, [user('Jane')]))
TABLE.add(
    'persist with update what differs',
    persist({'name': 'Jane', 'role': 'owner'}, [user('Jane', role='user')], update=True),
)
TABLE.add(
    'persist with update what lacks a property',
    persist({'name': 'Jane', 'role': 'owner'}, [user('Jane')], update=True),
)
TABLE.add(
    'persist with update what is the same',
    persist({'name': 'Jane', 'role': 'user'}, [user('Jane', role='user')], update=True),
)
TABLE.add('persist with update what is new', persist({'name': 'Joe'}, [], update=True))
TABLE.add(
    'persist with update what differs in case',
    persist({'name': 'JANE'}, [user('Jane')], update=True),
)
TABLE.add(
    'persist with update a bare reference',
    persist(
        {'name': 'Jane', 'team': {'id': 'PTEAM01', 'type': 'team_reference'}},
        [user('Jane', team={'id': 'PTEAM01', 'type': 'team_reference', 'summary': 'A'})],
        update=True,
    ),
)
TABLE.add(
    'persist with update what has no self',
    lambda lab: lab.rest.persist('users', 'name', {'name': 'Jane', 'role': 'owner'}, update=True),
    page('users', [user('Jane', self=None)]),
    ok({'user': {}}),
)
TABLE.add(
    'persist without the attribute', lambda lab: lab.rest.persist('users', 'name', {'role': 'user'})
)
TABLE.add(
    'persist: a 400 on creating',
    lambda lab: lab.rest.persist('users', 'name', {'name': 'Joe'}),
    page('users', []),
    error(400),
)


def values_left_alone(lab):
    values = {'name': 'Joe', 'teams': [{'id': 'PTEAM01'}]}
    lab.rest.persist('users', 'name', values)
    return values


TABLE.add(
    "persist leaves the caller's values alone",
    values_left_alone,
    page('users', []),
    ok({'user': {}}, 201),
)
