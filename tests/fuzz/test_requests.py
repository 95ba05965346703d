"""Requests that no browser and no shop would send: each gets an answer that explains itself."""

import io
import json
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.hooks.shopify import Shopify, level, product
from tests.fuzz.guard import guarded, refused
from tests.fuzz.mutate import mutated
from tests.fuzz.test_files import pictures
from tests.web.logged import KEY
from web import WebSettings, create_app

REQUESTS, MUTATED, HOOKS = (80, 700), (40, 400), (50, 500)
ITEM = "t-shirt-blue-1"
ROUTES = (
    "/", f"/products/{ITEM}", f"/panel/{ITEM}", "/wishlist", "/search/photo", "/report", "/healthz",
    "/api/v1/products", f"/api/v1/products/{ITEM}", f"/api/v1/products/{ITEM}/similar",
    "/api/v1/wishlist/similar", "/api/v1/history/similar", "/api/v1/cart/similar",
    "/api/v1/search/photo", "/api/v1/events", "/api/v1/openapi.json", "/visitor/reset",
    "/webhooks/shopify", f"/media/{'0' * 64}/160.jpg", "/static/icon.svg",
)  # fmt: skip
NAMES = st.sampled_from(
    ("k", "q", "page", "per_page", "ids", "id", "weights", "less", "facets", "filter", "colour",
     "price_from", "price_to", "attributes.sleeve", "mix.colour", "variety", "diversity", "lift",
     "min_match", "exclude", "days", "next", "add", "remove", "visitor", "on_sale", "category")
) | st.text(max_size=12)  # fmt: skip
ODD = st.sampled_from(
    ("", "\0", "-1", "1e400", "nan", "9" * 5_000, "a:b:c,,", "%ff", "../" * 9, "<script>",
     "💃" * 99, "\ud7ff\uffff", "'; DROP TABLE products; --",
     ITEM, f"{ITEM}:2,{ITEM}", "true", "colour:1e308")
) | st.text(max_size=40)  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from(
        ("Accept", "Cookie", "If-None-Match", "Authorization", "Range", "X-Forwarded-For",
         "Referer", "Content-Encoding", "X-Shopify-Topic", "X-Shopify-Hmac-Sha256",
         "X-CSRFToken", "DNT")
    ),
    st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60
    ),
    max_size=3,
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def send(app, shop_home):
    """Sends a request to an app that also takes webhooks, and checks the answer."""
    catalogue = app.extensions["lookalike"].catalogue
    recommender = app.extensions["lookalike"].recommender
    settings = WebSettings(home=shop_home, secret_key=KEY, shopify_secret="s" * 16, event_days=0)
    fuzzed = create_app(settings, catalogue=catalogue, recommender=recommender)

    def request(kind, path, **options):
        with guarded(kind):
            answer = fuzzed.test_client().open(path, buffered=True, **options)
            text = answer.get_data(as_text=True)
        refused[kind] += answer.status_code >= 400
        assert answer.status_code < 500, (path, options, text)
        assert "Traceback" not in text and "object at 0x" not in text
        if answer.status_code >= 400 and path.startswith(("/api/", "/webhooks/")):
            problem = answer.get_json()
            assert answer.mimetype == "application/problem+json"
            assert problem["code"] and len(problem["detail"]) >= 15, problem

    return request


def test_drawn_requests(send, rounds):
    body = st.one_of(
        st.none(),
        st.binary(max_size=200).map(lambda data: {"data": data}),
        JSON.map(lambda value: {"data": json.dumps(value), "content_type": "application/json"}),
        st.dictionaries(NAMES, ODD, max_size=4).map(lambda form: {"data": form}),
        st.just({"data": b"[" * 90_000, "content_type": "application/json"}),
        st.just({"data": b"--x\r\n\r\n", "content_type": "multipart/form-data; boundary=x"}),
    )

    @settings(
        max_examples=rounds(*REQUESTS), deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        st.sampled_from(ROUTES),
        st.sampled_from(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS")),
        st.lists(st.tuples(NAMES, ODD), max_size=4),
        body,
        HEADERS,
    )
    def check(path, method, query, sent, headers):
        if method == "HEAD":
            method = "GET"
        send("requests", path, method=method, query_string=query, headers=headers, **(sent or {}))

    check()


def test_mutated_uploads_and_requests(send, rounds):
    photos = list(pictures().values())
    search = json.dumps({"ids": [ITEM], "weights": {ITEM: 2}, "filter": {"colour": "red"}, "k": 3})
    seen = json.dumps({"events": [{"kind": "view", "query_id": "0" * 32, "product_id": ITEM}]})
    for number in range(rounds(*MUTATED)):
        random = Random(f"request {number}")
        if number % 4 == 0:
            photo = (io.BytesIO(mutated(photos[number // 4 % len(photos)], random)), "x.jpg")
            send("requests", "/api/v1/search/photo", method="POST", data={"photo": photo})
            continue
        text, path = (
            (search, "/api/v1/wishlist/similar") if number % 2 else (seen, "/api/v1/events")
        )
        data = mutated(text.encode(), random)
        send("requests", path, method="POST", data=data, content_type="application/json")


def test_mutated_webhooks(db, catalog_settings, rounds):
    """Any signed payload is applied, or kept with a reason."""
    shopify = Shopify(db, catalog_settings)
    topics = ("products/create", "products/update", "inventory_levels/update", "products/delete")
    for number in range(rounds(*HOOKS)):
        topic = topics[number % 4]
        payloads = {"inventory_levels/update": level(number, 1), "products/delete": {"id": 7}}
        payload = json.dumps(payloads.get(topic, product(number, id=7 + number % 9)))
        body = mutated(payload.encode(), Random(f"hook {number}"))
        with guarded("webhooks"):
            report = shopify.deliver(topic, body)
        assert report.applied + report.skipped + report.failed == 1
        refused["webhooks"] += report.failed
    for trouble in shopify.queue.failed_deliveries(1_000):
        assert len(trouble.reason) >= 15, trouble
        assert "Error:" not in trouble.reason, trouble  # each is foreseen
