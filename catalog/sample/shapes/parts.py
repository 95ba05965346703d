"""The parts of a garment: cut pieces, lines sewn on them, and prints."""

from dataclasses import dataclass, field, replace

import numpy as np

from catalog.sample.shapes.plane import Points, flip


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of cloth, leather, rubber or metal, painted over the pieces below.

    Attributes:
        outline: a closed polygon, ``(N, 2)`` in garment units.
        dye: the name of its colour in the look (``main``, ``second``, ``trim``, ``lining``,
            ``metal``, ``sole``, ``thread`` ...).
        patterned: whether it shows the look's pattern.
        texture: its fabric; None for that of the look.
        turn: the direction of the grain, in radians.
        fold: the strength of its folds.
        volume: how round it is.
        lift: the strength of its shadow on the pieces below.
        tone: lightens (above 0) or darkens its colour.
        gloss: the strength of highlights; None for that of its fabric.
    """

    outline: Points
    dye: str = "main"
    patterned: bool = True
    texture: str | None = None
    turn: float = 0.0
    fold: float = 1.0
    volume: float = 1.0
    lift: float = 1.0
    tone: float = 0.0
    gloss: float | None = None


@dataclass(frozen=True, slots=True)
class Stroke:
    """A seam, stitch line, crease or drawn line on the pieces below.

    ``tone`` darkens (below 0) or lightens them; with ``dye`` the line has that colour instead.
    ``dash`` is the length of a stitch, 0 for a continuous line; ``soft`` blurs the line. Lengths
    are in garment units.
    """

    line: Points
    width: float = 0.02
    tone: float = -0.35
    dye: str | None = None
    dash: float = 0.0
    soft: float = 0.0


@dataclass(frozen=True, slots=True)
class Print:
    """The position of a printed logo, if the pattern has one: centre and half-width."""

    x: float
    y: float
    reach: float


Item = Part | Stroke | Print


@dataclass(slots=True)
class Garment:
    """The items of a garment from back to front, and how it is photographed.

    Attributes:
        items: from back to front.
        hang: what it hangs from: ``shoulders``, ``waist``, ``hook`` or ``none``.
        hang_at: where.
        hang_width: half the width of its hanger.
        slot: the item that the hanger is inserted before.
        stands: whether it is photographed standing on a floor.
        details: points for close-up photos.
    """

    items: list[Item] = field(default_factory=list)
    hang: str = "shoulders"
    hang_at: tuple[float, float] = (0.0, 0.0)
    hang_width: float = 0.85
    slot: int = 0
    stands: bool = False
    details: list[tuple[float, float]] = field(default_factory=list)

    def add(self, *items: Item) -> None:
        """Adds items on top."""
        self.items.extend(items)

    def add_both(self, item: Part) -> None:
        """Adds a part and its mirror image on top."""
        self.items.append(item)
        self.items.append(mirrored_item(item))

    def line_both(self, stroke: Stroke) -> None:
        """Adds a line and its mirror image on top."""
        self.items.append(stroke)
        self.items.append(mirrored_item(stroke))

    def zip(self, line: Points) -> None:
        """Adds a zip along a line: a dark groove and teeth."""
        self.add(Stroke(line, 0.055, -0.42), Stroke(line, 0.022, dye="metal", dash=0.02))

    def metal(self, shape: Points, lift: float = 0.4) -> None:
        """Adds a button, buckle or rivet."""
        self.add(Part(shape, "metal", False, "metal", lift=lift, fold=0))

    def bounds(self) -> tuple[float, float, float, float]:
        """``x0, y0, x1, y1`` of all parts."""
        points = np.concatenate([item.outline for item in self.items if isinstance(item, Part)])
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)


def mirrored_item(item: Item) -> Item:
    """The mirror image of an item about x = 0."""
    if isinstance(item, Part):
        return replace(item, outline=flip(item.outline), turn=-item.turn)
    if isinstance(item, Stroke):
        return replace(item, line=flip(item.line))
    return replace(item, x=-item.x)
