"""Webhooks change the catalogue as an ingest would, in any order, and each once."""

import json
import random
from decimal import Decimal

import pytest
from sqlalchemy import select

from catalog.database.models import ProductRow
from catalog.database.webhook_models import HookRow
from catalog.hooks.apply import apply
from catalog.hooks.queue import MAX_TRIES, Backlog
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import Availability
from catalog.sources import open_source
from catalog.vocabulary.synonyms import Synonyms
from tests.catalog.hooks.shopify import at, level, product, variant
from tests.databases import version_of

CREATE, UPDATE, DELETE = "products/create", "products/update", "products/delete"
LEVEL = "inventory_levels/update"
IN, OUT = Availability.IN_STOCK, Availability.OUT_OF_STOCK


def counts(report):
    return (report.applied, report.skipped, report.failed, report.waiting, report.parked)


def on_sale(db):
    """The ids of the products that are not retired."""
    with db.read() as connection:
        query = select(ProductRow.product_id).where(ProductRow.retired.is_(False))
        return set(connection.scalars(query.order_by(ProductRow.product_id)))


def stored(db):
    """All fields of the products of the catalogue, except their sources."""
    with db.read() as connection:
        rows = connection.execute(select(ProductRow).order_by(ProductRow.product_id)).mappings()
        left_out = {"number", "source_id", "changed"}
        return [{k: v for k, v in row.items() if k not in left_out} for row in rows]


def feed(tmp_path, *products):
    path = tmp_path / "products.json"
    path.write_text(json.dumps({"products": list(products)}))
    return open_source(path)


def test_a_hook_and_a_feed_describe_the_same_products(shopify, db, catalog_settings, tmp_path):
    assert counts(shopify.deliver(CREATE, product(0))) == (1, 0, 0, 0, 0)
    by_hook = stored(db)
    assert [row["product_id"] for row in by_hook] == ["tee~blue", "tee~red"]
    source = feed(tmp_path, product(0))
    report = ingest(db, source, settings=catalog_settings)
    assert (report.updated, report.moved) == (2, 2)  # they are the feed's now
    assert stored(db) == by_hook
    mark = version_of(db)
    assert counts(shopify.deliver(UPDATE, product(1))) == (1, 0, 0, 0, 0)
    assert version_of(db) == mark  # nothing changed, and they stay the feed's
    assert ingest(db, source, settings=catalog_settings).unchanged == 2


def test_variants_missing_from_an_update_are_retired(shopify, db):
    shopify.deliver(CREATE, product(0))
    shopify.deliver(UPDATE, product(1, variant(1, "Red", "S", 1)))
    assert on_sale(db) == {"tee~red"}
    shopify.deliver(UPDATE, product(2, handle="shirt"))
    assert on_sale(db) == {"shirt~blue", "shirt~red"}
    shopify.deliver(UPDATE, product(3, status="draft"))
    assert on_sale(db) == set()
    shopify.deliver(UPDATE, product(4))
    assert on_sale(db) == {"tee~blue", "tee~red"}


def test_products_that_only_a_feed_brought_are_retired_too(shopify, db, catalog_settings, tmp_path):
    other = product(0, id=8, handle="tee~x", options=[], variants=[variant(9, "", "", 1)])
    ingest(db, feed(tmp_path, product(0), other), settings=catalog_settings)
    assert on_sale(db) == {"tee~blue", "tee~red", "tee~x"}
    shopify.deliver(UPDATE, product(1, variant(1, "Red", "S", 1)))
    assert on_sale(db) == {"tee~red", "tee~x"}


def test_delete_retires_and_is_final(shopify, db):
    shopify.deliver(CREATE, product(0))
    assert counts(shopify.deliver(DELETE, {"id": 7})) == (1, 0, 0, 0, 0)
    assert on_sale(db) == set()
    assert counts(shopify.deliver(UPDATE, product(9))) == (0, 1, 0, 0, 0)
    assert counts(shopify.deliver(DELETE, {"id": 7})) == (0, 1, 0, 0, 0)
    assert on_sale(db) == set()


def test_a_late_delete_does_not_affect_a_new_product_of_the_same_handle(shopify, db):
    shopify.deliver(CREATE, product(0))
    shopify.deliver(CREATE, product(5, id=8))
    shopify.deliver(DELETE, {"id": 7})
    assert on_sale(db) == {"tee~blue", "tee~red"}
    shopify.deliver(DELETE, {"id": 8})
    assert on_sale(db) == set()


def test_a_product_s_payload_never_deletes_it(shopify, db):
    """The topic is not signed: nobody may use a signed body with another topic."""
    shopify.deliver(CREATE, product(0))
    assert counts(shopify.deliver(DELETE, product(1))) == (0, 0, 1, 1, 0)
    assert on_sale(db) == {"tee~blue", "tee~red"}


def test_older_deliveries_are_skipped(shopify, db):
    shopify.deliver(CREATE, product(10, title="New"))
    assert counts(shopify.deliver(UPDATE, product(9, title="Old"))) == (0, 1, 0, 0, 0)
    # In one second, the order in which they were sent decides; without it, the one that comes.
    shopify.deliver(UPDATE, product(11, title="Second"), triggered=11.7)
    assert shopify.deliver(UPDATE, product(11, title="First"), triggered=11.2).skipped == 1
    assert Catalogue(db).product("tee~red").title == "Second"
    assert shopify.deliver(UPDATE, product(11, title="Third")).applied == 1
    assert Catalogue(db).product("tee~red").title == "Third"


def test_a_delivery_counts_once(shopify, db):
    assert shopify.send(UPDATE, product(0), webhook_id="x")
    assert not shopify.send(UPDATE, product(5, title="Forged"), webhook_id="x")
    assert counts(shopify.apply()) == (1, 0, 0, 0, 0)
    assert not shopify.send(UPDATE, product(6), webhook_id="x")
    assert counts(shopify.apply()) == (0, 0, 0, 0, 0)
    assert Catalogue(db).product("tee~red").title == "Tee"


def test_stock_levels_decide_availability_and_price(shopify, db):
    small, large = variant(1, "Red", "S", 1), variant(2, "Red", "L", 4, price="12.00")
    shopify.deliver(CREATE, product(0, small, large))

    def now():
        item = Catalogue(db).product("tee~red")
        return item.availability, item.price

    assert now() == (IN, Decimal(10))
    shopify.deliver(LEVEL, level(5, 0))
    assert now() == (IN, Decimal(12))
    shopify.deliver(LEVEL, level(6, 0, item=1_002))
    assert now() == (OUT, Decimal(10))
    assert shopify.deliver(LEVEL, level(4, 9)).skipped == 1  # older than the stored level
    assert now() == (OUT, Decimal(10))
    shopify.deliver(LEVEL, level(7, 2, place=51))  # another shelf has some
    assert now() == (IN, Decimal(10))
    shopify.deliver(LEVEL, level(8, None, place=51))
    assert now() == (OUT, Decimal(10))
    shopify.deliver(UPDATE, product(9, small, large))  # a newer product update replaces the levels
    assert now() == (IN, Decimal(10))


def test_a_stock_level_changes_only_availability_and_price(shopify, db, catalog_settings, tmp_path):
    shopify.deliver(CREATE, product(0))
    newer = product(3, title="Told by a feed", variants=[variant(1, "Red", "S", 1, price="11.00")])
    ingest(db, feed(tmp_path, newer), settings=catalog_settings)
    shopify.deliver(LEVEL, level(5, 0))
    item = Catalogue(db).product("tee~red")
    assert (item.title, item.price, item.availability) == ("Told by a feed", Decimal(11), OUT)
    assert ingest(db, feed(tmp_path, newer), settings=catalog_settings).updated == 1
    assert Catalogue(db).product("tee~red").availability == IN


def test_a_stock_level_before_its_product_counts(shopify, db):
    report = shopify.deliver(LEVEL, level(5, 0))
    assert counts(report) == (0, 1, 0, 0, 0)
    shopify.deliver(CREATE, product(0, variant(1, "Red", "S", 3)))
    assert Catalogue(db).product("tee~red").availability == OUT


def test_a_stock_level_does_not_restore_a_retired_product(shopify, db):
    shopify.deliver(CREATE, product(0))
    shopify.deliver(UPDATE, product(1, status="archived"))
    shopify.deliver(LEVEL, level(5, 9))
    assert on_sale(db) == set()


def test_untracked_stock_is_in_stock_and_oversold_is_backordered(shopify, db):
    free = variant(1, "Red", "S", 0, inventory_management=None)
    over = variant(2, "Blue", "S", 0, inventory_policy="continue")
    shopify.deliver(CREATE, product(0, free, over))
    shopify.deliver(LEVEL, level(1, 0))
    assert Catalogue(db).product("tee~red").availability == IN
    assert Catalogue(db).product("tee~blue").availability == Availability.BACKORDER


def test_every_order_of_arrival_ends_the_same(shopify, db, catalog_settings):
    deliveries = [
        (CREATE, product(0)),
        (UPDATE, product(10, title="Second")),
        (UPDATE, product(20, variant(1, "Red", "S", 4), title="Third")),
        (LEVEL, level(5, 1)),
        (LEVEL, level(25, 0)),
        (LEVEL, level(30, 7, item=1_002)),
    ]
    for topic, payload in deliveries:
        shopify.deliver(topic, payload)
    chance = random.Random(3)
    for number in range(4):
        chance.shuffle(deliveries)
        for topic, payload in deliveries:  # the same shop once more, under other ids
            text = json.dumps(payload).replace('"tee"', f'"tee{number}"')
            text = text.replace('"id": 7', f'"id": {100 + number}')
            text = text.replace('_item_id": 1', f'_item_id": {number + 2}1')
            shopify.send(topic, text.encode())
        shopify.apply()
        expected, found = (Catalogue(db).product(f"{name}~red") for name in ("tee", f"tee{number}"))
        assert (found.title, found.availability) == (expected.title, expected.availability)
        assert on_sale(db) & {f"tee{number}~blue"} == set()
    assert expected.title == "Third" and expected.availability == OUT


@pytest.mark.parametrize(
    ("topic", "body", "reason"),
    [
        (UPDATE, b"{", "not valid JSON"),
        (UPDATE, b"\xff\xfe", "not valid JSON"),
        (UPDATE, b"[" * 100_000, "not valid JSON"),
        (UPDATE, b"[]", "not a JSON object"),
        (UPDATE, b"{}", "id is missing"),
        (UPDATE, {"id": 2**63, "updated_at": at(0)}, "id is 9223372036854775808"),
        (UPDATE, {"id": True, "updated_at": at(0)}, "id is True"),
        (UPDATE, {"id": 1, "updated_at": "soon"}, "updated_at is 'soon'"),
        (UPDATE, {"id": 1, "updated_at": at(0)}, "the id is empty"),
        (UPDATE, product(0, variant(1, "Red", "S", 1, price="cheap")), "price 'cheap'"),
        (LEVEL, level(0, "many"), "available is 'many'"),
        (DELETE, {"id": 12}, "id 12 are not known"),
        ("orders/create", {"id": 1}, "'orders/create' is not one of"),
    ],
)
def test_a_bad_payload_is_kept_with_its_reason_tried_and_parked(shopify, db, topic, body, reason):
    first = shopify.deliver(topic, body)
    assert counts(first) == (0, 0, 1, 1, 0)
    assert reason in shopify.queue.failed_deliveries()[0].reason
    assert counts(shopify.deliver(CREATE, product(0, id=99))) == (1, 0, 0, 1, 0)  # not blocked
    for _ in range(MAX_TRIES - 1):
        shopify.clock.pass_by(hours=1)
        last = shopify.apply()
    assert counts(last) == (0, 0, 1, 0, 1)
    shopify.clock.pass_by(days=1_000)
    assert counts(shopify.apply()) == (0, 0, 0, 0, 1)  # and it is still there
    with db.read() as connection:
        kept = connection.scalar(select(HookRow.body).where(HookRow.state == "parked"))
    assert kept == (body if isinstance(body, bytes) else json.dumps(body).encode())
    assert shopify.queue.retry(None, shopify.clock()) == 1
    assert counts(shopify.apply()) == (0, 0, 1, 1, 0)


def test_one_bad_colour_costs_only_itself(shopify, db):
    shopify.deliver(CREATE, product(0))
    bad = variant(2, "Blue", "S", 1, price="cheap")
    report = shopify.deliver(UPDATE, product(1, variant(1, "Red", "S", 1), bad, title="New"))
    assert counts(report) == (0, 0, 1, 1, 0)
    assert Catalogue(db).product("tee~red").title == "New"
    assert Catalogue(db).product("tee~blue").title == "Tee"  # rejected, not retired
    shopify.deliver(UPDATE, product(2, title="Corrected"))
    shopify.clock.pass_by(hours=1)
    assert counts(shopify.apply()) == (0, 1, 0, 0, 0)  # the older, rejected update is skipped
    assert Catalogue(db).product("tee~blue").title == "Corrected"


def test_a_delete_that_comes_first_is_applied_when_its_product_is_known(shopify, db):
    assert shopify.deliver(DELETE, {"id": 7}).failed == 1
    shopify.deliver(CREATE, product(0))
    shopify.clock.pass_by(hours=1)
    assert shopify.apply().applied == 1
    assert on_sale(db) == set()


def test_an_unexpected_error_is_recorded_and_does_not_block(shopify, db, monkeypatch, caplog):
    def broken(*_):
        raise KeyError("surprise")

    shopify.send(UPDATE, product(0, id=1, handle="a"))
    with monkeypatch.context() as patch:
        patch.setattr("catalog.hooks.apply.records_of", broken)
        assert counts(shopify.apply()) == (0, 0, 1, 1, 0)
    assert "KeyError: 'surprise'" in shopify.queue.failed_deliveries()[0].reason
    assert "surprise" in caplog.text
    shopify.clock.pass_by(hours=1)
    assert counts(shopify.apply()) == (1, 0, 0, 0, 0)


def test_the_limit_and_the_backlog(shopify):
    assert shopify.queue.backlog() == Backlog(0, 0, None)
    for number in range(1, 6):
        shopify.send(CREATE, product(0, id=number, handle=f"p{number}"))
    assert counts(shopify.apply(limit=2)) == (2, 0, 0, 3, 0)
    assert shopify.queue.backlog().oldest < shopify.clock()
    assert counts(shopify.apply()) == (3, 0, 0, 0, 0)


def test_applied_deliveries_are_pruned_after_their_time(shopify, db):
    shopify.deliver(CREATE, product(0), webhook_id="x")
    with db.read() as connection:
        assert connection.scalar(select(HookRow.body)) is None  # the body is dropped
    shopify.clock.pass_by(days=29)
    shopify.apply()
    assert not shopify.send(CREATE, product(0), webhook_id="x")
    shopify.deliver(CREATE, product(0, id=8, handle="b"), webhook_id="y")
    shopify.clock.pass_by(days=29)  # another 29 days are seen to pass
    shopify.deliver(CREATE, product(0, id=9, handle="c"), webhook_id="z")
    shopify.clock.pass_by(days=2)
    shopify.apply()
    assert shopify.send(CREATE, product(0), webhook_id="x")
    assert not shopify.send(CREATE, product(0), webhook_id="z")


def test_a_clock_that_is_a_year_ahead_deletes_no_delivery_and_delays_none(shopify, db):
    shopify.deliver(CREATE, product(0), webhook_id="x")
    shopify.clock.pass_by(days=400)
    assert shopify.deliver(DELETE, {"id": 12}, webhook_id="y").failed == 1
    shopify.clock.pass_by(days=-400)
    assert not shopify.send(CREATE, product(0), webhook_id="x")
    report = shopify.apply()
    assert (report.failed, shopify.queue.failed_deliveries()[0].tries) == (1, 2)


def test_a_delivery_that_waits_for_its_next_try_can_be_retried_by_hand(shopify):
    assert shopify.deliver(DELETE, {"id": 7}).failed == 1
    shopify.deliver(CREATE, product(0))
    (waiting,) = shopify.queue.failed_deliveries()
    assert shopify.queue.retry([waiting.id], shopify.clock()) == 1
    assert shopify.apply().applied == 1


def test_a_claim_is_exclusive_and_a_lost_one_does_nothing(shopify, db, catalog_settings):
    shopify.send(CREATE, product(0))
    slow = shopify.queue.claim(shopify.clock())
    assert shopify.queue.claim(shopify.clock()) is None
    shopify.clock.pass_by(hours=1)
    assert shopify.apply().applied == 1
    mark = version_of(db)
    assert apply(db, catalog_settings, Synonyms.load(None), slow, shopify.clock()) is None
    assert version_of(db) == mark


def test_a_delivery_that_kills_its_process_is_parked_and_blocks_nothing(shopify):
    shopify.send(CREATE, product(0, id=1, handle="killer"))
    shopify.send(CREATE, product(0))
    for _ in range(MAX_TRIES):
        claim = shopify.queue.claim(shopify.clock())  # and then the process dies
        assert claim.topic == CREATE
        assert shopify.queue.backlog().parked == 0
        if shopify.queue.backlog().waiting == 2:
            assert shopify.apply().applied == 1
        shopify.clock.pass_by(hours=2)
    assert counts(shopify.apply()) == (0, 0, 0, 0, 1)
    assert "ended with the process" in shopify.queue.failed_deliveries()[0].reason


def test_a_list_of_variants_that_is_cut_retires_none(shopify, db):
    ids = [{"admin_graphql_api_id": f"gid://shopify/ProductVariant/{n}"} for n in (1, 2)]
    shopify.deliver(CREATE, product(0, variant_gids=ids))
    shopify.deliver(UPDATE, product(9, variant(1, "Red", "S", 3), variant_gids=ids))
    assert on_sale(db) == {"tee~blue", "tee~red"}
    shopify.deliver(UPDATE, product(18, variant(1, "Red", "S", 3), variant_gids=ids[:1]))
    assert on_sale(db) == {"tee~red"}
    shopify.deliver(
        UPDATE, product(27, variant(1, "Red", "S", 3), variant_gids=ids, status="draft")
    )
    assert on_sale(db) == set()
