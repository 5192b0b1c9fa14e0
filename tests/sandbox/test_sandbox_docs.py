"""The code blocks of the pages about the sandbox, pasted into a Python prompt."""

import pytest
from paste import ROOT, run_in_new_process


@pytest.mark.parametrize('page', ['sandbox', 'testing'])
def test_code_blocks_of_the_page_run_in_a_prompt(page, pagerduty):
    assert run_in_new_process(ROOT / 'docs' / f'{page}.rst', pagerduty) == ''
