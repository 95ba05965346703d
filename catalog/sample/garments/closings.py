"""Collars, neck bands, button rows and zips at the openings of a garment."""

import numpy as np

from catalog.sample.garments.bodice import Bodice, neck_line
from catalog.sample.shapes.parts import Garment, Part, Stroke
from catalog.sample.shapes.plane import Points, box, disc, outline


def neck_band(garment: Garment, bodice: Bodice, width: float = 0.09, dye: str = "main") -> None:
    """A knitted band or binding round the opening."""
    line = neck_line(bodice)
    along = np.gradient(line, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    ends = np.minimum(np.arange(len(line)), np.arange(len(line))[::-1]) / len(line)
    reach = width * np.clip(0.45 + ends * 5, 0, 1)[:, None]  # narrower where it meets the shoulder
    inner = line + _inward(line, along) * reach
    inner[:, 0] = np.where(line[:, 0] >= 0, np.maximum(inner[:, 0], 0), np.minimum(inner[:, 0], 0))
    band = np.concatenate([line, inner[::-1]])
    garment.add(Part(band, dye, False, "ribbed", fold=0.2, volume=0.7, lift=0.4, tone=-0.03))
    garment.add(Stroke(line - _inward(line, along) * 0.02, 0.012, -0.22))


def _inward(line: Points, along: Points) -> Points:
    """Unit normals of a neckline that point up, into the opening."""
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    middle = len(line) // 2
    return -normal if normal[middle, 1] > 0 else normal


def buttons(
    garment: Garment, x: float, y0: float, y1: float, count: int, radius: float = 0.042
) -> None:
    """A row of round buttons with their thread."""
    for y in np.linspace(y0, y1, count):
        garment.add(Part(disc(x, float(y), radius), "button", False, "button", fold=0, lift=0.35))
        dot = np.array([[x - radius * 0.3, y], [x + radius * 0.3, y]])
        garment.add(Stroke(dot, radius * 0.3, -0.5))


def placket(garment: Garment, y0: float, y1: float, half: float = 0.1) -> None:
    """The doubled front edge that carries the buttons."""
    garment.add(Part(box(-half, y0, half, y1), lift=0.35, volume=0.35, fold=0.5, tone=0.01))
    garment.add(Stroke(np.array([[half - 0.03, y0], [half - 0.03, y1]]), 0.01, -0.2))
    garment.add(Stroke(np.array([[0.03 - half, y0], [0.03 - half, y1]]), 0.01, -0.2))


def zipper(garment: Garment, y0: float, y1: float, x: float = 0.0) -> None:
    """A zip with its tape and slider."""
    line = np.array([[x, y0], [x, y1]])
    garment.add(Stroke(line, 0.1, -0.42), Stroke(line, 0.045, dye="metal", dash=0.022))
    garment.add(
        Part(box(x - 0.035, y0, x + 0.035, y0 + 0.15, 0.02), "metal", False, "metal", lift=0.4)
    )


def shirt_collar(
    garment: Garment, bodice: Bodice, reach: float = 0.5, dye: str = "main", spread: float = 0.36
) -> None:
    """A turned-down collar of two leaves over its stand."""
    w, d = bodice.neck_width, bodice.neck_depth
    back = outline([
        (w + 0.02, 0.02), (w * 0.8, -0.16, 1), (0, -0.21, 1), (-w * 0.8, -0.16, 1),
        (-w - 0.02, 0.02), (0, 0.12, 1),
    ])  # fmt: skip
    garment.add(Part(back, dye, False, tone=-0.16, lift=0, fold=0.4, volume=0.6))
    leaf = outline([
        (0.015, d - 0.06), (w * 0.62, -0.02, 1), (w * 0.8, -0.16, 1), (w * 0.98, -0.1, 1),
        (w + 0.09, 0.04, 1), (spread + 0.02, reach), (spread - 0.05, reach + 0.03),
    ])  # fmt: skip
    garment.add_both(Part(leaf, dye, dye == "main", turn=0.5, lift=0.9, fold=0.35, volume=0.6))
    edge = np.array([[0.04, d - 0.03], [spread - 0.03, reach - 0.02], [w + 0.05, 0.06]])
    garment.line_both(Stroke(edge, 0.01, -0.18))


def back_collar(garment: Garment, bodice: Bodice, dye: str = "main") -> None:
    """A collar seen from behind."""
    w = bodice.neck_width
    leaf = outline([
        (w + 0.1, 0.16), (w + 0.04, -0.04, 1), (w * 0.6, -0.17, 1), (0, -0.2, 1),
        (-w * 0.6, -0.17, 1), (-w - 0.04, -0.04, 1), (-w - 0.1, 0.16), (0, 0.22, 1),
    ])  # fmt: skip
    garment.add(Part(leaf, dye, dye == "main", lift=0.7, fold=0.3, volume=0.7))
