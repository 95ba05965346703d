"""Leases in PostgreSQL: of several processes on any machines, one holds a work at a time.

Whoever holds a lease renews it; one that was not renewed in time is free for others. Only the
database's clock decides, so those of the machines may differ. Each holder gets a higher number, the
fence, and a holder whose lease went to another one can neither renew it nor give it back.
"""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from catalog.database.database import Database
from catalog.database.server_models import LeaseRow
from catalog.database.statements import insert_for

CLOCK = func.clock_timestamp()  # unlike now(), not that of the transaction's start
SINCE = " since "  # between a holder and the moment at which it took the lease
ISO = 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'  # for PostgreSQL's to_char


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that somebody got; ``fence`` is higher than that of all holders before."""

    name: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease now, and for how many seconds more unless it is renewed.

    ``since`` is when it was taken, by the database's clock; None: by an earlier version.
    """

    holder: str
    seconds: float
    since: datetime | None = None


class Leases:
    """The leases of one PostgreSQL database; safe to share between threads.

    Args:
        db: the database.
        holder: how others see who holds a lease; by default machine and process.
    """

    def __init__(self, db: Database, holder: str | None = None) -> None:
        self._db = db
        # A restarted machine in a container may get the same name and process id.
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"

    def take(self, name: str, seconds: float) -> Lease | None:
        """A lease for some seconds, if nobody holds it.

        Args:
            name: what is leased, at most 100 characters.
            seconds: until it is free again, unless it is renewed.

        Raises:
            catalog.errors.DatabaseError: the database cannot be reached.
        """
        with self._db.write() as connection, connection.begin():
            holder = func.concat(
                self._holder, SINCE, func.to_char(func.timezone("UTC", CLOCK), ISO)
            )
            new = insert_for(connection, LeaseRow).values(
                name=name, holder=holder, fence=1, until=_after(seconds)
            )
            free = new.on_conflict_do_update(
                index_elements=[LeaseRow.name],
                set_={
                    "holder": holder,
                    "fence": LeaseRow.fence + 1,
                    "until": _after(seconds),
                },
                where=LeaseRow.until <= CLOCK,
            )
            fence = connection.scalar(free.returning(LeaseRow.fence))
        return None if fence is None else Lease(name, self._holder, fence)

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for some seconds from now; False if it went to another holder.

        Raises:
            catalog.errors.DatabaseError: the database cannot be reached.
        """
        longer = update(LeaseRow).where(*_is(lease)).values(until=_after(seconds))
        with self._db.write() as connection, connection.begin():
            return connection.execute(longer).rowcount == 1

    def give_back(self, lease: Lease) -> None:
        """End a lease, so that others need not wait; the fence stays, as it only grows.

        Raises:
            catalog.errors.DatabaseError: the database cannot be reached.
        """
        with self._db.write() as connection, connection.begin():
            connection.execute(update(LeaseRow).where(*_is(lease)).values(until=CLOCK))

    def holder(self, name: str) -> Holder | None:
        """Who holds a lease; None if it is free.

        Raises:
            catalog.errors.DatabaseError: the database cannot be reached.
        """
        found = self.holders(name)
        return found.get(name)

    def holders(self, prefix: str) -> dict[str, Holder]:
        """Who holds the leases whose names begin with a prefix, by name; free ones are left out.

        Raises:
            catalog.errors.DatabaseError: the database cannot be reached.
        """
        left = func.extract("epoch", LeaseRow.until - CLOCK)
        query = (
            select(LeaseRow.name, LeaseRow.holder, left)
            .where(LeaseRow.name.startswith(prefix, autoescape=True), LeaseRow.until > CLOCK)
            .order_by(LeaseRow.name)
        )
        with self._db.read() as connection:
            return {
                name: _holder(text, float(left)) for name, text, left in connection.execute(query)
            }


def _holder(text: str, seconds: float) -> Holder:
    """A holder as it is stored, with the moment at which it took the lease."""
    holder, _, moment = text.partition(SINCE)
    try:
        return Holder(holder, seconds, datetime.fromisoformat(moment))
    except ValueError:
        return Holder(holder, seconds)


def _after(seconds: float) -> ColumnElement[datetime]:
    return CLOCK + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _is(lease: Lease) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LeaseRow.name == lease.name, LeaseRow.fence == lease.fence
