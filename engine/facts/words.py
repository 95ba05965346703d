"""Words of a column, each once, in arrays that can be mapped from a file."""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.arrays import Int64, UInt8


@dataclass(frozen=True)
class Words:
    """W words in the order of their bytes; the place of a word is its code.

    Attributes:
        text: uint8, all words one after the other, in UTF-8.
        starts: ``(W + 1,)`` int64, where each word starts in ``text``.
    """

    text: UInt8
    starts: Int64

    @classmethod
    def of(cls, words: Collection[str]) -> Self:
        """From distinct words in any order."""
        encoded = sorted(map(_encoded, words))
        starts = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in encoded], out=starts[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def word(self, code: int) -> str:
        """The word of a code."""
        return self._bytes(code).decode("utf-8", "surrogatepass")

    def find(self, word: str) -> int:
        """The code of a word; -1: it is not here."""
        encoded = _encoded(word)
        at = bisect_left(range(len(self)), encoded, key=self._bytes)
        return at if at < len(self) and self._bytes(at) == encoded else -1

    def _bytes(self, code: int) -> bytes:
        return self.text[self.starts[code] : self.starts[code + 1]].tobytes()


class WordCodes:
    """Codes of words: those of a column, and further ones for words that it does not have."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._more: dict[str, int] = {}
        self._listed: list[str] = []

    def code(self, word: str) -> int:
        """The code of a word; a new word gets a new one."""
        code = self._words.find(word)
        if code >= 0:
            return code
        if word not in self._more:
            self._listed.append(word)
            self._more[word] = len(self._words) + len(self._more)
        return self._more[word]

    def word(self, code: int) -> str:
        """The word of a code."""
        count = len(self._words)
        return self._words.word(code) if code < count else self._listed[code - count]


def _encoded(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")
