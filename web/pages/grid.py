"""The grid: the catalogue, searched, filtered and sorted."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from catalog.filters.filter import Filter
from catalog.products.facets import MAX_COUNTED, Choices
from catalog.records import Page
from web.answering.costs import costly_listing, values
from web.answering.tracking import log_search
from web.app.context import shop
from web.pages.grid_filters import SORTS, GridFilters
from web.word_search.listing import WordPage, word_page

blueprint = Blueprint("grid", __name__)

SUGGESTED = 8  # categories that an empty page offers
COUNTED = 3  # times that a filter costs, as products are also counted without each of its fields


@blueprint.get("/")
def show() -> str:
    """One page of products."""
    filters, menu = GridFilters.of(request.args), shop().menu()
    with costly_listing(shop(), COUNTED * (values(filters.where) + len(filters.size))):
        page, answer = found(filters)
        choices = choices_for(filters, menu.products)
        # Without its filters a search may find something, which an empty page then says.
        elsewhere = None
        if not page.total and filters.text and filters != filters.unfiltered:
            elsewhere = listing(filters.unfiltered)
    query_id = ""
    if filters.text and filters.page == 1:
        query_id = log_search(shop(), filters.text, [one.product_id for one in page.products])
    return render_template(
        "grid.html",
        filters=filters,
        page=page,
        answer=answer,
        query_id=query_id,
        pages=page_links(page),
        choices=choices,
        sorts=sorts(choices.highest is not None, choices.on_sale > 0),
        elsewhere=elsewhere if elsewhere and elsewhere.total else None,
        suggested=menu.largest(SUGGESTED),
        categories=menu.categories_for(filters.category),
    )


def choices_for(filters: GridFilters, products: int) -> Choices:
    """What the page may be narrowed to.

    In a large shop each filter would be a search of the whole table. There the values are those of
    the category or the search, without numbers.
    """
    if products <= MAX_COUNTED:
        return shop().catalogue.choices(filters.where, filters.text, filters.size)
    where = Filter() if filters.text else Filter.of({"category": filters.category})
    return replace(shop().catalogue.choices(where, filters.text), exact=False)


def found(filters: GridFilters) -> WordPage:
    """The products that these filters leave, for a text by look, words and wishes.

    Those of another order, or of a size, have the words.
    """
    if not filters.text or filters.sort or filters.size:
        return WordPage(listing(filters))
    return word_page(shop(), filters.text, filters.where, filters.page, filters.per_page)


def listing(filters: GridFilters) -> Page:
    """The products that these filters leave."""
    return shop().catalogue.browse(
        text=filters.text,
        where=filters.where,
        sizes=filters.size,
        sort=filters.sort or "",
        page=filters.page,
        per_page=filters.per_page,
    )


def sorts(priced: bool, reduced: bool) -> dict[str, str]:
    """The orders that change anything in this shop, with their names."""
    return {
        name: label
        for name, label in SORTS.items()
        if name == "newest" or (reduced if name == "sale" else priced)
    }


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
