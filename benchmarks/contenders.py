"""The contenders: the same work with each library, as in its documentation.

A contender runs in its own worker process, which can import only one of the peers. Each of its
methods creates a session and returns a function that does the work once. A contender has no method
for work that its library does not support.
"""

import itertools

import bodies
import stubs

API_KEY = 'the-api-key-of-an-account-00'
ROUTING_KEY = bodies.event()['routing_key']
FROM = 'engineer.1@example.com'
HEADERS = {
    'Accept': 'application/vnd.pagerduty+json;version=2',
    'Authorization': 'Token token=' + API_KEY,
    'User-Agent': 'a job',
    'From': FROM,
}


def ids():
    """Return an iterator of user IDs: scripts seldom request the same resource twice."""
    return itertools.cycle(bodies.USER_IDS)


class Requests:
    """A bare ``requests.Session``."""

    def __init__(self):
        import requests

        self._requests = requests

    def _session(self, place, trust_env=True):
        session = self._requests.Session()
        session.headers.update(HEADERS)
        session.trust_env = trust_env
        if place.answer_to:
            session.mount(place.url, stubs.MemoryAdapter(place.answer_to))
        return session

    def get_json(self, place):
        session, users = self._session(place), ids()
        return lambda: session.get(place.url + '/users/' + next(users)).json()

    def get_user(self, place, **options):
        session, users = self._session(place, **options), ids()
        return lambda: session.get(place.url + '/users/' + next(users)).json()['user']

    def post_incident(self, place):
        session, url = self._session(place), place.url + '/incidents'
        body = {'incident': bodies.incident()}
        return lambda: session.post(url, json=body).json()['incident']

    def trigger(self, place):
        session, url = self._session(place), place.url + '/v2/enqueue'
        event = bodies.event()
        return lambda: session.post(url, json=event).json()['dedup_key']

    def list_users(self, place):
        session = self._session(place)
        return lambda: list(self._users(session, place.url + '/users'))

    def iterate_users(self, place):
        session = self._session(place)
        return lambda: sum(1 for _ in self._users(session, place.url + '/users'))

    @staticmethod
    def _users(session, url):
        offset, more = 0, True
        while more:
            page = session.get(url, params={'limit': 100, 'offset': offset}).json()
            offset, more = offset + len(page['users']), page['more']
            yield from page.pop('users')


class _WithPathTables:
    """Functions that use the tables of the API, with the same names in each library."""

    module = None

    def canonical_path(self, place, new_ids=False, paths=None):
        table, find = self.module.CANONICAL_PATHS, self.module.canonical_path
        table.extend('/made_up_{}/{{id}}'.format(more) for more in range(len(table), paths or 0))
        users = bodies.USER_IDS if new_ids else bodies.USER_IDS[:1]
        jobs = itertools.cycle([self._urls(place, user) for user in users])
        return lambda: [find(place.url, url) for url in next(jobs)]

    @staticmethod
    def _urls(place, user):
        return ['{}/{}'.format(place.url, path.replace('{}', user)) for path in bodies.PATHS]

    def entity_wrappers(self, place):
        patterns = ['/' + path.replace('{}', '{id}') for path in bodies.PATHS]
        find = self.module.entity_wrappers
        return lambda: [find('GET', pattern) for pattern in patterns]


class _Sessions(_WithPathTables):
    """Work that looks the same in each library."""

    def get_json(self, place):
        session, users = self.rest_session(place), ids()
        return lambda: session.get('/users/' + next(users)).json()

    def get_user(self, place, **options):
        session, users = self.rest_session(place, **options), ids()
        return lambda: session.rget('/users/' + next(users))

    def post_incident(self, place):
        session, incident = self.rest_session(place), bodies.incident()
        return lambda: session.rpost('/incidents', json=incident)

    def trigger(self, place):
        session, payload = self.events_session(place), bodies.event()['payload']
        summary, source = payload['summary'], payload['source']
        details = payload['custom_details']
        return lambda: session.trigger(summary, source, custom_details=details)

    def list_users(self, place, **options):
        session = self.rest_session(place)
        return lambda: session.list_all('/users', **options)

    def iterate_users(self, place):
        session = self.rest_session(place)
        return lambda: sum(1 for _ in session.iter_all('/users'))


class Pdpyras(_Sessions):
    """This library or pdpyras 5.4.1, with the same code."""

    def __init__(self):
        import pdpyras

        self.module = pdpyras

    def rest_session(self, place, trust_env=True):
        session = self.module.APISession(API_KEY, default_from=FROM)
        session.trust_env = trust_env
        return self._at(place, session)

    def list_users_by_orjson(self, place):
        import orjson

        self.module.json_loads = orjson.loads
        return self.list_users(place)

    def events_session(self, place):
        return self._at(place, self.module.EventsAPISession(ROUTING_KEY))

    @staticmethod
    def _at(place, session):
        session.url = place.url
        if place.answer_to:
            session.mount(place.url, stubs.MemoryAdapter(place.answer_to))
        return session


class Pagerduty(_Sessions):
    """The successor, ``pagerduty``."""

    def __init__(self):
        import pagerduty

        self.module = pagerduty

    def rest_session(self, place, **options):
        options = dict(self._at(place), default_from=FROM, **options)
        return self.module.RestApiV2Client(API_KEY, **options)

    def events_session(self, place):
        return self.module.EventsApiV2Client(ROUTING_KEY, **self._at(place))

    @staticmethod
    def _at(place):
        if place.answer_to:
            return {'base_url': place.url, 'transport': stubs.httpx_memory(place.answer_to)}
        https = place.url.replace('http:', 'https:')
        return {'base_url': https, 'transport': stubs.httpx_plain(place.url)}
