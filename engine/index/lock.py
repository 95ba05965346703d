"""The lock that allows one reindex at a time in a home."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from catalog import errors, lock
from engine.errors import Busy

LOCK = "LOCK"  # of an index folder


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold an index folder's lock file.

    Raises:
        Busy: another process holds it.
    """
    with ExitStack() as held:
        try:
            held.enter_context(lock.exclusive_lock(path, "reindex"))
        except errors.Busy as error:
            raise Busy(str(error)) from error
        yield
