"""Redirection of this process's HTTP clients to a sandbox with ``as_pagerduty()``."""

import asyncio
import contextlib
import http.client
import json
import os
import random
import socket
import ssl
import threading
import urllib.request

import pytest
import requests
import urllib3

import pdpyras
from pdpyras_sandbox import Sandbox, in_process
from pdpyras_sandbox.proxy import SandboxProxy

try:
    import aiohttp
except ImportError:
    aiohttp = None

#: The open files of this process.
FILES = '/proc/self/fd'
URL = 'https://api.pagerduty.com/users/me'
pytest_plugins = ['pytester']


def headers(sandbox):
    return {'Authorization': f'Token token={sandbox.user_key}'}


def httpx_like(name):
    return pytest.importorskip(name, reason=f'{name} is not installed')


@pytest.fixture(scope='module')
def sandbox():
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


@pytest.fixture(scope='module')
def pagerduty_itself():
    """A proxy to another sandbox, which stands for the real PagerDuty."""
    with Sandbox(seed=1) as sandbox, SandboxProxy(sandbox) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def no_look_up(monkeypatch):
    """Fail if a host name of PagerDuty is resolved."""

    def look_up(host, *args, **kwargs):
        assert not str(host).endswith('pagerduty.com')
        return original(host, *args, **kwargs)

    original = in_process._socket.getaddrinfo
    monkeypatch.setattr(in_process._socket, 'getaddrinfo', look_up)


def with_requests(sandbox):
    response = requests.get(URL, headers=headers(sandbox), timeout=5)
    return response.status_code, response.json()


def with_requests_and_a_proxy(sandbox):
    proxies = {'https': 'http://127.0.0.1:9'}
    response = requests.get(URL, headers=headers(sandbox), proxies=proxies, timeout=5)
    return response.status_code, response.json()


def with_urllib3(sandbox):
    with urllib3.PoolManager(headers=headers(sandbox), timeout=5) as pools:
        response = pools.request('GET', URL)
        return response.status, json.loads(response.data)


def with_a_pool_of_urllib3(sandbox):
    pool = urllib3.HTTPSConnectionPool('API.pagerduty.com', headers=headers(sandbox), timeout=5)
    response = pool.urlopen('GET', '/users/me')
    return response.status, json.loads(response.data)


def with_httpx(sandbox, name='httpx'):
    response = httpx_like(name).get(URL, headers=headers(sandbox), timeout=5)
    return response.status_code, response.json()


def with_httpx2(sandbox):
    return with_httpx(sandbox, 'httpx2')


def with_asynchronous_httpx(sandbox, name='httpx'):
    async def get():
        async with httpx_like(name).AsyncClient(headers=headers(sandbox), timeout=5) as client:
            responses = await asyncio.gather(*[client.get(URL) for _ in range(3)])
            assert len({response.text for response in responses}) == 1
            return responses[0].status_code, responses[0].json()

    return asyncio.run(get())


def with_asynchronous_httpx2(sandbox):
    return with_asynchronous_httpx(sandbox, 'httpx2')


CLIENTS = [
    with_requests,
    with_requests_and_a_proxy,
    with_urllib3,
    with_a_pool_of_urllib3,
    with_httpx,
    with_httpx2,
    with_asynchronous_httpx,
    with_asynchronous_httpx2,
]


@pytest.mark.parametrize('get', CLIENTS, ids=lambda get: get.__name__)
def test_client_with_urls_of_pagerduty_is_redirected(get, sandbox):
    with sandbox.as_pagerduty() as yielded:
        status, body = get(sandbox)
    assert yielded is sandbox
    assert status == 200
    assert body['user']['email'] == sandbox.email
    assert body['user']['self'].startswith('https://api.pagerduty.com/users/')
    assert sandbox.requests[-1].headers['Host'] == 'api.pagerduty.com'


def test_sessions_of_the_library_are_redirected(sandbox):
    with sandbox.as_pagerduty():
        session = pdpyras.APISession(sandbox.user_key)
        key = pdpyras.EventsAPISession(sandbox.routing_key).trigger('Disk full', 'db1')
        (incident,) = session.iter_all('incidents', params={'incident_key': key})
    assert incident['incident_key'] == key


def test_existing_session_is_redirected_inside_the_block_only(sandbox, pagerduty_itself):
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {'https': pagerduty_itself.url}
        session.verify = pagerduty_itself.variables['REQUESTS_CA_BUNDLE']

        def status(key):
            options = {'headers': {'Authorization': 'Token token=' + key}, 'timeout': 5}
            return session.get(URL, **options).status_code

        other_key = pagerduty_itself.variables['PAGERDUTY_USER_KEY']
        before = status(other_key), status(sandbox.user_key)
        with sandbox.as_pagerduty():
            inside = status(other_key), status(sandbox.user_key)
        after = status(other_key), status(sandbox.user_key)
    assert before == after == (200, 401)
    assert inside == (401, 200)


@pytest.mark.parametrize('name', ['httpx', 'httpx2'])
def test_existing_httpx_client_is_redirected_inside_the_block_only(name, sandbox, pagerduty_itself):
    module = httpx_like(name)
    context = ssl.create_default_context(cafile=pagerduty_itself.variables['SSL_CERT_FILE'])
    with module.Client(proxy=pagerduty_itself.url, verify=context, trust_env=False) as client:
        statuses = [client.get(URL, headers=headers(sandbox)).status_code]
        with sandbox.as_pagerduty():
            statuses.append(client.get(URL, headers=headers(sandbox)).status_code)
        statuses.append(client.get(URL, headers=headers(sandbox)).status_code)
    assert statuses == [401, 200, 401]


def test_new_and_running_threads_are_redirected(sandbox):
    begin, statuses = threading.Event(), []

    def work():
        begin.wait(5)
        statuses.append(requests.get(URL, headers=headers(sandbox), timeout=5).status_code)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    with sandbox.as_pagerduty():
        begin.set()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 20


def test_settings_of_a_urllib3_pool_are_respected(sandbox):
    sandbox.faults.next(2, status=503)
    retries = urllib3.Retry(2, status_forcelist=[503], backoff_factor=0)
    with urllib3.PoolManager(retries=retries, headers=headers(sandbox)) as pools:
        with sandbox.as_pagerduty():
            assert pools.request('GET', URL).status == 200
        sandbox.faults.next(hang=5)
        pool = urllib3.HTTPSConnectionPool('api.pagerduty.com', timeout=0.05, retries=False)
        with sandbox.as_pagerduty():
            with pytest.raises(urllib3.exceptions.ReadTimeoutError):
                pool.request('GET', '/users')
            sandbox._state.stopping.set()  # Ends the hanging request.
        sandbox._state.stopping.clear()


def open_with_urllib(sandbox):
    urllib.request.urlopen(URL, timeout=5)


def open_with_urllib_through_a_proxy(sandbox):
    proxy = urllib.request.ProxyHandler({'https': sandbox.url})
    urllib.request.build_opener(proxy).open(URL, timeout=5)


def open_with_http_client(sandbox):
    http.client.HTTPSConnection('API.PagerDuty.com.', timeout=5).request('GET', '/users')


def connect_a_socket(sandbox):
    with socket.socket() as connection:
        connection.connect(('events.eu.pagerduty.com', 443))


def connect_by_a_function_imported_before(sandbox):
    # Like `from socket import getaddrinfo`.
    ORIGINAL_GETADDRINFO(b'api.pagerduty.com', 443)


ORIGINAL_GETADDRINFO = socket.getaddrinfo


def look_up_a_name(sandbox):
    socket.gethostbyname('app.pagerduty.com')


def connect_by_asyncio(sandbox):
    asyncio.run(asyncio.open_connection('api.pagerduty.com', 443))


def open_with_aiohttp(sandbox):
    async def get():
        async with aiohttp.ClientSession() as session:
            await session.get(URL, proxy=sandbox.url)

    asyncio.run(get())


def call_without_tls(sandbox):
    requests.get('http://api.pagerduty.com/users', timeout=5)


def call_without_tls_through_a_proxy(sandbox):
    proxies = {'http': sandbox.url}
    requests.get('http://api.pagerduty.com/users', proxies=proxies, timeout=5)


def call_another_port(sandbox):
    httpx_like('httpx').get('https://api.pagerduty.com:8443/users')


def call_a_website_of_pagerduty(sandbox):
    requests.get('https://sandbox.pagerduty.com/users', timeout=5)


@pytest.mark.parametrize(
    'call',
    [
        open_with_urllib,
        open_with_urllib_through_a_proxy,
        open_with_http_client,
        connect_a_socket,
        connect_by_a_function_imported_before,
        look_up_a_name,
        connect_by_asyncio,
        open_with_aiohttp,
        call_without_tls,
        call_without_tls_through_a_proxy,
        call_another_port,
        call_a_website_of_pagerduty,
    ],
    ids=lambda call: call.__name__,
)
def test_request_that_cannot_be_redirected_raises_an_error_with_the_sandbox_url(call, sandbox):
    if call is open_with_aiohttp and aiohttp is None:
        pytest.skip('aiohttp is not installed')
    seen = len(sandbox.requests)
    with sandbox.as_pagerduty(), pytest.raises(OSError, match='pagerduty') as raised:
        call(sandbox)
    assert f'the sandbox at {sandbox.url} replaces PagerDuty' in str(raised.value)
    assert len(sandbox.requests) == seen


def test_requests_to_other_hosts_are_not_redirected(sandbox):
    def get_all(url):
        yield requests.get(url, timeout=5).status_code
        yield urllib.request.urlopen(url, timeout=5).status
        with contextlib.suppress(pytest.skip.Exception):
            yield httpx_like('httpx').get(url).status_code

    url = sandbox.url.replace('127.0.0.1', 'localhost') + '/_sandbox'
    with Sandbox().as_pagerduty():
        assert set(get_all(url)) == {200}
    # A name that only looks like PagerDuty's.
    with Sandbox().as_pagerduty(), pytest.raises(requests.ConnectionError) as raised:
        requests.get('https://api.pagerduty.com.invalid', timeout=5)
    assert 'sandbox' not in str(raised.value)


@contextlib.contextmanager
def nothing_left_behind():
    """Check that no threads, open files or patched functions are left."""
    places = [
        (urllib3.connectionpool.HTTPConnectionPool, 'urlopen'),
        (in_process._socket, 'getaddrinfo'),
        (socket, 'getaddrinfo'),
        (socket, 'gethostbyname'),
        (socket.socket, 'connect'),
        (http.client.HTTPConnection, 'putrequest'),
    ]

    def functions():
        return [(name in vars(owner), getattr(owner, name)) for owner, name in places]

    before, threads, files = functions(), set(threading.enumerate()), len(os.listdir(FILES))
    yield
    assert functions() == before
    # Threads of earlier tests may have ended.
    assert set(threading.enumerate()) <= threads
    assert len(os.listdir(FILES)) <= files


def test_redirection_leaves_no_threads_connections_or_patches(sandbox):
    with sandbox.as_pagerduty():
        # The first request imports modules, which stay.
        with_requests(sandbox)
    with nothing_left_behind():
        with Sandbox().as_pagerduty() as own, own.as_pagerduty():
            assert with_requests(own)[0] == 200
            with_asynchronous_httpx(own)
        with pytest.raises(ZeroDivisionError), Sandbox().as_pagerduty() as own:
            assert with_requests(own)[0] == 200
            raise ZeroDivisionError


def test_innermost_as_pagerduty_block_takes_precedence(sandbox):
    with Sandbox() as other, other.as_pagerduty():
        with sandbox.as_pagerduty():
            assert with_requests(sandbox)[0] == 200
            assert with_requests(other)[0] == 200
        assert with_requests(other)[0] == 200


def test_as_pagerduty_blocks_may_end_in_any_order(sandbox):
    with nothing_left_behind():
        first, second = sandbox.as_pagerduty(), sandbox.as_pagerduty()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert with_requests(sandbox)[0] == 200
        second.__exit__(None, None, None)


def test_sandbox_created_in_the_with_expression_is_closed_after_the_block():
    with Sandbox().as_pagerduty() as sandbox:
        url = sandbox.url
        assert requests.get(url + '/_sandbox', timeout=5).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(url + '/_sandbox', timeout=5)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(Sandbox().as_pagerduty()).url
    with pytest.raises(requests.ConnectionError):
        requests.get(url + '/_sandbox', timeout=5)


class Holder:
    def __init__(self):
        self.sandbox = Sandbox()


def test_sandbox_in_a_variable_is_not_closed_after_the_block():
    named, held = Sandbox(), Holder()
    with named.as_pagerduty(), held.sandbox.as_pagerduty():
        assert with_requests(held.sandbox)[0] == 200
    for sandbox in named, held.sandbox:
        assert requests.get(sandbox.url + '/_sandbox', timeout=5).ok
        with sandbox.as_pagerduty():
            assert with_requests(sandbox)[0] == 200
        sandbox.close()
        with pytest.raises(RuntimeError, match='This sandbox is closed'):
            sandbox.as_pagerduty().__enter__()


def test_requests_are_redirected_to_a_sandbox_with_tls():
    with Sandbox(tls=True).as_pagerduty() as sandbox:
        assert with_requests(sandbox)[0] == 200


def test_decorator_creates_a_new_sandbox_for_each_call():
    key = sandbox_key()

    # `@Sandbox().as_pagerduty()`, in the syntax of older versions.
    decorator = Sandbox().as_pagerduty()

    @decorator
    def create(name):
        """Create a user."""
        session = pdpyras.APISession(key)
        session.rpost('users', json={'name': name, 'email': 'new@example.com'})
        return len(session.list_all('users'))

    with nothing_left_behind():
        assert [create('Bea'), create(name='Bea')] == [2, 2]
    assert create.__doc__ == 'Create a user.'


def sandbox_key():
    """Return a user key, which is the same in each new sandbox."""
    with Sandbox() as sandbox:
        return sandbox.user_key


def test_decorator_with_an_existing_sandbox_keeps_its_state(sandbox):
    @sandbox.as_pagerduty()
    def trigger():
        pdpyras.EventsAPISession(sandbox.routing_key).trigger('Disk full', 'db1', dedup_key='same')

    seen = len(sandbox.requests)
    trigger()
    trigger()
    assert len(sandbox.requests) == seen + 2


def test_coroutines_and_generators_can_be_decorated(sandbox):
    httpx = httpx_like('httpx')

    @sandbox.as_pagerduty()
    async def get():
        async with httpx.AsyncClient(headers=headers(sandbox)) as client:
            return (await client.get(URL)).status_code

    @sandbox.as_pagerduty()
    def generate():
        yield with_requests(sandbox)[0]

    assert asyncio.run(get()) == 200
    assert list(generate()) == [200]
    with pytest.raises(TypeError, match='decorates functions'):
        sandbox.as_pagerduty()(Holder)


def test_pagerduty_everywhere_redirects_its_own_test_only(pytester):
    pytester.makepyfile(
        """
        import pdpyras
        from pdpyras_sandbox import in_process

        def test_one(pagerduty_everywhere):
            events = pdpyras.EventsAPISession(pagerduty_everywhere.routing_key)
            events.trigger('Disk full', 'db1')
            pagerduty_everywhere.requests.assert_sent('POST', '/v2/enqueue')

        def test_two(pagerduty_everywhere):
            assert pagerduty_everywhere.requests == []

        def test_three(pagerduty):
            assert in_process._redirections == []
        """
    )
    pytester.runpytest_inprocess('-p', 'no:cacheprovider').assert_outcomes(passed=3)


def test_random_numbers_of_the_program_stay_as_seeded():
    def numbers(use):
        random.seed(1)
        use()
        return random.random()

    def use_sandbox():
        with Sandbox() as sandbox, pdpyras.APISession(
            sandbox.api_key, base_url=sandbox.url
        ) as session:
            session.list_all('users')

    assert numbers(use_sandbox) == numbers(lambda: None)
