"""Python that stands in the pages is run: by the doctest builder, or as a file under tests/.

A block of Python that neither of them sees is a warning, which fails the build.
"""

from docutils import nodes
from sphinx.util import logging

PYTHON = {'python', 'python3', 'py', 'pycon'}

logger = logging.getLogger(__name__)


def warn_of_untested_python(app, doctree):
    for block in doctree.findall(nodes.literal_block):
        is_python = block.get('language') in PYTHON and 'testnodetype' not in block
        # literalinclude leaves the name of the file that it shows.
        if is_python and '/tests/' not in block.get('source', ''):
            logger.warning(
                'Nothing runs this Python: use testcode, or a file under tests/.', location=block
            )


def setup(app):
    app.connect('doctree-read', warn_of_untested_python)
    return {'version': '1', 'parallel_read_safe': True}
