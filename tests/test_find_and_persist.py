"""list_all, dict_all, find and persist."""

from enum import Enum

import pytest
from wire import Reply

import pdpyras


class Users:
    """An API with a collection of users that can be listed, created and updated."""

    def __init__(self, api, *users):
        self.api = api
        self.users = [dict(user) for user in users]
        api.rule(self.answer)

    def answer(self, seen):
        if seen.method == 'GET':
            return Reply(body={'users': self.users, 'more': False})
        values = seen.json['user']
        if seen.method == 'POST':
            user = dict(values, id='PNEW', self=self.api.url + '/users/PNEW')
            self.users.append(user)
            return Reply(201, {'user': user})
        for user in self.users:
            if seen.path == '/users/' + user['id']:
                user.update(values)
                return Reply(body={'user': user})
        return Reply(404, {'error': {'message': 'Not Found', 'code': 2100}})


JANE = {
    'id': 'PJANE',
    'type': 'user',
    'name': 'Jane Doe',
    'email': 'jane@example.com',
    'time_zone': 'UTC',
}


def methods(api):
    return [seen.method for seen in api.seen]


# list_all and dict_all


def test_list_all_returns_the_results_of_all_pages(api, session):
    api.reply(body={'users': [1, 2], 'more': True})
    api.reply(body={'users': [3], 'more': False})
    assert session.list_all('users') == [1, 2, 3]


def test_list_all_accepts_the_arguments_of_iter_all(api, session):
    numbers = []
    api.reply(body={'users': [1], 'more': False, 'total': 1})
    session.list_all(
        'users',
        params={'query': 'Dan'},
        page_size=5,
        item_hook=lambda item, n, total: numbers.append((n, total)),
        total=True,
    )
    assert api.last.query == {'limit': '5', 'offset': '0', 'total': '1', 'query': 'Dan'}
    assert numbers == [(1, 1)]


def test_dict_all_returns_the_results_by_id(api, session):
    api.reply(body={'users': [JANE], 'more': True})
    api.reply(body={'users': [{'id': 'PDAN'}], 'more': False})
    assert session.dict_all('users') == {'PJANE': JANE, 'PDAN': {'id': 'PDAN'}}


def test_dict_all_returns_the_results_by_another_attribute(api, session):
    api.reply(body={'users': [JANE], 'more': False})
    assert session.dict_all('users', by='email') == {'jane@example.com': JANE}


def test_dict_all_accepts_the_arguments_of_iter_all(api, session):
    api.reply(body={'users': [JANE], 'more': False})
    session.dict_all('users', by='email', params={'query': 'Dan'}, page_size=5)
    assert api.last.query == {'limit': '5', 'offset': '0', 'query': 'Dan'}


def test_dict_all_keeps_the_last_result_with_the_same_attribute(api, session):
    results = [{'id': 1, 'name': 'Dan'}, {'id': 2, 'name': 'Dan'}]
    api.reply(body={'users': results, 'more': False})
    assert session.dict_all('users', by='name') == {'Dan': {'id': 2, 'name': 'Dan'}}


def test_dict_all_raises_key_error_if_a_result_lacks_the_attribute(api, session):
    api.reply(body={'users': [{'id': 1}], 'more': False})
    with pytest.raises(KeyError, match='email'):
        session.dict_all('users', by='email')


# find


def test_find_searches_by_query_and_picks_the_exact_match(api, session):
    api.reply(body={'users': [{'name': 'Jane Doette'}, JANE], 'more': False})
    assert session.find('users', 'Jane Doe') == JANE
    assert api.last.path == '/users'
    assert api.last.query['query'] == 'Jane Doe'


def test_find_compares_the_given_attribute(api, session):
    api.reply(body={'users': [{'name': 'jane@example.com', 'email': 'x'}, JANE], 'more': False})
    assert session.find('users', 'jane@example.com', attribute='email') == JANE


@pytest.mark.parametrize(
    'query, value',
    [('JANE DOE', 'Jane Doe'), ('jane doe', 'JANE DOE'), (5, 5), ('5', 5), (1.5, 1.5), (5, '5')],
    ids=repr,
)
def test_find_ignores_case_and_compares_numbers(api, session, query, value):
    api.reply(body={'users': [{'name': 'other'}, {'name': value}], 'more': False})
    assert session.find('users', query) == {'name': value}


class Name(str, Enum):
    WEB = 'Web Shop'


def test_find_searches_for_the_value_of_a_str_enum(api, session):
    api.reply(body={'services': [{'name': 'Web Shop'}], 'more': False})
    assert session.find('services', Name.WEB) == {'name': 'Web Shop'}


def test_find_returns_the_first_of_several_matches(api, session):
    results = [{'id': 1, 'name': 'Dan'}, {'id': 2, 'name': 'dan'}]
    api.reply(body={'users': results, 'more': False})
    assert session.find('users', 'Dan')['id'] == 1


def test_find_requests_no_page_after_the_match(api, session):
    api.reply(body={'users': [JANE], 'more': True})
    assert session.find('users', 'Jane Doe') == JANE
    assert len(api.seen) == 1


def test_find_returns_none_if_nothing_matches(api, session):
    api.reply(body={'users': [{'name': 'Jane Doette'}], 'more': False})
    assert session.find('users', 'Jane Doe') is None


def test_find_skips_results_without_the_attribute(api, session):
    api.reply(body={'users': [{'id': 'PDAN'}, JANE], 'more': False})
    assert session.find('users', 'Jane Doe') == JANE


def test_find_skips_results_that_are_not_objects(api, session):
    api.reply(body={'abilities': ['teams', 'sso'], 'more': False})
    assert session.find('abilities', 'sso') is None


@pytest.mark.parametrize('query', ['None', 'none', 'null', ''], ids=repr)
def test_find_does_not_match_null_with_a_string(api, session, query):
    api.reply(body={'users': [{'name': None}], 'more': False})
    assert session.find('users', query) is None


def test_find_sends_params_and_overrides_their_query(api, session):
    api.reply(body={'users': [JANE], 'more': False})
    params = {'team_ids': ['T1'], 'query': 'overruled'}
    session.find('users', 'Jane Doe', params=params)
    assert api.last.query['team_ids[]'] == 'T1'
    assert [value for name, value in api.last.params if name == 'query'] == ['Jane Doe']
    assert params == {'team_ids': ['T1'], 'query': 'overruled'}


@pytest.mark.parametrize(
    'params',
    [[('team_ids[]', 'T1')], 'team_ids[]=T1', b'team_ids[]=T1'],
    ids=['pairs', 'str', 'bytes'],
)
def test_find_accepts_params_in_any_form(api, session, params):
    api.reply(body={'users': [JANE], 'more': False})
    assert session.find('users', 'Jane Doe', params=params) == JANE
    assert api.last.query['team_ids[]'] == 'T1'


def test_find_accepts_an_unlisted_path(api, session):
    api.reply(body={'widgets': [{'name': 'a'}], 'more': False})
    assert session.find('/v9/widgets', 'A') == {'name': 'a'}


# persist


def test_persist_creates_a_resource_that_it_does_not_find(api, session):
    Users(api)
    values = {'name': 'Dan', 'email': 'dan@example.com'}
    created = session.persist('users', 'email', values)
    assert created == dict(values, id='PNEW', self=api.url + '/users/PNEW')
    assert methods(api) == ['GET', 'POST']
    assert api.seen[0].query['query'] == 'dan@example.com'
    assert api.last.path == '/users'
    assert api.last.json == {'user': values}


def test_persist_does_not_create_an_existing_resource_again(api, session):
    Users(api)
    values = {'name': 'Dan', 'email': 'dan@example.com'}
    first = session.persist('users', 'email', values)
    assert session.persist('users', 'email', values) == first
    assert methods(api) == ['GET', 'POST', 'GET']


def test_persist_leaves_an_existing_resource_as_it_is_by_default(api, session):
    Users(api, JANE)
    assert session.persist('users', 'email', dict(JANE, name='Jane Roe')) == JANE
    assert methods(api) == ['GET']


def test_persist_updates_a_resource_that_differs(api, session):
    Users(api, dict(JANE, self=api.url + '/users/PJANE'))
    values = {'email': 'jane@example.com', 'name': 'Jane Roe'}
    updated = session.persist('users', 'email', values, update=True)
    assert updated['name'] == 'Jane Roe'
    assert methods(api) == ['GET', 'PUT']
    assert api.last.path == '/users/PJANE'


def test_persist_sends_the_whole_resource_with_the_changes(api, session):
    existing = dict(JANE, self=api.url + '/users/PJANE')
    Users(api, existing)
    session.persist('users', 'email', {'email': JANE['email'], 'name': 'Jane Roe'}, update=True)
    assert api.last.json == {'user': dict(existing, name='Jane Roe')}


def test_persist_does_not_change_the_callers_values(api, session):
    Users(api, JANE)
    for email in ('jane@example.com', 'dan@example.com'):
        values = {'email': email, 'name': 'Jane Roe', 'teams': [{'id': 'T1'}]}
        session.persist('users', 'email', values, update=True)
        assert values == {'email': email, 'name': 'Jane Roe', 'teams': [{'id': 'T1'}]}
    assert methods(api) == ['GET', 'PUT', 'GET', 'POST']


def test_persist_compares_only_the_given_attributes(api, session):
    Users(api, JANE)
    values = {'email': 'jane@example.com', 'name': 'Jane Doe'}
    assert session.persist('users', 'email', values, update=True) == JANE
    assert methods(api) == ['GET']


TEAM = {
    'id': 'T1',
    'type': 'team',
    'summary': 'Cats',
    'self': 'https://api.pagerduty.com/teams/T1',
    'html_url': None,
    'name': 'Cats',
    'settings': {'color': 'red', 'sound': {'on': True, 'volume': 3}},
}


#: The properties of a reference to a resource.
REFERENCE = ('id', 'type', 'summary', 'self', 'html_url')


@pytest.mark.parametrize(
    'existing, given',
    [
        ({'team': TEAM}, {'team': {'id': 'T1'}}),
        ({'team': TEAM}, {'team': {'id': 'T1', 'type': 'team_reference'}}),
        ({'team': TEAM}, {'team': {'id': 'T1', 'type': 'team_reference', 'summary': 'Was: Cats'}}),
        (
            {'team': TEAM},
            {'team': dict({n: TEAM.get(n) for n in REFERENCE}, summary='Was: Cats')},
        ),
        ({'teams': [TEAM, {'id': 'T2'}]}, {'teams': [{'id': 'T1'}, {'id': 'T2'}]}),
        ({'team': TEAM}, {'team': {'settings': {'color': 'red'}}}),
        ({'team': TEAM}, {'team': {'settings': {'sound': {'volume': 3}}}}),
        ({'rules': [{'id': 'R1', 'targets': [TEAM]}]}, {'rules': [{'targets': [{'id': 'T1'}]}]}),
        ({'team': None}, {'team': None}),
        ({'roles': []}, {'roles': []}),
    ],
    ids=[
        'a bare reference',
        'a typed reference',
        'a reference with an old summary',
        'a complete reference with an old summary',
        'a list of references',
        'part of a nested object',
        'part of an object two levels down',
        'references in a list in a list',
        'null',
        'an empty list',
    ],
)
def test_persist_does_not_update_without_a_difference(api, session, existing, given):
    Users(api, dict(JANE, **existing))
    values = dict(given, email='jane@example.com')
    session.persist('users', 'email', values, update=True)
    assert methods(api) == ['GET']


@pytest.mark.parametrize(
    'existing, given',
    [
        ({'name': 'Jane'}, {'name': 'jane'}),
        ({}, {'role': 'admin'}),
        ({}, {'role': None}),
        ({'team': TEAM}, {'team': {'id': 'T2', 'type': 'team_reference'}}),
        ({'team': TEAM}, {'team': None}),
        ({'team': None}, {'team': {'id': 'T1'}}),
        ({'teams': [TEAM]}, {'teams': []}),
        ({'teams': None}, {'teams': [{'id': 'T1'}]}),
        ({'teams': [TEAM]}, {'teams': None}),
        ({'teams': 'T1'}, {'teams': ['T1']}),
        ({'teams': [TEAM]}, {'teams': [{'id': 'T1'}, {'id': 'T2'}]}),
        ({'teams': [TEAM, {'id': 'T3'}]}, {'teams': [{'id': 'T1'}, {'id': 'T2'}]}),
        ({'team': TEAM}, {'team': {'settings': {'color': 'blue'}}}),
        ({'team': TEAM}, {'team': {'settings': {'sound': {'volume': 4}}}}),
        ({'team': TEAM}, {'team': {'id': 'T1', 'name': 'Dogs'}}),
    ],
    ids=[
        'in case only',
        'a new attribute',
        'a new attribute that is null',
        'another reference',
        'a reference removed',
        'a reference added',
        'a list emptied',
        'a list in place of null',
        'null in place of a list',
        'a list in place of a text',
        'a list that has grown',
        'another reference in a list',
        'a nested value',
        'a value two levels down',
        'an attribute of a resource given with its ID',
    ],
)
def test_persist_sends_a_difference_in_one_request(api, session, existing, given):
    Users(api, dict(JANE, **existing))
    values = dict(given, email='jane@example.com')
    session.persist('users', 'email', values, update=True)
    assert methods(api) == ['GET', 'PUT']
    for name, value in given.items():
        assert api.last.json['user'][name] == value


def test_repeating_persist_updates_once(api, session):
    users = Users(api, dict(JANE, team=None))

    def answer(seen):
        reply = Users.answer(users, seen)
        if seen.method == 'PUT':
            users.users[0]['team'] = TEAM  # The API resolves the reference that it was sent.
        return reply

    api.rule(answer)
    values = {'email': 'jane@example.com', 'team': {'id': 'T1', 'type': 'team_reference'}}
    for _ in range(3):
        session.persist('users', 'email', values, update=True)
    assert methods(api) == ['GET', 'PUT', 'GET', 'GET']


@pytest.mark.parametrize('link', [{'self': None}, {}], ids=['self is null', 'no self'])
@pytest.mark.parametrize('resource', ['users', '/users/', '{base}/users'])
def test_persist_updates_a_resource_without_a_link_by_its_id(api, session, link, resource):
    Users(api, dict(JANE, **link))
    values = {'email': 'jane@example.com', 'name': 'Jane Roe'}
    updated = session.persist(resource.format(base=api.url), 'email', values, update=True)
    assert updated['name'] == 'Jane Roe'
    assert api.last.path == '/users/PJANE'


def test_persist_requires_the_identifying_attribute(api, session):
    with pytest.raises(ValueError, match="'email'.*name"):
        session.persist('users', 'email', {'name': 'Dan'})
    assert api.seen == []


def test_persist_raises_the_error_of_the_api(api, session):
    api.reply(body={'users': [], 'more': False})
    api.reply(400, {'error': {'message': 'Invalid Input', 'code': 2001, 'errors': ['Email bad']}})
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.persist('users', 'email', {'email': 'x'})
    assert caught.value.errors == ['Email bad']


def test_persist_accepts_keys_other_than_strings(api, session):
    api.reply(
        body={'users': [{'id': 'P1', 'self': api.url + '/users/P1', 'email': 'a'}], 'more': False}
    )
    api.reply(body={'user': {'id': 'P1'}})
    session.persist('users', 'email', {'email': 'a', 1: 2}, update=True)
    assert api.last.json['user']['1'] == 2


def test_persist_compares_id_and_summary(api, session):
    found = {'id': 'P1', 'summary': 'old', 'self': api.url + '/tags/P1'}
    api.reply(body={'tags': [found], 'more': False})
    api.reply(body={'tag': {'id': 'P1', 'summary': 'new'}})
    session.persist('tags', 'id', {'id': 'P1', 'summary': 'new'}, update=True)
    assert [seen.method for seen in api.seen] == ['GET', 'PUT']


def test_persist_updates_at_a_url_without_the_query(api, session):
    api.reply(body={'users': [{'id': 'P1', 'name': 'Jo', 'role': 'a'}], 'more': False})
    api.reply(body={'user': {}})
    session.persist('users?include[]=teams', 'name', {'name': 'Jo', 'role': 'b'}, update=True)
    assert api.last.target == '/users/P1'


def test_find_compares_lower_case_without_case_folding(api, session):
    api.reply(body={'teams': [{'name': 'STRASSE'}, {'name': 'STRAßE'}], 'more': False})
    assert session.find('teams', 'straße') == {'name': 'STRAßE'}


def test_persist_raises_for_a_resource_without_self_and_id(api, session):
    api.reply(body={'users': [{'name': 'Jo', 'role': 'a'}], 'more': False})
    with pytest.raises(pdpyras.URLError, match='its "self" is None'):
        session.persist('users', 'name', {'name': 'Jo', 'role': 'b'}, update=True)
