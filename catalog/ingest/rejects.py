"""The rejects file of an ingest: rejected rows and photos with their reasons."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from catalog.errors import StorageError
from catalog.files import distinct_name
from catalog.records import Rejection
from catalog.spreadsheet import SpreadsheetWriter
from catalog.utc import utc_now

NAME = re.compile(r"(.+)-(\d{8}-\d{6})(?:-(\d+))?\.csv")
STAMP = "%Y%m%d-%H%M%S"
KEPT = 5  # of each source
KEPT_BYTES = 100_000_000  # of each source, beside its latest file
MAX_BYTES = 50_000_000  # about, of one file: an unclosed quote may reject every line
FULL = f"this file has {MAX_BYTES / 1e6:g} MB; what else is rejected is not listed"
HEADER = ("line", "id", "kind", "code", "photo", "reason")


class RejectsFile:
    """A CSV file that is created with its first row.

    A row that cannot be written raises `StorageError`, which ends the ingest: nothing is rejected
    without a record. A file of `MAX_BYTES` ends with a row that says so; what else is rejected is
    only counted. The file takes the place of the oldest one of its source, see
    `superfluous_rejects`.
    """

    def __init__(self, folder: Path, source: str) -> None:
        self.path: Path | None = None
        self._folder = folder
        self._stem = distinct_name(source)
        self._stream: TextIO | None = None
        self._writer: SpreadsheetWriter | None = None
        self._left = MAX_BYTES

    def write(self, rejection: Rejection) -> None:
        """Appends one row.

        Raises:
            StorageError: it cannot be written.
        """
        if self._left <= 0:
            return
        cells = (
            rejection.line,
            rejection.product_id or "",
            rejection.kind,
            rejection.code,
            rejection.photo or "",
            rejection.reason,
        )
        with self._storage_errors():
            if self._writer is None:
                self._stream = self._create()
                self._writer = SpreadsheetWriter(self._stream, HEADER)
            self._writer.write(cells)
            self._left -= sum(len(str(cell)) + 1 for cell in cells)
            if self._left <= 0:
                self._writer.write(("", "", "", "more", "", FULL))

    def _create(self) -> TextIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = utc_now().strftime(STAMP)
        for attempt in range(1, 1_000):
            again = f"-{attempt}" if attempt > 1 else ""
            path = self._folder / f"{self._stem}-{stamp}{again}.csv"
            try:
                stream = path.open("x", encoding="utf-8", newline="")
            except FileExistsError:  # another ingest in the same second
                continue
            self.path = path
            return stream
        raise FileExistsError(f"{self._folder} is full of rejects files of {stamp}")

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._stream is None:
            return
        if error is not None:  # more important than an error of this file
            with suppress(OSError):
                self._stream.close()
            return
        with self._storage_errors():
            self._stream.close()
        with suppress(OSError):
            for path in superfluous_rejects(self._folder, self._stem):
                path.unlink(missing_ok=True)

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"The rejects file cannot be written to {self._folder}: "
                f"{error.strerror or error}. What was read before is in the catalogue. Free some "
                "space and ingest the source again."
            ) from error


def superfluous_rejects(folder: Path, stem: str | None = None) -> list[Path]:
    """The rejects files that are not among the latest of their source; of one source, if given.

    Files of the future, which a wrong clock wrote, count as the oldest.
    """
    now = utc_now().strftime(STAMP)
    found: dict[str, list[tuple[bool, str, int, Path]]] = {}
    for path in folder.glob("*.csv"):
        if (match := NAME.fullmatch(path.name)) and stem in (None, match[1]):
            age = (match[2] <= now, match[2], int(match[3] or 1), path)
            found.setdefault(match[1], []).append(age)
    superfluous = []
    for files in found.values():
        latest = [path for *_, path in sorted(files, reverse=True)]
        size = 0
        for place, path in enumerate(latest):
            size += path.stat().st_size if place else 0
            if place >= KEPT or size > KEPT_BYTES:
                superfluous.append(path)
    return superfluous
