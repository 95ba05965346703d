"""Duplicates planted in a catalogue, and products given a wrong category: how many are found.

Run ``python -m tests.benchmarks.applications HOME``: the home of an indexed catalogue, which is
only read. Of some products, photos are changed as other sellers change them and searched for with
the home's index; then each pair that is listed of the catalogue itself is counted, by whether the
titles are equal but for words of colour. Then some products get the category of another one, three
times, and the list of contradictions is read up to its hundredth product.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from catalog.database.database import Database
from catalog.events.intervals import wilson
from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from catalog.settings import CatalogSettings
from engine.applications.nearest import nearest
from engine.applications.recognition.contradictions import find_contradictions
from engine.applications.recognition.recogniser import Recogniser
from engine.applications.recognition.words import KnownWords
from engine.applications.verification.duplicates import (
    LEAST_COSINE,
    NEAREST,
    DuplicateSearch,
)
from engine.applications.verification.photo_print import compare, print_of
from engine.applications.verification.prints import Prints, photo_opener
from engine.applications.verification.views import VIEWS, view
from engine.encoders import loading
from engine.evaluation.data import open_image
from engine.index.generation import Generation
from engine.labels.splits import family_of, split_of
from engine.search.live_index import LiveIndex
from engine.settings import EngineSettings

LISTED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--copies", type=int, default=100, help="products whose photos are changed")
    parser.add_argument("--relabelled", type=int, default=50, help="products of a wrong category")
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    settings, caps = EngineSettings(home=given.home), CatalogSettings(home=given.home)
    with Database.open(caps) as database:
        catalogue = Catalogue(database)
        generation = LiveIndex.of(settings, catalogue).current().generation
        count = len(generation.ids)
        print(f"{count:,} products of {given.home}, encoder {generation.manifest.encoder}")
        draw = np.random.default_rng(given.seed)
        chosen = np.sort(draw.permutation(count)[: given.copies]).tolist()
        planted(generation, catalogue, settings, caps, chosen)
        listed(generation, catalogue, caps)
        for seed in range(3):
            relabelled(generation, catalogue, given.relabelled, given.seed + seed)


def planted(
    generation: Generation,
    catalogue: Catalogue,
    settings: EngineSettings,
    caps: CatalogSettings,
    chosen: list[int],
) -> None:
    """Print the share of changed copies that are found, by the way they were changed."""
    encoder = loading.load(settings, generation.manifest.encoder)
    products = catalogue.products([str(generation.ids[row]) for row in chosen])
    opened = photo_opener(caps)
    totals = []
    for name in VIEWS:
        found = near = 0
        for row in chosen:
            product = products[str(generation.ids[row])]
            photo = product.photos[0]
            image = open_image(
                PhotoFile(photo.path, photo.content_hash),
                side=2 * encoder.image_size,
                settings=caps,
                transform=partial(view, name=name),
            )
            rows, cosines = nearest(generation, encoder.encode([image])[0], NEAREST)
            place = np.flatnonzero(rows == row)
            if not len(place) or cosines[place[0]] < LEAST_COSINE:
                continue
            near += 1
            original = opened(product.photos[0])
            found += compare(print_of(image), print_of(original)).one_photo
        totals.append((found, len(chosen)))
        print(f"  {name}: {shown(found, len(chosen))} found, {near} among the {NEAREST} nearest")
    print(f"  all: {shown(sum(one for one, _ in totals), sum(of for _, of in totals))} found")


def listed(generation: Generation, catalogue: Catalogue, caps: CatalogSettings) -> None:
    """Print what is listed of the catalogue itself."""
    search = DuplicateSearch(generation, catalogue, Prints(photo_opener(caps)))
    pairs = list(search.find())
    changed = [one for one in pairs if one.difference]
    products = catalogue.products([name for one in changed for name in (one.first, one.second)])
    others = [
        one for one in changed if family_of(products[one.first]) != family_of(products[one.second])
    ]
    brands = [one for one in others if brand(products[one.first]) != brand(products[one.second])]
    print(
        f"  of the catalogue itself: {len(pairs)} pairs, {len(pairs) - len(changed)} of one photo;"
    )
    print(f"  of the {len(changed)} by changed photos, {len(others)} have other titles,")
    print(f"  {len(brands)} of them of another brand: {[(o.first, o.second) for o in brands[:20]]}")


def brand(product: Product) -> str:
    return product.title.casefold().replace(" & ", "&").split(" ")[0]


class Relabelled:
    """The catalogue with other categories for some products."""

    def __init__(self, catalogue: Catalogue, categories: dict[str, tuple[str, ...]]) -> None:
        self._catalogue, self._categories = catalogue, categories

    def products(self, product_ids: list[str]) -> dict[str, Product]:
        found = self._catalogue.products(product_ids)
        return {
            one: replace(product, category=self._categories.get(one, product.category))
            for one, product in found.items()
        }


def relabelled(generation: Generation, catalogue: Catalogue, count: int, seed: int) -> None:
    """Print how many products of a wrong category are among the first that are listed."""
    draw = np.random.default_rng(seed)
    ids = [str(one) for one in generation.ids]
    products = {}
    for start in range(0, len(ids), 2_000):
        products |= catalogue.products(ids[start : start + 2_000])
    wrong = {}
    for row in draw.permutation(len(ids))[:count].tolist():
        own = products[ids[row]].category
        while (other := products[ids[int(draw.integers(len(ids)))]].category) == own:
            pass
        wrong[ids[row]] = other
    words = KnownWords(Relabelled(catalogue, wrong), generation)
    found = find_contradictions(Recogniser(generation, words), generation, words, ["category"])
    first = {one.product_id for one in found[:LISTED]}
    kept = {one for one in wrong if split_of(family_of(products[one])) == "validation"}
    print(
        f"  relabelled: {shown(len(first & wrong.keys()), count)} among the first {LISTED} of "
        f"{len(found)} contradictions; of those the model was not trained on "
        f"{len(first & kept)} of {len(kept)}"
    )


def shown(hits: int, of: int) -> str:
    """A share with its 95% interval (Wilson)."""
    low, high = wilson(hits / of, of)
    return f"{hits} of {of} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
