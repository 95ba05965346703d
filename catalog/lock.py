"""Lock files for one process at a time; the system releases them when their holder is killed."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.errors import Busy

log = logging.getLogger(__name__)


@contextmanager
def exclusive_lock(path: Path, what: str) -> Iterator[None]:
    """Holds a lock file, or fails at once.

    Args:
        path: the lock file; created if it is missing, together with its folder.
        what: what the holder does, for the message, such as "reindex".

    Raises:
        Busy: another process holds it; the message names the process.
    """
    with _open_file(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                f"Another {what} is running here (process {_holder(descriptor)}, {path}). "
                "Wait for it to end, then run this one again."
            ) from error
        _write_pid(descriptor)
        yield


@contextmanager
def waiting_lock(path: Path, what: str) -> Iterator[None]:
    """Holds a lock file; waits while another process holds it, and logs that.

    Args:
        path: as in `exclusive_lock`.
        what: what the holder does, for the log, such as "decodes the same photos".
    """
    with _open_file(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("Waiting for process %s, which %s (%s).", _holder(descriptor), what, path)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _write_pid(descriptor)
        yield


@contextmanager
def _open_file(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not truncated: the file holds the process id of its current holder.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"


def _write_pid(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
