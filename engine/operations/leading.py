"""Which of several watches works: the one that holds a lease in the catalogue's PostgreSQL.

The watches of homes that answer from one index would do the same work. One of them leads, and a
thread renews its lease; the others stand by, and one of them goes on some seconds after the leader
is gone, whatever became of it. A leader that cannot renew its lease stops before its next batch.
"""

import hashlib
import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from catalog.database.connections import url_of
from catalog.database.database import Database
from catalog.errors import CatalogError, DatabaseError
from catalog.servers.leases import Lease, Leases
from catalog.settings import CatalogSettings

log = logging.getLogger(__name__)

WATCH = "watch"  # the first word of the leases' names
BEATS = 3  # renewals in the time of a lease
PATIENCE = 5.0  # seconds to wait for another writer of the lease


def has_leases(caps: CatalogSettings) -> bool:
    """Whether the database can have leases: SQLite serves one machine, and needs none."""
    try:
        return url_of(caps).get_backend_name() == "postgresql"
    except DatabaseError:  # no address: whoever connects says so
        return False


@dataclass(frozen=True, slots=True)
class Leader:
    """The watch that leads.

    ``process`` is its machine, process id and a random part; ``since`` when it began, ISO 8601 in
    UTC, None if that is not known; ``lease_seconds`` how long it leads unless it renews its lease.
    """

    process: str
    since: str | None
    lease_seconds: float


def leaders(db: Database) -> tuple[Leader, ...]:
    """The watches that lead now, one for each source.

    Raises:
        DatabaseError: the database cannot be reached.
    """
    return tuple(
        Leader(one.holder, one.since.isoformat() if one.since else None, round(one.seconds, 1))
        for one in Leases(db).holders(f"{WATCH} ").values()
    )


class Leading:
    """The lease of one watch; `lead` takes or keeps it.

    Args:
        caps: name the database.
        source: what the watch reads; watches of other sources have leases of their own.
        seconds: time of the lease.
    """

    def __init__(self, caps: CatalogSettings, source: str | None, seconds: float) -> None:
        self._caps = caps
        # Not the address itself, which may have a password.
        self._name = f"{WATCH} {hashlib.sha256((source or '').encode()).hexdigest()[:16]}"
        self._seconds = seconds
        self._database: Database | None = None
        self._leases: Leases | None = None
        self._lease: Lease | None = None
        self._until = 0.0  # of the monotonic clock: earlier than the database's
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def lead(self) -> bool:
        """Whether this watch leads; it takes the lease if that is free.

        Raises:
            DatabaseError: the database cannot be reached, or has no such tables yet.
        """
        if self.leads:
            return True
        leases = self._opened()
        begun = time.monotonic()
        self._lease = leases.take(self._name, self._seconds)
        if self._lease is None:
            return False
        self._until = begun + self._seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
            self._thread.start()
        return True

    @property
    def leads(self) -> bool:
        """Whether this watch holds the lease now, for all that it knows."""
        return self._lease is not None and time.monotonic() < self._until

    def leader(self) -> str:
        """Who leads, for people."""
        found = self._opened().holder(self._name)
        return "another one" if found is None else found.holder

    def close(self) -> None:
        """Give the lease back, so that another watch goes on at once."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        if self._lease is not None and self._leases is not None:
            with suppress(CatalogError):
                self._leases.give_back(self._lease)
        self._lease = None
        if self._database is not None:
            self._database.close()

    def _opened(self) -> Leases:
        if self._leases is None:
            Database.migrate(self._caps)
            self._database = Database.open(self._caps, PATIENCE)
            self._leases = Leases(self._database)
        return self._leases

    def _beat(self) -> None:
        warned = False
        while not self._ending.wait(self._seconds / BEATS):
            lease, begun = self._lease, time.monotonic()
            if lease is None or self._leases is None:
                continue
            try:
                kept = self._leases.renew(lease, self._seconds)
            except DatabaseError as error:  # until the time is over, it may come back
                if not warned:
                    log.warning("The lease of this watch cannot be renewed: %s", error)
                warned = True
                continue
            warned = False
            if kept:
                self._until = max(self._until, begun + self._seconds)
            elif self._lease is lease:
                log.warning("Another watch leads now; this one stands by.")
                self._until = 0.0
