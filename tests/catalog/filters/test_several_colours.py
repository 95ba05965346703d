"""A product of several colours is found by each of them, in SQL and in Python."""

import pytest

from catalog.filters.filter import Filter
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.sources import open_source
from tests.catalog.matching import matching


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ("red", {"1", "2", "3"}),
        ("blue", {"1", "3"}),
        ("red/blue", {"1"}),
        ("re", set()),
        (["navy", "red"], {"1", "2", "3", "5"}),
    ],
)
def test_each_colour_finds_it(db, tmp_path, write_csv, catalog_settings, wanted, ids):
    colours = ("Red/Blue", "rot", "Blue & Red", "Dark Red", "Navy", "")
    rows = [{"id": at, "colour": colour} for at, colour in enumerate(colours, 1)]
    ingest(db, open_source(write_csv(tmp_path / "f.csv", rows)), settings=catalog_settings)
    catalogue, filter = Catalogue(db), Filter.of({"colour": wanted})
    assert matching(catalogue, filter) == ids
    products = [catalogue.product(str(at)) for at in range(1, 7)]
    assert {product.product_id for product in products if filter.matches(product)} == ids
    if isinstance(wanted, str):
        assert {one.product_id for one in catalogue.browse(colour=wanted).products} == ids
    assert dict(catalogue.colours()) == {"red": 3, "blue": 2, "Dark Red": 1, "navy": 1}
