"""The desk's first page (the index and what waits), and photos that failed."""

from flask import render_template, request

from catalog.desk.failed_photos import failed_photos
from engine.operations.status import take_status
from engine.settings import EngineSettings
from web.app.context import shop
from web.app.params import int_param
from web.desk.room import blueprint

PER_PAGE = 50
MAX_PAGE = 10_000
UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"))


@blueprint.get("")
def overview() -> str:
    """The state of catalogue and index, as `lookalike status` shows it."""
    status = take_status(EngineSettings(home=shop().settings.home))
    return render_template("desk/overview.html", status=status, section="overview")


@blueprint.get("/photos")
def photos() -> str:
    """Photos that failed, and why."""
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    found = failed_photos(shop().catalogue.db, page, PER_PAGE)
    pages = max(1, -(-found.total // PER_PAGE))
    return render_template(
        "desk/photos.html", found=found, page=page, pages=pages, section="photos"
    )


@blueprint.app_template_global()
def ago(seconds: float) -> str:
    """A duration in its largest unit: 3 hours."""
    for unit, name in UNITS:
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count:,} {name}{'' if count == 1 else 's'} ago"
    return "just now"
