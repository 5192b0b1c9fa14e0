"""The PagerDuty that the code in the pages talks to: a sandbox, with the people they mention."""

import contextlib
import logging
import time
from types import SimpleNamespace
from unittest.mock import patch

from quickstart_sandbox import SEED, served_by

import pdpyras
from pdpyras_sandbox import Sandbox

SESSIONS = (pdpyras.APISession, pdpyras.EventsAPISession, pdpyras.ChangeEventsAPISession)
LOGGER = logging.getLogger('pdpyras')
#: Keeps what is logged off the terminal; what a page shows of it, it asks for itself.
SILENT = logging.NullHandler()
PEOPLE = ('Jane Doe', 'Dan Stone', 'Dave Hill', 'David Lake', 'Bob Marsh')

#: What is to be put back when the page is done.
_opened = []


def open_account():
    """Start a sandbox that every new session goes to; give the names that the pages use."""
    sandbox = Sandbox()
    waited = []
    stack = contextlib.ExitStack()
    stack.enter_context(quickstart_sandbox())
    stack.callback(restore_logging, *logging_state())
    stack.callback(pdpyras.CANONICAL_PATHS.__setitem__, slice(None), list(pdpyras.CANONICAL_PATHS))
    stack.enter_context(patch.dict(pdpyras.ENTITY_WRAPPER_CONFIG))
    _opened.append((sandbox, [session.url for session in SESSIONS], stack))
    LOGGER.addHandler(SILENT)
    for session in SESSIONS:
        session.url = sandbox.url
    pdpyras.time = SimpleNamespace(sleep=waited.append)
    names = {
        'pdpyras': pdpyras,
        'sandbox': sandbox,
        'waited': waited,
        'API_KEY': sandbox.api_key,
        'USER_KEY': sandbox.user_key,
        'OAUTH_TOKEN': sandbox.oauth_token,
        'ROUTING_KEY': sandbox.routing_key,
        'session': pdpyras.APISession(sandbox.api_key, default_from=sandbox.email),
        'events_session': pdpyras.EventsAPISession(sandbox.routing_key),
        'change_events_session': pdpyras.ChangeEventsAPISession(sandbox.routing_key),
    }
    people = [_person(names['session'], name) for name in PEOPLE]
    names['user_id'] = people[0]['id']
    names['policy_id'] = _policy(names['session'], people)['id']
    names['schedule_id'] = _schedule(names['session'], people)['id']
    names['session'].api_call_counts.clear()
    names['session'].api_time.clear()
    return names


def close_account():
    sandbox, urls, stack = _opened.pop()
    pdpyras.time = time
    LOGGER.removeHandler(SILENT)
    for session, url in zip(SESSIONS, urls):
        session.url = url
    stack.close()
    sandbox.close()


@contextlib.contextmanager
def quickstart_sandbox():
    """Stand in for the sandbox that the quick start leaves running, on the pages that use it."""
    with contextlib.ExitStack() as stack:
        ports = []

        def find_port():
            if not ports:
                sandbox = stack.enter_context(Sandbox(seed=SEED))
                ports.append(int(sandbox.url.rpartition(':')[2]))
            return ports[0]

        with served_by(find_port):
            yield


def logging_state():
    """Return the loggers that pages configure, with their levels and handlers."""
    return [(log, log.level, list(log.handlers)) for log in (logging.getLogger(), LOGGER)]


def restore_logging(*loggers):
    for logger, level, handlers in loggers:
        logger.setLevel(level)
        logger.handlers[:] = handlers


def _person(session, name):
    email = name.split()[0].lower() + '@example.com'
    return session.rpost('users', json={'type': 'user', 'name': name, 'email': email})


def _policy(session, people):
    targets = [{'id': person['id'], 'type': 'user_reference'} for person in people[:2]]
    rules = [{'escalation_delay_in_minutes': 30, 'targets': targets}]
    policy = {'type': 'escalation_policy', 'name': 'Kitchen', 'escalation_rules': rules}
    reference = session.rpost('escalation_policies', json=policy)
    for name in ('Snack Bar', 'Bakery'):
        service = {'type': 'service', 'name': name, 'escalation_policy': _reference(reference)}
        session.rpost('services', json=service)
    return reference


def _schedule(session, people):
    layer = {
        'name': 'Daily',
        'start': '2024-01-01T00:00:00Z',
        'rotation_virtual_start': '2024-01-01T00:00:00Z',
        'rotation_turn_length_seconds': 86400,
        'users': [{'user': _reference(person)} for person in people[:2]],
    }
    return session.rpost(
        'schedules',
        json={
            'type': 'schedule',
            'name': 'Daily rotation',
            'time_zone': 'UTC',
            'schedule_layers': [layer],
        },
    )


def _reference(resource):
    return {'id': resource['id'], 'type': resource['type'] + '_reference'}
