"""The words that tell a group from all others, by log-odds."""

import re
from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from engine.arrays import Int64
from engine.labels.vocabulary import word_set

PRIOR = 500.0  # words of the whole catalogue that each group is given beforehand
TELLING = 2.0  # standard deviations by which a word must stand out
WORD = re.compile(r"[^\W\d_][^\W_]+")
FILLERS = word_set(
    "a an and at by for from in is of on or the to with without men women man woman mens womens "
    "unisex girls boys kids size pack set new"
)


class WordCounts:
    """In how many titles of each group a word is.

    Args:
        groups: how many groups there are.
    """

    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._vocabulary: dict[str, int] = {}
        self._rows = array("i")
        self._columns = array("i")

    def add(self, group: int, title: str) -> None:
        """Count the words of a title, each once."""
        for word in dict.fromkeys(title_tokens(title)):
            self._rows.append(group)
            self._columns.append(self._vocabulary.setdefault(word, len(self._vocabulary)))

    def telling(self, most: int) -> list[tuple[str, ...]]:
        """The words that stand out in each group, the most telling first.

        The measure is the log-odds ratio of a group and all others with a Dirichlet prior, in
        standard deviations (Monroe, Colaresi and Quinn 2008): a frequent word counts more than one
        that one title has by chance.
        """
        words = list(self._vocabulary)
        places = (np.asarray(self._rows), np.asarray(self._columns))
        cells = (np.ones(len(self._rows)), places)
        counts = csr_matrix(cells, shape=(self._groups, max(1, len(words))))
        everywhere = np.asarray(counts.sum(axis=0)).reshape(-1)
        total = max(everywhere.sum(), 1.0)
        prior = PRIOR * everywhere / total
        found = []
        for group in range(self._groups):
            row = counts.getrow(group)
            here, ids = row.data, row.indices
            # One more, for words that no title has: so no word is everything.
            own, other = here.sum() + PRIOR + 1, total - here.sum() + PRIOR + 1
            a, b = here + prior[ids], everywhere[ids] - here + prior[ids]
            odds = np.log(a / (own - a)) - np.log(b / (other - b))
            z = odds / np.sqrt(1 / a + 1 / b)
            telling = np.flatnonzero((z > TELLING) & (here > 1))
            order = telling[np.lexsort((ids[telling], -z[telling]))].tolist()
            found.append(tuple(words[ids[at]] for at in order[:most]))
        return found


def title_tokens(title: str) -> Iterable[str]:
    """The words of a title in lower case, without numbers and words that fit everything."""
    return (word for word in WORD.findall(title.casefold()) if word not in FILLERS)


def most_frequent(values: Sequence[str], codes: Int64) -> list[tuple[str, float]]:
    """Values with their shares of the codes ``(n,)``, the most frequent first.

    Args:
        values: what the codes stand for; -1 stands for unknown, which counts in the shares only.
        codes: indices of values.
    """
    if not len(codes):
        return []
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    order = np.argsort(-counts, kind="stable")
    return [(values[at], counts[at] / len(codes)) for at in order.tolist() if counts[at]]
