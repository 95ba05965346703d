"""A full disk: the message says so, stored data stays, and the next run with space succeeds."""

import os
import random
import re
import shutil

import pytest

from catalog.errors import CatalogError
from engine.errors import EngineError
from tests.catalog.fetching import photo_server
from tests.losses import feeds
from tests.losses.killing import check_between
from tests.losses.serving import check_answers, serving
from tests.losses.state import differences

REASON = re.compile(r"no space|is full|disk I/O", re.IGNORECASE)
NEXT_STEP = re.compile(r"[Ff]ree some|when there is space")


def kinds(base):
    return {base.__name__}.union(*(kinds(kind) for kind in base.__subclasses__()))


OURS = kinds(CatalogError) | kinds(EngineError)


def check_message(ended):
    """Checks that a failed command gave the reason and the next step."""
    assert ended["error"] in OURS, ended["trace"]
    assert REASON.search(ended["message"]) and NEXT_STEP.search(ended["message"]), ended["message"]


@pytest.fixture
def ready(tmp_path, lite_homes):
    """Creates a home on which a command has much to do; returns it and the command's arguments."""
    with photo_server.serving() as server:

        def make(command):
            home = lite_homes.new()
            source = feeds.watch_then_change(home, tmp_path / "source", server)
            if command in ("fetch", "reindex"):
                home.do("ingest", **source)
            if command == "reindex":
                home.do("fetch")
            return home, source if command in ("ingest", "watch") else {}

        yield make


@pytest.mark.parametrize("command", ["ingest", "fetch", "reindex", "watch"])
def test_a_disk_that_is_full_for_a_moment(lite_homes, ready, rounds, command):
    """Any one call that needs space fails. Runs on all systems."""
    prepared, given = ready(command)
    before = prepared.state()
    whole = lite_homes.copy(prepared)
    usual = whole.run(command, given)
    after = whole.state()
    steps = range(1, usual["filling"] + 1)
    failed = 0
    for step in random.Random(command).sample(steps, min(len(steps), rounds(4, 60))):
        home = lite_homes.copy(prepared)
        ended = home.run(command, given, full_at=step)
        if "error" in ended:
            failed += 1
            check_message(ended)
        check_between(home.state(), before, after, whole=command != "watch")
        check_answers(home)
        home.do(command, **given)
        assert not differences(home.state(), after)
        lite_homes.remove(home)
    assert failed


def leave(disk, room):
    """Fills a disk except for ``room`` bytes; returns the file."""
    filler = disk / "filler"
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(1, shutil.disk_usage(disk).free - room))
    return filler


@pytest.mark.parametrize("command", ["ingest", "fetch", "reindex", "watch"])
def test_a_disk_that_is_full(disk, lite_homes, ready, rounds, command):
    """With any space left: the live generation is served, and with space the next run finishes."""
    prepared, given = ready(command)
    before = prepared.state()
    home = lite_homes.copy(prepared, disk / "home")
    room = shutil.disk_usage(disk).free
    home.do(command, **given)
    room -= shutil.disk_usage(disk).free
    after = home.state()
    lite_homes.remove(home)
    chance = random.Random(command)
    failed = 0
    for _ in range(rounds(2, 30)):
        home = lite_homes.copy(prepared, disk / "home")
        with serving(home) as ask:
            usual = ask()
            filler = leave(disk, chance.randrange(room))
            ended = home.run(command, given)
            if "error" in ended:
                failed += 1
                check_message(ended)
            answer = ask()
            assert answer == usual or (answer and (command != "reindex" or "result" in ended))
            filler.unlink()
        check_between(home.state(), before, after, whole=command != "watch")
        check_answers(home)
        home.do(command, **given)
        assert not differences(home.state(), after)
        lite_homes.remove(home)
    assert failed
