"""Dependencies between technical services and business services."""

import pytest

from pdpyras_sandbox import dependencies


@pytest.fixture
def shop(web):
    return web.post('/business_services', {'business_service': {'name': 'Shop'}})[
        'business_service'
    ]


def between(service, shop):
    return {
        'relationships': [
            {
                'supporting_service': {'id': service['id'], 'type': 'service'},
                'dependent_service': {'id': shop['id'], 'type': 'business_service'},
            }
        ]
    }


def listed(web, service, shop):
    return [
        web.get(f'/service_dependencies/{kind}/{one["id"]}')['relationships']
        for kind, one in (('technical_services', service), ('business_services', shop))
    ]


def test_dependencies_are_listed_until_they_are_removed(web, shop):
    service = web.service
    (added,) = web.post('/service_dependencies/associate', between(service, shop))['relationships']
    assert added['type'] == 'service_dependency'
    assert added['supporting_service']['type'] == 'technical_service_reference'
    assert added['dependent_service']['type'] == 'business_service_reference'
    again = web.post('/service_dependencies/associate', between(service, shop))['relationships']
    assert again == [added]
    assert listed(web, service, shop) == [[added], [added]]
    removed = web.post('/service_dependencies/disassociate', between(service, shop))
    assert removed['relationships'] == [added]
    assert listed(web, service, shop) == [[], []]


def test_deleting_a_service_removes_its_dependencies(web, shop):
    service = web.service
    web.post('/service_dependencies/associate', between(service, shop))
    assert web.call('DELETE', '/business_services/' + shop['id']).status_code == 204
    path = '/service_dependencies/technical_services/' + service['id']
    assert web.get(path)['relationships'] == []


def test_dependency_on_an_unknown_service_is_rejected(web, shop):
    body = between({'id': 'PNOBODY'}, shop)
    assert web.refusal('POST', '/service_dependencies/associate', body)[0] == 400
    assert web.refusal('GET', '/service_dependencies/business_services/PNOBODY')[0] == 404


def test_dependency_of_a_service_on_itself_is_rejected(web):
    body = between(web.service, web.service)
    assert web.refusal('POST', '/service_dependencies/associate', body)[0] == 400


def test_number_of_dependencies_is_limited(web, shop, monkeypatch):
    monkeypatch.setattr(dependencies, 'MAXIMUM', 1)
    first = web.service
    second = web.post('/services', {'service': {**first, 'name': 'Till'}})['service']
    path = '/service_dependencies/associate'
    web.post(path, between(first, shop))
    reasons = ['A service can have at most 1 dependencies']
    assert web.refusal('POST', path, between(second, shop)) == (400, 2001, reasons)
