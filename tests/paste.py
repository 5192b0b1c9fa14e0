"""Run the code of a page as a reader does who pastes it, block by block, into a Python prompt.

    python tests/paste.py PORT docs/quickstart.rst

PORT is that of a sandbox, which stands in for the one that the quick start leaves running. Nothing
is set up that the page does not show. Exits with 1 if a block fails or prints something else than
the page says.
"""

import codeop
import contextlib
import doctest
import io
import re
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / 'docs' / '_ext')]

from quickstart_sandbox import served_by  # noqa: E402

import pdpyras  # noqa: E402

FLAGS = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
DIRECTIVE = re.compile(
    r'^\.\. (?P<name>testcode|testoutput)::\n(?P<options>(?: +:.*\n)*)\n'
    r'(?P<body>(?:[ ]+.*\n|\n)+)',
    re.MULTILINE,
)


def blocks(text):
    """Return the code of a page in its order: the line, the source and the output that is shown.

    A block with prompts gives a doctest.Example for each; for others, the source is a string.
    """
    found = []
    for match in DIRECTIVE.finditer(text):
        line = text.count('\n', 0, match.start('body')) + 1
        body = textwrap.dedent(match.group('body')).strip('\n') + '\n'
        if match.group('name') == 'testcode':
            found.append((line, body, ''))
        else:
            start, code, _ = found[-1]
            found[-1] = (start, code, body)
    rest = DIRECTIVE.sub(lambda match: re.sub('.', ' ', match.group()), text)
    for example in doctest.DocTestParser().get_examples(rest):
        found.append((example.lineno + 1, example, example.want))
    return sorted(found, key=lambda block: block[0])


def statements(source):
    """Compile what the prompt would run, line by line.

    :raises SyntaxError: where the prompt takes it otherwise, as it does where no blank line ends
        an indented block.
    """
    pending = []
    for line in [*source.splitlines(), '']:
        if not (pending or line):
            continue
        pending.append(line)
        code = codeop.compile_command('\n'.join(pending), '<pasted>')
        if code is not None:
            yield code
            pending = []
    if pending:
        raise SyntaxError('The prompt waits for more')


def run(page):
    """Run a page in an empty namespace, and print what differs from it; return whether any does."""
    text = Path(page).read_text(encoding='utf-8')
    namespace = {'__name__': '__main__'}
    checker = doctest.OutputChecker()
    runner = doctest.DocTestRunner(checker, verbose=False, optionflags=FLAGS)
    for line, source, want in blocks(text):
        if isinstance(source, doctest.Example):
            test = doctest.DocTest([source], {}, str(page), str(page), 0, None)
            test.globs = namespace
            runner.run(test, clear_globs=False)
            continue
        printed = io.StringIO()
        sys.displayhook = lambda value: None  # The pages don't show what the prompt echoes.
        with contextlib.redirect_stdout(printed):
            for code in statements(source):
                exec(code, namespace)
        sys.displayhook = sys.__displayhook__
        if not checker.check_output(want, printed.getvalue(), FLAGS):
            print('{}:{}: printed\n{}'.format(page, line, printed.getvalue()))
            return True
    return runner.failures > 0


def main(port, page):
    pdpyras.time = SimpleNamespace(sleep=lambda seconds: None)
    with served_by(lambda: int(port)):
        sys.exit(run(page))


if __name__ == '__main__':
    main(*sys.argv[1:])
