from take_over import take_over

import pdpyras

API = 'https://api.pagerduty.com'
JANE = {'id': 'PJANE01', 'type': 'user', 'email': 'jane@example.com'}


def test_no_update_is_sent_without_triggered_incidents(requests_mock):
    requests_mock.get(API + '/users', json={'users': [JANE], 'more': False})
    requests_mock.get(API + '/incidents', json={'incidents': [], 'more': False})

    assert take_over(pdpyras.APISession('key'), 'jane@example.com') == []
    assert [request.method for request in requests_mock.request_history] == ['GET', 'GET']
