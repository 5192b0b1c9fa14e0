"""What the drivers of clients share: each does operations, and prints a line of JSON for each."""

import json
import os
import subprocess
import traceback
import urllib.request


def attempt(name, function, *args, **kwargs):
    """Do one operation, and return its result; print whether it worked.

    It did not if it raises an exception, or returns None or False.
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
    """Run a command; return its output, which has to contain a text."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, **settings)
    if done.returncode:
        raise RuntimeError(f'status {done.returncode}: {(done.stderr + done.stdout)[-600:]}')
    if shows not in done.stdout:
        raise RuntimeError(f'{shows!r} is not in {done.stdout[-600:]!r}')
    return done.stdout


def from_sandbox(path):
    """Ask the sandbox itself, not through the client, for what the client needs or has done."""
    key = os.environ['PAGERDUTY_USER_KEY']
    url = os.environ['PAGERDUTY_SANDBOX_URL'] + path
    request = urllib.request.Request(url, headers={'Authorization': f'Token token={key}'})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
