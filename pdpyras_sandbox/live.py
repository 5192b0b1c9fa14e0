"""The content of the sandbox's page, and the stream of its updates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pdpyras_sandbox.account import KEYS, Account
from pdpyras_sandbox.incidents import LOG_SUMMARIES
from pdpyras_sandbox.indices import OPEN
from pdpyras_sandbox.masking import Mask, masked_path
from pdpyras_sandbox.oncalls import users_on_call
from pdpyras_sandbox.timeouts import pending_actions
from pdpyras_sandbox.traffic import Request

if TYPE_CHECKING:
    from pdpyras_sandbox.server import State

#: Maximum number of rows in each list.
ROWS = 50
#: Maximum number of pending actions.
NEXT_ACTIONS = 5
#: Seconds after which an update is sent even if only the time has changed.
HEARTBEAT = 1
#: Minimum seconds between two updates.
PAUSE = 0.1


def updates(state: State) -> Iterator[bytes]:
    """Yield server-sent events: first all sections of the page, then the changed ones."""
    sent: dict[str, str] = {}
    seen = 0
    while not state.stopping.is_set():
        for name, content in sections(state).items():
            text = json.dumps(content)
            if sent.get(name) != text:
                sent[name] = text
                yield f'event: {name}\ndata: {text}\n\n'.encode()
        seen = state.traffic.wait(seen, HEARTBEAT)
        state.stopping.wait(PAUSE)


def sections(state: State) -> dict[str, Any]:
    account = state.account
    with account.store.lock:
        account.clock.catch_up()
        return {
            'clock': {
                'now': account.clock.timestamp(),
                'ahead': account.clock.ahead.total_seconds(),
                'next': pending_actions(account.store)[:NEXT_ACTIONS],
            },
            'account': about(account),
            'incidents': incidents(account),
            'oncall': on_call(account),
            'events': latest(account.events),
            'requests': [line(seen) for seen in latest(state.traffic.all())],
            'webhooks': webhooks(state),
            'faults': state.faults.pending,
        }


def latest(rows: list[Any]) -> list[Any]:
    """Return the last rows, newest first."""
    return rows[: -ROWS - 1 : -1]


def about(account: Account) -> dict[str, Any]:
    names = ('users', 'teams', 'services', 'schedules', 'incidents')
    return {
        'counts': {name: len(account.store.list('/' + name)) for name in names},
        'keys': {name: account.keys[name] for name in ('email', *KEYS)},
        'services': [
            {'name': service['name'], 'routing_key': integration['integration_key']}
            for service in account.store.list('/services')
            for integration in account.store.list(f'/services/{service["id"]}/integrations')
            if integration.get('integration_key')
        ],
    }


def incidents(account: Account) -> dict[str, Any]:
    """Return the latest incidents, open ones first, and their numbers by status."""
    stored = account.store.list('/incidents')
    is_open = [incident for incident in stored if incident['status'] in OPEN]
    resolved = [incident for incident in stored if incident['status'] not in OPEN]
    return {
        'open': len(is_open),
        'resolved': len(resolved),
        'rows': [row_of(account, incident) for incident in latest(is_open) + latest(resolved)],
    }


def row_of(account: Account, incident: dict[str, Any]) -> dict[str, Any]:
    assignees = [name_of(account, item['assignee']) for item in incident['assignments']]
    return {
        'id': incident['id'],
        'number': incident['incident_number'],
        'title': incident['title'],
        'status': incident['status'],
        'urgency': incident['urgency'],
        'service': name_of(account, incident['service']),
        'assignees': assignees,
        'created_at': incident['created_at'],
        'updated_at': incident['updated_at'],
    }


def timeline(account: Account, incident: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the log entries of an incident, oldest first."""
    return [
        {
            'at': entry['created_at'],
            'text': text_of(account, entry),
            'by': 'timeout' if is_timeout(entry) else name_of(account, entry['agent']),
            'note': note_of(entry),
        }
        for entry in account.store.indexed('log_entries_by_incident', incident['id'])
    ]


def is_timeout(entry: dict[str, Any]) -> bool:
    return bool(entry['channel'].get('type') == 'timeout')


def text_of(account: Account, entry: dict[str, Any]) -> str:
    text = LOG_SUMMARIES[entry['type'].removesuffix('_log_entry')]
    if 'assignees' not in entry:
        return text
    names = [name_of(account, assignee) for assignee in entry['assignees']]
    return f'{text} to {", ".join(names) or "nobody"}'


def note_of(entry: dict[str, Any]) -> str:
    """Return the text of a note, a status update or a resolution; empty for other entries."""
    channel = entry['channel']
    note = channel.get('summary') if channel.get('type') == 'note' else None
    return str(entry.get('message') or entry.get('note') or note or '')


def name_of(account: Account, reference: dict[str, Any]) -> str:
    record = account.store.find(reference['id']) or reference
    return str(record.get('name') or record.get('summary') or reference['id'])


def on_call(account: Account) -> list[dict[str, Any]]:
    """Return the users on call now, by escalation policy and level."""
    moment = account.clock.now()
    return [
        {
            'id': policy['id'],
            'policy': policy['name'],
            'levels': [
                [user['name'] for user in users_on_call(account.store, policy, level, moment)]
                for level in range(1, len(policy.get('escalation_rules') or ()) + 1)
            ],
        }
        for policy in account.store.list('/escalation_policies')[:ROWS]
    ]


def webhooks(state: State) -> dict[str, Any]:
    """Return all subscriptions and the latest deliveries."""
    return {
        'subscriptions': state.webhooks.subscriptions,
        'deliveries': [
            {
                'id': delivery['id'],
                'at': delivery['created_at'],
                'event_type': delivery['event_type'],
                'status': delivery['status'],
                'attempts': len(delivery['attempts']),
            }
            for delivery in latest(state.webhooks.deliveries)
        ],
    }


def line(seen: Request) -> dict[str, Any]:
    """Return the summary of a request for the list."""
    return {
        'number': seen.number,
        'at': None if seen.at is None else seen.at.isoformat(),
        'method': seen.method,
        'path': masked_path(seen.path),
        'query': bool(seen.query),
        'status': seen.status,
    }


def details(account: Account, seen: Request) -> dict[str, Any]:
    """Return all of a request and its response, with masked keys."""
    mask = Mask(seen, [account.keys[name] for name in KEYS])
    return {
        'query': [
            [name, mask.value(value, name)]
            for name, values in seen.query.items()
            for value in values
        ],
        'headers': mask.pairs(seen.headers.items()),
        'body': mask.body(seen.body),
        'status': seen.status,
        'response_headers': mask.pairs(seen.response_headers or ()),
        'response_body': mask.body(seen.response_body or b''),
    }
