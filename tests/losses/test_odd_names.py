"""Names with characters that mean something elsewhere: homes and sources keep to themselves."""

import zipfile
from pathlib import Path

import pytest

import migrations
from catalog.database.connections import sqlite_path, url_of
from catalog.database.database import Database, alembic_config
from catalog.files import distinct_name
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source

HOMES = (
    "shop?a",
    "shop?b",
    "My%20Shop",
    "My Shop",
    "a#b",
    "user:secret@host",
    "50%",
    "[x]*",
    "q'\"`$(touch hacked)",
    "file:shop?mode=memory",
)


def test_each_home_has_its_database_inside(tmp_path, write_csv):
    for number, name in enumerate(HOMES):
        settings = CatalogSettings(home=tmp_path / name)
        assert sqlite_path(url_of(settings)) == tmp_path / name / "catalog.db"
        Database.migrate(settings)
        with Database.open(settings) as db:
            source = write_csv(tmp_path / f"feed{number}.csv", [{"id": name, "title": "A"}])
            assert ingest(db, open_source(source), settings=settings).inserted == 1
    for name in HOMES:
        with Database.open(CatalogSettings(home=tmp_path / name)) as db:
            assert [one.product_id for one in Catalogue(db).browse().products] == [name]
    feeds = {f"feed{number}.csv" for number in range(len(HOMES))}
    assert {path.name for path in tmp_path.iterdir()} == {*HOMES, *feeds}


def test_the_program_may_be_installed_in_a_folder_with_a_per_cent_sign(tmp_path, monkeypatch):
    here = Path(migrations.__file__).parent
    moved = tmp_path / "100%(x)s wool" / "migrations"
    moved.parent.mkdir()
    moved.symlink_to(here)
    monkeypatch.setattr(migrations, "__file__", str(moved / "__init__.py"))
    assert alembic_config().get_main_option("script_location") == str(moved)
    settings = CatalogSettings(home=tmp_path / "home")
    Database.migrate(settings)
    Database.open(settings).close()


def test_zips_whose_names_differ_are_unpacked_to_different_folders(home, tmp_path, make_photo):
    names = ("a b.zip", "a_b.zip", "a?b.zip", "a:b.zip", "x" * 90 + ".zip", "x" * 91 + ".zip")
    for number, name in enumerate(names):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("feed.csv", f"id,photos\n{number},a.jpg\n")
    sources = [open_source(tmp_path / name) for name in names]
    assert len({source.root for source in sources}) == len(names)
    for number, source in enumerate(sources):
        assert [entry.product_id for entry in source.records()] == [str(number)]


@pytest.mark.parametrize("text", ["feed.csv", "a-b_c.d", "x" * 80, "Größe"])
def test_a_plain_name_stays_as_it_is(text):
    assert distinct_name(text) == text


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", ".hidden", "a/b", "a\0b", "x" * 81, "a b", ""]
)
def test_another_name_is_one_short_word_of_its_own(text):
    name = distinct_name(text)
    assert name != text and len(name) <= 80 and Path(name).name == name and name[0] != "."
    assert distinct_name(name) == name
