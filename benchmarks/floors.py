"""The same work without a client library: the lower bound of its cost in Python."""

import http.client
import json
from urllib.parse import urlencode, urlsplit

import contenders


class _Floor:
    """Work with ``self.exchange(place)``, a function that takes a target and returns a body."""

    def get_user(self, place):
        get, users = self.exchange(place), contenders.ids()
        return lambda: json.loads(get('/users/' + next(users)))['user']

    def list_users(self, place):
        get = self.exchange(place)

        def act():
            users, more = [], True
            while more:
                query = urlencode({'limit': 100, 'offset': len(users)})
                page = json.loads(get('/users?' + query))
                users += page['users']
                more = page['more']
            return users

        return act


class HttpClient(_Floor):
    """``http.client`` of the standard library, on one connection."""

    @staticmethod
    def exchange(place):
        connection = http.client.HTTPConnection(urlsplit(place.url).netloc)

        def get(target):
            connection.request('GET', target, headers=contenders.HEADERS)
            return connection.getresponse().read()

        return get


class Urllib3(_Floor):
    """urllib3, on which requests is built."""

    @staticmethod
    def exchange(place):
        import urllib3

        pool = urllib3.PoolManager()

        def get(target):
            return pool.request('GET', place.url + target, headers=contenders.HEADERS).data

        return get
