"""The logging handler under load, in programs that fork, fail or end, and in a Flask application.

The records counted by the server and those reported on stderr must add up to the logged ones.
"""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from paste import ROOT, blocks
from scale import at_scale
from wire import Hang, Reply

import pdpyras_extras
from pdpyras_extras import logs
from pdpyras_extras.logs import PagerDutyHandler

needs_fork = pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')


def counted(api):
    return sum(seen.json['payload']['custom_details']['count'] for seen in api.seen)


def lost(stderr):
    return sum(map(int, re.findall(r'(\d+) log record\(s\) lost', stderr)))


def log_from_threads(log, messages, threads=16):
    """Log from several threads at once; return the 99th percentile of the seconds of a call."""
    seconds = []
    barrier = threading.Barrier(threads)

    def run(number):
        taken = []
        barrier.wait()
        for message in messages(number):
            before = time.perf_counter()
            log.error(*message)
            taken.append(time.perf_counter() - before)
        seconds.extend(taken)

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sorted(seconds)[len(seconds) * 99 // 100]


#: The records that each of 16 threads logs.
RECORDS = at_scale(1250, full=6250)


def same_message(number):
    return (('Order %d failed', order) for order in range(RECORDS))


def many_messages(number):
    return (('Order {}-{} failed'.format(number, order),) for order in range(RECORDS))


def best_percentile(measure):
    """Return the best of some measurements, to which other load on this machine only adds."""
    best = 1.0
    for _ in range(10):
        best = min(best, measure())
        if best < 0.001:
            break
    return best


@pytest.mark.parametrize('messages', [same_message, many_messages])
def test_all_records_from_16_threads_are_accounted_for(events_api, log, capsys, messages):
    handler = PagerDutyHandler(KEY, base_url=events_api.url, flush_timeout=30)
    log.addHandler(handler)
    log_from_threads(log, messages)
    if messages is many_messages:  # The rate limit lets 120 through; do not wait for more.
        events_api.wait_for(120)
        with handler._changed:
            handler._changed.wait_for(lambda: not handler._sending, 30)
        handler.flush_timeout = 0
    handler.close()
    assert counted(events_api) + lost(capsys.readouterr().err) == 16 * RECORDS
    assert len(events_api.seen) <= 120
    if messages is same_message:
        assert counted(events_api) == 16 * RECORDS


def hanging(api):
    api.rule(lambda seen: Hang())
    return api.url


def failing(api):
    api.rule(lambda seen: Reply(500))
    return api.url


def refusing(api):
    return 'http://127.0.0.1:1'


@pytest.mark.parametrize(
    'server, messages',
    [(hanging, same_message), (failing, many_messages), (refusing, many_messages)],
)
def test_log_call_takes_less_than_a_millisecond_while_the_server_fails(
    api, log, capsys, server, messages
):
    log.addHandler(PagerDutyHandler(KEY, base_url=server(api), flush_timeout=0))
    best = best_percentile(lambda: log_from_threads(log, messages))
    log.handlers[0].close()
    assert best < 0.001
    assert lost(capsys.readouterr().err) % (16 * RECORDS) == 0


# Programs


def run(script, api, *, timeout=60, code=0, stderr=subprocess.PIPE):
    environment = dict(os.environ, PYTHONPATH=str(Path(pdpyras_extras.__file__).parents[1]))
    environment.pop('PYTHONUNBUFFERED', None)
    finished = subprocess.run(
        [sys.executable, '-c', PROLOGUE + script, api.url],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding='utf-8',
        timeout=timeout,
    )
    assert finished.returncode == code, finished.stderr
    return finished


PAGE = ROOT / 'docs' / 'extras' / 'logs.rst'
KEY = 'R0UTINGKEY0123456789ABCDEF012345'
PROLOGUE = """
import logging, os, sys, threading
from pdpyras_extras.logs import PagerDutyHandler
handler = PagerDutyHandler('R0UTINGKEY0123456789ABCDEF012345', base_url=sys.argv[1])
log = logging.getLogger('shop')
log.addHandler(handler)
"""


def code_on_page(word):
    """Return the code block of docs/extras/logs.rst that has a word."""
    found = [code for _, code, _ in blocks(PAGE.read_text(encoding='utf-8')) if word in code]
    (code,) = found
    return code


def test_script_that_ends_by_an_exception_loses_no_records(events_api):
    script = """
for number in range(1000):
    log.error('Order %d failed', number)
log.critical('Giving up')
raise RuntimeError('the end')
"""
    finished = run(script, events_api, code=1)
    assert counted(events_api) == 1001
    assert finished.stderr.count('RuntimeError: the end') == 1
    assert 'PagerDutyHandler' not in finished.stderr


def test_script_whose_server_hangs_ends_in_time_and_reports_the_loss(api):
    api.rule(lambda seen: Hang())
    script = """
handler.flush_timeout = 0.1
for number in range(1000):
    log.error('Order %d failed', number)
raise RuntimeError('the end')
"""
    before = time.monotonic()
    finished = run(script, api, code=1)
    assert time.monotonic() - before < logs.TIMEOUT
    assert lost(finished.stderr) == 1000
    assert KEY not in finished.stderr


def test_first_record_at_the_end_of_the_program_is_sent(events_api):
    """Log when no thread can be started any more, from Python 3.12 on."""
    script = """
import atexit
atexit.register(log.error, 'At the end')
"""
    assert run(script, events_api).stderr == ''
    assert counted(events_api) == 1


def test_record_after_logging_has_shut_down_is_reported(events_api):
    script = """
import atexit
atexit.unregister(logging.shutdown)
atexit.register(log.error, 'Too late')
atexit.register(logging.shutdown)
"""
    assert '1 log record(s) lost: the handler is closed' in run(script, events_api).stderr
    assert events_api.seen == []


def test_alerts_of_a_handler_that_dict_config_closed_are_sent_at_the_end(events_api):
    script = """
import logging.config
logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False})
log.error('After dictConfig')
"""
    assert run(script, events_api).stderr == ''
    assert counted(events_api) == 1


def test_daemon_threads_that_keep_logging_do_not_delay_the_end(events_api):
    script = """
def go_on():
    while True:
        log.error('And on')
threading.Thread(target=go_on, daemon=True).start()
while not handler._worker:
    pass
"""
    run(script, events_api)
    assert counted(events_api) > 0


@needs_fork
def test_daemon_thread_that_reports_losses_at_the_end_does_not_abort_the_program(api):
    """Hold up the report in a full pipe: with the lock of stderr held, Python would abort."""
    script = """
import time
os.set_blocking(2, False)
try:
    while True:
        os.write(2, b' ' * 512)
except BlockingIOError:
    os.set_blocking(2, True)
log.error('At the end')
handler.flush()
time.sleep(0.2)
"""
    api.reply(400)
    read, write = os.pipe()
    try:
        assert run(script, api, stderr=write).returncode == 0
    finally:
        os.close(write)
        os.close(read)


@needs_fork
@pytest.mark.filterwarnings('ignore:.*multi-threaded, use of fork:DeprecationWarning')
def test_each_process_sends_its_own_records_after_a_fork(events_api):
    script = """
import warnings
warnings.simplefilter('ignore', DeprecationWarning)
with handler._changed:  # Records that are pending in the parent are not sent by its children.
    for number in range(100):
        log.error('In the parent')
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            for number in range(1000):
                log.error('In a child')
            sys.exit()
        children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""
    assert run(script, events_api).stderr == ''
    sent = {}
    for seen in events_api.seen:
        details = seen.json['payload']['custom_details']
        key = (seen.json['payload']['summary'], details['process'])
        sent[key] = sent.get(key, 0) + details['count']
    assert sorted(sent.values()) == [100, 1000, 1000, 1000, 1000]


@needs_fork
def test_fork_while_other_threads_log_does_not_hang_the_child(events_api):
    script = """
import warnings
warnings.simplefilter('ignore', DeprecationWarning)
stop = threading.Event()
def go_on(number):
    count = 0
    while not stop.is_set():
        log.error('Message {}'.format(count % 50))
        count += 1
threads = [threading.Thread(target=go_on, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        log.error('In a child')
        handler.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
"""
    run(script, events_api)
    summaries = [seen.json['payload']['summary'] for seen in events_api.seen]
    assert summaries.count('In a child') == 10


@needs_fork
@pytest.mark.parametrize('end', ['', 'raise RuntimeError("the end")', 'sys.exit(3)'])
def test_forked_workers_of_a_pool_lose_no_records(events_api, end):
    """The handler is set up before the fork, and the workers do not run logging.shutdown."""
    script = (
        """
import multiprocessing, warnings
warnings.simplefilter('ignore', DeprecationWarning)
log.error('Before the fork')
def work(tasks):
    for task in iter(tasks.get, None):
        log.error('Task %d failed', task)
    """
        + end
        + """
context = multiprocessing.get_context('fork')
tasks = context.SimpleQueue()
workers = [context.Process(target=work, args=(tasks,)) for _ in range(3)]
for worker in workers:
    worker.start()
for task in range(300):
    tasks.put(task)
for worker in workers:
    tasks.put(None)
for worker in workers:
    worker.join()
"""
    )
    finished = run(script, events_api)
    assert counted(events_api) == 301
    assert 'PagerDutyHandler' not in finished.stderr


@needs_fork
def test_worker_of_a_pool_with_its_own_logging_loses_no_records(events_api):
    script = """
import multiprocessing, warnings
warnings.simplefilter('ignore', DeprecationWarning)
log.removeHandler(handler)
def work():
    log.addHandler(PagerDutyHandler(handler._session.api_key, base_url=sys.argv[1]))
    for task in range(100):
        log.error('Task %d failed', task)
worker = multiprocessing.get_context('fork').Process(target=work)
worker.start()
worker.join()
log.addHandler(handler)
log.error('In the parent')
"""
    assert run(script, events_api).stderr == ''
    assert counted(events_api) == 101


@needs_fork
def test_pool_in_a_with_statement_loses_no_records_if_it_is_closed_and_joined(events_api):
    """Otherwise, the end of the statement sends SIGTERM to the workers."""
    script = """
import multiprocessing, warnings
warnings.simplefilter('ignore', DeprecationWarning)
def fail(task):
    log.error('Task %d failed', task)
with multiprocessing.get_context('fork').Pool(2) as pool:
    pool.map(fail, range(8), chunksize=1)
    pool.close()
    pool.join()
"""
    assert run(script, events_api).stderr == ''
    assert counted(events_api) == 8


@pytest.mark.skipif(sys.platform == 'win32', reason='Windows does not send SIGTERM')
def test_script_that_exits_on_sigterm_loses_no_records(events_api):
    script = """
import os
for number in range(1000):
    log.error('Order %d failed', number)
os.kill(os.getpid(), signal.SIGTERM)
"""
    assert run(code_on_page('SIGTERM') + script, events_api).stderr == ''
    assert counted(events_api) == 1000


@needs_fork
def test_celery_worker_loses_no_records_if_its_processes_flush(events_api, tmp_path):
    """Close on Celery's signal worker_process_shutdown, as workers run no exit handlers."""
    pytest.importorskip('celery', reason='Celery is installed by tox -e extras')
    (tmp_path / 'queue').mkdir()
    (tmp_path / 'jobs.py').write_text(
        """
from celery_jobs import app, charge

app.conf.broker_transport_options = dict.fromkeys(('data_folder_in', 'data_folder_out'), 'queue')
"""
    )
    script = """
import subprocess, sys
import jobs
for number in range(100):
    jobs.charge.delay(number)
worker = [sys.executable, '-m', 'celery', '-A', 'jobs', 'worker', '-c', '2', '-l', 'INFO']
worker = subprocess.Popen(worker, stderr=subprocess.PIPE, encoding='utf-8')
done = 0
for line in worker.stderr:
    done += 'succeeded in' in line
    if done == 100:
        break
worker.terminate()
worker.stderr.read()
sys.exit(worker.wait())
"""
    paths = [Path(pdpyras_extras.__file__).parents[1], Path(__file__).parent]
    variables = {
        'PYTHONPATH': os.pathsep.join(map(str, paths)),
        'CELERY_BROKER_URL': 'filesystem://',
        'PAGERDUTY_ROUTING_KEY': KEY,
        'PAGERDUTY_URL': events_api.url,
    }
    subprocess.run(
        [sys.executable, '-c', script],
        cwd=tmp_path,
        env={**os.environ, **variables},
        check=True,
        timeout=100,
    )
    assert counted(events_api) == 100


def test_flask_application_is_not_slowed_down_and_loses_no_error(api, capsys, monkeypatch):
    flask = pytest.importorskip('flask')
    from werkzeug.serving import make_server

    # On a busy machine, the visits may take longer than the handler waits for a response. The event
    # would be sent and counted again.
    monkeypatch.setattr(logs, 'TIMEOUT', 120)
    hang = threading.Event()

    def answer(seen):
        hang.wait(120)
        return Reply(202, {'status': 'success', 'dedup_key': seen.json['dedup_key']})

    api.rule(answer)
    app = flask.Flask('shop_site')
    app.logger.propagate = False
    handler = PagerDutyHandler(KEY, base_url=api.url, flush_timeout=30)
    app.logger.addHandler(handler)
    seconds = []

    @app.route('/orders/<int:number>')
    def order(number):
        before = time.perf_counter()
        app.logger.error('Order %d failed', number)
        seconds.append(time.perf_counter() - before)
        raise ValueError(number)

    server = make_server('127.0.0.1', 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    serving.start()

    def visit():
        for number in range(100):
            url = 'http://127.0.0.1:{}/orders/{}'.format(server.server_port, number % 50)
            assert session.get(url, timeout=30).status_code == 500
        return sorted(seconds[-100:])[98]

    try:
        with requests.Session() as session:
            assert best_percentile(visit) < 0.001
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    hang.set()
    app.logger.removeHandler(handler)
    handler.close()
    assert counted(api) == 2 * len(seconds)  # One by the view, one by Flask about the exception.
    classes = {seen.json['payload'].get('class') for seen in api.seen}
    assert classes == {None, 'ValueError'}
    assert 'PagerDutyHandler' not in capsys.readouterr().err
