"""Writes batches of products to the database, each in one transaction that finds what changed.

A batch is written whole or not at all, and says nothing about other batches: an ingest that was
killed leaves a catalogue that is right as far as it got, and the next run goes over it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from catalog.database.bulk import insert_rows, new_numbers
from catalog.database.models import PhotoRow, ProductRow, SourceRow, StateRow
from catalog.database.statements import chunks, lock_catalogue
from catalog.ingest.seen import SeenProducts
from catalog.ingest.stored import Photos, Stored, bound, photos_by_number, row_of, stored_of
from catalog.records import ProductRecord

ROWS = ProductRow.__table__
STREAMED = 10_000  # rows a fetch
ALWAYS_RETIRED = 10  # products that a sync may retire whatever share of the source they are


@dataclass(slots=True)
class Outcome:
    """What one batch came to; ``numbers`` are those of its products."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    numbers: dict[str, int] = field(default_factory=dict)


class Writer:
    """One run over one source, on one connection that nobody else uses."""

    def __init__(self, connection: Connection, name: str, format: str, root: Path) -> None:
        self._connection = connection
        with connection.begin():
            lock_catalogue(connection)
            self.source_id = _register(connection, name, format, str(root))

    def save(
        self,
        records: Mapping[str, ProductRecord],
        photos: Mapping[str, Photos],
        marks: Mapping[str, str],
    ) -> Outcome:
        """Write a batch.

        Args:
            records: by their ids.
            photos: the checked photos of each product id.
            marks: those of the rows that they were read from, where these have one.
        """
        outcome = Outcome()
        with self._connection.begin():
            version = lock_catalogue(self._connection) + 1
            stored = stored_of(self._connection, list(records))
            had = photos_by_number(self._connection, [old.number for old in stored.values()])
            new: dict[str, dict[str, Any]] = {}
            changed: list[dict[str, Any]] = []
            marked: list[dict[str, Any]] = []
            rewritten: list[str] = []  # products whose photo rows must be written anew
            for product_id, record in records.items():
                row = row_of(record, self.source_id) | {"changed": version}
                mark = marks.get(product_id)
                row["row_digest"] = mark and bound(mark, row["digest"], record.photos)
                old = stored.get(product_id)
                before = had.get(old.number, ()) if old else ()
                if photos[product_id] != before:
                    rewritten.append(product_id)
                if old is None:
                    new[product_id] = row
                elif self._differs(old, row, photos[product_id], before):
                    changed.append(row | {"at": old.number})
                    outcome.moved += old.source_id != self.source_id
                else:
                    outcome.unchanged += 1
                    if old.row_digest != row["row_digest"]:
                        marked.append({"at": old.number, "row_digest": row["row_digest"]})
            outcome.inserted, outcome.updated = len(new), len(changed)
            outcome.numbers = {product_id: old.number for product_id, old in stored.items()}
            self._insert(new, outcome.numbers)
            self._update(changed)
            self._update(marked)
            self._write_photos(rewritten, photos, outcome.numbers, set(had))
            if new or changed:
                _bump(self._connection)
        return outcome

    def _differs(self, old: Stored, row: dict[str, Any], photos: Photos, had: Photos) -> bool:
        return (
            old.retired
            or old.digest != row["digest"]
            or old.source_id != self.source_id
            or [photo.content for photo in photos] != [photo.content for photo in had]
        )

    def retire_unseen(self, seen: SeenProducts, most: float = 1.0) -> tuple[int, int]:
        """Retire the source's products that this run did not see.

        Args:
            seen: those that it did.
            most: the largest share of the source's products that may be retired; if more than
                it and more than `ALWAYS_RETIRED` are unseen, none are retired.

        Returns:
            How many were retired, and how many were not because they are too many.
        """
        mine = select(ProductRow.number).where(
            ProductRow.source_id == self.source_id, ProductRow.retired.is_(False)
        )
        with self._connection.begin():
            version = lock_catalogue(self._connection) + 1
            count, gone = 0, []
            for number in self._connection.scalars(mine.execution_options(yield_per=STREAMED)):
                count += 1
                if number not in seen:
                    gone.append(number)
            if len(gone) > max(ALWAYS_RETIRED, most * count):
                return 0, len(gone)
            for some in chunks(gone):
                self._connection.execute(
                    update(ProductRow)
                    .where(ProductRow.number.in_(some))
                    .values(retired=True, changed=version)
                )
            if gone:
                _bump(self._connection)
        return len(gone), 0

    def complete(self) -> None:
        """Note that the source was read to its end."""
        with self._connection.begin():
            self._connection.execute(
                update(SourceRow)
                .where(SourceRow.id == self.source_id)
                .values(completed_at=datetime.now(UTC))
            )

    def _insert(self, new: dict[str, dict[str, Any]], numbers: dict[str, int]) -> None:
        """Insert product rows, and add their numbers to ``numbers``."""
        if not new:
            return
        for number, (product_id, row) in zip(
            new_numbers(self._connection, len(new)), new.items(), strict=True
        ):
            numbers[product_id] = row["number"] = number
        insert_rows(self._connection, ProductRow, list(new.values()))

    def _update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Change product rows, each the one whose number is ``at``."""
        if not rows:
            return
        columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "at"}
        self._connection.execute(
            update(ROWS).where(ROWS.c.number == bindparam("at")).values(columns),  # type: ignore[arg-type]  # typed as any FromClause
            list(rows),
        )

    def _write_photos(
        self,
        product_ids: Sequence[str],
        photos: Mapping[str, Photos],
        numbers: Mapping[str, int],
        had: set[int],
    ) -> None:
        old = [numbers[product_id] for product_id in product_ids if numbers[product_id] in had]
        if old:
            self._connection.execute(delete(PhotoRow).where(PhotoRow.product_number.in_(old)))
        rows = [
            {"product_number": numbers[product_id], "position": position} | asdict(photo)
            for product_id in product_ids
            for position, photo in enumerate(photos[product_id])
        ]
        insert_rows(self._connection, PhotoRow, rows)


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
