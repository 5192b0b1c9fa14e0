"""Indices by which the store finds records other than by path."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Callable, Optional

Record = dict[str, Any]
Key = Callable[[Record], Optional[Hashable]]

OPEN = ('triggered', 'acknowledged')


def service_if_open(incident: Record) -> Hashable | None:
    return incident['service']['id'] if incident['status'] in OPEN else None


def key_if_open(incident: Record) -> Hashable | None:
    if incident['status'] not in OPEN:
        return None
    return incident['service']['id'], incident['incident_key']


def alert_key_if_open(alert: Record) -> Hashable | None:
    integration = alert.get('integration')
    if alert['status'] != 'triggered' or not integration:
        return None
    return integration['id'], alert['alert_key']


#: For each index, the path of its collections, with ``*`` for an ID, and a function that returns
#: the key of a record or None to leave it out.
INDICES: dict[str, tuple[str, Key]] = {
    'open_incidents_by_service': ('/incidents', service_if_open),
    'open_incidents_by_key': ('/incidents', key_if_open),
    'incidents_by_number': ('/incidents', lambda incident: incident['incident_number']),
    'open_alerts': ('/incidents/*/alerts', alert_key_if_open),
    'integrations_by_key': ('/services/*/integrations', lambda part: part['integration_key']),
    'orchestration_integrations_by_key': (
        '/event_orchestrations/*/integrations',
        lambda integration: integration['parameters']['routing_key'],
    ),
    'log_entries_by_incident': ('/log_entries', lambda entry: entry['incident']['id']),
    'users_by_email': ('/users', lambda user: user['email'].lower()),
}


def template_of(collection: str) -> str:
    """Return a collection's path with ``*`` for every ID: ``/incidents/*/alerts``."""
    if collection.count('/') == 1:
        return collection
    parts = collection.split('/')
    parts[2::2] = '*' * len(parts[2::2])
    return '/'.join(parts)


class Index:
    """The paths of records by a key that is computed from their content."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._keys: dict[str, Hashable] = {}
        self._paths: dict[Hashable, dict[str, None]] = {}

    def find(self, key: Hashable) -> list[str]:
        """Return the paths of the records with a key, in the order in which they were added."""
        return list(self._paths.get(key, ()))

    def put(self, path: str, record: Record) -> None:
        """Add or update a record."""
        key = self._key(record)
        if self._keys.get(path) == key:
            return
        self.remove(path)
        if key is not None:
            self._keys[path] = key
            self._paths.setdefault(key, {})[path] = None

    def remove(self, path: str) -> None:
        key = self._keys.pop(path, None)
        if key is not None:
            paths = self._paths[key]
            del paths[path]
            if not paths:
                del self._paths[key]
