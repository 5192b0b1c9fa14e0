"""pdpyras 5.4.1, as a black box, and this library behave alike, except for the listed differences.

Each scenario (see ``scenarios``) runs with both against the same scripted server, and the requests
and results are compared. ``differences`` lists the intended differences with their reasons; a
listed difference that does not occur is a failure, too.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from differences import CANONICAL_PATHS, DIFFERENCES, WRAPPERS
from scenarios.everything import SCENARIOS

#: The compared aspects of a scenario. The texts of messages are not compared; they differ.
ASPECTS = ('outcome', 'wire', 'leaked', 'noted', 'slept', 'logged', 'warned')

NAMES = [scenario.name for scenario in SCENARIOS]


def test_a_scenario_differs_from_5_4_1_only_in_the_listed_aspects(scenario, there, here):
    before, now = there['scenarios'][scenario], here['scenarios'][scenario]
    differing = {aspect for aspect in ASPECTS if before[aspect] != now[aspect]}
    intended = {
        aspect
        for difference in DIFFERENCES
        if scenario in difference.scenarios
        for aspect in difference.aspects
    }
    assert differing == intended, explain(before, now, differing ^ intended)


def explain(before, now, aspects):
    lines = []
    for aspect in sorted(aspects):
        lines += [
            '',
            aspect,
            '  5.4.1: ' + json.dumps(before[aspect]),
            '  ours:  ' + json.dumps(now[aspect]),
        ]
    lines += [
        '',
        'message',
        '  5.4.1: {}'.format(before['message']),
        '  ours:  {}'.format(now['message']),
    ]
    return '\n'.join(lines)


def test_only_5_4_1_warns_at_import(there, here):
    assert there['warned at import'] == ['UserWarning']
    assert here['warned at import'] == []


NEWER = """
import pdpyras

for use in (
    lambda: pdpyras.APISession('key', base_url='https://api.eu.pagerduty.com'),
    lambda: pdpyras.APISession('key').iter_history,
):
    try:
        use()
    except Exception as error:
        print('{}: {}'.format(type(error).__name__, error))
"""


def test_troubleshooting_has_the_messages_of_5_4_1(original):
    """Leave out the warning of pip, because it does not install 5.4.1 a second time."""
    page = (Path(__file__).parents[2] / 'docs' / 'troubleshooting.rst').read_text(encoding='utf-8')
    done = subprocess.run(
        [sys.executable, '-c', NEWER],
        cwd=str(original),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    )
    for message in done.stdout.splitlines():
        # Older versions of Python do not name the class.
        assert message.replace(' __init__', ' APISession.__init__') in page
    assert len(done.stdout.splitlines()) == 2
    warning = re.search('UserWarning: .* updates[.]', done.stderr).group()
    assert warning in ' '.join(page.split())


def test_every_endpoint_of_5_4_1_keeps_its_wrappers_unless_listed(there, here):
    changed = {
        endpoint: here['wrappers'].get(endpoint, 'no longer listed')
        for endpoint, wrappers in there['wrappers'].items()
        if here['wrappers'].get(endpoint) != wrappers
    }
    assert changed == {endpoint: wrappers for endpoint, (wrappers, _reason) in WRAPPERS.items()}


def test_the_recorded_wrappers_of_5_4_1_are_those_it_returns(there):
    """Check the source of docs/changed_operations.rst, tests/data/wrapping_5.4.1.tsv."""
    table = Path(__file__).parents[1] / 'data' / 'wrapping_5.4.1.tsv'
    lines = [line.split('\t') for line in table.read_text(encoding='utf-8').splitlines()[2:]]
    recorded = {
        '{} {}'.format(method, path): [name or None for name in pair.split('>')]
        for path, _pagination, *pairs in lines
        for method, pair in zip(('GET', 'POST', 'PUT', 'DELETE'), pairs)
    }
    assert recorded == {
        endpoint: wrappers
        for endpoint, wrappers in there['wrappers'].items()
        if not endpoint.startswith('PATCH ')
    }


def test_every_url_of_5_4_1_keeps_its_canonical_path_unless_listed(there, here):
    changed = {
        url: here['canonical paths'].get(url, 'no longer listed')
        for url, path in there['canonical paths'].items()
        if here['canonical paths'].get(url) != path
    }
    assert changed == {url: path for url, (path, _reason) in CANONICAL_PATHS.items()}


def test_names_of_scenarios_are_unique():
    assert sorted(NAMES) == sorted(set(NAMES))


def test_at_least_200_scenarios_are_compared():
    assert len(NAMES) >= 200


def test_every_listed_difference_names_an_existing_scenario():
    listed = {name for difference in DIFFERENCES for name in difference.scenarios}
    assert listed <= set(NAMES)


def test_every_listed_difference_names_a_compared_aspect():
    assert {aspect for difference in DIFFERENCES for aspect in difference.aspects} <= set(ASPECTS)
