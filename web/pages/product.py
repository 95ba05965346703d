"""A product's page: photos, facts, variants and similar items, as the visitor tuned them."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from catalog.errors import FilterError
from catalog.records import Product
from engine.errors import EncoderError, GenerationError, NotIndexed
from engine.recommendation.request import Request
from web.answering import answers
from web.answering.visitors import page_visitor
from web.answering.weights import default_weights
from web.app.context import shop
from web.app.params import text_param
from web.pages.panel_view import NEW, PanelView, unavailable, view_of
from web.pages.product_data import product_data
from web.pages.tuning import Tuning
from web.word_search.asking import changed_by_words

blueprint = Blueprint("product", __name__)

FROM = "from"  # the parameter with the product that a visitor came from
NO_TEXTS = "This shop cannot look for that: try a colour, a type or a price."
NO_PRICE = "No price is both the one in your words and the one that you chose: change one of them."
NEVER = "No similar items: this product has no photo or is no longer sold."


@blueprint.get("/products/<product_id:product_id>")
def show(product_id: str) -> str:
    """The whole page."""
    tuning = Tuning.of(request.args)
    product = shop().catalogue.product(product_id)
    return render_template(
        "product.html",
        product=product,
        panel=similar_items(product, tuning),
        variants=shop().catalogue.variants(product.group_id) if product.group_id else (),
        tuning=tuning,
        menu=shop().menu(),
        came_from=came_from(product_id),
        data=product_data(product),
    )


def panel(product_id: str) -> str:
    """The panel alone, for the page's element, which shows it in place of the one before."""
    product = shop().catalogue.product(product_id)
    tuning = Tuning.of(request.args)
    panel = similar_items(product, tuning)
    return render_template("panel.html", product=product, panel=panel, tuning=tuning, is_part=True)


def came_from(product_id: str) -> Product | None:
    """The product whose page led here by "more like this", to go back to."""
    other = text_param(request.args, FROM)
    return None if other in (None, product_id) else shop().catalogue.products([other]).get(other)


def changed_items(wanted: Request, text: str) -> PanelView:
    """The panel of a product, but for what words change.

    Raises:
        engine.errors.RequestError: the text is too long.
        engine.errors.GenerationError: there is no usable index.
    """
    try:
        found = changed_by_words(shop(), wanted, text)
    except FilterError:
        return PanelView(note=NO_PRICE, default_weights=default_weights(shop()))
    except EncoderError as error:
        shop().warn_once(f"Words change no panel. {error}")
        return PanelView(note=NO_TEXTS, default_weights=default_weights(shop()))
    panel = answers.tracked(shop(), wanted, found.panel, page_visitor())
    view = view_of(shop(), panel, filtered=True)
    notes = [f"This has no {name} to compare with." for name in found.unknown]
    if found.ignored:
        notes.append(
            f"Nothing in the shop matches {', '.join(f'“{one}”' for one in found.ignored)}."
        )
    if not notes:
        return view
    notice = " ".join([*notes, view.label or view.note or ""]).strip()
    return replace(view, label=notice) if view.items else replace(view, note=notice)


def similar_items(product: Product, tuning: Tuning) -> PanelView:
    """The panel of a product; without an index, a note instead of results."""
    try:
        wanted = Request(
            (product.product_id,),
            facets=tuning.facet_weights(default_weights(shop())),
            filter=tuning.filter,
            diversity=tuning.diversity,
            page="product",
        )
        if tuning.but:
            return changed_items(wanted, tuning.but)
        panel = answers.answer(shop(), wanted, page_visitor())
        return view_of(shop(), panel, filtered=tuning.filtered)
    except NotIndexed:
        return PanelView(note=NEW if product.photos and not product.retired else NEVER)
    except GenerationError as error:
        return unavailable(shop(), error)
