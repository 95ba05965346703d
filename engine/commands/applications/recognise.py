"""`lookalike recognise`: what products and photos are, and which words contradict the looks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from PIL import Image

from catalog.console import json_option, plain_errors, progress
from catalog.database.database import Database
from catalog.errors import UnknownProduct
from catalog.photos.photo_file import SUFFIXES
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.recognition.contradictions import (
    JUDGED,
    Contradiction,
    find_contradictions,
)
from engine.applications.recognition.learned import LearnedBook
from engine.applications.recognition.recogniser import LEAST, Recognised, Recogniser
from engine.applications.recognition.recognition import enough
from engine.applications.recognition.words import KnownWords, words_of
from engine.arrays import Float32
from engine.commands.applications.inputs import decoded_photo
from engine.embedding.pooling import pool_products
from engine.errors import EngineError, RequestError
from engine.evaluation.data import embed_photos, from_sources
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings

SIDE = 512  # pixels that the shorter side of a source's photos keeps


class Item(NamedTuple):
    """What is recognised: its name, its row in the index or its vector, and the words it has."""

    name: str
    row: int | None
    vector: Float32 | None
    known: Mapping[str, str]


@click.command("recognise")
@click.argument("given", nargs=-1, metavar="[PRODUCT_ID|PHOTO|SOURCE]...")
@click.option(
    "--attribute", "attributes", multiple=True, metavar="NAME", help="Only this; repeatable."
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    default=LEAST,
    show_default=True,
    help="Confidence from which on a word is said.",
)
@click.option(
    "--contradictions",
    is_flag=True,
    help="List products whose words contradict their looks, the likeliest mistakes first.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Of that list."
)
@json_option
@plain_errors(EngineError, OSError)
def recognise_command(
    given: tuple[str, ...],
    attributes: tuple[str, ...],
    least: float,
    contradictions: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Say what products and photos are: category, colour, gender and every other attribute.

    Each is a product's id, the file of a photo, or a source of products, which is read in place.
    The shop's own products vote, nearest first, in the facet that knows; nothing is trained. A word
    is said if its confidence, learned from the shop's own words, is high enough.
    """
    if contradictions is bool(given):
        raise click.UsageError("Name products, photos or sources, or give --contradictions.")
    settings = EngineSettings()
    with Database.open() as database:
        catalogue = Catalogue(database)
        recommender = Recommender.open(settings, catalogue)
        generation = recommender.live()
        words = KnownWords(catalogue, enough(generation))
        items = list(resolved(given, recommender, catalogue))  # before the work
        learned = LearnedBook(settings).learn(generation, words)
        recogniser = Recogniser(generation, words, least, attributes or None, learned)
        check_attributes(recogniser, attributes)
        if contradictions:
            with progress("Compare", "products") as show:
                found = find_contradictions(
                    recogniser,
                    generation,
                    words,
                    attributes or JUDGED,
                    on_progress=lambda done: show(done, len(generation.ids)),
                )
            print_contradictions(found, limit, as_json)
            return
        for one in items:
            if one.row is not None:
                recognised = recogniser.of_row(one.row)
            else:
                assert one.vector is not None
                recognised = recogniser.of_vector(one.vector)
            print_recognised(one, recognised, as_json)


def resolved(
    given: Sequence[str], recommender: Recommender, catalogue: Catalogue
) -> Iterator[Item]:
    """What the arguments name.

    Raises:
        RequestError: one is neither a product, a photo nor a source.
        NotIndexed: a product has no row.
        catalog.errors.PhotoError, catalog.errors.SourceError: a file cannot be read.
    """
    generation = recommender.live()
    for one in given:
        try:
            product_id = catalogue.product(one).product_id
        except UnknownProduct as error:
            path = Path(one)
            if not path.exists():
                raise RequestError(
                    f"{one!r} is neither the id of a product, the file of a photo nor a source. "
                    "`lookalike products` lists ids."
                ) from error
            if path.is_file() and path.suffix.lower() in {*SUFFIXES, ".heic", ".heif"}:
                photo = decoded_photo(path, CatalogSettings())
                yield Item(one, None, recommender.embed(photo).vectors[0], {})
            else:
                yield from of_source(path, recommender)
            continue
        recommender.parts.vectors.check_products(generation, [product_id])
        yield Item(one, generation.row_of[product_id], None, {})


def of_source(path: Path, recommender: Recommender) -> Iterator[Item]:
    """The products of a source with a readable photo."""
    material = from_sources([path])

    def embed(images: Sequence[Image.Image]) -> Float32:
        return np.concatenate([recommender.embed(image).vectors for image in images])

    with progress("Embed", "photos") as show:
        rows, kept = embed_photos(
            material.photos,
            {"encoder": embed},
            side=SIDE,
            settings=CatalogSettings(),
            on_progress=lambda done, total: show(done, total),
        )
    usable = material.only(kept)
    if not usable.products:
        raise RequestError(f"{path} has no product with a photo that can be read.")
    vectors = pool_products(rows["encoder"], usable.owners, recommender.live().layout)
    for product, vector, known in zip(
        usable.products, vectors, words_of(usable.products), strict=True
    ):
        yield Item(product.product_id, None, vector, known)


def check_attributes(recogniser: Recogniser, attributes: Sequence[str]) -> None:
    """Check that attributes can be recognised.

    Raises:
        RequestError: too few products have one, or it has too many words.
    """
    known = recogniser.confidences
    unknown = [name for name in attributes if name not in known]
    if unknown:
        raise RequestError(
            f"{', '.join(map(repr, unknown))} cannot be recognised: at least 50 products must have "
            "a word for it, and share these words. Leave --attribute out to see what can be."
        )
    if not known:
        raise RequestError(
            "No attribute can be recognised: at least 50 products must have a word for it, and "
            "share these words."
        )


def print_recognised(item: Item, recognised: Sequence[Recognised], as_json: bool) -> None:
    """Print one product or photo."""
    if as_json:
        found = [
            asdict(one) | {"known": one.known or item.known.get(one.attribute)}
            for one in recognised
        ]
        click.echo(json.dumps({"name": item.name, "recognised": found}, ensure_ascii=False))
        return
    click.echo(item.name)
    for one in recognised:
        known = one.known or item.known.get(one.attribute)
        word = one.word if one.certain else f"not sure ({one.word})"
        stated = (
            ""
            if known is None
            else "  as labelled"
            if known == one.word
            else (f"  labelled {known}")
        )
        click.echo(
            f"  {one.attribute}: {word}  {one.confidence:.0%}  "
            f"{one.agreeing} of {one.voters} neighbours{stated}"
        )


def print_contradictions(found: Sequence[Contradiction], limit: int, as_json: bool) -> None:
    """Print the first of them."""
    for one in found[:limit]:
        if as_json:
            click.echo(json.dumps(asdict(one), ensure_ascii=False))
        else:
            click.echo(
                f"{one.product_id}  {one.attribute}: labelled {one.labelled}, looks like "
                f"{one.looks_like}: {one.agreeing} of {one.voters} neighbours"
            )
    if len(found) > limit:
        click.echo(f"{len(found) - limit:,} less likely ones: --limit shows more.", err=True)
