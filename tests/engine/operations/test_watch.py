import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner

from catalog.errors import DatabaseError
from catalog.ingest import open_and_ingest
from catalog.lock import exclusive_lock
from catalog.settings import CatalogSettings
from engine.commands.index import COMMANDS
from engine.embedding.embed import EmbedProgress
from engine.encoders import loading
from engine.index.update import Updater
from engine.operations import watch_stages
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.operations.watch_state import FILE, load_state
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.index.test_update import add, never
from tests.engine.shop import Shop
from tests.waiting import LONG

BY_NAME = {command.name: command for command in COMMANDS}


class Lines(list):
    """The lines that a watch reports."""

    def __contains__(self, part: object) -> bool:
        return any(str(part) in line for line in self)


@pytest.fixture
def run(monkeypatch):
    """Runs a command in a shop's home, with the fake encoder."""
    monkeypatch.setattr(loading, "load", lambda settings, name=None: FakeEncoder())

    def call(shop: Shop, name: str, *arguments: str):
        env = {"LOOKALIKE_HOME": str(shop.settings.home), "LOOKALIKE_WORKERS": "1"}
        env["LOOKALIKE_TREES"] = "10"
        return CliRunner().invoke(BY_NAME[name], arguments, env=env, catch_exceptions=False)

    return call


def appear(shop: Shop, product_id: str) -> None:
    """A new product in the source, which nobody has read yet."""
    ingest, shop.ingest = shop.ingest, lambda sync=False: None
    add(shop, product_id, photo_of="p001")
    shop.ingest = ingest


def test_a_new_product_is_found_within_one_cycle_and_prices_need_no_encoder(new_shop, watch_of):
    shop = new_shop(12)
    loads = []
    watch = watch_of(shop, lambda: loads.append(1) or FakeEncoder())
    first = watch.cycle()
    assert first.ok and "rebuilt, 12 products" in first.summary and "12 the same" in first.summary
    recommender = shop.recommender()
    assert recommender.similar_to("p001")
    appear(shop, "new")
    second = watch.cycle()
    assert "ingest: 1 new, 0 changed, 0 retired" in second.summary
    assert "index: delta of 1 product, 0 gone (7.7%)" in second.summary
    found = recommender.similar_to("p001", 100, any_gender=True, any_age_group=True)
    assert "new" in [one.product_id for one in found] and recommender.similar_to("new")
    rows = [row | {"availability": "out_of_stock"} for row in shop.rows() if row["id"] != "p003"]
    shop.write(rows)
    assert recommender.similar_to("p001")
    third = watch.cycle()
    assert "1 retired" in third.summary and recommender.similar_to("p001") == []
    quiet = watch.cycle()
    assert "0 new, 0 changed, 0 retired" in quiet.summary and "index: up to date" in quiet.summary
    assert "\n" not in quiet.summary and loads == [1]
    other = watch_of(shop, never)
    assert "up to date" in other.cycle().summary


def test_a_stage_that_fails_is_reported_and_the_others_go_on(new_shop, watch_of):
    shop = new_shop(6)
    shop.reindex()
    appear(shop, "new")
    shop.ingest()
    rows = shop.source.read_bytes()
    shop.source.unlink()
    lines = Lines()
    watch = watch_of(shop, report=lines.append, every=60)
    cycle = watch.cycle()
    assert not cycle.ok and "ingest: failed" in cycle.summary and "delta of 1" in cycle.summary
    [line] = lines
    assert "ingest failed: " in line and "catalogue.csv" in line and "Next try: " in line
    assert "ingest: failed" in watch.cycle(back_off=False).summary
    assert "failed, 2 times in a row" in lines
    waits = watch.cycle()  # not due yet
    assert waits.ok and "ingest: waits until" in waits.summary and len(lines) == 2
    state = load_state(shop.settings.home)
    ingest, index = state.stages["ingest"], state.stages["index"]
    assert (ingest.failures, ingest.last_success, index.failures) == (2, None, 0)
    assert 110 < (ingest.next_try - state.started).total_seconds() <= 120
    shop.source.write_bytes(rows)
    assert watch.cycle(back_off=False).ok
    assert load_state(shop.settings.home).stages["ingest"].failures == 0


def test_retries_back_off_up_to_an_hour(new_shop, watch_of):
    shop = new_shop(2)
    watch = watch_of(shop, source="/nowhere/at-all.csv", every=600, report=lambda _: None)
    waits = []
    for _ in range(6):
        watch.cycle(back_off=False)
        state = load_state(shop.settings.home)
        waits.append(round((state.stages["ingest"].next_try - state.started).total_seconds()))
    assert waits == [600, 1200, 2400, 3600, 3600, 3600]


def test_a_bug_does_not_end_the_watch(new_shop, watch_of, monkeypatch, caplog):
    shop = new_shop(3)
    monkeypatch.setattr(watch_stages, "apply_pending", lambda *_: 1 / 0)
    lines = Lines()
    cycle = watch_of(shop, report=lines.append).cycle()
    assert "webhooks: failed" in cycle.summary and "rebuilt" in cycle.summary
    assert "ZeroDivisionError: division by zero" in lines and "failed unexpectedly" in caplog.text


def test_a_lost_database_is_reconnected(new_shop, watch_of, monkeypatch):
    shop = new_shop(3)
    lines = Lines()
    watch = watch_of(shop, report=lines.append)
    assert watch.cycle().ok

    def gone(*_, **__):
        raise DatabaseError("The server closed the connection.")

    with monkeypatch.context() as patch:
        patch.setattr("engine.operations.watch_stages.open_and_ingest", gone)
        cycle = watch.cycle()
        assert "ingest: failed" in cycle.summary and "index: up to date" in cycle.summary
        patch.setattr("engine.operations.watch_stages.Database.open", gone)
        watch.close()
        cycle = watch.cycle(back_off=False)
        assert not cycle.ok and "catalogue: failed" in cycle.summary
        assert "index" not in cycle.summary.partition(";")[2].partition("in all")[0]
    assert watch.cycle(back_off=False).ok


def test_a_home_that_was_never_used_is_set_up(tmp_path, new_shop):
    shop = new_shop(4)
    caps = CatalogSettings(home=tmp_path / "fresh")
    settings = shop.settings.model_copy(update={"home": tmp_path / "fresh"})
    watch = Watch(Feed(str(shop.source)), FakeEncoder, settings=settings, caps=caps)
    assert watch.cycle().ok
    watch.close()


@pytest.mark.parametrize("stage", ["ingest", "index"])
def test_a_stop_ends_a_cycle_between_two_batches(new_shop, watch_of, monkeypatch, stage):
    shop = new_shop(6)
    stopping = threading.Event()
    watch = watch_of(shop, stopping=stopping)
    if stage == "ingest":
        real = open_and_ingest.ingest

        def ingest(*args, on_progress, **options):
            def stop(now):
                stopping.set()
                on_progress(now)

            return real(*args, on_progress=stop, **options)

        monkeypatch.setattr(open_and_ingest, "ingest", ingest)
    else:

        def update(self, on_progress):
            stopping.set()
            on_progress(EmbedProgress(1, 2, 0))

        monkeypatch.setattr(Updater, "update", update)
    cycle = watch.cycle()
    assert cycle.summary.split("; ")[-2].endswith("stopped")
    state = load_state(shop.settings.home)
    assert state.ended is not None and not any(one.failures for one in state.stages.values())
    watch.run()  # returns at once


def test_the_exit_status_of_once_tells_whether_all_stages_succeeded(new_shop, run):
    shop = new_shop(4)
    done = run(shop, "watch", str(shop.source), "--once")
    assert done.exit_code == 0 and done.stdout.count("\n") == 2  # the encoder's line, the cycle's
    assert "Encoder: fake" in done.stdout
    appear(shop, "new")
    again = run(shop, "watch", str(shop.source), "--once")
    assert again.exit_code == 0 and "delta of 1 product" in again.stdout
    failed = run(shop, "watch", str(shop.source.parent / "no.csv"), "--once")
    assert failed.exit_code == 1 and "ingest failed: " in failed.stdout
    assert run(shop, "watch", "--once").exit_code == 0  # webhooks only
    assert run(shop, "watch", "-", "--once").exit_code == 2


def test_no_sync_retires_nothing(new_shop, run):
    shop = new_shop(4)
    shop.write(shop.rows()[1:])
    kept = run(shop, "watch", str(shop.source), "--once", "--no-sync")
    assert "0 retired" in kept.stdout
    assert "1 retired" in run(shop, "watch", str(shop.source), "--once").stdout


def test_one_watch_a_home(new_shop, run):
    shop = new_shop(2)
    with exclusive_lock(shop.settings.home / "watch.lock", "watch"):
        second = run(shop, "watch", str(shop.source), "--once")
    assert second.exit_code == 1 and "Another watch is running here" in second.stderr


def test_reindex_with_delta_publishes_just_that(new_shop, run):
    shop = new_shop(4)
    refused = run(shop, "reindex", "--delta")
    assert refused.exit_code == 1 and "Nothing has been indexed yet" in refused.stderr
    assert run(shop, "reindex", "--delta", "--force").exit_code == 2
    shop.reindex()
    add(shop, "new", photo_of="p001")
    done = run(shop, "reindex", "--delta")
    assert done.exit_code == 0 and "1 product, 0 gone, 20.0% of 5" in done.stdout
    assert "Nothing changed" in run(shop, "reindex", "--delta").stdout
    vectors = run(shop, "vectors", str(shop.settings.home / "out.npz"))
    assert vectors.exit_code == 0 and "5 rows of 39" in vectors.stdout
    assert "Published generation" in run(shop, "reindex").stdout


def test_status_prints_ages_backlog_delta_and_the_last_cycle(new_shop, run):
    shop = new_shop(4)
    run(shop, "watch", str(shop.source), "--once")
    appear(shop, "new")
    run(shop, "watch", str(shop.source), "--once")
    appear(shop, "newer")
    shop.ingest()
    run(shop, "watch", "/nowhere/at-all.csv", "--once")
    appear(shop, "newest")
    shop.ingest()
    status = run(shop, "status")
    lines = status.stdout.splitlines()
    for part in (
        "Source:     catalogue.csv, 7 products, ",
        "Backlog:    1 products not embedded",
        "2 products, 0 gone, 50.0% of the generation",
        "Watch:      /nowhere/at-all.csv, every 300 s; last cycle ",
        "Failing:    ingest, 1 times in a row, last success ",
        "Next:       lookalike reindex",
    ):
        assert any(part in line for line in lines), (part, lines)
    found = json.loads(run(shop, "status", "--json").stdout)
    assert found["backlog"] == {
        "photos_waiting": 0,
        "photos_missing": 0,
        "webhooks_waiting": 0,
        "webhooks_parked": 0,
        "products_not_embedded": 1,
    }
    assert (found["delta"]["products"], found["delta"]["share"]) == (2, 0.5)
    assert found["sources"][0]["age_seconds"] >= 0 and found["generation_age_seconds"] >= 0
    assert found["watch"]["stages"]["ingest"]["failures"] == 1
    assert found["indexed_products"] == 6


@pytest.mark.parametrize("text", ["", "{", '{"every": "often"}', "\xff"])
def test_a_broken_state_is_no_state(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    assert load_state(tmp_path) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(new_shop, number):
    shop = new_shop(4)
    shop.reindex()
    env = {"LOOKALIKE_HOME": str(shop.settings.home), "LOOKALIKE_TREES": "10"}
    command = [sys.executable, "-m", "web.cli", "watch", str(shop.source), "--every", "600"]
    with subprocess.Popen(
        command, env=os.environ | env, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert "index: up to date" in line
        child.send_signal(number)
        assert child.wait(LONG) == 0
    assert load_state(shop.settings.home).ended is not None
