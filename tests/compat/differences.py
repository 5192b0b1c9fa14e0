"""The intended differences from 5.4.1, each with its reason.

"Moving from 5.4.1" in the documentation lists them for users. A scenario may be listed under
several reasons.
"""

import json
import re
import sys
from collections import namedtuple
from urllib.parse import urlsplit

from calls import ASPECTS, BASE, HANG_UP
from laboratory import API_KEY

Difference = namedtuple('Difference', 'reason aspects scenarios')

DIFFERENCES = []


def differs(reason, aspects, *scenarios):
    """List a difference in aspects, separated by spaces, of scenarios."""
    DIFFERENCES.append(Difference(reason, aspects.split(), scenarios))


# --- pagination and look-up --------------------------------------------------------------------

differs(
    'the cursor is followed where 5.4.1 raised TypeError',
    'outcome wire',
    'pages: dict_all of a path with cursors',
    'pages: find on a path with cursors',
    'pages: iter_all of a path with cursors',
    'pages: list_all of a path with cursors',
)
differs('items are yielded where 5.4.1 raised', 'noted', 'pages: iter_all of a path with cursors')
differs('a short page does not shrink the limit', 'wire', 'pages: iter_all over a short page')
differs(
    'an empty page with more=true ends it, with a warning',
    'wire warned',
    'pages: iter_all over an empty page with more',
)
differs(
    'the last page before the limit is clamped, not dropped',
    'outcome wire',
    'pages: iter_all into the limit',
    'pages: iter_all into the limit by steps that do not fit',
)
differs('an unknown total is "?"', 'noted', 'pages: item_hook with a total of null')
differs(
    'params may have any form that requests accepts',
    'outcome wire',
    'pages: iter_all with params as pairs',
    'rest: get with a list of pairs in params',
    'rest: get with a str in params',
)
differs('items are yielded where 5.4.1 raised', 'noted', 'pages: iter_all with params as pairs')
differs(
    'tuples and sets get [], a bool is true or false, a datetime is ISO 8601',
    'wire',
    'pages: iter_all with total=False in params',
    'rest: get with a bool in params',
    'rest: get with a datetime in params',
    'rest: get with a set in params',
    'rest: get with a tuple in params',
)
differs(
    'normalize_params() does so, too',
    'outcome',
    "session: normalize_params({'ids': ('a',)})",
    "session: normalize_params({'total': True})",
)
differs(
    'a result without the attribute, or with null, is skipped',
    'outcome',
    'pages: find the text None',
    'pages: find where results lack the attribute',
)
differs(
    'references are compared by id, and a self of null is not an error',
    'outcome wire',
    'pages: persist with update a bare reference',
    'pages: persist with update what has no self',
)
differs('one user is not a collection', 'outcome wire noted warned', 'pages: iter_all of users/me')
differs(
    'the query of the URL is merged into the parameters',
    'wire',
    'pages: iter_all with limit and offset in the path',
)
differs(
    'iter_cursor sends the page size as well',
    'wire',
    'pages: iter_cursor',
    'pages: iter_cursor of a nested path',
    'pages: iter_cursor over an empty page',
    'pages: iter_cursor with an empty next_cursor',
    'pages: iter_cursor without next_cursor',
    'pages: iter_cursor: a 404',
    'pages: iter_cursor: a 500 on the second page',
    'pages: iter_cursor: the wrapper is missing',
    'overriding: iter_cursor of APISession',
)
differs(
    '`by` is a named parameter, so it can be passed by position',
    'outcome wire',
    'pages: dict_all by position',
)

# --- retry and HTTP ----------------------------------------------------------------------------

differs(
    'every 5xx is a PDServerError',
    'outcome',
    'module: successful_response of a 503',
    'module: successful_response of a 599',
    'pages: iter_all: a 503',
    'rest: jget a 503',
    'rest: rget: a 502',
    'rest: rget: a 503',
    'rest: rget: a 504',
    'retry: 502 of a change event',
    'retry: 502 of an event',
    'retry: 503 of a change event',
    'retry: 503 of an event',
    'retry: 504 of a change event',
    'retry: 504 of an event',
)
differs(
    'the message calls every 4xx a client error and every 5xx a server error',
    'outcome',
    'module: http_error_message of a 401',
    'module: http_error_message of a 404',
    'module: http_error_message of a 422',
    'module: http_error_message of a 429',
    'module: http_error_message of a 502',
    'module: http_error_message of a 504',
)
differs(
    'max_http_attempts is the number of retries, for -1 too',
    'wire slept logged',
    'retry: max_http_attempts and a status without limit',
    'retry: max_http_attempts of 0',
    'retry: max_http_attempts of 1',
    "retry: the guide's first example",
)
differs(
    'retries end with the error at max_http_attempts',
    'outcome',
    'retry: max_http_attempts and a status without limit',
)
differs(
    'no wait after a 429 is longer than the server asks for',
    'slept',
    'retry: 429s with Retry-After',
    'retry: 429s with a reset from the server',
)
differs(
    'every wait after a 429 is logged at INFO',
    'logged',
    'pages: iter_all: a 429 in between',
    'rest: api_call_counts of retries',
    'retry: 429 of a POST',
    'retry: 429 of an event',
    'retry: 429s',
    'retry: 429s past max_http_attempts',
    'retry: 429s set to 0',
    'retry: 429s with Retry-After',
    'retry: 429s with a reset from the server',
    'retry: network errors, then a 429',
    'session: postprocess sees every response',
    'session: the log of a 429',
    'session: who calls whom: inside a request',
)
differs('the log line of a 429 shows the wait', 'outcome', 'session: the log of a 429')
differs(
    'the timeout of the call takes precedence',
    'noted',
    'session: parent.request with a timeout of the call',
)
differs(
    'TIMEOUT is read when a session is made',
    'outcome',
    "session: the module's TIMEOUT is changed",
)
differs(
    'arguments are not deep-copied, so bodies may be streams',
    'outcome wire',
    'rest: post a generator',
    'rest: post an open file',
)
differs(
    'invalid JSON and redirect loops are not retried',
    'slept logged',
    'rest: post invalid JSON',
    'rest: redirect loop',
)
differs('a redirect loop is followed once', 'wire', 'rest: redirect loop')
differs(
    'white space around a key is stripped',
    'outcome',
    'session: a key with a trailing newline',
)
differs(
    'calls of unlisted paths are counted by template',
    'outcome',
    'rest: api_call_counts of unlisted paths',
)
differs(
    "the class's retry is copied into the instance",
    'outcome',
    'session: retry of a subclass',
)
differs('errors and sessions can be pickled and copied', 'outcome', 'session: a pickled error')
differs(
    'copies of sessions are usable',
    'outcome wire',
    'session: a copied session',
    'session: a pickled session',
)
differs('PATCH is supported', 'outcome', 'session: APISession.permitted_methods')
differs('a PATCH is sent', 'outcome wire', 'rest: patch')
differs('no cookies are stored', 'wire', 'rest: headers: a cookie of the server')
differs(
    'the JSON content type is sent only with JSON',
    'wire',
    'rest: post a file',
    'rest: post form fields',
)
differs(
    "the user's token is prepended to ours",
    'wire',
    "rest: headers: the session's own User-Agent",
)

# --- security ----------------------------------------------------------------------------------

differs(
    'another host, port or user is not under the base',
    'outcome',
    "module: normalize_url('https://api.pagerduty.com', "
    "'https://api.pagerduty.com.evil.example/users')",
    "module: normalize_url('https://api.pagerduty.com', 'https://api.pagerduty.com:8443/users')",
    "module: normalize_url('https://api.pagerduty.com', "
    "'https://api.pagerduty.com@evil.example/users')",
)
differs(
    'nothing is sent to another host',
    'outcome leaked',
    'events: post to a look-alike host',
    'rest: get a look-alike host',
    'rest: rput a dict whose self has a look-alike host',
)
differs(
    'a redirect to another server is rejected',
    'outcome leaked',
    'events: a redirect of an event to another server',
    'rest: redirect of a PUT to another server',
    'rest: redirect to another server',
)
differs(
    'a POST never turns into a GET',
    'outcome wire',
    'events: a redirect of an event',
    'rest: redirect of a POST',
)
differs('the key takes precedence over ~/.netrc', 'wire', 'rest: get where ~/.netrc names the host')
differs(
    'a path must not contain ..',
    'outcome',
    "module: normalize_url('https://api.pagerduty.com', 'users/../teams')",
)
differs('nothing is sent for a path with ..', 'outcome wire', 'rest: get with .. in the path')
differs('each line is printed once', 'outcome', 'session: print_debug of two sessions')
differs(
    "the caller's dict is left alone",
    'outcome',
    "events: post leaves the caller's dict alone",
)
differs(
    "the caller's routing key is kept, and every method that posts adds one",
    'wire',
    'events: post JSON by position',
    'events: post with a routing key of the caller',
    'events: request',
    'events: send_event with a routing key of the caller',
)

# --- URLs and wrapping -------------------------------------------------------------------------

differs(
    'wrappers of an unlisted path are inferred instead of an error',
    'outcome wire',
    'pages: iter_all of an unlisted path',
    'rest: rget of an unlisted path',
    'rest: rpost to an unlisted path',
)
differs('items are yielded where 5.4.1 raised', 'noted', 'pages: iter_all of an unlisted path')
differs(
    'a literal segment takes precedence over a parameter',
    'outcome',
    "module: canonical_path('https://api.pagerduty.com', '/incidents/custom_fields')",
    'rest: rget of a literal that looks like an ID',
)
differs(
    'a dict is never sent under a plural wrapper',
    'wire',
    'rest: rpost an event orchestration',
    'rest: rput one dict where a list belongs',
)
differs(
    'a response in the singular is unwrapped',
    'outcome',
    'rest: rpost an event orchestration',
)
differs(
    'an empty success is None',
    'outcome',
    'rest: rget: a 204',
    'rest: rget: an empty 200',
    "rest: rput a log entry's channel",
)
differs(
    'a trailing slash and a fragment do not matter',
    'outcome',
    "module: canonical_path('https://api.pagerduty.com', '/users#top')",
    "module: canonical_path('https://api.pagerduty.com', '/users/')",
    "module: canonical_path('https://api.pagerduty.com', '/users/PABC123/')",
)
differs(
    "a link to the sibling region is requested in the session's region",
    'outcome',
    "module: normalize_url('https://api.pagerduty.com', "
    "'https://api.eu.pagerduty.com/users/PABC123')",
)
differs(
    'a self that is not a str is a URLError',
    'outcome',
    'rest: rget a dict whose self is None',
    'rest: rget a dict whose self is a number',
)
differs('any mapping is accepted as a resource', 'outcome wire', 'rest: rget an ordered dict')
differs('json=None means no body', 'outcome wire', 'rest: rpost None')
differs(
    'only a dict with the wrapper as a key counts as wrapped',
    'wire',
    "rest: rpost a list that holds the wrapper's name",
    "rest: rpost a str that holds the wrapper's name",
)
differs(
    'decorated functions keep their names',
    'outcome',
    'module: auto_json keeps the name and docstring',
    'module: requires_success keeps the name and docstring',
    'module: resource_url keeps the name and docstring',
    'module: wrapped_entities keeps the name and docstring',
)
differs(
    'irregular English nouns are handled',
    'outcome',
    "module: infer_entity_wrapper('POST', '/status')",
    "module: plural_name('address')",
    "module: plural_name('business')",
    "module: plural_name('key')",
    "module: plural_name('response_play')",
    "module: plural_name('status')",
    "module: singular_name('addresses')",
    "module: singular_name('business')",
    "module: singular_name('status')",
    "module: singular_name('statuses')",
)
differs(
    'an invalid wrapper raises ValueError',
    'outcome',
    "module: entity_wrappers with ('one', 'two', 'three') in the table",
    'module: entity_wrappers with 5 in the table',
    "module: entity_wrappers with ['a', 'list'] in the table",
)
differs(
    'anything but a path or a URL under the base is a URLError',
    'outcome',
    "module: normalize_url('https://api.pagerduty.com', 'ftp://example.com/users')",
    "module: normalize_url('https://api.pagerduty.com', 5)",
    "module: normalize_url('https://api.pagerduty.com', '//users')",
    "module: canonical_path('https://api.pagerduty.com', '//users')",
    'pages: iter_all of a number',
)
differs(
    'an empty path is an error, and nothing is sent',
    'outcome wire',
    'rest: get nothing',
    'rest: get two slashes',
)

# --- events, account facts, errors -------------------------------------------------------------

differs(
    'a number is sent as a string',
    'wire',
    'events: acknowledge with a number as key',
    'events: resolve with a number as key',
    'events: trigger with a number as key',
)
differs(
    'a number is accepted as the dedup_key',
    'outcome',
    'events: acknowledge with a number as key',
    'events: resolve with a number as key',
)
differs(
    "the caller's payload is left alone",
    'outcome',
    "events: trigger leaves the caller's payload alone",
)
differs(
    'a long summary is truncated, with a warning in the log',
    'wire logged',
    'events: submit a summary of 2000',
    'events: trigger with a summary of 2000',
)
differs('an empty dedup_key is left out', 'wire', 'events: trigger with an empty key')
differs(
    'an empty dedup_key is an error where one is required',
    'outcome wire',
    'events: acknowledge with an empty key',
    'events: resolve with an empty key',
)
differs('an empty 202 is accepted', 'outcome', 'events: an answer to a change that is empty')
differs(
    'raw calls carry the routing key',
    'wire',
    'events: post a change event',
    'events: send_change_event',
)
differs('a 504 is retried', 'wire slept', 'retry: 504 of a change event')
differs('the default of retry has 504', 'outcome', 'session: ChangeEventsAPISession.retry')
if sys.version_info >= (3, 12):
    differs(
        'datetime.utcnow(), which Python warns of since 3.12, is not called',
        'warned',
        'events: submit',
        'events: submit with a source',
    )
differs('events sessions log every response', 'outcome', 'session: the log of an event')
differs(
    'events sessions log every 5xx as an error',
    'logged',
    'retry: 500 of a change event',
    'retry: 500 of an event',
    'retry: 502 of a change event',
    'retry: 502 of an event',
    'retry: 503 of a change event',
    'retry: 503 of an event',
    'retry: 504 of a change event',
    'retry: 504 of an event',
)
differs(
    'only a 200 means user, and anything unexpected is logged',
    'outcome logged',
    'rest: api_key_access after a 400 that is a list',
    'rest: api_key_access after a 403',
    'rest: api_key_access after a 404',
    'rest: api_key_access after a 500',
)
differs(
    'the access of a new key is requested again',
    'outcome wire',
    'rest: api_key_access of a new key',
)
differs(
    'setting auth_type refreshes the header',
    'wire',
    'session: auth_type is changed, then a call',
)
differs(
    'the log exists before after_set_api_key() is called', 'noted', 'session: after_set_api_key'
)
differs(
    'subdomain raises PDClientError if there is no user',
    'outcome',
    'rest: subdomain of an account without users',
)
differs(
    'a failure that is raised is not logged as well',
    'logged',
    'rest: subdomain after a 404',
)
differs(
    'the body is truncated to TEXT_LEN_LIMIT, including the dots',
    'outcome',
    'module: http_error_message of a long body',
    'module: truncate_text of 101 characters',
    'module: truncate_text of 500 characters',
)
differs(
    'the response of an HTTP error is true',
    'outcome',
    'rest: errors are told apart as in the guide',
)
differs(
    'any non-negative number is accepted', 'outcome', 'session: stagger_cooldown = Fraction(1, 2)'
)
differs(
    'a redirect that is not followed is an error',
    'outcome',
    'module: successful_response of a 304',
)

#: ``{aspect: [(name or pattern, reason)]}`` for the public surface and changes of attributes.
SURFACE = {
    'shown': [
        ('ITERATION_LIMIT', 'an int'),
        ('*Session.parent', 'a property of the class, to avoid a reference cycle'),
        ('*.permitted_methods', 'PATCH is supported'),
        (
            '*EventsAPISession.retry',
            'the class has the default, which instances copy',
        ),
        ('ChangeEventsAPISession().retry', 'a 504 is retried'),
    ],
    'parameters': [
        ('*.prepare_headers', 'the default is None, not a dict that all calls share'),
        ('EventsAPISession.post', 'has the parameters of requests'),
        ('*.resolve_redirects', 'passes any arguments of requests'),
    ],
    'changed': [
        ('set *Session().print_debug', 'is on or off, whatever it is set to'),
        ('set and delete *EventsAPISession().retry', 'the class has the default'),
    ],
}

_DOCUMENTED = 'as the API documents it'


def _both(wrapper):
    return [wrapper, wrapper]


#: ``{'METHOD /path': (the wrappers now, reason)}`` for endpoints that 5.4.1 lists.
WRAPPERS = {
    'DELETE /incident_workflows/triggers/{trigger_id}/services/{service_id}': (
        _both('trigger'),
        _DOCUMENTED,
    ),
    'GET /paused_incident_reports/alerts': (
        _both('paused_incident_reporting_alerts'),
        _DOCUMENTED,
    ),
    'GET /service_dependencies/business_services/{id}': (
        _both('relationships'),
        _DOCUMENTED,
    ),
    'GET /service_dependencies/technical_services/{id}': (
        _both('relationships'),
        _DOCUMENTED,
    ),
    'POST /automation_actions/actions/{id}/invocations': (_both('invocation'), _DOCUMENTED),
    'PUT /business_services/priority_thresholds': (
        ['global_threshold', None],
        'the API rejects a bare object',
    ),
    'POST /service_dependencies/disassociate': (_both('relationships'), _DOCUMENTED),
    'POST /schedules/preview': (_both('schedule'), _DOCUMENTED),
    'GET /users/{id}/status_update_notification_rules/{status_update_notification_rule_id}': (
        _both('notification_rule'),
        _DOCUMENTED,
    ),
    'PUT /users/{id}/status_update_notification_rules/{status_update_notification_rule_id}': (
        ['status_update_notification_rule', 'notification_rule'],
        _DOCUMENTED,
    ),
}

#: ``{url: (the canonical path now, reason)}`` for URLs that 5.4.1 knows.
CANONICAL_PATHS = {}

# --- random calls ------------------------------------------------------------------------------
#
# A difference in random calls is a function of a case and of the observations before (5.4.1) and
# now. `drops` removes aspects from the comparison if the function is true; a function under `edits`
# changes the observations of 5.4.1 into the expected ones, and returns whether it did.

RandomDifference = namedtuple('RandomDifference', 'reason apply')

RANDOM = []


def edits(reason):
    def register(function):
        RANDOM.append(RandomDifference(reason, function))

    return register


def drops(reason, *aspects):
    def register(applies):
        def apply(case, before, now):
            if not applies(case, before):
                return False
            for aspect in aspects:
                before[aspect] = now[aspect] = type(before[aspect])()
            return True

        RANDOM.append(RandomDifference(reason, apply))

    return register


def _raised(observed):
    return observed['outcome'].get('raised')


def _said(observed, part):
    return part in (observed['text'] or '')


def _statuses(case):
    return [reply[0] for reply in case.replies if reply != HANG_UP]


def _is_of_events(case):
    return case.owner in ('EventsAPISession', 'ChangeEventsAPISession')


def _headers(options):
    return [name.lower() for name in options.get('headers') or {}]


#: Methods whose first argument is not a URL.
_OF_EVENTS = ('trigger', 'acknowledge', 'resolve', 'send_event', 'submit', 'send_change_event')


def _url(case):
    if not case.args or case.method in _OF_EVENTS:
        return 'users'
    url = case.args[1 if case.method in ('canonical_path', 'normalize_url') else 0]
    return url.get('self') if isinstance(url, dict) else url


def _leads_elsewhere(url):
    """Return whether a URL is rejected now: another origin, dot segments, a backslash."""
    if not isinstance(url, str):
        return False
    path = re.split('[?#]', url)[0].replace('%2e', '.')
    if '\\' in path or re.search(r'(^|/)\.\.?(/|$)', path) or url.strip().startswith('//'):
        return True
    has_scheme = re.match(r'[A-Za-z][A-Za-z0-9+.-]*:', url.strip())
    return bool(has_scheme) and urlsplit(url.strip())[:2] != urlsplit(BASE)[:2]


@edits('a URL that leads elsewhere is rejected before anything is sent')
def _(case, before, now):
    if not case.owner or not _leads_elsewhere(_url(case)):
        return False
    before['outcome'] = {'raised': 'URLError', 'status': None}
    before.update(items=[], wire=[], slept=[], logged=[], counted={})
    return True


@edits('an empty path is an error')
def _(case, before, now):
    url = _url(case)
    if not case.owner or not isinstance(url, str) or re.split('[?#]', url)[0].strip('/ '):
        return False
    before['outcome'] = {'raised': 'URLError', 'status': None}
    before.update(items=[], wire=[], slept=[], logged=[], counted={})
    return True


@edits('normalize_url() and canonical_path() reject a URL that leads elsewhere')
def _(case, before, now):
    if case.method not in ('canonical_path', 'normalize_url') or not _leads_elsewhere(_url(case)):
        return False
    before['outcome'] = {'raised': 'URLError', 'status': None}
    return True


@edits('anything but a URL is a URLError')
def _(case, before, now):
    if _raised(before) != 'AttributeError' or _url(case) is not None:
        return False
    before['outcome']['raised'] = 'URLError'
    return True


@drops('every j* and r* method accepts a resource', *ASPECTS)
def _(case, before):
    return _raised(before) == 'AttributeError' and case.args and isinstance(case.args[0], dict)


@drops('wrappers of an unlisted path are inferred instead of an error', *ASPECTS)
def _(case, before):
    return case.owner and _said(before, 'does not match any canonical API path')


@edits('more paths are listed')
def _(case, before, now):
    is_unlisted = _said(before, 'does not match any canonical API path')
    if case.method != 'canonical_path' or not is_unlisted or _raised(now):
        return False
    before['outcome'] = now['outcome']
    return True


@drops('a trailing slash or fragment of a path is ignored', 'outcome', 'counted')
def _(case, before):
    url = _url(case)
    if case.method != 'canonical_path' and case.owner != 'APISession' or not isinstance(url, str):
        return False
    return '#' in url.split('?')[0] or re.split('[?#]', url)[0].endswith('/')


@drops('a base URL with a trailing slash is a URL under itself', 'outcome')
def _(case, before):
    return case.method == 'normalize_url' and case.args[0] == BASE + '/'


@drops('params may have any form that requests accepts', *ASPECTS)
def _(case, before):
    params = case.kwargs.get('params')
    return isinstance(params, (str, bytes, list)) and _raised(before) == 'AttributeError'


@drops('tuples and sets get [], a bool is true or false, a datetime is ISO 8601', 'wire')
def _(case, before):
    params = case.kwargs.get('params')
    if not isinstance(params, dict):
        return False
    values = [
        item
        for value in params.values()
        for item in (value if isinstance(value, list) else [value])
    ]
    kept = (type(None), str, bytes, int, float, dict)
    return not all(type(value) in kept for value in values)


@drops('json may be any JSON value', *ASPECTS)
def _(case, before):
    return _raised(before) == 'TypeError' and _said(before, 'is not iterable')


@drops('a str or a list that contains the name of the wrapper is wrapped', 'wire')
def _(case, before):
    given = case.kwargs.get('json')
    sent = [request['body'] for request in before['wire']]
    return (
        case.method[0] == 'r'
        and isinstance(given, (str, list))
        and sent
        and all(body == json.dumps(given) for body in sent)
    )


@drops('a dict is never sent under a plural wrapper', 'wire', 'outcome')
def _(case, before):
    is_dict = case.method == 'persist' or isinstance(case.kwargs.get('json'), dict)
    if case.method not in ('rpost', 'rput', 'rget', 'rdelete', 'persist') or not is_dict:
        return False
    sent = {request['body'] for request in before['wire']}
    names = {name for body in sent if body.startswith('{') for name in json.loads(body)}
    return len(names) == 1 and names.pop().endswith('s')


@edits('the JSON content type is sent only with JSON')
def _(case, before, now):
    if not case.kwargs.get('files') and not isinstance(case.kwargs.get('data'), (dict, list)):
        return False
    for request in before['wire'] + now['wire']:
        request['headers'].pop('content-type', None)
    return True


@edits('setting auth_type refreshes the header')
def _(case, before, now):
    order = list(case.attributes)
    if 'auth_type' not in order or 'authorization' in _headers(case.kwargs):
        return False
    own = 'authorization' in _headers(case.attributes)
    if own and 'headers' in order[order.index('auth_type') :]:
        return False
    scheme = 'Token token=' if case.attributes['auth_type'] == 'token' else 'Bearer '
    for request in before['wire']:
        request['headers']['authorization'] = [scheme + case.attributes.get('api_key', API_KEY)]
    return True


@edits('no cookies are stored')
def _(case, before, now):
    if not any(reply != HANG_UP and 'Set-Cookie' in reply[2] for reply in case.replies):
        return False
    for request in before['wire']:
        request['headers'].pop('cookie', None)
    return True


@edits('one value of a header is sent, in any case of its name')
def _(case, before, now):
    given = set(case.attributes.get('headers') or ()) | set(case.kwargs.get('headers') or ())
    names = [name.lower() for name in given]
    if _is_of_events(case):
        names.append('content-type')
    twice = {name for name in names if names.count(name) > 1}
    for request in before['wire'] + now['wire']:
        for name in twice:
            request['headers'].pop(name, None)
    return bool(twice)


@edits("the user's token is prepended to ours")
def _(case, before, now):
    if 'user-agent' not in _headers(case.attributes):
        return False
    for request in before['wire'] + now['wire']:
        request['headers'].pop('user-agent', None)
    return True


@drops('a header that is not a str is an error, even if overridden', *ASPECTS)
def _(case, before):
    return 5 in case.attributes.get('headers', {}).values() and not _raised(before)


@drops('an invalid User-Agent of the user is an error', *ASPECTS)
def _(case, before):
    headers = {name.lower(): value for name, value in case.attributes.get('headers', {}).items()}
    agent = headers.get('user-agent')
    return isinstance(agent, str) and agent[:1] == ' ' and not _raised(before)


@edits('a request that cannot be sent is not retried')
def _(case, before, now):
    if _raised(before) != 'PDClientError' or before['wire'] or len(before['slept']) != 3:
        return False
    before.update(slept=[], logged=[])
    return True


@edits('every 5xx is a PDServerError')
def _(case, before, now):
    if _raised(before) != 'PDHTTPError' or before['outcome']['status'] <= 500:
        return False
    before['outcome']['raised'] = 'PDServerError'
    return True


@drops('max_http_attempts is the number of retries, for -1 too', *ASPECTS)
def _(case, before):
    retry = {500: 2, 502: 4, 503: 6, 504: 6} if _is_of_events(case) else {}
    retry.update(case.attributes.get('retry', {}))
    retried = [status for status in _statuses(case) if retry.get(status) and status // 100 != 2]
    return len(retried) >= case.attributes.get('max_http_attempts', 10)


@drops('a change event is retried after a 504', *ASPECTS)
def _(case, before):
    return case.owner == 'ChangeEventsAPISession' and 504 in _statuses(case)


@edits('no wait after a 429 is longer than the server asks for')
def _(case, before, now):
    if not any(reply != HANG_UP and reply[0] == 429 and reply[2] for reply in case.replies):
        return False
    before['slept'], now['slept'] = [len(before['slept'])], [len(now['slept'])]
    return True


@edits('events sessions log every response')
def _(case, before, now):
    if not _is_of_events(case):
        return False
    for observed in (before, now):
        is_limited = 429 in _statuses(case)
        observed['logged'] = [] if is_limited else [x for x in observed['logged'] if x == 'WARNING']
    return True


@edits('a wait after a 429 is logged at INFO, or at WARNING if it is long')
def _(case, before, now):
    if 429 not in _statuses(case):
        return False
    before['logged'], now['logged'] = [len(before['logged'])], [len(now['logged'])]
    return True


@drops('calls of unlisted paths are counted by template', 'counted')
def _(case, before):
    return any(BASE in endpoint for endpoint in before['counted'].get('calls', ()))


@drops('an empty success is None', 'outcome')
def _(case, before):
    is_empty = _said(before, "its type is <class 'NoneType'>")
    return is_empty and (before['outcome'].get('status') or 0) // 100 == 2


@drops('the documented success of GET /abilities/{id} is an empty one', 'outcome')
def _(case, before):
    return case.method == 'rget' and str(_url(case)).endswith('abilities/sso')


@drops('a redirect that is not followed is an error', 'outcome', 'logged')
def _(case, before):
    return 304 in _statuses(case) and case.method not in ('get', 'delete')


@drops('results that are not a list are an error', 'outcome', 'warned')
def _(case, before):
    if case.method not in ('list_all', 'find', 'persist'):
        return False
    bodies = [_decoded(reply[1]) for reply in case.replies if reply != HANG_UP]
    return any(
        isinstance(body, dict) and type(body.get('users', [])) is not list for body in bodies
    )


def _decoded(content):
    try:
        return json.loads(content.decode())
    except ValueError:
        return None


@drops('a response in the singular instead of the plural is unwrapped', 'outcome')
def _(case, before):
    plural = case.args[:1] in (('incidents',), ('users',))
    return plural and _said(before, 'its keys are: ' + case.args[0][:-1])


@drops('only a 200 means user, and anything unexpected is logged', 'outcome', 'logged')
def _(case, before):
    return case.method == 'api_key_access' and _statuses(case)[:1] != [200]


@drops('a failure of subdomain is raised, not logged as well', 'outcome', 'logged')
def _(case, before):
    return case.method == 'subdomain' and (_raised(before) or before['outcome'] == {})


@drops('the response to a change event need not be an object', 'outcome')
def _(case, before):
    return case.owner == 'ChangeEventsAPISession' and _raised(before) == 'AttributeError'


@drops('the cursor is followed where 5.4.1 raised TypeError', *ASPECTS)
def _(case, before):
    return _said(before, "unexpected keyword argument 'page_size'")


@edits('iter_cursor sends the page size as well')
def _(case, before, now):
    if case.method != 'iter_cursor':
        return False
    for request in before['wire'] + now['wire']:
        request['line'] = re.sub(r'([?&])limit=\d+&?', r'\1', request['line']).rstrip('?&')
    return True


@drops('a result without the attribute, or with null, is skipped', *ASPECTS)
def _(case, before):
    if case.method not in ('find', 'persist'):
        return False
    return _raised(before) == 'KeyError' or 'None' in case.args


@drops('an empty page with more=true ends it, with a warning', *ASPECTS)
def _(case, before):
    pages = [reply[1] for reply in case.replies if reply != HANG_UP]
    return any(b'": []' in page and b'"more": true' in page for page in pages)


@edits('a short page does not shrink the limit')
def _(case, before, now):
    if len(before['wire']) < 2 or len(before['wire']) != len(now['wire']):
        return False
    for request in before['wire'] + now['wire']:
        request['line'] = re.sub(r'limit=\d+', 'limit=N', request['line'])
    return True


@drops('a number is sent as a string, and an empty dedup_key is omitted', *ASPECTS)
def _(case, before):
    is_first = case.method in ('acknowledge', 'resolve')
    key = case.args[0] if is_first else case.kwargs.get('dedup_key')
    return case.owner == 'EventsAPISession' and (isinstance(key, int) or key == '')


@drops('a link without href and an image without src are rejected', *ASPECTS)
def _(case, before):
    return _is_of_events(case) and any(
        isinstance(item, dict) and not item.get(required)
        for kind, required in (('links', 'href'), ('images', 'src'))
        if isinstance(case.kwargs.get(kind), list)
        for item in case.kwargs[kind]
    )


@drops("the caller's own routing key is kept", 'wire')
def _(case, before):
    return case.method == 'send_event' and 'routing_key' in case.kwargs


@edits('change events carry the routing key, however they are sent')
def _(case, before, now):
    if case.owner != 'ChangeEventsAPISession':
        return False
    for request in before['wire'] + now['wire']:
        request['headers'].pop('content-length', None)
        if request['body'].startswith('{'):
            request['body'] = dict(json.loads(request['body']), routing_key=None)
    return True


@drops('irregular English nouns are handled', 'outcome')
def _(case, before):
    irregular = ('s', 'x', 'z', 'ch', 'sh', 'y')
    is_about_words = case.method in ('plural_name', 'singular_name')
    return is_about_words and case.args[0].endswith(irregular)


# Cursors of listings that are not in the tables


@drops('a listing follows next_cursor if its page has no "more"', *ASPECTS)
def _(case, before):
    pages = [reply[1] for reply in case.replies if reply != HANG_UP]
    return any(b'"next_cursor": "c' in page and b'"more"' not in page for page in pages)
