"""pdpyras 5.4.1, as a black box, and this library do the same, but for what is listed.

Each scenario (see ``scenarios``) runs through both against the same scripted server, and what went
over the wire and what came back are compared. ``differences`` lists what is meant to differ and
why; a difference listed there that is gone fails as well, so that the list stays honest.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from differences import CANONICAL_PATHS, DIFFERENCES, WRAPPERS
from scenarios.everything import SCENARIOS

#: What is compared of a scenario. The text of a message is not: each library has its own words.
ASPECTS = ('outcome', 'wire', 'leaked', 'noted', 'slept', 'logged', 'warned')

NAMES = [scenario.name for scenario in SCENARIOS]


def test_it_does_what_5_4_1_did_unless_a_difference_is_intended(scenario, there, here):
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
        'said',
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


def test_the_page_about_troubleshooting_has_the_messages_of_5_4_1(original):
    """But for the warning of pip, which does not install a second time."""
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


def test_every_endpoint_of_5_4_1_keeps_its_wrappers(there, here):
    changed = {
        endpoint: here['wrappers'].get(endpoint, 'not listed any more')
        for endpoint, wrappers in there['wrappers'].items()
        if here['wrappers'].get(endpoint) != wrappers
    }
    assert changed == {endpoint: wrappers for endpoint, (wrappers, _reason) in WRAPPERS.items()}


def test_the_recorded_wrappers_of_5_4_1_are_what_it_answers(there):
    """tests/data/wrapping_5.4.1.tsv, from which docs/changed_operations.rst is generated."""
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


def test_every_url_of_5_4_1_keeps_its_canonical_path(there, here):
    changed = {
        url: here['canonical paths'].get(url, 'not listed any more')
        for url, path in there['canonical paths'].items()
        if here['canonical paths'].get(url) != path
    }
    assert changed == {url: path for url, (path, _reason) in CANONICAL_PATHS.items()}


def test_no_two_scenarios_share_a_name():
    assert sorted(NAMES) == sorted(set(NAMES))


def test_two_hundred_calls_and_more_are_compared():
    assert len(NAMES) >= 200


def test_every_difference_is_of_a_scenario_that_there_is():
    listed = {name for difference in DIFFERENCES for name in difference.scenarios}
    assert listed <= set(NAMES)


def test_every_difference_is_of_an_aspect_that_is_compared():
    assert {aspect for difference in DIFFERENCES for aspect in difference.aspects} <= set(ASPECTS)
