"""Writes a map: one page, and a folder beside it with its script, data and atlases."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import numpy as np

from catalog.files import write_whole
from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from catalog.settings import CatalogSettings
from engine.applications.map.data import drawing_order, map_data
from engine.applications.map.layout import DEFAULT, places_of, rows_by, start_of
from engine.applications.map.sprites import draw_atlases
from engine.arrays import UInt8
from engine.errors import RequestError
from engine.index.generation import Generation

TEMPLATES = Path(__file__).parents[2] / "templates"
CHUNK = 2_000  # products that are read at once
Step = Callable[[str], None]


@dataclass(frozen=True)
class MapSize:
    """What a map has: its products, and the bytes of its page, script, data and atlases."""

    products: int
    opening_bytes: int
    atlases: int
    atlas_bytes: int


def write_map(
    out: Path,
    generation: Generation,
    catalogue: Catalogue,
    settings: CatalogSettings,
    facets: Sequence[str] = (),
    base: str | None = None,
    title: str = "Map of the catalogue",
    on_step: Step = lambda text: None,
) -> MapSize:
    """Write a map of the products that are not retired to ``out`` and ``out`` + ``-files``.

    Args:
        out: the page, which ends in .html; it works from a disk, too.
        generation: the live index.
        catalogue: its products.
        settings: limits of photos.
        facets: by what it can be laid out besides the default weights; none: by each facet.
        base: see `map_data`.
        title: of the page.
        on_step: called with what is done next.

    Raises:
        RequestError: too few products, or a facet that the index does not have.
        SettingsError: openTSNE is not installed.
        OSError: a file cannot be written.
    """
    names = [DEFAULT, *(facets or generation.layout.names)]
    for name in names:
        rows_by(generation.vectors[:1], generation.layout, name)
    products = _products(generation, catalogue)
    rows = np.asarray(generation.vectors[generation.ids.rows([one.product_id for one in products])])
    start = start_of(rows)
    layouts = {}
    for name in dict.fromkeys(names):
        on_step(f"Laying out by {name}")
        layouts[name] = places_of(rows_by(rows, generation.layout, name), start)
    order = drawing_order(layouts[DEFAULT])
    ordered = [products[row] for row in order.tolist()]
    on_step("Drawing photos")
    files = out.with_name(f"{out.stem}-files")
    draft = Path(tempfile.mkdtemp(prefix=f".{files.name}-", dir=out.parent))
    try:
        atlases, colours, total = _write_atlases(draft, ordered, settings)
        places = {name: one[order] for name, one in layouts.items()}
        addresses = [f"{quote(files.name)}/{one}" for one in atlases]
        data = map_data(ordered, places, colours, addresses, base)
        (draft / "data.js").write_text(
            f"window.LOOKALIKE_MAP = {json.dumps(data, ensure_ascii=False)};\n", encoding="utf-8"
        )
        for name in ("map.js", "map.css"):
            shutil.copyfile(TEMPLATES / name, draft / name)
        opening = sum((draft / one).stat().st_size for one in ("data.js", "map.js", "map.css"))
        draft.chmod(0o755)
        if files.exists():
            if not (files / "data.js").is_file():  # not ours
                raise RequestError(
                    f"{files} has other files in it. Move it away, or choose another name."
                )
            shutil.rmtree(files)
        draft.rename(files)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    page = (TEMPLATES / "map.html").read_text(encoding="utf-8")
    page = page.replace("FILES", quote(files.name)).replace("TITLE", escape(title))
    write_whole(out, page)
    return MapSize(len(products), opening + len(page.encode()), len(atlases), total)


def _products(generation: Generation, catalogue: Catalogue) -> list[Product]:
    found: list[Product] = []
    ids = generation.ids.tolist()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        known = catalogue.products(chunk)
        found += [known[one] for one in chunk if one in known and not known[one].retired]
    return found


def _write_atlases(
    folder: Path, products: Sequence[Product], settings: CatalogSettings
) -> tuple[list[str], UInt8, int]:
    photos = [
        PhotoFile(one.photos[0].path, one.photos[0].content_hash) if one.photos else None
        for one in products
    ]
    names, colours, total = [], [], 0
    for number, atlas in enumerate(draw_atlases(photos, settings)):
        name = f"photos-{number}.jpg"
        (folder / name).write_bytes(atlas.jpeg)
        names.append(name)
        colours.append(atlas.colours)
        total += len(atlas.jpeg)
    return names, np.concatenate(colours), total
