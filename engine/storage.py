"""A disk that is full or cannot be written, told in our words."""

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
    """Turn a file system's errors into ours.

    Args:
        folder: where it is written.
        what: what cannot be written, such as "The index".
        next_step: what people do once there is room.

    Raises:
        StorageError: something below could not be read or written.
    """
    try:
        yield
    except OSError as error:
        # NumPy tells a short write without saying why.
        why = error.strerror or f"{error}, as happens when there is no space left"
        if error.filename is not None:
            why += f" ({error.filename})"
        raise StorageError(
            f"{what} cannot be written to {folder}: {why}.{_room(folder)} {next_step}"
        ) from error


def create_memmap(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """A new array in a file, whose whole room is taken at once.

    Otherwise, a disk that gets full would kill the process that writes into it.

    Raises:
        OSError: there is no room; the file is gone again.
    """
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    try:
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
    except OSError:
        path.unlink()
        raise
    return array


def _room(folder: Path) -> str:
    """How much room is left, as a sentence to put behind another; nothing if that is unknown."""
    with suppress(OSError):
        return f" {shutil.disk_usage(folder).free / 1e6:,.1f} MB are free there."
    return ""
