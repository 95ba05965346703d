"""Trousers, jeans, joggers and shorts; the waist is at y = 0."""

import numpy as np

from catalog.sample.shapes.parts import Garment, Part, Print, Stroke
from catalog.sample.shapes.plane import Node, Points, box, disc, flip, outline, ribbon, shifted
from catalog.sample.shapes.style import Pose, Style

_LEGS: dict[str, tuple[float, float, float]] = {
    # half hip, knee width, hem width; other cuts ("skinny", "slim") have the measures of "regular"
    "straight": (0.98, 0.7, 0.64), "tapered": (1.04, 0.7, 0.46), "wide leg": (1.04, 0.92, 1.02),
    "flared": (0.95, 0.58, 0.92), "relaxed": (1.06, 0.8, 0.72), "regular": (1.0, 0.74, 0.66),
}  # fmt: skip
_LENGTHS = {
    "full": 4.05,
    "ankle": 3.6,
    "cropped": 3.0,
    "knee": 2.15,
    "mid-thigh": 1.75,
    "short": 1.36,
}


def _leg(style: Style, pose: Pose) -> tuple[Points, float, float, tuple[float, float]]:
    """The right leg's outline, waist half-width, length and the hem's ends in x."""
    hip, knee, hem = _LEGS.get(style.cut, _LEGS["regular"])
    random = style.random()
    length = _LENGTHS[style.length] * (0.85 if style.childish else 1.0)
    waist = hip * 0.77 + random.uniform(-0.02, 0.02)
    rise = 1.12 + random.uniform(-0.08, 0.1)
    spread = 0.1 + pose.random().uniform(-0.03, 0.06)
    if length < 2.5:
        hem = max(hem, 0.95) if style.cut != "slim" else 0.86
        out = hip * 1.08
        nodes: list[Node] = [
            (waist, 0), (hip * 0.97, 0.55, 1), (out, length), (out - hem, length + 0.05),
            (0.03, rise, 1), (0, rise - 0.04), (0, 0.02),
        ]  # fmt: skip
        return outline(nodes), waist, length, (out - hem, out)
    out = hip * 0.93 + spread + (hem - 0.6) * 0.45
    bend = hip * 0.95 + spread * 0.6 + (knee - 0.66) * 0.25
    nodes = [
        (waist, 0), (hip, 0.8, 1), (bend, 2.05, 1), (out, length),
        (out - hem * 0.5, length + 0.03, 1), (out - hem, length), (bend - knee, 2.1, 1),
        (0.05, rise + 0.16, 1), (0, rise), (0, 0.02),
    ]  # fmt: skip
    return outline(nodes), waist, length, (out - hem, out)


def _base(style: Style, pose: Pose) -> tuple[Garment, Points, float, float, tuple[float, float]]:
    leg, waist, length, hem = _leg(style, pose)
    g = Garment(hang="waist", hang_at=(0, 0.05), hang_width=waist)
    back = outline([(waist - 0.02, 0), (0, -0.03, 1), (0.02 - waist, 0), (0, 0.14, 1)])
    g.add(Part(back, patterned=False, tone=-0.35, lift=0, fold=0.3))
    g.add(Part(flip(leg), lift=0.4), Part(leg, lift=0.45))
    g.add(Stroke(np.array([[0, 0.1], [0, 1.1]]), 0.022, -0.3))
    return g, leg, waist, length, hem


def waistband(
    g: Garment, waist: float, depth: float, dye: str = "main", texture: str | None = None
) -> None:
    """A band round the waist, dipping a little at the front."""
    nodes: list[Node] = [
        (waist, -0.005), (waist + 0.025, depth), (0, depth + 0.07, 1), (-waist - 0.025, depth),
        (-waist, -0.005), (0, 0.06, 1),
    ]  # fmt: skip
    g.add(
        Part(
            outline(nodes),
            dye,
            texture is None and dye == "main",
            texture,
            lift=0.4,
            fold=0.3,
            volume=0.6,
        )
    )


def _hem_lines(g: Garment, hem: tuple[float, float], length: float, dye: str | None = None) -> None:
    line = np.array([[hem[0] + 0.01, length - 0.09], [hem[1] - 0.01, length - 0.09]])
    g.line_both(Stroke(line, 0.014, -0.28, dye, 0.035 if dye else 0.0))


def _loops(g: Garment, waist: float, depth: float) -> None:
    for x in (-waist * 0.78, -waist * 0.36, waist * 0.36, waist * 0.78):
        g.add(Part(box(x - 0.035, -0.01, x + 0.035, depth + 0.07, 0.015), lift=0.5, fold=0))


def jeans(style: Style, pose: Pose) -> Garment:
    """Denim with orange stitching, a fly, rivets, pockets, and fades on the thighs."""
    g, _, waist, length, hem = _base(style, pose)
    thigh = outline(
        [(waist * 0.62, 0.9), (waist * 0.72, 1.9, 1), (waist * 0.78, 2.6)], closed=False
    )
    g.line_both(Stroke(thigh, 0.2, 0.13, soft=0.14))
    for y in (0.86, 0.98, 1.1):  # whiskers
        g.line_both(Stroke(np.array([[0.1, y + 0.16], [0.42, y]]), 0.03, 0.08, soft=0.02))
    _hem_lines(g, hem, length, "thread")
    if pose.back:
        _jeans_back(g, waist)
        return g
    pocket = outline(
        [(waist * 0.42, 0.17), (waist * 0.52, 0.42, 1), (waist + 0.12, 0.52)], closed=False
    )
    _stitch(g, pocket, shifted(pocket, 0.01, -0.04))
    g.line_both(Stroke(shifted(pocket, 0, 0.03), 0.03, -0.3))
    fly = outline([(0.16, 0.18), (0.17, 0.62, 1), (0.02, 0.86)], closed=False)
    g.add(Stroke(fly, 0.014, dye="thread", dash=0.03))
    waistband(g, waist, 0.18)
    _loops(g, waist, 0.18)
    g.metal(disc(0.0, 0.14, 0.05))
    for side in (1, -1):
        g.metal(disc(side * waist * 0.44, 0.23, 0.02))
        g.metal(disc(side * waist * 0.98, 0.5, 0.02))
    g.details = [(0.2, 0.4), (0.4, length - 0.6)]
    return g


def _stitch(g: Garment, *lines: Points) -> None:
    for line in lines:
        g.line_both(Stroke(line, 0.015, dye="thread", dash=0.03))


def _jeans_back(g: Garment, waist: float) -> None:
    """The seat: a yoke, two patch pockets and a leather label."""
    pocket = np.array([[0.16, 0.5], [0.66, 0.44], [0.68, 0.95], [0.43, 1.1], [0.18, 0.98]])
    g.add_both(Part(pocket, lift=0.4, volume=0.4))
    _stitch(g, pocket, np.array([[0, 0.46], [waist + 0.06, 0.3]]))
    waistband(g, waist, 0.18)
    _loops(g, waist, 0.18)
    g.add(Part(box(0.25, 0.03, 0.55, 0.2), "leather", False, "leather", lift=0.3))


def trousers(style: Style, pose: Pose) -> Garment:
    """Tailored or casual trousers with a crease and slanted pockets."""
    g, _, waist, length, hem = _base(style, pose)
    middle = (hem[0] + hem[1]) / 2
    crease = outline(
        [(waist * 0.45, 0.3), (waist * 0.56, 1.4, 1), (middle, length - 0.02)], closed=False
    )
    if style.cut not in {"relaxed", "skinny"}:
        g.line_both(Stroke(crease, 0.022, -0.16))
        g.line_both(Stroke(shifted(crease, -0.022, 0), 0.022, 0.07))
    if pose.back:
        g.line_both(Stroke(np.array([[0.25, 0.62], [0.62, 0.6]]), 0.03, -0.35))
    else:
        pocket = np.array([[waist * 0.7, 0.18], [waist + 0.1, 0.72]])
        g.line_both(Stroke(pocket, 0.02, -0.35))
        for x in (0.3, 0.42):
            if style.cut in {"wide leg", "tapered"}:
                g.line_both(Stroke(np.array([[x, 0.2], [x + 0.03, 0.6]]), 0.02, -0.22))
        g.add(
            Stroke(
                outline([(0.13, 0.18), (0.14, 0.6, 1), (0.01, 0.84)], closed=False), 0.011, -0.25
            )
        )
    waistband(g, waist, 0.16)
    _loops(g, waist, 0.16)
    if not pose.back:
        g.add(Part(disc(0.02, 0.13, 0.04), "button", False, "button", lift=0.4, fold=0))
    g.details = [(0.2, 0.4), (0.4, length - 0.6)]
    return g


def joggers(style: Style, pose: Pose) -> Garment:
    """Soft trousers with elastic at waist and ankle, and a drawstring."""
    g, _, waist, length, hem = _base(style, pose)
    g.add(Print(0.5, 0.95, 0.2))
    cuff = np.array([
        [hem[0] + 0.01, length - 0.02], [hem[1] - 0.01, length - 0.02],
        [hem[1] - 0.06, length + 0.22], [hem[0] + 0.06, length + 0.22],
    ])  # fmt: skip
    g.add_both(Part(cuff, "main", False, "ribbed", fold=0.3, volume=0.8, lift=0.3, tone=-0.04))
    g.line_both(Stroke(np.array([[waist * 0.8, 0.25], [waist + 0.13, 0.8]]), 0.02, -0.32))
    if style.random().random() < 0.4:
        stripe = outline(
            [(waist - 0.06, 0.2), (waist + 0.1, 0.8, 1), (hem[1] - 0.12, length)], closed=False
        )
        g.line_both(Stroke(stripe, 0.07, dye="second"))
    waistband(g, waist, 0.24, "main", "ribbed")
    for side in (1, -1):
        string = outline(
            [(side * 0.06, 0.18), (side * 0.13, 0.45, 1), (side * 0.09, 0.75)], closed=False
        )
        if not pose.back:
            g.add(Part(ribbon(string, 0.045), "string", False, "button", lift=0.6, fold=0))
    g.details = [(0.1, 0.4), (0.5, length - 0.4)]
    return g


def shorts(style: Style, pose: Pose) -> Garment:
    """Short trousers, tailored or with a drawstring."""
    g, _, waist, length, hem = _base(style, pose)
    g.add(Print(0.55, length - 0.5, 0.22))
    _hem_lines(g, hem, length)
    g.line_both(Stroke(np.array([[waist * 0.72, 0.2], [waist + 0.12, 0.66]]), 0.02, -0.34))
    sporty = style.cut == "relaxed"
    if sporty:
        waistband(g, waist, 0.22, "main", "ribbed")
        for side in (1, -1):
            string = outline(
                [(side * 0.05, 0.18), (side * 0.14, 0.4, 1), (side * 0.1, 0.66)], closed=False
            )
            g.add(Part(ribbon(string, 0.045), "string", False, "button", lift=0.6, fold=0))
    else:
        g.add(
            Stroke(
                outline([(0.13, 0.18), (0.14, 0.56, 1), (0.01, 0.8)], closed=False), 0.012, -0.25
            )
        )
        waistband(g, waist, 0.17)
        _loops(g, waist, 0.17)
        g.add(Part(disc(0.0, 0.14, 0.042), "button", False, "button", lift=0.4, fold=0))
    g.details = [(0.2, 0.4), (0.5, length - 0.4)]
    return g
