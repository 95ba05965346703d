"""An evaluation report as one self-contained HTML page."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from engine.calibration.reliability import PANEL_SIZE, Bin, Reliability
from engine.evaluation.report import Confusion, EvaluationReport
from engine.evaluation.reports.page import METRICS, percent, render, write_page
from engine.evaluation.reports.roc_plot import BELOW, HEIGHT, LEFT, WIDTH, roc_plots
from engine.evaluation.reports.text_tables import difference, weights_of
from engine.evaluation.section import ChangeTable

COLOURS_SHOWN = 14
SIDE, EDGE = 220, 30  # pixels of a reliability plot, and of its margin left and below


@dataclass(frozen=True)
class Dot:
    """A bin of a reliability curve: position and radius in pixels, and its tooltip."""

    x: float
    y: float
    radius: float
    text: str


@dataclass(frozen=True)
class Plot:
    """One reliability curve as an SVG path and its dots."""

    title: str
    seeds: int
    error: float
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class ColourRow:
    """A colour, its neighbours' shares in [0, 1], and the two it is most confused with."""

    word: str
    shares: tuple[float, ...]
    mixed_up: str


def write_html(
    report: EvaluationReport, path: Path, facts: Mapping[str, str], sheets: Sequence[Path] = ()
) -> None:
    """Write the page atomically; ``facts`` are listed at its top, ``sheets`` are linked."""
    folder = path.resolve().parent
    links = {sheet.stem: sheet.resolve() for sheet in sheets}
    addresses = {name: quote(os.path.relpath(to, folder)) for name, to in links.items()}
    write_page(path, as_html(report, facts, addresses))


def as_html(
    report: EvaluationReport,
    facts: Mapping[str, str] = MappingProxyType({}),
    sheets: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The report as HTML; ``sheets`` maps names of contact sheets to their addresses."""
    return render(
        "evaluation_report.html",
        facts=facts,
        report=report,
        rocs=roc_plots(report.roc),
        roc_size=(WIDTH, HEIGHT, LEFT, BELOW),
        plots=[] if report.reliability is None else plots(report.reliability),
        shown=PANEL_SIZE,
        colours=colour_words(report.confusion),
        colour_rows=colour_rows(report.confusion),
        side=SIDE,
        edge=EDGE,
        sheets=sheets,
        metrics=METRICS,
        difference=difference,
        change_tables=ChangeTable.all_of(report.changes),
        weights_of=weights_of,
    )


def plots(found: Reliability) -> list[Plot]:
    """The curve over all categories, and those of the largest categories."""
    first = plot("All categories", found.seeds, found.error, found.curve)
    return [
        first,
        *(plot(one.category, one.seeds, one.error, one.curve) for one in found.categories),
    ]


def plot(title: str, seeds: int, error: float, curve: Sequence[Bin]) -> Plot:
    """Lay out one reliability curve: x is the predicted match, y the observed frequency."""
    dots = []
    for one in curve:
        text = f"predicted {percent(one.predicted)}, observed {percent(one.observed)}"
        radius = round(2 + 6 * math.sqrt(one.share), 1)
        x, y = EDGE + one.predicted * SIDE, (1 - one.observed) * SIDE
        dots.append(Dot(round(x, 1), round(y, 1), radius, text))
    path = "M" + "L".join(f"{dot.x},{dot.y}" for dot in dots) if dots else ""
    return Plot(title, seeds, error, path, tuple(dots))


def colour_words(confusion: Confusion | None) -> tuple[str, ...]:
    """The colours shown as rows and columns."""
    return () if confusion is None else confusion.words[:COLOURS_SHOWN]


def colour_rows(confusion: Confusion | None) -> list[ColourRow]:
    """Rows of the colour confusion as shares; the last share covers all other colours."""
    if confusion is None:
        return []
    rows = []
    words = colour_words(confusion)
    for at, (word, counts) in enumerate(zip(words, confusion.counts, strict=False)):
        total = max(1, sum(counts))
        others = sorted(
            ((count, other) for other, count in enumerate(counts) if other != at and count),
            key=lambda item: (-item[0], item[1]),
        )
        mixed = [f"{confusion.words[other]} {percent(n / total)}" for n, other in others[:2]]
        shares = (*counts[: len(words)], sum(counts[len(words) :]))
        rows.append(ColourRow(word, tuple(n / total for n in shares), ", ".join(mixed)))
    return rows
