"""The shell sessions in the documentation, run as they stand there, in a terminal."""

import doctest
import re
from pathlib import Path

import pytest
from cli_process import MODULE, in_terminal

ROOT = Path(__file__).resolve().parents[2]

#: Printed before each command. No command prints it.
MARK = '\x1e'


def session_in(page, after='\n'):
    """The commands in the console blocks of a page, each with the output that is shown."""
    text = page.read_text(encoding='utf-8').partition(after)[2]
    blocks = re.findall(r'\.\. code-block:: console\n\n((?:   .*\n|\n)+)', text)
    commands = []
    for line in ''.join(blocks).splitlines():
        if line.startswith('   $ '):
            commands.append((line[5:], []))
        elif line.strip():
            commands[-1][1].append(line[3:])
    return [(command, output) for command, output in commands if not command.startswith('pip ')]


def play(commands, environment, folder):
    """What each of the commands prints, one after the other in a shell."""
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


@pytest.mark.parametrize('page', ['docs/extras/command_line.rst'])
def test_the_commands_print_what_the_page_shows(page, pdp, tmp_path):
    commands = session_in(ROOT / page)
    checker = doctest.OutputChecker()
    outputs = play(commands, pdp.environment, tmp_path)
    assert len(outputs) == len(commands)
    for (command, expected), printed in zip(commands, outputs):
        want, got = '\n'.join([*expected, '']), '\n'.join([*printed, ''])
        assert checker.check_output(want, got, doctest.ELLIPSIS), (
            f'$ {command}\n{got}instead of\n{want}'
        )
