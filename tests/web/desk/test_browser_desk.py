"""The desk in a browser: a rule made, previewed and in force; a comparison voted on."""

import pytest

from catalog.desk.decisions import Decisions
from catalog.desk.found_pairs import FoundPair, FoundPairs
from catalog.desk.proposals import Proposal, Proposals
from catalog.desk.word_decisions import WordDecisions
from tests.web.desk.test_gaps import write_events
from tests.web.live import chromium, serving, visiting
from tests.web.logged import TOKEN
from tests.web.pages.test_axe import SIZES, violations
from web.app.context import EXTENSION

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
PASSWORD = {"username": "staff", "password": TOKEN}
PAGES = (
    "/desk",
    "/desk/rules",
    "/desk/compare",
    "/desk/photos",
    "/desk/duplicates",
    "/desk/proposals",
    "/desk/gaps",
    "/desk/settings",
    "/report",
)
PAIRED = ("dress-red", "trousers-red", "t-shirt-red")


@pytest.fixture
def desk(browser, logged):
    """Open a page of the shop as its staff, see `visiting`."""
    with (
        serving(logged) as address,
        visiting(browser, base_url=address, http_credentials=PASSWORD) as visit,
    ):
        yield visit


@pytest.fixture
def waiting(logged):
    """Pairs and proposals on the desk, and decisions."""
    catalogue = logged.extensions[EXTENSION].catalogue
    photo = catalogue.product("t-shirt-blue-1").photos[0].content_hash
    pairs = [FoundPair(f"{one}-1", f"{one}-2", 0.99, 3.0, "one photo, changed") for one in PAIRED]
    FoundPairs(catalogue.db).replace("product", pairs)
    wrong = FoundPair("t-shirt-blue-1", photo, 0.2, None, "photo 1 looks like dress-red-1")
    FoundPairs(catalogue.db).replace("photo", [wrong])
    decisions = Decisions(catalogue.db)
    decisions.decide("product", pairs[0].first, pairs[0].second, same=True)
    decisions.decide("photo", "dress-red-1", "0" * 64, same=False)
    voters = (("t-shirt-red-1", "crew"), ("dress-red-2", "polo"))
    proposals = [
        Proposal(f"{one}-1", name, "crew", 0.97, "12 of 12 neighbours", voters)
        for name in ("neck", "fit")
        for one in PAIRED
    ]
    Proposals(catalogue.db).replace(proposals)
    WordDecisions(catalogue.db).decide([one.key for one in proposals[:2]], accept=True)


def first(page) -> str:
    return page.locator("#similar .card-link").first.get_attribute("href")


def test_a_rule_is_made_previewed_and_in_force(desk):
    page = desk("/products/t-shirt-blue-1")
    assert first(page) == "/products/t-shirt-blue-2"
    page.goto("/desk/rules")
    page.get_by_label("Name").fill("summer")
    page.get_by_label("What it does").select_option("pin")
    page.get_by_label("Product id").fill("dress-red-1")
    page.locator("[name=position]").fill("1")
    page.get_by_label("Preview on product").fill("t-shirt-blue-1")
    page.get_by_role("button", name="Preview").click()
    after = page.locator("section[aria-labelledby=after] .small-panel a").first
    assert after.get_attribute("href") == "/products/dress-red-1"
    before = page.locator("section[aria-labelledby=before] .small-panel a").first
    assert before.get_attribute("href") == "/products/t-shirt-blue-2"
    page.get_by_role("button", name="Put in force").click()
    page.get_by_text("The rule summer is in force.").wait_for()
    page.goto("/products/t-shirt-blue-1")
    assert first(page) == "/products/dress-red-1"
    page.goto("/desk/rules")
    page.get_by_role("button", name="Remove summer").click()
    page.get_by_text("The rule summer is removed.").wait_for()
    page.goto("/products/t-shirt-blue-1")
    assert first(page) == "/products/t-shirt-blue-2"


def test_a_comparison_is_voted_on(desk):
    page = desk("/desk/compare")
    sides = page.locator("fieldset.field-set")
    sides.nth(1).get_by_label("Weights").fill("colour:1,shape:0,pattern:0")
    page.get_by_role("button", name="Compare").click()
    for button in ("Left is better", "Right is better", "Neither is better"):
        with page.expect_navigation():  # the page of the vote before says the same
            page.get_by_role("button", name=button).click()
        page.get_by_text("Your vote is kept.").wait_for()
    row = page.locator("section[aria-labelledby=votes] tbody tr")
    assert row.count() == 1
    votes = [int(cell) for cell in row.locator("td.num").all_inner_texts()[:3]]
    assert sum(votes) == 3 and votes[2] == 1


@pytest.mark.parametrize("size", SIZES)
def test_the_desk_passes_axe_and_fits(desk, size):
    page = desk("/desk", viewport=SIZES[size], bypass_csp=True)
    preview = "/desk/rules?rule_id=a&action=block&product_id=t-shirt-blue-2&on=t-shirt-blue-1"
    ballot = "/desk/compare?a_facets=colour:1&go=1&seed=t-shirt-blue-1"
    for path in (*PAGES, preview, ballot):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("size", SIZES)
def test_lists_that_wait_break_no_rule_of_axe_and_fit(desk, waiting, size, monkeypatch):
    monkeypatch.setattr("web.desk.duplicates.PER_PAGE", 1)
    monkeypatch.setattr("web.desk.proposals.PER_PAGE", 2)
    page = desk("/desk", viewport=SIZES[size], bypass_csp=True)
    for path in ("/desk/duplicates", "/desk/duplicates?kind=photo", "/desk/proposals"):
        page.goto(path)
        page.get_by_role("table").wait_for()
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_gaps_break_no_rule_of_axe_and_fit(desk, styles, logged):
    write_events(logged.extensions[EXTENSION], styles, 20)
    page = desk("/desk/gaps", viewport=SIZES["desktop"], bypass_csp=True)
    for size in SIZES.values():
        page.set_viewport_size(size)
        for path in ("/desk/gaps", "/desk/gaps?show=all", "/report"):
            page.goto(path)
            page.locator(".range-row, .by-style table").first.wait_for()
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_on_a_phone_a_wide_table_shows_that_there_is_more_of_it(desk):
    page = desk("/report", viewport={"width": 390, "height": 844})
    page.get_by_role("link", name="Rules").click()
    page.get_by_role("heading", name="Merchandising rules").wait_for()
    page.locator("[name=rule_id]").fill("winter-sale-of-knitwear")
    page.get_by_label("What it does").select_option("exclude")
    page.get_by_label("Brand", exact=True).fill("A brand of many words")
    page.locator('[name="where.on_sale"]').select_option("true")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Put in force").click()
    table = page.locator(".wide", has_text="winter-sale-of-knitwear")
    table.wait_for()
    assert "reduced" in table.inner_text()
    assert table.evaluate("one => one.scrollWidth > one.clientWidth")
    assert "gradient" in table.evaluate("one => getComputedStyle(one).backgroundImage")
