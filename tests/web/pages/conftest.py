"""The shop at an address, and what visits it."""

from dataclasses import replace

import pytest

from tests.web.live import serving
from web.app.context import shop


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
