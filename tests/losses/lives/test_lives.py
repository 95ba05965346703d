"""Random lives: after every step, each panel is the one that brute force finds."""

import pytest

import catalog.fetching.run
import catalog.ingest.run
from tests.catalog.fetching import photo_server
from tests.losses import commands
from tests.losses.lives.life import KINDS, Life

STEPS = 250  # of the life in every run: all kinds of steps, and two comparisons with a quiet home
SOAK, SOAK_STEPS = 20, 500  # lives, and steps of each


@pytest.fixture
def server():
    with photo_server.serving() as running:
        yield running


def test_random_lives(tmp_path, lite_homes, server, rounds, monkeypatch, home):
    monkeypatch.setattr(catalog.ingest.run, "BATCH", commands.BATCH)
    monkeypatch.setattr(catalog.fetching.run, "BATCH", commands.BATCH)
    monkeypatch.setenv("LOOKALIKE_SYNC_SHARE", "1")
    steps = rounds(STEPS, SOAK_STEPS)
    for seed in range(rounds(1, SOAK)):
        server.answers.clear()
        life = Life(lite_homes, tmp_path / f"source{seed}", server, seed)
        try:
            life.live(steps)
            assert set(KINDS) <= set(life.counts)
        finally:
            life.close()
            print(f"life {seed}: {dict(life.counts)}", flush=True)
        lite_homes.remove(life.home)
