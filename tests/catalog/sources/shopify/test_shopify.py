"""Shopify's products: colours are products, sizes are not; what is not sold is left out."""

import json
from decimal import Decimal

import pytest

from catalog.errors import SourceError
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import Availability
from catalog.sources import open_source

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,"
    "Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Position,"
    "Variant Image,Status\n"
)
TEE = (
    "tee,Tee,<p>Soft &amp; light</p>,Ours,Tops,new,true,Color,Red,Size,S,r-s,shopify,0,deny,10.00,"
    "12.00,http://s/2.jpg,2,http://s/2.jpg,{status}\n"
    "tee,,,,,,,,Red,,M,r-m,shopify,3,deny,11.00,,http://s/1.jpg,1,http://s/2.jpg,\n"
    "tee,,,,,,,,Navy Blue,,S,b-s,shopify,0,continue,9.00,,,,,\n"
    "tee,,,,,,,,,,,,,,,,,http://s/3.jpg,3,,\n"
)
MUG = "mug,Mug,,Ours,,,true,Title,Default Title,,,,,,deny,5,,http://s/m.jpg,1,,active\n"


def read(path, text):
    path.write_text(text)
    source = open_source(path)
    return source, list(source.records())


def test_csv(tmp_path):
    source, (red, navy, mug) = read(tmp_path / "x.csv", HEADER + TEE.format(status="active") + MUG)
    assert source.format == "shopify-csv"
    assert [(r.product_id, r.group_id, r.colour) for r in (red, navy, mug)] == [
        ("tee~red", "tee", "red"),
        ("tee~navy-blue", "tee", "navy"),
        ("mug", None, None),
    ]
    assert (red.price, red.sale_price, red.availability) == (11, None, Availability.IN_STOCK)
    assert (navy.price, navy.availability) == (9, Availability.BACKORDER)
    assert red.attributes["size"] == "S, M" and red.attributes["description"] == "Soft & light"
    assert (red.photos, navy.photos) == (("http://s/2.jpg",), ("http://s/1.jpg", "http://s/3.jpg"))
    assert (mug.availability, mug.photos) == (Availability.IN_STOCK, ("http://s/m.jpg",))
    assert red.title == navy.title == "Tee" and red.brand == "Ours" and red.category == ("Tops",)


def test_unreadable_rows_have_no_id(tmp_path):
    text = HEADER + "late,,,,,,,,,,,,,,,5,,,,,\n" + ",No handle,,,,,,,,,,,,,,5,,,,,\n"
    entries = read(tmp_path / "x.csv", text + MUG.replace(",5,", ",cheap,"))[1]
    assert [(e.line, e.product_id, e.code) for e in entries] == [
        (3, None, "value"),
        (2, None, "value"),
        (4, "mug", "value"),
    ]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_products_that_are_not_sold_are_retired_by_a_sync(tmp_path, db, catalog_settings, status):
    path = tmp_path / "x.csv"
    for each in ("active", status):
        path.write_text(HEADER + TEE.format(status=each) + MUG)
        report = ingest(db, open_source(path), sync=True, settings=catalog_settings)
    assert (report.retired, report.rejected, report.sync_note) == (2, 1, None)
    assert Catalogue(db).product("tee~red").retired and not Catalogue(db).product("mug").retired


PRODUCT = {
    "id": 1,
    "handle": "tee",
    "title": "Tee",
    "vendor": "Ours",
    "product_type": "Tops",
    "status": "active",
    "tags": ["new", "soft"],
    "options": [{"name": "Colour"}, {"name": "Size"}],
    "images": [
        {"id": 5, "position": 2, "src": "http://s/b.jpg", "variant_ids": [12]},
        {"id": 4, "position": 1, "src": "http://s/r.jpg", "variant_ids": [11]},
    ],
    "variants": [
        {"id": 11, "option1": "Red", "option2": "S", "price": "8.00", "compare_at_price": "10.00"},
        {"id": 12, "option1": "Blue", "option2": "S", "price": "9.00", "available": False},
    ],
}


def test_json(tmp_path):
    other = {"handle": "x", "title": "X", "published_at": None, "variants": [{}]}
    listed = {"products": [PRODUCT, other, 3]}
    source, (red, blue, *rejected) = read(tmp_path / "x", json.dumps(listed))
    assert source.format == "shopify-json"
    assert (red.product_id, red.price, red.sale_price) == ("tee~red", Decimal(10), Decimal(8))
    assert (red.photos, blue.photos) == (("http://s/r.jpg",), ("http://s/b.jpg",))
    assert (blue.availability, blue.line) == (Availability.OUT_OF_STOCK, 1)
    assert [(r.line, r.product_id, r.code) for r in rejected] == [
        (2, "x", "not_sold"),
        (3, None, "json"),
    ]


@pytest.mark.parametrize("text", ['{"products": [{"handle": "a"', '{"products": [' + "[" * 9999])
def test_truncated_json_is_not_used(tmp_path, text):
    with pytest.raises(SourceError, match="nothing of it was used"):
        read(tmp_path / "x.json", text)


ONE = (
    '{"id": 1, "title": "Shirt", "handle": "a", "options": [{"name": "Color"}], '
    '"variants": [{"id": 1, "option1": "Red", "price": "5"}]}'
)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"products": [{ONE}]}}',
        f'{{"count": 1, "products": [{ONE}]}}',
        f"[{ONE}]",
        f'{{"product": {ONE}}}',
        f'\n{{ "products" : [{ONE}]}}',
    ],
)
def test_shapes_of_json(tmp_path, text):
    (tmp_path / "p.json").write_text(text)
    source = open_source(tmp_path / "p.json")
    assert source.format == "shopify-json"
    assert [entry.product_id for entry in source.records()] == ["a~red"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.json", '{"data": {"products": {"edges": [{"node": {}}]}}}', "answer of GraphQL"),
        (
            "p.jsonl",
            '{"id": "gid://shopify/Product/1"}\n'
            '{"id": "gid://shopify/ProductVariant/1", "__parentId": "gid://shopify/Product/1"}\n',
            "bulk export of GraphQL",
        ),
    ],
)
def test_shapes_that_are_not_read_are_named(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=words):
        open_source(tmp_path / name)
