"""The file that says what an ingest left out, and why."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from catalog.errors import StorageError
from catalog.records import Rejection
from catalog.spreadsheet import escape_formula

HEADER = ("line", "id", "kind", "code", "photo", "reason")


class RejectsFile:
    """Written row by row, and created with the first row only.

    What it cannot write is a `StorageError`, and ends an ingest: nothing is left out silently.
    """

    def __init__(self, folder: Path, source: str) -> None:
        self.path: Path | None = None
        self._folder = folder
        self._stem = re.sub(r"[^\w.-]+", "_", source)[:80]
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def write(self, rejection: Rejection) -> None:
        """Append one row."""
        cells = (
            rejection.line,
            rejection.product_id or "",
            rejection.kind,
            rejection.code,
            rejection.photo or "",
            rejection.reason,
        )
        with self._explained():
            if self._stream is None:
                self._stream = self._create()
                self._writer = csv.writer(self._stream)
                self._writer.writerow(HEADER)
            self._writer.writerow([escape_formula(str(cell)) for cell in cells])

    def _create(self) -> IO[str]:
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is None:
            return
        if error is not None:  # which tells more than that this cannot be written either
            with suppress(OSError):
                self._stream.close()
            return
        with self._explained():
            self._stream.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"What is left out cannot be written to {self._folder}: "
                f"{error.strerror or error}. What was read before is in the catalogue; free some "
                "space and ingest the source again."
            ) from error
