"""The colour of a photo's garment, named or as a histogram, from its pixels alone.

`engine.labels.colour_definition` defines what is garment and what is background.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from catalog.frozen_dict import FrozenDict
from engine.arrays import Bool, Float32, Float64, Int64, UInt8
from engine.labels.colour_definition import (
    BACKGROUND_DISTANCE,
    BINS,
    CENTRE_SPREAD,
    COUNTS,
    HIGHEST,
    LAB_LINEAR,
    LAB_SLOPE,
    LOWEST,
    MIN_GARMENT_SHARE,
    SRGB_LINEAR,
    SRGB_TO_XYZ,
)

_SIDE = 64  # larger photos are subsampled to about this many pixels on the longer side
_BUSY = 18.0  # CIE76 distance; a frame whose colours spread farther is no plain background


@dataclass(frozen=True)
class NamedColour:
    """A photo's main colour: its ``name``, and ``confidence`` in [0, 1]."""

    name: str
    confidence: float


# The CIE Lab (D65) colours of each name; several where a name covers a wide range.
NAMED: Mapping[str, tuple[tuple[float, float, float], ...]] = FrozenDict(
    {
        "black": ((10, 0, 0), (19, 0, -1), (31, 0, 0)),
        "white": ((97, 0, 0), (90, 0, 0), (85, 0, 1)),
        "grey": ((42, 0, -2), (55, 0, -1), (65, 0, -2), (74, 0, -2), (79, 0, -2)),
        "navy blue": ((15, 4, -15), (23, 2, -9), (32, 2, -14)),
        "blue": ((38, 1, -20), (33, 14, -36), (47, 5, -34), (50, -3, -16), (74, -2, -11)),
        "turquoise blue": ((65, -28, -14),),
        "teal": ((36, -16, -7),),
        "green": ((35, -11, 4), (40, -28, 16), (69, -34, 24), (75, -12, 10), (60, -14, 10)),
        "olive": ((29, -2, 9), (40, -4, 14), (52, -3, 15)),
        "khaki": ((62, 3, 18),),
        "brown": ((24, 5, 6), (33, 10, 14), (45, 10, 16), (50, 15, 25)),
        "beige": ((80, 2, 13), (68, 4, 14)),
        "cream": ((91, 0, 10),),
        "red": ((46, 52, 30), (37, 42, 22), (36, 26, 11)),
        "maroon": ((22, 20, 5), (29, 26, 7)),
        "orange": ((66, 35, 48), (58, 45, 45)),
        "yellow": ((86, -4, 54), (76, 8, 55), (84, -1, 28)),
        "pink": ((60, 50, 3), (74, 22, 3), (45, 45, -3)),
        "purple": ((30, 18, -16), (38, 29, -34), (47, 20, -17), (24, 11, -8), (70, 10, -8)),
    }
)
_NAMES = tuple(name for name, colours in NAMED.items() for _ in colours)
_PROTOTYPES = np.array([one for colours in NAMED.values() for one in colours], dtype=np.float32)


def sampled(pixels: UInt8, side: int) -> UInt8:
    """Every nth pixel of ``(H, W, 3)`` uint8, so that about ``side`` are left on the longer side.

    Raises:
        ValueError: the pixels have another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(f"expected (H, W, 3) uint8, not {pixels.shape} {pixels.dtype}")
    step = max(1, round(max(pixels.shape[:2]) / side))
    rows, columns = (np.arange(min(step, size) // 2, size, step) for size in pixels.shape[:2])
    found: UInt8 = pixels[np.ix_(rows, columns)]
    return found


def to_lab(pixels: UInt8) -> Float32:
    """CIE Lab (D65) ``(..., 3)`` of sRGB uint8 ``(..., 3)``: L in [0, 100]."""
    rgb = pixels.astype(np.float32) / 255
    linear = np.where(rgb <= SRGB_LINEAR, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(SRGB_TO_XYZ, dtype=np.float32).T
    root = np.where(xyz > LAB_LINEAR, np.cbrt(xyz), (LAB_SLOPE * xyz + 16) / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def garment_mask(lab: Float32) -> tuple[Bool, bool]:
    """The garment's pixels in a Lab image ``(H, W, 3)``.

    Returns:
        ``(H, W)`` bool, and whether the frame is of one plain colour and some garment was found:
        otherwise, the mask is a guess.
    """
    frame = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    colour = np.sort(frame, axis=0)[(len(frame) - 1) // 2]
    plain = float(np.quantile(np.linalg.norm(frame - colour, axis=-1), 0.7)) < _BUSY
    similar = np.square(lab - colour).sum(axis=-1) < BACKGROUND_DISTANCE**2
    garment = ~connected_to_frame(similar)
    if garment.mean() < MIN_GARMENT_SHARE:
        return np.ones_like(garment), False
    return garment, plain


def connected_to_frame(mask: Bool) -> Bool:
    """The part of a mask ``(H, W)`` that is connected to its frame, diagonals included."""
    from scipy import ndimage  # takes longer to import than all the rest

    regions, count = ndimage.label(mask, structure=np.ones((3, 3)))
    reached = np.zeros(count + 1, dtype=bool)
    for side in (regions[0], regions[-1], regions[:, 0], regions[:, -1]):
        reached[side] = True
    reached[0] = False  # what is outside of the mask
    inside: Bool = reached[regions]
    return inside


def _garment(pixels: UInt8) -> tuple[Float32, Float32, bool]:
    """Lab colours ``(M, 3)`` and weights ``(M,)`` of the garment, and whether to trust them."""
    lab = to_lab(sampled(pixels, _SIDE))
    mask, sure = garment_mask(lab)
    height, width = mask.shape
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    weight = np.exp(-(y[:, None] ** 2 + x**2) / (2 * CENTRE_SPREAD**2)).astype(np.float32)
    return lab[mask], weight[mask], sure


def dominant_colour(pixels: UInt8, at_least: float = 0.5) -> NamedColour | None:
    """The named colour of most of a photo's garment.

    Args:
        pixels: ``(H, W, 3)`` uint8 sRGB.
        at_least: weighted share of the garment that the name must cover.

    Returns:
        The colour; None if the background is busy, or there is no garment or no main colour.
    """
    lab, weight, sure = _garment(pixels)
    if not sure:
        return None
    votes: dict[str, float] = {}
    nearest = ((lab[:, None] - _PROTOTYPES) ** 2).sum(axis=-1).argmin(axis=1)
    shares = np.bincount(nearest, weights=weight, minlength=len(_NAMES)) / weight.sum()
    for name, share in zip(_NAMES, shares.tolist(), strict=True):
        votes[name] = votes.get(name, 0.0) + share
    best = max(votes, key=votes.__getitem__)
    return NamedColour(best, votes[best]) if votes[best] >= at_least else None


def colour_histogram(pixels: UInt8) -> Float32:
    """The garment's colour histogram as a unit row ``(968,)``; it has `BINS` bins.

    Args:
        pixels: ``(H, W, 3)`` uint8 sRGB.
    """
    lab, weight, _ = _garment(pixels)
    sides = [_nearest_bins(lab[:, axis], axis) for axis in range(3)]
    bins = np.zeros(BINS)
    for corner in np.ndindex(2, 2, 2):
        places, shares = zip(*(sides[axis][side] for axis, side in enumerate(corner)), strict=True)
        cells = np.ravel_multi_index(places, COUNTS)
        bins += np.bincount(cells, weights=weight * np.prod(shares, axis=0), minlength=BINS)
    row = np.sqrt(bins / bins.sum())
    unit: Float32 = (row / np.linalg.norm(row)).astype(np.float32)
    return unit


def _nearest_bins(values: Float32, axis: int) -> list[tuple[Int64, Float64]]:
    """The two bins around each value ``(M,)`` of an axis, and its share in each."""
    step = (HIGHEST[axis] - LOWEST[axis]) / (COUNTS[axis] - 1)
    place = np.clip((values.astype(np.float64) - LOWEST[axis]) / step, 0, COUNTS[axis] - 1)
    low = np.minimum(place.astype(np.int64), COUNTS[axis] - 2)
    return [(low, low + 1 - place), (low + 1, place - low)]
