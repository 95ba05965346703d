"""The shop's pages: the grid, a product with its look-alikes, and search by photo."""

from flask import Blueprint, render_template, request

from catalog.records import Page
from web.app import params
from web.app.context import shop
from web.app.upload import preview, turn, uploaded_photo
from web.pages import panel_view
from web.pages.tuning import tuning

blueprint = Blueprint("storefront", __name__)


@blueprint.get("/")
def grid() -> str:
    """The catalogue, narrowed by category, colour, gender and words of the title."""
    filters = params.filters(request.args)
    page = shop().browse(filters)
    menu = shop().menu()
    return render_template(
        "grid.html",
        filters=filters,
        page=page,
        pages=page_links(page),
        menu=menu,
        shelf=menu.shelf(filters.category),
    )


@blueprint.get("/products/<path:product_id>")
def product(product_id: str) -> str:
    """One product: photos, facts, variants, and what looks like it as a visitor tuned it."""
    tuned = tuning(request.args)
    item = shop().catalogue.product(product_id)
    panel = panel_view.beside_product(shop(), item, tuned)
    return render_template(
        "product.html",
        product=item,
        variants=shop().catalogue.variants(item.group_id) if item.group_id else (),
        panel=panel,
        tuning=tuned,
        colours=shop().menu().colours,
    )


@blueprint.get("/panel/<path:product_id>")
def panel(product_id: str) -> str:
    """The panel of a product page by itself, for the page's script to put in place."""
    item = shop().catalogue.product(product_id)
    found = panel_view.beside_product(shop(), item, tuning(request.args))
    return render_template("panel.html", product=item, panel=found)


@blueprint.get("/search/photo")
def photo_form() -> str:
    """Where a visitor chooses a photo to search with."""
    return render_template("photo_search.html", panel=None, photo=None)


@blueprint.post("/search/photo")
def photo_results() -> str:
    """What looks like the visitor's photo. The photo is not kept."""
    image = uploaded_photo(request, shop())
    with turn(shop()):
        panel = panel_view.beside_photo(shop(), image)
    return render_template("photo_search.html", panel=panel, photo=preview(image))


def page_links(page: Page) -> list[int | None]:
    """The page numbers to link: the first, the last, and those around; None marks a gap."""
    last = max(1, -(-page.total // page.per_page))
    near = {1, last, *range(page.page - 2, page.page + 3)}
    links: list[int | None] = []
    for number in sorted(number for number in near if 1 <= number <= last):
        if links and links[-1] is not None and number - links[-1] > 1:
            links.append(None)
        links.append(number)
    return links
