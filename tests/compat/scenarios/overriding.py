"""Subclasses that override a documented method or attribute, and sessions with one replaced.

An override has the parameters of 5.4.1, notes its arguments, and calls the overridden method. On
each such session the same calls are made, to see every way that leads to the method.
"""

import inspect
from unittest import mock

from laboratory import API_KEY

from scenarios import HANG_UP, Table, error, page

TABLE = Table('overriding')

# ruff: noqa: E731

#: Overrides written for 5.4.1 have these parameters.
METHODS = {
    'after_set_api_key': lambda self: ...,
    'cooldown_factor': lambda self: ...,
    'normalize_params': lambda self, params: ...,
    'normalize_url': lambda self, url: ...,
    'postprocess': lambda self, response: ...,
    'prepare_headers': lambda self, method, user_headers={}: ...,  # noqa: B006
    'request': lambda self, method, url, **kwargs: ...,
    'get': lambda self, url, **kw: ...,
    'post': lambda self, url, data=None, json=None, **kw: ...,
    'put': lambda self, url, data=None, **kw: ...,
    'delete': lambda self, url, **kw: ...,
}
REST_METHODS = {
    'dict_all': lambda self, path, **kw: ...,
    'find': lambda self, resource, query, attribute='name', params=None: ...,
    'iter_all': (lambda self, url, params=None, page_size=None, item_hook=None, total=False: ...),
    'list_all': lambda self, url, **kw: ...,
    'persist': lambda self, resource, attr, values, update=False: ...,
    'jget': lambda self, resource, **kw: ...,
    'jpost': lambda self, resource, **kw: ...,
    'jput': lambda self, resource, **kw: ...,
    'rget': lambda self, resource, **kw: ...,
    'rpost': lambda self, url, **kw: ...,
    'rput': lambda self, resource, **kw: ...,
    'rdelete': lambda self, resource, **kw: ...,
}


def _trigger(
    self,
    summary,
    source,
    dedup_key=None,
    severity='critical',
    payload=None,
    custom_details=None,
    images=None,
    links=None,
): ...


EVENTS_METHODS = {
    'send_event': lambda self, action, dedup_key=None, **properties: ...,
    'trigger': _trigger,
    'acknowledge': lambda self, dedup_key: ...,
    'resolve': lambda self, dedup_key: ...,
}
CHANGE_METHODS = {
    'send_change_event': lambda self, **properties: ...,
    'submit': (
        lambda self, summary, source=None, custom_details=None, links=None, timestamp=None: ...
    ),
}

#: ``{attribute: value}`` for attributes and properties that a subclass sets in its body.
ATTRIBUTES = {
    'auth_header': property(lambda self: {'Authorization': 'Own ' + self.api_key}),
    'user_agent': property(lambda self: 'own/1.0'),
    'trunc_key': property(lambda self: '(own)'),
    'max_http_attempts': 1,
    'max_network_attempts': 1,
    'sleep_timer': 7,
    'sleep_timer_base': 5,
    'timeout': 9,
    'permitted_methods': ('GET', 'POST'),
}
REST_ATTRIBUTES = {
    'default_page_size': 3,
    'api_key_access': property(lambda self: 'own'),
    'subdomain': property(lambda self: 'own'),
    'total_call_count': property(lambda self: -1),
}
CHANGE_ATTRIBUTES = {'event_timestamp': property(lambda self: 'own')}

JANE = {'id': 'P1', 'name': 'Jane', 'html_url': 'https://acme.pagerduty.com/users/P1'}


def rest_calls(session, lab):
    jane = dict(JANE, self=lab.url + '/users/P1')
    yield lambda: session.get('users', params={'ids': ['a'], 'limit': 5})
    yield lambda: session.post('users', json={'user': {}}, headers={'X-Extra': '1'})
    yield lambda: session.put('users/P1', json={'user': {}}).status_code
    yield lambda: session.delete('users/P1').status_code
    yield lambda: session.rget('users/P1')
    yield lambda: session.rget(jane)
    yield lambda: session.rpost('users', json={'name': 'Jane'})
    yield lambda: session.rput(jane, json={'name': 'Jane'})
    yield lambda: session.rdelete(jane)
    yield lambda: session.jget(jane)
    yield lambda: session.jpost('users', json={'user': {}})
    yield lambda: session.jput(jane, json={'user': {}})
    yield lambda: list(session.iter_all('users', item_hook=lambda *args: lab.note('hook', args)))
    yield lambda: session.list_all('users', page_size=7, params={'query': 'J'})
    yield lambda: session.dict_all('users', by='name', total=True)
    yield lambda: session.find('users', 'Jane')
    yield lambda: session.find('users', 'x', attribute='html_url', params={'limit': 2})
    yield lambda: session.persist('users', 'name', {'name': 'Jane'})
    yield lambda: session.persist('users', 'name', {'name': 'Joe'})
    yield lambda: session.persist('users', 'name', {'name': 'Jane', 'role': 'x'}, update=True)
    yield lambda: session.subdomain
    yield lambda: session.api_key_access
    yield lambda: [session.total_call_count, session.api_call_counts]


def events_calls(session, lab):
    yield lambda: session.trigger('down', 'host')
    yield lambda: session.trigger('down', 'host', 'd', 'info', {'group': 'g'}, {'a': 1}, [], [])
    yield lambda: session.acknowledge('d')
    yield lambda: session.resolve('d')
    yield lambda: session.send_event('trigger', 'd', payload={})
    yield lambda: session.post('v2/enqueue', json={'event_action': 'resolve'})


def change_calls(session, lab):
    yield lambda: session.submit('new', timestamp='noon')
    yield lambda: session.submit('new', 'host', {'a': 1}, [{'href': 'x'}])


CALLS = {
    'APISession': rest_calls,
    'EventsAPISession': events_calls,
    'ChangeEventsAPISession': change_calls,
}


def run(lab, session, class_name):
    """Make all calls on the session, then one with each kind of failure."""
    jane = dict(JANE, self=lab.url + '/users/P1')
    lab.aim(session)
    lab.api.rule(lambda seen: page('users', [jane], user=jane, dedup_key='d', id='i'))
    for call in CALLS[class_name](session, lab):
        _note_outcome(lab, call)
    path = 'users' if class_name == 'APISession' else 'v2/enqueue'
    # Change events have a routing key in 5.4.1 only if the caller says so.
    body = {'a': 1, 'routing_key': 'r'} if class_name == 'ChangeEventsAPISession' else {'a': 1}
    session.retry[404] = 1
    for replies in ([HANG_UP], [error(404), error(404)], [error(401)]):
        for reply in replies:
            lab.api.answer(reply)
        _note_outcome(lab, lambda: session.post(path, json=dict(body)))
    _note_outcome(lab, lambda: setattr(session, 'api_key', 'another-key-5678'))
    _note_outcome(lab, lambda: session.post(path, json=dict(body)))


def _note_outcome(lab, call):
    try:
        lab.note('outcome', call())
    except Exception as problem:  # noqa: BLE001  (whatever it is, it is the outcome)
        lab.note('outcome', type(problem).__name__)


def noting(lab, name, method):
    """Return an override of the method with the parameters of 5.4.1."""
    signature = inspect.signature(PARAMETERS[name])

    def override(self, *args, **kwargs):
        given = signature.bind(self, *args, **kwargs)
        noted = {key: value for key, value in given.arguments.items() if key != 'self'}
        if name in ('request', 'prepare_headers'):
            noted.pop('user_headers', None)
            noted['kwargs'] = sorted(noted.get('kwargs', ()))
        lab.note(name, noted)
        return method(self, *args, **kwargs)

    return override


PARAMETERS = dict(METHODS, **REST_METHODS)
PARAMETERS.update(EVENTS_METHODS)
PARAMETERS.update(CHANGE_METHODS)


def in_a_subclass(class_name, name):
    def call(lab):
        base = getattr(lab.pdpyras, class_name)
        body = {name: noting(lab, name, getattr(base, name))}
        run(lab, type('Own', (base,), body)(API_KEY), class_name)

    return call


def on_an_instance(class_name, name):
    def call(lab):
        session = getattr(lab.pdpyras, class_name)(API_KEY)
        override = noting(lab, name, getattr(type(session), name))
        with mock.patch.object(session, name, override.__get__(session)):
            run(lab, session, class_name)

    return call


def with_attribute(class_name, name, value):
    def call(lab):
        run(
            lab,
            type('Own', (getattr(lab.pdpyras, class_name),), {name: value})(API_KEY),
            class_name,
        )

    return call


for class_name, methods, attributes in (
    ('APISession', REST_METHODS, REST_ATTRIBUTES),
    ('EventsAPISession', EVENTS_METHODS, {}),
    ('ChangeEventsAPISession', CHANGE_METHODS, CHANGE_ATTRIBUTES),
):
    for name in list(METHODS) + list(methods):
        TABLE.add('{} of {}'.format(name, class_name), in_a_subclass(class_name, name))
        TABLE.add(
            '{} of one instance of {}'.format(name, class_name), on_an_instance(class_name, name)
        )
    for name, value in dict(ATTRIBUTES, **attributes).items():
        TABLE.add('{} of {}'.format(name, class_name), with_attribute(class_name, name, value))


def iter_cursor(lab):
    base = lab.pdpyras.APISession

    class Own(base):
        def iter_cursor(self, url, params=None, item_hook=None):
            lab.note('iter_cursor', url, params)
            return base.iter_cursor(self, url, params=params, item_hook=item_hook)

    return list(lab.aim(Own(API_KEY)).iter_cursor('audit/records', params={'since': 'x'}))


TABLE.add('iter_cursor of APISession', iter_cursor, page('records', [1], next_cursor=None))
