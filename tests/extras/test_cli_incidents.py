"""The commands about incidents and on-call, as processes."""

import json

import pytest
from cli_process import WITHOUT_WAITS, CommandLine
from wire import Reply

OPEN_STATUSES = {'statuses': ['triggered', 'acknowledged']}
FIELDS = ('--fields', 'id,status')


@pytest.fixture
def wire(api):
    """The command line with a scripted API."""
    return CommandLine(PAGERDUTY_URL=api.url, PAGERDUTY_API_KEY='the-api-key-1234')


def printed(lines):
    return {record['id']: record['status'] for record in map(json.loads, lines.splitlines())}


def statuses(session, **params):
    found = session.iter_all('incidents', params={'date_range': 'all', **params})
    return {incident['id']: incident['status'] for incident in found}


@pytest.fixture
def session(account_session):
    return account_session


@pytest.fixture
def service(session):
    """A service with incidents of both open statuses."""
    for service in session.iter_all('services'):
        found = statuses(session, service_ids=[service['id']], **OPEN_STATUSES)
        if set(found.values()) == {'triggered', 'acknowledged'}:
            return service
    raise LookupError('the sample data has no such service')


# Listing


def test_incidents_lists_open_incidents_of_any_age(pdp, session):
    assert printed(pdp.output('incidents', *FIELDS)) == statuses(session, **OPEN_STATUSES)


@pytest.mark.parametrize('by', ['id', 'name'])
def test_incidents_of_a_service_are_found_by_its_id_or_name(pdp, session, service, by):
    found = printed(pdp.output('incidents', '--service', service[by], *FIELDS))
    assert found == statuses(session, service_ids=[service['id']], **OPEN_STATUSES)


@pytest.mark.parametrize('name', ['PAYMENTS', 'PRODDB01'])
def test_a_service_whose_name_looks_like_an_id_is_found_by_its_name(wire, api, name):
    api.reply(404, {'error': {'message': 'Not Found', 'code': 2100}})
    api.reply(body={'services': [{'id': 'P1A2B3C', 'name': name}], 'more': False})
    api.reply(body={'incidents': [], 'more': False})
    wire.output('incidents', '--service', name)
    assert [seen.path for seen in api.seen] == [f'/services/{name}', '/services', '/incidents']
    assert api.last.query['service_ids[]'] == 'P1A2B3C'


def test_an_id_is_used_even_if_the_key_has_no_access_to_the_resource(wire, api):
    api.reply(403, {'error': {'message': 'Forbidden'}})
    api.reply(body={'incidents': [], 'more': False})
    wire.output('incidents', '--service', 'PABCDEF')
    assert api.last.query['service_ids[]'] == 'PABCDEF'


def test_incidents_are_filtered_by_every_option(pdp, account):
    options = '--status triggered --urgency high --team Platform --user alex@example.com'
    pdp.output('incidents', *options.split())
    query = account.requests[-1].query
    assert query['statuses[]'] == ['triggered']
    assert query['urgencies[]'] == ['high']
    assert [len(query[name]) for name in ('team_ids[]', 'user_ids[]')] == [1, 1]


@pytest.mark.parametrize('name', ['No such name', 'PNOSUCH1'])
@pytest.mark.parametrize(
    ('option', 'what'),
    [
        ('--service', 'services has the ID or name'),
        ('--team', 'teams has the ID or name'),
        ('--user', 'users has the ID or email'),
    ],
)
def test_an_unknown_name_or_id_is_reported(pdp, option, what, name):
    status, line = pdp.failure('incidents', option, name, '--ack', '--yes')
    assert (status, line) == (2, f'None of the {what} {name!r}.')


# Changing


def test_the_option_ack_acknowledges_incidents(pdp, session, service):
    before = statuses(session, service_ids=[service['id']], **OPEN_STATUSES)
    shown = printed(
        pdp.output('incidents', '--service', service['name'], '--ack', '--yes', *FIELDS)
    )
    after = statuses(session, service_ids=[service['id']], **OPEN_STATUSES)
    assert after == dict.fromkeys(before, 'acknowledged')
    # Already acknowledged incidents are not updated.
    assert shown == {key: after[key] for key in before if before[key] == 'triggered'}


def test_the_option_resolve_resolves_incidents(pdp, session, service):
    before = statuses(session, service_ids=[service['id']], **OPEN_STATUSES)
    options = ('--service', service['id'], '--resolve', '--yes')
    assert printed(pdp.output('incidents', *options, *FIELDS)) == dict.fromkeys(before, 'resolved')
    assert statuses(session, service_ids=[service['id']], **OPEN_STATUSES) == {}
    # No incident is left.
    assert pdp.output('incidents', *options) == ''


@pytest.mark.parametrize(('key', 'status'), [('y', 'acknowledged'), ('n', 'triggered')])
def test_changing_incidents_asks_for_confirmation_in_a_terminal(pdp, session, service, key, status):
    only = {'service_ids': [service['id']], 'statuses': ['triggered']}
    before = statuses(session, **only)
    code, shown = pdp.in_terminal(
        *('incidents', '--service', service['id'], '--status', 'triggered', '--ack'),
        keys=key + '\n',
        term='dumb',
    )
    assert code == 0
    assert f'Acknowledge {len(before)} incident' in shown
    assert all(incident in shown for incident in before)
    now = statuses(session, service_ids=[service['id']])
    assert {now[incident] for incident in before} == {status}


def test_changing_incidents_requires_a_terminal_or_yes(pdp, account):
    message = 'Cannot ask for confirmation without a terminal. Pass --yes.'
    assert pdp.failure('incidents', '--ack') == (2, message)
    assert account.requests == []


def test_the_options_ack_and_resolve_exclude_each_other(pdp, account):
    assert pdp.failure('incidents', '--ack', '--resolve', '--yes') == (
        2,
        'Pass --ack or --resolve, not both.',
    )
    assert account.requests == []


def incident(key, status='triggered'):
    return {'id': key, 'type': 'incident', 'title': 'Disk is full', 'status': status}


def api_with(api, keys, rejected=(), failing=()):
    """Script incidents, some of which are rejected or cause a server error."""

    @api.rule
    def answer(seen):
        if seen.method == 'GET':
            return Reply(200, {'incidents': [incident(key) for key in keys], 'more': False})
        items = seen.json['incidents']
        if any(item['id'] in failing for item in items):
            return Reply(500, {'error': {'message': 'Oops', 'code': 2000}})
        if any(item['id'] in rejected for item in items):
            errors = ['Incident Already Resolved']
            error = {'message': 'Invalid Input Provided', 'code': 2001, 'errors': errors}
            return Reply(400, {'error': error})
        return Reply(200, {'incidents': [incident(item['id'], item['status']) for item in items]})


def test_rejected_incidents_are_named_and_the_others_are_changed(wire, api):
    api_with(api, ['Q1', 'Q2', 'Q3', 'Q4'], rejected=['Q2', 'Q3'])
    finished = wire.run('incidents', '--resolve', '--yes', *FIELDS)
    assert finished.returncode == 4
    assert printed(finished.stdout) == {'Q1': 'resolved', 'Q4': 'resolved'}
    assert finished.stderr == (
        'pdpyras: 2 of 4 incidents could not be resolved: Incident Already Resolved (Q2, Q3)\n'
    )


def test_the_status_is_1_if_no_incident_can_be_changed(wire, api):
    api_with(api, ['Q1'], rejected=['Q1'])
    assert wire.failure('incidents', '--ack', '--yes') == (
        1,
        '1 of 1 incident could not be acknowledged: Incident Already Resolved (Q1)',
    )


def test_a_failure_after_some_incidents_were_changed_ends_with_4(wire, api):
    keys = [f'Q{number}' for number in range(300)]
    api_with(api, keys, failing=['Q299'])
    status, line = wire.failure('incidents', '--ack', '--yes', setup=WITHOUT_WAITS)
    assert status == 4
    assert line.endswith('250 of 300 incidents had been acknowledged before.')


def test_a_failure_before_any_incident_was_changed_ends_with_3(wire, api):
    api_with(api, ['Q1'], failing=['Q1'])
    status, line = wire.failure('incidents', '--ack', '--yes', setup=WITHOUT_WAITS)
    assert status == 3
    assert 'had been acknowledged' not in line


def test_the_error_about_a_missing_from_header_names_the_option(pdp):
    without = pdp.with_variables(PAGERDUTY_FROM=None)
    status, line = without.failure('incidents', '--status', 'triggered', '--ack', '--yes')
    assert status == 1
    assert 'Pass --from EMAIL or set PAGERDUTY_FROM: ' in line


# On-call


def people(lines):
    return sorted(json.loads(line)['email'] for line in lines.splitlines())


@pytest.mark.parametrize(
    ('option', 'collection'),
    [
        ('--service', 'services'),
        ('--policy', 'escalation_policies'),
        ('--schedule', 'schedules'),
    ],
)
@pytest.mark.parametrize('by', ['id', 'name'])
def test_oncall_lists_the_users_on_call(pdp, session, option, collection, by):
    for resource in session.iter_all(collection):
        kind = {'services': 'service', 'schedules': 'schedule'}.get(collection, 'escalation_policy')
        expected = sorted(user['email'] for user in session.on_call(**{kind: resource['id']}))
        if expected:
            break
    assert people(pdp.output('oncall', option, resource[by])) == expected


def test_oncall_without_a_filter_lists_all_users_on_call_at_level_1(pdp, session):
    expected = sorted(user['email'] for user in session.on_call())
    assert expected
    assert people(pdp.output('oncall')) == expected


def test_oncall_accepts_a_time_and_a_level(pdp, account):
    pdp.output('oncall', '--at', '2026-12-24T18:00+01:00', '--level', '2', '--policy', 'Default')
    query = next(seen.query for seen in account.requests if seen.path == '/oncalls')
    assert query['since'] == query['until'] == ['2026-12-24T17:00:00Z']


def test_oncall_lists_the_users_in_a_schedule_at_any_level(wire, api):
    user = {'id': 'PUSER01', 'email': 'alex@example.com'}
    api.reply(body={'schedule': {'id': 'PABC123'}})
    api.reply(body={'oncalls': [{'user': user, 'escalation_level': 3}]})
    listed = wire.output('oncall', '--schedule', 'PABC123', '--level', '2')
    assert people(listed) == ['alex@example.com']
    described = ' '.join(wire.output('oncall', '--help').split())
    assert 'Escalation level, 1 by default; any level with --schedule.' in described


def test_oncall_rejects_a_time_without_a_time_zone(pdp, account):
    status, line = pdp.failure('oncall', '--at', '2026-12-24T18:00')
    assert status == 2
    assert 'has no time zone' in line
    assert account.requests == []


def test_a_misspelt_field_is_reported_before_incidents_are_changed(pdp, session, service):
    before = statuses(session, service_ids=[service['id']])
    status, line = pdp.failure(
        'incidents', '--service', service['id'], '--resolve', '--yes', '--fields', 'id,titel'
    )
    assert status == 2
    assert line.startswith("--fields: no record has 'titel'. The fields are: id, ")
    assert statuses(session, service_ids=[service['id']]) == before
