"""Panels of a history, a wishlist and a photo, in a page of another origin."""

from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.kit.panel_page import (
    BROWSER,
    CARD,
    ITEM,
    RECORD,
    WIDE,
    opened,
    products,
    two_lines,
    violations,
)

pytestmark = BROWSER


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
