"""Weaves: small relief as a function of the place on the cloth.

Each takes ``u, v`` float32 arrays in garment units and ``px``, the size of a pixel in these units,
and returns relief of about -1 to 1. A weave finer than the pixels fades out rather than alias.
"""

from collections.abc import Callable

import numpy as np

Texture = Callable[[np.ndarray, np.ndarray, float], np.ndarray | float]


def _seen(period: float, px: float) -> float:
    """How much of a ripple of ``period`` a pixel grid can show: 0 below 2 pixels, 1 above 5."""
    return float(np.clip((period / px - 2) / 3, 0, 1))


def _ripple(t: np.ndarray, period: float, px: float) -> np.ndarray:
    return np.sin(t * np.float32(2 * np.pi / period)) * np.float32(_seen(period, px))


def _smooth(u: np.ndarray, v: np.ndarray, px: float) -> float:
    return 0.0


def _weave(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    return _ripple(u, 0.022, px) * _ripple(v, 0.022, px)


def _twill(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    return 0.7 * _ripple(u * 0.8 + v * 0.6, 0.034, px) + 0.2 * _ripple(u + 0.1 * v, 0.06, px)


def _rib(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    return _ripple(u, 0.075, px)


def _cord(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    return _ripple(u, 0.06, px)


def _knit(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    """Rows of V stitches."""
    side = np.abs((u / np.float32(0.07)) % 1 - 0.5)
    return _ripple(v + side * 0.06, 0.06, px) * 0.6 + (side - 0.25) * 2 * _seen(0.07, px)


def _cable(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    """Twisted ropes with plain knit between them."""
    column = (u / np.float32(0.42)) % 1 - 0.5
    twist = np.sin(v * np.float32(2 * np.pi / 0.42)) * 0.13
    strand = np.exp(-(((column - twist) / 0.1) ** 2)) + np.exp(-(((column + twist) / 0.1) ** 2))
    return (strand - 0.6) * 1.3 + 0.25 * _knit(u, v, px)


def _quilt(u: np.ndarray, v: np.ndarray, px: float) -> np.ndarray:
    """Horizontal tubes of down with a sharp seam between them."""
    t = (v / np.float32(0.36)) % 1
    return np.sqrt(np.clip(4 * t * (1 - t), 0, 1)) * 1.0 - 0.75 + (0.5 - t) * 0.45


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
