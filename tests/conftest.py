"""Fixtures: a scripted API on a real socket, sessions that talk to it, and no sleeping."""

import gc
import os
import shutil
import signal
import ssl
import subprocess
import threading

import pytest
from scale import at_scale
from wire import WireServer

import pdpyras

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # SIGINT is ignored under `pytest &` in a script, and so in the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Containers set this. Each of the hundred processes that tests start would compile pdpyras again.
os.environ.pop('PYTHONDONTWRITEBYTECODE', None)

try:
    from hypothesis import HealthCheck, settings
except ImportError:
    pass  # The tests that need it are skipped.
else:
    # By default, every run tries the same examples and has no deadline, so that no result depends
    # on chance or on the speed of the machine. To search for new examples:
    # pytest --hypothesis-profile=search tests/test_fuzz.py
    settings.register_profile(
        'repeatable',
        derandomize=True,
        max_examples=at_scale(40, full=100),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile(
        'search', settings.get_profile('repeatable'), derandomize=False, max_examples=1000
    )
    settings.load_profile('repeatable')


def pytest_collection_finish():
    # pytest keeps many objects until the end. Frozen, they do not slow down tests that collect
    # garbage or count objects.
    gc.collect()
    if hasattr(gc, 'freeze'):  # Since Python 3.7.
        gc.freeze()


@pytest.fixture
def api():
    server = WireServer()
    yield server
    server.close()


@pytest.fixture
def session(api):
    with pdpyras.APISession('the-api-key-1234', base_url=api.url) as session:
        yield session


@pytest.fixture
def events(api):
    with pdpyras.EventsAPISession('the-routing-key-5678', base_url=api.url) as session:
        yield session


@pytest.fixture
def change_events(api):
    with pdpyras.ChangeEventsAPISession('the-routing-key-5678', base_url=api.url) as session:
        yield session


@pytest.fixture(autouse=True)
def sleeps(monkeypatch):
    """The seconds that the library would have slept, in order. No test waits."""
    slept = []
    monkeypatch.setattr(pdpyras, 'time', _NoSleep(slept))
    yield slept
    # Pages read ahead that nobody waited for must not sleep in the next test.
    for thread in threading.enumerate():
        if type(thread).__module__ == 'pdpyras':
            thread.join(30)


class _NoSleep:
    """A replacement for the `time` module in pdpyras' namespace, which every wait uses."""

    def __init__(self, slept):
        self.sleep = slept.append


@pytest.fixture(scope='session')
def certificate(tmp_path_factory):
    """The context of a TLS server whose certificate nobody trusts."""
    folder = tmp_path_factory.mktemp('tls')
    key, certificate = str(folder / 'key.pem'), str(folder / 'cert.pem')
    # A key on an elliptic curve takes a tenth of the time of an RSA key.
    command = ['openssl', 'req', '-x509', '-nodes', '-days', '2', '-newkey', 'ec']
    command += ['-pkeyopt', 'ec_paramgen_curve:prime256v1']
    if shutil.which('openssl') is None:
        pytest.skip('needs the openssl command to make a certificate')
    subprocess.run(
        command + ['-subj', '/CN=localhost', '-keyout', key, '-out', certificate],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture
def no_garbage_collection():
    # Decoding 100,000 brackets leaves no stack for a finalizer that the collector may run.
    gc.disable()
    yield
    gc.enable()
