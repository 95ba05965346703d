"""A shop of ours, a page of another origin, and what visits it."""

import pytest

from tests.web.kit.elsewhere import elsewhere
from tests.web.live import serving, visiting
from tests.web.logged import logging_app


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
    """Open a page of the other origin, see `visiting`."""
    with visiting(browser) as visit:
        yield visit
