"""CONTRIBUTING.rst covers all steps and dependencies, and CHANGELOG.rst keeps its form."""

import configparser
import os
import re

import pytest

metadata = pytest.importorskip('importlib.metadata', reason='importlib.metadata is of Python 3.8')

TOP = os.path.join(os.path.dirname(__file__), os.pardir)


def read(name):
    with open(os.path.join(TOP, name), encoding='utf-8') as file:
        return file.read()


def tox():
    configuration = configparser.ConfigParser(interpolation=None)
    configuration.read_string(read('tox.ini'))
    return configuration


def required():
    """Yield the requirements of the package and its extras, of tox, and of the documentation."""
    try:
        yield from metadata.requires('pdpyras')
    except metadata.PackageNotFoundError:
        pytest.skip('pdpyras is not installed')
    for section in tox().values():
        yield from section.get('deps', '').splitlines()
    yield from read('docs/requirements.txt').splitlines()


def test_contributing_gives_a_reason_for_each_dependency():
    names = {re.match('[A-Za-z0-9_-]*', line.strip()).group() for line in required()}
    names -= {'', '-r', 'urllib3'}  # urllib3 comes with requests.
    reasons = read('CONTRIBUTING.rst').partition('Dependencies\n====')[2].lower()
    assert len(names) > 30
    assert sorted(name for name in names if '``{}``'.format(name) not in reasons) == []


def test_contributing_lists_each_step_of_tox():
    listed = re.findall(r'tox run -e (\w+)', read('CONTRIBUTING.rst'))
    steps = {
        re.sub('^(py|legacy)3.*', 'py313', name) for name in tox()['tox']['env_list'].split(', ')
    }
    assert sorted(listed) == sorted(steps)


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
