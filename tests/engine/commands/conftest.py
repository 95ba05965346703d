"""Fixtures of the training tests, for the commands that train."""

from tests.engine.training.conftest import encoders, one_thread, tiny_shop  # noqa: F401 - fixtures
