"""Run a command: trigger an alert if it fails, and resolve the alert when it succeeds again.

*/10 * * * * python page_on_failure.py nightly-backup /usr/local/bin/backup --all
"""

import os
import socket
import subprocess
import sys

import pdpyras

name, *command = sys.argv[1:]
events = pdpyras.EventsAPISession(os.environ['PAGERDUTY_ROUTING_KEY'])
events.max_wait = 120  # Give up on an outage of PagerDuty before cron starts the next run.

finished = subprocess.run(command, stderr=subprocess.PIPE, text=True)
sys.stderr.write(finished.stderr)
if finished.returncode == 0:
    events.resolve(name)
else:
    events.trigger(
        f'{name} failed with exit status {finished.returncode}',
        socket.gethostname(),
        dedup_key=name,
        custom_details={'command': command, 'stderr': finished.stderr[-2000:]},
    )
sys.exit(finished.returncode)
