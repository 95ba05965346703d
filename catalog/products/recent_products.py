"""Products that were asked for lately, kept in memory as of one version of the catalogue.

What is kept counts only while the catalogue's version is the one that it was read at, which is
compared whenever products are asked for: they are always as of the database.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from catalog.database.database import Database
from catalog.products.rows import FACTS, facts_of, products_by_id, some_facts
from catalog.recent import Recent
from catalog.records import Facts, Product
from catalog.vocabulary import category_path

MOST_BYTES = 32_000_000  # of memory for the products of a process, as `size_of` estimates it
MOST_IDS = 1_000  # of one reading; more are read without being kept
ONE, TEXT, PHOTO = 600, 50, 500  # bytes of a product, and of each text and photo beside its own


class _Kept(NamedTuple):
    mark: str
    products: Recent[Product]


class RecentProducts:
    """Reads products, those that are kept from memory; safe to share between threads.

    Args:
        db: the catalogue's.
        watermark: the catalogue's version now.
    """

    def __init__(self, db: Database, watermark: Callable[[], str]) -> None:
        self._db = db
        self._watermark = watermark
        self._kept = _Kept("", Recent(MOST_BYTES))

    def read(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Product id -> product, all as of one moment of this call; unknown ids are left out."""
        if len(product_ids) > MOST_IDS:
            return self._stored(product_ids)
        mark = self._watermark()
        kept = self._kept
        if kept.mark != mark:
            kept = self._kept = _Kept(mark, Recent(MOST_BYTES))
        found = {one: kept.products.get(one) for one in product_ids}
        known = {one: product for one, product in found.items() if product is not None}
        missing = [one for one, product in found.items() if product is None]
        if not missing:
            return known
        read = self._stored(missing)
        if self._watermark() != mark:  # changed meanwhile: those known may be older
            return self._stored(product_ids) if known else read
        for product_id, product in read.items():
            kept.products.put(product_id, product, size_of(product))
        return known | read

    def facts(self, product_ids: Sequence[str]) -> Facts:
        """The facts of these products in this order, unknown ids included."""
        if len(product_ids) > MOST_IDS:
            with self._db.read() as connection:
                return some_facts(connection, product_ids)
        found = self.read(product_ids)
        unknown = (None,) * len(FACTS.selected_columns)
        rows = [_stated(found[one]) if one in found else unknown for one in product_ids]
        return facts_of(product_ids, rows)

    def _stored(self, product_ids: Sequence[str]) -> dict[str, Product]:
        with self._db.read() as connection:
            return products_by_id(connection, product_ids)


def _stated(product: Product) -> tuple[object, ...]:
    """The columns of `FACTS`."""
    return (
        product.product_id,
        product.retired,
        product.availability.value,
        product.gender,
        product.age_group,
        product.group_id,
        category_path.join(product.category) or None,
        product.colour,
        product.pattern,
    )


def size_of(product: Product) -> int:
    """About how many bytes of memory a product takes."""
    texts = (
        product.title,
        product.link or "",
        *product.category,
        *product.attributes,
        *product.attributes.values(),
        *(str(photo.path) for photo in product.photos),
    )
    return ONE + PHOTO * len(product.photos) + sum(TEXT + len(text) for text in texts)
