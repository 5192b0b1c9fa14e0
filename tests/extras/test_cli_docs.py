"""The shell sessions in the documentation, run unchanged in a terminal."""

import doctest
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree

from cli_process import MODULE, PATIENCE, CommandLine, in_terminal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'extras' / 'command_line.rst'
#: The sandbox that the quick start leaves running.
QUICKSTART_URL = 'http://127.0.0.1:8080'

#: Printed before each command. No command prints it.
MARK = '\x1e'


def session_in(page):
    """Return the commands in the console blocks of a page, each with its expected output."""
    text = page.read_text(encoding='utf-8')
    blocks = re.findall(r'\.\. code-block:: console\n\n((?: .*\n|\n)+)', text)
    commands = []
    for line in textwrap.dedent(''.join(blocks)).splitlines():
        if line.startswith('$ '):
            commands.append((line[2:], []))
        elif line:
            commands[-1][1].append(line)
    return [(command, output) for command, output in commands if not command.startswith('pip ')]


def play(commands, environment, folder):
    """Run commands one after the other in a shell; return the output of each."""
    program = folder / 'bin' / 'pdpyras'
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nexec {} -m pdpyras_extras.cli "$@"\n'.format(MODULE[0]))
    program.chmod(0o755)
    script = folder / 'session.sh'
    script.write_text(''.join(f"printf '{MARK}'\n{command}\n" for command, _ in commands))
    path = f'{program.parent}:{environment["PATH"]}'
    # A dumb terminal has no colours and no bars.
    _, shown = in_terminal(
        ['bash', str(script)], {**environment, 'PATH': path}, term='dumb', cwd=str(folder)
    )
    before, *outputs = shown.split(MARK)
    assert before == ''
    return [[line.rstrip() for line in output.splitlines()] for output in outputs]


def test_the_commands_on_the_page_print_the_output_shown(account, tmp_path):
    """In a shell that has no key or URL but those that the page sets."""
    # The sandbox of the test has another port.
    commands = [
        (command.replace(QUICKSTART_URL, account.url), output)
        for command, output in session_in(PAGE)
    ]
    checker = doctest.OutputChecker()
    outputs = play(commands, CommandLine().environment, tmp_path)
    assert len(outputs) == len(commands)
    for (command, expected), printed in zip(commands, outputs):
        want = '\n'.join([*expected, ''])
        got = '\n'.join([*printed, '']).replace(account.url, QUICKSTART_URL)
        assert checker.check_output(want, got, doctest.ELLIPSIS), (
            f'$ {command}\n{got}instead of\n{want}'
        )


def test_the_commands_of_the_readme_work(pdp_of_new_account, tmp_path):
    commands = [(command, []) for command, _ in session_in(ROOT / 'README.rst')]
    assert [command.split()[1] for command, _ in commands] == ['trigger', 'oncall', 'list']
    key, people, export = play(commands, pdp_of_new_account.environment, tmp_path)
    assert re.fullmatch('[0-9a-f]{32}', *key)
    assert 'email' in people[0]
    assert export == []
    assert 'Server is on fire' in (tmp_path / 'incidents.csv').read_text()


def test_record_terminal_draws_the_output_of_the_commands(tmp_path):
    picture = tmp_path / 'terminal.svg'
    tool = ROOT / 'tools' / 'record_terminal.py'
    subprocess.run([sys.executable, str(tool), str(picture)], check=True, timeout=PATIENCE)
    shown = ' '.join(ElementTree.parse(picture).getroot().itertext()).replace('\xa0', ' ')
    for text in ('disk-db-1', 'triggered', 'Alex Sample', 'This key does not exist'):
        assert text in shown
    assert 'Traceback' not in shown
    # No external resources.
    assert not re.search(r'url\([^#]|href', picture.read_text())
