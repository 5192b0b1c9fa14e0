"""The README: its example, run with valid keys, its links and its figures."""

import os
import re

import pytest
from operations import OPERATIONS

import pdpyras

pytest.importorskip('flask', reason='the sandbox needs Flask, which needs Python 3.9')

from pdpyras_sandbox import Sandbox  # noqa: E402

ROOT = os.path.join(os.path.dirname(__file__), os.pardir)


def readme():
    with open(os.path.join(ROOT, 'README.rst'), encoding='utf-8') as file:
        return file.read()


def example():
    block = re.search(r'\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)', readme()).group(1)
    return re.sub('^ {4}', '', block, flags=re.MULTILINE)


@pytest.fixture
def account(monkeypatch):
    with Sandbox() as sandbox:
        for kind in (pdpyras.APISession, pdpyras.EventsAPISession):
            monkeypatch.setattr(kind, 'url', sandbox.url)
        yield sandbox


def test_the_example_of_the_readme_lists_users_and_opens_and_closes_an_alert(account, capsys):
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


def test_links_of_the_readme_within_the_project_lead_to_files():
    links = re.findall(r'<([^>:]+)>`_|image:: (\S+)', readme())
    paths = [link or image for link, image in links]
    assert len(paths) > 5
    assert [path for path in paths if not os.path.exists(os.path.join(ROOT, path))] == []


def test_the_readme_has_the_number_of_documented_operations():
    documented = [each for each in OPERATIONS if each.source == 'document']
    assert '{} operations'.format(len(documented)) in readme()


def test_the_page_on_installation_lists_the_extras():
    with open(os.path.join(ROOT, 'docs', 'installation.rst'), encoding='utf-8') as file:
        text = file.read()
    listed = set(re.findall(r'^``pip install "\.\[(\w+)\]"``', text, re.MULTILINE))
    listed |= set(re.findall(r'<extras/(webhooks|logs)>', text))  # These need no packages.
    with open(os.path.join(ROOT, 'setup.py'), encoding='utf-8') as file:
        extras = file.read().partition('extras_require={')[2].partition('\n    },')[0]
    assert listed == set(re.findall(r"^ {8}'(\w+)':", extras, re.MULTILINE))
