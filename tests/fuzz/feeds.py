"""Valid files to start from: the sample shop, and feeds of every format with its products."""

import csv
import gzip
import io
import json
import zipfile

from catalog.sample import draw_catalogue
from tests.catalog.hooks.shopify import product
from tests.catalog.sources.fifty_products import write_all

ITEMS = [
    {
        "id": f"sku-{number}",
        "title": f"Dress {number} – grün & \"neu\"",
        "description": "Two lines\nof <b>words</b>",
        "link": f"https://shop.example/{number}",
        "image_link": f"https://cdn.example/{number}.jpg",
        "additional_image_link": "https://cdn.example/a.jpg,https://cdn.example/b.jpg",
        "availability": ("in stock", "out of stock", "preorder")[number % 3],
        "price": f"{number}9.90 EUR",
        "sale_price": f"{number}.50 EUR",
        "sale_price_effective_date": "2026-01-01T00:00+01:00/2027-01-01T00:00+01:00",
        "item_group_id": "group",
        "gender": "female",
        "age_group": "adult",
        "color": "Navy/White",
        "pattern": "striped",
        "product_type": "Apparel > Dresses",
        "brand": "Ours",
    }
    for number in range(1, 6)
]  # fmt: skip


def table(delimiter: str) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(ITEMS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ITEMS)
    return stream.getvalue().encode()


def json_lines() -> bytes:
    return "\n".join(json.dumps(item) for item in ITEMS).encode()


def shopify_json() -> bytes:
    return json.dumps({"products": [product(0), product(1, handle="b", title="B")]}).encode()


def shopify_csv() -> bytes:
    return (
        b"Handle,Title,Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,"
        b"Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Image Src,Image Position\n"
        b"tee,Tee,Ours,Tops,true,Color,Red,r,shopify,3,10.00,http://s/1.jpg,1\n"
        b"tee,,,,,,Blue,b,shopify,0,9.00,http://s/2.jpg,2\n"
        b"mug,Mug,Ours,,true,Title,Default Title,,,,5,http://s/m.jpg,1\n"
    )


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rss() -> bytes:
    items = "".join(
        "<item>" + "".join(f"<g:{k}>{escaped(v)}</g:{k}>" for k, v in item.items()) + "</item>"
        for item in ITEMS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>'
        f"{items}</channel></rss>"
    ).encode()


def atom() -> bytes:
    entries = "".join(
        "<entry>" + "".join(f"<g:{k}><![CDATA[{v}]]></g:{k}>" for k, v in item.items()) + "</entry>"
        for item in ITEMS
    )
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:g="http://base.google.com/ns/1.0">{entries}</feed>'
    ).encode()


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return stream.getvalue()


def row_files(folder) -> dict[str, bytes]:
    """File name -> bytes, of files of rows; those of the sample shop are drawn into ``folder``."""
    draw_catalogue(folder, products=4, workers=1)
    (sample,) = folder.glob("*.csv")
    return {
        "sample.csv": sample.read_bytes(),
        "rows.csv": table(","),
        "rows.tsv": table("\t"),
        "semicolons.csv": table(";").decode().encode("cp1252"),
        "utf16.csv": table(",").decode().encode("utf-16"),
        "rows.jsonl": json_lines(),
        "shopify.json": shopify_json(),
        "shopify.csv": shopify_csv(),
        "rows.csv.gz": gzip.compress(table(","), mtime=0),
        "rows.zip": zipped("rows.csv", table(",")),
    }


def xml_files() -> dict[str, bytes]:
    return {
        "rss.xml": rss(),
        "atom.xml": atom(),
        "utf16.xml": rss().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        "rss.xml.gz": gzip.compress(rss(), mtime=0),
    }


def odd_files(folder) -> dict[str, bytes]:
    """Files of the kinds that shops really send, each with something odd in it."""
    found = {name: path.read_bytes() for name, path in write_all(folder).items()}
    stray = table("\t").decode().replace("grün", '"90s 32" grün', 3)
    latin = rss().decode().replace("Dress 2 –", "Café").encode("cp1252", "replace")
    found |= {
        "stray.tsv": stray.encode(),
        "sep.csv": b"sep=,\r\n# Required | id,# x\r\n" + table(","),
        "twice.tsv": table("\t").replace(b"pattern", b"color"),
        "blank.xml": b"\n\xef\xbb\xbf\xef\xbb\xbf" + rss(),
        "bare.xml": rss().replace(b"&amp;", b"&").replace(b"Dress", b"Caf&eacute; &x; \x0b"),
        "doctype.xml": rss().replace(b"<rss", b"<!DOCTYPE rss><rss", 1),
        "latin.xml": latin,
        "markup.xml": rss().replace(b"Dress", b"<b>Dress</b><p>&amp;amp;"),
        "dates.tsv": table("\t").replace(b"/2027-01-01T00:00+01:00", b"/"),
    }
    return found
