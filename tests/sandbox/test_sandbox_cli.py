"""``python -m pdpyras_sandbox``, as a process of its own."""

import re
import signal
import socket
import subprocess
import sys

import pytest
import requests

from pdpyras_sandbox import Sandbox, __main__, why_not_here

MODULE = [sys.executable, '-m', 'pdpyras_sandbox']


def refused(*arguments):
    """What a command that can't work says; one line, and exit status 2."""
    done = subprocess.run([*MODULE, *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stdout == ''
    (line,) = done.stderr.splitlines()
    return line


class Running:
    """A sandbox in a process of its own, and what it printed."""

    def __init__(self, *arguments):
        command = [*MODULE, '--port', '0', *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = []
        while not lines or 'Ctrl-C' not in lines[-1]:
            lines.append(self.process.stdout.readline().decode())
            assert lines[-1], self.process.stderr.read().decode()
        self.printed = ''.join(lines)
        self.url = re.search(r'http://\S+', self.printed).group()

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors.decode()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def test_it_prints_what_one_needs_and_the_script_to_paste_works():
    with Running() as sandbox:
        keys = requests.get(sandbox.url + '/_sandbox', timeout=5).json()
        for name in ('api_key', 'user_key', 'oauth_token', 'routing_key'):
            assert keys[name] in sandbox.printed
        lines = sandbox.printed.splitlines()
        start = lines.index('Paste this into Python:') + 2
        script = '\n'.join(line.strip() for line in lines[start : start + 2])
        done = subprocess.run(
            [sys.executable, '-c', script], capture_output=True, text=True, timeout=30
        )
        assert (done.stdout, done.stderr) == ("['Alex Sample']\n", '')


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM], ids=['Ctrl-C', 'SIGTERM'])
def test_it_ends_cleanly(how):
    with Running() as sandbox:
        assert sandbox.end(how) == (0, '')


def test_the_state_outlives_a_restart(tmp_path):
    state = str(tmp_path / 'account.sqlite')
    user = {'user': {'name': 'Bea', 'email': 'bea@example.com'}}
    with Running('--state', state) as sandbox:
        keys = requests.get(sandbox.url + '/_sandbox', timeout=5).json()
        headers = {'Authorization': f'Token token={keys["user_key"]}'}
        requests.post(sandbox.url + '/users', json=user, headers=headers, timeout=5)
        sandbox.end()
    with Running('--state', state) as sandbox:
        again = requests.get(sandbox.url + '/_sandbox', timeout=5).json()
        answer = requests.get(sandbox.url + '/users?query=bea', headers=headers, timeout=5)
    assert {**again, 'url': ''} == {**keys, 'url': ''}
    (found,) = answer.json()['users']
    assert found['name'] == 'Bea'
    assert found['self'].startswith(sandbox.url)


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--port', 'x'], "argument --port: must be a whole number from 0 to 65535, not 'x'"),
        (['--port', '70000'], 'must be a whole number from 0 to 65535'),
        (['--seed', '-1'], 'must be a whole number from 0 up'),
        (['--latency', '1.5'], 'argument --latency'),
        (['--rate-limit'], 'expected one argument'),
        (['--colour'], 'unrecognized arguments: --colour'),
        (['--host', 'no such host', '--port', '0'], 'no such host'),
        (['--state', '/no/such/directory/file'], '/no/such/directory/file'),
        (['--state', __file__], __file__),
    ],
    ids=str,
)
def test_bad_input_is_one_clear_line(arguments, reason):
    assert reason in refused(*arguments)


def test_a_port_in_use_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in refused('--port', port)


def test_help_names_every_option():
    done = subprocess.run([*MODULE, '--help'], capture_output=True, text=True, timeout=30)
    for option in ('--host', '--port', '--seed', '--latency', '--rate-limit', '--state'):
        assert option in done.stdout


def test_an_older_python_gets_one_clear_line(monkeypatch, capsys):
    assert why_not_here((3, 9, 0)) is None
    monkeypatch.setattr(__main__, 'why_not_here', lambda: why_not_here((3, 8, 18)))
    with pytest.raises(SystemExit) as ended:
        __main__.main([])
    assert ended.value.code == 2
    message = 'pdpyras_sandbox needs Python 3.9 or newer, and this is Python 3.8\n'
    assert capsys.readouterr().err == message


def test_a_seed_gives_the_same_company_every_time():
    def company(seed):
        with Sandbox(seed=seed) as sandbox:
            headers = {'Authorization': f'Token token={sandbox.api_key}'}
            url = sandbox.url + '/users?limit=100'
            users = requests.get(url, headers=headers, timeout=5).json()['users']
            return [(user['id'], user['name']) for user in users]

    assert len(company(7)) > 25
    assert company(7) == company(7)
    assert company(7) != company(8)


def test_everything_in_the_state_file_is_there_again(tmp_path):
    state = str(tmp_path / 'account.sqlite')
    with Sandbox(seed=1, state=state) as sandbox:
        before = dump(sandbox)
    with Sandbox(seed=1, state=state) as sandbox:
        assert dump(sandbox) == before


def dump(sandbox):
    """Everything in some listings, whose links do not depend on the port."""
    headers = {'Authorization': f'Token token={sandbox.api_key}'}
    paths = ('/users', '/teams', '/services', '/incidents', '/log_entries', '/tags')
    answers = (
        requests.get(f'{sandbox.url}{path}?limit=100', headers=headers, timeout=5) for path in paths
    )
    return [answer.text.replace(sandbox.url, '') for answer in answers]
