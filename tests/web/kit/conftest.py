"""A shop of ours, a page of another origin, and a browser that visits it."""

import pytest

from tests.web.kit.elsewhere import elsewhere
from tests.web.live import browsing, serving
from tests.web.logged import logging_app


@pytest.fixture(scope="module")
def browser():
    with browsing() as browser:
        yield browser


@pytest.fixture
def other():
    with elsewhere() as shop:
        yield shop


@pytest.fixture
def ours(own_home, other):
    """Our shop, which pages of the other origin may ask; its log is its own."""
    with logging_app(own_home, origins=other.origin) as app:
        yield app


@pytest.fixture
def api(ours):
    with serving(ours) as address:
        yield address


@pytest.fixture
def visit(browser, api):
    """Open a page of the other origin; errors in its console fail the test.

    The page gets ``requests``, the addresses that it asked for.
    """
    contexts, errors = [], []

    def visit(address, faults=(), script="", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))

        def note(message):
            if message.type == "error" and not any(one in message.text for one in faults):
                errors.append(message.text)

        page.on("console", note)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        if script:
            page.add_init_script(script)
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert errors == []
