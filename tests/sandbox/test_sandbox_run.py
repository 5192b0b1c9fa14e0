"""The command ``python -m pdpyras_sandbox run``, and its proxy."""

import contextlib
import http.client
import http.server
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest
import requests

from pdpyras_sandbox import Sandbox
from pdpyras_sandbox.certificates import CertificateAuthority
from pdpyras_sandbox.proxy import SandboxProxy

RUN = [sys.executable, '-m', 'pdpyras_sandbox', 'run']
#: Seconds to wait for a process.
PATIENCE = 120
HOSTS = [
    'api.pagerduty.com',
    'api.eu.pagerduty.com',
    'events.pagerduty.com',
    'events.eu.pagerduty.com',
    'identity.pagerduty.com',
]


@pytest.fixture(scope='module', autouse=True)
def one_trusted_authority():
    """Trust one authority instead of the machine's, which take 0.1 s in each process."""
    with pytest.MonkeyPatch.context() as patch, contextlib.closing(CertificateAuthority()) as ca:
        patch.setenv('SSL_CERT_FILE', ca.file)
        patch.delenv('SSL_CERT_DIR', raising=False)
        yield


def run(*command, options=(), **settings):
    return subprocess.run(
        [*RUN, *options, '--', *command],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **settings,
    )


def run_python(script, **settings):
    return run(sys.executable, '-c', script, **settings)


def test_command_reaches_the_sandbox_under_each_pagerduty_host():
    done = run_python(
        f"""
import os, requests
headers = {{'Authorization': 'Token token=' + os.environ['PAGERDUTY_API_KEY']}}
for host in {HOSTS}:
    response = requests.get('https://' + host + '/users', headers=headers)
    print(response.status_code, response.json()['users'][0]['self'])
"""
    )
    assert done.returncode == 0, done.stderr
    statuses, links = zip(*(line.split() for line in done.stdout.splitlines()))
    assert set(statuses) == {'200'}
    assert [link.rpartition('/')[0] for link in links] == [f'https://{h}/users' for h in HOSTS]


def test_proxy_variables_of_the_environment_are_replaced(sandbox, monkeypatch):
    before = {
        'http_proxy': 'http://127.0.0.1:9',
        'HTTPS_PROXY': 'http://127.0.0.1:9',
        'ALL_PROXY': 'http://127.0.0.1:9',
        'all_proxy': 'http://127.0.0.1:9',
        'NO_PROXY': '*',
        'SSL_CERT_DIR': '/nowhere',
        'MINE': 'kept',
    }
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    with SandboxProxy(sandbox) as proxy:
        seen = proxy.environment()
    proxies = {seen[n] for n in ('HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy')}
    assert len(proxies) == 1
    assert proxies.pop().startswith('http://127.0.0.1:')
    assert seen['NO_PROXY'] == seen['no_proxy'] == '127.0.0.1,localhost,::1'
    assert not {'ALL_PROXY', 'all_proxy', 'SSL_CERT_DIR'} & set(seen)
    names = ('REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS')
    assert len({seen[name] for name in names}) == 1
    assert seen['NODE_USE_ENV_PROXY'] == '1'
    assert seen['GLOBAL_AGENT_ENVIRONMENT_VARIABLE_NAMESPACE'] == ''
    assert seen['PAGERDUTY_SANDBOX_URL'].startswith('http://127.0.0.1:')
    assert seen['PAGERDUTY_EMAIL'] == 'alex@example.com'
    assert seen['MINE'] == 'kept'
    keys = ('API_KEY', 'USER_KEY', 'OAUTH_TOKEN', 'ROUTING_KEY')
    assert len({seen['PAGERDUTY_' + key] for key in keys}) == 4


def test_ca_bundle_contains_the_system_authorities_and_the_proxy_authority(sandbox, monkeypatch):
    monkeypatch.delenv('SSL_CERT_FILE')
    with SandboxProxy(sandbox) as proxy, open(proxy.variables['SSL_CERT_FILE']) as bundle:
        count = bundle.read().count('BEGIN CERTIFICATE')
    assert count > 50


def test_ca_bundle_contains_the_authorities_in_the_folder_of_ssl_cert_dir(
    sandbox, tmp_path, monkeypatch
):
    monkeypatch.setenv('SSL_CERT_DIR', str(tmp_path))
    with contextlib.closing(CertificateAuthority()) as authority:
        shutil.copy(authority.file, tmp_path)
        with SandboxProxy(sandbox) as proxy, open(proxy.variables['SSL_CERT_FILE']) as bundle:
            assert ''.join(authority.pem.split()) in ''.join(bundle.read().split())


@pytest.mark.parametrize('command', [['curl', '-sS'], ['wget', '-q', '-O', '-']], ids=' '.join)
def test_curl_and_wget_reach_the_sandbox(sandbox, command):
    if shutil.which(command[0]) is None:
        pytest.skip(f'there is no {command[0]} on this machine')
    command = [*command, 'https://api.pagerduty.com/_sandbox']
    with SandboxProxy(sandbox) as proxy:
        printed = subprocess.check_output(command, env=proxy.environment(), timeout=PATIENCE)
    assert json.loads(printed)['url'] == 'https://api.pagerduty.com'


#: Runs each of the commands in a JSON list, and prints the exit statuses.
RUN_EACH = """
import json, sys
from pdpyras_sandbox.__main__ import run_command
print([run_command(['--quiet', '--', *command]) for command in json.loads(sys.argv[1])])
"""


def test_exit_status_is_that_of_the_command_as_in_a_shell(tmp_path):
    statuses = [
        (['sh', '-c', 'exit 3'], 3),
        (['sh', '-c', 'kill -KILL $$'], 128 + signal.SIGKILL),
        (['/no/such/command'], 127),
        (['/'], 126),
    ]
    printed = subprocess.check_output(
        [sys.executable, '-c', RUN_EACH, json.dumps([command for command, _ in statuses])],
        env={**os.environ, 'TMPDIR': str(tmp_path)},
        timeout=PATIENCE,
    )
    assert json.loads(printed) == [status for _, status in statuses]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--'], 'needs a command'),
        (['true'], 'unrecognized arguments: true'),
        (['--seed', 'x', '--', 'true'], 'argument --seed: must be a whole number'),
        (['--allow', 'https://x', '--', 'true'], 'must be a host name such as example.com'),
        (['--allow', 'API.pagerduty.com.', '--', 'true'], 'already leads to the sandbox'),
    ],
    ids=str,
)
def test_bad_usage_of_run_is_one_line_and_status_2(refusal, arguments, reason):
    assert reason in refusal('run', *arguments)


def test_unusable_state_file_is_one_line_and_status_2():
    done = run('true', options=['--state', '/no/such/folder/file'])
    assert (done.returncode, done.stdout) == (2, '')
    (line,) = done.stderr.splitlines()
    assert line.startswith('pdpyras_sandbox: ')
    assert '/no/such/folder/file' in line


def test_run_leaves_stdout_to_the_command_and_marks_its_own_lines():
    done = run('sh', '-c', 'cat; echo its own >&2', input='to stdout')
    assert done.stdout == 'to stdout'
    first, its_own, last = done.stderr.splitlines()
    assert first.startswith('pdpyras_sandbox: PagerDuty is http://127.0.0.1:')
    assert its_own == 'its own'
    assert last.startswith('pdpyras_sandbox: the command sent no request to the sandbox.')


@pytest.mark.parametrize('url', ['https://api.pagerduty.com/users', '$PAGERDUTY_SANDBOX_URL/users'])
def test_run_does_not_warn_about_a_command_that_sent_a_request(url):
    done = run('sh', '-c', f'curl -s {url}')
    assert 'Authentication failed' in done.stdout
    assert len(done.stderr.splitlines()) == 1


def test_run_with_quiet_prints_nothing():
    done = run('curl', '-s', 'https://example.com', options=['--quiet'])
    assert (done.stdout, done.stderr) == ('', '')


def test_command_inherits_open_files():
    reading, writing = os.pipe()
    with open(reading) as file:
        done = run_python(f'import os; os.write({writing}, b"through")', pass_fds=[writing])
        os.close(writing)
        assert (done.returncode, file.read()) == (0, 'through')


SCRIPT_WITH_HANDLERS = """
import os, signal, sys, time
received = []
def interrupt(number, frame):
    received.append(number)
    # Not print(), which a signal could interrupt and reenter.
    os.write(1, b'INT\\n')
signal.signal(signal.SIGINT, interrupt)
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(40 + len(received)))
os.write(1, b'ready\\n')
while True:
    time.sleep(0.02)  # Not pause(), which would miss a signal just before it.
"""


#: Runs the command line as on systems that do not report the origin of a signal.
RUN_AS_ON_MACOS = """
import sys
from pdpyras_sandbox import __main__, run
run.CAN_WAIT = False
__main__.main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    'command',
    [RUN, [sys.executable, '-c', RUN_AS_ON_MACOS, 'run']],
    ids=['Linux', 'macOS'],
)
def test_signals_are_forwarded_to_the_command(command):
    command = [*command, '--', sys.executable, '-c', SCRIPT_WITH_HANDLERS]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == 'ready\n'
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == 'INT\n'
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 41


def test_run_cleans_up_when_its_terminal_is_closed(tmp_path):
    command = [*RUN, '--', sys.executable, '-c', SCRIPT_WITH_HANDLERS]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'TMPDIR': str(tmp_path)},
        # Under nohup, the tests and their child processes ignore this signal.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as process:
        assert process.stdout.readline() == 'ready\n'
        process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == 128 + signal.SIGHUP
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_a_terminal_reaches_the_command_once():
    process_id, terminal = pty.fork()
    if not process_id:
        os.execv(
            sys.executable, [*RUN, '--quiet', '--', sys.executable, '-c', SCRIPT_WITH_HANDLERS]
        )
    with open(terminal, 'rb', buffering=0) as screen:
        read_until(screen, b'ready')
        os.write(terminal, b'\x03')
        read_until(screen, b'INT')
        # A forwarded second SIGINT would arrive before this signal.
        os.kill(process_id, signal.SIGTERM)
        _, status = os.waitpid(process_id, 0)
    assert os.waitstatus_to_exitcode(status) == 41


def read_until(screen, text):
    seen = b''
    while text not in seen:
        seen += screen.read(1000)


def test_run_does_not_wait_for_background_processes_of_the_command(tmp_path):
    started = tmp_path / 'started'
    done = subprocess.run(
        [*RUN, '--', 'sh', '-c', f'sleep 1000 & echo $! > {started}'],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    # Raises if the process is not running.
    os.kill(int(started.read_text()), signal.SIGKILL)
    assert done.returncode == 0


@pytest.fixture(scope='module')
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.requestline.encode() + b' ' + body)

    def log_message(self, *args):
        """Print nothing."""


@pytest.fixture
def elsewhere():
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield '127.0.0.1:{}'.format(server.server_port)
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def connection_to(proxy):
    connection = http.client.HTTPConnection(proxy.url.rpartition('/')[2], timeout=PATIENCE)
    with contextlib.closing(connection):
        yield connection


def test_proxy_rejects_and_logs_other_hosts(sandbox, caplog):
    with SandboxProxy(sandbox) as proxy:
        refused = [
            ('CONNECT', 'example.com:443'),
            ('CONNECT', 'app.pagerduty.com:443'),
            ('CONNECT', 'api.pagerduty.com.example.com:443'),
            ('CONNECT', 'api.pagerduty.com:80'),
            ('CONNECT', '127.0.0.1:80'),
            ('GET', 'http://example.com/path'),
            ('GET', 'http://api.pagerduty.com/users'),
            # The second time is not logged.
            ('CONNECT', 'example.com:443'),
        ]
        for method, target in refused:
            with connection_to(proxy) as connection:
                connection.request(method, target)
                response = connection.getresponse()
                assert response.status == 403
                assert response.read().decode() == f'{response.reason}\n'
    assert [record.getMessage() for record in caplog.records] == [
        'refused example.com:443: pass --allow example.com to allow it',
        'refused app.pagerduty.com:443: pass --allow app.pagerduty.com to allow it',
        'refused api.pagerduty.com.example.com:443: '
        'pass --allow api.pagerduty.com.example.com to allow it',
        'refused api.pagerduty.com:80: PagerDuty requires HTTPS on port 443',
        'refused 127.0.0.1:80: pass --allow 127.0.0.1 to allow it',
        'refused example.com:80: pass --allow example.com to allow it',
    ]


def test_allowed_host_is_reached_over_http_and_through_a_tunnel(sandbox, elsewhere):
    with SandboxProxy(sandbox, ['127.0.0.1']) as proxy:
        with connection_to(proxy) as connection:
            connection.request('POST', f'http://{elsewhere}/path?query', b'body')
            assert connection.getresponse().read() == b'POST /path?query HTTP/1.1 body'
        with connection_to(proxy) as connection:
            connection.set_tunnel(elsewhere)
            connection.request('POST', '/path', b'body')
            assert connection.getresponse().read() == b'POST /path HTTP/1.1 body'


def test_unreachable_allowed_host_is_502(sandbox):
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        address = '127.0.0.1:{}'.format(unused.getsockname()[1])
        with SandboxProxy(sandbox, ['127.0.0.1']) as proxy, connection_to(proxy) as connection:
            connection.request('CONNECT', address)
            response = connection.getresponse()
            assert response.status == 502
            assert response.read().startswith(b'Cannot connect to 127.0.0.1: ')


@pytest.mark.parametrize(
    'request_line', ['GET /users HTTP/1.1', 'CONNECT host:port HTTP/1.1', 'GET http://[ HTTP/1.1']
)
def test_invalid_proxy_request_is_400(sandbox, request_line):
    with SandboxProxy(sandbox) as proxy:
        address = ('127.0.0.1', int(proxy.url.rpartition(':')[2]))
        with socket.create_connection(address, PATIENCE) as connection:
            connection.sendall(request_line.encode() + b'\r\n\r\n')
            with connection.makefile('rb') as response:
                assert response.read().startswith(b'HTTP/1.1 400 ')


def test_slow_tls_handshake_does_not_block_other_clients(sandbox):
    with SandboxProxy(sandbox) as proxy, connection_to(proxy) as slow:
        slow.request('CONNECT', 'api.pagerduty.com:443')
        options = {
            'proxies': {'https': proxy.url},
            'verify': proxy.variables['REQUESTS_CA_BUNDLE'],
            'timeout': PATIENCE,
        }
        assert requests.get('https://api.pagerduty.com/users', **options).status_code == 401


def test_closed_proxy_and_sandbox_leave_no_threads_or_files():
    threads, descriptors = set(threading.enumerate()), os.listdir('/proc/self/fd')
    # The sessions keep their connections open.
    with requests.Session() as direct, requests.Session() as proxied:
        direct.trust_env = proxied.trust_env = False
        with Sandbox(tls=True) as sandbox, SandboxProxy(sandbox) as proxy:
            proxied.proxies = {'https': proxy.url}
            direct.verify = sandbox.ca_file
            proxied.verify = proxy.variables['REQUESTS_CA_BUNDLE']
            for session, url in (direct, sandbox.url), (proxied, 'https://api.pagerduty.com'):
                assert session.get(url + '/users', timeout=PATIENCE).status_code == 401
            files = [proxy.variables['WGETRC'], direct.verify, proxied.verify]
        assert set(threading.enumerate()) == threads
    assert len(os.listdir('/proc/self/fd')) == len(descriptors)
    assert not any(os.path.exists(os.path.dirname(file)) for file in files)
