"""Files of rows in four formats give the same products, and say what is wrong with a row."""

import codecs
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import SourceError
from catalog.records import Availability, ProductRecord, Rejection
from catalog.sources import open_source

FULL = {
    "id": "a1",
    "title": "Ribbed top, red",
    "brand": "Ours",
    "category": "Tops > T-shirts",
    "gender": "women",
    "age_group": "adult",
    "colour": "red",
    "pattern": "plain",
    "price": "12.50",
    "currency": "eur",
    "availability": "in stock",
    "group_id": "g1",
    "link": "https://shop.example/a1",
    "photos": "photos/a.jpg;photos/b.jpg",
    "sleeve": "short",
}
RECORD = ProductRecord(
    product_id="a1",
    title="Ribbed top, red",
    line=2,
    photos=("photos/a.jpg", "photos/b.jpg"),
    brand="Ours",
    category=("Tops", "T-shirts"),
    gender="female",
    age_group="adult",
    colour="red",
    pattern="plain",
    price=Decimal("12.50"),
    currency="EUR",
    availability=Availability.IN_STOCK,
    group_id="g1",
    link="https://shop.example/a1",
    attributes={"sleeve": "short"},
)


def read(path: Path, text: str | bytes = b"", **options: object) -> list:
    if text:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(open_source(path, **options).records())


def test_csv(tmp_path, write_csv):
    assert read(write_csv(tmp_path / "feed.csv", [FULL])) == [RECORD]


@pytest.mark.parametrize(("suffix", "sign"), [("tsv", "\t"), ("csv", ";"), ("csv", "|")])
def test_other_separators(tmp_path, suffix, sign):
    plain = FULL | {"photos": "photos/a.jpg", "category": "Tops"}
    text = sign.join(plain) + "\r\n" + sign.join(plain.values()) + "\r\n"
    (record,) = read(tmp_path / f"feed.{suffix}", text)
    assert record.title == "Ribbed top, red"
    assert record.photos == ("photos/a.jpg",)


def test_json_lines(tmp_path):
    nested = FULL | {
        "photos": ["photos/a.jpg", "photos/b.jpg"],
        "category": ["Tops", "T-shirts"],
        "price": 12.5,
    }
    (record,) = read(tmp_path / "feed.jsonl", "\n" + json.dumps(nested) + "\n")
    assert record == RECORD


def test_json_lines_of_different_names(tmp_path):
    lines = [{"id": 1, "name": "a"}] * 60 + [{"sku": "2", "title": "b", "attributes": {"fit": 1}}]
    records = read(tmp_path / "f.jsonl", "\n".join(json.dumps(line) for line in lines))
    assert (records[0].product_id, records[0].title) == ("1", "a")
    assert (records[-1].product_id, records[-1].title) == ("2", "b")
    assert records[-1].attributes == {"fit": "1"}


def test_parquet(tmp_path):
    row = FULL | {"id": 7, "price": Decimal("12.50"), "photos": ["photos/a.jpg", "photos/b.jpg"]}
    pq.write_table(pa.Table.from_pylist([row, row | {"id": 8}]), tmp_path / "feed.parquet")
    first, second = read(tmp_path / "feed.parquet")
    assert (first.product_id, second.product_id) == ("7", "8")
    assert (first.photos, first.price, first.line) == (RECORD.photos, Decimal("12.50"), 1)


def test_parquet_numbers_with_gaps(tmp_path):
    table = pa.table({"id": [1.0, 2.0], "price": [float("nan"), 9.0], "image": [b"\xff\xd8", b"a"]})
    pq.write_table(table, tmp_path / "feed.parquet")
    first, second = read(tmp_path / "feed.parquet")
    assert (first.product_id, first.price, second.price) == ("1", None, Decimal(9))


def test_parquet_that_is_cut_off(tmp_path):
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "feed.parquet")
    data = (tmp_path / "feed.parquet").read_bytes()
    with pytest.raises(SourceError, match="cut off"):
        read(tmp_path / "feed.parquet", data[:-20])


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8"])
def test_byte_order_mark(tmp_path, mark, encoding):
    (record,) = read(tmp_path / "f.csv", mark + "id,title\n1,Étoile\n".encode(), encoding=encoding)
    assert (record.product_id, record.title) == ("1", "Étoile")


def test_utf_16(tmp_path):
    (record,) = read(tmp_path / "f.csv", "id,title\n1,Étoile\n".encode("utf-16"))
    assert record.title == "Étoile"


def test_latin_1_names_the_line_and_the_option(tmp_path):
    text = ("id,title\n" + "1,a\n" * 3 + "2,Étoile\n").encode("latin-1")
    with pytest.raises(SourceError, match=r"Line 5 of .*0xc9.*--encoding cp1252"):
        read(tmp_path / "f.csv", text)
    assert read(tmp_path / "f.csv", encoding="latin-1")[-1].title == "Étoile"


def test_line_of_a_bad_byte_beyond_the_first_chunk(tmp_path):
    text = b"id,title\n" + b"1,abcdefg\n" * 200_000 + b"2,\xff\n"
    with pytest.raises(SourceError, match="Line 200002 of"):
        read(tmp_path / "f.csv", text)


@pytest.mark.parametrize("encoding", ["klingon", "hex"])
def test_an_unknown_encoding_is_an_error(tmp_path, encoding):
    with pytest.raises(SourceError, match="no text encoding"):
        read(tmp_path / "f.csv", "id\n1\n", encoding=encoding)


@pytest.mark.parametrize("data", [b"", b"\n \n", codecs.BOM_UTF8])
@pytest.mark.parametrize("name", ["f.csv", "f.jsonl"])
def test_an_empty_file(tmp_path, data, name):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match="is empty"):
        read(tmp_path / name)


def test_a_header_alone_is_no_product(tmp_path):
    assert read(tmp_path / "f.csv", "id,title\n") == []


def test_columns_of_one_name_are_repeated_values(tmp_path):
    text = "id,title,photos,photos,size,size,price,price\n1,a,a.jpg,b.jpg,S,M,5,5\n2,b,,,,,5,6\n"
    first, second = read(tmp_path / "f.csv", text)
    assert (first.photos, first.attributes) == (("a.jpg", "b.jpg"), {"size": '["S", "M"]'})
    assert first.price == 5
    assert second.reason == "price has several values, '5', '6'"  # which one is not known


def reasons(entries: list) -> list[tuple[int, str | None, str]]:
    return [(e.line, e.product_id, e.code) for e in entries if isinstance(e, Rejection)]


def test_bad_rows_are_rejected_and_the_others_read(tmp_path):
    text = (
        "id,title,price\n"
        "1,fine,2\n"
        ",no id,2\n"
        "3,three, columns, too many\n"
        "4,too few\n"
        '5,"two\nlines",1\n'
        "6,price,cheap\n"
        f"7,{'x' * 1001},1\n"
        f"{'8' * 201},id too long,1\n"
        "9,blank columns behind,1,,\n"
    )
    entries = read(tmp_path / "f.csv", text)
    assert [e.product_id for e in entries if isinstance(e, ProductRecord)] == ["1", "5", "9"]
    assert reasons(entries) == [
        (3, None, "value"),
        (4, "3", "columns"),
        (5, "4", "columns"),
        (8, "6", "value"),
        (9, "7", "value"),
        (10, None, "value"),
    ]


def test_a_quote_that_is_not_closed(tmp_path):
    text = 'id,title\n1,a\n2,"b\n3,c\n4,d\n'
    entries = read(tmp_path / "f.csv", text)
    assert [entry.title for entry in entries] == ["a", '"b', "c", "d"]
    entries = read(tmp_path / "g.csv", 'id,title,x\n1,a,b\n2,"b,c\n3,c,d\n')
    assert [entry.title for entry in entries] == ["a", '"b', "c"]
    entries = read(tmp_path / "h.csv", 'id,title,x\n1,a,b\n2,"b\nand\nmore\nlines,c\n3,c,d\n')
    assert reasons(entries) == [(3, None, "columns")]
    assert "from line 3 to 7" in entries[1].reason


def test_a_field_larger_than_any_text(tmp_path):
    text = f'id,title\n1,a\n2,"{"x" * 200_000}\n3,b\n4,c\n'
    entries = read(tmp_path / "f.csv", text)
    assert reasons(entries) == [(3, "2", "value")]  # a title of so many characters
    assert [entry.product_id for entry in entries] == ["1", "2", "3", "4"]


def test_a_nul_byte_spoils_its_row_only(tmp_path):
    entries = read(tmp_path / "f.csv", "id,title\n1,a\x00b\n2,c\n")
    assert entries[-1].product_id == "2"
    assert len(entries) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [("f.csv", "id,title,x\n1,a,b\n2,b"), ("f.jsonl", '{"id": 1}\n{"id": 2, "ti')],
)
def test_a_file_that_ends_in_the_middle_of_a_row(tmp_path, name, text):
    assert [code for *_, code in reasons(read(tmp_path / name, text))] == ["cut_off"]


def test_invalid_json_lines_are_rejected(tmp_path):
    text = '{"id": 1}\n{id: 2}\n[3]\n' + '{"id": ' + "9" * 5000 + "}\n" + '{"id": 5}\n'
    entries = read(tmp_path / "f.jsonl", text)
    assert reasons(entries) == [(2, None, "json"), (3, None, "json"), (4, None, "json")]
    assert entries[-1].product_id == "5"


def test_a_json_list_is_no_json_lines(tmp_path):
    with pytest.raises(SourceError, match="without a list around them"):
        read(tmp_path / "f.jsonl", '[\n{"id": 1},\n{"id": 2}\n]\n')


def test_stock_numbers_words_and_both(tmp_path):
    text = "id,stock,availability\n1,0,\n2,3,\n3,0,preorder\n4,,\n5,many,\n"
    entries = read(tmp_path / "f.csv", text)
    assert [e.availability for e in entries] == [
        Availability.OUT_OF_STOCK,
        Availability.IN_STOCK,
        Availability.PREORDER,
        Availability.IN_STOCK,
        Availability.OUT_OF_STOCK,  # nobody knows
    ]
    assert [[note.code for note in e.notes] for e in entries] == [[], [], [], [], ["stock"]]


def test_price_with_its_own_currency(tmp_path):
    text = 'id,price,currency\n1,"€1.299,00",\n2,$12.50,CAD\n3,,USD\n4,12.50 EUR,USD\n'
    *entries, contradicting = read(tmp_path / "f.csv", text)
    assert [(e.price, e.currency) for e in entries] == [
        (Decimal("1299.00"), "EUR"),
        (Decimal("12.50"), "CAD"),
        (None, None),
    ]
    assert contradicting.reason == "price '12.50 EUR' is not in the currency USD"


@pytest.mark.parametrize(("other", "amount"), [("19.95", "24.995"), ("19,95", "24995")])
def test_other_prices_of_the_file_decide_what_a_point_means(tmp_path, write_csv, other, amount):
    rows = [{"id": "1", "price": "24.995"}, {"id": "2", "price": other}]
    (tmp_path / "f.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for path in (write_csv(tmp_path / "f.csv", rows), tmp_path / "f.jsonl"):
        assert read(path)[0].price == Decimal(amount)


def test_unknown_gender_is_kept_as_an_attribute(tmp_path):
    entries = read(tmp_path / "f.csv", "id,gender\n1,robots\n2,girls\n")
    assert (entries[0].gender, entries[0].attributes) == (None, {"gender": "robots"})
    assert (entries[1].gender, entries[1].age_group) == ("female", "kids")


def test_a_missing_title_is_made_from_other_fields(tmp_path):
    entries = read(tmp_path / "f.csv", "id,title,brand,category\n1,,Ours,A > Tops\n2,N/A,,\n")
    assert [e.title for e in entries] == ["Ours Tops", "2"]


def test_photos_of_a_feed(tmp_path):
    text = 'id,image_link,additional_image_link\n1,a.jpg,"b.jpg, c.jpg,a.jpg"\n2,"x, y.jpg",\n'
    entries = read(tmp_path / "f.csv", text)
    assert [e.photos for e in entries] == [("a.jpg", "b.jpg", "c.jpg"), ("x, y.jpg",)]


def test_columns_named_by_the_user(tmp_path):
    (record,) = read(
        tmp_path / "f.csv", "artikel,bez\n1,Hemd\n", columns={"id": "artikel", "title": "bez"}
    )
    assert (record.product_id, record.title) == ("1", "Hemd")


def test_reading_is_lazy(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("id,title\n" + "".join(f"{n},t\n" for n in range(100_000)))
    source = open_source(path)
    assert next(iter(source.records())).product_id == "0"
    assert source.size_hint() == 100_000


@pytest.mark.parametrize(
    ("header", "cells", "price", "sale"),
    [
        ("price,sale_price", "20,15", "20", "15"),
        ("g:price,g:sale_price", "20.00 EUR,15.00 EUR", "20.00", "15.00"),
        ("Regular price,Sale price", "20,15", "20", "15"),
        ("Variant Price,Variant Compare At Price", "15,20", "20", "15"),
        ("price,original_price", "15,20", "20", "15"),
        ("price,regular_price", "15,20", "20", "15"),
        ("price,sale_price,old_price", "20,15,30", "20", "15"),
        ("price,sale_price", "20,", "20", None),
        ("price,sale_price", "20,0.00", "20", None),
        ("price,sale_price", "20,20", "20", None),
        ("price,compare_at_price", "20,20", "20", None),
        ("price,compare_at_price", "20,0", "20", None),
        ("price,compare_at_price", "20,15", "20", None),
        ("price,sale_price", ",15", "15", None),
        ("sale_price", "15", "15", None),
        ("price,list_price", "15,20", "15", None),
    ],
)
def test_a_sale_price(tmp_path, header, cells, price, sale):
    (entry,) = read(tmp_path / "f.csv", f"id,{header}\n1,{cells}\n")
    wanted = (Decimal(price), None if sale is None else Decimal(sale))
    assert (entry.price, entry.sale_price) == wanted


def test_the_currency_of_either_price_counts(tmp_path):
    entries = read(tmp_path / "f.csv", "id,price,sale_price\n1,20,15 EUR\n2,20 EUR,15\n3,,\n")
    assert [entry.currency for entry in entries] == ["EUR", "EUR", None]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("15,20", "the sale price 20 is above the price 15"),
        ("20 EUR,15 USD", "the sale price is in USD and the price in EUR"),
        ("20,-3", "price '-3' must be 0 or more"),
        ("20,cheap", "price 'cheap' is not understood"),
    ],
)
def test_an_invalid_sale_price_costs_the_sale_only(tmp_path, cells, message):
    (entry,) = read(tmp_path / "f.csv", f"id,price,sale_price\n1,{cells}\n")
    assert (entry.price, entry.sale_price) == (Decimal(cells.split(",")[0].split()[0]), None)
    (note,) = entry.notes
    assert note.field == "sale_price" and message in note.reason
