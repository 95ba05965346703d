import zlib
from io import BytesIO

import pytest
from PIL import Image

from tests.catalog.photos.heic import heic
from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.page_text import panel_cards, text_of, token
from web import WebSettings, create_app
from web.app.context import shop

API = "/api/v1/search/photo"


def jpeg(image) -> BytesIO:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=90)
    buffer.seek(0)
    return buffer


def blue_shirt() -> BytesIO:
    return jpeg(draw(SHAPES["T-shirt"], COLOURS["blue"], 6))


def bomb() -> BytesIO:
    """A PNG of 60,000 x 60,000 pixels in a few bytes: its header is enough."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + check

    side = (60_000).to_bytes(4, "big")
    header = chunk(b"IHDR", side + side + b"\x08\x02\x00\x00\x00")
    return BytesIO(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")))


def send(client, stream, name="photo.jpg", address=API, **fields):
    return client.post(address, data={"photo": (stream, name), **fields})


def test_the_form_is_there_for_everyone(client):
    page = text_of(client.get("/search/photo"))
    assert 'type="file"' in page
    assert "up to 12 MB" in page


def test_a_photo_finds_what_looks_like_it(client):
    form = token(client.get("/search/photo"))
    page = send(client, blue_shirt(), address="/search/photo", csrf_token=form)
    assert page.status_code == 200
    picks = panel_cards(page)
    assert picks[0].startswith("t-shirt-blue-")
    assert {pick.rsplit("-", 2)[0] for pick in picks[:4]} == {"t-shirt"}
    assert "data:image/jpeg;base64," in text_of(page)


def test_the_form_needs_its_token(client):
    assert send(client, blue_shirt(), address="/search/photo").status_code == 400


def test_the_api_answers_as_for_a_product(client):
    answer = send(client, blue_shirt(), address=f"{API}?k=3").get_json()
    assert answer["seeds"] == []
    assert answer["generation"]
    assert [result["rank"] for result in answer["results"]] == [1, 2, 3]
    assert answer["results"][0]["product"]["colour"] == "blue"


def test_the_api_reweighs_facets_of_a_photo_too(client):
    address = f"{API}?k=3&facets=colour:1,shape:0,pattern:0"
    answer = send(client, blue_shirt(), address=address).get_json()
    assert {result["product"]["colour"] for result in answer["results"]} == {"blue"}


def test_an_iphone_s_photo_is_searched_too(client):
    photo = BytesIO(heic(Image.open(blue_shirt())))
    answer = send(client, photo, "IMG_0001.HEIC", address=f"{API}?k=1").get_json()
    assert answer["results"][0]["product"]["colour"] == "blue"


def test_transparency_becomes_white(client):
    picture = Image.new("RGBA", (200, 250), (0, 0, 0, 0))
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    assert send(client, buffer).status_code == 200


@pytest.mark.parametrize(
    ("stream", "status", "code"),
    [
        (BytesIO(b"hello, this is no photo"), 415, "photo-not-an-image"),
        (BytesIO(b""), 422, "photo-empty"),
        (BytesIO(blue_shirt().getvalue()[:900]), 422, "photo-truncated"),
        (bomb(), 422, "photo-pixels"),
        (BytesIO(b"\0\0\0\x18ftypheic" + bytes(64)), 422, "photo-truncated"),
        (BytesIO(b"II*\x00" + b"\0" * 64), 415, "photo-not-an-image"),  # TIFF is not taken
    ],
)
def test_what_is_no_photo_is_refused_with_its_reason(client, stream, status, code):
    answer = send(client, BytesIO(stream.getvalue()))
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["code"] == code


def test_no_photo_at_all_is_a_bad_request(client):
    answer = client.post(API, data={})
    assert answer.status_code == 400
    assert "'photo'" in answer.get_json()["detail"]


def test_an_upload_above_the_limit_is_refused_unread(shop_home):
    client = create_app(WebSettings(home=shop_home, upload_mb=0.1)).test_client()
    answer = send(client, BytesIO(b"\xff" * 101_000))
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert "0.1 MB" in answer.get_json()["detail"]
    page = send(client, BytesIO(b"\xff" * 101_000), address="/search/photo")
    assert page.status_code == 413
    assert "Try another photo" in text_of(page)


def test_the_page_refuses_it_too_and_offers_another_try(client):
    form = token(client.get("/search/photo"))
    page = send(client, BytesIO(b"nope"), address="/search/photo", csrf_token=form)
    assert page.status_code == 415
    assert "Try another photo" in text_of(page)


def test_too_many_searches_at_once_get_503_with_a_retry_time(app, client, monkeypatch):
    monkeypatch.setattr("web.app.upload.WAIT", 0.01)
    with app.app_context():
        places = shop().photo_searches
    while places.acquire(blocking=False):
        pass
    answer = send(client, blue_shirt())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    places.release()
    assert send(client, blue_shirt()).status_code == 200
