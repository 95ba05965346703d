"""Pages of other origins: those that the shop lists get CORS headers, the others are refused."""

import pytest

from tests.web.logged import events, logging_app
from web import WebSettings, create_app
from web.app.origins import is_listed, parse_origins

SHOP = "https://shop.example"
API_KEY = "a key of the shop's own"
PUBLIC_KEY = "pk_for-browsers.1"
SIMILAR = "/api/v1/products/t-shirt-blue-1/similar"
WISHLIST = "/api/v1/wishlist/similar?ids=t-shirt-blue-1"


@pytest.fixture
def opened(shop_home):
    """A shop that pages of two origins may ask."""
    settings = WebSettings(
        home=shop_home, secret_key="long enough for a test", origins=f"{SHOP} https://*.shop.test"
    )
    return create_app(settings).test_client()


@pytest.fixture
def keyed(own_home):
    """The same with a secret and a public key."""
    with logging_app(own_home, api_key=API_KEY, public_key=PUBLIC_KEY, origins=SHOP) as app:
        yield app


@pytest.mark.parametrize("origin", [SHOP, "https://www.shop.test", "https://a.b.shop.test"])
def test_a_listed_origin_reads_answers_and_tags_without_cookies(opened, origin):
    answer = opened.get(SIMILAR, headers={"Origin": origin})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.vary
    known = {"Origin": origin, "If-None-Match": answer.headers["ETag"]}
    unchanged = opened.get(SIMILAR, headers=known)
    assert unchanged.status_code == 304
    assert unchanged.headers["Access-Control-Allow-Origin"] == origin


def test_caches_never_mix_answers_for_pages_elsewhere_with_others(opened):
    ours = opened.get(SIMILAR)
    theirs = opened.get(SIMILAR, headers={"Origin": SHOP})
    assert "Origin" in ours.vary and "Access-Control-Allow-Origin" not in ours.headers
    assert ours.headers["ETag"] != theirs.headers["ETag"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "http://shop.example", "https://shop.example.evil.test", "null",
     "https://shop.test", "https://evil@www.shop.test", "https://shop.example:444"],
)  # fmt: skip
def test_a_stranger_s_origin_is_refused_before_anything_is_computed(opened, origin, monkeypatch):
    monkeypatch.setattr("web.answering.answers.answer", None)  # would fail if it were called
    for address in (SIMILAR, WISHLIST, "/api/v1/products", "/panel/t-shirt-blue-1"):
        answer = opened.get(address, headers={"Origin": origin, "Accept": "application/json"})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "other-origin")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "LOOKALIKE_ORIGINS" in answer.get_json()["detail"]


def test_preflights_are_answered_for_listed_origins_only(keyed):
    client = keyed.test_client()
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.options(WISHLIST, headers={"Origin": SHOP, **asked})
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    refused = client.options(WISHLIST, headers={"Origin": "https://evil.test", **asked})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_our_own_pages_need_not_be_listed(opened):
    """Their browser names their origin in POST requests, also behind a proxy that changes it."""
    own = {"Origin": "http://localhost"}
    assert opened.get(SIMILAR, headers=own).status_code == 200
    behind = {"Origin": "https://looks.example", "Sec-Fetch-Site": "same-origin"}
    assert opened.get(SIMILAR, headers=behind).status_code == 200


def test_without_the_setting_no_answer_has_cors_headers(client):
    answer = client.get(SIMILAR, headers={"Origin": SHOP})
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_errors_can_be_read_by_listed_origins_too(opened):
    answer = opened.get("/api/v1/products/nowhere", headers={"Origin": SHOP})
    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP


def test_addresses_have_scheme_and_host_for_pages_elsewhere(opened):
    ours = opened.get(SIMILAR).get_json()["results"][0]["product"]
    assert ours["url"].startswith("/products/") and ours["photos"][0]["url"].startswith("/media/")
    for answer in (
        opened.get(SIMILAR, headers={"Origin": SHOP}),
        opened.get(f"{SIMILAR}?absolute=true"),
    ):
        product = answer.get_json()["results"][0]["product"]
        assert product["url"].startswith("http://localhost/products/")
        assert product["photos"][0]["url"].startswith("http://localhost/media/")
    listed = opened.get("/api/v1/products?per_page=2&absolute=true").get_json()
    assert listed["next"].startswith("http://localhost/api/v1/products?per_page=2")


@pytest.mark.parametrize("page", ["/", "/products/t-shirt-blue-1", "/panel/t-shirt-blue-1"])
def test_pages_are_framed_by_the_same_list(opened, client, page):
    headers = opened.get(page).headers
    assert headers["Content-Security-Policy"].endswith(
        f"frame-ancestors {SHOP} https://*.shop.test"
    )
    assert "X-Frame-Options" not in headers
    assert "frame-ancestors 'none'" in client.get(page).headers["Content-Security-Policy"]


def test_what_staff_sees_is_framed_by_nobody(opened):
    headers = opened.get("/report").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_the_public_key_opens_the_panel_s_routes_only(keyed):
    client, key = keyed.test_client(), f"key={PUBLIC_KEY}"
    assert client.get(f"{SIMILAR}?{key}").status_code == 200
    assert client.get(f"{WISHLIST}&{key}").status_code == 200
    post = client.post(f"/api/v1/cart/similar?{key}", json={"ids": ["t-shirt-blue-1"]})
    assert post.status_code == 200
    for address in ("/api/v1/products", "/api/v1/products/t-shirt-blue-1"):
        assert client.get(f"{address}?{key}").status_code == 401
    for wrong in ("key=wrong", f"key={API_KEY}", "key=", ""):
        assert client.get(f"{SIMILAR}?{wrong}").status_code == 401
    assert client.get(SIMILAR, headers={"X-API-Key": PUBLIC_KEY}).status_code == 401


def test_a_page_elsewhere_sends_events_as_a_beacon_does(keyed):
    """With the key in the address and a type that needs no preflight."""
    client = keyed.test_client()
    panel = client.get(f"{SIMILAR}?key={PUBLIC_KEY}").get_json()
    event = {
        "kind": "click",
        "query_id": panel["query_id"],
        "product_id": panel["results"][0]["product_id"],
        "position": 1,
    }
    answer = client.post(
        f"/api/v1/events?key={PUBLIC_KEY}",
        json={"events": [event]},
        headers={"Origin": SHOP, "Content-Type": "text/plain"},
    )
    assert answer.status_code == 202
    assert [row["kind"] for row in events(keyed)] == ["click"]


def test_the_document_names_the_public_key_where_it_opens_something(keyed, client):
    document = keyed.test_client().get("/api/v1/openapi.json").get_json()
    paths = document["paths"]
    assert {"public": []} in paths["/api/v1/products/{product_id}/similar"]["get"]["security"]
    assert "security" not in paths["/api/v1/products"]["get"]
    assert "public" not in client.get("/api/v1/openapi.json").get_json()["components"].get(
        "securitySchemes", {}
    )


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (SIMILAR, "public, max-age=0, s-maxage=60"),
        (WISHLIST, "public, max-age=0, s-maxage=60"),
        ("/panel/t-shirt-blue-1?embed=1", "public, max-age=0, s-maxage=60"),
        (
            "/api/v1/recommendations/products.json?product_id=t-shirt-blue-1",
            "public, max-age=0, s-maxage=60",
        ),
        ("/panel/t-shirt-blue-1", "private, no-cache"),
        (f"{SIMILAR}?visitor={'0' * 32}", "private, no-cache"),
    ],
)
def test_a_cdn_keeps_answers_without_a_visitor_where_the_shop_wants_it(shop_home, address, kept):
    settings = WebSettings(home=shop_home, secret_key="long enough for a test", shared_seconds=60)
    answer = create_app(settings).test_client().get(address)
    assert answer.headers["Cache-Control"] == kept
    assert "Set-Cookie" not in answer.headers


def test_a_part_of_a_page_sets_no_cookie_either_where_events_are_logged(own_home):
    with logging_app(own_home) as app:
        page, part = (
            app.test_client().get(f"/{one}/t-shirt-blue-1") for one in ("products", "panel")
        )
    assert "data-token" in page.text and "Set-Cookie" in page.headers
    assert "data-token" not in part.text and "Set-Cookie" not in part.headers


def test_a_cdn_keeps_what_the_public_key_opens_and_nothing_that_needs_the_secret_one(own_home):
    with logging_app(own_home, api_key=API_KEY, public_key=PUBLIC_KEY, shared_seconds=60) as app:
        client = app.test_client()
        assert "s-maxage=60" in client.get(f"{SIMILAR}?key={PUBLIC_KEY}").headers["Cache-Control"]
        secret = client.get(f"{SIMILAR}?key=wrong", headers={"X-API-Key": API_KEY})
        assert secret.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "text",
    ["shop.example", "https://shop.example/", "*", "https://shop.example/path", "https://*",
     "javascript:alert(1)", "https://a.example; script-src *", "null"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_at_the_start(home, text):
    with pytest.raises(ValueError, match="is not an origin"):
        WebSettings(home=home, origins=text)


def test_origins_are_compared_whole():
    origins = parse_origins("https://Shop.example, http://localhost:3000 https://*.shop.test:8443")
    assert origins == ("https://shop.example", "http://localhost:3000", "https://*.shop.test:8443")
    assert is_listed("http://localhost:3000", origins)
    assert is_listed("https://a.shop.test:8443", origins)
    for other in ("http://localhost", "https://a.shop.test", "https://*.shop.test:8443\n", ""):
        assert not is_listed(other, origins)
