"""The split of products into training and validation, by families of near-duplicates.

"Puma Men Black T-shirt" and the same in red are nearly one photo, so a split by row would leak. A
whole family goes to one side, which depends on the family's text and the split's name alone, so
that no product changes sides when the catalogue grows.
"""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from catalog.frozen_dict import FrozenDict
from catalog.records import Product, ProductRecord
from engine.arrays import Bool
from engine.errors import SettingsError
from engine.labels.vocabulary import tokens, word_set

Side = Literal["train", "validation"]


@dataclass(frozen=True)
class Split:
    """A named split. About a ``share`` of the families is kept for validation."""

    salt: str
    share: float


# Splits are used by name in reports and checkpoints: never change one, add another.
SPLITS: Mapping[str, Split] = FrozenDict({"v1": Split("split v1", 0.2)})

# Frozen with the splits; that is why it is not the label vocabulary, which may grow.
_LEFT_OUT = word_set(
    # colours
    "black white grey gray navy blue brown red green purple pink beige maroon yellow silver olive "
    "steel orange cream gold golden charcoal tan multi khaki magenta copper lavender peach teal "
    "mustard coffee rust turquoise burgundy bronze taupe fluorescent skin sea off offwhite melange "
    "indigo violet aqua lime mint ivory wine coral rose rosegold nude lilac mauve fuchsia camel "
    "multicolour multicolor assorted coloured colored toned light dark bright deep pale "
    # sizes
    "xxs xs s m l xl xxl xxxl small medium large size "
    # filler
    "a an the of and with in for pack set combo"
)
_SAME = FrozenDict(
    {"checked": "check", "checkered": "check", "striped": "stripe", "printed": "print"}
)


def family_of(record: ProductRecord | Product) -> str:
    """The family of a product, as a text.

    It is its sender, where photos come from people (their rooms and clothes repeat); else its
    variant group; else the words of its title (`title_words`); else the product itself.
    """
    if sender := record.attributes.get("sender_id"):
        return f"sender {sender}"
    if record.group_id:
        return f"group {record.group_id}"
    if words := title_words(record.title):
        return f"title {' '.join(words)}"
    return f"product {record.product_id}"


def title_words(title: str) -> list[str]:
    """A title's distinct words, sorted, without colour, size, numbered and filler words."""
    words = {_SAME.get(word, word) for word in tokens(title) if word not in _LEFT_OUT}
    return sorted(word for word in words if not _is_numbered(word))


def words_of_tokens(parts: Sequence[str]) -> list[str]:
    """`title_words` of the tokens of a title, quicker than of their text."""
    if "t" in parts:  # may be one word with the next token
        return title_words(" ".join(parts))
    return sorted({word for part in parts for word in _words_of(part)})


@functools.lru_cache(maxsize=20_000)
def _words_of(part: str) -> tuple[str, ...]:
    return tuple(title_words(part))


@functools.lru_cache(maxsize=20_000)
def _is_numbered(word: str) -> bool:
    return any(sign.isdigit() for sign in word)


def split_of(family: str, name: str = "v1") -> Side:
    """The side of a family.

    Raises:
        SettingsError: no split has this name.
    """
    split = SPLITS.get(name)
    if split is None:
        raise SettingsError(f"There is no split {name!r}; choose one of {', '.join(SPLITS)}.")
    digest = hashlib.sha256(f"{split.salt}:{family}".encode()).digest()
    return "validation" if int.from_bytes(digest[:8], "big") < split.share * 2**64 else "train"


def held_out(records: Sequence[ProductRecord | Product], name: str = "v1") -> Bool:
    """Mask ``(N,)`` of the products that are kept for validation."""
    sides: dict[str, Side] = {}
    for family in {family_of(record) for record in records}:
        sides[family] = split_of(family, name)
    return np.asarray([sides[family_of(record)] == "validation" for record in records], dtype=bool)
