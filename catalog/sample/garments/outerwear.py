"""Jackets, coats and blazers."""

import numpy as np

from catalog.sample.garments import bodice as cut
from catalog.sample.garments import closings
from catalog.sample.garments.bodice import Bodice
from catalog.sample.garments.tops import body
from catalog.sample.shapes.parts import Garment, Part, Print, Stroke
from catalog.sample.shapes.plane import box, disc, outline, shifted
from catalog.sample.shapes.style import Pose, Style

_COATS = {"hip": 2.5, "thigh": 3.1, "knee": 3.7, "midi": 4.2, "cropped": 2.0, "regular": 2.5}


def _frame(
    style: Style, pose: Pose, cuff: float = 0.0, opening: float = 0.5
) -> tuple[Garment, Bodice]:
    """Sleeves and a closed body of heavy cloth."""
    b = body(style, pose, 2.6)
    b.length = _COATS[style.length] * (0.82 if style.childish else 1.0)
    b.waist_at = min(1.8, b.length * 0.66)
    if b.length > 3:
        b.hem = b.chest * 1.1
        b.body = [(b.chest * 1.02, b.length * 0.72, 1)]
    g = Garment()
    cut.add_sleeves(g, b, pose, 2.3, opening, cuff)
    if not pose.back:
        cut.add_inside(g, b)
    g.add(Part(cut.body_outline(b, pose.back), volume=1.1, lift=0.5))
    return g, b


def _front_edge(g: Garment, b: Bodice, x: float = 0.0) -> None:
    line = np.array([[x, b.neck_depth], [x, b.length + b.hem_curve]])
    g.add(Stroke(line, 0.03, -0.42), Stroke(shifted(line, 0.03, 0), 0.014, 0.06))


def _lapels(g: Garment, b: Bodice, reach: float = 0.62, dye: str = "main") -> None:
    """Notched lapels with a collar behind them."""
    w, d = b.neck_width, b.neck_depth
    collar = outline([
        (w + 0.17, 0.2), (w + 0.03, -0.12, 1), (w * 0.5, -0.19, 1), (0, -0.2, 1),
        (-w * 0.5, -0.19, 1), (-w - 0.03, -0.12, 1), (-w - 0.17, 0.2), (-w * 0.6, 0.1, 1),
        (0, 0.04, 1), (w * 0.6, 0.1, 1),
    ])  # fmt: skip
    g.add(Part(collar, dye, dye == "main", lift=0.7, fold=0.3, volume=0.8, tone=-0.05))
    lapel = outline([
        (0.0, d + 0.02), (w * 0.55, d * 0.5, 1), (w - 0.03, 0.02), (w + 0.14, 0.2),
        (w + 0.05, 0.44), (reach, 0.5), (0.36, d * 0.78, 1),
    ])  # fmt: skip
    g.add_both(Part(lapel, dye, dye == "main", turn=0.25, lift=0.9, fold=0.35, volume=0.7))
    g.line_both(
        Stroke(np.array([[w + 0.15, 0.22], [w + 0.03, 0.43], [reach - 0.02, 0.49]]), 0.018, -0.32)
    )


def _flap(g: Garment, x: float, y: float, width: float, depth: float, both: bool = True) -> None:
    """A pocket flap."""
    shape = outline([
        (x, y), (x + width, y - 0.03), (x + width, y + depth - 0.05), (x + width - 0.05, y + depth),
        (x + 0.05, y + depth + 0.02), (x, y + depth - 0.02),
    ])  # fmt: skip
    part = Part(shape, lift=0.6, fold=0.4, volume=0.5)
    if both:
        g.add_both(part)
    else:
        g.add(part)


def blazer(style: Style, pose: Pose) -> Garment:
    """A tailored jacket with notched lapels; one or two rows of buttons."""
    g, b = _frame(style, pose)
    cut.add_armhole_seams(g, b)
    if pose.back:
        g.add(Stroke(np.array([[0, 0.2], [0, b.length]]), 0.018, -0.3))
        closings.back_collar(g, b)
        return g
    double = style.cut == "double-breasted"
    edge = -0.3 if double else 0.0
    line = outline([
        (0, b.neck_depth), (edge, b.neck_depth + 0.35, 1), (edge, b.length - 0.2, 1),
        (edge + 0.12, b.length + b.hem_curve),
    ], closed=False)  # fmt: skip
    g.add(Stroke(line, 0.03, -0.42), Stroke(shifted(line, 0.03, 0), 0.012, 0.06))
    _lapels(g, b)
    low = b.neck_depth + 0.1
    for x in (-0.24, 0.24) if double else (0.07,):
        closings.buttons(g, x, low, low + 0.42, 2, 0.055)
    _flap(g, 0.36, b.length - 0.78, 0.46, 0.17)
    g.add(Part(box(0.42, 0.88, 0.76, 0.98), lift=0.4, fold=0.2, volume=0.5))
    g.details = [(0.1, 0.8), (0.5, b.length - 0.7)]
    return g


def coat(style: Style, pose: Pose) -> Garment:
    """A long coat: an overcoat with lapels, or a belted trench."""
    g, b = _frame(style, pose, opening=0.54)
    cut.add_armhole_seams(g, b)
    trench = style.cut == "belted"
    waist = 1.75
    if pose.back:
        closings.back_collar(g, b)
        g.add(Stroke(np.array([[0, 0.2], [0, b.length]]), 0.02, -0.3))
    else:
        _front_edge(g, b, -0.3 if trench or style.cut == "double-breasted" else 0.02)
        if trench:
            for side in (1, -1):
                storm = outline([
                    (side * 0.84, 0.26), (side * 0.86, 0.95), (side * 0.55, 1.14, 1),
                    (side * 0.3, 0.9), (side * 0.4, 0.3),
                ])  # fmt: skip
                g.add(Part(storm, lift=0.5, volume=0.5))
        _lapels(g, b, 0.7)
        rows = (-0.26, 0.3) if trench or style.cut == "double-breasted" else (0.1,)
        for x in rows:
            closings.buttons(g, x, b.neck_depth + 0.12, min(b.length - 0.8, 2.9), 3, 0.06)
        for side in (1, -1):
            welt = np.array([[0.42, 2.05], [0.56, 2.02], [0.68, 2.5], [0.54, 2.53]]) * (side, 1)
            g.add(Part(welt, lift=0.5, volume=0.5, fold=0.3))
    if trench:
        half = b.chest * 1.0
        belt = outline([
            (half, waist - 0.09), (half, waist + 0.09), (0, waist + 0.12, 1), (-half, waist + 0.09),
            (-half, waist - 0.09), (0, waist - 0.06, 1),
        ])  # fmt: skip
        g.add(Part(belt, tone=-0.05, lift=0.7, fold=0.4))
        if not pose.back:
            g.add(Stroke(box(-0.12, waist - 0.1, 0.14, waist + 0.15, 0.04), 0.04, dye="button"))
            tail = outline([
                (0.1, waist - 0.04), (0.34, waist + 0.4), (0.3, waist + 0.7), (0.16, waist + 0.66),
                (0.04, waist + 0.1),
            ])  # fmt: skip
            g.add(Part(tail, tone=-0.05, lift=0.8))
    g.details = [(0.1, 0.8), (0.3, waist), (0.4, b.length - 0.6)]
    return g


def denim_jacket(style: Style, pose: Pose) -> Garment:
    """A trucker jacket: yoke, chest flaps, metal buttons, contrast stitching."""
    g, b = _frame(style, pose, opening=0.46)
    cut.add_armhole_seams(g, b)
    yoke = np.array([[-b.shoulder + 0.05, 0.68], [b.shoulder - 0.05, 0.68]])
    g.add(Stroke(yoke, 0.014, -0.3, dye="thread", dash=0.03))
    if not pose.back:
        for x in (0.28, 0.66):
            seam = np.array([[x, 0.7], [x * 0.62, b.length]])
            g.line_both(Stroke(seam, 0.014, -0.3, dye="thread", dash=0.03))
        closings.placket(g, 0.25, b.length + b.hem_curve, 0.11)
        for side in (1, -1):
            flap = np.array([[0.24, 0.7], [0.7, 0.7], [0.7, 0.86], [0.47, 0.97], [0.24, 0.86]]) * (
                side,
                1,
            )
            g.add(
                Part(flap, lift=0.5, fold=0.3, volume=0.5),
                Stroke(flap, 0.012, dye="thread", dash=0.03),
            )
            g.add(Part(disc(side * 0.47, 0.87, 0.035), "metal", False, "metal", lift=0.4, fold=0))
        for y in np.linspace(0.5, b.length - 0.25, 5):
            g.add(Part(disc(0, float(y), 0.045), "metal", False, "metal", lift=0.4, fold=0))
    cut.add_hem_band_flat(g, b, 0.2)
    if pose.back:
        closings.back_collar(g, b)
    else:
        closings.shirt_collar(g, b, 0.56, spread=0.44)
    g.details = [(0.2, 0.7), (0.3, b.length - 0.3)]
    return g


def bomber(style: Style, pose: Pose) -> Garment:
    """A zipped jacket with ribbed collar, cuffs and waist."""
    b = body(style, pose, 2.35)
    trim = "second" if style.random().random() < 0.35 else "main"
    g = Garment()
    cut.add_sleeves(g, b, pose, 2.2, 0.5, 0.18, cuff_dye=trim)
    cut.add_body(g, b, pose, 1.2)
    cut.add_armhole_seams(g, b)
    cut.add_hem_band(g, b, 0.22, trim)
    closings.neck_band(g, b, 0.16, trim)
    if not pose.back:
        closings.zipper(g, b.neck_depth - 0.1, b.length + 0.24)
        for side in (1, -1):
            slash = np.array([[0.4, b.length - 0.9], [0.62, b.length - 0.36]]) * (side, 1)
            g.add(Stroke(slash, 0.05, -0.32), Stroke(slash, 0.014, dye="metal"))
    g.add(Print(-0.48, 0.85, 0.2))
    g.details = [(0.1, 0.5), (0.4, b.length - 0.4)]
    return g


def puffer(style: Style, pose: Pose) -> Garment:
    """A quilted down jacket with a high collar; without sleeves it is a gilet."""
    b = body(style, pose, 2.5)
    b.chest, b.hem, b.waist = b.chest * 1.08, b.hem * 1.05, b.waist * 1.08
    b.neck_width, b.neck_depth = 0.36, 0.22 if not pose.back else 0.1
    if style.sleeve == "sleeveless":
        b.shoulder = 0.78
    if style.length in {"thigh", "knee"}:
        b.length = _COATS[style.length]
    g = Garment()
    if style.sleeve != "sleeveless":
        cut.add_sleeves(g, b, pose, 2.2, 0.6, 0.08)
    g.add(Part(cut.body_outline(b, pose.back), volume=1.4, lift=0.5))
    w = b.neck_width
    collar = outline([
        (w + 0.06, 0.12), (w + 0.1, -0.2, 1), (w - 0.02, -0.34), (0, -0.36, 1), (0.02 - w, -0.34),
        (-w - 0.1, -0.2, 1), (-w - 0.06, 0.12), (0, 0.28, 1),
    ])  # fmt: skip
    g.add(Part(collar, "main", volume=1.5, lift=0.8))
    cut.add_armhole_seams(g, b)
    if not pose.back:
        closings.zipper(g, -0.3, b.length + b.hem_curve)
        for side in (1, -1):
            slash = np.array([[0.5, b.length - 0.95], [0.66, b.length - 0.4]]) * (side, 1)
            g.add(Stroke(slash, 0.04, -0.4))
    g.details = [(0.2, 0.4), (0.4, b.length - 0.6)]
    return g


def biker(style: Style, pose: Pose) -> Garment:
    """A leather jacket with wide lapels and a slanted zip."""
    b = body(style, pose, 2.2)
    b.neck, b.neck_width, b.neck_depth = "crew", 0.36, 0.32 if not pose.back else 0.12
    g = Garment()
    cut.add_sleeves(g, b, pose, 2.3, 0.44)
    cut.add_body(g, b, pose, 1.2)
    cut.add_armhole_seams(g, b)
    if pose.back:
        closings.back_collar(g, b)
        return g
    line = outline([(-0.44, 0.66), (-0.26, 1.4, 1), (0.1, b.length + b.hem_curve)], closed=False)
    g.add(Stroke(line, 0.09, -0.45), Stroke(line, 0.04, dye="metal", dash=0.022))
    for lapel in (
        [
            (-0.02, 0.3),
            (-0.3, -0.06, 1),
            (-0.42, 0.06),
            (-0.74, 0.42),
            (-0.46, 0.98),
            (-0.2, 0.62, 1),
        ],
        [(0.02, 0.3), (0.3, -0.06, 1), (0.42, 0.06), (0.74, 0.42), (0.42, 0.92), (0.1, 0.62, 1)],
    ):
        g.add(Part(outline(lapel), lift=1.0, fold=0.5), Stroke(outline(lapel), 0.012, -0.25))
    collar = outline([
        (0.44, 0.2), (0.4, -0.1, 1), (0, -0.19, 1), (-0.4, -0.1, 1), (-0.44, 0.2), (-0.2, 0.14, 1),
        (0, 0.08, 1), (0.2, 0.14, 1),
    ])  # fmt: skip
    g.add(Part(collar, lift=0.7, fold=0.3))
    for x0, y0, x1, y1 in (
        (0.35, 1.25, 0.72, 1.12),
        (0.4, 1.72, 0.75, 1.5),
        (-0.72, 1.72, -0.42, 1.52),
    ):
        zip_line = np.array([[x0, y0], [x1, y1]])
        g.add(Stroke(zip_line, 0.07, -0.4), Stroke(zip_line, 0.03, dye="metal", dash=0.02))
    belt = np.array([[-b.hem, b.length - 0.14], [b.hem, b.length - 0.14]])
    g.add(Stroke(belt, 0.02, -0.3))
    g.details = [(0.0, 0.7), (0.3, 1.6)]
    return g
