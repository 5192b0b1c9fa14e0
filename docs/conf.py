"""Sphinx settings for these pages and for the code in them; CONTRIBUTING.rst has the commands."""

import doctest
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / '_ext'), str(DOCS.parent)]

import pdpyras  # noqa: E402

project = 'pdpyras'
author = 'The pdpyras developers'
copyright = '2026, The pdpyras developers'  # noqa: A001
version = release = pdpyras.__version__

extensions = [
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.doctest',
    'sphinx_copybutton',
    'endpoint_list',
    'tested_blocks',
]
exclude_patterns = ['_build']
nitpicky = True
# Other projects' names are not linked: that would need their inventories, and the network.
nitpick_ignore_regex = [
    ('py:.*', r'(requests|urllib3|logging|http|re|collections|typing|datetime)\..+'),
    ('py:class', r'pdpyras\._.+'),  # Private bases of the sessions.
]
linkcheck_ignore = [r'https?://']

highlight_language = 'none'
autodoc_typehints = 'signature'
autodoc_member_order = 'bysource'

html_theme = 'furo'
html_title = f'pdpyras {release}'
html_static_path = ['_static']
html_css_files = ['pages.css']
html_js_files = ['endpoint_list.js']
html_copy_source = False
html_domain_indices = False  # There is one module.
html_theme_options = {
    'light_css_variables': {'color-brand-primary': '#04663c', 'color-brand-content': '#04663c'},
    'dark_css_variables': {'color-brand-primary': '#5fd39a', 'color-brand-content': '#5fd39a'},
}
copybutton_prompt_text = r'>>> |\.\.\. |\$ '
copybutton_prompt_is_regexp = True

# Compare the messages of exceptions, too.
doctest_default_flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
# Each page has its own sandbox, and no block really waits.
doctest_global_setup = 'import page_account; globals().update(page_account.open_account())'
doctest_global_cleanup = 'page_account.close_account()'
