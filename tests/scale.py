"""The scale of tests that repeat something many times.

The default is large enough to detect the fault that a test looks for. The full scale, which takes
minutes, is set by ``tox -e scale`` or the environment variable PDPYRAS_FULL_SCALE.
"""

import os

#: Whether to run at full scale.
IS_FULL = bool(os.environ.get('PDPYRAS_FULL_SCALE'))


def at_scale(default, full):
    return full if IS_FULL else default
