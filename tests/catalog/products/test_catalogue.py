"""Queries return what was ingested, as records, with few statements."""

from decimal import Decimal

import pytest
from sqlalchemy import event

from catalog.database.database import Database
from catalog.errors import UnknownProduct
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.products.photo_hashes import photo_hashes
from catalog.records import Availability
from catalog.sources import open_source
from tests.databases import version_of

ROWS = [
    ("b1", "Étoile red top", "Ours", "Tops > T-shirts", "women", "red", "in stock", "g"),
    ("b2", "Blue top 100%", "Ours", "Tops > T-shirts", "women", "blue", "sold out", "g"),
    ("a3", "Blue shirt", "Theirs", "Tops > Shirts", "men", "blue", "preorder", ""),
    ("a4", "Blue jeans", "Theirs", "Trousers", "men", "blue", "in stock", ""),
    ("a5", "Plain thing", "", "", "", "", "in stock", ""),
    ("z6", "Topsy hat", "", "Tops and more", "", "red", "in stock", ""),
]
HEADER = ("id", "title", "brand", "category", "gender", "colour", "availability", "group_id")


@pytest.fixture
def ingest_rows(tmp_path, write_csv, make_photo, db, catalog_settings):
    def put(rows=ROWS, **options):
        folder = tmp_path / "shop"
        listed = [dict(zip(HEADER, row, strict=True)) for row in rows]
        for row in listed:
            make_photo(folder / f"{row['id']}.jpg", row["colour"] or "grey")
            row["photos"] = (
                f"{row['id']}.jpg;gone.jpg;a4.jpg" if row["id"] == "b1" else f"{row['id']}.jpg"
            )
            row |= {"price": "5", "sleeve": "short"}
        feed = write_csv(folder / "feed.csv", listed)
        return ingest(db, open_source(feed), settings=catalog_settings, **options)

    return put


@pytest.fixture
def catalogue(db, ingest_rows):
    ingest_rows()
    return Catalogue(db)


def ids(page) -> list[str]:
    return [product.product_id for product in page.products]


def test_a_product_as_it_was_ingested(catalogue, tmp_path):
    product = catalogue.product("b1")
    assert product.title == "Étoile red top"
    assert product.category == ("Tops", "T-shirts")
    assert (product.brand, product.gender, product.colour, product.group_id) == (
        "Ours",
        "female",
        "red",
        "g",
    )
    assert (product.price, product.availability) == (Decimal("5.00"), Availability.IN_STOCK)
    assert (product.attributes, product.retired) == ({"sleeve": "short"}, False)
    shop = tmp_path.resolve() / "shop"
    assert [(p.position, p.path) for p in product.photos] == [
        (0, shop / "b1.jpg"),
        (2, shop / "a4.jpg"),
    ]


def test_an_unknown_product(catalogue):
    for product_id in ("nope", "", "nul\0", "\ud800"):
        with pytest.raises(UnknownProduct, match="lookalike products"):
            catalogue.product(product_id)


def test_products_keep_the_given_order(catalogue):
    assert list(catalogue.products(["z6", "nope", "a3", "z6", "b1"])) == ["z6", "a3", "b1"]
    assert catalogue.products([]) == {}


def test_any_number_of_ids(catalogue):
    many = [f"no{n}" for n in range(40_000)]
    assert list(catalogue.products([*many, "a3"])) == ["a3"]
    assert catalogue.facts([*many, "a3"]).known.sum() == 1


def test_the_number_of_queries_is_independent_of_the_number_of_products(db, ingest_rows):
    ingest_rows()
    statements, counts = [], []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for listed in (ROWS[:1], ROWS):
        statements.clear()
        Catalogue(db).products([row[0] for row in listed])
        counts.append(sum("FROM products" in s or "FROM photos" in s for s in statements))
    assert counts == [2, 2]


def test_browse_in_the_order_of_the_ingest(catalogue):
    first, second = (catalogue.browse(page=page, per_page=4) for page in (1, 2))
    assert ids(first) + ids(second) == [row[0] for row in ROWS]
    assert (first.total, first.page, first.per_page) == (6, 1, 4)
    assert ids(catalogue.browse(page=3, per_page=4)) == []
    assert ids(catalogue.browse(page=-5, per_page=1)) == ["b1"]
    assert ids(catalogue.browse(page=10**30)) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"category": "Tops"}, ["b1", "b2", "a3"]),
        ({"category": "Tops > T-shirts"}, ["b1", "b2"]),
        ({"category": "Top"}, []),
        ({"category": "tops"}, []),
        ({"category": "T%s"}, []),
        ({"colour": "blue"}, ["b2", "a3", "a4"]),
        ({"colour": "blue", "gender": "male", "category": "Trousers"}, ["a4"]),
        ({"text": "top"}, ["b1", "b2", "a3", "z6"]),
        ({"text": "BLUE theirs"}, ["a3", "a4"]),
        ({"text": "etoile"}, ["b1"]),
        ({"text": "ÉTOILE"}, ["b1"]),
        ({"text": "100%"}, ["b2"]),
        ({"text": "%"}, ["b2"]),
        ({"text": "_"}, []),
        ({"text": "'; DROP TABLE products; --"}, []),
        ({"text": "a5"}, ["a5"]),
        ({"text": "  "}, [row[0] for row in ROWS]),
        ({"text": "nul\0byte"}, []),
        ({"colour": "\ud800"}, []),
    ],
)
def test_browse_filters(catalogue, filters, expected):
    page = catalogue.browse(**filters)
    if "text" in filters:  # the best matches come first, see tests/catalog/search
        assert sorted(ids(page)) == sorted(expected)
    else:
        assert ids(page) == expected
    assert page.total == len(expected)


def test_counts_of_menus(catalogue):
    assert catalogue.categories() == [
        ("Tops", 3),
        ("Tops > Shirts", 1),
        ("Tops > T-shirts", 2),
        ("Tops and more", 1),
        ("Trousers", 1),
    ]
    assert catalogue.colours() == [("blue", 3), ("red", 2)]
    assert catalogue.genders() == [("female", 2), ("male", 2)]


def test_counts_equal_the_totals_of_browse(catalogue):
    for path, count in catalogue.categories():
        assert catalogue.browse(category=path).total == count
    for colour, count in catalogue.colours():
        assert catalogue.browse(colour=colour).total == count


def test_retired_products_are_hidden_but_known(catalogue, ingest_rows):
    before = (version_of(catalogue.db), catalogue.watermark(), catalogue.colours())
    ingest_rows(ROWS[:3], sync=True)
    assert version_of(catalogue.db) > before[0] and catalogue.watermark() != before[1]
    assert ids(catalogue.browse()) == ["b1", "b2", "a3"]
    assert catalogue.colours() == [("blue", 2), ("red", 1)]
    assert {photo.product_id for photo in catalogue.photos()} == {"b1", "b2", "a3"}
    assert catalogue.product("z6").retired
    assert list(catalogue.all_facts().ids) == ["a3", "b1", "b2"]
    facts = catalogue.facts(["z6"])
    assert facts.known.tolist() == [True] and facts.available.tolist() == [False]
    assert catalogue.counts()["retired"] == 3


def test_facts(catalogue):
    facts = catalogue.facts(["b2", "nope", "a3", "a5", "b2"])
    assert facts.ids.tolist() == ["b2", "nope", "a3", "a5", "b2"]
    assert facts.known.tolist() == [True, False, True, True, True]
    assert facts.available.tolist() == [False, False, True, True, False]
    assert facts.gender.tolist() == ["female", None, "male", None, "female"]
    assert facts.group_id.tolist() == ["g", None, None, None, "g"]
    assert facts.category.tolist()[:4] == ["Tops > T-shirts", None, "Tops > Shirts", None]
    assert facts.colour.dtype == object and facts.pattern.tolist() == [None] * 5


def test_facts_of_nothing(catalogue):
    facts = catalogue.facts([])
    assert facts.ids.shape == facts.available.shape == facts.colour.shape == (0,)


def test_photos_come_by_product_and_position(catalogue, monkeypatch):
    def listed():
        return [(photo.product_id, photo.position) for photo in catalogue.photos()]

    expected = [("a3", 0), ("a4", 0), ("a5", 0), ("b1", 0), ("b1", 2), ("b2", 0), ("z6", 0)]
    assert listed() == expected
    monkeypatch.setattr("catalog.products.rows.PHOTO_PRODUCTS", 2)
    assert listed() == expected


def test_hashes_are_those_of_the_photos(catalogue, monkeypatch):
    expected: dict[str, list[str]] = {}
    for photo in catalogue.photos():
        expected.setdefault(photo.product_id, []).append(photo.content_hash)
    for products in (20_000, 1, 2, len(expected)):
        monkeypatch.setattr("catalog.products.photo_hashes.PRODUCTS", products)
        assert list(photo_hashes(catalogue.db)) == list(expected.items())


def test_photo_by_hash(catalogue):
    (photo,) = catalogue.product("a4").photos
    found = catalogue.photo(photo.content_hash)
    assert found.content_hash == photo.content_hash and found.path.exists()
    for wrong in ("0" * 64, "", "../x", "\0"):
        assert catalogue.photo(wrong) is None


def test_status(catalogue):
    assert catalogue.counts() == {
        "products": 6,
        "retired": 0,
        "sold_out": 1,
        "without_photo": 0,
        "photos": 7,
        "photos_rejected": 1,
        "photos_waiting": 0,
        "photos_missing": 0,
        "photos_refused": 0,
    }
    (source,) = catalogue.sources()
    assert (source.name, source.format, source.products) == ("feed.csv", "csv", 6)
    assert source.completed_at.utcoffset().total_seconds() == 0


def test_an_empty_catalogue(db):
    catalogue = Catalogue(db)
    assert catalogue.browse().products == ()
    assert catalogue.categories() == catalogue.colours() == catalogue.sources() == []
    assert list(catalogue.photos()) == [] and catalogue.all_facts().ids.shape == (0,)
    assert version_of(catalogue.db) == 0 and catalogue.counts()["products"] == 0


def test_two_catalogues_have_different_watermarks(db, tmp_path, catalog_settings):
    other = catalog_settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/o.db"})
    Database.migrate(other)
    with Database.open(other) as second:
        assert Catalogue(second).watermark() != Catalogue(db).watermark()
