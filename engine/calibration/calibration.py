"""Calibrations: from a cosine to a match, the probability in percent that products are alike.

Raw cosines of different encoders and categories are not comparable. A calibration holds curves that
were fitted on held-out pairs (`engine.calibration.fitting`): one for all products, and one for
each category with enough of them. It is plain data, so answering a request needs NumPy only.

It is valid for one encoder *under its default facet weights*. So a match is always computed from
the cosine under default weights, whatever weights a request has: weights change the order of a
panel, not how alike two products are. With all weight on colour, a red shoe may come first for a
red dress, but its match stays low. A calibration for every possible weighting cannot be fitted, and
the match of a colour-only cosine on this curve would not be a measured probability.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.files import write_whole
from catalog.validation import first_problem
from catalog.vocabulary import category_path
from engine.arrays import Float32, Float64
from engine.calibration.curve import Curve
from engine.calibration.detail import Detail
from engine.calibration.photo_test import PhotoTest
from engine.calibration.same_product import SameProduct
from engine.errors import CalibrationError

SCHEMA = 1
FILE = "calibration.json"
_REFIT = "Run `lookalike calibrate` for this encoder."


class Calibration(BaseModel):
    """The curves of one encoder.

    Attributes:
        fingerprint, encoder: the encoder's fingerprint and name.
        alike: the event whose probability a match is.
        fitted_on: the number of products that it was fitted on.
        error: calibration error on the other held-out products; None if it was not measured.
        floor: the match in per cent below which a product is no look-alike, the same for every
            seed (`engine.calibration.floor`); None if it was not learned.
        detail: how products are ordered that are so near that their cosine says no more; None: by
            their cosine.
        one_design: the least cosine, of all facets but colour, of two products that are one design
            by their titles; None if it was not learned.
        photo_test: whether a visitor's photo looks like any product; None: every one does.
        same_product: from which cosine two photos show one product; None if it was not learned.
        everything: the curve of all products.
        categories: category path, such as "Tops > T-shirts", -> its curve.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA
    fingerprint: str
    encoder: str
    alike: str
    fitted_on: int = Field(ge=0)
    error: float | None = None
    floor: float | None = Field(default=None, ge=0, le=100)
    detail: Detail | None = None
    one_design: float | None = None
    photo_test: PhotoTest | None = None
    same_product: SameProduct | None = None
    everything: Curve
    categories: dict[str, Curve] = Field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 in hex of the file that `save` writes."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def curve_of(self, category: str | None) -> Curve:
        """The curve of a category path, else of its nearest parent with a curve, else of all."""
        path = category
        while path:
            if path in self.categories:
                return self.categories[path]
            path = category_path.parent(path)
        return self.everything

    def match(
        self, cosines: Float32 | Float64, category: str | Sequence[str | None] | None = None
    ) -> Float64:
        """Matches ``(n,)`` in percent, above 0 and below 100, never falling with the cosine.

        Args:
            cosines: ``(n,)`` cosines of pairs under the encoder's *default* facet weights, also
                if the request has others.
            category: the path of the seed's category: one for all pairs, or one for each; None
                for a photo.

        Raises:
            ValueError: there is another number of categories than of cosines.
        """
        exact = np.asarray(cosines, dtype=np.float64)
        if category is None or isinstance(category, str):
            return 100 * self.curve_of(category).at(exact)
        if len(category) != len(exact):
            raise ValueError(f"{len(exact)} cosines and {len(category)} categories do not fit")
        percent = np.empty(len(exact))
        for name in set(category):
            mine = np.array([one == name for one in category], dtype=bool)
            percent[mine] = 100 * self.curve_of(name).at(exact[mine])
        return percent

    def inverse(self, percent: float, category: str | None = None) -> float:
        """The least cosine, under default weights, with a match of at least ``percent``.

        Inf if there is none, -1 if every cosine has it.
        """
        return self.curve_of(category).inverse(percent / 100)

    def save(self, path: Path) -> None:
        """Write it to a file in one step, and create the folder if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, self._text())

    def _text(self) -> str:
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def load(cls, path: Path, fingerprint: str | None = None) -> Self:
        """Read a calibration.

        Args:
            path: its file.
            fingerprint: of the encoder that it must be for; None accepts any.

        Raises:
            CalibrationError: it cannot be read, or has another schema or encoder.
        """
        try:
            found = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            what = first_problem(error)
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
