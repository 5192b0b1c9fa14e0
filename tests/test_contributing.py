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
    """The requirements of the package and its extras, of tox, and of the documentation."""
    try:
        yield from metadata.requires('pdpyras')
    except metadata.PackageNotFoundError:
        pytest.skip('pdpyras is not installed')
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(os.path.join(TOP, 'tox.ini'), encoding='utf-8')
    for section in tox.values():
        yield from section.get('deps', '').splitlines()
    yield from read('docs/requirements.txt').splitlines()


def test_each_dependency_has_a_reason():
    names = {re.match('[A-Za-z0-9_-]*', line.strip()).group() for line in required()}
    names -= {'', '-r', 'urllib3'}  # urllib3 comes with requests.
    reasons = read('CONTRIBUTING.rst').partition('Dependencies\n====')[2].lower()
    assert len(names) > 30
    assert sorted(name for name in names if '``{}``'.format(name) not in reasons) == []


KINDS = ('Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security')


def test_the_changelog_has_a_section_for_each_kind_of_change_and_starts_each_line_with_a_verb():
    for version in re.split(r'\n(?=.+\n=+\n)', read('CHANGELOG.rst'))[2:]:
        headings = re.findall(r'^(.+)\n-+$', version, re.MULTILINE)
        assert headings == [kind for kind in KINDS if kind in headings]
        entries = re.findall(r'^\* (\w+)', version, re.MULTILINE)
        assert entries
        assert set(entries) <= set(KINDS)


def test_the_changelog_of_a_version_is_read_in_five_minutes():
    for version in re.split(r'\n(?=.+\n=+\n)', read('CHANGELOG.rst'))[2:]:
        assert len(version.split()) < 1500
