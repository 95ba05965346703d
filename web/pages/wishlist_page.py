"""The wishlist's page, and the one address that the hearts post to."""

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from web.app.context import shop
from web.app.errors import ParameterError
from web.app.problems import wants_json
from web.app.redirects import way_back
from web.pages import panel_view, wishlist

blueprint = Blueprint("wishes", __name__)

FULL = "Your wishlist is full. Take something off it first."


@blueprint.get("/wishlist")
def show() -> str:
    """What a visitor saved, and what looks like it, taste by taste."""
    saved, away = wishlist.saved(), wishlist.less()
    found = shop().catalogue.products([*saved, *away])
    kept = {item: found[item] for item in saved if item in found}
    less = {item: found[item] for item in away if item in found}
    panel = panel_view.beside_wishlist(shop(), kept, list(less))
    return render_template("wishlist.html", products=kept, panel=panel, less=less)


@blueprint.post("/wishlist")
def change() -> Response | BaseResponse:
    """Save the product named by ``add``, or take off the one named by ``remove``.

    ``less`` asks for less like a product, and ``undo`` takes that back. A script gets JSON; a
    plain form is sent back to the page that it came from.
    """
    product_id, full = request.form.get("add"), False
    if product_id:
        full = not wishlist.add(shop().catalogue.product(product_id).product_id)
    elif product_id := request.form.get("remove"):
        wishlist.remove(product_id)
    elif product_id := request.form.get("less"):
        wishlist.want_less(shop().catalogue.product(product_id).product_id)
    elif product_id := request.form.get("undo"):
        wishlist.mind_no_more(product_id)
    else:
        raise ParameterError("Nothing to do: name a product to add or to remove.")
    if wants_json():
        kept = wishlist.saved()
        message = FULL if full else None
        return jsonify(saved=product_id in kept, count=len(kept), message=message)
    if full:
        flash(FULL)
    return redirect(way_back(request.form.get("next", "")), code=303)
