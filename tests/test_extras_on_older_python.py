"""pdpyras_extras on a version of Python that only pdpyras supports."""

import runpy
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'pdpyras_extras' / '__init__.py'


def test_import_of_the_extras_on_an_older_python_names_the_needed_version(monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 8, 18, 'final', 0))
    with pytest.raises(ImportError) as error:
        runpy.run_path(str(PACKAGE))
    assert str(error.value) == (
        'pdpyras_extras needs Python 3.9 or newer; this is Python 3.8. pdpyras itself works here.'
    )
