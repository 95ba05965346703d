"""Who visits: nobody we know. At most a random id, only while an experiment needs one.

It stands in a cookie of its own, which lives as long as the event log does. A browser that sends
Sec-GPC or DNT gets none and takes part in no experiment; anybody can throw theirs away.
"""

import re
import secrets

from flask import Blueprint, Flask, Response, flash, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from web.app.context import shop
from web.app.redirects import way_back

blueprint = Blueprint("visitors", __name__)

COOKIE = "lookalike_visitor"
ID = re.compile(r"[0-9a-f]{32}")
GONE = "Your random id is deleted. Nothing links your next visit to this one."


def current() -> str | None:
    """The random id of this request's visitor; made now, if it has none and needs one.

    The API knows no cookie: there it is what the request told (see `told_by`), or None.
    """
    if shop().experiment is None or declines():
        return None
    if request.path.startswith("/api/"):
        told: str | None = g.get("visitor_told")
        return told
    known = from_cookie() or g.get("visitor_made")
    if known is None:
        known = g.visitor_made = secrets.token_hex(16)
    return known


def told_by(visitor: str | None) -> None:
    """Note the visitor's id that a request of the API carries."""
    g.visitor_told = visitor


def declines() -> bool:
    """Whether the browser says that it does not want to be followed."""
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def from_cookie() -> str | None:
    """The id in the cookie, if there is one of the right form."""
    value = request.cookies.get(COOKIE, "")
    return value if ID.fullmatch(value) else None


def has_id() -> bool:
    """Whether the visitor has an id that could be thrown away."""
    return not declines() and bool(from_cookie() or g.get("visitor_made"))


@blueprint.post("/visitor/reset")
def reset() -> BaseResponse:
    """Throw the visitor's id away; the next one has nothing to do with it."""
    response = redirect(way_back(request.form.get("next", "")), code=303)
    response.delete_cookie(COOKIE, samesite="Lax", httponly=True)
    flash(GONE)
    return response


def keep(response: Response) -> Response:
    """Send the cookie along with an answer: a new id, or the end of an unwanted one."""
    secure = shop().settings.secure_cookies
    if declines() and COOKIE in request.cookies:
        response.delete_cookie(COOKIE, secure=secure, samesite="Lax", httponly=True)
    elif made := g.get("visitor_made"):
        response.set_cookie(
            COOKIE,
            made,
            max_age=int(shop().settings.event_days * 86_400),
            secure=secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def register(app: Flask) -> None:
    """Keep the cookie of an app, and tell its templates whether there is one."""
    app.after_request(keep)
    app.jinja_env.globals["has_visitor_id"] = has_id
