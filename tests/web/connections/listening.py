"""A server in a thread, on a free port of this machine, and clients of it."""

import http.client
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

from waitress.task import ThreadedTaskDispatcher

from web.connections.limits import Limits
from web.connections.polling import Polling
from web.connections.server import Server

TIMEOUT = 60.0  # seconds after which a test fails
THREADS = 2


def echo(environ, start_response):
    """Sends the body back, or as many bytes as the query says."""
    wanted = environ["QUERY_STRING"]
    body = b"x" * int(wanted) if wanted else environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@dataclass
class Listening:
    """A running server.

    Attributes:
        logged: (path, status) of each request, as the access log gets them.
    """

    server: Server
    address: tuple[str, int]
    polling: Polling
    logged: list[tuple[str, str]] = field(default_factory=list)
    _opened: list[socket.socket] = field(default_factory=list)

    def connect(self, sent: bytes = b"", client: str = "127.0.0.1", buffer: int | None = None):
        """A connection that has sent something; ``buffer``: bytes that it takes unread."""
        one = socket.socket()
        one.settimeout(TIMEOUT)
        if buffer is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        one.bind((client, 0))
        one.connect(self.address)
        one.sendall(sent)
        self._opened.append(one)
        return one

    def ask(self, path: str = "/", body: bytes | None = None, client: str = "127.0.0.1"):
        """Status, headers and body of the answer to a whole request."""
        connection = http.client.HTTPConnection(
            *self.address, timeout=TIMEOUT, source_address=(client, 0)
        )
        try:
            connection.request("GET" if body is None else "POST", path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def close(self):
        for one in self._opened:
            one.close()


def ended(connection: socket.socket) -> bytes:
    """What the server sent before it closed the connection."""
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def until(connection: socket.socket, end: bytes) -> bytes:
    """What the server sends, up to some last bytes."""
    received = b""
    while not received.endswith(end):
        piece = connection.recv(65_536)
        assert piece, received
        received += piece
    return received


def is_open(connection: socket.socket) -> bool:
    """Whether the server has not closed the connection (yet)."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    finally:
        connection.settimeout(TIMEOUT)


@contextmanager
def listening(app=echo, **limits):
    """Serves an app with some limits; yields a `Listening`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threads, polling = ThreadedTaskDispatcher(), Polling()
    threads.set_thread_count(THREADS)
    found = []

    def log(task, environ, took):
        found[0].logged.append((environ["RAW_URI"], task.status))

    server = Server(app, listener, threads, Limits(**limits), polling, log)
    found.append(Listening(server, listener.getsockname(), polling))
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            polling.turn(0.05)
            server.tidy()
        for channel in server.channels():
            channel.unread = False
            channel.handle_close()
        threads.shutdown(timeout=30)
        server.close()
        polling.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield found[0]
    finally:
        found[0].close()
        stop.set()
        thread.join(TIMEOUT)
        listener.close()
