"""``<lookalike-panel>`` in a page of another origin, in a real browser."""

from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.live import chromium
from tests.web.logged import answers, events
from tests.web.pages.test_browser_events import QueueSpy

pytestmark = [
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


def both_off(url):
    """Whether an answer weighs neither shape nor pattern."""
    return {"shape:0", "pattern:0"} <= {
        *parse_qs(urlsplit(url).query).get("facets", [""])[0].split(",")
    }


def seen(page, name):
    return [one for one in page.evaluate("window.seen") if one["name"] == name]


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


def test_a_carousel_by_keyboard_buttons_and_swipe(visit, other, api):
    phone = {"viewport": PHONE, "has_touch": True, "reduced_motion": "reduce"}
    page = opened(visit, other, two_lines(api, ' layout="carousel"'), **phone)
    row = page.locator("lookalike-panel .window")
    before = row.evaluate("node => node.scrollLeft")
    row.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('lookalike-panel').shadowRoot"
        ".querySelector('.window').scrollLeft > before", arg=before
    )  # fmt: skip
    page.keyboard.press("Home")
    page.locator("lookalike-panel .previous[aria-disabled=true]").wait_for()
    following = page.get_by_role("button", name="Next items")
    following.focus()
    page.keyboard.press("Enter")
    page.locator("lookalike-panel [role=status]", has_text="Items ").wait_for(state="attached")
    page.locator("lookalike-panel .previous[aria-disabled=false]").wait_for()
    assert following.evaluate("node => node === node.getRootNode().activeElement")
    assert page.evaluate("window.shifts") == 0
    row.evaluate("node => node.scrollTo(0, 0)")
    before = row.evaluate("node => node.scrollLeft")
    box, finger = row.bounding_box(), page.context.new_cdp_session(page)
    for kind, across in (("Start", 300), ("Move", 220), ("Move", 140), ("Move", 60), ("End", None)):
        at = [] if across is None else [{"x": box["x"] + across, "y": box["y"] + 90}]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
    page.wait_for_function(
        "before => document.querySelector('lookalike-panel').shadowRoot"
        ".querySelector('.window').scrollLeft > before", arg=before
    )  # fmt: skip
    smooth = row.evaluate("node => getComputedStyle(node).scrollBehavior")
    assert smooth == "auto"  # as the visitor asked for less motion


@pytest.mark.parametrize("layout", ["grid", "carousel"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit, other, api, layout, size):
    more = f' layout="{layout}" saved="" tuning="open"'
    page = opened(visit, other, two_lines(api, more), viewport=size)
    page.locator("lookalike-panel .slider").first.wait_for()
    assert violations(page) == []
    assert page.evaluate("window.shifts") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_sliders_weigh_the_facets_and_keep_the_page_when_they_fail(visit, other, ours, api):
    page = opened(visit, other, two_lines(api, ' tuning="button"'), faults=("Failed", "CORS"))
    usual = products(page)
    assert not page.get_by_label("Shape").is_visible()
    page.get_by_role("button", name="Adjust").click()
    with page.expect_response(lambda one: both_off(one.url)) as asked:
        for facet in ("Shape", "Pattern"):
            page.get_by_label(facet).press("Home")
    page.locator(f"lookalike-panel [data-query='{asked.value.json()['query_id']}']").wait_for()
    said = page.locator("lookalike-panel [role=status]", has_text="similar item")
    said.wait_for(state="attached")
    tuned = products(page)
    assert tuned != usual and all("blue" in one for one in tuned[:2])
    page.route("**/api/v1/products/**", lambda route: route.abort())
    page.get_by_label("Shape").press("End")
    page.locator("lookalike-panel [role=status]", has_text="did not work").wait_for(
        state="attached"
    )
    assert products(page) == tuned


def test_what_is_far_down_is_asked_for_when_it_comes_near(visit, other, api):
    page = visit(other.page('<div style="height: 5000px"></div>' + two_lines(api)), viewport=WIDE)
    page.locator("lookalike-panel .waiting").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    assert not any("/api/v1/" in url for url in page.requests)
    page.evaluate("scrollTo(0, 4000)")
    page.locator(CARD).first.wait_for()


@pytest.mark.parametrize("more", [' filter="brand=Nobody&fallback=false"', ' min-match="100"'])
def test_nothing_takes_no_place(visit, other, api, more):
    body = f'<div style="height: 1200px"></div>{two_lines(api, more)}<p>Below</p>'
    page = visit(other.page(body), viewport=WIDE, script=RECORD, faults=("400",))
    page.wait_for_function(
        "() => document.querySelector('lookalike-panel').getBoundingClientRect().height === 0"
    )
    assert page.evaluate("window.shifts") == 0


def test_nothing_in_view_moves_nothing_and_takes_no_place_once_out_of_view(visit, other, api):
    more = ' limit="6" filter="brand=Nobody&fallback=false"'
    body = f'{two_lines(api, more)}<p id="below">Below</p><div style="height: 4000px"></div>'
    page = visit(other.page(body), viewport=WIDE, script=RECORD)
    page.wait_for_function("() => window.seen.some((one) => one.name === 'empty')")
    height = "document.querySelector('lookalike-panel').getBoundingClientRect().height"
    assert page.evaluate(height) > 100
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_function(f"() => {height} === 0")
    assert page.evaluate("window.shifts") == 0


def test_a_product_that_nobody_knows_shows_nothing_and_says_so_in_the_console(visit, other, api):
    body = two_lines(api).replace(ITEM, "nowhere")
    page = visit(other.page("<p>Empty</p>"), viewport=WIDE, script=RECORD, faults=("404",))
    with page.expect_console_message(
        lambda message: message.type == "warning" and "nowhere" in message.text
    ):
        page.goto(other.page(body))
    page.wait_for_function("() => window.seen.some((one) => one.name === 'empty')")


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


def test_history_is_kept_in_the_browser_where_the_shop_asks_for_it(visit, other, api):
    page = opened(visit, other, two_lines(api, " remember"))
    page.goto(
        other.page(f'<script src="{api}/lookalike-panel.js"></script>'
                   '<lookalike-panel surface="history"></lookalike-panel>', "/start")
    )  # fmt: skip
    page.locator(CARD).first.wait_for()
    assert any("history/similar?" in url and f"id={ITEM}" in url for url in page.requests)
    assert ITEM not in products(page)


def test_a_wishlist_of_several_products(visit, other, api):
    body = (
        f'<script src="{api}/lookalike-panel.js"></script>'
        f'<lookalike-panel surface="wishlist" product-ids="{ITEM}, dress-red-1"></lookalike-panel>'
    )
    page = opened(visit, other, body)
    assert {"t-shirt", "dress"} <= {one.rpartition("-")[0].rpartition("-")[0] for one in
                                   products(page)}  # fmt: skip


def test_a_photo_is_searched_from_another_page(visit, other, ours, api, tmp_path):
    from tests.web.drawing import COLOURS, SHAPES, draw

    photo = tmp_path / "shirt.png"
    draw(SHAPES["T-shirt"], COLOURS["green"], 6).save(photo)
    body = (
        f'<script src="{api}/lookalike-panel.js"></script>'
        '<lookalike-panel surface="photo" limit="4"></lookalike-panel>'
    )
    page = visit(other.page(body), viewport=WIDE, script=RECORD)
    page.locator("lookalike-panel input[type=file]").set_input_files(photo)
    page.locator(CARD).first.wait_for()
    assert products(page)[0].startswith("t-shirt-green")
    assert violations(page) == []


def test_the_server_s_markup_shows_the_same_without_scripts_and_is_taken_over_with_them(
    visit, other, ours, api
):
    embedded = (
        ours.test_client()
        .get(f"/panel/{ITEM}?embed=1&layout=carousel", base_url=api)
        .get_data(as_text=True)
    )
    other.page(embedded, "/served")
    spy = QueueSpy(ours)
    plain = visit(f"{other.origin}/served", viewport=WIDE, java_script_enabled=False)
    assert plain.locator(CARD).first.is_visible()
    assert plain.locator("lookalike-panel .arrows").is_hidden()
    page = visit(f"{other.origin}/served", viewport=PHONE, script=RECORD)
    page.locator("lookalike-panel .arrows[data-live]").wait_for()
    assert page.evaluate("window.shifts") == 0
    assert not any("/api/v1/products" in url for url in page.requests)
    page.wait_for_function("() => window.seen.some((one) => one.name === 'view')")
    spy.wait_for("view", 1)
    assert violations(page) == []


@pytest.mark.parametrize("layout", ["grid", "carousel"])
def test_the_server_renders_what_the_script_renders(visit, other, ours, api, layout):
    """One panel: only the id of the answer differs."""
    markup = """panel => {
      const copy = panel.shadowRoot.querySelector(".panel").cloneNode(true);
      for (const node of copy.querySelectorAll(".arrows, .arrows button, .window")) {
        for (const name of ["data-live", "data-still", "aria-disabled", "tabindex"]) {
          node.removeAttribute(name);
        }
      }
      copy.dataset.query = "";
      return copy.outerHTML.replace(/\\s+/g, " ").replaceAll("> <", "><");
    }"""
    more = f' layout="{layout}" saved="t-shirt-blue-2" locale="en-US"'
    page = opened(visit, other, two_lines(api, more))
    mine = page.locator("lookalike-panel").evaluate(markup)
    embedded = ours.test_client().get(
        f"/panel/{ITEM}?embed=1&layout={layout}&saved=t-shirt-blue-2", base_url=api
    )
    served = opened(visit, other, embedded.get_data(as_text=True))
    assert served.locator("lookalike-panel").evaluate(markup) == mine
