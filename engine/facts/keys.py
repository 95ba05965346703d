"""Keys: 16 bytes for a value of a field, by which rows are looked up.

A product has one key for each value that a filter may name: its brand, each level of its category,
each of its colours, each attribute; and one for the name of its design. Equal keys are equal
values, as BLAKE2b has no collisions that anybody knows of; so columns need not hold words, of which
there may be as many as products.
"""

import functools
import json
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from hashlib import blake2b
from typing import NamedTuple

from catalog.filters.filter import ATTRIBUTE, Filter
from catalog.filters.sql import PLACES
from catalog.vocabulary import category_path

GROUP = "group_id"
DESIGN = "design"  # a name of `engine.facts.design_names`, which no filter asks for
PLAIN = ("brand", "gender", "age_group", "pattern", "availability", GROUP)  # one key a value
SPLIT = ("category", "colour", "attributes")  # several
FIELDS = ("category", "colour", *PLAIN[:-1])  # of a filter, prices, sales and attributes aside


class Terms(NamedTuple):
    """A filter as keys and bounds.

    Attributes:
        keys: for each filtered field, the keys of which a product must have one.
        low, high: bounds of the effective price, in ten-thousandths; None: there is none.
        on_sale: whether the sale price is below the price; None: either.
    """

    keys: tuple[tuple[bytes, ...], ...]
    low: int | None
    high: int | None
    on_sale: bool | None


def key(field: str, value: str) -> bytes:
    """The key of a field's value."""
    text = f"{field}\0{value}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).digest()


def keys_of(field: str, value: str) -> list[bytes]:
    """The keys of a product's stored value, each once; ``attributes`` are the text of JSON."""
    if field == "category":
        return [key(field, path) for path in category_path.levels(value)]
    if field == "colour":
        return [key(field, one) for one in {value, *value.split("/")}]
    if field == "attributes":
        named = json.loads(value)
        return [key(ATTRIBUTE + name, one) for name, one in named.items() if isinstance(one, str)]
    return [key(field, value)]


@functools.lru_cache(maxsize=1024)
def terms_of(wanted: Filter) -> Terms:
    """A filter as keys and bounds; a bound between two storable prices is rounded inwards."""
    fields = [(name, getattr(wanted, name)) for name in FIELDS]
    fields += [(ATTRIBUTE + name, values) for name, values in wanted.attributes.items()]
    keys = (tuple(key(name, value) for value in values) for name, values in fields if values)
    low, high = wanted.price_from, wanted.price_to
    return Terms(
        tuple(keys),
        None if low is None else _stored(low, ROUND_CEILING),
        None if high is None else _stored(high, ROUND_FLOOR),
        wanted.on_sale,
    )


def _stored(price: Decimal, rounding: str) -> int:
    return int(price.quantize(PLACES, rounding) / PLACES)
