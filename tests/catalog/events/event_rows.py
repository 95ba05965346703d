"""Products, answers and events for the tests of the event log."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from catalog.database.models import ProductRow, SourceRow
from catalog.events.event import Answer, Event, EventKind, Shown

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def put_products(db, products):
    """Write products, ``(id, category, availability, retired)`` each."""
    with db.write() as connection, connection.begin():
        connection.execute(insert(SourceRow).values(id=1, name="s", format="csv", root="."))
        for product_id, category, availability, retired in products:
            connection.execute(
                insert(ProductRow).values(
                    product_id=product_id, source_id=1, digest="", title=product_id,
                    search_text="", category=category, availability=availability, attributes={},
                    retired=retired,
                )
            )  # fmt: skip


def name(number):
    """A query id."""
    return f"{number:032x}"


def answer(number, *product_ids, at=NOON, seeds=("seed",), rules=None, **more):
    """An answer that showed these products; ``rules`` maps some of them to a rule."""
    placed = rules or {}
    shown = [Shown(one, place, placed.get(one)) for place, one in enumerate(product_ids, start=1)]
    more.setdefault("rules", tuple(sorted(set(placed.values()))))
    return Answer(name(number), at, tuple(seeds), tuple(shown), **more)


def event(kind, number, product_id, at=None, position=None):
    """An event of an answer, a minute after noon."""
    return Event(
        EventKind(kind), name(number), product_id, at or NOON + timedelta(minutes=1), position
    )
