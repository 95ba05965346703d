"""The key of the API, if the shop has set one: who must send it, and how it is compared.

The shop's own pages need no key: they may tell events, with the token of their visitor's session,
which no other site can read or send. Nothing else of the API opens to that token: otherwise
anybody could fetch a page and have a key.
"""

import hmac

from flask import Flask, Response, request
from flask_wtf.csrf import ValidationError, validate_csrf

from web.app.context import shop
from web.app.errors import NoKey

API = "/api/"
HEADER = "X-API-Key"
TOKEN = "X-CSRFToken"
OPEN = "reference"  # the blueprint of the document and its page: they tell how to send the key
OWN = frozenset({"events.take"})
CLOSED = (
    "This API needs its key. Send it as `Authorization: Bearer KEY` or as `X-API-Key: KEY`; the "
    "shop knows it as LOOKALIKE_API_KEY."
)


def register(app: Flask) -> None:
    """Ask the requests of an app's API for the key, if there is one."""

    @app.before_request
    def check() -> None:
        if needs_key() and not has_key() and not from_own_page():
            raise NoKey(CLOSED)

    @app.after_request
    def keep_private(response: Response) -> Response:
        if needs_key():  # a shared cache must not hand an answer to those without the key
            response.vary.update(("Authorization", HEADER))
            if response.cache_control.public:
                response.headers["Cache-Control"] = "private, no-cache"
        return response


def needs_key() -> bool:
    """Whether the key is asked for here."""
    if shop().settings.api_key is None or not request.path.startswith(API):
        return False
    return request.blueprint != OPEN


def has_key() -> bool:
    """Whether the request carries the key."""
    wanted, told = shop().settings.api_key, request.authorization
    given = request.headers.get(HEADER, "")
    if told is not None and told.type == "bearer":
        given = told.token or ""
    if wanted is None:
        return False
    return hmac.compare_digest(given.encode(), wanted.get_secret_value().encode())


def from_own_page() -> bool:
    """Whether a page of this shop sends what pages may send."""
    if request.endpoint not in OWN:
        return False
    try:
        validate_csrf(request.headers.get(TOKEN))
    except ValidationError:
        return False
    return True
