"""Fixtures of the commands that train, beside those of the training tests."""

import pytest

from tests.engine.training.conftest import encoders, one_thread, tiny_shop  # noqa: F401 - fixtures


@pytest.fixture
def own_home(home, monkeypatch):
    """Nothing is read from or written to the user's own home."""
    monkeypatch.setenv("LOOKALIKE_WORKERS", "1")
    return home
