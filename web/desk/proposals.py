"""Words that are proposed for products which lack them."""

from flask import render_template, request

from catalog.desk.proposals import Proposals
from web.app.context import shop
from web.app.params import int_param
from web.desk.room import blueprint

PER_PAGE = 50
MAX_PAGE = 10_000


@blueprint.get("/proposals")
def proposals() -> str:
    """One page of the proposals, the surest first."""
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    found, total = Proposals(shop().catalogue.db).page(page, PER_PAGE)
    products = shop().catalogue.products([one.product_id for one in found])
    return render_template(
        "desk/proposals.html",
        found=[(one, products[one.product_id]) for one in found if one.product_id in products],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        section="proposals",
    )
