"""Use of pdpyras in a script, for type checkers. Checked by mypy and pyright, never run."""

from typing import Any, Dict, Iterator, List, Optional

import requests
from typing_extensions import assert_type

import pdpyras

session = pdpyras.APISession('key', default_from='jane@example.com', auth_type='token', debug=True)
in_europe = pdpyras.APISession('key', base_url='https://api.eu.pagerduty.com')
with pdpyras.APISession('key') as managed:
    assert_type(managed, pdpyras.APISession)

assert_type(session.get('users', params={'query': 'Dan'}), requests.Response)
assert_type(session.rget('/users/PABC123'), Any)
assert_type(session.rdelete('/users/PABC123'), requests.Response)
assert_type(session.iter_all('users', page_size=50, total=True, read_ahead=4), Iterator[Any])
assert_type(session.iter_cursor('audit/records'), Iterator[Any])
assert_type(session.list_all('users'), List[Any])
assert_type(session.dict_all('users', by='email'), Dict[Any, Any])
assert_type(session.find('users', 'jane@example.com', attribute='email'), Optional[Any])
assert_type(session.api_key_access, Optional[str])
assert_type(session.subdomain, str)
assert_type(session.api_call_counts, Dict[str, int])
assert_type(session.total_call_time, float)
session.retry[404] = 5
session.rput('incidents', json=[{'id': 'PABC123', 'status': 'resolved'}])
session.rput({'self': 'https://api.pagerduty.com/users/P1'}, json={'name': 'Jane'})

events = pdpyras.EventsAPISession('key')
assert_type(events.trigger('On fire', 'host', links=[{'href': 'https://example.com'}]), str)
assert_type(events.resolve('key'), str)
changes = pdpyras.ChangeEventsAPISession('key')
assert_type(changes.submit('deployed', source='automation'), Optional[str])

try:
    session.rget('users/PJKL678')
except pdpyras.PDHTTPError as http_error:
    assert_type(http_error.response.status_code, int)
    assert_type(http_error.status_code, int)
    assert_type(http_error.code, Optional[int])
    assert_type(http_error.errors, List[str])
except pdpyras.PDClientError as error:
    assert_type(error.msg, str)
    assert_type(error.response, Optional[requests.Response])

assert_type(pdpyras.normalize_url('https://api.pagerduty.com', 'users'), str)
assert_type(pdpyras.canonical_path('https://api.pagerduty.com', 'users'), str)
assert_type(pdpyras.CANONICAL_PATHS, List[str])


class Mine(pdpyras.APISession):
    """A subclass with a decorated method, which keeps its signature."""

    @pdpyras.resource_url
    @pdpyras.wrapped_entities
    def rget(self, resource: Any, **kw: Any) -> Any:
        return self.get(resource, **kw)


assert_type(Mine('key').rget('users/P1', params={'a': 1}), Any)
Mine('key').rget()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
pdpyras.APISession()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
