"""Reads Parquet files, after a process with limited memory has read all of the file once.

A Parquet file of some kilobytes can hold a cell of gigabytes, or one value for a billion rows, and
the sizes in its footer need not be true. So only reading it shows what it takes.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SourceError
from catalog.process_limits import lower_limits
from catalog.settings import environment_with

Names = list[str]
BATCH = 256  # rows read at once; a row may contain an image
MAX_BATCH = 256_000_000  # bytes of so many rows, as columns of Arrow
MEMORY = 2_000_000_000  # bytes of address space of the process that reads first
STREAMED = 1 << 20  # bytes of a column that are read at once
TOO_LARGE, UNREADABLE, MEMORY_EXCEEDED = 3, 4, 5  # exit statuses of that process


def parquet_shape(path: Path) -> tuple[Names, int]:
    """The column names and the number of rows, as the file states them.

    Raises:
        SourceError: it is no Parquet file, or cut off.
    """
    try:
        with _opened(path) as file:
            return list(file.schema_arrow.names), file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"{path} cannot be read as Parquet: {error}. It may be cut off, or of another format."
        ) from error


def parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows with their numbers, from 1; `check_parquet` comes first.

    Raises:
        OSError, pyarrow.ArrowException: it cannot be read to its end.
    """
    line = 0
    with _opened(path) as file:
        for batch in _batches(file):
            for row in batch.to_pylist():
                line += 1
                yield line, row


def check_parquet(path: Path, max_bytes: int) -> None:
    """Read a whole file in a process with limited memory.

    Args:
        path: the file.
        max_bytes: of all its cells, unpacked.

    Raises:
        SourceError: it has more bytes than the limit, or cells that are too large for memory, or
            it cannot be read.
    """
    command = [sys.executable, "-m", "catalog.sources.rows.parquet_file", str(path), str(max_bytes)]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        # The system's allocator takes no more address space than it needs.
        env=environment_with(ARROW_DEFAULT_MEMORY_POOL="system", OPENBLAS_NUM_THREADS="1"),
    )
    if done.returncode == 0:
        return
    if done.returncode == TOO_LARGE:
        raise SourceError(
            f"{path} has more than {max_bytes:,} bytes when unpacked (LOOKALIKE_MAX_FEED_BYTES)."
        )
    if done.returncode == UNREADABLE:
        reason = done.stdout.decode(errors="replace").strip()
        raise SourceError(f"{path} cannot be read to its end: {reason}.")
    raise SourceError(
        f"{path} has cells too large for memory: {BATCH} rows of it take more than "
        f"{MAX_BATCH:,} bytes. Write photos to files and their paths into the column."
    )


def _opened(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, buffer_size=STREAMED, pre_buffer=False)


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    yield from file.iter_batches(batch_size=BATCH, use_threads=False)


def _measure(path: Path, max_bytes: int) -> int:
    """Read a file; the exit status that says whether it is within the limits."""
    total = 0
    try:
        with _opened(path) as file:
            for batch in _batches(file):
                size = sum(map(_size, batch.columns))
                total += size + batch.num_rows  # a row counts even if all of its cells are empty
                if size > MAX_BATCH:
                    return MEMORY_EXCEEDED
                if total > max_bytes:
                    return TOO_LARGE
    except (MemoryError, pa.ArrowMemoryError):
        return MEMORY_EXCEEDED
    except (OSError, pa.ArrowException) as error:
        print(" ".join(str(error).split())[:500])
        return UNREADABLE
    return 0


def _size(column: pa.Array) -> int:
    """Bytes of a column's cells, each value as often as it occurs."""
    if "dictionary" in str(column.type):  # holds each value once, also inside of lists
        return sum(len(str(cell)) for cell in column.to_pylist())
    return int(column.nbytes)


def main() -> None:
    """Measure the file that the command line names."""
    lower_limits({resource.RLIMIT_AS: MEMORY, resource.RLIMIT_CORE: 0})
    sys.exit(_measure(Path(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
