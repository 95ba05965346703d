"""URLs of our styles and scripts. They change with the content, so files are cached for a year."""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup

FOLDER = Path(__file__).parents[1] / "static"


@cache
def digest(name: str) -> str:
    """A short digest of a static file's bytes."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The URL of a static file."""
    return url_for("static", filename=name, v=digest(name))


@cache
def panel_style() -> str:
    """The style sheet of panels, as their script has it; it stands in each panel's markup."""
    text = (FOLDER / "kit" / "lookalike-panel.css").read_text(encoding="utf-8")
    return text.partition("\n")[2].strip()


@cache
def panel_style_hash() -> str:
    """What a content security policy calls the style sheet of panels."""
    return b64encode(hashlib.sha256(panel_style().encode()).digest()).decode()


def register(app: Flask) -> None:
    """Add ``asset()`` and the style of panels to an app's templates."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["panel_style"] = Markup(panel_style())  # our own file
