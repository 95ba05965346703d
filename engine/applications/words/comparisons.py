"""Comparisons with a product, such as "but longer", "with shorter sleeves" or "cheaper"."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from catalog.filters.filter import ATTRIBUTE, Filter
from catalog.records import Product

CENT = Decimal("0.01")
# Values of attributes from short to long. A type of garment uses some of them.
SCALES = {
    "length": (
        "micro", "mini", "short", "cropped", "thigh", "mid-thigh", "hip", "regular", "knee", "mid",
        "midi", "calf", "long", "ankle", "full", "maxi", "floor",
    ),
    "sleeve": ("sleeveless", "none", "cap", "short", "elbow", "three-quarter", "3/4", "long"),
}  # fmt: skip


class Comparison(NamedTuple):
    """What a product is compared by: ``price`` or an attribute of `SCALES`; up is more of it."""

    what: str
    up: bool


PATTERNS: tuple[tuple[re.Pattern[str], Comparison], ...] = tuple(
    (re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), comparison)
    for words, comparison in (
        (r"(?:with )?longer sleeves?", Comparison("sleeve", up=True)),
        (r"(?:with )?shorter sleeves?", Comparison("sleeve", up=False)),
        (r"(?:a bit |much )?longer", Comparison("length", up=True)),
        (r"(?:a bit |much )?shorter", Comparison("length", up=False)),
        (r"(?:a bit |much )?cheaper|less expensive", Comparison("price", up=False)),
        (r"more expensive|dearer|pricier", Comparison("price", up=True)),
    )
)


# How people begin to say what should be different.
OPENING = re.compile(
    r"^(?:(?:some|any)thing )?(?:like (?=th))?(?:(?:this|that|it|these|those)(?!\w))?[,; ]*"
    r"(?:(?:but|as|in|with|only)(?!\w)[,; ]*)*",
    re.IGNORECASE,
)


def read_comparisons(text: str) -> tuple[tuple[Comparison, ...], str]:
    """The comparisons in a text, and the text without them and without "this, but in"."""
    found = []
    for pattern, comparison in PATTERNS:
        if pattern.search(text):
            found.append(comparison)
            text = pattern.sub(" ", text)
    return tuple(found), OPENING.sub("", " ".join(text.split()))


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparisons ask of other products.

    Attributes:
        filter: what they must match.
        unknown: attributes, or ``price``, that the product itself has no value for.
    """

    filter: Filter
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, comparisons: tuple[Comparison, ...], product: Product) -> "Compared":
        """What some comparisons with a product mean."""
        wanted: dict[str, object] = {}
        unknown: list[str] = []
        for comparison in comparisons:
            if comparison.what == "price":
                fields = _price(product, up=comparison.up)
            else:
                fields = _scale(comparison.what, product, up=comparison.up)
            wanted |= fields
            unknown += [] if fields else [comparison.what]
        return cls(Filter.of(wanted), tuple(unknown))


def _price(product: Product, *, up: bool) -> dict[str, object]:
    price = product.effective_price
    if price is None:
        return {}
    return {"price_from": str(price + CENT)} if up else {"price_to": str(max(price - CENT, CENT))}


def _scale(name: str, product: Product, *, up: bool) -> dict[str, object]:
    scale, own = SCALES[name], product.attributes.get(name, "").casefold()
    if own not in scale:
        return {}
    at = scale.index(own)
    values = scale[at + 1 :] if up else scale[:at]
    return {ATTRIBUTE + name: list(values)} if values else {}
