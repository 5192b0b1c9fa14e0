"""CONTRIBUTING.rst gives a reason for each dependency, and CHANGELOG.rst keeps its form."""

import configparser
import os
import re

import pytest

metadata = pytest.importorskip('importlib.metadata', reason='importlib.metadata is of Python 3.8')

TOP = os.path.join(os.path.dirname(__file__), os.pardir)


def read(name):
    with open(os.path.join(TOP, name), encoding='utf-8') as file:
        return file.read()


def required():
    """Yield the requirements of the package and its extras, of tox, and of the documentation."""
    try:
        yield from metadata.requires('pdpyras')
    except metadata.PackageNotFoundError:
        pytest.skip('pdpyras is not installed')
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(os.path.join(TOP, 'tox.ini'), encoding='utf-8')
    for section in tox.values():
        yield from section.get('deps', '').splitlines()
    yield from read('docs/requirements.txt').splitlines()


def test_contributing_gives_a_reason_for_each_dependency():
    names = {re.match('[A-Za-z0-9_-]*', line.strip()).group() for line in required()}
    names -= {'', '-r', 'urllib3'}  # urllib3 comes with requests.
    reasons = read('CONTRIBUTING.rst').partition('Dependencies\n====')[2].lower()
    assert len(names) > 30
    assert sorted(name for name in names if '``{}``'.format(name) not in reasons) == []


def versions():
    """Return the section of each released version in the changelog."""
    _, _, *found = re.split(r'\n(?=.+\n=+\n)', read('CHANGELOG.rst'))
    assert found
    return found


KINDS = ('Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security')


def test_each_entry_of_the_changelog_starts_with_a_verb_below_the_heading_of_its_kind():
    for version in versions():
        headings = re.findall(r'^(.+)\n-+$', version, re.MULTILINE)
        assert headings == [kind for kind in KINDS if kind in headings]
        entries = re.findall(r'^\* (\w+)', version, re.MULTILINE)
        assert entries
        assert set(entries) <= set(KINDS)


def test_the_changelog_of_a_version_has_fewer_than_1500_words():
    for version in versions():
        assert len(version.split()) < 1500
