"""The cost of requests in Python instructions, which does not depend on the machine."""

import sys

import pytest

from pdpyras_sandbox import Sandbox
from pdpyras_sandbox.events import enqueue

OPEN = 300


def instructions(function, *arguments):
    """Return the number of instructions that a call executes."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == 'opcode'
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


@pytest.fixture
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox):
    return sandbox._state.account


def event(account, action, key):
    return {
        'routing_key': account.keys['routing_key'],
        'event_action': action,
        'dedup_key': key,
        'payload': {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'},
    }


@pytest.mark.parametrize('action', ['trigger', 'acknowledge', 'resolve'])
def test_cost_of_an_event_does_not_grow_with_open_incidents(account, action):
    def cost(key):
        if action != 'trigger':
            enqueue(account, event(account, 'trigger', key))
        return instructions(enqueue, account, event(account, action, key))

    cost('first')  # Fills caches.
    alone = cost('alone')
    for number in range(OPEN):
        enqueue(account, event(account, 'trigger', f'open {number}'))
    assert cost('among many') < 1.2 * alone


def test_cost_of_a_page_does_not_grow_with_records(sandbox, api_of):
    client = sandbox._app.test_client()
    headers = {'Authorization': f'Token token={sandbox.api_key}'}

    def cost():
        return instructions(lambda: client.get('/users?limit=1', headers=headers))

    cost()  # Fills caches.
    alone = cost()
    web = api_of(sandbox)
    for number in range(30):
        web.user(f'User {number}')
    assert cost() < 1.2 * alone
