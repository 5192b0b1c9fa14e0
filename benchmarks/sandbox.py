"""Measure the requests per second of the sandbox, and the cost of open incidents.

    python benchmarks/sandbox.py               # about a minute; needs the extra "sandbox"
    python benchmarks/sandbox.py DIRECTORY     # also the sandbox of another checkout

The sandbox runs in its own process, started with ``python -m pdpyras_sandbox``. The client keeps
four connections open, sends prepared bytes, and parses only the status and length of a response.
The column "client" shows its load, because a busy client would be the bottleneck. All figures are
medians of rounds. In each round every row takes its turn, so noise affects all of them.
"""

import argparse
import json
import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import time
from urllib.parse import urlsplit

LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONNECTIONS = 4
REQUESTS = 400
OPEN_INCIDENTS = 2000
LENGTH = re.compile(rb'\r\ncontent-length: *(\d+)', re.IGNORECASE)


class Sandbox:
    """A sandbox in its own process, with sample data and without a rate limit."""

    def __init__(self, library):
        options = ['--port', '0', '--rate-limit', '0', '--seed', '1']
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'pdpyras_sandbox', *options],
            cwd=library,
            stdout=subprocess.PIPE,
            # It logs every request, as it does for users.
            stderr=subprocess.DEVNULL,
            text=True,
        )
        greeting = ''
        for line in self._process.stdout:
            greeting += line
            if line == 'Press Ctrl-C to stop.\n':
                break
        else:
            raise SystemExit('The sandbox did not start. Run: python -m pdpyras_sandbox')
        url, self.user_key, self.routing_key = re.search(
            r'at (\S+)$.*user key +(\S+)$.*routing key +(\S+)$', greeting, re.DOTALL | re.MULTILINE
        ).groups()
        self.address = urlsplit(url).hostname, urlsplit(url).port

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


class Client:
    """A client that keeps one request in progress on each of several connections."""

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._connections = [socket.create_connection(sandbox.address) for _ in range(CONNECTIONS)]
        for connection in self._connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method, path, body=None):
        """Return the bytes of a request, with the headers that requests sends."""
        content = b'' if body is None else json.dumps(body).encode()
        lines = [
            '{} {} HTTP/1.1'.format(method, path),
            'Host: {}:{}'.format(*self._sandbox.address),
            'User-Agent: python-requests/2.32.3',
            'Accept-Encoding: gzip, deflate',
            'Accept: application/vnd.pagerduty+json;version=2',
            'Connection: keep-alive',
            'Authorization: Token token={}'.format(self._sandbox.user_key),
            'Content-Type: application/json',
        ]
        if content:
            lines.append('Content-Length: {}'.format(len(content)))
        return '\r\n'.join([*lines, '', '']).encode() + content

    def event(self, action, key):
        """Return the bytes of a request that sends an event."""
        payload = {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'}
        event = {'routing_key': self._sandbox.routing_key, 'event_action': action}
        return self.request('POST', '/v2/enqueue', {**event, 'dedup_key': key, 'payload': payload})

    def send(self, requests, status):
        """Send requests; return the elapsed seconds and the CPU seconds of the client."""
        waiting = iter(requests)
        with selectors.DefaultSelector() as selector:
            start, worked = time.perf_counter(), time.process_time()
            for connection, request in zip(self._connections, waiting):
                connection.sendall(request)
                selector.register(connection, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    receive(key.fileobj, status)
                    request = next(waiting, None)
                    if request is None:
                        selector.unregister(key.fileobj)
                    else:
                        key.fileobj.sendall(request)
            return time.perf_counter() - start, time.process_time() - worked

    def answer(self, request):
        """Send a single request, and return the decoded body of the response."""
        self._connections[0].sendall(request)
        return json.loads(receive(self._connections[0], 200))

    def close(self):
        for connection in self._connections:
            connection.close()


def receive(connection, status):
    """Return the body of the next response, which must have this status."""
    data = b''
    while b'\r\n\r\n' not in data:
        data += more(connection)
    head, _, body = data.partition(b'\r\n\r\n')
    if int(head[9:12]) != status:
        raise SystemExit('Unexpected response: {!r}'.format(data))
    length = int(LENGTH.search(head).group(1))
    while len(body) < length:
        body += more(connection)
    return body


def more(connection):
    data = connection.recv(65536)
    if not data:
        raise SystemExit('The sandbox closed the connection.')
    return data


def one_incident(client):
    (incident, *_) = client.answer(client.request('GET', '/incidents'))['incidents']
    return [client.request('GET', '/incidents/{}'.format(incident['id']))] * REQUESTS, 200


def one_user(client):
    return [client.request('GET', '/users?limit=1')] * REQUESTS, 200


def users(client):
    """List 25 users, which are 29 KB."""
    return [client.request('GET', '/users')] * REQUESTS, 200


def events(client):
    """Trigger and resolve alerts, each with its own incident."""
    keys = ['key {}'.format(number // 2) for number in range(REQUESTS)]
    actions = ['trigger', 'resolve'] * (REQUESTS // 2)
    return [client.event(*pair) for pair in zip(actions, keys)], 202


ROWS = {
    'GET /incidents/{id}': one_incident,
    'GET /users?limit=1': one_user,
    'GET /users': users,
    'POST /v2/enqueue': events,
}
WITH_OPEN = 'the same, {:,} open incidents'.format(OPEN_INCIDENTS)


def measure(library, rounds):
    """Print a table of the requests per second of one version of the sandbox."""
    few, many = Sandbox(library), Sandbox(library)
    client, client_of_many = Client(few), Client(many)
    try:
        opening = [
            client_of_many.event('trigger', 'open {}'.format(n)) for n in range(OPEN_INCIDENTS)
        ]
        client_of_many.send(opening, 202)
        work = {title: (client, *row(client)) for title, row in ROWS.items()}
        work[WITH_OPEN] = (client_of_many, *events(client_of_many))
        results = {title: [] for title in work}
        for _ in range(rounds):
            for title, (sender, requests, status) in work.items():
                results[title].append(sender.send(requests, status))
    finally:
        for part in (client, client_of_many, few, many):
            part.close()
    print('{:32}{:>12}{:>10}'.format(library, 'per second', 'client'))
    for title, pairs in results.items():
        rate = statistics.median(REQUESTS / passed for passed, _ in pairs)
        busy = statistics.median(worked / passed for passed, worked in pairs)
        print('{:32}{:>12,.0f}{:>10.0%}'.format(title, rate, busy))
    pairs = zip(results[WITH_OPEN], results['POST /v2/enqueue'])
    ratio = statistics.median(opened[0] / other[0] for opened, other in pairs)
    print('An event costs {:.2f} times as much with the open incidents.'.format(ratio))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('others', nargs='*', metavar='DIRECTORY', help='another checkout')
    parser.add_argument('--rounds', type=int, default=10, help='(default: 10)')
    options = parser.parse_args()
    for library in [LIBRARY, *options.others]:
        measure(os.path.abspath(library), options.rounds)


if __name__ == '__main__':
    main()
