"""Writes batches of products to the database, each in one transaction that finds what changed.

A batch is written whole or not at all, and says nothing about other batches: an ingest that was
killed leaves a catalogue that is right as far as it got, and the next run goes over it again.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from catalog.models import PhotoRow, ProductRow, SourceRow, StateRow
from catalog.records import ProductRecord, Rejection
from catalog.rows import Photos, Stored, photos_of, row_of, stored_of


@dataclass(slots=True)
class Outcome:
    """What one batch came to."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    duplicates: list[Rejection] = field(default_factory=list)


class Writer:
    """One run over one source, on one connection that nobody else uses."""

    def __init__(self, connection: Connection, name: str, format: str, root: Path) -> None:
        self._connection = connection
        # The ids of this run are kept in the database: a million of them need no memory here.
        self._seen = Table(
            f"seen_{uuid.uuid4().hex[:12]}",
            MetaData(),
            Column("product_id", Text, primary_key=True),
            Column("line", Integer, nullable=False),
            prefixes=["TEMPORARY"],
        )
        with connection.begin():
            _lock(connection)
            self._seen.create(connection, checkfirst=False)
            self._source_id = _register(connection, name, format, str(root))

    def save(self, records: Sequence[ProductRecord], photos: Mapping[str, Photos]) -> Outcome:
        """Write a batch: ``photos`` has the checked photos of each product id."""
        outcome = Outcome()
        with self._connection.begin():
            version = _lock(self._connection) + 1
            fresh = self._first_of_their_id(records, outcome)
            stored = stored_of(self._connection, list(fresh))
            had = photos_of(self._connection, list(fresh))
            new: dict[str, dict[str, Any]] = {}
            changed: dict[str, dict[str, Any]] = {}
            rewritten: list[str] = []  # products whose photo rows must be written anew
            for product_id, record in fresh.items():
                row = row_of(record, self._source_id) | {"changed": version}
                old = stored.get(product_id)
                if photos[product_id] != had.get(product_id, ()):
                    rewritten.append(product_id)
                if old is None:
                    new[product_id] = row
                elif self._differs(old, row, photos[product_id], had.get(product_id, ())):
                    changed[product_id] = row | {"at": old.number}
                    outcome.moved += old.source_id != self._source_id
                else:
                    outcome.unchanged += 1
            outcome.inserted, outcome.updated = len(new), len(changed)
            numbers = {product_id: old.number for product_id, old in stored.items()}
            self._write_products(new, changed, numbers)
            self._write_photos(rewritten, photos, numbers)
            if new or changed:
                _bump(self._connection)
        return outcome

    def _differs(self, old: Stored, row: dict[str, Any], photos: Photos, had: Photos) -> bool:
        return (
            old.retired
            or old.digest != row["digest"]
            or old.source_id != self._source_id
            or [photo.content for photo in photos] != [photo.content for photo in had]
        )

    def keep(self, product_ids: Sequence[str]) -> None:
        """Remember ids whose rows were rejected: broken is not gone."""
        if not product_ids:
            return
        with self._connection.begin():
            have = self._lines(product_ids)
            new = [
                {"product_id": p, "line": 0} for p in dict.fromkeys(product_ids) if p not in have
            ]
            if new:
                self._connection.execute(insert(self._seen), new)

    def retire_unseen(self) -> int:
        """Retire the source's products that this run did not see; how many there were."""
        with self._connection.begin():
            version = _lock(self._connection) + 1
            retired = self._connection.execute(
                update(ProductRow)
                .where(ProductRow.source_id == self._source_id, ProductRow.retired.is_(False))
                .where(ProductRow.product_id.not_in(select(self._seen.c.product_id)))
                .values(retired=True, changed=version)
            ).rowcount
            if retired:
                _bump(self._connection)
        return retired

    def complete(self) -> None:
        """Note that the source was read to its end."""
        with self._connection.begin():
            self._connection.execute(
                update(SourceRow)
                .where(SourceRow.id == self._source_id)
                .values(completed_at=datetime.now(UTC))
            )

    def _lines(self, product_ids: Sequence[str]) -> dict[str, int]:
        seen = self._seen.c
        found = self._connection.execute(
            select(seen.product_id, seen.line).where(seen.product_id.in_(product_ids))
        )
        return {product_id: line for product_id, line in found}

    def _first_of_their_id(
        self, records: Sequence[ProductRecord], outcome: Outcome
    ) -> dict[str, ProductRecord]:
        """The records whose id is new in this run; the others become rejections."""
        lines = self._lines([record.product_id for record in records])
        fresh: dict[str, ProductRecord] = {}
        for record in records:
            first = lines.get(record.product_id)
            if record.product_id in fresh:
                first = fresh[record.product_id].line
            if first:
                reason = f"the id {record.product_id!r} was on line {first} already; ids are unique"
                outcome.duplicates.append(
                    Rejection(record.line, record.product_id, "row", "duplicate_id", reason)
                )
            else:
                fresh[record.product_id] = record
        seen = [
            {"product_id": record.product_id, "line": record.line}
            for record in fresh.values()
            if record.product_id not in lines
        ]
        if seen:
            self._connection.execute(insert(self._seen), seen)
        return fresh

    def _write_products(
        self,
        new: dict[str, dict[str, Any]],
        changed: dict[str, dict[str, Any]],
        numbers: dict[str, int],
    ) -> None:
        """Write product rows, and add the numbers of new ones to ``numbers``."""
        if new:
            self._connection.execute(insert(ProductRow), list(new.values()))
            numbers |= {p: old.number for p, old in stored_of(self._connection, list(new)).items()}
        if changed:
            names = [name for name in next(iter(changed.values())) if name != "at"]
            columns: dict[str, Any] = {name: bindparam(name) for name in names}
            self._connection.execute(
                update(ProductRow.__table__)  # type: ignore[arg-type]  # typed as any FromClause
                .where(ProductRow.number == bindparam("at"))
                .values(columns),
                list(changed.values()),
            )

    def _write_photos(
        self, product_ids: Sequence[str], photos: Mapping[str, Photos], numbers: dict[str, int]
    ) -> None:
        if not product_ids:
            return
        mine = [numbers[product_id] for product_id in product_ids]
        self._connection.execute(delete(PhotoRow).where(PhotoRow.product_number.in_(mine)))
        rows = [
            {"product_number": numbers[product_id], "position": position} | asdict(photo)
            for product_id in product_ids
            for position, photo in enumerate(photos[product_id])
        ]
        if rows:
            self._connection.execute(insert(PhotoRow), rows)


def _lock(connection: Connection) -> int:
    """Let one writer at a time decide what changed. SQLite has done so at BEGIN IMMEDIATE.

    Returns:
        The catalogue's version, which is one higher after this writer's change.
    """
    return connection.execute(select(StateRow.version).with_for_update()).scalar_one()


def _bump(connection: Connection) -> None:
    connection.execute(update(StateRow).values(version=StateRow.version + 1))


def _register(connection: Connection, name: str, format: str, root: str) -> int:
    """The source's number; a new root is noted, since a folder may have been moved."""
    source = connection.execute(select(SourceRow.id).where(SourceRow.name == name)).scalar()
    if source is None:
        added = connection.execute(
            insert(SourceRow).values(name=name, format=format, root=root).returning(SourceRow.id)
        )
        return added.scalar_one()
    moved = connection.execute(
        update(SourceRow).where(SourceRow.id == source, SourceRow.root != root).values(root=root)
    )
    if moved.rowcount:
        _bump(connection)
    connection.execute(update(SourceRow).where(SourceRow.id == source).values(format=format))
    return source
