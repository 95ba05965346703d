"""ROC curves as inline SVG: the rate of false accepts by its logarithm, intervals as bands."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.evaluation.contender import DEFAULT
from engine.evaluation.looks.roc import RocCurve, RocPoint

WIDTH, HEIGHT, LEFT, BELOW = 420, 260, 44, 34  # pixels of a plot, and of its margins
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 4")  # tell lines apart without colour
SHOWN = (DEFAULT, "shape")  # weights that are drawn; the table has all


@dataclass(frozen=True)
class Line:
    """One curve: its name, SVG paths of line and band, dashes, and the number of its colour."""

    name: str
    path: str
    band: str
    dashes: str
    colour: int


@dataclass(frozen=True)
class RocPlot:
    """The curves about one kind of pairs.

    Attributes:
        title: which pairs are of one identity.
        pairs: their number.
        lines: what is drawn.
        rates: x and text of the marks below.
        description: the curves in words, for those who do not see them.
    """

    title: str
    pairs: int
    lines: tuple[Line, ...]
    rates: tuple[tuple[float, str], ...]
    description: str


def roc_plots(curves: Sequence[RocCurve]) -> list[RocPlot]:
    """A plot for each kind of pairs."""
    shown = [one for one in curves if one.weights in SHOWN and one.points]
    titles = list(dict.fromkeys(one.about for one in shown))
    return [_plot(title, [one for one in shown if one.about == title]) for title in titles]


def _plot(title: str, curves: Sequence[RocCurve]) -> RocPlot:
    least = min(one.points[0].far for one in curves)
    lines = tuple(_line(place, one, least) for place, one in enumerate(curves))
    decades = range(math.ceil(math.log10(least) - 1e-9), 1)
    rates = tuple((_x(10.0**power, least), f"{10.0**power:.4g}") for power in decades)
    return RocPlot(title, curves[0].pairs, lines, rates, " ".join(map(_words, curves)))


def _line(place: int, curve: RocCurve, least: float) -> Line:
    up = [(_x(one.far, least), _y(one.tar.high)) for one in curve.points]
    down = [(_x(one.far, least), _y(one.tar.low)) for one in reversed(curve.points)]
    middle = [(_x(one.far, least), _y(one.tar.value)) for one in curve.points]
    dashes = DASHES[place % len(DASHES)]
    return Line(_name(curve), _path(middle), f"{_path([*up, *down])}Z", dashes, place % len(DASHES))


def _name(curve: RocCurve) -> str:
    weights = "" if curve.weights == DEFAULT else f", {curve.weights} alone"
    return f"{curve.contender}{weights}"


def _words(curve: RocCurve) -> str:
    def at(one: RocPoint) -> str:
        tar = one.tar
        return f"{tar.value:.3f} ({tar.low:.3f} to {tar.high:.3f}) at {one.far:g}"

    return f"{_name(curve)}: {', '.join(map(at, curve.points))}."


def _x(far: float, least: float) -> float:
    span = -math.log10(least) or 1.0
    return round(LEFT + (1 + math.log10(far) / span) * WIDTH, 1)


def _y(tar: float) -> float:
    return round((1 - tar) * HEIGHT, 1)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x},{y}" for x, y in places)
