"""Bulk inserts and updates: COPY on PostgreSQL, else one statement for many rows."""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Table,
    TextClause,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from catalog.database.models import Base, ProductRow
from catalog.database.statements import insert_for

Rows = Sequence[Mapping[str, Any]]


def insert_rows(connection: Connection, model: type[Base], rows: Rows) -> None:
    """Inserts rows, which must all have the same columns.

    Raises:
        sqlalchemy.exc.DBAPIError: one of them cannot be inserted.
    """
    if not rows:
        return
    table = _table(model)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.execute(insert(table), list(rows))


def insert_new(
    connection: Connection,
    model: type[Base],
    names: Sequence[str],
    rows: Sequence[tuple[str | int | None, ...]],
) -> None:
    """Inserts rows of texts and whole numbers, without those whose key is taken.

    On SQLite by one call for all: a call for each row would take the interpreter's lock as often,
    each time from a thread that answers a request.

    Args:
        connection: in a write transaction.
        model: the table.
        names: of the columns.
        rows: their values.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(_insert_listed(_table(model), tuple(names)), {"rows": json.dumps(rows)})
        return
    listed = [dict(zip(names, row, strict=True)) for row in rows]
    connection.execute(insert_for(connection, model).on_conflict_do_nothing(), listed)


def update_rows(connection: Connection, model: type[Base], key: str, rows: Rows) -> None:
    """Updates rows.

    Args:
        connection: in a write transaction.
        model: the table.
        key: the column that identifies a row.
        rows: the new values, of the same columns each; ``at`` is the value of ``key``.
    """
    if not rows:
        return
    table = _table(model)
    values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "at"}
    connection.execute(
        update(table).where(table.c[key] == bindparam("at")).values(values), list(rows)
    )


def new_numbers(connection: Connection, count: int) -> list[int]:
    """Reserves numbers for ``count`` new products. The caller holds the catalogue's lock."""
    if connection.dialect.name == "postgresql":
        # From the table's own sequence, as other writers do.
        sequence = text(
            "SELECT nextval(pg_get_serial_sequence('products', 'number')) "
            "FROM generate_series(1, :count)"
        )
        return list(connection.scalars(sequence, {"count": count}))
    last = connection.scalar(select(func.coalesce(func.max(ProductRow.number), 0))) or 0
    return list(range(last + 1, last + 1 + count))


@functools.lru_cache(maxsize=32)
def _insert_listed(table: Table, names: tuple[str, ...]) -> TextClause:
    columns = ", ".join(table.c[name].name for name in names)
    values = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(names)))
    return text(
        f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM json_each(:rows) "
        "WHERE true ON CONFLICT DO NOTHING"
    )


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _copy(connection: Connection, table: Table, rows: Rows) -> None:
    dialect = connection.dialect
    errors = dialect.loaded_dbapi.Error
    statement, converters = _plan(table, tuple(rows[0]), dialect)
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(
                    [
                        row[name] if convert is None else convert(row[name])
                        for name, convert in converters
                    ]
                )
    except errors as error:
        if dialect.is_disconnect(error, driver, None):
            connection.invalidate(error)
        raise DBAPIError.instance(statement, None, error, errors, dialect=dialect) from error


@functools.lru_cache(maxsize=32)
def _plan(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, list[tuple[str, Callable[[Any], Any] | None]]]:
    """The statement, and each column's name with the converter of its values, if any."""
    quote = dialect.identifier_preparer.quote
    listed = ", ".join(quote(table.c[name].name) for name in names)
    converters: list[tuple[str, Callable[[Any], Any] | None]] = []
    for name in names:
        kind = table.c[name].type.dialect_impl(dialect)
        converters.append((name, kind.bind_processor(dialect)))
    return f"COPY {quote(table.name)} ({listed}) FROM STDIN", converters
