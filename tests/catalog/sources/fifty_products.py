"""The same 50 products written in each format that is read."""

import csv
import io
import json
import zipfile
from html import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

COUNT = 50
PHOTO = "https://cdn.example/{}.jpg"
TITLES = ('Jeans 32" inseam', "Café robe & tie", "Plain tee", "Söckchen, 3 pairs", "Red dress")
CATEGORIES = ("Women > Jeans", "Women > Dresses", "Men > T-shirts")
COLOURS = ("red", "blue", "black", "green")


def columns(text: str, sign: str = ",") -> list[str]:
    return text.split(sign)


def products() -> list[dict[str, str]]:
    """Field -> value, with what all formats have."""
    return [
        {
            "id": f"p{at}",
            "title": f"{TITLES[at % len(TITLES)]} {at}",
            "category": CATEGORIES[at % len(CATEGORIES)],
            "brand": "Ours & Co",
            "colour": COLOURS[at % len(COLOURS)],
            "price": f"{10 + at}.95",
            "sale": f"{5 + at}.50" if at % 4 == 0 else "",
            "stock": str(at % 3),
            "photo": PHOTO.format(at),
        }
        for at in range(COUNT)
    ]


def table(header: list[str], rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows([header, *rows])
    return stream.getvalue()


def plain_rows() -> list[dict[str, str]]:
    return [
        {
            "id": one["id"],
            "title": one["title"],
            "category": one["category"],
            "brand": one["brand"],
            "colour": one["colour"],
            "price": one["price"],
            "sale_price": one["sale"],
            "stock": one["stock"],
            "photos": one["photo"],
        }
        for one in products()
    ]


def google_rows() -> list[dict[str, str]]:
    return [
        {
            "id": one["id"],
            "title": one["title"],
            "link": "",
            "image_link": one["photo"],
            "product_type": one["category"],
            "brand": one["brand"],
            "color": one["colour"],
            "price": one["price"],
            "sale_price": one["sale"],
            "availability": "in stock" if one["stock"] != "0" else "out of stock",
        }
        for one in products()
    ]


def dict_table(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    return table(list(rows[0]), [list(row.values()) for row in rows], delimiter)


def tsv_without_quotes(rows: list[dict[str, str]]) -> str:
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


def xml(item: str, head: str, end: str) -> str:
    parts = []
    for row in google_rows():
        fields = "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in row.items())
        parts.append(f"<{item}>{fields}</{item}>")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{"".join(parts)}{end}'


NAMESPACE = 'xmlns:g="http://base.google.com/ns/1.0"'


def shopify_rows() -> str:
    header = columns(
        "Handle,Title,Vendor,Type,Published,Variant Inventory Tracker,Variant Inventory Qty,"
        "Variant Price,Variant Compare At Price,Image Src,Image Position,Status,"
        "Color (product.metafields.shopify.color-pattern)"
    )
    rows = [
        [
            one["id"], one["title"], one["brand"], one["category"], "true", "shopify",
            one["stock"], one["sale"] or one["price"], one["price"] if one["sale"] else "",
            one["photo"], "1", "active", one["colour"],
        ]
        for one in products()
    ]  # fmt: skip
    return table([*header[:7], "Option1 Name", *header[7:]], [[*r[:7], "", *r[7:]] for r in rows])


def woocommerce() -> str:
    header = columns(
        "ID,Type,SKU,Name,Published,In stock?,Sale price,Regular price,Categories,Images,"
        "Brands,Attribute 1 name,Attribute 1 value(s)"
    )
    rows = [
        [
            one["id"], "simple", "", one["title"], "1", "0" if one["stock"] == "0" else "1",
            one["sale"], one["price"], one["category"], one["photo"], one["brand"], "Color",
            one["colour"],
        ]
        for one in products()
    ]  # fmt: skip
    return table(header, rows)


def magento() -> str:
    header = columns(
        "sku,store_view_code,attribute_set_code,product_type,categories,name,product_online,"
        "price,special_price,base_image,is_in_stock,additional_attributes"
    )
    rows = [
        [
            one["id"], "", "Default", "simple", "Root/" + one["category"].replace(" > ", "/"),
            one["title"], "1", one["price"], one["sale"], one["photo"],
            "0" if one["stock"] == "0" else "1", f"color={one['colour']},brand={one['brand']}",
        ]
        for one in products()
    ]  # fmt: skip
    return table(header, rows)


def bigcommerce() -> str:
    header = columns(
        "Item Type,Product ID,Product Name,Brand Name,Price,Sale Price,Current Stock Level,"
        "Track Inventory,Product Visible?,Category,Product Image File - 1"
    )
    rows = []
    for one in products():
        path = one["category"].replace(" > ", "/")
        rows.append(
            [
                "Product",
                one["id"],
                one["title"],
                one["brand"],
                one["price"],
                one["sale"],
                one["stock"],
                "by product",
                "Y",
                path,
                one["photo"],
            ]
        )
        sku = f"[RT]Colour={one['colour']}"
        rows.append(["  SKU", "", sku, "", "", "", "", "", "", "", ""])
    return table(header, rows)


def prestashop() -> str:
    header = columns(
        "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax included;"
        "Discount amount;Quantity;Image URLs (x,y,z...);Brand;Colour",
        ";",
    )
    rows = []
    for one in products():
        cut = f"{float(one['price']) - float(one['sale']):.2f}" if one["sale"] else ""
        path = one["category"].replace(" > ", ",")
        rows.append(
            [
                one["id"],
                "1",
                one["title"],
                f"Home,{path}",
                one["price"],
                cut,
                one["stock"],
                one["photo"],
                one["brand"],
                one["colour"],
            ]
        )
    return table(header, rows, ";")


def shopify_json() -> str:
    listed = [
        {
            "handle": one["id"],
            "title": one["title"],
            "vendor": one["brand"],
            "product_type": one["category"],
            "images": [{"src": one["photo"], "position": 1}],
            "options": [{"name": "Title"}],
            "variants": [
                {
                    "option1": "Default Title",
                    "price": one["sale"] or one["price"],
                    "compare_at_price": one["price"] if one["sale"] else None,
                    "inventory_management": "shopify",
                    "inventory_quantity": int(one["stock"]),
                }
            ],
        }
        for one in products()
    ]
    return json.dumps({"products": listed})


def write_all(folder: Path) -> dict[str, Path]:
    """Format -> its file; the formats in the order of their names."""
    plain, google = plain_rows(), google_rows()
    rss = xml("item", f'<rss version="2.0" {NAMESPACE}><channel>', "</channel></rss>")
    atom = xml("entry", f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACE}>', "</feed>")
    texts = {
        "plain.csv": dict_table(plain),
        "semicolons.csv": "sep=;\n" + dict_table(plain, ";"),
        "plain.tsv": dict_table(plain, "\t"),
        "unquoted.tsv": tsv_without_quotes(plain),
        "plain.jsonl": "\n".join(map(json.dumps, plain)),
        "google.csv": dict_table(google),
        "google.tsv": tsv_without_quotes(google),
        "rss.xml": rss,
        "atom.xml": atom,
        "shopify.csv": shopify_rows(),
        "shopify.json": shopify_json(),
        "woocommerce.csv": woocommerce(),
        "magento.csv": magento(),
        "bigcommerce.csv": bigcommerce(),
        "prestashop.csv": prestashop(),
    }
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / name
        paths[name].write_text(text)
    paths["plain.parquet"] = folder / "plain.parquet"
    pq.write_table(pa.Table.from_pylist(plain), paths["plain.parquet"])
    paths["utf16.csv"] = folder / "utf16.csv"
    paths["utf16.csv"].write_bytes(texts["plain.csv"].encode("utf-16"))
    paths["plain.zip"] = folder / "plain.zip"
    with zipfile.ZipFile(paths["plain.zip"], "w") as archive:
        archive.writestr("shop/plain.csv", texts["plain.csv"])
    return dict(sorted(paths.items()))
