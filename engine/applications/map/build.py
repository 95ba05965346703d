"""From the live index to the files of a map: layouts, sprites, attributes, titles."""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from catalog.settings import CatalogSettings
from engine.applications.map import parts
from engine.applications.map.attributes import attributes_of
from engine.applications.map.layout import DEFAULT, check_count, places_of, rows_by, start_of
from engine.applications.map.order import drawing_order
from engine.applications.map.progress import Stage, unwatched
from engine.applications.map.sprites import ACROSS, EACH, SIDE, draw_sprites, read_sprites
from engine.applications.styles.styles import Styles
from engine.arrays import Float32, Int64, UInt8, UInt16
from engine.index.generation import Generation

MOST = 200_000  # products of a map; of more, an even choice
READ_AT_ONCE = 2_000  # products


@dataclass(frozen=True)
class MapSource:
    """What a map is made from.

    Attributes:
        generation: the live index.
        catalogue: its products.
        settings: limits of photos, and where they are.
        styles: those of the home, if there are any.
        facets: what it can be laid out by besides the default weights; none: each facet.
        most: products that it shows.
    """

    generation: Generation
    catalogue: Catalogue
    settings: CatalogSettings
    styles: Styles | None = None
    facets: Sequence[str] = ()
    most: int = MOST

    @property
    def layouts(self) -> list[str]:
        """The names of its layouts.

        Raises:
            RequestError: the index has no such facet.
        """
        names = [DEFAULT, *(self.facets or self.generation.layout.names)]
        for name in names:
            rows_by(self.generation.vectors[:1], self.generation.layout, name)
        return list(dict.fromkeys(names))


def build_map(folder: Path, source: MapSource, stage: Stage = unwatched) -> dict[str, Any]:
    """Write the files of a map of the products that are not retired.

    It takes time about in proportion to the products, 12 kB of disk for each while it is made, and
    memory for the rows of the index and four times their neighbour graph.

    Args:
        folder: an empty one; see `engine.applications.map.parts`.
        source: see there.
        stage: watches each step.

    Returns:
        What `engine.applications.map.parts.HEAD` holds.

    Raises:
        RequestError: too few products, or a facet that the index does not have.
        SettingsError: openTSNE is not installed.
        OSError: a file cannot be written.
    """
    names = source.layouts
    products = shown_products(source)
    total = len(products)
    check_count(total)
    products = even_choice(products, source.most)
    ids = source.generation.ids
    rows = np.asarray(source.generation.vectors[ids.rows([one.product_id for one in products])])
    layouts = _lay_out(rows, names, source, stage)
    order = drawing_order(layouts[0])
    products = [products[row] for row in order.tolist()]
    layouts = [one[order] for one in layouts]
    head: dict[str, Any] = {
        "schema": parts.SCHEMA,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "generation": source.generation.name,
        "count": len(products),
        "total": total,
        "left_out": len(ids) - len(products),
        "chunk": parts.CHUNK,
        "sprite": {"side": SIDE, "across": ACROSS, "each": EACH},
        "layouts": names,
    }
    head["attributes"] = _write_photos(folder, products, layouts, source, stage)
    for number, places in enumerate(layouts):
        (folder / parts.PLACES.format(number)).write_bytes(places.T.astype("<u2").tobytes())
    parts.write_texts(folder, products)
    parts.write_ids(folder, products)
    (folder / parts.HEAD).write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
    return head


def shown_products(source: MapSource) -> list[Product]:
    """The products of the index that the shop still has, in the order of their ids."""
    found: list[Product] = []
    ids = source.generation.ids.tolist()
    for start in range(0, len(ids), READ_AT_ONCE):
        chunk = ids[start : start + READ_AT_ONCE]
        known = source.catalogue.products(chunk)
        found += [known[one] for one in chunk if one in known and not known[one].retired]
    return found


def even_choice(products: Sequence[Product], most: int) -> list[Product]:
    """At most so many of the products, chosen by their ids: mostly the same ones in each run."""
    if len(products) <= most:
        return list(products)
    signs = np.array([zlib.crc32(one.product_id.encode()) for one in products])
    return [products[row] for row in np.sort(np.argsort(signs, kind="stable")[:most]).tolist()]


def _lay_out(rows: Float32, names: list[str], source: MapSource, stage: Stage) -> list[UInt16]:
    start = start_of(rows)
    layouts = []
    for name in names:
        words = "all looks" if name == DEFAULT else name
        with stage(f"Lay out by {words}", "steps") as report:
            by = rows_by(rows, source.generation.layout, name)
            layouts.append(places_of(by, start, report))
    return layouts


def _write_photos(
    folder: Path,
    products: Sequence[Product],
    layouts: Sequence[UInt16],
    source: MapSource,
    stage: Stage,
) -> list[dict[str, Any]]:
    """Sprites in the order of each layout, mean colours, and codes of attributes."""
    temporary = folder / ".pixels.npy"
    with stage("Read photos", "photos") as report:
        photos = [
            PhotoFile(one.photos[0].path, one.photos[0].content_hash) if one.photos else None
            for one in products
        ]
        pixels, colours = read_sprites(photos, source.settings, temporary, report)
    (folder / parts.COLOURS).write_bytes(parts.packed_colours(colours))
    with stage("Draw sprites", "pictures") as report:
        every = -(-len(products) // EACH) * len(layouts)
        for done, (layout, number, picture) in enumerate(_pictures(pixels, layouts), start=1):
            (folder / parts.SPRITES.format(layout, number)).write_bytes(picture)
            report(done, every)
    del pixels
    temporary.unlink()
    listed = []
    styles = None if source.styles is None else _styles(products, source.styles)
    for number, one in enumerate(attributes_of(products, colours, styles)):
        (folder / parts.CODES.format(number)).write_bytes(one.codes.tobytes())
        listed.append({"name": one.name, "values": one.values, "tones": one.tones})
    return listed


def _pictures(pixels: UInt8, layouts: Sequence[UInt16]) -> Iterator[tuple[int, int, bytes]]:
    for layout, places in enumerate(layouts):
        order: Int64 = drawing_order(places)
        for number, picture in enumerate(draw_sprites(pixels, order)):
            yield layout, number, picture


def _styles(products: Sequence[Product], styles: Styles) -> list[str | None]:
    found = [styles.of_product(one.product_id) for one in products]
    return [None if one is None else one.name for one in found]
