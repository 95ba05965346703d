"""Who is staff and may open the report: whoever has its password, from wherever.

A request from this machine is no proof: a reverse proxy here sends those of strangers, and need
not say so.
"""

from flask import Response, request

from catalog.errors import DatabaseError
from web.app.context import shop
from web.app.errors import SettingsError
from web.app.security import is_secret

CLOSED = (
    "This page is for the shop's staff. Sign in with any name and LOOKALIKE_REPORT_TOKEN as the "
    "password, or, if that is not set, with the password in the file report-token in the home."
)


def is_staff() -> bool:
    """Whether the request has the report's password, as a bearer token or from a browser."""
    try:
        sent = request.authorization
    except ValueError:  # a header of other signs than base64 has
        return False
    if sent is None:
        return False
    try:
        password = shop().report_password
    except (SettingsError, DatabaseError) as error:
        shop().warn_once(str(error))
        return False
    return is_secret(sent.token if sent.type == "bearer" else sent.password, password)


def login() -> Response:
    """A response that makes a browser ask for the password."""
    challenge = {"WWW-Authenticate": 'Basic realm="Lookalike report", charset="UTF-8"'}
    return Response(CLOSED, 401, challenge, mimetype="text/plain")
