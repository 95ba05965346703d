import hashlib
import threading
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import text

from catalog.database.database import Database
from catalog.records import Photo
from catalog.settings import CatalogSettings
from tests.catalog.photos.test_one_door import LARGE, forget_peak, peak_megabytes
from tests.databases import only_sqlite
from tests.web.logged import logging_app
from web.app.responses import drawing
from web.app.thumbnails import WIDTHS


@pytest.fixture
def content_hash(client):
    item = client.get("/api/v1/products/t-shirt-blue-1").get_json()
    return item["photos"][0]["content_hash"]


def test_a_thumbnail_fits_its_box_and_is_never_enlarged(client, content_hash):
    sizes = {}
    for width in WIDTHS:
        answer = client.get(f"/media/{content_hash}/{width}.jpg", buffered=True)
        assert answer.mimetype == "image/jpeg"
        sizes[width] = Image.open(BytesIO(answer.data)).size
    assert sizes == {160: (160, 200), 320: (240, 300), 480: (240, 300), 960: (240, 300)}


def test_a_browser_keeps_a_thumbnail_for_ever(client, content_hash):
    answer = client.get(f"/media/{content_hash}/320.jpg", buffered=True)
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    again = client.get(
        f"/media/{content_hash}/320.jpg",
        headers={"If-None-Match": answer.headers["ETag"]},
        buffered=True,
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_thumbnail_is_drawn_once_and_leaves_no_drafts(client, app, content_hash, monkeypatch):
    client.get(f"/media/{content_hash}/160.jpg", buffered=True)
    folder = app.extensions["lookalike"].settings.thumbs_dir / content_hash[:2]
    assert f"{content_hash}-160.jpg" in {path.name for path in folder.iterdir()}
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    monkeypatch.setattr(drawing.Drawing, "start", None)  # would fail if it were called
    assert client.get(f"/media/{content_hash}/160.jpg", buffered=True).status_code == 200


@pytest.mark.parametrize("width", [1, 161, 99999])
def test_other_widths_are_not_drawn(client, content_hash, width):
    assert client.get(f"/media/{content_hash}/{width}.jpg").status_code == 404


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fetc", "x", "0" * 63 + "G"])
def test_other_names_are_not_looked_for(client, name):
    assert client.get(f"/media/{name}/320.jpg").status_code == 404


def cached(app, content_hash, width):
    folder = app.extensions["lookalike"].settings.thumbs_dir / content_hash[:2]
    return folder / f"{content_hash}-{width}.jpg"


@only_sqlite  # the catalogue's answer is replaced
def test_large_photos_are_reduced_by_one_confined_process(app, tmp_path, make_photo, monkeypatch):
    """Eight at once would take this process 1.5 GB."""
    large = make_photo(tmp_path / "large.png", size=LARGE)
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    shop = app.extensions["lookalike"]
    shop.thumbnails.decoder.seconds = 300
    monkeypatch.setattr(drawing, "WAIT", 300)
    photos = {f"{number:064x}": large for number in range(8)}
    monkeypatch.setattr(
        shop.catalogue, "photo", lambda name: Photo("1", 0, photos[name], digest, *LARGE)
    )
    before, statuses = forget_peak(), []

    def ask(name):
        answer = app.test_client().get(f"/media/{name}/160.jpg", buffered=True)
        statuses.append((answer.status_code, Image.open(BytesIO(answer.data)).size))

    threads = [threading.Thread(target=ask, args=(name,)) for name in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [(200, (160, 160))] * 8
    assert peak_megabytes() - before < 100
    assert len(shop.thumbnails.decoder._all) == 1


def test_a_thumbnail_that_has_to_wait_too_long_is_put_off(app, client, content_hash, monkeypatch):
    monkeypatch.setattr(drawing, "WAIT", 0.01)
    cached(app, content_hash, 160).unlink(missing_ok=True)
    with app.extensions["lookalike"].thumbnails.decoder._places:
        answer = client.get(f"/media/{content_hash}/160.jpg")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_photo_that_was_taken_out_of_the_catalogue_is_not_served(own_home):
    with logging_app(own_home) as app:
        client = app.test_client()
        product = client.get("/api/v1/products/t-shirt-blue-1").get_json()
        content_hash = product["photos"][0]["content_hash"]
        first = client.get(f"/media/{content_hash}/320.jpg", buffered=True)
        assert first.status_code == 200 and cached(app, content_hash, 320).exists()
        settings = CatalogSettings(home=own_home)
        with Database.open(settings) as db, db.write() as connection, connection.begin():
            delete = text("DELETE FROM photos WHERE content_hash = :hash")
            connection.execute(delete, {"hash": content_hash})
        for headers in ({}, {"If-None-Match": first.headers["ETag"]}, {"If-None-Match": "*"}):
            assert client.get(f"/media/{content_hash}/320.jpg", headers=headers).status_code == 404


def test_a_thumbnail_that_is_empty_or_cut_off_is_drawn_again(app, client, content_hash):
    whole = client.get(f"/media/{content_hash}/160.jpg", buffered=True).data
    for harmed in (b"", whole[:-5]):
        cached(app, content_hash, 160).write_bytes(harmed)
        assert client.get(f"/media/{content_hash}/160.jpg", buffered=True).data == whole
    assert cached(app, content_hash, 160).read_bytes() == whole


def test_a_full_disk_costs_the_cache_and_not_the_picture(
    app, client, content_hash, monkeypatch, caplog
):
    cached(app, content_hash, 160).unlink(missing_ok=True)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(drawing, "replacing", full)
    answer = client.get(f"/media/{content_hash}/160.jpg", buffered=True)
    assert answer.status_code == 200 and Image.open(BytesIO(answer.data)).size == (160, 200)
    assert "are not cached" in caplog.text and "Traceback" not in caplog.text
    assert not cached(app, content_hash, 160).exists()
