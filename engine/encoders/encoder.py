"""What an encoder is: photos in, unit rows out, and a fingerprint that names the mapping.

No torch here: the index, the commands and the tests speak to an `Encoder` without knowing what
computes it. `engine.encoders.open_clip_encoder` holds the real one.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image

from engine.encoders.facets import FacetLayout


@runtime_checkable
class Encoder(Protocol):
    """Turns photos into appearance rows."""

    @property
    def name(self) -> str:
        """The setting that names this encoder, for messages."""

    @property
    def fingerprint(self) -> str:
        """Hex digest of weights, preprocessing and code version.

        Rows are comparable if, and only if, their fingerprints are equal.
        """

    @property
    def layout(self) -> FacetLayout:
        """The facet blocks of a row and their default weights."""

    @property
    def image_size(self) -> int:
        """Side in pixels of the square that `catalog.photos.preprocess.to_square` must deliver."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Rows of photos already decoded and squared.

        Args:
            pixels: ``(N, S, S, 3)`` uint8 RGB, ``S = image_size``.

        Returns:
            ``(N, D)`` float32, blocks of length ``sqrt(w_f)``, rows of length 1.
        """

    def encode(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Rows ``(N, D)`` float32 of Pillow images of any size and mode."""
