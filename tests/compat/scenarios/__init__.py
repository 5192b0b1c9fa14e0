"""What both libraries are put through: one table of calls, each with the server's answers.

A scenario is a name, a callable that is given a :class:`laboratory.Laboratory`, and the replies
that the server has ready. It says nothing about what should come of it: that is for the other
library to say.
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
        """One scenario for each list of arguments to a function of the module."""
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
    """A reply; header names are written with ``_`` for ``-``."""
    return Reply(status, body, {name.replace('_', '-'): value for name, value in headers.items()})


def error(status, message='Not this time', **headers):
    """A reply with an error body as PagerDuty writes it."""
    return ok(
        {'error': {'message': message, 'code': 2100, 'errors': ['One reason']}}, status, **headers
    )


def page(wrapper, items, more=False, **others):
    """One page of classic pagination."""
    return ok(dict({wrapper: items, 'more': more}, **others))


HANG_UP = Hangup()
