"""Searches in words in the event log: what is kept of them, their clicks, and the report."""

import re

import pytest

from catalog.events.event import MAX_SEARCHED, searched_text
from tests.web.live import chromium, serving, visiting
from tests.web.logged import STAFF, answers, events, logging_app
from tests.web.page_text import text_of

GRID, API = "/", "/api/v1/search"


def searches(app):
    return [row for row in answers(app) if row["text"] is not None]


def click(client, query_id, product_id):
    event = {"kind": "click", "query_id": query_id, "product_id": product_id}
    answer = client.post("/api/v1/events", json={"events": [event]})
    assert answer.status_code == 202


def report(client):
    return text_of(client.get("/report?days=1", headers=STAFF))


def test_the_first_page_of_a_search_is_an_answer_with_its_text(logged):
    client = logged.test_client()
    page = client.get(GRID, query_string={"q": "  Red DRESS "}).get_data(as_text=True)
    client.get(GRID)  # no search
    client.get(GRID, query_string={"q": "red dress", "page": 2})
    client.head(GRID, query_string={"q": "red dress"})
    [row] = searches(logged)
    assert (row["text"], row["seeds"], row["visitor"]) == ("red dress", [], None)
    assert row["size"] == page.count('class="card-link"') > 0
    assert f'data-query="{row["query_id"]}"' in page


def test_the_api_logs_it_and_names_its_id(logged):
    client = logged.test_client()
    first = client.get(API, query_string={"q": "red dress"})
    assert first.headers["Cache-Control"].startswith("private")
    client.get(API, query_string={"q": "in green", "like": "t-shirt-red-1"})
    ids = {row["query_id"]: row for row in searches(logged)}
    assert first.get_json()["query_id"] in ids
    assert sorted(row["text"] for row in ids.values()) == ["in green", "red dress"]
    assert [row["seeds"] for row in ids.values() if row["text"] == "in green"] == [
        ["t-shirt-red-1"]
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Red   Dress", "red dress"),
        ("dress for ann.b@example.com please", "dress for … please"),
        ("call +43 (664) 123-45-67", "call …"),
        ("card 4111111111111111", "card …"),
        ("size 42 under 50", "size 42 under 50"),
        ("x" * 200, "x" * MAX_SEARCHED),
        ("👗", "👗"),
    ],
)
def test_what_is_kept_of_a_text_is_short_and_names_nobody(text, kept):
    assert searched_text(text) == kept


def test_the_report_has_clicks_and_what_found_nothing(logged):
    client = logged.test_client()
    assert "Searches in words" not in report(client)
    body = client.get(API, query_string={"q": "red dress"}).get_json()
    client.get(API, query_string={"q": "red"})
    for text in ("qqqq", "QQQQ", "wwww"):
        client.get(GRID, query_string={"q": text})
    click(client, body["query_id"], body["results"][0]["product_id"])
    click(client, body["query_id"], "no such product")
    assert len(events(logged)) == 2
    page = " ".join(re.sub(r"<[^>]+>", " ", report(client)).split())
    assert "Searches in words Searches 5" in page
    assert "Without a click 50.0%" in page and "1 of 2 that found something" in page
    assert "Found nothing 60.0%" in page
    assert "qqqq 2 wwww 1" in page
    assert "no shown panels yet" in page, "searches are no panels"


def test_without_a_log_the_page_names_no_id(own_home):
    with logging_app(own_home, event_days=0) as app:
        client = app.test_client()
        assert "data-query" not in client.get("/?q=dress").get_data(as_text=True)
        assert client.get(API, query_string={"q": "dress"}).status_code == 200


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)")
def test_a_click_on_a_result_is_reported_once(logged, browser):
    with serving(logged) as address, visiting(browser, base_url=address) as visit:
        page = visit("/?q=dress")
        second = page.locator(".cards .card-link").nth(1)
        product_id = second.get_attribute("href").rpartition("/")[2]
        for _ in range(2):
            with page.expect_navigation():
                page.locator(".cards .card-link").nth(1).click()
            page.go_back()
            page.locator(".cards .card-link").nth(1).wait_for()
    [row] = [row for row in events(logged) if row["kind"] == "click"][:1]
    assert (row["product_id"], row["position"]) == (product_id, 2)
    assert row["query_id"] in {one["query_id"] for one in searches(logged)}
