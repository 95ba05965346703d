"""What a listing may be narrowed to, counted, on both databases."""

from decimal import Decimal

import pytest

from catalog.errors import FilterError
from catalog.filters.filter import Filter
from catalog.ingest import ingest
from catalog.products.catalogue import Catalogue
from catalog.products.facets import size_order
from catalog.sources.detect import open_source

COLUMNS = ("id", "title", "brand", "gender", "age_group", "colour", "price", "sale_price", "size")
ROWS = [
    ("1", "Red top", "Ours", "female", "adult", "red", "10 EUR", "8 EUR", "S/M/L"),
    ("2", "Red and blue top", "Ours", "female", "adult", "red/blue", "20 EUR", "", "M, L"),
    ("3", "Blue top", "Theirs", "male", "adult", "blue", "30 EUR", "", "XL"),
    ("4", "Small blue top", "Theirs", "male", "kids", "blue", "5 EUR", "", "104"),
    ("5", "Blue hat", "Theirs", "unisex", "adult", "blue", "", "", ""),
]


@pytest.fixture
def catalogue(tmp_path, write_csv, make_photo, db, catalog_settings):
    make_photo(tmp_path / "shop" / "one.jpg", "grey")
    rows = [dict(zip(COLUMNS, row, strict=True)) | {"photos": "one.jpg"} for row in ROWS]
    feed = write_csv(tmp_path / "shop" / "feed.csv", rows)
    ingest(db, open_source(feed), settings=catalog_settings)
    return Catalogue(db)


def ids(page) -> list[str]:
    return [product.product_id for product in page.products]


def test_the_whole_shop(catalogue):
    choices = catalogue.choices(Filter())
    assert dict(choices.colour) == {"blue": 4, "red": 2}
    assert choices.brand == (("Theirs", 3), ("Ours", 2))
    assert dict(choices.gender) == {"female": 2, "male": 2, "unisex": 1}
    assert dict(choices.age_group) == {"adult": 4, "kids": 1}
    assert choices.size == (("S", 1), ("M", 2), ("L", 2), ("XL", 1), ("104", 1))
    assert (choices.on_sale, choices.lowest, choices.highest) == (1, Decimal("5"), Decimal("30"))
    assert choices.exact


def test_a_field_is_counted_without_its_own_filter(catalogue):
    choices = catalogue.choices(Filter.of({"colour": "red", "price_to": 15}))
    assert dict(choices.colour) == {"red": 1, "blue": 1}  # those that cost 15 at most
    assert choices.brand == (("Ours", 1),)
    assert (choices.lowest, choices.highest) == (Decimal("8"), Decimal("20"))  # of the red ones


def test_counts_are_those_that_the_filter_then_finds(catalogue):
    everything = catalogue.choices(Filter())
    for field in ("colour", "brand", "gender", "age_group"):
        for value, count in getattr(everything, field):
            assert catalogue.browse(where=Filter.of({field: value})).total == count
    for size, count in everything.size:
        assert catalogue.browse(sizes=[size]).total == count
    assert catalogue.browse(where=Filter(on_sale=True)).total == everything.on_sale


def test_a_search_is_counted(catalogue):
    choices = catalogue.choices(Filter(), "blue tops")
    assert dict(choices.brand) == {"Theirs": 2, "Ours": 1}
    assert dict(catalogue.choices(Filter(), "blue tops", ["L"]).brand) == {"Ours": 1}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["1", "2", "3", "4", "5"]),
        ("newest", ["5", "4", "3", "2", "1"]),
        ("price", ["4", "1", "2", "3", "5"]),
        ("price-down", ["3", "2", "1", "4", "5"]),
        ("sale", ["1", "2", "3", "4", "5"]),
    ],
)
def test_orders(catalogue, sort, expected):
    assert ids(catalogue.browse(sort=sort)) == expected
    if sort:
        found = ids(catalogue.browse(sort=sort, text="top"))
        assert found == [one for one in expected if one != "5"]


def test_an_unknown_order_is_refused(catalogue):
    with pytest.raises(FilterError, match="sort 'luck' is unknown"):
        catalogue.browse(sort="luck")


def test_sizes_from_small_to_large():
    sizes = ["10", "L", "9.5", "xs", "One size", "EU 40", "2XL"]
    assert sorted(sizes, key=size_order) == ["One size", "xs", "L", "2XL", "9.5", "10", "EU 40"]
