"""The definition of alike products, whose probability a match is: one type, one basic colour.

A customer who views a navy T-shirt considers a blue T-shirt as the same kind of thing, but not a
navy skirt or a red T-shirt. Shops name colours finely and not uniformly ("navy blue", "blue"), so
colours are compared by the eleven basic colour terms (Berlin and Kay 1969). A shop's own colour
words that are not in the table are colours of their own.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from catalog.frozen_dict import FrozenDict
from catalog.records import Product, ProductRecord
from engine.arrays import Bool, Int64
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


def alike_codes(labels: LabelTable) -> Int64:
    """Codes ``(N,)``, equal for products that are alike, -1 where type or colour is unknown."""
    words = [labels.text("colour", row) for row in range(len(labels))]
    basic, _ = encode_words([None if word is None else _BASIC_OF.get(word, word) for word in words])
    return joint_codes([labels.columns["type"], basic])


def groups_of(records: Sequence[Product | ProductRecord]) -> Int64:
    """Codes ``(N, 3)`` of gender, age group and variant group; -1 fits all, or is no group."""
    columns = (
        [None if record.gender in FITS_ALL else record.gender for record in records],
        [None if record.age_group in FITS_ALL else record.age_group for record in records],
        [record.group_id for record in records],
    )
    return np.stack([encode_words(column)[0] for column in columns], axis=1)


def may_meet(seeds: Int64, others: Int64) -> Bool:
    """Mask ``(S, N)`` of the products that a panel's guards allow for each seed.

    Args:
        seeds, others: rows of `groups_of`, ``(S, 3)`` and ``(N, 3)``.
    """
    alike = fits(seeds[:, None, :2], others[None, :, :2]).all(axis=2)
    variant = (seeds[:, None, 2] == others[None, :, 2]) & (seeds[:, None, 2] != UNKNOWN)
    allowed: Bool = alike & ~variant
    return allowed
