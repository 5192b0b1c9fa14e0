"""Every operation of the API over the wire, and the tables at the end of pdpyras.py."""

import re

import pytest
from operations import LEGACY_PATHS, OPERATIONS, PATHS, content, with_ids, wrapped
from wire import Reply, WireServer

import pdpyras

BASE = 'https://api.pagerduty.com'


def each_operation(predicate):
    """Parametrise a test by the operations that satisfy the predicate."""
    found = list(filter(predicate, OPERATIONS))
    assert found
    return pytest.mark.parametrize('operation', found, ids=str)


def takes_body(operation):
    return operation.method in ('POST', 'PUT', 'PATCH') and operation.request != 'none'


# One server and one connection serve all operations: set-up would take most of the time.


@pytest.fixture(scope='module')
def server():
    server = WireServer()
    yield server
    server.close()


@pytest.fixture(scope='module')
def client(server):
    with pdpyras.APISession('the-api-key-1234', base_url=server.url) as client:
        yield client


@pytest.fixture
def api(server):
    server.reset()
    return server


@pytest.fixture
def session(api, client):
    return client


def call(session, operation, **options):
    return getattr(session, 'r' + operation.method.lower())(operation.url, **options)


def reply_as_documented(api, operation):
    if operation.response == 'none':
        api.reply(204)
    else:
        api.reply(body=wrapped(operation.response))


# Paths


def test_the_table_has_at_least_465_documented_operations():
    assert len([operation for operation in OPERATIONS if operation.source == 'document']) >= 465


@pytest.mark.parametrize('form', ['{}', '{}/', '{}?limit=1&query=a/b', '{}#top', BASE + '{}'])
def test_canonical_path_finds_the_pattern_of_every_path_with_ids(form):
    found = {path: pdpyras.canonical_path(BASE, form.format(with_ids(path))) for path in PATHS}
    assert found == {path: path for path in PATHS}


@pytest.mark.parametrize('entity_type', ['escalation_policies', 'teams', 'users'])
def test_canonical_path_prefers_the_path_of_the_tagged_type(entity_type):
    path = '/tags/{}/' + entity_type
    assert pdpyras.canonical_path(BASE, path.format('PTAG001')) == path.format('{id}')


def test_a_misspelt_path_is_requested_and_raises_the_404_of_the_api(api, session):
    api.reply(404, body={'error': {'message': 'Not Found', 'code': 2100}})
    with pytest.raises(pdpyras.PDHTTPError, match='/escalation_polices/PA7KQ') as caught:
        session.rget('/escalation_polices/PA7KQ')
    assert caught.value.status_code == 404


# Wrappers


@each_operation(lambda operation: not takes_body(operation))
def test_a_request_without_a_body_goes_to_its_path(api, session, operation):
    reply_as_documented(api, operation)
    call(session, operation)
    assert (api.last.method, api.last.path) == (operation.method, operation.url)
    assert api.last.body == b''


@each_operation(takes_body)
@pytest.mark.parametrize('form', [content, wrapped], ids=['bare', 'wrapped'])
def test_a_request_body_is_sent_in_its_documented_wrapper(api, session, operation, form):
    reply_as_documented(api, operation)
    call(session, operation, json=form(operation.request))
    assert (api.last.method, api.last.path) == (operation.method, operation.url)
    assert api.last.json == wrapped(operation.request)


@each_operation(lambda operation: operation.method != 'DELETE')
def test_a_response_body_is_returned_without_its_documented_wrapper(api, session, operation):
    reply_as_documented(api, operation)
    expected = None if operation.response == 'none' else content(operation.response)
    assert call(session, operation) == expected


@each_operation(lambda operation: operation.method == 'DELETE')
def test_rdelete_returns_the_response(api, session, operation):
    reply_as_documented(api, operation)
    assert call(session, operation).ok


@pytest.mark.parametrize('direction', ['request', 'response'])
def test_entity_wrappers_returns_every_documented_wrapper(direction):
    documented = {
        str(operation): getattr(operation, direction + '_wrapper')
        for operation in OPERATIONS
        if getattr(operation, direction) != 'none' and operation.path != '/event_orchestrations'
    }
    found = {
        endpoint: pdpyras.entity_wrappers(*endpoint.split(' '))[direction == 'response']
        for endpoint in documented
    }
    assert found == documented
    assert len(documented) > 100


@pytest.mark.parametrize('method', ['get', 'post', 'put', 'delete'])
def test_the_wrapper_of_orchestrations_is_plural_for_every_method(method):
    wrappers = pdpyras.entity_wrappers(method, '/event_orchestrations')
    assert wrappers == ('orchestrations', 'orchestrations')


@pytest.mark.parametrize('form', ['bare', 'wrapped'])
def test_priority_thresholds_are_wrapped_in_the_request_and_not_in_the_result(api, session, form):
    threshold = {'id': 'PA7KQ', 'order': 2}
    whole = {'global_threshold': threshold}
    api.reply(body=whole)
    body = {'bare': threshold, 'wrapped': whole}[form]
    assert session.rput('/business_services/priority_thresholds', json=body) == whole
    assert api.last.json == whole


# Pagination


@each_operation(lambda operation: operation.pagination == 'classic' and operation.results)
def test_iter_all_reads_every_page_by_offset(api, session, operation):
    api.reply(body={operation.results: [1, 2], 'more': True, 'limit': 2, 'offset': 0})
    api.reply(body={operation.results: [3, 4], 'more': True, 'limit': 2, 'offset': 2})
    api.reply(body={operation.results: [5], 'more': False, 'limit': 2, 'offset': 4})
    assert list(session.iter_all(operation.url, page_size=2)) == [1, 2, 3, 4, 5]
    assert [seen.query['offset'] for seen in api.seen] == ['0', '2', '4']


@each_operation(lambda operation: operation.pagination == 'cursor')
@pytest.mark.parametrize('iterate', ['iter_all', 'iter_cursor'])
def test_cursors_are_followed_to_the_last_page(api, session, operation, iterate):
    api.reply(body={operation.results: [1, 2], 'next_cursor': 'two'})
    api.reply(body={operation.results: [3, 4], 'next_cursor': 'three'})
    api.reply(body={operation.results: [5], 'next_cursor': None})
    assert list(getattr(session, iterate)(operation.url)) == [1, 2, 3, 4, 5]
    assert [seen.query.get('cursor') for seen in api.seen] == [None, 'two', 'three']
    assert not any('offset' in seen.query for seen in api.seen)


@each_operation(lambda operation: operation.pagination == 'cut')
@pytest.mark.parametrize('read_ahead', [0, 2], ids='read_ahead={}'.format)
def test_iter_all_warns_if_the_next_page_cannot_be_requested(api, session, operation, read_ahead):
    api.rule(lambda seen: Reply(body={operation.results: [1, 2], 'more': True, 'limit': 2}))
    with pytest.warns(UserWarning, match='no way to request them'):
        assert list(session.iter_all(operation.url, read_ahead=read_ahead)) == [1, 2]
    assert len(api.seen) == 1


@each_operation(
    lambda operation: operation.max_limit and operation.pagination in ('classic', 'cursor')
)
@pytest.mark.parametrize('page_size', [None, 2000], ids='page_size={}'.format)
def test_the_limit_does_not_exceed_the_documented_maximum(api, session, operation, page_size):
    api.reply(body={operation.results: [], 'more': False, 'next_cursor': None})
    assert list(session.iter_all(operation.url, page_size=page_size)) == []
    assert int(api.last.query['limit']) == min(page_size or 100, int(operation.max_limit))


@pytest.mark.parametrize('entity_type', ['escalation_policies', 'teams', 'users'])
def test_tagged_resources_are_listed_under_the_wrapper_of_their_type(api, session, entity_type):
    api.reply(body={entity_type: [1], 'more': True})
    api.reply(body={entity_type: [2], 'more': False})
    assert session.list_all('/tags/PTAG001/' + entity_type) == [1, 2]


#: The methods for endpoints with their own kinds of pagination.
OWN_METHODS = {
    '/alert_grouping_settings': lambda session: session.iter_alert_grouping_settings(),
    '/analytics/raw/incidents': lambda session: session.iter_analytics_raw_incidents(),
    '/analytics/raw/responders/{responder_id}/incidents': (
        lambda session: session.iter_analytics_raw_responder_incidents('PA7KQ')
    ),
    '/analytics/raw/users': lambda session: session.iter_analytics_raw_users(),
}


def has_own_pagination(operation):
    return '=' in operation.pagination


@each_operation(has_own_pagination)
def test_an_endpoint_with_its_own_pagination_has_a_method(api, session, operation):
    parameter, source = operation.pagination.split('=')
    api.reply(body={operation.results: [1, 2], 'more': True, source: 'two'})
    api.reply(body={operation.results: [3, 4], 'more': True, source: 'three'})
    api.reply(body={operation.results: [5], 'more': False, source: None})
    assert list(OWN_METHODS[operation.path](session)) == [1, 2, 3, 4, 5]
    asked = [seen.query if operation.method == 'GET' else seen.json for seen in api.seen]
    assert [page.get(parameter) for page in asked] == [None, 'two', 'three']
    assert {seen.method for seen in api.seen} == {operation.method}


@each_operation(lambda operation: has_own_pagination(operation) and operation.max_limit)
def test_the_method_for_its_own_pagination_requests_at_most_the_documented_maximum(
    api, session, operation
):
    api.reply(body={operation.results: []})
    list(OWN_METHODS[operation.path](session))
    assert 1 <= api.last.json['limit'] <= int(operation.max_limit)


# The tables in pdpyras.py


def test_canonical_paths_are_those_of_the_table_of_operations():
    assert sorted(pdpyras.CANONICAL_PATHS) == PATHS


def test_legacy_paths_are_marked_in_the_source():
    with open(pdpyras.__file__, encoding='utf-8') as source:
        marked = re.findall(r"^    '(/\S*)',  # legacy$", source.read(), re.MULTILINE)
    assert sorted(marked) == sorted(LEGACY_PATHS)


@pytest.mark.parametrize('name', ['CANONICAL_PATHS', 'CURSOR_BASED_PAGINATION_PATHS'])
def test_a_table_of_paths_is_sorted_without_duplicates(name):
    table = getattr(pdpyras, name)
    assert list(table) == sorted(set(table))


def test_no_two_paths_match_the_same_urls():
    shapes = [re.sub(r'{\w+}', '{}', path) for path in pdpyras.CANONICAL_PATHS]
    assert len(shapes) == len(set(shapes))


def test_every_path_is_well_formed():
    well_formed = re.compile(r'(/(\w+|{\w+}))+')
    assert [path for path in pdpyras.CANONICAL_PATHS if not well_formed.fullmatch(path)] == []


def test_the_paths_with_cursors_are_those_of_the_table_of_operations():
    documented = {operation.path for operation in OPERATIONS if operation.pagination == 'cursor'}
    assert set(pdpyras.CURSOR_BASED_PAGINATION_PATHS) == documented


def test_every_entry_of_the_wrapper_table_is_well_formed():
    for endpoint in pdpyras.ENTITY_WRAPPER_CONFIG:
        method, path = endpoint.split(' ')
        assert method in ('*', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE'), endpoint
        assert path in pdpyras.CANONICAL_PATHS, endpoint
        wrappers = pdpyras.entity_wrappers('GET' if method == '*' else method, path)
        assert {type(wrapper) for wrapper in wrappers} <= {str, type(None)}, endpoint


def test_every_entry_of_the_wrapper_table_differs_from_inference():
    for endpoint in pdpyras.ENTITY_WRAPPER_CONFIG:
        method, path = endpoint.split(' ')
        methods = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE') if method == '*' else (method,)
        inferred = [(pdpyras.infer_entity_wrapper(method, path),) * 2 for method in methods]
        assert [pdpyras.entity_wrappers(method, path) for method in methods] != inferred, endpoint


def test_an_entry_for_one_method_differs_from_the_entry_for_all_methods():
    config = pdpyras.ENTITY_WRAPPER_CONFIG
    pairs = {endpoint: '* ' + endpoint.split(' ')[1] for endpoint in config if endpoint[0] != '*'}
    pairs = {endpoint: general for endpoint, general in pairs.items() if general in config}
    assert pairs
    assert [endpoint for endpoint in pairs if config[endpoint] == config[pairs[endpoint]]] == []


# Looking up


class CountedPath(str):
    """A path that counts how often it is compared or split."""

    uses = 0

    def __eq__(self, other):
        CountedPath.uses += 1
        return str.__eq__(self, other)

    def split(self, *args):
        CountedPath.uses += 1
        return str.split(self, *args)

    __hash__ = str.__hash__


def test_finding_a_path_does_not_scan_the_table(monkeypatch):
    monkeypatch.setattr(CountedPath, 'uses', 0)
    table = list(map(CountedPath, [*pdpyras.CANONICAL_PATHS, '/unlisted']))
    monkeypatch.setattr(pdpyras, 'CANONICAL_PATHS', table)
    # The extra path makes the table differ from the indexed one, so the first call indexes it.
    assert pdpyras.canonical_path(BASE, '/unlisted') == '/unlisted'
    assert CountedPath.uses <= 2 * len(table) + 1
    CountedPath.uses = 0
    for path in PATHS:
        pdpyras.canonical_path(BASE, with_ids(path))
    assert CountedPath.uses <= len(PATHS)


def test_looking_up_wrappers_does_not_scan_the_table(monkeypatch):
    class Unscannable(dict):
        def __iter__(self):
            raise AssertionError('scanned')

        keys = items = values = __iter__

    monkeypatch.setattr(
        pdpyras, 'ENTITY_WRAPPER_CONFIG', Unscannable(pdpyras.ENTITY_WRAPPER_CONFIG)
    )
    assert pdpyras.entity_wrappers('GET', '/users/me') == ('user', 'user')
    assert pdpyras.entity_wrappers('GET', '/users') == ('users', 'users')


# Adding to the tables at run time


@pytest.fixture
def own_tables(monkeypatch):
    """Copies of the tables, so that no test affects another."""
    for name in ('CANONICAL_PATHS', 'CURSOR_BASED_PAGINATION_PATHS', 'ENTITY_WRAPPER_CONFIG'):
        table = getattr(pdpyras, name)
        monkeypatch.setattr(pdpyras, name, type(table)(table))


CHANGES = {
    'append': lambda table, path: table.append(path),
    'extend': lambda table, path: table.extend([path]),
    'insert': lambda table, path: table.insert(0, path),
    'item': lambda table, path: table.__setitem__(0, path),
    'slice': lambda table, path: table.__setitem__(slice(0, 0), [path]),
    'in place': lambda table, path: table.__iadd__([path]),
}


@pytest.mark.parametrize('change', CHANGES)
def test_a_path_added_at_run_time_is_found_at_once(own_tables, change):
    with pytest.raises(pdpyras.URLError, match='/unlisted/PA7KQ does not match any API path'):
        pdpyras.canonical_path(BASE, '/unlisted/PA7KQ')
    CHANGES[change](pdpyras.CANONICAL_PATHS, '/unlisted/{thing_id}')
    assert pdpyras.canonical_path(BASE, '/unlisted/PA7KQ') == '/unlisted/{thing_id}'


def test_a_path_removed_at_run_time_is_not_found(own_tables):
    assert pdpyras.canonical_path(BASE, '/vendors') == '/vendors'
    pdpyras.CANONICAL_PATHS.remove('/vendors')
    with pytest.raises(pdpyras.URLError, match='/vendors does not match any API path'):
        pdpyras.canonical_path(BASE, '/vendors')


def test_canonical_paths_can_be_replaced_by_a_plain_list(own_tables, monkeypatch):
    monkeypatch.setattr(pdpyras, 'CANONICAL_PATHS', ['/unlisted/{thing_id}'])
    assert pdpyras.canonical_path(BASE, '/unlisted/PA7KQ') == '/unlisted/{thing_id}'


def test_wrappers_added_at_run_time_are_used_at_once(own_tables, api, session):
    api.reply(body={'thing': {'id': 'PA7KQ'}}, times=2)
    pdpyras.CANONICAL_PATHS.append('/unlisted')
    with pytest.raises(pdpyras.PDServerError, match='unlisted'):
        session.rget('/unlisted')
    pdpyras.ENTITY_WRAPPER_CONFIG['GET /unlisted'] = 'thing'
    assert session.rget('/unlisted') == {'id': 'PA7KQ'}


def test_a_cursor_path_added_at_run_time_is_used_at_once(own_tables, api, session):
    api.reply(body={'vendors': [1], 'more': False})
    assert session.list_all('/vendors') == [1]
    pdpyras.CURSOR_BASED_PAGINATION_PATHS.append('/vendors')
    api.reply(body={'vendors': [1], 'next_cursor': 'two'})
    api.reply(body={'vendors': [2], 'next_cursor': None})
    assert session.list_all('/vendors') == [1, 2]
