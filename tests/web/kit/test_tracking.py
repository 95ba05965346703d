"""What visitors do with a panel in a page of another origin is counted, and told to that page."""

from tests.web.kit.panel_page import BROWSER, opened, products, seen, two_lines
from tests.web.logged import answers, events
from tests.web.pages.test_browser_events import QueueSpy

pytestmark = BROWSER


def test_views_clicks_and_saves_are_counted_here_and_told_to_the_page(visit, other, ours, api):
    spy = QueueSpy(ours)
    other.page("Bought", "/bought")
    page = opened(visit, other, two_lines(api, ' saved="" ga4'))
    spy.wait_for("view", len(products(page)))
    page.evaluate("""document.addEventListener("lookalike:select", (e) => e.preventDefault())""")
    page.locator("lookalike-panel .heart").nth(1).click()
    page.locator("lookalike-panel .heart[aria-pressed=true]").wait_for()
    page.locator("lookalike-panel a.link").first.click()
    for kind in ("click", "wishlist"):
        spy.wait_for(kind, 1)
    query_id = answers(ours)[-1]["query_id"]
    rows = [row for row in events(ours) if row["query_id"] == query_id]
    kinds = {(row["kind"], row["product_id"], row["position"]) for row in rows}
    ids = products(page)
    assert kinds == {
        *(("view", one, place) for place, one in enumerate(ids, start=1)),
        ("click", ids[0], 1),
        ("wishlist", ids[1], 2),
    }
    (click,) = seen(page, "select")
    assert (click["query_id"], click["product_id"], click["position"]) == (query_id, ids[0], 1)
    assert click["title"]
    (saved,) = seen(page, "wishlist")
    assert (saved["product_id"], saved["saved"]) == (ids[1], True)
    assert {one["product_id"] for one in seen(page, "view")} == set(ids)
    pushed = [one for one in page.evaluate("window.dataLayer") if "event" in one]
    assert [one["event"] for one in pushed] == ["view_item_list", "select_item"]
    listed, chosen = (one["ecommerce"] for one in pushed)
    assert [one["item_id"] for one in listed["items"]] == ids
    assert listed["currency"] == "EUR"
    assert chosen["items"][0] | {"index": 0, "price": 30.9} == chosen["items"][0]
    assert page.url.startswith(other.origin)  # the page took care of the click


def test_a_click_is_counted_though_the_page_is_left(visit, other, ours, api):
    spy = QueueSpy(ours)
    other.page("The product", "/bought")
    page = opened(visit, other, two_lines(api, tag=" async"))
    page.evaluate("""() => {
      const link = document.querySelector("lookalike-panel").shadowRoot.querySelector("a.link");
      link.href = "/bought";
    }""")
    page.locator("lookalike-panel a.link").first.click()
    page.wait_for_url("**/bought")
    spy.wait_for("click", 1)
