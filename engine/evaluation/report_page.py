"""What the HTML reports share: one page that needs nothing else, and how numbers read in it."""

import math
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.evaluation.evaluate import Measure

TEMPLATES = Path(__file__).parents[1] / "templates"
MEASURES = (
    ("P@10", "precision_at_10", "right among the first 10, over as many as there could be"),
    ("R@1", "recall_at_1", "how often the nearest is right"),
    ("mAP@R", "map_at_r", "average precision over as many places as there are right ones"),
)


def render(template: str, **values: object) -> str:
    """A template of ours as the text of a page."""
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
    """Write a page whole, or leave what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)


def number(value: float) -> str:
    """Three digits after the point; a dash for what could not be measured."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    """A share as whole percent."""
    return "–" if math.isnan(value) else f"{100 * value:.0f}%"


def interval(measure: Measure) -> str:
    """The 95% interval, or nothing where there is none to show."""
    if math.isnan(measure.low) or measure.low == measure.high:
        return ""
    return f"{measure.low:.3f}–{measure.high:.3f}"
