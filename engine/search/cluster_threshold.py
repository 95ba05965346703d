"""The cosine from which two seeds are alike, from the cosines of random pairs of products."""

import numpy as np

from engine.index.stacked_rows import Matrix
from engine.index.stores.recall import sample_rows

DEFAULT_THRESHOLD = 0.5  # where nothing is known of the catalogue
# Of wishlists drawn from one to four (type, colour) pairs of Fashion Product Images, clusters agree
# best with what was drawn (adjusted Rand index 0.84 to 0.89 with the first shipped model) at a
# cosine that 1 to 2 random pairs in 10 exceed; below, unlike seeds fall together more often.
EXCEEDING_SHARE = 0.15
_SAMPLE, _SEED = 1_000, 20


def cluster_threshold(vectors: Matrix) -> float:
    """The cosine that a share `EXCEEDING_SHARE` of random pairs of a catalogue exceeds.

    From this cosine on, `engine.recommendation.clusters.seed_clusters.cluster_seeds` joins two
    seeds: cosines mean different things in different encoders and catalogues, and this adapts to
    both. Computed once per generation, not per request.

    Args:
        vectors: ``(N, D)`` unit rows, 2 or more; a fixed sample of them is used.
    """
    chosen = vectors[sample_rows(len(vectors), _SEED, _SAMPLE)]
    if len(chosen) < 2:
        return DEFAULT_THRESHOLD
    cosines = (chosen @ chosen.T)[np.triu_indices(len(chosen), k=1)]
    return float(np.quantile(cosines, 1 - EXCEEDING_SHARE))
