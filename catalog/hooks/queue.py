"""The queue of webhooks in SQL: each delivery once, claimed by one applier at a time.

A claim counts a try and puts the next one off before anything is done. So a delivery that kills
whoever applies it comes to its last try as any other does, and never blocks those after it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.database.database import Database
from catalog.database.webhook_models import HookRow
from catalog.utc import in_utc

MAX_TRIES = 5
PAUSES = (30, 120, 600, 3_600, 3_600)  # seconds from a try to the next
DIED = "each try ended with the process that made it"
PRUNED_AT_ONCE = 1_000


class HookState(StrEnum):
    """What became of a delivery. A skipped one was older than what is known already."""

    WAITING = "waiting"
    APPLIED = "applied"
    SKIPPED = "skipped"
    PARKED = "parked"


DONE = (HookState.APPLIED.value, HookState.SKIPPED.value)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What Shopify sent; ``webhook_id`` tells it from others, and moments are UTC."""

    webhook_id: str
    topic: str
    body: bytes
    triggered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this applier may try now; ``tries`` includes this try."""

    id: int
    tries: int
    topic: str
    body: bytes
    triggered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A delivery that failed: parked ones are tried no more until somebody asks for it."""

    id: int
    topic: str
    state: str
    tries: int
    received_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many deliveries wait and are parked, and since when the oldest waits (UTC)."""

    waiting: int
    parked: int
    oldest: datetime | None


class HookQueue:
    """The queue of one database; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def put(self, delivery: Delivery, now: datetime) -> bool:
        """Keep a delivery, on the disk when this returns; False if it is known already.

        Raises:
            catalog.errors.DatabaseError: it could not be kept.
        """
        values = asdict(delivery) | {
            "received_at": now,
            "state": HookState.WAITING.value,
            "tries": 0,
            "next_try": now,
        }
        with self.db.write() as connection:
            build: Any = postgresql.insert
            driver: Any = connection.connection.dbapi_connection
            if connection.dialect.name == "sqlite":
                build = sqlite.insert
                # Shopify forgets what was answered: it must outlive a power cut, too.
                driver.execute("PRAGMA synchronous = FULL").close()
            with connection.begin():
                kept = build(HookRow).values(values).on_conflict_do_nothing()
                return connection.execute(kept.returning(HookRow.id)).first() is not None

    def claim(self, now: datetime) -> Claim | None:
        """The next delivery that is due, for this caller alone; the oldest first."""
        row = HookRow
        due = (row.state == HookState.WAITING.value, row.next_try <= now)
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
            pause = timedelta(seconds=PAUSES[min(found.tries, len(PAUSES) - 1)])
            connection.execute(
                update(row)
                .where(row.id == found.id)
                .values(tries=found.tries + 1, next_try=now + pause)
            )
        triggered = found.triggered_at
        return Claim(found.id, found.tries + 1, found.topic, found.body or b"", in_utc(triggered))

    def backlog(self) -> Backlog:
        """What waits, and what is parked."""
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

    def troubles(self, limit: int = 100) -> list[Trouble]:
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
                Trouble(id, topic, state, tries, in_utc(at), reason or "")
                for id, topic, state, tries, at, reason in connection.execute(query)
            ]

    def retry(self, ids: Sequence[int] | None, now: datetime) -> int:
        """Let parked deliveries (None: all of them) be tried anew; how many there were."""
        statement = update(HookRow).where(HookRow.state == HookState.PARKED.value)
        if ids is not None:
            statement = statement.where(HookRow.id.in_(ids))
        anew = {"state": HookState.WAITING.value, "tries": 0, "next_try": now}
        with self.db.write() as connection, connection.begin():
            return connection.execute(statement.values(anew)).rowcount

    def prune(self, before: datetime) -> int:
        """Forget some of what was done with before a moment; parked ones are never forgotten.

        A delivery's id goes with it: one that comes again after that is told by its age.
        """
        row = HookRow
        old = (
            select(row.id)
            .where(row.finished_at < before, row.state.in_(DONE))
            .order_by(row.id)
            .limit(PRUNED_AT_ONCE)
        )
        with self.db.read() as connection:
            found = list(connection.scalars(old))
        if not found:
            return 0
        with self.db.write() as connection, connection.begin():
            return connection.execute(delete(row).where(row.id.in_(found))).rowcount


def is_mine(connection: Connection, claim: Claim) -> bool:
    """Whether a claim still holds, in the transaction that acts on it."""
    tries = connection.scalar(
        select(HookRow.tries)
        .where(HookRow.id == claim.id, HookRow.state == HookState.WAITING.value)
        .with_for_update()
    )
    return tries == claim.tries


def finish(
    connection: Connection, claim: Claim, state: HookState, now: datetime, reason: str | None
) -> None:
    """Note what became of a claim, in the transaction that acted on it."""
    done = state in (HookState.APPLIED, HookState.SKIPPED)
    values: dict[str, object] = {"state": state.value, "reason": reason}
    if done:
        values |= {"finished_at": now, "body": None}
    connection.execute(update(HookRow).where(HookRow.id == claim.id).values(values))
