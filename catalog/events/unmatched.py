"""Events of unknown answers, and too many of one answer: what strangers send to fill the disk.

Anyone can send events. Those of an answer that is not logged, not yet or never, count nowhere;
they are kept for an hour, in case their answer comes, and only so many of them at a time.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, select

from catalog.database.event_models import AnswerRow, EventRow
from catalog.events.event import Event

KEPT = timedelta(hours=1)
LOOKED_BACK = timedelta(days=2)  # older ones are deleted with everything else
MAX_UNMATCHED = 20_000  # in the log, about 8 MB
MAX_OF_ANSWER = 1_000  # events of one answer; it shows 100 products at most
COUNT_SECONDS = 60.0  # after which unmatched events are counted again
NO_ANSWER = ~exists().where(AnswerRow.query_id == EventRow.query_id)


class Admission:
    """Decides which events are stored. Used by one thread at a time."""

    def __init__(self) -> None:
        self._unmatched = 0
        self._counted_at = -COUNT_SECONDS

    def admitted(
        self, connection: Connection, events: Sequence[Event], answers: frozenset[str]
    ) -> list[Event]:
        """The events that are stored, in their order.

        Args:
            connection: reads the log.
            events: what visitors did.
            answers: query ids of the answers that are stored with them.
        """
        ids = {event.query_id for event in events}
        if not ids:
            return []
        known = answers | set(
            connection.scalars(select(AnswerRow.query_id).where(AnswerRow.query_id.in_(ids)))
        )
        stored = self._stored(connection, ids)
        admitted = []
        for event in events:
            if event.query_id not in known:
                if self._room(connection) <= 0:
                    continue
                self._unmatched += 1
            if stored[event.query_id] < MAX_OF_ANSWER:
                stored[event.query_id] += 1
                admitted.append(event)
        return admitted

    def _stored(self, connection: Connection, ids: set[str]) -> Counter[str]:
        count = select(EventRow.query_id, func.count()).where(EventRow.query_id.in_(ids))
        rows = connection.execute(count.group_by(EventRow.query_id))
        return Counter({query_id: number for query_id, number in rows})

    def _room(self, connection: Connection) -> int:
        now = time.monotonic()
        if now - self._counted_at >= COUNT_SECONDS:
            some = select(EventRow.query_id).where(NO_ANSWER).limit(MAX_UNMATCHED).subquery()
            self._unmatched = connection.scalar(select(func.count()).select_from(some)) or 0
            self._counted_at = now
        return MAX_UNMATCHED - self._unmatched


def prune_unmatched(connection: Connection, now: datetime, limit: int) -> bool:
    """Deletes events without an answer that are over an hour old; True if more may be left.

    At most the events of ``limit`` query ids are deleted. A clock that is ahead deletes nothing
    that counts.
    """
    old = EventRow.at < now - KEPT
    found = connection.scalars(
        select(EventRow.query_id)
        .where(old, EventRow.at >= now - LOOKED_BACK, NO_ANSWER)
        .distinct()
        .limit(limit)
    ).all()
    connection.execute(delete(EventRow).where(EventRow.query_id.in_(found), old, NO_ANSWER))
    return len(found) == limit
