"""The guard over fuzzed inputs notices hangs and memory use."""

import contextlib

import pytest

from tests.fuzz import guard


def test_it_ends_inputs_that_hang(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.05)
    with pytest.raises(guard.Hang), guard.guarded("checks of the guard"):
        while True:
            with contextlib.suppress(Exception):
                sum(range(10_000))


def test_it_reports_inputs_that_use_too_much_memory(monkeypatch):
    monkeypatch.setattr(guard, "MEGABYTES", 100)
    with pytest.raises(AssertionError, match="MB"), guard.guarded("checks of the guard"):
        len(b"x" * 300_000_000)
    with guard.guarded("checks of the guard"):
        len(b"x" * 1_000_000)
