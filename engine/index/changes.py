"""Which products a generation has no true row of: new ones, those with other photos, gone ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.records import Photo
from engine.embedding.embed import distinct
from engine.errors import BrokenGeneration, NeedsRebuild
from engine.index.delta import Delta
from engine.index.generation import Generation
from engine.index.manifest import check_files
from engine.index.row_digests import FILE, digest_row, digest_rows, load_row_digests

LIST_ALL_RATIO = 4  # all products are listed where more than 1/LIST_ALL_RATIO may have changed


@dataclass(frozen=True)
class Changes:
    """What differs between a catalogue and the rows of a generation.

    Attributes:
        watermark: the catalogue's, from before it was looked at.
        products: id -> hashes of the photos, of those without a true row, in the order of ids.
        photos: their photos, each content once.
        gone: products that have a row and are not to be shown any more, ascending.
    """

    watermark: str
    products: dict[str, list[str]]
    photos: list[PhotoFile]
    gone: list[str]

    @property
    def size(self) -> int:
        """How many products it speaks of."""
        return len(self.products) + len(self.gone)


def changes_since(catalogue: Catalogue, generation: Generation, row_digests: np.ndarray) -> Changes:
    """Compare a catalogue with a generation, at the cost of what changed since it was built.

    Args:
        catalogue: what is sold now.
        generation: without a delta.
        row_digests: ``(N, 16)`` uint8, one of each of its rows.
    """
    manifest, row_of = generation.manifest, generation.row_of
    watermark, changed = catalogue.changes(manifest.catalogue)
    # Photos that could not be read are tried again, and nothing says whose they were.
    if changed is None or manifest.failed or len(changed) * LIST_ALL_RATIO > len(row_of):
        photos = _by_product(catalogue.photos())
        gone = [one for one in generation.ids.tolist() if one not in photos]
    else:
        found = catalogue.products(changed)
        photos = _by_product(
            photo for product in found.values() if not product.retired for photo in product.photos
        )
        gone = sorted(one for one in changed if one not in photos and one in row_of)
    products, files = {}, []
    for product_id in sorted(photos):
        hashes = [photo.content_hash for photo in photos[product_id]]
        row = row_of.get(product_id)
        if row is None or row_digests[row].tobytes() != digest_row(hashes):
            products[product_id] = hashes
            files += [PhotoFile(photo.path, photo.content_hash) for photo in photos[product_id]]
    return Changes(watermark, products, distinct(files), gone)


def read_row_digests(index_dir: Path, generation: Generation) -> np.ndarray:
    """``(N, 16)`` uint8: the row digests of a generation, without those of a delta.

    Raises:
        NeedsRebuild: it has none, or they are broken.
    """
    folder = index_dir / generation.manifest.name
    if FILE not in generation.manifest.files:
        raise NeedsRebuild("The index was built by an earlier version of Lookalike.")
    try:
        check_files(folder, generation.manifest, (FILE,))
        return load_row_digests(folder / FILE, len(generation.ids))
    except (BrokenGeneration, OSError, ValueError) as error:
        raise NeedsRebuild(f"{folder / FILE} cannot be used: {error}.") from error


def count_pending(changes: Changes, delta: Delta | None) -> int:
    """How many products wait to be embedded anew, or to leave the index.

    Args:
        changes: since the generation was built.
        delta: what is served beside it, if anything is.
    """
    usable = {photo.content_hash for photo in changes.photos}
    digests = digest_rows(changes.products, changes.products, usable)
    has = dict(zip(delta.ids, delta.row_digests, strict=True)) if delta else {}
    left = set(delta.gone) - changes.products.keys() if delta else set()
    waiting = sum(
        has.pop(product_id, "") != digest.tobytes().hex()
        for product_id, digest in zip(changes.products, digests, strict=True)
    )
    # What remains of the delta's rows is as the generation has it again, or has gone.
    gone = set(changes.gone)
    return waiting + len(has.keys() - gone) + len(gone ^ left)


def _by_product(photos: Iterable[Photo]) -> dict[str, list[Photo]]:
    found: dict[str, list[Photo]] = {}
    for photo in photos:
        found.setdefault(photo.product_id, []).append(photo)
    return found
