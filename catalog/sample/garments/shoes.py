"""Shoes, drawn from the side with the toe to the right; y = 0 is the floor."""

from dataclasses import replace

import numpy as np

from catalog.sample.shapes.parts import Garment, Part, Stroke, mirrored_item
from catalog.sample.shapes.plane import Node, Points, disc, outline, ribbon, shifted
from catalog.sample.shapes.style import Pose, Style


def pair(one: Garment, pose: Pose) -> Garment:
    """A pair: a second shoe a little behind and above the first; at full droop facing left."""
    two = Garment(hang="none", stands=True, details=one.details)
    for item in one.items:
        if isinstance(item, Part):
            two.add(
                replace(item, outline=shifted(item.outline, -0.42, -0.5), tone=item.tone - 0.05)
            )
        elif isinstance(item, Stroke):
            two.add(replace(item, line=shifted(item.line, -0.42, -0.5)))
    two.add(*one.items)
    if pose.droop == 1:
        two.items = [mirrored_item(item) for item in two.items]
        two.details = [(-x, y) for x, y in two.details]
    return two


def narrowed(one: Garment, share: float) -> Garment:
    """The same shoe, shorter from heel to toe."""
    for i, item in enumerate(one.items):
        if isinstance(item, Part):
            one.items[i] = replace(item, outline=item.outline * (share, 1))
        elif isinstance(item, Stroke):
            one.items[i] = replace(item, line=item.line * (share, 1))
    return one


def sole(g: Garment, top: list[Node], bottom: list[Node], dye: str = "sole") -> None:
    """A sole between two lines, both given from heel to toe and back."""
    g.add(Part(outline([*top, *bottom]), dye, False, "rubber", lift=0.3, fold=0.2, volume=0.8))


def sneaker(style: Style, pose: Pose) -> Garment:
    """A laced trainer on a rubber sole; low or high."""
    g = Garment()
    high = style.cut == "high-top"
    tall = -1.72 if high else -1.0
    low_throat: list[Node] = [(-0.36, tall), (0.0, -0.83, 1), (0.4, -0.64)]
    high_throat: list[Node] = [(-0.42, tall), (-0.34, -1.16, 1), (0.02, -0.86, 1), (0.4, -0.66)]
    throat = outline(high_throat if high else low_throat, closed=False)
    tip = np.array([[-0.45, tall - 0.2], [-0.42, tall - 0.08]])
    tongue = ribbon(shifted(np.concatenate([tip, throat]), 0.03, -0.03), 0.24, 0.12)
    g.add(Part(tongue, "trim", False, lift=0.2, tone=-0.08))
    rim: list[Node] = [(-1.25, tall + 0.06), (-0.92, tall + (0.06 if high else 0.2), 1)]
    upper = [
        (-1.3, -0.14), (-1.35, -0.5, 1), (-1.27, (tall - 0.5) / 2, 1), *rim, *throat.tolist(),
        (0.72, -0.58, 1), (1.06, -0.5, 1), (1.3, -0.32, 1), (1.37, -0.12),
    ]  # fmt: skip
    g.add(Part(outline(upper), lift=0.3, volume=1.2))
    _panels(g, style, high)
    _laces(g, throat, "second" if style.seed % 5 == 0 else "main", 7 if high else 5)
    collar = outline([*rim, (-0.42, tall)], closed=False)
    g.add(Stroke(shifted(collar, 0, 0.03), 0.07, -0.25, soft=0.01))
    thick = 0.16 if style.cut == "chunky" else 0.06
    top: list[Node] = [
        (-1.36, -0.18),
        (-0.6, -0.13, 1),
        (0.3, -0.14, 1),
        (1, -0.13, 1),
        (1.4, -0.2),
    ]
    sole(g, top, [(1.47, -0.08, 1), (1.34, thick), (-1.28, thick + 0.02), (-1.44, -0.04, 1)])
    g.add(Stroke(np.array([[-1.4, -0.06], [1.42, -0.07]]), 0.025, -0.16))
    if style.cut == "chunky":
        g.add(Stroke(np.array([[-1.34, 0.08], [1.38, 0.07]]), 0.04, dye="second", dash=0.12))
    g.details = [(0.0, -0.6), (0.7, -0.3)]
    return pair(g, pose)


def _panels(g: Garment, style: Style, high: bool) -> None:
    """The toe cap, the heel counter and the brand's mark."""
    accent = "second" if style.seed % 3 else "main"
    cap = outline([
        (0.7, -0.12), (0.74, -0.42, 1), (0.86, -0.57, 1), (1.08, -0.5, 1), (1.3, -0.32, 1),
        (1.38, -0.1),
    ])  # fmt: skip
    counter = outline([
        (-1.3, -0.12), (-1.36, -0.5, 1), (-1.3, -0.86), (-1.06, -0.8, 1), (-0.94, -0.5, 1),
        (-0.78, -0.12),
    ])  # fmt: skip
    g.add(Part(cap, accent if style.seed % 2 else "main", False, lift=0.3, volume=0.9, tone=-0.02))
    g.add(Part(counter, accent, False, lift=0.3, volume=0.8, tone=-0.02))
    _side_mark(g, style, high)


def _laces(g: Garment, throat: Points, dye: str, count: int) -> None:
    """The facing along the throat, with laces across it."""
    facing = np.concatenate([throat, shifted(throat, -0.2, 0.2)[::-1]])
    g.add(Part(facing, dye, False, lift=0.4, volume=0.6, tone=-0.05))
    for t in np.linspace(0.06, 0.94, count):
        at = throat[round(t * (len(throat) - 1))]
        lace = shifted(np.array([[-0.13, 0.12], [0.1, -0.07]]), *at)
        g.add(Part(ribbon(lace, 0.065), "lace", False, "button", lift=0.5, fold=0, volume=0.6))


def _side_mark(g: Garment, style: Style, high: bool) -> None:
    kind = style.seed % 4
    if kind == 0:
        for x in (-0.55, -0.38, -0.21):
            g.add(Stroke(np.array([[x, -0.14], [x + 0.22, -0.5]]), 0.07, dye="second"))
    elif kind == 1:
        wave = outline([(-0.85, -0.5), (-0.4, -0.22, 1), (0.5, -0.5)], closed=False)
        g.add(Part(ribbon(wave, 0.2, 0.03), "second", False, lift=0.2, volume=0.4))
    elif kind == 2:
        g.add(
            Part(
                disc(-0.72, -1.15, 0.17) if high else disc(-0.45, -0.42, 0.13),
                "second",
                False,
                lift=0.2,
                volume=0.4,
            )
        )


def boot(style: Style, pose: Pose) -> Garment:
    """An ankle or knee boot: chelsea, laced or heeled."""
    g = Garment()
    tall = {"ankle": -1.75, "mid": -2.3, "knee": -3.3}[style.length]
    heeled = style.cut == "heeled"
    lift = -0.42 if heeled else -0.14
    shaft = -0.3 if style.length != "knee" else -0.24
    upper = outline([
        (-1.2, lift - 0.04), (-1.25, lift - 0.6, 1), (-1.16, -1.3, 1), (-1.22, tall),
        (-0.75, tall + 0.03, 1), (shaft, tall), (shaft - 0.02, -1.3, 1), (-0.06, -0.92, 1),
        (0.5, -0.66, 1), (1.05, -0.5, 1), (1.34, -0.28, 1), (1.34, -0.1), (0.3, -0.08),
        (-0.4, lift),
    ])  # fmt: skip
    rim = outline([(-1.22, tall), (-0.75, tall - 0.07, 1), (shaft, tall), (-0.75, tall + 0.1, 1)])
    g.add(Part(rim, "lining", False, tone=-0.2, lift=0))
    g.add(Part(upper, lift=0.3, volume=1.3))
    _fastening(g, style.cut, tall, shaft, lift)
    vamp = outline([(0.42, -0.12), (0.46, -0.5, 1), (0.62, -0.64)], closed=False)
    g.add(Stroke(vamp, 0.014, -0.25))
    if heeled:
        top: list[Node] = [(-0.5, lift - 0.02), (0.25, -0.1, 1), (1.0, -0.12, 1), (1.38, -0.13)]
        sole(g, top, [(1.36, 0.02), (0.4, 0.02, 1), (-0.4, lift + 0.1, 1)], "dark")
        block = np.array([[-1.22, lift - 0.05], [-0.52, lift], [-0.66, 0.03], [-1.16, 0.03]])
        g.add(Part(block, "dark", False, "rubber", lift=0.2, volume=1.2))
    else:
        top = [(-1.28, -0.16), (0, -0.12, 1), (1.1, -0.14, 1), (1.42, -0.15)]
        under: list[Node] = [(1.42, 0.04), (0.0, 0.04), (-0.42, 0.05), (-0.48, 0.14), (-1.26, 0.14)]
        sole(g, top, under, "dark")
    g.details = [(-0.5, -1.0), (0.6, -0.4)]
    return pair(g, pose)


def _fastening(g: Garment, cut: str, tall: float, shaft: float, lift: float) -> None:
    """An elastic gusset, laces, or a zip at the side."""
    if cut == "chelsea":
        gusset = outline([
            (-0.9, tall + 0.12), (-0.52, tall + 0.12), (-0.58, -0.95, 1), (-0.7, -0.78, 1),
            (-0.84, -0.95, 1),
        ])  # fmt: skip
        g.add(Part(gusset, "main", False, "ribbed", tone=-0.22, lift=0.1))
        g.add(Part(ribbon(np.array([[-1.2, tall + 0.05], [-1.26, tall - 0.22]]), 0.1), lift=0.3))
    elif cut == "lace-up":
        for y in np.arange(tall + 0.14, -0.72, 0.16):
            x = shaft - 0.03 if y < -1.25 else shaft + (y + 1.25) * 0.75
            lace = ribbon(np.array([[x - 0.32, y + 0.04], [x + 0.02, y - 0.03]]), 0.06)
            g.add(Part(lace, "lace", False, "button", lift=0.4, fold=0))
        edge: list[Node] = [(-0.62, tall + 0.1), (-0.62, -1.2, 1), (-0.3, -0.72, 1), (0.3, -0.5)]
        g.add(Stroke(outline(edge, closed=False), 0.014, -0.3))
    else:
        line = np.array([[-0.98, tall + 0.1], [-0.98, lift - 0.2]])
        g.add(Stroke(line, 0.03, -0.35), Stroke(line, 0.012, dye="metal"))
