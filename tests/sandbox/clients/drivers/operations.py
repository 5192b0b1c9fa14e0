"""Helpers of the drivers, which print a line of JSON for each operation of a client."""

import json
import os
import subprocess
import traceback
import urllib.request


def attempt(name, function, *args, **kwargs):
    """Carry out an operation, print whether it succeeded, and return its result.

    It fails if it raises an exception, or returns None or False.
    """
    result, problem = None, None
    try:
        result = function(*args, **kwargs)
        if result is None or result is False:
            problem = f'returned {result}'
    except Exception as error:  # noqa: BLE001  (Whatever a client raises is reported.)
        problem = ''.join(traceback.format_exception_only(type(error), error)).strip()
    print(json.dumps({'operation': name, 'problem': problem}), flush=True)
    return result


def command(*arguments, shows='', **settings):
    """Run a command, and return its output, which must contain a text."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, **settings)
    if done.returncode:
        raise RuntimeError(f'status {done.returncode}: {(done.stderr + done.stdout)[-600:]}')
    if shows not in done.stdout:
        raise RuntimeError(f'{shows!r} is not in {done.stdout[-600:]!r}')
    return done.stdout


def from_sandbox(path):
    """Get a path from the sandbox directly, not with the client."""
    key = os.environ['PAGERDUTY_USER_KEY']
    url = os.environ['PAGERDUTY_SANDBOX_URL'] + path
    request = urllib.request.Request(url, headers={'Authorization': f'Token token={key}'})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
