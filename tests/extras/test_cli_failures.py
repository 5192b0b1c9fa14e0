"""Failures: one line on stderr, and an exit status for the kind of failure."""

import json
import signal
import subprocess
import sys

import pytest
from cli_process import MODULE, PATIENCE, WITHOUT_WAITS, CommandLine
from wire import Hang, Hangup, Reply

NOT_FOUND = {'error': {'message': 'Not Found', 'code': 2100}}


@pytest.fixture
def wire(api):
    """The command line with a scripted API."""
    return CommandLine(
        PAGERDUTY_URL=api.url, PAGERDUTY_API_KEY='the-api-key-1234', PAGERDUTY_ROUTING_KEY='r' * 32
    )


def page(offset):
    """Return a page of an endless listing."""
    users = [{'id': f'P{number}', 'name': 'x' * 100} for number in range(offset, offset + 100)]
    return {'users': users, 'more': True, 'limit': 100, 'offset': offset}


# 1: rejected


def test_a_rejected_request_ends_with_1(pdp):
    status, line = pdp.failure('get', 'users/PNOBODY')
    assert status == 1
    assert '/users/PNOBODY' in line
    assert '404' in line


def test_a_missing_from_header_names_the_option(pdp, account_session):
    (incident,) = account_session.rget('incidents', params={'limit': 1, 'date_range': 'all'})
    body = json.dumps({'type': 'incident', 'title': 'New title'})
    path = 'incidents/' + incident['id']
    without = pdp.with_variables(PAGERDUTY_FROM=None)
    status, line = without.failure('put', path, '--json', '-', stdin=body)
    assert status == 1
    assert 'Pass --from EMAIL or set PAGERDUTY_FROM: the e-mail address of' in line
    email = pdp.environment['PAGERDUTY_FROM']
    printed = without.output('put', path, '--json', '-', '--from', email, stdin=body)
    assert json.loads(printed)['title'] == 'New title'
    # The sandbox sets a variable of another name.
    pdp.with_variables(PAGERDUTY_FROM=None, PAGERDUTY_EMAIL=email).output(
        'put', path, '--json', '-', stdin=body
    )


def test_a_rejected_key_names_the_option_for_the_region(pdp):
    _, line = pdp.with_variables(PAGERDUTY_API_KEY='x' * 20).failure('get', 'users')
    assert 'another service region; see --region. ' in line
    assert line.endswith(' To find out why, run: pdpyras whoami')


def test_an_event_with_a_wrong_key_is_rejected(pdp):
    status, line = pdp.with_variables(PAGERDUTY_ROUTING_KEY='x' * 32).failure('resolve', 'disk')
    assert status == 1
    assert 'x' * 32 not in line


def test_control_characters_in_an_error_of_the_api_are_escaped(wire, api):
    api.reply(400, {'error': {'message': 'a\r\nb \x1b[31m\x9b31m', 'code': 2001}})
    status, line = wire.failure('get', 'users')
    assert status == 1
    assert '\x1b' not in line
    assert '\x9b' not in line


# 2: usage


@pytest.mark.parametrize(
    ('arguments', 'problem'),
    [
        (['lsit', 'users'], 'lsit'),
        (['get'], "Missing argument 'PATH'"),
        (['get', 'users', '--fromat', 'csv'], '--fromat'),
        (['list', 'users', '--format', 'xml'], "'xml' is not one of"),
        (['list', 'users', '--limit', '0'], '--limit'),
        (['list', 'users', '--param', 'query'], "'query' is not of the form NAME=VALUE"),
        (['list', 'users', '--param', '=x'], "'=x' is not of the form NAME=VALUE"),
        (['list', 'incidents', '--since', '2026-01-01'], 'For UTC, it is 2026-01-01T00:00:00Z'),
        (['list', 'incidents', '--since', '2026-01-01T10:00'], 'it is 2026-01-01T10:00:00Z'),
        (['list', 'incidents', '--since', '2026-01-01 10:00'], 'it is 2026-01-01T10:00:00Z'),
        (['list', 'incidents', '--since', '2026-01-01Z'], "'2026-01-01Z' is not a time such as"),
        (['list', 'incidents', '--since', '2026-01-01+02:00'], 'is not a time such as'),
        (['list', 'incidents', '--since', 'yesterday'], "'yesterday' is not a time such as"),
        (['list', 'incidents', '--since', '9999-12-31T23:00-12:00'], 'is not a time such as'),
        (['list', 'incidents', '--since', '0001-01-01T00:00+12:00'], 'is not a time such as'),
        (['list', 'users', '--since', '2026-01-01T00:00Z'], 'Leave out --since.'),
        (['list', '', '--since', '2026-01-01T00:00Z'], 'An empty path names no resource'),
        (['get', 'users', '--url', 'ftp://example.com'], 'No connection adapters'),
        (['get', 'users', '--from', 'a\nb@example.com'], 'header From'),
        (['get', 'users', '--timeout', '0'], "'--timeout': '0' is not a number of seconds"),
        (['get', 'users', '--timeout', '-1'], "'-1' is not a number of seconds, up to 86400"),
        (['get', 'users', '--timeout', 'nan'], "'nan' is not a number of seconds"),
        (['get', 'users', '--timeout', 'inf'], "'inf' is not a number of seconds"),
        (['get', 'users', '--timeout', '1e9'], "'1e9' is not a number of seconds"),
        (['get', 'users', '--timeout', '5s'], "'5s' is not a number of seconds"),
        (['list', 'incidents', '--until', '2026-01-01T00:00Z'], '--until needs --since'),
        (['list', 'users/P1'], 'is not a collection with pages. Use pdpyras get.'),
        (['list', 'users/P1', '--format', 'csv'], 'is not a collection with pages'),
        (['list', 'analytics/raw/users'], 'is not a collection with pages. Use pdpyras post.'),
        (['list', ''], 'An empty path names no resource'),
        (['get', 'https://pagerduty.example/users'], 'Pass a path, or pass --url.'),
        (['list', 'https://pagerduty.example/users'], 'is not sent elsewhere'),
        (['list', 'users', '-o', '/'], "'/' is a directory. Name a file."),
        (['list', 'users', '-o', ''], 'the name of the file is empty'),
        (['list', 'users', '-o', 'users.xlsx'], "'users.xlsx' must end in .json, .jsonl or .csv"),
        (['list', 'users', '-o', '/no/such/folder/file'], "no directory '/no/such/folder'"),
        (['list', 'users', '--fields', ''], "'' has an empty name"),
        (['list', 'users', '--fields', 'id,'], "'id,' has an empty name"),
        (['incidents', '--fields', 'service..id'], "'service..id' has an empty name"),
        (['trigger', 'x', '--severity', 'bad'], "'bad' is not one of"),
        (['trigger', 'x', '--dedup-key', ''], '--dedup-key is empty'),
        (['post', 'teams', '--json', '/no/such/file'], 'No such file or directory'),
        (['post', 'teams', '--json', '/'], 'Is a directory'),
        (['post', 'teams', '--json', '{"type": "team"}'], 'cannot read'),
        (['sandbox', '--no-such-option'], '--no-such-option'),
        (['completion', 'tcsh'], "'tcsh' is not one of"),
        (['endpoints'], "Missing argument 'WORD...'"),
        (['endpoints', 'esclation'], "for 'esclation', try escalation"),
    ],
    ids=' '.join,
)
def test_a_usage_error_ends_with_2_before_anything_is_sent(pdp, account, arguments, problem):
    finished = pdp.run(*arguments)
    (line,) = finished.stderr.splitlines()
    assert (finished.returncode, finished.stdout) == (2, '')
    assert problem in line
    assert account.requests == []


@pytest.mark.skipif(sys.platform != 'linux', reason='arguments are bytes on Linux')
@pytest.mark.parametrize(
    ('arguments', 'name'),
    [
        (['get', b'us\xf6rs'], 'PATH'),
        (['get', 'users', '--param', b'query=Gr\xf6n'], '--param'),
        (['oncall', '--service', b'Gr\xf6n'], '--service'),
        (['oncall', '--policy', b'Gr\xf6n'], '--policy'),
        (['oncall', '--schedule', b'Gr\xf6n'], '--schedule'),
        (['incidents', '--service', b'Gr\xf6n'], '--service'),
        (['incidents', '--team', b'Gr\xf6n'], '--team'),
        (['incidents', '--user', b'Gr\xf6n'], '--user'),
    ],
    ids=lambda value: ' '.join(map(str, value)) if isinstance(value, list) else None,
)
def test_an_argument_in_another_encoding_is_reported(wire, api, arguments, name):
    utf8 = wire.with_variables(PYTHONUTF8='1')
    status, line = utf8.failure(*arguments)
    assert status == 2
    assert line.startswith(f"Invalid value for '{name}': ")
    assert 'is not text in utf-8.' in line
    assert api.seen == []


@pytest.mark.parametrize(
    ('variable', 'value', 'what_to_do'),
    [
        ('PAGERDUTY_FROM', 'a\nb@example.com', 'Check --from or PAGERDUTY_FROM.'),
        ('REQUESTS_CA_BUNDLE', '/no/such/file', '. Check REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE.'),
        *(
            ('HTTPS_PROXY', proxy, 'Check HTTPS_PROXY or HTTP_PROXY, and --url or PAGERDUTY_URL.')
            for proxy in ('ftp://proxy', 'http://[proxy', 'http://', 'http://proxy:99999')
        ),
        ('PAGERDUTY_URL', 'https://.example', 'and --url or PAGERDUTY_URL.'),
    ],
)
def test_an_invalid_variable_ends_with_2_and_is_named(wire, variable, value, what_to_do):
    direct = wire.with_variables(
        PAGERDUTY_URL='https://x.invalid', https_proxy=None, no_proxy='', NO_PROXY=''
    )
    command_line = direct.with_variables(**{variable: value})
    status, line = command_line.failure('get', 'users', setup=WITHOUT_WAITS)
    assert status == 2
    assert line.endswith(what_to_do)


@pytest.mark.parametrize(
    ('body', 'problem'),
    [
        ('', 'Expecting value: line 1 column 1'),
        ('{"name": }', 'Expecting value: line 1 column 10'),
        ("{'name': 'x'}", 'Expecting property name'),
        ('{"size": NaN}', 'NaN is not a finite number'),
        ('{"size": 1e999}', '1e999 is not a finite number'),
        ('[' * 100_000, 'recursion'),
    ],
    ids=['empty', 'no value', 'single quotes', 'NaN', 'infinite', 'too deep'],
)
def test_a_body_that_is_not_json_is_reported(pdp, account, body, problem):
    status, line = pdp.failure('post', 'teams', '--json', '-', stdin=body)
    assert status == 2
    assert line.startswith('--json: - is not JSON: ')
    assert problem in line
    assert account.requests == []


def test_the_error_about_an_unknown_field_lists_the_fields(pdp):
    status, line = pdp.failure('list', 'users', '--fields', 'id,nmae')
    assert status == 2
    assert line.startswith("--fields: no record has 'nmae'. The fields are: id, type, name, ")


@pytest.mark.skipif(sys.platform != 'linux', reason='/dev/full is on Linux only')
@pytest.mark.parametrize('options', [['-o', '/dev/full'], []], ids=['file', 'stdout'])
def test_a_full_disk_is_reported(pdp, options):
    with open('/dev/full', 'w') as full:
        process = pdp.start('list', 'users', *options, stdout=full, encoding='utf-8')
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert errors.splitlines() == ['pdpyras: No space left on device.']


# 3: failed


def test_a_refused_connection_ends_with_3(wire, api):
    api.close()
    status, line = wire.failure('get', 'users', setup=WITHOUT_WAITS)
    assert status == 3
    assert '/users' in line
    assert line.endswith('Check the network, and --url or PAGERDUTY_URL if set.')


def test_a_host_without_an_address_is_reported_with_what_to_check(wire):
    status, line = wire.failure('get', 'users', '--url', 'https://x.invalid', setup=WITHOUT_WAITS)
    assert status == 3
    assert line.endswith('Check the network, and --url or PAGERDUTY_URL if set.')


def test_a_server_without_tls_is_reported_with_what_to_check(wire, api):
    status, line = wire.failure('get', 'users', '--url', api.url.replace('http:', 'https:'))
    assert status == 3
    assert line.endswith('Check the URL. For a CA of your own, set REQUESTS_CA_BUNDLE.')


def test_a_proxy_that_cannot_be_reached_is_named(wire, api):
    api.close()
    behind = wire.with_variables(https_proxy=api.url, HTTPS_PROXY=api.url, no_proxy='', NO_PROXY='')
    arguments = ('get', 'users', '--url', 'https://pagerduty.example')
    status, line = behind.failure(*arguments, setup=WITHOUT_WAITS)
    assert status == 3
    assert line.endswith('Check the proxy in HTTPS_PROXY or HTTP_PROXY.')


def test_attempts_and_waits_without_a_network_take_less_than_9_seconds():
    from pdpyras_extras.cli import connection

    tries = 1 + connection.NETWORK_RETRIES
    # Each wait is twice as long as the one before, by the library's default factor.
    waits = sum(connection.FIRST_WAIT * 2**number for number in range(connection.NETWORK_RETRIES))
    # As many as hosts behind a load balancer of AWS usually have.
    three_addresses = 3
    # The rest of the 10 seconds is for the start of Python.
    assert connection.CONNECT_TIMEOUT * three_addresses * tries + waits < 9
    assert connection.READ_TIMEOUT * tries + waits < 9


@pytest.mark.parametrize(
    'command', [['get', 'users'], ['list', 'users'], ['whoami'], ['resolve', 'key']], ids=' '.join
)
def test_a_server_that_hangs_ends_with_3_after_one_retry(wire, api, command):
    api.rule(lambda seen: Hang())
    status, line = wire.failure(*command, '--timeout', '0.2', setup=WITHOUT_WAITS)
    api.wait_for(2)
    assert (status, len(api.seen)) == (3, 2)
    assert 'timed out' in line
    assert line.endswith('To wait longer for a response, pass --timeout SECONDS.')


def test_whoami_ends_at_the_first_network_error(wire, api):
    api.reply(200, {'user': {'id': 'P1', 'name': 'Alex', 'email': 'alex@example.com'}})
    api.rule(lambda seen: Hangup())
    status, _ = wire.failure('whoami', setup=WITHOUT_WAITS)
    assert (status, len(api.seen)) == (3, 3)


# 4: a part is missing


@pytest.mark.parametrize('filters', [None, 'ignore', 'error'])
def test_a_listing_truncated_at_10_000_records_ends_with_4(wire, api, filters):
    api.rule(lambda seen: Reply(200, page(int(seen.query['offset']))))
    finished = wire.with_variables(PYTHONWARNINGS=filters).run(
        'list', 'users', '--fields', 'id', '--format', 'csv'
    )
    (line,) = finished.stderr.splitlines()
    assert (finished.returncode, finished.stdout.count('\n')) == (4, 1 + 10_000)
    assert line.startswith('pdpyras: warning: Stopping the iteration')
    assert 'would go past 10000' in line


def test_the_warning_about_a_truncated_listing_names_the_options_for_the_rest(wire, api):
    incidents = [{'id': f'P{number}'} for number in range(100)]
    api.rule(lambda seen: Reply(200, {'incidents': incidents, 'more': True, 'limit': 100}))
    finished = wire.run('list', 'incidents', '--fields', 'id')
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 4
    assert line.endswith('pass --since and --until to get the others.')


@pytest.mark.parametrize('filters', [None, 'ignore', 'error'])
def test_a_collection_without_pages_is_listed_without_a_warning(wire, api, filters):
    api.reply(200, {'abilities': ['teams', 'sso']})
    assert (
        wire.with_variables(PYTHONWARNINGS=filters).output('list', 'abilities', '--format', 'jsonl')
        == '"teams"\n"sso"\n'
    )


@pytest.mark.parametrize('status_code', [500, 502, 503, 504])
def test_a_server_error_ends_with_3_after_retries(wire, api, status_code):
    api.rule(lambda seen: Reply(status_code, {'error': {'message': 'Oops', 'code': 2000}}))
    status, line = wire.failure('get', 'users', setup=WITHOUT_WAITS)
    assert status == 3
    assert str(status_code) in line
    assert len(api.seen) in (2, 3)


@pytest.mark.parametrize(('status_code', 'expected'), [(503, 3), (429, 1)])
def test_a_post_is_not_repeated_after_a_response(wire, api, status_code, expected):
    api.rule(lambda seen: Reply(status_code, {'error': {'message': 'Oops', 'code': 2000}}))
    arguments = ('post', 'teams', '--json', '-')
    status, _ = wire.failure(*arguments, stdin='{}', setup=WITHOUT_WAITS)
    assert (status, len(api.seen)) == (expected, 1)


def test_a_response_that_is_not_json_ends_with_3(wire, api):
    api.reply(200, b'<html>', {'Content-Type': 'text/html'})
    status, line = wire.failure('get', 'users')
    assert status == 3
    assert 'JSON' in line


@pytest.mark.parametrize('status_code', [200, 204])
@pytest.mark.parametrize(
    'command',
    [
        ['get', 'users/me'],
        ['list', 'users'],
        ['incidents'],
        ['oncall'],
        ['oncall', '--service', 'PABC123'],
        ['oncall', '--service', 'Web Shop'],
        ['whoami'],
    ],
    ids=' '.join,
)
def test_an_empty_response_ends_with_3(wire, api, command, status_code):
    api.rule(lambda seen: Reply(status_code, b''))
    status, line = wire.failure(*command)
    assert status == 3
    assert 'empty' in line


def test_get_prints_nothing_for_an_ability(wire, api):
    api.reply(204)
    assert wire.output('get', 'abilities/teams') == ''


def test_a_failed_export_keeps_the_previous_file_and_the_received_records(wire, api, tmp_path):
    file = tmp_path / 'users.jsonl'
    file.write_text('the last export\n')
    api.reply(body=page(0))
    api.reply(404, NOT_FOUND)
    status, line = wire.failure('list', 'users', '--fields', 'id', '-o', str(file))
    assert status == 1
    assert line.endswith(f'The records received before are in {file}.part.')
    assert file.read_text() == 'the last export\n'
    received = (tmp_path / 'users.jsonl.part').read_text().splitlines()
    assert received == [f'{{"id": "P{number}"}}' for number in range(100)]


def test_a_failed_export_without_records_leaves_no_file(wire, api, tmp_path):
    api.reply(404, NOT_FOUND)
    status, line = wire.failure('list', 'users', '-o', str(tmp_path / 'users.csv'))
    assert status == 1
    assert '.part' not in line
    assert list(tmp_path.iterdir()) == []


# 130 and 141


def interrupted(process):
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


@pytest.mark.skipif(sys.platform == 'win32', reason='Windows has no signals for processes')
@pytest.mark.parametrize(
    'command', [['get', 'users'], ['list', 'users'], ['resolve', 'key']], ids=' '.join
)
def test_ctrl_c_ends_with_130(wire, api, command):
    api.answer(Hang())
    process = wire.start(*command, encoding='utf-8')
    api.wait_for(1)
    assert interrupted(process) == (130, '', 'pdpyras: interrupted.\n')


@pytest.mark.parametrize('module', ['click', 'click.core', 'pdpyras_extras.cli.run', 'requests'])
def test_ctrl_c_during_an_import_ends_with_130(wire, api, module):
    api.reply(body={'users': []})
    setup = f"""
import signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
"""
    assert wire.failure('list', 'users', setup=setup) == (130, 'interrupted.')


@pytest.mark.parametrize('output_format', ['jsonl', 'csv', 'json'])
def test_a_closed_pipe_ends_the_command_silently(wire, api, output_format):
    api.rule(lambda seen: Reply(200, page(int(seen.query['offset']))))
    process = wire.start('list', 'users', '--format', output_format)
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(PATIENCE), errors) == (141, b'')
    # It did not request all pages.
    assert len(api.seen) < 50


@pytest.mark.skipif(sys.platform == 'win32', reason='needs a Unix shell')
def test_the_command_works_with_closed_standard_streams(wire, api):
    api.reply(202, {'dedup_key': 'disk'})
    command = ' '.join([*MODULE, 'resolve', 'disk', '>&-', '2>&-', '<&-'])
    assert (
        subprocess.run(['sh', '-c', command], env=wire.environment, timeout=PATIENCE).returncode
        == 0
    )
    assert len(api.seen) == 1


# The log


def test_verbose_logs_requests_without_the_key(pdp, account):
    finished = pdp.run('-v', 'get', 'users')
    assert finished.returncode == 0
    assert 'GET ' in finished.stderr
    assert account.api_key not in finished.stderr


def test_retries_are_silent_in_a_pipe(pdp, account):
    account.faults.next(2, status=503)
    assert pdp.output('get', 'users', setup=WITHOUT_WAITS)


def test_a_wait_for_the_rate_limit_is_shown_in_a_terminal(wire, api):
    api.reply(429, {'error': {'message': 'Rate Limit Exceeded'}}, {'ratelimit-reset': '3'})
    api.reply(body={'users': []})
    setup = 'import time; time.sleep = lambda seconds: None'
    status, shown = wire.in_terminal('get', 'users', setup=setup, term='dumb')
    assert status == 0
    first, *rest = shown.splitlines()
    assert first.startswith('pdpyras: ')
    assert '429' in first
    assert rest == ['[]']


def test_waits_for_the_rate_limit_end_after_about_a_minute(wire, api):
    headers = {'ratelimit-reset': '600'}
    api.rule(lambda seen: Reply(429, {'error': {'message': 'Rate Limit Exceeded'}}, headers))
    setup = 'import sys, time; time.sleep = lambda seconds: print(seconds, file=sys.stderr)'
    finished = wire.run('get', 'users', setup=setup)
    *waits, line = finished.stderr.splitlines()
    assert finished.returncode == 1
    assert '429' in line
    assert 60 <= sum(map(float, waits)) <= 75
    assert len(api.seen) == len(waits) + 1
