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
        if path.endswith("/docs"):  # drawn by a script, after it has read the document
            page.locator(".opblock").nth(10).wait_for()
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_opened_operations_of_the_api_pass_axe(visit, client):
    """With their fields to try them out, and the answers: one of them is an error."""
    tried = {
        "/api/v1/products/{product_id}/similar": {"product_id": "t-shirt-blue-1", "k": "1"},
        "/api/v1/cart/similar": {},
    }
    document = client.get("/api/v1/openapi.json").get_json()
    document["paths"] = {path: document["paths"][path] for path in tried}  # all of them take long
    page = visit("/", faults=("status of 4",), viewport=SIZES["phone"], bypass_csp=True)
    page.set_default_timeout(60_000)
    page.route("**/openapi.json", lambda route: route.fulfill(json=document))
    page.goto("/api/v1/docs")
    for path, fields in tried.items():
        operation = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]')).last
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        for name, text in fields.items():
            operation.get_by_label(name, exact=True).fill(text)
        operation.get_by_role("button", name="Execute").click()
        operation.locator(".live-responses-table .microlight").first.wait_for()
    assert page.locator(".errors-wrapper").count() == 0
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
