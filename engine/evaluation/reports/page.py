"""Shared by the HTML reports: template rendering, atomic writing, and number formats."""

import math
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from catalog.files import write_whole
from engine.evaluation.intervals import Measure
from engine.evaluation.looks.verification import FARS, metric_of

TEMPLATES = Path(__file__).parents[2] / "templates"
METRICS = {  # display names of the metrics of a section
    "first": "first",
    "within_12": "within 12",
    "recall_at_1": "R@1",
    "recall_at_10": "R@10",
    "precision_at_10": "P@10",
    "strict_precision_at_10": "strict P@10",
    "map_at_r": "mAP@R",
    "accuracy": "accuracy",
    "coverage": "coverage",
    "calibration_error": "calibration error",
    "ami": "AMI",
    **{metric_of(far): f"TAR at FAR {100 * far:g}%" for far in FARS},
}
MEASURES = (
    ("P@10", "precision_at_10", "relevant among the first 10, over min(10, relevant products)"),
    ("R@1", "recall_at_1", "how often the nearest is relevant"),
    ("mAP@R", "map_at_r", "average precision over the first R ranks, with R relevant products"),
    ("strict P@10", "strict_precision_at_10", "relevant among the first 10, over 10"),
)


def render(template: str, **values: object) -> str:
    """Render a template of ``engine/templates``."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "interval": interval, "percent": percent}
    return environment.get_template(template).render(measures=MEASURES, **values)


def write_page(path: Path, page: str) -> None:
    """Write a page atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, page)


def number(value: float) -> str:
    """Three decimals; a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """A share in whole per cent; a dash for NaN."""
    return "–" if math.isnan(value) else f"{100 * value:.0f}%"


def interval(measure: Measure) -> str:
    """The 95% interval; empty if there is none."""
    if math.isnan(measure.low) or measure.low == measure.high:
        return ""
    return f"{measure.low:.3f}–{measure.high:.3f}"
