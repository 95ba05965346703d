"""The snapshot file: whole or not at all, checked before use, and made anew where it is harmed."""

import logging

import numpy as np
import pytest

from catalog.filters.filter import Filter
from engine.facts.builder import ColumnsBuilder
from engine.facts.file import FILE, FactsFileError, Saved, load, save
from engine.facts.guard_columns import Coder
from engine.index.update import Updater
from engine.search.catalogue_facts import CatalogueFacts
from tests.engine.facts.rows import fact_row
from tests.engine.fake_encoder import FakeEncoder

NAME = "20261123T101500-1a2b3c4d"


@pytest.fixture
def saved() -> Saved:
    coder = Coder()
    builder = ColumnsBuilder(3, coder)
    title = "Acme Men Woven Linen Shirt"
    rows = [
        fact_row(gender="female", brand="Børk", colour="blå"),
        fact_row(group_id="g", price=125, title=title, colour="red"),
    ]
    builder.add(np.array([2, 0]), rows)
    return Saved(builder.finish(), coder.words(), "instance-7", coder.names.digest)


def test_what_was_saved_is_loaded(tmp_path, saved):
    save(tmp_path / FILE, saved, NAME)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    found = load(tmp_path / FILE, 3, NAME)
    assert (found.words, found.mark, found.names) == (saved.words, saved.mark, saved.names)
    coded = ("gender", "age_group", "kind", "group", "design", "colour", "pattern", "category")
    for name in ("flags", "price", *coded):
        ours = getattr(found.columns, name)
        assert ours.tolist() == getattr(saved.columns, name).tolist()
        assert not ours.flags.writeable
    for name in ("first", "second", "starts", "rows"):
        ours, theirs = getattr(found.columns.postings, name), getattr(saved.columns.postings, name)
        assert ours.tolist() == theirs.tolist()
    colours = found.columns.words["colour"]
    assert [colours.word(code) for code in range(2)] == ["blå", "red"]
    assert found.columns.colour.tolist() == [1, -1, 0]
    assert (found.columns.design >= 0).tolist() == [True, False, False]


def test_a_harmed_file_is_never_used(tmp_path, saved):
    path = tmp_path / FILE
    save(path, saved, NAME)
    whole = path.read_bytes()
    for at in range(0, len(whole), 37):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(FactsFileError):
            load(path, 3, NAME)
    for size in (0, 5, 50, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FactsFileError):
            load(path, 3, NAME)
    path.write_bytes(whole)
    for count, name in ((2, NAME), (3, "20261123T101500-00000000")):
        with pytest.raises(FactsFileError, match="rows of"):
            load(path, count, name)
    path.unlink()
    with pytest.raises(FactsFileError, match="cannot be read"):
        load(path, 3, NAME)


def test_a_harmed_file_is_made_anew_from_the_catalogue(new_shop, caplog):
    shop = new_shop(6)
    shop.reindex()
    live, red = shop.recommender().live(), Filter.of({"colour": "red"})
    path = shop.settings.index_dir / live.name / FILE

    def rows() -> list[int]:
        return CatalogueFacts(shop.catalogue, live, shop.settings.index_dir).snapshot().rows(red)

    expected = rows().tolist()
    whole = path.read_bytes()
    for harmed in (b"", whole[:100], whole[:-1] + b"x", b"something else" * 100):
        path.write_bytes(harmed)
        with caplog.at_level(logging.WARNING):
            assert rows().tolist() == expected != []
        assert "read from the catalogue again" in caplog.text
        caplog.clear()
        assert rows().tolist() == expected and not caplog.records
        load(path, 6, live.name)


def test_facts_are_kept_in_memory_where_no_file_can_be_written(new_shop, monkeypatch, caplog):
    shop = new_shop(6)
    shop.reindex()
    live = shop.recommender().live()
    path = shop.settings.index_dir / live.name / FILE
    path.unlink(missing_ok=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.facts.reading.save", full)
    facts = CatalogueFacts(shop.catalogue, live, shop.settings.index_dir)
    assert facts.snapshot().rows(Filter.of({"colour": "red"})).tolist() != []
    assert "No space left" in caplog.text and not path.exists()


def test_reindex_writes_the_file_and_updates_write_it_anew_when_much_changed(new_shop, monkeypatch):
    shop = new_shop(8)
    name = shop.reindex().generation
    path = shop.settings.index_dir / name / FILE
    first = load(path, 8, name)
    assert first.mark == shop.catalogue.watermark()
    shop.change("p001", colour="black")
    updater = Updater(shop.catalogue, FakeEncoder, shop.settings)
    updater.update()
    assert load(path, 8, name).mark == first.mark
    monkeypatch.setattr("engine.facts.reading.STALE", 0)
    updater.update()
    assert load(path, 8, name).mark == shop.catalogue.watermark() != first.mark
    assert [one.name for one in path.parent.glob(".*")] == []
