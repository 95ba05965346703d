"""What a map shows of its products: order, places, words and links, as JSON for its script."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from catalog.records import Product
from engine.applications.map.sprites import ACROSS, EACH, SIDE
from engine.arrays import Float32, Int64, UInt8

GRAIN = 1_024  # columns and rows of the grid whose order atlases follow
SEED = 20
MOST_VALUES = 24  # of an attribute that a map is coloured by; others are "other"


def drawing_order(places: Float32) -> Int64:
    """``(N,)`` rows in the order of the atlases.

    The first atlas has products from everywhere, for the whole map; each of the others has
    neighbours, so that a part of the map needs few of them.

    Args:
        places: ``(N, 2)`` of the first layout, from 0 to 1.
    """
    mixed = np.random.default_rng(SEED).permutation(len(places))
    first, rest = mixed[:EACH], mixed[EACH:]
    cells = (places[rest] * (GRAIN - 1)).astype(np.int64)
    return np.concatenate([first, rest[np.argsort(_interleaved(cells), kind="stable")]])


def _interleaved(cells: Int64) -> Int64:
    """Z-order: the bits of both coordinates in turn."""
    found = np.zeros(len(cells), dtype=np.int64)
    for bit in range(GRAIN.bit_length()):
        found |= ((cells[:, 0] >> bit) & 1) << (2 * bit)
        found |= ((cells[:, 1] >> bit) & 1) << (2 * bit + 1)
    return found


def map_data(
    products: Sequence[Product],
    layouts: Mapping[str, Float32],
    colours: UInt8,
    atlases: Sequence[str],
    base: str | None,
) -> dict[str, Any]:
    """The data of a map.

    Args:
        products: N, in the order of the atlases.
        layouts: name -> places ``(N, 2)`` from 0 to 1, in the same order.
        colours: ``(N, 3)`` uint8, the mean colour of each photo.
        atlases: addresses of the atlases.
        base: address of a storefront, whose product pages are linked; None: each product's own
            page in the shop.
    """
    return {
        "count": len(products),
        "sprite": {"side": SIDE, "across": ACROSS, "each": EACH, "atlases": list(atlases)},
        "layouts": {name: _packed((one * 65_535).astype("<u2")) for name, one in layouts.items()},
        "colours": _packed(colours),
        "ids": [one.product_id for one in products],
        "titles": [one.title for one in products],
        "links": None if base is not None else [_link(one) for one in products],
        "base": base,
        "attributes": attributes_of(products),
    }


def attributes_of(products: Sequence[Product]) -> list[dict[str, Any]]:
    """What a map can be coloured by: names, their values by frequency, and codes of products."""
    columns: dict[str, list[str | None]] = {
        "type": [one.category[-1] if one.category else None for one in products],
        "colour": [one.colour for one in products],
        "pattern": [one.pattern for one in products],
        "for": [one.gender for one in products],
        "brand": [one.brand for one in products],
        "stock": [one.availability.value.replace("_", " ") for one in products],
    }
    found = []
    for name, column in columns.items():
        counts = Counter(sorted(one for one in column if one))
        listed = [value for value, _ in counts.most_common(MOST_VALUES)]
        if len(listed) > 1:
            place = {one: at for at, one in enumerate(listed)}
            codes = np.array([place.get(one or "", 255) for one in column], dtype=np.uint8)
            found.append({"name": name, "values": listed, "codes": _packed(codes)})
    return found


def _link(product: Product) -> str:
    link = product.link or ""
    return link if link.startswith(("https://", "http://")) else ""


def _packed(values: np.ndarray[Any, Any]) -> str:
    """The bytes of an array as base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
