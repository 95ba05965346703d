"""A web server on this machine that serves, fails, stalls, redirects and lies, as a test sets."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers by the table of its server; other paths are 404."""

    protocol_version = "HTTP/1.1"
    server: "PhotoServer"

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.request_counts[self.path] += 1
            server.requests.append((self.path, dict(self.headers)))
        try:
            path = self.path.partition("?")[0]
            answer = server.answers.get(self.path) or server.answers.get(path)
            if answer is None and server.otherwise is not None:
                answer = server.otherwise(self.path)
            (answer or status(404))(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def send(self, code: int, body: bytes = b"", **headers: str) -> None:
        """An answer with its true length, unless a header has another one."""
        self.send_response(code)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class PhotoServer(ThreadingHTTPServer):
    """Listens on a free port of the loopback. ``answers`` maps paths to answers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.otherwise: Callable[[str], Answer | None] | None = None
        self.request_counts: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def address(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path here."""
        return f"http://{host}:{self.port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is none."""


@contextmanager
def serving():
    """A server that runs inside of the block."""
    with PhotoServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def content(body: bytes, code: int = 200, **headers: str) -> Answer:
    """An answer with this body."""
    return lambda handler: handler.send(code, body, **headers)


def status(code: int, **headers: str) -> Answer:
    """An answer with this status."""
    return content(b"no", code, **headers)


def redirect(to: str, code: int = 302) -> Answer:
    """A redirect."""
    return status(code, Location=to)


def tagged(body: bytes, etag: str | None = None, modified: str | None = None) -> Answer:
    """An answer with validators; 304 to requests that have them."""
    headers = {}
    if etag:
        headers["ETag"] = etag
    if modified:
        headers["Last_Modified"] = modified

    def answer(handler: Handler) -> None:
        given = handler.headers.get("If-None-Match"), handler.headers.get("If-Modified-Since")
        same = given[0] == etag if etag else given[1] == modified
        handler.send(304, **headers) if same else handler.send(200, body, **headers)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One answer after the other, then always the last one."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        with handler.server.lock:
            now = left.pop(0) if len(left) > 1 else left[0]
        now(handler)

    return answer


def cut(body: bytes, at: int) -> Answer:
    """Announces the whole body and hangs up in the middle."""

    def answer(handler: Handler) -> None:
        handler.send(200, body[:at], Content_Length=str(len(body)))
        handler.close_connection = True

    return answer


def drip(body: bytes, pause: float) -> Answer:
    """A byte at a time, slowly."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for byte in body:
            handler.wfile.write(bytes([byte]))
            time.sleep(pause)

    return answer


def drip_headers(pause: float) -> Answer:
    """A header that never ends."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(10_000):
            handler.wfile.write(b"x")
            time.sleep(pause)

    return answer


def stall(until: threading.Event) -> Answer:
    """No answer."""

    def answer(handler: Handler) -> None:
        until.wait(60)
        handler.close_connection = True

    return answer


def hang_up() -> Answer:
    """Closes the connection without an answer."""

    def answer(handler: Handler) -> None:
        handler.close_connection = True

    return answer
