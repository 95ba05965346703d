"""A visitor's walk through the shop in a real browser."""

from dataclasses import replace

import pytest

from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.live import chromium
from tests.web.logged import STAFF
from web.app.context import shop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
CARD = ".card-link"
ITEM = "#similar .card-link"


def test_from_the_grid_to_a_photo_search(visit, tmp_path):
    page = visit()
    assert page.locator(CARD).count() == 24

    page.locator("summary", has_text="Colour").click()
    page.locator(".filter-colours a", has_text="Blue").click()
    page.wait_for_url("**/?colour=blue")
    assert page.locator(CARD).count() == 6

    page.locator(CARD, has_text="Blue T-shirt no. 1").click()
    page.wait_for_url("**/products/t-shirt-blue-1")
    items = page.locator(ITEM)
    assert items.first.get_attribute("href") == "/products/t-shirt-blue-2"
    assert page.locator("#similar .reasons li").count() > 0

    page.get_by_role("button", name="Add to wishlist").click()
    page.get_by_role("button", name="On your wishlist").wait_for()
    page.locator("#similar .heart").first.click()
    page.locator("[data-wishlist-count]", has_text="2").wait_for()

    page.get_by_role("link", name="Wishlist").click()
    page.wait_for_url("**/wishlist")
    assert page.locator(".cards-saved .card").count() == 2
    chosen = page.locator(ITEM).evaluate_all("links => links.map(link => link.pathname)")
    assert chosen and "/products/t-shirt-blue-1" not in chosen

    page.get_by_role("link", name="Search by photo").click()
    page.wait_for_url("**/search/photo")
    photo = tmp_path / "my-shirt.png"
    draw(SHAPES["T-shirt"], COLOURS["green"], 6).save(photo)
    page.set_input_files("#photo", photo)
    assert page.locator("[data-drop-text]").inner_text() == "my-shirt.png"
    page.get_by_role("button", name="Find similar items").click()
    page.locator(ITEM).first.wait_for()
    assert page.locator(ITEM).first.get_attribute("href").startswith("/products/t-shirt-green-")
    page.locator("[data-crop-stage] img").wait_for()


def shown(page):
    """The products of the panel, in order."""
    return page.locator(ITEM).evaluate_all("links => links.map(l => l.pathname.split('/').pop())")


def test_sliders_change_the_panel_in_place(visit):
    page = visit("/products/t-shirt-blue-1")
    page.evaluate("window.here = true")
    usual = shown(page)
    assert page.locator("[data-apply]").is_hidden()
    for facet in ("Shape", "Pattern"):
        page.get_by_label(facet, exact=True).press("Home")
    page.wait_for_url("**mix.shape=0&mix.pattern=0**")
    page.locator("#similar [role=status]", has_text="similar items").wait_for(state="attached")
    by_colour = shown(page)
    assert by_colour != usual
    assert all("blue" in product for product in by_colour[:2])
    assert page.get_by_label("Shape", exact=True).get_attribute("aria-valuetext") == "not at all"
    assert page.evaluate("document.activeElement.id") == "mix.pattern"  # the focus stays

    page.get_by_label("On sale").check()
    page.wait_for_url("**on_sale=true**")
    assert shown(page) == ["t-shirt-green-1"]

    page.get_by_role("link", name="Reset").click()
    page.wait_for_url("**/t-shirt-blue-1#similar")
    page.locator("#similar [role=status]", has_text=f"{len(usual)} similar items").wait_for(
        state="attached"
    )
    assert shown(page) == usual
    assert page.evaluate("window.here")  # never left the page


def test_a_card_leads_to_more_like_it_in_one_facet(visit):
    page = visit("/products/t-shirt-blue-1")
    card = page.locator("#similar .card").first
    assert card.locator(".reasons li").count() > 0
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.get_by_role("link", name="in colour").click()
    page.wait_for_url("**/products/t-shirt-blue-2?mix.colour=4&from=t-shirt-blue-1#similar")
    assert page.get_by_label("Colour", exact=True).input_value() == "4"


def test_a_count_of_variants_leads_to_them(visit):
    page = visit("/products/trousers-blue-1")
    page.get_by_role("link", name="2 more colours").click()
    page.wait_for_url("**#variants")
    assert page.locator("#variants a").count() == 3


def test_a_match_in_percent_is_shown_where_there_is_a_calibration(visit, app):
    with app.app_context():
        recommender = shop().recommender
    answer = recommender.answer

    def calibrated(request):
        panel = answer(request)
        results = (replace(one, match=87.6) for one in panel.results)
        return replace(panel, results=tuple(results))

    recommender.answer = calibrated
    page = visit("/products/t-shirt-blue-1")
    page.set_extra_http_headers(STAFF)
    page.reload()
    assert page.locator("#similar .match").first.inner_text() == "88% match"


def test_a_wishlist_shows_its_tastes_and_applies_less(visit):
    page = visit()
    for name in ("t-shirt-blue-1", "dress-red-1"):
        page.goto(f"/products/{name}")
        page.get_by_role("button", name="Add to wishlist").click()
        page.get_by_role("button", name="On your wishlist").wait_for()
    page.goto("/wishlist")
    assert page.locator(".taste h3", has_text="Because you saved").count() >= 1
    unwanted = shown(page)[0]
    page.locator("#similar .less").first.click()
    page.get_by_label("Less like these").wait_for()
    assert unwanted not in shown(page)
    page.get_by_role("button", name="Undo: less like").click()
    page.get_by_label("Less like these").wait_for(state="detached")
    assert unwanted in shown(page)


def test_sliders_and_filters_work_without_scripts(visit):
    page = visit("/products/t-shirt-blue-1", java_script_enabled=False)
    page.get_by_label("On sale").check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**on_sale=true**")
    assert shown(page) == ["t-shirt-green-1"]
    assert page.get_by_label("On sale").is_checked()


def test_the_api_is_shown_from_here(visit):
    page = visit("/api/v1/docs")
    page.locator(".opblock", has_text="/api/v1/products/{product_id}/similar").first.wait_for()
    page.locator(".opblock").nth(10).wait_for()


def test_the_report_page_shows_its_numbers(visit):
    page = visit("/products/t-shirt-blue-1")
    page.set_extra_http_headers(STAFF)
    page.goto("/report")
    assert page.locator("h1").inner_text()
    assert page.locator("table").count() > 0


def test_everything_works_without_scripts(visit, tmp_path):
    page = visit("/?colour=red", java_script_enabled=False)
    with page.expect_navigation():
        page.locator(".card .heart").first.click()
    assert page.url.endswith("/?colour=red")
    page.get_by_role("link", name="Wishlist").click()
    page.wait_for_url("**/wishlist")
    assert page.locator(".cards-saved .card").count() == 1
    page.locator(".cards-saved .heart").click()
    page.locator("main", has_text="Nothing saved yet").wait_for()
    page.locator("#q").fill("mustard dress")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=mustard+dress")
    assert page.locator(CARD).count() == 2


def test_the_keyboard_reaches_everything(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.locator("#main:focus").wait_for()
    summary = page.locator("summary", has_text="Colour")
    summary.focus()
    page.keyboard.press("Enter")
    page.locator(".filter-colours").wait_for()
    page.keyboard.press("Escape")
    page.locator(".filter-colours").wait_for(state="hidden")
    assert summary.evaluate("summary => summary === document.activeElement")


@pytest.mark.parametrize("path", ["/", "/products/t-shirt-blue-1", "/wishlist", "/search/photo"])
def test_a_phone_never_scrolls_sideways(visit, path):
    page = visit(path, viewport={"width": 360, "height": 740}, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
