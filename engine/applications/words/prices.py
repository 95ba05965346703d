"""Price wishes of a text, such as "under 50" or "between 20 and 40", in the shop's currency."""

import re
from dataclasses import dataclass
from decimal import Decimal

from catalog.errors import FilterError
from catalog.filters.filter import Filter

_CURRENCY = r"(?:[€$£¥₹]|eur(?:os?)?|usd|gbp|chf|dollars?|pounds?|rupees|rs\.?)"
# 1,000,000 and, in India, 10,00,000 are a million; 12.11.24 is no amount.
_NUMBER = r"\d{1,9}(?:(?:[.,]\d{2,3})*[.,]\d{3})?(?:[.,]\d{1,2})?(?![.,]?\d)"
NAMED = {
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "a hundred": 100, "one hundred": 100,
    "two hundred": 200, "three hundred": 300, "five hundred": 500, "a thousand": 1_000,
    "thousand": 1_000, "zehn": 10, "zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50,
    "hundert": 100, "zweihundert": 200, "tausend": 1_000, "vingt": 20, "trente": 30,
    "quarante": 40, "cinquante": 50, "cent": 100, "deux cents": 200, "mille": 1_000,
}  # fmt: skip
_NAMES = "|".join(sorted(NAMED, key=len, reverse=True))
_AMOUNT = rf"(?:{_CURRENCY}\s*)?({_NUMBER}|{_NAMES})(?:\s*{_CURRENCY}(?!\w))?(?![\w%])"
_UNDER = r"under|below|less than|cheaper than|up to|at most|no more than|max(?:imum)?\.?|unter|bis"
_UNDER += r"|höchstens|maximal|moins de|jusqu['’]à"
_OVER = r"over|above|more than|at least|from|min(?:imum)?\.?|über|ab|mindestens|plus de|à partir de"
BETWEEN = re.compile(
    rf"(?<!\w)(?:between|from|zwischen|von|entre|de)\s+{_AMOUNT}\s*(?:-|–|and|to|und|bis|et|à)\s*"
    rf"{_AMOUNT}",
    re.IGNORECASE,
)
UNDER = re.compile(rf"(?<!\w)(?:{_UNDER})\s+{_AMOUNT}", re.IGNORECASE)
OVER = re.compile(rf"(?<!\w)(?:{_OVER})\s+{_AMOUNT}", re.IGNORECASE)
SEPARATOR = re.compile(r"[.,]")
DECIMALS = re.compile(r"[.,](\d{1,2})$")


@dataclass(frozen=True, slots=True)
class PriceWish:
    """Bounds of what a customer pays now; None: there is none."""

    low: Decimal | None = None
    high: Decimal | None = None

    def filter(self) -> Filter:
        """The products within the bounds."""
        return Filter(price_from=self.low, price_to=self.high)

    def __str__(self) -> str:
        if self.low is None:
            return f"under {self.high}"
        return f"over {self.low}" if self.high is None else f"{self.low} to {self.high}"


def read_price(text: str) -> tuple[PriceWish | None, str]:
    """The price that a text wishes for, if it does, and the text without it.

    Example:
        >>> from engine.applications.words.prices import read_price
        >>> wish, rest = read_price("red dress under €49.90")
        >>> str(wish), rest
        ('under 49.90', 'red dress')
    """
    low = high = None
    if both := BETWEEN.search(text):
        low, high = sorted((_amount(both[1]), _amount(both[2])))
        text = _without(text, both)
    else:
        if over := OVER.search(text):
            low, text = _amount(over[1]), _without(text, over)
        if under := UNDER.search(text):
            high, text = _amount(under[1]), _without(text, under)
    if low is None and high is None:
        return None, text
    wish = PriceWish(low, high)
    try:
        wish.filter()
    except FilterError:  # over 50 and under 20: no price is both, and neither bound is a wish
        return None, text
    return wish, text


def _amount(text: str) -> Decimal:
    """A number as people write it: 1,000 and 1.000 are a thousand, 9,5 and 9.50 have decimals."""
    if text.lower() in NAMED:
        return Decimal(NAMED[text.lower()])
    whole, *decimals = DECIMALS.split(text)[:2]
    return Decimal(".".join([SEPARATOR.sub("", whole), *decimals]))


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
