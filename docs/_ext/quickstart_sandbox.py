"""Connect the code in the pages, which calls the sandbox of the quick start, to another port."""

import contextlib
import socket

#: Host and port of the sandbox that the quick start leaves running.
ADDRESS = ('127.0.0.1', 8080)
#: The option that the quick start gives to it.
SEED = 1


@contextlib.contextmanager
def served_by(find_port):
    """Redirect connections from the sandbox's usual port to the port that a function returns.

    The code runs unchanged, and so do the URLs in requests and responses.
    """
    connect = socket.socket.connect

    def connect_to_port(self, address):
        return connect(self, (ADDRESS[0], find_port()) if address == ADDRESS else address)

    socket.socket.connect = connect_to_port
    try:
        yield
    finally:
        socket.socket.connect = connect
