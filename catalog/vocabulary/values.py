"""Parses values of feeds: stock, gender, age group, categories."""

import re
from decimal import Decimal, InvalidOperation

from catalog.errors import RecordError
from catalog.records import Availability
from catalog.text import one_line, squash

NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "--", "<na>"})

GENDERS = {
    "female": "female woman women womens ladies lady f w girl girls feminine damen femme mujer",
    "male": "male man men mens gents gentlemen m boy boys masculine herren homme hombre",
    "unisex": "unisex u all both neutral genderneutral divers any",
}
AGES = {
    "adult": "adult adults grownup women men woman man ladies",
    "kids": "kids kid child children childrens girl girls boy boys infant infants toddler "
    "toddlers newborn baby babies teen teens junior juniors youth kinder",
}
AVAILABILITIES = {
    Availability.IN_STOCK: "instock available yes y true limitedavailability onlineonly "
    "instoreonly lowstock lastpieces onstock active",
    Availability.OUT_OF_STOCK: "outofstock soldout unavailable notavailable no n false oos "
    "discontinued notinstock outstock inactive",
    Availability.PREORDER: "preorder presale comingsoon availableforpreorder",
    Availability.BACKORDER: "backorder backordered onbackorder availableonbackorder",
}

_GENDER_OF = {word: name for name, words in GENDERS.items() for word in words.split()}
_AGE_OF = {word: name for name, words in AGES.items() for word in words.split()}
_STOCK_OF = {word: name for name, words in AVAILABILITIES.items() for word in words.split()}


def clean(value: object) -> str | None:
    """One line of text; None for an empty value (None, "", "N/A")."""
    text = "" if value is None else one_line(value)
    return None if text.casefold() in NOTHING else text


def gender(text: str | None) -> str | None:
    """Parses a gender: ``female``, ``male`` or ``unisex``; None for an unknown word."""
    return _GENDER_OF.get(squash(text)) if text else None


def age_group(text: str | None) -> str | None:
    """Parses an age group: ``adult`` or ``kids``; None for an unknown word."""
    return _AGE_OF.get(squash(text)) if text else None


def category(value: object) -> tuple[str, ...]:
    """Parses a category such as "Tops > T-shirts", or a list, into its names, widest first."""
    listed = value if isinstance(value, list | tuple) else re.split(r"[>»›]", str(value or ""))
    parts = (clean(str(part).replace(">", " ")) for part in listed if part is not None)
    return tuple(part for part in parts if part)


def availability(text: str) -> Availability:
    """Parses an availability: a word, a number of pieces or a schema.org address.

    Raises:
        RecordError: it is none of these.
    """
    word = squash(text.rsplit("/", 1)[-1]) if "://" in text else squash(text)
    if word in _STOCK_OF:
        return _STOCK_OF[word]
    try:
        return stock(text)
    except RecordError:
        raise RecordError(
            f"availability {text!r} is not understood; use in stock, out of stock, preorder, "
            "backorder, or a number of pieces"
        ) from None


def stock(text: str) -> Availability:
    """Parses a number of pieces: more than 0 is in stock.

    Raises:
        RecordError: it is not a number.
    """
    try:
        pieces = Decimal(text.replace(" ", ""))
        return Availability.IN_STOCK if pieces > 0 else Availability.OUT_OF_STOCK
    except InvalidOperation:
        raise RecordError(f"stock {text!r} is not a number of pieces") from None
