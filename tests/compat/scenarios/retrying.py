"""Retries after statuses and network errors, and their waits."""

from laboratory import API_KEY

from scenarios import HANG_UP, Table, error, ok

TABLE = Table('retry')


def attempt(path='users', method='get', **attributes):
    """Return one call on a session with these attributes; ``retry`` is merged into its own."""

    def call(lab):
        retry = attributes.get('retry', {})
        rest = lab.aim(lab.rest, **{k: v for k, v in attributes.items() if k != 'retry'})
        rest.retry.update(retry)
        return getattr(rest, method)(path)

    return call


TABLE.add('no status by default', attempt(), error(503), ok())
TABLE.add('one 404', attempt(retry={404: 3}), error(404), ok())
TABLE.add('as many 404s as allowed', attempt(retry={404: 3}), *[error(404)] * 4)
TABLE.add('a 404 set to 0', attempt(retry={404: 0}), error(404), ok())
TABLE.add('a 404 without limit', attempt(retry={404: -1}), *[error(404)] * 5 + [ok()])
TABLE.add('a 200', attempt(retry={200: 3}), ok(), ok())
TABLE.add(
    "the guide's first example",
    attempt(retry={404: 5}, max_http_attempts=4, sleep_timer=1),
    *[error(404)] * 6,
)
TABLE.add(
    "the guide's second example",
    attempt(retry={404: 5}, max_http_attempts=6, sleep_timer=1),
    *[error(404)] * 6,
)
TABLE.add('max_http_attempts of 0', attempt(retry={502: 2}, max_http_attempts=0), *[error(502)] * 2)
TABLE.add('max_http_attempts of 1', attempt(retry={502: 2}, max_http_attempts=1), *[error(502)] * 3)
TABLE.add(
    'max_http_attempts over several statuses',
    attempt(retry={502: 3, 503: 3}, max_http_attempts=4),
    *[error(502), error(503)] * 2 + [ok()],
)
TABLE.add(
    'max_http_attempts and a status without limit',
    attempt(retry={502: -1}, max_http_attempts=2),
    *[error(502)] * 4 + [ok()],
)
TABLE.add(
    'every status has its own count',
    attempt(retry={404: 1, 500: 1}),
    error(404),
    error(500),
    error(404),
)
TABLE.add(
    'every status has its own count, to success',
    attempt(retry={502: 2, 503: 2}),
    error(502),
    error(503),
    error(502),
    ok(),
)
TABLE.add('another status than the retried one', attempt(retry={404: 3}), error(404), error(403))
TABLE.add(
    'another sleep_timer and base',
    attempt(retry={404: 3}, sleep_timer=0.5, sleep_timer_base=3),
    *[error(404)] * 4,
)
TABLE.add('staggered', attempt(retry={404: 3}, stagger_cooldown=0.4), *[error(404)] * 4)
TABLE.add(
    'rget after retries', attempt('users/PABC123', 'rget', retry={404: 1}), error(404), error(404)
)
TABLE.add(
    'iter_all after retries',
    lambda lab: lab.aim(lab.rest, retry={500: 1}).list_all('users'),
    error(500),
    ok({'users': [1], 'more': False}),
)


def body_sent_again(lab):
    lab.rest.retry[503] = 2
    return lab.rest.post(
        'users', json={'user': {'name': 'Jane'}}, params={'ids': ['a']}, headers={'X-Extra': '1'}
    )


TABLE.add('the same request again', body_sent_again, error(503), error(503), ok(status=201))


def replaced(lab):
    lab.rest.retry = {404: 1}
    return lab.rest.get('users')


TABLE.add('retry replaced by another dict', replaced, error(404), error(404))

TABLE.add('429s', attempt(), *[error(429)] * 4 + [ok()])
TABLE.add('429s past max_http_attempts', attempt(max_http_attempts=2), *[error(429)] * 4 + [ok()])
TABLE.add(
    '429s with a reset from the server', attempt(), *[error(429, ratelimit_reset='5')] * 3 + [ok()]
)
TABLE.add('429s with Retry-After', attempt(), *[error(429, retry_after='5')] * 3 + [ok()])
TABLE.add('429s overridden', attempt(retry={429: 2}), *[error(429)] * 3)
TABLE.add('429s set to 0', attempt(retry={429: 0}), *[error(429)] * 2 + [ok()])
TABLE.add('429 of a POST', attempt(method='post'), error(429), ok())

TABLE.add('401', attempt(), error(401))
TABLE.add('401 by rget', attempt(method='rget'), error(401))
TABLE.add('401 overridden', attempt(retry={401: 1}), error(401), error(401))
TABLE.add('401 overridden, to success', attempt(retry={401: 1}), error(401), ok())


def names_of_the_key(lab):
    try:
        lab.rest.get('users')
    except lab.pdpyras.PDHTTPError as error:
        return {'last four': '1234' in str(error), 'all of it': API_KEY in str(error)}


TABLE.add('401 names the key by its end', names_of_the_key, error(401))

TABLE.add('one network error', attempt(), HANG_UP, ok())
TABLE.add('three network errors', attempt(), *[HANG_UP] * 3 + [ok()])
TABLE.add('too many network errors', attempt(), *[HANG_UP] * 4)
TABLE.add('too many network errors by rget', attempt('users/PABC123', 'rget'), *[HANG_UP] * 4)
TABLE.add('too many network errors of a POST', attempt(method='post'), *[HANG_UP] * 4)
TABLE.add('max_network_attempts of 1', attempt(max_network_attempts=1), *[HANG_UP] * 2)
TABLE.add('max_network_attempts of 0', attempt(max_network_attempts=0), HANG_UP)
TABLE.add('network errors, then a 429', attempt(), HANG_UP, HANG_UP, error(429), ok())
TABLE.add(
    'network errors beside a retried status',
    attempt(retry={503: 1}),
    HANG_UP,
    error(503),
    HANG_UP,
    ok(),
)


def cause(lab):
    try:
        lab.rest.get('users')
    except lab.pdpyras.PDClientError as error:
        return type(error.__cause__).__name__, error.response


TABLE.add('the cause of a network error', cause, *[HANG_UP] * 4)

for status, allowed in ((500, 2), (502, 4), (503, 6), (504, 6)):
    TABLE.add(
        '{} of an event'.format(status),
        lambda lab: lab.events.trigger('down', 'host'),
        *[error(status)] * (allowed + 1),
    )
    TABLE.add(
        '{} of a change event'.format(status),
        lambda lab: lab.changes.submit('new', timestamp='noon'),
        *[error(status)] * (allowed + 1),
    )
TABLE.add(
    '429 of an event',
    lambda lab: lab.events.acknowledge('d'),
    error(429),
    ok({'dedup_key': 'd'}, 202),
)
TABLE.add('401 of an event', lambda lab: lab.events.acknowledge('d'), error(401))
TABLE.add('network errors of an event', lambda lab: lab.events.resolve('d'), *[HANG_UP] * 4)
