"""Published clients against the sandbox, with their built-in URLs."""

import os
import pathlib
import shutil
import subprocess
import sys

import flask
import pytest

import pdpyras_sandbox

DRIVERS = pathlib.Path(__file__).resolve().parent / 'drivers'
#: Operations that fail because of a defect of a client, and part of the error message.
DEFECTS_OF_CLIENTS = {
    'submit a change without a time': "'datetime.datetime' has no attribute 'timezone'",
    # Version 1 of the REST API had this path; version 2 does not document it.
    'count incidents': '/incidents/count',
}
#: Runs a driver in a process whose HTTP clients are redirected to a sandbox.
IN_PROCESS = """
import os, runpy, sys
driver, *folders = sys.argv[1:]
sys.path += folders
from pdpyras_sandbox import Sandbox
with Sandbox().as_pagerduty() as sandbox:
    for name in ('api_key', 'user_key', 'oauth_token', 'routing_key', 'email'):
        os.environ['PAGERDUTY_' + name.upper()] = getattr(sandbox, name)
    sys.path.insert(0, os.path.dirname(driver))
    runpy.run_path(driver)
"""


def unexpected(problems):
    """Return the problems that are not known defects of a client."""
    return {
        operation: problem
        for operation, problem in problems.items()
        if operation not in DEFECTS_OF_CLIENTS or DEFECTS_OF_CLIENTS[operation] not in problem
    }


@pytest.mark.parametrize('client', ['pdpyras', 'pagerduty', 'pygerduty', 'apprise'])
def test_python_client(client, python, drive):
    assert unexpected(drive(client, python, '-W', 'ignore', DRIVERS / f'drive_{client}.py')) == {}


@pytest.mark.parametrize('client', ['pdpyras', 'pagerduty'])
def test_python_client_in_process(client, python, record):
    # They also contain this project's pdpyras, so the client's environment comes first.
    folders = [pathlib.Path(module.__file__).parent.parent for module in (pdpyras_sandbox, flask)]
    done = subprocess.run(
        [python, '-W', 'ignore', '-c', IN_PROCESS, DRIVERS / f'drive_{client}.py', *folders],
        capture_output=True,
        text=True,
        # A folder without a pdpyras.py.
        cwd=DRIVERS,
        env={name: value for name, value in os.environ.items() if name != 'PYTHONPATH'},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert unexpected(record(f'{client}, in process', done.stdout)) == {}


def test_pdh_command(python_of_pdh, drive):
    assert unexpected(drive('pdh', python_of_pdh, DRIVERS / 'drive_pdh.py')) == {}


def test_pdjs(node, drive):
    program = node / '.bin' / 'node', DRIVERS / 'drive_pdjs.mjs', f'{node.parent}/'
    assert unexpected(drive('@pagerduty/pdjs', *program)) == {}


def test_pagerduty_cli(node, drive):
    program = node / '.bin' / 'node', node / 'pagerduty-cli' / 'bin' / 'run'
    driver = DRIVERS / 'drive_pagerduty_cli.py'
    assert unexpected(drive('pagerduty-cli', sys.executable, driver, *program)) == {}


def test_ansible(python, drive):
    if shutil.which('ansible-playbook') is None:
        pytest.skip('there is no Ansible on this machine')
    driver = DRIVERS / 'drive_ansible.py'
    assert unexpected(drive('Ansible', sys.executable, driver, python)) == {}


def test_alertmanager(drive):
    if shutil.which('prometheus-alertmanager') is None:
        pytest.skip('there is no Alertmanager on this machine')
    assert (
        unexpected(drive('Alertmanager', sys.executable, DRIVERS / 'drive_alertmanager.py')) == {}
    )
