"""Writes the products of a webhook: a few at once, in the transaction of its caller.

An ingest writes whole sources, see `catalog.ingest.writer`; both write the same rows under the same
lock. A product that came with a feed still belongs to that feed, whose next `--sync` counts it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from catalog.database.models import PhotoRow, ProductRow, SourceRow, StateRow
from catalog.database.statements import lock_catalogue
from catalog.fetching.addresses import is_address
from catalog.fetching.photo_facts import known_photo_facts
from catalog.ingest.desk_words import with_desk_words
from catalog.ingest.stored import Photos, photo_rows, photos_of, record_of, row_of, stored_of
from catalog.photos.check import PhotoChecker
from catalog.records import ProductRecord
from catalog.settings import CatalogSettings

SOURCE = "shopify-hooks"  # the source of products that came with webhooks only
FORMAT = "shopify-json"


class ProductWriter:
    """Writes products in one transaction, which holds the catalogue's lock from then on."""

    def __init__(self, connection: Connection, settings: CatalogSettings) -> None:
        self.connection = connection
        self._settings = settings
        self._version = lock_catalogue(connection) + 1
        self._version_written = False

    def put(self, records: Sequence[ProductRecord]) -> None:
        """Inserts or updates products; rows of unchanged ones stay untouched."""
        ids = [record.product_id for record in records]
        stored = stored_of(self.connection, ids)
        stored_photos = photos_of(self.connection, ids)
        given = {record.product_id: record for record in records}
        for record in with_desk_words(self.connection, given).values():
            old = stored.get(record.product_id)
            source = old.source_id if old else self._own_source()
            before = stored_photos.get(record.product_id, ())
            photos = self._checked(record.photos, before, self._root(source))
            row = row_of(record, source)
            same = [photo.content for photo in photos] == [photo.content for photo in before]
            if old and not old.retired and old.digest == row["digest"] and same:
                continue
            number = old.number if old else None
            self._write(number, row, None if photos == before else photos)

    def set_availability(self, record: ProductRecord, with_price: bool) -> None:
        """Updates a product's availability, with its prices if requested, and nothing else."""
        found = self.connection.execute(
            select(ProductRow).where(
                ProductRow.product_id == record.product_id, ProductRow.retired.is_(False)
            )
        ).first()
        if found is None:
            return
        stored = record_of(found)
        changed = replace(stored, availability=record.availability)
        if with_price:
            changed = replace(
                changed, price=record.price, sale_price=record.sale_price, currency=record.currency
            )
        if changed != stored:
            self._write(found.number, row_of(changed, found.source_id), None)

    def retire(self, product_ids: Collection[str]) -> None:
        """Marks products as retired: no longer sold."""
        if not product_ids:
            return
        retired = self.connection.execute(
            update(ProductRow)
            .where(ProductRow.product_id.in_(sorted(product_ids)), ProductRow.retired.is_(False))
            .values(retired=True, changed=self._version)
        ).rowcount
        if retired:
            self._write_version()

    def _write(self, number: int | None, row: dict[str, Any], photos: Photos | None) -> None:
        values = row | {"changed": self._version}
        if number is None:
            added = insert(ProductRow).values(values).returning(ProductRow.number)
            number = self.connection.execute(added).scalar_one()
        else:
            change = update(ProductRow).where(ProductRow.number == number).values(values)
            self.connection.execute(change)
        if photos is not None:
            self.connection.execute(delete(PhotoRow).where(PhotoRow.product_number == number))
            if photos:
                self.connection.execute(insert(PhotoRow), photo_rows(number, photos))
        self._write_version()

    def _checked(self, given: Sequence[str], before: Photos, root: Path) -> Photos:
        addresses = [photo for photo in given if is_address(photo)]
        facts = known_photo_facts(self.connection, addresses, self._settings)
        if others := [photo for photo in given if photo not in facts]:
            with PhotoChecker(root, self._settings, lambda: None) as checker:
                facts |= checker.check(others, {photo.given: photo for photo in before})
        return tuple(facts[photo] for photo in given)

    def _own_source(self) -> int:
        """The number of the source of products that came with no feed."""
        known = self.connection.scalar(select(SourceRow.id).where(SourceRow.name == SOURCE))
        if known is not None:
            return known
        root = str(self._settings.resolved_home / "hooks")  # empty: photos are addresses
        values = {"name": SOURCE, "format": FORMAT, "root": root}
        added = insert(SourceRow).values(values).returning(SourceRow.id)
        return self.connection.execute(added).scalar_one()

    def _root(self, source: int) -> Path:
        query = select(SourceRow.root).where(SourceRow.id == source)
        return Path(self.connection.execute(query).scalar_one())

    def _write_version(self) -> None:
        """Raises the catalogue's version, once for all changes of this transaction."""
        if not self._version_written:
            self.connection.execute(update(StateRow).values(version=self._version))
            self._version_written = True
