"""The API's document, and a page that shows it: Swagger UI, served from here and nowhere else."""

from functools import cache
from pathlib import Path

import flask_swagger_ui
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    render_template,
    send_from_directory,
)

from web.api import etags
from web.api.openapi import document
from web.app.context import shop

blueprint = Blueprint("reference", __name__, url_prefix="/api/v1")

PARTS = ("swagger-ui-bundle.js", "swagger-ui.css")
FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
EXTENSION = "lookalike-document"


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    keyed = shop().settings.api_key is not None
    made = current_app.extensions.get(EXTENSION)
    if made is None:
        made = current_app.extensions[EXTENSION] = document(current_app, keyed=keyed)
    known = etags.tag(keyed)  # this and the version are all that it depends on
    if kept := etags.unchanged(known, etags.SHARED):
        return kept
    return etags.tagged(jsonify(made), known, etags.SHARED)


@blueprint.get("/docs")
def docs() -> str:
    """The page that shows the document."""
    return render_template("reference.html", release=release())


@blueprint.get("/docs/<name>")
def part(name: str) -> Response:
    """One of the page's scripts and styles, from the package that brings them."""
    if name not in PARTS:
        abort(404)
    return send_from_directory(FOLDER, name)


@cache
def release() -> str:
    """Which Swagger UI this is: the addresses of its files change with it."""
    return (FOLDER / "VERSION").read_text().strip()
