"""What colour a photo's garment has, from its pixels alone.

The frame of a shop photo is nearly always background. What is connected to the frame and looks
like it is taken away; what remains is the garment (and perhaps who wears it, so that the middle
counts more).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

_SIDE = 64  # pixels on the longer side that are looked at
_NEAR = 5.0  # CIE76 distance up to which a pixel counts as the background's colour
_BUSY = 18.0  # a frame whose colours spread farther than this is no plain background


@dataclass(frozen=True)
class NamedColour:
    """A photo's main colour: its ``name``, and ``confidence`` in [0, 1]."""

    name: str
    confidence: float


# Where each name lies in CIE Lab (D65); several places where a name covers much.
NAMED: Mapping[str, tuple[tuple[float, float, float], ...]] = MappingProxyType(
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
_NAMES = tuple(name for name, places in NAMED.items() for _ in places)
_PLACES = np.array([place for places in NAMED.values() for place in places], dtype=np.float32)


def to_lab(pixels: np.ndarray) -> np.ndarray:
    """CIE Lab (D65) ``(..., 3)`` float32 of sRGB uint8 ``(..., 3)``: L in [0, 100]."""
    rgb = pixels.astype(np.float32) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _XYZ.T
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


# sRGB to XYZ, each row divided by the D65 white, so that white is (1, 1, 1).
_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ],
    dtype=np.float32,
)
_XYZ /= _XYZ.sum(axis=1, keepdims=True)


def garment_mask(lab: np.ndarray) -> tuple[np.ndarray, bool]:
    """Which pixels of a Lab image ``(H, W, 3)`` are not background.

    Returns:
        ``(H, W)`` bool, and whether the frame is one plain colour, without which the mask is a
        guess.
    """
    frame = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    middle = np.median(frame, axis=0)
    plain = float(np.quantile(np.linalg.norm(frame - middle, axis=-1), 0.7)) < _BUSY
    near = np.linalg.norm(lab - middle, axis=-1) < _NEAR
    return ~_reached_from_frame(near), plain


def _reached_from_frame(open_: np.ndarray) -> np.ndarray:
    """The part of ``(H, W)`` bool that is connected to the frame through True pixels."""
    reached = np.zeros(np.add(open_.shape, 2), dtype=bool)
    reached[0], reached[-1], reached[:, 0], reached[:, -1] = True, True, True, True
    inside, before = reached[1:-1, 1:-1], -1
    while (now := int(inside.sum())) != before:
        before = now
        inside |= open_ & (
            reached[:-2, 1:-1] | reached[2:, 1:-1] | reached[1:-1, :-2] | reached[1:-1, 2:]
        )
    return inside.copy()


def _garment(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Lab colours ``(M, 3)`` and weights ``(M,)`` of the garment, and whether to trust them."""
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(f"expected (H, W, 3) uint8, not {pixels.shape} {pixels.dtype}")
    step = max(1, round(max(pixels.shape[:2]) / _SIDE))
    rows, columns = (np.arange(min(step, size) // 2, size, step) for size in pixels.shape[:2])
    lab = to_lab(pixels[np.ix_(rows, columns)])
    mask, plain = garment_mask(lab)
    height, width = mask.shape
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    weight = np.exp(-(y[:, None] ** 2 + x**2) / (2 * 0.3**2)).astype(np.float32)
    if mask.mean() < 0.02:  # white on white, or nothing at all: look at the middle
        return lab.reshape(-1, 3), weight.reshape(-1), False
    return lab[mask], weight[mask], plain


def dominant_colour(pixels: np.ndarray, at_least: float = 0.5) -> NamedColour | None:
    """The named colour of most of a photo's garment.

    Args:
        pixels: ``(H, W, 3)`` uint8 sRGB.
        at_least: share of the garment that the name must cover.

    Returns:
        The colour, or None when unsure: a busy background, no garment, or no main colour.
    """
    lab, weight, sure = _garment(pixels)
    if not sure:
        return None
    votes: dict[str, float] = {}
    nearest = ((lab[:, None] - _PLACES) ** 2).sum(axis=-1).argmin(axis=1)
    shares = np.bincount(nearest, weights=weight, minlength=len(_NAMES)) / weight.sum()
    for name, share in zip(_NAMES, shares.tolist(), strict=True):
        votes[name] = votes.get(name, 0.0) + share
    best = max(votes, key=votes.__getitem__)
    return NamedColour(best, votes[best]) if votes[best] >= at_least else None


_GRIDS = (np.linspace(0, 100, 8), np.linspace(-60, 60, 11), np.linspace(-60, 60, 11))


def colour_histogram(pixels: np.ndarray) -> np.ndarray:
    """A unit row ``(968,)`` float32: the square roots of the garment's soft Lab histogram.

    The dot product of two rows is the Bhattacharyya coefficient of the two histograms.

    Args:
        pixels: ``(H, W, 3)`` uint8 sRGB.
    """
    lab, weight, _ = _garment(pixels)
    sides = [_soft(lab[:, axis], grid) for axis, grid in enumerate(_GRIDS)]
    shape = tuple(len(grid) for grid in _GRIDS)
    bins = np.zeros(int(np.prod(shape)))
    for corner in np.ndindex(2, 2, 2):
        places, shares = zip(*(sides[axis][side] for axis, side in enumerate(corner)), strict=True)
        cells = np.ravel_multi_index(places, shape)
        bins += np.bincount(cells, weights=weight * np.prod(shares, axis=0), minlength=len(bins))
    row = np.sqrt(bins / bins.sum())
    return (row / np.linalg.norm(row)).astype(np.float32)


def _soft(values: np.ndarray, grid: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The two grid points around each value ``(M,)``, and its share in each."""
    place = np.clip((values - grid[0]) / (grid[1] - grid[0]), 0, len(grid) - 1)
    low = np.minimum(place.astype(np.int64), len(grid) - 2)
    return [(low, low + 1 - place), (low + 1, place - low)]
