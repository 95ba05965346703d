"""Lets pages of other origins use the API and the panel: CORS, without cookies.

The origins of ``LOOKALIKE_ORIGINS`` get the headers; requests from pages of any other origin are
refused, if the setting is in use. Without it no answer has such headers, so browsers hand nothing
to other origins.
"""

from flask import Flask, Response, request

from web.api.keys import has_key
from web.app.context import shop
from web.app.errors import OtherOrigin
from web.app.links import use_absolute_links
from web.app.origins import is_listed, other_origin

API = "/api/v1/"
PARTS = frozenset({"kit.panel", "kit.script"})  # what pages elsewhere use beside the API
FILES = frozenset({"kit.script", "media.thumbnail"})  # open to any page, as pictures are
EXPOSED = "ETag, Link, Retry-After"  # headers that scripts may read
HEADERS = "Authorization, Content-Type, If-None-Match, X-API-Key"
PREFLIGHT_SECONDS = "7200"  # the longest that Chromium keeps the answer to a preflight


def register(app: Flask) -> None:
    """Answer requests that pages of other origins send to an app."""

    @app.before_request
    def check() -> Response | None:
        origins = shop().settings.allowed_origins
        if not origins or not concerned():
            return None
        origin = other_origin()
        if origin is None:
            return None
        if not is_listed(origin, origins):
            if request.endpoint in FILES or has_key():
                return None
            raise OtherOrigin(
                f"Pages of {origin[:200]} may not ask this shop. Add the origin to "
                "LOOKALIKE_ORIGINS on the server if they should."
            )
        use_absolute_links()
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(status=204)
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        origins = shop().settings.allowed_origins
        if not origins:
            return response
        if request.endpoint in FILES:
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if not concerned():
            return response
        response.vary.add("Origin")  # also without one: a cache must not mix the two
        origin = request.headers.get("Origin")
        if origin is None or not is_listed(origin, origins):
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = HEADERS
            response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
        else:
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response


def concerned() -> bool:
    """Whether pages elsewhere may use the requested route."""
    return request.path.startswith(API) or request.endpoint in PARTS
