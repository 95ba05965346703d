"""Search in words by all voices, beside words alone and looks alone, on the products of a home.

    python -m tests.benchmarks.words HOME [--sheet OUT.jpg]

Phrases of a colour and a type: the share of the first ten that are of both, over ten or all there
are. Titles: the share for which their product is among the first ten. Parts of titles, without the
brand and the first word: the share of the first ten that are of the product's colour and type. The
sheet has the first eight of ten free texts, by all voices and below by words alone.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from catalog.filters.filter import Filter
from catalog.records import Product
from engine.applications.words.search import MAX_TEXT, WordSearch
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings

FIRST, FEWEST = 10, 5
PHRASES, TITLES = 120, 250
FREE = (
    "red floral dress",
    "trainers",
    "black leather handbag for women",
    "boys superhero t-shirt",
    "summer dress under 50",
    "sparkly evening bag",
    "checked shirt with long sleeves",
    "cosy winter jacket",
    "gold watch",
    "something blue for the beach",
)
SHOWN, SIDE = 8, 110
Ask = Callable[[str, int], list[str]]


def voices(recommender: Recommender) -> dict[str, Ask]:
    """Each way to search, as a function of a text and a number of results."""
    words, parts = WordSearch(recommender), recommender.parts
    live = parts.index.current().generation
    rows = np.asarray(live.vectors[np.arange(len(live.ids))])

    def by_look(text: str, k: int) -> list[str]:
        [row] = parts.vectors.of_texts(live, [text])
        return [live.ids[place] for place in np.argsort(-(rows @ row))[:k].tolist()]

    return {
        "all voices": lambda text, k: [one.product_id for one in words.search(text, k).results],
        "words alone": lambda text, k: parts.catalogue.ranked(text, Filter(), k)[0],
        "looks alone": by_look,
    }


def measure(recommender: Recommender) -> None:
    """Print a row for each way to search."""
    products = recommender.parts.catalogue.products(list(recommender.live().ids))
    pairs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for one in products.values():
        titles[one.title].add(one.product_id)
        if (pair := pair_of(one)) is not None:
            pairs[pair].add(one.product_id)
    chosen = random.Random(3)
    common = sorted(pair for pair, ids in pairs.items() if len(ids) >= FEWEST)
    phrases = chosen.sample(common, min(PHRASES, len(common)))
    sampled = chosen.sample(sorted(titles), min(TITLES, len(titles)))
    print(f"{len(phrases)} phrases, {len(sampled)} titles\n")
    print(f"{'':<12} {'phrases':>8} {'titles':>8} {'parts':>8}")
    for name, ask in voices(recommender).items():
        of_both = [
            len(set(ask(" ".join(pair), FIRST)) & pairs[pair]) / min(FIRST, len(pairs[pair]))
            for pair in phrases
        ]
        found = [bool(set(ask(text[:MAX_TEXT], FIRST)) & titles[text]) for text in sampled]
        parts = []
        for text in sampled:
            product = products[min(titles[text])]
            alike = pairs.get(pair_of(product) or ("", ""), set())
            if len(alike) >= FIRST:
                parts.append(len(set(ask(part_of(product), FIRST)) & alike) / FIRST)
        print(f"{name:<12} {np.mean(of_both):8.3f} {np.mean(found):8.3f} {np.mean(parts):8.3f}")


def pair_of(product: Product) -> tuple[str, str] | None:
    """The colour and the type of a product in words."""
    if not product.colour or not product.category:
        return None
    return product.colour.lower(), product.category[-1].lower()


def part_of(product: Product) -> str:
    """A title without its brand and its first word."""
    brand = (product.brand or "").lower()
    words = [word for word in product.title.split() if word.lower() != brand]
    return " ".join(words[1:] or words)[:MAX_TEXT]


def draw_sheet(recommender: Recommender, path: Path) -> None:
    """Draw the first results of free texts: a row by all voices, one by words alone."""
    ways = list(voices(recommender).values())[:2]
    sheet = Image.new("RGB", ((SHOWN + 2) * SIDE, 2 * len(FREE) * SIDE), "white")
    pen = ImageDraw.Draw(sheet)
    for place, text in enumerate(FREE):
        for line, ask in enumerate(ways):
            top = (2 * place + line) * SIDE
            pen.text((4, top + SIDE // 2), text if line == 0 else "  (words alone)", fill="black")
            for at, product in enumerate(
                recommender.parts.catalogue.products(ask(text, SHOWN)).values()
            ):
                with Image.open(product.photos[0].path) as photo:
                    small = photo.convert("RGB")
                small.thumbnail((SIDE - 4, SIDE - 4))
                sheet.paste(small, ((at + 2) * SIDE, top))
    sheet.save(path, quality=88)


if __name__ == "__main__":
    shop = Recommender.open(EngineSettings(home=Path(sys.argv[1])))
    measure(shop)
    if sys.argv[2:3] == ["--sheet"]:
        draw_sheet(shop, Path(sys.argv[3]))
