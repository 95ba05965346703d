from types import SimpleNamespace

from flask import url_for

from web import pages
from web.params import Filters

HASH = "ab" * 32


def test_links_put_together_by_hand_are_those_of_the_routes(app):
    filters = Filters("Tops > T-shirts", "red & blue", None, "naïve", page=2)
    for root in ("", "/shop"):
        with app.test_request_context("/", base_url=f"http://localhost{root}"):
            assert pages.photo_url(HASH, 320) == url_for(
                "media.thumbnail", content_hash=HASH, width=320
            )
            assert pages.grid_url(Filters()) == url_for("storefront.grid")
            for product_id in ("LK 1/ä?#&%", "a+b:c;d=e@f,g", "//x"):
                product = SimpleNamespace(product_id=product_id)
                address = url_for("storefront.product", product_id=product_id)
                assert pages.product_url(product) == address
                assert pages.panel_url(product, "colour") == f"{address}?mix.colour=4#similar"
            chosen = pages.grid_url(filters, page=2)
            path, _, query = chosen.partition("?")
            assert path == url_for("storefront.grid")
        with app.test_request_context(f"/?{query}") as context:
            assert context.request.args.to_dict() == filters.query()


def test_here_is_where_the_visitor_is_with_the_query(app):
    with app.test_request_context("/?q=red+shirt"):
        assert pages.here() == "/?q=red+shirt"
    with app.test_request_context("/wishlist"):
        assert pages.here() == "/wishlist"
    with app.test_request_context("/wishlist", base_url="http://localhost/shop"):
        assert pages.here() == "/shop/wishlist"
