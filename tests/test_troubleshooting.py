"""The messages on the page about troubleshooting, each produced by a script of its kind."""

import datetime
import functools
import logging
import os
import re
import warnings

import pytest

import pdpyras

pytest.importorskip('flask', reason='the sandbox needs Flask, which needs Python 3.9')

from paste import ROOT, run_in_new_process  # noqa: E402

from pdpyras_sandbox import Sandbox  # noqa: E402

PAGE = os.path.join(os.path.dirname(__file__), os.pardir, 'docs', 'troubleshooting.rst')
SECTION = re.compile(r'^(.+)\n~+\n((?:.*\n)*?)(?=.+\n[~-]+\n|\Z)', re.MULTILINE)
MESSAGE = re.compile(r'\.\. code-block:: text\n   :class: message\n\n((?:   .*\n|\n)+)')
#: The titles of sections whose message another test produces.
ELSEWHERE = {'pip installed 5.4.1': 'tests/compat/test_compat.py'}


def messages():
    with open(PAGE, encoding='utf-8') as file:
        sections = SECTION.findall(file.read())
    found = {title: MESSAGE.findall(text) for title, text in sections}
    return {title: blocks for title, blocks in found.items() if blocks}


def matches(message, text):
    """Return whether a text contains a message of the page, in which … matches anything."""
    parts = [re.escape(' '.join(part.split())) for part in message.split('…')]
    return re.search(r'\s*.*?\s*'.join(parts), ' '.join(text.split()))


PRODUCERS = {}


def produces(title):
    def register(function):
        PRODUCERS[title] = function
        return function

    return register


def in_place_of_pagerduty(function):
    @functools.wraps(function)
    def wrapper(account):
        with account.as_pagerduty():
            function(account)

    return wrapper


@pytest.mark.parametrize('title', sorted(set(messages()) - set(ELSEWHERE)))
def test_each_message_on_the_page_is_printed_by_its_example(title, pagerduty, caplog):
    caplog.set_level(logging.INFO)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        with pytest.raises(Exception) as raised:  # noqa: B017, PT011
            PRODUCERS[title](pagerduty)
            raise AssertionError('nothing was raised')
    printed = ['{}: {}'.format(full_name(raised.type), raised.value)]
    printed += ['{}: {}'.format(each.category.__name__, each.message) for each in caught]
    printed += ['{0.levelname} {1}'.format(each, each.getMessage()) for each in caplog.records]
    for message in messages()[title]:
        assert any(matches(message, each) for each in printed), printed


def full_name(kind):
    prefix = '' if kind.__module__ == 'builtins' else kind.__module__ + '.'
    return prefix + kind.__name__


def test_get_and_rget_return_25_results_of_a_listing():
    with Sandbox(seed=3) as sandbox:
        session = pdpyras.APISession(sandbox.api_key, base_url=sandbox.url)
        assert len(session.rget('users')) == 25
        assert len(session.list_all('users')) == session.get_total('users') > 25


def test_incidents_are_listed_for_one_month_by_default(pagerduty):
    pagerduty.events().trigger('The oven is cold', 'oven-1')
    session = pagerduty.session()
    assert session.get_total('incidents') == 1
    pagerduty.clock.advance(days=32)
    assert session.get_total('incidents') == 0
    assert session.get_total('incidents', params={'date_range': 'all'}) == 1


def test_code_blocks_of_the_page_run_in_a_prompt():
    with Sandbox(seed=1) as sandbox:
        assert run_in_new_process(ROOT / 'docs' / 'troubleshooting.rst', sandbox) == ''


def test_each_message_on_the_page_has_an_example():
    assert set(PRODUCERS) | set(ELSEWHERE) == set(messages())


@produces('A From header is required')
@in_place_of_pagerduty
def no_from_header(account):
    account.events().trigger('The oven is cold', 'oven-1')
    session = pdpyras.APISession(account.api_key)
    (incident,) = session.list_all('incidents')
    session.rput(incident, json={'type': 'incident_reference', 'status': 'resolved'})


@produces('401 Unauthorized')
@in_place_of_pagerduty
def wrong_key(account):
    pdpyras.APISession('wrong-key-1234').rget('users')


@produces('403 Forbidden')
def read_only_key(account):
    error = {'message': 'Access Denied', 'code': 2010, 'errors': ['Read-only key']}
    mock = pytest.importorskip('responses', reason='responses is not installed')
    with mock.RequestsMock() as responses:
        responses.delete(
            'https://api.pagerduty.com/users/PABC123',
            status=403,
            json={'error': error},
            headers={'X-Request-Id': 'abc'},
        )
        pdpyras.APISession(account.api_key).rdelete('users/PABC123')


@produces('404 Not Found')
@in_place_of_pagerduty
def misspelt_path(account):
    pdpyras.APISession(account.api_key).rget('serivces')


@produces('429: the script seems to hang')
@in_place_of_pagerduty
def rate_limit(account):
    session = pdpyras.APISession(account.api_key)
    account.faults.next(5, status=429, reset=30)
    session.rget('users')
    session.max_wait = 10
    account.faults.next(5, status=429, reset=30)
    session.rget('users')


@produces('500, 502, 503 and 504')
@in_place_of_pagerduty
def outage(account):
    account.faults.next(status=503)
    pdpyras.APISession(account.api_key).rget('users')


@produces('URL … is not under …')
def another_host(account):
    pdpyras.APISession(account.api_key).rget('https://example.com/users')


@produces('Only 10,000 results')
def too_many(account):
    mock = pytest.importorskip('responses', reason='responses is not installed')
    with mock.RequestsMock() as responses:
        page = {'log_entries': [{'id': 'R1'}] * 100, 'more': True}
        responses.get('https://api.pagerduty.com/log_entries', json=page)
        session = pdpyras.APISession(account.api_key)
        session.list_all('log_entries', params={'offset': 9900})


@produces('Older incidents are missing')
@in_place_of_pagerduty
def too_long_a_range(account):
    session = pdpyras.APISession(account.api_key)
    session.list_all('incidents', params={'since': '2025-01-01', 'until': '2026-01-01'})


@produces('since must be a datetime with a time zone')
def naive_datetime(account):
    session = pdpyras.APISession(account.api_key)
    year = [datetime.datetime(2026, 1, 1), datetime.datetime(2026, 2, 1)]
    list(session.iter_history('incidents', *year))


@produces('… is not a collection with pages')
def a_single_resource(account):
    pdpyras.APISession(account.api_key).list_all('users/PABC123')


@produces('Proxies')
def no_proxy_there(account):
    session = pdpyras.APISession(account.api_key)
    session.proxies['https'] = 'http://127.0.0.1:9'
    session.rget('users')


@produces('SSL: CERTIFICATE_VERIFY_FAILED')
def unknown_authority(account):
    with Sandbox(tls=True) as sandbox:
        pdpyras.APISession(sandbox.api_key, base_url=sandbox.url).rget('users')


@produces('Timeouts')
@in_place_of_pagerduty
def slow_server(account):
    account.faults.next(4, hang=30)
    pdpyras.APISession(account.api_key).rget('users', timeout=0.01)


@produces('No connection')
def nothing_listens(account):
    pdpyras.APISession(account.api_key, base_url='https://127.0.0.1:9').rget('users')


@produces('400 Event object is invalid')
@in_place_of_pagerduty
def wrong_routing_key(account):
    pdpyras.EventsAPISession(account.api_key).trigger('The oven is cold', 'oven-1')


@produces('requests-mock: No mock address')
def not_mocked_with_requests_mock(account):
    mock = pytest.importorskip('requests_mock', reason='requests-mock is not installed')
    with mock.Mocker():
        pdpyras.APISession(account.api_key).rget('users')


@produces("responses: the call doesn't match any registered mock")
def not_mocked_with_responses(account):
    mock = pytest.importorskip('responses', reason='responses is not installed')
    with mock.RequestsMock():
        pdpyras.APISession(account.api_key).rget('users')


@produces('vcrpy: the cassette does not match')
def not_recorded(account):
    vcr = pytest.importorskip('vcr', reason='vcrpy is not installed')
    with vcr.use_cassette('no-such-file.yaml', record_mode='none'):
        pdpyras.APISession(account.api_key).rget('users')


@produces('Warning: the response does not say whether there are more results')
def no_more(account):
    mock = pytest.importorskip('responses', reason='responses is not installed')
    with mock.RequestsMock() as responses:
        responses.get('https://api.pagerduty.com/users', json={'users': []})
        pdpyras.APISession(account.api_key).list_all('users')
