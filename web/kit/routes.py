"""The panel's script, and the panel as markup."""

from dataclasses import replace

from flask import Blueprint, Response, current_app, request, send_from_directory

from catalog.desk.shop_settings import ShopSettings
from catalog.errors import ShopSettingError
from engine.errors import GenerationError, NotIndexed
from web.answering import answers
from web.answering.shop_ids import our_id
from web.api import engine_requests, etags
from web.api.parsing import parse_query
from web.app.assets import FOLDER
from web.app.context import shop
from web.app.errors import ParameterError
from web.app.links import link_root, use_absolute_links
from web.kit.parameters import EmbedParams
from web.pages import product as product_page
from web.pages.panel_view import PanelView, unavailable, view_of
from web.words.languages import asked_language, translated, words_of

blueprint = Blueprint("kit", __name__)

BUILT = FOLDER / "kit"
SCRIPT = "lookalike-panel.js"
# Pages name the script without a version: a new one reaches them within the hour.
SCRIPT_KEPT = "public, max-age=3600, stale-while-revalidate=86400"


@blueprint.get(f"/{SCRIPT}")
def script() -> Response:
    """The script of ``<lookalike-panel>``, for a page of any origin."""
    response = send_from_directory(BUILT, SCRIPT, mimetype="text/javascript", max_age=3600)
    response.headers["Cache-Control"] = SCRIPT_KEPT
    return response


@blueprint.get("/panel/<product_id:product_id>")
def panel(product_id: str) -> str | Response:
    """The panel alone: for our own page's sliders, or with ``embed`` for pages elsewhere."""
    if "embed" not in request.args:
        return product_page.panel(product_id)
    return embed(product_id, parse_query(EmbedParams))


def embed(product_id: str, params: EmbedParams) -> Response:
    """The element with its content in a declarative shadow root; nothing if there is none."""
    use_absolute_links()
    seed = shop().catalogue.product(our_id(shop(), product_id))
    language = asked_language(params.locale)
    labels = words_of(language).labels
    view = similar_items(seed.product_id, params, language)
    # Without the variables of pages, which read the visitor's cookie: caches may share this markup.
    text = current_app.jinja_env.get_template("embed.html").render(
        panel=view,
        seed=seed,
        wanted=params,
        labels=labels,
        language=language,
        heading=labels["similar"] if params.heading is None else params.heading,
        own=own_settings(params),
        script=f"{link_root()}/{SCRIPT}",
        key=shop().settings.public_key,
        page=params.embed == "page",
    )
    response = Response(text.strip() + "\n", mimetype="text/html")
    response.headers["Cache-Control"] = etags.shared_for(shop().settings.shared_seconds)
    return response


def own_settings(params: EmbedParams) -> ShopSettings:
    """The shop's settings, with the currency and the locale that the panel's page asks for.

    Raises:
        ParameterError: there is no such currency or locale.
    """
    given = {"currency": params.currency, "locale": params.locale}
    texts = {name: text for name, text in given.items() if text and text.strip()}
    try:
        return ShopSettings.of(shop().own.as_texts() | texts) if texts else shop().own
    except ShopSettingError as error:
        raise ParameterError(str(error)) from error


def similar_items(product_id: str, params: EmbedParams, language: str) -> PanelView:
    """The panel's view in a language; empty where there is nothing to show."""
    try:
        panel = answers.answer(shop(), engine_requests.similar(params, (product_id,)), None)
        label = words_of(language).labels.get(panel.fallback.value) if panel.results else None
        return replace(view_of(shop(), translated(panel, language)), label=label)
    except NotIndexed:
        return PanelView()
    except GenerationError as error:
        return unavailable(shop(), error)
