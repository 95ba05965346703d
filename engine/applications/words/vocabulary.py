"""The words of a shop that name types, colours, patterns, people and attributes."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from catalog.filters.filter import ATTRIBUTE
from catalog.products.catalogue import Catalogue
from catalog.products.fact_rows import FactRow
from catalog.search.documents import words_of
from catalog.search.query import FILLERS
from catalog.search.synonyms import MAX_PHRASE, Meanings, Phrase, key_of, meanings
from catalog.vocabulary import category_path

LASTS = 300.0  # seconds that a vocabulary is used before it is read again
MOST_VALUES = 60  # of an attribute; one with more values has numbers or names, not words
ORIGINAL = "original_"  # attributes that keep a shop's own word for a field
SHORTEST_BEGINNING = 4  # letters of a word that may be the beginning of another
SHORTEST = 3  # letters of an attribute's value that is a wish by itself
SPLIT = "/"  # between the colours of one product
# Whom a product is for: word -> gender and age group. Unisex products suit everybody.
PEOPLE: Mapping[str, tuple[str | None, str | None]] = {
    **dict.fromkeys(["women", "woman", "ladies", "lady", "female"], ("female", "adult")),
    **dict.fromkeys(["men", "man", "gents", "gentlemen", "male"], ("male", "adult")),
    **dict.fromkeys(["girl"], ("female", "kids")),
    **dict.fromkeys(["boy"], ("male", "kids")),
    **dict.fromkeys(["kid", "child", "children", "junior", "toddler", "baby"], (None, "kids")),
    "unisex": ("unisex", None),
}
UNISEX = "unisex"


Fields = Mapping[str, tuple[str, ...]]  # field -> values


class Meant(NamedTuple):
    """A field of a filter, and its values that a phrase may mean."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ShopVocabulary:
    """Phrases of at most `MAX_PHRASE` words, without endings of the plural, and what they mean.

    Attributes:
        names: whole names of values: "formal shoe" -> the category "Shoes > Formal Shoes".
        heads: what names end with: "shoe" -> all categories of shoes.
        synonyms: phrase -> all phrases that mean the same.
    """

    names: Mapping[Phrase, Fields]
    heads: Mapping[Phrase, Fields]
    synonyms: Meanings

    @classmethod
    def of(cls, catalogue: Catalogue) -> Self:
        """The vocabulary of a catalogue.

        Categories and colours are those of all products; patterns and attributes those of the
        first block of them, so that the cost is bounded.
        """
        names, heads = _Values(), _Values()
        for path, _ in catalogue.categories():
            words = words_of(category_path.split(path)[-1])
            names.add(words, "category", path)
            heads.add_ends(words, "category", path)
        for colour, _ in catalogue.colours():
            names.add(words_of(colour), "colour", colour)
            heads.add_ends(words_of(colour), "colour", colour)
        sample = next(catalogue.fact_rows(), [])
        for field, value in _patterns_and_attributes(sample):
            words = words_of(value)
            names.add(words, field, value)
            if field.startswith(ATTRIBUTE):  # "long sleeve" is the value long of sleeve
                name = field.removeprefix(ATTRIBUTE)
                names.add([*words, *words_of(name)], field, value)
                names.add([*words, *words_of(f"{name}d")], field, value)
        for word, meant in _people(sample):
            names.add([word], meant.field, *meant.values)
        return cls(names.all(), heads.all(), meanings(_words_file(catalogue)))

    def find(self, phrase: Sequence[str]) -> tuple[Meant, ...]:
        """What a phrase means: one field, or whom a product is for; nothing if that is not clear.

        Its own meaning counts before that of its synonyms. "Blue" is navy blue, too.
        """
        key = key_of(phrase)
        for one in (key, *map(key_of, self.synonyms.get(key, ()))):
            if found := _clearest(self.names.get(one, {})) or _clearest(self.heads.get(one, {})):
                more = self.heads.get(one, {})
                return tuple(
                    Meant(field, tuple(dict.fromkeys((*values, *more.get(field, ())))))
                    for field, values in found.items()
                )
        return ()

    def completed(self, word: str) -> Phrase:
        """The shortest name of one word that begins with a word that may not be whole: "dres".

        The word itself where there is none.
        """
        if len(word) < SHORTEST_BEGINNING:
            return (word,)
        names = (key for key in self.names if len(key) == 1 and key[0].startswith(word))
        return min(names, key=lambda key: (len(key[0]), key), default=(word,))


class _Values:
    """Collects values by phrase and field."""

    def __init__(self) -> None:
        self._found: defaultdict[Phrase, dict[str, dict[str, None]]] = defaultdict(dict)

    def add(self, words: Sequence[str], field: str, *values: str) -> None:
        if 0 < len(words) <= MAX_PHRASE and not FILLERS.issuperset(words):
            of_field = self._found[key_of(words)].setdefault(field, {})
            of_field.update(dict.fromkeys(values))

    def add_ends(self, words: Sequence[str], field: str, value: str) -> None:
        """Add a value by what its name ends with, but for the whole name."""
        for start in range(1, len(words)):
            self.add(words[start:], field, value)

    def all(self) -> dict[Phrase, Fields]:
        return {
            phrase: {field: tuple(values) for field, values in fields.items()}
            for phrase, fields in self._found.items()
        }


def _clearest(fields: Fields) -> Fields:
    """The fields that count of those that a phrase is a value of."""
    for field in ("colour", "category", "pattern"):
        if field in fields:
            return {field: fields[field]}
    people = {field: fields[field] for field in ("gender", "age_group") if field in fields}
    return people or (fields if len(fields) == 1 else {})


def _patterns_and_attributes(sample: Sequence[FactRow]) -> Iterable[tuple[str, str]]:
    """Fields and values of some products, without those that are no words."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for row in sample:
        if row.pattern:
            values["pattern"].add(row.pattern)
        for name, value in json.loads(row.attributes or "{}").items():
            if isinstance(value, str) and not name.startswith(ORIGINAL):
                values[ATTRIBUTE + name].add(value)
    for field, found in sorted(values.items()):
        if len(found) <= MOST_VALUES:
            for value in sorted(found):
                if len(value) >= SHORTEST and not any(sign.isdigit() for sign in value):
                    yield field, value


def _people(sample: Sequence[FactRow]) -> Iterable[tuple[str, Meant]]:
    """Words for people, where the shop tells genders or age groups apart."""
    genders, ages = {row.gender for row in sample}, {row.age_group for row in sample}
    for word, (gender, age) in PEOPLE.items():
        if gender in genders and gender is not None:
            values = (gender,) if gender == UNISEX else (gender, UNISEX)
            yield word, Meant("gender", values)
        if age in ages and len(ages - {None}) > 1 and age is not None:
            yield word, Meant("age_group", (age,))


def _words_file(catalogue: Catalogue) -> Path | None:
    with catalogue.db.read() as connection:
        path: Path | None = connection.get_execution_options().get("words")
    return path


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """What changes with a file; None where there is none."""
    if path is None or not path.is_file():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


class LiveVocabulary:
    """The vocabulary of a catalogue; threads may share it.

    It is read again when the catalogue or the shop's file of words changed, after some minutes:
    that takes about 100 ms, and a new word can wait.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._known: ShopVocabulary | None = None
        self._until = 0.0
        self._version: tuple[object, ...] = ()

    def current(self) -> ShopVocabulary:
        """The vocabulary; one thread reads it anew while the others go on with the old one."""
        known = self._known
        if known is not None and time.monotonic() < self._until:
            return known
        if known is None or self._lock.acquire(blocking=False):
            return self._read(locked=known is not None)
        return known

    def _read(self, *, locked: bool) -> ShopVocabulary:
        if not locked:
            self._lock.acquire()
        try:
            if self._known is None or time.monotonic() >= self._until:
                version = (self._catalogue.watermark(), _stamp(_words_file(self._catalogue)))
                if self._known is None or version != self._version:
                    self._known = ShopVocabulary.of(self._catalogue)
                    self._version = version
                self._until = time.monotonic() + LASTS
            return self._known
        finally:
            self._lock.release()
