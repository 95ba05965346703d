"""Fixtures of the packages whose commands are tested here."""

from tests.catalog.fetching.conftest import quick, server, settings, shop  # noqa: F401 - fixtures
from tests.catalog.hooks.conftest import shopify  # noqa: F401 - a fixture
