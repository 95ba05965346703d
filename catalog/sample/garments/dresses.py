"""Dresses and jumpsuits: a bodice and a skirt in one piece."""

import numpy as np

from catalog.sample.garments import bodice as cut
from catalog.sample.garments import closings
from catalog.sample.garments.bodice import SLEEVE_LENGTHS, Bodice
from catalog.sample.garments.skirts import skirt_panel
from catalog.sample.shapes.parts import Garment, Part, Stroke
from catalog.sample.shapes.plane import outline, ribbon, shifted
from catalog.sample.shapes.style import Pose, Style

_LENGTHS = {"mini": 1.75, "knee": 2.35, "midi": 3.1, "maxi": 3.75}


def _top(style: Style, pose: Pose, waist: float = 0.72) -> Bodice:
    """A fitted bodice that ends at the waist."""
    slight = style.random().uniform(-0.02, 0.02)
    b = Bodice(
        shoulder=0.8, slope=0.18, underarm=0.9, chest=0.88, waist=0.8, waist_at=1.35,
        hem=waist + slight, length=1.62, hem_curve=0.03,
    )  # fmt: skip
    cut.set_neck(b, style.neck, pose.back)
    if style.sleeve == "sleeveless":
        b.shoulder, b.slope = max(0.6, b.neck_width + 0.16), 0.1
    if style.neck == "straps":
        b.shoulder, b.slope, b.neck_width, b.neck_depth = 0.52, -0.02, 0.46, 0.68
    return b


def dress(style: Style, pose: Pose) -> Garment:
    """A dress with a waist seam; the cut decides the skirt."""
    b = _top(style, pose)
    g = Garment(hang_width=b.shoulder)
    length = _LENGTHS[style.length] * (0.78 if style.childish else 1.0)
    sleeve = SLEEVE_LENGTHS[style.sleeve]
    shape = "puff" if sleeve and sleeve < 1 and style.random().random() < 0.5 else "straight"
    cut.add_sleeves(
        g, b, pose, sleeve, 0.38 if sleeve > 1.4 else 0.56, 0.08 if shape == "puff" else 0.0, shape,
        cuff_texture=None,
    )  # fmt: skip
    skirt_panel(g, style, b.hem - 0.01, b.length - 0.04, length, pose)
    cut.add_body(g, b, pose)
    cut.add_armhole_seams(g, b)
    _waist(g, b, style)
    if not pose.back:
        _neck(g, b, style)
    for x in (0.3,):
        dart = np.array([[x, b.length - 0.04], [x + 0.05, b.length - 0.6]])
        g.line_both(Stroke(dart, 0.014, -0.2))
    g.details = [(0.1, 0.6), (0.1, 1.6), (0.4, b.length + length - 0.8)]
    return g


def _waist(g: Garment, b: Bodice, style: Style) -> None:
    y = b.length
    seam = outline([(b.hem, y), (0, y + 0.03, 1), (-b.hem, y)], closed=False)
    if style.cut in {"wrap", "flared"} or style.seed % 3 == 0:
        belt = outline([
            (b.hem + 0.01, y - 0.1), (b.hem + 0.02, y + 0.06), (0, y + 0.1, 1),
            (-b.hem - 0.02, y + 0.06), (-b.hem - 0.01, y - 0.1), (0, y - 0.06, 1),
        ])  # fmt: skip
        g.add(Part(belt, lift=0.5, fold=0.5, tone=-0.08, patterned=style.seed % 2 == 0))
        for k, end in ((0.1, 0.85), (0.22, 0.62)):
            tail = outline([(0.36, y), (0.4 + k, y + 0.4, 1), (0.36 + k, y + end)], closed=False)
            g.add(
                Part(ribbon(tail, 0.08, 0.11), lift=0.7, tone=-0.08, patterned=style.seed % 2 == 0)
            )
    else:
        g.add(Stroke(seam, 0.025, -0.28))


def _neck(g: Garment, b: Bodice, style: Style) -> None:
    if style.neck in {"v-neck", "deep v"} and style.cut == "wrap":
        line = outline([
            (-b.neck_width, 0), (-0.1, b.neck_depth * 0.8, 1), (b.hem * 0.75, b.length - 0.03),
        ], closed=False)  # fmt: skip
        g.add(Stroke(line, 0.035, -0.25), Stroke(shifted(line, -0.03, 0.02), 0.02, 0.06))
    if style.neck == "shirt collar":
        closings.placket(g, b.neck_depth - 0.04, b.length - 0.02)
        closings.buttons(g, 0, 0.5, b.length - 0.2, 4)
        closings.shirt_collar(g, b, 0.48)
    elif style.neck == "peter pan":
        closings.shirt_collar(g, b, 0.44, "trim", 0.3)
    else:
        closings.neck_band(g, b, 0.05)


def slip_dress(style: Style, pose: Pose) -> Garment:
    """A straight dress on thin straps."""
    length = {"mini": 3.1, "knee": 3.6, "midi": 4.4, "maxi": 5.0}[style.length]
    hem = 0.95 + 0.1 * style.random().random()
    g = Garment(hang_width=0.5)
    y = 0.62
    back = outline([
        (0.72, y + 0.3), (0.45, y + 0.12, 1), (0, y + 0.16, 1), (-0.45, y + 0.12, 1),
        (-0.72, y + 0.3), (0, y + 0.7, 1),
    ])  # fmt: skip
    for side in (1, -1):
        strap = outline(
            [(side * 0.46, y + 0.16), (side * 0.47, 0.2, 1), (side * 0.42, -0.02)], closed=False
        )
        g.add(Part(ribbon(strap, 0.05), lift=0.3, fold=0))
    g.add(Part(back, patterned=False, tone=-0.33, lift=0))
    g.slot = len(g.items)
    top = outline([
        (0.47, y), (0.62, y + 0.14, 1), (0.84, y + 0.42), (0.7, 1.7, 1), (0.86, 2.5, 1),
        (hem, length), (0, length + 0.1, 1), (-hem, length), (-0.86, 2.5, 1), (-0.7, 1.7, 1),
        (-0.84, y + 0.42), (-0.62, y + 0.14, 1), (-0.47, y), (-0.24, y + 0.22, 1), (0, y + 0.34),
        (0.24, y + 0.22, 1),
    ])  # fmt: skip
    g.add(Part(top, fold=1.5))
    for side in (1, -1):
        strap = outline(
            [(side * 0.47, y + 0.03), (side * 0.49, 0.25, 1), (side * 0.42, -0.02)], closed=False
        )
        g.add(Part(ribbon(strap, 0.05), lift=0.5, fold=0))
        dart = np.array([[side * 0.4, y + 0.75], [side * 0.72, y + 0.6]])
        g.add(Stroke(dart, 0.016, -0.22))
    g.details = [(0.1, y + 0.5), (0.3, length - 0.8)]
    return g


def sheath(style: Style, pose: Pose) -> Garment:
    """A narrow dress without a waist seam; the T-shirt and sweater dress too."""
    length = {"mini": 3.3, "knee": 3.9, "midi": 4.6, "maxi": 5.1}[style.length] * (
        0.8 if style.childish else 1
    )
    loose = style.cut in {"straight", "relaxed"}
    b = Bodice(
        shoulder=0.82, slope=0.18, underarm=0.93, chest=0.92, waist=0.9 if loose else 0.76,
        waist_at=1.6, hem=1.0 if loose else 0.82, length=length,
        body=[(0.98 if loose else 0.96, 2.5, 1)],
    )  # fmt: skip
    cut.set_neck(b, style.neck, pose.back)
    if style.sleeve == "sleeveless":
        b.shoulder, b.slope = max(0.62, b.neck_width + 0.14), 0.1
    g = Garment(hang_width=b.shoulder)
    cut.add_sleeves(
        g, b, pose, SLEEVE_LENGTHS[style.sleeve], 0.36 if style.sleeve == "long" else 0.58
    )
    cut.add_body(g, b, pose)
    cut.add_armhole_seams(g, b)
    cut.add_hem(g, b)
    closings.neck_band(g, b, 0.06)
    if not loose:
        for x in (0.36,):
            g.line_both(
                Stroke(outline([(x, 1.0), (x - 0.03, 1.6, 1), (x, 2.2)], closed=False), 0.014, -0.2)
            )
    g.details = [(0.1, 0.6), (0.2, length - 0.8)]
    return g
