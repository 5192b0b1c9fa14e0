"""The log of a session: its records, handlers and levels, and the masked keys."""

import gc
import logging
import sys

import pytest
from wire import ANY_SERVER_ERROR

import pdpyras

KEY = 'the-api-key-1234'
ROUTING_KEY = 'the-routing-key-5678'


@pytest.fixture
def logged(caplog):
    """A function that returns the lines that reach the root logger, of one level or all."""
    caplog.set_level(logging.DEBUG, logger='pdpyras')

    def lines(level=None):
        records = [record for record in caplog.records if level in (None, record.levelname)]
        return [record.getMessage() for record in records]

    return lines


def another_session(api, **options):
    return pdpyras.APISession('another-key-9999', base_url=api.url, **options)


# The logger


def test_the_log_of_a_session_is_not_configured_and_propagates(session):
    assert isinstance(session.log, logging.Logger)
    assert session.log.level == logging.NOTSET
    assert session.log.handlers == []
    assert session.log.propagate
    assert session.log.parent is logging.getLogger('pdpyras')


@pytest.mark.parametrize('kind', [pdpyras.APISession, pdpyras.EventsAPISession])
def test_the_log_of_a_session_is_named_after_its_class(kind):
    class Mine(kind):
        pass

    assert kind('a-key-1234').log.name == 'pdpyras.' + kind.__name__
    assert Mine('a-key-1234').log.name == 'pdpyras.Mine'


def test_each_session_has_its_own_log(api, session):
    with another_session(api) as other:
        assert other.log is not session.log
        other.log.setLevel(logging.ERROR)
        assert session.log.level == logging.NOTSET


def test_the_level_of_the_logger_pdpyras_applies_to_every_session(api, session, caplog):
    session.log.debug('before')
    caplog.set_level(logging.INFO, logger='pdpyras')
    session.log.debug('still below')
    session.log.info('after')
    assert [record.getMessage() for record in caplog.records] == ['after']


def test_the_log_of_a_session_can_be_replaced(api, session, caplog):
    caplog.set_level(logging.DEBUG, logger='mine')
    session.log = logging.getLogger('mine')
    api.reply(204)
    session.get('users')
    assert [record.name for record in caplog.records] == ['mine']


def test_sessions_leave_no_loggers_behind(api):
    before = set(logging.Logger.manager.loggerDict)
    for _ in range(3):
        with another_session(api, debug=True):
            assert set(logging.Logger.manager.loggerDict) == before


# What is logged


@pytest.mark.parametrize('status', [200, 204, 404, ANY_SERVER_ERROR])
def test_every_response_is_one_debug_line(api, session, logged, status):
    api.reply(status, headers={'x-request-id': 'REQ-1'})
    session.get('users', params={'query': 'Dan'})
    [line] = logged('DEBUG')
    for part in ('GET', api.url + '/users?query=Dan', str(status), 'REQ-1', 'GMT', 'wall_time_s='):
        assert part in line


def test_every_retry_is_a_warning_with_its_wait(api, session, logged):
    session.retry[503] = 2
    api.reply(503, times=2)
    api.reply(200)
    session.get('users')
    assert len(logged('DEBUG')) == 3
    first, second = logged('WARNING')
    assert '503' in first and 'retrying in 3 s' in first
    assert '503' in second and 'retrying in 6 s' in second


def test_a_response_without_a_request_id_and_date_is_logged(api, session, logged):
    api.hang_up(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    session.get('users')
    assert 'status=200 request_id=(none) date=(none) wall_time_s=' in logged()[0]


@pytest.mark.parametrize('kind', ['session', 'events', 'change_events'])
@pytest.mark.parametrize('status', [500, 502, 599])
def test_a_5xx_is_logged_as_an_error_with_the_details_for_support(
    api, request, logged, kind, status
):
    session = request.getfixturevalue(kind)
    session.retry.clear()
    api.reply(status, headers={'x-request-id': 'REQ-1'})
    session.post('v2/enqueue', json={})
    [line] = logged('ERROR')
    for part in (str(status), 'REQ-1', 'GMT', 'support'):
        assert part in line


def test_a_4xx_is_not_logged_as_an_error(api, session, logged):
    api.reply(404)
    session.get('users/P1')
    assert logged() == logged('DEBUG')


# print_debug


def test_print_debug_is_off_by_default(api, session, capsys):
    assert session.print_debug is False
    assert not hasattr(session, '_debugHandler')
    api.reply(200)
    session.get('users')
    assert capsys.readouterr().err == ''


@pytest.mark.parametrize('by_keyword', [True, False], ids=['keyword', 'property'])
def test_print_debug_prints_each_record_once_to_stderr(api, capsys, by_keyword):
    with another_session(api, debug=by_keyword) as session:
        session.print_debug = True
        assert session.print_debug is True
        assert isinstance(session._debugHandler, logging.StreamHandler)
        assert session.log.level == logging.DEBUG
        api.reply(200)
        session.get('users')
    printed = capsys.readouterr()
    assert printed.err.count('GET {}/users'.format(api.url)) == 1
    assert printed.out == ''


def test_print_debug_prints_only_the_records_of_its_session(api, session, capsys):
    session.print_debug = True
    api.reply(200, times=2)
    with another_session(api) as quiet:
        quiet.get('teams')
        session.get('users')
    printed = capsys.readouterr().err
    assert '/users' in printed
    assert '/teams' not in printed


def test_two_sessions_with_print_debug_print_each_line_once(api, session, capsys):
    session.print_debug = True
    api.reply(200, times=2)
    with another_session(api, debug=True) as other:
        other.get('teams')
        session.get('users')
    printed = capsys.readouterr().err
    assert [printed.count('/users'), printed.count('/teams')] == [1, 1]


def test_print_debug_off_in_one_session_does_not_silence_the_other(api, session, capsys):
    session.print_debug = True
    api.reply(200, times=2)
    with another_session(api, debug=True) as other:
        session.print_debug = False
        assert not hasattr(session, '_debugHandler')
        session.get('users')
        other.get('teams')
    printed = capsys.readouterr().err
    assert [printed.count('/users'), printed.count('/teams')] == [0, 1]


def test_the_debug_handler_of_a_discarded_session_is_removed(api, capsys):
    dropped = another_session(api, debug=True)
    handler = dropped._debugHandler
    del dropped
    gc.collect()
    api.reply(200)
    with another_session(api, debug=True) as session:
        session.get('users')
        assert handler not in session.log.handlers
    assert handler not in logging.getLogger('pdpyras').handlers + logging.getLogger().handlers
    assert capsys.readouterr().err.count('/users') == 1


def test_print_debug_off_restores_the_level_and_handlers(session):
    own = logging.NullHandler()
    session.log.addHandler(own)
    session.log.setLevel(logging.WARNING)
    session.print_debug = True
    assert session.log.level == logging.DEBUG
    session.print_debug = False
    assert session.log.level == logging.WARNING
    assert session.log.handlers == [own]


def test_print_debug_can_be_switched_on_and_off_repeatedly(api, session, capsys):
    session.print_debug = True
    session.print_debug = True
    api.reply(200)
    session.get('users')
    assert capsys.readouterr().err.count('/users') == 1
    session.print_debug = False
    session.print_debug = False
    assert session.log.handlers == []
    assert session.log.level == logging.NOTSET


def test_print_debug_is_undone_on_the_log_that_it_was_switched_on_for(session):
    first = session.log
    session.print_debug = True
    session.log = logging.getLogger('mine')
    session.print_debug = False
    assert first.handlers == []
    assert logging.getLogger('mine').handlers == []


def test_print_debug_does_not_stop_propagation_to_other_handlers(api, session, logged, capsys):
    session.print_debug = True
    api.reply(200)
    session.get('users')
    assert len(logged()) == 1
    assert capsys.readouterr().err.count('/users') == 1


def test_the_debug_handler_writes_to_stderr(api, session, capsys):
    session.print_debug = True
    assert session._debugHandler.stream is sys.stderr


# The key


def fail_in_many_ways(api, session):
    """Make a session log and raise every kind of error; return the texts of the errors."""
    raised = []
    session.retry.update({503: 1, 502: 1})
    session.max_network_attempts = 1
    echo = {'error': {'message': 'bad key {} {}'.format(KEY, ROUTING_KEY)}}
    for status in (200, 400, 401, 403, 404, 429, 500, 502, 502, 503, 503):
        api.reply(status, echo, {'x-request-id': 'REQ-1', 'ratelimit-reset': '1'})
    api.hang_up(times=2)
    for _ in range(9):
        try:
            response = session.post('v2/enqueue', json={'text': 'x'})
            pdpyras.successful_response(response, 'testing')
        except pdpyras.PDClientError as error:
            raised += [str(error), repr(error), error.msg, repr(error.response)]
    assert len(raised) > 20
    return raised


@pytest.mark.parametrize('auth_type', ['token', 'bearer', 'oauth2'])
def test_the_api_key_is_in_no_log_line_error_or_repr(api, logged, auth_type):
    with pdpyras.APISession(KEY, auth_type=auth_type, base_url=api.url) as session:
        texts = fail_in_many_ways(api, session) + [repr(session), str(session)]
    texts += logged()
    assert len(logged()) > 15
    assert [text for text in texts if KEY in text] == []


@pytest.mark.parametrize('kind', ['events', 'change_events'])
def test_the_routing_key_is_in_no_log_line_error_or_repr(api, request, logged, kind):
    session = request.getfixturevalue(kind)
    texts = fail_in_many_ways(api, session) + [repr(session), str(session)]
    texts += logged()
    assert [text for text in texts if ROUTING_KEY in text] == []


def test_a_key_in_a_url_is_masked(api, session, logged):
    api.reply(404)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('users/' + KEY, params={'token': KEY})
    assert KEY not in str(caught.value)
    assert [line for line in logged() if KEY in line] == []


def test_the_repr_of_a_session_has_its_class_and_url(api, session):
    assert repr(session) == '<APISession {} *1234>'.format(api.url)


# The logger pdpyras


def test_disabling_the_logger_pdpyras_silences_every_session(session, logged, monkeypatch):
    monkeypatch.setattr(logging.getLogger('pdpyras'), 'disabled', True)
    session.log.error('not seen')
    monkeypatch.undo()
    session.log.error('seen')
    assert logged() == ['seen']


def test_a_filter_of_the_logger_pdpyras_applies_to_every_session(session, logged):
    redact = Redact()
    logging.getLogger('pdpyras').addFilter(redact)
    try:
        session.log.error('the word is hunter2')
        session.log.error('drop this')
    finally:
        logging.getLogger('pdpyras').removeFilter(redact)
    assert logged() == ['the word is (redacted)']


class Redact(logging.Filter):
    def filter(self, record):
        record.msg = record.msg.replace('hunter2', '(redacted)')
        return 'drop' not in record.msg


def test_log_records_have_the_fields_of_the_response(api, session, caplog):
    caplog.set_level('DEBUG')
    api.reply(ANY_SERVER_ERROR, headers={'x-request-id': 'REQ-1'})
    session.get('users', params={'query': session.api_key})
    records = [record for record in caplog.records if record.name.startswith('pdpyras')]
    assert [record.levelname for record in records] == ['DEBUG', 'ERROR']
    for record in records:
        assert (record.http_method, record.status, record.request_id) == (
            'GET',
            ANY_SERVER_ERROR,
            'REQ-1',
        )
        assert record.url == '{}/users?query=*1234'.format(api.url)
        assert isinstance(record.seconds, float)


def test_fields_that_the_record_factory_of_the_program_sets_are_kept(api, session, caplog):
    factory = logging.getLogRecordFactory()

    # The parameters that logging passes.
    def with_request_id(name, level, path, line, message, args, exc_info, function, stack):
        record = factory(name, level, path, line, message, args, exc_info, function, stack)
        record.request_id = 'of the program'
        return record

    caplog.set_level('DEBUG')
    api.reply(ANY_SERVER_ERROR, headers={'x-request-id': 'REQ-1'})
    logging.setLogRecordFactory(with_request_id)
    try:
        session.get('users')
    finally:
        logging.setLogRecordFactory(factory)
    records = [record for record in caplog.records if record.name.startswith('pdpyras')]
    assert [record.levelname for record in records] == ['DEBUG', 'ERROR']
    assert [record.status for record in records] == [ANY_SERVER_ERROR] * 2
    assert [record.request_id for record in records] == ['of the program'] * 2


def test_the_request_id_of_a_log_record_is_none_if_the_response_has_none(api, session, caplog):
    caplog.set_level('DEBUG')
    api.reply()
    session.get('users')
    assert [r.request_id for r in caplog.records if r.name.startswith('pdpyras')] == [None]
