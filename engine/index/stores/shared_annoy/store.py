"""Annoy in files, for several web servers: each home maps a copy of the generation that is shared.

The pointer is a row in the catalogue's PostgreSQL. A server sees it with its next request, copies
what is new while it goes on with what it has, and then answers from the copy. After the first, a
copy is made in a thread, as a large one takes a while, by one process of each home.
"""

import errno
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from catalog import errors
from catalog.lock import exclusive_lock, waiting_lock
from catalog.products.catalogue import Catalogue
from catalog.servers.index_pointer import IndexPointer, Published
from catalog.shared_files import SharedFiles
from engine.errors import (
    BrokenGeneration,
    Busy,
    EngineError,
    NoGeneration,
    StorageError,
    StoreError,
)
from engine.index.manifest import FILE, REBUILD
from engine.index.pointer import (
    CURRENT,
    Pointer,
    follow_pointer,
    is_followed,
    names_folders,
    write_pointer,
)
from engine.index.stores.annoy import AnnoyStore
from engine.index.stores.homes import check_publisher
from engine.index.stores.shared_annoy.copies import (
    COPYING,
    download,
    prune_shared,
    publisher,
    upload,
)
from engine.storage import storage_errors

log = logging.getLogger(__name__)

COPY_LOCK = "COPY_LOCK"  # of an index folder
KEPT = 2  # generations at least: a server may still be copying the last one
PAUSE = 5.0  # seconds until a copy that failed is tried again
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
NEXT_STEP = "Free some space: the next request or command copies it."


class SharedAnnoyStore(AnnoyStore):
    """See `engine.index.stores.store.VectorStore`.

    Args:
        shared: where generations are kept.
        catalogue: in whose database the pointer is.
    """

    def __init__(self, shared: SharedFiles, catalogue: Catalogue) -> None:
        self._shared = shared
        self._pointer = IndexPointer(catalogue.db)
        self._lock = threading.Lock()
        self._followed = False  # whether a first copy was made or found
        self._copying: threading.Thread | None = None
        self._next_try = 0.0

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of all homes.

        Raises:
            Busy: another process holds it.
        """
        with ExitStack() as held:
            try:
                with self._errors():
                    held.enter_context(self._pointer.exclusive())
            except errors.Busy as error:
                raise Busy(str(error)) from error
            yield

    def check_home(self, index_dir: Path, encoder: str, fingerprint: str) -> None:
        """Check that a home may replace what is published: not another encoder's of another home.

        Raises:
            SettingsError: it may not.
        """
        with self._errors():
            live = self._pointer.live()
            known = live is not None and names_folders(Pointer(live.generation, live.delta))
            found = publisher(self._shared, live.generation) if live and known else None
        instead = "leave LOOKALIKE_SHARED_INDEX out of this home's settings"
        check_publisher(found, index_dir, encoder, fingerprint, instead)

    def publish(self, index_dir: Path, to: Pointer) -> None:
        """Copy a generation and its delta to the shared files, and move the pointer."""
        with self._errors():
            digest = upload(self._shared, index_dir / to.generation)
            delta = None if to.delta is None else upload(self._shared, index_dir / to.delta)
            self._pointer.move(Published(to.generation, digest, to.delta, delta))
        write_pointer(index_dir, to)

    def follow(self, index_dir: Path) -> None:
        """Copy what was published since to a home: at first at once, later in a thread.

        Raises:
            NoGeneration: another process makes the first copy.
            BrokenGeneration: what was published is damaged; a reindex replaces it.
            StoreError: the shared files, or the database, do not answer.
            StorageError: this home cannot be written.
        """
        with self._errors():
            live = self._pointer.live()
        if live is None or is_followed(index_dir, pointer_of(live)):
            self._followed = True
            return
        if self._pointer.is_held or not self._followed or not (index_dir / CURRENT).exists():
            self._copy(index_dir, wait=self._pointer.is_held)
            self._followed = True
            return
        with self._lock:
            running = self._copying is not None and self._copying.is_alive()
            if running or time.monotonic() < self._next_try:
                return
            self._next_try = time.monotonic() + PAUSE
            self._copying = threading.Thread(
                target=self._copy_later, args=(index_dir,), name="index copy", daemon=True
            )
            self._copying.start()

    def prune(self, keep: int) -> None:
        """Remove all but the generations published last from the shared files."""
        with self._errors():
            live = self._pointer.live()
            if live is not None:
                names = self._pointer.published()[-max(keep, KEPT) :]
                prune_shared(self._shared, names, live.delta)

    def _copy_later(self, index_dir: Path) -> None:
        try:
            self._copy(index_dir, wait=False)
        except (EngineError, OSError) as error:
            log.error("The published index is not copied yet. %s", error)
        else:
            self._next_try = 0.0

    def _copy(self, index_dir: Path, wait: bool) -> None:
        """Make the home's pointer and folders those that are live, by one process at a time."""
        hold = waiting_lock if wait else exclusive_lock
        with storage_errors(index_dir, "The copy of the index", NEXT_STEP):
            index_dir.mkdir(parents=True, exist_ok=True)
        try:
            with hold(index_dir / COPY_LOCK, "copies the index"):
                self._copy_held(index_dir)
        except errors.Busy as error:
            if not (index_dir / CURRENT).exists():
                raise NoGeneration(
                    f"The index is being copied from {self._shared.address} to {index_dir}. Try "
                    "again in a moment."
                ) from error

    def _copy_held(self, index_dir: Path) -> None:
        for left in index_dir.glob(f"{COPYING}*"):  # of a killed process
            shutil.rmtree(left, ignore_errors=True)
        with self._errors(index_dir):
            live = self._pointer.live()
            if live is None or is_followed(index_dir, to := pointer_of(live)):
                return
            digests = (live.generation_digest, live.delta_digest or "")
            for name, digest in zip(to, digests, strict=True):
                if name and not (index_dir / name / FILE).exists():
                    download(self._shared, index_dir, name, digest)
        with storage_errors(index_dir, "The copy of the index", NEXT_STEP):
            follow_pointer(index_dir, to)

    @contextmanager
    def _errors(self, copying_to: Path | None = None) -> Iterator[None]:
        try:
            yield
        except (OSError, errors.DatabaseError) as error:
            reason = " ".join(str(error).split())
            if copying_to is not None and getattr(error, "errno", None) in FULL:
                raise StorageError(
                    f"The copy of the index cannot be written to {copying_to}: {reason}. "
                    f"{NEXT_STEP}"
                ) from error
            raise StoreError(
                f"The index in {self._shared.address} (LOOKALIKE_SHARED_INDEX) cannot be used: "
                f"{reason}. Check that the folder or store and the database can be reached."
            ) from error


def pointer_of(live: Published) -> Pointer:
    """The folders of what is live.

    Raises:
        BrokenGeneration: a name is none of a generation or a delta.
    """
    pointer = Pointer(live.generation, live.delta)
    if not names_folders(pointer):
        raise BrokenGeneration(f"The pointer to the shared index has no valid name. {REBUILD}")
    return pointer
