"""The counts of all inputs, printed at the end; the shop of the web tests, for requests."""

import pytest

from tests.fuzz.guard import counted, refused
from tests.web.conftest import (  # noqa: F401 - fixtures
    addresses,
    app,
    shared_home,
    shop_home,
    source,
    untouched_home,
)


@pytest.fixture(autouse=True)
def closing(close_all):
    """Nothing that a test opened stays open."""


@pytest.fixture(scope="session", autouse=True)
def tell_counts(request):
    """Prints at the end how many inputs of each kind there were."""
    yield
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        listed = ", ".join(
            f"{count:,} {kind} ({refused[kind]:,} refused)"
            for kind, count in sorted(counted.items())
        )
        print(f"\nFuzzed: {sum(counted.values()):,} inputs: {listed}")
