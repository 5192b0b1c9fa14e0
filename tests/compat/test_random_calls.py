"""Random calls behave alike in 5.4.1 and in this library, except for the listed differences.

Hypothesis draws the cases, the same ones in every run, and both libraries perform each of them (see
``calls``). A listed difference that does not occur in any case is a failure, too.
"""

from collections import Counter

import pytest
from calls import ASPECTS
from differences import RANDOM

pytest.importorskip('hypothesis')

from hypothesis import HealthCheck, example, given, seed, settings  # noqa: E402
from random_calls import AREAS, EXAMPLES  # noqa: E402

CASES_IN_AN_AREA = 600

#: The number of occurrences of each difference, by its reason.
occurred = Counter()


@pytest.mark.parametrize('area', AREAS)
def test_random_calls_differ_from_5_4_1_only_as_listed(area, perform):
    @seed(541)
    @settings(
        max_examples=CASES_IN_AN_AREA,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(AREAS[area])
    def compare(case):
        before, now = perform(case)
        if before != now:
            texts = before['text'], now['text']
            for difference in RANDOM:
                if difference.apply(case, before, now):
                    occurred[difference.reason] += 1
            for aspect in ASPECTS:
                assert now[aspect] == before[aspect], (aspect, texts)

    for case in EXAMPLES.get(area, ()):
        compare = example(case)(compare)
    compare()


def test_every_listed_difference_of_random_calls_occurs(request, perform):
    if request.session.testscollected < len(AREAS):
        pytest.skip('needs the tests above')
    assert [each.reason for each in RANDOM if not occurred[each.reason]] == []
