"""The files of a map, which the page loads as it needs them.

Rows are those of the first layout, in the order of `engine.applications.map.order`.

head.json           what the map is: see `engine.applications.map.build`
ids.npz             the ids, ascending, and the row of each; for the server
places-L.bin        of each layout L: uint16 x of all rows, then y
colours.bin         uint16 of each row: red, green and blue in 5, 6 and 5 bits
codes-A.bin         uint8 of each row: its value of attribute A, 255 for none
texts-K.json        titles, ids and links of a chunk of rows
hashes-K.bin        32 bytes for each row of a chunk: the SHA-256 of its photo, zeros for none
sprites-L-K.webp    small photos, in the order of layout L
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from catalog.records import Product
from engine.arrays import UInt8

SCHEMA = 2
CHUNK = 512  # rows
HEAD, IDS = "head.json", "ids.npz"
COLOURS = "colours.bin"
PLACES, CODES = "places-{}.bin", "codes-{}.bin"
TEXTS, HASHES = "texts-{}.json", "hashes-{}.bin"
SPRITES = "sprites-{}-{}.webp"
NAME = re.compile(
    r"colours\.bin|(places|codes)-\d{1,3}\.bin|texts-\d{1,5}\.json|hashes-\d{1,5}\.bin"
    r"|sprites-\d{1,3}-\d{1,5}\.webp"
)


def write_texts(folder: Path, products: Sequence[Product]) -> None:
    """Write titles, ids, links and hashes of photos, in chunks."""
    for number, start in enumerate(range(0, len(products), CHUNK)):
        part = products[start : start + CHUNK]
        texts = {
            "titles": [one.title for one in part],
            "ids": [one.product_id for one in part],
            "links": [_link(one) for one in part],
        }
        text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        (folder / TEXTS.format(number)).write_text(text, encoding="utf-8")
        hashes = b"".join(_hash(one) for one in part)
        (folder / HASHES.format(number)).write_bytes(hashes)


def write_ids(folder: Path, products: Sequence[Product]) -> None:
    """Write the ids of products with their rows, to find a product by its id."""
    ids = np.array([one.product_id.encode() for one in products], dtype=np.bytes_)
    rows = np.argsort(ids, kind="stable")
    np.savez(folder / IDS, ids=ids[rows], rows=rows.astype(np.int32))


def packed_colours(colours: UInt8) -> bytes:
    """Colours ``(N, 3)`` in 16 bits each."""
    red, green, blue = colours.astype(np.uint16).T
    return bytes((((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3)).astype("<u2").tobytes())


def _link(product: Product) -> str:
    """The product's page in the shop, if it is one of the web (never a script)."""
    link = product.link or ""
    return link if link.startswith(("https://", "http://")) else ""


def _hash(product: Product) -> bytes:
    return bytes.fromhex(product.photos[0].content_hash) if product.photos else bytes(32)
