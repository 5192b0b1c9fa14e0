import responses
from responses import matchers
from take_over import take_over

import pdpyras

API = 'https://api.pagerduty.com'
JANE = {'id': 'PJANE01', 'type': 'user', 'email': 'jane@example.com'}
COLD = {'id': 'PCOLD01', 'type': 'incident', 'title': 'The oven is cold'}


@responses.activate
def test_incidents_are_acknowledged():
    responses.get(API + '/users', json={'users': [JANE], 'more': False})
    responses.get(API + '/incidents', json={'incidents': [COLD], 'more': False})
    update = {'id': 'PCOLD01', 'type': 'incident_reference', 'status': 'acknowledged'}
    acknowledge = responses.put(
        API + '/incidents',
        json={'incidents': [COLD]},
        match=[
            matchers.json_params_matcher({'incidents': [update]}),
            matchers.header_matcher({'From': 'jane@example.com'}),
        ],
    )

    assert take_over(pdpyras.APISession('key'), 'jane@example.com') == ['The oven is cold']
    assert acknowledge.call_count == 1
