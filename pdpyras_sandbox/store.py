"""The records of an account by their paths in the API, in memory and optionally in SQLite."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import string
import threading
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from pdpyras_sandbox.decoding import decoded
from pdpyras_sandbox.indices import INDICES, Index, template_of
from pdpyras_sandbox.indices import Record as Record

Records = list[Record]
ID_ALPHABET = string.ascii_uppercase + string.digits
#: Maps bytes to characters of IDs.
ID_TABLE = bytes(ord(ID_ALPHABET[byte % len(ID_ALPHABET)]) for byte in range(256))


class Store:
    """Records by path: ``/users/P123`` is in the collection ``/users``, and may have parts.

    Callers hold ``lock`` while they read or write, so that requests see consistent data.
    """

    def __init__(self, seed: int = 0, database: str | os.PathLike[str] | None = None) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self._collections: dict[str, dict[str, Record]] = {}
        self._paths: dict[str, str] = {}
        self._clear_indices()
        self._database: _Database | None = None
        #: True if the records were restored from the database.
        self.restored = False
        if database:
            self._database = _Database(database)
            for path, record, owned in self._database.records:
                self._place(path, record, owned)
                self.restored = True
                try:
                    self._put_into_indices(path, record)
                except ValueError as error:
                    self._database.close()
                    raise state_file_error(database, error) from error
        if self.restored:
            # With the seed, this run would create the IDs and keys of the last one again.
            self.random.seed()

    def _clear_indices(self) -> None:
        self._indices = {name: Index(key) for name, (_, key) in INDICES.items()}
        self._indices_of: dict[str, list[Index]] = {}
        for name, (template, _) in INDICES.items():
            self._indices_of.setdefault(template, []).append(self._indices[name])

    def new_id(self, prefix: str = 'P', length: int = 7) -> str:
        """Return a new, unused ID in PagerDuty's form."""
        while True:
            tail = self.random.randbytes(length - len(prefix)).translate(ID_TABLE)
            candidate = prefix + tail.decode()
            if candidate not in self._paths:
                return candidate

    def add(self, collection: str, record: Record) -> Record:
        """Add a record with an ``id`` to a collection."""
        path = '{}/{}'.format(collection, record['id'])
        self._place(path, record, owned=True)
        self.save(path)
        return record

    def _place(self, path: str, record: Record, owned: bool) -> None:
        collection, _, key = path.rpartition('/')
        self._collections.setdefault(collection, {})[key] = record
        if owned:
            self._paths[key] = path

    def _put_into_indices(self, path: str, record: Record) -> None:
        for index in self._indices_of.get(template_of(path.rpartition('/')[0]), ()):
            try:
                index.put(path, record)
            except (AttributeError, KeyError, TypeError) as error:
                raise ValueError(f'the record at {path!r} is not valid') from error

    def get(self, path: str) -> Any:
        collection, _, key = path.rpartition('/')
        return self._collections.get(collection, {}).get(key)

    def put(self, path: str, record: Any) -> None:
        """Store a record without an ID, such as an orchestration's router or a membership."""
        self._place(path, record, owned=False)
        self.save(path)

    def list(self, collection: str) -> Records:
        return list(self._collections.get(collection, {}).values())

    def last(self, collection: str) -> Record | None:
        """Return the newest record of a collection, or None if it is empty."""
        return next(reversed(self._collections.get(collection, {}).values()), None)

    def indexed(self, index: str, key: Hashable) -> Records:
        """Return the records with a key in an index, see :mod:`pdpyras_sandbox.indices`."""
        records = (self.get(path) for path in self._indices[index].find(key))
        return [record for record in records if record is not None]

    def path_of(self, record_id: object) -> str | None:
        """Return the path of the record with an ID; None for any other value."""
        return self._paths.get(record_id) if isinstance(record_id, str) else None

    def find(self, record_id: object) -> Record | None:
        """Return the record with an ID in any collection, or None."""
        path = self.path_of(record_id)
        return self.get(path) if path else None

    def existing(self, record_id: object) -> Record:
        """Return the record with an ID, which must exist.

        :raises LookupError: if the record does not exist.
        """
        record = self.find(record_id)
        if record is None:
            raise LookupError(f'There is no record {record_id}')
        return record

    def save(self, path: str) -> None:
        """Update the indices and the database; must be called after a change of a record."""
        collection, _, key = path.rpartition('/')
        record = self._collections[collection][key]
        self._put_into_indices(path, record)
        if self._database:
            owned = self._paths.get(key) == path
            self._database.save(path, record, owned)

    def remove(self, path: str) -> None:
        """Remove a record with its parts, memberships and associations in other collections."""
        collection, _, key = path.rpartition('/')
        self._collections.get(collection, {}).pop(key, None)
        self._remove_from_indices(path)
        if self._paths.get(key) == path:
            self._remove_path(key, path)
            for other in [name for name, records in self._collections.items() if key in records]:
                self.remove(f'{other}/{key}')
        below = [name for name in self._collections if name.startswith(path + '/')]
        for name in below:
            for part in self._collections.pop(name):
                self._remove_path(part, f'{name}/{part}')
                self._remove_from_indices(f'{name}/{part}')
        if self._database:
            self._database.remove(path)

    def _remove_path(self, key: str, path: str) -> None:
        if self._paths.get(key) == path:
            del self._paths[key]

    def _remove_from_indices(self, path: str) -> None:
        for index in self._indices_of.get(template_of(path.rpartition('/')[0]), ()):
            index.remove(path)

    def transaction(self) -> AbstractContextManager[None]:
        """Write the changes within the context to the database together, or not at all."""
        return self._database.transaction() if self._database else nullcontext()

    def dump(self) -> dict[str, dict[str, Record]]:
        """Return everything by path: ``records`` have IDs, ``documents`` do not."""
        content: dict[str, dict[str, Record]] = {'records': {}, 'documents': {}}
        for collection, records in self._collections.items():
            for key, record in records.items():
                path = f'{collection}/{key}'
                owned = self._paths.get(key) == path
                content['records' if owned else 'documents'][path] = record
        return content

    def load(self, content: dict[str, dict[str, Record]]) -> None:
        """Replace everything by the content of a dump."""
        self.clear()
        for part in ('records', 'documents'):
            for path, record in content[part].items():
                self._place(path, record, owned=part == 'records')
                self.save(path)

    def clear(self) -> None:
        self._collections.clear()
        self._paths.clear()
        self._clear_indices()
        if self._database:
            self._database.clear()

    def close(self) -> None:
        if self._database:
            self._database.close()


def state_file_error(file: str | os.PathLike[str], reason: object) -> ValueError:
    """Return the error for a state file that is damaged, in use or of another program."""
    if 'locked' in str(reason):
        reason, advice = 'another sandbox uses the file', 'Stop it'
    else:
        advice = 'Restore the file, delete it to start with a new account'
    return ValueError(
        f'Cannot keep the account in {file}: {reason}. {advice}, or choose another file'
    )


def record_in(text: object, path: object, owned: bool) -> Any:
    """Decode the record in a row.

    :raises ValueError: if the row was not written by the sandbox.
    """
    record = decoded(text) if isinstance(text, str) else None
    # A document may be a boolean: whether the rules of a service are active.
    if not (isinstance(path, str) and path.startswith('/') and record is not None):
        raise ValueError(f'there is no record at {path!r}')
    if owned and not (isinstance(record, dict) and record.get('id') == path.rpartition('/')[2]):
        raise ValueError(f'the record at {path!r} is not valid')
    return record


class _Database:
    """A SQLite database with the records as rows, written at every change."""

    def __init__(self, file: str | os.PathLike[str]) -> None:
        try:
            # Threads are synchronized by the store's lock. Another sandbox holds the lock of the
            # file for as long as it runs, so a long wait for it is no use.
            self._connection = sqlite3.connect(
                file, timeout=0.5, check_same_thread=False, isolation_level=None
            )
        except sqlite3.Error as error:
            raise state_file_error(file, error) from error
        try:
            self._prepare()
            #: The stored records: path, record, and whether the record has an ID.
            self.records = self._load()
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise state_file_error(file, error) from error

    def _prepare(self) -> None:
        # Two sandboxes with the same file would overwrite each other's changes.
        self._connection.execute('PRAGMA locking_mode=EXCLUSIVE')
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {name for (name,) in self._connection.execute(query)}
        if tables and 'records' not in tables:
            raise ValueError('it is a database of another program')
        self._check()
        self._connection.execute('PRAGMA journal_mode=WAL')
        self._connection.execute('PRAGMA synchronous=NORMAL')
        self._connection.execute(
            'CREATE TABLE IF NOT EXISTS records'
            ' (position INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, record TEXT NOT NULL,'
            ' owned INTEGER NOT NULL)'
        )

    def _check(self) -> None:
        """Raise ValueError for damage that would otherwise cause errors later."""
        ((problem,),) = self._connection.execute('PRAGMA integrity_check(1)')
        if problem != 'ok':
            raise ValueError(' '.join(problem.split()))

    def _load(self) -> list[tuple[str, Any, bool]]:
        rows = self._connection.execute('SELECT path, record, owned FROM records ORDER BY position')
        return [(path, record_in(record, path, owned), bool(owned)) for path, record, owned in rows]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute('BEGIN')
        try:
            yield
        except BaseException:
            self._connection.execute('ROLLBACK')
            raise
        self._connection.execute('COMMIT')

    def save(self, path: str, record: Any, owned: bool) -> None:
        self._connection.execute(
            'INSERT INTO records (path, record, owned) VALUES (?, ?, ?)'
            ' ON CONFLICT (path) DO UPDATE SET record = excluded.record',
            (path, json.dumps(record), owned),
        )

    def remove(self, path: str) -> None:
        self._connection.execute(
            'DELETE FROM records WHERE path = ? OR substr(path, 1, ?) = ?',
            (path, len(path) + 1, path + '/'),
        )

    def clear(self) -> None:
        self._connection.execute('DELETE FROM records')

    def close(self) -> None:
        self._connection.close()
