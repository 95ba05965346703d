from types import SimpleNamespace

from flask import url_for

from web.pages import page_context
from web.pages.grid_filters import GridFilters

HASH = "ab" * 32


def test_links_put_together_by_hand_are_those_of_the_routes(app):
    filters = GridFilters("Tops > T-shirts", ("red & blue", "grey"), text="naïve", page=2)
    for root in ("", "/shop"):
        with app.test_request_context("/", base_url=f"http://localhost{root}"):
            assert page_context.photo_url(HASH, 320) == url_for(
                "media.thumbnail", content_hash=HASH, width=320
            )
            assert page_context.grid_url(GridFilters()) == url_for("grid.show")
            for product_id in ("LK 1/ä?#&%", "a+b:c;d=e@f,g", "//x"):
                product = SimpleNamespace(product_id=product_id)
                address = url_for("product.show", product_id=product_id)
                assert page_context.product_url(product) == address
                assert (
                    page_context.panel_url(product, "colour") == f"{address}?mix.colour=4#similar"
                )
            chosen = page_context.grid_url(filters, page=2)
            path, _, query = chosen.partition("?")
            assert path == url_for("grid.show")
        with app.test_request_context(f"/?{query}") as context:
            assert context.request.args == filters.query()


def test_here_is_where_the_visitor_is_with_the_query(app):
    with app.test_request_context("/?q=red+shirt"):
        assert page_context.here() == "/?q=red+shirt"
    with app.test_request_context("/wishlist"):
        assert page_context.here() == "/wishlist"
    with app.test_request_context("/wishlist", base_url="http://localhost/shop"):
        assert page_context.here() == "/shop/wishlist"
