"""The time that a client waits at a rate limit, on a simulated clock."""

import math
from unittest import mock

from answers import Answers, answer


class RateLimited:
    """An API that rejects requests until its window is over, and a clock that only waits advance.

    Like PagerDuty, it sends the remaining seconds in ``ratelimit-reset``.
    """

    def __init__(self, window):
        self._window = window
        self._answers = Answers()
        self.now = 0.0

    def to(self, method, target):
        remaining = self._window - self.now
        if remaining <= 0:
            return self._answers.to(method, target)
        return answer(
            429,
            {'error': {'message': 'Rate limit exceeded', 'code': 2020}},
            ratelimit_remaining='0',
            ratelimit_reset=str(math.ceil(remaining)),
        )

    def sleep(self, seconds):
        self.now += seconds


def waited_through(window, act_at):
    """Return the seconds until a call succeeds that starts with this window.

    :param act_at: a function that takes ``answer_to`` and returns the call.
    """
    api = RateLimited(window)
    act = act_at(api.to)
    with mock.patch('time.sleep', api.sleep):
        act()
    return api.now
