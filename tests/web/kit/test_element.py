"""``<lookalike-panel>`` in a page of another origin: its look, its words, who may have it."""

import pytest

from tests.web.kit.panel_page import (
    BROWSER,
    CARD,
    ITEM,
    PHONE,
    RECORD,
    WIDE,
    opened,
    products,
    seen,
    two_lines,
    violations,
)
from tests.web.logged import answers

pytestmark = BROWSER


def test_two_lines_show_the_panel_of_another_origin_without_any_shift(visit, other, ours, api):
    page = opened(visit, other, two_lines(api) + "<p id=below>More of the page</p>")
    page.locator("lookalike-panel img").first.wait_for()
    answer = ours.test_client().get(f"/api/v1/products/{ITEM}/similar").get_json()
    assert products(page) == [one["product_id"] for one in answer["results"]]
    assert page.evaluate("window.shifts") == 0
    first = answer["results"][0]["product"]
    assert page.locator(CARD).first.inner_text() == first["title"]
    assert page.locator("lookalike-panel .label").is_hidden()  # nothing is to be said of them
    assert page.locator("lookalike-panel .price").first.inner_text() == "€30.90"
    link = page.locator("lookalike-panel a.link").first
    assert link.get_attribute("href") == first["link"]
    asked = {url.split("/")[2] for url in page.requests if url.startswith("http")}
    assert asked == {other.origin.split("/")[2], api.split("/")[2]}
    # Views are sent some time after; when depends on how busy the machine is.
    others = [url for url in page.requests if "/api/v1/" in url and "/api/v1/events" not in url]
    assert len(others) == 1


def test_a_locale_chooses_all_words(visit, other, api):
    more = ' locale="de-DE" layout="carousel" tuning="open" saved=""'
    page = opened(visit, other, two_lines(api, more))
    panel = page.locator("lookalike-panel")
    assert panel.get_by_role("heading").inner_text() == "Ähnliche Artikel"
    assert panel.get_by_label("Warum dieser Artikel gezeigt wird").first.is_visible()
    assert "gleiche Farbe" in panel.locator(".reasons").first.inner_text()
    assert panel.get_by_label("Farbe").get_attribute("aria-valuetext") == "wie üblich"
    panel.get_by_label("Farbe").press("End")
    panel.locator("[role=status]", has_text="ähnliche Artikel").wait_for(state="attached")
    assert panel.get_by_label("Farbe").get_attribute("aria-valuetext") == "am meisten"
    assert panel.locator(".price").first.inner_text() == "30,90\xa0€"


def test_the_shop_s_colours_fonts_and_parts_are_taken(visit, other, api):
    css = """<style>
      lookalike-panel { --lookalike-ink: rgb(10, 20, 120); --lookalike-font: monospace;
        --lookalike-columns: 5; --lookalike-radius: 0px; }
      lookalike-panel::part(title) { font-weight: 700; }
      lookalike-panel::part(reasons) { display: none; }
    </style>"""
    body = two_lines(api) + "<p>Below</p>"
    page = opened(visit, other, css + body)
    style = page.locator(CARD).first.evaluate(
        "node => { const s = getComputedStyle(node); return [s.color, s.fontFamily, s.fontWeight] }"
    )
    assert style == ["rgb(10, 20, 120)", "monospace", "700"]
    columns = page.locator("lookalike-panel .list").evaluate(
        "node => getComputedStyle(node).gridTemplateColumns.split(' ').length"
    )
    assert columns == 5
    assert not page.locator("lookalike-panel .reasons").first.is_visible()


def test_a_shop_s_own_card_is_filled_and_styled_by_its_page(visit, other, api):
    body = f"""<style>.mine b {{ color: rgb(1, 2, 3); }}</style>
    <script src="{api}/lookalike-panel.js"></script>
    <lookalike-panel product-id="{ITEM}" limit="3">
      <span slot="heading">You may like</span>
      <template slot="card"><a class="mine" data-field="link"><img data-field="photo" alt="">
        <b data-field="title"></b> <i data-field="price"></i> <s data-field="old-price"></s></a>
      </template>
    </lookalike-panel>"""
    page = visit(other.page(body), viewport=WIDE, script=RECORD)
    mine = page.locator("lookalike-panel a.mine")
    mine.first.wait_for()
    assert mine.count() == 3
    assert mine.first.locator("b").inner_text()
    assert mine.first.locator("b").evaluate("n => getComputedStyle(n).color") == "rgb(1, 2, 3)"
    assert mine.first.locator("i").inner_text() == "€30.90"
    assert page.get_by_role("heading", name="You may like").is_visible()
    page.evaluate("""document.addEventListener("lookalike:select", (e) => e.preventDefault())""")
    mine.nth(1).click()
    assert seen(page, "select")[0]["position"] == 2


@pytest.mark.parametrize("layout", ["grid", "carousel"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit, other, api, layout, size):
    more = f' layout="{layout}" saved="" tuning="open"'
    page = opened(visit, other, two_lines(api, more), viewport=size)
    page.locator("lookalike-panel .slider").first.wait_for()
    assert violations(page) == []
    assert page.evaluate("window.shifts") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_stranger_s_origin_is_refused(visit, other, own_home, ours, api):
    """The same page from an origin that is not listed: the browser gets nothing."""
    stranger = other.origin.replace("127.0.0.1", "localhost")
    other.page(two_lines(api))
    page = visit(f"{stranger}/", viewport=WIDE, script=RECORD, faults=("CORS", "Failed", "403"))
    page.wait_for_function("() => window.seen.some((one) => one.name === 'error')")
    assert page.locator(CARD).count() == 0
    assert answers(ours) == []


def test_attributes_may_change_and_the_panel_follows(visit, other, api):
    page = opened(visit, other, two_lines(api, " limit=4"))
    first = products(page)
    assert len(first) == 4
    page.evaluate(
        "document.querySelector('lookalike-panel').setAttribute('product-id', 'dress-red-1')"
    )
    page.wait_for_function("() => window.seen.filter((one) => one.name === 'load').length === 2")
    assert products(page) and set(products(page)).isdisjoint(first)
