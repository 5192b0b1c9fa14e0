"""Access to a sandbox in an environment with a proxy."""

import os

import pytest
import requests

import pdpyras
from pdpyras_sandbox import Sandbox

NAMES = ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'https_proxy', 'HTTPS_PROXY')
NO_PROXY_NAMES = ('no_proxy', 'NO_PROXY')
#: A proxy that does not exist.
PROXY = 'http://127.0.0.1:9'


def no_proxy():
    return {name: os.environ[name] for name in NO_PROXY_NAMES if name in os.environ}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in NAMES + NO_PROXY_NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    'before',
    [
        {'http_proxy': PROXY},
        {'HTTP_PROXY': PROXY, 'no_proxy': 'a.example'},
        {'all_proxy': PROXY, 'NO_PROXY': 'a.example,127.0.0.1'},
        {'ALL_PROXY': PROXY, 'no_proxy': 'a.example', 'NO_PROXY': 'b.example'},
    ],
    ids=str,
)
def test_sandbox_is_reached_without_the_proxy(environment, before):
    for name, value in before.items():
        environment.setenv(name, value)
    with Sandbox() as sandbox:
        session = pdpyras.APISession(sandbox.user_key, base_url=sandbox.url)
        assert session.rget('users/me')['email'] == sandbox.email
        assert requests.get(sandbox.url + '/_sandbox', timeout=5).ok
    assert {name: os.environ[name] for name in before} == before
    assert set(no_proxy()) == set(before) & set(NO_PROXY_NAMES)


def test_no_proxy_is_restored_if_sandboxes_close_in_any_order(environment):
    environment.setenv('HTTP_PROXY', PROXY)
    first, second = Sandbox(), Sandbox()
    first.close()
    assert requests.get(second.url + '/_sandbox', timeout=5).ok
    second.close()
    assert no_proxy() == {}


def test_environment_without_a_proxy_is_unchanged():
    with Sandbox():
        assert no_proxy() == {}


def test_requests_to_other_hosts_use_the_proxy(environment):
    environment.setenv('HTTP_PROXY', PROXY)
    with Sandbox(), pytest.raises(requests.exceptions.ProxyError):
        requests.get('http://pagerduty.invalid', timeout=5)
