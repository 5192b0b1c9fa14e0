"""The code blocks of the pages on the extras, pasted into a Python prompt.

test_cli_docs.py runs the page on the command line.
"""

import re

import pytest
from paste import ROOT, blocks, run_in_new_process

NEEDS = {'oauth': 'oauthlib'}

pages = pytest.mark.parametrize('name', ['logs', 'oauth', 'webhooks'])


def path_of(name):
    return ROOT / 'docs' / 'extras' / f'{name}.rst'


@pages
def test_code_blocks_of_a_page_run_in_a_prompt(name, account):
    library = NEEDS.get(name)
    if library:
        pytest.importorskip(
            library, reason=f'{library} is not installed; tox -e extras installs it'
        )
    assert run_in_new_process(path_of(name), account) == ''


@pages
def test_a_page_starts_with_the_sandbox_of_the_quick_start_and_hides_no_code(name):
    text = path_of(name).read_text(encoding='utf-8')
    assert not re.search(':hide:|:skipif:|testsetup|testcleanup|doctest::', text)
    assert 'python -m pdpyras_sandbox --seed 1' in text
    _, first, _ = blocks(text)[0]
    assert 'import pdpyras\n' in first
    assert 'http://127.0.0.1:8080' in first
