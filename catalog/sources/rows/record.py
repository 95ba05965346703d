"""Builds a `ProductRecord` from a row with known columns."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from catalog.errors import RecordError
from catalog.records import Availability, ProductRecord
from catalog.sources.base import Row
from catalog.sources.rows.columns import Columns
from catalog.text import shown
from catalog.vocabulary.prices import DecimalSign, contradicts, currency, price
from catalog.vocabulary.values import (
    age_group,
    availability,
    category,
    clean,
    gender,
    stock,
)

PRICES = ("price", "sale_price", "old_price")
MAX_ID = 200
MAX_TITLE = 1_000
ADDRESS = "[Hh][Tt][Tt][Pp][Ss]?://"  # the beginning of one


def to_record(
    row: Row, line: int, columns: Columns, decimal_sign: DecimalSign = ""
) -> ProductRecord:
    """Builds a product from a row.

    An unknown gender or age group is kept as an attribute. A price or availability that cannot be
    parsed is an error, since a wrong one would be shown to customers.

    Raises:
        RecordError: the id is missing, or a value is invalid.
    """
    raw = {field: row.get(column) for field, column in columns.fields.items()}
    text = {field: clean(_normal(value)) for field, value in raw.items()}
    product_id = checked_id(raw.get("id"))
    amount, sale, code = _prices(raw, decimal_sign)
    attributes = {name: value for name in columns.others if (value := _attribute(row.get(name)))}
    nested = row.get("attributes")
    if isinstance(nested, dict):
        attributes.pop("attributes", None)
        texts = ((str(name), _attribute(value)) for name, value in nested.items())
        attributes |= {name: value for name, value in texts if value}
    known_gender, known_age = gender(text.get("gender")), age_group(text.get("age_group"))
    for field, known in (("gender", known_gender), ("age_group", known_age)):
        if known is None and text.get(field):
            attributes[columns.fields[field]] = str(text[field])
    if known_age is None and text.get("gender") and age_group(text["gender"]) == "kids":
        known_age = "kids"  # "girls" is both a gender and an age group
    path = category(raw.get("category"))
    photos = photo_paths(raw.get("photos")) + photo_paths(raw.get("more_photos"), ";|,\n")
    return ProductRecord(
        product_id=product_id,
        title=checked_title(text.get("title"), text.get("brand"), path, product_id),
        line=line,
        photos=tuple(dict.fromkeys(photos)),
        brand=text.get("brand"),
        category=path,
        gender=known_gender,
        age_group=known_age,
        colour=text.get("colour"),
        pattern=text.get("pattern"),
        price=amount,
        sale_price=sale,
        currency=_currency(text.get("currency"), code, raw) if amount is not None else None,
        availability=_availability(text.get("availability"), text.get("stock")),
        group_id=text.get("group_id"),
        link=text.get("link"),
        attributes=attributes,
    )


def checked_id(value: object) -> str:
    """A product id as text: one line of 1 to 200 characters, whole numbers without ".0".

    Raises:
        RecordError: it is empty or too long.
    """
    value = _normal(value)
    product_id = " ".join(str(value).split()) if value is not None else ""
    if not product_id:
        raise RecordError("the id is empty")
    if len(product_id) > MAX_ID or not product_id.isprintable():
        raise RecordError(
            f"the id {product_id[:40]!r} is longer than {MAX_ID} characters or has control "
            "characters in it"
        )
    return product_id


def id_or_none(value: object) -> str | None:
    """The product id of a row, as `checked_id`; None if it is not valid."""
    try:
        return checked_id(value)
    except RecordError:
        return None


def checked_title(
    title: str | None, brand: str | None, path: tuple[str, ...], product_id: str
) -> str:
    """The title; without one, the brand and the last category name, or else the id.

    Raises:
        RecordError: it is longer than 1,000 characters.
    """
    if title is None:
        return " ".join(part for part in (brand, path[-1] if path else None) if part) or product_id
    if len(title) > MAX_TITLE:
        raise RecordError(
            f"the title has {len(title):,} characters and the limit is {MAX_TITLE:,}; "
            "its closing quote may be missing"
        )
    return title


def photo_paths(value: object, separators: str = ";|\n") -> tuple[str, ...]:
    """The photo paths or addresses in "a.jpg;b.jpg", or in a list.

    Addresses may contain separators, so they are split only where the next address begins.
    """
    if isinstance(value, list | tuple):
        listed = [str(part) for part in value if part is not None]
    else:
        split = rf"[;|,\s]+(?={ADDRESS})" if _is_address(value) else f"[{re.escape(separators)}]"
        listed = re.split(split, str(value)) if value is not None else []
    paths = (part.strip() for part in listed)
    return tuple(path for path in paths if clean(path))


def _is_address(value: object) -> bool:
    return re.match(rf"\s*{ADDRESS}", str(value)) is not None


def _prices(
    raw: Mapping[str, object], decimal_sign: DecimalSign
) -> tuple[Decimal | None, Decimal | None, str | None]:
    """The price, the lower sale price if any, and the currency written with them.

    A sale price of 0 means no sale. Of an old and a new price, the new one is the sale price.
    """
    named = {}
    for field in PRICES:
        try:
            named[field] = price(_normal(raw.get(field)), decimal_sign)
        except RecordError as error:
            raise RecordError(str(error) if field == "price" else f"{field}: {error}") from None
    (now, code), (sale, sale_code), (old, old_code) = named.values()
    if not sale and now and old and old > now:
        now, code, sale, sale_code = old, old_code or code, now, code
    if now is None and sale:
        now, code = old, old_code
    if not sale:
        return now, None, code if now is not None else None
    if now is None:
        return sale, None, sale_code
    if code and sale_code and code != sale_code:
        raise RecordError(f"the sale price is in {sale_code} and the price in {code}")
    if sale > now:
        raise RecordError(
            f"the sale price {sale} is above the price {now}; swap them, or omit the sale price"
        )
    return now, sale if sale < now else None, code or sale_code


def _currency(given: str | None, code: str | None, raw: Mapping[str, object]) -> str | None:
    """The currency of the prices: by its own column, or else as written with them.

    Raises:
        RecordError: the column and a price name two currencies.
    """
    named = currency(given)
    for field in PRICES if named else ():
        if named and contradicts(raw.get(field), named):
            raise RecordError(f"{field} {shown(raw[field])} is not in the currency {named}")
    return named or code


def _availability(word: str | None, pieces: str | None) -> Availability:
    if word is not None:
        return availability(word)
    return stock(pieces) if pieces is not None else Availability.IN_STOCK


def _normal(value: object) -> object:
    """Whole floats and decimals as integers, NaN as None, and UTF-8 bytes as text."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:  # such as an image
            return None
    if isinstance(value, float):
        if value != value:
            return None
        return int(value) if value.is_integer() else value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _attribute(value: object) -> str | None:
    """A value as the text of an attribute; None if it is empty."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str) if value else None
    return clean(_normal(value))
