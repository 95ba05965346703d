"""The event log in SQL: written in batches, pruned in batches, read for best sellers.

Reports are in `catalog.events.stats`; the thread that writes is in `catalog.events.queue`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, distinct, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog.database.database import Database
from catalog.database.event_models import AnswerRow, AnswerRuleRow, EventRow, LossRow, ShownRow
from catalog.database.models import ProductRow
from catalog.database.statements import ON_SALE, SOLD_OUT
from catalog.events.event import Answer, Entry, Event, EventKind, Losses

BEST_SELLER_DAYS = 90
PRUNED_AT_ONCE = 500
Rows = list[dict[str, Any]]


class EventLog:
    """The log of one database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep a batch, whole or not at all. What is there already changes nothing.

        Raises:
            catalog.errors.DatabaseError: it could not be written; try again.
        """
        answers = [entry for entry in entries if isinstance(entry, Answer)]
        events = [entry for entry in entries if isinstance(entry, Event)]
        losses = [entry for entry in entries if isinstance(entry, Losses)]
        with self.db.write() as connection, connection.begin():
            categories = _categories(connection, answers)
            fresh = _fresh(connection, answers)
            _add(connection, AnswerRow, [_answer(one, categories) for one in fresh])
            _add(connection, ShownRow, _shown(fresh))
            _add(connection, AnswerRuleRow, _rules(fresh))
            _add(connection, EventRow, [_event(one) for one in events])
            if losses:
                connection.execute(insert(LossRow), [_loss(one) for one in losses])

    def prune(self, before: datetime, limit: int = PRUNED_AT_ONCE) -> bool:
        """Forget what is older: at most ``limit`` rows of each table. True: there may be more.

        Raises:
            catalog.errors.DatabaseError: it could not be done; try again.
        """
        more = False
        with self.db.write() as connection, connection.begin():
            old_answers = select(AnswerRow.query_id).where(AnswerRow.at < before).limit(limit)
            found = connection.scalars(old_answers).all()
            connection.execute(delete(AnswerRow).where(AnswerRow.query_id.in_(found)))
            more |= len(found) == limit
            # By whole queries: a key of three columns can't be listed alike on every database.
            old_events = select(EventRow.query_id).where(EventRow.at < before).limit(limit)
            found = connection.scalars(old_events).all()
            connection.execute(
                delete(EventRow).where(EventRow.query_id.in_(found), EventRow.at < before)
            )
            more |= len(found) == limit
            connection.execute(delete(LossRow).where(LossRow.at < before))
        return more

    def best_sellers(self, now: datetime, limit: int = 5_000) -> list[tuple[str, str | None]]:
        """Products and their category paths, the most bought of the last 90 days first.

        A product counts once for every visitor who bought it, or every answer where visitors have
        no id. Purchases that name an answer which was never given don't count, nor do products
        that can't be bought now.

        Raises:
            catalog.errors.DatabaseError: the log cannot be read.
        """
        buyers = func.count(distinct(func.coalesce(AnswerRow.visitor, AnswerRow.query_id)))
        query = (
            select(ProductRow.product_id, ProductRow.category)
            .join(EventRow, EventRow.product_id == ProductRow.product_id)
            .join(AnswerRow, AnswerRow.query_id == EventRow.query_id)
            .where(EventRow.kind == EventKind.PURCHASE.value)
            .where(EventRow.at >= now - timedelta(days=BEST_SELLER_DAYS))
            .where(ON_SALE, ProductRow.availability != SOLD_OUT)
            .group_by(ProductRow.number, ProductRow.product_id, ProductRow.category)
            .order_by(buyers.desc(), ProductRow.number)
            .limit(limit)
        )
        with self.db.read() as connection:
            return [(product_id, category) for product_id, category in connection.execute(query)]


def _categories(connection: Connection, answers: Iterable[Answer]) -> dict[str, str | None]:
    """The categories of all seeds, looked up here so that no answer has to wait for it."""
    seeds = sorted({seed for answer in answers for seed in answer.seeds})
    found: dict[str, str | None] = {}
    for start in range(0, len(seeds), 500):
        some = seeds[start : start + 500]
        rows = connection.execute(
            select(ProductRow.product_id, ProductRow.category).where(
                ProductRow.product_id.in_(some)
            )
        )
        found |= {product_id: category for product_id, category in rows}
    return found


def _fresh(connection: Connection, answers: Sequence[Answer]) -> list[Answer]:
    """Those answers that are not kept yet, each once, in the order of their names."""
    by_id = {answer.query_id: answer for answer in reversed(answers)}
    known = select(AnswerRow.query_id).where(AnswerRow.query_id.in_(list(by_id)))
    for query_id in connection.scalars(known):
        del by_id[query_id]
    return [by_id[query_id] for query_id in sorted(by_id)]


def _add(connection: Connection, model: type[Any], rows: Rows) -> None:
    """Insert rows; one whose key is taken is passed by. In the order of keys, so that two
    writers never wait for each other."""
    if not rows:
        return
    table: Table = model.__table__
    keys = [column.name for column in table.primary_key]
    rows.sort(key=lambda row: tuple(row[name] for name in keys))
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(build(table).on_conflict_do_nothing(), rows)


def _answer(answer: Answer, categories: dict[str, str | None]) -> dict[str, Any]:
    shared = {categories.get(seed) for seed in answer.seeds}
    return {
        "query_id": answer.query_id,
        "at": answer.at,
        "seeds": list(answer.seeds),
        "category": shared.pop() if len(shared) == 1 else None,
        "facets": answer.facets,
        "fallback": answer.fallback,
        "size": len(answer.shown),
        "visitor": answer.visitor,
        "experiment": answer.experiment,
        "arm": answer.arm,
    }


def _shown(answers: Iterable[Answer]) -> Rows:
    return [
        {
            "query_id": answer.query_id,
            "product_id": shown.product_id,
            "position": shown.position,
            "rule_id": shown.rule,
        }
        for answer in answers
        for shown in answer.shown
    ]


def _rules(answers: Iterable[Answer]) -> Rows:
    return [
        {"query_id": answer.query_id, "rule_id": rule}
        for answer in answers
        for rule in {*answer.rules, *(one.rule for one in answer.shown if one.rule)}
    ]


def _event(event: Event) -> dict[str, Any]:
    return {
        "query_id": event.query_id,
        "product_id": event.product_id,
        "kind": event.kind.value,
        "position": event.position,
        "at": event.at,
    }


def _loss(losses: Losses) -> dict[str, Any]:
    return {"at": losses.at, "answers": losses.answers, "events": losses.events}
