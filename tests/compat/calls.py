"""Calls as plain data, for both libraries to perform.

A case names a session class and its attributes, a method with its arguments, and the responses of
the server. pytest sends it to the two workers (see ``worker.py``) as a pickle.
"""

import inspect
import itertools
import json
import logging
import random
import re
import warnings
from collections import namedtuple

from laboratory import API_KEY, LogKeeper, pdpyras, plain
from wire import Hangup, Reply

Case = namedtuple('Case', 'owner attributes method args kwargs replies')

#: Placeholder for the URL of the scripted server in the texts of a case.
BASE = 'http://base'

#: A closed connection instead of a response.
HANG_UP = 'hang up'

#: Properties, which are read instead of called.
PROPERTIES = ('api_key_access', 'subdomain')

#: The compared aspects of a case. The texts of messages are not compared; they differ.
ASPECTS = ('outcome', 'items', 'wire', 'slept', 'logged', 'counted', 'warned')

#: The maximum number of waits, and of results, in a case.
LIMIT = 60


class Stopped(BaseException):
    """Raised to stop a library that waits more than LIMIT times."""


def perform(case, api):
    """Perform a case against the server ``api`` and return the observations as plain data."""
    api.reset()
    for reply in case.replies:
        api.answer(Hangup() if reply == HANG_UP else Reply(*reply))
    api.rule(lambda seen: Reply(200, {}))
    clock, log, items = _Clock(), _logged(), []
    pdpyras.time = clock
    random.seed(541)
    session = getattr(pdpyras, case.owner)(API_KEY) if case.owner else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        outcome, text = _outcome(case, session, api, items)
    observed = {
        'outcome': outcome,
        'items': items,
        'wire': [_request(seen) for seen in api.seen],
        'slept': clock.slept,
        'logged': [record.levelname for record in log.records],
        'counted': _counted(session),
        'warned': [w.category.__name__ for w in caught if w.category is not ResourceWarning],
        'text': text,
    }
    if session is not None:
        session.close()
    return json.loads(_neutral(json.dumps(observed, sort_keys=True), api))


def _logged():
    log, logger = LogKeeper(logging.DEBUG), logging.getLogger('pdpyras')
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.handlers = [log]
    return log


def _outcome(case, session, api, items):
    """Make the call; return its outcome and the exception's text, append results to ``items``."""
    try:
        if session is not None:
            _prepare(session, api.url, _ready(case.attributes, api))
        result = getattr(session or pdpyras, case.method)
        if case.method not in PROPERTIES:
            result = result(*_ready(case.args, api), **_ready(case.kwargs, api))
        if inspect.isgenerator(result):
            items.extend(plain(item) for item in itertools.islice(result, LIMIT))
            result = None
        return {'returned': plain(result)}, None
    except (Exception, Stopped) as error:  # noqa: BLE001  (whatever it is, it is the outcome)
        status = getattr(getattr(error, 'response', None), 'status_code', None)
        return {'raised': type(error).__name__, 'status': status}, str(error)


def _prepare(session, url, attributes):
    session.url = url
    for name, value in attributes.items():
        if name in ('retry', 'headers'):
            getattr(session, name).update(value)
        else:
            setattr(session, name, value)


def _counted(session):
    calls = getattr(session, 'api_call_counts', None)
    if not calls:
        return {}
    return {'calls': calls, 'times': sorted(session.api_time), 'all': session.total_call_count}


def _ready(value, api):
    if isinstance(value, str):
        return value.replace(BASE, api.url)
    if isinstance(value, (list, tuple)):
        return type(value)(_ready(item, api) for item in value)
    if isinstance(value, dict):
        return {_ready(name, api): _ready(item, api) for name, item in value.items()}
    return value


class _Clock:
    def __init__(self):
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        if len(self.slept) > LIMIT:
            raise Stopped


def _request(seen):
    names = sorted(set(name.lower() for name in seen.headers) - {'host'})
    return {
        'line': '{} {}'.format(seen.method, seen.target),
        'headers': {name: seen.headers.get_all(name) for name in names},
        'body': seen.body.decode('latin-1'),
    }


def _neutral(text, api):
    """Replace the port, the version and the time, which differ from run to run."""
    text = text.replace(api.url, BASE).replace(api.url.split('/')[-1], 'base')
    text = re.sub(r'pdpyras/[0-9][^ "]*', 'pdpyras/VERSION', text)
    text = re.sub(r'boundary=\w+', 'boundary=', text)
    text = re.sub(r'--[0-9a-f]{32}', '--', text)
    return re.sub(r'\d{4}-\d\d-\d\dT[0-9:.]+Z', 'NOW', text)
