"""The examples on the page about testing, docs/testing.rst, which shows these files as they are."""

import sys
from importlib.util import find_spec

#: Shown code should not be cluttered with skips: what cannot run here is left out.
collect_ignore = [
    file
    for file, module in (
        ('test_with_responses.py', 'responses'),
        ('test_with_requests_mock.py', 'requests_mock'),
        ('test_with_vcrpy.py', 'vcr'),
    )
    if find_spec(module) is None
]
if sys.version_info < (3, 9):  # The sandbox needs it; so does the responses that is shown.
    collect_ignore += [
        'test_looking_back.py',
        'test_time.py',
        'test_with_responses.py',
        'test_with_the_sandbox.py',
        'test_webhook_receiver.py',
        'test_with_vcrpy.py',
    ]
