"""A threading server that closes its connections when it stops."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
import time
from typing import Any

#: Seconds to wait for the threads of all connections that were shut down.
GRACE = 1
#: Seconds until a stopped server is noticed by :meth:`ClosingServer.wait`.
POLL_INTERVAL = 0.2


class ClosingServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A TCP server whose connections and threads end when it stops.

    socketserver would leave a thread waiting for every idle connection that a client keeps open.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._connections: list[tuple[threading.Thread, socket.socket]] = []
        self._serving = threading.Thread(
            target=self.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True
        )
        super().__init__(*args, **options)

    def start(self) -> None:
        """Serve in a new thread until :meth:`stop`."""
        self._serving.start()

    def wait(self) -> None:
        """Return when the server has stopped."""
        # Not join(): a signal that another thread receives would not interrupt it.
        while self._serving.is_alive():
            time.sleep(POLL_INTERVAL)

    def stop(self) -> None:
        """Stop serving, close the connections and wait for their threads."""
        self.shutdown()
        self._serving.join()
        self.server_close()
        for _, connection in self._connections:
            shut_down(connection)
        end = time.monotonic() + GRACE
        for thread, _ in self._connections:
            thread.join(max(0, end - time.monotonic()))

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections = [entry for entry in self._connections if entry[0].is_alive()]
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._connections.append((thread, request))
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error of the server; a client that disconnects is not one."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def shut_down(connection: socket.socket) -> None:
    """Shut down a connection that another thread may be reading."""
    with contextlib.suppress(OSError):
        # SSLSocket.shutdown() is not safe while another thread reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
