"""The pytest fixture ``pagerduty``: a running sandbox, empty at the start of every test; and
``pagerduty_everywhere``: the same in place of PagerDuty.

pytest loads this in every test run of everybody who has pdpyras installed. So it imports nothing
before somebody uses the fixture, and keeps to what every supported Python can read.
"""

from typing import TYPE_CHECKING, Any, Generator, Iterator

import pytest

if TYPE_CHECKING:
    from pdpyras_sandbox.convenience import PagerDuty


def needed() -> None:
    """What the fixture can't work without; a clear failure where it's missing."""
    from pdpyras_sandbox import why_not_here

    reason = why_not_here()
    if reason is None:
        try:
            import flask  # noqa: F401
        except ImportError:
            reason = "the fixture 'pagerduty' needs Flask: pip install flask trustme"
    if reason is not None:
        pytest.fail(reason, pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, Any, None]:
    """Show in the report of a failed test what the sandbox received in it."""
    outcome = yield
    report = outcome.get_result()
    sandbox = getattr(item, '_pagerduty', None)
    if report.failed and sandbox is not None:
        lines = sandbox.requests.report()
        report.sections.append(('PagerDuty sandbox', '\n'.join(lines)))


@pytest.fixture(scope='session')
def _pagerduty_server() -> 'Iterator[PagerDuty]':
    needed()
    from pdpyras_sandbox.convenience import PagerDuty

    with PagerDuty() as sandbox:
        yield sandbox


@pytest.fixture
def pagerduty(_pagerduty_server: 'PagerDuty', request: Any) -> 'PagerDuty':
    """A PagerDuty account on this machine, with nothing in it from other tests."""
    # Not from item.funcargs, which lacks it while other fixtures are set up.
    request.node._pagerduty = _pagerduty_server
    _pagerduty_server.reset()
    return _pagerduty_server


@pytest.fixture
def pagerduty_everywhere(pagerduty: 'PagerDuty') -> 'Iterator[PagerDuty]':
    """The same account, in place of PagerDuty for all HTTP clients that the test uses."""
    with pagerduty.as_pagerduty():
        yield pagerduty
