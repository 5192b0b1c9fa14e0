"""The code blocks of the pages about the sandbox, pasted into a Python prompt."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('page', ['sandbox', 'testing'])
def test_code_blocks_of_the_page_run_in_a_prompt(page, pagerduty):
    port = pagerduty.url.rpartition(':')[2]
    command = [sys.executable, 'tests/paste.py', port, f'docs/{page}.rst']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
