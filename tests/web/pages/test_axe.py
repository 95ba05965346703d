"""Every page passes axe's rules of WCAG 2.2 AA, on a desktop and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.live import chromium
from tests.web.logged import STAFF

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/",
    "/?colour=red&q=shirt",
    "/?q=zebra",
    "/products/t-shirt-blue-1?mix.colour=4&from=dress-red-1",
    "/products/t-shirt-red-2",
    "/wishlist",
    "/search/photo",
    "/report",
    "/api/v1/docs",
)
SIZES = {"desktop": {"width": 1360, "height": 900}, "phone": {"width": 390, "height": 844}}


def violations(page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("size", SIZES)
def test_pages_pass_axe(visit, size):
    page = visit(viewport=SIZES[size], bypass_csp=True)
    page.set_extra_http_headers(STAFF)
    for path in PAGES:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
