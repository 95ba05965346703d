"""Photos on the wrong product: those that disagree with all other photos of their product.

A photo disagrees if its cosine with each of the others is so low that only one in ten pairs of
*different* products is below it in likeness: the threshold of a false-accept rate of `RATE`. Of two
photos that disagree with each other alone, the one that another product is more like is listed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np

from catalog.products.catalogue import Catalogue
from catalog.records import Photo
from engine.applications.nearest import nearest
from engine.arrays import Float32
from engine.calibration.same_product import SameProduct
from engine.embedding.caches.cache import VectorCache
from engine.index.generation import Generation

RATE = 1e-1
BLOCK = 1_000  # products that are read at once


@dataclass(frozen=True, slots=True)
class WrongPhoto:
    """A photo that may show another product.

    Attributes:
        product_id: whose photo it is.
        content_hash: of the photo.
        position: of the photo among the product's, from 0.
        cosine: with the most alike other photo of the product.
        looks_like: the product that it is most like, and ``likeness`` the cosine with it.
    """

    product_id: str
    content_hash: str
    position: int
    cosine: float
    looks_like: str
    likeness: float


def find_wrong_photos(
    generation: Generation,
    catalogue: Catalogue,
    cache: VectorCache,
    learned: SameProduct,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[WrongPhoto]:
    """The photos that disagree with their product, by product id.

    Args:
        generation: the live one.
        catalogue: what is sold.
        cache: of the rows of its photos.
        learned: of the generation's encoder.
        on_progress: called with the number of products that were looked at.
    """
    threshold = learned.threshold(min(RATE, learned.rates[0]))
    products = groupby(catalogue.photos(), key=lambda photo: photo.product_id)
    listed = ((product_id, list(photos)) for product_id, photos in products)
    done, dim, fingerprint = 0, generation.layout.dim, generation.manifest.fingerprint
    while block := list(islice(listed, BLOCK)):
        several = [(one, photos) for one, photos in block if len(photos) > 1]
        hashes = [photo.content_hash for _, photos in several for photo in photos]
        rows = cache.get(fingerprint, hashes, dim)
        for product_id, photos in several:
            known = [photo for photo in photos if photo.content_hash in rows]
            found = _disagreeing(known, rows, threshold)
            wrong = [_described(generation, product_id, *one, rows) for one in found]
            if len(known) == 2:
                wrong = sorted(wrong, key=lambda one: -one.likeness)[:1]
            yield from wrong
        done += len(block)
        if on_progress is not None:
            on_progress(done)


def _disagreeing(
    photos: Sequence[Photo], rows: dict[str, Float32], threshold: float
) -> list[tuple[Photo, float]]:
    if len(photos) < 2:
        return []
    stacked = np.stack([rows[photo.content_hash] for photo in photos])
    cosines = stacked @ stacked.T
    np.fill_diagonal(cosines, -1)
    best = cosines.max(axis=1)
    wrong = np.flatnonzero(best < threshold)
    if len(wrong) == len(photos) > 2:  # nothing agrees: no photo is the wrong one
        return []
    return [(photos[at], round(float(best[at]), 6)) for at in wrong.tolist()]


def _described(
    generation: Generation, product_id: str, photo: Photo, cosine: float, rows: dict[str, Float32]
) -> WrongPhoto:
    near, cosines = nearest(generation, rows[photo.content_hash], 2)
    others = [
        (str(generation.ids[row]), round(float(likeness), 6))
        for row, likeness in zip(near.tolist(), cosines.tolist(), strict=True)
        if str(generation.ids[row]) != product_id
    ]
    looks_like, likeness = others[0] if others else ("", 0.0)
    return WrongPhoto(product_id, photo.content_hash, photo.position, cosine, looks_like, likeness)
