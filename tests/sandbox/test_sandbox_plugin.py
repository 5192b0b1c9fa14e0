"""The fixture ``pagerduty`` in tests of other projects."""

import subprocess
import sys

import pytest

import pdpyras

pytest_plugins = ['pytester']


def test_pagerduty_fixture_returns_configured_sessions(pagerduty):
    assert isinstance(pagerduty.session(), pdpyras.APISession)
    key = pagerduty.events().trigger('Disk full', 'db1')
    (incident,) = pagerduty.session().list_all('incidents')
    assert incident['incident_key'] == key
    pagerduty.change_events().submit('Deployed', source='ci')
    assert len(pagerduty.session().rget('change_events')) == 1


def test_session_options_are_passed_on(pagerduty):
    session = pagerduty.session(default_from='somebody@example.com', debug=False)
    assert session.default_from == 'somebody@example.com'


def test_each_test_starts_with_a_new_account(pytester):
    pytester.makepyfile(
        """
        def test_one(pagerduty):
            pagerduty.events().trigger('Disk full', 'db1')
            pagerduty.faults.next(5, status=500)
            assert len(pagerduty.requests) == 1

        def test_two(pagerduty):
            assert pagerduty.requests == []
            assert pagerduty.session().list_all('incidents') == []
        """
    )
    pytester.runpytest_inprocess('-p', 'no:cacheprovider').assert_outcomes(passed=2)


def test_plugin_imports_nothing_without_the_fixture(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy_is_loaded():
            loaded = {'flask', 'werkzeug', 'pdpyras', 'pdpyras_sandbox.server'}
            assert not loaded & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess('-p', 'no:cacheprovider').assert_outcomes(passed=1)


def test_missing_flask_is_reported_with_the_install_command(pytester):
    pytester.makeconftest("import sys; sys.modules['flask'] = None")
    pytester.makepyfile('def test_mine(pagerduty): pass')
    result = pytester.runpytest_inprocess('-p', 'no:cacheprovider')
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*needs Flask: pip install flask trustme*'])


def test_class_of_the_fixture_can_be_imported_for_annotations(pagerduty):
    from pdpyras_sandbox import PagerDuty

    assert isinstance(pagerduty, PagerDuty)
    with pytest.raises(ImportError, match='Pagerduty'):
        from pdpyras_sandbox import Pagerduty  # noqa: F401


def test_only_the_convenience_module_imports_the_library():
    script = (
        'import sys; from pdpyras_sandbox import Sandbox; Sandbox().close();'
        "print('pdpyras' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ('False\n', '')


FAILING = """
import pytest

@pytest.fixture
def customer(pagerduty):
    pagerduty.session().rget('users', params=dict(limit=5))
    if {fails!r} == 'setup':
        raise RuntimeError('setup')
    yield
    if {fails!r} == 'teardown':
        raise RuntimeError('teardown')

def test_mine(customer, pagerduty):
    if {fails!r} == 'call':
        pagerduty.requests.assert_sent('POST', '/incidents')
"""


@pytest.mark.parametrize('fails', ['setup', 'call', 'teardown'])
def test_report_of_a_failed_test_lists_the_received_requests(pytester, fails):
    pytester.makepyfile(FAILING.format(fails=fails))
    result = pytester.runpytest_inprocess('-p', 'no:cacheprovider')
    lines = ['*- PagerDuty sandbox -*', 'All requests that*', '  GET /users?limit=5 200']
    result.stdout.fnmatch_lines(lines, consecutive=True)


def test_assert_sent_failure_points_to_the_line_in_the_test(pytester):
    pytester.makepyfile(FAILING.format(fails='call'))
    result = pytester.runpytest_inprocess('-p', 'no:cacheprovider')
    result.stdout.fnmatch_lines([
        '>*pagerduty.requests.assert_sent(*',
        'E*Expected at least one POST /incidents, but the sandbox received none.',
    ])  # fmt: skip
    result.stdout.no_fnmatch_line('*__tracebackhide__*')


def test_reports_of_passed_tests_and_of_other_tests_list_no_requests(pytester):
    pytester.makepyfile(
        """
        def test_without_the_fixture():
            assert False

        def test_that_passes(pagerduty):
            pagerduty.session().rget('users')
        """
    )
    result = pytester.runpytest_inprocess('-p', 'no:cacheprovider', '-rA')
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line('*PagerDuty sandbox*')
