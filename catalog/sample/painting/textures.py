"""Weaves: the small relief of a fabric as a function of the position on the cloth.

Each takes ``u, v`` float32 arrays in garment units and ``px``, the size of a pixel in these units,
and returns a relief of about -1 to 1. Weaves finer than the pixels fade out instead of aliasing.
"""

from collections.abc import Callable

import numpy as np

from catalog.sample.shapes.arrays import Float32

Texture = Callable[[Float32, Float32, float], Float32 | float]


def _visibility(period: float, px: float) -> float:
    """The share of a ripple of ``period`` that a pixel grid shows: 0 below 2 pixels, 1 above 5."""
    return float(np.clip((period / px - 2) / 3, 0, 1))


def _ripple(t: Float32, period: float, px: float) -> Float32:
    wave: Float32 = np.sin(t * np.float32(2 * np.pi / period))
    return wave * np.float32(_visibility(period, px))


def _smooth(u: Float32, v: Float32, px: float) -> float:
    return 0.0


def _weave(u: Float32, v: Float32, px: float) -> Float32:
    return _ripple(u, 0.022, px) * _ripple(v, 0.022, px)


def _twill(u: Float32, v: Float32, px: float) -> Float32:
    return 0.7 * _ripple(u * 0.8 + v * 0.6, 0.034, px) + 0.2 * _ripple(u + 0.1 * v, 0.06, px)


def _rib(u: Float32, v: Float32, px: float) -> Float32:
    return _ripple(u, 0.075, px)


def _cord(u: Float32, v: Float32, px: float) -> Float32:
    return _ripple(u, 0.06, px)


def _knit(u: Float32, v: Float32, px: float) -> Float32:
    """Rows of V stitches."""
    side = np.abs((u / np.float32(0.07)) % 1 - 0.5)
    relief: Float32 = (side - 0.25) * 2 * _visibility(0.07, px)
    return _ripple(v + side * 0.06, 0.06, px) * 0.6 + relief


def _cable(u: Float32, v: Float32, px: float) -> Float32:
    """Twisted ropes with plain knit between them."""
    column = (u / np.float32(0.42)) % 1 - 0.5
    twist = np.sin(v * np.float32(2 * np.pi / 0.42)) * 0.13
    strand = np.exp(-(((column - twist) / 0.1) ** 2)) + np.exp(-(((column + twist) / 0.1) ** 2))
    relief: Float32 = (strand - 0.6) * 1.3 + 0.25 * _knit(u, v, px)
    return relief


def _quilt(u: Float32, v: Float32, px: float) -> Float32:
    """Horizontal tubes of down with a sharp seam between them."""
    t = (v / np.float32(0.36)) % 1
    relief: Float32 = np.sqrt(np.clip(4 * t * (1 - t), 0, 1)) * 1.0 - 0.75 + (0.5 - t) * 0.45
    return relief


TEXTURES: dict[str, Texture] = {
    "smooth": _smooth,
    "weave": _weave,
    "slub": _weave,
    "twill": _twill,
    "fuzz": _smooth,
    "fleck": _twill,
    "pebble": _smooth,
    "knit": _knit,
    "cable": _cable,
    "rib": _rib,
    "cord": _cord,
    "quilt": _quilt,
}
