"""The environment of the benchmark: an interpreter, a directory for each peer, and variables.

The peers are black boxes: they are installed from PyPI and run, never read, and no process imports
two of them. This library is not installed; it is the file in this checkout.
"""

import os
import shutil
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.dirname(HERE)
HOME = os.path.join(HERE, '.env')
PYTHON = os.path.join(HOME, 'Scripts' if os.name == 'nt' else 'bin', 'python')

#: The arguments of pip install for each directory of packages.
_PEERS = {
    'pdpyras-5.4.1': ['--no-deps', 'pdpyras==5.4.1'],
    'pagerduty': ['pagerduty'],
    'orjson': ['orjson'],
}
#: Packages that every process can import.
_SHARED = ['requests', 'deprecation']


def is_active():
    """Return whether this process runs in the environment."""
    return os.path.realpath(sys.prefix) == os.path.realpath(HOME)


def peer(name):
    """Return the directory from which a peer is imported."""
    return os.path.join(HOME, 'peers', name)


def create(recreate=False):
    """Create the environment unless it exists for this version of Python."""
    made = os.path.join(HOME, 'made-by')
    if not recreate and os.path.exists(made):
        with open(made, encoding='utf-8') as file:
            if file.read() == sys.version:
                return
    print('Creating the environment in {} …'.format(HOME), file=sys.stderr)
    shutil.rmtree(HOME, ignore_errors=True)
    venv.create(HOME, with_pip=True)
    install(*_SHARED)
    for name, packages in _PEERS.items():
        install('--target', peer(name), *packages)
    with open(made, 'w', encoding='utf-8') as file:
        file.write(sys.version)


def install(*packages):
    """Install packages from PyPI, or exit with the error of pip."""
    pip = [PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    done = subprocess.run(pip + list(packages), stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit('pip could not install {}:\n{}'.format(' '.join(packages), done.stderr))


def versions():
    """Return the versions of the packages: ``{'requests': '2.34.2', …}``."""
    wanted = {'requests', 'urllib3', 'pdpyras', 'pagerduty', 'orjson'}
    found = {}
    for path in [[]] + [['--path', peer(name)] for name in _PEERS]:
        listing = subprocess.run(
            [PYTHON, '-m', 'pip', 'list', '--disable-pip-version-check', '--format=freeze'] + path,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        pairs = (line.split('==') for line in listing.split())
        found.update((name, version) for name, version in pairs if name in wanted)
    return found


def variables(directories, count):
    """Return this number of environment variables for a process, none of them for a proxy."""
    named = {
        'PATH': os.environ.get('PATH', ''),
        'LANG': 'C.UTF-8',
        # A home directory without ~/.netrc.
        'HOME': HOME,
        'PYTHONPATH': os.pathsep.join(directories),
        'PYTHONPYCACHEPREFIX': os.path.join(HOME, 'bytecode'),
    }
    if os.name == 'nt':
        named['SYSTEMROOT'] = os.environ['SYSTEMROOT']
    for number in range(count - len(named)):
        named['MY_JOB_SETTING_{}'.format(number)] = 'value of setting {}'.format(number)
    return named
