"""A product's page: photos, facts, variants and similar items, as the visitor tuned them."""

from flask import Blueprint, render_template, request

from catalog.records import Product
from engine.errors import GenerationError, NotIndexed
from engine.recommendation.request import Request
from web.answering import answers
from web.answering.visitors import page_visitor
from web.answering.weights import default_weights
from web.app.context import shop
from web.pages.panel_view import NEW, PanelView, unavailable, view_of
from web.pages.tuning import Tuning

blueprint = Blueprint("product", __name__)

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
        colours=shop().menu().colours,
    )


def panel(product_id: str) -> str:
    """The panel alone, for the page's script to replace."""
    product = shop().catalogue.product(product_id)
    panel = similar_items(product, Tuning.of(request.args))
    return render_template("panel.html", product=product, panel=panel)


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
