import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from catalog import files
from engine.encoders.facets import unit_rows
from engine.errors import BrokenGeneration, NoGeneration
from engine.index import generation
from engine.index import manifest as manifest_module
from engine.index.generation import (
    IDS,
    INDEX,
    VECTORS,
    building,
    live_manifest,
    open_generation,
    open_live,
    prune,
)
from engine.index.manifest import FILE, VERIFIED, FileFacts
from engine.index.pointer import Stamp, current_name, pointer_stamp
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish, random_rows

DATA_FILES = (IDS, VECTORS, INDEX)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    publish(tmp_path)
    return tmp_path / "index"


def live_folder(index: Path) -> Path:
    return index / (index / "CURRENT").read_text().strip()


def test_a_generation_comes_back_as_it_was_built(index: Path):
    generation = open_live(index)
    assert generation.ids.tolist() == [f"r{row:04}" for row in range(50)]
    assert generation.row_of["r0007"] == 7
    assert generation.vectors.shape == (50, 39) and generation.vectors.dtype == np.float32
    assert np.allclose(generation.vectors, unit_rows(np.array(generation.vectors)), atol=1e-6)
    assert generation.layout.names == ("shape", "colour", "pattern")
    assert generation.manifest.recall_at_10 >= 0.99
    with pytest.raises(ValueError, match="read-only"):
        generation.vectors[0, 0] = 1


@pytest.mark.parametrize("name", [*DATA_FILES, FILE])
@pytest.mark.parametrize("harm", ["cut", "emptied", "flipped", "longer", "missing"])
def test_a_harmed_file_is_found_before_it_is_used(index: Path, name: str, harm: str):
    path = live_folder(index) / name
    data = path.read_bytes()
    middle = len(data) // 2
    if name == FILE:  # one letter of a digest
        middle = data.index(b"sha256") + 12
    harmed = {
        "cut": data[:-1] if name != FILE else data[:-3],
        "emptied": b"",
        "flipped": data[:middle] + bytes([data[middle] ^ 3]) + data[middle + 1 :],
        "longer": data + b"0",
    }
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(harmed[harm])
    with pytest.raises(BrokenGeneration, match="lookalike reindex"):
        open_live(index)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("schema_version", 2, "schema 2 and this version"),
        ("name", "20200101T000000-00000000", "not of"),
        ("dim", 40, "39 facet columns"),
        ("weights", {"shape": 1.0}, "same facets"),
        ("metric", "dot", "dot, not angular"),
        ("count", 49, "50 ids"),
        ("trees_found", 4, "5 trees"),
        ("count", 0, "manifest.json cannot be used"),
        ("files", {}, "does not list"),
    ],
)
def test_a_manifest_that_contradicts_its_files_is_refused(index, field, value, message):
    path = live_folder(index) / FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(BrokenGeneration, match=message):
        open_live(index)


@pytest.mark.parametrize("text", ["", "../elsewhere\n", "/etc\n", "\xff"])
def test_a_pointer_to_nowhere_is_refused(index: Path, text: str):
    (index / "CURRENT").write_text(text, encoding="latin-1")
    with pytest.raises(BrokenGeneration, match="CURRENT"):
        open_live(index)


def test_before_the_first_reindex_the_next_step_is_said(tmp_path: Path):
    with pytest.raises(NoGeneration, match="lookalike reindex"):
        open_live(tmp_path)
    assert pointer_stamp(tmp_path) is None
    assert live_manifest(tmp_path) is None


def test_each_publication_moves_the_pointer_and_keeps_the_old_one(tmp_path: Path):
    first = publish(tmp_path)
    index = tmp_path / "index"
    stamp = pointer_stamp(index)
    assert isinstance(stamp, Stamp)
    second = publish(tmp_path, seed=1)
    assert pointer_stamp(index) != stamp
    assert current_name(index) == second.name != first.name
    assert open_generation(index / first.name).name == first.name
    assert not list(index.glob(".building-*")) and not list(index.glob("*.new"))


def test_a_reader_that_is_overtaken_while_opening_takes_the_newer_one(index, monkeypatch):
    old = live_folder(index)
    newer = publish(index.parent, seed=1)
    names = iter([old.name, newer.name])
    monkeypatch.setattr(generation, "current_name", lambda _: next(names))
    shutil.rmtree(old)
    assert open_live(index).name == newer.name


def test_what_a_killed_run_left_is_swept_and_never_read(index: Path):
    left = index / ".building-1"
    left.mkdir()
    (left / "vectors.npy").write_bytes(b"half")
    with building(index) as folder:
        assert not left.exists() and list(folder.iterdir()) == []
    assert not folder.exists()


def test_a_folder_that_does_not_pass_is_not_made_live(index: Path, monkeypatch):
    live = current_name(index)

    def harm(path: Path) -> None:
        if path.name == "index.ann":
            path.write_bytes(path.read_bytes()[:-8])

    monkeypatch.setattr(generation, "sync", harm)
    monkeypatch.setattr(files, "sync", harm)

    with pytest.raises(BrokenGeneration, match=r"index\.ann has"):
        publish(index.parent, seed=1)
    assert current_name(index) == live
    assert open_live(index).name == live


@pytest.mark.parametrize("keep", [1, 2, 3, 9])
def test_pruning_keeps_the_live_one_and_the_newest_others(index: Path, keep: int):
    live = live_folder(index)
    others = [f"2020010{day}T000000-00000000" for day in range(1, 6)]
    for name in others:
        shutil.copytree(live, index / name)
    (index / "notes").mkdir()  # not ours
    removed = prune(index, keep)
    left = {path.name for path in index.iterdir()} - {"CURRENT", "HISTORY", "LOCK"}
    kept = sorted(others, reverse=True)[: keep - 1]
    assert left == {live.name, "notes", *kept}
    assert set(removed) == set(others) - set(kept)


def test_the_live_one_is_kept_even_if_it_is_the_oldest(index: Path):
    live = live_folder(index)
    shutil.copytree(live, index / "99990101T000000-00000000")
    assert prune(index, 1) == ["99990101T000000-00000000"]
    assert live.exists()


def test_a_digest_that_was_right_is_not_computed_again_until_the_file_changes(index, monkeypatch):
    computed = []

    def counted(path: Path) -> FileFacts:
        computed.append(path.name)
        return of(path)

    of = FileFacts.of
    monkeypatch.setattr(FileFacts, "of", counted)
    folder = live_folder(index)
    (folder / VERIFIED).unlink(missing_ok=True)
    monkeypatch.setattr(manifest_module, "SETTLED_NS", 10**18)
    for _ in range(2):
        open_live(index)
    assert computed == 2 * list(DATA_FILES)  # files of just now may change at the same moment
    monkeypatch.setattr(manifest_module, "SETTLED_NS", -(10**18))
    open_live(index)
    computed.clear()
    open_live(index)
    assert computed == []
    data = (folder / DATA_FILES[1]).read_bytes()
    (folder / DATA_FILES[1]).write_bytes(data)
    open_live(index)
    assert computed == [DATA_FILES[1]]
    for nonsense in (b"", b"\xff", b"nothing"):
        (folder / VERIFIED).write_bytes(nonsense)
        computed.clear()
        open_live(index)
        assert computed == list(DATA_FILES)


def test_a_generation_with_long_ids_or_of_an_earlier_version_is_read(tmp_path: Path):
    ids = [f"r{row:04}" + "x" * row for row in range(70)]
    found = publish(tmp_path, of=(ids, random_rows(FakeEncoder().layout, 70)))
    assert (tmp_path / "index" / found.name / "ids.json").exists()
    assert found.ids.tolist() == ids and found.row_of[ids[5]] == 5 and "r0005" not in found.row_of
