"""Random short phrases that describe a product, as people type them: "red dress", "trainers"."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from catalog.frozen_dict import FrozenDict
from engine.labels.labels import LabelTable
from engine.labels.vocabulary import COLOURS, PATTERNS, PLURAL, TYPES, Words

# Words of people for types that shops call otherwise, beside the synonyms of the vocabulary.
PEOPLES_WORDS: Words = FrozenDict(
    {
        "casual shoe": ("trainers", "sneakers"),
        "sports shoe": ("running shoes", "trainers", "sneakers"),
        "flip flop": ("flip flops", "thongs"),
        "heel": ("heels", "high heels"),
        "flat": ("flats", "ballerinas"),
        "sweater": ("jumper", "knitwear", "pullover"),
        "handbag": ("bag", "purse"),
        "trousers": ("pants", "chinos"),
        "cap": ("hat",),
        "sunglasses": ("shades",),
        "tshirt": ("t-shirt", "tee", "t shirt"),
    }
)
GENDER_WORDS: Words = FrozenDict(
    {
        "male": ("men's", "mens", "male", "for men"),
        "female": ("women's", "womens", "ladies", "for women"),
        "unisex": ("unisex",),
    }
)
# Chance that a phrase names each attribute that is known.
CHANCES: Mapping[str, float] = FrozenDict(
    {"gender": 0.3, "colour": 0.75, "pattern": 0.6, "type": 0.85}
)
SHUFFLED, PLURALS = 0.2, 0.35  # shares of phrases in another order, and of plural types
NO_PATTERN = "solid"  # nobody types it


class Phrase(NamedTuple):
    """A phrase, and the label columns that it names."""

    text: str
    columns: tuple[str, ...]


def random_phrase(table: LabelTable, row: int, rng: np.random.Generator) -> Phrase | None:
    """A phrase of some of a product's labels, in random words; None where none is known."""
    known = {name: table.text(name, row) for name in CHANCES}
    words: dict[str, str] = {}
    for name, label in known.items():
        if label is None or label == NO_PATTERN:
            continue
        # A phrase that names nothing else names the type.
        if rng.random() < CHANCES[name] or (name == "type" and not words):
            words[name] = _word(name, label, rng)
    if not words:
        return None
    parts = list(words.values())
    if rng.random() < SHUFFLED:
        rng.shuffle(parts)
    parts.sort(key=lambda part: part.startswith("for "))  # "red dress for women"
    return Phrase(" ".join(parts), tuple(words))


def _word(column: str, label: str, rng: np.random.Generator) -> str:
    if column == "gender":
        return _any(GENDER_WORDS.get(label, (label,)), rng)
    if column == "type":
        word = _any((label, *_synonyms(TYPES, label), *PEOPLES_WORDS.get(label, ())), rng)
        takes_s = not word.endswith("s") and word not in PLURAL
        return f"{word}s" if takes_s and rng.random() < PLURALS else word
    table = COLOURS if column == "colour" else PATTERNS
    return _any((label, *_synonyms(table, label)), rng)


def _synonyms(table: Words, label: str) -> tuple[str, ...]:
    return tuple(word for word in table.get(label, ()) if not word.startswith("="))


def _any(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
