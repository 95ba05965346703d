"""Filters: values that the products of a result must have now.

Any value of a field matches, all fields must match, and a product without a value in a filtered
field does not match.
"""

import functools
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from catalog.errors import FilterError
from catalog.frozen_dict import FrozenDict
from catalog.records import Availability, Product
from catalog.text import one_line
from catalog.vocabulary import category_path, values

MAX_VALUES = 100  # of one field
MAX_TEXT = 500
MAX_PRICE = Decimal("1e14")
ATTRIBUTE = "attributes."

TEXTS = ("category", "brand", "gender", "age_group", "colour", "pattern", "availability")
PRICES = ("price_from", "price_to")
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
CHOICES = {  # fields with a fixed set of values
    "gender": tuple(values.GENDERS),
    "age_group": tuple(values.AGES),
    "availability": tuple(word.value for word in Availability),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A validated filter. An empty tuple or None does not filter.

    Attributes:
        category: paths such as "Tops > T-shirts"; categories below them match, too.
        brand: exact values; likewise ``pattern``.
        colour: exact values; "red" finds "red/blue", too.
        gender: female, male, unisex or a known synonym of one.
        age_group: adult, kids or a known synonym of one.
        price_from: minimum of the effective price: the sale price, if any, or the price.
        price_to: maximum of the effective price.
        availability: in_stock, out_of_stock, preorder, backorder.
        on_sale: whether the sale price is below the price.
        attributes: name of a custom attribute -> values.

    Raises:
        FilterError: a value is invalid.
    """

    category: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    gender: tuple[str, ...] = ()
    age_group: tuple[str, ...] = ()
    colour: tuple[str, ...] = ()
    pattern: tuple[str, ...] = ()
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    availability: tuple[str, ...] = ()
    on_sale: bool | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in TEXTS:
            self._set(name, _texts(name, getattr(self, name)))
        for name in PRICES:
            self._set(name, _price(name, getattr(self, name)))
        self._set("on_sale", _yes(self.on_sale))
        self._set("attributes", _attributes(self.attributes))
        low, high = self.price_from, self.price_to
        if low is not None and high is not None and low > high:
            raise FilterError(
                "bad-range",
                f"price_from {low} is above price_to {high}, so nothing could match. Exchange "
                "them, or leave one out.",
            )
        values = (getattr(self, name) for name in FIELDS[:-1])
        self._set("_hash", hash((*values, tuple(self.attributes.items()))))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Callable[[Mapping[str, object]], "Filter"], tuple[object]]:
        # Made anew where it is loaded: the hash of a text differs from process to process.
        return type(self).of, (self.as_json(),)

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """A filter from the values of JSON, a command line or a query string.

        Args:
            values: field -> text, number, true or false, or a list of them; None, "" and [] do
                not filter. A custom attribute is a field ``attributes.NAME``, or an item of a
                mapping under ``attributes``.

        Raises:
            FilterError: an unknown field, or an invalid value.
        """
        if not isinstance(values, Mapping):
            raise FilterError(
                "bad-type", f"A filter is a mapping of fields to values, not {_shown(values)}."
            )
        given: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, value in values.items():
            if name == "attributes" and (value is None or isinstance(value, Mapping)):
                attributes |= value or {}
            elif isinstance(name, str) and name.startswith(ATTRIBUTE):
                attributes[name.removeprefix(ATTRIBUTE)] = value
            elif name in FIELDS:
                given[name] = value
            else:
                raise FilterError(
                    "unknown-field",
                    f"There is no field {_shown(name)} to filter by. The fields are "
                    f"{', '.join(FIELDS[:-1])} and {ATTRIBUTE}NAME.",
                )
        return cls(**{"attributes": attributes, **given})

    def as_json(self) -> dict[str, object]:
        """The filtered fields, with prices as text: ``Filter.of(f.as_json()) == f``."""
        fields: dict[str, object] = {}
        for name in FIELDS[:-1]:
            value = getattr(self, name)
            if isinstance(value, tuple):
                value = list(value) or None
            if value is not None:
                fields[name] = str(value) if isinstance(value, Decimal) else value
        for name, texts in self.attributes.items():
            fields[ATTRIBUTE + name] = list(texts)
        return fields

    def parts(self) -> tuple["Filter", ...]:
        """One filter per filtered field; a product matches this one if it matches all of them."""
        return _parts(self)

    def matches(self, product: Product) -> bool:
        """Whether a product matches; `catalog.filters.sql` has the same conditions in SQL."""
        path = category_path.join(product.category)
        if self.category and not any(category_path.contains(one, path) for one in self.category):
            return False
        for name in TEXTS[1:]:
            texts = getattr(self, name)
            value = getattr(product, name)
            if (
                texts
                and value not in texts
                and not (name == "colour" and value and not set(texts).isdisjoint(value.split("/")))
            ):
                return False
        price = product.effective_price
        if self.price_from is not None and (price is None or price < self.price_from):
            return False
        if self.price_to is not None and (price is None or price > self.price_to):
            return False
        if self.on_sale is not None and self.on_sale != product.on_sale:
            return False
        return all(product.attributes.get(n) in values for n, values in self.attributes.items())

    def without(self, names: Container[str]) -> "Filter":
        """The filter without some fields; names as in `as_json`."""
        return type(self).of({n: value for n, value in self.as_json().items() if n not in names})

    def __bool__(self) -> bool:
        """Whether it filters at all."""
        return bool(self.as_json())


FIELDS = tuple(one.name for one in fields(Filter) if one.init)


@functools.lru_cache(maxsize=1024)
def _parts(whole: Filter) -> tuple[Filter, ...]:
    return tuple(Filter.of({name: value}) for name, value in whole.as_json().items())


def _texts(name: str, value: object) -> tuple[str, ...]:
    """The normalised values of a field in the given order, without duplicates."""
    found: list[str] = []
    for one in _listed(name, value):
        if isinstance(one, bool) or not isinstance(one, str | int | float | Decimal):
            raise FilterError("bad-type", f"{name} {_shown(one)} is not text, nor a list of texts.")
        text = one_line(one)
        if len(text) > MAX_TEXT:
            raise FilterError("bad-range", f"{name} {_shown(one)} is over {MAX_TEXT} characters.")
        if text:
            found.append(_form(name, text))
    if len(found) > MAX_VALUES:
        raise FilterError(
            "bad-range", f"{name} has {len(found)} values; a field takes {MAX_VALUES} at most."
        )
    return tuple(dict.fromkeys(found))


def _listed(name: str, value: object) -> Iterable[object]:
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, Mapping | bytes):
        raise FilterError("bad-type", f"{name} {_shown(value)} is not text, nor a list of texts.")
    return (value,)


def _form(name: str, text: str) -> str:
    if name == "category":
        path = category_path.join(category_path.names_of(text))
        if not path:
            raise FilterError(
                "bad-type", f"category {text!r} has no name. Write a path such as Tops > T-shirts."
            )
        return path
    if name not in CHOICES:
        return text
    known: str | None = text if text in CHOICES[name] else None
    if known is None and name == "gender":
        known = values.gender(text)
    elif known is None and name == "age_group":
        known = values.age_group(text)
    if known is None:
        raise FilterError(
            "bad-type", f"{name} {_shown(text)} is unknown. Use {', '.join(CHOICES[name])}."
        )
    return known


def _price(name: str, value: object) -> Decimal | None:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise InvalidOperation
        text = str(value).strip()
        if not text.isascii() or "_" in text:  # Python takes them as digits
            raise InvalidOperation
        amount = Decimal(text)
    except InvalidOperation:
        raise FilterError(
            "bad-type", f"{name} {_shown(value)} is not a number. Write it as 19.99."
        ) from None
    if not amount.is_finite() or not 0 <= amount < MAX_PRICE:
        raise FilterError(
            "bad-range", f"{name} {_shown(value)} must be 0 or more and below {MAX_PRICE:.0e}."
        )
    return abs(amount)  # not -0


def _yes(value: object) -> bool | None:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word not in BOOLEANS:
        raise FilterError("bad-type", f"on_sale {_shown(value)} is not true or false.")
    return BOOLEANS[word]


def _attributes(value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise FilterError(
            "bad-type",
            f"attributes {_shown(value)} is not a mapping. Write {ATTRIBUTE}NAME, or a mapping of "
            "names to values.",
        )
    checked: dict[str, tuple[str, ...]] = {}
    for name, texts in value.items():
        known = one_line(name) if isinstance(name, str) else ""
        if not known:
            raise FilterError("bad-type", f"An attribute needs a name, not {_shown(name)}.")
        found = _texts(ATTRIBUTE + known[:MAX_TEXT], texts)
        if found:
            checked[known] = found
    if len(checked) > MAX_VALUES:
        raise FilterError(
            "bad-range",
            f"{len(checked)} attributes are filtered by; {MAX_VALUES} at most are allowed.",
        )
    return FrozenDict(dict(sorted(checked.items())))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
