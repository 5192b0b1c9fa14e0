"""The account's records, addressed by their paths as in the API, in memory or in SQLite."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import string
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Optional

from pdpyras_sandbox.decoding import decoded
from pdpyras_sandbox.indices import INDICES, Index, template_of
from pdpyras_sandbox.indices import Record as Record

Records = list[Record]
ID_ALPHABET = string.ascii_uppercase + string.digits
#: Makes a character of an ID of any byte.
ID_TABLE = bytes(ord(ID_ALPHABET[byte % len(ID_ALPHABET)]) for byte in range(256))


class Store:
    """Records by path: ``/users/P123`` is in the collection ``/users``, and above its own parts.

    Whoever reads and writes holds ``lock``, so that each request sees and leaves a whole account.
    """

    def __init__(self, seed: int = 0, database: Optional[str | os.PathLike[str]] = None) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self._collections: dict[str, dict[str, Record]] = {}
        self._paths: dict[str, str] = {}
        self._clear_indices()
        self._database = _Database(database) if database else None
        #: True when the records were there before, from an earlier run.
        self.restored = False
        if database and self._database:
            for path, record, owned in self._database.records:
                self._place(path, record, owned)
                self.restored = True
                try:
                    self._put_into_indices(path, record)
                except ValueError as error:
                    self._database.close()
                    raise unusable(database, error) from error
        if self.restored:
            # With the seed, this run would give out the IDs and keys of the last one once more.
            self.random.seed()

    def _clear_indices(self) -> None:
        self._indices = {name: Index(key) for name, (_, key) in INDICES.items()}
        self._indices_of: dict[str, list[Index]] = {}
        for name, (template, _) in INDICES.items():
            self._indices_of.setdefault(template, []).append(self._indices[name])

    def new_id(self, prefix: str = 'P', length: int = 7) -> str:
        """An ID in PagerDuty's form, which no record has yet."""
        while True:
            tail = self.random.randbytes(length - len(prefix)).translate(ID_TABLE)
            candidate = prefix + tail.decode()
            if candidate not in self._paths:
                return candidate

    def add(self, collection: str, record: Record) -> Record:
        """Put a record, which has its ``id``, into a collection."""
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
        """Store what has no ID of its own: an orchestration's router, a membership of a user."""
        self._place(path, record, owned=False)
        self.save(path)

    def list(self, collection: str) -> Records:
        return list(self._collections.get(collection, {}).values())

    def last(self, collection: str) -> Optional[Record]:
        """Return the newest record of a collection, if it has any."""
        return next(reversed(self._collections.get(collection, {}).values()), None)

    def indexed(self, index: str, key: Hashable) -> Records:
        """Return the records that an index has for a key, see :mod:`pdpyras_sandbox.indices`."""
        records = (self.get(path) for path in self._indices[index].find(key))
        return [record for record in records if record is not None]

    def path_of(self, record_id: object) -> Optional[str]:
        """Where the record with this ID is, or None; also for what clients send in place of IDs."""
        return self._paths.get(record_id) if isinstance(record_id, str) else None

    def find(self, record_id: object) -> Optional[Record]:
        """The record with this ID wherever it is, or None."""
        path = self.path_of(record_id)
        return self.get(path) if path else None

    def existing(self, record_id: object) -> Record:
        """The record with this ID, which some other record refers to."""
        record = self.find(record_id)
        if record is None:
            raise LookupError(f'There is no record {record_id}')
        return record

    def save(self, path: str) -> None:
        """Call this after a change of a record, so that it is found by what it is now, and kept."""
        collection, _, key = path.rpartition('/')
        record = self._collections[collection][key]
        self._put_into_indices(path, record)
        if self._database:
            owned = self._paths.get(key) == path
            self._database.save(path, record, owned)

    def remove(self, path: str) -> None:
        """Remove a record and all of its parts, its memberships and whatever else has its ID."""
        collection, _, key = path.rpartition('/')
        self._collections.get(collection, {}).pop(key, None)
        self._remove_from_indices(path)
        if self._paths.get(key) == path:
            self._forget(key, path)
            for other in [name for name, records in self._collections.items() if key in records]:
                self.remove(f'{other}/{key}')
        below = [name for name in self._collections if name.startswith(path + '/')]
        for name in below:
            for part in self._collections.pop(name):
                self._forget(part, f'{name}/{part}')
                self._remove_from_indices(f'{name}/{part}')
        if self._database:
            self._database.remove(path)

    def _forget(self, key: str, path: str) -> None:
        if self._paths.get(key) == path:
            del self._paths[key]

    def _remove_from_indices(self, path: str) -> None:
        for index in self._indices_of.get(template_of(path.rpartition('/')[0]), ()):
            index.remove(path)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within this, changes reach the file together, or not at all."""
        if self._database:
            with self._database.transaction():
                yield
        else:
            yield

    def dump(self) -> dict[str, dict[str, Record]]:
        """Everything by path: ``records`` are found by their IDs, too, ``documents`` are not."""
        content: dict[str, dict[str, Record]] = {'records': {}, 'documents': {}}
        for collection, records in self._collections.items():
            for key, record in records.items():
                path = f'{collection}/{key}'
                owned = self._paths.get(key) == path
                content['records' if owned else 'documents'][path] = record
        return content

    def load(self, content: dict[str, dict[str, Record]]) -> None:
        """Replace everything by what :meth:`dump` returned."""
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


def unusable(file: str | os.PathLike[str], reason: object) -> ValueError:
    """The error for a state file that is damaged or of another program."""
    return ValueError(
        f'Cannot keep the account in {file}: {reason}. Restore the file, delete it to start with a '
        'new account, or name another one'
    )


def record_in(text: object, path: object, owned: bool) -> Any:
    """The record in a row.

    :raises ValueError: for anything that the sandbox did not write.
    """
    record = decoded(text) if isinstance(text, str) else None
    # A document may be a mere boolean: whether the rules of a service are active.
    if not (isinstance(path, str) and path.startswith('/') and record is not None):
        raise ValueError(f'there is no record at {path!r}')
    if owned and not (isinstance(record, dict) and record.get('id') == path.rpartition('/')[2]):
        raise ValueError(f'the record at {path!r} is not valid')
    return record


class _Database:
    """The records as rows; written through at every change."""

    def __init__(self, file: str | os.PathLike[str]) -> None:
        try:
            # The store's lock keeps the threads apart.
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise unusable(file, error) from error
        try:
            self._prepare()
            #: What was there before, as path, record, and whether it is there by its ID.
            self.records = self._load()
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise unusable(file, error) from error

    def _prepare(self) -> None:
        # Two sandboxes with one file would each overwrite what the other one keeps.
        self._connection.execute('PRAGMA locking_mode=EXCLUSIVE')
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {name for (name,) in self._connection.execute(query)}
        if tables and 'records' not in tables:
            raise ValueError('it is a database of something else')
        self._check()
        self._connection.execute('PRAGMA journal_mode=WAL')
        self._connection.execute('PRAGMA synchronous=NORMAL')
        self._connection.execute(
            'CREATE TABLE IF NOT EXISTS records'
            ' (position INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, record TEXT NOT NULL,'
            ' owned INTEGER NOT NULL)'
        )

    def _check(self) -> None:
        """Find damage that would otherwise show only when something is read or written later."""
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
