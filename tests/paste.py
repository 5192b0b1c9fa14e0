"""Run the code of a page, block by block, as if pasted into a Python prompt.

    python tests/paste.py PORT docs/quickstart.rst

PORT is the port of a sandbox like the one that the quick start leaves running. There is no setup
other than the page's own. Exits with 1 if a block fails or its output differs from the page.
"""

import codeop
import contextlib
import doctest
import io
import multiprocessing
import os
import re
import sys
import textwrap
import traceback
import warnings
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / 'docs' / '_ext')]

from quickstart_sandbox import served_by  # noqa: E402

import pdpyras  # noqa: E402

if 'forkserver' in multiprocessing.get_all_start_methods():
    PROCESSES = multiprocessing.get_context('forkserver')
    PROCESSES.set_forkserver_preload(['doctest', 'pdpyras'])
else:
    PROCESSES = multiprocessing.get_context('spawn')

FLAGS = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
DIRECTIVE = re.compile(
    r'^\.\. (?P<name>testcode|testoutput)::\n(?P<options>(?: +:.*\n)*)\n'
    r'(?P<body>(?:[ ]+.*\n|\n)+)',
    re.MULTILINE,
)


def blocks(text):
    """Return the blocks of a page in order: the line, the source and the expected output.

    The source is a doctest.Example for each prompt, and a string for a block without prompts.
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
    """Yield the code that the prompt would run, compiled line by line.

    :raises SyntaxError: if the prompt would read the source differently from a file, such as an
        indented block that no blank line ends.
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


def printed_by(source, namespace):
    """Return the output of a block at the prompt, or the last line of its traceback."""
    if isinstance(source, str):
        for code in statements(source):
            exec(code, namespace)
        return ''
    try:
        exec(compile(source.source, '<pasted>', 'single'), namespace)
    except Exception as error:
        if source.exc_msg is None:
            raise
        return traceback.format_exception_only(type(error), error)[-1]
    return ''


def run(page):
    """Run a page in an empty namespace; print the first block that differs from the page."""
    namespace = {'__name__': '__main__'}
    # One stream for all blocks: a block may give it to a log handler.
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for line, source, want in blocks(Path(page).read_text(encoding='utf-8')):
            got = printed_by(source, namespace) or printed.getvalue()
            wanted = getattr(source, 'exc_msg', None) or want
            if not doctest.OutputChecker().check_output(wanted, got, FLAGS):
                sys.stderr.write('{}:{}: printed\n{}'.format(page, line, got))
                return 1
            printed.seek(0)
            printed.truncate()
    return 0


def run_in_new_process(page, sandbox):
    """Run the blocks of a page in a new Python process; return what differs from the page.

    The process is forked from one that has only imported the library: imports take more time than
    the code of most pages.
    """
    results, result = PROCESSES.Pipe(duplex=False)
    arguments = (result, sandbox.url.rpartition(':')[2], str(page))
    process = PROCESSES.Process(target=_send_result, args=arguments, daemon=True)
    process.start()
    result.close()
    with results:
        process.join(120)
        assert process.exitcode == 0, '{}: exit code {}'.format(page, process.exitcode)
        return results.recv()


def _send_result(result, port, page):
    """Run a page in this process; send what differs from the page."""
    warnings.simplefilter('error')
    os.environ['NO_PROXY'] = os.environ['no_proxy'] = '127.0.0.1'
    with contextlib.redirect_stderr(io.StringIO()) as printed:
        try:
            differs = main(port, page)
        except Exception:  # noqa: BLE001 - the test reports it
            traceback.print_exc()
            differs = True
    result.send(printed.getvalue() if differs else '')


def main(port, page):
    pdpyras.time = SimpleNamespace(sleep=lambda seconds: None)
    with served_by(lambda: int(port)):
        return run(page)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
