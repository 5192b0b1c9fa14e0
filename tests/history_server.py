"""A scripted API with a history that enforces PagerDuty's limits; shares nothing with the library.

It is mounted as an adapter of requests, so that a million records take seconds.
"""

import bisect
import io
import json
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

EPOCH = datetime(2024, 1, 1, tzinfo=timezone.utc)


def stamp(seconds):
    """Return the timestamp this number of seconds after the start of 2024."""
    return (EPOCH + timedelta(seconds=seconds)).isoformat()[: -len('+00:00')] + 'Z'


def seconds_of(text):
    moment = datetime.strptime(text, '%Y-%m-%dT%H:%M:%SZ').replace(tzinfo=timezone.utc)
    return int((moment - EPOCH).total_seconds())


class HistoryServer(HTTPAdapter):
    """The API of one listing of records, each at a whole second.

    :param seconds: the second of each record.
    :param longest_days: the maximum length of a window; longer ones are rejected.
    :param inclusive: whether `until` belongs to the window.
    :param newest_first: the order of the records.
    :param limit: the maximum of offset plus limit.
    """

    def __init__(
        self,
        seconds,
        longest_days=None,
        inclusive=False,
        newest_first=False,
        wrapper='incidents',
        limit=10000,
    ):
        super().__init__()
        self.seconds = sorted(seconds)
        self.longest = longest_days and longest_days * 86400
        self.inclusive = inclusive
        self.newest_first = newest_first
        self.wrapper = wrapper
        self.limit = limit
        self.time_name = 'created_at'
        self.queries = []
        self.refused = []

    def record(self, place):
        return {'id': 'R{}'.format(place), self.time_name: stamp(self.seconds[place])}

    def window(self, query):
        since, until = seconds_of(query['since']), seconds_of(query['until'])
        if since >= until and not self.inclusive:
            return None
        if self.longest and until - since > self.longest:
            return None
        start = bisect.bisect_left(self.seconds, since)
        find_end = bisect.bisect_right if self.inclusive else bisect.bisect_left
        return start, find_end(self.seconds, until)

    def page(self, query):
        window = self.window(query)
        offset, limit = int(query.get('offset', 0)), int(query['limit'])
        if window is None or offset + limit > self.limit or not 1 <= limit <= 100:
            return None
        start, end = window
        places = range(start, end)[::-1] if self.newest_first else range(start, end)
        return {
            self.wrapper: [self.record(place) for place in places[offset : offset + limit]],
            'limit': limit,
            'offset': offset,
            'more': offset + limit < end - start,
            'total': end - start if query.get('total') == 'true' else None,
        }

    def send(self, request, **_):
        query = {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}
        self.queries.append(query)
        body = self.page(query)
        if body is None:
            self.refused.append(query)
        content = json.dumps(body or {'error': {'message': 'refused'}}).encode()
        raw = HTTPResponse(
            body=io.BytesIO(content),
            headers={'Content-Type': 'application/json', 'Content-Length': str(len(content))},
            status=400 if body is None else 200,
            preload_content=False,
        )
        return self.build_response(request, raw)


class CursorHistoryServer(HistoryServer):
    """The API of a listing with cursors, which has no totals and no limit on results."""

    def __init__(self, seconds, **options):
        super().__init__(seconds, wrapper='records', **options)
        self.time_name = 'execution_time'

    def page(self, query):
        window = self.window(query)
        if window is None or 'offset' in query or 'total' in query:
            return None
        start, end = window
        places = range(start, end)[::-1] if self.newest_first else range(start, end)
        at, limit = int(query.get('cursor', 0)), int(query['limit'])
        following = at + limit if at + limit < end - start else None
        records = [self.record(place) for place in places[at : at + limit]]
        return {'records': records, 'next_cursor': following and str(following), 'limit': limit}
