"""Shared photos that no product has: aside first, deleted days later, back where one has them."""

import hashlib

import pytest

from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.fetching import shared_leftovers
from catalog.fetching.shared_leftovers import FOLDERS, name_of, remove_leftovers
from catalog.ingest.run import ingest
from catalog.photos.shared_photos import CATALOGUES, FOLDER, REMOVED, SharedPhotos
from catalog.settings import CatalogSettings
from catalog.sources import open_source


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def old(monkeypatch):
    """All photos are old enough to be moved aside."""
    monkeypatch.setattr(shared_leftovers, "YOUNG", -60.0)


@pytest.fixture
def place(request, tmp_path):
    """A folder; each kind of place in tests `on_each`."""
    if getattr(request, "param", "folder") == "s3":
        return request.getfixturevalue("bucket")
    (tmp_path / "place").mkdir()
    return str(tmp_path / "place")


on_each = pytest.mark.parametrize("place", ["folder", "s3"], indirect=True)


@pytest.fixture
def shop(database_url, home, place, make_photo, monkeypatch, tmp_path):
    """A catalogue of one product, its shared photos, and the content hash of its photo."""
    monkeypatch.setenv("LOOKALIKE_PHOTOS", place)
    photo = make_photo(tmp_path / "source" / "red.png")
    with Database.open() as db:
        ingest(db, open_source(tmp_path / "source"), settings=CatalogSettings())
        yield db, SharedPhotos.of(CatalogSettings()), digest(photo.read_bytes())


def keep(shared, data):
    shared.put(digest(data), data)
    return digest(data)


def there(shared, folder=FOLDER):
    return {
        name
        for part in shared.files.names(folder)
        for name in shared.files.names(f"{folder}/{part}")
    }


@on_each
def test_a_photo_without_a_product_is_aside_before_it_is_deleted(shop, old, monkeypatch):
    db, shared, shown = shop
    alone = keep(shared, b"of no product")
    found = remove_leftovers(db, shared, remove=False)
    assert (found.aside, found.aside_bytes, found.deleted) == (1, 13, 0)
    assert there(shared) == {alone, shown}
    assert remove_leftovers(db, shared, remove=True) == found
    assert (there(shared), there(shared, REMOVED)) == ({shown}, {alone})
    assert shared.has(alone, 13) and shared.copy(alone).read_bytes() == b"of no product"
    assert remove_leftovers(db, shared, remove=True) == shared_leftovers.SharedLeftovers()
    monkeypatch.setattr(shared_leftovers, "KEPT", -60.0)
    found = remove_leftovers(db, shared, remove=True)
    assert (found.aside, found.deleted, found.deleted_bytes) == (0, 1, 13)
    assert (there(shared), there(shared, REMOVED)) == ({shown}, set())
    assert not shared.has_any(alone)


def test_a_photo_that_an_ingest_found_there_is_never_lost(shop, old, make_photo, tmp_path):
    """Another server's ingest keeps no second copy, and its product comes a moment later."""
    db, shared, shown = shop
    data = make_photo(tmp_path / "source" / "blue.png", "blue").read_bytes()
    name = keep(shared, data)
    assert not shared.put(name, data)  # the ingest looks
    assert remove_leftovers(db, shared, remove=True).aside == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SharedPhotos, "put", lambda *_: False)  # it has looked
        ingest(db, open_source(tmp_path / "source"), settings=CatalogSettings())
    assert shared.has(name, len(data)) and shared.copy(name).read_bytes() == data
    assert remove_leftovers(db, shared, remove=True).deleted == 0
    assert (there(shared), there(shared, REMOVED)) == ({name, shown}, set())


def test_new_photos_stay(shop):
    db, shared, shown = shop
    alone = keep(shared, b"just kept")
    assert remove_leftovers(db, shared, remove=True).aside == 0
    assert there(shared) == {alone, shown}


@on_each
def test_where_another_catalogue_keeps_photos_nothing_is_removed(shop, old):
    db, shared, _ = shop
    alone = keep(shared, b"of another shop")
    with db.read() as connection:
        assert shared.files.names(CATALOGUES) == [name_of(connection)]
    shared.files.write(f"{CATALOGUES}/{'0' * 24}", b"")
    found = remove_leftovers(db, shared, remove=True)
    assert found.aside == 0 and "another catalogue keeps photos there" in found.note
    assert f"{CATALOGUES}/{'0' * 24}" in found.note and alone in there(shared)
    shared.files.remove(f"{CATALOGUES}/{'0' * 24}")
    assert remove_leftovers(db, shared, remove=True).aside == 1


def test_a_catalogue_that_lacks_most_of_the_products_removes_nothing(shop, old, monkeypatch):
    db, shared, _ = shop
    monkeypatch.setattr(shared_leftovers, "LEAST", 1)
    for number in range(3):
        keep(shared, bytes([number]))
    found = remove_leftovers(db, shared, remove=True, most_share=0.5)
    assert found.aside == 3 and "right catalogue" in found.note and len(there(shared)) == 4
    assert remove_leftovers(db, shared, remove=True, most_share=0.8).note == ""


def test_short_runs_go_on_where_the_last_one_ended(shop, old, monkeypatch):
    db, shared, shown = shop
    names = {keep(shared, bytes([number])) for number in range(6)}
    monkeypatch.setattr(shared_leftovers, "ROUND", 1)
    folders = {name[:2] for name in (*names, shown)}
    assert remove_leftovers(db, shared, remove=True, seconds=0).aside == 0  # no time at all
    assert there(shared) == {*names, shown}
    moved = [remove_leftovers(db, shared, remove=True, seconds=60).aside for _ in folders]
    assert sum(moved) == 6 and sum(count > 0 for count in moved) >= 5
    assert there(shared) == {shown}
    with db.read() as connection:
        place = f"{CATALOGUES}/{name_of(connection)}"
    assert shared.files.size(place) == 2 and len(FOLDERS) == 256
    keep(shared, b"one more")
    assert remove_leftovers(db, shared, remove=True).aside == 1


def test_files_of_others_stay(shop, old):
    db, shared, _ = shop
    shared.files.write("photos/ab/readme.txt", b"not ours")
    assert remove_leftovers(db, shared, remove=True).aside == 0
    assert shared.files.size("photos/ab/readme.txt") == 8


def test_a_photo_that_is_kept_again_stays(shop, old, monkeypatch):
    db, shared, _ = shop
    name = keep(shared, b"here and there")
    remove_leftovers(db, shared, remove=True)
    assert shared.put(name, b"here and there")
    monkeypatch.setattr(shared_leftovers, "YOUNG", 60.0)
    monkeypatch.setattr(shared_leftovers, "KEPT", -60.0)
    assert remove_leftovers(db, shared, remove=True).deleted == 1
    assert name in there(shared)


def test_a_place_that_cannot_be_used_is_an_error(database_url, home, monkeypatch, tmp_path):
    (place := tmp_path / "shared").mkdir()
    monkeypatch.setenv("LOOKALIKE_PHOTOS", str(place))
    shared = SharedPhotos.of(CatalogSettings())
    place.rmdir()
    with (
        Database.open() as db,
        pytest.raises(CatalogError, match=r"LOOKALIKE_PHOTOS.*is it mounted"),
    ):
        remove_leftovers(db, shared, remove=True)
