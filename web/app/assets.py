"""URLs of our styles and scripts. They change with the content, so files are cached for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for

FOLDER = Path(__file__).parents[1] / "static"


@cache
def digest(name: str) -> str:
    """A short digest of a static file's bytes."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The URL of a static file."""
    return url_for("static", filename=name, v=digest(name))


def register(app: Flask) -> None:
    """Add ``asset()`` to an app's templates."""
    app.jinja_env.globals["asset"] = asset
