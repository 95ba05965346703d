"""Sale prices, from the source to the product."""

from decimal import Decimal

from catalog.ingest.run import ingest
from catalog.ingest.stored import row_of
from catalog.products.catalogue import Catalogue
from catalog.records import ProductRecord
from catalog.sources import open_source


def test_a_sale_begins_and_ends(db, tmp_path, write_csv, catalog_settings):
    def now(price, sale_price):
        rows = [{"id": "1", "price": price, "sale_price": sale_price}]
        feed = open_source(write_csv(tmp_path / "feed.csv", rows))
        report = ingest(db, feed, settings=catalog_settings)
        product = Catalogue(db).product("1")
        return (
            report.updated,
            product.price,
            product.sale_price,
            product.effective_price,
            product.on_sale,
        )

    full, less = Decimal("20.00"), Decimal("14.99")
    assert now("20", "") == (0, full, None, full, False)
    assert now("20", "14.99") == (1, full, less, less, True)
    assert now("20", "14.99") == (0, full, less, less, True)
    assert now("20", "20") == (1, full, None, full, False)
    assert now("", "") == (1, None, None, None, False)


def test_products_without_a_sale_price_keep_the_digest_of_older_versions():
    record = ProductRecord("1", "One", 2, price=Decimal("12.50"))
    # As the first version wrote it, so that an upgrade does not rewrite every product.
    assert row_of(record, 1)["digest"] == (
        "8809fa0c9736495da41cc55e4e9e075c0fa0744628166fa7fddd9b62c9ef571e"
    )
