"""Record the picture of a terminal for the documentation of the command line.

    python tools/record_terminal.py [docs/_static/command_line.svg]

Runs the commands below in a terminal, with a sandbox, and draws their output. Needs the extras
"cli" and "sandbox", and a Unix system.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pdpyras_sandbox import Sandbox  # noqa: E402

PICTURE = ROOT / 'docs' / '_static' / 'command_line.svg'
COLUMNS = 92

COMMANDS = (
    'pdpyras trigger "Disk is full" --source db-1 --dedup-key disk-db-1',
    'pdpyras incidents --urgency high --team Platform',
    'pdpyras oncall --service "Web Shop"',
    'pdpyras list incidents --since 2020-01-01T00:00Z --fields status,title -o incidents.csv',
    'tail -2 incidents.csv',
    'pdpyras get users/PNOBODY',
    'pdpyras whoami --key-file old-key',
)

#: Background, text, and the eight colours with their bright variants; readable on light pages too.
THEME = TerminalTheme(
    (23, 27, 33),
    (220, 223, 228),
    [
        *((40, 44, 52), (224, 108, 117), (120, 194, 120), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (220, 223, 228)),
    ],
)


def record(commands, environment, folder):
    """Return the commands and their output, as text with colours."""
    shown = Text()
    for command in commands:
        shown.append('$ ', 'green').append(command + '\n', 'bold')
        printed = run(command, environment, folder)
        if printed:
            shown.append_text(Text.from_ansi(printed)).append('\n')
    return shown


def run(command, environment, folder):
    """Return the output of a command: to the terminal, and then to stderr."""
    terminal, stdout = pty.openpty()
    fcntl.ioctl(stdout, termios.TIOCSWINSZ, struct.pack('HHHH', 50, COLUMNS, 0, 0))
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            ['bash', '-c', command], env=environment, cwd=folder, stdout=stdout, stderr=stderr
        )
        os.close(stdout)
        printed = b''.join(read(terminal))
        process.wait()
        stderr.seek(0)
        return (printed + stderr.read()).decode().replace('\r\n', '\n').rstrip('\n')


def read(terminal):
    with open(terminal, 'rb', buffering=0) as file:
        while True:
            try:
                chunk = file.read(65536)
            except OSError:  # Raised on Linux at the end of the output.
                return
            if not chunk:
                return
            yield chunk


def draw(shown):
    """Return an SVG without external resources."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, 'w'))  # noqa: SIM115
    console.print(shown, end='')
    svg = console.export_svg(title='pdpyras', theme=THEME, unique_id='pdpyras')
    svg = re.sub(r'@font-face {.*?}\s*', '', svg, flags=re.DOTALL)
    svg = svg.replace('Fira Code', 'ui-monospace, Menlo, Consolas')
    return re.sub(r'[ \t]+\n', '\n', svg)


def main():
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=1) as sandbox:
        folder = Path(name)
        program = folder / 'pdpyras'
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pdpyras_extras.cli "$@"\n')
        program.chmod(0o755)
        (folder / 'old-key').write_text('y_NbAkKc66ryYTWUXYEu\n')
        environment = {
            **os.environ,
            'PATH': f'{folder}:{os.environ["PATH"]}',
            'PYTHONPATH': str(ROOT),
            'TERM': 'xterm-256color',
            'PAGERDUTY_URL': sandbox.url,
            'PAGERDUTY_API_KEY': sandbox.api_key,
            'PAGERDUTY_ROUTING_KEY': sandbox.routing_key,
        }
        target.write_text(draw(record(COMMANDS, environment, folder)), encoding='utf-8')


if __name__ == '__main__':
    main()
