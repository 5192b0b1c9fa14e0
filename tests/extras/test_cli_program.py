"""The program around the commands: its help, completion, start-up, and the sandbox it starts."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import MODULE, PATIENCE, CommandLine

from pdpyras_extras.cli import operations
from pdpyras_extras.cli.other_commands import SHELLS
from pdpyras_extras.cli.run import cli

COMMANDS = sorted(cli.commands)
#: Modules that no command needs until its arguments are parsed.
HEAVY = ('requests', 'rich', 'pdpyras', 'pdpyras_sandbox', 'flask')


@pytest.fixture
def pdp():
    """The command line without any key."""
    return CommandLine()


# Help


def test_the_help_is_shown_without_arguments(pdp):
    assert pdp.output() == pdp.output('--help')


@pytest.mark.parametrize('command', [name for name in COMMANDS if name != 'sandbox'])
def test_the_help_of_each_command_has_an_example_with_options_that_exist(command):
    from click.testing import CliRunner

    shown = CliRunner().invoke(cli, [command, '--help'], prog_name='pdpyras').output
    found = re.search(r'\n  Examples?:\n((?:    .*\n)+)', shown)
    assert found, shown
    examples = [shlex.split(line, comments=True) for line in found[1].splitlines()]
    assert (
        any(['pdpyras', command] == words[:2] for words in examples)
        or f'pdpyras {command}' in (found[1])
    )
    options = set(re.findall(r'--[a-z-]+', shown.partition('\nOptions:')[2]))
    assert set(re.findall(r'--[a-z-]+', found[1])) <= options


def test_the_option_h_shows_the_help(pdp):
    assert pdp.output('list', '-h') == pdp.output('list', '--help')


def test_no_line_of_the_help_is_truncated(pdp):
    assert '...\n' not in pdp.output('--help').partition('Commands:')[2]


def test_the_option_version_prints_the_version(pdp):
    import pdpyras

    assert pdp.output('--version') == f'pdpyras {pdpyras.__version__}\n'


# Search


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['list', 'users'], 'GET     /users '),
        (['USERS', 'List'], 'GET     /users '),
        (['/users/{id}/contact_methods'], 'POST    /users/{id}/contact_methods '),
        (['snooze'], 'POST    /incidents/{id}/snooze  Snooze an incident'),
        (['review', 'markers'], 'GET     /incidents/{id}/review/markers  (undocumented)'),
    ],
    ids=' '.join,
)
def test_endpoints_finds_operations(pdp, words, expected):
    assert expected in pdp.output('endpoints', *words)


def test_the_table_has_every_operation_of_the_library():
    from operations import OPERATIONS

    def endpoints(rows):
        # The library keeps some names of parameters from 5.4.1.
        return sorted((row.method, re.sub(r'{\w+}', '{}', row.path)) for row in rows)

    assert endpoints(operations.operations()) == endpoints(OPERATIONS)


# Completion


@pytest.mark.parametrize('shell', SHELLS)
def test_the_script_for_each_shell_registers_the_command(pdp, shell):
    script = pdp.output('completion', shell)
    assert '_PDPYRAS_COMPLETE' in script
    assert 'pdpyras' in script


def completions(pdp, words, shell='bash'):
    """Return the completions that a shell gets for the last of the words."""
    completing = pdp.with_variables(
        _PDPYRAS_COMPLETE=f'{shell}_complete',
        COMP_WORDS=' '.join(words),
        COMP_CWORD=str(len(words) - 1),
    )
    return [line.split(',')[1] for line in completing.output().splitlines()]


def test_commands_are_completed(pdp):
    assert completions(pdp, ['pdpyras', 'inc']) == ['incidents']


def test_options_are_completed(pdp):
    assert completions(pdp, ['pdpyras', 'list', '--for']) == ['--format']
    assert completions(pdp, ['pdpyras', 'list', '--format', 'js']) == ['json', 'jsonl']
    assert completions(pdp, ['pdpyras', '--region', '']) == ['eu', 'us']


def test_paths_are_completed_with_or_without_a_slash(pdp):
    assert completions(pdp, ['pdpyras', 'get', '/maint']) == [
        '/maintenance_windows',
        '/maintenance_windows/',
    ]
    assert completions(pdp, ['pdpyras', 'get', 'maint']) == [
        'maintenance_windows',
        'maintenance_windows/',
    ]
    assert completions(pdp, ['pdpyras', 'delete', 'maint']) == ['maintenance_windows/']


@pytest.mark.skipif(not shutil.which('bash'), reason='there is no bash')
def test_bash_completes_with_the_script(pdp, tmp_path):
    script = tmp_path / 'pdpyras.bash'
    script.write_text(pdp.output('completion', 'bash'))
    launcher = tmp_path / 'pdpyras'
    launcher.write_text('#!/bin/sh\nexec {} "$@"\n'.format(' '.join(MODULE)))
    launcher.chmod(0o755)
    commands = (
        f'source {script}; COMP_WORDS=(pdpyras who); COMP_CWORD=1; '
        '_pdpyras_completion pdpyras; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ['bash', '-c', commands],
        env={**pdp.environment, 'PATH': f'{tmp_path}:{os.environ["PATH"]}'},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr) == ('whoami\n', '')


# Start-up


@pytest.mark.parametrize(
    ('arguments', 'spared'),
    [
        (['--help'], HEAVY),
        (['list', '--help'], HEAVY),
        (['endpoints', 'users'], HEAVY),
        (['list', 'users', '--limit', '0'], HEAVY),
        # Nothing is drawn without a terminal.
        (['get', 'users', '--url', 'http://127.0.0.1:1'], ('rich', 'pdpyras_sandbox', 'flask')),
    ],
    ids=' '.join,
)
def test_a_command_imports_only_the_modules_it_needs(pdp, arguments, spared):
    setup = (
        'import atexit, sys\n'
        f'show = lambda: sys.stderr.write(str(sorted({set(spared)}.intersection(sys.modules))))\n'
        'atexit.register(show)\n'
        'import pdpyras_extras.cli.connection as connection; connection.NETWORK_RETRIES = 0'
    )
    keyed = pdp.with_variables(PAGERDUTY_API_KEY='the-api-key-1234')
    assert keyed.run(*arguments, setup=setup).stderr.endswith('[]')


# The program


def test_the_installed_program_and_the_module_are_the_same(pdp):
    script = Path(sys.executable).with_name('pdpyras')
    if not script.exists():
        pytest.skip('the package is not installed, so there is no program')
    done = subprocess.run([script, '--help'], capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == pdp.output('--help')


@pytest.mark.parametrize('arguments', [['--help'], ['endpoints', 'snooze'], ['get']], ids=' '.join)
def test_python_m_pdpyras_is_the_same_program(pdp, arguments):
    module = subprocess.run(
        [sys.executable, '-m', 'pdpyras', *arguments],
        env=pdp.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    here = pdp.run(*arguments)
    assert (module.returncode, module.stdout, module.stderr) == (
        here.returncode,
        here.stdout,
        here.stderr,
    )


@pytest.mark.parametrize(
    ('missing', 'expected'),
    [
        (['click'], 'the command line needs click: pip install click'),
        (['rich'], 'the command line needs rich: pip install rich'),
        (['click', 'rich'], 'the command line needs click and rich: pip install click rich'),
    ],
    ids=['click', 'rich', 'both'],
)
def test_a_missing_package_is_one_clear_line(pdp, missing, expected):
    setup = f'import sys; sys.modules.update(dict.fromkeys({missing}))'
    assert pdp.failure('--help', setup=setup) == (2, expected)


# The sandbox


def test_sandbox_accepts_the_arguments_of_the_sandbox(pdp):
    module = subprocess.run(
        [sys.executable, '-m', 'pdpyras_sandbox', '--help'],
        env=pdp.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert pdp.output('sandbox', '--help') == module.stdout


@pytest.mark.skipif(sys.platform == 'win32', reason='signals are not sent there')
def test_sandbox_run_starts_and_ends_a_sandbox(pdp):
    with pdp.start('sandbox', '--port', '0', '--quiet', encoding='utf-8') as sandbox:
        shown = ''
        while 'Ctrl-C' not in shown:
            line = sandbox.stdout.readline()
            assert line, sandbox.stderr.read()
            shown += line
        url = re.search(r'http://\S+', shown)[0]
        key = re.search(r'account key +(\S+)', shown)[1]
        here = pdp.with_variables(PAGERDUTY_URL=url, PAGERDUTY_API_KEY=key)
        assert 'sandbox.pagerduty.com' in here.output('whoami')
        sandbox.send_signal(signal.SIGINT)
        assert sandbox.wait(PATIENCE) == 0
        assert sandbox.stderr.read() == ''


def test_the_exit_status_of_the_sandbox_is_returned(pdp):
    done = pdp.run('sandbox', '--port', 'x')
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform == 'win32', reason='the sandbox runs no commands there')
def test_a_command_runs_with_the_sandbox_as_pagerduty(pdp):
    pytest.importorskip('trustme')
    # These belong to the user's own account.
    pdp = pdp.with_variables(PAGERDUTY_URL='http://127.0.0.1:1', PAGERDUTY_FROM='me@example.com')
    done = pdp.run('sandbox', 'run', '--quiet', '--', *MODULE, 'whoami')
    assert (done.returncode, done.stderr) == (0, '')
    # The command requested the real URL, which the sandbox replaces.
    assert re.search(r'(?m)^region +us$', done.stdout)
    failed = pdp.run('sandbox', 'run', '--', *MODULE, 'get', 'users/PNOBODY')
    assert failed.returncode == 1
