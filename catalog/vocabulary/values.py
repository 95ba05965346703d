"""Parses values of feeds: prices, stock, gender, age group, categories."""

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
SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR", "₺": "TRY", "₩": "KRW"}
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


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


def price(value: object) -> tuple[Decimal | None, str | None]:
    """Parses a price: the amount and currency code of "€1.299,00", "12.50 EUR" or a number.

    Both are None for an empty value.

    Raises:
        RecordError: it is not a price, or below 0.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _checked(Decimal(str(value)), str(value)), None
    text = clean(value)
    if text is None:
        return None, None
    code = _currency_in(text)
    number = re.search(r"[-−]?\d[\d.,'’\s]*", text)
    rest = re.sub(r"[A-Za-z.]", "", text.replace(number.group(), "", 1)) if number else text
    if number is None or any(c.isdigit() for c in rest):
        raise RecordError(f"price {text!r} is not understood; write 1299.00 or 1299.00 EUR")
    return _checked(_amount(number.group(), code), text), code


def currency(text: str | None) -> str | None:
    """Parses a currency: its code of three capitals, or None."""
    return _currency_in(text) if text else None


def _currency_in(text: str) -> str | None:
    if match := re.search(r"(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z])", text):
        return match.group().upper()
    return next((code for sign, code in SYMBOLS.items() if sign in text), None)


def _amount(number: str, code: str | None) -> Decimal:
    digits = re.sub(r"[\s'’]", "", number).replace("−", "-").rstrip(".,")
    point, comma = digits.rfind("."), digits.rfind(",")
    if point >= 0 and comma >= 0:  # the last of both is the decimal sign
        decimal_sign = "." if point > comma else ","
    elif point >= 0 or comma >= 0:
        sign = "." if point >= 0 else ","
        whole, _, part = digits.rpartition(sign)
        # "1.299" is over a thousand, unlike "0.999" and amounts in three-decimal currencies.
        groups = sign in whole or (
            len(part) == 3 and whole.lstrip("-") not in ("", "0") and code not in THREE_DECIMALS
        )
        decimal_sign = "" if groups else sign
    else:
        decimal_sign = ""
    other = {".": ",", ",": "."}.get(decimal_sign, ".,")
    plain = digits.translate({ord(c): None for c in other})
    return Decimal(plain.replace(decimal_sign, ".") if decimal_sign else plain)


def _checked(amount: Decimal, shown: str) -> Decimal:
    if not amount.is_finite() or amount < 0:
        raise RecordError(f"price {shown!r} must be 0 or more")
    if amount >= Decimal("1e14"):
        raise RecordError(f"price {shown!r} is too large")
    return amount
