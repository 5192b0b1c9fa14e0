"""pdpyras_extras on a version of Python that only pdpyras supports."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pdpyras

PACKAGE = Path(__file__).resolve().parents[1] / 'pdpyras_extras' / '__init__.py'


def test_import_of_the_extras_on_an_older_python_names_the_needed_version(monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 8, 18, 'final', 0))
    with pytest.raises(ImportError) as error:
        runpy.run_path(str(PACKAGE))
    assert str(error.value) == (
        'pdpyras_extras needs Python 3.9 or newer; this is Python 3.8. pdpyras itself works here.'
    )


def test_the_command_line_on_an_older_python_names_the_needed_version(tmp_path):
    shutil.copy(pdpyras.__file__, str(tmp_path / 'pdpyras.py'))
    extras = tmp_path / 'pdpyras_extras.py'
    extras.write_text('raise ImportError("pdpyras_extras needs Python 3.9 or newer.")')
    command = [sys.executable, '-m', 'pdpyras', 'list', 'users']
    done = subprocess.run(
        command, cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert (done.returncode, done.stdout) == (2, b'')
    expected = 'The command line cannot start: pdpyras_extras needs Python 3.9 or newer. Install it'
    assert expected in done.stderr.decode()
    assert 'pip install "pdpyras[cli]' in done.stderr.decode()
