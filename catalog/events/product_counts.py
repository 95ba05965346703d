"""How often each product was shown, seen and wanted: the event log, counted by product."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from catalog.database.database import Database
from catalog.database.event_models import EventRow, ShownRow
from catalog.events.event import EventKind
from catalog.events.report import ANSWERED
from catalog.events.report_queries import ReportQueries, same_product

WANTED = (EventKind.CLICK, EventKind.WISHLIST, EventKind.CART, EventKind.PURCHASE)


@dataclass(frozen=True, slots=True)
class ProductCount:
    """The places of one product in shown panels. Each place counts once in each number.

    Attributes:
        shown: all of them.
        seen: those that a visitor viewed or used; where no views are reported, all of them.
        wanted: those with a click, a save, a cart or a purchase.
        clicks: those that were clicked.
        saved: those that were saved to a wishlist.
        cart: those that were added to a cart.
        bought: those that were bought.
    """

    shown: int
    seen: int = 0
    wanted: int = 0
    clicks: int = 0
    saved: int = 0
    cart: int = 0
    bought: int = 0


@dataclass(frozen=True, slots=True)
class ProductCounts:
    """The counts of the answers from ``since`` to before ``until`` (UTC).

    Attributes:
        basis: what counts as a shown panel; see `catalog.events.report.Report`.
        by_id: by product; one that was never shown is not there.
    """

    since: datetime
    until: datetime
    basis: str
    by_id: Mapping[str, ProductCount]


def count_products(db: Database, since: datetime, until: datetime) -> ProductCounts:
    """Count the answers from ``since`` to before ``until``, both UTC, by product.

    Raises:
        catalog.errors.DatabaseError: the log cannot be read.
    """
    with db.read() as connection:
        queries = ReportQueries(connection, since, until)
        _, basis = queries.collect()
        used = _used(connection, queries)
        panels = queries.panels.c
        shown = connection.execute(
            select(ShownRow.product_id, func.count())
            .join(queries.panels, panels.query_id == ShownRow.query_id)
            .group_by(ShownRow.product_id)
        )
        by_id = {}
        for product_id, places in shown:
            seen, *rest = used.get(product_id, (0, 0, 0, 0, 0, 0))
            by_id[product_id] = ProductCount(places, places if basis == ANSWERED else seen, *rest)
    return ProductCounts(since, until, basis, by_id)


def _used(connection: Connection, queries: ReportQueries) -> dict[str, tuple[int, ...]]:
    """By product: places with any event, with any that is wanting, and by kind of these."""
    kinds = [func.max(case((EventRow.kind == kind.value, 1), else_=0)) for kind in WANTED]
    places = (
        select(
            ShownRow.product_id,
            *(one.label(kind.value) for one, kind in zip(kinds, WANTED, strict=True)),
        )
        .join(EventRow, same_product())
        .join(queries.panels, queries.panels.c.query_id == ShownRow.query_id)
        .group_by(ShownRow.query_id, ShownRow.product_id)
        .subquery()
    )
    flags = [places.c[kind.value] for kind in WANTED]
    wanted = case((sum(flags[1:], flags[0]) > 0, 1), else_=0)
    counted = connection.execute(
        select(
            places.c.product_id,
            func.count(),
            *(func.sum(one) for one in (wanted, *flags)),
        ).group_by(places.c.product_id)
    )
    return {product_id: tuple(map(int, numbers)) for product_id, *numbers in counted}
