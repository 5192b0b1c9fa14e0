"""The pytest fixture ``pagerduty``: a running sandbox, empty at the start of every test.

pytest loads this in every test run of everybody who has pdpyras installed. So it imports nothing
before somebody uses the fixture, and keeps to what every supported Python can read.
"""

import pytest


def needed():
    """What the fixture can't work without; a clear failure where it's missing."""
    from pdpyras_sandbox import why_not_here

    reason = why_not_here()
    if reason is None:
        try:
            import flask  # noqa: F401
        except ImportError:
            reason = "the fixture 'pagerduty' needs Flask: pip install 'pdpyras[sandbox]'"
    if reason is not None:
        pytest.fail(reason, pytrace=False)


@pytest.fixture(scope='session')
def _pagerduty_server():
    needed()
    from pdpyras_sandbox.convenience import PagerDuty

    with PagerDuty() as sandbox:
        yield sandbox


@pytest.fixture
def pagerduty(_pagerduty_server):
    """A PagerDuty account on this machine, with nothing in it from other tests."""
    _pagerduty_server.reset()
    return _pagerduty_server
