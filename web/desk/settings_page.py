"""The settings of the shop that its staff change: name, currency, locale, match, sliders."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from catalog.desk.shop_settings import ShopSettings
from catalog.errors import ShopSettingError
from web.app.context import shop
from web.desk.comparison import facet_names
from web.desk.room import blueprint

VARIETY = "variety"


@blueprint.get("/settings")
def settings() -> str:
    """The form, with the values in force."""
    return form(shop().own.as_texts(), None)


@blueprint.post("/settings")
def save_settings() -> BaseResponse | tuple[str, int]:
    """Store the settings; they are in force at once, in other processes within seconds."""
    chosen = request.form.getlist("slider")
    values = {name: request.form.get(name, "") for name in ("name", "currency", "locale")}
    values["show_match"] = request.form.get("show_match", "")
    values["sliders"] = " ".join(chosen if len(chosen) < len(sliders()) else [])
    values["no_sliders"] = "" if chosen or not sliders() else "true"
    try:
        shop().own_book.get().save(ShopSettings.of(values))
    except ShopSettingError as error:
        return form(values, error), 400
    flash("The settings are in force.")
    return redirect(url_for("desk.settings"), code=303)


def form(values: dict[str, str], error: ShopSettingError | None) -> str:
    """The page, with an error beside its field."""
    return render_template(
        "desk/settings.html",
        values=values,
        error=error,
        sliders=sliders(),
        chosen=values["sliders"].split(),
        by_environment=shop().settings.show_match,
        section="settings",
    )


def sliders() -> list[str]:
    """The sliders that the index in use can have."""
    names = facet_names()
    return [*names, VARIETY] if len(names) > 1 else []
