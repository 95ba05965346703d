"""What a map can be coloured by: attributes of products, as codes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.records import Product
from engine.arrays import UInt8

MOST_VALUES = 250  # of an attribute; those of fewer products are "other"
OTHER = 255  # the code of these, and of products without a value


@dataclass(frozen=True)
class Attribute:
    """An attribute of N products.

    Attributes:
        name: such as "type".
        values: the most frequent first.
        tones: the colour of each value as ``#rrggbb``, if it has one of its own.
        codes: ``(N,)`` uint8, places in ``values``, or `OTHER`.
    """

    name: str
    values: tuple[str, ...]
    tones: tuple[str, ...]
    codes: UInt8


def attributes_of(
    products: Sequence[Product], colours: UInt8, styles: Sequence[str | None] | None = None
) -> list[Attribute]:
    """The attributes of which products have two values or more.

    Args:
        products: N of them.
        colours: ``(N, 3)`` the mean colours of their photos.
        styles: the name of the style of each, if styles were found.
    """
    columns: dict[str, Sequence[str | None]] = {
        "type": [one.category[-1] if one.category else None for one in products],
        "colour": [one.colour for one in products],
        "pattern": [one.pattern for one in products],
        "gender": [one.gender for one in products],
        "age": [one.age_group for one in products],
        "brand": [one.brand for one in products],
        "style": styles or [],
    }
    found = []
    for name, column in columns.items():
        counts = Counter(sorted(one for one in column if one))
        values = tuple(value for value, _ in counts.most_common(MOST_VALUES))
        if len(values) > 1:
            place = {one: at for at, one in enumerate(values)}
            codes = np.array([place.get(one or "", OTHER) for one in column], dtype=np.uint8)
            tones = _tones(codes, colours, len(values)) if name == "colour" else ()
            found.append(Attribute(name, values, tones, codes))
    return found


def _tones(codes: UInt8, colours: UInt8, values: int) -> tuple[str, ...]:
    """The median colour of the photos of each value."""
    tones = []
    for code in range(values):
        red, green, blue = np.median(colours[codes == code], axis=0).astype(int).tolist()
        tones.append(f"#{red:02x}{green:02x}{blue:02x}")
    return tuple(tones)
