"""The page at ``/``: as HTML everywhere, and in a real browser where there is one."""

import pytest
from chromium import driven


def test_the_page_shows_incidents_events_and_requests(web):
    web.event(dedup_key='disk-db1')
    web.call('GET', '/users/nobody')
    html = web.call('GET', '/').text
    for expected in ('Disk full', 'triggered', 'disk-db1', '/v2/enqueue', '/users/nobody', '404'):
        assert expected in html


def test_what_strangers_sent_is_text_on_the_page(web):
    web.event(summary='<script>alert(1)</script>')
    html = web.call('GET', '/').text
    assert '<script>alert' not in html
    assert '&lt;script&gt;alert' in html


def test_half_a_character_does_not_break_the_page(web):
    web.event(summary='half \ud83d of a face')
    assert 'half ? of a face' in web.call('GET', '/').text


def test_a_resolved_incident_is_no_longer_shown(web):
    web.event(dedup_key='k')
    web.event('resolve', dedup_key='k')
    table = web.call('GET', '/').text.split('id="incidents"')[1].split('</table>')[0]
    assert 'Disk full' not in table


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    yield from driven(tmp_path_factory.mktemp('profile'))


def rows(browser, table):
    cells = browser.find_elements('css selector', f'#{table} tbody tr')
    return [row.text for row in cells]


def test_a_browser_sees_the_open_incident_and_the_last_requests(web, browser):
    web.event(dedup_key='disk-db1', summary='<b>Disk</b> & more')
    web.call('GET', '/users/nobody')
    browser.get(web.sandbox.url)
    assert browser.title == 'PagerDuty sandbox'
    (incident,) = rows(browser, 'incidents')
    assert incident.startswith('1 triggered <b>Disk</b> & more Web Shop high Alex Sample')
    (event,) = rows(browser, 'events')
    assert event.endswith('trigger <b>Disk</b> & more disk-db1')
    assert rows(browser, 'requests') == ['404 GET /users/nobody', '202 POST /v2/enqueue']
    errors = [entry for entry in browser.get_log('browser') if 'favicon' not in entry['message']]
    assert errors == []
