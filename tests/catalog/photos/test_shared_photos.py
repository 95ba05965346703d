"""Photos that servers share: kept before they are shown, copied where they lack, checked."""

import hashlib
import logging
import os
import shutil

import pytest
from click.testing import CliRunner

from catalog.commands.share_photos import share_photos_command
from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.fetching.photo_store import PhotoStore
from catalog.ingest.run import ingest
from catalog.photos import shared_photos
from catalog.photos.decode_squares import PhotoFile, SquareLimits, decode_squares
from catalog.photos.shared_photos import COPIES, SharedPhotos
from catalog.settings import CatalogSettings
from catalog.sources import open_source


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


def settings_of(tmp_path, address, name="one", **more):
    (tmp_path / name).mkdir(exist_ok=True)
    return CatalogSettings(home=tmp_path / name, photos=str(address), **more)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def kept(shared, data):
    assert shared.put(digest(data), data)
    return digest(data)


def decoded(path, content_hash, settings):
    limits = SquareLimits(16, 10_000, 1_000_000, settings=settings)
    return next(decode_squares([PhotoFile(path, content_hash)], limits))


def test_a_photo_that_a_home_lacks_is_copied_from_where_another_kept_it(
    tmp_path, shared_place, make_photo
):
    one, other = (settings_of(tmp_path, shared_place, name) for name in ("one", "other"))
    store = PhotoStore(one)
    with store.draft() as draft:
        draft.write(make_photo(tmp_path / "red.png").read_bytes())
        photo = store.keep(draft, "https://shop.example/red.png")
    path = other.resolved_home / photo.path
    assert PhotoStore(other).has(photo.path, photo.bytes)
    assert not PhotoStore(other).has(photo.path, photo.bytes + 1)
    found = decoded(path, photo.content_hash, other)
    assert found.pixels is not None and not path.exists()
    copy = other.resolved_home / COPIES / photo.content_hash[:2] / photo.content_hash
    assert digest(copy.read_bytes()) == photo.content_hash
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another file")  # of the same name
    assert decoded(path, photo.content_hash, other).pixels is not None
    assert decoded(path, "0" * 64, other).reason  # is nowhere


def test_what_is_ingested_is_kept_before_it_is_shown(
    database_url, home, folder, make_photo, monkeypatch, tmp_path
):
    monkeypatch.setenv("LOOKALIKE_PHOTOS", str(folder))
    make_photo(tmp_path / "source" / "red.png")
    with Database.open() as db:
        ingest(db, open_source(tmp_path / "source"), settings=CatalogSettings())
        data = (tmp_path / "source" / "red.png").read_bytes()
        assert SharedPhotos.of(CatalogSettings()).has(digest(data), len(data))
        make_photo(tmp_path / "source" / "blue.png", "blue")
        shutil.rmtree(folder)
        with pytest.raises(CatalogError, match=r"LOOKALIKE_PHOTOS.*is it mounted"):
            ingest(db, open_source(tmp_path / "source"), settings=CatalogSettings())


def test_photos_of_before_are_copied_by_a_command(
    database_url, home, folder, make_photo, monkeypatch, tmp_path
):
    for colour in ("red", "blue"):
        make_photo(tmp_path / "source" / f"{colour}.png", colour)
    with Database.open() as db:
        ingest(db, open_source(tmp_path / "source"), settings=CatalogSettings())

    def share():
        return CliRunner().invoke(share_photos_command)

    assert "LOOKALIKE_PHOTOS is not set" in share().output
    monkeypatch.setenv("LOOKALIKE_PHOTOS", str(folder))
    (tmp_path / "source" / "blue.png").rename(tmp_path / "away.png")
    assert "1 photo copied, 0 were there." in share().output
    assert "1 photo could not be read" in share().output
    (tmp_path / "away.png").rename(tmp_path / "source" / "blue.png")
    assert "1 photo copied, 1 were there." in share().output


def test_another_file_than_its_name_says_is_never_used(tmp_path, folder, caplog):
    settings = settings_of(tmp_path, folder)
    shared = SharedPhotos.of(settings)
    name = kept(shared, b"a photo")
    (folder / "photos" / name[:2] / name).write_bytes(b"another")
    with caplog.at_level(logging.WARNING):
        assert shared.copy(name) is None
    assert "another file than its name says" in caplog.text
    assert not list((settings.resolved_home / COPIES).rglob("*.*"))


def test_a_harmed_photo_is_read_once_in_a_while_and_the_others_at_once(
    tmp_path, folder, monkeypatch, caplog
):
    now = [1000.0]
    monkeypatch.setattr(shared_photos.time, "monotonic", lambda: now[0])
    shared = SharedPhotos.of(settings_of(tmp_path, folder))
    harmed, *others = [kept(shared, text) for text in (b"red", b"blue", b"green")]
    path = folder / "photos" / harmed[:2] / harmed
    path.write_bytes(b"another")
    assert shared.copy(harmed) is None and shared.copy(harmed) is None
    assert len(caplog.records) == 1
    assert all(shared.copy(name) for name in others)
    path.write_bytes(b"red")
    assert shared.copy(harmed) is None
    now[0] += shared_photos.PAUSE + 1
    assert shared.copy(harmed).read_bytes() == b"red"


def test_a_place_that_is_gone_is_asked_once_in_a_while(tmp_path, folder, monkeypatch, caplog):
    now = [1000.0]
    monkeypatch.setattr(shared_photos.time, "monotonic", lambda: now[0])
    shared = SharedPhotos.of(settings_of(tmp_path, folder))
    name = kept(shared, b"a photo")
    moved = folder.rename(tmp_path / "away")
    assert shared.copy(name) is None and shared.copy(name) is None
    assert len(caplog.records) == 1
    moved.rename(folder)
    assert shared.copy(name) is None
    now[0] += shared_photos.PAUSE + 1
    assert shared.copy(name) is not None


def test_copies_have_a_limit_and_those_used_longest_ago_go(tmp_path, folder):
    settings = settings_of(tmp_path, folder, photo_copies_mb=10)
    shared = SharedPhotos.of(settings)
    names = [kept(shared, bytes([number]) * 1_000_000) for number in range(15)]
    for number, name in enumerate(names):
        os.utime(shared.copy(name), (number, number))
        shared.copy(names[0])  # is used again and again
    there = {path.name for path in (settings.resolved_home / COPIES).glob("??/*")}
    assert names[0] in there and names[1] not in there and len(there) <= 11


def test_a_photo_that_is_too_large_is_not_copied(tmp_path, folder):
    shared = SharedPhotos.of(settings_of(tmp_path, folder, max_photo_bytes=10))
    assert shared.copy(kept(shared, b"x" * 100)) is None


def test_without_a_place_a_missing_photo_stays_missing(tmp_path):
    found = decoded(tmp_path / "none.png", "0" * 64, CatalogSettings(home=tmp_path))
    assert "not there" in found.reason


def test_a_place_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"s3://BUCKET/FOLDER"):
        CatalogSettings(photos="shared")
