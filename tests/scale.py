"""The scale of tests that repeat something very often.

By default, it is large enough to notice the fault that a test looks for. For the full scale, which
takes minutes: ``tox -e scale``, or the environment variable PDPYRAS_FULL_SCALE.
"""

import os

#: Whether the full scale was asked for.
IS_FULL = bool(os.environ.get('PDPYRAS_FULL_SCALE'))


def at_scale(default, full):
    return full if IS_FULL else default
