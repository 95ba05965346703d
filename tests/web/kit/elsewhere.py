"""A shop of another origin: a server on another port whose pages show the panel."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Elsewhere:
    """Pages of another origin; ``pages`` maps paths to HTML."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.pages: dict[str, str] = {}

    def page(self, body: str, path: str = "/", head: str = "") -> str:
        """Put a page there; its address."""
        self.pages[path] = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>'
            '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">'
            f"{head}</head><body><main><h1>Coat</h1>{body}</main></body></html>"
        )
        return f"{self.origin}{path}"


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Serve pages on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = shop.pages.get(self.path.partition("?")[0])
            self.send_response(404 if text is None else 200)
            kind = "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop = Elsewhere(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
