"""One process at a time: lock files that the system lets go of when their holder is killed."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.errors import Busy

log = logging.getLogger(__name__)


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file; ``what`` says in a message what its holder does.

    Raises:
        Busy: another process holds it.
    """
    with _opened(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                f"Another {what} is running here (process {_holder(descriptor)}, {path}). "
                "Wait for it to end, then run this one again."
            ) from error
        _sign(descriptor)
        yield


@contextmanager
def in_turn(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file, and wait for whoever holds it now; ``what`` it does is told then."""
    with _opened(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("Waiting for process %s, which %s (%s).", _holder(descriptor), what, path)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sign(descriptor)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened without truncating: the number inside is that of whoever holds it now.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
