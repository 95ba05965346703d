"""A visitor's search by photo in a real browser: the region by pointer, touch and keyboard."""

from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.live import chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
MOMENT = 1_000  # milliseconds; the page searches some time after the last change
FIELDS = ("crop_left", "crop_top", "crop_width", "crop_height")


@pytest.fixture
def photo(tmp_path):
    """A blue T-shirt on the left, a red dress on the right."""
    both = Image.new("RGB", (480, 300))
    both.paste(draw(SHAPES["T-shirt"], COLOURS["blue"], 6), (0, 0))
    both.paste(draw(SHAPES["Dress"], COLOURS["red"], 6), (240, 0))
    both.save(tmp_path / "both.png")
    return tmp_path / "both.png"


@pytest.fixture
def searched(visit, photo):
    """The page after a search by the photo."""

    def searched(**options):
        page = visit("/search/photo", **options)
        page.set_input_files("#photo", photo)
        page.get_by_role("button", name="Find similar items").click()
        page.locator("#similar .card-link").first.wait_for()
        if options.get("java_script_enabled", True):
            page.locator("[data-crop-frame]").wait_for()  # the script takes pointers from now on
            page.wait_for_function(  # and nothing moves any more
                "() => document.querySelector('[data-crop-stage] img').complete"
                " && document.fonts.status === 'loaded'"
            )
            stop_clock(page)
        return page

    return searched


def region(page):
    return [float(page.locator(f"[name={name}]").input_value()) for name in FIELDS]


def first(page):
    return page.locator("#similar .card-link").first.get_attribute("href")


def stop_clock(page):
    """From now on, what the page does later it does when the test lets time pass.

    Otherwise changes that take long on a busy machine would be searched for one by one.
    """
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))


def answer_to(page, act):
    """Do something that searches again a moment later; the response."""
    with page.expect_response("**/search/photo/panel") as answer:
        act()
        page.clock.run_for(MOMENT)
    return answer.value


def results_of(page, act):
    """Do something that searches again, and wait for its results."""
    assert answer_to(page, act).ok
    page.locator("#similar-cards:not([aria-busy])").wait_for()


def at(page, x, y):
    """A point of the photo, in shares of it, on the screen."""
    box = page.locator("[data-crop-stage]").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, start, end):
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end), steps=4)
    page.mouse.up()


def near(found, expected, by=1.5):
    return all(abs(one - two) <= by for one, two in zip(found, expected, strict=True))


def test_a_region_is_drawn_moved_and_resized_by_pointer(searched):
    page = searched()
    assert region(page) == [0, 0, 100, 100]
    results_of(page, lambda: drag(page, (0.48, 0.98), (0.02, 0.02)))
    assert near(region(page), (2, 2, 46, 96))
    assert first(page).startswith("/products/t-shirt-blue")
    results_of(page, lambda: drag(page, (0.25, 0.6), (0.77, 0.6)))  # all of it
    assert near(region(page), (54, 2, 46, 96))
    results_of(page, lambda: drag(page, (0.56, 0.05), (0.52, 0.03)))  # its corner
    assert near(region(page), (50, 0, 50, 98))
    assert first(page).startswith("/products/dress-red")
    results_of(page, lambda: page.get_by_role("button", name="Whole photo").click())
    assert region(page) == [0, 0, 100, 100]


def test_a_tap_or_a_drag_that_is_taken_away_changes_nothing(searched):
    page = searched()
    page.mouse.click(*at(page, 0.5, 0.5))
    page.mouse.move(*at(page, 0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*at(page, 0.6, 0.6))
    page.locator("[data-crop-stage]").dispatch_event(
        "pointercancel", {"pointerId": 1, "bubbles": True}
    )
    page.mouse.up()
    assert region(page) == [0, 0, 100, 100]


def test_a_region_is_drawn_by_touch_and_the_page_stays(searched):
    page = searched(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.locator("[data-crop-stage]").scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    touch = page.context.new_cdp_session(page)

    def draw_region():
        for kind, places in (
            ("touchStart", [(0.52, 0.5)]),
            ("touchMove", [(0.7, 0.2)]),
            ("touchMove", [(0.98, 0.02)]),
            ("touchEnd", []),
        ):
            points = [dict(zip("xy", at(page, *place), strict=True)) for place in places]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    results_of(page, draw_region)
    assert near(region(page), (52, 2, 46, 48))
    assert page.evaluate("scrollY") == scrolled
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_region_is_moved_and_resized_by_keyboard_and_said_aloud(searched):
    page = searched()
    status = page.locator("[data-crop-status]")
    corner = page.get_by_role("button", name="Lower right corner of the region")
    corner.focus()
    results_of(page, lambda: page.keyboard.press("Shift+ArrowLeft"))
    assert region(page) == [0, 0, 90, 100]
    assert status.inner_text() == "Region: 0% from the left, 0% from the top, 90% wide, 100% high"
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    results_of(page, lambda: page.keyboard.press("ArrowUp"))
    assert region(page) == [0, 0, 50, 99]
    assert corner.evaluate("corner => corner === document.activeElement")
    assert first(page).startswith("/products/t-shirt-blue")
    page.get_by_role("button", name="Region: move it").focus()
    for _ in range(9):
        page.keyboard.press("Shift+ArrowRight")
    results_of(page, lambda: page.keyboard.press("ArrowDown"))
    assert region(page) == [50, 1, 50, 99]
    assert first(page).startswith("/products/dress-red")
    assert "50% from the left, 1% from the top" in status.inner_text()
    assert corner.get_attribute("aria-describedby") == "crop-help"
    assert "arrow keys" in page.locator("#crop-help").inner_text()


def test_numbers_and_the_proposed_region_work_too(searched):
    page = searched()
    page.get_by_text("Region in numbers").click()
    width = page.get_by_label("Width")
    width.fill("50")
    results_of(page, lambda: width.press("Tab"))
    assert region(page) == [0, 0, 50, 100]
    if page.get_by_role("button", name="Just the garment").count():
        results_of(page, lambda: page.get_by_role("button", name="Just the garment").click())
        assert region(page) != [0, 0, 50, 100]


def test_a_type_is_chosen_and_sliders_weigh(searched):
    page = searched()
    other = page.locator("#photo-chips [name=category]:not(:checked):not([value=''])").last
    kind = other.get_attribute("value")
    results_of(page, lambda: other.check())
    names = {"Tops > T-shirts": "t-shirt", "Dresses": "dress", "Trousers": "trousers"}
    assert all(href.startswith(f"/products/{names[kind]}-") for href in hrefs(page))
    chosen = page.locator("#photo-chips [name=category]:checked")
    assert chosen.get_attribute("value") == kind
    assert chosen.evaluate("chip => chip === document.activeElement")
    results_of(page, lambda: page.get_by_label("Any", exact=True).check())
    slider = page.get_by_label("Colour", exact=True)
    slider.focus()
    results_of(page, lambda: page.keyboard.press("End"))
    assert slider.get_attribute("aria-valuetext") == "most of all"
    results_of(page, lambda: page.get_by_role("button", name="Reset").click())
    assert slider.get_attribute("aria-valuetext") == "as usual"
    assert "similar items" in page.locator("[data-panel-status]").inner_text()


def hrefs(page):
    return page.locator("#similar .card-link").evaluate_all(
        "links => links.map((link) => link.getAttribute('href'))"
    )


def test_a_photo_that_is_refused_later_says_so(searched):
    page = searched(faults=("415",))
    page.evaluate("document.querySelector('[name=kept]').value = 'aGVsbG8='")
    corner = page.get_by_role("button", name="Lower right corner of the region")
    assert answer_to(page, lambda: corner.press("ArrowLeft")).status == 415
    page.get_by_text("not a JPEG, PNG, WebP, AVIF or HEIC photo").wait_for()


def test_all_of_it_works_without_scripts(searched):
    page = searched(java_script_enabled=False)
    assert not page.locator("[data-crop-frame]").is_visible()
    page.get_by_text("Region in numbers").click()
    page.get_by_label("From the left").fill("50")
    page.get_by_label("Width").fill("50")
    with page.expect_navigation():
        page.get_by_role("button", name="Search again").click()
    assert region(page) == [50, 0, 50, 100]
    assert first(page).startswith("/products/dress-red")
    page.get_by_label("Trousers", exact=True).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Search again").click()
    assert {href.split("-")[0] for href in hrefs(page)} == {"/products/trousers"}


@pytest.mark.usefixtures("looks_like_nothing")
def test_a_photo_that_looks_like_nothing_is_told_so(visit, photo, monkeypatch):
    page = visit("/search/photo")
    page.set_input_files("#photo", photo)
    page.get_by_role("button", name="Find similar items").click()
    page.get_by_text("Nothing here looks like this photo").first.wait_for()
    assert not page.locator("#similar .card-link").first.is_visible()
    page.get_by_text("Show the nearest items anyway").click()
    page.locator("#similar .card-link").first.wait_for()
    monkeypatch.undo()
    stop_clock(page)
    page.evaluate("scrollTo(0, 0)")
    results_of(page, lambda: drag(page, (0.48, 0.98), (0.02, 0.02)))
    page.locator("#similar .card-link").first.wait_for()
    assert "similar items" in page.locator("[data-panel-status]").inner_text()
