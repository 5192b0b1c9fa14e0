"""Count the requests of iter_history, and the 429 responses of sessions with spare_requests.

    python benchmarks/limits.py               # about two minutes; needs the extra "sandbox"

The first table compares the number of requests with the lowest possible one. The second runs
several threads and processes against a sandbox with a rate limit, and waits for one window of a
minute.
"""

import os
import random
import subprocess
import sys
import time
from datetime import timedelta

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), 'tests')]

from history_server import EPOCH, HistoryServer  # noqa: E402

import pdpyras  # noqa: E402
from pdpyras_sandbox import Sandbox  # noqa: E402

YEAR = 366 * 86400
RATE_LIMIT = 120
REQUESTS = 200
SPARE = 8

CLIENT = """
import sys, threading
import pdpyras

session = pdpyras.APISession(sys.argv[2], base_url=sys.argv[1])
session.spare_requests = int(sys.argv[3])
statuses = []
session.hooks['response'].append(lambda response, **_: statuses.append(response.status_code))

def work():
    for _ in range(int(sys.argv[5])):
        session.get('abilities')

threads = [threading.Thread(target=work) for _ in range(int(sys.argv[4]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(statuses.count(429))
"""


def seconds(records, share_in_bursts):
    generator = random.Random(records)
    bursts = [generator.randrange(YEAR - 3600) for _ in range(20)]
    for number in range(records):
        if number < records * share_in_bursts:
            yield generator.choice(bursts) + generator.randrange(3600)
        else:
            yield generator.randrange(YEAR)


def history(records, share_in_bursts):
    """Return the number of requests for a year, and the lowest possible one."""
    server = HistoryServer(seconds(records, share_in_bursts), longest_days=181)
    with pdpyras.APISession('the-api-key-1234') as session:
        session.mount('https://', server)
        until = EPOCH + timedelta(seconds=YEAR)
        received = sum(1 for _ in session.iter_history('incidents', EPOCH, until))
    assert received == records, received
    return len(server.queries), -(-records // 100)


def limited(processes, threads):
    """Return the number of 429 responses, and the seconds for all requests."""
    with Sandbox(rate_limit=RATE_LIMIT) as sandbox:
        count = str(REQUESTS // (processes * threads))
        command = [sys.executable, '-c', CLIENT, sandbox.url, sandbox.api_key]
        start = time.monotonic()
        clients = [
            subprocess.Popen(
                [*command, str(SPARE), str(threads), count],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(os.environ, PYTHONPATH=os.path.dirname(HERE)),
            )
            for _ in range(processes)
        ]
        refused = sum(int(client.communicate()[0]) for client in clients)
        return refused, time.monotonic() - start


def main():
    print('iter_history of a year         requests   lowest possible   ratio')
    for records, share in ((100000, 0), (100000, 0.5), (1000000, 0.5)):
        made, least = history(records, share)
        title = '{:,} records, {:.0%} in bursts'.format(records, share)
        print('{:32}{:>7}{:>18}{:>8.3f}'.format(title, made, least, made / least))
    title = '{} requests at {} a minute'.format(REQUESTS, RATE_LIMIT)
    print('\n{:40}  429   seconds (the shortest possible: 60)'.format(title))
    for processes, threads in ((1, 1), (1, 4), (2, 2)):
        refused, took = limited(processes, threads)
        title = '{} process(es) of {} thread(s), {} spare'.format(processes, threads, SPARE)
        print('{:40}{:>5}{:>10.1f}'.format(title, refused, took))


if __name__ == '__main__':
    main()
