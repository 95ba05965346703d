"""A plain folder of photos, grouped to products by `catalog.sources.folders.photo_names`."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import RecordError, SourceError
from catalog.photos.photo_file import SUFFIXES
from catalog.records import ProductRecord, Rejection
from catalog.sources.folders.photo_names import AUTO, PhotoGroup, group_photos
from catalog.sources.rows.record import checked_id
from catalog.text import counted
from catalog.vocabulary.category_path import category
from catalog.vocabulary.values import clean

# Formats that are not supported. Such photos are reported, since their owner expects to see them.
UNSUPPORTED_SUFFIXES = frozenset({".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".jxl"})


@dataclass(frozen=True)
class PhotoFolder:
    """Photos in a folder: id from the path, title from the name, category from sub folders.

    ``names`` is the rule that groups photos to products, see `group_photos`.
    """

    folder: Path
    name: str
    names: str = AUTO
    format: str = "photos"

    @property
    def root(self) -> Path:
        """See `catalog.sources.base.Source`."""
        return self.folder.resolve()

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`; ``line`` counts photos."""
        lines: dict[Path, int] = {}
        entries: list[ProductRecord | Rejection] = []
        for line, relative in enumerate(_walk(self.folder), 1):
            if reason := _unusable(relative):
                entries.append(_rejected(relative, line, reason))
            else:
                lines[relative] = line
        for product in group_photos(list(lines), self.names):
            line = min(lines[photo] for photo in product.photos)
            try:
                entries.append(_record(product, line))
            except RecordError as error:
                entries.append(_rejected(product.photos[0], line, str(error)))
        yield from sorted(entries, key=lambda entry: entry.line)

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return None

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        photos = [photo for photo in _walk(self.folder) if not _unusable(photo)]
        products = len(group_photos(photos, self.names))
        return (
            f"folder of photos {self.folder}: {counted(products, 'product')}, from the names of "
            f"{counted(len(photos), 'photo')}; categories from sub folders; "
            "LOOKALIKE_PHOTO_NAMES=photo makes every photo a product"
        )


def has_photos(folder: Path) -> bool:
    """Whether there is a photo anywhere below the folder."""
    return next(_walk(folder), None) is not None


def _unusable(photo: Path) -> str | None:
    """Why a photo cannot be read; None if it can."""
    try:
        photo.as_posix().encode()
    except UnicodeEncodeError:
        return f"the file name {photo.as_posix()!r} is not UTF-8; rename it"
    if photo.suffix.lower() in UNSUPPORTED_SUFFIXES:
        return f"{photo.suffix} is not supported; save the photo as JPEG, PNG, WebP or AVIF"
    return None


def _rejected(photo: Path, line: int, reason: str) -> Rejection:
    return Rejection(line, None, "row", "value", reason, photo.as_posix())


def _record(product: PhotoGroup, line: int) -> ProductRecord:
    name, folders = product.path.name, product.photos[0].parent.parts
    parents = folders[:-1] if folders[-1:] == (name,) else folders
    return ProductRecord(
        product_id=checked_id(product.path.as_posix()),
        title=clean(re.sub(r"[-_]+", " ", name)) or name,
        line=line,
        photos=tuple(photo.as_posix() for photo in product.photos),
        category=category([re.sub(r"_+", " ", part) for part in parents]),
    )


def _walk(folder: Path) -> Iterator[Path]:
    """The photos below a folder, relative to it, in sorted order; hidden ones are left out."""
    for here, folders, files in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if not name.startswith(".") and (suffix in SUFFIXES or suffix in UNSUPPORTED_SUFFIXES):
                yield (Path(here) / name).relative_to(folder)


def _unreadable(error: OSError) -> None:
    # Without an error, a sync would take its photos for deleted.
    raise SourceError(f"The folder {error.filename} cannot be read: {error.strerror}.") from error
