"""Counts of the event log by product, compared with a slow twin by their definition."""

import pytest

from catalog.events.event import EventKind
from catalog.events.log import EventLog
from catalog.events.product_counts import WANTED, ProductCount, count_products
from catalog.events.report import ANSWERED, VIEWED
from catalog.events.report_queries import build_report
from tests.catalog.events.event_rows import put_products
from tests.catalog.events.test_report_queries import CASES, PRODUCTS, SINCE, UNTIL, Twin, draw

KINDS = dict(zip(("clicks", "saved", "cart", "bought"), WANTED, strict=True))


def twin_counts(twin, product):
    """The counts of a product, one place after the other."""
    places = [one for one in twin.panels if product in {s.product_id for s in one.shown}]

    def having(*kinds):
        return sum(any(twin.any_of(o, kind, [product]) for kind in kinds) for o in places)

    return ProductCount(
        shown=len(places),
        seen=having(*EventKind) if twin.basis == VIEWED else len(places),
        wanted=having(*WANTED),
        **{name: having(kind) for name, kind in KINDS.items()},
    )


@pytest.mark.parametrize(("seed", "kinds"), CASES[-3:])
def test_counts_equal_their_slow_twin_and_the_coverage_of_the_report(db, seed, kinds):
    put_products(db, [(product, *facts) for product, facts in PRODUCTS.items()])
    answers, events = draw(seed, kinds)
    EventLog(db).write([*answers, *events])
    found, twin = count_products(db, SINCE, UNTIL), Twin(answers, events)
    assert found.basis == twin.basis
    assert set(found.by_id) == {s.product_id for one in twin.panels for s in one.shown}
    for product, counts in found.by_id.items():
        assert counts == twin_counts(twin, product)
    assert any(counts.bought or counts.clicks for counts in found.by_id.values())
    sold = {one for one, (_, stock, gone) in PRODUCTS.items() if stock == "in_stock" and not gone}
    assert len(sold & set(found.by_id)) == build_report(db, SINCE, UNTIL).coverage.hits


def test_an_empty_log_counts_nothing(db):
    found = count_products(db, SINCE, UNTIL)
    assert (found.basis, found.by_id) == (ANSWERED, {})
