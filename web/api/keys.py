"""The API key, if the shop has set one: which requests need it, and how it is checked.

Pages elsewhere send the public key instead, which everybody can read: it opens the panel's routes
and the events, nothing else. It is a parameter, since a header would cost a preflight request, and
``sendBeacon`` sends none.

The shop's own pages need no key: they may send events with the CSRF token of their visitor's
session, which no other site can read. The token gives access to nothing else of the API, because
anybody can load a page and so get one.
"""

from flask import Flask, Response, request
from flask_wtf.csrf import ValidationError, validate_csrf

from web.app.context import shop
from web.app.errors import NoKey
from web.app.security import is_secret

API = "/api/"
HEADER = "X-API-Key"
TOKEN = "X-CSRFToken"
PUBLIC = "reference"  # the blueprint of the document and its page, which explain the key
FOR_OWN_PAGES = frozenset({"events.take"})
PUBLIC_KEY = "key"  # the parameter
FOR_PUBLIC_KEY = frozenset(
    {
        "api.similar",
        "api.similar_to_many",
        "api.similar_to_many_body",
        "api.photo_search",
        "events.take",
        "recommendations.products",
    }
)
KEY_NEEDED = (
    "This API needs a key. Send it as `Authorization: Bearer KEY` or as `X-API-Key: KEY`; the "
    "shop sets it as LOOKALIKE_API_KEY."
)


def register(app: Flask) -> None:
    """Refuse API requests without the key, if one is set."""

    @app.before_request
    def check() -> None:
        if needs_key() and not (has_key() or has_public_key() or from_own_page()):
            raise NoKey(KEY_NEEDED)

    @app.after_request
    def keep_private(response: Response) -> Response:
        if needs_key() and not has_public_key():  # no shared cache may serve it without the key
            response.vary.update(("Authorization", HEADER))
            if response.cache_control.public:
                response.headers["Cache-Control"] = "private, no-cache"
        return response


def needs_key() -> bool:
    """Whether the request needs the key."""
    if shop().settings.api_key is None or not request.path.startswith(API):
        return False
    return request.blueprint != PUBLIC


def has_key() -> bool:
    """Whether the request carries the key."""
    sent = request.headers.get(HEADER)
    if request.authorization is not None and request.authorization.type == "bearer":
        sent = request.authorization.token
    return is_secret(sent, shop().settings.api_key)


def has_public_key() -> bool:
    """Whether the request carries the public key, and asks for what that opens."""
    settings = shop().settings
    if settings.public_key is None or request.endpoint not in FOR_PUBLIC_KEY:
        return False
    return request.args.get(PUBLIC_KEY) == settings.public_key


def from_own_page() -> bool:
    """Whether a page of this shop sent the request, to a route that pages may use."""
    if request.endpoint not in FOR_OWN_PAGES:
        return False
    try:
        validate_csrf(request.headers.get(TOKEN))
    except ValidationError:
        return False
    return True
