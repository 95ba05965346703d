"""Sweaters, cardigans, sweatshirts and hoodies: thick tops with ribbed edges."""

import numpy as np

from catalog.sample.garments import bodice as cut
from catalog.sample.garments import closings
from catalog.sample.garments.bodice import SLEEVE_LENGTHS
from catalog.sample.garments.tops import body
from catalog.sample.shapes.parts import Garment, Part, Print, Stroke
from catalog.sample.shapes.plane import box, disc, outline, ribbon, symmetric
from catalog.sample.shapes.style import Pose, Style


def _thick(style: Style, pose: Pose, trim: str = "main") -> tuple[Garment, cut.Bodice]:
    """Sleeves, body, ribbed cuffs and waistband."""
    b = body(style, pose, 2.45)
    b.hem -= 0.04
    wide = {"oversized": 0.52, "slim": 0.36}.get(style.cut, 0.44)
    g = Garment()
    cut.add_sleeves(g, b, pose, SLEEVE_LENGTHS[style.sleeve], wide, 0.2, cuff_dye=trim)
    cut.add_body(g, b, pose, 1.15)
    return g, b


def sweater(style: Style, pose: Pose) -> Garment:
    """A knitted pullover; the neck may be round, V or rolled."""
    trim = "second" if style.random().random() < 0.12 else "main"
    g, b = _thick(style, pose, trim)
    cut.add_armhole_seams(g, b)
    cut.add_hem_band(g, b, 0.2, trim)
    if style.neck in {"turtleneck", "mock"}:
        tall = 0.44 if style.neck == "turtleneck" else 0.22
        w = b.neck_width
        roll = outline([
            (w + 0.03, 0.1), (w - 0.02, -tall * 0.6, 1), (w - 0.05, -tall), (0, -tall - 0.03, 1),
            (0.05 - w, -tall), (0.02 - w, -tall * 0.6, 1), (-w - 0.03, 0.1), (0, 0.24, 1),
        ])  # fmt: skip
        g.add(Part(roll, "main", False, "ribbed", lift=0.8, fold=0.5, volume=1.3))
        if style.neck == "turtleneck":
            fold = outline([(w + 0.01, -0.02), (0, 0.09, 1), (-w - 0.01, -0.02)], closed=False)
            g.add(Stroke(fold, 0.03, -0.25))
    else:
        closings.neck_band(g, b, 0.12, trim)
    g.details = [(0.15, 0.5), (0.4, b.length - 0.3), (b.chest + 0.3, 1.2)]
    return g


def sweatshirt(style: Style, pose: Pose) -> Garment:
    """A brushed pullover, often with a print."""
    trim = "second" if style.random().random() < 0.15 else "main"
    g, b = _thick(style, pose, trim)
    g.add(Print(0.0, 1.05, 0.55))
    cut.add_armhole_seams(g, b)
    cut.add_hem_band(g, b, 0.2, trim)
    closings.neck_band(g, b, 0.1, trim)
    if not pose.back:
        gusset = np.array(
            [[0.1, b.neck_depth + 0.02], [0, b.neck_depth + 0.16], [-0.1, b.neck_depth + 0.02]]
        )
        g.add(Stroke(gusset, 0.012, -0.28))
    g.details = [(0.1, 0.55), (0.3, b.length - 0.3)]
    return g


def cardigan(style: Style, pose: Pose) -> Garment:
    """A knitted jacket with a button band."""
    trim = "second" if style.random().random() < 0.2 else "main"
    g, b = _thick(style, pose, trim)
    cut.add_armhole_seams(g, b)
    cut.add_hem_band(g, b, 0.18, trim)
    if pose.back:
        closings.neck_band(g, b, 0.08, trim)
        return g
    bottom = b.length + 0.2
    line = cut.neck_line(b)
    half = line[: len(line) // 2 + 1]
    front = np.concatenate([half, [[0.0, bottom]]])
    g.add(
        Part(
            ribbon(front[::-1] * (-1, 1), 0.17),
            trim,
            False,
            "ribbed",
            lift=0.3,
            fold=0.2,
            volume=0.8,
        )
    )
    g.add(Part(ribbon(front, 0.17), trim, False, "ribbed", lift=0.6, fold=0.2, volume=0.8))
    closings.buttons(g, 0, b.neck_depth + 0.12, bottom - 0.14, 5 if bottom > 2.2 else 4, 0.055)
    if style.random().random() < 0.6:
        pocket = box(0.3, bottom - 0.85, 0.8, bottom - 0.32, 0.03)
        g.add_both(Part(pocket, lift=0.4, volume=0.5))
        g.add_both(
            Part(box(0.29, bottom - 0.9, 0.81, bottom - 0.8), trim, False, "ribbed", lift=0.3)
        )
    g.details = [(0.1, 1.0), (0.4, bottom - 0.6)]
    return g


def hoodie(style: Style, pose: Pose) -> Garment:
    """A sweatshirt with a hood, strings and a pouch; ``zip`` opens at the front."""
    g, b = _thick(style, pose)
    lining = "second" if style.random().random() < 0.3 else "main"
    w = b.neck_width
    if pose.back:
        cut.add_hem_band(g, b, 0.2)
        drop = symmetric(
            (0, -0.12, 1), (w + 0.14, 0.02), (w + 0.1, 0.5, 1), (0.2, 0.86, 1), (0, 0.9, 1)
        )
        g.add(Part(drop, lift=1.2, volume=1.4))
        g.add(Stroke(np.array([[0, -0.05], [0, 0.88]]), 0.014, -0.3))
        return g
    hood = symmetric(
        (0, -0.66, 1), (w - 0.02, -0.5, 1), (w + 0.2, -0.12, 1), (w + 0.16, 0.2), (0, 0.5, 1)
    )
    mouth = symmetric(
        (0, -0.47, 1), (w * 0.55, -0.4, 1), (w - 0.02, -0.12, 1), (w - 0.03, 0.16), (0, 0.5, 1)
    )
    g.items = [
        Part(hood, lift=0.3, volume=1.3),
        Part(mouth, lining, False, tone=-0.3, lift=0),
        Stroke(np.array([[0, -0.46], [0, 0.1]]), 0.014, -0.35),
        *g.items,
        Print(0.46, 0.95, 0.2) if style.neck == "zip" else Print(0.0, 1.0, 0.5),
    ]
    cut.add_armhole_seams(g, b)
    cut.add_hem_band(g, b, 0.2)
    _strings(g, w)
    low = b.length - 0.03
    pouch = symmetric((0, low - 0.75), (0.4, low - 0.75), (0.68, low - 0.3), (0.68, low), (0, low))
    g.add(Part(pouch, lift=0.6, volume=0.6))
    g.line_both(Stroke(np.array([[0.38, low - 0.72], [0.64, low - 0.29]]), 0.012, -0.3))
    if style.neck == "zip":
        closings.zipper(g, 0.5, b.length + 0.2)
    g.details = [(0.1, 0.4), (0.3, low - 0.4)]
    return g


def _strings(g: Garment, w: float) -> None:
    """The hood's rolled edge, and the drawstrings that come out of it."""
    lip = outline(
        [(w - 0.06, -0.14), (w - 0.02, 0.1, 1), (0.2, 0.42, 1), (0.0, 0.52)], closed=False
    )
    g.add_both(Part(ribbon(lip, 0.16), lift=0.8, fold=0.4, volume=0.9))
    string = outline([(0.13, 0.44), (0.17, 0.8, 1), (0.13, 1.15)], closed=False)
    g.add_both(Part(ribbon(string, 0.04), "string", False, "button", lift=0.7, fold=0))
    for side in (1, -1):
        g.metal(disc(side * 0.13, 1.16, 0.03, 1.6))
