"""Events that a real browser sends about its panels, and the report of them."""

import threading

import pytest

from tests.databases import on_both
from tests.waiting import LONG
from tests.web.live import PATIENCE, chromium, serving
from tests.web.logged import STAFF, answers, events, flush, logging_app, shown
from web.answering.visitors import COOKIE
from web.app.context import EXTENSION

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
    on_both,  # a browser's requests come at once, and what they write is read
]
PAGE = "/products/t-shirt-blue-1"


class QueueSpy:
    """Records what is put into an app's queue."""

    def __init__(self, app):
        self.kinds, self.more = [], threading.Condition()
        queue = app.extensions[EXTENSION].events
        self.put, queue.put = queue.put, self.record

    def record(self, entry, **trusted):
        done = self.put(entry, **trusted)
        with self.more:
            self.kinds.append(getattr(entry, "kind", "answer"))
            self.more.notify_all()
        return done

    def wait_for(self, kind, count):
        with self.more:
            assert self.more.wait_for(lambda: self.kinds.count(kind) >= count, LONG), self.kinds


@pytest.fixture
def visit(browser, own_home, tmp_path):
    """A shop with an experiment, and a page of it in a fresh profile."""
    file = tmp_path / "x.toml"
    file.write_text('name = "mix"\n[arms.control]\n[arms.varied]\ndiversity = 0.2\n')
    with logging_app(own_home, experiment=file) as app, serving(app) as address:
        context = browser.new_context(base_url=address, viewport={"width": 1300, "height": 2600})
        page, errors = context.new_page(), []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if message.type == "error" else None,
        )
        yield app, page
        context.close()
        assert errors == []


def test_views_clicks_and_saved_products_are_reported(visit):
    app, page = visit
    spy = QueueSpy(app)
    page.add_init_script(
        "window.told = []; document.addEventListener('lookalike:view', ({ detail }) =>"
        " window.told.push(detail.product_id))"
    )
    page.goto(PAGE)
    items = page.locator("#similar lookalike-panel[embedded] .panel-card")
    count = items.count()
    spy.wait_for("view", count)
    assert len(page.evaluate("window.told")) == count
    first, second = (items.nth(place).get_attribute("data-product") for place in (0, 1))
    query_id = page.locator("#similar .panel").get_attribute("data-query")
    items.nth(1).locator("[data-heart]").click()
    page.locator(".count", has_text="1").wait_for()
    items.first.locator("a.card-link").click()
    page.wait_for_url(f"**/{first}")
    for kind in ("click", "wishlist"):
        spy.wait_for(kind, 1)
    rows = [row for row in events(app) if row["query_id"] == query_id]
    seen = {(row["kind"], row["product_id"], row["position"]) for row in rows}
    assert {("click", first, 1), ("wishlist", second, 2)} <= seen
    ids = shown(app, query_id)
    assert {one for one in seen if one[0] == "view"} == {
        ("view", product_id, place) for place, product_id in enumerate(ids, start=1)
    }
    assert len(seen) == count + 2


def test_the_report_shows_it_and_the_id_can_be_reset(visit):
    app, page = visit
    spy = QueueSpy(app)
    page.goto(PAGE)
    spy.wait_for("view", page.locator("#similar .panel-card").count())
    flush(app)  # the page itself waits for a moment only
    page.set_extra_http_headers(STAFF)
    page.goto("/report")
    figures = page.locator(".figure dd")
    assert "1 shown panels" in figures.first.inner_text()
    assert page.locator("text=Experiment: mix").is_visible()
    assert page.locator("svg.span").first.bounding_box()["width"] > 50
    before = answers(app)[0]["visitor"]
    page.goto(PAGE)
    page.get_by_role("button", name="Reset my random id").click()
    page.get_by_text("Your random id has been deleted").wait_for()
    visitors = {row["visitor"] for row in answers(app)}
    assert before in visitors and len(visitors) == 2
    cookies = [one for one in page.context.cookies() if one["name"] == COOKIE]
    assert cookies[0]["value"] in visitors - {before}
