"""Keys: their sources, their secrecy, and the command whoami."""

import os
import sys
from pathlib import Path

import pytest
from cli_process import WITHOUT_WAITS, CommandLine

import pdpyras

#: A key that no account has.
UNKNOWN = 'abcdefghijklmnopqrst'


def test_the_key_is_read_from_a_file(pdp, account, tmp_path):
    file = tmp_path / 'key'
    file.write_text(account.api_key + '\n')
    pdp = pdp.with_variables(PAGERDUTY_API_KEY=None)
    assert pdp.output('get', 'users', '--key-file', str(file))
    assert pdp.output('--key-file', str(file), 'get', 'users')


def test_the_routing_key_is_read_from_stdin(pdp, account):
    pdp = pdp.with_variables(PAGERDUTY_ROUTING_KEY=None)
    arguments = ('trigger', 'Disk is full', '--dedup-key', 'disk', '--key-file', '-')
    assert pdp.output(*arguments, stdin=account.routing_key + '\n') == 'disk\n'


def test_the_key_is_requested_in_a_terminal_and_not_echoed(pdp, account):
    pdp = pdp.with_variables(PAGERDUTY_API_KEY=None)
    status, shown = pdp.in_terminal(
        'whoami', '--key-file', '-', keys=account.user_key + '\n', question='API key: '
    )
    assert status == 0
    assert 'alex@example.com' in shown
    assert account.user_key not in shown


def test_the_key_file_takes_precedence_over_the_environment(pdp, account, tmp_path):
    file = tmp_path / 'key'
    file.write_text(UNKNOWN)
    status, line = pdp.failure('get', 'users', '--key-file', str(file))
    assert status == 1
    assert line.endswith('run: pdpyras whoami')
    assert UNKNOWN not in line


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        (b'', 'must hold one line, the API key; it has 0.'),
        (b' \n\n', 'must hold one line, the API key; it has 0.'),
        (b'first\nsecond\n', 'must hold one line, the API key; it has 2.'),
        (b'\xff\xfe\x00', 'is not text in UTF-8.'),
    ],
    ids=['empty', 'blank', 'two lines', 'binary'],
)
def test_a_file_without_a_key_is_reported(pdp, account, tmp_path, content, problem):
    file = tmp_path / 'key'
    file.write_bytes(content)
    status, line = pdp.failure('get', 'users', '--key-file', str(file))
    assert status == 2
    assert line == f'--key-file: {file} {problem}'
    assert account.requests == []


@pytest.mark.parametrize(
    ('path', 'problem'),
    [
        ('/no/such/file', 'No such file or directory.'),
        ('/', 'Is a directory.'),
        ('', 'No such file or directory.'),
    ],
    ids=['missing', 'a directory', 'an unset variable'],
)
def test_an_unreadable_key_file_is_reported(pdp, path, problem):
    assert pdp.failure('get', 'users', '--key-file', path) == (
        2,
        f'--key-file: cannot read {path!r}: {problem}',
    )


def test_two_options_cannot_both_read_stdin(pdp):
    status, line = pdp.failure('post', 'teams', '--json', '-', '--key-file', '-', stdin='{}')
    assert status == 2
    assert 'both read stdin' in line


@pytest.mark.parametrize(
    ('command', 'name', 'variable'),
    [
        (['get', 'users'], 'API key', 'PAGERDUTY_API_KEY'),
        (['trigger', 'x'], 'routing key', 'PAGERDUTY_ROUTING_KEY'),
        (['change', 'x'], 'routing key', 'PAGERDUTY_ROUTING_KEY'),
        (['whoami'], 'API key', 'PAGERDUTY_API_KEY'),
    ],
    ids=['get', 'trigger', 'change', 'whoami'],
)
@pytest.mark.parametrize('value', [None, '', '  '], ids=['unset', 'empty', 'blank'])
def test_a_missing_key_is_reported(pdp, command, name, variable, value):
    pdp = pdp.with_variables(**{variable: value})
    expected = f'No {name}: set {variable}, or pass --key-file FILE.'
    assert pdp.failure(*command) == (2, expected)


@pytest.mark.parametrize(
    'option', [[], ['--from', ' alex@example.com\n']], ids=['variables', 'option']
)
def test_white_space_around_settings_is_stripped(api, option):
    command_line = CommandLine(
        PAGERDUTY_URL=f' {api.url}\n',
        PAGERDUTY_API_KEY=f' {UNKNOWN}\n',
        PAGERDUTY_FROM=' alex@example.com\n',
    )
    api.reply(body={'users': []})
    command_line.output('get', 'users', *option)
    assert api.last.headers['From'] == 'alex@example.com'
    assert api.last.headers['Authorization'] == f'Token token={UNKNOWN}'


def test_white_space_around_the_region_is_stripped(monkeypatch):
    from pdpyras_extras.cli.connection import Connection

    monkeypatch.delenv('PAGERDUTY_URL', raising=False)
    monkeypatch.setenv('PAGERDUTY_REGION', ' eu\n')
    assert Connection().rest_url == 'https://api.eu.pagerduty.com'


@pytest.mark.skipif(sys.platform != 'linux', reason='/proc is on Linux only')
def test_the_key_is_never_an_argument_of_the_process(pdp, account):
    account.faults.next(1, hang=60, path='/users')
    with pdp.start('list', 'users', '--key-file', '-', stdin=-1) as process:
        process.stdin.write(account.api_key.encode())
        process.stdin.close()
        wait_for_request(account)
        arguments = Path('/proc', str(process.pid), 'cmdline').read_bytes()
        process.kill()
    assert b'--key-file\0-\0' in arguments
    assert account.api_key.encode() not in arguments


def wait_for_request(account):
    import time

    while not account.requests:
        time.sleep(0.01)


def test_no_option_takes_a_key(pdp):
    status, line = pdp.failure('get', 'users', f'--api-key={UNKNOWN}')
    assert status == 2
    assert UNKNOWN not in line


# whoami


def facts(printed):
    return dict(line.split(None, 1) for line in printed.splitlines())


def test_whoami_shows_an_account_key(pdp, account):
    assert facts(pdp.output('whoami')) == {
        'key': 'API key of the account, ' + pdpyras.last_4(account.api_key),
        'region': 'not a region of PagerDuty: ' + account.url,
        'account': 'sandbox.pagerduty.com',
    }


@pytest.mark.parametrize(
    ('name', 'kind'), [('user_key', 'API key'), ('oauth_token', 'OAuth token')]
)
def test_whoami_shows_the_user_of_a_key(pdp, account, name, kind):
    key = getattr(account, name)
    shown = facts(pdp.with_variables(PAGERDUTY_API_KEY=key).output('whoami'))
    assert shown['key'] == f'{kind} of a user, {pdpyras.last_4(key)}'
    assert shown['user'] == 'Alex Sample <alex@example.com>'
    assert shown['role'] == 'owner'


@pytest.mark.parametrize(
    ('key', 'advice'),
    [
        (UNKNOWN, 'it was revoked, or is incomplete. Create a key in PagerDuty'),
        ('0123456789abcdef' * 2, 'set PAGERDUTY_ROUTING_KEY to it'),
        ('"' + UNKNOWN + '"', 'is in quotation marks'),
        ('Token token=' + UNKNOWN, 'contains the whole header'),
        ('abcde fghij', 'contains white space'),
        ('abcde\tfghij', 'contains white space'),
        ('abcdéfghij', 'contains a non-ASCII character'),
        ('pdus+_0XBPWQQ_abcdefgh', 'OAuth token, and these expire'),
    ],
    ids=['revoked', 'routing key', 'quoted', 'header', 'space', 'tab', 'accent', 'expired token'],
)
def test_whoami_explains_a_rejected_key(pdp, key, advice):
    status, line = pdp.with_variables(PAGERDUTY_API_KEY=key).failure('whoami')
    assert status in (1, 2)
    assert advice in line
    assert key not in line


def test_white_space_around_a_key_is_ignored(pdp, account):
    spaced = pdp.with_variables(PAGERDUTY_API_KEY=f' {account.user_key}\n')
    assert 'alex@example.com' in spaced.output('whoami')


def regions(**urls):
    """Return setup in Python that replaces the URLs of the regions."""
    named = ', '.join(f'{name}=Region({url!r}, {url!r})' for name, url in urls.items())
    return (
        'from pdpyras_extras.cli.connection import REGIONS, Region\n'
        f'REGIONS.clear()\nREGIONS.update({named})'
    )


def test_whoami_finds_the_key_in_the_other_region(pdp, account, api):
    @api.rule
    def reject(seen):
        from wire import Reply

        return Reply(401, {'error': {'message': 'Unauthorized', 'code': 2006}})

    pdp = pdp.with_variables(PAGERDUTY_URL=None)
    setup = regions(us=api.url, eu=account.url)
    status, line = pdp.failure('whoami', setup=setup)
    assert status == 1
    assert 'pass --region eu, or set PAGERDUTY_REGION=eu.' in line
    assert 'sandbox.pagerduty.com' in pdp.output('whoami', '--region', 'eu', setup=setup)
    eu = pdp.with_variables(PAGERDUTY_REGION='eu')
    assert facts(eu.output('whoami', setup=setup))['region'] == 'eu'


def test_whoami_reports_a_key_of_no_region_as_revoked(pdp, account, api):
    api.reply(401, {'error': {'message': 'Unauthorized', 'code': 2006}})
    pdp = pdp.with_variables(PAGERDUTY_URL=None, PAGERDUTY_API_KEY=UNKNOWN)
    status, line = pdp.failure('whoami', setup=regions(us=api.url, eu=account.url))
    assert status == 1
    assert 'it was revoked' in line
    assert 'could not be checked' not in line


@pytest.mark.parametrize('status', [404, 500, None], ids=['404', '500', 'no response'])
def test_whoami_reports_that_the_other_region_could_not_be_checked(pdp, api, status):
    @api.rule
    def answer(seen):
        from wire import Hangup, Reply

        if seen.path == '/eu/users/me':
            return Hangup() if status is None else Reply(status)
        return Reply(401, {'error': {'message': 'Unauthorized', 'code': 2006}})

    pdp = pdp.with_variables(PAGERDUTY_URL=None)
    setup = '\n'.join([regions(us=api.url, eu=api.url + '/eu'), WITHOUT_WAITS])
    _, line = pdp.failure('whoami', setup=setup)
    assert 'It may belong to the service region eu, which could not be checked. If it' in line
    assert 'it was revoked' in line


def test_whoami_reports_other_failures(pdp, api):
    api.reply(403, {'error': {'message': 'Forbidden', 'code': 2010}}, times=2)
    status, line = pdp.with_variables(PAGERDUTY_URL=api.url).failure('whoami')
    assert status == 1
    assert '403' in line


def test_whoami_omits_the_account_if_users_are_forbidden(pdp, api):
    body = {'error': {'message': 'Bad Request', 'errors': ['account-level access token']}}
    api.reply(400, body)
    api.reply(403, {'error': {'message': 'Forbidden', 'code': 2010}})
    printed = facts(pdp.with_variables(PAGERDUTY_URL=api.url).output('whoami'))
    assert list(printed) == ['key', 'region']


# Regions and URLs


@pytest.mark.parametrize(
    ('options', 'variables', 'rest', 'events'),
    [
        ([], {}, 'https://api.pagerduty.com', 'https://events.pagerduty.com'),
        (['--region', 'eu'], {}, 'https://api.eu.pagerduty.com', 'https://events.eu.pagerduty.com'),
        (['--url', 'http://h/'], {}, 'http://h', 'http://h'),
        ([], {'PAGERDUTY_URL': 'http://h'}, 'http://h', 'http://h'),
        (
            ['--url', 'https://api.eu.pagerduty.com'],
            {'PAGERDUTY_REGION': 'us'},
            'https://api.eu.pagerduty.com',
            'https://events.eu.pagerduty.com',
        ),
        (
            ['--region', 'us'],
            {'PAGERDUTY_URL': 'http://h'},
            'https://api.pagerduty.com',
            'https://events.pagerduty.com',
        ),
    ],
    ids=['default', 'region', 'url', 'variable', 'url of a region', 'option before variable'],
)
def test_the_url_is_set_by_an_option_or_the_environment(
    monkeypatch, options, variables, rest, events
):
    from pdpyras_extras.cli.connection import Connection
    from pdpyras_extras.cli.run import cli

    found = []

    def note(connection):
        found.append((connection.rest_url, connection.events_url))
        raise InterruptedError

    monkeypatch.setattr(Connection, 'api', note)
    for name in [name for name in os.environ if name.startswith('PAGERDUTY_')]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for arguments in ([*options, 'get', 'users'], ['get', 'users', *options]):
        with pytest.raises(InterruptedError):
            cli.main(arguments, obj=Connection(), standalone_mode=False)
    assert found == [(rest, events)] * 2


def test_the_options_region_and_url_exclude_each_other(pdp):
    assert pdp.failure('get', 'users', '--region', 'eu', '--url', 'http://127.0.0.1:1') == (
        2,
        'Pass --url or --region, not both.',
    )


def test_an_unknown_region_in_the_environment_is_reported():
    pdp = CommandLine(PAGERDUTY_API_KEY=UNKNOWN, PAGERDUTY_REGION='asia')
    assert pdp.failure('get', 'users') == (2, "PAGERDUTY_REGION must be us or eu; it is 'asia'.")


def test_a_url_without_a_scheme_is_reported(pdp):
    status, line = pdp.failure('get', 'users', '--url', 'api.eu.pagerduty.com')
    assert status == 2
    assert 'https://' in line


def test_a_key_over_plain_http_causes_a_warning(pdp):
    # Port 9 is closed.
    finished = pdp.with_variables(http_proxy='http://127.0.0.1:1', no_proxy='').run(
        'get', 'users', '--url', 'http://pagerduty.example'
    )
    warning, error = finished.stderr.splitlines()
    assert warning.startswith('pdpyras: warning: ')
    assert 'http://pagerduty.example' in warning
    assert finished.returncode == 3
