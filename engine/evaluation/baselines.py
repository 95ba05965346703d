"""Baselines that an encoder has to beat: a random order, and a colour histogram."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from catalog.photos.preprocess import to_square
from engine.arrays import Float32, Int64
from engine.evaluation.metrics import Scores, count_relevant
from engine.labels.labels import UNKNOWN
from engine.labels.photo_colour import colour_histogram

_SIDE = 64


def histogram_rows(images: Sequence[Image.Image]) -> Float32:
    """Colour histograms ``(N, D)`` float32 of Pillow images, unit rows."""
    return np.stack([colour_histogram(to_square(image, _SIDE)) for image in images])


def random_scores(codes: Int64) -> Scores:
    """The exact expected scores of a random order, for the codes ``(N,)`` of one relation.

    With ``R`` relevant among ``M`` others each rank is relevant with probability ``R / M``; for
    mAP@R, given that rank k is relevant, each rank above it is relevant with ``(R - 1) / (M - 1)``.
    """
    relevant = count_relevant(codes)
    seeds = np.flatnonzero(relevant > 0)
    others = int((codes != UNKNOWN).sum()) - 1
    right = relevant[seeds].astype(np.float64)
    share = right / others if others > 0 else right
    ten = min(10, others) * share
    above = (right - 1) / max(1, others - 1)
    harmonic = np.cumsum(1 / np.arange(1, others + 1)) if others > 0 else np.zeros(0)
    # sum over k = 1..R of (1 + (k - 1) * above) / k, with H_R = 1 + 1/2 + ... + 1/R
    places = harmonic[relevant[seeds] - 1] * (1 - above) + right * above
    unknown = int((codes == UNKNOWN).sum())
    alone = len(codes) - unknown - len(seeds)
    average = share * places / right
    return Scores(seeds, share, ten / np.minimum(10, right), ten / 10, average, alone, unknown)
