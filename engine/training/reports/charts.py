"""Charts of a training run by matplotlib, as SVG elements for an HTML page.

Imported when a report is written, as it loads matplotlib. Figures are made without pyplot, so there
is no global figure and no display, and equal logs give equal bytes.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from engine.arrays import Float64

POINTS = 240  # a longer curve is averaged down to about as many
WIDTH, HEIGHT, LEGEND_ROW = 4.2, 2.1, 0.2  # inches
LEGEND_COLUMNS = 2
# Distinct for colour-blind readers too (Okabe and Ito 2008); from the eighth curve on in dashes.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555")
INK, GRID = "#56606a", "#e2e5e8"
STYLE: dict[Any, Any] = {
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",  # comes with matplotlib; the page's CSS shows its own font
    "font.size": 9,
    "grid.color": GRID,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "lookalike",
    "text.color": INK,
    "text.parse_math": False,  # a label may hold a dollar sign
    "xtick.color": INK,
    "xtick.major.size": 0,
    "ytick.color": INK,
    "ytick.major.size": 0,
}


@dataclass(frozen=True)
class Plot:
    """The data of one chart.

    Attributes:
        title, note: its heading and an explanation.
        unit: label of the vertical axis.
        curves: name -> ``(steps,)`` values, NaN for none; the name of a single curve is "".
        percent: values are shares in [0, 1] and are shown in per cent.
    """

    title: str
    note: str
    unit: str
    curves: Mapping[str, Float64]
    percent: bool = False

    @property
    def number(self) -> str:
        """The format of values in the legend."""
        return ".0%" if self.percent else ".3g"


@dataclass(frozen=True)
class Chart:
    """A chart as an ``<svg>`` element, with its heading and note."""

    title: str
    note: str
    svg: str


def charts_of(log: Mapping[str, Float64], contrastive_steps: int) -> list[Chart]:
    """Draws the charts of a run from its step log; those without any value are left out.

    Args:
        log: columns of `engine.training.reports.step_log.read_step_log`.
        contrastive_steps: steps before the triplet stage, which the charts mark.
    """
    if not log or not len(log["step"]):
        return []
    steps = log["step"]
    stage = contrastive_steps if 0 < contrastive_steps < steps[-1] else None
    plots = (known_values(plot) for plot in plots_of(log, contrastive_steps))
    return [Chart(plot.title, plot.note, draw(steps, plot, stage)) for plot in plots if plot.curves]


def plots_of(log: Mapping[str, Float64], contrastive_steps: int) -> list[Plot]:
    """Returns the data of all charts, in the order of the report."""
    triplet_loss = np.where(log["step"] > contrastive_steps, log["loss"], np.nan)
    text_loss = np.where(log["text_loss"] > 0, log["text_loss"], np.nan)
    return [
        Plot("Total loss", "triplets, titles and proxies, weighted", "loss", {"": triplet_loss}),
        Plot("Contrastive loss", "photos against titles", "loss", {"": text_loss}),
        Plot(
            "Active triplets",
            "share that violates the margin, by label",
            "share of triplets",
            columns_of(log, "active."),
            percent=True,
        ),
        Plot(
            "Triplet loss",
            "mean over active triplets, by label",
            "squared distance",
            columns_of(log, "loss."),
        ),
        Plot(
            "Embedding spread",
            "0: collapsed to one point, 1: all over the sphere",
            "spread",
            {"all facets": log["spread"], **columns_of(log, "spread.")},
        ),
        Plot("Learning rate", "of the image tower", "learning rate", {"": log["learning_rate"]}),
        Plot("Throughput", "", "photos per second", {"": log["photos_per_second"]}),
    ]


def columns_of(log: Mapping[str, Float64], prefix: str) -> dict[str, Float64]:
    """Returns the log's columns that begin with a prefix, by the rest of their name."""
    return {
        name.removeprefix(prefix).replace("_", " and "): values
        for name, values in log.items()
        if name.startswith(prefix)
    }


def known_values(plot: Plot) -> Plot:
    """Returns the plot without the curves that have no finite value."""
    curves = {name: values for name, values in plot.curves.items() if np.isfinite(values).any()}
    return Plot(plot.title, plot.note, plot.unit, curves, plot.percent)


def draw(steps: Float64, plot: Plot, stage: float | None = None) -> str:
    """Draws a plot as an ``<svg>`` element.

    Args:
        steps: ``(N,)`` ascending.
        plot: curves of N values, each with a finite one.
        stage: the step after which the triplet stage begins, or None for no mark.
    """
    rows = -(-len(plot.curves) // LEGEND_COLUMNS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT + LEGEND_ROW * rows), layout="constrained")
        axes = figure.add_subplot()
        names = [
            f"{name or 'last value'} {draw_curve(axes, steps, values):{plot.number}}"
            for name, values in plot.curves.items()
        ]
        figure.legend(
            axes.lines, names, loc="outside lower left", ncols=LEGEND_COLUMNS, frameon=False
        )
        set_up_axes(axes, steps, plot)
        if stage is not None:
            mark_stage(axes, stage)
        return inline_svg(figure, f"{plot.title} by step. {', '.join(names)}.")


def draw_curve(axes: Axes, steps: Float64, values: Float64) -> float:
    """Draws one curve and returns its last value."""
    dashes, colour = divmod(len(axes.lines), len(COLOURS))
    x, y = downsample(steps, values)
    last = y[-1]
    alone = len(x) == 1
    if alone:  # a dot: a line without length, with round ends
        x, y = x.repeat(2), y.repeat(2)
    axes.plot(
        x,
        y,
        color=COLOURS[colour],
        linestyle="--" if dashes else "-",
        linewidth=5 if alone else None,
        clip_on=False,
    )
    return float(last)


def set_up_axes(axes: Axes, steps: Float64, plot: Plot) -> None:
    """Sets units, ticks and limits; the vertical axis includes 0 unless all values are far off."""
    axes.set_xlabel("step")
    axes.set_ylabel(plot.unit)
    axes.grid(axis="y", clip_on=False)
    axes.set_axisbelow(True)
    low, high = axes.dataLim.intervaly
    if 0 <= low <= high / 2:
        axes.set_ylim(bottom=0)
    axes.set_xlim(steps[0], max(steps[-1], steps[0] + 1))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if plot.percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    else:
        axes.yaxis.set_major_formatter("{x:,g}")


def mark_stage(axes: Axes, step: float) -> None:
    """Marks the begin of the triplet stage with a dotted line."""
    axes.axvline(step, color=INK, linestyle=":", linewidth=0.8, clip_on=False)
    axes.annotate(
        "triplet stage",
        (step, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=7.5,
    )


def inline_svg(figure: Figure, label: str) -> str:
    """Returns a figure as an ``<svg>`` element that scales with the page.

    Leaves out what only a separate file needs or what would affect the page around it: prolog,
    fixed size, style sheet, and ids, which would repeat in the next figure.
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    whole = re.sub(r' id="[^"]*"|<defs>.*?</defs>', "", file.getvalue(), flags=re.DOTALL)
    width, height = 72 * figure.get_size_inches()
    inside = whole.partition("<svg")[2].partition(">")[2].strip()
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        f"\n{inside}"
    )


def downsample(steps: Float64, values: Float64) -> tuple[Float64, Float64]:
    """Averages neighbouring points of a curve, to about `POINTS`; NaN are left out."""
    known = np.isfinite(values)
    steps, values = steps[known], values[known]
    parts = max(1, min(POINTS, len(values)))
    cells = [cell for cell in np.array_split(np.arange(len(values)), parts) if len(cell)]
    means = [(steps[cell].mean(), values[cell].mean()) for cell in cells]
    return np.array([x for x, _ in means]), np.array([y for _, y in means])
