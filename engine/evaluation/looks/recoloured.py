"""Recoloured view: is a photo found again, with its garment recoloured, mirrored and cropped?

The only yardstick of shape that needs no labels, so it also judges a shop with photos alone.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from engine.arrays import Float32, Int64
from engine.evaluation.contender import Contender, weightings
from engine.evaluation.looks.ranks import first_ranks, hits
from engine.evaluation.section import Judged

NAME = "recoloured view"
NOTE = (
    "Share of photos whose recoloured, mirrored and slightly cropped view finds the original "
    "photo first, and within the first 12, among all photos. Judge it by shape; no labels are used."
)
_CELLS = 4_000_000  # scores in memory at a time
VIEWS = 400  # photos whose views are judged: their interval is at most 0.1 wide


def judge_recoloured(originals: Int64, contender: Contender) -> list[Judged]:
    """Judge one contender under its default weights and each facet alone.

    Args:
        originals: ``(V,)`` rows of the P photos that the views were made from.
        contender: with ``views`` ``(V, D)``; its gallery is ``photos`` ``(P, D)``, or
            ``products`` if it has no photo rows. Without views nothing is judged.
    """
    if contender.views is None:
        return []
    gallery = contender.products if contender.photos is None else contender.photos
    if len(contender.views) != len(originals):
        raise ValueError(f"{len(contender.views)} views of {len(originals)} originals")
    judged = []
    for weights, scale in weightings(contender.layout):
        queries: Float32 = contender.views if scale is None else contender.views * scale
        judged.append(Judged(NAME, weights, hits(original_ranks(originals, queries, gallery))))
    return judged


def original_ranks(originals: Int64, queries: Float32, gallery: Float32) -> Int64:
    """The rank ``(V,)`` of each query's original among the rows of the gallery."""
    ranks = [np.zeros(0, dtype=np.int64)]
    step = max(1, _CELLS // max(1, len(gallery)))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        right = originals[rows, None] == np.arange(len(gallery))
        ranks.append(first_ranks(queries[rows] @ gallery.T, right, np.zeros_like(right)))
    return np.concatenate(ranks)


def choose_photos(keys: Sequence[str], count: int = VIEWS) -> Int64:
    """Up to ``count`` of P photos, ``(V,)`` ascending rows: those with the smallest digests.

    ``keys`` are P stable texts, such as product ids: the choice changes little when a shop grows.
    """
    digests = [sha256(f"recoloured {at}".encode()).digest() for at in keys]
    order = sorted(range(len(keys)), key=lambda row: (digests[row], row))
    return np.sort(np.asarray(order[:count], dtype=np.int64))
