"""Single values of a row: numbers, bytes, lists and markup become texts."""

import json
from decimal import Decimal

from catalog.errors import RecordError
from catalog.vocabulary.cells import listed_in
from catalog.vocabulary.markup import plain_text
from catalog.vocabulary.values import clean

# Fields whose value must be one: which of two would be right is not known.
SURE = frozenset(
    {"id", "price", "sale_price", "old_price", "currency", "availability", "stock", "group_id"}
)


def single(field: str, value: object) -> object:
    """The value of a field that has one: of several, those of a colour are joined by "/".

    Raises:
        RecordError: there are several of a field in which each would mean something else.
    """
    if not isinstance(value, list | tuple) and not (isinstance(value, str) and value[:1] == "["):
        return value
    values = [one for one in listed_in(value) if clean(one)]
    different = list(dict.fromkeys(str(one).strip() for one in values))
    if len(different) > 1 and field in SURE:
        raise RecordError(f"{field} has several values, {', '.join(map(repr, different[:3]))}")
    if field in ("colour", "pattern"):
        return "/".join(different)
    return values[0] if values else None


def text_of(value: object) -> str | None:
    """One line of text without markup; None for an empty value."""
    value = normal(value)
    if isinstance(value, str) and ("<" in value or "&" in value):
        value = plain_text(value)
    return clean(value)


def normal(value: object) -> object:
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


def attribute(value: object) -> str | None:
    """A value as the text of an attribute; None if it is empty."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str) if value else None
    return text_of(value)
