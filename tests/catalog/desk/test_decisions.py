"""What is decided on pairs, and the groups of merged products, on both databases."""

import csv

import pytest

from catalog.desk.decisions import PREFIX, Decisions
from catalog.errors import UnknownProduct
from catalog.ingest import ingest
from catalog.products.catalogue import Catalogue
from catalog.sources.detect import open_source

GROUPS = {"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c": "", "d": "", "e": ""}


@pytest.fixture
def source(tmp_path):
    return tmp_path / "feed.csv"


@pytest.fixture
def shop(db, source):
    """Seven products, four of them in two groups; and their catalogue."""
    write(source, GROUPS)
    ingest(db, open_source(source))
    return Catalogue(db)


def write(source, groups: dict[str, str]) -> None:
    with source.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "title", "group_id", "photos"])
        writer.writerows([one, f"Product {one}", group, ""] for one, group in groups.items())


def groups(shop) -> dict[str, str | None]:
    """Of each product, as products, facts and fact rows all say it."""
    ids = list(GROUPS)
    products = {one: product.group_id for one, product in shop.products(ids).items()}
    facts = dict(zip(ids, shop.facts(ids).group_id.tolist(), strict=True))
    rows = {row.product_id: row.group_id for some in shop.fact_rows() for row in some}
    assert products == facts == rows
    return products


def test_merged_products_are_one_group_with_their_variants(db, shop):
    before = groups(shop)
    assert before == {one: group or None for one, group in GROUPS.items()}
    mark = shop.watermark()
    Decisions(db).decide("product", "c", "b2", same=True)
    assert groups(shop) == before | {"c": "B"}
    assert shop.changes(mark)[1] == ["c"], "only what changed is read again"
    assert [one.product_id for one in shop.variants("B")] == ["b1", "b2", "c"]
    Decisions(db).decide("product", "a1", "b1", same=True)
    assert groups(shop) == before | dict.fromkeys(("b1", "b2", "c"), "A")
    assert [one.product_id for one in shop.variants("A")] == ["a1", "a2", "b1", "b2", "c"]
    assert shop.variants("B") == ()


def test_products_without_a_group_get_one_of_their_own(db, shop):
    decisions = Decisions(db)
    decisions.decide("product", "e", "d", same=True)
    decisions.decide("product", "c", "d", same=True)
    assert {groups(shop)[one] for one in "cde"} == {f"{PREFIX}c"}
    assert [one.product_id for one in shop.variants(f"{PREFIX}c")] == ["c", "d", "e"]


def test_what_is_told_apart_or_withdrawn_is_merged_no_more(db, shop):
    decisions = Decisions(db)
    before = groups(shop)
    decisions.decide("product", "d", "c", same=True)
    decisions.decide("product", "c", "d", same=False)
    assert groups(shop) == before
    assert [(one.first, one.second, one.same) for one in decisions.all("product")] == [
        ("c", "d", False)
    ]
    assert decisions.pairs("product") == {("c", "d")}
    decisions.decide("product", "c", "d", same=True)
    assert groups(shop) != before
    decisions.withdraw("product", "d", "c")
    assert groups(shop) == before
    assert decisions.all("product") == ()


def test_decisions_outlast_ingests_and_follow_new_groups(db, shop, source):
    decisions = Decisions(db)
    decisions.decide("product", "c", "d", same=True)
    write(source, GROUPS | {"d": "D", "e": "D", "a1": ""})
    ingest(db, open_source(source), sync=True)
    assert {groups(shop)[one] for one in "cd"} == {f"{PREFIX}c"}
    decisions.regroup()
    found = groups(shop)
    assert {found[one] for one in "cde"} == {"D"}
    assert found["a1"] is None
    mark = shop.watermark()
    decisions.regroup()
    assert shop.watermark() == mark, "nothing changed"


def test_a_photo_is_decided_on_without_a_group(db, shop):
    decisions = Decisions(db)
    before = groups(shop)
    decisions.decide("photo", "c", "f" * 64, same=False)
    assert decisions.pairs("photo") == {("c", "f" * 64)}
    assert decisions.pairs("product") == frozenset()
    assert groups(shop) == before


def test_bad_pairs_are_refused(db, shop):
    decisions = Decisions(db)
    with pytest.raises(UnknownProduct):
        decisions.decide("product", "c", "nowhere", same=True)
    with pytest.raises(UnknownProduct):
        decisions.decide("photo", "nowhere", "f" * 64, same=True)
    with pytest.raises(ValueError, match="one product already"):
        decisions.decide("product", "c", "c", same=True)
    assert decisions.all("product") == ()
