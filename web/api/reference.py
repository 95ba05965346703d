"""The OpenAPI document and a page that shows it, by a Swagger UI that this server hosts."""

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
from web.api.keys import FOR_PUBLIC_KEY
from web.api.openapi import document
from web.app.context import shop

blueprint = Blueprint("reference", __name__, url_prefix="/api/v1")

FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
EXTENSION = "lookalike-document"


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    keyed = shop().settings.api_key is not None
    public = FOR_PUBLIC_KEY if keyed and shop().settings.public_key else frozenset()
    built = current_app.extensions.get(EXTENSION)
    if built is None:
        built = document(current_app, keyed=keyed, public=public)
        current_app.extensions[EXTENSION] = built
    etag = etags.tag(keyed, bool(public))  # it depends on these and the version only
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    return etags.tagged(jsonify(built), etag, etags.SHARED)


@blueprint.get("/docs")
def docs() -> str:
    """The page that shows the document."""
    return render_template("reference.html", release=release())


@blueprint.get("/docs/<name>")
def part(name: str) -> Response:
    """A script or style of the page, from the Swagger UI package."""
    if name not in FILES:
        abort(404)
    return send_from_directory(FOLDER, name)


@cache
def release() -> str:
    """The version of Swagger UI, part of the URLs of its files."""
    return (FOLDER / "VERSION").read_text().strip()
