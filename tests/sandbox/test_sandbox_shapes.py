"""Values in the shape of PagerDuty's document, and the names of its hosts."""

import pytest

from pdpyras_sandbox.hosts import is_pagerduty
from pdpyras_sandbox.shapes import sample


@pytest.mark.parametrize(
    ('shape', 'value'),
    [
        ({'enum': [None, 'high', 'low']}, 'high'),
        ({'any': [{'type': 'boolean'}, {'type': 'string'}]}, False),
        ({'type': 'string'}, 'sample'),
        ({'type': 'string', 'maxLength': 3}, 'sam'),
        ({'type': 'string', 'minLength': 8}, 'samplexx'),
        ({'type': 'integer', 'minimum': 5}, 5),
        ({'type': 'integer'}, 0),
        ({'type': 'array', 'items': {'type': 'boolean'}, 'minItems': 2}, [False, False]),
        ({'type': 'array', 'items': {'type': 'boolean'}}, []),
    ],
    ids=str,
)
def test_a_sample_is_the_smallest_value_of_its_shape(shape, value):
    assert sample(shape) == value


@pytest.mark.parametrize(
    ('host', 'expected'),
    [
        ('api.pagerduty.com', True),
        (b'API.pagerduty.com.', True),
        ('pagerduty.com', True),
        ('mypagerduty.com', False),
        ('pagerduty.com.example.com', False),
        ('caf\xe9.example.com'.encode(), False),
    ],
    ids=str,
)
def test_a_host_of_pagerduty_is_recognised_by_its_domain(host, expected):
    assert is_pagerduty(host) is expected
