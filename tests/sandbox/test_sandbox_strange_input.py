"""Whatever a client sends: the sandbox itself never fails over it."""

import pytest

JSON = {'Content-Type': 'application/json'}


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('null', 'incident is required'),
        ('NaN', 'Invalid JSON: NaN is not JSON'),
        ('[' * 100_000, 'Invalid JSON: It is nested more than 100 levels deep'),
        ('[' * 500 + ']' * 500, 'Invalid JSON: It is nested more than 100 levels deep'),
    ],
    ids=['null', 'NaN', 'cut off', 'deep'],
)
def test_a_body_that_holds_nothing_or_too_much_is_refused(web, text, reason):
    refusal = web.refusal('POST', '/incidents', data=text, headers=JSON)
    assert refusal == (400, 2001, [reason])
    assert web.sandbox.requests[-1].status == 400


@pytest.mark.parametrize('path', ['/v2/enqueue', '/_sandbox/faults'])
def test_deep_nesting_is_refused_everywhere(web, path):
    assert web.call('POST', path, data='[' * 100_000).status_code == 400
