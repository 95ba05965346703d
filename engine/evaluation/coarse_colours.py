"""Colours in 16 coarse words, so that a shop's fine distinctions do not decide a score.

Shops name colours finely and not consistently ("navy blue" and "blue" for the same shade). The
words are the eleven basic terms of Berlin and Kay (1969), with navy, turquoise, olive, maroon and
beige, which customers of fashion tell apart.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from engine.arrays import Int64
from engine.labels.labels import UNKNOWN, LabelTable

COARSE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "black": (),
        "white": ("off white",),
        "grey": ("grey melange", "charcoal", "silver", "steel"),
        "navy": ("navy blue",),
        "blue": ("light blue",),
        "turquoise": ("turquoise blue", "teal"),
        "green": ("sea green", "fluorescent green"),
        "olive": ("khaki",),
        "yellow": ("mustard", "gold"),
        "orange": ("rust", "peach"),
        "red": (),
        "maroon": ("burgundy",),
        "pink": ("magenta",),
        "purple": ("lavender",),
        "brown": ("coffee brown", "tan", "bronze", "copper"),
        "beige": ("cream", "skin", "taupe"),
    }
)
_OF = {word: coarse for coarse, words in COARSE.items() for word in (coarse, *words)}


def coarse_codes(labels: LabelTable) -> Int64:
    """Codes ``(N,)`` of the coarse colours, in the order of `COARSE`; -1 for any other word."""
    order = list(COARSE)
    known = [order.index(_OF[word]) if word in _OF else UNKNOWN for word in labels.words["colour"]]
    codes: Int64 = np.asarray([*known, UNKNOWN], dtype=np.int64)[labels.columns["colour"]]
    return codes
