"""Which types of a shop answer the type of a query that comes from another set.

Two sets name types differently and in another grain: people say "hoodie" where a shop files
sweatshirts. A type always answers itself. `TYPE_WORDS` knows the labels of clothing-dataset; a
TOML file adds others, or replaces one:

[types]
hoodie = ["sweatshirt", "fleece"]
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.errors import SettingsError
from engine.labels.vocabulary import TYPES, Finder, normal
from engine.toml_file import read_toml

TypeWords = Mapping[str, tuple[str, ...]]

# type of the query -> further types of the shop that are right answers
TYPE_WORDS: TypeWords = MappingProxyType(
    {
        "polo shirt": ("tshirt",),
        "longsleeve": ("tshirt", "sweatshirt", "sweater", "top"),
        "hoodie": ("sweatshirt",),
        "sweatshirt": ("hoodie",),
        "blouse": ("top", "shirt", "tunic"),
        "top": ("blouse",),
        "outerwear": ("jacket", "coat"),
        "pants": ("trousers", "jeans", "track pants", "leggings", "lounge pants"),
        "shorts": ("lounge shorts",),
        "shoe": (
            *("casual shoe", "sports shoe", "formal shoe", "boot"),
            *("flat", "heel", "sandal", "sport sandal"),
        ),
        "hat": ("cap",),
    }
)
_FINDER = Finder(TYPES)


def type_word(text: str) -> str:
    """A type in the form in which labels have it: "Tshirts" is "tshirt"."""
    return _FINDER.value(text) or normal(text)


def read_type_words(path: Path, base: TypeWords = TYPE_WORDS) -> TypeWords:
    """The words of ``base`` with the rows of a TOML file added or replaced.

    Raises:
        SettingsError: the file cannot be read or is not a table [types] of lists of words; the
            message says what is expected.
    """
    content = read_toml(path, "the type words")
    rows = content.get("types")
    if content.keys() != {"types"} or not isinstance(rows, dict):
        raise SettingsError(f"The type words {path} must hold one table [types] and nothing else.")
    words = dict(base)
    for name, others in rows.items():
        if not isinstance(others, list) or not all(isinstance(other, str) for other in others):
            raise SettingsError(
                f'{path}, [types]: {name} must be a list of types, as in hoodie = ["sweatshirt"].'
            )
        words[type_word(name)] = tuple(type_word(other) for other in others)
    return MappingProxyType(words)


def answers(word: str, words: TypeWords = TYPE_WORDS) -> frozenset[str]:
    """The types of the shop that are right answers to a query of this type."""
    return frozenset({word, *words.get(word, ())})
