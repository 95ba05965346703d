"""Secrets in the catalogue's database, so that all web servers have the same."""

from collections.abc import Callable

from sqlalchemy import select

from catalog.database.database import Database
from catalog.database.server_models import SecretRow
from catalog.database.statements import insert_for


def shared_secret(db: Database, name: str, make: Callable[[], str]) -> str:
    """A secret by its name, made at its first use. Of several servers, the first one's stays.

    Args:
        db: the catalogue's database.
        name: of the secret, at most 40 characters.
        make: makes one.

    Raises:
        catalog.errors.DatabaseError: the database cannot be read or written.
    """
    known = select(SecretRow.value).where(SecretRow.name == name)
    with db.read() as connection:
        found = connection.scalar(known)
    if found is not None:
        return found
    with db.write() as connection, connection.begin():
        new = insert_for(connection, SecretRow).values(name=name, value=make())
        connection.execute(new.on_conflict_do_nothing())
    with db.read() as connection:
        return connection.execute(known).scalar_one()
