"""The example in the README, run as it stands there, with keys that are good."""

import os
import re

import pytest

import pdpyras

pytest.importorskip('flask', reason='the sandbox needs Flask, which needs Python 3.9')

from pdpyras_sandbox import Sandbox  # noqa: E402

README = os.path.join(os.path.dirname(__file__), os.pardir, 'README.rst')


def example():
    with open(README, encoding='utf-8') as file:
        block = re.search(r'\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)', file.read()).group(1)
    return re.sub('^ {4}', '', block, flags=re.MULTILINE)


@pytest.fixture
def account(monkeypatch):
    with Sandbox() as sandbox:
        for kind in (pdpyras.APISession, pdpyras.EventsAPISession):
            monkeypatch.setattr(kind, 'url', sandbox.url)
        yield sandbox


def test_the_example_lists_users_and_opens_and_closes_an_alert(account, capsys):
    session = pdpyras.APISession(account.user_key)
    for name in ('Dan Stone', 'Jane Doe'):
        email = name.split()[0] + '@example.com'
        session.rpost('users', json={'type': 'user', 'name': name, 'email': email})
    code = example().replace('YOUR-API-KEY', account.api_key)
    exec(code.replace('YOUR-ROUTING-KEY', account.routing_key), {})
    assert capsys.readouterr().out == 'Dan Stone Dan@example.com\n'
    incidents = session.list_all('incidents', params={'date_range': 'all'})
    assert [(found['title'], found['status']) for found in incidents] == [
        ('Server is on fire', 'resolved')
    ]
