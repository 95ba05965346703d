"""Compresses text with gzip for clients that accept it.

A compressed length tells how alike two parts of a page are. Whoever sees lengths on the network,
and can have a visitor's browser ask for pages with a text of theirs in them, may guess a secret of
the page letter by letter (BREACH). The secret of our pages is the token of their forms. So the
pages of a visitor who has one are compressed only where the browser says that the visitor asked for
them here, and never for another site. Other responses hold no secret of their client.
"""

import gzip

from flask import Flask, Response, current_app, request

TEXTS = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/problem+json",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
LEAST_BYTES = 1_000  # less fits into one packet
LEVEL = 5  # of 9: half the time of the default, and 3% larger
PAGE = "text/html"
OWN_SITE = frozenset({"same-origin", "none"})  # none: an address that was typed, or a bookmark
WHOLE = 200
ERRORS = 400  # the first status of those with a message


def register(app: Flask) -> None:
    """Compress the responses of an app; registered first, it runs after all that change them."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """The response, compressed if its client accepts that and it is text of some length."""
    if response.mimetype not in TEXTS:
        return response
    response.vary.add("Accept-Encoding")
    etag, weak = response.get_etag()
    if etag is not None and not weak:  # a strong one would name one encoding's bytes
        response.set_etag(etag, weak=True)
    whole = response.status_code == WHOLE or response.status_code >= ERRORS
    if not whole or "Content-Encoding" in response.headers or not is_wanted(response):
        return response
    response.direct_passthrough = False  # of files
    data = response.get_data()
    if len(data) >= LEAST_BYTES:
        response.set_data(gzip.compress(data, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("Accept-Ranges", None)
    return response


def is_wanted(response: Response) -> bool:
    """Whether the client accepts gzip, and no other site may be measuring the response."""
    if not request.accept_encodings.quality("gzip"):
        return False
    if (
        response.mimetype != PAGE
        or current_app.config["SESSION_COOKIE_NAME"] not in request.cookies
    ):
        return True
    return request.headers.get("Sec-Fetch-Site") in OWN_SITE
