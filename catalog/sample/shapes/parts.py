"""What a garment is made of: cut pieces, lines sewn on them, and where it hangs."""

from dataclasses import dataclass, field, replace

import numpy as np

from catalog.sample.shapes.plane import Points, flip


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of cloth, leather, rubber or metal, painted over what lies beneath.

    ``dye`` names a colour of the look (``main``, ``second``, ``trim``, ``lining``, ``metal``,
    ``sole``, ``thread`` ...). ``turn`` is the direction of the grain in radians. ``tone`` lightens
    (above 0) or darkens. ``lift`` is how much of a shadow it throws on what lies beneath.
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
    """A seam, stitch line, crease or drawn line on what is already painted.

    ``tone`` darkens (below 0) or lightens; with ``dye`` the line has that colour instead.
    ``dash`` is the length of a stitch, 0 for a whole line; ``soft`` blurs the line by so much.
    """

    line: Points
    width: float = 0.02
    tone: float = -0.35
    dye: str | None = None
    dash: float = 0.0
    soft: float = 0.0


@dataclass(frozen=True, slots=True)
class Print:
    """The place for a printed logo, if the pattern has one: centre and half-width."""

    x: float
    y: float
    reach: float


Item = Part | Stroke | Print


@dataclass(slots=True)
class Garment:
    """Items from the back to the front, and what a photographer needs to know.

    ``hang`` is ``shoulders``, ``waist``, ``hook`` or ``none``; ``stands`` is true of what is
    photographed standing on a floor. A hanger goes before item ``slot``. ``details`` are points
    worth a close photo.
    """

    items: list[Item] = field(default_factory=list)
    hang: str = "shoulders"
    hang_at: tuple[float, float] = (0.0, 0.0)
    hang_width: float = 0.85
    slot: int = 0
    stands: bool = False
    details: list[tuple[float, float]] = field(default_factory=list)

    def add(self, *items: Item) -> None:
        """Lay items on top."""
        self.items.extend(items)

    def add_both(self, item: Part) -> None:
        """Lay a part and its mirror image on top."""
        self.items.append(item)
        self.items.append(mirrored_item(item))

    def line_both(self, stroke: Stroke) -> None:
        """Draw a line and its mirror image."""
        self.items.append(stroke)
        self.items.append(mirrored_item(stroke))

    def zip(self, line: Points) -> None:
        """Sew a zip along a line: its dark groove and its teeth."""
        self.add(Stroke(line, 0.055, -0.42), Stroke(line, 0.022, dye="metal", dash=0.02))

    def metal(self, shape: Points, lift: float = 0.4) -> None:
        """Set a button, buckle or rivet."""
        self.add(Part(shape, "metal", False, "metal", lift=lift, fold=0))

    def bounds(self) -> tuple[float, float, float, float]:
        """``x0, y0, x1, y1`` of all parts."""
        points = np.concatenate([item.outline for item in self.items if isinstance(item, Part)])
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)


def mirrored_item(item: Item) -> Item:
    """The same piece or line for the other side."""
    if isinstance(item, Part):
        return replace(item, outline=flip(item.outline), turn=-item.turn)
    if isinstance(item, Stroke):
        return replace(item, line=flip(item.line))
    return replace(item, x=-item.x)
