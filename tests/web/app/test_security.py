import re

import pytest

from tests.web.page_text import text_of
from web.api import cross_origin, keys
from web.app import security
from web.app.assets import panel_style, panel_style_hash

PAGES = ["/", "/products/t-shirt-blue-1", "/wishlist", "/search/photo", "/nowhere"]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_inline(client, address):
    answer = client.get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    # Data for search engines is no script, and a canonical address is loaded by no browser.
    page = re.sub(r'<script type="application/ld\+json">[^<>]*</script>', "", page)
    page = re.sub(r'<link rel="canonical" href="http://localhost/[^"]*">', "", page)
    # A panel's style stands in its markup, and the policy names its digest.
    page, style = page.replace(f"<style>{panel_style()}</style>", ""), panel_style_hash()
    assert f"style-src 'self' 'sha256-{style}';" in policy
    assert not re.search(r"<script(?![^>]* src=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    for link in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page):
        assert link.startswith(("/static/", "/media/"))


@pytest.mark.parametrize("address", [*PAGES, "/api/v1/products", "/healthz"])
def test_every_answer_carries_the_headers(client, address):
    headers = client.get(address).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_by_shared_caches_but_assets_are(client):
    page = client.get("/")
    assert page.headers["Cache-Control"] == "private, no-cache"
    sheet = re.search(r'href="(/static/css/base\.css\?v=\w+)"', text_of(page))
    answer = client.get(sheet.group(1), buffered=True)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_lists_of_routes_name_routes_that_exist(app):
    routes = {*keys.FOR_OWN_PAGES, *keys.FOR_PUBLIC_KEY, *security.PHOTO_UPLOADS}
    assert routes | cross_origin.PARTS | cross_origin.FILES <= set(app.view_functions)
    assert security.FRAMED | {keys.PUBLIC} <= set(app.blueprints)
