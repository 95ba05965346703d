"""A storefront on a free port of this machine, and a browser to visit it."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Serves without a line for every request."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def whole(app: Flask) -> Callable[[Any, Any], list[bytes]]:
    """The app with every answer read and closed before it is sent.

    werkzeug's server forgets to close the file of an answer that a browser no longer waits for.
    """

    def answer(environ: Any, start_response: Any) -> list[bytes]:
        pieces = app(environ, start_response)
        with closing(pieces):
            return [b"".join(pieces)]

    return answer


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an app in a thread; gives its address."""
    server = make_server("127.0.0.1", 0, whole(app), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def chromium() -> str | None:
    """Where Debian's browser is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless browser. Its sandbox is off: as root, as in most CI, it could not start."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
