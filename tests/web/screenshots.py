"""Takes the README's screenshots: ``python -m tests.web.screenshots HOME OUTDIR``.

HOME is a home that was ingested and indexed; its own encoder answers the photo search.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page

from tests.web.live import browsing, serving
from web import WebSettings, create_app
from web.app.context import EXTENSION, Shop

SIZE = {"width": 1360, "height": 900}
PHONE = {"width": 390, "height": 844}
LIMIT = 200_000  # bytes of a screenshot in the repository


def main(home: Path, folder: Path) -> None:
    """Visit the four pages and keep a picture of each."""
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(WebSettings(home=home))
    shop: Shop = app.extensions[EXTENSION]
    seeds = show_pieces(shop)
    photo = shop.catalogue.product(seeds[1]).photos[-1].path
    with serving(app) as address, browsing() as browser:
        for suffix, viewport in (("", SIZE), ("-phone", PHONE)):
            context = browser.new_context(
                base_url=address, viewport=viewport, device_scale_factor=1
            )
            visit(context.new_page(), seeds, photo, folder, suffix)
            context.close()


def visit(page: Page, seeds: list[str], photo: Path, folder: Path, suffix: str) -> None:
    """Walk through the shop once at one window size."""
    page.set_default_timeout(180_000)  # the photo search loads the encoder first
    page.goto("/")
    keep(page, folder / f"grid{suffix}.jpg")
    for seed in seeds:
        page.goto(f"/products/{seed}")
        page.locator(".heart-wide").click()
        page.locator(".heart-wide[aria-pressed=true]").wait_for()
    page.goto(f"/products/{seeds[0]}")
    whole = not suffix  # a whole page on a phone is too long to look at
    keep(page, folder / f"product{suffix}.jpg", whole=whole)
    page.goto("/wishlist")
    keep(page, folder / f"wishlist{suffix}.jpg", whole=whole)
    page.goto("/search/photo")
    page.set_input_files("#photo", photo)
    page.locator(".drop button").click()
    page.locator("#similar .card").first.wait_for()
    draw_region(page)
    keep(page, folder / f"photo-search{suffix}.jpg", whole=whole)


def draw_region(page: Page) -> None:
    """Draw a region on the photo, and wait for what looks like it."""
    area = page.locator("[data-crop-stage]").bounding_box()
    assert area
    x, y, width, height = area["x"], area["y"], area["width"], area["height"]
    with page.expect_response("**/search/photo/panel"):
        page.mouse.move(x + 0.85 * width, y + 0.06 * height)
        page.mouse.down()
        page.mouse.move(x + 0.15 * width, y + 0.9 * height)
        page.mouse.up()
    page.locator("#similar-cards:not([aria-busy])").wait_for()


def show_pieces(shop: Shop) -> list[str]:
    """Two products of different categories with photos and similar items: two seed clusters."""
    found = []
    for category, _ in shop.menu().children[None]:
        for product in shop.catalogue.browse(category=category, per_page=12).products[3:]:
            if product.photos and len(shop.recommender.similar_to(product.product_id, k=12)) == 12:
                found.append(product.product_id)
                break
    return found[:2]


def keep(page: Page, path: Path, *, whole: bool = False) -> None:
    """Keep a picture, as good as the limit allows, once every photo in sight has arrived."""
    if whole:  # lazy photos load when they come near
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(300)
        page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    for quality in (86, 78, 70, 60, 50, 40):
        page.screenshot(path=path, type="jpeg", quality=quality, full_page=whole)
        if path.stat().st_size < LIMIT:
            return
    raise SystemExit(f"{path} stays above {LIMIT:,} bytes even at quality {quality}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
