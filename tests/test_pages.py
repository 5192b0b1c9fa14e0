"""The documentation in a browser: on a desktop and a phone, light and dark.

``tox run -e docs`` builds the pages, sets DOCS_HTML to their directory, and runs these tests. They
write screenshots of the main pages to the directory in DOCS_SCREENSHOTS, for a visual check.
"""

import os
from pathlib import Path
from urllib.parse import urlencode

import pytest
from chromium import driven

LOOKS = {
    '{} {}'.format(device, scheme): (width, height, scheme)
    for device, width, height in (('desktop', 1280, 900), ('phone', 390, 844))
    for scheme in ('light', 'dark')
}
MAIN_PAGES = (
    'index',
    'quickstart',
    'guide/pagination',
    'from_5',
    'endpoints',
    'reference',
    'performance',
)

#: The visible properties of a page. An element must not extend past the window unless its block can
#: be scrolled. (The width of the page is no measure, because the theme scrolls the content in it.)
SEEN = """
const width = document.documentElement.clientWidth;
const isInside = (element) => element.getBoundingClientRect().right <= width + 1;
const outside = [...document.querySelectorAll('.content *, header *')].filter(
  (element) => !isInside(element) && !element.closest('pre, .table-wrapper, .wide-picture'));
const main = document.querySelector('[role=main]');
return {
  width,
  outside: outside.map((element) => element.outerHTML.slice(0, 80)),
  heading: main.querySelector('h1').innerText,
  text: main.innerText,
  ink: getComputedStyle(main).color,
  paper: getComputedStyle(document.body).backgroundColor,
};
"""


@pytest.fixture(scope='module')
def html():
    if 'DOCS_HTML' not in os.environ:
        pytest.skip('DOCS_HTML does not name the built pages: "tox run -e docs" builds them')
    return Path(os.environ['DOCS_HTML']).resolve()


@pytest.fixture(scope='module')
def browser(html, tmp_path_factory):
    yield from driven(tmp_path_factory.mktemp('profile'))


@pytest.fixture(params=LOOKS.values(), ids=LOOKS)
def look(request, browser):
    width, height, scheme = request.param
    size = {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 500}
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    preference = {'name': 'prefers-color-scheme', 'value': scheme}
    browser.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': [preference]})
    return request.param


def open_page(browser, html, name):
    browser.get((html / (name + '.html')).as_uri())


def brightness(color):
    """Return the brightness, from 0 to 255, of a color such as rgb(255, 255, 255)."""
    return sum(int(part) for part in color.strip('rgba()').split(',')[:3]) / 3


def test_every_page_fits_the_window_and_is_readable(look, html, browser, request):
    width, _, scheme = look
    names = {page.relative_to(html).with_suffix('').as_posix() for page in html.rglob('*.html')}
    assert names > set(MAIN_PAGES)
    for name in sorted(names - {'search'}):  # Empty without a search.
        open_page(browser, html, name)
        seen = browser.execute_script(SEEN)
        assert width - 20 <= seen['width'] <= width, name  # A scroll bar takes some.
        assert seen['outside'] == [], name
        assert seen['heading'], name
        assert len(seen['text']) > 200, name
        contrast = brightness(seen['paper']) - brightness(seen['ink'])
        assert contrast > 150 if scheme == 'light' else contrast < -150, name
        assert browser.get_log('browser') == [], name
        if name in MAIN_PAGES and 'DOCS_SCREENSHOTS' in os.environ:
            keep_picture(browser, '{} {}'.format(name, request.node.callspec.id))


def keep_picture(browser, title):
    directory = Path(os.environ['DOCS_SCREENSHOTS'])
    directory.mkdir(parents=True, exist_ok=True)
    name = title.replace('/', '-').replace(' ', '-') + '.png'
    assert browser.save_screenshot(str(directory / name))


#: The method and path of each visible row, in one call, because a call for each takes a minute.
SHOWN = """
return [...document.querySelectorAll('table.endpoint-list tbody tr')]
  .filter((row) => row.getClientRects().length)
  .map((row) => [row.cells[0].innerText, row.cells[1].querySelector('code').innerText]);
"""


def shown_operations(browser):
    return browser.execute_script(SHOWN)


def test_the_list_of_endpoints_can_be_searched(look, html, browser):
    open_page(browser, html, 'endpoints')
    field = browser.find_element('css selector', 'input.endpoint-search')
    field.send_keys('Incidents put merge')
    assert shown_operations(browser) == [['PUT', '/incidents/{id}/merge']]
    assert browser.find_element('css selector', 'output').text.startswith('1 of ')
    field.clear()
    field.send_keys('no such endpoint')
    assert shown_operations(browser) == []
    field.clear()
    field.send_keys('list users')
    assert ['GET', '/users'] in shown_operations(browser)
    field.clear()
    field.send_keys('acknowledge')
    assert shown_operations(browser) == [['PUT', '/incidents'], ['PUT', '/incidents/{id}']]
    field.clear()
    field.send_keys('/abilities')
    assert shown_operations(browser) == [['GET', '/abilities'], ['GET', '/abilities/{id}']]


def test_the_list_of_endpoints_fits_the_window(look, html, browser):
    open_page(browser, html, 'endpoints')
    script = 'return [arguments[0].scrollWidth, arguments[0].clientWidth]'
    table = browser.find_element('css selector', '.table-wrapper')
    needed, given = browser.execute_script(script, table)
    assert needed <= given
    cells = browser.find_elements('css selector', 'tr:first-child td')
    assert [cell.text for cell in cells if cell.is_displayed() and cell.text]


def test_the_search_page_finds_a_page(look, html, browser):
    browser.get((html / 'search.html').as_uri() + '?q=deduplication')
    browser.implicitly_wait(10)
    found = browser.find_elements('css selector', '#search-results li a')
    browser.implicitly_wait(0)
    assert 'Events' in [link.text for link in found]


#: Common searches, and the page that should come first.
SEARCHES = {
    '429': 'guide/retries',
    'rate limit': 'guide/retries',
    'retry': 'guide/retries',
    'duplicates': 'guide/retries',
    '401': 'guide/errors',
    '403': 'troubleshooting',
    '10,000': 'troubleshooting',
    'only 25 results': 'guide/pagination',
    'cursor': 'guide/pagination',
    'list users': 'endpoints',
    'on call': 'guide/find_and_persist',
    'acknowledge': 'reference/events_session',
    'dedup key': 'guide/events',
    'From header': 'guide/authentication',
    'EU region': 'guide/authentication',
    'proxy': 'guide/proxies_and_adapters',
    'certificate': 'guide/proxies_and_adapters',
    'timeout': 'reference/session',
    'type hints': 'reference',
    'logging': 'guide/logging',
    'mock': 'testing',
    'webhook signature': 'extras/webhooks',
    'OAuth token': 'extras/oauth',
    'orjson': 'reference/settings',
    'successor': 'successor',
}


def test_a_search_finds_the_right_page_first(html, browser):
    browser.implicitly_wait(10)
    first = {}
    for words in SEARCHES:
        browser.get('{}?{}'.format((html / 'search.html').as_uri(), urlencode({'q': words})))
        # Results come one by one before this line.
        browser.find_element('xpath', "//p[contains(., 'Search finished')]")
        link = browser.find_element('css selector', '#search-results ul.search > li a')
        page = link.get_attribute('href').partition('#')[0].partition('?')[0]
        first[words] = page[len(html.as_uri()) + 1 :].rpartition('.html')[0]
    browser.implicitly_wait(0)
    assert first == SEARCHES


@pytest.mark.parametrize(
    ('method', 'path', 'page'),
    [
        ('POST', '/alert_grouping_settings', '587edbc8ff416'),
        ('DELETE', '/oauth_delegations', 'ad1161db75db1'),
        ('PUT', '/event_orchestrations/services/{service_id}/active', '855659be83d9e'),
        ('GET', '/users', 'c96e889522dd6'),
    ],
)
def test_operations_are_linked_to_their_pages_at_pagerduty(method, path, page, monkeypatch):
    pytest.importorskip('sphinx', reason='Sphinx is installed by tox -e docs')
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / 'docs' / '_ext'))
    from endpoint_list import page_of

    address = 'https://developer.pagerduty.com/api-reference/{}-some-summary'.format(page)
    assert page_of(method, path, 'Some summary') == address
