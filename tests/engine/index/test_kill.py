"""A reindex that is killed at any moment: the old generation is served, the next run finishes."""

import os
import random
import time
from multiprocessing.process import BaseProcess

import psutil

from engine.embedding.caches.sqlite import SqliteCache
from engine.index.generation import open_live
from engine.index.pointer import current_name
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.index.run_reindex import start
from tests.engine.shop import Shop
from tests.waiting import LONG

ROUNDS = int(os.environ.get("KILL_ROUNDS", "5"))


def kill(process: BaseProcess) -> list[psutil.Process]:
    """SIGKILL, and the workers that it leaves."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    process.kill()
    process.join()
    return children


def usual_seconds(shop: Shop, version: int) -> float:
    """How long a run takes that nobody kills."""
    process = start(shop.settings.home, version)
    started = time.monotonic()
    process.join(LONG)
    assert process.exitcode == 0
    return time.monotonic() - started


def serve_until(shop: Shop, process: BaseProcess, seconds: float) -> None:
    """Send requests while a run is going on; every answer must be the expected one."""
    recommender = shop.recommender()
    expected = recommender.similar_to("p001")
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.is_alive():
        assert recommender.similar_to("p001") == expected
        time.sleep(0.02)


def test_a_kill_at_any_moment_leaves_the_old_generation_and_costs_a_batch_at_most(new_shop):
    shop = new_shop(40)
    shop.reindex()
    usual = usual_seconds(shop, version=2)
    live = current_name(shop.settings.index_dir)
    chance = random.Random(5)
    orphans: list[psutil.Process] = []
    for version in range(3, 3 + ROUNDS):
        mine = FakeEncoder(version)
        process = start(shop.settings.home, version)
        try:
            serve_until(shop, process, chance.uniform(0, usual))
        finally:
            orphans += kill(process)
        served = open_live(shop.settings.index_dir)  # checks every byte of it
        assert served.name == live or served.manifest.fingerprint == mine.fingerprint
        with SqliteCache(shop.settings.vectors_file) as cache:
            kept = cache.count(mine.fingerprint)
        report = shop.reindex(mine)
        assert (report.photos, mine.photos_encoded) == (60, 60 - kept)
        live = current_name(shop.settings.index_dir)
        assert live == report.generation
        assert open_live(shop.settings.index_dir).manifest.fingerprint == mine.fingerprint
        assert not list(shop.settings.index_dir.glob(".building-*"))
    _, alive = psutil.wait_procs(orphans, timeout=LONG)
    assert not alive, "workers outlived the run that they worked for"
