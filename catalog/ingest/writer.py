"""Writes batches of products to the database, each in one transaction.

Only changed products are written. After a kill, the catalogue has all batches before it, and the
next ingest reads the whole source again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from catalog.database.bulk import insert_rows, new_numbers, update_rows
from catalog.database.models import PhotoRow, ProductRow, SourceRow
from catalog.database.statements import bump_version, chunks, lock_catalogue
from catalog.ingest.desk_words import with_desk_words
from catalog.ingest.seen import SeenProducts
from catalog.ingest.stored import (
    Photos,
    StoredProduct,
    bind_row_digest,
    photo_rows,
    photos_by_number,
    row_of,
    stored_of,
)
from catalog.records import ProductRecord
from catalog.utc import utc_now

STREAMED = 10_000  # rows fetched at a time
ALWAYS_RETIRED = 10  # products that a sync may retire whatever share of the source they are


@dataclass(slots=True)
class BatchResult:
    """Counts of one batch; ``numbers`` maps its product ids to numbers."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    numbers: dict[str, int] = field(default_factory=dict)


class Writer:
    """Writes one source, on a connection of its own."""

    def __init__(self, connection: Connection, name: str, format: str, root: Path) -> None:
        self._connection = connection
        with connection.begin():
            lock_catalogue(connection)
            self.source_id = _register(connection, name, format, str(root))

    def save(
        self,
        records: Mapping[str, ProductRecord],
        photos: Mapping[str, Photos],
        row_digests: Mapping[str, str],
    ) -> BatchResult:
        """Writes a batch.

        Args:
            records: product id -> the product.
            photos: product id -> its checked photos.
            row_digests: product id -> the digest of its row, if the row has one.
        """
        result = BatchResult()
        with self._connection.begin():
            version = lock_catalogue(self._connection) + 1
            records = with_desk_words(self._connection, records)
            stored = stored_of(self._connection, list(records))
            numbers = [old.number for old in stored.values()]
            stored_photos = photos_by_number(self._connection, numbers)
            new: dict[str, dict[str, Any]] = {}
            changed: list[dict[str, Any]] = []
            new_digests: list[dict[str, Any]] = []  # of products that are otherwise unchanged
            new_photos: list[str] = []  # products whose photo rows are replaced
            for product_id, record in records.items():
                row = self._row(record, row_digests.get(product_id)) | {"changed": version}
                old = stored.get(product_id)
                before = stored_photos.get(old.number, ()) if old else ()
                if photos[product_id] != before:
                    new_photos.append(product_id)
                if old is None:
                    new[product_id] = row
                elif self._differs(old, row, photos[product_id], before):
                    changed.append(row | {"at": old.number})
                    result.moved += old.source_id != self.source_id
                else:
                    result.unchanged += 1
                    if old.row_digest != row["row_digest"]:
                        new_digests.append({"at": old.number, "row_digest": row["row_digest"]})
            result.inserted, result.updated = len(new), len(changed)
            result.numbers = {product_id: old.number for product_id, old in stored.items()}
            self._insert(new, result.numbers)
            update_rows(self._connection, ProductRow, "number", changed)
            update_rows(self._connection, ProductRow, "number", new_digests)
            self._write_photos(new_photos, photos, result.numbers, set(stored_photos))
            if new or changed:
                bump_version(self._connection)
        return result

    def _row(self, record: ProductRecord, row_digest: str | None) -> dict[str, Any]:
        row = row_of(record, self.source_id)
        if row_digest is not None:
            row_digest = bind_row_digest(row_digest, row["digest"], record.photos)
        return row | {"row_digest": row_digest}

    def _differs(
        self, old: StoredProduct, row: dict[str, Any], photos: Photos, before: Photos
    ) -> bool:
        return (
            old.retired
            or old.digest != row["digest"]
            or old.source_id != self.source_id
            or [photo.content for photo in photos] != [photo.content for photo in before]
        )

    def retire_unseen(self, seen: SeenProducts, most: float = 1.0) -> tuple[int, int]:
        """Retires the source's products that this ingest did not see.

        Args:
            seen: the products that it saw.
            most: the largest share of the source's products that may be retired; if more than
                it and more than `ALWAYS_RETIRED` are unseen, none are retired.

        Returns:
            The number of retired products, and of unseen ones that were too many to be retired.
        """
        active = select(ProductRow.number).where(
            ProductRow.source_id == self.source_id, ProductRow.retired.is_(False)
        )
        with self._connection.begin():
            version = lock_catalogue(self._connection) + 1
            count, unseen = 0, []
            for number in self._connection.scalars(active.execution_options(yield_per=STREAMED)):
                count += 1
                if number not in seen:
                    unseen.append(number)
            if len(unseen) > max(ALWAYS_RETIRED, most * count):
                return 0, len(unseen)
            for some in chunks(unseen):
                self._connection.execute(
                    update(ProductRow)
                    .where(ProductRow.number.in_(some))
                    .values(retired=True, changed=version)
                )
            if unseen:
                bump_version(self._connection)
        return len(unseen), 0

    def complete(self) -> None:
        """Records that the source was read to its end."""
        with self._connection.begin():
            self._connection.execute(
                update(SourceRow)
                .where(SourceRow.id == self.source_id)
                .values(completed_at=utc_now())
            )

    def _insert(self, new: dict[str, dict[str, Any]], numbers: dict[str, int]) -> None:
        """Inserts product rows and adds their numbers to ``numbers``."""
        if not new:
            return
        for number, (product_id, row) in zip(
            new_numbers(self._connection, len(new)), new.items(), strict=True
        ):
            numbers[product_id] = row["number"] = number
        insert_rows(self._connection, ProductRow, list(new.values()))

    def _write_photos(
        self,
        product_ids: Sequence[str],
        photos: Mapping[str, Photos],
        numbers: Mapping[str, int],
        with_photos: set[int],
    ) -> None:
        """Replaces the photo rows of products; those in ``with_photos`` had some before."""
        written = [numbers[product_id] for product_id in product_ids]
        old = [number for number in written if number in with_photos]
        if old:
            self._connection.execute(delete(PhotoRow).where(PhotoRow.product_number.in_(old)))
        rows = [
            row
            for product_id in product_ids
            for row in photo_rows(numbers[product_id], photos[product_id])
        ]
        insert_rows(self._connection, PhotoRow, rows)


def _register(connection: Connection, name: str, format: str, root: str) -> int:
    """The source's id. A new root is stored, as the folder may have been moved."""
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
        bump_version(connection)
    connection.execute(update(SourceRow).where(SourceRow.id == source).values(format=format))
    return source
