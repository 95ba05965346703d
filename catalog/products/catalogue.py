"""The queries on the catalogue, for the engine, the API and the pages."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, and_
from sqlalchemy.orm import InstrumentedAttribute

from catalog.database.database import Database
from catalog.database.models import ProductRow
from catalog.database.statements import ACTIVE
from catalog.errors import UnknownProduct
from catalog.filters.filter import Filter
from catalog.filters.sql import conditions
from catalog.products.browsing import (
    TextSearch,
    browse_conditions,
    has_product,
    ids_of,
    page_query,
    to_count,
)
from catalog.products.cache import STATE, AnswerCache, read_watermark
from catalog.products.counts import count_rows, counts_by, status_counts
from catalog.products.facets import Choices, count_choices
from catalog.products.fact_rows import FactRow, next_fact_rows, some_fact_rows
from catalog.products.recent_products import RecentProducts
from catalog.products.rows import (
    CHANGED,
    all_facts,
    photos_by_product,
    products_by_number,
    read_photo,
    read_sources,
)
from catalog.products.variants import colours_of, variants_of
from catalog.records import Facts, Page, Photo, Product, SourceInfo
from catalog.search.expressions import MAX_RANKED
from catalog.search.query import ParsedQuery, QueryParser
from catalog.text import one_line
from catalog.vocabulary import category_path
from catalog.vocabulary.synonyms import Synonyms

MAX_PAGE = 1_000_000


class Catalogue:
    """Queries on the catalogue. Safe to share between threads.

    Counts, and products that were asked for lately, are kept in memory until the catalogue changes.

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
        self._cache = AnswerCache()
        self._parser = QueryParser()
        self._recent = RecentProducts(db, self.watermark)

    def product(self, product_id: str) -> Product:
        """One product, retired or not.

        Raises:
            UnknownProduct: no product has this id.
        """
        found = self.products([product_id])
        if product_id not in found:
            raise UnknownProduct(product_id)
        return found[product_id]

    def products(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Products by id in the given order, retired or not; unknown ids are left out."""
        found = self._recent.read(product_ids)
        return {p: found[p] for p in dict.fromkeys(product_ids) if p in found}

    def browse(
        self,
        *,
        category: str | None = None,
        colour: str | None = None,
        gender: str | None = None,
        text: str | None = None,
        where: Filter | None = None,
        sizes: Sequence[str] = (),
        sort: str = "",
        page: int = 1,
        per_page: int = 48,
    ) -> Page:
        """One page of the products that are not retired.

        They come in the order they were first ingested, or, with a text, the best matches first.

        Args:
            category: a path such as "Tops > T-shirts"; products below it are included.
            colour: the exact colour.
            gender: the exact gender.
            text: words that title, brand, category or colour have in any form, or a product id;
                see `catalog.search.query.QueryParser.parse`.
            where: a further filter.
            sizes: sizes of which a product has one, see `catalog.filters.sql.size_text`.
            sort: another order, of `catalog.products.browsing.ORDERS`.
            page: from 1; a page beyond the last has no products.
            per_page: products a page.

        Raises:
            FilterError: there is no such order.
        """
        dialect = self.db.engine.dialect.name
        wanted = and_(*browse_conditions(category, colour, gender, where, sizes, dialect))
        page = min(max(page, 1), MAX_PAGE)
        text = one_line(text or "")
        key = ("total", category, colour, gender, text, where, tuple(sizes))
        with self.db.read() as connection:
            search = self._text_search(connection, text) if text else None
            query = page_query(wanted, search, sort, dialect)
            counted = to_count(wanted, search, dialect)
            total = self._cache.get(connection, key, lambda: count_rows(connection, counted))
            numbers = connection.scalars(query.limit(per_page).offset((page - 1) * per_page)).all()
            products = products_by_number(connection, numbers)
        note = search.parsed.note if search else None
        exact = search is None or total < MAX_RANKED
        return Page(tuple(products), total, page, per_page, note, exact)

    def ranked(self, text: str, where: Filter, most: int) -> tuple[list[str], ParsedQuery]:
        """The ids of the best matches of a text, the best first, and how it was understood.

        Args:
            text: as for `browse`.
            where: a filter.
            most: ids wanted, at most.
        """
        with self.db.read() as connection:
            dialect, search = connection.dialect.name, self._text_search(connection, one_line(text))
            wanted = and_(ACTIVE, *conditions(where, dialect))
            return ids_of(connection, page_query(wanted, search, "", dialect), most), search.parsed

    def parsed(self, text: str) -> ParsedQuery:
        """How a text is understood, with the words of the catalogue."""
        with self.db.read() as connection:
            return self._text_search(connection, one_line(text)).parsed

    def choices(self, where: Filter, text: str | None = None, sizes: Sequence[str] = ()) -> Choices:
        """What a listing may be narrowed to, with counts; the arguments are those of `browse`."""
        text = one_line(text or "")
        with self.db.read() as connection:
            search = self._text_search(connection, text) if text else None
            return self._cache.get(
                connection,
                ("choices", where, text, tuple(sizes)),
                lambda: count_choices(connection, where, sizes, search),
            )

    def categories(self) -> list[tuple[str, int]]:
        """All category paths of all levels with their numbers of products, sorted by name."""
        counts: Counter[str] = Counter()
        for path, count in self._counts_by(ProductRow.category):
            for level in category_path.levels(path):
                counts[level] += count
        return sorted(counts.items(), key=lambda item: category_path.split(item[0]))

    def colours(self) -> list[tuple[str, int]]:
        """All colours with their numbers of products, the most frequent first.

        A product that is "red/blue" counts for both.
        """
        counts: Counter[str] = Counter()
        for colour, count in self._counts_by(ProductRow.colour):
            for one in colour.split("/"):
                counts[one.strip() or colour] += count
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def genders(self) -> list[tuple[str, int]]:
        """All genders with their numbers of products, the most frequent first."""
        return self._counts_by(ProductRow.gender)

    def variants(self, group_id: str) -> tuple[Product, ...]:
        """The products of a variant group that are not retired, in the order of their ingest."""
        with self.db.read() as connection:
            return tuple(variants_of(connection, group_id))

    def group_colours(self, groups: Sequence[str]) -> dict[str, int]:
        """The number of colours of each of these variant groups; unknown groups are left out."""
        with self.db.read() as connection:
            return colours_of(connection, groups)

    def facts(self, product_ids: Sequence[str]) -> Facts:
        """The facts of these products in this order, unknown ids included."""
        return self._recent.facts(product_ids)

    def all_facts(self) -> Facts:
        """The facts of all products that are not retired, sorted by id."""
        with self.db.read() as connection:
            return all_facts(connection)

    def fact_rows(self, product_ids: Sequence[str] | None = None) -> Iterator[list[FactRow]]:
        """What filters and guards read of these products, retired or not, some at a time.

        Each product is as at some moment of the reading; unknown ids are left out.

        Args:
            product_ids: the products; None for all, in the order of their first ingest.
        """
        if product_ids is not None:
            with self.db.read() as connection:
                yield from some_fact_rows(connection, product_ids)
            return
        last = 0
        while True:
            with self.db.read() as connection:
                rows, last = next_fact_rows(connection, last)
            if not rows:
                return
            yield rows

    def changes(self, since: str) -> tuple[str, list[str] | None]:
        """The current watermark, and the ids of the products that changed since an earlier one.

        The ids are None if ``since`` is not a watermark of this catalogue.
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

    def colour_words(self) -> Collection[str]:
        """Words of colours as `catalog.text.word_key`: built-in ones and the shop's own.

        Raises:
            SettingsError: the shop's file of words cannot be read.
        """
        return Synonyms.load(self.db.engine.get_execution_options().get("words")).colours.keys()

    def photos(self) -> Iterator[Photo]:
        """All ready photos of products that are not retired, by product id and position.

        They are read in several transactions: compare `watermark` before and after to detect
        changes in between.
        """
        last = None
        while True:
            with self.db.read() as connection:
                listed = photos_by_product(connection, after=last)
            if not listed:
                return
            for last, photos in listed:  # noqa: B007 - the next query starts after ``last``
                yield from photos

    def photo(self, content_hash: str) -> Photo | None:
        """A ready photo with this content hash, if there is one."""
        with self.db.read() as connection:
            return read_photo(connection, content_hash) if content_hash.isalnum() else None

    def counts(self) -> dict[str, int]:
        """Counts of products and photos.

        Of products: ``products`` (not retired), ``retired``; and, of those that are not retired,
        ``sold_out`` and ``without_photo``. Of their photos: ``photos`` (ready),
        ``photos_rejected``, ``photos_waiting`` (for their download), ``photos_missing`` (the last
        download failed) and, of these, ``photos_refused`` (their host is not public, and
        LOOKALIKE_FETCH_HOSTS does not name it).
        """
        with self.db.read() as connection:
            return status_counts(connection)

    def sources(self) -> list[SourceInfo]:
        """All ingested sources, by name."""
        with self.db.read() as connection:
            return read_sources(connection)

    def watermark(self) -> str:
        """Identifies the catalogue and its version: changes with products and photos."""
        return self.db.latest("watermark", read_watermark)

    def _text_search(self, connection: Connection, text: str) -> TextSearch:
        """A search text as it is understood, with the words of the catalogue."""
        parsed = self._cache.get(
            connection,
            ("query", text),
            lambda: self._parser.parse(connection, text, read_watermark(connection)),
        )
        return TextSearch(text, parsed, text.isprintable() and has_product(connection, text))

    def _counts_by(self, column: InstrumentedAttribute[str | None]) -> list[tuple[str, int]]:
        with self.db.read() as connection:
            key = ("counts", column.key)
            return list(self._cache.get(connection, key, lambda: counts_by(connection, column)))
