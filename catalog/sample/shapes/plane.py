"""Points, smooth outlines and affine maps: the geometry of garments.

Garment units are about 26 cm: half the width of a T-shirt is 1. x grows to the right and y grows
down; y = 0 is where shoulder and neck meet, or the waist of garments without shoulders.
"""

import math
from collections.abc import Sequence

import numpy as np

from catalog.sample.shapes.arrays import Float64

Points = Float64  # (N, 2) float64
Node = tuple[float, ...]  # (x, y) is a corner, (x, y, 1) a smooth point


def outline(nodes: Sequence[Node], closed: bool = True, steps: int = 9) -> Points:
    """A polyline ``(N, 2)`` through ``nodes``, rounded at smooth ones by a Catmull-Rom spline."""
    points = np.array([node[:2] for node in nodes], dtype=float)
    smooth = np.array([len(node) > 2 for node in nodes])
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    if not closed:
        before[0], after[-1] = points[0], points[-1]
    tangents = (after - before) / 2
    pieces: list[Points] = []
    count = len(nodes)
    for i in range(count if closed else count - 1):
        j = (i + 1) % count
        chord = points[j] - points[i]
        if not smooth[i] and not smooth[j]:
            pieces.append(points[i : i + 1])
            continue
        reach = float(np.hypot(*chord))
        leave = _held(tangents[i], reach) if smooth[i] else chord
        arrive = _held(tangents[j], reach) if smooth[j] else chord
        pieces.append(_hermite(points[i], points[j], leave, arrive, steps))
    if not closed:
        pieces.append(points[-1:])
    return np.concatenate(pieces)


def _held(tangent: Points, reach: float) -> Points:
    """A tangent limited to about the length of the chord, so that the spline makes no loops."""
    length = float(np.hypot(*tangent))
    return tangent * min(1.0, 1.1 * reach / length) if length else tangent


def _hermite(start: Points, end: Points, leave: Points, arrive: Points, steps: int) -> Points:
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    square, cube = t * t, t * t * t
    return (
        (2 * cube - 3 * square + 1) * start
        + (cube - 2 * square + t) * leave
        + (3 * square - 2 * cube) * end
        + (cube - square) * arrive
    )


def mirrored(half: Sequence[Node]) -> list[Node]:
    """The nodes of the right half of a shape, top to bottom, completed by its mirror image."""
    left = [(-node[0], *node[1:]) for node in reversed(half) if node[0] != 0]
    return [*half, *left]


def symmetric(*half: Node) -> Points:
    """A closed outline from its right half, given from top to bottom."""
    return outline(mirrored(half))


def flip(points: Points) -> Points:
    """The mirror image of ``(N, 2)`` points about x = 0."""
    mirrored_points: Points = points * np.array([-1.0, 1.0])
    return mirrored_points


def shifted(points: Points, dx: float, dy: float) -> Points:
    """Points moved by ``(dx, dy)``."""
    moved: Points = points + np.array([dx, dy])
    return moved


def ribbon(line: Points, width: float, tip: float | None = None) -> Points:
    """The outline of a band of ``width`` along an open polyline, ``tip`` wide at its end."""
    widths = np.linspace(width, width if tip is None else tip, len(line))[:, None] / 2
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return np.concatenate([line + normal * widths, (line - normal * widths)[::-1]])


def disc(x: float, y: float, radius: float, squash: float = 1.0, steps: int = 20) -> Points:
    """An ellipse around ``(x, y)``; ``squash`` is its height divided by its width."""
    angles = np.linspace(0, 2 * math.pi, steps, endpoint=False)
    return np.stack([x + radius * np.cos(angles), y + radius * squash * np.sin(angles)], axis=1)


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Points:
    """A rectangle with corners rounded by ``radius``."""
    if radius <= 0:
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=float)
    quarter = np.linspace(0, math.pi / 2, 6)
    corners = [(x1, y0, -1), (x1, y1, 0), (x0, y1, 1), (x0, y0, 2)]
    pieces = []
    for x, y, turn in corners:
        cx = x - radius if x == x1 else x + radius
        cy = y - radius if y == y1 else y + radius
        angles = quarter + turn * math.pi / 2
        pieces.append(np.stack([cx + radius * np.cos(angles), cy + radius * np.sin(angles)], 1))
    return np.concatenate(pieces)


def apply(matrix: Float64, points: Points) -> Points:
    """Points ``(N, 2)`` moved by an affine map ``(2, 3)``."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def inverse(matrix: Float64) -> Float64:
    """The affine map ``(2, 3)`` that undoes ``matrix``."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.concatenate([linear, -(linear @ matrix[:, 2])[:, None]], axis=1)
