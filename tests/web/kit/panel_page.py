"""A page of another origin with a panel, in a real browser: opening it, and reading it."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.live import chromium

BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
ITEM = "t-shirt-blue-1"
CARD = "lookalike-panel .card .title"
# Layout shifts, and the events of the panel, are recorded from the start.
RECORD = """
window.shifts = 0;
window.seen = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
for (const name of ["load", "view", "select", "wishlist", "empty", "error"]) {
  document.addEventListener(`lookalike:${name}`, ({ detail }) => {
    const { query_id, product_id, position, product, saved } = detail;
    window.seen.push({ name, query_id, product_id, position, title: product?.title, saved });
  });
}
"""
# The panel's markup, without its answer's id and what the script adds to a carousel.
MARKUP = """panel => {
  const copy = panel.shadowRoot.querySelector(".panel").cloneNode(true);
  for (const node of copy.querySelectorAll(".arrows, .arrows button, .window")) {
    for (const name of ["data-live", "data-still", "aria-disabled", "tabindex"]) {
      node.removeAttribute(name);
    }
  }
  copy.dataset.query = "";
  return copy.outerHTML.replace(/\\s+/g, " ").replaceAll("> <", "><");
}"""
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


def two_lines(api, more="", tag=""):
    """What a merchant writes."""
    return (
        f'<script src="{api}/lookalike-panel.js"{tag}></script>\n'
        f'<lookalike-panel product-id="{ITEM}"{more}></lookalike-panel>'
    )


def opened(visit, other, body, **options):
    """A page with a panel, once its cards are there."""
    page = visit(other.page(body), script=RECORD, **{"viewport": WIDE, **options})
    page.locator(CARD).first.wait_for()
    return page


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def products(page):
    return page.locator("lookalike-panel li[data-product]").evaluate_all(
        "items => items.map(item => item.dataset.product)"
    )


def seen(page, name):
    return [one for one in page.evaluate("window.seen") if one["name"] == name]
