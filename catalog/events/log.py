"""The event log in SQL: written in batches, pruned in batches, read for best sellers.

Reports are in `catalog.events.report_queries`; the writing thread is in `catalog.events.queue`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, distinct, func, insert, select

from catalog.database.bulk import insert_new
from catalog.database.database import Database
from catalog.database.event_models import AnswerRow, AnswerRuleRow, EventRow, LossRow, ShownRow
from catalog.database.models import Base, ProductRow
from catalog.database.statements import ACTIVE, SOLD_OUT, chunks, insert_for, time_passed
from catalog.events.event import Answer, DroppedCounts, Event, EventKind, LogEntry
from catalog.events.unmatched import Admission, prune_unmatched

BEST_SELLER_DAYS = 90
PRUNE_BATCH = 500
SHOWN = ("query_id", "product_id", "position", "rule_id")
RULES = ("query_id", "rule_id")
Rows = list[dict[str, Any]]


class EventLog:
    """The log of one database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._admission = Admission()

    def write(self, entries: Sequence[LogEntry]) -> int:
        """Stores a batch, whole or not at all. Entries that are stored already are ignored.

        Returns the number of events that are refused, as `catalog.events.unmatched` says.

        Raises:
            catalog.errors.DatabaseError: it could not be written; try again.
        """
        answers = [entry for entry in entries if isinstance(entry, Answer)]
        events = [entry for entry in entries if isinstance(entry, Event)]
        dropped = [entry for entry in entries if isinstance(entry, DroppedCounts)]
        with self.db.write() as connection, connection.begin():
            categories = _categories(connection, answers)
            new = _new(connection, answers)
            _insert_new(connection, AnswerRow, [_answer(one, categories) for one in new])
            insert_new(connection, ShownRow, SHOWN, _shown(new))
            insert_new(connection, AnswerRuleRow, RULES, _rules(new))
            ids = frozenset(one.query_id for one in answers)
            admitted = self._admission.admitted(connection, events, ids)
            _insert_new(connection, EventRow, [_event(one) for one in admitted])
            if dropped:
                connection.execute(insert(LossRow), [asdict(one) for one in dropped])
        return len(events) - len(admitted)

    def prune_unmatched(self, now: datetime, limit: int = PRUNE_BATCH) -> bool:
        """Deletes events whose answer did not come within an hour. True if more may be left.

        Raises:
            catalog.errors.DatabaseError: it could not be done; try again.
        """
        with self.db.write() as connection, connection.begin():
            return prune_unmatched(connection, now, limit)

    def prune(self, before: datetime, limit: int = PRUNE_BATCH) -> bool:
        """Deletes older entries: at most ``limit`` rows of each table. True if more may be left.

        Nothing is deleted unless `time_passed`.

        Raises:
            catalog.errors.DatabaseError: it could not be done; try again.
        """
        more = False
        with self.db.write() as connection, connection.begin():
            if not time_passed(connection, AnswerRow.at, before):
                return False
            old_answers = select(AnswerRow.query_id).where(AnswerRow.at < before).limit(limit)
            found = connection.scalars(old_answers).all()
            connection.execute(delete(AnswerRow).where(AnswerRow.query_id.in_(found)))
            more |= len(found) == limit
            # By query ids: an IN over a key of three columns differs between databases.
            old_events = select(EventRow.query_id).where(EventRow.at < before).limit(limit)
            found = connection.scalars(old_events).all()
            connection.execute(
                delete(EventRow).where(EventRow.query_id.in_(found), EventRow.at < before)
            )
            more |= len(found) == limit
            connection.execute(delete(LossRow).where(LossRow.at < before))
        return more

    def best_sellers(self, now: datetime, limit: int = 5_000) -> list[tuple[str, str | None]]:
        """Product ids and category paths, the most bought of the last 90 days first.

        A product counts once per visitor who bought it, or per answer where visitors have no id.
        Not counted are purchases from unknown answers, and products that cannot be bought now.

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
            .where(ACTIVE, ProductRow.availability != SOLD_OUT)
            .group_by(ProductRow.number, ProductRow.product_id, ProductRow.category)
            .order_by(buyers.desc(), ProductRow.number)
            .limit(limit)
        )
        with self.db.read() as connection:
            return [(product_id, category) for product_id, category in connection.execute(query)]


def _categories(connection: Connection, answers: Iterable[Answer]) -> dict[str, str | None]:
    """The categories of all seeds, read here so that no answer has to wait for them."""
    seeds = sorted({seed for answer in answers for seed in answer.seeds})
    found: dict[str, str | None] = {}
    for some in chunks(seeds):
        rows = connection.execute(
            select(ProductRow.product_id, ProductRow.category).where(
                ProductRow.product_id.in_(some)
            )
        )
        found |= {product_id: category for product_id, category in rows}
    return found


def _new(connection: Connection, answers: Sequence[Answer]) -> list[Answer]:
    """The answers that are not stored yet, each once, in the order of their ids."""
    by_id = {answer.query_id: answer for answer in reversed(answers)}
    known = select(AnswerRow.query_id).where(AnswerRow.query_id.in_(list(by_id)))
    for query_id in connection.scalars(known):
        del by_id[query_id]
    return [by_id[query_id] for query_id in sorted(by_id)]


def _insert_new(connection: Connection, model: type[Base], rows: Rows) -> None:
    """Inserts rows, without those whose key is taken; in the order of keys, against deadlocks."""
    if not rows:
        return
    keys = [column.name for column in model.__table__.primary_key]
    rows.sort(key=lambda row: tuple(row[name] for name in keys))
    connection.execute(insert_for(connection, model).on_conflict_do_nothing(), rows)


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
        "text": answer.text,
    }


def _shown(answers: Iterable[Answer]) -> list[tuple[str, str, int, str | None]]:
    return sorted(
        (answer.query_id, shown.product_id, shown.position, shown.rule)
        for answer in answers
        for shown in answer.shown
    )


def _rules(answers: Iterable[Answer]) -> list[tuple[str, str]]:
    return sorted(
        (answer.query_id, rule)
        for answer in answers
        for rule in {*answer.rules, *(one.rule for one in answer.shown if one.rule)}
    )


def _event(event: Event) -> dict[str, Any]:
    return {
        "query_id": event.query_id,
        "product_id": event.product_id,
        "kind": event.kind.value,
        "position": event.position,
        "at": event.at,
    }
