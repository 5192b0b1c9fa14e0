"""The logging handler against a scripted Events API."""

import io
import logging
import logging.config
import re
import signal
import sys
import threading

import pytest
from wire import Hang, Reply

import pdpyras
from pdpyras_extras import logs
from pdpyras_extras.logs import PagerDutyHandler

KEY = 'R0UTINGKEY0123456789ABCDEF012345'


@pytest.fixture
def handler(events_api, log):
    handler = PagerDutyHandler(KEY, base_url=events_api.url, source='web-1', flush_timeout=30)
    log.addHandler(handler)
    return handler


def payloads(api):
    return [seen.json['payload'] for seen in api.seen]


def summaries(api):
    return [payload['summary'] for payload in payloads(api)]


def counts(api):
    return [payload['custom_details']['count'] for payload in payloads(api)]


def lost(stderr):
    return sum(map(int, re.findall(r'(\d+) log record\(s\) lost', stderr)))


# Events


def test_record_becomes_a_trigger_event(events_api, handler, log):
    log.error('No answer from %s\nafter 3 attempts', 'the bank')
    handler.flush()

    (event,) = [seen.json for seen in events_api.seen]
    assert events_api.last.path == '/v2/enqueue'
    assert event['routing_key'] == KEY
    assert event['event_action'] == 'trigger'
    assert re.fullmatch('[0-9a-f]{64}', event['dedup_key'])
    payload = event['payload']
    details = payload.pop('custom_details')
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z', payload.pop('timestamp'))
    assert payload == {
        'summary': 'No answer from the bank',
        'source': 'web-1',
        'severity': 'error',
        'component': 'shop.payment',
    }
    assert details.pop('location').startswith(__file__ + ':')
    assert details.pop('process') > 0
    assert details == {
        'message': 'No answer from the bank\nafter 3 attempts',
        'level': 'ERROR',
        'thread': threading.current_thread().name,
        'count': 1,
    }


def test_exception_is_sent_with_its_type_and_traceback(events_api, handler, log):
    try:
        raise pdpyras.URLError('no such path')
    except pdpyras.URLError:
        log.exception('Refund failed')
    handler.flush()

    (payload,) = payloads(events_api)
    assert payload['summary'] == 'Refund failed'
    assert payload['class'] == 'pdpyras.URLError'
    assert payload['custom_details']['message'].endswith('pdpyras.URLError: no such path')
    assert 'Traceback (most recent call last)' in payload['custom_details']['message']


def test_formatter_applies_to_the_details_and_not_to_the_summary(events_api, handler, log):
    handler.setFormatter(logging.Formatter('%(levelname)s|%(message)s'))
    log.error('It broke')
    handler.flush()
    (payload,) = payloads(events_api)
    assert payload['summary'] == 'It broke'
    assert payload['custom_details']['message'] == 'ERROR|It broke'


@pytest.mark.parametrize(
    'level, severity',
    [
        (logging.CRITICAL, 'critical'),
        (logging.CRITICAL + 5, 'critical'),
        (logging.ERROR, 'error'),
        (logging.WARNING, 'warning'),
        (25, 'info'),
        (logging.DEBUG, 'info'),
    ],
)
def test_level_becomes_the_severity(events_api, handler, log, level, severity):
    handler.setLevel(logging.NOTSET)
    log.log(level, 'Something happened')
    handler.flush()
    assert payloads(events_api)[0]['severity'] == severity


def test_records_below_the_level_are_not_sent(events_api, handler, log):
    log.warning('Nearly full')
    log.info('Full')
    handler.flush()
    assert events_api.seen == []


def test_filters_apply_and_may_replace_a_record(events_api, handler, log):
    handler.addFilter(lambda record: 'secret' not in record.getMessage())
    log.error('a secret')
    log.error('no such thing')
    handler.flush()
    assert summaries(events_api) == ['no such thing']
    if sys.version_info >= (3, 12):
        replacement = logging.makeLogRecord({'msg': 'replaced', 'levelno': logging.ERROR})
        handler.addFilter(lambda record: replacement)
        log.error('no such thing either')
        handler.flush()
        assert payloads(events_api)[-1]['summary'] == 'replaced'


@pytest.mark.parametrize('message', ['', '   \n ', None])
def test_record_without_a_message_is_sent(events_api, handler, log, message):
    log.error(message)
    handler.flush()
    assert payloads(events_api)[0]['summary'] == ('(no message)' if message != None else 'None')  # noqa: E711


def test_long_texts_are_shortened_in_the_middle(events_api, handler, log):
    log.error('start' + 500_000 * '🔥' + 'end')
    handler.flush()
    (payload,) = payloads(events_api)
    assert len(payload['summary']) <= 1024
    assert payload['summary'].startswith('start') and payload['summary'].endswith('end')
    assert ' [...] ' in payload['custom_details']['message']
    assert len(events_api.last.body) < 512_000


def test_lone_surrogates_are_replaced(events_api, handler, log):
    log.error('Cannot read %s', b'caf\xe9'.decode('utf-8', 'surrogateescape'))
    handler.flush()
    assert payloads(events_api)[0]['summary'] == 'Cannot read caf?'


def test_source_is_the_host_by_default(events_api, log, monkeypatch):
    monkeypatch.setattr(logs.socket, 'gethostname', lambda: 'this-host')
    log.addHandler(PagerDutyHandler(KEY, base_url=events_api.url))
    log.error('It broke')
    log.handlers[0].flush()
    assert payloads(events_api)[0]['source'] == 'this-host'


# Deduplication


def test_key_depends_on_logger_message_and_exception_but_not_on_arguments(events_api, handler, log):
    other = logging.Logger('shop.stock')
    other.addHandler(handler)
    log.error('Order %d failed', 1)
    log.error('Order %d failed', 2)
    log.error('Order failed')
    other.error('Order %d failed', 3)
    log.error('Order %d failed', 4, exc_info=ValueError())
    log.error('Order %d failed', 5, exc_info=ValueError())
    log.error('Order %d failed', 6, exc_info=KeyError())
    handler.flush()
    keys = [seen.json['dedup_key'] for seen in events_api.seen]
    assert len(set(keys)) == 5
    assert sum(counts(events_api)) == 7
    assert [c for key, c in zip(keys, counts(events_api))].count(1) >= 3


def test_key_is_the_same_in_every_process(events_api, handler, log):
    log.error('Order %d failed', 1)
    handler.flush()
    parts = "('shop.payment', 'Order %d failed', '')"
    assert events_api.last.json['dedup_key'] == logs.hashlib.sha256(parts.encode()).hexdigest()


def test_dedup_chooses_the_key(events_api, log):
    handler = PagerDutyHandler(KEY, base_url=events_api.url, dedup=lambda record: record.customer)
    log.addHandler(handler)
    for customer in ('a', 'b', 'a'):
        log.error('Order failed', extra={'customer': customer})
    handler.flush()
    assert {seen.json['dedup_key'] for seen in events_api.seen} == {'a', 'b'}
    assert sum(counts(events_api)) == 3


@pytest.mark.parametrize(
    'dedup',
    [lambda record: None, lambda record: '', lambda record: 256 * 'x', lambda record: 1 / 0],
    ids=['None', 'empty', 'too long', 'raises'],
)
def test_record_whose_dedup_fails_is_sent_with_the_default_key(events_api, log, capsys, dedup):
    log.addHandler(PagerDutyHandler(KEY, base_url=events_api.url, dedup=dedup))
    log.error('It broke')
    log.handlers[0].close()
    assert re.fullmatch('[0-9a-f]{64}', events_api.last.json['dedup_key'])
    said = capsys.readouterr().err
    assert lost(said) == 0
    assert 'dedup must return a str of 1 to 255 characters' in said or 'ZeroDivisionError' in said


def test_many_records_of_one_message_take_one_place_in_the_outbox(log, capsys):
    with_room_for_two = PagerDutyHandler(
        KEY, base_url='http://127.0.0.1:1', capacity=2, flush_timeout=0
    )
    log.addHandler(with_room_for_two)
    with with_room_for_two._changed:  # The worker takes nothing out meanwhile.
        log.error('The first')
        for number in range(1000):
            log.error('Flood %d', number)
        for number in range(7):
            log.error('No room {}'.format(number))
    with_room_for_two.close()
    said = capsys.readouterr().err
    assert '7 log record(s) lost: no room for their alerts (capacity=2)' in said
    assert '1001 log record(s) lost: PagerDuty did not accept them within 0 s' in said
    assert "1 x 'The first'" in said
    assert "1000 x 'Flood 0'" in said


def test_overflow_is_reported_while_the_program_runs(events_api, log, monkeypatch):
    reported, reports = threading.Event(), []

    def report(*arguments):
        reports.append(arguments)
        reported.set()

    monkeypatch.setattr(logs, '_report_lost', report)
    handler = PagerDutyHandler(KEY, base_url=events_api.url, capacity=1)
    log.addHandler(handler)
    with handler._changed:
        log.error('It broke')
        log.error('No room')
    assert reported.wait(30)
    assert reports == [(1, 'no room for their alerts (capacity=1)')]


def test_report_of_lost_records_names_some_alerts(log, capsys):
    log.addHandler(PagerDutyHandler(KEY, base_url='http://127.0.0.1:1', flush_timeout=0))
    for number in range(12):
        log.error('Failure {}\x1b[2J'.format(number))
    log.handlers[0].close()
    said = capsys.readouterr().err
    assert '12 log record(s) lost' in said
    assert said.count("1 x 'Failure") == 10
    assert 'and 2 other alerts' in said
    assert '\x1b' not in said


# Timing of alerts, on a clock of the test


@pytest.fixture
def outbox():
    return logs._Outbox(capacity=1000)


def sent_at(outbox, now):
    """Take the alerts that may be sent at a time, and settle them as sent."""
    taken = []
    while True:
        alert = outbox.take(now)
        if alert is None:
            return taken
        outbox.settle(alert, now)
        taken.append((alert.key, alert.taken))


def add(outbox, *keys):
    for key in keys:
        if not outbox.count(key, logging.ERROR):
            outbox.open(key, logging.ERROR, {'summary': key})


def test_new_alert_is_sent_at_once_and_a_known_one_a_minute_later(outbox):
    add(outbox, 'a')
    assert sent_at(outbox, 100) == [('a', 1)]
    add(outbox, 'a', 'b', 'a')
    assert sent_at(outbox, 100) == [('b', 1)]
    assert outbox.next_time() == 160
    assert sent_at(outbox, 159.9) == []
    add(outbox, 'a')
    assert sent_at(outbox, 160) == [('a', 3)]
    assert sent_at(outbox, 1000) == []
    assert outbox.next_time() is None
    add(outbox, 'a')
    assert sent_at(outbox, 1000) == [('a', 1)]


def test_flush_does_not_wait_for_the_minute(outbox):
    add(outbox, 'a')
    sent_at(outbox, 100)
    add(outbox, 'a')
    outbox.hurry()
    assert outbox.next_time() < 100
    assert sent_at(outbox, 101) == [('a', 1)]
    add(outbox, 'a')
    assert sent_at(outbox, 102) == []


def test_flush_during_a_request_sends_the_records_logged_meanwhile(outbox):
    add(outbox, 'a')
    in_flight = outbox.take(100)
    add(outbox, 'a')
    ((alert, total),) = outbox.hurry()
    outbox.settle(in_flight, 101)
    assert (alert, total, alert.records.settled) == (in_flight, 2, 1)
    assert sent_at(outbox, 101) == [('a', 1)]
    assert alert.records.settled == 2


def test_at_most_120_events_are_sent_in_any_minute(outbox):
    add(outbox, *map(str, range(100)))
    assert len(sent_at(outbox, 0)) == 100
    add(outbox, *map(str, range(100, 300)))
    assert len(sent_at(outbox, 30)) == 20
    assert outbox.next_time() == 60
    outbox.hurry()
    assert sent_at(outbox, 59) == []
    assert len(sent_at(outbox, 60)) == 100
    assert outbox.next_time() == 90
    assert len(sent_at(outbox, 90)) == 20
    assert len(sent_at(outbox, 120)) == 60


def test_new_alerts_go_before_known_ones(outbox):
    add(outbox, 'a')
    sent_at(outbox, 0)
    add(outbox, 'a', 'b')
    assert sent_at(outbox, 60) == [('b', 1), ('a', 1)]


def test_failed_attempts_back_off_and_keep_the_count(outbox, monkeypatch):
    monkeypatch.setattr(logs, 'SHORTEST_BACKOFF', 1.0)
    add(outbox, 'a', 'a')
    now, waits = 0.0, []
    for _ in range(9):
        alert = outbox.take(now)
        add(outbox, 'a')
        outbox.put_back(alert, now)
        waits.append(outbox.next_time() - now)
        assert outbox.take(now) is None
        now = outbox.next_time()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert sent_at(outbox, now) == [('a', 11)]
    add(outbox, 'b')
    outbox.put_back(outbox.take(now), now)
    assert outbox.next_time() == now + 1


def test_alert_that_fails_does_not_delay_others(outbox, monkeypatch):
    monkeypatch.setattr(logs, 'SHORTEST_BACKOFF', 1.0)
    add(outbox, 'known')
    sent_at(outbox, 0)
    add(outbox, 'bad', 'known')
    for now in (50, 51, 53, 57):
        alert = outbox.take(now)
        assert alert.key == 'bad'
        outbox.put_back(alert, now)
    add(outbox, 'new')
    assert sent_at(outbox, 57) == [('new', 1)]
    assert sent_at(outbox, 60) == [('known', 1)]
    assert outbox.next_time() == 57 + 8


def test_alert_that_fails_in_a_flush_does_not_delay_others(outbox, monkeypatch):
    monkeypatch.setattr(logs, 'SHORTEST_BACKOFF', 1.0)
    add(outbox, 'bad', 'a', 'b')
    outbox.put_back(outbox.take(0), 0)
    outbox.hurry()
    outbox.put_back(outbox.take(0), 0)
    assert sent_at(outbox, 0) == [('a', 1), ('b', 1)]
    assert outbox.next_time() == 1


def test_flush_ends_the_back_off(outbox):
    add(outbox, 'a')
    outbox.put_back(outbox.take(0), 0)
    outbox.hurry()
    assert sent_at(outbox, 0) == [('a', 1)]


def test_failed_attempts_count_for_the_rate_limit(outbox):
    add(outbox, 'a')
    for _ in range(120):
        outbox.hurry()
        outbox.put_back(outbox.take(0), 0)
    outbox.hurry()
    assert outbox.take(59) is None
    assert outbox.take(60).key == 'a'


def test_record_that_is_counted_while_its_alert_is_taken_is_sent_later(outbox):
    add(outbox, 'a')
    alert = outbox.take(0)
    alert.records.add()  # By a thread that found the alert open just before.
    outbox.settle(alert, 0)
    assert sent_at(outbox, 60) == [('a', 1)]


@pytest.mark.parametrize(
    'is_accepted, expected', [(True, 'Slow'), (False, 'Gone')], ids=['accepted', 'failed']
)
def test_severe_record_is_sent_again_only_if_its_event_failed(outbox, is_accepted, expected):
    outbox.open('a', logging.CRITICAL, {'summary': 'Gone'})
    alert = outbox.take(0)
    assert not outbox.count('a', logging.WARNING)
    outbox.open('a', logging.WARNING, {'summary': 'Slow'})
    if is_accepted:
        outbox.settle(alert, 0)
    else:
        outbox.put_back(alert, 0)
    assert outbox.take(60).taken_payload == {'summary': expected}


def test_most_severe_record_is_named_if_all_are_lost(outbox):
    outbox.open('a', logging.CRITICAL, {'summary': 'Gone'})
    outbox.take(0)
    outbox.open('a', logging.WARNING, {'summary': 'Slow'})
    (alert,) = outbox.clear()
    assert (alert.taken, alert.taken_payload) == (2, {'summary': 'Gone'})


def test_memory_is_bounded_by_the_capacity():
    outbox = logs._Outbox(capacity=200)
    for minute in range(20):
        add(outbox, *('{}-{}'.format(minute, number) for number in range(300)))
        sent_at(outbox, 60 * minute)
        assert len(outbox._alerts) <= 200 + 120
    assert outbox.overflow.unsettled() == 20 * 300 - 200 - 19 * 120


def test_event_describes_the_most_severe_of_its_records(events_api, log):
    handler = PagerDutyHandler(
        KEY,
        logging.WARNING,
        dedup=lambda record: record.name,
        base_url=events_api.url,
        flush_timeout=30,
    )
    log.addHandler(handler)
    log.warning('Slow')
    handler.flush()
    log.warning('Still slow')
    log.critical('The database is gone')
    log.error('A query failed')
    log.critical('The database is still gone')
    handler.flush()
    assert summaries(events_api) == ['Slow', 'The database is gone']
    assert [payload['severity'] for payload in payloads(events_api)] == ['warning', 'critical']
    assert counts(events_api) == [1, 4]


# Failures


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr(logs, 'SHORTEST_BACKOFF', 0.001)


@pytest.mark.parametrize(
    'reply',
    [Reply(500), Reply(503), Reply(408), Reply(429, {'error': {'code': 2020}}), Reply(200, {})],
    ids=lambda reply: str(reply.status),
)
def test_event_is_kept_and_sent_again_after_a_failure(events_api, handler, log, sleeps, reply):
    events_api.answer(reply)
    log.error('It broke')
    events_api.wait_for(1)
    log.error('It broke')
    handler.flush()
    assert sum(counts(events_api)[1:]) == 2
    assert sleeps == []


def test_event_is_kept_while_the_connection_fails(events_api, handler, log, sleeps):
    events_api.hang_up()
    log.error('It broke')
    events_api.wait_for(1)
    handler.flush()
    assert counts(events_api) == [1, 1]
    assert sleeps == []


def test_long_delay_is_reported_once_an_hour(events_api, handler, log, capsys, monkeypatch):
    monkeypatch.setattr(logs, 'MINUTE', 0.0)
    events_api.answer(Reply(503), times=3)
    log.error('It broke')
    handler.flush()
    said = capsys.readouterr().err
    assert said.count('alerts are delayed') == 1
    assert 'PagerDutyHandler: alerts are delayed: POST ' in said and '503' in said


def test_short_delay_is_not_reported(events_api, handler, log, capsys):
    events_api.answer(Reply(503), times=3)
    log.error('It broke')
    handler.flush()
    assert capsys.readouterr().err == ''


def test_event_that_always_fails_does_not_delay_others(
    events_api, log, sleeps, capsys, monkeypatch
):
    monkeypatch.setattr(logs, 'SHORTEST_BACKOFF', 3600)

    def answer(seen):
        is_bad = seen.json['payload']['summary'] == 'Bad'
        return Reply(500) if is_bad else Reply(202, {'dedup_key': seen.json['dedup_key']})

    events_api.rule(answer)
    handler = PagerDutyHandler(KEY, base_url=events_api.url, flush_timeout=30)
    log.addHandler(handler)
    log.error('Bad')
    events_api.wait_for(1)
    for name in 'abc':
        log.error('Alert ' + name)
    events_api.wait_for(4)
    with handler._changed:
        handler._changed.wait_for(lambda: not handler._sending, 30)
    handler.flush_timeout = 0
    handler.close()
    said = capsys.readouterr().err
    assert lost(said) == 1
    assert "1 x 'Bad'" in said


def test_rejected_event_is_reported_and_not_repeated(events_api, handler, log, capsys):
    events_api.reply(400, {'status': 'invalid event', 'errors': ['Routing key is wrong: ' + KEY]})
    log.error('It broke')
    handler.flush()
    log.error('Something else')
    handler.flush()
    handler.close()
    assert summaries(events_api) == [
        'It broke',
        'Something else',
    ]
    said = capsys.readouterr().err
    assert lost(said) == 1
    assert 'PagerDuty did not accept them: ' in said and 'Routing key is wrong' in said
    assert "1 x 'It broke'" in said
    assert KEY not in said


def test_worker_survives_any_exception_of_a_session(events_api, handler, log, capsys, monkeypatch):
    def fails(*args, **kwargs):
        monkeypatch.undo()
        raise RuntimeError('a bug')

    monkeypatch.setattr(handler._session, 'send_event', fails)
    log.error('It broke')
    handler.flush()
    log.error('Something else')
    handler.flush()
    assert summaries(events_api) == ['Something else']
    assert '1 log record(s) lost: PagerDuty did not accept them: a bug' in capsys.readouterr().err


def test_shutdown_waits_once_for_a_server_that_hangs(events_api, log, capsys, monkeypatch):
    events_api.answer(Hang())
    handler = PagerDutyHandler(KEY, base_url=events_api.url, flush_timeout=0.05)
    log.addHandler(handler)
    waits = []
    wait_for = handler._changed.wait_for

    def counted(predicate, timeout):
        waits.append(timeout)
        return wait_for(predicate, timeout)

    monkeypatch.setattr(handler._changed, 'wait_for', counted)
    log.error('It broke')
    log.error('It broke')
    events_api.wait_for(1)
    logging.shutdown([lambda: handler])
    assert waits == [0.05]
    said = capsys.readouterr().err
    assert lost(said) == 2
    assert 'within 0.05 s: there was no response' in said


def test_close_waits_again_once_events_were_accepted(events_api, log, capsys):
    events_api.reply(503)
    handler = PagerDutyHandler(KEY, base_url=events_api.url, flush_timeout=0)
    log.addHandler(handler)
    log.error('It broke')
    events_api.wait_for(1)
    handler.flush()
    handler.flush_timeout = 30
    handler.flush()
    log.error('It broke')
    handler.close()
    assert sum(counts(events_api)[1:]) == 2
    assert capsys.readouterr().err == ''


def test_logging_does_not_block_while_shutdown_waits(events_api, log, capsys):
    """Hold the lock of the handler, as logging.shutdown does."""
    handler = PagerDutyHandler(KEY, base_url=events_api.url)
    log.addHandler(handler)
    handler.acquire()
    try:
        thread = threading.Thread(target=log.error, args=('It broke',))
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
        handler.flush()
    finally:
        handler.release()
    assert counts(events_api) == [1]


def test_dict_config_neither_closes_the_handler_nor_waits_for_it(events_api, log, capsys):
    handler = PagerDutyHandler(KEY, base_url=events_api.url, flush_timeout=600)
    log.addHandler(handler)
    log.error('Before')
    logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False})
    log.error('After')
    handler.flush()
    assert summaries(events_api) == ['Before', 'After']
    assert capsys.readouterr().err == ''


def test_worker_of_a_replaced_handler_ends(events_api, log, monkeypatch):
    monkeypatch.setattr(logs, 'MINUTE', 0.0)
    handler = PagerDutyHandler(KEY, base_url=events_api.url)
    log.addHandler(handler)
    log.error('Before')
    worker = handler._worker
    handler.flush()
    with handler._changed:
        handler._changed.wait_for(lambda: handler._outbox.next_time() is None, 30)
    logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False})
    worker.join(30)
    assert not worker.is_alive()
    log.error('After')
    handler.flush()
    assert summaries(events_api) == ['Before', 'After']


def test_records_after_close_are_reported(events_api, handler, log, capsys):
    handler.close()
    log.error('Too late')
    assert '1 log record(s) lost: the handler is closed' in capsys.readouterr().err
    handler.close()
    assert events_api.seen == []


def test_flush_and_close_without_records_do_nothing(events_api, handler, capsys):
    handler.flush()
    handler.close()
    assert capsys.readouterr().err == ''
    assert handler._worker is None


def test_worker_ends_with_its_handler(events_api, handler, log):
    log.error('It broke')
    handler.flush()
    worker = handler._worker
    assert worker.daemon
    handler.close()
    worker.join(30)
    assert not worker.is_alive()


@pytest.mark.parametrize('stderr', [None, io.StringIO()], ids=['none', 'closed'])
def test_handler_works_without_stderr(events_api, handler, log, monkeypatch, stderr):
    if stderr is not None:
        stderr.close()
    events_api.reply(400)
    monkeypatch.setattr(sys, 'stderr', stderr)
    log.error('It broke')
    handler.flush()
    log.error('Something else')
    handler.flush()
    assert len(events_api.seen) == 2


# Unusual records and threads


def test_records_of_the_worker_itself_are_not_sent(events_api, caplog):
    root = logging.getLogger()
    handler = PagerDutyHandler(KEY, logging.DEBUG, base_url=events_api.url, flush_timeout=30)
    root.addHandler(handler)
    caplog.set_level(logging.DEBUG)
    events_api.reply(500)
    try:
        logging.getLogger('shop').error('It broke')
        events_api.wait_for(1)
        handler.flush()
    finally:
        root.removeHandler(handler)
        handler.close()
    assert {payload['summary'] for payload in payloads(events_api)} == {'It broke'}
    assert any(
        record.levelno == logging.ERROR for record in caplog.records if record.name != 'shop'
    )


def test_reports_on_a_stderr_that_logs_are_not_sent(events_api, handler, log, monkeypatch):
    class LoggingStderr(io.StringIO):
        def write(self, text):
            log.error(text)
            return super().write(text)

    stderr = LoggingStderr()
    monkeypatch.setattr(sys, 'stderr', stderr)
    events_api.reply(400)
    log.error('It broke')
    handler.flush()
    handler.close()
    assert len(events_api.seen) == 1
    assert 'did not accept them' in stderr.getvalue()


class WithoutText:
    """Like an ORM object whose session is closed."""

    def __str__(self):
        raise RuntimeError('no text')

    __repr__ = __str__


@pytest.mark.parametrize(
    'arguments', [('text',), (1, 2), ({},), (WithoutText(),), (17, WithoutText())]
)
def test_arguments_that_do_not_fit_the_message_still_send_an_alert(
    events_api, handler, log, arguments
):
    log.error('Order %d failed', *arguments, exc_info=KeyError('price'))
    handler.flush()
    (payload,) = payloads(events_api)
    assert payload['summary'] == 'Order %d failed'
    message = payload['custom_details']['message']
    assert 'arguments that do not fit' in message
    assert message.endswith("KeyError: 'price'")


def test_formatter_that_fails_leaves_the_message_and_the_traceback(events_api, handler, log):
    """Format a field that only the records of some loggers have."""
    handler.setFormatter(logging.Formatter('%(request_id)s %(message)s'))
    log.error('Order %d failed', 17, exc_info=KeyError('price'))
    handler.flush()
    (payload,) = payloads(events_api)
    assert payload['summary'] == 'Order 17 failed'
    message = payload['custom_details']['message']
    assert message.startswith('Order 17 failed\n')
    assert "KeyError: 'price' [the formatter failed: " in message
    assert 'request_id' in message


def test_message_without_a_text_is_sent_with_its_type(events_api, handler, log):
    log.error(WithoutText())
    log.error(WithoutText())
    handler.flush()
    assert {payload['summary'] for payload in payloads(events_api)} == {
        '<WithoutText without a text>'
    }
    assert sum(counts(events_api)) == 2
    assert len({seen.json['dedup_key'] for seen in events_api.seen}) == 1


def test_logging_never_raises(events_api, handler, log, capsys):
    log.handle(logging.makeLogRecord({'levelno': logging.ERROR, 'created': 'today'}))
    handler.close()
    said = capsys.readouterr().err
    assert '1 log record(s) lost: no event could be made of them' in said
    assert 'TypeError' in said


@pytest.mark.skipif(not hasattr(signal, 'SIGUSR1'), reason='there is no SIGUSR1 on this system')
def test_signal_handler_can_log_at_any_moment(events_api, handler, log):
    before = signal.signal(signal.SIGUSR1, lambda *_: log.error('From the signal handler'))
    try:
        with handler._changed:
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    handler.flush()
    assert summaries(events_api) == ['From the signal handler']


def test_alerts_are_sent_by_flush_if_no_thread_can_be_started(
    events_api, handler, log, capsys, monkeypatch
):
    start = threading.Thread.start

    def cannot(self):
        if self.name == 'PagerDutyHandler':
            raise RuntimeError("can't start new thread")
        start(self)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, 'start', cannot)
        log.error('It broke')
        log.error('Something else')
        handler.flush()
    assert counts(events_api) == [1, 1]
    log.error('It broke')
    handler.close()
    assert counts(events_api) == [1, 1, 1]
    assert capsys.readouterr().err == ''


# Configuration


def test_handler_is_configured_by_a_dict(events_api, capsys):
    logging.config.dictConfig({
        'version': 1,
        'disable_existing_loggers': False,
        'formatters': {'brief': {'format': '<%(message)s>'}},
        'handlers': {
            'pagerduty': {
                'class': 'pdpyras_extras.logs.PagerDutyHandler',
                'level': 'CRITICAL',
                'formatter': 'brief',
                'routing_key': KEY,
                'source': 'batch',
                'capacity': 10,
                'flush_timeout': 30,
                'base_url': events_api.url,
            },
        },
        'loggers': {'shop.night': {'handlers': ['pagerduty'], 'propagate': False}},
    })  # fmt: skip
    night = logging.getLogger('shop.night')
    night.error('Not this one')
    night.critical('The safe is open')
    (handler,) = night.handlers
    night.removeHandler(handler)
    handler.close()
    (payload,) = payloads(events_api)
    assert payload['custom_details']['message'] == '<The safe is open>'
    assert (payload['source'], payload['severity']) == ('batch', 'critical')


@pytest.mark.parametrize('key', ['', '  ', None, 5])
def test_missing_routing_key_is_an_error(key):
    with pytest.raises(ValueError, match='routing_key must be.*check that the variable is set'):
        PagerDutyHandler(key)


@pytest.mark.parametrize(
    'options, error',
    [
        ({'dedup': 'record.name'}, TypeError),
        ({'capacity': 0}, ValueError),
        ({'capacity': -1}, ValueError),
        ({'capacity': 1.5}, ValueError),
        ({'capacity': None}, ValueError),
        ({'flush_timeout': -1}, ValueError),
        ({'flush_timeout': float('nan')}, ValueError),
        ({'flush_timeout': float('inf')}, ValueError),
        ({'flush_timeout': '5'}, ValueError),
        ({'flush_timeout': None}, ValueError),
        ({'level': 'LOUD'}, ValueError),
        ({'base_url': 'events.example.com'}, pdpyras.URLError),
    ],
    ids=str,
)
def test_bad_option_is_an_error_that_names_it(options, error):
    with pytest.raises(error) as caught:
        PagerDutyHandler(KEY, **options)
    (name,) = options
    assert name in str(caught.value) or name in ('level', 'base_url')


def test_routing_key_is_not_shown(handler):
    assert KEY not in repr(handler)
    assert KEY not in str(vars(handler))
