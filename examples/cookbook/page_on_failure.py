"""Run a command: trigger an alert if it fails, and resolve the alert when it succeeds again.

*/10 * * * * python page_on_failure.py nightly-backup /usr/local/bin/backup --all
"""

import os
import socket
import subprocess
import sys
import tempfile

import pdpyras

if len(sys.argv) < 3:
    sys.exit(__doc__)
name, *command = sys.argv[1:]
# A background process that the command starts would keep a pipe open, but not a file.
with tempfile.TemporaryFile('w+', errors='replace') as file:
    try:
        status = subprocess.run(command, stderr=file).returncode
    except OSError as error:  # There is no such command.
        status = 127
        print(error, file=file)
    file.seek(0)
    errors = file.read()
sys.stderr.write(errors)

events = pdpyras.EventsAPISession(os.environ['PAGERDUTY_ROUTING_KEY'])
events.max_wait = 120  # Give up on an outage of PagerDuty before cron starts the next run.
if status == 0:
    events.resolve(name)
else:
    events.trigger(
        f'{name} failed with exit status {status}',
        socket.gethostname(),
        dedup_key=name,
        custom_details={'command': command, 'stderr': errors[-2000:]},
    )
sys.exit(status)
