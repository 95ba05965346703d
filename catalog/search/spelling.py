"""Spelling mistakes: the nearest words of the catalogue."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Connection, select

from catalog.database.models import ProductRow
from catalog.database.statements import ACTIVE

MAX_PRODUCTS = 200_000  # whose words are read
MAX_WORDS = 100_000
FRESH = 300.0  # seconds for which the words are kept, however often the catalogue changes
SHORTEST, LONGEST = 4, 40  # letters of a word that may be misspelt
TWO_MISTAKES = 6  # letters of a word from which on it may have two mistakes
STREAMED = 10_000


class Vocabulary:
    """The words of a catalogue's products; safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._words: Mapping[str, int] = {}
        self._read_at = -FRESH
        self._watermark = ""

    def words(self, connection: Connection, watermark: str) -> Mapping[str, int]:
        """Word -> number of products that have it, of at most `MAX_PRODUCTS` products."""
        with self._lock:
            old = self._clock() - self._read_at >= FRESH
            if not self._words or (old and watermark != self._watermark):
                self._words = read_words(connection)
                self._read_at, self._watermark = self._clock(), watermark
            return self._words


def read_words(connection: Connection) -> Mapping[str, int]:
    """The most frequent words of titles, brands, categories and colours."""
    counts: Counter[str] = Counter()
    query = (
        select(ProductRow.search_text, ProductRow.search_more)
        .where(ACTIVE)
        .order_by(ProductRow.number.desc())
        .limit(MAX_PRODUCTS)
    )
    for texts in connection.execute(query.execution_options(yield_per=STREAMED)):
        counts.update(set(" ".join(texts).split()))
    return dict(counts.most_common(MAX_WORDS))


def nearest(word: str, known: Mapping[str, int], more: Iterable[str] = ()) -> str | None:
    """The known word that is most likely meant; None if none is near.

    Letters that changed places count as one mistake (optimal string alignment). Of words with as
    many mistakes, one with the same first letter comes first, then the more frequent one.

    Args:
        word: a word that nothing has.
        known: word -> number of products.
        more: further words to choose from, such as synonyms.
    """
    if not SHORTEST <= len(word) <= LONGEST or any(sign.isdigit() for sign in word):
        return None
    most = 2 if len(word) >= TWO_MISTAKES else 1
    choices = [*known, *(other for other in more if other not in known)]
    near = process.extract(word, choices, scorer=OSA.distance, score_cutoff=most, limit=None)
    if not near:
        return None
    return min(near, key=lambda one: _rank(word, one[0], one[1], known))[0]


def _rank(
    word: str, other: str, mistakes: float, known: Mapping[str, int]
) -> tuple[float, bool, int, str]:
    return mistakes, word[0] != other[0], -known.get(other, 0), other
