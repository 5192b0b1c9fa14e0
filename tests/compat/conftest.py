"""Fixtures of the differential tests: pdpyras 5.4.1, and the observations of both libraries.

    python -m pytest tests/compat --compat

installs 5.4.1 from PyPI into pytest's cache, once. To use a copy that is there already, made by
``pip install --target DIR pdpyras==5.4.1``, set PDPYRAS_541=DIR instead.
"""

import json
import os
import pathlib
import pickle
import shutil
import struct
import subprocess
import sys

import pytest
from scenarios.everything import SCENARIOS

import pdpyras

HERE = pathlib.Path(__file__).resolve().parent


def pytest_addoption(parser):
    parser.addoption(
        '--compat',
        action='store_true',
        help='install pdpyras 5.4.1 from PyPI and compare this library with it',
    )


def pytest_generate_tests(metafunc):
    """Make a test for each scenario, or a single skipped one if nothing is compared."""
    if 'scenario' in metafunc.fixturenames:
        names = [scenario.name for scenario in SCENARIOS]
        metafunc.parametrize(
            'scenario', names if _is_asked_for(metafunc.config) else ['every scenario']
        )


def _is_asked_for(config):
    # The default is for a run from the top, where pytest reads this file after its options.
    return 'PDPYRAS_541' in os.environ or config.getoption('--compat', default=False)


@pytest.fixture(scope='session')
def original(request, tmp_path_factory):
    """The directory of pdpyras 5.4.1 with its dependencies."""
    if not _is_asked_for(request.config):
        pytest.skip(
            'compares with pdpyras 5.4.1 from PyPI; '
            'run it by: python -m pytest tests/compat --compat'
        )
    given = os.environ.get('PDPYRAS_541')
    return pathlib.Path(given) if given else _installed(request.config, tmp_path_factory)


def _installed(config, tmp_path_factory):
    python = 'python{}.{}'.format(*sys.version_info)
    target = _directory_for_keeps(config, tmp_path_factory) / python
    if not target.exists():
        fresh = tmp_path_factory.mktemp('pip') / python
        pip = [sys.executable, '-m', 'pip', 'install', '--quiet', '--target', str(fresh)]
        run = _run(pip + ['pdpyras==5.4.1'])
        if run.returncode:
            pytest.skip('pip could not install pdpyras 5.4.1: ' + _last_lines(run.stderr, 3))
        shutil.move(str(fresh), str(target))
    return target


def _directory_for_keeps(config, tmp_path_factory):
    cache = getattr(config, 'cache', None)  # Missing with -p no:cacheprovider.
    kept = cache.mkdir('pdpyras-5.4.1') if cache else tmp_path_factory.mktemp('pdpyras-5.4.1')
    return pathlib.Path(str(kept))


@pytest.fixture(scope='session')
def ours(original, tmp_path_factory):
    """An import path with this library as a single file and the same version of requests."""
    alone = tmp_path_factory.mktemp('ours')
    shutil.copy(pdpyras.__file__, str(alone))
    return [alone, original]


@pytest.fixture(scope='session')
def there(original, tmp_path_factory):
    """The observations of 5.4.1."""
    observed = _observations(tmp_path_factory, [original])
    assert observed['version'] == '5.4.1', 'PDPYRAS_541 names another version'
    return observed


@pytest.fixture(scope='session')
def here(ours, tmp_path_factory):
    """The observations of this library."""
    observed = _observations(tmp_path_factory, ours)
    assert observed['version'] == pdpyras.__version__
    return observed


def _observations(tmp_path_factory, import_path):
    target = tmp_path_factory.mktemp('observed') / 'observations.json'
    run = _run(_command('drive.py', str(target)), _environment(import_path))
    assert not run.returncode, 'The scenarios did not run: ' + _last_lines(run.stderr, 1)
    return json.loads(target.read_text())


@pytest.fixture(scope='session')
def perform(original, ours):
    """A function that performs a case with both libraries and returns both observations."""
    workers = [Worker(import_path) for import_path in ([original], ours)]

    def perform(case):
        for worker in workers:
            worker.start(case)
        return [worker.observation() for worker in workers]

    yield perform
    for worker in workers:
        worker.close()


class Worker:
    """A process of ``worker.py``, which performs case after case with one of the libraries."""

    def __init__(self, import_path):
        self._process = subprocess.Popen(
            _command('worker.py'),
            env=_environment(import_path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start(self, case):
        content = pickle.dumps(case)
        self._process.stdin.write(struct.pack('>I', len(content)) + content)
        self._process.stdin.flush()

    def observation(self):
        size = struct.unpack('>I', self._process.stdout.read(4))[0]
        return json.loads(self._process.stdout.read(size).decode('ascii'))

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _command(script, *arguments):
    # 5.4.1 warns on import.
    return [sys.executable, '-W', 'ignore', str(HERE / script)] + list(arguments)


def _environment(import_path):
    return dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, import_path)), NO_PROXY='127.0.0.1')


def _run(command, environment=None):
    return subprocess.run(  # noqa: UP022  (Python 3.6 has no capture_output)
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,  # noqa: UP021  (nor text)
        timeout=600,
    )


def _last_lines(text, count):
    return '; '.join(text.strip().splitlines()[-count:]) or '(no output)'
