"""Which index on a shared folder or object store is live: a row in PostgreSQL.

One process of all servers builds an index at a time. It holds an advisory lock on a connection of
its own, and moves the pointer on that connection: whoever lost the lock can publish nothing.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from catalog.database.connections import SET_KEEPALIVES, translate_errors
from catalog.database.database import Database
from catalog.database.server_models import SharedIndexRow
from catalog.database.statements import insert_for
from catalog.errors import Busy

PLACE = "index"
BUILDING = 0x6C6F6F6D  # key of the advisory lock
KEPT = 20  # names of published generations


@dataclass(frozen=True, slots=True)
class Published:
    """The live generation and its delta: names of their folders, SHA-256 of their manifests."""

    generation: str
    generation_digest: str
    delta: str | None = None
    delta_digest: str | None = None


class IndexPointer:
    """The pointer in one PostgreSQL database; safe to share between threads.

    All methods raise `catalog.errors.DatabaseError` where it cannot be reached.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._held: Connection | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._held is not None

    def live(self) -> Published | None:
        """What is live; None if nothing was published."""
        row = SharedIndexRow
        columns = (row.generation, row.generation_digest, row.delta, row.delta_digest)
        with self._db.read() as connection:
            found = connection.execute(select(*columns).where(row.place == PLACE)).first()
        return None if found is None else Published(*found)

    def published(self) -> list[str]:
        """The names of the generations that were published last, the newest last."""
        query = select(SharedIndexRow.published).where(SharedIndexRow.place == PLACE)
        with self._db.read() as connection:
            return (connection.scalar(query) or "").split()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock in the block.

        Raises:
            Busy: another process holds it.
        """
        with closing(self._locked()) as connection:
            self._held = connection
            try:
                yield
            finally:
                self._held = None
                with suppress(SQLAlchemyError):  # at once, where the server is still there
                    connection.execute(select(func.pg_advisory_unlock(BUILDING)))
                connection.invalidate()  # which ends the lock, whatever became of the block

    def move(self, to: Published) -> None:
        """Make an index live, for the holder of the lock."""
        assert self._held is not None
        names = [name for name in self.published() if name != to.generation]
        values = asdict(to) | {"published": "\n".join([*names, to.generation][-KEPT:])}
        new = insert_for(self._held, SharedIndexRow).values(place=PLACE, **values)
        moved = new.on_conflict_do_update(index_elements=[SharedIndexRow.place], set_=values)
        with translate_errors(self._db.engine.url):
            self._held.execute(moved)

    def _locked(self) -> Connection:
        engine = self._db.engine
        with translate_errors(engine.url):
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                connection.exec_driver_sql(SET_KEEPALIVES)
                if connection.scalar(select(func.pg_try_advisory_lock(BUILDING))):
                    return connection
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
            connection.close()
        raise Busy(
            "Another reindex is running for this database, from another home. Wait for it to end, "
            "then run this one again."
        )
