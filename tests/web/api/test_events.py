"""Every answer is logged, what is done with it is taken, and no trouble of the log is seen."""

import json

import pytest

from catalog.database.database import Database
from catalog.events.queue import EventQueue
from catalog.settings import CatalogSettings
from tests.databases import only_sqlite
from tests.web.logged import answers, events, flush, logging_app, shown
from tests.web.page_text import token
from web.answering.query_ids import new_query_id
from web.api.events import MAX_BYTES, MAX_EVENTS
from web.app.context import EXTENSION

SEED = "t-shirt-blue-1"
SIMILAR = f"/api/v1/products/{SEED}/similar"
API_KEY = "a key for programs, long enough"
QUERY = "0123456789abcdef" * 2


def send(client, *events, **more):
    return client.post("/api/v1/events", json={"events": list(events)}, **more)


def event(kind="click", query_id=QUERY, product_id="dress-red-1", **more):
    return {"kind": kind, "query_id": query_id, "product_id": product_id, **more}


def test_every_answer_is_logged_with_what_it_showed(logged):
    client = logged.test_client()
    panel = client.get(f"{SIMILAR}?k=3&facets=colour:2").get_json()
    client.get("/api/v1/wishlist/similar?ids=t-shirt-blue-1,dress-blue-1")
    first, second = answers(logged)
    assert first["query_id"] == panel["query_id"]
    assert (first["seeds"], first["category"]) == ([SEED], "Tops > T-shirts")
    assert (first["facets"], first["fallback"]) == ("colour:2", "none")
    assert first["size"] == 3
    assert shown(logged, first["query_id"]) == [one["product_id"] for one in panel["results"]]
    assert (sorted(second["seeds"]), second["category"]) == (["dress-blue-1", SEED], None)
    assert {row["visitor"] for row in (first, second)} == {None}


def test_a_page_s_panel_is_logged_under_the_id_on_its_cards(logged):
    page = logged.test_client().get(f"/products/{SEED}").get_data(as_text=True)
    (answer,) = answers(logged)
    assert f'data-query="{answer["query_id"]}"' in page
    assert 'data-events="/api/v1/events"' in page
    for place, product_id in enumerate(shown(logged, answer["query_id"]), start=1):
        assert f'data-product="{product_id}" data-position="{place}"' in page


def test_a_head_request_is_not_logged(logged):
    client = logged.test_client()
    assert client.head(SIMILAR).status_code == 200
    client.get(SIMILAR)
    assert len(answers(logged)) == 1


def test_events_are_kept_once(logged):
    client = logged.test_client()
    batch = [event("view", position=3), event("click", position=3), event("purchase")]
    for _ in range(2):
        answer = send(client, *batch)
        assert answer.status_code == 202
        assert answer.get_json() == {"taken": 3, "dropped": 0}
    kept = [(row["kind"], row["product_id"], row["position"]) for row in events(logged)]
    assert kept == [
        ("click", "dress-red-1", 3), ("purchase", "dress-red-1", None), ("view", "dress-red-1", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "events is missing"),
        ({"events": []}, "events should"),
        ({"events": [event("bought")]}, "'view', 'click'"),
        ({"events": [event(), event(query_id="A" * 32)]}, "events.1.query_id"),
        ({"events": [event(query_id="0" * 31)]}, "events.0.query_id"),
        ({"events": [event(product_id="")]}, "events.0.product_id"),
        ({"events": [event(product_id="a\0")]}, "events.0.product_id"),
        ({"events": [event(product_id="x" * 201)]}, "events.0.product_id"),
        ({"events": [event(position=0)]}, "events.0.position"),
        ({"events": [event(position=10**9)]}, "events.0.position"),
        ({"events": [event(position="3")]}, "events.0.position"),
        ({"events": [event(at="2020-01-01")]}, "events.0.at"),
        ({"events": [event()] * (MAX_EVENTS + 1)}, "events should"),
        ([event()], "Send a JSON object"),
    ],
)
def test_invalid_events_are_refused_and_none_is_stored(logged, wrong, words):
    answer = logged.test_client().post("/api/v1/events", json=wrong)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert words in answer.get_json()["detail"]
    assert logged.extensions[EXTENSION].events.counts().taken == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * MAX_BYTES, b'{"events":' * 5_000, b"NaN"]
)
def test_bodies_that_are_no_json_are_refused(logged, body):
    answer = logged.test_client().post("/api/v1/events", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_what_a_browser_sends_when_a_page_is_left_is_taken(logged):
    body = json.dumps({"events": [event()]})
    answer = logged.test_client().post(
        "/api/v1/events", data=body, content_type="text/plain;charset=UTF-8"
    )
    assert (answer.status_code, answer.get_json()["taken"]) == (202, 1)
    form = "application/x-www-form-urlencoded"
    assert (
        logged.test_client().post("/api/v1/events", data=body, content_type=form).status_code == 400
    )


def test_a_body_is_bounded(logged):
    body = json.dumps({"events": [event()] * 90, "more": "x" * MAX_BYTES})
    answer = logged.test_client().post("/api/v1/events", data=body, content_type="application/json")
    assert answer.status_code == 413
    assert "65,536 bytes" in answer.get_json()["detail"]


def test_an_address_may_send_so_many_events_without_the_key(own_home):
    with logging_app(own_home, event_rate_limit="5/hour", api_key=API_KEY) as app:
        client = app.test_client()
        csrf = {"X-CSRFToken": token(client.get("/"))}
        batch = [event(product_id=f"p{number}") for number in range(4)]
        assert send(client, *batch, headers=csrf).status_code == 202
        answer = send(client, *batch, headers=csrf)
        assert (answer.status_code, answer.get_json()["code"]) == (429, "too-many")
        assert int(answer.headers["Retry-After"]) > 0
        assert send(client, event(), headers=csrf).status_code == 202
        for _ in range(3):
            assert send(client, *batch, headers={"X-API-Key": API_KEY}).status_code == 202
        other = {"REMOTE_ADDR": "192.0.2.9"}
        assert send(client, *batch, headers=csrf, environ_base=other).status_code == 202


def test_by_default_events_have_a_rate(own_home):
    with logging_app(own_home) as app:
        client = app.test_client()
        batch = [event(product_id=f"p{number}") for number in range(MAX_EVENTS)]
        answers = [send(client, *batch).status_code for _ in range(31)]
    assert answers == [202] * 30 + [429]


def test_events_of_answers_keep_their_place_when_strangers_send_many(own_home):
    with logging_app(own_home, event_queue=40) as app:
        client = app.test_client()
        panel = client.get(SIMILAR).get_json()
        queue = app.extensions[EXTENSION].events
        queue._changed.acquire()  # the writer waits
        try:
            forged = [event(query_id=f"{number:032x}") for number in range(MAX_EVENTS)]
            assert send(client, *forged).get_json()["taken"] == 10
            real = event(query_id=panel["query_id"], product_id=panel["results"][0]["product_id"])
            assert send(client, real).get_json() == {"taken": 1, "dropped": 0}
        finally:
            queue._changed.release()
        assert panel["query_id"] in {row["query_id"] for row in events(app)}


def test_no_form_token_is_needed(logged):
    assert logged.config.get("WTF_CSRF_ENABLED", True)
    assert send(logged.test_client(), event()).status_code == 202


def test_a_full_queue_reports_what_it_dropped_and_panels_go_on(own_home, monkeypatch):
    def stuck(self):
        """A writer that never gets anywhere."""

    monkeypatch.setattr(EventQueue, "_start", stuck)
    with logging_app(own_home, event_queue=2) as app:
        client = app.test_client()
        own = new_query_id(app.extensions[EXTENSION])
        batch = [event("view", query_id=own, product_id=f"p{n}") for n in range(5)]
        assert send(client, *batch).get_json() == {"taken": 2, "dropped": 3}
        assert client.get(SIMILAR).get_json()["results"]
        assert app.extensions[EXTENSION].events.counts().dropped == 4


@only_sqlite  # PostgreSQL locks no whole database
def test_a_locked_database_does_not_delay_answers(own_home):
    with (
        logging_app(own_home) as app,
        Database.open(CatalogSettings(home=own_home)) as other,
        other.write() as connection,
    ):
        client = app.test_client()
        with connection.begin():
            assert client.get(SIMILAR).get_json()["results"]
            assert send(client, event()).get_json()["taken"] == 1
            assert app.extensions[EXTENSION].events.counts().written == 0
        flush(app)
        assert len(answers(app)) == len(events(app)) == 1


def test_a_log_that_is_gone_does_not_delay_answers(own_home, tmp_path, monkeypatch):
    with logging_app(own_home) as app:
        shop = app.extensions[EXTENSION]
        client = app.test_client()
        assert client.get("/").status_code == 200  # opens the catalogue
        gone = CatalogSettings(database_url=f"sqlite:///{tmp_path / 'gone' / 'catalog.db'}")
        monkeypatch.setattr(shop, "catalog_settings", gone)
        assert client.get(SIMILAR).get_json()["results"]
        assert send(client, event()).status_code == 202
        shop.events.close(30)
        assert shop.events.counts().dropped == 2


def test_a_thread_that_cannot_start_does_not_delay_answers(own_home, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with logging_app(own_home) as app:
        assert app.test_client().get(SIMILAR).get_json()["results"]
        assert "thread" in app.extensions[EXTENSION].events.counts().last_error


def test_the_log_can_be_off(own_home):
    with logging_app(own_home, event_days=0) as app:
        client = app.test_client()
        assert client.get(SIMILAR).get_json()["results"]
        assert send(client, event()).get_json() == {"taken": 0, "dropped": 1}
        assert "data-events" not in client.get("/").get_data(as_text=True)
        assert app.extensions[EXTENSION].events is None


def test_best_sellers_come_from_purchases(logged):
    client = logged.test_client()
    query_id = client.get(SIMILAR).get_json()["query_id"]
    send(client, event("purchase", query_id, "dress-blue-1"))
    flush(logged)
    assert logged.extensions[EXTENSION].best_sellers("Dresses", 5) == ["dress-blue-1"]
