"""The products whose rows are outdated since a generation was built: new, changed or gone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.records import Photo
from engine.arrays import UInt8
from engine.embedding.embed import distinct
from engine.errors import BrokenGeneration, NeedsRebuild
from engine.index.delta import Delta
from engine.index.generation import Generation
from engine.index.manifest import check_files
from engine.index.row_digests import FILE, digest_row, digest_rows, load_row_digests

LIST_ALL_RATIO = 4  # all products are listed where more than 1/LIST_ALL_RATIO may have changed


@dataclass(frozen=True)
class Changes:
    """The differences between a catalogue and the rows of a generation.

    Attributes:
        watermark: of the catalogue, before it was read.
        products: product id -> content hashes of its photos, for the products that are new or
            have other photos, in the order of ids.
        photos: the photos of these products, each content once.
        gone: products that have a row and are no longer for sale or have no photo, ascending.
    """

    watermark: str
    products: dict[str, list[str]]
    photos: list[PhotoFile]
    gone: list[str]

    @property
    def size(self) -> int:
        """The number of products that are new, changed or gone."""
        return len(self.products) + len(self.gone)


def changes_since(catalogue: Catalogue, generation: Generation, row_digests: UInt8) -> Changes:
    """Compare a catalogue with a generation, at a cost that depends on what changed.

    Args:
        catalogue: the products that are sold now.
        generation: the generation without its delta.
        row_digests: ``(N, 16)``, of its rows.
    """
    manifest = generation.manifest
    row_of: Mapping[str, int] = generation.row_of
    watermark, changed = catalogue.changes(manifest.catalogue)
    # Photos that could not be read are tried again; whose they were is not stored.
    if changed is None or manifest.failed or len(changed) * LIST_ALL_RATIO > len(row_of):
        photos = _by_product(catalogue.photos())
        row_of = generation.row_of.in_memory()
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


def read_row_digests(index_dir: Path, generation: Generation) -> UInt8:
    """The row digests ``(N, 16)`` of a generation without its delta.

    Raises:
        NeedsRebuild: it has none, or their file is broken.
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
    """The number of products that wait to be embedded again, or to leave the index.

    Args:
        changes: since the generation was built.
        delta: the generation's delta, if it has one.
    """
    usable = {photo.content_hash for photo in changes.photos}
    digests = digest_rows(changes.products, changes.products, usable)
    served = dict(zip(delta.ids, delta.row_digests, strict=True)) if delta else {}
    left: set[str] = set(delta.gone) - changes.products.keys() if delta else set()
    waiting: int = sum(
        served.pop(product_id, "") != digest.tobytes().hex()
        for product_id, digest in zip(changes.products, digests, strict=True)
    )
    # The other rows of the delta are again as in the generation, or their products are gone.
    gone = set(changes.gone)
    return waiting + len(served.keys() - gone) + len(gone ^ left)


def _by_product(photos: Iterable[Photo]) -> dict[str, list[Photo]]:
    found: dict[str, list[Photo]] = {}
    for photo in photos:
        found.setdefault(photo.product_id, []).append(photo)
    return found
