"""What panels of a real shop show: counts of filler, mixed kinds, colourways, shares and levels.

    LOOKALIKE_HOME=/srv/lookalike python -m tests.benchmarks.panel_quality
    ... --photos ../shared/data/clothing-dataset   # also: customers' photos, and other pictures
    ... --others FOLDER                            # also: pictures of your own without a garment

Every count is of answers to requests with default options, twelve results each:

- mixed kinds: of random seeds, panels with a result of another known kind than the seed's
  (`engine.labels.kinds`) that are no labelled fallback;
- filler: results whose match is below 5% in panels that are no labelled fallback;
- colourways: of random seeds that have a sibling in another colour on sale (same title but for
  colour words, type and gender; two to four products), those whose panel shows or offers one;
- level: panels of eight results or more whose first eight matches are the same whole number;
- wishlists: of two to five random products of different types, those in which each product that
  has a look-alike alone gets a place;
- photos: held-out customers' photos (split v1), the share of results of a plausible type
  (`engine.labels.type_words`, and `ALSO_PLAUSIBLE` where the shop has none of these), by type,
  without and with the narrowing to the photo's type and gender that the pages begin with; and of
  pictures without a garment, and of the photos, how many are said to look like nothing. A photo
  without results counts as none of a plausible type. These pictures are drawn as those that taught
  the photo test are, so they say less than real ones do:
- others: of the pictures of a folder, which show no garment, how many are said to look like
  nothing, and the names of those that are answered.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from catalog.db import Database
from catalog.filters.filter import Filter
from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine import Fallback, Panel, Recommender, Request
from engine.calibration.no_garments import pictures
from engine.encoders.loading import load
from engine.evaluation.data import from_sources, open_image
from engine.labels.design_families import design_families, other_colour
from engine.labels.kinds import kind_of, type_of
from engine.labels.labels import UNKNOWN, label_products
from engine.labels.type_words import answers, type_word
from engine.recommendation.photo import EmbeddedPhoto
from engine.settings import EngineSettings
from web.photo_search.kinds import NEAREST, Choice, Kinds

K, LEAST_MATCH, SAME = 12, 5.0, 8
SIDE = 600  # pixels that pictures are read at, as those of visitors are
ALSO_PLAUSIBLE = {"blazer": ("jacket", "coat")}


class Shop:
    """A home that is measured: its products that are on sale and indexed, and its panels."""

    def __init__(self) -> None:
        self.recommender = Recommender.open()
        settings = EngineSettings()
        self.catalogue = Catalogue(Database.open(CatalogSettings(home=settings.home)))
        ids = list(self.recommender.live().ids)
        found = self.catalogue.products(ids)
        self.products = {one: found[one] for one in ids if one in found and not found[one].retired}
        self.ids = list(self.products)

    def panel(self, *seeds: str) -> Panel:
        return self.recommender.answer(Request(seeds, k=K))

    def kind(self, product_id: str) -> str | None:
        return kind_of(" > ".join(self.products[product_id].category))

    def type(self, product_id: str) -> str | None:
        return type_of(" > ".join(self.products[product_id].category))


def random_seeds(shop: Shop, draw: np.random.Generator, count: int) -> dict[str, object]:
    """Mixed kinds, filler, level matches and lengths over random seeds."""
    counts: Counter[str] = Counter()
    lengths = []
    for seed in draw.choice(shop.ids, min(count, len(shop.ids)), replace=False).tolist():
        panel = shop.panel(seed)
        lengths.append(len(panel.results))
        counts["labelled fallbacks"] += panel.fallback is not Fallback.NONE
        if panel.fallback is not Fallback.NONE:
            continue
        kinds = {shop.kind(seed), *(shop.kind(one.product_id) for one in panel.results)} - {None}
        counts["panels of mixed kinds"] += len(kinds) > 1
        matches = [one.match for one in panel.results]
        counts["results below 5%"] += sum(one is not None and one < LEAST_MATCH for one in matches)
        first = {None if one is None else round(one) for one in matches[:SAME]}
        counts["first eight the same number"] += len(matches) >= SAME and len(first) == 1
    whole = f"{np.mean(np.array(lengths) == K):.0%} full, {np.mean(lengths):.1f} on average"
    return {"seeds": len(lengths), **counts, "results": whole}


def colourways(shop: Shop, draw: np.random.Generator, count: int) -> dict[str, object]:
    """Seeds with a sibling in another colour, whose panel shows or offers one."""
    products = list(shop.products.values())
    labels = label_products(products)
    families = design_families(products, labels)
    seeds = np.flatnonzero(other_colour(families, labels.columns["colour"]) != UNKNOWN)
    chosen = draw.choice(seeds, min(count, len(seeds)), replace=False)
    shown = offered = 0
    for row in chosen.tolist():
        siblings = {
            products[other].product_id
            for other in np.flatnonzero(families == families[row]).tolist()
            if products[other].colour != products[row].colour
        }
        panel = shop.panel(products[row].product_id)
        in_panel = {one.product_id for one in panel.results}
        in_panel |= {also.product_id for one in panel.results for also in one.also_in}
        beside = {one.product_id for one in panel.also_in}
        shown += bool(siblings & in_panel)
        offered += bool(siblings & (in_panel | beside))
    return {"seeds": len(chosen), "shown in the panel": shown, "shown or offered": offered}


def wishlists(shop: Shop, draw: np.random.Generator, count: int) -> dict[str, object]:
    """Wishlists in which every product with a look-alike gets a place."""
    by_type: dict[str | None, list[str]] = defaultdict(list)
    for product_id in shop.ids:
        by_type[shop.type(product_id)].append(product_id)
    kept = merged = 0
    for _ in range(count):
        size = min(int(draw.integers(2, 6)), len(by_type))
        types = draw.choice(np.array(list(by_type), dtype=object), size, replace=False)
        seeds = [str(draw.choice(by_type[one])) for one in types]
        panel = shop.panel(*seeds)
        able = {one for one in seeds if shop.panel(one).fallback is Fallback.NONE}
        places = {one.seed for one in panel.results}
        kept += able <= places
        merged += any(len(taste.seeds) > 1 for taste in panel.tastes)
    return {"wishlists": count, "every one has its place": kept, "unlike ones merged": merged}


def photos(shop: Shop, source: Path, draw: np.random.Generator, count: int) -> dict[str, object]:
    """Customers' photos: results of a plausible type; and what looks like nothing."""
    material = from_sources([source]).held_out("v1")
    encoder = load(EngineSettings(), shop.recommender.live().manifest.encoder)
    settings, table = CatalogSettings(), label_products(material.products)
    of_shop = {
        one: type_word(item.category[-1]) if item.category else ""
        for one, item in shop.products.items()
    }
    right: dict[str, list[float]] = defaultdict(list)
    narrowed: dict[str, list[float]] = defaultdict(list)
    refused = asked = 0
    for row in draw.permutation(len(material.products)).tolist():
        word = table.text("type", row)
        wanted = plausible(word, frozenset(of_shop.values())) if word else frozenset()
        if not wanted:
            continue
        image = open_image(material.files[row][0], side=2 * encoder.image_size, settings=settings)
        if image is None:
            continue
        photo = shop.recommender.embed(image)
        panel = shop.recommender.answer_to_image(photo, Request((), k=K))
        asked += 1
        refused += panel.nothing_similar
        for panels, found in ((right, panel), (narrowed, narrowed_panel(shop, photo))):
            hits = [of_shop[one.product_id] in wanted for one in found.results]
            panels[word].append(float(np.mean(hits)) if hits else 0.0)
        if asked == count:
            break
    drawn = [
        shop.recommender.answer_to_image(one, Request((), k=K)).nothing_similar
        for one in pictures(seed=1)
    ]
    return {
        "photos": asked,
        "plausible type": f"{mean(right.values()):.1%}",
        "plausible type, narrowed": f"{mean(narrowed.values()):.1%}",
        **{
            f"  {name} ({len(right[name])})": (
                f"{np.mean(right[name]):.0%}, narrowed {np.mean(narrowed[name]):.0%}"
            )
            for name in sorted(right)
        },
        "photos said to look like nothing": f"{refused} of {asked}",
        "pictures said to look like nothing": f"{sum(drawn)} of {len(drawn)}",
    }


def others(shop: Shop, folder: Path) -> dict[str, object]:
    """Pictures without a garment, of any subject: those said to look like nothing, and the rest."""
    settings = CatalogSettings()
    answered, unread, count = [], [], 0
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        image = open_image(PhotoFile(path), side=SIDE, settings=settings)
        if image is None:
            unread.append(path.name)
            continue
        count += 1
        if not shop.recommender.answer_to_image(image, Request((), k=K)).nothing_similar:
            answered.append(path.name)
    found = {"pictures": count, "said to look like nothing": count - len(answered)}
    return {**found, "answered": ", ".join(answered) or "none", "could not be read": len(unread)}


def plausible(word: str, of_shop: frozenset[str]) -> frozenset[str]:
    """The types of the shop that are right answers to a photo of some type."""
    return answers(word) & of_shop or frozenset(ALSO_PLAUSIBLE.get(word, ())) & of_shop


def narrowed_panel(shop: Shop, photo: EmbeddedPhoto) -> Panel:
    """The panel of a photo as the page first shows it: narrowed to what it seems to show."""
    nearest = shop.recommender.answer_to_image(
        photo, Request((), k=NEAREST, rules=False, fallback=False)
    )
    found = [shop.products[one.product_id] for one in nearest.results]
    similarity = nearest.results[0].score if nearest.results else 0.0
    kinds = Kinds() if nearest.nothing_similar else Kinds.of(found, similarity)
    chosen = Choice().among(kinds)
    wanted = Request((), k=K, filter=chosen.narrow(Filter()))
    return shop.recommender.answer_to_image(photo, wanted)


def mean(groups: Iterable[list[float]]) -> float:
    """The mean of all numbers of some lists."""
    return float(np.mean([one for each in groups for one in each]))


def main() -> None:
    """Print every count with the time that it took."""
    parser = argparse.ArgumentParser(description="Count what panels of a home show.")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--siblings", type=int, default=200)
    parser.add_argument("--wishlists", type=int, default=200)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--photo-count", type=int, default=300)
    parser.add_argument("--others", type=Path, help="folder of pictures without a garment")
    options = parser.parse_args()
    shop = Shop()
    print(f"{len(shop.ids):,} products, {shop.recommender.live().manifest.encoder}")
    jobs = [
        ("random seeds", lambda draw: random_seeds(shop, draw, options.seeds)),
        ("colourways", lambda draw: colourways(shop, draw, options.siblings)),
        ("wishlists", lambda draw: wishlists(shop, draw, options.wishlists)),
    ]
    if options.photos:
        source = options.photos
        jobs.append(("photos", lambda draw: photos(shop, source, draw, options.photo_count)))
    if options.others:
        folder = options.others
        jobs.append(("others", lambda _: others(shop, folder)))
    for name, count in jobs:
        start = time.perf_counter()
        counts = count(np.random.default_rng(0))
        print(f"{name} ({time.perf_counter() - start:.0f} s)")
        for what, number in counts.items():
            print(f"  {what}: {number}")


if __name__ == "__main__":
    main()
