"""The scenarios that both libraries run: one table of calls, each with the server's replies.

A scenario is a name, a function that takes a :class:`laboratory.Laboratory`, and the scripted
replies. It contains no expected results, because those of both libraries are compared.
"""

from collections import namedtuple

from wire import Hangup, Reply

Scenario = namedtuple('Scenario', 'name call replies')


class Table:
    """The scenarios of one area, in order."""

    def __init__(self, area):
        self.area = area
        self.scenarios = []

    def add(self, name, call, *replies):
        self.scenarios.append(Scenario('{}: {}'.format(self.area, name), call, replies))

    def values_of(self, function, *argument_lists):
        """Add a scenario for each list of arguments to a function of the module."""
        for arguments in argument_lists:
            self.add(
                '{}({})'.format(function, ', '.join(map(repr, arguments))),
                _CallOfModule(function, arguments),
            )


class _CallOfModule:
    def __init__(self, function, arguments):
        self.function = function
        self.arguments = arguments

    def __call__(self, lab):
        return getattr(lab.pdpyras, self.function)(*self.arguments)


def ok(body=None, status=200, **headers):
    """Return a reply; header names are written with ``_`` for ``-``."""
    return Reply(status, body, {name.replace('_', '-'): value for name, value in headers.items()})


def error(status, message='Not this time', **headers):
    """Return a reply with an error body like PagerDuty's."""
    return ok(
        {'error': {'message': message, 'code': 2100, 'errors': ['One reason']}}, status, **headers
    )


def page(wrapper, items, more=False, **others):
    """Return a reply with a page of classic pagination."""
    return ok(dict({wrapper: items, 'more': more}, **others))


HANG_UP = Hangup()
