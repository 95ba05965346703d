"""Curves of a run as geometry for inline SVG; the report's template draws them."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 24
POINTS = 240  # a curve is thinned to about as many
COLOURS = (  # told apart by colour-blind readers too (Okabe and Ito), then repeated in dashes
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#555555",
)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, in pixels, and what it says."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """One curve: ``path`` is an SVG path, ``last`` the value that it ends at."""

    name: str
    colour: str
    dashed: bool
    path: str
    last: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template needs to draw one chart."""

    title: str
    note: str
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    stage_at: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def read_log(path: Path) -> dict[str, np.ndarray]:
    """The columns of a step log, ``(steps,)`` float64 each; NaN where a cell is empty."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = list(rows[0]) if rows else []
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


def charts_of(log: Mapping[str, np.ndarray], contrastive_steps: int) -> list[Chart]:
    """The charts of a run, from its log; empty for a run without steps."""
    if not log or not len(log["step"]):
        return []
    steps = log["step"]
    late = np.where(steps > contrastive_steps, 1.0, np.nan)
    plans: list[tuple[str, str, dict[str, np.ndarray]]] = [
        (
            "Triplet loss, all terms",
            "weighted sum, with titles and proxies",
            {"loss": log["loss"] * late},
        ),
        ("Loss of titles", "contrastive", {"titles": np.where(log["text_loss"] > 0, 1, np.nan)}),
        ("Triplets that violate the margin", "share, by label", _named(log, "active.")),
        ("Loss by label", "mean over active triplets", _named(log, "loss.")),
        ("Spread of the embedding", "0: all on one point, 1: all about", {"": log["spread"]}),
        ("Learning rate of the tower", "", {"": log["learning_rate"]}),
        ("Photos a second", "", {"": log["photos_per_second"]}),
    ]
    plans[1][2]["titles"] = plans[1][2]["titles"] * log["text_loss"]
    stage = contrastive_steps if 0 < contrastive_steps < steps[-1] else None
    charts = (chart(title, note, steps, series, stage) for title, note, series in plans)
    return [drawn for drawn in charts if drawn.lines]


def _named(log: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix).replace("_", " and "): values
        for name, values in log.items()
        if name.startswith(prefix)
    }


def chart(
    title: str,
    note: str,
    steps: np.ndarray,
    series: Mapping[str, np.ndarray],
    stage: float | None = None,
) -> Chart:
    """Lay out one chart; curves without any finite value are left out.

    Args:
        title, note: what stands above it.
        steps: ``(N,)`` ascending.
        series: name -> ``(N,)`` values, NaN where there are none.
        stage: the step at which another stage begins.
    """
    shown = {name: thinned(steps, values) for name, values in series.items()}
    shown = {name: part for name, part in shown.items() if len(part[0])}
    heights = np.concatenate([part[1] for part in shown.values()]) if shown else np.zeros(1)
    low, high, gap = nice_range(float(heights.min()), float(heights.max()))
    first, last = float(steps[0]), max(float(steps[-1]), float(steps[0]) + 1)

    def across(step: float) -> float:
        return round(LEFT + (step - first) / (last - first) * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    lines = []
    for at, (name, (x, y)) in enumerate(shown.items()):
        points = zip(x.tolist(), y.tolist(), strict=True)
        path = "M" + "L".join(f"{across(step)},{up(value)}" for step, value in points)
        dashed = at >= len(COLOURS)
        lines.append(Line(name, COLOURS[at % len(COLOURS)], dashed, path, f"{y[-1]:.3g}"))
    return Chart(
        title,
        note,
        tuple(lines),
        across=tuple(Tick(across(step), f"{step:,.0f}") for step in (first, last)),
        up=tuple(Tick(up(v), f"{v:.6g}") for v in _marks(low, high, gap)),
        stage_at=None if stage is None else across(stage),
    )


def thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """About `POINTS` points of a curve, each the mean of its neighbours; NaN are left out."""
    known = np.isfinite(values)
    steps, values = steps[known], values[known]
    parts = max(1, min(POINTS, len(values)))
    cells = [cell for cell in np.array_split(np.arange(len(values)), parts) if len(cell)]
    means = [(steps[cell].mean(), values[cell].mean()) for cell in cells]
    return np.array([x for x, _ in means]), np.array([y for _, y in means])


def nice_range(low: float, high: float) -> tuple[float, float, float]:
    """Round ends of an axis that holds ``[low, high]``, and the gap between its marks.

    Zero is included where the values do not lie far from it.
    """
    if 0 < low < high / 2 or low == high > 0:
        low = 0.0
    wide = (high - low) or abs(high) or 1.0
    gap = 10 ** math.floor(math.log10(wide / 2))
    gap *= next(times for times in (1, 2, 2.5, 5, 10) if wide / (gap * times) <= 5)
    return math.floor(low / gap) * gap, math.ceil(high / gap + 1e-9) * gap, gap


def _marks(low: float, high: float, gap: float) -> Sequence[float]:
    return [low + gap * at for at in range(round((high - low) / gap) + 1)]
