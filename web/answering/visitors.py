"""Visitor ids: random, anonymous, and only while an experiment needs them.

A page's visitor has the id in a cookie that lives as long as the event log keeps events; a client
of the API sends it as a parameter. Browsers that send Sec-GPC or DNT get no id and take part in no
experiment. Every visitor can reset the id.
"""

import re
import secrets

from flask import Blueprint, Flask, Response, flash, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from web.app.context import shop
from web.app.links import return_url

blueprint = Blueprint("visitors", __name__)

COOKIE = "lookalike_visitor"
ID = re.compile(r"[0-9a-f]{32}")
RESET = "Your random id has been deleted. Your next visit cannot be linked to this one."


def page_visitor() -> str | None:
    """The visitor id of a page's request, created if an experiment needs one."""
    if shop().experiment is None or opted_out():
        return None
    visitor = cookie_id() or g.get("new_visitor")
    if visitor is None:
        visitor = g.new_visitor = secrets.token_hex(16)
    return visitor


def api_visitor(visitor: str | None) -> str | None:
    """The visitor id that an API request carries, if an experiment may use it."""
    return None if shop().experiment is None or opted_out() else visitor


def opted_out() -> bool:
    """Whether the browser asks not to be tracked."""
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def cookie_id() -> str | None:
    """The id in the cookie, if it is well-formed."""
    value = request.cookies.get(COOKIE, "")
    return value if ID.fullmatch(value) else None


def has_visitor_id() -> bool:
    """Whether the visitor has an id that could be reset."""
    return not opted_out() and bool(cookie_id() or g.get("new_visitor"))


@blueprint.post("/visitor/reset")
def reset() -> BaseResponse:
    """Delete the visitor's id; the next one is unrelated to it."""
    response = redirect(return_url(request.form.get("next", "")), code=303)
    response.delete_cookie(COOKIE, samesite="Lax", httponly=True)
    flash(RESET)
    return response


def send_cookie(response: Response) -> Response:
    """Set the cookie of a new id, or delete the cookie of a visitor who opted out."""
    secure = shop().settings.secure_cookies
    if opted_out() and COOKIE in request.cookies:
        response.delete_cookie(COOKIE, secure=secure, samesite="Lax", httponly=True)
    elif visitor := g.get("new_visitor"):
        response.set_cookie(
            COOKIE,
            visitor,
            max_age=int(shop().settings.event_days * 86_400),
            secure=secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def register(app: Flask) -> None:
    """Send the cookie with an app's responses, and add ``has_visitor_id`` to its templates."""
    app.after_request(send_cookie)
    app.jinja_env.globals["has_visitor_id"] = has_visitor_id
