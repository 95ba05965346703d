"""Synonyms of colours, categories and availability: built-in tables, which a shop can extend."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog.errors import SettingsError
from catalog.records import Availability, ProductRecord
from catalog.text import one_line, word_key
from catalog.vocabulary import category_path
from catalog.vocabulary.colours import COLOURS, parts_of

Table = Mapping[str, tuple[str, ...]]
CATEGORIES: Table = {
    "T-shirts": ("t-shirt", "tee", "tees", "tee shirts"),
    "Sweatshirts": ("sweatshirt",),
    "Trousers": ("trouser",),
    "Dresses": ("dress",),
    "Skirts": ("skirt",),
}
NO_WORDS: Table = {}  # those of availability are in `catalog.vocabulary.values`
SECTIONS = {
    "colours": COLOURS,
    "categories": CATEGORIES,
    "availability": NO_WORDS,
    "search": NO_WORDS,  # used by `catalog.search.synonyms` alone
}


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Maps colours, categories and words of availability to their canonical words.

    The keys of the mappings are synonyms as `catalog.text.word_key`, the values canonical words.
    """

    colours: Mapping[str, str]
    categories: Mapping[str, str]
    availability: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> "Synonyms":
        """The built-in table, extended by a shop's TOML file, whose words take precedence.

        Raises:
            SettingsError: the file cannot be read, or is not sections of lists of words.
        """
        added = _read(path) if path is not None else {}
        kinds = ("colours", "categories", "availability")
        return cls(*(_forms(SECTIONS[kind]) | _forms(added.get(kind, {})) for kind in kinds))

    def as_text(self) -> str:
        """The whole table as one text: equal tables have equal texts."""
        return repr(
            [sorted(table.items()) for table in (self.colours, self.categories, self.availability)]
        )

    def apply(self, record: ProductRecord) -> ProductRecord:
        """The record in canonical words; replaced ones are kept in attributes ``original_...``."""
        if record.notes and self.availability:
            record = self._with_availability(record)
        given = record.colour
        colour = self._colour(given) if given else given
        path = tuple(self.categories.get(word_key(part), part) for part in record.category)
        if colour == given and path == record.category:
            return record
        kept = dict(record.attributes)
        if given and colour != given:
            kept.setdefault("original_colour", given)
        if path != record.category:
            kept.setdefault("original_category", category_path.join(record.category))
        return replace(record, colour=colour, category=path, attributes=kept)

    def _colour(self, given: str) -> str:
        """The canonical word; of several colours the words with slashes, such as "red/blue"."""
        if (known := self.colours.get(word_key(given))) is not None:
            return known
        words = [self.colours.get(word_key(part)) for part in parts_of(given)]
        return "/".join(dict.fromkeys(word for word in words if word)) if all(words) else given

    def _with_availability(self, record: ProductRecord) -> ProductRecord:
        """The record with an availability that only the shop's own words name."""
        for note in record.notes:
            word = self.availability.get(word_key(note.value))
            if note.code == "availability" and word is not None:
                notes = tuple(other for other in record.notes if other != note)
                return replace(record, availability=Availability(word), notes=notes)
        return record


def search_words(path: Path | None) -> Table:
    """What a shop's file lists for searches, colours or categories: word -> its synonyms.

    Raises:
        SettingsError: as for `Synonyms.load`.
    """
    added = _read(path) if path is not None else {}
    listed: dict[str, tuple[str, ...]] = {}
    for section in ("search", "colours", "categories"):
        for name, words in added.get(section, {}).items():
            listed[name] = (*listed.get(name, ()), *words)
    return listed


def _forms(table: Table) -> dict[str, str]:
    synonyms = {word_key(word): name for name, words in table.items() for word in words}
    return synonyms | {word_key(name): name for name in table}


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
                f"{path} has {section!r}; the only sections are [{'] and ['.join(SECTIONS)}]."
            )
        added[section] = {}
        for name, words in table.items():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise SettingsError(
                    f'{path}: {section}.{name} must be a list of words, such as navy = ["marine"].'
                )
            if section == "availability" and name not in list(Availability):
                raise SettingsError(
                    f"{path}: availability.{name} is none of {', '.join(Availability)}."
                )
            added[section][one_line(name)] = tuple(words)
    return added
