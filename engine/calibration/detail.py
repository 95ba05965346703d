"""Finer facets: what orders products that are so near that their cosine says no more.

Of two white T-shirts at cosines of 0.97 and 0.98, type and colour are settled, and the rest of the
difference is noise; whether the print is alike, the pattern facet still tells. So from the cosine
on at which type and colour are settled, products are ordered by a mean of the facets in which
another one weighs more (`engine.calibration.detail_learning` learns which). This fine cosine is
brought to the range of the plain one, so that scores and matches keep their meaning: a score that
is below that cosine stays as it is, one above stays above, and no two fine cosines give one score.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.arrays import Float64


class Detail(BaseModel):
    """How products above a cosine are ordered; see the module.

    Attributes:
        saturation: the cosine, under default weights, from which on fine cosines count.
        weights: facet -> its weight in a fine cosine, 0 or more, summing to 1.
        fine: fine cosines, ascending from -1 to 1 ...
        scores: ... and the scores that they give, ascending from ``saturation`` to 1.
    """

    model_config = ConfigDict(frozen=True)

    saturation: float = Field(ge=-1, lt=1)
    weights: dict[str, float]
    fine: tuple[float, ...] = Field(min_length=2)
    scores: tuple[float, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        fine, scores = np.array(self.fine), np.array(self.scores)
        if fine.shape != scores.shape or (np.diff(fine) <= 0).any() or (np.diff(scores) <= 0).any():
            raise ValueError("fine cosines and their scores must both rise, one for one")
        if (fine[0], fine[-1], scores[0], scores[-1]) != (-1, 1, self.saturation, 1):
            raise ValueError("fine cosines must span -1 to 1, their scores the saturation to 1")
        weights = list(self.weights.values())
        if not weights or min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:
            raise ValueError("weights must be 0 or more and sum to 1")
        return self

    def score(self, cosines: Float64, fine: Float64) -> Float64:
        """Scores ``(n,)`` of pairs: the cosine, or what the fine cosine gives instead.

        Args:
            cosines: ``(n,)`` under default weights.
            fine: ``(n,)`` under ``weights``.
        """
        return np.where(
            cosines >= self.saturation, np.interp(fine, self.fine, self.scores), cosines
        )

    def fits(self, weights: Mapping[str, float]) -> bool:
        """Whether an encoder with these default weights has the facets."""
        return self.weights.keys() == weights.keys()
