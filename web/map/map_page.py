"""The page of the map, its files, and the card of a product on it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, send_file, url_for

from catalog.errors import UnknownProduct
from engine.applications.map.page import SCRIPTS, SHEET, body
from engine.applications.map.stored import StoredMap
from engine.errors import GenerationError, StorageError
from web.app.context import shop
from web.app.params import text_param
from web.map.map_links import current_map, file_url
from web.map.map_links import digest as digest_of
from web.pages.swatches import swatch
from web.words.languages import asked_language, words_of

blueprint = Blueprint("map", __name__)

YEAR = 31_536_000
PRODUCT = "product"  # the parameter with the product that the map opens at
FACTS = ("count", "chunk", "sprite", "layouts")  # that the script gets
FILES = {path.name: path for path in (*SCRIPTS, SHEET)}
NEVER = "No map has these files any more. Load the page again."


@blueprint.get("/map")
def show() -> tuple[str, int]:
    """The map; with ``product``, at the place of that product."""
    language = asked_language(text_param(request.args, "locale"))
    found = current_map()
    if found is None:
        return render_template("map.html", made=None, words=words_of("en").map, language="en"), 200
    words = words_of(language).map
    wanted = text_param(request.args, PRODUCT)
    row = None if wanted is None else found.row_of(wanted)
    note, status = "", 200
    if wanted is not None and row is None:
        note, status = missing(wanted, words)
    config = {
        **{name: found.head[name] for name in FACTS},
        "attributes": [with_tones(one) for one in found.head["attributes"]],
        "files": file_root(found),
        "card": url_for("map.card", product=""),
        "photos": url_for("media.thumbnail", content_hash="HASH", width=160),
        "product": -1 if row is None else row,
        "gone": gone_bits(found),
        "locale": language,
        "words": dict(words),
    }
    page = render_template(
        "map.html",
        made=found,
        body=body(words, config),
        note=note,
        words=words,
        language=language,
        scripts=[file_url(path.name) for path in SCRIPTS],
        sheet=file_url(SHEET.name),
    )
    return page, status


def with_tones(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute whose colour words have the tones that they have elsewhere in the shop."""
    if attribute["name"] != "colour":
        return dict(attribute)
    pairs = zip(attribute["values"], attribute["tones"], strict=True)
    return {**attribute, "tones": [swatch(value) or tone for value, tone in pairs]}


def missing(product_id: str, words: Mapping[str, str]) -> tuple[str, int]:
    """What is said of a product that is not on the map, and the status of the page."""
    if product_id in shop().catalogue.products([product_id]):
        return words["later"], 200
    return words["unknown"].replace("{id}", product_id[:80]), 404


def gone_bits(found: StoredMap) -> str:
    """Which products of a map the shop has no longer; see `StoredMap.gone_bits`."""
    try:
        return found.gone_bits(shop().recommender.parts.index.current())
    except (GenerationError, StorageError) as error:
        shop().warn_once(f"The map shows products that may be gone. {error}")
        return ""


def file_root(found: StoredMap) -> str:
    """What the addresses of a map's files start with; they change with the map."""
    return url_for("map.file", name=found.name, part="")


@blueprint.get("/map/files/<name>/<part>")
@blueprint.get("/map/files/<name>/", defaults={"part": ""})
def file(name: str, part: str) -> Response:
    """A file of a map that is still stored, to be kept for ever."""
    path = shop().map_book.file(name, part)
    if path is None:
        abort(404, description=NEVER)
    return forever(send_file(path, conditional=True, etag=f"{name}-{part}"))


@blueprint.get("/map/scripts/<digest>/<name>")
def script(digest: str, name: str) -> Response:
    """A script or style sheet of the map; ``digest`` changes with its content."""
    if name not in FILES or digest != digest_of(name):  # nothing else is to be kept for ever
        abort(404)
    return forever(send_file(FILES[name], conditional=True, etag=f"{digest[:32]}-{name}"))


@blueprint.get("/map/card")
def card() -> str:
    """The card of a product, as the map shows it beside its place."""
    product_id = text_param(request.args, PRODUCT) or ""
    product = shop().catalogue.product(product_id)
    if product.retired:
        raise UnknownProduct(f"The shop has no longer {product_id!r}.")
    return render_template("map_card.html", product=product)


def forever(response: Response) -> Response:
    """A response that browsers and proxies keep: what is under its address never changes."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
