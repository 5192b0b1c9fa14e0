"""Run a command: trigger an alert if it fails, and resolve the alert when it succeeds again.

*/10 * * * * python page_on_failure.py nightly-backup /usr/local/bin/backup --all
"""

import os
import socket
import subprocess
import sys

import pdpyras

if len(sys.argv) < 3:
    sys.exit(__doc__)
name, *command = sys.argv[1:]
try:
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors='replace')
    status, errors = finished.returncode, finished.stderr
except OSError as error:  # There is no such command.
    status, errors = 127, f'{error}\n'
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
