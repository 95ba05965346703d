"""The lines of hits that take turns in a panel: one for each seed, or one for each seed cluster.

Every saved product shall get its share of the places, not only every cluster of them. So as long as
there is a place for each seed, seeds take turns by their weights; of more seeds, their clusters do.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from engine.arrays import Int64
from engine.recommendation.clusters.seed_clusters import SeedCluster


class Lines(NamedTuple):
    """L lines of hits.

    Attributes:
        of_seed: ``(S,)`` int64, the line of each seed.
        weights: of each line, above 0.
        shared: a product may stand in several lines, in each with the line's own seed; False: only
            in the line of the seed that it is most like.
    """

    of_seed: Int64
    weights: tuple[float, ...]
    shared: bool

    def __len__(self) -> int:
        return len(self.weights)


def lines_of(clusters: Sequence[SeedCluster], weights: Sequence[float], places: int) -> Lines:
    """The lines of clustered seeds.

    Lines of single seeds are in the order in which clusters take turns: first a seed of each
    cluster, then the second ones.

    Args:
        clusters: of S seeds, the heaviest first.
        weights: ``(S,)`` of the seeds.
        places: in the panel.
    """
    of_seed = np.zeros(len(weights), dtype=np.int64)
    if len(weights) > places:
        for number, cluster in enumerate(clusters):
            of_seed[list(cluster.members)] = number
        return Lines(of_seed, tuple(cluster.weight for cluster in clusters), shared=False)
    rounds = zip_longest(*(cluster.members for cluster in clusters))
    order = [seed for each in rounds for seed in each if seed is not None]
    of_seed[order] = np.arange(len(order))
    return Lines(of_seed, tuple(weights[seed] for seed in order), shared=len(order) > 1)
