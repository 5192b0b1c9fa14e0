"""The first example, run as a script."""

import os
import re
import subprocess
import sys

import pytest

pytest.importorskip('flask', reason='the sandbox needs Flask, which needs Python 3.9')
pytest.importorskip('tqdm')

from pdpyras_sandbox import Sandbox  # noqa: E402

EXAMPLE = os.path.join(os.path.dirname(__file__), os.pardir, 'examples', 'first_steps.py')


def run(*arguments, **variables):
    ours = [name for name in os.environ if name.startswith('PAGERDUTY_')]
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, EXAMPLE] + list(arguments),
        env=dict(environment, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=60,
    )


@pytest.fixture
def account():
    with Sandbox(seed=3) as sandbox:
        yield sandbox


def environment_of(account):
    return {
        'PAGERDUTY_API_KEY': account.api_key,
        'PAGERDUTY_URL': account.url,
        'PAGERDUTY_FROM': account.email,
        'PAGERDUTY_EVENTS_URL': account.url,
        'PAGERDUTY_ROUTING_KEY': account.routing_key,
    }


@pytest.fixture
def without_waits(tmp_path):
    """The environment variable for a Python in which no sleep takes any time."""
    # Python imports this at its start.
    (tmp_path / 'sitecustomize.py').write_text('import time; time.sleep = lambda seconds: None')
    return {'PYTHONPATH': str(tmp_path)}


def test_without_a_key_the_example_runs_on_the_sandbox(without_waits):
    finished = run(**without_waits)
    assert finished.returncode == 0, finished.stderr
    said = finished.stdout
    assert '251 users' in said
    assert [line.split()[-1] for line in said.splitlines() if 'incident 1 is' in line] == [
        'triggered',
        'acknowledged',
        'resolved',
    ]
    assert re.findall(r'Engineer \((.+)\)', said) == ['2 requests', '1 request', '2 requests']
    assert 'User not found: code 2100' in said
    assert 'retrying in 1 s' in said
    assert sys.executable + ' -m pdpyras_sandbox' in said.splitlines()[-3]


def test_with_a_key_the_example_only_reads(account):
    finished = run(**environment_of(account))
    assert finished.returncode == 0, finished.stderr
    assert {seen.method for seen in account.requests} == {'GET'}


def test_with_a_key_and_the_option_write_the_example_writes(account):
    finished = run('--write', **environment_of(account))
    assert finished.returncode == 0, finished.stderr
    assert {seen.method for seen in account.requests} == {'GET', 'POST', 'PUT'}
    assert finished.stdout.count(' is resolved') == 1


def test_the_option_write_without_a_key_is_rejected():
    finished = run('--write')
    assert finished.returncode == 2
    assert 'set PAGERDUTY_API_KEY' in finished.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    'variables, advice',
    [
        ({'PAGERDUTY_API_KEY': 'not-a-key'}, '401'),
        ({'PAGERDUTY_URL': 'http://127.0.0.1:9'}, 'Check the network'),
        ({'PAGERDUTY_URL': 'api.pagerduty.com'}, 'PAGERDUTY_API_KEY, _URL'),
        ({'PAGERDUTY_API_KEY': 'two\nlines'}, 'PAGERDUTY_API_KEY, _URL'),
    ],
    ids=['wrong key', 'no network', 'invalid URL', 'invalid key'],
)
def test_an_error_is_explained_without_a_traceback(account, without_waits, variables, advice):
    finished = run(**dict(environment_of(account), **variables), **without_waits)
    assert finished.returncode == 1
    assert 'Traceback' not in finished.stderr
    assert advice in finished.stderr
    assert len(finished.stderr.splitlines()) < 5


def test_a_missing_dependency_is_named_with_the_command_that_installs_it(tmp_path):
    (tmp_path / 'tqdm.py').write_text('raise ImportError("No module named tqdm")')
    finished = run(PYTHONPATH=str(tmp_path))
    assert finished.returncode == 1
    assert finished.stderr == (
        'No module named tqdm. In the checkout, run: pip install -e ".[examples]"\n'
    )
