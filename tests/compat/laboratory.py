"""The environment of a scenario: a scripted server, its sessions, and the observations."""

import json
import logging
import random
import re
import warnings

import requests
from wire import Reply, WireServer

with warnings.catch_warnings(record=True) as _caught:
    warnings.simplefilter('always')
    import pdpyras

#: The categories of the warnings at import.
WARNED_AT_IMPORT = [warning.category.__name__ for warning in _caught]

API_KEY = 'the-api-key-1234'

#: The headers that the API or the owner of an account would notice.
HEADERS_THAT_MATTER = (
    'Authorization',
    'Accept',
    'Content-Type',
    'From',
    'User-Agent',
    'Cookie',
    'X-Extra',
)


class Laboratory:
    """The argument of a scenario: a server and sessions.

    The sessions are made on first use; a scenario about construction uses ``pdpyras``.
    """

    pdpyras = pdpyras

    def __init__(self):
        self.api = WireServer()
        self.notes = []
        self._sessions = {}
        self._elsewhere = None

    @property
    def url(self):
        return self.api.url

    @property
    def elsewhere(self):
        """Another server, which must receive no key; it accepts any request."""
        if self._elsewhere is None:
            self._elsewhere = WireServer()
            self._elsewhere.rule(lambda seen: Reply(body={'dedup_key': 'd', 'id': 'i'}))
        return self._elsewhere

    @property
    def leaked(self):
        """The requests received by the other server, if there is one."""
        return self._elsewhere.seen if self._elsewhere else []

    @property
    def rest(self):
        return self._session(pdpyras.APISession)

    @property
    def events(self):
        return self._session(pdpyras.EventsAPISession)

    @property
    def changes(self):
        return self._session(pdpyras.ChangeEventsAPISession)

    def _session(self, session_class):
        if session_class not in self._sessions:
            self._sessions[session_class] = self.aim(session_class(API_KEY))
        return self._sessions[session_class]

    def aim(self, session, **attributes):
        """Point a session at the scripted server and set attributes."""
        session.url = self.api.url
        for name, value in attributes.items():
            setattr(session, name, value)
        return session

    def note(self, *what):
        """Record values beside the outcome, in their current state; usable as an item_hook."""
        self.notes.append(plain(what))

    def drain(self, items):
        """Note every item as it arrives, so that those before an exception are recorded."""
        for item in items:
            self.note('item', item)

    def close(self):
        self.api.close()
        if self._elsewhere is not None:
            self._elsewhere.close()


class RecordingParent:
    """A replacement for the `requests.Session` below a session that notes its calls."""

    def __init__(self, lab):
        self.lab = lab

    def request(self, *args, **kwargs):
        noted = dict(kwargs, headers=sorted(kwargs['headers']))
        self.lab.note('parent.request', args, noted)
        return requests.request(*args, **kwargs)


class _Sleepless:
    """A replacement for the `time` module in the library's namespace."""

    def __init__(self):
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)


class LogKeeper(logging.Handler):
    """A handler that keeps the records of the library's loggers, in order."""

    def __init__(self, level):
        super().__init__(level)
        self.records = []

    def emit(self, record):
        self.records.append(record)


def observe(scenario):
    """Run one scenario and return the observations in a form that JSON can hold."""
    lab = Laboratory()
    for reply in scenario.replies:
        lab.api.answer(reply)
    clock, log = _Sleepless(), LogKeeper(logging.INFO)
    pdpyras.time = clock
    random.seed(541)
    logger = logging.getLogger('pdpyras')
    logger.setLevel(logging.INFO)
    logger.addHandler(log)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            outcome, message = _outcome(lab, scenario.call)
    finally:
        logger.removeHandler(log)
        lab.close()
    observation = {
        'outcome': outcome,
        'wire': [_request(seen) for seen in lab.api.seen],
        'noted': lab.notes,
        'leaked': [_request(seen) for seen in lab.leaked],
        'slept': clock.slept,
        'logged': [record.levelname for record in log.records],
        'warned': [w.category.__name__ for w in caught if w.category is not ResourceWarning],
        'message': message,
    }
    return json.loads(_neutral(json.dumps(observation), lab))


def _outcome(lab, call):
    try:
        return {'returned': plain(call(lab))}, None
    except Exception as error:  # noqa: BLE001  (whatever it is, it is the observation)
        response = getattr(error, 'response', None)
        status = getattr(response, 'status_code', None)
        return {'raised': type(error).__name__, 'status': status}, str(error)


def _request(seen):
    return {
        'method': seen.method,
        'path': seen.path,
        'query': seen.params,
        'headers': {
            name: _header(seen, name) for name in HEADERS_THAT_MATTER if name in seen.headers
        },
        'body': _body(seen),
    }


def _header(seen, name):
    values = seen.headers.get_all(name)
    # A multipart boundary is random.
    return [value.split('; boundary=')[0] for value in values]


def _body(seen):
    text = seen.body.decode('utf-8')
    if text.startswith('--'):
        return '<multipart>'
    try:
        return {'json': json.loads(text)}
    except ValueError:
        return text


def plain(value):
    """Return a value as JSON can hold it, with its type if JSON lacks that."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, requests.Response):
        return {'a response': value.status_code, 'body': value.text}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return '<{}>'.format(type(value).__name__)


def _neutral(text, lab):
    """Replace the port, the version and the time, which differ from run to run."""
    text = text.replace(lab.url, 'http://api')
    text = re.sub(r'127\.0\.0\.1:\d+', 'elsewhere', text)
    text = re.sub(r'pdpyras/[0-9][^ "]*', 'pdpyras/VERSION', text)
    return re.sub(r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"', '"NOW"', text)
