"""The commands of the Dockerfile and the workflow in the docs, without Docker and GitHub."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / 'docs' / 'sandbox.rst').read_text(encoding='utf-8')
WORKFLOW = (ROOT / 'docs' / 'testing.rst').read_text(encoding='utf-8')
INSTALL = 'pip install '
#: Files that an installation needs.
COPIED = ('pdpyras.py', 'pdpyras_sandbox', 'pdpyras_extras', 'setup.py', 'pyproject.toml')
DOCUMENTS = ('README.rst', 'LICENSE', 'MANIFEST.in')
#: Timeout of a command in seconds.
PATIENCE = 300

PROJECT = {
    'tests/test_alerts.py': """\
def test_alert_opens_an_incident(pagerduty):
    pagerduty.events().trigger('The oven is cold', 'oven-1')
    assert len(pagerduty.session().list_all('incidents')) == 1
""",
    'scripts/report.py': """\
import os
import pdpyras

session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
assert session.url == 'https://api.pagerduty.com'
print(len(session.list_all('incidents', params={'date_range': 'all'})) > 1)
""",
}


@pytest.fixture(params=['from source', 'installed as documented'])
def shell(request, tmp_path):
    """Return a function that runs the commands of a recipe next to a copy of this project."""
    is_new = request.param == 'installed as documented'
    if is_new and not request.config.getoption('--clients', default=False):
        pytest.skip('installs the sandbox from PyPI; run it with: python -m pytest … --clients')
    copy = tmp_path / 'pdpyras'
    copy.mkdir()
    for name in COPIED + DOCUMENTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
    folder = Path(sys.executable).parent
    if is_new:
        subprocess.run([sys.executable, '-m', 'venv', tmp_path / 'venv'], check=True)
        folder = tmp_path / 'venv' / 'bin'
    path = {'PATH': '{}{}{}'.format(folder, os.pathsep, os.environ['PATH'])}
    if not is_new:
        path['PYTHONPATH'] = str(ROOT)
    variables = {**os.environ, **path}

    def run(command):
        if is_new or not command.startswith(INSTALL):
            return subprocess.run(
                ['bash', '-ec', command],
                cwd=tmp_path,
                env=variables,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                timeout=PATIENCE,
            ).stdout
        return ''

    run.folder, run.variables = tmp_path, variables
    return run


def test_docker_recipe_serves_under_the_documented_names(shell):
    instructions = re.findall(r'^   (RUN|CMD) (.*)$', DOCKERFILE, re.MULTILINE)
    assert [name for name, _ in instructions] == ['RUN', 'CMD']
    (_, install), (_, command) = instructions
    assert install.startswith(INSTALL)
    shell(install.replace('/pdpyras', str(shell.folder / 'pdpyras')))
    # A free port, because other tests run in parallel.
    process = subprocess.Popen(
        [*json.loads(command), '--port', '0'],
        cwd=shell.folder,
        env=shell.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = process.stdout.readline().rpartition(':')[2].strip()
        for name, status in (
            ('pagerduty:8080', 200),
            ('pagerduty.test.svc:8080', 200),
            ('pagerduty.evil.example', 403),
        ):
            url = 'http://127.0.0.1:{}/_sandbox'.format(port)
            assert requests.get(url, headers={'Host': name}, timeout=30).status_code == status
    finally:
        process.terminate()
        process.communicate()


def test_github_workflow_recipe_tests_a_project(shell):
    commands = re.findall(r'^         - run: (.*)$', WORKFLOW, re.MULTILINE)
    assert [shlex.split(command)[0] for command in commands] == ['pip', 'python', 'python']
    for name, text in PROJECT.items():
        (shell.folder / name).parent.mkdir()
        (shell.folder / name).write_text(text)
    install, test, report = commands
    shell(install)
    assert '1 passed' in shell(test)
    assert shell(report) == 'True\n'
