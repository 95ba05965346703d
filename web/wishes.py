"""The wishlist's page, and the one address that the hearts post to."""

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from web import panels, wishlist
from web.context import shop
from web.errors import ParameterError
from web.problems import wants_json

blueprint = Blueprint("wishes", __name__)

FULL = "Your wishlist is full. Take something off it first."


@blueprint.get("/wishlist")
def show() -> str:
    """What a visitor saved, and what looks like it."""
    found = shop().catalogue.products(wishlist.saved())
    saved = [found[item] for item in wishlist.saved() if item in found]
    panel = panels.beside_wishlist(shop(), [item.product_id for item in saved])
    return render_template("wishlist.html", products=saved, panel=panel)


@blueprint.post("/wishlist")
def change() -> Response | BaseResponse:
    """Save the product named by ``add``, or take off the one named by ``remove``.

    A script gets JSON; a plain form is sent back to the page that it came from.
    """
    product_id, full = request.form.get("add"), False
    if product_id:
        full = not wishlist.add(shop().catalogue.product(product_id).product_id)
    elif product_id := request.form.get("remove"):
        wishlist.remove(product_id)
    else:
        raise ParameterError("Nothing to do: name a product to add or to remove.")
    if wants_json():
        kept = wishlist.saved()
        message = FULL if full else None
        return jsonify(saved=product_id in kept, count=len(kept), message=message)
    if full:
        flash(FULL)
    return redirect(way_back(request.form.get("next", "")), code=303)


def way_back(address: str) -> str:
    """Where the visitor came from, if that is a path of this shop; else the wishlist."""
    # Browsers read // and /\ as the start of another host, and drop control characters first.
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if ours and address.isprintable() else url_for("wishes.show")
