"""Expensive requests are limited in number, and leave a thread for the others."""

import threading

import pytest

from catalog.filters.filter import Filter
from engine.recommendation.request import Request
from web.answering.costs import COSTLY, cost
from web.app.context import shop
from web.app.limits import heavy_work

ITEM = "t-shirt-blue-1"
SIMILAR = "/api/v1/wishlist/similar"
MANY = {"ids": [ITEM], "filter": {"brand": [f"brand {number}" for number in range(100)]}}
FEW = {"ids": [ITEM], "filter": {"brand": ["None"]}}


@pytest.fixture
def costly(monkeypatch):
    """Small numbers for what is expensive, as the shop has 24 products."""
    monkeypatch.setattr("web.answering.costs.COSTLY", 1_000)
    monkeypatch.setattr(heavy_work, "WAIT", 0.01)


def test_the_cost_grows_with_values_seeds_and_products():
    wanted = Filter.of({"brand": ["a", "b"], "price_to": 3, "attributes.x": "y"})
    assert cost(Request(("a",), filter=wanted), 100) == 600
    assert cost(Request(("a", "b"), less=("c",)), 100) == 700
    assert cost(Request(("a", "b"), k=100), 100) == 800
    assert cost(Request(("a",)), 7_646) < COSTLY / 10
    hundred = Filter.of({f"attributes.a{number}": "x" for number in range(100)})
    assert cost(Request(("a",), filter=hundred), 7_646) > COSTLY
    assert cost(Request(tuple(map(str, range(200)))), 7_646) > COSTLY
    assert cost(Request(tuple(map(str, range(12)))), 7_646) < COSTLY


def test_too_many_expensive_requests_at_once_get_503_with_a_retry_time(app, client, costly):
    with app.app_context():
        places = shop().costly_answers
    while places.acquire(blocking=False):
        pass
    answer = client.post(SIMILAR, json=MANY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.get_json()["code"] == "busy"
    assert client.post(SIMILAR, json=FEW).status_code == 200
    assert client.get(f"/products/{ITEM}").status_code == client.get("/healthz").status_code == 200
    places.release()
    assert client.post(SIMILAR, json=MANY).status_code == 200
    assert client.post(SIMILAR, json=MANY).status_code == 200  # the slot was given back


def test_a_listing_that_compares_many_values_takes_a_slot(app, client, costly):
    api = "/api/v1/products?" + "&".join(f"brand={number}" for number in range(50))
    grid = "/?" + "&".join(f"brand={number}" for number in range(20))
    with app.app_context():
        places = shop().costly_answers
    while places.acquire(blocking=False):
        pass
    for listing in (api, grid):
        answer = client.get(listing)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    for cheap in ("/api/v1/products?brand=None", "/?brand=None&colour=red"):
        assert client.get(cheap).status_code == 200
    places.release()
    for listing in (api, grid):
        assert client.get(listing).status_code == 200


def test_seeds_that_nobody_knows_are_looked_up_in_a_slot(app, client, costly):
    unknown = {"ids": [f"unknown {number}" for number in range(100)]}
    assert client.post(SIMILAR, json=unknown).status_code == 404
    with app.app_context():
        places = shop().costly_answers
    while places.acquire(blocking=False):
        pass
    assert client.post(SIMILAR, json=unknown).status_code == 503
    places.release()


def test_few_requests_wait_for_a_slot(app, client, costly, monkeypatch):
    """Each takes a thread meanwhile."""
    monkeypatch.setattr(heavy_work, "WAIT", 60)
    with app.app_context():
        places, waiting = shop().costly_answers, shop().heavy._waiting
    while places.acquire(blocking=False):
        pass
    answers = []
    one = threading.Thread(target=lambda: answers.append(client.post(SIMILAR, json=MANY)))
    one.start()
    while waiting._value:  # until it waits
        assert one.is_alive()
    assert client.post(SIMILAR, json=MANY).status_code == 503  # at once
    places.release()
    one.join()
    assert answers[0].status_code == 200
    assert client.post(SIMILAR, json=MANY).status_code == 200


def test_refused_requests_do_not_fill_the_log(app, client, costly, caplog):
    with app.app_context():
        places = shop().costly_answers
    while places.acquire(blocking=False):
        pass
    assert {client.post(SIMILAR, json=MANY).status_code for _ in range(5)} == {503}
    assert len([record for record in caplog.records if "expensive" in record.message]) == 1


def test_heavy_work_leaves_a_thread(app, client, costly):
    with app.app_context():
        heavy, threads = shop().heavy, shop().settings.web_threads
    held = [heavy.place("busy") for _ in range(threads - 1)]
    for one in held:
        one.__enter__()
    assert client.post(SIMILAR, json=MANY).status_code == 503
    assert client.post(SIMILAR, json=FEW).status_code == 200
    for one in held:
        one.__exit__(None, None, None)
    assert client.post(SIMILAR, json=MANY).status_code == 200
