"""The REST API of event orchestrations."""

import pytest


@pytest.fixture
def path(web):
    body = {'orchestration': {'name': 'All'}}
    created = web.post('/event_orchestrations', body)['orchestration']
    return f'/event_orchestrations/{created["id"]}'


def router_of(*services):
    rules = [{'label': 'x', 'actions': {'route_to': service}} for service in services]
    return {'orchestration_path': {'sets': [{'id': 'start', 'rules': rules}]}}


def test_orchestration_rules_get_ids_and_keep_them(web, path):
    written = web.put(path + '/router', router_of('P1', 'P2'))['orchestration_path']
    rules = written['sets'][0]['rules']
    assert len({rule['id'] for rule in rules}) == 2
    assert web.get(path + '/router')['orchestration_path'] == written
    again = web.put(path + '/router', {'orchestration_path': written})['orchestration_path']
    assert again['sets'][0]['rules'] == rules


def test_routes_of_an_orchestration_are_counted(web, path):
    assert web.get(path)['orchestration']['routes'] == 0
    web.put(path + '/router', router_of('P1', 'P2', 'P1', 'unrouted'))
    assert web.get(path)['orchestration']['routes'] == 2


@pytest.mark.parametrize('kind', ['router', 'unrouted', 'global'])
def test_new_orchestration_path_has_no_rules(web, path, kind):
    shown = web.get(f'{path}/{kind}')['orchestration_path']
    assert shown['sets'] == [{'id': 'start', 'rules': []}]
    assert shown['type'] == kind
    assert shown['parent']['type'] == 'event_orchestration_reference'
    expected = 'unrouted' if kind == 'router' else None
    assert shown['catch_all']['actions'].get('route_to') == expected
    assert web.refusal('GET', f'/event_orchestrations/PNOBODY/{kind}')[0] == 404


def test_service_has_its_own_orchestration(web):
    path = '/event_orchestrations/services/' + web.service['id']
    assert web.get(path)['orchestration_path']['parent']['type'] == 'service_reference'
    rule = {'actions': {'severity': 'info'}}
    sets = {'orchestration_path': {'sets': [{'id': 'start', 'rules': [rule]}]}}
    assert web.put(path, sets)['orchestration_path']['sets'][0]['rules'][0]['id']
    assert web.refusal('GET', '/event_orchestrations/services/PNOBODY')[0] == 404


def test_orchestration_integrations_have_routing_keys(web, path):
    web.post(path + '/integrations', {'integration': {'label': 'Other'}})
    integrations = web.get(path + '/integrations')['integrations']
    assert [one['label'] for one in integrations] == ['Default Integration', 'Other']
    keys = {one['parameters']['routing_key'] for one in integrations}
    assert len(keys) == 2
    assert all(key.startswith('R') and len(key) == 32 for key in keys)
    assert web.get(path)['orchestration']['integrations'] == integrations
