"""Reads stored rows as the records that other packages use."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, bindparam, func, select

from catalog.database.models import PhotoRow, ProductRow, SourceRow
from catalog.database.statements import ACTIVE, GROUP, READY, SOLD_OUT, chunks, valid_ids
from catalog.frozen_dict import FrozenDict
from catalog.records import Availability, Facts, Photo, Product, SourceInfo
from catalog.utc import in_utc
from catalog.vocabulary import category_path

T = TypeVar("T")
PHOTO_PRODUCTS = 1_000

PRODUCTS = (
    select(
        ProductRow.number,
        SourceRow.root,
        ProductRow.product_id,
        ProductRow.title,
        ProductRow.brand,
        ProductRow.category,
        ProductRow.gender,
        ProductRow.age_group,
        ProductRow.colour,
        ProductRow.pattern,
        ProductRow.price,
        ProductRow.sale_price,
        ProductRow.currency,
        ProductRow.availability,
        GROUP,
        ProductRow.link,
        ProductRow.attributes,
        ProductRow.retired,
    )
    .join(SourceRow)
    .order_by(ProductRow.number)
)
BY_ID = PRODUCTS.where(ProductRow.product_id.in_(bindparam("ids", expanding=True)))
BY_NUMBER = PRODUCTS.where(ProductRow.number.in_(bindparam("numbers", expanding=True)))
FILE = (
    PhotoRow.position,
    PhotoRow.path,
    PhotoRow.content_hash,
    PhotoRow.width,
    PhotoRow.height,
    PhotoRow.fetch_key,
)
FILES = (
    select(PhotoRow.product_number, *FILE)
    .where(PhotoRow.product_number.in_(bindparam("numbers", expanding=True)), READY)
    .order_by(PhotoRow.product_number, PhotoRow.position)
)
GUARDED = (  # what guards read
    ProductRow.product_id,
    ProductRow.retired,
    ProductRow.availability,
    ProductRow.gender,
    ProductRow.age_group,
    GROUP,
    ProductRow.category,
    ProductRow.colour,
    ProductRow.pattern,
)
FACTS = select(*GUARDED)
CHANGED = select(ProductRow.product_id).where(ProductRow.changed > bindparam("version"))
FACTS_BY_ID = FACTS.where(ProductRow.product_id.in_(bindparam("ids", expanding=True)))
PHOTO = (
    select(ProductRow.product_id, SourceRow.root, *FILE)
    .join(ProductRow, ProductRow.number == PhotoRow.product_number)
    .join(SourceRow)
    .where(PhotoRow.content_hash == bindparam("hash"), READY)
    .order_by(PhotoRow.id)
    .limit(1)
)


def products_by_id(connection: Connection, product_ids: Iterable[str]) -> dict[str, Product]:
    """Product id -> product; unknown ids are left out."""
    rows: list[Any] = []
    for ids in chunks(valid_ids(product_ids)):
        rows += connection.execute(BY_ID, {"ids": ids})
    return {product.product_id: product for product in _products(connection, rows)}


def products_by_number(connection: Connection, numbers: Sequence[int]) -> list[Product]:
    """The products with these numbers, in the given order."""
    rows = connection.execute(BY_NUMBER, {"numbers": numbers}).all() if numbers else []
    place = {number: at for at, number in enumerate(numbers)}
    return _products(connection, sorted(rows, key=lambda row: place[row[0]]))


def photos_by_product(connection: Connection, after: str | None) -> list[tuple[str, list[Photo]]]:
    """The next products after an id that are not retired, with their ready photos."""
    query = (
        select(ProductRow.number, ProductRow.product_id, SourceRow.root)
        .join(SourceRow)
        .where(ACTIVE)
        .order_by(ProductRow.product_id)
        .limit(PHOTO_PRODUCTS)
    )
    if after is not None:
        query = query.where(ProductRow.product_id > after)
    rows = connection.execute(query).all()
    photos = _photos(connection, {number: (product_id, root) for number, product_id, root in rows})
    return [(product_id, photos[number]) for number, product_id, _ in rows]


def read_photo(connection: Connection, content_hash: str) -> Photo | None:
    """The first ready photo with this hash."""
    found: Any = connection.execute(PHOTO, {"hash": content_hash}).first()
    return _photo(_home(connection), *found) if found else None


def read_sources(connection: Connection) -> list[SourceInfo]:
    """All sources, by name."""
    source = SourceRow
    rows = connection.execute(
        select(
            source.name,
            source.format,
            source.root,
            source.completed_at,
            func.count(ProductRow.number),
        )
        .outerjoin(ProductRow, and_(ProductRow.source_id == source.id, ACTIVE))
        .group_by(source.id)
        .order_by(source.name)
    )
    return [
        SourceInfo(name, format, Path(root), products, in_utc(done))
        for name, format, root, done, products in rows
    ]


def all_facts(connection: Connection) -> Facts:
    """The facts of all products that are not retired, sorted by id."""
    rows = connection.execute(FACTS.where(ACTIVE).order_by(ProductRow.product_id)).all()
    return facts_of([row[0] for row in rows], rows)


def some_facts(connection: Connection, product_ids: Sequence[str]) -> Facts:
    """The facts of these products, in this order."""
    rows: dict[str, Sequence[Any]] = {}
    for ids in chunks(valid_ids(product_ids)):
        rows |= {row[0]: row for row in connection.execute(FACTS_BY_ID, {"ids": ids})}
    unknown = (None,) * len(FACTS.selected_columns)
    return facts_of(product_ids, [rows.get(product_id, unknown) for product_id in product_ids])


def _products(connection: Connection, rows: Sequence[Any]) -> list[Product]:
    photos = _photos(connection, {row[0]: (row[2], row[1]) for row in rows})
    return [_product(photos[row[0]], *row[2:]) for row in rows]


def _photos(connection: Connection, products: dict[int, tuple[str, str]]) -> dict[int, list[Photo]]:
    """Product number -> ready photos, of ``products``: number -> (id, the source's root)."""
    photos: dict[int, list[Photo]] = {number: [] for number in products}
    home = _home(connection)
    for numbers in chunks(list(products)):
        files: Any = connection.execute(FILES, {"numbers": numbers})
        for number, *file in files:
            photos[number].append(_photo(home, *products[number], *file))
    return photos


def _product(
    photos: Sequence[Photo],
    product_id: str,
    title: str,
    brand: str | None,
    category: str | None,
    *rest: Any,  # noqa: ANN401 - the columns from gender on, which need no conversion
) -> Product:
    gender, age_group, colour, pattern, price, sale_price, currency, *more = rest
    availability, group_id, link, attributes, retired = more
    return Product(
        product_id=product_id,
        title=title,
        brand=brand,
        category=category_path.split(category),
        gender=gender,
        age_group=age_group,
        colour=colour,
        pattern=pattern,
        price=price,
        sale_price=sale_price,
        currency=currency,
        availability=Availability(availability),
        group_id=group_id,
        link=link,
        attributes=FrozenDict(attributes),  # readers may share a product
        photos=tuple(photos),
        retired=retired,
    )


def _home(connection: Connection) -> str:
    """The folder of downloaded photos; see `Database.open`."""
    return str(connection.get_execution_options()["home"])


def _photo(
    home: str,
    product_id: str,
    root: str,
    position: int,
    path: str,
    content_hash: str,
    width: int,
    height: int,
    fetch_key: str | None,
) -> Photo:
    place = Path(f"{root if fetch_key is None else home}/{path}")
    return Photo(product_id, position, place, content_hash, width, height)


def facts_of(ids: Sequence[str], rows: Sequence[Sequence[Any]]) -> Facts:
    """Facts from rows of `FACTS`, one for each id; of None where no product has the id."""
    columns = list(zip(*rows, strict=True)) or [()] * len(FACTS.selected_columns)
    known, retired, availability, gender, age_group, group_id, category, colour, pattern = columns
    stated = zip(known, retired, availability, strict=True)
    return Facts(
        ids=_objects(ids),
        known=np.array([product_id is not None for product_id in known], dtype=bool),
        available=np.array(
            [is_id is not None and not gone and word != SOLD_OUT for is_id, gone, word in stated],
            dtype=bool,
        ),
        gender=_objects(gender),
        age_group=_objects(age_group),
        group_id=_objects(group_id),
        category=_objects(category),
        colour=_objects(colour),
        pattern=_objects(pattern),
        retired=np.array([bool(gone) for gone in retired], dtype=bool),
        sold_out=np.array([word == SOLD_OUT for word in availability], dtype=bool),
    )


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
