"""pytest fixtures: ``pagerduty`` is a running sandbox with a new account for each test;
``pagerduty_everywhere`` also redirects the HTTP clients of the test to the sandbox.

pytest loads this plugin in every test run if pdpyras is installed, so it imports nothing until a
test uses a fixture, and its syntax is that of the oldest supported Python.
"""

from typing import TYPE_CHECKING, Any, Generator, Iterator

import pytest

if TYPE_CHECKING:
    from pdpyras_sandbox.convenience import PagerDuty


def check_requirements() -> None:
    """Fail the test with a clear message if the sandbox cannot run."""
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
    """Add the requests received by the sandbox to the report of a failed test."""
    outcome = yield
    report = outcome.get_result()
    sandbox = getattr(item, '_pagerduty', None)
    if report.failed and sandbox is not None:
        lines = sandbox.requests.report()
        report.sections.append(('PagerDuty sandbox', '\n'.join(lines)))


@pytest.fixture(scope='session')
def _pagerduty_server() -> 'Iterator[PagerDuty]':
    check_requirements()
    from pdpyras_sandbox.convenience import PagerDuty

    with PagerDuty() as sandbox:
        yield sandbox


@pytest.fixture
def pagerduty(_pagerduty_server: 'PagerDuty', request: Any) -> 'PagerDuty':
    """A running sandbox with a new account."""
    # item.funcargs does not contain the fixture yet while other fixtures are set up.
    request.node._pagerduty = _pagerduty_server
    _pagerduty_server.reset()
    return _pagerduty_server


@pytest.fixture
def pagerduty_everywhere(pagerduty: 'PagerDuty') -> 'Iterator[PagerDuty]':
    """The sandbox of ``pagerduty``, to which all HTTP clients of the test are redirected."""
    with pagerduty.as_pagerduty():
        yield pagerduty
