"""A product's page: photos, facts, variants and similar items, as the visitor tuned them."""

from flask import Blueprint, render_template, request

from catalog.records import Product
from engine.errors import GenerationError, NotIndexed
from engine.recommendation.request import Request
from web.answering import answers
from web.answering.visitors import page_visitor
from web.answering.weights import default_weights
from web.app.context import shop
from web.app.params import text_param
from web.pages.panel_view import NEW, PanelView, unavailable, view_of
from web.pages.product_data import product_data
from web.pages.tuning import Tuning

blueprint = Blueprint("product", __name__)

FROM = "from"  # the parameter with the product that a visitor came from
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
        panel = answers.answer(shop(), wanted, page_visitor())
        return view_of(shop(), panel, filtered=tuning.filtered)
    except NotIndexed:
        return PanelView(note=NEW if product.photos and not product.retired else NEVER)
    except GenerationError as error:
        return unavailable(shop(), error)
