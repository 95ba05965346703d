"""Who is staff and may open the report: this machine, or whoever has the token if one is set."""

import ipaddress
from urllib.parse import urlsplit

from flask import Response, request

from web.app.context import shop
from web.app.security import is_secret

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
CLOSED = (
    "The report is for the shop's staff. Open it on the machine that serves it, or set "
    "LOOKALIKE_REPORT_TOKEN and sign in with it as the password."
)


def is_staff() -> bool:
    """Whether the request is from the shop's staff."""
    return is_local() if shop().settings.report_token is None else has_token()


def is_local() -> bool:
    """Whether this machine sent the request to itself, and not through a proxy.

    The requested host counts too: a page elsewhere can make its own name resolve to our address.
    """
    if any(name in request.headers for name in FORWARDED):
        return False
    return is_loopback(request.remote_addr or "") and is_loopback(
        urlsplit(f"//{request.host}").hostname or ""
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_token() -> bool:
    """Whether the request has the token, as a bearer token or as a browser's password."""
    sent = request.authorization
    if sent is None:
        return False
    given = sent.token if sent.type == "bearer" else sent.password
    return is_secret(given, shop().settings.report_token)


def login() -> Response:
    """A response that makes a browser ask for the token."""
    challenge = {"WWW-Authenticate": 'Basic realm="Lookalike report", charset="UTF-8"'}
    return Response(CLOSED, 401, challenge, mimetype="text/plain")
