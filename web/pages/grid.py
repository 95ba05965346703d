"""The grid: the catalogue, filtered by category, colour, gender and words of the title."""

from dataclasses import asdict

from flask import Blueprint, render_template, request

from catalog.records import Page
from web.app.context import shop
from web.pages.grid_filters import GridFilters

blueprint = Blueprint("grid", __name__)


@blueprint.get("/")
def show() -> str:
    """One page of products."""
    filters = GridFilters.of(request.args)
    page = shop().catalogue.browse(**asdict(filters))
    menu = shop().menu()
    return render_template(
        "grid.html",
        filters=filters,
        page=page,
        pages=page_links(page),
        menu=menu,
        categories=menu.categories_for(filters.category),
    )


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
