"""What a cosine is worth: the probability, in percent, that two products are alike.

A raw cosine means something else in each encoder and each category. A calibration holds curves
that were fitted on held-out pairs (`engine.calibration.fitting`), one for each category that had
enough of them and one for all. It is plain data, so that answering needs NumPy and nothing else.

It belongs to one encoder *and its default facet weights*. A match is therefore always read from
the cosine under default weights, whatever weights a request has: weights change the order of a
panel, not how alike two products are. With all weight on colour, a red shoe may stand first for a
red dress, and its match stays low. Fitting anew for every possible weighting is not possible, and
reading a colour-only cosine from this curve would promise what nobody measured.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from catalog.files import write_whole
from catalog.vocabulary import category_path
from engine.errors import CalibrationError

SCHEMA = 1
FILE = "calibration.json"
LEAST, MOST = 0.001, 0.999  # probabilities: held-out pairs make nobody surer than this
_REFIT = "Run `lookalike calibrate` for this encoder."


class Curve(BaseModel):
    """Knots of one curve: cosines ascending, probabilities never falling.

    ``products`` is how many seeds it was fitted on.
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

    def at(self, cosines: np.ndarray) -> np.ndarray:
        """Probabilities ``(n,)`` at cosines ``(n,)``; level beyond the outer knots."""
        return np.interp(cosines, self.cosines, self.probabilities)

    def inverse(self, probability: float) -> float:
        """The least cosine that reaches a probability; inf if none does, -1 if all do."""
        x, y = self.cosines, self.probabilities
        if probability <= y[0]:
            return -1.0
        if probability > y[-1]:
            return float("inf")
        above = int(np.searchsorted(y, probability, side="left"))
        share = (probability - y[above - 1]) / (y[above] - y[above - 1])
        return float(x[above - 1] + share * (x[above] - x[above - 1]))


class Calibration(BaseModel):
    """Curves of one encoder: for everything, and for categories by path ("Tops > T-shirts").

    ``alike`` says what a match is the probability of, ``fitted_on`` how many products it was
    learned from, and ``error`` the calibration error on as many that it was not learned from.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA
    fingerprint: str
    encoder: str
    alike: str
    fitted_on: int = Field(ge=0)
    error: float | None = None
    everything: Curve
    categories: dict[str, Curve] = Field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the file that `save` writes."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def curve_of(self, category: str | None) -> Curve:
        """The curve of a category's path, of the nearest one above it that has one, or of all."""
        path = category
        while path:
            if path in self.categories:
                return self.categories[path]
            path = category_path.parent(path)
        return self.everything

    def match(
        self, cosines: np.ndarray, category: str | Sequence[str | None] | None = None
    ) -> np.ndarray:
        """Percent ``(n,)`` float64, above 0 and below 100, never falling with the cosine.

        Args:
            cosines: ``(n,)`` cosines of pairs under the encoder's *default* facet weights, also
                where a request has others.
            category: path of the seed's category, for all or one each; None for a photo.
        """
        cosines = np.asarray(cosines, dtype=np.float64)
        if category is None or isinstance(category, str):
            return 100 * self.curve_of(category).at(cosines)
        if len(category) != len(cosines):
            raise ValueError(f"{len(cosines)} cosines and {len(category)} categories do not fit")
        percent = np.empty(len(cosines))
        for name in set(category):
            mine = np.array([one == name for one in category], dtype=bool)
            percent[mine] = 100 * self.curve_of(name).at(cosines[mine])
        return percent

    def inverse(self, percent: float, category: str | None = None) -> float:
        """The least cosine, under default weights, whose match reaches ``percent``.

        Inf where no cosine does, -1 where each does.
        """
        return self.curve_of(category).inverse(percent / 100)

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, self._text())

    def _text(self) -> str:
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def load(cls, path: Path, fingerprint: str | None = None) -> Self:
        """Read a calibration.

        Args:
            path: its file.
            fingerprint: that of the encoder it must belong to, if that matters.

        Raises:
            CalibrationError: it cannot be read, is of another schema or of another encoder.
        """
        try:
            found = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(str(part) for part in wrong["loc"])
            what = f"{where}: {wrong['msg']}" if where else wrong["msg"]
            raise CalibrationError(f"{path} cannot be used: {what}. {_REFIT}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CalibrationError(f"{path} cannot be read: {error}. {_REFIT}") from error
        if found.schema_version != SCHEMA:
            raise CalibrationError(
                f"{path} has schema {found.schema_version} and this version of Lookalike reads "
                f"{SCHEMA}. {_REFIT}"
            )
        if fingerprint is not None and found.fingerprint != fingerprint:
            raise CalibrationError(
                f"{path} was fitted for encoder {found.encoder} ({found.fingerprint[:12]}), not "
                f"for the one in use ({fingerprint[:12]}): its matches would be wrong. {_REFIT}"
            )
        return found
