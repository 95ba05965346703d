"""Builds a `ProductRecord` from a row with known columns."""

import re
from collections.abc import Sequence

from catalog.errors import RecordError
from catalog.records import Availability, FieldNote, ProductRecord
from catalog.sources.base import Row
from catalog.sources.rows.columns import Columns
from catalog.sources.rows.field_values import attribute, normal, single, text_of
from catalog.sources.rows.price_fields import prices_of
from catalog.vocabulary.category_path import category
from catalog.vocabulary.cells import listed_in
from catalog.vocabulary.prices import DecimalSign
from catalog.vocabulary.values import age_group, availability, clean, gender, stock

MAX_ID = 200
MAX_TITLE = 1_000
ADDRESS = "(?:[Hh][Tt][Tt][Pp][Ss]?:)?//(?=[^/\\s]+\\.)"  # the beginning of one
HOST = re.compile(r"//[\w-]+(?:\.[\w-]+)+(?::\d+)?/")
LISTS = frozenset({"category", "photos", "more_photos"})


def to_record(
    row: Row,
    line: int,
    columns: Columns,
    decimal_sign: DecimalSign = "",
    notes: Sequence[FieldNote] = (),
) -> ProductRecord:
    """Builds a product from a row.

    An unknown gender or age group is kept as an attribute. A price that cannot be parsed is an
    error, since a wrong one would be shown to customers. A product whose availability is not
    understood is not available; that and a useless sale price are in the record's notes.

    Args:
        row: column -> value.
        line: where it is in the source.
        columns: which column is which field.
        decimal_sign: that of the source's prices, see `catalog.vocabulary.prices.price`.
        notes: about values that the reader has left out already.

    Raises:
        RecordError: the id is missing, or a value is invalid.
    """
    raw = {field: row.get(column) for field, column in columns.fields.items()}
    ones = {field: single(field, value) for field, value in raw.items() if field not in LISTS}
    text = {field: text_of(value) for field, value in ones.items()}
    product_id = checked_id(ones.get("id"))
    kept_notes = list(notes)
    prices = prices_of(ones, decimal_sign, kept_notes)
    state = _availability(text.get("availability"), text.get("stock"), kept_notes)
    attributes = {name: value for name in columns.others if (value := attribute(row.get(name)))}
    nested = row.get("attributes")
    if isinstance(nested, dict):
        attributes.pop("attributes", None)
        texts = ((str(name), attribute(value)) for name, value in nested.items())
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
        price=prices.amount,
        sale_price=prices.sale,
        currency=prices.currency,
        availability=state,
        group_id=text.get("group_id"),
        link=_address(clean(ones.get("link"))),
        attributes=attributes,
        notes=tuple(kept_notes),
    )


def checked_id(value: object) -> str:
    """A product id as text: one line of 1 to 200 characters, whole numbers without ".0".

    Raises:
        RecordError: it is empty or too long.
    """
    value = normal(value)
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
    """The photo paths or addresses in "a.jpg;b.jpg", or in a list, also as JSON.

    Addresses may contain separators, so they are split only where the next address begins. An
    address without its scheme ("//host/a.jpg") gets https.
    """
    found = listed_in(value)
    if len(found) == 1 and isinstance(found[0], str) and not isinstance(value, list | tuple):
        text = found[0]
        split = rf"[;|,\s]+(?={ADDRESS})" if _is_address(text) else f"[{re.escape(separators)}]"
        listed = re.split(split, text)
    else:
        listed = [str(part) for part in found if part is not None]
    paths = (_address(part.strip()) for part in listed)
    return tuple(path for path in paths if path and clean(path))


def _is_address(value: object) -> bool:
    return re.match(rf"\s*{ADDRESS}", str(value)) is not None


def _address(text: str | None) -> str | None:
    """An address as a browser reads it; a path as it is."""
    if text and text.startswith("//") and HOST.match(text):
        text = f"https:{text}"
    return text.replace("&amp;", "&") if text and "&amp;" in text else text


def _availability(word: str | None, pieces: str | None, notes: list[FieldNote]) -> Availability:
    """Whether a product can be bought; a word that nobody knows sells nothing, with a note."""
    try:
        if word is not None:
            return availability(word)
        return stock(pieces) if pieces is not None else Availability.IN_STOCK
    except RecordError as error:
        field = "stock" if word is None else "availability"
        reason = f"{error}; it counts as out of stock"
        notes.append(FieldNote(field, field, str(word or pieces), reason))
        return Availability.OUT_OF_STOCK
