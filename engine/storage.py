"""Clear errors for disks that are full or cannot be written, and files that reserve their space."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from engine.errors import StorageError


@contextmanager
def storage_errors(folder: Path, what: str, next_step: str) -> Iterator[None]:
    """Turn an `OSError` of the block into a `StorageError` that says what to do.

    Args:
        folder: the folder that the block writes to.
        what: what it writes, such as "The index".
        next_step: what to do once there is space.

    Raises:
        StorageError: something could not be read or written.
    """
    try:
        yield
    except OSError as error:
        # NumPy raises an error without a reason for a short write.
        why = error.strerror or f"{error}, as happens when there is no space left"
        if error.filename is not None:
            why += f" ({error.filename})"
        raise StorageError(
            f"{what} cannot be written to {folder}: {why}.{_free_space(folder)} {next_step}"
        ) from error


def create_memmap(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Create an array in a file and reserve all of its disk space.

    Without the reservation, a disk that gets full would kill the process by SIGBUS as it writes.

    Raises:
        OSError: there is not enough space; the file is removed again.
    """
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    try:
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
    except OSError:
        path.unlink()
        raise
    return array


def remove_folder(path: Path) -> None:
    """Remove a folder, which another process may be removing at the same time.

    Raises:
        OSError: something in it cannot be removed.
    """
    while path.exists():
        with suppress(FileNotFoundError):  # the other was quicker with a file
            shutil.rmtree(path)


def _free_space(folder: Path) -> str:
    """The free space as a sentence to append; empty if it is unknown."""
    with suppress(OSError):
        return f" {shutil.disk_usage(folder).free / 1e6:,.1f} MB are free there."
    return ""
