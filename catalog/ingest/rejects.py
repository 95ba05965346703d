"""The rejects file of an ingest: rejected rows and photos with their reasons."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from catalog.errors import StorageError
from catalog.files import distinct_name
from catalog.records import Rejection
from catalog.spreadsheet import SpreadsheetWriter
from catalog.utc import utc_now

HEADER = ("line", "id", "kind", "code", "photo", "reason")


class RejectsFile:
    """A CSV file that is created with its first row.

    A row that cannot be written raises `StorageError`, which ends the ingest: nothing is rejected
    without a record.
    """

    def __init__(self, folder: Path, source: str) -> None:
        self.path: Path | None = None
        self._folder = folder
        self._stem = distinct_name(source)
        self._stream: TextIO | None = None
        self._writer: SpreadsheetWriter | None = None

    def write(self, rejection: Rejection) -> None:
        """Appends one row.

        Raises:
            StorageError: it cannot be written.
        """
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

    def _create(self) -> TextIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = utc_now().strftime("%Y%m%d-%H%M%S")
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
