"""Make sure that the Python in the pages is tested: by the doctest builder, or as a file.

Any other block of Python is a warning, which fails the build.
"""

import ast

from docutils import nodes
from sphinx.util import logging

PYTHON = {'python', 'python3', 'py', 'pycon'}
#: Files here are tests, or are run by tests: test_cookbook.py and test_readme.py.
TESTED_FILES = ('/tests/', '/examples/cookbook/', '/README.rst')
NO_LANGUAGE = {'', 'default', 'none', 'text'}

logger = logging.getLogger(__name__)


def warn_of_untested_python(app, doctree):
    for block in doctree.findall(nodes.literal_block):
        if is_python(block) and not is_run(block):
            logger.warning(
                'Nothing runs this Python: use testcode, or a file that a test runs.',
                location=block,
            )


def is_run(block):
    # The doctest builder marks what it runs; literalinclude, the name of the file that it shows.
    source = block.get('source', '')
    return 'testnodetype' in block or any(folder in source for folder in TESTED_FILES)


def is_python(block):
    language = block.get('language', '')
    return language in PYTHON or (language in NO_LANGUAGE and does_something(block.astext()))


def does_something(text):
    """Whether a text is Python that imports or calls something."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False
    return any(isinstance(node, (ast.Call, ast.Import, ast.ImportFrom)) for node in ast.walk(tree))


def setup(app):
    app.connect('doctree-read', warn_of_untested_python)
    return {'version': '1', 'parallel_read_safe': True}
