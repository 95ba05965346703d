"""Corrupt files of the index: the last valid generation is served, and the next run repairs it."""

import json
import logging
import shutil
import sqlite3

import pytest

from engine.errors import BrokenGeneration
from engine.index.manifest import FILE
from engine.index.pointer import current_name
from engine.settings import EngineSettings
from tests.databases import Databases
from tests.engine.index.test_generation import DATA_FILES
from tests.losses import feeds
from tests.losses.running import Homes
from tests.losses.serving import check_answers, serving
from tests.losses.state import differences, same_rows


@pytest.fixture(scope="module")
def pair(tmp_path_factory, runner):
    """A home with two generations, which is only copied."""
    folder = tmp_path_factory.mktemp("harmed")
    homes = Homes(folder, Databases(None), runner)
    feed = feeds.draw(folder / "source")
    home = homes.new()
    home.do("ingest", source=str(feed))
    home.do("reindex")
    feeds.change(feed)
    home.do("ingest", source=str(feed))
    home.do("reindex")
    return home


@pytest.fixture
def home(pair, lite_homes):
    return lite_homes.copy(pair)


def index_of(home):
    return EngineSettings(home=home.path).index_dir


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def older_schema(path):
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 0}))


HARM = {f"{name} cut off": (name, cut) for name in (*DATA_FILES, FILE)} | {
    f"{name} gone": (name, lambda path: path.unlink()) for name in (*DATA_FILES, FILE)
}
HARM |= {"of an older schema": (FILE, older_schema), "folder gone": ("", shutil.rmtree)}
POINTERS = {"half": lambda name: name[:9], "empty": lambda name: "", "noise": lambda _: "\0" * 40}


def check_served_and_repaired(home, caplog, good):
    """A new process serves a valid generation; a reindex reports the fault and builds a new one."""
    with caplog.at_level(logging.ERROR), serving(home) as ask:
        assert ask()
    assert f"Serving generation {good} instead" in caplog.text
    assert "lookalike reindex" in caplog.text
    report = home.do("reindex")
    assert "was broken and is replaced" in report["notes"][0]
    assert report["embedded"] == 0
    check_answers(home)


@pytest.mark.parametrize("harm", HARM)
def test_a_harmed_generation_steps_aside_for_the_last_good_one(home, pair, caplog, harm):
    wanted, index = pair.state(), index_of(home)
    live = current_name(index)
    (good,) = {path.name for path in index.glob("2*")} - {live}
    name, harm_it = HARM[harm]
    harm_it(index / live / name)
    check_served_and_repaired(home, caplog, good)
    assert not differences(home.state(), wanted)


@pytest.mark.parametrize("pointer", POINTERS)
def test_a_half_written_pointer_steps_aside_for_the_newest_generation(home, pair, caplog, pointer):
    index = index_of(home)
    live = current_name(index)
    (index / "CURRENT").write_text(POINTERS[pointer](live))
    check_served_and_repaired(home, caplog, live)
    assert not differences(home.state(), pair.state())


def test_where_no_generation_is_sound_the_next_step_is_said_and_works(home, pair):
    for path in index_of(home).glob("2*/ids.npy"):
        cut(path)
    with serving(home) as ask, pytest.raises(BrokenGeneration, match="lookalike reindex"):
        ask()
    assert "was broken and is replaced" in home.do("reindex")["notes"][0]
    assert not differences(home.state(), pair.state())


def test_cached_vectors_that_were_harmed_are_computed_again(home, pair):
    """And not published: exact search over wrong vectors would agree with an index of them."""
    with sqlite3.connect(home.path / "vectors.db") as cache:
        rows = cache.execute("SELECT photo, vector FROM vectors ORDER BY photo").fetchall()
        for photo, vector in rows[::2]:
            at = len(vector) // 2
            harmed = vector[:at] + bytes([vector[at] ^ 0x40]) + vector[at + 1 :]
            cache.execute("UPDATE vectors SET vector=? WHERE photo=?", (harmed, photo))
    cache.close()
    shutil.rmtree(index_of(home))
    report = home.do("reindex")
    assert report["embedded"] > 10
    assert not differences(home.state(), pair.state())


def test_a_generation_of_another_encoder_is_served_until_the_next(home):
    report = home.run("reindex", {"version": 2}, full_at=1)
    assert "error" in report  # before anything was published
    check_answers(home)
    before = home.state()
    home.do("reindex", version=2)
    after = home.state()
    assert before.fingerprint != after.fingerprint and before.rows.keys() == after.rows.keys()
    assert before.cached < after.cached
    check_answers(home)
    assert home.do("reindex", version=1)["embedded"] == 0  # changing back costs nothing
    back = home.state()
    assert back.cached == after.cached and same_rows(back.rows, before.rows)


def test_a_server_goes_on_while_everything_below_it_is_harmed(home):
    with serving(home) as ask:
        usual = ask()
        index = index_of(home)
        shutil.rmtree(index / current_name(index))
        (index / "CURRENT").write_text("")
        assert ask() == usual  # from its mapped files
        home.do("reindex")
        assert [one.product_id for one in ask()] == [one.product_id for one in usual]
