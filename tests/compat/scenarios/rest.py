"""get, post, put, delete, their j* and r* forms, and facts about the account."""

import collections
import datetime
import io
import os
import tempfile
from unittest import mock

from scenarios import Table, error, ok, page

TABLE = Table('rest')

USER = {'user': {'id': 'PABC123', 'name': 'Jane'}}


def look_alike(lab):
    """Return a URL of the other server that starts with the session's own."""
    return '{}@{}/users'.format(lab.url, lab.elsewhere.url.split('//')[1])


# --- plain methods -----------------------------------------------------------------------------

PATHS = {
    'a path': 'users',
    'a path with its slash': '/users',
    'two slashes': '//users',
    'a trailing slash': 'users/',
    'a query of its own': 'users?query=x',
    'a path that no table lists': 'nowhere/PABC123',
    'nothing': '',
}
for what, path in PATHS.items():
    TABLE.add('get {}'.format(what), lambda lab, path=path: lab.rest.get(path), ok(USER))

TABLE.add('get a full URL', lambda lab: lab.rest.get(lab.url + '/users/PABC123'), ok(USER))
TABLE.add('get a URL elsewhere', lambda lab: lab.rest.get('https://example.com/users'))
TABLE.add('get a look-alike host', lambda lab: lab.rest.get(look_alike(lab)))
TABLE.add(
    'rput a dict whose self has a look-alike host',
    lambda lab: lab.rest.rput({'self': look_alike(lab)}, json={}),
)
TABLE.add('get with .. in the path', lambda lab: lab.rest.get('users/../teams'), ok())

PARAMS = {
    'text and numbers': {'query': 'Jane Doe', 'limit': 5},
    'a list': {'ids': ['a', 'b']},
    'a list under its full name': {'ids[]': ['a', 'b']},
    'an empty list': {'ids': [], 'limit': 1},
    'None as a value': {'query': None, 'limit': 1},
    'none at all': None,
    'characters to escape': {'query': 'ä&b=c d+e'},
    'a tuple': {'ids': ('a', 'b')},
    'a set': {'ids': {'a'}},
    'a bool': {'total': True},
    'a datetime': {'since': datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)},
    'a list of pairs': [('query', 'x'), ('limit', '1')],
    'a str': 'query=x&limit=1',
}
for what, params in PARAMS.items():
    TABLE.add(
        'get with {} in params'.format(what),
        lambda lab, params=params: lab.rest.get('users', params=params),
        ok(),
    )
TABLE.add(
    'get with a query and params',
    lambda lab: lab.rest.get('users?query=x', params={'limit': 5}),
    ok(),
)

for method in ('post', 'put', 'delete'):
    TABLE.add(
        '{} with JSON'.format(method),
        lambda lab, method=method: getattr(lab.rest, method)('users/PABC123', json=USER),
        ok(USER),
    )
    TABLE.add(
        '{} without a body'.format(method),
        lambda lab, method=method: getattr(lab.rest, method)('users/PABC123'),
        ok(None, 204),
    )
    TABLE.add(
        '{} with data'.format(method),
        lambda lab, method=method: getattr(lab.rest, method)('users/PABC123', data='{"user": {}}'),
        ok(USER),
    )
TABLE.add('post JSON as third argument', lambda lab: lab.rest.post('users', None, USER), ok(USER))
TABLE.add(
    'post JSON with params',
    lambda lab: lab.rest.post('users', json=USER, params={'ids': ['a']}),
    ok(USER),
)
TABLE.add('post a file', lambda lab: lab.rest.post('users', files={'f': b'content'}), ok())
TABLE.add('post form fields', lambda lab: lab.rest.post('users', data={'a': 'b'}), ok())
TABLE.add(
    'post an open file',
    lambda lab: lab.rest.post('users', data=io.BufferedReader(io.BytesIO(b'{"user": {}}'))),
    ok(USER),
)
TABLE.add(
    'post a generator',
    lambda lab: lab.rest.post('users', data=(part for part in (b'{"user":', b' {}}'))),
    ok(USER),
)
TABLE.add('post invalid JSON', lambda lab: lab.rest.post('users', json=float('nan')))

for method in ('patch', 'head', 'options'):
    TABLE.add(method, lambda lab, method=method: getattr(lab.rest, method)('users'), ok())
TABLE.add('request in small letters', lambda lab: lab.rest.request('get', 'users'), ok())
TABLE.add(
    'request by keywords', lambda lab: lab.rest.request(method='POST', url='users', json=USER), ok()
)
TABLE.add('request with a method of its own', lambda lab: lab.rest.request('PURGE', 'users'))

# --- headers -----------------------------------------------------------------------------------

HEADERS = {
    'one more': {'X-Extra': '1'},
    "the caller's own Accept": {'Accept': 'text/plain'},
    "the caller's own Accept in small letters": {'accept': 'text/plain'},
    "the caller's own Authorization": {'Authorization': 'Bearer mine'},
    "the caller's own authorization in small letters": {'authorization': 'Bearer mine'},
    "the caller's own From": {'From': 'you@example.com'},
    "the caller's own User-Agent": {'User-Agent': 'mine/1'},
    'None': None,
}
for what, headers in HEADERS.items():
    TABLE.add(
        'headers: {}'.format(what),
        lambda lab, headers=headers: lab.aim(lab.rest, default_from='me@example.com').get(
            'users', headers=headers
        ),
        ok(),
    )
TABLE.add(
    "headers: the caller's own Content-Type",
    lambda lab: lab.rest.post('users', data='text', headers={'content-type': 'text/plain'}),
    ok(),
)
TABLE.add(
    'headers: a session header',
    lambda lab: lab.rest.headers.update({'X-Extra': 'always'}) or lab.rest.get('users'),
    ok(),
)
TABLE.add(
    "headers: the session's own User-Agent",
    lambda lab: lab.rest.headers.update({'User-Agent': 'mine/1'}) or lab.rest.get('users'),
    ok(),
)
TABLE.add(
    'headers: From on a multi-update',
    lambda lab: lab.aim(lab.rest, default_from='me@example.com').rput(
        'incidents', json=[{'id': 'PABC123'}]
    ),
    ok({'incidents': []}),
)
TABLE.add(
    'headers: a cookie of the server',
    lambda lab: [lab.rest.get('users').ok for _ in range(2)],
    ok(set_cookie='session=1'),
    ok(),
)


def headers_left_alone(lab):
    headers = {'X-Extra': '1'}
    lab.rest.post('users', headers=headers)
    return headers


TABLE.add("headers: the caller's dict is left alone", headers_left_alone, ok())

# --- redirects ---------------------------------------------------------------------------------

TABLE.add(
    'redirect of a GET',
    lambda lab: lab.rest.rget('users/PABC123'),
    ok(status=302, location='/users/PDEF456'),
    ok(USER),
)
TABLE.add(
    'redirect of a POST',
    lambda lab: lab.rest.post('users', json=USER),
    ok(status=302, location='/users/PDEF456'),
    ok(USER),
)

TABLE.add(
    'redirect to another server',
    lambda lab: (
        lab.api.reply(307, headers={'Location': lab.elsewhere.url + '/users'}),
        lab.aim(lab.rest, default_from='me@example.com').rget('users'),
    )[-1],
)
TABLE.add(
    'redirect of a PUT to another server',
    lambda lab: (
        lab.api.reply(307, headers={'Location': lab.elsewhere.url + '/users/PABC123'}),
        lab.rest.put('users/PABC123', json=USER),
    )[-1],
)
TABLE.add(
    'redirect loop',
    lambda lab: (
        lab.api.rule(lambda seen: ok(status=302, location='/users')),
        lab.rest.get('users'),
    )[-1],
)

# --- the key and ~/.netrc ----------------------------------------------------------------------


def with_netrc(lab):
    with tempfile.TemporaryDirectory() as directory:
        netrc = os.path.join(directory, 'netrc')
        with open(netrc, 'w') as file:
            file.write('machine 127.0.0.1 login somebody password else\n')
        with mock.patch.dict(os.environ, NETRC=netrc):
            return lab.rest.get('users')


TABLE.add('get where ~/.netrc names the host', with_netrc, ok())

# --- j* ----------------------------------------------------------------------------------------

TABLE.add('jget', lambda lab: lab.rest.jget('users/PABC123'), ok(USER))
TABLE.add('jget a dict', lambda lab: lab.rest.jget({'self': lab.url + '/users/PABC123'}), ok(USER))
TABLE.add('jget an unlisted path', lambda lab: lab.rest.jget('no/where'), ok([1, 2]))
TABLE.add('jget a 204', lambda lab: lab.rest.jget('users/PABC123'), ok(status=204))
TABLE.add('jget an empty 200', lambda lab: lab.rest.jget('users/PABC123'), ok())
TABLE.add('jget invalid JSON', lambda lab: lab.rest.jget('users/PABC123'), ok(b'<html>'))
for status in (400, 403, 404, 500, 503):
    TABLE.add('jget a {}'.format(status), lambda lab: lab.rest.jget('users'), error(status))
TABLE.add('jpost', lambda lab: lab.rest.jpost('users', json=USER), ok(USER, 201))
TABLE.add(
    'jpost leaves the body alone',
    lambda lab: lab.rest.jpost('users', json={'name': 'x'}),
    ok(USER, 201),
)
TABLE.add('jput', lambda lab: lab.rest.jput('users/PABC123', json=USER), ok(USER))
TABLE.add('jput a 400', lambda lab: lab.rest.jput('users/PABC123', json=USER), error(400))

# --- rget --------------------------------------------------------------------------------------

TABLE.add('rget one', lambda lab: lab.rest.rget('users/PABC123'), ok(USER))
TABLE.add(
    'rget many',
    lambda lab: lab.rest.rget('users', params={'query': 'Dan', 'limit': 1}),
    page('users', [1, 2]),
)
TABLE.add('rget users/me', lambda lab: lab.rest.rget('users/me'), ok(USER))
TABLE.add(
    'rget with all sorts of keywords',
    lambda lab: lab.rest.rget(
        'users/PABC123', params={'include': ['teams']}, headers={'X-Extra': '1'}, timeout=3
    ),
    ok(USER),
)
TABLE.add(
    'rget of an unwrapped endpoint',
    lambda lab: lab.rest.rget('analytics/raw/incidents/PABC123'),
    ok({'id': 1, 'x': 2}),
)
TABLE.add(
    'rget of an odd wrapper',
    lambda lab: lab.rest.rget('users/PABC123/sessions'),
    ok({'user_sessions': [1]}),
)
TABLE.add(
    'rget of an unlisted path',
    lambda lab: lab.rest.rget('incident_types'),
    ok({'incident_types': [1]}),
)
TABLE.add(
    'rget of a literal that looks like an ID',
    lambda lab: lab.rest.rget('incidents/custom_fields'),
    ok({'fields': [1]}),
)

SELVES = {
    'a dict': lambda lab: {'self': lab.url + '/users/PABC123', 'id': 'PABC123'},
    'a dict with a path': lambda lab: {'self': '/users/PABC123'},
    'an ordered dict': lambda lab: collections.OrderedDict(self=lab.url + '/users/PABC123'),
    'a dict without self': lambda lab: {'id': 'PABC123'},
    'a dict whose self is None': lambda lab: {'self': None},
    'a dict whose self is a number': lambda lab: {'self': 5},
    'a dict whose self is elsewhere': lambda lab: {'self': 'https://example.com/users/PABC123'},
    'None': lambda lab: None,
    'a number': lambda lab: 5,
    'a list': lambda lab: ['users'],
}
for what, resource in SELVES.items():
    TABLE.add(
        'rget {}'.format(what),
        lambda lab, resource=resource: lab.rest.rget(resource(lab)),
        ok(USER),
    )

TABLE.add(
    'rget: the wrapper is missing', lambda lab: lab.rest.rget('users/PABC123'), ok({'team': {}})
)
TABLE.add('rget: a list', lambda lab: lab.rest.rget('users/PABC123'), ok([1]))
TABLE.add('rget: an empty 200', lambda lab: lab.rest.rget('users/PABC123'), ok())
TABLE.add('rget: a 204', lambda lab: lab.rest.rget('abilities/sso'), ok(status=204))
TABLE.add('rget: invalid JSON', lambda lab: lab.rest.rget('users/PABC123'), ok(b'<html>'))
for status in (400, 402, 403, 404, 410, 500, 502, 503, 504):
    TABLE.add(
        'rget: a {}'.format(status), lambda lab: lab.rest.rget('users/PABC123'), error(status)
    )
for status in (404, 500):
    TABLE.add(
        'get: a {} is returned'.format(status),
        lambda lab: lab.rest.get('users/PABC123'),
        error(status),
    )


def as_in_the_guide(lab):
    """Handle an error as in the guide's example."""
    try:
        return lab.rest.rget('users/PJKL678')
    except lab.pdpyras.PDClientError as error:
        if error.response:
            return 'HTTP error {}'.format(error.response.status_code)
        return 'network or client error'


TABLE.add('errors are told apart as in the guide', as_in_the_guide, error(404, 'Not Found'))

# --- rpost, rput, rdelete ----------------------------------------------------------------------

TABLE.add(
    'rpost a bare dict', lambda lab: lab.rest.rpost('users', json={'name': 'Jane'}), ok(USER, 201)
)
TABLE.add('rpost a wrapped dict', lambda lab: lab.rest.rpost('users', json=USER), ok(USER, 201))
TABLE.add(
    'rpost a wrapped dict with more in it',
    lambda lab: lab.rest.rpost('users', json=dict(USER, extra=1)),
    ok(USER, 201),
)
TABLE.add('rpost without a body', lambda lab: lab.rest.rpost('users'), ok(USER, 201))
TABLE.add('rpost data', lambda lab: lab.rest.rpost('users', data='{"user": {}}'), ok(USER, 201))
TABLE.add('rpost None', lambda lab: lab.rest.rpost('users', json=None), ok(USER, 201))
TABLE.add(
    "rpost a str that holds the wrapper's name",
    lambda lab: lab.rest.rpost('users', json='user'),
    ok(USER, 201),
)
TABLE.add(
    "rpost a list that holds the wrapper's name",
    lambda lab: lab.rest.rpost('business_services/PABC123/subscribers', json=['subscribers']),
    ok({'subscriptions': []}),
)
TABLE.add(
    'rpost a note',
    lambda lab: lab.rest.rpost(
        'incidents/PABC123/notes', json={'content': 'Hello'}, headers={'From': 'me@example.com'}
    ),
    ok({'note': {'id': 1}}),
)
TABLE.add(
    'rpost where the request is not wrapped',
    lambda lab: lab.rest.rpost('incidents/PABC123/status_updates', json={'message': 'Soon'}),
    ok({'status_update': {'id': 1}}),
)
TABLE.add(
    'rpost where the response is not wrapped',
    lambda lab: lab.rest.rpost('schedules/PABC123/overrides', json=[{'start': 'now'}]),
    ok([{'status': 201}], 201),
)
TABLE.add(
    'rpost where request and response differ',
    lambda lab: lab.rest.rpost(
        'business_services/PABC123/subscribers', json=[{'subscriber_id': 1}]
    ),
    ok({'subscriptions': [1]}),
)
TABLE.add(
    'rpost an event orchestration',
    lambda lab: lab.rest.rpost('event_orchestrations', json={'name': 'First'}),
    ok({'orchestration': {'id': 1}}, 201),
)
TABLE.add(
    'rpost to an unlisted path',
    lambda lab: lab.rest.rpost('incident_types', json={'name': 'x'}),
    ok({'incident_type': {'id': 1}}, 201),
)
TABLE.add('rpost: a 400', lambda lab: lab.rest.rpost('users', json={}), error(400))
TABLE.add(
    'rpost: the wrapper is missing',
    lambda lab: lab.rest.rpost('users', json={}),
    ok({'team': 1}, 201),
)


def body_left_alone(lab):
    body = {'name': 'Jane', 'teams': [{'id': 'PTEAM01'}]}
    lab.rest.rpost('users', json=body)
    return body


TABLE.add("rpost leaves the caller's dict alone", body_left_alone, ok(USER, 201))

TABLE.add(
    'rput a dict onto itself',
    lambda lab: lab.rest.rput({'self': lab.url + '/users/PABC123'}, json={'name': 'Jane'}),
    ok(USER),
)
TABLE.add('rput a wrapped dict', lambda lab: lab.rest.rput('users/PABC123', json=USER), ok(USER))
TABLE.add(
    'rput many incidents',
    lambda lab: lab.rest.rput(
        'incidents',
        json=[{'id': 'PABC123', 'type': 'incident_reference', 'status': 'resolved'}],
        headers={'From': 'me@example.com'},
    ),
    ok({'incidents': [{'id': 'PABC123'}]}),
)
TABLE.add(
    'rput many incidents, wrapped',
    lambda lab: lab.rest.rput('incidents', json={'incidents': [{'id': 'PABC123'}]}),
    ok({'incidents': [1]}),
)
TABLE.add(
    'rput one dict where a list belongs',
    lambda lab: lab.rest.rput('incidents', json={'id': 'PABC123'}),
    ok({'incidents': [1]}),
)
TABLE.add(
    'rput a team member',
    lambda lab: lab.rest.rput('teams/PTEAM01/users/PABC123', json={'role': 'observer'}),
    ok(status=204),
)
TABLE.add(
    'rput a team member without a role',
    lambda lab: lab.rest.rput('teams/PTEAM01/users/PABC123'),
    ok(status=204),
)
TABLE.add(
    'rput a merge',
    lambda lab: lab.rest.rput('incidents/PABC123/merge', json=[{'id': 'PDEF456'}]),
    ok({'incident': {'id': 'PABC123'}}),
)
TABLE.add(
    "rput a log entry's channel",
    lambda lab: lab.rest.rput('log_entries/PABC123/channel', json={'type': 'web_trigger'}),
    ok(status=202),
)
TABLE.add('rput: a 404', lambda lab: lab.rest.rput('users/PABC123', json={}), error(404))

TABLE.add('rdelete', lambda lab: lab.rest.rdelete('users/PABC123'), ok(status=204))
TABLE.add(
    'rdelete with a body in the answer', lambda lab: lab.rest.rdelete('users/PABC123'), ok(USER)
)
TABLE.add(
    'rdelete a dict',
    lambda lab: lab.rest.rdelete({'self': lab.url + '/users/PABC123'}),
    ok(status=204),
)
TABLE.add(
    'rdelete with JSON',
    lambda lab: lab.rest.rdelete('users/PABC123', json={'a': 1}, params={'b': 1}),
    ok(status=204),
)
TABLE.add('rdelete an unlisted path', lambda lab: lab.rest.rdelete('no/where'), ok(status=204))
TABLE.add('rdelete: a 404', lambda lab: lab.rest.rdelete('users/PABC123'), error(404))
TABLE.add('rdelete a number', lambda lab: lab.rest.rdelete(5))

# --- facts about the account and counters ------------------------------------------------------


def call_counts(*paths):
    def call(lab):
        for path in paths:
            lab.rest.get(path, params={'limit': 1})
        return lab.rest.api_call_counts, sorted(lab.rest.api_time), lab.rest.total_call_count

    return call


TABLE.add(
    'api_call_counts of listed paths',
    call_counts('users', '/users', 'users/PABC123', 'users/PDEF456'),
    ok(),
    ok(),
    ok(),
    error(404),
)
TABLE.add('api_call_counts of retries', call_counts('users'), error(429), error(429), ok())
TABLE.add('api_call_counts of unlisted paths', call_counts('nowhere/PABC123?x=1'), ok())
TABLE.add(
    'api_call_counts of writing',
    lambda lab: (
        lab.rest.rpost('users', json={}),
        lab.rest.rput('users/PABC123', json={}),
        lab.rest.rdelete('users/PABC123'),
        lab.rest.api_call_counts,
    )[-1],
    ok(USER),
    ok(USER),
    ok(status=204),
)
TABLE.add(
    'total_call_time is a sum of seconds',
    lambda lab: (
        lab.rest.get('users'),
        lab.rest.get('teams'),
        0 < lab.rest.total_call_time == sum(lab.rest.api_time.values()) < 60,
    )[-1],
    ok(),
    ok(),
)

ACCOUNT_KEY = {'error': "can't use users/me with an account-level access token"}
ACCESS = {
    "of a user's key": ok(USER),
    "of an account's key": ok(ACCOUNT_KEY, 400),
    'after another 400': error(400),
    'after a 400 without a reason': ok({}, 400),
    'after a 400 that is a list': ok([1], 400),
    'after a 401': error(401),
    'after a 403': error(403),
    'after a 404': error(404),
    'after a 500': error(500),
}
for what, reply in ACCESS.items():
    TABLE.add('api_key_access {}'.format(what), lambda lab: lab.rest.api_key_access, reply)
TABLE.add(
    'api_key_access is requested once',
    lambda lab: [lab.rest.api_key_access, lab.rest.api_key_access],
    ok(USER),
)
TABLE.add(
    'api_key_access of a new key',
    lambda lab: (
        lab.rest.api_key_access,
        setattr(lab.rest, 'api_key', 'new-key'),
        lab.rest.api_key_access,
    )[::2],
    ok(USER),
    ok(ACCOUNT_KEY, 400),
)

ACME = {'id': 'PABC123', 'html_url': 'https://acme.pagerduty.com/users/PABC123'}
TABLE.add('subdomain', lambda lab: lab.rest.subdomain, page('users', [ACME]))
TABLE.add(
    'subdomain is requested once',
    lambda lab: [lab.rest.subdomain, lab.rest.subdomain],
    page('users', [ACME]),
)
TABLE.add(
    'subdomain of an account without users', lambda lab: lab.rest.subdomain, page('users', [])
)
TABLE.add('subdomain after a 404', lambda lab: lab.rest.subdomain, error(404))
