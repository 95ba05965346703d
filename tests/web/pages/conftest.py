"""A browser for tests that are marked with it, and what visits the shop."""

from dataclasses import replace

import pytest

from tests.web.live import browsing, serving
from web.app.context import shop


@pytest.fixture(scope="module")
def browser():
    with browsing() as browser:
        yield browser


@pytest.fixture
def looks_like_nothing(app, monkeypatch):
    """Every photo looks like none of the products."""
    with app.app_context():
        recommender = shop().recommender
    answer = recommender.answer_to_image
    monkeypatch.setattr(
        recommender,
        "answer_to_image",
        lambda photo, request: replace(answer(photo, request), nothing_similar=True),
    )


@pytest.fixture
def address(app):
    with serving(app) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    """Open a page of the shop in a fresh profile; errors in its console fail the test.

    Those that have one of the words ``faults`` are expected.
    """
    contexts, errors = [], []

    def visit(path="/", faults=(), **options):
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))

        def note(message):
            if message.type == "error" and not any(one in message.text for one in faults):
                errors.append(message.text)

        page.on("console", note)
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert errors == []
