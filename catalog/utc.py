"""Moments in UTC: now, and as the database gives them back."""

from datetime import UTC, datetime
from typing import overload


def utc_now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)


@overload
def in_utc(moment: datetime) -> datetime: ...
@overload
def in_utc(moment: None) -> None: ...
def in_utc(moment: datetime | None) -> datetime | None:
    """The same moment in UTC. One without a time zone is UTC already, as SQLite stores none."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
