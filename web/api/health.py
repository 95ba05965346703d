"""``/healthz``: whether this process can answer requests, and from which generation."""

from flask import Blueprint, Response, jsonify

from catalog.errors import CatalogError
from engine.errors import EngineError
from web.app.context import shop

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 when the catalogue and an index can be read, 503 when one of them cannot."""
    products, generation = None, None
    try:
        products = shop().menu().products
        generation = shop().recommender.generation
    except (CatalogError, EngineError):
        pass  # the missing one is null in the body; `lookalike status` has the reason
    ready = products is not None and generation is not None
    body = jsonify(status="ok" if ready else "unready", products=products, generation=generation)
    return body, 200 if ready else 503
