"""Incident types, and the custom fields of incidents and services with their options."""

import pytest

FIELD = {
    'name': 'environment',
    'display_name': 'Environment',
    'data_type': 'string',
    'field_type': 'single_value_fixed',
}


def option(value):
    return {'data': {'data_type': 'string', 'value': value}}


def field_body(**changes):
    return {'field': {**FIELD, **changes}}


def values_of(options):
    return [option['data']['value'] for option in options]


@pytest.fixture
def security(web):
    body = {'name': 'security', 'display_name': 'Security', 'parent_type': 'incident_default'}
    return web.post('/incidents/types', {'incident_type': body})['incident_type']


# Options of custom fields.

# The custom fields of services have no default values.
WITH_DEFAULTS = ['/incidents/custom_fields', '/incidents/types/incident_default/custom_fields']
OWNERS = [*WITH_DEFAULTS, '/services/custom_fields']


@pytest.mark.parametrize('path', OWNERS)
def test_options_of_a_new_custom_field_are_listed_updated_and_deleted(web, path):
    options = [option('production'), option('staging')]
    field = web.post(path, field_body(field_options=options))['field']
    assert values_of(field['field_options']) == ['production', 'staging']
    below = f'{path}/{field["id"]}/field_options'
    first, second = web.get(below)['field_options']
    assert [first, second] == field['field_options']
    assert first['id'] != second['id']
    assert first['type'] == 'field_option'
    assert first['created_at'] > '2026'
    web.put(f'{below}/{first["id"]}', {'field_option': option('live')})
    assert web.call('DELETE', f'{below}/{second["id"]}').status_code == 204
    web.post(below, {'field_option': option('test')})
    assert values_of(web.get(below)['field_options']) == ['live', 'test']
    shown = web.get(f'{path}/{field["id"]}')['field']
    assert values_of(shown['field_options']) == ['live', 'test']
    (listed,) = web.get(path)['fields']
    assert values_of(listed['field_options']) == ['live', 'test']


def test_options_can_be_replaced_with_the_custom_field_of_an_incident_type(web):
    path = '/incidents/types/incident_default/custom_fields'
    field = web.post(path, field_body(field_options=[option('eu'), option('us')]))['field']
    kept = field['field_options'][1]
    body = {'field': {'field_options': [kept, option('ap')]}}
    changed = web.put(f'{path}/{field["id"]}', body)['field']['field_options']
    assert values_of(changed) == ['us', 'ap']
    assert changed[0]['id'] == kept['id']
    renamed = web.put(f'{path}/{field["id"]}', {'field': {'display_name': 'Region'}})['field']
    assert renamed['field_options'] == changed


@pytest.mark.parametrize('path', WITH_DEFAULTS)
def test_default_value_of_a_fixed_custom_field_is_one_of_its_options(web, path):
    options = [option('production'), option('staging')]
    reason = 'default_value must be one of the options: '
    body = field_body(field_options=options, default_value='moon')
    assert web.refusal('POST', path, body)[2] == [reason + 'production, staging']
    assert web.refusal('POST', path, field_body(default_value='moon'))[2] == [reason + '(none)']
    body = field_body(field_options=options, default_value='staging')
    assert web.post(path, body)['field']['default_value'] == 'staging'


def test_default_value_of_a_custom_field_can_be_replaced_with_its_options(web):
    path = '/incidents/types/incident_default/custom_fields'
    body = field_body(field_options=[option('eu'), option('us')], default_value='us')
    field = web.post(path, body)['field']
    one = f'{path}/{field["id"]}'
    reason = 'default_value must be one of the options: '
    invalid = [({'default_value': 'ap'}, 'eu, us'), ({'field_options': [option('eu')]}, 'eu')]
    for changes, options in invalid:
        assert web.refusal('PUT', one, {'field': changes})[2] == [reason + options]
    assert web.get(one)['field'] == field
    changed = web.put(one, {'field': {'default_value': 'eu'}})['field']
    assert changed['field_options'] == field['field_options']
    body = {'field': {'field_options': [option('ap')], 'default_value': 'ap'}}
    assert web.put(one, body)['field']['default_value'] == 'ap'


@pytest.mark.parametrize('name', ['En v', 'Env', 'env-1', 'umgebung_ä'])
def test_name_of_a_custom_field_has_lowercase_letters_digits_and_underscores(web, name):
    for path in OWNERS:
        status, code, (error,) = web.refusal('POST', path, field_body(name=name))
        assert (status, code) == (400, 2001)
        assert error == 'name may contain only lowercase letters, digits and underscores'


@pytest.mark.parametrize(
    ('kind', 'valid', 'invalid'),
    [
        ('datetime', '2026-11-28T09:00:00Z', 'nonsense'),
        ('url', 'https://example.com/runbook', 'nonsense'),
        ('url', 'http://example.com', 'http://'),
    ],
)
def test_value_of_a_custom_field_has_the_format_of_its_type(web, kind, valid, invalid):
    field = field_body(name='link', data_type=kind, field_type='single_value')
    web.post('/incidents/custom_fields', field)
    path = f'/incidents/{web.incident()["id"]}/custom_fields/values'
    errors = web.refusal('PUT', path, {'custom_fields': [{'name': 'link', 'value': invalid}]})[2]
    assert errors == [f'link must be of type {kind}']
    (value,) = web.put(path, {'custom_fields': [{'name': 'link', 'value': valid}]})['custom_fields']
    assert value['value'] == valid


def test_incident_has_the_custom_fields_of_its_type(web, security):
    path = '/incidents/types/security/custom_fields'
    field = web.post(path, field_body(field_type='single_value'))['field']
    assert field['incident_type'] == security['id']
    ordinary = web.incident()['id']
    assert web.get(f'/incidents/{ordinary}/custom_fields/values')['custom_fields'] == []
    incident = web.incident(incident_type={'name': 'security'})['id']
    path = f'/incidents/{incident}/custom_fields/values'
    web.put(path, {'custom_fields': [{'name': 'environment', 'value': 'live'}]})
    assert [value['value'] for value in web.get(path)['custom_fields']] == ['live']


# Incident types.


def test_an_account_has_incident_types_from_the_start(web):
    types = web.get('/incidents/types')['incident_types']
    assert [kind['name'] for kind in types] == ['incident_default', 'major_incident']
    assert web.get('/incidents/types/incident_default')['incident_type'] == types[0]
    assert 'parent' not in types[0]
    assert types[1]['parent']['id'] == types[0]['id']
    assert web.incident()['incident_type'] == {'name': 'incident_default'}


def test_incident_type_is_found_by_its_id_or_name(web, security):
    for named in (security['id'], 'security'):
        assert web.get('/incidents/types/' + named)['incident_type'] == security
        body = {'incident_type': {'display_name': 'Security ' + named}}
        security = web.put('/incidents/types/' + named, body)['incident_type']
        assert web.get(f'/incidents/types/{named}/custom_fields')['fields'] == []
    assert web.refusal('GET', '/incidents/types/nobody')[0] == 404
    assert web.refusal('GET', '/incidents/types/nobody/custom_fields')[0] == 404


def test_incident_types_are_filtered_by_state(web, security):
    web.put('/incidents/types/security', {'incident_type': {'enabled': False}})

    def names(**params):
        return [kind['name'] for kind in web.get('/incidents/types', **params)['incident_types']]

    assert names() == names(filter='enabled') == ['incident_default', 'major_incident']
    assert names(filter='disabled') == ['security']
    assert len(names(filter='all')) == 3


@pytest.mark.parametrize(
    ('changes', 'error'),
    [
        ({'name': 'security'}, 'Name has already been taken'),
        ({'name': 'my_default'}, "name must not end with '_default'"),
        ({'display_name': 'PD Special'}, 'display_name must not begin with PD, PagerDuty or'),
        ({'parent_type': 'nobody'}, 'parent_type: no incident type has the name or ID nobody'),
    ],
    ids=['taken', 'suffix', 'prefix', 'parent'],
)
def test_invalid_incident_type_is_rejected(web, security, changes, error):
    body = {'name': 'other', 'display_name': 'Other', 'parent_type': 'security', **changes}
    status, code, errors = web.refusal('POST', '/incidents/types', {'incident_type': body})
    assert (status, code) == (400, 2001)
    assert errors[0].startswith(error)


@pytest.mark.parametrize('name', [None, ''])
def test_display_name_of_an_incident_type_cannot_be_blank(web, security, name):
    path = '/incidents/types/' + security['id']
    refusal = web.refusal('PUT', path, {'incident_type': {'display_name': name}})
    assert refusal == (400, 2001, ["display_name can't be blank"])


@pytest.mark.parametrize(
    ('given', 'error'),
    [
        ({'name': 'nobody'}, 'incident_type: no incident type has the name or ID nobody'),
        ({'id': 'PNO'}, 'incident_type: no incident type has the name or ID PNO'),
        ({'type': 'incident_type_reference'}, 'incident_type.name is required'),
    ],
)
def test_incident_of_an_unknown_type_is_rejected(web, given, error):
    unknown = {'type': 'incident', 'incident_type': given}
    path = '/incidents/' + web.incident()['id']
    assert web.refusal('PUT', path, {'incident': unknown}) == (400, 2001, [error])
    service = {'id': web.service['id'], 'type': 'service_reference'}
    body = {**unknown, 'title': 'Disk full', 'service': service}
    assert web.refusal('POST', '/incidents', {'incident': body}) == (400, 2001, [error])


def test_the_type_of_an_incident_can_be_changed(web, security):
    incident = web.incident(incident_type={'name': 'security'})
    assert incident['incident_type'] == {'name': 'security'}
    changed = web.update(incident, incident_type={'id': 'ignored', 'name': 'major_incident'})
    assert changed['incident_type'] == {'name': 'major_incident'}
