"""One table of colour and category words: which words mean the same; a shop can extend it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.errors import SettingsError
from catalog.records import ProductRecord
from catalog.vocabulary import category_path
from catalog.vocabulary.values import one_line, search_form, squash

Table = Mapping[str, tuple[str, ...]]
# Our word -> the other words for it. Case, accents, blanks and hyphens make no difference.
COLOURS: Table = {
    "black": ("schwarz", "noir"),
    "white": ("weiss", "weiß", "blanc"),
    "off white": ("ecru", "ivory"),
    "grey": ("gray", "grau", "gris"),
    "navy": ("navy blue", "dark navy"),
    "blue": ("blau", "bleu"),
    "green": ("grün", "vert"),
    "red": ("rot", "rouge"),
    "yellow": ("gelb", "jaune"),
    "pink": ("rosa",),
    "purple": ("violet", "lila"),
    "brown": ("braun", "marron"),
    "multi": ("multicolour", "multicolor", "multicoloured", "multicolored", "mehrfarbig"),
}
CATEGORIES: Table = {
    "T-shirts": ("t-shirt", "tee", "tees", "tee shirts"),
    "Sweatshirts": ("sweatshirt",),
    "Trousers": ("trouser",),
    "Dresses": ("dress",),
    "Skirts": ("skirt",),
}
SECTIONS = {"colours": COLOURS, "categories": CATEGORIES}


@dataclass(frozen=True, slots=True)
class Words:
    """Puts our words in place of others, and keeps those as attributes ``original_...``."""

    colours: Mapping[str, str]
    categories: Mapping[str, str]

    @classmethod
    def load(cls, path: Path | None) -> "Words":
        """The table, and what a shop's TOML file adds, which comes first.

        Raises:
            SettingsError: the file cannot be read, or is not sections of lists of words.
        """
        added = _read(path) if path is not None else {}
        return cls(
            *(_forms(table) | _forms(added.get(name, {})) for name, table in SECTIONS.items())
        )

    def said(self) -> str:
        """The whole table in one text, to tell whether two are the same."""
        return repr([sorted(table.items()) for table in (self.colours, self.categories)])

    def applied(self, record: ProductRecord) -> ProductRecord:
        """The record in our words."""
        said = record.colour
        colour = self.colours.get(_form(said), said) if said else said
        path = tuple(self.categories.get(_form(part), part) for part in record.category)
        if colour == said and path == record.category:
            return record
        kept = dict(record.attributes)
        if said and colour != said:
            kept.setdefault("original_colour", said)
        if path != record.category:
            kept.setdefault("original_category", category_path.join(record.category))
        return replace(record, colour=colour, category=path, attributes=kept)


def _form(word: str) -> str:
    return squash(search_form(word))


def _forms(table: Table) -> dict[str, str]:
    others = {_form(word): ours for ours, words in table.items() for word in words}
    return others | {_form(ours): ours for ours in table}


def _read(path: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    try:
        with path.expanduser().open("rb") as stream:
            found = tomllib.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"LOOKALIKE_WORDS={path} cannot be read: {error}.") from error
    added: dict[str, dict[str, tuple[str, ...]]] = {}
    for section, table in found.items():
        if section not in SECTIONS or not isinstance(table, dict):
            raise SettingsError(
                f"{path} has {section!r}, and only the sections [{'] and ['.join(SECTIONS)}] count."
            )
        added[section] = {}
        for ours, words in table.items():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise SettingsError(
                    f'{path}: {section}.{ours} must be a list of words, such as navy = ["marine"].'
                )
            added[section][one_line(ours)] = tuple(words)
    return added
