"""The API's key: programs must send it, the shop's own pages need none and open nothing else."""

import pytest

from tests.web.logged import events, logging_app
from tests.web.page_text import token
from web import WebSettings, create_app

API_KEY = "a key of the shop's own"
ROUTES = [
    "/api/v1/products",
    "/api/v1/products/t-shirt-blue-1",
    "/api/v1/products/t-shirt-blue-1/similar",
    "/api/v1/wishlist/similar?ids=t-shirt-blue-1",
    "/api/v1/nowhere",
]
EVENT = {"events": [{"kind": "view", "query_id": "0" * 32, "product_id": "t-shirt-blue-1"}]}


@pytest.fixture
def keyed(own_home):
    with logging_app(own_home, api_key=API_KEY) as app:
        yield app


@pytest.mark.parametrize("address", ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": "ÿ"},
        {"Authorization": f"Bearer {API_KEY}x"},
        {"Authorization": "Basic eDp5"},
    ],
)
def test_without_the_key_nothing_is_answered(keyed, address, headers):
    answer = keyed.test_client().get(address, headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "LOOKALIKE_API_KEY" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": API_KEY}, {"Authorization": f"Bearer {API_KEY}"}]
)
def test_with_the_key_all_is_as_without_one(keyed, headers):
    client = keyed.test_client()
    for address in ROUTES[:-1]:
        assert client.get(address, headers=headers).status_code == 200
    assert client.get(ROUTES[-1], headers=headers).status_code == 404


def test_no_shared_cache_hands_an_answer_to_others(keyed, client):
    answer = keyed.test_client().get(ROUTES[0], headers={"X-API-Key": API_KEY})
    assert "public" not in answer.headers["Cache-Control"]
    assert {"Authorization", "X-API-Key"} <= set(answer.vary)
    assert "public" in client.get(ROUTES[0]).headers["Cache-Control"]


def test_pages_and_the_document_stay_open(keyed):
    client = keyed.test_client()
    for address in ("/", "/products/t-shirt-blue-1", "/healthz", "/api/v1/docs"):
        assert client.get(address).status_code == 200
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["security"] == [{"bearer": []}, {"header": []}]


def test_a_page_sends_its_events_with_its_own_token(keyed):
    client = keyed.test_client()
    assert client.post("/api/v1/events", json=EVENT).status_code == 401
    mine = token(client.get("/"))
    answer = client.post("/api/v1/events", json=EVENT, headers={"X-CSRFToken": mine})
    assert answer.status_code == 202
    assert [row["kind"] for row in events(keyed)] == ["view"]
    stranger = keyed.test_client()
    answer = stranger.post("/api/v1/events", json=EVENT, headers={"X-CSRFToken": mine})
    assert answer.status_code == 401


def test_a_page_s_token_opens_nothing_else(keyed):
    client = keyed.test_client()
    mine = token(client.get("/"))
    for address in ROUTES:
        assert client.get(address, headers={"X-CSRFToken": mine}).status_code == 401
    answer = client.post(
        "/api/v1/wishlist/similar", json={"ids": ["x"]}, headers={"X-CSRFToken": mine}
    )
    assert answer.status_code == 401


def test_a_short_key_is_no_key(shop_home):
    with pytest.raises(ValueError, match="at least 16"):
        create_app(WebSettings(home=shop_home, api_key="short"))


@pytest.mark.parametrize(
    "key", ["schlüssel-mit-umlauten", "a key with a\nline break", " a padded key 123"]
)
def test_a_key_that_no_header_can_carry_is_refused(home, key):
    with pytest.raises(ValueError, match="a header cannot carry this key"):
        WebSettings(home=home, api_key=key)
