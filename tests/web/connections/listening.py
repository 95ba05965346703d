"""A server in a thread, on a free port of this machine, and clients of it."""

import http.client
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

from waitress.task import ThreadedTaskDispatcher

from tests.waiting import LONG, wait_until
from web.connections import channel, server
from web.connections.channel import Channel
from web.connections.limits import Limits
from web.connections.polling import Polling
from web.connections.server import Server

TIMEOUT = LONG  # seconds after which a test fails
THREADS = 2
# Limits of time that no test reaches, however busy the machine is, unless it lets time pass.
UNHURRIED = dict.fromkeys(
    ("header_seconds", "idle_seconds", "body_seconds", "stall_seconds", "response_seconds"), 1e9
)


@dataclass
class Clock:
    """The time that the server sees: a test can let it pass."""

    ahead: float = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic() + self.ahead


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
        clock: the time that it sees.
        logged: (path, status) of each request, as the access log gets them.
    """

    server: Server
    address: tuple[str, int]
    polling: Polling
    clock: Clock
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

    def channel_of(self, connection: socket.socket) -> Channel:
        """The server's side of a connection, once it has accepted it."""
        found: list[Channel] = []

        def accepted() -> bool:
            mine = connection.getsockname()
            found.extend(one for one in self.server.channels() if one.addr == mine)
            return bool(found)

        wait_until(accepted, "the connection is not accepted")
        return found[0]

    def ended_after(self, seconds: float, connection: socket.socket) -> bytes:
        """What the server sends before it closes a connection that has had its time.

        The time passes again for as long as the server has not seen the connection.
        """
        received = b""
        connection.settimeout(0.02)
        while True:
            try:
                piece = connection.recv(65_536)
            except TimeoutError:
                self.clock.ahead += seconds
                continue
            except ConnectionResetError:
                return received
            if not piece:
                return received
            received += piece

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
    """Serves an app with some limits; yields a `Listening`. Without a limit there is time."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threads, polling = ThreadedTaskDispatcher(), Polling()
    threads.set_thread_count(THREADS)
    found = []

    def log(task, environ, took):
        found[0].logged.append((environ["RAW_URI"], task.status))

    clock, given = Clock(), Limits(**{**UNHURRIED, **limits})
    found.append(
        Listening(
            Server(app, listener, threads, given, polling, log),
            listener.getsockname(),
            polling,
            clock,
        )
    )
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            polling.turn(0.05)
            found[0].server.tidy()
        for one in found[0].server.channels():
            one.unread = False
            one.handle_close()
        threads.shutdown(timeout=30)
        found[0].server.close()
        polling.close()

    thread = threading.Thread(target=serve)
    with mock.patch.object(server, "time", clock), mock.patch.object(channel, "time", clock):
        thread.start()
        try:
            yield found[0]
        finally:
            found[0].close()
            stop.set()
            thread.join(TIMEOUT)
            listener.close()
