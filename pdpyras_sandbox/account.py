"""One PagerDuty account: its records, its keys and its owner."""

from __future__ import annotations

import json
import os
import re
import string
from datetime import datetime, time, timezone, tzinfo
from typing import TYPE_CHECKING, Any

from pdpyras_sandbox.clock import Clock
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.store import Store, state_file_error

if TYPE_CHECKING:
    from pdpyras_sandbox.webhooks import Webhooks

#: The base URL of the account's web pages, which do not exist; its first label is the subdomain.
WEB_URL = 'https://sandbox.pagerduty.com'
KEYS_PATH = '/_sandbox/keys'
KEYS = ('api_key', 'user_key', 'oauth_token', 'routing_key')
#: The properties of the record with the keys that are strings.
TEXT_KEYS = (*KEYS, 'user_id', 'email')
#: Accepted years, with room for date arithmetic: datetime supports the years 1 to 9999.
YEARS = range(1900, 3000)


class Account:
    """A PagerDuty account, restored from a file if the file holds one.

    :param seed: the seed of its IDs and its sample data; None for no sample data.
    :param database: the SQLite file that keeps the account.
    :raises ValueError: if the file cannot be used.
    """

    #: Announces changes in the account; set when the sandbox starts.
    webhooks: Webhooks

    def __init__(
        self, seed: int | None = None, database: str | os.PathLike[str] | None = None
    ) -> None:
        self.store = Store(seed or 0, database)
        self.clock = Clock(self.store)
        #: The latest events received, newest last, for the page.
        self.events: list[Record] = []
        self.keys: dict[str, Any] = self.store.get(KEYS_PATH) or {}
        if database is not None and self.store.restored and not are_keys(self.keys):
            self.store.close()
            raise state_file_error(database, 'it holds no account')
        self.seed = self.keys['seed'] if self.keys else seed

    def reset(self) -> None:
        """Empty the account, so that new records get the same keys and IDs as after the start."""
        self.store.clear()
        self.store.random.seed(self.seed or 0)
        self.events.clear()
        self.clock.clear()

    def load(self, content: Any) -> None:
        """Replace the account by a dump, see :mod:`pdpyras_sandbox.dump`."""
        text = json.dumps(content)
        self.reset()
        # A copy, because the account changes its records in place.
        self.store.load(json.loads(text))
        # The account's own seed would issue keys and IDs again that the dump already contains.
        self.store.random.seed(text)
        self.keys = {**(self.store.get(KEYS_PATH) or {}), 'seed': self.seed}
        self.store.put(KEYS_PATH, self.keys)

    def new_keys(self) -> dict[str, str]:
        return {
            'api_key': self._characters(20),
            'user_key': 'u+' + self._characters(18),
            'oauth_token': 'pdus+_0XBPWQQ_' + self._characters(40),
            'routing_key': ''.join(self.store.random.choices('0123456789abcdef', k=32)),
        }

    def save_keys(self, keys: dict[str, Any], user: Record) -> None:
        """Store the keys, and the user that the user key and the OAuth token belong to."""
        # Replaced in one assignment, because the keys are also read without the lock.
        about = {'user_id': user['id'], 'email': user['email'], 'seed': self.seed}
        self.keys = {**keys, **about}
        self.store.put(KEYS_PATH, self.keys)

    def _characters(self, count: int) -> str:
        return ''.join(self.store.random.choices(string.ascii_letters + string.digits, k=count))

    @property
    def owner(self) -> Record | None:
        """The user that the user key and the OAuth token belong to; None if it was deleted."""
        owner: Record | None = self.store.get('/users/' + self.keys['user_id'])
        return owner

    def user_with_email(self, email: str) -> Record | None:
        return next(iter(self.store.indexed('users_by_email', email.strip().lower())), None)


def are_keys(value: Any) -> bool:
    """Return whether a record has all properties that :meth:`Account.save_keys` stores."""
    seed = value.get('seed') if isinstance(value, dict) else False
    has_seed = seed is None or (isinstance(seed, int) and not isinstance(seed, bool))
    return has_seed and all(isinstance(value.get(name), str) for name in TEXT_KEYS)


def parse_time(text: str, zone: tzinfo = timezone.utc) -> datetime:
    """Parse an ISO 8601 date and time.

    :param zone: the time zone of a text without an offset.
    :raises ValueError: if the text is not ISO 8601, or its year is out of range.
    """
    # A plus sign that was not encoded in a query arrives as a space.
    text = text.strip().replace('Z', '+00:00').replace(' ', '+')
    # Before Python 3.11, fromisoformat() requires a colon in the offset and 3 or 6 decimals.
    text = re.sub(r'(:.*[+-]\d\d)(\d\d)$', r'\1:\2', text)
    text = re.sub(r'\.(\d+)', lambda match: '.' + match[1].ljust(6, '0')[:6], text)
    moment = datetime.fromisoformat(text)
    if moment.year not in YEARS:
        raise ValueError(f'the year {moment.year} is out of range')
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def parse_time_of_day(text: str) -> time:
    """Parse an ISO 8601 time of day; a date before it and an offset after it are ignored.

    :raises ValueError: if the text is not a time of day.
    """
    text = re.sub(r'^\d{4}-\d\d-\d\d[T ]', '', text.strip())
    return time.fromisoformat(text.replace('Z', '')).replace(tzinfo=None)


def reference(record: Record) -> Record:
    """Return a reference to a record, as other records store it."""
    kind = record['type']
    return {'id': record['id'], 'type': kind if is_reference(record) else kind + '_reference'}


def is_reference(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get('id'), str)
        and str(value.get('type', '')).endswith('_reference')
    )
