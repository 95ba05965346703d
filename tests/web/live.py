"""A storefront on a free port of this machine, and a browser to visit it."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

# Milliseconds that a browser's action or state may take, on a busy machine, too.
PATIENCE = 120_000


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
        thread.join()
        server.server_close()


def chromium() -> str | None:
    """Where Debian's browser is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless browser. Its sandbox is off: as root, as in most CI, it could not start."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"], timeout=PATIENCE
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, **common: Any) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a fresh profile; errors in their consoles fail the test at the end.

    Of these errors, those that have one of the words ``faults`` are expected. A page has
    ``requests``, the addresses that it asked for; ``script`` runs before it loads.
    """
    contexts, errors = [], []

    def visit(address: str = "/", faults: Sequence[str] = (), script: str = "", **own: Any) -> Page:
        context = browser.new_context(**common, **own)
        contexts.append(context)
        page: Any = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))

        def note(message: ConsoleMessage) -> None:
            if message.type == "error" and not any(one in message.text for one in faults):
                errors.append(message.text)

        page.on("console", note)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        if script:
            page.add_init_script(script)
        page.goto(address)
        return page

    try:
        yield visit
    finally:
        for context in contexts:
            context.close()
    assert errors == []
