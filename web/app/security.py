"""Security of every request: size limits of bodies, response headers, comparison of secrets."""

import hmac
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from pydantic import SecretStr

from web.app.assets import panel_style_hash
from web.app.errors import ParameterError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' data: blob:",  # a visitor's own photo is shown as data: or blob:
        f"style-src 'self' 'sha256-{panel_style_hash()}'",  # panels bring theirs in their markup
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}
FRAMED = frozenset({"grid", "kit", "product", "wishlist", "photo_search"})  # pages for shoppers
PREFIX = re.compile(r"(/[\w.~-]+)*", re.ASCII)
LONGEST_HOST = 253 + len(":65535")  # characters; responses that are kept hold it in each link
HSTS = "max-age=31536000"
MAX_BODY = 1_000_000  # bytes of a request's body, except for photo uploads
PHOTO_UPLOADS = frozenset(
    {
        "api.photo_search",
        "identity.same_photo",
        "identity.recognise_photo",
        "photo_search.results",
        "photo_search.part",
    }
)


def register(app: Flask, *, https: bool, origins: Sequence[str] = ()) -> None:
    """Limit the request bodies of an app, and add security headers to its responses.

    Args:
        app: the app.
        https: whether browsers are told to use HTTPS only, for a year (HSTS).
        origins: origins whose pages may frame pages for shoppers.
    """

    @app.before_request
    def check_host() -> None:
        if not request.host:  # all absolute URLs of the response would be without one
            raise ParameterError("The header Host names no host. Send that of the shop's address.")

    @app.before_request
    def limit_body() -> None:
        if request.endpoint not in PHOTO_UPLOADS:
            request.max_content_length = min(MAX_BODY, app.config["MAX_CONTENT_LENGTH"])

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        framed = bool(origins) and request.blueprint in FRAMED
        ancestors = " ".join(origins) if framed else "'none'"
        response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors {ancestors}"
        if not framed:  # the older header can name no origins
            response.headers["X-Frame-Options"] = "DENY"
        if https:
            response.headers["Strict-Transport-Security"] = HSTS
        if response.mimetype == "text/html":
            # A page shows its visitor's wishlist: private to the visitor, and soon out of date.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class PlainAddress:
    """An app whose address is plain: all links start with it, and it comes from headers.

    A SCRIPT_NAME that is no plain path, such as ``//elsewhere.example``, is dropped, and so is a
    host that cannot be one: `check_host` says so to the client.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self.app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request."""
        if not PREFIX.fullmatch(environ.get("SCRIPT_NAME", "")):
            environ["SCRIPT_NAME"] = ""
        if not can_be_host(environ.get("HTTP_HOST", "")):
            environ["HTTP_HOST"] = ""
        return self.app(environ, start_response)


def can_be_host(host: str) -> bool:
    """Whether a host has the length of one, and so has each of its labels."""
    if len(host) > LONGEST_HOST:
        return False
    try:
        host.encode("idna")  # as the URL map does, which cannot build the links of an error page
    except UnicodeError:
        return False
    return True


def is_secret(sent: str | None, secret: SecretStr | None) -> bool:
    """Compare what a client sent with a secret, in constant time; False if either is missing."""
    if sent is None or secret is None:
        return False
    return hmac.compare_digest(sent.encode(), secret.get_secret_value().encode())
