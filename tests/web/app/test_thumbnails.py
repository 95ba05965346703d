from io import BytesIO

import pytest
from PIL import Image

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
    monkeypatch.setattr("web.app.thumbnails.make", None)  # would fail if it were called
    assert client.get(f"/media/{content_hash}/160.jpg", buffered=True).status_code == 200


@pytest.mark.parametrize("width", [1, 161, 99999])
def test_other_widths_are_not_drawn(client, content_hash, width):
    assert client.get(f"/media/{content_hash}/{width}.jpg").status_code == 404


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fetc", "x", "0" * 63 + "G"])
def test_other_names_are_not_looked_for(client, name):
    assert client.get(f"/media/{name}/320.jpg").status_code == 404
