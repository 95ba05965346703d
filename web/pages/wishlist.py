"""The wishlist's page, and the route that all hearts post to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from catalog.records import Product
from engine.errors import GenerationError, NotIndexed
from engine.recommendation.request import DEFAULT_K, Request
from engine.recommendation.results import Panel
from web.answering import answers
from web.answering.visitors import page_visitor
from web.app.context import shop
from web.app.error_handlers import wants_json
from web.app.errors import ParameterError
from web.app.links import return_url
from web.pages import saved_products
from web.pages.panel_view import NEW, PanelItem, PanelView, Taste, unavailable, view_of

blueprint = Blueprint("wishlist", __name__)

RESULTS = 2 * DEFAULT_K
FULL = "Your wishlist is full. Remove something first."


@blueprint.get("/wishlist")
def show() -> str:
    """The saved products, and similar items by taste."""
    saved, unwanted = saved_products.saved(), saved_products.unwanted()
    found = shop().catalogue.products([*saved, *unwanted])
    kept = {item: found[item] for item in saved if item in found}
    less = {item: found[item] for item in unwanted if item in found}
    panel = similar_items(kept, list(less)) if kept else None
    return render_template("wishlist.html", products=kept, panel=panel, less=less)


@blueprint.post("/wishlist")
def change() -> Response | BaseResponse:
    """Save the product ``add``, or remove the product ``remove``.

    ``less`` marks a product as unwanted, and ``undo`` takes that back. A script gets JSON; a plain
    form is redirected to the page that it came from.
    """
    product_id, full = request.form.get("add"), False
    if product_id:
        full = not saved_products.save(shop().catalogue.product(product_id).product_id)
    elif product_id := request.form.get("remove"):
        saved_products.remove(product_id)
    elif product_id := request.form.get("less"):
        saved_products.mark_unwanted(shop().catalogue.product(product_id).product_id)
    elif product_id := request.form.get("undo"):
        saved_products.unmark_unwanted(product_id)
    else:
        raise ParameterError("Nothing to do: name a product to add or to remove.")
    if wants_json():
        saved = saved_products.saved()
        message = FULL if full else None
        return jsonify(saved=product_id in saved, count=len(saved), message=message)
    if full:
        flash(FULL)
    place = "#similar" if {"less", "undo"} & set(request.form) else ""
    return redirect(return_url(request.form.get("next", "")) + place, code=303)


def similar_items(saved: Mapping[str, Product], unwanted: Sequence[str]) -> PanelView:
    """The panel of a wishlist; without an index, a note instead of results."""
    less = tuple(item for item in unwanted if item not in saved)
    wanted = Request(tuple(saved), k=RESULTS, less=less, page="wishlist")
    try:
        panel = answers.answer(shop(), wanted, page_visitor())
        view = view_of(shop(), panel)
        return replace(view, tastes=by_taste(panel, view.items, saved))
    except NotIndexed:
        return PanelView(note=NEW)
    except GenerationError as error:
        return unavailable(shop(), error)


def by_taste(
    panel: Panel, items: Sequence[PanelItem], saved: Mapping[str, Product]
) -> tuple[Taste, ...]:
    """Items grouped by the seed cluster of their seed; a cluster without items is left out."""
    tastes = []
    for taste in panel.tastes:
        members = tuple(item for item in items if item.seed in taste.seeds)
        if members and taste.medoid in saved:
            tastes.append(Taste(saved[taste.medoid], len(taste.seeds) - 1, members))
    return tuple(tastes)
