"""The interface of an encoder, which embeds photos as unit rows.

It needs no torch: index, commands and tests use an `Encoder`, whatever computes the rows.
`engine.encoders.open_clip_encoder` implements it by torch, `engine.encoders.runtime.onnx_encoder`
by ONNX Runtime.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image

from engine.arrays import Float32, UInt8
from engine.encoders.facets import FacetLayout

CODE_VERSION = 1  # part of every fingerprint: raise it when the same weights give other rows


@runtime_checkable
class Encoder(Protocol):
    """Embeds photos as appearance rows."""

    @property
    def name(self) -> str:
        """The value of the setting that names this encoder."""

    @property
    def fingerprint(self) -> str:
        """Hex digest of weights, preprocessing and code version.

        Rows can be compared if, and only if, the fingerprints of their encoders are equal.
        """

    @property
    def layout(self) -> FacetLayout:
        """The facet blocks of a row and their default weights."""

    @property
    def image_size(self) -> int:
        """Edge in pixels of the squares that it reads; `catalog.photos.preprocess` makes them."""

    def encode_pixels(self, pixels: UInt8) -> Float32:
        """Rows of photos that are decoded and fitted into squares.

        Args:
            pixels: ``(N, S, S, 3)`` uint8 RGB, ``S = image_size``.

        Returns:
            ``(N, D)`` float32; block f has length ``sqrt(w_f)`` and a row length 1.
        """

    def encode(self, images: Sequence[Image.Image]) -> Float32:
        """Rows ``(N, D)`` float32 of Pillow images of any size and mode."""


@runtime_checkable
class TextEncoder(Protocol):
    """An encoder that may embed texts too."""

    @property
    def has_texts(self) -> bool:
        """Whether it was trained with texts; without, `encode_texts` raises."""

    def encode_texts(self, texts: Sequence[str]) -> Float32:
        """Rows ``(N, D)`` float32 of length 1, to be compared with those of photos."""


def check_pixels(pixels: UInt8, side: int) -> None:
    """Check that pixels are N squares of a side in uint8.

    Raises:
        ValueError: they are not; the message has their type and shape.
    """
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (side, side, 3):
        raise ValueError(
            f"expected uint8 pixels of shape (N, {side}, {side}, 3), "
            f"got {pixels.dtype} {pixels.shape}"
        )


def encodes_texts(encoder: Encoder) -> TextEncoder | None:
    """The encoder if it embeds texts, else None."""
    return encoder if isinstance(encoder, TextEncoder) and encoder.has_texts else None
