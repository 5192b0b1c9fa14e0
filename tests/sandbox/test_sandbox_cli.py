"""The command ``python -m pdpyras_sandbox``, run as a process."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import requests

import pdpyras
from pdpyras_sandbox import Sandbox, __main__, initial_account, server, why_not_here

#: Creates the table of state files.
RECORDS = """CREATE TABLE records (position INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL,
    record TEXT NOT NULL, owned INTEGER NOT NULL);
"""
MODULE = [sys.executable, '-m', 'pdpyras_sandbox']
#: Seconds to wait for a process, which may start slowly on a busy machine.
PATIENCE = 120


class Running:
    """A sandbox process and its output."""

    def __init__(self, *arguments):
        command = [*MODULE, '--port', '0', *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = []
        while not lines or 'Ctrl-C' not in lines[-1]:
            lines.append(self.process.stdout.readline().decode())
            assert lines[-1], self.process.stderr.read().decode()
        self.printed = ''.join(lines)
        self.url = re.search(r'https?://\S+?(?=[.]?\s)', self.printed).group()

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors.decode()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


BEHIND_A_PROXY = {'http_proxy': 'http://127.0.0.1:9', 'https_proxy': 'http://127.0.0.1:9'}


@pytest.mark.parametrize(
    ('tls', 'proxies'),
    [(False, {}), (False, BEHIND_A_PROXY), (True, BEHIND_A_PROXY)],
    ids=['HTTP', 'HTTP behind a proxy', 'HTTPS behind a proxy'],
)
def test_startup_message_has_all_keys_and_a_working_script(tls, proxies, monkeypatch):
    for name in ('http_proxy', 'https_proxy', 'no_proxy', 'NO_PROXY'):
        monkeypatch.delenv(name, raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    with Sandbox(tls=tls) as sandbox:
        greeting = __main__.greeting(sandbox)
        lines = greeting.splitlines()
        start = lines.index('Paste this into Python:') + 2
        script = '\n'.join(line.strip() for line in lines[start : start + 2])
        done = subprocess.run(
            [sys.executable, '-c', script], capture_output=True, text=True, timeout=PATIENCE
        )
        assert (done.stdout, done.stderr) == ("['Alex Sample']\n", '')
        for name in ('api_key', 'user_key', 'oauth_token', 'routing_key', 'email'):
            assert getattr(sandbox, name) in greeting


def test_printed_keys_are_those_of_the_account():
    with Running('--tls') as sandbox:
        ca_file = re.search(r'CA file +(.*)', sandbox.printed).group(1)
        with requests.Session() as session:
            session.trust_env = False
            keys = session.get(sandbox.url + '/_sandbox', verify=ca_file, timeout=5).json()
        for name in ('api_key', 'user_key', 'oauth_token', 'routing_key'):
            assert keys[name] in sandbox.printed
        assert sandbox.end(signal.SIGTERM) == (0, '')


def test_printed_variables_make_programs_use_the_proxy():
    with Running('--proxy') as sandbox:
        script = sandbox.printed + 'curl -sS https://events.pagerduty.com/_sandbox'
        done = subprocess.run(
            ['sh', '-c', script], capture_output=True, text=True, timeout=PATIENCE
        )
        assert json.loads(done.stdout)['url'] == 'https://events.pagerduty.com'
        assert f'export PAGERDUTY_SANDBOX_URL={sandbox.url}\n' in sandbox.printed
        assert sandbox.end() == (0, '')


def test_sandbox_process_ends_cleanly_if_its_output_pipe_breaks():
    with Running() as sandbox:
        sandbox.process.stdout.close()
        sandbox.process.send_signal(signal.SIGINT)
        assert sandbox.process.wait(PATIENCE) == 0
        assert sandbox.process.stderr.read() == b''


def test_sandbox_process_ends_quietly_if_its_output_is_closed():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*MODULE, '--port', '0'], stdout=writing, stderr=subprocess.PIPE, timeout=PATIENCE
    )
    os.close(writing)
    assert done.stderr == b''


def test_restart_restores_the_state_and_ignores_the_seed(tmp_path):
    state = str(tmp_path / 'account.sqlite')
    user = {'user': {'name': 'Bea', 'email': 'bea@example.com'}}
    with Running('--state', state, '--quiet') as sandbox:
        keys = requests.get(sandbox.url + '/_sandbox', timeout=5).json()
        headers = {'Authorization': f'Token token={keys["user_key"]}'}
        requests.post(sandbox.url + '/users', json=user, headers=headers, timeout=5)
        assert sandbox.end() == (0, '')
    with Running('--state', state, '--seed', '5', '--quiet') as sandbox:
        again = requests.get(sandbox.url + '/_sandbox', timeout=5).json()
        answer = requests.get(sandbox.url + '/users', headers=headers, timeout=5)
        line = f'pdpyras_sandbox: --seed 5 is not applied: {state} already has an account\n'
        assert sandbox.end() == (0, line)
    assert {**again, 'url': ''} == {**keys, 'url': ''}
    assert [user['name'] for user in answer.json()['users']] == ['Alex Sample', 'Bea']
    assert answer.json()['users'][1]['self'].startswith(sandbox.url)


def test_requests_are_logged_on_stderr():
    with Running() as sandbox:
        requests.get(sandbox.url + '/users?limit=5&query=a%0ab', timeout=5)
        requests.get(sandbox.url + '/_sandbox', timeout=5)
        status, errors = sandbox.end()
    assert status == 0
    line = r'\d\d:\d\d:\d\d GET /users\?limit=5&query=a%0Ab 401 \d+ ms\n'
    assert re.fullmatch(line, errors)


def test_quiet_option_turns_request_logging_off():
    with Running('--quiet') as sandbox:
        requests.get(sandbox.url + '/users', timeout=5)
        assert sandbox.end() == (0, '')


def test_version_option_prints_the_version_of_the_library(command):
    assert command('--version') == (0, f'pdpyras_sandbox {pdpyras.__version__}\n', '')


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--port', 'x'], "argument --port: must be a whole number from 0 to 65535, not 'x'"),
        (['--port', '70000'], 'must be a whole number from 0 to 65535'),
        (['--seed', '-1'], 'must be a whole number of at least 0'),
        (['--latency', '1.5'], 'argument --latency'),
        (['--rate-limit'], 'expected one argument'),
        (['--colour'], 'unrecognized arguments: --colour'),
        # A name with a colon is an invalid IPv6 address, and is not resolved.
        (['--host', 'no:such:host', '--port', '0'], 'no:such:host'),
        (['--host', ''], 'argument --host: must not be empty'),
        (['--latency', '3600001'], 'must be a whole number from 0 to 3600000'),
        (['--state', ''], 'argument --state: must not be empty'),
        (['--state', '/no/such/directory/file'], '/no/such/directory/file'),
        (['--state', __file__], __file__),
        (['--allow', 'example.com'], 'argument --allow: needs --proxy'),
    ],
    ids=str,
)
def test_bad_argument_is_reported_in_one_line(refusal, arguments, reason):
    assert reason in refusal(*arguments)


FOREIGN = [
    ('CREATE TABLE accounts (name)', 'it is a database of another program'),
    ('CREATE TABLE records (name)', 'no such column'),
    (RECORDS + "INSERT INTO records VALUES (1, '/users/P1', '{\"id\"', 1)", 'Expecting'),
    (RECORDS + "INSERT INTO records VALUES (1, '/users/P1', '{}', 1)", 'is not valid'),
    (RECORDS + "INSERT INTO records VALUES (1, '/users/P1', '7', 0)", 'is not valid'),
    (RECORDS + "INSERT INTO records VALUES (1, 7, '{}', 0)", 'no record at'),
    (RECORDS + "INSERT INTO records VALUES (1, '/users/P1', X'00', 0)", 'no record at'),
    (RECORDS + "INSERT INTO records VALUES (1, '/users/P1', '%s', 0)" % ('[' * 10**5), 'nested'),
    (RECORDS + "INSERT INTO records VALUES (1, '/_sandbox/keys', '{}', 0)", 'holds no account'),
    (RECORDS + "INSERT INTO records VALUES (1, '/_sandbox/keys', '[]', 0)", 'it holds no account'),
]


@pytest.mark.parametrize(('script', 'reason'), FOREIGN, ids=[reason for _, reason in FOREIGN])
def test_database_of_another_program_is_reported_and_unchanged(refusal, tmp_path, script, reason):
    state = tmp_path / 'state.sqlite'
    with closing(sqlite3.connect(state)) as database:
        database.executescript(script)
        before = list(database.iterdump())
    line = refusal('--port', '0', '--state', str(state))
    assert line.startswith(f'pdpyras_sandbox: Cannot keep the account in {state}: ')
    assert reason in line
    with closing(sqlite3.connect(state)) as database:
        assert list(database.iterdump()) == before


DAMAGE = {
    'truncated': lambda content: content[: len(content) // 2],
    'first page zeroed': lambda content: bytes(4096) + content[4096:],
    'inner page zeroed': lambda content: content[:8192] + bytes(4096) + content[12288:],
    'last page zeroed': lambda content: content[:-4096] + bytes(4096),
    'text': lambda content: b'to be, or not to be',
}


@pytest.mark.parametrize('damage', DAMAGE.values(), ids=DAMAGE)
def test_damaged_state_file_is_reported_with_advice(tmp_path, damage):
    state = tmp_path / 'account.sqlite'
    Sandbox(state=state).close()
    state.write_bytes(damage(state.read_bytes()))
    with pytest.raises(ValueError, match='Restore the file, delete it') as raised:
        Sandbox(state=state)
    assert str(raised.value).startswith(f'Cannot keep the account in {state}: ')
    assert '\n' not in str(raised.value)


def test_state_file_in_use_is_rejected(tmp_path):
    state = str(tmp_path / 'account.sqlite')
    with Sandbox(state=state):
        command = [*MODULE, '--port', '0', '--state', state]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (2, '')
    (line,) = done.stderr.splitlines()
    assert line.endswith('another sandbox uses the file. Stop it, or choose another file')


@pytest.mark.parametrize('turn', range(4))
def test_second_signal_does_not_interrupt_the_end_of_the_process(turn):
    with Running('--tls') as sandbox:
        sandbox.process.send_signal(signal.SIGINT)
        assert sandbox.end(signal.SIGTERM) == (0, '')


def test_ctrl_c_during_startup_ends_the_process_cleanly(monkeypatch, capsys):
    def interrupted(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr(server, 'Sandbox', interrupted)
    monkeypatch.setattr(__main__.signal, 'signal', lambda number, handler: None)
    # Log handlers would keep a captured stream that is closed after the test.
    monkeypatch.setattr(__main__, 'show_access_log', lambda: None)
    __main__.main(['--port', '0'])
    assert capsys.readouterr() == ('', '')


def test_port_in_use_is_reported_in_one_line(refusal):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f'port {port}: the port is in use. Stop the other' in refusal('--port', port)


def test_help_lists_every_option(command):
    _, output, _ = command('--help')
    assert output.startswith('usage: python -m pdpyras_sandbox [')
    options = ('--host', '--port', '--seed', '--latency', '--rate-limit', '--state', '--load')
    for option in (*options, '--name', '--tls', '--proxy', '--allow', 'run [options]'):
        assert option in output


def test_unsupported_python_is_reported_in_one_line(monkeypatch, capsys):
    assert why_not_here((3, 9, 0)) is None
    monkeypatch.setattr(__main__, 'why_not_here', lambda: why_not_here((3, 8, 18)))
    with pytest.raises(SystemExit) as ended:
        __main__.main([])
    assert ended.value.code == 2
    message = 'pdpyras_sandbox needs Python 3.9 or newer, and this is Python 3.8\n'
    assert capsys.readouterr().err == message


def test_same_seed_creates_the_same_sample_data(api_of):
    def company(seed):
        with Sandbox(seed=seed) as sandbox:
            web = api_of(sandbox)
            users = web.get('/users', limit=100)['users']
            incidents = web.get('/incidents', limit=100)['incidents']
            return (
                [(user['id'], user['name']) for user in users],
                [(i['id'], i['title'], i['status'], i['urgency']) for i in incidents],
            )

    users, incidents = seven = company(7)
    assert (len(users), len(incidents)) == (31, 24)
    assert company(7) == seven
    assert company(8) != seven


def test_state_file_restores_all_records(tmp_path):
    state = str(tmp_path / 'account.sqlite')
    with Sandbox(seed=1, state=state) as sandbox:
        before = dump(sandbox)
    with Sandbox(seed=1, state=state) as sandbox:
        assert dump(sandbox) == before


def test_dedup_keys_are_not_repeated_after_a_restart(tmp_path):
    """With a repeated key, a new event would be added to an old alert."""
    payload = {'summary': 'Disk full', 'source': 'db1', 'severity': 'info'}
    keys = set()
    for _ in range(3):
        with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
            event = {'routing_key': sandbox.routing_key, 'event_action': 'trigger'}
            url = sandbox.url + '/v2/enqueue'
            answer = requests.post(url, json={**event, 'payload': payload}, timeout=5)
            keys.add(answer.json()['dedup_key'])
    assert len(keys) == 3


def test_reset_after_a_restart_restores_the_initial_account(tmp_path):
    state = tmp_path / 'account.sqlite'
    with Sandbox(seed=1, state=state) as sandbox:
        before = sandbox.api_key, len(dump(sandbox)[0])
    with Sandbox(state=state) as sandbox:
        sandbox.reset()
        assert (sandbox.api_key, len(dump(sandbox)[0])) == before


def test_interrupted_first_start_stores_no_partial_account(tmp_path, monkeypatch):
    state = tmp_path / 'account.sqlite'

    def interrupted(founder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(initial_account.Builder, 'catalogues', interrupted)
        with pytest.raises(KeyboardInterrupt):
            Sandbox(state=state)
    with Sandbox(state=state) as sandbox:
        headers = {'Authorization': f'Token token={sandbox.api_key}'}
        answer = requests.get(sandbox.url + '/vendors', headers=headers, timeout=5)
        assert answer.json()['vendors'] != []


def dump(sandbox):
    """Return the records of some listings, without the port in links."""
    headers = {'Authorization': f'Token token={sandbox.api_key}'}
    paths = ('/users', '/teams', '/services', '/incidents', '/log_entries', '/tags')
    answers = (
        requests.get(f'{sandbox.url}{path}?limit=100', headers=headers, timeout=5) for path in paths
    )
    return [answer.text.replace(sandbox.url, '') for answer in answers]
