"""Same product, and what is it, over the API."""

import io
import threading

import pytest
from PIL import Image

from engine.applications.recognition import confidence, recogniser
from engine.applications.recognition.learned import FILE
from engine.calibration.calibration import FILE as CALIBRATION
from tests.engine.random_shop import calibration
from tests.waiting import wait_until
from tests.web.conftest import KEY
from tests.web.logged import logging_app
from web import WebSettings, create_app
from web.app.context import shop
from web.app.security import PHOTO_UPLOADS

SAME, RECOGNISE = "/api/v1/same", "/api/v1/recognise"


@pytest.fixture
def calibrated(own_home):
    """The shop, whose index has a calibration."""
    [folder] = [one for one in (own_home / "index").iterdir() if one.is_dir()]
    calibration().save(folder / CALIBRATION)
    with logging_app(own_home) as app:
        yield app.test_client()


@pytest.fixture
def learned(app, shop_home, monkeypatch):
    """A client of the shop, which has learned; few products are enough."""
    monkeypatch.setattr(confidence, "FEWEST", 5)
    monkeypatch.setattr(confidence, "MOST_WORDS", 1.0)
    (shop_home / FILE).unlink(missing_ok=True)
    with app.app_context():
        shop().recognition.prepare()
    yield app.test_client()
    (shop_home / FILE).unlink(missing_ok=True)


def photo(colour="red"):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 400), colour).save(buffer, "JPEG")
    return {"photo": (io.BytesIO(buffer.getvalue()), "photo.jpg")}


def test_two_products_are_compared(calibrated):
    query = {"first": "dress-red-1", "second": "dress-red-1"}
    answer = calibrated.get(SAME, query_string=query)
    body = answer.get_json()
    assert answer.status_code == 200, answer.data
    assert body["same"] and body["one_photo"] and body["far"] == 0.001
    assert body["cosine"] >= body["threshold"] and 0 < body["probability"] < 1
    other = calibrated.get(SAME, query_string=query | {"second": "trousers-blue-1"}).get_json()
    assert other["second"] == "trousers-blue-1" and other["cosine"] < body["cosine"]
    assert other["same"] == (other["cosine"] >= other["threshold"])
    assert other["facets"].keys() == {"shape", "colour", "pattern"}
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert calibrated.get(SAME, query_string=query, headers=tag).status_code == 304


def test_a_photo_is_compared_with_a_product(calibrated):
    answer = calibrated.post(f"{SAME}/photo?product=dress-red-1&far=0.01", data=photo())
    body = answer.get_json()
    assert answer.status_code == 200, answer.data
    assert (body["first"], body["second"], body["far"]) == (None, "dress-red-1", 0.01)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "status", "part"),
    [
        ({"first": "dress-red-1"}, 400, "second is missing"),
        ({"first": "dress-red-1", "second": "nobody"}, 404, "nobody"),
        ({"first": "dress-red-1", "second": "x\x00"}, 400, "control characters"),
        ({"first": "dress-red-1", "second": "dress-red-2", "far": "0.9"}, 400, "not measured"),
        ({"first": "dress-red-1", "second": "dress-red-2", "far": "0"}, 400, "far"),
        ({"first": "dress-red-1", "second": "dress-red-2", "far": "nan"}, 400, "far"),
        ({"first": "dress-red-1", "second": "dress-red-2", "fa": "1"}, 400, "no parameter 'fa'"),
    ],
)
def test_bad_questions_are_problems(calibrated, query, status, part):
    answer = calibrated.get(SAME, query_string=query)
    assert answer.status_code == status, answer.data
    assert answer.content_type == "application/problem+json"
    assert part in answer.get_json()["detail"]


def test_without_a_calibration_the_way_to_one_is_named(client):
    query = {"first": "dress-red-1", "second": "dress-red-2"}
    answer = client.get(SAME, query_string=query)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "not-calibrated")
    assert "lookalike calibrate" in answer.get_json()["detail"]


def test_a_product_is_recognised_by_others(learned):
    answer = learned.get(RECOGNISE, query_string={"id": "dress-red-1", "least": 0})
    body = answer.get_json()
    assert answer.status_code == 200, answer.data
    found = {one["attribute"]: one for one in body["attributes"]}
    category = found["category"]
    assert category["known"] == "Dresses" and category["word"] == category["likeliest"]
    assert len(category["neighbours"]) == category["voters"]
    assert "dress-red-1" not in {one["product_id"] for one in category["neighbours"]}
    tag = {"If-None-Match": answer.headers["ETag"]}
    again = learned.get(RECOGNISE, query_string={"id": "dress-red-1", "least": 0}, headers=tag)
    assert again.status_code == 304


def test_it_says_no_word_that_it_is_not_sure_of(learned):
    body = learned.get(RECOGNISE, query_string={"id": "dress-red-1", "least": 1}).get_json()
    assert body["attributes"]
    assert all(one["word"] is None and one["likeliest"] for one in body["attributes"])


def test_a_photo_is_recognised(learned):
    answer = learned.post(f"{RECOGNISE}/photo?least=0&crop=0.1,0.1,0.8,0.8", data=photo())
    body = answer.get_json()
    assert answer.status_code == 200, answer.data
    assert body["product_id"] is None and answer.headers["Cache-Control"] == "no-store"
    assert all(one["known"] is None for one in body["attributes"])
    assert {"category", "colour"} <= {one["attribute"] for one in body["attributes"]}


def test_a_request_never_waits_until_it_is_learned(app, client, shop_home, monkeypatch):
    (shop_home / FILE).unlink(missing_ok=True)
    learning = recogniser.Recogniser._trials
    threads = []

    def trials(self):
        threads.append(threading.current_thread().name)
        return learning(self)

    monkeypatch.setattr(recogniser.Recogniser, "_trials", trials)
    answer = client.get(RECOGNISE, query_string={"id": "dress-red-1"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "not-learned")
    assert "lookalike reindex" in answer.get_json()["detail"]
    with app.app_context():
        wait_until(lambda: shop().recognition.learned_from, "it has learned")
    assert threads == ["learn-words"]
    assert client.get(RECOGNISE, query_string={"id": "dress-red-1"}).status_code == 200
    (shop_home / FILE).unlink()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"id": ""}, 400),
        ({"id": "nobody"}, 404),
        ({"id": "dress-red-1", "least": 2}, 400),
    ],
)
def test_bad_products_are_problems(learned, query, status):
    answer = learned.get(RECOGNISE, query_string=query)
    assert answer.status_code == status and answer.get_json()["detail"]


@pytest.mark.parametrize("path", [f"{RECOGNISE}/photo", f"{SAME}/photo?product=dress-red-1"])
def test_bad_photos_are_problems(client, path):
    for data, status in (
        ({}, 400),
        ({"photo": (io.BytesIO(b"no photo"), "photo.jpg")}, 415),
        ({"photo": (io.BytesIO(b"II*\x00" + b"\0" * 400_000), "photo.jpg")}, 415),
    ):
        answer = client.post(path, data=data)
        assert answer.status_code == status, answer.data
        assert answer.content_type == "application/problem+json"
    join = "&" if "?" in path else "?"
    assert client.post(f"{path}{join}crop=9,9,9,9", data=photo()).status_code == 400


def test_uploads_have_the_limits_of_photo_searches(shop_home):
    client = create_app(WebSettings(home=shop_home, upload_mb=0.1)).test_client()
    large = {"photo": (io.BytesIO(b"x" * 101_000), "photo.jpg")}
    answer = client.post(f"{RECOGNISE}/photo", data=large)
    assert answer.status_code == 413 and "0.1 MB" in answer.get_json()["detail"]
    assert {"identity.same_photo", "identity.recognise_photo"} <= PHOTO_UPLOADS


def test_the_public_key_does_not_open_it(own_home):
    with logging_app(own_home, api_key=KEY, public_key="everybody-reads-it") as app:
        for path in (f"{SAME}?first=a&second=b", f"{RECOGNISE}?id=a"):
            assert app.test_client().get(f"{path}&key=everybody-reads-it").status_code == 401
