"""From a photo to the square of pixels that every image tower here sees.

Fit and pad, never crop: a crop cuts sleeves and hems off. The margin takes the photo's own
background, so that a white studio shot does not gain grey bars.
"""

import numpy as np
from PIL import Image

VERSION = 1  # part of every encoder's fingerprint: raise it when the pixels change


def to_square(image: Image.Image, side: int) -> np.ndarray:
    """Fit a photo into a square and pad it with its background.

    Args:
        image: a Pillow image of any size and mode; transparency is laid on white.
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


def flatten(image: Image.Image) -> Image.Image:
    """An RGB copy of an image, with any transparency laid on white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(paper, rgba).convert("RGB")
    return image.convert("RGB")


def background(image: Image.Image) -> tuple[int, int, int]:
    """The median colour of an RGB image's one-pixel frame."""
    pixels = np.asarray(image)
    frame = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = np.median(frame, axis=0).astype(np.uint8).tolist()
    return red, green, blue
