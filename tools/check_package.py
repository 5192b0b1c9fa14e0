"""Build the sdist and the wheel, check their contents, and test them.

    python tools/check_package.py

Needs build, twine and check-wheel-contents. Nothing is written to the tree.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Others package from the sdist, so it must hold the tests, the changelog and the tools.
IN_SDIST = [
    'pdpyras.py',
    'README.rst',
    'CHANGELOG.rst',
    'CONTRIBUTING.rst',
    'LICENSE',
    'tests/wire.py',
    'tests/data/operations.tsv',
    'docs/conf.py',
    'examples/first_steps.py',
    'tools/update_api.py',
    'benchmarks/run.py',
]
IN_WHEEL = [
    'pdpyras.py',
    'pdpyras-stubs/__init__.pyi',
    'pdpyras_extras/__init__.py',
    'pdpyras_extras/logs.py',
    'pdpyras_extras/oauth.py',
    'pdpyras_extras/py.typed',
    'pdpyras_extras/webhooks.py',
    'pdpyras_extras/cli/operations.tsv',
    'pdpyras_sandbox/__main__.py',
    'pdpyras_sandbox/py.typed',
    'pdpyras_sandbox/shapes.json',
    'pdpyras_sandbox/static/page.js',
]

SCRIPT = """
import warnings
warnings.simplefilter('error')
import pdpyras
session = pdpyras.APISession('a-key')
assert pdpyras.canonical_path(session.url, 'users/P1') == '/users/{id}'
print(pdpyras.__version__, 'at', pdpyras.__file__)
"""


def run(*command, cwd=ROOT):
    print('$', ' '.join(map(str, command)), flush=True)
    subprocess.run([str(part) for part in command], cwd=str(cwd), check=True)


def check_names(archive, names, wanted):
    missing = sorted(set(wanted) - set(names))
    if missing:
        sys.exit('{} lacks {}'.format(archive, ', '.join(missing)))
    unwanted = [name for name in names if '__pycache__' in name or name.endswith('.pyc')]
    if unwanted:
        sys.exit('{} must not contain {}'.format(archive, ', '.join(unwanted)))


def in_new_environment(folder, *requirements):
    """Create a virtual environment with the requirements, and return its interpreter."""
    venv.create(str(folder), with_pip=True)
    python = folder / ('Scripts' if sys.platform == 'win32' else 'bin') / 'python'
    run(python, '-m', 'pip', 'install', '-q', *requirements)
    return python


def check(scratch):
    dist = scratch / 'dist'
    run(sys.executable, '-m', 'build', '--outdir', dist, ROOT)
    sdist, wheel = next(dist.glob('*.tar.gz')), next(dist.glob('*.whl'))
    run(sys.executable, '-m', 'twine', 'check', '--strict', sdist, wheel)
    run('check-wheel-contents', wheel)

    with tarfile.open(str(sdist)) as archive:
        names = [name.partition('/')[2] for name in archive.getnames()]
        check_names(sdist.name, names, IN_SDIST)
        archive.extractall(str(scratch))
    with zipfile.ZipFile(str(wheel)) as archive:
        check_names(wheel.name, archive.namelist(), IN_WHEEL)
        (metadata,) = [name for name in archive.namelist() if name.endswith('/METADATA')]
        if 'Project-URL: ' not in archive.read(metadata).decode():
            sys.exit('{} has no project URLs'.format(wheel.name))
    if not wheel.name.endswith('-py3-none-any.whl'):
        sys.exit('{} is not universal'.format(wheel.name))

    # The wheel, in an otherwise empty environment.
    python = in_new_environment(scratch / 'wheel', wheel)
    run(python, '-c', SCRIPT, cwd=scratch)

    # The module alone, copied into an empty folder.
    alone = scratch / 'alone'
    alone.mkdir()
    shutil.copy(str(ROOT / 'pdpyras.py'), str(alone))
    python = in_new_environment(scratch / 'bare', 'requests', 'deprecation')
    run(python, '-W', 'error', '-c', SCRIPT, cwd=alone)

    # The tests of the sdist, with its extra "test".
    unpacked = scratch / sdist.name[: -len('.tar.gz')]
    python = in_new_environment(scratch / 'tests', '{}[test]'.format(unpacked))
    ignored = ('--ignore', 'tests/sandbox', '--ignore', 'tests/extras')
    run(python, '-m', 'pytest', '-q', *ignored, cwd=unpacked)

    # An editable install, in the mode that static type checkers can follow.
    strict = ('--config-settings', 'editable_mode=strict')
    run(python, '-m', 'pip', 'install', '-q', '--no-deps', *strict, '-e', unpacked)
    run(python, '-c', SCRIPT, cwd=scratch)


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder))
