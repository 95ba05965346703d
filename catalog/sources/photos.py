"""A plain folder of photos, each one a product."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import RecordError, SourceError
from catalog.images import SUFFIXES
from catalog.records import ProductRecord, Rejection
from catalog.sources.mapping import checked_id
from catalog.vocabulary import category, clean

# Photos that we don't read: said aloud, since their owner expects to see them.
OTHER_SUFFIXES = frozenset({".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl"})


@dataclass(frozen=True)
class PhotoFolder:
    """Photos in a folder: id from the path, title from the file name, category from sub folders."""

    folder: Path
    name: str
    format: str = "photos"

    @property
    def root(self) -> Path:
        """See `catalog.sources.base.Source`."""
        return self.folder.resolve()

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`; ``line`` counts photos."""
        for line, relative in enumerate(_walk(self.folder), 1):
            try:
                yield _record(relative, line)
            except RecordError as error:
                yield Rejection(line, None, "row", "value", str(error), relative.as_posix())

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return None

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"folder of photos {self.folder}: one product a photo, categories from sub folders"


def has_photos(folder: Path) -> bool:
    """Whether there is a photo somewhere below the folder."""
    return next(_walk(folder), None) is not None


def _record(relative: Path, line: int) -> ProductRecord:
    shown = relative.as_posix()
    try:
        shown.encode()
    except UnicodeEncodeError:
        raise RecordError(f"the file name {shown!r} is not UTF-8; rename it") from None
    if relative.suffix.lower() in OTHER_SUFFIXES:
        raise RecordError(f"{relative.suffix} is not read; save the photo as JPEG, PNG or WebP")
    return ProductRecord(
        product_id=checked_id(relative.with_suffix("").as_posix()),
        title=clean(re.sub(r"[-_]+", " ", relative.stem)) or relative.stem,
        line=line,
        photos=(shown,),
        category=category([re.sub(r"_+", " ", part) for part in relative.parent.parts]),
    )


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if not name.startswith(".") and (suffix in SUFFIXES or suffix in OTHER_SUFFIXES):
                yield (Path(here) / name).relative_to(folder)


def _unreadable(error: OSError) -> None:
    # Left out silently, its photos would look deleted to a sync.
    raise SourceError(f"The folder {error.filename} cannot be read: {error.strerror}.") from error
