"""The test whether a visitor's photo looks like any product at all.

Every photo has nearest products, a blank wall too. Whether these look like it, neither the cosine
nor the facets tell alone: so a logistic regression on both was fitted on customers' photos of
garments against pictures without any (`engine.calibration.photo_test_learning`). It is plain data,
and answering needs NumPy only.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.arrays import Float32, Float64
from engine.encoders.facets import FacetLayout, unit_rows

REFERENCE = 1_000  # products that a photo is compared with, so that a shop's size does not matter
NEAREST = 12  # products whose mean cosine counts, beside that of the nearest one
NEARNESS = 4  # columns: the nearest and the mean, by default weights and apart from colour
_SCALE = 3.0  # of these columns, whose spread is smaller than that of the facets together


class PhotoTest(BaseModel):
    """The fitted test; see the module.

    Attributes:
        weights: of the D columns of a row with unit facets, and of the nearness.
        intercept: added to their sum.
        threshold: the sum from which on a photo looks like products.
        refused: the share of customers' photos of garments that are below it.
    """

    model_config = ConfigDict(frozen=True)

    weights: tuple[float, ...] = Field(min_length=NEARNESS + 1)
    intercept: float
    threshold: float
    refused: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _finite(self) -> Self:
        if not np.isfinite([*self.weights, self.intercept, self.threshold]).all():
            raise ValueError("the numbers of a photo test must be finite")
        return self

    def fits(self, layout: FacetLayout) -> bool:
        """Whether it is for rows of this layout."""
        return len(self.weights) == layout.dim + NEARNESS

    def passed(self, features: Float64) -> bool:
        """Whether a photo with features ``(D + NEARNESS,)`` looks like any product."""
        return float(features @ np.array(self.weights)) + self.intercept >= self.threshold


def nearness(cosines: Sequence[Float32 | Float64]) -> Float64:
    """``(NEARNESS,)`` of a photo.

    Args:
        cosines: with its nearest products, `NEAREST` or more if there are so many, in any order:
            under default weights, and apart from colour.
    """
    found = []
    for each in cosines:
        best = np.sort(np.asarray(each, dtype=np.float64))[::-1][:NEAREST]
        found += [best[0], best.mean()] if len(best) else [-1.0, -1.0]
    return np.array(found)


def photo_features(row: Float32, layout: FacetLayout, near: Float64) -> Float64:
    """The features ``(D + NEARNESS,)`` of a photo with a row ``(D,)`` and a `nearness`."""
    blocks = [unit_rows(layout.block(row, name)) for name in layout.names]
    return np.concatenate([*blocks, _SCALE * near]).astype(np.float64)
