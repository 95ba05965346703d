"""Fits photos into the squares of pixels that encoders read.

They are padded, never cropped, as a crop cuts off sleeves and hems. The padding has the colour of
the photo's background, so that a white studio photo gets no bars.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VERSION = 2  # part of every encoder's fingerprint: raise it when the pixels change


def to_square(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """Fit a photo into a square and pad it with its background.

    Args:
        image: of any size and mode; transparent pixels become white.
        side: pixels of the square's edge, 1 or more.

    Returns:
        ``(side, side, 3)`` uint8 RGB.
    """
    rgb = flatten(image)
    scale = side / max(rgb.size)
    width, height = (max(1, round(edge * scale)) for edge in rgb.size)
    small = rgb.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    if (width, height) == (side, side):
        return np.asarray(small)
    square = Image.new("RGB", (side, side), background(small))
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return np.asarray(square)


def to_squares(images: Sequence[Image.Image], side: int) -> NDArray[np.uint8]:
    """Fits N photos into squares ``(N, side, side, 3)`` uint8, as `to_square`."""
    squares = np.empty((len(images), side, side, 3), dtype=np.uint8)
    for row, image in enumerate(images):
        squares[row] = to_square(image, side)
    return squares


def flatten(image: Image.Image) -> Image.Image:
    """An RGB copy of an image, on white where it is transparent."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def fit(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """An RGB copy reduced to fit a box of ``(width, height)`` pixels, never enlarged, on white."""
    small = flatten(image)
    small.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small


def background(image: Image.Image) -> tuple[int, int, int]:
    """The median colour of an RGB image's one-pixel frame."""
    pixels = np.asarray(image)
    frame = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = np.median(frame, axis=0).astype(np.uint8).tolist()
    return red, green, blue
