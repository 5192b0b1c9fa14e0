"""Published clients of PagerDuty against the sandbox.

    python -m pytest tests/sandbox/clients --clients

installs them once from PyPI and npm into pytest's cache. Ansible and Alertmanager must be on the
system; on Debian: apt-get install --no-install-recommends ansible prometheus-alertmanager
"""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

#: Packages of each environment; pdh needs another version of `pagerduty`.
PYTHON_CLIENTS = {
    'python': ['pdpyras==5.4.1', 'setuptools<81', 'pagerduty==7.2.0', 'pygerduty', 'apprise'],
    'pdh': ['pdh'],
}
#: Node.js 24 is the first version that uses the proxy of the environment.
NODE_CLIENTS = ['node@24', '@pagerduty/pdjs', 'pagerduty-cli']

OUTCOMES = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption(
        '--clients',
        action='store_true',
        help='install clients from PyPI and npm and run them against the sandbox',
    )


def pytest_configure(config):
    config.stash[OUTCOMES] = {}


@pytest.fixture(scope='session')
def installing(request, tmp_path_factory):
    """The folder of all environments, and the processes that install them in parallel."""
    # In a run from the root, pytest reads this file too late for its option, hence the default.
    if not request.config.getoption('--clients', default=False):
        pytest.skip(
            'installs clients from PyPI and npm; '
            'run it with: python -m pytest tests/sandbox/clients --clients'
        )
    cache = getattr(request.config, 'cache', None)
    root = pathlib.Path(cache.mkdir('clients')) if cache else tmp_path_factory.mktemp('clients')
    commands = {}
    for name, packages in PYTHON_CLIENTS.items():
        folder = root / name
        pip = f'"{folder}/bin/python" -m pip install -q {" ".join(map(repr, packages))}'
        commands[name] = f'"{sys.executable}" -m venv "{folder}" && {pip}'
    npm = f'npm install --no-audit --no-fund --prefix "{root}/node" {" ".join(NODE_CLIENTS)}'
    commands['node'] = f'mkdir -p "{root}/node" && {npm}'
    processes = {}
    for name, command in commands.items():
        if not (root / name / 'installed').exists():
            with open(root / f'{name}.log', 'w') as log:
                command += f' && touch "{root}/{name}/installed"'
                processes[name] = subprocess.Popen(command, shell=True, stdout=log, stderr=log)
    yield root, processes
    for process in processes.values():
        process.wait()


def installed(installing, name):
    root, processes = installing
    if name in processes:
        assert processes[name].wait() == 0, (root / f'{name}.log').read_text()[-2000:]
    return root / name


@pytest.fixture(scope='session')
def python(installing):
    """The Python of the environment with most clients."""
    return str(installed(installing, 'python') / 'bin' / 'python')


@pytest.fixture(scope='session')
def python_of_pdh(installing):
    return str(installed(installing, 'pdh') / 'bin' / 'python')


@pytest.fixture(scope='session')
def node(installing):
    """The node_modules folder of the clients for Node.js."""
    if shutil.which('npm') is None:
        pytest.skip('there is no npm on this machine')
    return installed(installing, 'node') / 'node_modules'


@pytest.fixture
def record(request):
    """Return a function that records the output of a driver, and returns problems by operation."""

    def record(client, output):
        results = [json.loads(line) for line in output.splitlines() if line.startswith('{"op')]
        assert results, output
        problems = {each['operation']: each['problem'] for each in results if each['problem']}
        operations = [each['operation'] for each in results]
        request.config.stash[OUTCOMES][client] = operations, problems
        return problems

    return record


@pytest.fixture
def drive(record, installing):
    """Return a function that runs a driver against the sandbox, and returns its problems."""

    def drive(client, *command):
        done = subprocess.run(
            [sys.executable, '-m', 'pdpyras_sandbox', 'run', '--', *map(str, command)],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return record(client, done.stdout)

    return drive


def pytest_terminal_summary(terminalreporter, config):
    """Report the operations of each client, and how many succeeded."""
    outcomes = config.stash[OUTCOMES]
    if not outcomes:
        return
    terminalreporter.section('clients')
    counts = [0, 0]
    for client, (operations, problems) in outcomes.items():
        succeeded = len(operations) - len(problems)
        counts[0] += succeeded
        counts[1] += len(operations)
        terminalreporter.line(f'{client}: {succeeded} of {len(operations)} operations succeeded')
        for operation in operations:
            problem = problems.get(operation)
            terminalreporter.line(f'  {operation}' + (f' FAILED: {problem}' if problem else ''))
    terminalreporter.line('all clients: {} of {} operations succeeded'.format(*counts))
