"""Google Merchant feeds in XML and as rows: every field, sales, torn and hostile files."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalog.errors import SourceError
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import Availability, ProductRecord, Rejection
from catalog.sources import open_source
from catalog.sources.google import xml_items
from catalog.sources.google.feed import google_record

HEAD = '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>'
ITEM = """<item><g:id>{id}</g:id><title>Top</title><g:title>Red top</g:title>
<link>https://shop.example/1</link><g:image_link>https://shop.example/w_1,h_2/1.jpg</g:image_link>
<g:additional_image_link>https://shop.example/2.jpg</g:additional_image_link>
<g:additional_image_link>https://shop.example/3.jpg</g:additional_image_link>
<g:availability>out_of_stock</g:availability><g:price>19.99 EUR</g:price>
<g:sale_price>15.00 EUR</g:sale_price><g:item_group_id>G</g:item_group_id>
<g:gender>female</g:gender><g:age_group>adult</g:age_group><g:color>Gray</g:color>
<g:size>M</g:size><g:pattern>plain</g:pattern><g:product_type>Tops &gt; Shirts</g:product_type>
<g:google_product_category>212</g:google_product_category><g:brand>Ours</g:brand>
<g:shipping><g:country>DE</g:country></g:shipping></item>"""
FEED = HEAD + "<title>Shop</title>" + ITEM.format(id="1") + ITEM.format(id="2") + "</channel></rss>"
AT = datetime(2026, 11, 28, tzinfo=UTC)


def read(path, text, **options):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = open_source(path, **options)
    return source, list(source.records())


def test_rss(tmp_path):
    source, (record, other) = read(tmp_path / "feed.csv", FEED)  # whatever it is called
    assert source.format == "google-xml" and "google-xml" in source.describe()
    assert record == ProductRecord(
        product_id="1",
        title="Red top",
        line=1,
        photos=(
            "https://shop.example/w_1,h_2/1.jpg",
            "https://shop.example/2.jpg",
            "https://shop.example/3.jpg",
        ),
        brand="Ours",
        category=("Tops", "Shirts"),
        gender="female",
        age_group="adult",
        colour="grey",
        pattern="plain",
        price=Decimal("19.99"),
        sale_price=Decimal("15.00"),
        currency="EUR",
        availability=Availability.OUT_OF_STOCK,
        group_id="G",
        link="https://shop.example/1",
        attributes={
            "size": "M",
            "google_product_category": "212",
            "shipping": '{"country": "DE"}',
            "original_colour": "Gray",
        },
    )
    assert other == replace(record, product_id="2", line=2)


def test_atom(tmp_path):
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="http://base.google.com/ns/1.0">'
        '<id>shop</id><entry><id>tag:1</id><x:id>7</x:id><title>Hat</title><link href="http://s/7"/>'
        "<summary>Warm</summary></entry></feed>"
    )
    (record,) = read(tmp_path / "f.xml", text)[1]
    assert (record.product_id, record.title, record.link) == ("7", "Hat", "http://s/7")
    assert record.attributes["description"] == "Warm"


@pytest.mark.parametrize(("sign", "format"), [("\t", "google-tsv"), (",", "google-csv")])
def test_rows(tmp_path, sign, format):
    header = "id,title,link,image link,availability,price,google_product_category".replace(
        ",", sign
    )
    row = "1,Hat,http://s/1,http://s/1.jpg,in stock,9 EUR,Apparel > Hats".replace(",", sign)
    source, (record,) = read(tmp_path / "feed.txt", f"{header}\n{row}\n")
    assert source.format == format
    assert (record.photos, record.category) == (("http://s/1.jpg",), ("Apparel", "Hats"))
    named = open_source(tmp_path / "feed.txt", "tsv" if sign == "\t" else "csv")
    assert named.format in ("tsv", "csv")


@pytest.mark.parametrize(
    ("window", "holds"),
    [
        ("2026-11-27T00:00+0100/2026-11-30T23:59+0100", True),
        ("2026-11-28/2026-11-28", True),
        ("2026-11-28T01:00+0100/2026-11-30", True),
        ("2026-11-28T00:00-0100/2026-11-30", False),
        ("2026-11-01/2026-11-27", False),
        ("", True),
    ],
)
def test_a_sale_counts_in_its_window_only(window, holds):
    row = {"id": "1", "price": "20", "sale_price": "15", "sale_price_effective_date": window}
    record = google_record(row, 1, AT)
    assert record.price == 20
    assert record.sale_price == (15 if holds else None)
    assert record.attributes.get("announced_sale_price") == (None if holds else "15")


def test_bad_items_are_rejected(tmp_path):
    items = "<item><g:id>a</g:id><g:price>cheap</g:price></item><item><title>b</title></item>"
    items += "<item><g:id>c</g:id><g:price>2</g:price><g:sale_price>1</g:sale_price>"
    items += "<g:sale_price_effective_date>soon</g:sale_price_effective_date></item>"
    *rejected, kept = read(tmp_path / "f.xml", f"{HEAD}{items}</channel></rss>")[1]
    assert [(e.line, e.product_id, e.code) for e in rejected] == [
        (1, "a", "value"),
        (2, None, "value"),
    ]
    assert (kept.price, kept.sale_price) == (2, None)
    assert [note.code for note in kept.notes] == ["sale_dates"]


@pytest.mark.parametrize(
    ("dates", "sale", "notes"),
    [
        ("2020-01-01T00:00+0100/", 15, []),
        ("/2030-12-31T23:59+0100", 15, []),
        ("2026-11-01T10:00 +0100/2026-12-01", 15, []),
        ("2027-01-01/", None, []),
        ("/", None, ["sale_dates"]),
        ("2026-12-01/2026-11-01", None, ["sale_dates"]),
        ("2026-11-28", None, ["sale_dates"]),
    ],
)
def test_useless_dates_of_a_sale_cost_the_sale_only(dates, sale, notes):
    row = {"id": "1", "price": "20 EUR", "sale_price": "15 EUR", "sale_price_effective_date": dates}
    record = google_record(row, 1, AT)
    assert (record.price, record.sale_price) == (20, sale)
    assert [note.code for note in record.notes] == notes


def test_a_truncated_file_keeps_the_items_before_the_end(tmp_path):
    first, last = read(tmp_path / "f.xml", FEED[: FEED.rindex("<g:brand>")])[1]
    assert first.product_id == "1"
    assert isinstance(last, Rejection) and (last.code, last.product_id) == ("cut_off", "2")


def test_a_sync_of_a_truncated_file_retires_nothing(tmp_path, db, catalog_settings):
    path = tmp_path / "f.xml"
    for text in (FEED, FEED[: FEED.rindex("<item>") + 9]):
        path.write_text(text)
        report = ingest(db, open_source(path), sync=True, settings=catalog_settings)
    assert (report.unchanged, report.retired, report.rejected) == (1, 0, 1)
    assert "ends in the middle" in report.sync_note
    assert not Catalogue(db).product("2").retired


def test_photo_addresses_are_recorded_and_the_product_stays(tmp_path, db, catalog_settings):
    (tmp_path / "f.xml").write_text(FEED)
    report = ingest(db, open_source(tmp_path / "f.xml"), settings=catalog_settings)
    assert (report.inserted, report.rejected, report.photos_rejected) == (2, 0, 0)
    assert report.photos_waiting == 6 and report.rejects_file is None


def test_invalid_xml_is_an_error_after_the_items_before_it(tmp_path):
    (tmp_path / "f.xml").write_text(HEAD + ITEM.format(id="1") + "<item></oops>")
    records = open_source(tmp_path / "f.xml").records()
    assert next(records).product_id == "1"
    with pytest.raises(SourceError, match="cannot be read to its end: mismatched tag"):
        next(records)


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_entities_and_dtds_are_refused(tmp_path, dtd):
    text = f'<?xml version="1.0"?>{dtd}<rss><channel><item><id>1</id></item></channel></rss>'
    with pytest.raises(SourceError, match="DTD or entities"):
        read(tmp_path / "f.xml", text)


def test_an_item_and_a_tag_without_end_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(xml_items, "MAX_ITEM", 1_000)
    monkeypatch.setattr(xml_items, "MAX_TOKEN", 200_000)
    big = f"<item><g:id>a</g:id><g:x>{'x' * 2_000}</g:x></item>"
    bad, good = read(
        tmp_path / "f.xml", HEAD + big + "<item><g:id>b</g:id></item></channel></rss>"
    )[1]
    assert (bad.code, bad.product_id, good.product_id) == ("too_large", "a", "b")
    with pytest.raises(SourceError, match="tag or comment"):
        read(tmp_path / "g.xml", HEAD + f"<!--{'x' * 400_000}--></channel></rss>")


def test_html_is_no_feed(tmp_path):
    with pytest.raises(SourceError, match="--format"):
        read(tmp_path / "f.xml", "<html><body>not found</body></html>")
