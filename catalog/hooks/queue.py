"""The queue of webhook deliveries in SQL: each delivery once, claimed by one process at a time.

A claim counts a try and schedules the next one before the delivery is applied. So a delivery that
kills the process which applies it runs out of tries as any other does, and never blocks the queue.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from catalog.database.database import Database
from catalog.database.statements import insert_for, time_passed
from catalog.database.webhook_models import HookRow
from catalog.utc import in_utc, utc_now

MAX_TRIES = 5
BACKOFF_SECONDS = (30, 120, 600, 3_600, 3_600)  # from each try to the next
LONGEST_PAUSE = timedelta(seconds=2 * max(BACKOFF_SECONDS))
DIED = "each try ended with the process that made it"
PRUNE_BATCH = 1_000


class HookState(StrEnum):
    """The state of a delivery.

    A skipped one was older than what is stored. A parked one failed `MAX_TRIES` times, and waits
    for `HookQueue.retry`.
    """

    WAITING = "waiting"
    APPLIED = "applied"
    SKIPPED = "skipped"
    PARKED = "parked"


DONE = (HookState.APPLIED.value, HookState.SKIPPED.value)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as Shopify sent it; ``webhook_id`` is unique, and times are UTC."""

    webhook_id: str
    topic: str
    body: bytes
    triggered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that its claimer may apply now; ``tries`` includes this try."""

    id: int
    tries: int
    topic: str
    body: bytes
    triggered_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery whose last try failed, and why."""

    id: int
    topic: str
    state: str
    tries: int
    received_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many deliveries wait and are parked, and when the oldest waiting one came in (UTC)."""

    waiting: int
    parked: int
    oldest: datetime | None


class HookQueue:
    """The queue of one database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def now(self) -> datetime:
        """The moment by the clock that all processes of this queue share.

        On PostgreSQL that is the server's: the processes may be on machines whose clocks differ,
        and one ahead would take what another is applying.
        """
        if self.db.engine.dialect.name != "postgresql":
            return utc_now()
        with self.db.read() as connection:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return in_utc(moment)

    def put(self, delivery: Delivery, now: datetime) -> bool:
        """Stores a delivery, flushed to the disk; False if it is stored already.

        Raises:
            catalog.errors.DatabaseError: it could not be stored.
        """
        values = asdict(delivery) | {
            "received_at": now,
            "state": HookState.WAITING.value,
            "tries": 0,
            "next_try": now,
        }
        with self.db.write() as connection:
            if connection.dialect.name == "sqlite":
                # Shopify sends nothing again that was acknowledged: it must survive a power cut.
                driver: Any = connection.connection.dbapi_connection
                driver.execute("PRAGMA synchronous = FULL").close()
            with connection.begin():
                added = insert_for(connection, HookRow).values(values).on_conflict_do_nothing()
                return connection.execute(added.returning(HookRow.id)).first() is not None

    def claim(self, now: datetime) -> Claim | None:
        """Claims the oldest delivery that is due, for this caller alone; None if none is."""
        row = HookRow
        # A try beyond the longest pause was scheduled while a clock was ahead.
        is_due = or_(row.next_try <= now, row.next_try > now + LONGEST_PAUSE)
        due = (row.state == HookState.WAITING.value, is_due)
        with self.db.write() as connection, connection.begin():
            connection.execute(
                update(row)
                .where(*due, row.tries >= MAX_TRIES)
                .values(state=HookState.PARKED.value, reason=func.coalesce(row.reason, DIED))
            )
            found = connection.execute(
                select(row.id, row.tries, row.topic, row.body, row.triggered_at)
                .where(*due)
                .order_by(row.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if found is None:
                return None
            delay = BACKOFF_SECONDS[min(found.tries, len(BACKOFF_SECONDS) - 1)]
            connection.execute(
                update(row)
                .where(row.id == found.id)
                .values(tries=found.tries + 1, next_try=now + timedelta(seconds=delay))
            )
        triggered_at = in_utc(found.triggered_at)
        return Claim(found.id, found.tries + 1, found.topic, found.body or b"", triggered_at)

    def backlog(self) -> Backlog:
        """The counts of waiting and parked deliveries."""
        row = HookRow
        with self.db.read() as connection:
            counted = connection.execute(
                select(row.state, func.count(), func.min(row.received_at))
                .where(row.state.not_in(DONE))
                .group_by(row.state)
            )
            found = {state: (count, oldest) for state, count, oldest in counted}
        waiting, oldest = found.get(HookState.WAITING.value, (0, None))
        return Backlog(waiting, found.get(HookState.PARKED.value, (0, None))[0], in_utc(oldest))

    def failed_deliveries(self, limit: int = 100) -> list[FailedDelivery]:
        """Deliveries that failed, parked ones first, with the reason of the last try."""
        row = HookRow
        query = (
            select(row.id, row.topic, row.state, row.tries, row.received_at, row.reason)
            .where(row.state.not_in(DONE), row.reason.is_not(None))
            .order_by(row.state, row.id)
            .limit(limit)
        )
        with self.db.read() as connection:
            return [
                FailedDelivery(id, topic, state, tries, in_utc(at), reason or "")
                for id, topic, state, tries, at, reason in connection.execute(query)
            ]

    def retry(self, ids: Sequence[int] | None, now: datetime) -> int:
        """Has deliveries that failed applied next, parked ones and those that wait for a later try.

        Args:
            ids: which; None: all of them.
            now: the clock.

        Returns:
            How many.
        """
        failed = and_(HookRow.state == HookState.WAITING.value, HookRow.tries > 0)
        statement = update(HookRow).where(or_(HookRow.state == HookState.PARKED.value, failed))
        if ids is not None:
            statement = statement.where(HookRow.id.in_(ids))
        waiting = {"state": HookState.WAITING.value, "tries": 0, "next_try": now}
        with self.db.write() as connection, connection.begin():
            return connection.execute(statement.values(waiting)).rowcount

    def prune(self, before: datetime) -> int:
        """Deletes some deliveries that ended before a moment; returns how many. Never parked ones.

        Their ids go with them: one that is sent again later is recognised as old by its time.
        Nothing is deleted unless `time_passed`.
        """
        row = HookRow
        old = (
            select(row.id)
            .where(row.finished_at < before, row.state.in_(DONE))
            .order_by(row.id)
            .limit(PRUNE_BATCH)
        )
        with self.db.read() as connection:
            passed = time_passed(connection, row.finished_at, before)
            found = list(connection.scalars(old)) if passed else []
        if not found:
            return 0
        with self.db.write() as connection, connection.begin():
            return connection.execute(delete(row).where(row.id.in_(found))).rowcount


def is_mine(connection: Connection, claim: Claim) -> bool:
    """Whether a claim still holds; call it in the transaction that applies the delivery."""
    tries = connection.scalar(
        select(HookRow.tries)
        .where(HookRow.id == claim.id, HookRow.state == HookState.WAITING.value)
        .with_for_update()
    )
    return tries == claim.tries


def finish(
    connection: Connection, claim: Claim, state: HookState, now: datetime, reason: str | None
) -> None:
    """Stores the new state of a claimed delivery, in the transaction that applied it."""
    done = state in (HookState.APPLIED, HookState.SKIPPED)
    values: dict[str, object] = {"state": state.value, "reason": reason}
    if done:
        values |= {"finished_at": now, "body": None}
    connection.execute(update(HookRow).where(HookRow.id == claim.id).values(values))
