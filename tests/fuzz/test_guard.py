"""The guard over fuzzed inputs sees what it is there for."""

import contextlib

import pytest

from tests.fuzz import guard


def test_it_ends_what_hangs(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.05)
    with pytest.raises(guard.Hang), guard.guarded("checks of the guard"):
        while True:
            with contextlib.suppress(Exception):
                sum(range(10_000))


def test_it_tells_what_swells(monkeypatch):
    monkeypatch.setattr(guard, "MEGABYTES", 100)
    with pytest.raises(AssertionError, match="MB"), guard.guarded("checks of the guard"):
        len(b"x" * 300_000_000)
    with guard.guarded("checks of the guard"):
        len(b"x" * 1_000_000)
