"""Each published client does its work against the sandbox, by the URLs that it has built in."""

import os
import pathlib
import shutil
import subprocess
import sys

import flask
import pytest

import pdpyras_sandbox

DRIVERS = pathlib.Path(__file__).resolve().parent / 'drivers'
#: What does not work, and why it is not the sandbox's doing.
DEFECTS_OF_CLIENTS = {
    'submit a change without a time': "'datetime.datetime' has no attribute 'timezone'",
    # Version 1 of the REST API had this path; version 2 does not document it.
    'count incidents': '/incidents/count',
}
#: Makes the sandbox PagerDuty in the client's own process.
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


def unexplained(problems):
    """The problems that are not known to be a client's own."""
    return {
        operation: problem
        for operation, problem in problems.items()
        if operation not in DEFECTS_OF_CLIENTS or DEFECTS_OF_CLIENTS[operation] not in problem
    }


@pytest.mark.parametrize('client', ['pdpyras', 'pagerduty', 'pygerduty', 'apprise'])
def test_python_client(client, python, drive):
    assert unexplained(drive(client, python, '-W', 'ignore', DRIVERS / f'drive_{client}.py')) == {}


@pytest.mark.parametrize('client', ['pdpyras', 'pagerduty'])
def test_python_client_in_process(client, python, record):
    # Where this project's pdpyras is as well; the client's environment comes first.
    folders = [pathlib.Path(module.__file__).parent.parent for module in (pdpyras_sandbox, flask)]
    done = subprocess.run(
        [python, '-W', 'ignore', '-c', IN_PROCESS, DRIVERS / f'drive_{client}.py', *folders],
        capture_output=True,
        text=True,
        # Not where there is a pdpyras.py.
        cwd=DRIVERS,
        env={name: value for name, value in os.environ.items() if name != 'PYTHONPATH'},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert unexplained(record(f'{client}, in process', done.stdout)) == {}


def test_pdh_command(python_of_pdh, drive):
    assert unexplained(drive('pdh', python_of_pdh, DRIVERS / 'drive_pdh.py')) == {}


def test_pdjs(node, drive):
    program = node / '.bin' / 'node', DRIVERS / 'drive_pdjs.mjs', f'{node.parent}/'
    assert unexplained(drive('@pagerduty/pdjs', *program)) == {}


def test_pagerduty_cli(node, drive):
    program = node / '.bin' / 'node', node / 'pagerduty-cli' / 'bin' / 'run'
    driver = DRIVERS / 'drive_pagerduty_cli.py'
    assert unexplained(drive('pagerduty-cli', sys.executable, driver, *program)) == {}


def test_ansible(python, drive):
    if shutil.which('ansible-playbook') is None:
        pytest.skip('there is no Ansible on this machine')
    driver = DRIVERS / 'drive_ansible.py'
    assert unexplained(drive('Ansible', sys.executable, driver, python)) == {}


def test_alertmanager(drive):
    if shutil.which('prometheus-alertmanager') is None:
        pytest.skip('there is no Alertmanager on this machine')
    assert (
        unexplained(drive('Alertmanager', sys.executable, DRIVERS / 'drive_alertmanager.py')) == {}
    )
