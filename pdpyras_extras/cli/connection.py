"""The sessions that commands use, from the options and the environment."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, TypeVar

import click

from pdpyras_extras.cli.failures import Mistake, usage_errors

if TYPE_CHECKING:
    import pdpyras

_S = TypeVar('_S', bound='pdpyras.PDSession')


class Region(NamedTuple):
    """The base URLs of a service region."""

    rest: str
    events: str


#: See https://support.pagerduty.com/main/docs/service-regions.
REGIONS = {
    'us': Region('https://api.pagerduty.com', 'https://events.pagerduty.com'),
    'eu': Region('https://api.eu.pagerduty.com', 'https://events.eu.pagerduty.com'),
}

#: Prefixes of OAuth access tokens, which are sent as Bearer tokens.
#: See https://developer.pagerduty.com/docs/oauth-functionality.
TOKEN_PREFIXES = ('pdus+', 'pdeu+')

#: Seconds to connect to each address of the host: TCP repeats an attempt after one second.
CONNECT_TIMEOUT = 1.4
#: Seconds to wait for a response without --timeout.
READ_TIMEOUT = 4

#: Highest --timeout, in seconds. Sockets reject infinity, and more than 24 days.
DAY = 86_400

#: With one retry after half a second, a dead network or server with up to three addresses ends a
#: command within 9 seconds, and within 10 with the start of Python on a slow machine.
NETWORK_RETRIES = 1
FIRST_WAIT = 0.5

STATUS_RETRIES = {500: 1, 502: 2, 503: 2, 504: 2}

#: Seconds to wait for retries in all; the rate limit is reset within a minute.
MAX_WAIT = 75


def _variable(name: str) -> str:
    """Return an environment variable without the line break with which secrets often end."""
    return os.environ.get(name, '').strip()


class Connection:
    """The connection options, which may stand before and after the command; the last one wins."""

    def __init__(self) -> None:
        self.key_file: Optional[str] = None
        self.region: Optional[str] = None
        self.url: Optional[str] = None
        self.sender: Optional[str] = None
        self.timeout: float = READ_TIMEOUT
        self.verbose = False
        #: Sentences to add to an error message.
        self.notes: List[str] = []
        #: True once the library has warned that records of a listing are missing.
        self.is_incomplete = False
        self._stdin_option: Optional[str] = None

    def api(self, url: Optional[str] = None) -> pdpyras.APISession:
        """Return a session with the REST API, by default at the URL that the options give."""
        key = self.api_key
        import pdpyras

        auth_type = 'bearer' if key.startswith(TOKEN_PREFIXES) else 'token'
        given = (self.sender or '').strip() or _variable('PAGERDUTY_FROM')
        # Set by `pdpyras sandbox run`.
        sender = given or _variable('PAGERDUTY_EMAIL') or None
        with usage_errors():
            session = pdpyras.APISession(key, sender, auth_type, base_url=url or self.rest_url)
        # A POST whose response was lost may have created something.
        session.retry_unsafe_methods = False
        return self._configured(session)

    def events(self) -> pdpyras.EventsAPISession:
        """Return a session with the Events API."""
        key = self.routing_key
        import pdpyras

        with usage_errors():
            return self._configured(pdpyras.EventsAPISession(key, base_url=self.events_url))

    def change_events(self) -> pdpyras.ChangeEventsAPISession:
        """Return a session for change events."""
        key = self.routing_key
        import pdpyras

        with usage_errors():
            session = pdpyras.ChangeEventsAPISession(key, base_url=self.events_url)
        # Change events have no deduplication key, so a repeated one shows twice.
        session.retry_unsafe_methods = False
        return self._configured(session)

    def _configured(self, session: _S) -> _S:
        session.timeout = (CONNECT_TIMEOUT, self.timeout)
        session.max_network_attempts = NETWORK_RETRIES
        # A session multiplies its sleep_timer before each wait.
        session.sleep_timer = FIRST_WAIT / session.sleep_timer_base
        session.retry = dict(STATUS_RETRIES)
        session.max_wait = MAX_WAIT
        return session

    @property
    def rest_url(self) -> str:
        return self._given_url or self._region.rest

    @property
    def events_url(self) -> str:
        # A sandbox, or a proxy, serves both APIs at one URL.
        events_urls = {region.rest: region.events for region in REGIONS.values()}
        return events_urls.get(self.rest_url, self.rest_url)

    @property
    def _given_url(self) -> Optional[str]:
        if self.url and self.region:
            raise Mistake('Pass --url or --region, not both.')
        url = self.url or ('' if self.region else _variable('PAGERDUTY_URL'))
        return url.strip().rstrip('/') or None

    @property
    def _region(self) -> Region:
        name = self.region or _variable('PAGERDUTY_REGION') or 'us'
        if name not in REGIONS:
            raise Mistake(f'PAGERDUTY_REGION must be us or eu; it is {name!r}.')
        return REGIONS[name]

    @cached_property
    def api_key(self) -> str:
        return self._key('PAGERDUTY_API_KEY', 'API key')

    @cached_property
    def routing_key(self) -> str:
        return self._key('PAGERDUTY_ROUTING_KEY', 'routing key')

    def _key(self, variable: str, name: str) -> str:
        if self.key_file is None:
            key = _variable(variable)
        else:
            key = self._stored_key(self.key_file, name)
        if not key:
            raise Mistake(f'No {name}: set {variable}, or pass --key-file FILE.')
        if not key.isascii():
            raise Mistake(f'The {name} contains a non-ASCII character. Copy it again.')
        return key

    def _stored_key(self, path: str, name: str) -> str:
        if path == '-' and sys.stdin.isatty():
            from getpass import getpass

            text = getpass(f'{name}: ')
        else:
            text = self.read('--key-file', path)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) != 1:
            raise Mistake(
                f'--key-file: {path} must hold one line, the {name}; it has {len(lines)}.'
            )
        return lines[0]

    def read(self, option: str, path: str) -> str:
        """Return the text of a file, or of standard input for ``-``."""
        try:
            if path != '-':
                with open(path, encoding='utf-8-sig') as file:
                    return file.read()
            if self._stdin_option is not None:
                raise Mistake(f'{self._stdin_option} and {option} both read stdin.')
            self._stdin_option = option
            return sys.stdin.buffer.read().decode('utf-8-sig')
        except OSError as error:
            reason = error.strerror or error
            raise Mistake(f'{option}: cannot read {path!r}: {reason}.') from None
        except UnicodeDecodeError:
            raise Mistake(f'{option}: {path} is not text in UTF-8.') from None


def seconds(value: str) -> float:
    """Parse a time to wait, up to a day."""
    try:
        number = float(value)
    except ValueError:
        number = 0
    if not 0 < number <= DAY:
        raise click.BadParameter(f'{value!r} is not a number of seconds, up to {DAY}.')
    return number


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value not in (None, False):
        setattr(context.ensure_object(Connection), str(parameter.name), value)


def _option(*names: str, **details: Any) -> click.Option:
    return click.Option(list(names), expose_value=False, callback=_remember, **details)


#: The options of a connection; every command takes them, and the group before it.
OPTIONS = [
    _option(
        '--key-file',
        metavar='FILE',
        help='Read the key from FILE, or from stdin for "-", instead of PAGERDUTY_API_KEY or, '
        'for events, PAGERDUTY_ROUTING_KEY.',
    ),
    _option(
        '--region',
        type=click.Choice(sorted(REGIONS)),
        help='Service region of the account; PAGERDUTY_REGION or us by default.',
    ),
    _option(
        '--url',
        metavar='URL',
        help='Base URL of both APIs, such as that of a sandbox; PAGERDUTY_URL by default.',
    ),
    _option(
        '--from',
        'sender',
        metavar='EMAIL',
        help='User on whose behalf to act with an account key; PAGERDUTY_FROM by default.',
    ),
    _option(
        '--timeout',
        type=seconds,
        metavar='SECONDS',
        help=f'Time to wait for a response, {READ_TIMEOUT} seconds by default.',
    ),
    _option('-v', '--verbose', is_flag=True, help='Log requests and retries to stderr.'),
]


class Command(click.Command):
    """A command that takes the options of a connection as well."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params += OPTIONS


class Group(click.Group):
    """A group of commands that all take the options of a connection."""

    command_class = Command

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params += OPTIONS
