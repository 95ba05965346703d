"""Photos that were exchanged between products: how many are listed as on the wrong product.

Run ``python -m tests.benchmarks.wrong_photos HOME``: the home of an indexed catalogue of products
with several photos, such as the sample shop; it is only read. A hundred photos are exchanged in
pairs, three times with those of any other product and three times within a type, and what
``lookalike duplicates --photos`` would list is counted.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.records import Photo, Product
from catalog.settings import CatalogSettings
from engine.applications.verification.wrong_photos import find_wrong_photos
from engine.commands.applications.duplicates import learned_of
from engine.embedding.caches.choose import open_cache
from engine.search.live_index import LiveIndex
from engine.settings import EngineSettings
from tests.benchmarks.applications import shown

EXCHANGED, DRAWS = 100, 3

Place = tuple[str, int]  # a product's id, and the position of a photo


def main(home: Path) -> None:
    settings, caps = EngineSettings(home=home), CatalogSettings(home=home)
    with Database.open(caps) as database, open_cache(settings) as cache:
        catalogue = Catalogue(database)
        live = LiveIndex.of(settings, catalogue).current()
        learned = learned_of(live)
        photos: dict[str, list[Photo]] = defaultdict(list)
        for photo in catalogue.photos():
            photos[photo.product_id].append(photo)
        products = catalogue.products(list(photos))

        def listed(changed: dict[Place, str]) -> list[Place]:
            view = SimpleNamespace(photos=lambda: with_others(catalogue, changed))
            found = find_wrong_photos(live.generation, view, cache, learned)
            return [(one.product_id, one.position) for one in found]

        print(f"{len(products):,} products; unchanged, {len(listed({}))} photos are listed")
        for within in (False, True):
            for seed in range(DRAWS):
                changed = exchanged(photos, products, within, np.random.default_rng(seed))
                found = listed(changed)
                right = [one for one, _ in found if one not in {name for name, _ in changed}]
                print(
                    f"  {'within a type' if within else 'any other'}: "
                    f"{shown(len(set(found) & changed.keys()), len(changed))} listed, in "
                    f"{len(found)} lines, {len(right)} of products without a wrong photo"
                )


def with_others(catalogue: Catalogue, changed: dict[Place, str]) -> Iterator[Photo]:
    """The catalogue's photos with other contents at some places."""
    for photo in catalogue.photos():
        content = changed.get((photo.product_id, photo.position), photo.content_hash)
        yield replace(photo, content_hash=content)


def exchanged(
    photos: dict[str, list[Photo]],
    products: dict[str, Product],
    within: bool,
    draw: np.random.Generator,
) -> dict[Place, str]:
    """Photos of products with several, exchanged in pairs: place -> the content that is there."""
    several = [one for one, own in photos.items() if len(own) > 1]
    order = [several[place] for place in draw.permutation(len(several)).tolist()]
    found: dict[Place, str] = {}
    used: set[str] = set()
    for one in order:
        if one in used or len(found) >= EXCHANGED:
            continue
        free = (name for name in order if name not in used and name != one)
        partner = next((name for name in free if may_swap(products, one, name, within)), None)
        if partner is not None:
            ours, theirs = (
                photos[name][int(draw.integers(len(photos[name])))] for name in (one, partner)
            )
            found[one, ours.position] = theirs.content_hash
            found[partner, theirs.position] = ours.content_hash
            used |= {one, partner}
    return found


def may_swap(products: dict[str, Product], one: str, other: str, within: bool) -> bool:
    """Whether two products are no variants, and of one type where that is asked for."""
    ours, theirs = products[one], products[other]
    grouped = ours.group_id is not None and ours.group_id == theirs.group_id
    return not grouped and (not within or ours.category == theirs.category)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
