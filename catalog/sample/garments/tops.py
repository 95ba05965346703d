"""T-shirts, shirts, blouses, knitwear and sweatshirts."""

import numpy as np

from catalog.sample.garments import bodice as cut
from catalog.sample.garments import closings
from catalog.sample.garments.bodice import SLEEVE_LENGTHS, Bodice
from catalog.sample.shapes.parts import Garment, Part, Print, Stroke
from catalog.sample.shapes.plane import box, outline, ribbon
from catalog.sample.shapes.style import Pose, Style

_WIDTHS = {
    "slim": 0.9,
    "fitted": 0.86,
    "regular": 1.0,
    "relaxed": 1.08,
    "oversized": 1.2,
    "boxy": 1.14,
}


def body(style: Style, pose: Pose, length: float = 2.7) -> Bodice:
    """A bodice with the style's width, length and small proportions."""
    random, slight = style.random(), pose.random()
    wide = _WIDTHS.get(style.cut, 1.0) * random.uniform(0.97, 1.03)
    tall = {"cropped": 0.72, "long": 1.22}.get(style.length, 1.0) * random.uniform(0.97, 1.03)
    if style.cut == "boxy":
        tall *= 0.92
    if style.childish:
        tall, wide = tall * 0.86, wide * 1.02
    pinch = {"slim": 0.08, "fitted": 0.14}.get(style.cut, 0.03) + slight.uniform(-0.02, 0.02)
    drop = {"oversized": 0.14, "boxy": 0.08, "relaxed": 0.04}.get(style.cut, 0.0)
    b = Bodice(
        shoulder=0.86 * (wide + 1) / 2 + drop,
        slope=0.2 + drop * 0.35 + slight.uniform(-0.01, 0.02),
        underarm=0.97 + drop,
        chest=wide,
        waist=wide - pinch,
        waist_at=min(1.8, length * tall * 0.68),
        hem=wide - pinch * 0.35 + slight.uniform(-0.015, 0.015),
        length=length * tall,
        hem_curve=0.05 + slight.uniform(-0.02, 0.03),
    )
    return cut.set_neck(b, style.neck or "crew", pose.back)


def _opening(style: Style, long: float = 0.4, short: float = 0.66) -> float:
    size = long if SLEEVE_LENGTHS.get(style.sleeve, 1) > 1.4 else short
    return size * {"slim": 0.9, "fitted": 0.88, "oversized": 1.15}.get(style.cut, 1.0)


def tshirt(style: Style, pose: Pose) -> Garment:
    """A jersey top with a bound neck; also the long-sleeved one."""
    g, b = Garment(), body(style, pose)
    contrast = style.random().random() < 0.16
    trim = "second" if contrast else "main"
    cut.add_sleeves(g, b, pose, SLEEVE_LENGTHS[style.sleeve], _opening(style))
    cut.add_body(g, b, pose)
    g.add(Print(0.0, 1.05, 0.52))
    cut.add_armhole_seams(g, b)
    cut.add_hem(g, b)
    closings.neck_band(g, b, 0.085, trim)
    if style.neck == "henley" and not pose.back:
        closings.placket(g, b.neck_depth - 0.02, b.neck_depth + 0.62, 0.085)
        closings.buttons(g, 0, b.neck_depth + 0.1, b.neck_depth + 0.5, 3, 0.035)
    g.details = [(0.1, 0.5), (b.shoulder, 0.8), (0.2, b.length - 0.6)]
    return g


def tank(style: Style, pose: Pose) -> Garment:
    """A top without sleeves: straps or deep armholes."""
    b = body(style, pose, 2.55)
    wide = 0.66 if style.neck != "straps" else 0.58
    b.shoulder, b.slope, b.underarm = wide, 0.1, 0.98
    b.neck_width = min(b.neck_width, wide - 0.2) if style.neck != "straps" else 0.5
    if style.neck == "straps":
        b.shoulder, b.slope, b.neck_depth = 0.58, 0.02, 0.72 if not pose.back else 0.5
    g = Garment(hang_width=b.shoulder)
    cut.add_body(g, b, pose)
    g.add(Print(0.0, 1.3, 0.45))
    closings.neck_band(g, b, 0.05)
    cut.add_armhole_seams(g, b)
    cut.add_hem(g, b)
    g.details = [(0.1, 0.6), (0.3, b.length - 0.6)]
    return g


def polo(style: Style, pose: Pose) -> Garment:
    """A knitted shirt with a collar and two or three buttons."""
    g, b = Garment(), body(style, pose)
    trim = "second" if style.random().random() < 0.3 else "main"
    cut.add_sleeves(
        g, b, pose, SLEEVE_LENGTHS[style.sleeve], _opening(style) * 0.94, 0.09, cuff_dye=trim
    )
    cut.add_body(g, b, pose)
    g.add(Print(0.45, 0.85, 0.2))
    cut.add_armhole_seams(g, b)
    cut.add_hem(g, b)
    if pose.back:
        closings.back_collar(g, b, trim)
        return g
    closings.placket(g, b.neck_depth - 0.1, b.neck_depth + 0.6, 0.09)
    closings.buttons(g, 0, b.neck_depth + 0.02, b.neck_depth + 0.46, 3, 0.036)
    closings.shirt_collar(g, b, 0.5, trim)
    g.details = [(0.1, 0.45), (0.5, 0.9)]
    return g


def shirt(style: Style, pose: Pose) -> Garment:
    """A buttoned shirt with a collar, placket, cuffs and perhaps a pocket."""
    g, b, random = Garment(), body(style, pose, 2.85), style.random()
    b.hem_curve, b.hem_side = 0.1, 0.24
    long = style.sleeve == "long"
    cut.add_sleeves(
        g, b, pose, SLEEVE_LENGTHS[style.sleeve], _opening(style, 0.42, 0.7), 0.26 if long else 0.0,
        cuff_texture=None,
    )  # fmt: skip
    cut.add_body(g, b, pose)
    cut.add_armhole_seams(g, b)
    cut.add_hem(g, b, 0.06)
    if pose.back:
        yoke = outline(
            [(b.shoulder - 0.04, 0.5), (0, 0.56, 1), (0.04 - b.shoulder, 0.5)], closed=False
        )
        g.add(Stroke(yoke, 0.016, -0.3))
        closings.back_collar(g, b)
        return g
    g.add(Print(-0.5, 0.95, 0.18))
    closings.placket(g, b.neck_depth - 0.04, b.length + b.hem_curve - 0.01)
    closings.buttons(g, 0, 0.55, b.length - 0.25, 7 if b.length > 2.3 else 5)
    if random.random() < 0.6:
        pocket = outline([(0.28, 0.78), (0.72, 0.78), (0.72, 1.24), (0.5, 1.34), (0.28, 1.24)])
        g.add(Part(pocket, lift=0.35, volume=0.3, fold=0.6), Stroke(pocket, 0.011, -0.22))
        g.add(Stroke(np.array([[0.29, 0.86], [0.71, 0.86]]), 0.011, -0.25))
    if style.neck == "band collar":
        closings.neck_band(g, b, 0.13)
        closings.buttons(g, 0, b.neck_depth - 0.07, b.neck_depth - 0.07, 1, 0.036)
    else:
        closings.shirt_collar(g, b, 0.52)
    g.details = [(0.15, 0.5), (0.4, 1.1), (0.1, b.length - 0.7)]
    return g


def blouse(style: Style, pose: Pose) -> Garment:
    """A soft top with full sleeves and a bow, ruffle, keyhole or V at the neck."""
    g, b, random = Garment(), body(style, pose, 2.5), style.random()
    b.hem *= 1.06
    length = SLEEVE_LENGTHS[style.sleeve]
    shape = "bell" if style.cut == "bell sleeve" else "puff" if length < 1 else "bishop"
    cuff = 0.0 if shape == "bell" else 0.11
    cut.add_sleeves(
        g, b, pose, length, 0.36 if length > 1.4 else 0.6, cuff, shape, cuff_texture=None
    )
    cut.add_body(g, b, pose)
    cut.add_armhole_seams(g, b)
    cut.add_hem(g, b, 0.05)
    for x in (0.16, 0.3, 0.44):
        fold = outline([(x, 0.34), (x * 1.05, 0.7, 1), (x * 1.25, 1.2)], closed=False)
        g.line_both(Stroke(fold, 0.03, -0.16, soft=0.02))
    if pose.back:
        return g
    if style.neck == "bow":
        _bow(g, b)
    elif style.neck == "ruffle":
        for k, y in enumerate((0.42, 0.72, 1.0)):
            g.add(_ruffle(0.2 + 0.05 * k, y, 0.26))
        closings.neck_band(g, b, 0.16)
    elif style.neck == "keyhole":
        drop = outline([(0, 0.34), (0.1, 0.5, 1), (0, 0.66, 1), (-0.1, 0.5, 1)])
        g.add(Part(drop, patterned=False, tone=-0.45, lift=0), Stroke(drop, 0.02, -0.2))
        closings.neck_band(g, b, 0.05)
        closings.buttons(g, 0, 0.33, 0.33, 1, 0.04)
    else:
        closings.neck_band(g, b, 0.04)
        if random.random() < 0.5 and style.neck == "v-neck":
            closings.buttons(g, 0, b.neck_depth + 0.12, b.length - 0.3, 5, 0.034)
    g.details = [(0.1, 0.6), (0.3, b.length - 0.5)]
    return g


def _bow(g: Garment, b: Bodice) -> None:
    closings.neck_band(g, b, 0.15)
    tail = outline([(0.0, 0.34, 1), (0.16, 0.75, 1), (0.2, 1.35)], closed=False)
    g.add_both(Part(ribbon(tail, 0.1, 0.22), lift=0.8, fold=0.8, turn=-0.15))
    loop = outline([(0.02, 0.34), (0.2, 0.17, 1), (0.48, 0.22, 1), (0.5, 0.42, 1), (0.22, 0.46, 1)])
    g.add_both(Part(loop, lift=0.9, volume=1.2, turn=1.2))
    g.add(Part(box(-0.08, 0.24, 0.08, 0.46, 0.06), lift=0.6, tone=-0.03))


def _ruffle(half: float, y: float, depth: float) -> Part:
    waves = 7
    low = [
        (x, y + depth + (0.05 if i % 2 else -0.02), 1)
        for i, x in enumerate(np.linspace(half * 1.9, -half * 1.9, waves).tolist())
    ]
    return Part(outline([(-half, y), (half, y), *low]), lift=0.9, fold=1.6, volume=0.8)
