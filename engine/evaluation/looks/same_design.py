"""Same design, other colour: does a product's sibling in another colour come first?

Seeds are the products whose design family (`engine.labels.design_families`) has a member of
another known colour. All other products are the gallery, save for the seed's siblings that are not
known to have another colour: they are right answers to a customer, but not to this question.
"""

import numpy as np

from engine.arrays import Float32, Int64
from engine.evaluation.contender import Contender, weightings
from engine.evaluation.looks.ranks import first_ranks, hits
from engine.evaluation.section import Judged
from engine.labels.design_families import other_colour
from engine.labels.labels import UNKNOWN

NAME = "same design, other colour"
NOTE = (
    "Share of seeds for which a product of the same design in another colour (title without "
    "colour words, type and gender equal) comes first, and within the first 12. Intervals "
    "resample whole design families."
)
_CELLS = 4_000_000  # scores in memory at a time


def judge_same_design(families: Int64, colours: Int64, contender: Contender) -> list[Judged]:
    """Judge one contender under its default weights and each facet alone.

    Args:
        families: ``(N,)`` codes of the design families, -1 for none.
        colours: ``(N,)`` codes of the colours, -1 for unknown.
        contender: with rows of the N products.
    """
    seeds = np.flatnonzero(other_colour(families, colours) != UNKNOWN)
    judged = []
    for weights, scale in weightings(contender.layout):
        ranks = design_ranks(contender, scale, seeds, families, colours)
        judged.append(Judged(NAME, weights, hits(ranks), families[seeds]))
    return judged


def design_ranks(
    contender: Contender, scale: Float32 | None, seeds: Int64, families: Int64, colours: Int64
) -> Int64:
    """The rank ``(S,)`` of the first sibling in another colour for each of S seeds."""
    gallery = contender.products
    ranks = [np.zeros(0, dtype=np.int64)]
    step = max(1, _CELLS // max(1, len(gallery)))
    for start in range(0, len(seeds), step):
        rows = seeds[start : start + step]
        queries: Float32 = gallery[rows] if scale is None else gallery[rows] * scale
        family = families[rows, None] == families
        other = family & (colours[rows, None] != colours) & (colours != UNKNOWN)
        ranks.append(first_ranks(queries @ gallery.T, other, family & ~other))
    return np.concatenate(ranks)
