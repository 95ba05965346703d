"""Clients that hold connections to a server and send or read nothing, or too little."""

import resource
import socket
import threading
from contextlib import suppress

ADDRESSES = 50  # that the clients have together, as a limit for one address would end most
HALF_HEADER = b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_BODY = (
    b"POST /api/v1/wishlist/similar HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 5000\r\n\r\n[1,"
)
LARGE = b"GET /api/v1/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"  # 1.4 MB
KINDS = (b"", HALF_HEADER, HALF_BODY, LARGE)
OPEN_FILES = 8192


class Slow:
    """Holds connections, and opens each again that the server closes.

    Attributes:
        opened: connections opened so far.
    """

    def __init__(self, address: tuple[str, int], counts: tuple[int, int, int, int]) -> None:
        self.address = address
        self.sent = [kind for kind, n in zip(KINDS, counts, strict=True) for _ in range(n)]
        self.held: dict[int, socket.socket] = {}
        self.opened = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def open(self) -> None:
        """Opens the connections that are not open."""
        for number, sent in enumerate(self.sent):
            if number not in self.held:
                one = socket.socket()
                one.settimeout(60)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.bind((f"127.1.{number % ADDRESSES}.1", 0))
                one.connect(self.address)
                one.sendall(sent)
                one.setblocking(False)
                self.held[number] = one
                self.opened += 1

    def still_open(self) -> int:
        """Connections that the server has not closed; the others are forgotten."""
        for number, one in list(self.held.items()):
            with suppress(BlockingIOError):
                try:
                    if self.sent[number] == LARGE or one.recv(1):
                        continue  # reading would make it a client that reads
                except ConnectionResetError:
                    pass
                one.close()
                del self.held[number]
        return len(self.held)

    def _keep(self) -> None:
        while not self._stop.wait(1):
            with suppress(OSError):  # the server has ended
                self.still_open()
                self.open()

    def __enter__(self) -> "Slow":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, OPEN_FILES), hard), hard))
        self.open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for one in self.held.values():
            one.close()
