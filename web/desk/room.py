"""The blueprint of the desk: every page of it is for staff only, and is stored by nobody."""

from flask import Blueprint, Response

from web.pages import report_access

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


@blueprint.before_request
def staff_only() -> Response | None:
    """Ask for the password of the report."""
    return None if report_access.is_staff() else report_access.login()


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps a page of the desk."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
