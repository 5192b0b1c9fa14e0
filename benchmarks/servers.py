"""The two servers, in one process: one responds at once, the other after a delay.

They do as little as possible, so that mainly the client is measured. The process prints both URLs
and ends when its standard input is closed.
"""

import json
import re
import socket
import sys
import threading
import time
from http import HTTPStatus

from answers import Answers


class Server:
    """A server on its own port, with a thread for each connection."""

    def __init__(self, answers, delay=0.0):
        self._answers = answers
        self._delay = delay
        self._encoded = {}
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=128)
        self.url = 'http://127.0.0.1:{}'.format(self._listener.getsockname()[1])
        self._start(self._accept)

    @staticmethod
    def _start(target, *args):
        threading.Thread(target=target, args=args, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._serve, connection)

    def _serve(self, connection):
        with connection:
            try:
                for request_line in iter(lambda: _received(connection), ''):
                    if self._delay:
                        time.sleep(self._delay)
                    connection.sendall(self._answer(request_line))
            except ConnectionError:
                return  # The client has disconnected.

    def _answer(self, request_line):
        method, target, _ = request_line.split(' ')
        # Each query has its page; a single user is the same for every ID.
        answered = (method, target if '?' in target else target.count('/'))
        if answered not in self._encoded:
            self._encoded[answered] = _encoded(self._answers.to(method, target))
        return self._encoded[answered]


def _received(connection):
    """Receive a request and return its first line, or '' if the client has disconnected."""
    data = connection.recv(65536)
    if not data:
        return ''
    while b'\r\n\r\n' not in data:
        data += _more(connection)
    head, _, body = data.partition(b'\r\n\r\n')
    length = re.search(rb'\r\ncontent-length: *(\d+)', head, re.IGNORECASE)
    missing = int(length.group(1)) - len(body) if length else 0
    while missing > 0:
        missing -= len(_more(connection))
    return head.partition(b'\r\n')[0].decode('latin-1')


def _more(connection):
    data = connection.recv(65536)
    if not data:
        raise ConnectionError('The client disconnected in the middle of a request.')
    return data


def _encoded(answer):
    lines = ['HTTP/1.1 {} {}'.format(answer.status, HTTPStatus(answer.status).phrase)]
    lines += map(': '.join, answer.headers.items())
    return '\r\n'.join(lines + ['', '']).encode('latin-1') + answer.body


def main(delay):
    answers = Answers()
    servers = {'prompt': Server(answers), 'slow': Server(answers, delay)}
    print(json.dumps({name: server.url for name, server in servers.items()}), flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main(float(sys.argv[1]))
