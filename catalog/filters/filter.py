"""What a request narrows its results to: values that a product must have now.

Within a field any of its values will do; between fields all must hold. A product that says nothing
of a field that is asked for does not match.
"""

import functools
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Self

from catalog.errors import FilterError
from catalog.records import Availability, Product
from catalog.text import one_line
from catalog.vocabulary import category_path, values

MAX_VALUES = 100  # of one field
MAX_TEXT = 500
MAX_PRICE = Decimal("1e14")
ATTRIBUTE = "attributes."

TEXTS = ("category", "brand", "gender", "age_group", "colour", "pattern", "availability")
PRICES = ("price_from", "price_to")
YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
WORDS = {  # of the fields that know a few words only
    "gender": tuple(values.GENDERS),
    "age_group": tuple(values.AGES),
    "availability": tuple(word.value for word in Availability),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Checked values; empty or None is not asked for.

    Attributes:
        category: paths such as "Tops > T-shirts", or the start of one: what lies below matches.
        brand: exactly one of these; so are ``colour`` and ``pattern``.
        gender: of female, male and unisex; usual words for them are understood.
        age_group: of adult and kids; usual words for them are understood.
        price_from: at least this, of what a customer pays now: the sale price, if there is one.
        price_to: at most this.
        availability: of in_stock, out_of_stock, preorder and backorder.
        on_sale: whether the sale price is below the price.
        attributes: name of a free attribute -> values.

    Raises:
        FilterError: a value makes no sense.
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
        if None not in (self.price_from, self.price_to) and self.price_from > self.price_to:  # type: ignore[operator]  # both are there
            raise FilterError(
                "bad-range",
                f"price_from {self.price_from} is above price_to {self.price_to}, so that nothing "
                "could match. Exchange them, or leave one out.",
            )
        values = (getattr(self, name) for name in FIELDS[:-1])
        self._set("_hash", hash((*values, tuple(self.attributes.items()))))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """From values of JSON, a command line or an address.

        A value is a text, a number, true or false, or a list of them; None, "" and [] do not ask.
        A free attribute is named ``attributes.NAME``, or is in a mapping under ``attributes``.

        Raises:
            FilterError: an unknown field, or a value that makes no sense.
        """
        if not isinstance(values, Mapping):
            raise FilterError(
                "bad-type", f"A filter is a mapping of fields to values, not {_shown(values)}."
            )
        given: dict[str, object] = {}
        free: dict[str, object] = {}
        for name, value in values.items():
            if name == "attributes" and (value is None or isinstance(value, Mapping)):
                free |= value or {}
            elif isinstance(name, str) and name.startswith(ATTRIBUTE):
                free[name.removeprefix(ATTRIBUTE)] = value
            elif name in FIELDS:
                given[name] = value
            else:
                raise FilterError(
                    "unknown-field",
                    f"There is no field {_shown(name)} to filter by. Fields are "
                    f"{', '.join(FIELDS[:-1])} and {ATTRIBUTE}NAME.",
                )
        return cls(**{"attributes": free, **given})  # type: ignore[arg-type]  # checked above

    def as_json(self) -> dict[str, object]:
        """What is asked for, prices as text: ``Filter.of(wanted.as_json()) == wanted``."""
        said: dict[str, object] = {}
        for name in FIELDS[:-1]:
            value = getattr(self, name)
            if isinstance(value, tuple):
                value = list(value) or None
            if value is not None:
                said[name] = str(value) if isinstance(value, Decimal) else value
        for name, wanted in self.attributes.items():
            said[ATTRIBUTE + name] = list(wanted)
        return said

    def parts(self) -> tuple["Filter", ...]:
        """One filter for each field that is asked for; what matches all of them matches this."""
        return _parts(self)

    def matches(self, product: Product) -> bool:
        """Whether one product is what is asked for; `catalog.filters.sql` says the same in SQL."""
        path = category_path.join(product.category)
        if self.category and not any(category_path.contains(one, path) for one in self.category):
            return False
        for name in TEXTS[1:]:
            wanted = getattr(self, name)
            if wanted and getattr(product, name) not in wanted:
                return False
        pays = product.effective_price
        if self.price_from is not None and (pays is None or pays < self.price_from):
            return False
        if self.price_to is not None and (pays is None or pays > self.price_to):
            return False
        if self.on_sale is not None and self.on_sale != product.on_sale:
            return False
        return all(product.attributes.get(n) in values for n, values in self.attributes.items())

    def without(self, names: Container[str]) -> "Filter":
        """The same without some fields, named as `as_json` names them."""
        return type(self).of({n: value for n, value in self.as_json().items() if n not in names})

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.as_json())


FIELDS = tuple(one.name for one in fields(Filter) if one.init)


@functools.lru_cache(maxsize=1024)
def _parts(whole: Filter) -> tuple[Filter, ...]:
    return tuple(Filter.of({name: value}) for name, value in whole.as_json().items())


def _texts(name: str, value: object) -> tuple[str, ...]:
    """Each text of a field once, in its one form, in the order given."""
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
        path = category_path.join(values.category(text))
        if not path:
            raise FilterError(
                "bad-type", f"category {text!r} names none. Write a path such as Tops > T-shirts."
            )
        return path
    if name not in WORDS:
        return text
    known: str | None = text if text in WORDS[name] else None
    if known is None and name == "gender":
        known = values.gender(text)
    elif known is None and name == "age_group":
        known = values.age_group(text)
    if known is None:
        raise FilterError(
            "bad-type", f"{name} {_shown(text)} is not known. It can be {', '.join(WORDS[name])}."
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
        amount = Decimal(str(value).strip())
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
    if word not in YES:
        raise FilterError("bad-type", f"on_sale {_shown(value)} is not true or false.")
    return YES[word]


def _attributes(value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise FilterError(
            "bad-type",
            f"attributes {_shown(value)} is not a mapping. Write {ATTRIBUTE}NAME, or a mapping of "
            "names to values.",
        )
    checked: dict[str, tuple[str, ...]] = {}
    for name, wanted in value.items():
        known = one_line(name) if isinstance(name, str) else ""
        if not known:
            raise FilterError("bad-type", f"An attribute needs a name, not {_shown(name)}.")
        texts = _texts(ATTRIBUTE + known[:MAX_TEXT], wanted)
        if texts:
            checked[known] = texts
    if len(checked) > MAX_VALUES:
        raise FilterError(
            "bad-range", f"{len(checked)} attributes are asked for; {MAX_VALUES} at most may be."
        )
    return MappingProxyType(dict(sorted(checked.items())))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
