"""A calibration curve: from cosines to probabilities."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.arrays import Float64

LEAST, MOST = 0.001, 0.999  # probabilities: held-out pairs do not support more certainty


class Curve(BaseModel):
    """A piecewise linear curve from cosines to probabilities.

    Attributes:
        cosines: of the knots, ascending.
        probabilities: of the knots, never falling.
        products: the number of seeds that it was fitted on.
    """

    model_config = ConfigDict(frozen=True)

    cosines: tuple[float, ...] = Field(min_length=1)
    probabilities: tuple[float, ...] = Field(min_length=1)
    products: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        x, y = np.array(self.cosines), np.array(self.probabilities)
        if x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError("a curve needs one finite probability for each finite cosine")
        if (np.diff(x) <= 0).any() or (np.diff(y) < 0).any():
            raise ValueError("a curve's cosines must rise and its probabilities must not fall")
        if y[0] < LEAST or y[-1] > MOST:
            raise ValueError(f"probabilities must lie between {LEAST} and {MOST}")
        return self

    def at(self, cosines: Float64) -> Float64:
        """Probabilities ``(n,)`` at cosines ``(n,)``; constant beyond the outer knots."""
        return np.interp(cosines, self.cosines, self.probabilities)

    def inverse(self, probability: float) -> float:
        """The least cosine with at least this probability; inf if none, -1 if all have it."""
        x, y = self.cosines, self.probabilities
        if probability <= y[0]:
            return -1.0
        if probability > y[-1]:
            return float("inf")
        above = int(np.searchsorted(y, probability, side="left"))
        share = (probability - y[above - 1]) / (y[above] - y[above - 1])
        return float(x[above - 1] + share * (x[above] - x[above - 1]))
