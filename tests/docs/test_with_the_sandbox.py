import pytest
from take_over import take_over

import pdpyras


def test_all_triggered_incidents_are_acknowledged(pagerduty):
    pagerduty.events().trigger('The oven is cold', 'oven-1')
    pagerduty.events().trigger('The fridge is warm', 'fridge-1')

    titles = take_over(pagerduty.session(), pagerduty.email)

    assert titles == ['The oven is cold', 'The fridge is warm']
    incidents = pagerduty.session().list_all('incidents')
    assert {incident['status'] for incident in incidents} == {'acknowledged'}


def test_incidents_are_acknowledged_in_one_request(pagerduty):
    for number in range(5):
        pagerduty.events().trigger('Oven {} is cold'.format(number), 'kitchen')

    take_over(pagerduty.session(), pagerduty.email)

    assert [seen.method for seen in pagerduty.requests].count('PUT') == 1


def test_requests_are_retried_after_the_rate_limit(pagerduty, monkeypatch):
    waits = []
    monkeypatch.setattr(pdpyras.time, 'sleep', waits.append)
    pagerduty.faults.next(2, status=429, reset=2)

    assert take_over(pagerduty.session(), pagerduty.email) == []
    assert waits == [2.0, 2.0]


def test_an_outage_raises_an_error(pagerduty):
    pagerduty.faults.next(status=503)

    with pytest.raises(pdpyras.PDServerError):
        take_over(pagerduty.session(), pagerduty.email)


def test_an_unknown_user_is_an_error(pagerduty):
    with pytest.raises(LookupError):
        take_over(pagerduty.session(), 'nobody@example.com')


def test_a_script_with_its_own_session(pagerduty_everywhere):
    pagerduty_everywhere.events().trigger('The oven is cold', 'oven-1')
    session = pdpyras.APISession(pagerduty_everywhere.api_key)  # https://api.pagerduty.com

    assert take_over(session, pagerduty_everywhere.email) == ['The oven is cold']
