"""The input of an evaluation: products with photos, and their rows by each encoder."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from catalog.database.database import Database
from catalog.errors import PhotoError
from catalog.photos.check import locate
from catalog.photos.decode_squares import PhotoFile
from catalog.photos.decode_worker import Request
from catalog.photos.shared_photos import with_copies
from catalog.photos.shared_pool import shared_pool
from catalog.products.catalogue import Catalogue
from catalog.records import Product, ProductRecord
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.arrays import Bool, Float32, Int64
from engine.labels.splits import held_out

Embedder = Callable[[Sequence[Image.Image]], Float32]
Progress = Callable[[int, int], None]
Transform = Callable[[Image.Image], Image.Image]
SMALL = (60, 80)  # pixels that small photos fit, as in the small edition of public data sets
_CHUNK = 32  # photos per chunk; two chunks are in memory at a time

Listed = ProductRecord | Product


@dataclass(frozen=True)
class Material:
    """N products, and the photo files of each (one at least)."""

    products: tuple[Listed, ...]
    files: tuple[tuple[PhotoFile, ...], ...]

    @classmethod
    def of(cls, entries: Iterable[tuple[Listed, Iterable[PhotoFile]]]) -> "Material":
        """Material of products and their photos; those without a photo are left out."""
        listed = [(product, tuple(files)) for product, files in entries]
        shown = [(product, files) for product, files in listed if files]
        return cls(tuple(product for product, _ in shown), tuple(files for _, files in shown))

    @property
    def photos(self) -> tuple[PhotoFile, ...]:
        """All P photos, product by product."""
        return tuple(photo for files in self.files for photo in files)

    @property
    def owners(self) -> Int64:
        """The product of each photo: ``(P,)`` rows of ``products``, ascending."""
        return np.repeat(np.arange(len(self.files)), [len(files) for files in self.files])

    def only(self, kept: Bool) -> "Material":
        """Only the photos in a mask ``(P,)``; a product without any left is dropped."""
        marks = iter(kept.tolist())
        return Material.of(
            (product, [photo for photo in files if next(marks)])
            for product, files in zip(self.products, self.files, strict=True)
        )

    def held_out(self, split: str) -> "Material":
        """The validation side of a named split."""
        mask = held_out(self.products, split)
        return self.only(mask[self.owners])


def from_sources(paths: Sequence[Path]) -> Material:
    """All products of the given sources, read in place; photos that are not files are left out.

    Raises:
        SourceError: a source cannot be read.
    """
    sources = [open_source(path) for path in paths]
    return Material.of(
        (record, _files(source.root, record.photos))
        for source in sources
        for record in source.records()
        if isinstance(record, ProductRecord)
    )


def _files(root: Path, photos: Sequence[str]) -> Iterator[PhotoFile]:
    for photo in photos:
        try:
            path = locate(root, photo)
        except PhotoError:
            continue
        if path.is_file():
            yield PhotoFile(path)


def from_catalogue(settings: CatalogSettings) -> Material:
    """All products on sale in the ingested catalogue.

    Raises:
        DatabaseError: there is no catalogue, or its schema is of another version.
    """
    with Database.open(settings) as db:
        catalogue = Catalogue(db)
        ids = [str(name) for name in catalogue.all_facts().ids]
        products = catalogue.products(ids)
        shown = [products[name] for name in ids if name in products]
        return Material.of(
            (product, [PhotoFile(photo.path, photo.content_hash) for photo in product.photos])
            for product in shown
        )


def embed_photos(
    photos: Sequence[PhotoFile],
    embedders: Mapping[str, Embedder],
    *,
    side: int,
    settings: CatalogSettings,
    on_progress: Progress | None = None,
    transform: Transform | None = None,
) -> tuple[dict[str, Float32], Bool]:
    """Decode each photo once and pass it to every embedder.

    Args:
        photos: P files; one that has a digest and is gone is looked for among the shared ones.
        embedders: name -> a function that maps images to rows ``(n, D)``.
        side: large photos are decoded at a reduced size, with at least this many pixels on the
            shorter side.
        settings: limits on the size of photos, and where shared ones are.
        on_progress: called with the number of photos done, and P.
        transform: applied to each decoded photo, in several threads at a time.

    Returns:
        name -> rows ``(Q, D)`` float32 of the Q readable photos, and the mask ``(P,)`` bool of
        these photos.
    """
    parts: dict[str, list[Float32]] = {name: [] for name in embedders}
    kept = np.zeros(len(photos), dtype=bool)
    read = partial(open_image, side=side, settings=settings, transform=transform)
    for start, images in _decoded(photos, read):
        good = [image for image in images if image is not None]
        kept[start : start + len(images)] = [image is not None for image in images]
        for name, embed in embedders.items():
            if good:
                parts[name].append(embed(good))
        if on_progress is not None:
            on_progress(start + len(images), len(photos))
    rows = {
        name: np.concatenate(found) if found else np.zeros((0, 1), dtype=np.float32)
        for name, found in parts.items()
    }
    return rows, kept


def _decoded(
    photos: Sequence[PhotoFile], read: Callable[[PhotoFile], Image.Image | None]
) -> Iterator[tuple[int, list[Image.Image | None]]]:
    """Chunks of decoded photos; the next chunk is decoded while this one is embedded."""
    with ThreadPoolExecutor() as pool:
        ahead = [pool.submit(read, photo) for photo in photos[:_CHUNK]]
        for start in range(0, len(photos), _CHUNK):
            now = ahead
            after = start + _CHUNK
            ahead = [pool.submit(read, photo) for photo in photos[after : after + _CHUNK]]
            yield start, [future.result() for future in now]


def open_image(
    photo: PhotoFile, *, side: int, settings: CatalogSettings, transform: Transform | None = None
) -> Image.Image | None:
    """A decoded photo, transformed; None if it cannot be read. Arguments as for `embed_photos`."""
    request = Request(
        settings.max_photo_pixels,
        at_least=side,
        path=str(photo.path.absolute()),
        content_hash=photo.content_hash or None,
        max_bytes=settings.max_photo_bytes,
        reduced=False,
    )
    blamed = shared_pool(settings.max_photo_pixels).blamed
    try:
        image = with_copies(blamed, request, settings).image()
    except PhotoError:
        return None
    return image if transform is None else transform(image)


def reduced(image: Image.Image) -> Image.Image:
    """A photo reduced to fit `SMALL`; a smaller one stays as it is."""
    small = image.copy()
    small.thumbnail(SMALL)
    return small
