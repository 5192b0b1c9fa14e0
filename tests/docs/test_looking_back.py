from unittest.mock import ANY

from take_over import take_over


def test_incidents_are_acknowledged_in_one_request(pagerduty):
    pagerduty.events().trigger('The oven is cold', 'oven-1')
    pagerduty.events().trigger('The fridge is warm', 'fridge-1')

    take_over(pagerduty.session(), pagerduty.email)

    acknowledged = {'id': ANY, 'type': 'incident_reference', 'status': 'acknowledged'}
    body = {'incidents': [acknowledged, acknowledged]}
    (request,) = pagerduty.requests.assert_sent('PUT', '/incidents', json=body, times=1)
    assert request.headers['From'] == pagerduty.email


def test_no_update_is_sent_without_triggered_incidents(pagerduty):
    take_over(pagerduty.session(), pagerduty.email)

    pagerduty.requests.assert_sent('PUT', '*', times=0)
    assert len(pagerduty.requests.of('GET', '/incidents')) == 1
