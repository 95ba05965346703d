"""Rate limits per client address, and which addresses count as one client."""

from io import BytesIO

import pytest

from tests.web.logged import KEY
from web import WebSettings, create_app
from web.app.limits.rate_counter import Rates, client_of

OTHER = {"REMOTE_ADDR": "192.0.2.9"}


def limited(home, **settings):
    return create_app(WebSettings(home=home, secret_key=KEY, **settings))


def test_too_many_requests_get_429_with_a_retry_time(shop_home):
    client = limited(shop_home, rate_limit="3/hour").test_client()
    for _ in range(3):
        assert client.get("/api/v1/products").status_code == 200
    answer = client.get("/api/v1/products")
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert answer.get_json()["code"] == "too-many"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3_600
    page = client.get("/")
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert client.get("/api/v1/products", environ_base=OTHER).status_code == 200


def test_files_thumbnails_and_health_are_not_counted(shop_home):
    client = limited(shop_home, rate_limit="1/hour").test_client()
    for address in ("/healthz", f"/media/{'0' * 64}/160.jpg", "/static/icon.svg") * 2:
        assert client.get(address, buffered=True).status_code in (200, 404)
    assert client.get("/").status_code == 200


def test_searches_by_photo_have_a_limit_of_their_own(shop_home):
    client = limited(shop_home, photo_rate_limit="1/hour").test_client()

    def search():
        photo = (BytesIO(b"no photo"), "x.jpg")
        return client.post("/api/v1/search/photo", data={"photo": photo}).status_code

    assert [search(), search()] == [415, 429]
    assert client.get("/search/photo").status_code == 200
    assert client.get("/api/v1/products").status_code == 200


def test_behind_a_proxy_its_visitors_count_one_by_one(shop_home):
    def statuses(app, *visitors):
        client = app.test_client()
        return [
            client.get("/api/v1/products", headers={"X-Forwarded-For": visitor}).status_code
            for visitor in visitors
        ]

    trusting = limited(shop_home, rate_limit="1/hour", proxies=1)
    assert statuses(trusting, "192.0.2.1", "192.0.2.2", "192.0.2.1") == [200, 200, 429]
    # The first of several addresses comes from the visitor, the last from the proxy.
    assert statuses(trusting, "192.0.2.77, 192.0.2.1") == [429]
    alone = limited(shop_home, rate_limit="1/hour")
    assert statuses(alone, "192.0.2.1", "192.0.2.2") == [200, 429]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_which_client_an_address_counts_as(address, client):
    assert client_of(address) == client


def test_several_limits_hold_at_once():
    rates = Rates("2/minute;3/hour", None)
    assert [rates.take("a", False) > 0 for _ in range(3)] == [False, False, True]
    assert Rates(None, None).take("a", True) == 0


@pytest.mark.parametrize("text", ["often", "5", "0/minute", ""])
def test_an_invalid_limit_is_refused(text):
    with pytest.raises(ValueError, match="rate_limit"):
        WebSettings(rate_limit=text)


def test_the_limit_of_events_can_be_off(home):
    assert WebSettings(home=home).event_rate_limit == "3000/minute"
    assert WebSettings(home=home, event_rate_limit="off").event_rate_limit is None
    with pytest.raises(ValueError, match="event_rate_limit"):
        WebSettings(home=home, event_rate_limit="many")
