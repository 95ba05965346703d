"""Same product? A threshold for a false-accept rate, and the probability that a cosine means.

Two photos show one product if their cosine reaches a threshold. As FaceNet does (Schroff et al.
2015), the threshold is chosen by the share of pairs of *different* products that it accepts, the
false-accept rate (FAR). How probable it is that a pair is one product depends on how such pairs
come about; the curve answers it where half of the pairs are one product, and the others are a photo
with the photos that are most like it of all other products.
"""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.calibration.curve import Curve
from engine.errors import RequestError

DEFAULT_FAR = 1e-3


class SameProduct(BaseModel):
    """The thresholds and the curve of one encoder.

    Attributes:
        learned_from: what pairs of one product were: ``photos`` of one product, or ``views``, each
            a photo and the same one recompressed, cropped, mirrored or before another background.
        products: the number of products that it was learned on.
        rates: false-accept rates, falling ...
        cosines: ... and the least cosine accepted at each, never falling.
        accepted: share of the pairs of one product that is accepted at each.
        curve: from cosines to probabilities.
        error: calibration error of the curve on other products; None if it was not measured.
    """

    model_config = ConfigDict(frozen=True)

    learned_from: str
    products: int = Field(ge=0)
    rates: tuple[float, ...] = Field(min_length=1)
    cosines: tuple[float, ...] = Field(min_length=1)
    accepted: tuple[float, ...] = Field(min_length=1)
    curve: Curve
    error: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        rates, cosines = np.array(self.rates), np.array(self.cosines)
        if not rates.shape == cosines.shape == (len(self.accepted),):
            raise ValueError("each false-accept rate needs one cosine and one accepted share")
        if (np.diff(rates) >= 0).any() or (np.diff(cosines) < 0).any() or not rates[-1] > 0:
            raise ValueError("false-accept rates must fall, and their cosines must not")
        return self

    def threshold(self, far: float) -> float:
        """The least cosine that is accepted at a false-accept rate.

        Between the rates that were measured, by their logarithms.

        Raises:
            RequestError: the rate is outside of those that were measured.
        """
        if not self.rates[-1] <= far <= self.rates[0]:
            raise RequestError(
                f"A false-accept rate of {far:g} was not measured: choose one from "
                f"{self.rates[-1]:g} to {self.rates[0]:g}, or run `lookalike calibrate` on more "
                "products."
            )
        return float(np.interp(np.log(far), np.log(self.rates[::-1]), self.cosines[::-1]))

    def probability(self, cosine: float) -> float:
        """The probability, above 0 and below 1, that a pair of this cosine is one product."""
        return float(self.curve.at(np.array([cosine]))[0])
