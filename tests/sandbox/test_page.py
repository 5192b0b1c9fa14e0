"""The page at ``/``: its stream of updates, its requests, and its use in a browser."""

import json
import os
import re
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from chromium import driven
from owner_api import Api

from pdpyras_sandbox import Sandbox, live

#: axe-core, which finds accessibility problems; tox installs it with npm.
AXE = os.environ.get('AXE_CORE')
SCREENSHOTS = os.environ.get('SANDBOX_SCREENSHOTS')
PATIENCE = 20


# Files and stream.


def test_page_files_are_served_with_a_strict_content_security_policy(web):
    html = web.call('GET', '/')
    assert html.headers['Content-Type'] == 'text/html; charset=utf-8'
    parts = re.findall(r'(?:href|src)="(/[^"]+)"', html.text)
    assert parts == ['/favicon.ico', '/_sandbox/page/page.css', '/_sandbox/page/page.js']
    for answer in (html, *(web.call('GET', part) for part in parts)):
        assert answer.status_code == 200
        policy = answer.headers['Content-Security-Policy']
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert 'unsafe' not in policy
        assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert not re.search(r'<script(?! src)| style=| on\w+=', html.text)


@pytest.mark.parametrize('name', ['..%2fapp.py', '%2e%2e%2fapp.py', 'nonesuch.js'])
def test_files_outside_static_are_not_served(web, name):
    assert web.call('GET', '/_sandbox/page/' + name).status_code == 404


class Stream:
    """Reads the sections of the page from the stream."""

    def __init__(self, web):
        self.answer = web.call('GET', '/_sandbox/live', stream=True, timeout=PATIENCE)
        self.lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)
        self.sections = {}

    def next(self):
        name = next(line for line in self.lines if line).removeprefix('event: ')
        self.sections[name] = json.loads(next(self.lines).removeprefix('data: '))
        return name

    def until(self, test):
        """Read until a condition on the sections is true."""
        deadline = time.monotonic() + PATIENCE
        while not self.sections.keys() >= {'faults'} or not test(self.sections):
            assert time.monotonic() < deadline, self.sections
            self.next()
        return self.sections


@pytest.fixture
def stream(web, monkeypatch):
    # A change that no request made is sent with the next heartbeat.
    monkeypatch.setattr(live, 'HEARTBEAT', 0.01)
    stream = Stream(web)
    yield stream
    stream.answer.close()


def test_stream_starts_with_all_sections(web, stream):
    sections = stream.until(lambda sections: True)
    assert list(sections) == [
        'clock', 'account', 'incidents', 'oncall', 'events', 'requests', 'webhooks', 'faults'
    ]  # fmt: skip
    assert sections['account']['keys']['api_key'] == web.sandbox.api_key
    assert sections['account']['counts']['services'] == 1
    assert [policy['levels'] for policy in sections['oncall']] == [[['Alex Sample']]]


def test_stream_sends_changed_sections(web, stream):
    stream.until(lambda sections: True)
    web.event(dedup_key='disk-db1')
    sections = stream.until(lambda sections: sections['incidents']['rows'])
    (row,) = sections['incidents']['rows']
    assert row['title'] == 'Disk full'
    assert row['assignees'] == ['Alex Sample']
    sections = stream.until(
        lambda sections: sections['requests'] and sections['requests'][0]['status']
    )
    assert sections['requests'][0]['path'] == '/v2/enqueue'
    assert sections['events'][0]['dedup_key'] == 'disk-db1'
    web.event('resolve', dedup_key='disk-db1')
    stream.until(lambda sections: sections['incidents']['resolved'] == 1)
    web.sandbox.faults.next(status=503)
    sections = stream.until(lambda sections: sections['faults'])
    assert sections['faults'] == [{'times': 1, 'status': 503}]
    web.sandbox.clock.advance(hours=1)
    stream.until(lambda sections: sections['clock']['ahead'] > 3500)
    web.sandbox.reset()
    stream.until(lambda sections: not sections['incidents']['resolved'])


def test_stream_ends_when_the_sandbox_closes(monkeypatch):
    monkeypatch.setattr(live, 'HEARTBEAT', PATIENCE)
    before = threading.enumerate()
    with Sandbox() as sandbox:
        url = sandbox.url + '/_sandbox/live'
        answer = requests.get(url, stream=True, timeout=PATIENCE)
        next(answer.iter_lines())
    assert set(threading.enumerate()) <= set(before)
    assert answer.raw.read().endswith(b'\n\n')
    answer.close()


def test_unpaired_surrogate_does_not_break_the_stream(web, stream):
    web.event(summary='half \ud83d of a face')
    sections = stream.until(lambda sections: sections['incidents']['rows'])
    assert sections['incidents']['rows'][0]['title'] == 'half \ud83d of a face'


# Requests of the page.


def change(web, incident, status):
    return web.call('PUT', '/_sandbox/incidents/' + incident['id'], {'status': status})


def test_requests_of_the_page_are_not_recorded_and_use_no_faults(web):
    incident = web.incident()
    seen = len(web.sandbox.requests)
    web.sandbox.faults.next(status=503)
    assert change(web, incident, 'acknowledged').json()['status'] == 'acknowledged'
    assert change(web, incident, 'acknowledged').status_code == 200
    assert change(web, incident, 'resolved').json()['status'] == 'resolved'
    payload = {'summary': 'Disk full', 'source': 'page', 'severity': 'info'}
    event = {'event_action': 'trigger', 'payload': payload}
    assert web.call('POST', '/_sandbox/events', event).status_code == 202
    assert len(web.sandbox.requests) == seen
    assert len(web.sandbox.faults.pending) == 1
    web.sandbox.faults.clear()
    assert web.log(incident)[-2:] == ['acknowledge', 'resolve']
    entries = web.get(f'/incidents/{incident["id"]}/log_entries')['log_entries']
    assert {entry['agent']['id'] for entry in entries[:2]} == {web.owner['id']}
    assert [i['status'] for i in web.get('/incidents')['incidents']] == ['resolved', 'triggered']


@pytest.mark.parametrize(
    ('method', 'path', 'body', 'status', 'reason'),
    [
        ('PUT', '/incidents/{id}', {'status': 'asleep'}, 400, 'status must be one of'),
        ('PUT', '/incidents/{id}', None, 400, 'status must be one of'),
        ('PUT', '/incidents/Q1', {'status': 'resolved'}, 404, 'does not exist'),
        ('PUT', '/incidents/{resolved}', {'status': 'acknowledged'}, 400, 'Already Resolved'),
        ('GET', '/incidents/Q1', None, 404, 'does not exist'),
        ('GET', '/requests/99999', None, 404, 'no longer stored'),
        ('POST', '/events', None, 400, 'must be an event'),
        ('POST', '/events', {'event_action': 'trigger'}, 400, "'payload' is missing"),
    ],
)
def test_invalid_page_request_is_rejected_with_a_reason(web, method, path, body, status, reason):
    resolved = web.incident('Over')
    change(web, resolved, 'resolved')
    path = path.format(id=web.incident()['id'], resolved=resolved['id'])
    answer = web.call(method, '/_sandbox' + path, body)
    assert answer.status_code == status
    assert reason in answer.json()['error']


def test_timeline_lists_steps_and_agents(web):
    web.event(dedup_key='k')
    (incident,) = web.get('/incidents')['incidents']
    web.post(f'/incidents/{incident["id"]}/notes', {'note': {'content': 'On it'}})
    web.sandbox.clock.advance(hours=5)
    timeline = web.get('/_sandbox/incidents/' + incident['id'])['timeline']
    assert timeline[0]['at'] == incident['created_at']
    assert [(entry['text'], entry['by'], entry['note']) for entry in timeline] == [
        ('Triggered', 'Web Shop', ''),
        ('Assigned to Alex Sample', 'Web Shop', ''),
        ('Annotated', 'Alex Sample', 'On it'),
        ('Resolved', 'timeout', ''),
    ]


# The request inspector.

SECRET = 'y_NbAkKc66ryYTWUXYEu'


def inspected(web):
    """Return all that the page shows of the last request, and /_sandbox/requests."""
    seen = web.sandbox.requests[-1]
    details = web.get(f'/_sandbox/requests/{seen.number}')
    listed = web.get('/_sandbox/requests')['requests'][-1]
    stream = Stream(web)
    line = stream.until(lambda sections: True)['requests'][0]
    stream.answer.close()
    return details, json.dumps([details, listed, line])


@pytest.mark.parametrize(
    ('method', 'path', 'options'),
    [
        ('GET', '/users', {'headers': {'Authorization': f'Token token={SECRET}'}}),
        ('GET', '/users', {'headers': {'Authorization': f'Token token="{SECRET}"'}}),
        ('GET', '/users', {'headers': {'Authorization': f'bearer  {SECRET}'}}),
        ('GET', '/users', {'headers': {'Authorization': SECRET}}),
        ('GET', f'/users?query={SECRET}', {'headers': {'Authorization': f'Token token={SECRET}'}}),
        ('GET', '/users', {'headers': {'Cookie': f'session={SECRET}'}}),
        ('GET', '/users', {'headers': {'X-Routing-Key': SECRET}}),
        ('GET', f'/users?token={SECRET}', {}),
        ('POST', '/v2/enqueue', {'json': {'routing_key': SECRET}}),
        ('POST', '/v2/enqueue', {'json': {'routing_key': SECRET, 'payload': {'x': f'a{SECRET}'}}}),
        ('POST', '/v2/enqueue', {'json': [{'a': {'service_key': SECRET}}]}),
        ('POST', '/v2/enqueue', {'data': f'{{"routing_key": "{SECRET}", "payl'}),
        ('POST', '/oauth/token', {'data': {'client_secret': SECRET, 'grant_type': 'x'}}),
        ('POST', f'/integration/{SECRET}/enqueue', {'json': {}}),
        ('POST', '/x', {'json': {'custom_headers': [{'name': 'X-Api-Key', 'value': SECRET}]}}),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_key_in_a_request_is_masked_everywhere(web, method, path, options):
    web.call(method, path, **options)
    details, everything = inspected(web)
    assert SECRET not in everything
    assert '*' + SECRET[-4:] in everything


def test_keys_of_the_account_are_masked_in_responses(web):
    service = web.service['id']
    path = f'/services/{service}/integrations/' + web.service['integrations'][0]['id']
    web.get(path)
    details, everything = inspected(web)
    assert web.sandbox.routing_key not in everything
    assert '"integration_key": "*' in details['response_body']
    assert web.sandbox.requests[-1].headers['Authorization'].endswith(web.sandbox.api_key)


def test_request_details_have_headers_bodies_and_status(web):
    web.call('POST', '/users?a=1&a=2', {'user': {'name': 'Zoë'}}, headers={'X-Mine': 'yes'})
    details, _ = inspected(web)
    assert details['query'] == [['a', '1'], ['a', '2']]
    assert ['X-Mine', 'yes'] in details['headers']
    assert details['body'] == '{\n  "user": {\n    "name": "Zoë"\n  }\n}'
    assert details['status'] == 400
    assert 'ratelimit-limit' in [name for name, _ in details['response_headers']]
    assert 'user.email is required' in details['response_body']


def test_responses_are_stored_for_the_latest_requests_only(web, monkeypatch):
    monkeypatch.setattr('pdpyras_sandbox.traffic.KEPT_RESPONSES', 2)
    monkeypatch.setattr('pdpyras_sandbox.traffic.SHOWN_BYTES', 10)
    for _ in range(3):
        web.call('GET', '/users')
    bodies = [seen.response_body for seen in web.sandbox.requests]
    assert bodies == [None, b'{"users": ', b'{"users": ']


# In a browser.

LOOKS = {
    f'{device} {scheme}': (width, height, scheme)
    for device, width, height in (('desk', 1280, 900), ('phone', 390, 844))
    for scheme in ('light', 'dark')
}

#: Finds elements that overflow to the right, and broken words of up to 19 characters.
SEEN = r"""
const width = document.documentElement.clientWidth;
const visible = (element) => element.checkVisibility();
const outside = [...document.body.querySelectorAll('*')].filter(
  (element) => visible(element) && element.getBoundingClientRect().right > width + 1);
const broken = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
  if (!visible(node.parentElement)) continue;
  for (const match of node.data.matchAll(/\S+/g)) {
    if (match[0].length > 19) continue;
    const range = document.createRange();
    range.setStart(node, match.index);
    range.setEnd(node, match.index + match[0].length);
    if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1)
      broken.push(match[0]);
  }
}
return {
  outside: outside.map((element) => element.outerHTML.slice(0, 80)),
  broken,
  sideways: document.documentElement.scrollWidth > width,
  height: document.documentElement.scrollHeight,
  ink: getComputedStyle(document.body).color,
  paper: getComputedStyle(document.body).backgroundColor,
};
"""


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    yield from driven(tmp_path_factory.mktemp('profile'))


class Page:
    """The page of a sandbox in a browser."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)
        self.wait_for(lambda: self.text('#connection') == 'Live')

    def wait_for(self, test):
        deadline = time.monotonic() + PATIENCE
        while not test():
            assert time.monotonic() < deadline, self.browser.find_element('tag name', 'body').text
            time.sleep(0.02)

    def all(self, selector):
        """Return the texts of all matching elements."""
        script = 'return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)'
        return [' '.join(text.split()) for text in self.browser.execute_script(script, selector)]

    def text(self, selector):
        return self.all(selector)[0]

    def find(self, selector):
        return self.browser.find_element('css selector', selector)

    def click(self, selector):
        self.find(selector).click()

    def focused(self):
        return self.browser.switch_to.active_element

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()


def look_like(browser, width, height, scheme):
    size = {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 500}
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    preference = {'name': 'prefers-color-scheme', 'value': scheme}
    browser.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': [preference]})


@pytest.fixture
def page(web, browser):
    look_like(browser, 1280, 900, 'light')
    page = Page(browser, web.sandbox.url)
    yield page
    errors = browser.get_log('browser')
    browser.get('about:blank')
    assert errors == []


def test_page_shows_changes_without_reloading(web, page):
    page.browser.execute_script('window.sameDocument = true')
    web.event(dedup_key='disk-db1', summary='<b>Disk</b> & more')
    page.wait_for(lambda: page.all('#incidents > li'))
    (incident,) = page.all('#incidents > li')
    assert incident.startswith('triggered #1 <b>Disk</b> & more Web Shop · high urgency · Alex')
    assert incident.endswith('Acknowledge Resolve')
    web.call('GET', '/users/nobody')
    page.wait_for(lambda: len(page.all('#requests > li')) == 2)
    page.wait_for(lambda: page.all('#requests > li')[0].startswith('404 GET /users/nobody'))
    assert page.all('#requests > li')[1].startswith('202 POST /v2/enqueue')
    assert page.all('#events > li')[0].endswith('trigger <b>Disk</b> & more disk-db1 (triggered)')
    assert page.text('#oncall') == 'Default Alex Sample'
    web.sandbox.reset()
    page.wait_for(lambda: page.all('#incidents > li') == [])
    assert page.find('#no-incidents').is_displayed()
    assert page.browser.execute_script('return window.sameDocument')


def test_page_triggers_acknowledges_and_resolves_an_incident(web, page):
    summary = page.find('#trigger [name=summary]')
    summary.clear()
    summary.send_keys('Queue is long')
    page.click('#trigger button')
    page.wait_for(lambda: page.all('#incidents > li'))
    (incident,) = web.get('/incidents')['incidents']
    assert incident['title'] == 'Queue is long'
    page.click('#incidents .title')
    page.wait_for(lambda: len(page.all('.timeline li')) == 2)
    page.click('.to-acknowledged')
    page.wait_for(lambda: page.text('#incidents .status') == 'acknowledged')
    page.wait_for(lambda: len(page.all('.timeline li')) == 3)
    assert page.all('.timeline li')[-1].endswith('Acknowledged by Alex Sample')
    page.click('.to-resolved')
    page.wait_for(lambda: page.all('#incidents > li') == [])
    page.click('#show-resolved')
    assert page.all('#incidents .status') == ['resolved']
    assert web.log(incident) == ['trigger', 'assign', 'acknowledge', 'resolve']


def test_page_shows_the_details_of_a_request(web, page):
    web.call('POST', '/users', {'user': {'name': 'Zoë'}})
    page.wait_for(lambda: page.all('#requests > li'))
    page.click('#requests summary')
    page.wait_for(lambda: page.all('#requests pre'))
    assert page.all('#requests .inside h3') == [
        'Request headers', 'Request body', 'Response headers', 'Response body'
    ]  # fmt: skip
    assert 'Zoë' in page.all('#requests pre')[0]
    assert 'user.email is required' in page.all('#requests pre')[1]
    assert f'Token token=*{web.sandbox.api_key[-4:]}' in page.text('#requests .inside')
    page.find('#filter').send_keys('get')
    assert page.all('#requests > li') == []
    page.find('#filter').clear()
    page.find('#filter').send_keys('400 /users')
    assert len(page.all('#requests > li')) == 1


def test_page_advances_the_clock(web, page):
    page.click('#clock [data-minutes="30"]')
    page.wait_for(lambda: page.text('#ahead') == '(30 minutes ahead)')
    page.find('#clock [name=minutes]').clear()
    page.find('#clock [name=minutes]').send_keys('100')
    page.click('#clock .primary')
    page.wait_for(lambda: page.text('#ahead') == '(130 minutes ahead)')
    assert round(web.sandbox.clock.ahead.total_seconds() / 60) == 130


def test_page_adds_and_clears_a_fault(web, page):
    page.find('#fault [name=path]').send_keys('/users*')
    page.click('#fault .primary')
    page.wait_for(lambda: page.all('#faults > li') == ['1 × status 429, reset 2, path /users*'])
    assert web.sandbox.faults.pending == [
        {'times': 1, 'status': 429, 'reset': 2, 'path': '/users*'}
    ]
    page.click('#clear-faults')
    page.wait_for(lambda: page.all('#faults > li') == [])
    assert web.sandbox.faults.pending == []


def test_page_shows_why_no_webhooks_are_sent_to_a_subscription(web, page):
    subscribe(web, 'https://hooks.example/pagerduty')
    subscription = '#subscriptions > li'
    page.wait_for(lambda: page.all(subscription))
    assert page.all(subscription)[0].startswith('https://hooks.example/pagerduty Not called: ')
    assert '--webhooks-to hooks.example' in page.all(subscription)[0]


def test_page_lists_webhook_deliveries(web, page):
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    subscribe(web, f'http://127.0.0.1:{port}/')
    web.event()
    page.wait_for(lambda: page.all('#deliveries > li'))
    assert 'incident.triggered' in page.all('#deliveries > li')[0]
    assert page.all('#subscriptions > li') == [f'http://127.0.0.1:{port}/']


def subscribe(web, url):
    body = {
        'type': 'webhook_subscription',
        'delivery_method': {'type': 'http_delivery_method', 'url': url},
        'events': ['incident.triggered'],
        'filter': {'type': 'account_reference'},
    }
    web.post('/webhook_subscriptions', {'webhook_subscription': body})


def test_sandbox_accepts_every_fault_that_the_page_offers(web, page):
    offers = page.browser.execute_script(
        'return [...document.querySelectorAll("#fault option")].map((option) => option.value)'
    )
    assert len(offers) > 10
    for offer in offers:
        web.sandbox.faults.next(**json.loads(offer))


def test_page_asks_for_confirmation_of_a_reset(web, page):
    web.event()
    page.wait_for(lambda: page.all('#incidents > li'))
    page.click('#reset')
    page.click('#confirm [value=cancel]')
    page.click('#reset')
    page.click('#confirm [value=reset]')
    page.wait_for(lambda: page.all('#incidents > li') == [])
    assert web.sandbox.requests == []


def test_page_shows_an_error_from_the_sandbox(web, page):
    page.browser.execute_script("document.querySelector('#fault [name=path]').value = 'ü'")
    page.click('#fault .primary')
    page.wait_for(lambda: page.text('#message').startswith('Refused: path must be'))
    # The browser reports any status from 400 as an error.
    assert '400' in page.browser.get_log('browser')[0]['message']


def test_page_can_be_used_with_the_keyboard(web, page):
    from selenium.webdriver.common.keys import Keys

    web.event(dedup_key='k')
    page.wait_for(lambda: page.all('#incidents > li'))
    for _ in range(10):
        page.press(Keys.TAB)
        if page.focused().get_attribute('class') == 'title':
            break
    page.press(Keys.ENTER)
    page.wait_for(lambda: page.all('.timeline li'))
    page.press(Keys.TAB)
    assert page.focused().get_attribute('aria-label') == 'Acknowledge incident 1'
    page.press(Keys.ENTER)
    page.wait_for(lambda: page.text('#incidents .status') == 'acknowledged')
    # The button is hidden, and the focus moved to another element.
    assert page.focused().get_attribute('class') == 'title'
    page.press(Keys.TAB, Keys.SPACE)
    page.wait_for(lambda: page.all('#incidents > li') == [])
    assert page.focused().get_attribute('id') == 'incidents-heading'


def test_updates_of_the_page_keep_the_focus(web, page):
    web.event(summary='First')
    page.wait_for(lambda: page.all('#incidents > li'))
    page.browser.execute_script("document.querySelector('#incidents .to-resolved').focus()")
    before = page.focused()
    web.event(summary='Second')
    page.wait_for(lambda: len(page.all('#incidents > li')) == 2)
    assert page.focused() == before


def test_page_reports_a_lost_connection_and_reconnects(browser):
    look_like(browser, 1280, 900, 'light')
    with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(':')[2])
        page = Page(browser, sandbox.url)
    page.wait_for(lambda: page.text('#connection').startswith('Disconnected'))
    with Sandbox(port=port, seed=1):
        page.wait_for(lambda: page.text('#connection') == 'Live')
        page.wait_for(lambda: not page.text('#counts').startswith('1 user'))
    browser.get('about:blank')
    browser.get_log('browser')


def brightness(color):
    """Return the brightness, from 0 to 255, of a color such as rgb(255, 255, 255)."""
    return sum(int(part) for part in color.strip('rgba()').split(',')[:3]) / 3


@pytest.fixture(scope='module')
def busy_sandbox():
    """The page of a sandbox with long lists, long words and other content that is hard to fit."""
    with Sandbox(seed=1) as sandbox:
        web = Api(sandbox)
        for number in range(12):
            web.event(
                dedup_key=f'a-key-{"x" * 40}-{number}', summary=f'Internationalization {number}'
            )
        web.event(summary='x' * 300)
        web.call('GET', '/escalation_policies/PABC123/audit/records?limit=5&cursor=' + 'y' * 90)
        web.call('DELETE', '/' + 'z' * 200)
        sandbox.faults.next(3, status=429, reset=2, path='/users*')
        subscribe(web, 'https://hooks.example/' + 'w' * 60)
        yield sandbox
        web.http.close()


@pytest.fixture(params=LOOKS.values(), ids=LOOKS)
def full_page(request, browser, busy_sandbox):
    width, height, scheme = request.param
    look_like(browser, width, height, scheme)
    page = Page(browser, busy_sandbox.url)
    page.wait_for(lambda: page.all('#requests > li'))
    yield page, request.param, request.node.callspec.id
    browser.get('about:blank')


def open_everything(page):
    page.browser.execute_script(
        'document.querySelectorAll("details").forEach((details) => (details.open = true));'
        'document.querySelectorAll(".more, #show-resolved").forEach((button) => button.click());'
        'document.querySelectorAll("[aria-expanded=false]").forEach((button) => button.click());'
    )
    page.wait_for(lambda: len(page.all('.timeline')) == len(page.all('.timeline:has(li)')))
    page.browser.execute_script(
        'document.querySelectorAll("details").forEach((details) => (details.open = true));'
    )
    page.wait_for(lambda: len(page.all('.inside')) == len(page.all('.inside:has(dl)')))


@pytest.mark.parametrize('is_open', [False, True], ids=['panels as loaded', 'all panels open'])
def test_page_fits_the_window_and_has_enough_contrast(full_page, is_open):
    page, (width, _, scheme), name = full_page
    if is_open:
        open_everything(page)
    seen = page.browser.execute_script(SEEN)
    assert not seen['sideways']
    assert seen['outside'] == []
    assert seen['broken'] == []
    assert is_open or seen['height'] < 4000
    contrast = brightness(seen['paper']) - brightness(seen['ink'])
    assert contrast > 150 if scheme == 'light' else contrast < -150
    assert page.browser.get_log('browser') == []
    if SCREENSHOTS:
        directory = Path(SCREENSHOTS)
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / f'{name.replace(" ", "-")}{"-open" if is_open else ""}.png'
        assert page.browser.save_screenshot(str(file))


def test_axe_finds_no_serious_accessibility_problem(full_page):
    if not (AXE and Path(AXE).is_file()):
        pytest.skip('AXE_CORE does not name axe.min.js: "tox run -e sandbox" installs it')
    page = full_page[0]
    open_everything(page)
    page.browser.execute_script(Path(AXE).read_text(encoding='utf-8'))
    result = page.browser.execute_async_script('axe.run().then(arguments[0])')
    assert len(result['passes']) > 20
    assert [(found['impact'], found['id'], found['nodes']) for found in result['violations']] == []
