"""The styles of all web servers that share an index: one file, kept in the catalogue's database.

It has about 20 MB for a million products.
"""

import hashlib

from sqlalchemy import select

from catalog.database.database import Database
from catalog.database.server_models import SharedStylesRow
from catalog.database.statements import insert_for

PLACE = "styles"


class SharedStyles:
    """The file in one database; safe to share between threads.

    All methods raise `catalog.errors.DatabaseError` where the database cannot be used.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def digest(self) -> str | None:
        """The SHA-256 of the file; None if there is none."""
        query = select(SharedStylesRow.digest).where(SharedStylesRow.place == PLACE)
        with self._db.read() as connection:
            return connection.scalar(query)

    def read(self) -> bytes | None:
        """The file; None if there is none."""
        query = select(SharedStylesRow.content).where(SharedStylesRow.place == PLACE)
        with self._db.read() as connection:
            return connection.scalar(query)

    def write(self, content: bytes) -> None:
        """Replace the file."""
        values = {"digest": hashlib.sha256(content).hexdigest(), "content": content}
        with self._db.write() as connection, connection.begin():
            new = insert_for(connection, SharedStylesRow).values(place=PLACE, **values)
            connection.execute(
                new.on_conflict_do_update(index_elements=[SharedStylesRow.place], set_=values)
            )
