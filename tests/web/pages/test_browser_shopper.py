"""The storefront as shoppers use it: on a phone, offline, and keeping one's place."""

import json
from dataclasses import replace

import pytest

from tests.web.kit.panel_page import MARKUP
from tests.web.live import chromium
from web.app.context import EXTENSION

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
PHONE = {"viewport": {"width": 390, "height": 844}}
ITEM = "#similar .card-link"
TOAST = "[data-toast]"


def shown(page):
    return page.locator(ITEM).evaluate_all("links => links.map(l => l.pathname.split('/').pop())")


def top(page, selector):
    return page.locator(selector).first.evaluate("one => one.getBoundingClientRect().top + scrollY")


def test_on_a_phone_look_alikes_come_before_sliders_and_details(visit):
    page = visit("/products/t-shirt-blue-1", **PHONE)
    assert page.locator(ITEM).count() > 2
    assert top(page, ITEM) < 1.35 * 844
    assert top(page, ITEM) < top(page, ".details")
    assert page.locator("#tuning").is_hidden()
    row = page.locator("#similar .window")
    assert row.evaluate("one => one.scrollWidth > one.clientWidth")  # a carousel
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    button = page.get_by_role("button", name="Adjust")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator("#tuning").is_visible()
    assert top(page, ITEM) < top(page, "#tuning")
    page.get_by_label("Colour", exact=True).press("End")
    page.wait_for_url("**mix.colour=4**")


def test_the_carousel_moves_by_keyboard(visit):
    page = visit("/products/t-shirt-blue-1", **PHONE)
    row = page.locator("#similar .window")
    row.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('lookalike-panel').shadowRoot"
        ".querySelector('.window').scrollLeft > 0"
    )


def test_on_a_phone_without_scripts_the_sliders_follow_the_items(visit):
    page = visit("/products/t-shirt-blue-1", java_script_enabled=False, **PHONE)
    assert page.locator("#tuning").is_visible()
    assert page.locator("#similar .adjust").is_hidden()
    items, form = (page.locator(one).first.bounding_box() for one in (ITEM, "#tuning"))
    assert items["y"] < form["y"]


def test_the_panel_is_the_one_that_other_shops_have(visit):
    """The page's markup is what the element makes of the same answer, around cards of the page."""
    page = visit("/products/t-shirt-blue-1", **PHONE)
    page.locator("#similar .arrows[data-live]").wait_for()
    page.evaluate("""() => {
      const made = document.createElement("lookalike-panel");
      const given = { "product-id": "t-shirt-blue-1", heading: "", layout: "auto", tuning: "auto" };
      made.setAttribute("api", location.origin);
      for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
      made.innerHTML = '<template slot="card"><a data-field="link"></a></template>';
      document.querySelector("#similar").append(made);
      made.scrollIntoView();
    }""")
    other = page.locator("#similar lookalike-panel:not([embedded]) li[data-product]")
    other.first.wait_for(state="attached")
    page.locator("#similar lookalike-panel:not([embedded]) .adjust[data-live]").wait_for()
    panels = page.locator("#similar lookalike-panel")
    for place in range(2):  # the page's own form, and sliders
        panels.nth(place).locator(".panel > [part=tuning]").evaluate("one => one.remove()")
    served, made = panels.evaluate_all(f"panels => panels.map({MARKUP})")
    assert served == made
    assert "card-1" in made


def test_a_slider_offline_says_so_and_keeps_the_page(visit):
    page = visit("/products/t-shirt-blue-1", faults=("ERR_INTERNET_DISCONNECTED",))
    before, address = shown(page), page.url
    page.context.set_offline(True)
    page.get_by_label("Shape", exact=True).press("Home")
    page.locator(TOAST, has_text="The shop cannot be reached right now").wait_for()
    assert shown(page) == before and page.url == address
    assert page.locator("#similar .panel").get_attribute("aria-busy") is None
    page.context.set_offline(False)
    page.get_by_label("Pattern", exact=True).press("Home")
    page.wait_for_url("**mix.shape=0&mix.pattern=0**")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (json.dumps({"detail": "Too many at once."}), "Too many at once."),
        ("<h1>a proxy's page</h1>", "That did not work."),
    ],
)
def test_a_slider_that_fails_says_so_and_keeps_the_page(visit, answer, says):
    page = visit("/products/t-shirt-blue-1", faults=("status of 503",))
    page.route("**/panel/**", lambda route: route.fulfill(status=503, body=answer))
    page.get_by_label("Shape", exact=True).press("Home")
    page.locator(TOAST, has_text=says).wait_for()
    assert page.url.endswith("/products/t-shirt-blue-1")


def test_all_sliders_at_zero_say_that_something_has_to_matter(visit):
    page = visit("/products/t-shirt-blue-1")
    for facet in ("Shape", "Colour", "Pattern"):
        page.get_by_label(facet, exact=True).press("Home")
    page.locator("#similar .label", has_text="Something has to matter").wait_for()
    assert page.locator(ITEM).count() > 2


def test_more_like_this_keeps_what_it_is_like_in_view_and_leads_back(visit):
    page = visit("/products/t-shirt-blue-1")
    card = page.locator("#similar .card").first
    card.locator("summary").click()
    card.get_by_role("link", name="in colour").click()
    page.wait_for_url("**/products/t-shirt-blue-2?mix.colour=4**")
    seed = page.locator(".panel-of", has_text="to Blue T-shirt no. 2")
    assert seed.evaluate("one => one.getBoundingClientRect().top < innerHeight")
    page.get_by_role("link", name="Back to Blue T-shirt no. 1").click()
    page.wait_for_url("**/products/t-shirt-blue-1#similar")


def test_less_like_this_keeps_the_place(visit):
    page = visit("/products/t-shirt-blue-1")
    page.get_by_role("button", name="Add to wishlist").click()
    page.get_by_role("button", name="On your wishlist").wait_for()
    page.goto("/wishlist")
    page.evaluate("window.here = true")
    less = page.locator("#similar .less").first
    less.scroll_into_view_if_needed()
    unwanted = shown(page)[0]
    less.click()
    page.locator(TOAST, has_text="You will see less like this").wait_for()
    assert unwanted not in shown(page)
    heading = page.locator("#similar h2").bounding_box()
    assert 0 <= heading["y"] < page.viewport_size["height"]
    assert page.evaluate("document.activeElement.name") == "undo"
    page.keyboard.press("Enter")
    page.get_by_label("Less like these").wait_for(state="detached")
    assert unwanted in shown(page)
    assert page.evaluate("window.here")  # never left the page


def test_many_variants_on_a_phone_do_not_widen_the_page(visit):
    page = visit("/products/trousers-blue-1", **PHONE)
    page.get_by_role("link", name="2 more colours").click()
    page.locator("#variants li").first.wait_for()
    page.evaluate(
        "for (const list of document.querySelectorAll('.variants ul'))"
        " for (let n = 0; n < 9; n++) list.append(list.firstElementChild.cloneNode(true))"
    )
    page.evaluate(
        "for (const link of document.querySelectorAll('.variants a'))"
        " link.insertAdjacentHTML('beforeend', '<span class=unseen>a long text</span>')"
    )
    assert page.locator(".variants li").count() > 9
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("options", [{}, PHONE])
def test_a_note_about_a_search_stands_apart_from_the_cards(visit, options):
    page = visit("/?q=shirt+zzzqqq", **options)
    note, card = (page.locator(one).first.bounding_box() for one in (".search-note", ".card"))
    assert card["y"] - (note["y"] + note["height"]) >= 20


def test_words_about_a_missing_photo_are_shown_only_where_they_fit(visit, app, monkeypatch):
    catalogue = app.extensions[EXTENSION].catalogue
    product = catalogue.product
    monkeypatch.setattr(catalogue, "product", lambda name: replace(product(name), photos=()))
    page = visit("/products/t-shirt-blue-1", **PHONE)
    words = page.get_by_text("No photo yet")
    assert words.count() == 2
    assert page.locator(".gallery").get_by_text("No photo yet").is_visible()
    assert page.locator(".panel-seed").get_by_text("No photo yet").is_hidden()
    icon, tile = (page.locator(f".panel-seed .tile{one}").bounding_box() for one in (" .icon", ""))
    assert tile["x"] < icon["x"] < icon["x"] + icon["width"] < tile["x"] + tile["width"]
    assert icon["width"] > 20
