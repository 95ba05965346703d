"""A photo that products are searched by."""

from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from engine.arrays import Float32


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPhoto:
    """A photo and its ``(1, D)`` float32 ``vectors`` by the encoder with this ``fingerprint``."""

    image: Image.Image
    vectors: Float32
    fingerprint: str


Photo: TypeAlias = Image.Image | EmbeddedPhoto
