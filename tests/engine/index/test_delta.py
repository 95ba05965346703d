import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from catalog import files
from engine.errors import BrokenGeneration
from engine.index import delta, generation, merged
from engine.index.generation import live_manifest, open_live
from engine.index.manifest import FILE
from engine.index.merged import MergedGeneration, open_merged
from engine.index.pointer import Pointer, current_name, read_pointer, write_pointer
from engine.index.stacked_rows import Stacked
from engine.search.live_index import LiveIndex
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish, publish_delta, random_rows

ROWS = random_rows(FakeEncoder().layout, 4, seed=9)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A generation of r0000 to r0049 and a delta: one new, one changed, two gone."""
    publish(tmp_path)
    publish_delta(tmp_path, ["a new one", "r0010"], ROWS[:2], ["r0000", "r0020"])
    return tmp_path / "index"


def folder_of(index: Path) -> Path:
    return index / (read_pointer(index).delta or "")


class NoFacts:
    """A catalogue that is never read."""


def test_a_union_has_the_rows_of_both_in_the_order_of_ids(index):
    live = open_merged(index)
    assert isinstance(live, MergedGeneration) and live.name == f"{live.base.name}+1"
    old = open_live(index)
    ids = sorted({*old.ids, "a new one"} - {"r0000", "r0020"})
    assert live.ids.tolist() == ids and live.manifest.count == len(ids) == 49
    expected = {one: old.vectors[row] for one, row in old.row_of.items()}
    expected |= {"a new one": ROWS[0], "r0010": ROWS[1]}
    for one, row in live.row_of.items():
        assert (live.vectors[row] == expected[one]).all()
    assert [live.ids[row] for row in live.delta_rows] == ["a new one", "r0010"]
    here = {old.ids[row]: live.base_rows[row] for row in range(50)}
    assert [one for one, row in here.items() if row < 0] == ["r0000", "r0010", "r0020"]
    assert all(live.ids[row] == one for one, row in here.items() if row >= 0)


def test_folders_that_another_process_removes_too_are_no_error(index, monkeypatch):
    """The server of a home that publishes follows the shared pointer, and removes them as well."""
    unlink = os.unlink

    def after_another(path, *, dir_fd=None):
        unlink(path, dir_fd=dir_fd)
        raise FileNotFoundError(path)

    older = [delta.name_of(current_name(index), number) for number in (7, 8)]
    for name in older:
        shutil.copytree(folder_of(index), index / name)
    publish(index.parent, seed=3)
    monkeypatch.setattr(os, "unlink", after_another)
    assert set(delta.prune_deltas(index)) >= set(older)
    assert len(generation.prune(index, 1)) == 1
    assert [path.name for path in index.iterdir() if path.is_dir()] == [current_name(index)]


def test_two_arrays_are_read_as_one():
    first, second = np.arange(12.0).reshape(4, 3), -np.arange(6.0).reshape(2, 3)
    place = np.array([4, 0, 2, 5, 3])
    both, plain = Stacked(first, second, place), np.concatenate([first, second])[place]
    assert (both.shape, both.size, len(both)) == ((5, 3), 15, 5)
    for rows in (0, 1, -1, slice(1, 4), [], [3, 3, 0], np.array([1, 2]), np.array([], dtype=int)):
        assert np.array_equal(both[rows], plain[rows]), rows
    assert np.array_equal(np.asarray(both), plain)
    assert np.array_equal(both @ plain.T, plain @ plain.T)
    with pytest.raises(IndexError):
        both[5]
    with pytest.raises(ValueError, match="without a copy"):
        np.array(both, copy=False) if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else (
            both.__array__(copy=False)
        )


@pytest.mark.parametrize("name", [*delta.DATA_FILES, FILE])
@pytest.mark.parametrize("harm", ["cut", "emptied", "longer", "missing"])
def test_a_harmed_delta_is_left_out_and_the_generation_served(index, name, harm, caplog):
    path = folder_of(index) / name
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes({"cut": data[:-3], "emptied": b"", "longer": data + b"0"}[harm])
    live = LiveIndex(index, NoFacts())
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert live.current().generation.name == current_name(index)
    [message] = caplog.messages
    assert "without the delta" in message and "lookalike reindex --delta" in message


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("schema_version", 2, "schema 2 and this version"),
        ("fingerprint", "0" * 64, "by an encoder 000000000000 and not of"),
        ("dim", 40, "not of"),
        ("generation", "20200101T000000-00000000", "it belongs to delta-2020"),
        ("number", 7, "it belongs to delta-"),
        ("count", 3, "2 rows, 2 ids"),
        ("files", {}, "does not list"),
    ],
)
def test_a_manifest_that_contradicts_its_files_is_refused(index, field, value, message):
    path = folder_of(index) / FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(BrokenGeneration, match=message):
        delta.open_delta(path.parent, live_manifest(index))


def test_the_delta_of_another_generation_is_left_out(index, caplog):
    of_old = folder_of(index)
    publish(index.parent, count=20, seed=1)
    name = current_name(index)
    write_pointer(index, Pointer(name, of_old.name))
    live = open_merged(index)
    assert live.name == name and len(live.ids) == 20
    assert "not of" in caplog.text


@pytest.mark.parametrize("name", ["..", "../x", "delta-x-1", "\x00", "a\nb", "20200101T000000-0"])
def test_a_pointer_to_no_delta_is_no_delta(index, name, caplog):
    generation = current_name(index)
    (index / "CURRENT").write_text(f"{generation}\n{name}\n")
    assert open_merged(index).name == generation
    assert len(caplog.records) == 1


def test_a_newer_delta_takes_the_earlier_ones_place(index):
    live = LiveIndex(index, NoFacts())
    first = live.current()
    publish_delta(index.parent, ["another"], ROWS[2:3])
    second = live.current()
    assert second.generation.name.endswith("+2") and "another" in second.generation.row_of
    assert {"r0000", "r0010"} <= second.generation.row_of.keys()
    assert "a new one" not in second.generation.row_of and "a new one" in first.generation.row_of
    assert second.generation.index is first.generation.index  # not read and checked again
    assert live.current() is second
    delta.prune_deltas(index)
    assert [path.name for path in index.glob("delta-*")] == [folder_of(index).name]


def test_a_new_generation_drops_the_delta(index):
    live = LiveIndex(index, NoFacts())
    live.current()
    newer = publish(index.parent, count=60, seed=1)
    assert live.current().generation.name == newer.name and "r0000" in newer.row_of
    delta.prune_deltas(index)
    assert not list(index.glob("delta-*"))


def test_numbers_only_grow_whatever_is_left_on_the_disk(index):
    name = current_name(index)
    assert delta.next_number(index, name) == 2
    shutil.rmtree(folder_of(index))
    assert delta.next_number(index, name) == 2
    (index / f"delta-{name}-11").mkdir()
    (index / "delta-20200101T000000-00000000-40").mkdir()
    assert delta.next_number(index, name) == 12
    assert len(delta.prune_deltas(index)) == 2


def test_a_delta_that_does_not_pass_is_not_made_live(index, monkeypatch):
    before = read_pointer(index)

    def harm(path: Path) -> None:
        if path.name == delta.VECTORS:
            path.write_bytes(path.read_bytes()[:-8])

    monkeypatch.setattr(generation, "sync", harm)
    monkeypatch.setattr(files, "sync", harm)
    with pytest.raises(BrokenGeneration, match=r"vectors\.npy has"):
        publish_delta(index.parent, ["another"], ROWS[2:3])
    assert read_pointer(index) == before and open_merged(index).name.endswith("+1")


def test_a_reader_that_is_overtaken_while_opening_takes_the_newer_one(index, monkeypatch, caplog):
    stale = Pointer(current_name(index), "delta-20200101T000000-00000000-1")
    found = iter([stale])
    read = merged.read_pointer
    monkeypatch.setattr(merged, "read_pointer", lambda where: next(found, None) or read(where))
    assert open_merged(index).name.endswith("+1") and not caplog.records


def test_an_empty_delta_and_one_that_leaves_nothing(tmp_path):
    old = publish(tmp_path, 5)
    same = publish_delta(tmp_path, [], ROWS[:0])
    assert same.ids.tolist() == old.ids.tolist() and same.name.endswith("+1")
    none = publish_delta(tmp_path, [], ROWS[:0], old.ids.tolist())
    assert len(none.ids) == 0 and none.vectors.shape == (0, 39)
