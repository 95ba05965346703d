"""Parses prices: amounts in any usual notation, with their currency."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from catalog.errors import RecordError
from catalog.text import shown
from catalog.vocabulary.currencies import CODES, NO_DECIMALS, THREE_DECIMALS, currency_beside
from catalog.vocabulary.values import clean

DecimalSign = Literal["", ".", ","]  # "" if it is not known

MAX_LENGTH = 100  # characters of a price with its currency
_NUMBER = re.compile(r"[.,]?\d[\d.,'’ ]*")
_PLAIN = re.compile(r"(\d{1,14}(?:\.\d{1,2})?)(?: ([A-Z]{3}))?$", re.ASCII)
_SEPARATOR = re.compile(r"[.,' ]")
_ARABIC = str.maketrans({"\u066b": ".", "\u066c": ",", "’": "'"})
# Amounts that show the decimal sign: "19.95", "1.299,00", "1.299.000".
_EVIDENCE = re.compile(r"(?<![\d.,])\d+(?:[.,' ]\d{3})*([.,])(?:\d{1,2}|\d{4,})(?![\d.,])")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}([.,])\d{3}\1\d{3}(?![\d.,])")
ENOUGH_EVIDENCE = 50  # amounts


def price(value: object, decimal_sign: DecimalSign = "") -> tuple[Decimal | None, str | None]:
    """Parses a price: the amount and currency code of "€1.299,00", "12.50 EUR" or a number.

    Both are None for an empty value.

    Args:
        value: as the feed has it.
        decimal_sign: that of the feed. It decides where an amount can be read in two ways:
            "24.995" is over a thousand, unless a point is the decimal sign.

    Raises:
        RecordError: it is not a price, or below 0, or names two currencies.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _checked(Decimal(str(value)), str(value)), None
    text = clean(value)
    if text is None:
        return None, None
    if plain := _PLAIN.match(text):
        number, word = plain.groups()
        code = word if word in CODES else None
        return _checked(Decimal(number), text), code
    before, number, after = _parts(text)
    try:
        code = currency_beside(before, after)[0]
    except ValueError as error:
        raise RecordError(f"price {shown(text)} is not understood: {error}") from None
    return _checked(_amount(number, code, decimal_sign, text), text), code


def currency(text: str | None) -> str | None:
    """Parses a currency, such as "EUR", "€" or "HK$"; None for an unknown one."""
    if not text:
        return None
    if text.strip().upper() in CODES:
        return text.strip().upper()
    try:
        return currency_beside(_normal(text), "")[0]
    except ValueError:
        return None


def contradicts(value: object, code: str) -> bool:
    """Whether a price that is parsed without error names another currency than ``code``."""
    if not isinstance(value, str) or (text := clean(value)) is None:
        return False
    before, _, after = _parts(text)
    found, certain = currency_beside(before, after)
    return certain and found != code


def decimal_sign_of(values: Iterable[object]) -> DecimalSign:
    """The decimal sign that a feed's prices show; "" if none does, or some show the other one."""
    counts = {".": 0, ",": 0}
    for value in values:
        if isinstance(value, float) or not isinstance(value, str):
            continue
        if found := _EVIDENCE.search(value):
            counts[found.group(1)] += 1
        elif found := _GROUPED.search(value):
            counts["," if found.group(1) == "." else "."] += 1
        if max(counts.values()) >= ENOUGH_EVIDENCE:
            break
    if counts["."] and not counts[","]:
        return "."
    return "," if counts[","] and not counts["."] else ""


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_ARABIC)


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the number, the number, and what stands after it."""
    plain = _normal(text)
    found = _NUMBER.search(plain) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise _not_understood(text)
    before, number, after = plain[: found.start()], found.group(), plain[found.end() :]
    if re.search(r"[-−–(]", before):
        raise RecordError(f"price {shown(text)} must be 0 or more")
    # A second number, a share, or an abbreviation such as "12k".
    if "%" in before or re.search(r"[\d%]|^\s?[kKmM]\b", after):
        raise _not_understood(text)
    return before, number, after


def _amount(number: str, code: str | None, decimal_sign: str, text: str) -> Decimal:
    number = number.rstrip(" '")
    if number[-1] in ".,":  # as in "1.299,-"
        decimal_sign = number[-1]
        number = number.rstrip(".,")
    *whole, last = _SEPARATOR.split(number)
    signs = _SEPARATOR.findall(number)
    if signs and _is_decimal(signs, whole, last, code, decimal_sign):
        signs.pop()
        decimals = last
    else:
        whole, decimals = [*whole, last], ""
    if len(set(signs)) > 1 or not _is_grouped(whole, signs):
        raise _not_understood(text)
    return Decimal(f"{''.join(whole) or '0'}.{decimals or '0'}" if decimals else "".join(whole))


def _is_decimal(
    signs: list[str], whole: list[str], last: str, code: str | None, decimal_sign: str
) -> bool:
    """Whether the last sign of an amount is its decimal sign."""
    sign = signs[-1]
    if sign not in ".," or not last:
        return False
    if len(signs) > 1:
        return sign not in signs[:-1]
    # "1.299" is over a thousand, unlike "0.999" and "1234.567".
    if len(last) != 3 or not whole[0].strip("0") or len(whole[0]) > 3:
        return True
    if code in NO_DECIMALS:
        return False
    return sign == decimal_sign if decimal_sign else code in THREE_DECIMALS


def _is_grouped(groups: list[str], signs: list[str]) -> bool:
    """Whether these are groups of three digits; with commas also of two, as in India."""
    first, *others = groups
    if not others:
        return True
    if len(others[-1]) != 3 or not first:
        return False
    middle = {len(group) for group in others[:-1]}
    return (middle <= {3} and len(first) <= 3) or (
        middle == {2} and len(first) <= 2 and signs[0] == ","
    )


def _not_understood(text: str) -> RecordError:
    return RecordError(f"price {shown(text)} is not understood; write 1299.00 or 1299.00 EUR")


def _checked(amount: Decimal, text: str) -> Decimal:
    if not amount.is_finite() or amount < 0:
        raise RecordError(f"price {shown(text)} must be 0 or more")
    if amount >= Decimal("1e14"):
        raise RecordError(f"price {shown(text)} is too large")
    return amount
