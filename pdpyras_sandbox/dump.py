"""Dumps of accounts as JSON: creating, reading and validating them."""

from __future__ import annotations

import json
import os
from typing import Any

from pdpyras_sandbox.account import KEYS_PATH, TEXT_KEYS, Account
from pdpyras_sandbox.decoding import decoded

#: The version of the format.
VERSION = 1
#: The property of a dump that holds its version.
MARK = 'pdpyras_sandbox'
#: The parts of a dump: records, which have IDs, and documents, which do not.
PARTS = ('records', 'documents')


def dump(account: Account) -> dict[str, Any]:
    """Return everything in an account: keys, records, and how far its clock is ahead."""
    with account.store.lock:
        content = {MARK: VERSION, **account.store.dump()}
        # A copy, because the account changes its records in place.
        copy: dict[str, Any] = json.loads(json.dumps(content))
        return copy


def check(content: Any) -> None:
    """Raise ValueError if the content is not a dump that :meth:`Account.load` can load."""
    if not isinstance(content, dict) or MARK not in content:
        raise ValueError(f'This is not a dump of an account: it has no "{MARK}"')
    if content[MARK] != VERSION:
        raise ValueError(
            f'This dump has version {content[MARK]!r}; this sandbox reads version {VERSION}'
        )
    for part in PARTS:
        if not isinstance(content.get(part), dict):
            raise ValueError(f'{part} must be an object with a record for each path')
        for path, record in content[part].items():
            check_record(part, path, record)
    keys = content['documents'].get(KEYS_PATH)
    keys = keys if isinstance(keys, dict) else {}
    missing = [name for name in TEXT_KEYS if not isinstance(keys.get(name), str)]
    if missing:
        raise ValueError(f'documents: {KEYS_PATH} has no {missing[0]}')


def check_record(part: str, path: str, record: Any) -> None:
    collection, _, key = path.rpartition('/')
    if not collection.startswith('/') or not key:
        raise ValueError(f'{part}: {path!r} is not a path such as "/users/P123456"')
    if part == 'documents':
        return
    if not isinstance(record, dict):
        raise ValueError(f'records: {path} must be an object')
    if record.get('id') != key:
        raise ValueError(f'records: the id of {path} must be {key!r}, as in its path')


def read(file: str | os.PathLike[str]) -> Any:
    """Return the decoded content of a file.

    :raises ValueError: if the file cannot be read, or is not JSON.
    """
    try:
        with open(file, 'rb') as opened:
            return decoded(opened.read())
    except OSError as error:
        raise ValueError(f'Cannot load {file}: {error.strerror}') from None
    except ValueError as error:
        raise ValueError(f'Cannot load {file}: it is not JSON: {error}') from None


def dump_of_file(file: str) -> dict[str, Any]:
    """Return a dump of the account in a state file.

    :raises ValueError: if the file contains no account, or another sandbox uses it.
    """
    # SQLite would create a missing file.
    if not os.path.exists(file):
        raise ValueError(f'There is no file {file}')
    account = Account(database=file)
    try:
        if not account.store.restored:
            raise ValueError(f'{file} contains no account')
        return dump(account)
    finally:
        account.store.close()
