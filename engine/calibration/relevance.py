"""When a customer would agree that two products are alike: what a match is the probability of.

Two products are alike when they are of one type and of one basic colour. A customer who looks at
a navy T-shirt takes a blue T-shirt for the same kind of thing, and a navy skirt or a red T-shirt
for another one. Shops name colours finely and not always alike ("navy blue", "blue"), so colours
are compared by the eleven basic terms on which people agree (Berlin and Kay 1969); a shop's own
colour words that are not in the table stand for themselves.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from catalog.frozen_dict import FrozenDict
from catalog.records import Product, ProductRecord
from engine.labels.audience import FITS_ALL, fits
from engine.labels.labels import UNKNOWN, LabelTable, encode_words, joint_codes

ALIKE = "same type and basic colour"
BASIC: Mapping[str, tuple[str, ...]] = FrozenDict(
    {
        "white": ("off white",),
        "grey": ("grey melange", "charcoal", "silver", "steel"),
        "blue": ("navy blue", "light blue", "turquoise blue"),
        "green": ("sea green", "fluorescent green", "olive", "khaki", "teal"),
        "brown": ("coffee brown", "tan", "taupe", "bronze", "copper", "beige", "cream", "skin"),
        "red": ("maroon", "burgundy"),
        "orange": ("rust",),
        "yellow": ("mustard", "gold"),
        "pink": ("peach", "magenta"),
        "purple": ("lavender",),
    }
)
_BASIC_OF = {word: basic for basic, words in BASIC.items() for word in words}


def alike_codes(labels: LabelTable) -> np.ndarray:
    """Codes ``(N,)`` int64 that are equal for products that are alike, -1 where nobody knows."""
    words = [labels.text("colour", row) for row in range(len(labels))]
    basic, _ = encode_words([None if word is None else _BASIC_OF.get(word, word) for word in words])
    return joint_codes([labels.columns["type"], basic])


def groups_of(records: Sequence[Product | ProductRecord]) -> np.ndarray:
    """Whom products are for, and which are variants, ``(N, 3)`` int64; -1 fits all.

    Columns are gender, age group and variant group.
    """
    columns = (
        [None if record.gender in FITS_ALL else record.gender for record in records],
        [None if record.age_group in FITS_ALL else record.age_group for record in records],
        [record.group_id for record in records],
    )
    return np.stack([encode_words(column)[0] for column in columns], axis=1)


def may_meet(seeds: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which products a panel's guards let through for which seeds, ``(S, N)`` bool.

    Args:
        seeds, others: rows of `groups_of`, ``(S, 3)`` and ``(N, 3)``.
    """
    alike = fits(seeds[:, None, :2], others[None, :, :2]).all(axis=2)
    variant = (seeds[:, None, 2] == others[None, :, 2]) & (seeds[:, None, 2] != UNKNOWN)
    return alike & ~variant
