"""The examples on docs/testing.rst, which includes these files."""

import sys
from importlib.util import find_spec

#: Files that cannot run here. They are ignored, because skips would clutter the shown code.
collect_ignore = [
    file
    for file, module in (
        ('test_with_responses.py', 'responses'),
        ('test_with_requests_mock.py', 'requests_mock'),
        ('test_with_vcrpy.py', 'vcr'),
    )
    if find_spec(module) is None
]
if sys.version_info < (3, 9):  # The sandbox and current versions of responses need it.
    collect_ignore += [
        'test_looking_back.py',
        'test_time.py',
        'test_with_responses.py',
        'test_with_the_sandbox.py',
        'test_webhook_receiver.py',
        'test_with_vcrpy.py',
    ]
