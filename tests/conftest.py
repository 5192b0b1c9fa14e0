"""Fixtures: a scripted API on a real socket, sessions that talk to it, and no sleeping."""

import gc

import pytest
from wire import WireServer

import pdpyras

try:
    from hypothesis import HealthCheck, settings
except ImportError:
    pass  # The tests that need it are skipped.
else:
    # How long anything takes is not what is tested. And a change is judged by the same examples
    # each time, not by what a search comes across that day; for the search there is a profile:
    # pytest --hypothesis-profile=search tests/test_fuzz.py
    settings.register_profile(
        'repeatable',
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile(
        'search', settings.get_profile('repeatable'), derandomize=False, max_examples=1000
    )
    settings.load_profile('repeatable')


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
    """The seconds that the library slept, in order; no test really waits."""
    slept = []
    monkeypatch.setattr(pdpyras, 'time', _NoSleep(slept))
    return slept


class _NoSleep:
    """Stands in for the `time` module in pdpyras' namespace, where every wait goes through."""

    def __init__(self, slept):
        self.sleep = slept.append


@pytest.fixture
def no_garbage_collection():
    # In the depth of 100,000 brackets, any finalizer that the collector runs has no stack left.
    gc.disable()
    yield
    gc.enable()
