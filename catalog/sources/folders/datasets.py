"""The layouts of two public data sets, as they are downloaded: a CSV file, and photos by id."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import RecordError, SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources.base import RowError
from catalog.sources.rows.record import checked_id, checked_title
from catalog.sources.rows.text_file import csv_rows, scan
from catalog.vocabulary.values import age_group, clean, gender

STYLES_HEADER = (
    "id",
    "gender",
    "masterCategory",
    "subCategory",
    "articleType",
    "baseColour",
    "season",
    "year",
    "usage",
    "productDisplayName",
)
CLOTHING_HEADER = ("image", "sender_id", "label", "kids")
CLOTHING_FOLDERS = ("images", "images_original", "images_compressed")
# Some children's wear has the gender Men or Women, but a title with one of these words.
KIDS_TITLE = re.compile(r"\b(kids?|boys?|girls?|infants?|toddlers?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class FashionProductImages:
    """A folder with ``styles.csv`` and ``images/ID.jpg``."""

    folder: Path
    name: str
    format: str = "fashion-product-images"

    @property
    def root(self) -> Path:
        """See `catalog.sources.base.Source`."""
        return self.folder.resolve()

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        # Titles are not quoted in this file, so their commas make additional columns.
        for row in _rows(self.folder / "styles.csv", STYLES_HEADER, join_last=True):
            if isinstance(row, Rejection):
                yield row
                continue
            line, cells = row
            try:
                yield self._record(line, cells)
            except RecordError as error:
                yield Rejection(line, cells[0].strip()[:200] or None, "row", "value", str(error))

    def _record(self, line: int, cells: list[str]) -> ProductRecord:
        row = {name: clean(cell) for name, cell in zip(STYLES_HEADER, cells, strict=True)}
        title = row["productDisplayName"]
        parts = (row["masterCategory"], row["subCategory"], row["articleType"])
        category = tuple(part for part in parts if part)
        kids = age_group(row["gender"]) == "kids" or (title and KIDS_TITLE.search(title))
        return ProductRecord(
            product_id=checked_id(cells[0]),
            title=checked_title(title, None, category, cells[0]),
            line=line,
            photos=(f"images/{cells[0].strip()}.jpg",),
            category=category,
            gender=gender(row["gender"]),
            age_group="kids" if kids else "adult",
            colour=row["baseColour"],
            attributes={n: value for n in ("season", "year", "usage") if (value := row[n])},
        )

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return scan(self.folder / "styles.csv")[1] - 1

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"fashion-product-images folder {self.folder}: styles.csv with images/ID.jpg"


@dataclass(frozen=True)
class ClothingDataset:
    """A folder with ``images.csv`` and ``images/ID.jpg``: garments that volunteers photographed."""

    folder: Path
    name: str
    format: str = "clothing-dataset"

    @property
    def root(self) -> Path:
        """See `catalog.sources.base.Source`."""
        return self.folder.resolve()

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        photos = next(
            (name for name in CLOTHING_FOLDERS if (self.folder / name).is_dir()), "images"
        )
        for row in _rows(self.folder / "images.csv", CLOTHING_HEADER):
            if isinstance(row, Rejection):
                yield row
                continue
            line, cells = row
            image, sender, label, kids = (clean(cell) for cell in cells)
            try:
                product_id = checked_id(image)
            except RecordError as error:
                yield Rejection(line, None, "row", "value", str(error))
                continue
            category = label if label and label.casefold() not in ("not sure", "skip") else None
            yield ProductRecord(
                product_id=product_id,
                title=category or "Garment",
                line=line,
                photos=(f"{photos}/{product_id}.jpg",),
                category=(category,) if category else (),
                age_group="kids" if kids and kids.casefold() in ("true", "1") else "adult",
                attributes={"sender_id": sender} if sender else {},
            )

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return scan(self.folder / "images.csv")[1] - 1

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"clothing-dataset folder {self.folder}: images.csv with images/ID.jpg"


def header_of(path: Path) -> tuple[str, ...]:
    """The column names of a CSV file; empty if it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return tuple(cell.strip() for cell in next(csv.reader(stream), []))
    except (OSError, UnicodeDecodeError, csv.Error):
        return ()


def _rows(
    path: Path, header: tuple[str, ...], *, join_last: bool = False
) -> Iterator[tuple[int, list[str]] | Rejection]:
    """Yields (line, cells) of rows with as many cells as the header, and rejections of others."""
    stream = csv_rows(path, scan(path)[0])
    first = next(stream)[2]
    if isinstance(first, RowError) or tuple(cell.strip() for cell in first) != header:
        raise SourceError(
            f"{path} should start with the columns {', '.join(header)}. "
            "Use --format csv to read it as an ordinary file."
        )
    for line, _, cells in stream:
        if isinstance(cells, RowError):
            yield Rejection(line, None, "row", cells.code, str(cells))
            continue
        if join_last and len(cells) > len(header):
            cells = [*cells[: len(header) - 1], ",".join(cells[len(header) - 1 :])]
        if len(cells) == len(header):
            yield line, cells
        else:
            reason = f"line {line} has {len(cells)} columns and the header has {len(header)}"
            yield Rejection(line, cells[0].strip()[:200] or None, "row", "columns", reason)
