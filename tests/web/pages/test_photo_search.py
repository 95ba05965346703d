import base64
import re
import zlib
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from tests.catalog.photos.heic import heic
from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.page_text import panel_cards, text_of, token
from web import WebSettings, create_app
from web.app.context import shop
from web.photo_search.upload import kept_copy

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


def two_garments() -> Image.Image:
    """A blue T-shirt on the left, a red dress on the right."""
    photo = Image.new("RGB", (480, 300))
    photo.paste(draw(SHAPES["T-shirt"], COLOURS["blue"], 6), (0, 0))
    photo.paste(draw(SHAPES["Dress"], COLOURS["red"], 6), (240, 0))
    return photo


def fields_of(page, **changes):
    """What the form for another search would send, chips included."""
    text = text_of(page)
    start = text.index('id="photo-form"')
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text[start:]))
    for name in ("category", "gender"):
        chosen = re.search(rf'name="{name}" value="([^"]*)"[^>]*checked', text)
        found[name] = chosen.group(1) if chosen else ""
    del found["on_sale"]
    return found | changes


def chips(page, name):
    return re.findall(rf'type="radio" name="{name}" value="([^"]+)"', text_of(page))


def test_a_part_of_the_photo_is_searched(client):
    found = {}
    for part in ("0,0,0.5,1", "0.5,0,0.5,1"):
        answer = send(client, jpeg(two_garments()), address=f"{API}?k=4&crop={part}").get_json()
        assert answer["crop"] == [float(share) for share in part.split(",")]
        found[part] = [result["product_id"].rsplit("-", 1)[0] for result in answer["results"]]
    assert found["0,0,0.5,1"][0] == "t-shirt-blue"
    assert found["0.5,0,0.5,1"][0] == "dress-red"


@pytest.mark.parametrize("crop", ["0.5", "0.9,0.9,0.2,0.2", "0,0,0.01,0.01"])
def test_a_crop_that_is_no_part_of_the_photo_is_refused(client, crop):
    answer = send(client, blue_shirt(), address=f"{API}?crop={crop}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad-parameter")
    assert "0.1,0.2,0.5,0.6" in answer.get_json()["detail"]


def test_the_api_names_kinds_and_a_part_to_propose(client):
    answer = send(client, blue_shirt(), address=f"{API}?k=3").get_json()
    assert answer["types"][0]["value"] == "Tops > T-shirts"
    assert sum(kind["share"] for kind in answer["types"]) <= 1
    assert {kind["value"] for kind in answer["genders"]} <= {"female", "male"}
    left, top, width, height = answer["proposed_crop"]
    assert width < 1 and height < 1 and left > 0 and top > 0
    assert (answer["narrowed_category"], answer["narrowed_gender"]) == (None, None)


def test_the_api_narrows_on_request_only_and_never_a_field_that_is_named(client):
    plain = send(client, blue_shirt(), address=f"{API}?k=24").get_json()
    assert len({one["product"]["category"][-1] for one in plain["results"]}) > 1
    answer = send(client, blue_shirt(), address=f"{API}?k=24&narrow=true").get_json()
    assert answer["narrowed_category"] == answer["types"][0]["value"]
    assert {one["product"]["category"][-1] for one in answer["results"]} == {"T-shirts"}
    named = send(client, blue_shirt(), address=f"{API}?narrow=true&category=Dresses").get_json()
    assert named["narrowed_category"] is None
    assert {one["product"]["category"][0] for one in named["results"]} == {"Dresses"}


def test_the_search_is_changed_without_the_photo_s_file(client):
    form = token(client.get("/search/photo"))
    page = send(client, jpeg(two_garments()), address="/search/photo", csrf_token=form)
    left = fields_of(page, crop_left="0", crop_width="50", category="", gender="")
    assert panel_cards(client.post("/search/photo", data=left))[0].startswith("t-shirt-blue")
    right = left | {"crop_left": "50"}
    again = client.post("/search/photo", data=right)
    assert panel_cards(again)[0].startswith("dress-red")
    assert fields_of(again)["crop_left"] == "50"
    part = client.post("/search/photo/panel", data=right)
    assert re.findall(r'href="/products/([^"?]+)"', text_of(part))[0].startswith("dress-red")
    assert "<html" not in text_of(part) and "photo-chips" in text_of(part)


def test_chips_are_guessed_until_the_visitor_chooses(client):
    form = token(client.get("/search/photo"))
    page = send(client, jpeg(two_garments()), address="/search/photo", csrf_token=form)
    shirt = client.post("/search/photo", data=fields_of(page, crop_width="50"))
    assert fields_of(shirt)["category"] == "Tops > T-shirts"
    assert {pick.rsplit("-", 2)[0] for pick in panel_cards(shirt)} == {"t-shirt"}
    # Another part of the photo: the type is guessed again ...
    dress = client.post("/search/photo", data=fields_of(shirt, crop_left="50"))
    assert fields_of(dress)["category"] == "Dresses"
    assert {"Dresses", "Tops > T-shirts"} & set(chips(dress, "category"))
    # ... and what was chosen stays.
    chosen = client.post("/search/photo", data=fields_of(dress, category="Trousers"))
    moved = client.post("/search/photo", data=fields_of(chosen, crop_left="0"))
    assert fields_of(moved)["category"] == "Trousers"
    assert {pick.rsplit("-", 2)[0] for pick in panel_cards(moved)} == {"trousers"}
    anything = client.post("/search/photo", data=fields_of(moved, category="", crop_width="100"))
    assert len({pick.rsplit("-", 2)[0] for pick in panel_cards(anything)}) > 1


def test_sliders_and_filters_change_a_photo_search(client):
    form = token(client.get("/search/photo"))
    page = send(client, blue_shirt(), address="/search/photo", csrf_token=form)
    colour = fields_of(
        page, category="", **{"mix.colour": "4", "mix.shape": "0", "mix.pattern": "0"}
    )
    assert {
        pick.split("-")[-2] for pick in panel_cards(client.post("/search/photo", data=colour))[:2]
    } == {"blue"}
    sale = client.post("/search/photo", data=fields_of(page, on_sale="true"))
    assert panel_cards(sale) == ["t-shirt-green-1"]
    wrong = client.post("/search/photo", data=fields_of(page, price_to="cheap"))
    assert wrong.status_code == 400


def test_a_copy_that_did_not_come_from_us_goes_through_the_same_checks(client):
    form = token(client.get("/search/photo"))
    for kept, status in (("?", 400), ("aGVsbG8=", 415)):
        answer = client.post("/search/photo", data={"kept": kept, "csrf_token": form})
        assert answer.status_code == status
        assert "Try another photo" in text_of(answer)


def test_a_copy_is_small_whatever_the_photo():
    noise = Image.frombytes("RGB", (1500, 1500), Random(1).randbytes(3 * 1500 * 1500))
    for image in (noise, Image.new("RGBA", (4000, 20)), Image.new("L", (1, 1))):
        copy = base64.b64decode(kept_copy(image))
        assert len(copy) <= 250_000
        assert Image.open(BytesIO(copy)).format == "JPEG"


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
    monkeypatch.setattr("web.photo_search.upload.WAIT", 0.01)
    with app.app_context():
        places = shop().photo_searches
    while places.acquire(blocking=False):
        pass
    answer = send(client, blue_shirt())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    places.release()
    assert send(client, blue_shirt()).status_code == 200


@pytest.mark.usefixtures("looks_like_nothing")
def test_a_photo_that_looks_like_nothing_is_told_so(app):
    client = app.test_client()
    form = token(client.get("/search/photo"))
    page = send(client, blue_shirt(), address="/search/photo", csrf_token=form)
    assert "Nothing here looks like this photo" in text_of(page)
    assert text_of(page).index("nearest items anyway") < text_of(page).index("card-link")
    assert chips(page, "category") == []
    part = client.post("/search/photo/panel", data=fields_of(page))
    assert "Nothing here looks like this photo" in text_of(part)
    body = send(client, blue_shirt(), address=f"{API}?narrow=true").get_json()
    assert body["nothing_similar"] is True
    assert (body["types"], body["narrowed_category"]) == ([], None)
