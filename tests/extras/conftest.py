"""Fixtures for the tests of pdpyras_extras, which are collected only on Python 3.9 or newer."""

import logging
import sys
from importlib.util import find_spec

import pytest
from wire import Reply

import pdpyras

if sys.version_info < (3, 9):
    collect_ignore_glob = ['test_*.py']
elif not (find_spec('click') and find_spec('rich')):
    collect_ignore_glob = ['test_cli*.py']


@pytest.fixture(scope='module')
def cli_server():
    sandbox = pytest.importorskip('pdpyras_sandbox.server')
    with sandbox.Sandbox(seed=1) as server:
        yield server


@pytest.fixture
def account(cli_server):
    """A sandbox with its initial sample data."""
    cli_server.reset()
    return cli_server


def command_line_for(account):
    from cli_process import CommandLine

    return CommandLine(
        PAGERDUTY_URL=account.url,
        PAGERDUTY_API_KEY=account.api_key,
        PAGERDUTY_ROUTING_KEY=account.routing_key,
        PAGERDUTY_FROM=account.email,
    )


@pytest.fixture
def pdp(account):
    """The command line, with the account's keys in its environment."""
    return command_line_for(account)


@pytest.fixture
def pdp_of_new_account():
    """The command line for an account with only one user and one service."""
    sandbox = pytest.importorskip('pdpyras_sandbox.server')
    with sandbox.Sandbox() as account:
        yield command_line_for(account)


@pytest.fixture
def account_session(account):
    with pdpyras.APISession(account.api_key, account.email, base_url=account.url) as session:
        yield session


@pytest.fixture
def events_api(api):
    """The scripted server, which accepts every event unless a test scripts another reply."""
    api.rule(accept)
    return api


def accept(seen):
    return Reply(202, {'status': 'success', 'dedup_key': seen.json['dedup_key']})


@pytest.fixture
def log():
    """A logger that is not connected to others."""
    logger = logging.Logger('shop.payment', logging.DEBUG)
    yield logger
    for handler in logger.handlers:
        handler.close()
