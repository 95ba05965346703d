"""A box around the garment of a photo, from the photo's own background; no torch."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from catalog.photos.preprocess import flatten
from engine.arrays import Bool, UInt8
from engine.labels.colour_definition import MIN_GARMENT_SHARE
from engine.labels.photo_colour import connected_to_frame, sampled, to_lab

_SIDE = 96  # larger photos are subsampled to about this many pixels on the longer side
_BLUR = 3  # pixels of the samples over which light and weave are averaged
_DISTANCE = 14.0  # CIE76 distance: floors, walls and beds are lit less evenly than a studio
_SECOND = 0.2  # of the largest part's size: what a second part, such as the other shoe, must have
_MARGIN = 0.03  # of the photo's edges, kept around the garment
_ALL = 0.9  # of the photo's area: a box that is larger is no proposal


class Box(NamedTuple):
    """A part of a photo, in shares of its width and height, from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


def photo_box(image: Image.Image) -> Box | None:
    """As `garment_box`, of an image of any mode; transparent pixels are white."""
    return garment_box(np.asarray(flatten(image)))


def garment_box(pixels: UInt8) -> Box | None:
    """The box around the large things in front of a photo's background.

    Args:
        pixels: ``(H, W, 3)`` uint8 sRGB.

    Returns:
        The box with a small margin; None if nothing stands out, or nearly all of the photo does.
    """
    garment = large_parts(garment_pixels(sampled(pixels, _SIDE)))
    if garment.mean() < MIN_GARMENT_SHARE:
        return None
    rows: Bool = np.asarray(garment.any(axis=1))
    columns: Bool = np.asarray(garment.any(axis=0))
    (top, bottom), (left, right) = _span(rows), _span(columns)
    box = Box(left, top, right, bottom)
    return box if (right - left) * (bottom - top) <= _ALL else None


def garment_pixels(pixels: UInt8) -> Bool:
    """``(H, W)`` bool: what differs from the background that reaches the photo's frame."""
    from scipy import ndimage  # takes longer to import than all the rest

    lab = ndimage.uniform_filter(to_lab(pixels), size=(_BLUR, _BLUR, 0), mode="nearest")
    frame = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    colour = np.median(frame, axis=0)
    similar: Bool = np.square(lab - colour).sum(axis=-1) < _DISTANCE**2
    return ~connected_to_frame(similar)


def large_parts(mask: Bool) -> Bool:
    """The connected parts of a mask ``(H, W)`` of at least `_SECOND` of the largest one's size."""
    from scipy import ndimage

    regions, _ = ndimage.label(mask)
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0  # what is outside of the mask
    large: Bool = (sizes >= max(1, _SECOND * sizes.max()))[regions]
    return large


def _span(occupied: Bool) -> tuple[float, float]:
    """The first and the last end of what is occupied, with a margin, in shares of the length."""
    (places,) = np.nonzero(occupied)
    low, high = places[0] / len(occupied), (places[-1] + 1) / len(occupied)
    return max(0.0, low - _MARGIN), min(1.0, high + _MARGIN)
