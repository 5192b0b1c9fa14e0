"""The module's functions, constants and errors, by themselves."""

from unittest import mock

import requests

from scenarios import Table, ok

BASE = 'https://api.pagerduty.com'

TABLE = Table('module')


def answer(status, body=b'', method='GET', url=BASE + '/users'):
    """Return a response like those of requests, without a server."""
    response = requests.Response()
    response.status_code = status
    response.url = url
    response.encoding = 'utf-8'
    response._content = body
    response.request = requests.Request(method, url).prepare()
    return response


TABLE.add(
    'the constants',
    lambda lab: [lab.pdpyras.ITERATION_LIMIT, lab.pdpyras.TIMEOUT, lab.pdpyras.TEXT_LEN_LIMIT],
)

TABLE.values_of('last_4', ('',), ('a',), ('abcd',), ('abcde',), ('the-api-key-1234',))

for length in (0, 5, 99, 100, 101, 500):
    TABLE.add(
        'truncate_text of {} characters'.format(length),
        lambda lab, length=length: lab.pdpyras.truncate_text('x' * length),
    )

TABLE.values_of('is_path_param', ('{id}',), ('id',), ('{id',), ('id}',), ('{}',), ('',), ('{a}b',))

TABLE.values_of(
    'plural_name',
    ('user',),
    ('user_reference',),
    ('escalation_policy',),
    ('escalation_policy_reference',),
    ('log_entry',),
    ('priority',),
    ('ability',),
    ('team',),
    ('business_service',),
    ('notification_rule',),
    ('response_play',),
    ('status',),
    ('business',),
    ('key',),
    ('address',),
)

TABLE.values_of(
    'singular_name',
    ('users',),
    ('user',),
    ('escalation_policies',),
    ('log_entries',),
    ('priorities',),
    ('abilities',),
    ('oncalls',),
    ('business_services',),
    ('licenses',),
    ('response_plays',),
    ('me',),
    ('status',),
    ('business',),
    ('addresses',),
    ('statuses',),
    ('keys',),
)

TABLE.values_of(
    'normalize_url',
    (BASE, 'users'),
    (BASE, '/users'),
    (BASE, '//users'),
    (BASE, 'users/'),
    (BASE, ''),
    (BASE, '/'),
    (BASE, BASE),
    (BASE, BASE + '/'),
    (BASE, BASE + '/users?query=x'),
    (BASE, 'users?query=a#top'),
    (BASE + '/', 'users'),
    (BASE + '/', '/users'),
    (BASE + '/v2', 'users'),
    (BASE, 'https://example.com/users'),
    (BASE, 'http://api.pagerduty.com/users'),
    (BASE, BASE + '.evil.example/users'),
    (BASE, BASE + '@evil.example/users'),
    (BASE, BASE + ':8443/users'),
    (BASE, 'https://api.eu.pagerduty.com/users/PABC123'),
    (BASE, 'users/../teams'),
    (BASE, 'ftp://example.com/users'),
    (BASE, 5),
)

TABLE.values_of(
    'canonical_path',
    (BASE, '/users/PABC123'),
    (BASE, 'users'),
    (BASE, BASE + '/users'),
    (BASE, '/users/PABC123/contact_methods/PDEF456'),
    (BASE, '/users/me'),
    (BASE, '/users/'),
    (BASE, '/users/PABC123/'),
    (BASE, '/users?query=x'),
    (BASE, '/users#top'),
    (BASE, '/users/{id}'),
    (BASE, '//users'),
    (BASE, '/USERS'),
    (BASE, '/nowhere'),
    (BASE, ''),
    (BASE, 'https://example.com/users'),
    (BASE, '/incidents/count'),
    (BASE, '/incidents/custom_fields'),
    (BASE, '/teams/PABC123/tags'),
    (BASE, '/services/PABC123/change_tags'),
    (BASE, '/schedules/preview'),
    (BASE, '/event_orchestrations/services/PABC123'),
    (BASE, '/incidents/PABC123/business_services/impacts'),
)

TABLE.values_of(
    'endpoint_matches',
    ('GET /users', 'get', '/users'),
    ('* /users', 'delete', '/users'),
    ('GET /users', 'POST', '/users'),
    ('GET /users/{id}', 'GET', '/users/{id}'),
    ('GET /users/{id}', 'GET', '/users/PABC123'),
    ('* /users', 'GET', '/teams'),
    ('/users', 'GET', '/users'),
)

TABLE.values_of(
    'infer_entity_wrapper',
    ('GET', '/users'),
    ('get', '/users'),
    ('POST', '/users'),
    ('post', '/users'),
    ('PUT', '/users/{id}'),
    ('PUT', '/incidents'),
    ('DELETE', '/users/{id}'),
    ('GET', '/incidents/{id}/alerts'),
    ('POST', '/incidents/{id}/notes'),
    ('GET', '/users/me'),
    ('GET', '/users/{id}/status'),
    ('POST', '/status'),
)

TABLE.values_of(
    'entity_wrappers',
    ('get', '/users'),
    ('POST', '/users'),
    ('GET', '/users/me'),
    ('post', '/event_orchestrations'),
    ('PUT', '/incidents/{id}/merge'),
    ('POST', '/business_services/{id}/subscribers'),
    ('GET', '/analytics/raw/incidents'),
    ('POST', '/schedules/{id}/overrides'),
    ('POST', '/users/{id}/notification_subscriptions'),
    ('GET', '/nowhere/{id}'),
)


def configured(value):
    """Call entity_wrappers() with this entry in the table."""

    def call(lab):
        with mock.patch.dict(lab.pdpyras.ENTITY_WRAPPER_CONFIG, {'GET /new': value}):
            return lab.pdpyras.entity_wrappers('GET', '/new')

    return call


for value in (
    None,
    'name',
    ('sent', 'received'),
    (None, 'received'),
    ('sent', None),
    ('one', 'two', 'three'),
    ['a', 'list'],
    5,
):
    TABLE.add('entity_wrappers with {!r} in the table'.format(value), configured(value))


for status in (200, 204, 304, 400, 404, 429, 500, 503, 599):
    TABLE.add(
        'successful_response of a {}'.format(status),
        lambda lab, status=status: lab.pdpyras.successful_response(answer(status, b'{}')),
    )

TABLE.add(
    'successful_response hands back the same object',
    lambda lab: (lambda response: lab.pdpyras.successful_response(response) is response)(
        answer(200)
    ),
)


def kind_of_error(status, context=None):
    """Return the facts that a message contains; the wording differs between the libraries."""

    def call(lab):
        message = lab.pdpyras.http_error_message(
            answer(status, b'the body of it', 'PUT', BASE + '/users/PABC123?x=1'), context=context
        )
        return {
            'start': message.startswith('PUT https://api.pagerduty.com/users/PABC123?x=1: '),
            'holds': [
                part
                for part in (
                    'client error',
                    'server error',
                    str(status),
                    'looking for it',
                    'the body of it',
                )
                if part in message
            ],
        }

    return call


for status in (400, 401, 404, 422, 429, 500, 502, 504):
    TABLE.add('http_error_message of a {}'.format(status), kind_of_error(status))
TABLE.add('http_error_message with a context', kind_of_error(400, context='looking for it'))
TABLE.add(
    'http_error_message of a long body',
    lambda lab: lab.pdpyras.http_error_message(answer(400, b'B' * 1000)).count('B'),
)

for body in (b'', b'{"a": 1}', b'[1, 2]', b'"text"', b'null', b'nonsense', b'<html></html>'):
    TABLE.add(
        'try_decoding {!r}'.format(body),
        lambda lab, body=body: lab.pdpyras.try_decoding(answer(200, body)),
    )

for body, wrapper in (
    (b'{"user": {"id": 1}}', 'user'),
    (b'{"user": {"id": 1}}', None),
    (b'{"users": [], "more": false}', 'users'),
    (b'{"user": null}', 'user'),
    (b'{"team": 1}', 'user'),
    (b'[]', 'user'),
    (b'', None),
    (b'x', 'user'),
):
    TABLE.add(
        'unwrap {!r} by {!r}'.format(body, wrapper),
        lambda lab, body=body, wrapper=wrapper: lab.pdpyras.unwrap(answer(200, body), wrapper),
    )


TABLE.add('unwrap names the keys it found', lambda lab: keys_in_message(lab))


def keys_in_message(lab):
    try:
        lab.pdpyras.unwrap(answer(200, b'{"team": 1, "shift": 2}'), 'user')
    except lab.pdpyras.PDServerError as error:
        return [word for word in ('user', 'team', 'shift') if word in str(error)]


TABLE.add('deprecated_kwarg', lambda lab: lab.pdpyras.deprecated_kwarg('name'))
TABLE.add(
    'deprecated_kwarg with details',
    lambda lab: lab.pdpyras.deprecated_kwarg('name', details='Use another.'),
)


def facts_of(error):
    return {'args': error.args, 'str': str(error), 'msg': error.msg, 'response': error.response}


TABLE.add('PDClientError', lambda lab: facts_of(lab.pdpyras.PDClientError('It went wrong')))
TABLE.add(
    'PDClientError with a response',
    lambda lab: facts_of(lab.pdpyras.PDClientError('It went wrong', answer(404))),
)
TABLE.add(
    'PDClientError with a response, by name',
    lambda lab: facts_of(lab.pdpyras.PDClientError(message='It went wrong', response=answer(404))),
)
TABLE.add('PDHTTPError', lambda lab: facts_of(lab.pdpyras.PDHTTPError('No', answer(404))))
TABLE.add('PDHTTPError without its response', lambda lab: lab.pdpyras.PDHTTPError('No'))
TABLE.add(
    'the tree of errors',
    lambda lab: [
        issubclass(lab.pdpyras.PDServerError, lab.pdpyras.PDHTTPError),
        issubclass(lab.pdpyras.PDHTTPError, lab.pdpyras.PDClientError),
        issubclass(lab.pdpyras.PDClientError, lab.pdpyras.URLError),
        issubclass(lab.pdpyras.URLError, lab.pdpyras.PDClientError),
    ],
)


VERBS = {'get': 'GET', 'post': 'POST', 'rget': 'GET', 'rpost': 'POST', 'rput': 'PUT'}


class Neighbour:
    """A user's own class with a `url`, which is all that the decorators require."""

    def __init__(self, lab):
        self.url = lab.url

    def decorated(self, decorator, name, target, **kwargs):
        def method(self, url, **kwargs):
            """What it does."""
            full = url if url.startswith('http') else self.url + url
            return requests.request(VERBS[name], full, timeout=5, **kwargs)

        method.__name__ = name
        return decorator(method)(self, target, **kwargs)


TABLE.add(
    'resource_url on a foreign method, given a path',
    lambda lab: Neighbour(lab).decorated(lab.pdpyras.resource_url, 'get', '/users'),
    ok({}),
)
TABLE.add(
    'resource_url on a foreign method, given a dict',
    lambda lab: Neighbour(lab).decorated(
        lab.pdpyras.resource_url, 'get', {'self': lab.url + '/users/PABC123'}
    ),
    ok({}),
)
TABLE.add(
    'resource_url on a foreign method, given a dict without self',
    lambda lab: Neighbour(lab).decorated(lab.pdpyras.resource_url, 'get', {}),
)
TABLE.add(
    'auto_json on a foreign method',
    lambda lab: Neighbour(lab).decorated(lab.pdpyras.auto_json, 'get', '/users'),
    ok({'a': 1}),
)
TABLE.add(
    'auto_json on a foreign method, 404',
    lambda lab: Neighbour(lab).decorated(lab.pdpyras.auto_json, 'get', '/users'),
    ok({}, 404),
)
TABLE.add(
    'requires_success on a foreign method',
    lambda lab: Neighbour(lab).decorated(lab.pdpyras.requires_success, 'get', '/users'),
    ok({}),
)
TABLE.add(
    'requires_success on a foreign method, 404',
    lambda lab: Neighbour(lab).decorated(lab.pdpyras.requires_success, 'get', '/u'),
    ok({}, 404),
)
for name in ('rget', 'get'):
    TABLE.add(
        'wrapped_entities on a foreign method called {}'.format(name),
        lambda lab, name=name: Neighbour(lab).decorated(
            lab.pdpyras.wrapped_entities, name, '/users'
        ),
        ok({'users': [1]}),
    )
for name in ('rpost', 'post'):
    TABLE.add(
        'wrapped_entities on a foreign method called {}'.format(name),
        lambda lab, name=name: Neighbour(lab).decorated(
            lab.pdpyras.wrapped_entities, name, '/users', json={'name': 'Jane'}
        ),
        ok({'user': {'id': 1}}, 201),
    )
TABLE.add(
    'wrapped_entities on a foreign method called rput',
    lambda lab: Neighbour(lab).decorated(
        lab.pdpyras.wrapped_entities, 'rput', '/users/PABC123', json={'name': 'Jane'}
    ),
    ok({'user': {'id': 1}}),
)
TABLE.add(
    'wrapped_entities on a foreign method, given a URL elsewhere',
    lambda lab: Neighbour(lab).decorated(
        lab.pdpyras.wrapped_entities, 'rget', 'http://elsewhere.example/users'
    ),
)


def name_and_docstring(decorator):
    def call(lab):
        def get(self, url):
            """What it does."""

        decorated = getattr(lab.pdpyras, decorator)(get)
        return decorated.__name__, decorated.__doc__

    return call


for decorator in ('auto_json', 'requires_success', 'resource_url', 'wrapped_entities'):
    TABLE.add('{} keeps the name and docstring'.format(decorator), name_and_docstring(decorator))
