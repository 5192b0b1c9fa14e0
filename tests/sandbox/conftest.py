"""Fixtures for the tests of the sandbox, with an HTTP client that does not use the library."""

import contextlib

import pytest
from owner_api import Api

from pdpyras_sandbox import why_not_here

WHY_NOT = why_not_here()
if WHY_NOT is None:
    try:
        import flask  # noqa: F401
    except ImportError:
        WHY_NOT = 'the sandbox needs Flask: pip install flask trustme'
if WHY_NOT is not None:
    collect_ignore_glob = ['test_*.py']
    collect_ignore = ['clients']


def pytest_report_header():
    return [] if WHY_NOT is None else 'tests/sandbox is skipped: ' + WHY_NOT


@pytest.fixture
def api_of():
    """Return a function that creates an :class:`Api` for a sandbox that a test starts itself."""
    with contextlib.ExitStack() as clients:

        def api_of(sandbox):
            api = Api(sandbox)
            clients.enter_context(api.http)
            return api

        yield api_of


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs the command line, and returns exit status, stdout and stderr."""
    from pdpyras_sandbox import __main__

    def run(*arguments):
        capsys.readouterr()
        with monkeypatch.context() as patch:
            # Keep the signal handlers of pytest, and no log handlers for the captured streams.
            patch.setattr(__main__.signal, 'signal', lambda number, handler: None)
            for log in (__main__.log, __main__.access_log):
                patch.setattr(log, 'handlers', [])
                patch.setattr(log, 'level', log.level)
            try:
                __main__.main(list(arguments))
                status = 0
            except SystemExit as ended:
                status = ended.code or 0
        output, errors = capsys.readouterr()
        return status, output, errors

    return run


@pytest.fixture
def refusal(command):
    """Return a function that runs a command that exits with status 2, and returns its message."""

    def refusal(*arguments):
        status, output, errors = command(*arguments)
        assert (status, output) == (2, '')
        (line,) = errors.splitlines()
        assert line.startswith('pdpyras_sandbox')
        return line

    return refusal


@pytest.fixture
def web(pagerduty, api_of):
    return api_of(pagerduty)
