"""The surface of the library as plain data.

The names, kinds, parameters, defaults and values that :mod:`inspect` shows, and the outcome of
patching, setting and deleting each attribute and of using its owner as a mock's specification.
"""

import datetime
import inspect
import json
import logging
import re
import types
from unittest import mock

import requests
from laboratory import API_KEY, pdpyras

SESSIONS = ('PDSession', 'APISession', 'EventsAPISession', 'ChangeEventsAPISession')
ERRORS = ('URLError', 'PDClientError', 'PDHTTPError', 'PDServerError')


def describe():
    """Describe the library: ``{'shown': …, 'parameters': …, 'changed': …}``, each by name."""
    # Some attributes make requests to a stub, which would be logged.
    logging.getLogger('pdpyras').propagate = False
    attributes = dict(_attributes())
    return {
        'shown': {name: _shown(item) for name, item in attributes.items()},
        'parameters': {
            name: _parameters(item)
            for name, item in attributes.items()
            if inspect.isroutine(item) or inspect.isclass(item)
        },
        'changed': dict(_changes()),
    }


def _attributes():
    """Yield all public attributes with their full names, such as ``APISession().log``."""
    for name in _public(pdpyras):
        yield name, getattr(pdpyras, name)
    for class_name in SESSIONS + ERRORS:
        described = getattr(pdpyras, class_name)
        for name in _public(described):
            yield '{}.{}'.format(class_name, name), inspect.getattr_static(described, name)
        instance = _instance(class_name)
        for name in _public(instance):
            if not inspect.isroutine(_value(instance, name)):
                yield '{}().{}'.format(class_name, name), _value(instance, name)


def _public(owner):
    return [name for name in dir(owner) if not name.startswith('_')]


def _value(owner, name):
    try:
        return getattr(owner, name)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what a program sees)
        return type(error)


def _instance(class_name):
    made_of = getattr(pdpyras, class_name)
    if class_name in SESSIONS:
        # PDSession of 5.4.1 leaves auth_header to its subclasses.
        body = {'auth_header': {}} if class_name == 'PDSession' else {}
        session = type(class_name, (made_of,), body)(API_KEY)
        session.parent = _Network
        return session
    if class_name in ('PDHTTPError', 'PDServerError'):
        return made_of('message', _Network.request('GET', 'https://api.pagerduty.com/users'))
    return made_of('message')


class _Network:
    """A replacement for the network, because some attributes make requests."""

    @staticmethod
    def request(method, url, **options):
        body = {'users': [{'html_url': 'https://acme.pagerduty.com/users/P1'}], 'user': {}}
        response = requests.Response()
        response.status_code = 200
        response._content = json.dumps(body).encode()
        response.request = requests.Request(method, url).prepare()
        response.elapsed = datetime.timedelta(0)
        return response


def _shown(item):
    """Return the kind of an attribute, or its value if that is plain."""
    if isinstance(item, property):
        return 'property' if item.fset else 'property, read-only'
    if isinstance(item, types.ModuleType):
        return 'module ' + item.__name__
    if inspect.isclass(item):
        return 'class of ' + ', '.join(_names(item.__mro__))
    if inspect.isroutine(item):
        return 'function'
    if _is_plain(item):
        return re.sub(r'pdpyras/\S+|\d{4}-\d\d-\d\dT[0-9:.]+', '…', repr(item))
    return 'instance of ' + _names(type(item).__mro__)[0]


def _is_plain(item):
    if isinstance(item, (list, tuple)):
        return len(item) < 10 and all(map(_is_plain, item))
    if type(item) is dict:
        return len(item) < 10 and all(map(_is_plain, item.values()))
    return item is None or isinstance(item, (bool, int, float, str))


def _names(classes):
    """Return the names of the classes that are not private."""
    return [each.__name__ for each in classes if not each.__name__.startswith('_')]


def _parameters(function):
    """Return ``[[name, kind, default], …]``, or None if the signature is not known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        [p.name, str(p.kind), None if p.default is p.empty else repr(p.default)] for p in parameters
    ]


def _changes():
    """Yield ``('patch APISession().log', outcome)`` and so on for every action and attribute."""
    for name in _public(pdpyras):
        yield 'patch {}'.format(name), _outcome(_patch, pdpyras, name)
    for class_name in SESSIONS + ERRORS:
        for name in _public(getattr(pdpyras, class_name)):
            for action in ACTIONS:
                owner = type(class_name, (getattr(pdpyras, class_name),), {})
                yield _change(action, class_name, name), _outcome(action, owner, name)
        for name in _public(_instance(class_name)):
            for action in ACTIONS:
                owner = _instance(class_name)
                yield _change(action, class_name + '()', name), _outcome(action, owner, name)


def _change(action, owner_name, name):
    return '{} {}.{}'.format(action.__name__.strip('_').replace('_', ' '), owner_name, name)


def _outcome(action, owner, name):
    try:
        return action(owner, name)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is the outcome)
        return type(error).__name__


def _patch(owner, name):
    before = getattr(owner, name)
    with mock.patch.object(owner, name, mock.sentinel.given):
        is_taken = getattr(owner, name) is mock.sentinel.given
    is_restored = getattr(owner, name) == before
    return 'taken: {}, restored: {}'.format(is_taken, is_restored)


def _set(owner, name):
    setattr(owner, name, mock.sentinel.given)
    return 'taken: {}'.format(getattr(owner, name) is mock.sentinel.given)


def _set_and_delete(owner, name):
    before = getattr(owner, name)
    setattr(owner, name, before)
    delattr(owner, name)
    return 'as before: {}'.format(getattr(owner, name, None) == before)


def _delete(owner, name):
    delattr(owner, name)
    return 'still there: {}'.format(hasattr(owner, name))


def _specify_by(owner, name):
    return 'in the mock: {}'.format(hasattr(mock.Mock(spec=owner), name))


def _autospecify_by(owner, name):
    double = getattr(mock.create_autospec(owner, instance=True), name)
    return 'callable: {}'.format(callable(double))


ACTIONS = (_patch, _set, _set_and_delete, _delete, _specify_by)
