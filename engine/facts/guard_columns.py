"""The facts that guards check, as columns: words as codes."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from engine.arrays import Bool, Int32, Int64
from engine.facts.design_names import DesignNames
from engine.labels.audience import FITS_ALL, NO_CODE
from engine.labels.kinds import kind_of


@dataclass(frozen=True, slots=True)
class GuardColumns:
    """Facts of N products, comparable if their codes come from one `Coder`.

    ``known``, ``retired`` and ``sold_out`` are ``(N,)`` bool; the others are ``(N,)`` int32
    codes, `NO_CODE` for none.
    """

    known: Bool
    retired: Bool
    sold_out: Bool
    gender: Int32
    age_group: Int32
    group: Int32
    kind: Int32

    def split(self, first: int) -> tuple["GuardColumns", "GuardColumns"]:
        """The facts of the first products, and those of the others."""
        return self.take(slice(first)), self.take(slice(first, None))

    def take(self, rows: Int64 | slice) -> "GuardColumns":
        """The facts of some rows."""
        return GuardColumns(*(getattr(self, name)[rows] for name in COLUMNS))


COLUMNS = tuple(one.name for one in fields(GuardColumns))


class Codes:
    """Numbers for words: equal words get equal numbers from 0 on, some get `NO_CODE`.

    Args:
        without: the words that get `NO_CODE`.
        known: words that have their numbers already, in their order.
    """

    def __init__(self, without: frozenset[str | None], known: Iterable[str] = ()) -> None:
        self._without = without
        self._of: dict[str | None, int] = {word: at for at, word in enumerate(known)}

    def __call__(self, words: Iterable[str | None]) -> Int32:
        """``(N,)`` int32 numbers of words; new words get new numbers."""
        codes, without = self._of, self._without
        found = (
            NO_CODE if word in without else codes.setdefault(word, len(codes)) for word in words
        )
        return np.fromiter(found, dtype=np.int32)

    @property
    def words(self) -> list[str]:
        """The words that have numbers, in their order."""
        return [word for word in self._of if word is not None]


class Coder:
    """Gives words of genders, age groups and kinds their codes, and designs their names.

    Args:
        words: field -> words that have codes already, as `words` returned them.
        names: names designs; None: with the words of our own vocabulary.
    """

    def __init__(
        self, words: dict[str, list[str]] | None = None, names: DesignNames | None = None
    ) -> None:
        self.names = names or DesignNames()
        known = words or {}
        self.gender = Codes(FITS_ALL, known.get("gender", ()))
        self.age_group = Codes(FITS_ALL, known.get("age_group", ()))
        self._kind = Codes(frozenset({None}), known.get("kind", ()))

    def kind(self, categories: Iterable[str | None]) -> Int32:
        """``(N,)`` int32 codes of the kinds of category paths."""
        return self._kind(map(kind_of, categories))

    def words(self) -> dict[str, list[str]]:
        """Field -> the words that have codes, in the order of their codes."""
        return {
            "gender": self.gender.words,
            "age_group": self.age_group.words,
            "kind": self._kind.words,
        }
