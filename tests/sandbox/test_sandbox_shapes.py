"""Minimal values of documented shapes, and host names of PagerDuty."""

import pytest

from pdpyras_sandbox.hosts import is_pagerduty
from pdpyras_sandbox.shapes import minimal


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
def test_minimal_value_of_a_shape(shape, value):
    assert minimal(shape) == value


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
def test_pagerduty_hosts_are_recognized_by_domain(host, expected):
    assert is_pagerduty(host) is expected
