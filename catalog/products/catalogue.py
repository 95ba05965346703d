"""The read side of the catalogue: what pages, the API and the engine ask."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute

from catalog.database.database import Database
from catalog.database.models import FetchRow, PhotoRow, ProductRow, StateRow
from catalog.database.statements import ACTIVE, READY, SOLD_OUT
from catalog.errors import UnknownProduct
from catalog.filters.filter import Filter
from catalog.filters.sql import conditions, matching_ids
from catalog.products.browsing import browse_conditions, count_products
from catalog.products.rows import (
    CHANGED,
    all_facts,
    ids_in_groups,
    photos_by_product,
    products_by_id,
    products_by_number,
    read_photo,
    read_sources,
    some_facts,
)
from catalog.products.variants import colours_of, variants_of
from catalog.records import Facts, Page, Photo, Product, SourceInfo
from catalog.vocabulary import category_path

T = TypeVar("T")
MAX_PAGE = 1_000_000
CACHED = 512
STATE = select(StateRow.instance, StateRow.version)


class Catalogue:
    """Answers questions about the catalogue; safe to share between threads.

    Counts are remembered until the catalogue changes.

    Example:
        >>> from catalog.db import Database
        >>> from catalog.products.catalogue import Catalogue
        >>> with Database.open() as db:
        ...     page = Catalogue(db).browse(category="Shoes", per_page=10)
        >>> page.total >= len(page.products) > 0
        True
        >>> all(product.category[0] == "Shoes" for product in page.products)
        True
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._lock = threading.Lock()
        self._cache: dict[tuple[object, ...], Any] = {}
        self._cache_mark = ""

    def product(self, product_id: str) -> Product:
        """One product, retired or not.

        Raises:
            UnknownProduct: there is none of this id.
        """
        found = self.products([product_id])
        if product_id not in found:
            raise UnknownProduct(product_id)
        return found[product_id]

    def products(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Products by id, in the order asked for, retired or not; unknown ids are left out."""
        with self.db.read() as connection:
            found = products_by_id(connection, product_ids)
        return {p: found[p] for p in dict.fromkeys(product_ids) if p in found}

    def browse(
        self,
        *,
        category: str | None = None,
        colour: str | None = None,
        gender: str | None = None,
        text: str | None = None,
        where: Filter | None = None,
        page: int = 1,
        per_page: int = 48,
    ) -> Page:
        """One page of the products that are not retired, in the order in which they came in.

        Args:
            category: a path such as "Tops > T-shirts", or the start of one.
            colour: exactly this colour.
            gender: exactly this one.
            text: words that brand and title together hold all of, or a product id.
            where: further values that products must have now.
            page: from 1; one beyond the last has no products.
            per_page: products a page.
        """
        dialect = self.db.engine.dialect.name
        asked = conditions(where, dialect) if where else ()
        wanted = and_(ACTIVE, *browse_conditions(category, colour, gender, text), *asked)
        page = min(max(page, 1), MAX_PAGE)
        key = ("total", category, colour, gender, text, where)
        with self.db.read() as connection:
            total = self._remember(connection, key, lambda: count_products(connection, wanted))
            numbers = connection.scalars(
                select(ProductRow.number)
                .where(wanted)
                .order_by(ProductRow.number)
                .limit(per_page)
                .offset((page - 1) * per_page)
            ).all()
            products = products_by_number(connection, numbers)
        return Page(tuple(products), total, page, per_page)

    def categories(self) -> list[tuple[str, int]]:
        """Every category path at every level and its products, in the order of their names."""
        counts: Counter[str] = Counter()
        for path, count in self._counts_by(ProductRow.category):
            for level in category_path.levels(path):
                counts[level] += count
        return sorted(counts.items(), key=lambda item: category_path.split(item[0]))

    def colours(self) -> list[tuple[str, int]]:
        """Every colour and its products, the commonest first."""
        return self._counts_by(ProductRow.colour)

    def genders(self) -> list[tuple[str, int]]:
        """Every gender and its products, the commonest first."""
        return self._counts_by(ProductRow.gender)

    def variants(self, group_id: str) -> tuple[Product, ...]:
        """The products of a variant group that are not retired, in the order they came in."""
        with self.db.read() as connection:
            return tuple(variants_of(connection, group_id))

    def group_colours(self, groups: Sequence[str]) -> dict[str, int]:
        """How many colours each of these variant groups comes in; unknown ones are left out."""
        with self.db.read() as connection:
            return colours_of(connection, groups)

    def facts(self, product_ids: Sequence[str]) -> Facts:
        """What guards need to know of these products, in this order; unknown ids are kept."""
        with self.db.read() as connection:
            return some_facts(connection, product_ids)

    def all_facts(self) -> Facts:
        """The facts of every product that is not retired, in the order of their ids."""
        with self.db.read() as connection:
            return all_facts(connection)

    def matching(self, wanted: Filter, product_ids: Sequence[str] | None = None) -> set[str]:
        """The ids of the products that match a filter now, retired or not.

        Args:
            wanted: what they must have; an empty filter matches all.
            product_ids: look among these only.
        """
        with self.db.read() as connection:
            return matching_ids(connection, wanted, product_ids)

    def changes(self, since: str) -> tuple[str, list[str] | None]:
        """The watermark now, and the products that changed since an earlier one.

        None instead of products if ``since`` is no watermark of this catalogue.
        """
        with self.db.read() as connection:
            instance, version = connection.execute(STATE).one()
            known, _, before = since.rpartition("-")
            if known != instance or int(before) > version:
                return f"{instance}-{version}", None
            if int(before) == version:
                return since, []
            changed = connection.scalars(CHANGED, {"version": int(before)})
            return f"{instance}-{version}", list(changed)

    def in_groups(self, groups: Sequence[str]) -> list[str]:
        """The ids of the products of some variant groups, retired or not."""
        with self.db.read() as connection:
            return ids_in_groups(connection, groups)

    def photos(self) -> Iterator[Photo]:
        """Every ready photo of products that are not retired, by product id and position.

        It reads some products at a time, each time anew: compare `watermark` before and after
        to know that nothing changed meanwhile.
        """
        last = None
        while True:
            with self.db.read() as connection:
                listed = photos_by_product(connection, after=last)
            if not listed:
                return
            for last, photos in listed:  # noqa: B007 - the last one is where we go on
                yield from photos

    def photo(self, content_hash: str) -> Photo | None:
        """A ready photo with this hash of its bytes, if the catalogue has one."""
        with self.db.read() as connection:
            return read_photo(connection, content_hash) if content_hash.isalnum() else None

    def counts(self) -> dict[str, int]:
        """For status: products, retired, sold_out, without_photo; and of their photos how many
        are ready, rejected, wait to be fetched, and could not be had the last time.
        """
        product, photo = ProductRow, PhotoRow
        shown = select(photo.id).where(photo.product_number == product.number, READY).exists()
        on_sale = select(photo.state, func.count()).join(
            product, product.number == photo.product_number
        )
        with self.db.read() as connection:
            states = connection.execute(on_sale.where(ACTIVE).group_by(photo.state))
            photos = {state: count for state, count in states}
            failed = connection.execute(
                on_sale.join(FetchRow, FetchRow.fetch_key == photo.fetch_key)
                .where(ACTIVE, photo.state == "waiting", FetchRow.code.is_not(None))
                .group_by(photo.state)
            )
            missing = sum(count for _, count in failed)
            return {
                "products": count_products(connection, ACTIVE),
                "retired": count_products(connection, product.retired.is_(True)),
                "sold_out": count_products(
                    connection, and_(ACTIVE, product.availability == SOLD_OUT)
                ),
                "without_photo": count_products(connection, and_(ACTIVE, ~shown)),
                "photos": photos.get("ready", 0),
                "photos_rejected": photos.get("rejected", 0),
                "photos_waiting": photos.get("waiting", 0) - missing,
                "photos_missing": missing,
            }

    def sources(self) -> list[SourceInfo]:
        """Every source that was ingested, by name."""
        with self.db.read() as connection:
            return read_sources(connection)

    def version(self) -> int:
        """A number that grows with every batch that changed something."""
        with self.db.read() as connection:
            return connection.execute(select(StateRow.version)).scalar_one()

    def watermark(self) -> str:
        """Changes whenever products or photos changed, and differs between catalogues."""
        with self.db.read() as connection:
            return _watermark(connection)

    def _counts_by(self, column: InstrumentedAttribute[str | None]) -> list[tuple[str, int]]:
        query = (
            select(column, func.count())
            .where(ACTIVE, column.is_not(None))
            .group_by(column)
            .order_by(func.count().desc(), column)
        )
        with self.db.read() as connection:
            return list(
                self._remember(
                    connection,
                    ("counts", column.key),
                    lambda: [(name, count) for name, count in connection.execute(query) if name],
                )
            )

    def _remember(
        self, connection: Connection, key: tuple[object, ...], compute: Callable[[], T]
    ) -> T:
        """The answer to ``key`` in the state that the connection sees."""
        mark = _watermark(connection)
        with self._lock:
            if mark != self._cache_mark or len(self._cache) >= CACHED:
                self._cache, self._cache_mark = {}, mark
            if key in self._cache:
                return self._cache[key]
        answer = compute()
        with self._lock:
            if mark == self._cache_mark:
                self._cache[key] = answer
        return answer


def _watermark(connection: Connection) -> str:
    instance, version = connection.execute(STATE).one()
    return f"{instance}-{version}"
