"""How alike random products of a catalogue are: what a cosine has to beat to mean anything."""

import numpy as np

from engine.index.recall import sample_rows
from engine.index.stacked_rows import Matrix

ALIKE = 0.5  # cosine from which two seeds are one taste, where nothing is known of the catalogue
# Of wishlists drawn from one to four (type, colour) pairs of Fashion Product Images, groups agree
# best with what was drawn (adjusted Rand index 0.84 to 0.89 with the first shipped model) at a
# cosine that 1 to 2 random pairs in 10 exceed; below, unlike tastes fall together more often.
ALIKE_SHARE = 0.15
_SAMPLE, _SEED = 1_000, 20


def alike_among(vectors: Matrix) -> float:
    """The cosine that a share `ALIKE_SHARE` of random pairs of a catalogue exceeds.

    It is what `tastes` wants as ``alike``: cosines mean different things in different encoders
    and catalogues, and this adapts to both. Take it once a generation, not for each request.

    Args:
        vectors: ``(N, D)`` unit rows, 2 or more; a fixed sample of them is looked at.
    """
    chosen = vectors[sample_rows(len(vectors), _SEED, _SAMPLE)]
    if len(chosen) < 2:
        return ALIKE
    cosines = (chosen @ chosen.T)[np.triu_indices(len(chosen), k=1)]
    return float(np.quantile(cosines, 1 - ALIKE_SHARE))
