"""A visitor's whole way through the shop, in a real browser."""

import pytest

from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.live import browsing, chromium, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
CARD = ".card-link"
PICK = "#similar .card-link"


@pytest.fixture(scope="module")
def browser():
    with browsing() as browser:
        yield browser


@pytest.fixture
def address(app):
    with serving(app) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    """Open a page of the shop in a fresh profile; whatever its console complains of is a fault."""
    contexts, complaints = [], []

    def visit(path="/", **options):
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda told: complaints.append(told.text) if told.type == "error" else None,
        )
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def test_from_the_grid_to_a_photo_search(visit, tmp_path):
    page = visit()
    assert page.locator(CARD).count() == 24

    page.locator("summary", has_text="Colour").click()
    page.locator(".filter-colours a", has_text="Blue").click()
    page.wait_for_url("**/?colour=blue")
    assert page.locator(CARD).count() == 6

    page.locator(CARD, has_text="Blue T-shirt no. 1").click()
    page.wait_for_url("**/products/t-shirt-blue-1")
    picks = page.locator(PICK)
    assert picks.first.get_attribute("href") == "/products/t-shirt-blue-2"
    assert page.locator("#similar .reasons li").count() > 0

    page.locator(".facets a", has_text="colour").click()
    page.wait_for_url("**facets=colour:4**")
    assert page.locator(".facets a[aria-current]").inner_text() == "colour"
    assert picks.first.get_attribute("href") == "/products/t-shirt-blue-2"

    page.get_by_role("button", name="Add to wishlist").click()
    page.get_by_role("button", name="On your wishlist").wait_for()
    page.locator("#similar .heart").first.click()
    page.wait_for_function("document.querySelector('[data-wishlist-count]').textContent === '2'")

    page.get_by_role("link", name="Wishlist").click()
    assert page.locator(".cards-saved .card").count() == 2
    chosen = page.locator(PICK).evaluate_all("links => links.map(link => link.pathname)")
    assert chosen and "/products/t-shirt-blue-1" not in chosen

    page.get_by_role("link", name="Search by photo").click()
    photo = tmp_path / "my-shirt.png"
    draw(SHAPES["T-shirt"], COLOURS["green"], 6).save(photo)
    page.set_input_files("#photo", photo)
    assert page.locator("[data-drop-words]").inner_text() == "my-shirt.png"
    page.get_by_role("button", name="Find look-alikes").click()
    page.locator(PICK).first.wait_for()
    assert page.locator(PICK).first.get_attribute("href").startswith("/products/t-shirt-green-")
    assert page.locator("[data-drop-photo]").is_visible()


def test_everything_works_without_scripts(visit, tmp_path):
    page = visit("/?colour=red", java_script_enabled=False)
    page.locator(".card .heart").first.click()
    assert page.url.endswith("/?colour=red")
    page.get_by_role("link", name="Wishlist").click()
    assert page.locator(".cards-saved .card").count() == 1
    page.locator(".cards-saved .heart").click()
    assert "Nothing saved yet" in page.locator("main").inner_text()
    page.locator("#q").fill("mustard dress")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=mustard+dress")
    assert page.locator(CARD).count() == 2


def test_the_keyboard_reaches_everything(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    summary = page.locator("summary", has_text="Colour")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".filter-colours").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".filter-colours").is_visible()
    assert summary.evaluate("summary => summary === document.activeElement")


@pytest.mark.parametrize("path", ["/", "/products/t-shirt-blue-1", "/wishlist", "/search/photo"])
def test_a_phone_never_scrolls_sideways(visit, path):
    page = visit(path, viewport={"width": 360, "height": 740}, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
