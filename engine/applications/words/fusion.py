"""Reciprocal rank fusion: one order from several, without comparing their scores.

Cormack, Clarke and Buettcher 2009, Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods.
"""

from collections.abc import Mapping, Sequence

# Words count half as much again: who writes a whole title wants that product. Chosen among 1, 1.5
# and 2 on real products: titles in the first ten .956, .992 and 1, all else equal. Some of the
# words count as much as looks do: they may be those that matter least.
WEIGHTS = {"words": 1.5, "some words": 1.0}
CONSTANT = 60  # that of the paper: how little the first places count more than the next


def fuse(voices: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Product ids with their scores, the best first.

    Args:
        voices: name -> ids, the best first, each once. A product that a voice does not name gets
            nothing from it.

    Returns:
        id -> the sum of ``weight / (CONSTANT + rank)``; of equal sums, in the order of the ids.
    """
    scores: dict[str, float] = {}
    for name, ids in voices.items():
        weight = WEIGHTS.get(name, 1.0)
        for rank, one in enumerate(ids, start=1):
            scores[one] = scores.get(one, 0.0) + weight / (CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
