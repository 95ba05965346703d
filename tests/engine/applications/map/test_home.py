"""The map of a home: kept, followed, compared with the index, and mended."""

import base64
import json
from types import SimpleNamespace

import numpy as np
import pytest

from engine.applications.map import home, parts
from engine.applications.map.home import CURRENT, MapBook, map_folder, publish_map, shown_map
from engine.applications.map.keeping import map_facts
from engine.commands.index import compare_map
from engine.commands.status import format_status
from engine.errors import BrokenMap, Busy, RequestError
from engine.index.generation import open_live
from engine.operations.status import take_status
from engine.search.live_index import LiveIndex
from tests.engine.applications.map.running import command


def test_the_command_makes_the_map_of_the_home_beside_the_one_before(new_shop, monkeypatch):
    shop = new_shop(8)
    shop.reindex()
    ends = iter("cba")  # names of one second are in any order
    falling = SimpleNamespace(token_hex=lambda _: next(ends) * 8)
    monkeypatch.setattr(home, "secrets", falling)
    folder = map_folder(shop.settings)
    book = MapBook(folder)
    assert book.current() is None and shown_map(folder) is None
    made = command(shop)
    assert made.exit_code == 0 and "shows 8 products at /map" in made.stdout
    first = book.current()
    assert first.layouts == ["default", "shape", "colour", "pattern"]
    names = sorted(path.name for path in first.folder.iterdir())
    assert all(parts.NAME.fullmatch(one) for one in names if one not in ("head.json", "ids.npz"))
    assert {"sprites-3-0.webp", "places-3.bin", "hashes-0.bin"} <= set(names)
    (folder / ".building-killed").mkdir()
    assert "shows 5 of 8 products" in command(shop, "--most", "5").stdout
    assert len(book.current()) == 5 and book.file(first.name, "colours.bin") is not None
    command(shop)
    kept = {path.name for path in folder.iterdir() if path.is_dir()}
    assert len(kept) == 2 and first.name not in kept and book.current().name in kept


def test_reindex_and_status_say_how_the_map_differs_from_the_index(new_shop, capsys):
    shop = new_shop(8)
    shop.reindex()

    def lines():
        return [one for one in format_status(take_status(shop.settings)) if one.startswith("Map:")]

    assert lines() == []
    command(shop, "--most", "7")
    assert "7 products, as in the index, made " in lines()[0]
    shop.write([row for row in shop.rows() if row["id"] != "p002"])
    shop.ingest(sync=True)
    shop.reindex()
    found = map_facts(shop.settings, open_live(shop.settings.index_dir))
    assert (found.new, found.products) == (0, 7) and found.gone <= 1
    command(shop)
    shop.write([{**shop.rows()[0], "id": "new"}, *shop.rows()[1:]])
    shop.ingest(sync=True)
    shop.reindex()
    assert "7 products; 1 came since, and 1 are gone, made " in lines()[0]
    compare_map(shop.settings, shop.catalogue)
    assert "run `lookalike map` to make it again" in capsys.readouterr().out


def test_products_are_found_on_the_map_and_those_that_are_gone_are_known(new_shop):
    shop = new_shop(8)
    shop.reindex()
    command(shop)
    found = MapBook(map_folder(shop.settings)).current()
    texts = json.loads((found.folder / "texts-0.json").read_text(encoding="utf-8"))
    assert [found.row_of(one) for one in texts["ids"]] == list(range(8))
    assert found.row_of("nobody") is None
    index = LiveIndex.of(shop.settings, shop.catalogue)
    assert found.gone_bits(index.current()) == ""
    shop.write([row for row in shop.rows() if row["id"] != "p002"])
    shop.ingest(sync=True)
    gone = found.gone(index.current())
    assert list(found._in_generation) == [index.current().generation.name]
    assert [texts["ids"][row] for row in np.flatnonzero(gone)] == ["p002"]
    bits = base64.b64decode(found.gone_bits(index.current()))
    assert np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:8].tolist() == [
        int(one) for one in gone
    ]


@pytest.mark.parametrize("harm", ["cut", "missing", "schema", "pointer", "ids"])
def test_a_harmed_map_is_logged_and_the_one_before_stays(new_shop, caplog, harm):
    shop = new_shop(4)
    shop.reindex()
    command(shop)
    folder = map_folder(shop.settings)
    book = MapBook(folder)
    before = book.current()
    copy = folder / "20991231T235959-0123abcd"
    copy.mkdir()
    for path in before.folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    if harm == "cut":
        (copy / "places-2.bin").write_bytes(b"few")
    elif harm == "missing":
        (copy / "colours.bin").unlink()
    elif harm == "ids":
        (copy / "ids.npz").write_bytes(b"no ids")
    elif harm == "schema":
        head = json.loads((copy / "head.json").read_text())
        (copy / "head.json").write_text(json.dumps(head | {"schema": 0}))
    (folder / CURRENT).write_text("../index" if harm == "pointer" else copy.name)
    assert book.current() is before and "lookalike map" in caplog.text
    with pytest.raises(BrokenMap):
        shown_map(folder)


def test_one_run_at_a_time_and_a_failed_one_leaves_nothing(tmp_path):
    def fail(folder):
        (folder / "part").write_bytes(b"")
        with pytest.raises(Busy, match="making of a map"):
            publish_map(tmp_path, lambda other: None)
        raise RequestError("no")

    with pytest.raises(RequestError):
        publish_map(tmp_path, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["LOCK"]


@pytest.mark.parametrize("name", ["..", "../index", "x", "20261128T031500-ABCDEF01", ""])
def test_a_file_is_found_under_the_name_of_a_map_only(tmp_path, name):
    (tmp_path / "colours.bin").write_bytes(b"1")
    book = MapBook(tmp_path / "map")
    assert book.file(name, "colours.bin") is None
    assert book.file("20261128T031500-abcdef01", "../../colours.bin") is None
