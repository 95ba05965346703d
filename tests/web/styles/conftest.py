"""The shop with its styles, in a home of its own."""

import pytest

from tests.web.live import serving
from tests.web.styles.found import store_styles


@pytest.fixture
def styles(own_home):
    """Six styles, stored in the home."""
    return store_styles(own_home)


@pytest.fixture
def address(logged):
    with serving(logged) as address:
        yield address
