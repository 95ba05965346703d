"""The shop of the web tests, for requests."""

import pytest

from tests.web.conftest import (  # noqa: F401 - fixtures
    addresses,
    app,
    shared_bare_home,
    shared_home,
    shop_home,
    source,
    untouched_home,
)


@pytest.fixture(autouse=True)
def closing(close_all):
    """Nothing that a test opened stays open."""
