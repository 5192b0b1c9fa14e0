"""Run the command line as users do: as a process, in a pipe or in a terminal."""

import os
import select
import struct
import subprocess
import sys

#: The number of seconds after which a process counts as hung, even on a busy machine.
PATIENCE = 120

#: Setup that makes the command line retry at once, so that no test waits.
WITHOUT_WAITS = 'import pdpyras_extras.cli.connection as connection; connection.FIRST_WAIT = 0'

MODULE = (sys.executable, '-m', 'pdpyras_extras.cli')


def program(setup=''):
    """Return the command that runs the command line, after the setup in Python."""
    if not setup:
        return list(MODULE)
    return [sys.executable, '-c', f'{setup}\nfrom pdpyras_extras.cli import main\nmain()']


class CommandLine:
    """The command line with the environment variables of an account."""

    def __init__(self, **variables):
        ours = ('PAGERDUTY_', '_PDPYRAS', 'COLUMNS', 'LINES', 'NO_COLOR', 'FORCE_COLOR')
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        # The tests don't depend on the encoding of the terminal.
        self.environment = {**inherited, 'PYTHONIOENCODING': 'utf-8', **variables}

    def with_variables(self, **variables):
        changed = CommandLine()
        changed.environment = {**self.environment, **variables}
        for name in [name for name, value in variables.items() if value is None]:
            del changed.environment[name]
        return changed

    def start(self, *arguments, setup='', **options):
        options = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **options}
        return subprocess.Popen([*program(setup), *arguments], env=self.environment, **options)

    def run(self, *arguments, stdin='', setup='', **options):
        """Run it in a pipe; the result has ``returncode``, ``stdout`` and ``stderr``."""
        return subprocess.run(
            [*program(setup), *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            encoding='utf-8',
            timeout=PATIENCE,
            **options,
        )

    def output(self, *arguments, **options):
        """Run it, expect success and silence on stderr, and return stdout."""
        finished = self.run(*arguments, **options)
        assert (finished.returncode, finished.stderr) == (0, '')
        return finished.stdout

    def failure(self, *arguments, **options):
        """Run it, expect a failure with one line on stderr; return the exit status and the line."""
        finished = self.run(*arguments, **options)
        assert finished.returncode != 0
        (line,) = finished.stderr.splitlines()
        assert line.startswith('pdpyras: ')
        return finished.returncode, line[len('pdpyras: ') :]

    def in_terminal(self, *arguments, setup='', **options):
        """Run it in a terminal; see :func:`in_terminal`."""
        return in_terminal([*program(setup), *arguments], self.environment, **options)


def in_terminal(
    command,
    environment,
    keys='',
    question=']: ',
    columns=100,
    term='xterm-256color',
    **options,
):
    """Run a command in a pseudo-terminal; return its exit status and output.

    :param keys: the keys to type after the question.
    """
    import fcntl
    import pty
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 50, columns, 0, 0))
    process = subprocess.Popen(
        command,
        env={**environment, 'TERM': term},
        start_new_session=True,
        **{'stdin': slave, 'stdout': slave, 'stderr': slave, **options},
    )
    os.close(slave)
    shown = b''
    while True:
        ready, _, _ = select.select([master], [], [], PATIENCE)
        assert ready, f'the command hung after {shown!r}'
        try:
            chunk = os.read(master, 65536)
        except OSError:
            # On Linux, an error is raised when the process has closed its side.
            break
        shown += chunk
        if keys and shown.endswith(question.encode()):
            os.write(master, keys.encode())
            keys = ''
    os.close(master)
    return process.wait(PATIENCE), shown.decode().replace('\r\n', '\n')
