"""Webhooks: signed ones are kept at once and applied soon after; nothing else gets anywhere."""

import base64
import hashlib
import hmac
import json
from types import SimpleNamespace

import pytest

from catalog.database.database import Database
from catalog.hooks import applier, apply, queue
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from tests.catalog.hooks.shopify import product
from tests.databases import only_postgresql
from tests.waiting import wait_until
from tests.web.logged import KEY
from web import WebSettings, create_app, server
from web.app.context import EXTENSION

SECRET = "what Shopify and the shop know"
ADDRESS = "/webhooks/shopify"


@pytest.fixture
def hooked(own_home):
    """A shop that takes webhooks."""
    app = create_app(WebSettings(home=own_home, secret_key=KEY, shopify_secret=SECRET))
    yield app
    app.extensions[EXTENSION].applier.close()


def signature(body, secret=SECRET):
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def send(app, payload, topic="products/update", **headers):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body),
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Triggered-At": "2026-11-01T12:00:00.123456789Z",
    }
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().post(
        ADDRESS,
        data=body,
        headers={name: value for name, value in sent.items() if value is not None},
    )


def backlog(app):
    return app.extensions[EXTENSION].hooks.backlog()


def test_a_product_is_in_the_shop_soon_after_its_webhook(hooked, own_home):
    answer = send(hooked, product(0))
    assert (answer.status_code, answer.get_json()) == (200, {"taken": True})
    assert "Set-Cookie" not in answer.headers
    wait_until(lambda: not backlog(hooked).waiting, "it was not applied")
    with Database.open(CatalogSettings(home=own_home)) as db:
        assert Catalogue(db).product("tee~red").title == "Tee"
    again = send(hooked, product(9, title="Forged"))
    assert (again.status_code, again.get_json()) == (200, {"taken": False})


@pytest.fixture
def kept(hooked):
    """The same, but what comes stays in the queue."""
    hooked.extensions[EXTENSION].applier.close()
    return hooked


def test_what_a_killed_server_took_is_applied_by_one_that_starts(kept, own_home, monkeypatch):
    monkeypatch.setattr(server, "tune_worker", lambda: None)
    send(kept, product(0))
    settings = WebSettings(home=own_home, secret_key=KEY, shopify_secret=SECRET)
    other = create_app(settings)
    server.prepare_worker(SimpleNamespace(wsgi=other))
    wait_until(lambda: not backlog(kept).waiting, "it was not applied")
    other.extensions[EXTENSION].applier.close()


@only_postgresql
def test_what_a_killed_server_took_is_applied_by_one_that_runs(kept, own_home, monkeypatch):
    monkeypatch.setattr(applier, "RETRY_SECONDS", 0.05)
    settings = WebSettings(home=own_home, secret_key=KEY, shopify_secret=SECRET)
    other = create_app(settings)
    other.extensions[EXTENSION].applier.wake()
    send(kept, product(0))  # nobody wakes the other one
    wait_until(lambda: not backlog(kept).waiting, "it was not applied")
    other.extensions[EXTENSION].applier.close()


@only_postgresql
def test_a_delivery_waits_by_the_clock_of_the_database(kept, monkeypatch):
    monkeypatch.setattr(queue, "utc_now", None)
    monkeypatch.setattr(apply, "utc_now", None, raising=False)
    send(kept, product(0))
    shop = kept.extensions[EXTENSION]
    assert apply.apply_pending(shop.hooks.db, shop.catalog_settings).applied == 1


def test_the_answer_waits_for_nothing_but_the_queue(kept):
    assert send(kept, b"no JSON at all").status_code == 200  # it is read later, and parked
    assert backlog(kept).waiting == 1


def test_without_an_id_a_delivery_is_known_by_what_it_says(kept):
    for payload, taken in ((product(0), True), (product(0), False), (product(1), True)):
        answer = send(kept, payload, X_Shopify_Webhook_Id=None)
        assert answer.get_json() == {"taken": taken}
    assert send(kept, product(2), X_Shopify_Webhook_Id="x" * 500).get_json()["taken"]


@pytest.mark.parametrize(
    "wrong",
    [None, "", "nonsense", "ÿ", signature(b"another body"), signature(b"{}", "a wrong secret")],
)
def test_what_is_not_signed_is_refused_and_not_kept(kept, wrong):
    answer = send(kept, b"{}", X_Shopify_Hmac_Sha256=wrong)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.get_json()["code"] == "bad-signature"
    assert backlog(kept).waiting == 0


def test_nothing_is_read_before_the_signature_holds(kept, monkeypatch):
    for name in ("id_of", "moment_of", "Delivery"):
        monkeypatch.setattr(f"web.api.webhooks.{name}", None)
    assert send(kept, b"{}", X_Shopify_Hmac_Sha256="no").status_code == 401


def test_an_unknown_topic_is_refused(kept):
    answer = send(kept, b"{}", topic="orders/create")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "unknown-topic")


def test_a_body_that_is_too_long_is_refused(kept, monkeypatch):
    monkeypatch.setattr("web.api.webhooks.MAX_BYTES", 1_000)
    answer = send(kept, b"x" * 1_001)
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert send(kept, b"x" * 1_000).status_code == 200


def test_a_product_of_many_variants_is_no_longer_than_what_is_taken(kept):
    assert send(kept, b" " * 9_000_000).status_code == 200


def test_without_a_secret_there_are_no_webhooks(app):
    answer = send(app, b"{}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "hooks-off")
    assert "LOOKALIKE_SHOPIFY_SECRET" in answer.get_json()["detail"]


def test_a_database_that_is_gone_makes_shopify_send_again(kept, monkeypatch):
    from catalog.errors import DatabaseError
    from catalog.hooks.queue import HookQueue

    def broken(*_):
        raise DatabaseError("gone")

    monkeypatch.setattr(HookQueue, "put", broken)
    assert send(kept, b"{}").status_code == 503
