"""The map's page: its scripts, its style sheet, and its markup in the words of a language."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parents[2] / "templates" / "map"
SCRIPTS = tuple(FOLDER / name for name in ("parts.js", "levels.js", "drawing.js", "map.js"))
SHEET = FOLDER / "map.css"


@cache
def english() -> Mapping[str, str]:
    """The words of pages that are in no storefront."""
    found: dict[str, str] = json.loads((FOLDER / "words.json").read_text(encoding="utf-8"))
    return found


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: object) -> str:
    """Render a template of ``engine/templates/map``."""
    return _environment().get_template(template).render(values)


def body(words: Mapping[str, str], config: Mapping[str, object]) -> Markup:
    """The markup of a map, for a page that has the scripts and the style sheet.

    Args:
        words: of the page's language; `english` has their names.
        config: what ``parts.js`` reads.
    """
    return Markup(render("body.html", words=words, config=config))  # it escapes by itself
