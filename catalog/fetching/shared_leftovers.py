"""Removes shared photos that no product has any more: moved aside first, deleted days later.

Whoever keeps a photo leaves it as it is where it is there already, and its product comes into the
catalogue afterwards. So a photo without a product may be one that is being ingested, on whatever
server. It is moved aside, where it is found as before, and deleted only `DAYS` after that; if a
product has it by then, it is moved back. Ages are by the clock of the folder or store.
"""

import hashlib
import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from catalog.database.database import Database
from catalog.database.models import StateRow
from catalog.fetching.download_status import known_hashes
from catalog.photos.shared_photos import CATALOGUES, FOLDER, REMOVED, SharedPhotos, key_of
from catalog.settings import CatalogSettings
from catalog.shared_files import SharedFile

DAY = 86_400.0
DAYS = 7  # for which a photo is kept aside
YOUNG, KEPT = DAY, DAYS * DAY  # seconds: a younger photo stays, one aside is kept so long
LEAST = 100  # fewer photos than that may always be moved aside
ROUND = 50_000  # photos that are looked up before any is moved, at least those of one folder
NAME = re.compile("[0-9a-f]{64}")
FOLDERS = [f"{number:02x}" for number in range(256)]
TOO_MANY = "they stay: is this the right catalogue? `lookalike tidy` removes them"


@dataclass(frozen=True, slots=True)
class SharedLeftovers:
    """Photos without a product: those to be moved aside, and those that were ``DAYS`` ago.

    ``note`` says why they stay; empty if they may go.
    """

    aside: int = 0
    aside_bytes: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Folder:
    """What is in one of the `FOLDERS`: how many photos, and what becomes of which."""

    name: str
    count: int
    aside: tuple[SharedFile, ...]
    back: tuple[SharedFile, ...]
    deleted: tuple[SharedFile, ...]


def claim_shared(db: Database, settings: CatalogSettings) -> None:
    """Leave the name of a catalogue where it keeps shared photos, if the settings name a place.

    Raises:
        CatalogError: the folder or store cannot be used.
    """
    shared = SharedPhotos.of(settings)
    if shared is not None:
        with db.read() as connection:
            shared.claim(name_of(connection))


def name_of(connection: Connection) -> str:
    """What tells a catalogue from others, also from a copy of it in another database."""
    parts = [connection.scalar(select(StateRow.instance))]
    if connection.dialect.name == "postgresql":
        which = "SELECT system_identifier, current_database() FROM pg_control_system()"
        parts += connection.exec_driver_sql(which).one()
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()[:24]


def remove_leftovers(
    db: Database,
    shared: SharedPhotos,
    *,
    remove: bool,
    most_share: float = 1.0,
    seconds: float | None = None,
) -> SharedLeftovers:
    """Find shared photos that no product has, retired ones included, and remove them.

    A run that was killed is continued by the next one.

    Args:
        db: the catalogue.
        shared: the photos.
        remove: False only finds them.
        most_share: where more than this share of a round, and more than `LEAST`, would be moved
            aside, nothing is: the catalogue may be a wrong or an empty one.
        seconds: after which the rest is left for the next run, as are further rounds; None: all is
            looked through.

    Raises:
        CatalogError: the folder or store cannot be used.
        DatabaseError: the catalogue cannot be read.
    """
    until = None if seconds is None else time.monotonic() + seconds
    try:
        return _Run(db, shared, remove, most_share, until).run()
    except OSError as error:
        raise shared.error("tidied", error) from error


class _Run:
    """See `remove_leftovers`."""

    def __init__(
        self,
        db: Database,
        shared: SharedPhotos,
        remove: bool,
        most_share: float,
        until: float | None,
    ) -> None:
        self._db, self._shared, self._files = db, shared, shared.files
        self._remove, self._most_share, self._until = remove, most_share, until
        with db.read() as connection:
            self._name = name_of(connection)
        self._now = 0.0
        self._there: dict[str, set[str]] = {}  # the folders that there are

    def run(self) -> SharedLeftovers:
        """Go through the folders, all or a round of them."""
        first = self._begin()
        self._there = {folder: set(self._files.names(folder)) for folder in (FOLDER, REMOVED)}
        if others := [one for one in self._files.names(CATALOGUES) if one != self._name]:
            return SharedLeftovers(
                note="not looked through: another catalogue keeps photos there too. If it is gone, "
                f"delete {self._files.address}/{CATALOGUES}/{others[0]}"
            )
        start = FOLDERS.index(first) if self._until is not None and first in FOLDERS else 0
        waiting = FOLDERS[start:] + FOLDERS[:start]
        total = SharedLeftovers()
        while waiting:
            found = list(self._round(waiting))
            waiting = waiting[len(found) :]
            total = self._finish(found, total)
            if self._until is not None:
                if self._remove and not self._late() and not total.note:
                    self._keep(waiting[0] if waiting else FOLDERS[0])
                break
        return total

    def _begin(self) -> str:
        """The folder that the last run ended before; the clock of the place is read too."""
        place = f"{CATALOGUES}/{self._name}"
        first = ""
        if self._files.size(place):
            first = self._read(place)
        self._keep(first)
        self._now = next(
            one.modified for one in self._files.files(CATALOGUES) if one.name == self._name
        )
        return first

    def _read(self, place: str) -> str:
        stream = io.BytesIO()
        self._files.read_into(place, stream, 100)
        return stream.getvalue().decode(errors="replace")

    def _keep(self, first: str) -> None:
        self._files.write(f"{CATALOGUES}/{self._name}", first.encode())

    def _round(self, folders: list[str]) -> Iterator[_Folder]:
        seen = 0
        for name in folders:
            if seen >= ROUND:
                return
            found = self._look(name)
            seen += found.count
            yield found

    def _look(self, name: str) -> _Folder:
        here, gone = (self._photos(folder, name) for folder in (FOLDER, REMOVED))
        with self._db.read() as connection:
            known = known_hashes(connection, {one.name for one in (*here, *gone)})
        return _Folder(
            name,
            len(here),
            tuple(o for o in here if o.name not in known and o.modified < self._now - YOUNG),
            tuple(o for o in gone if o.name in known),
            tuple(o for o in gone if o.name not in known and o.modified < self._now - KEPT),
        )

    def _photos(self, folder: str, name: str) -> list[SharedFile]:
        if name not in self._there[folder]:
            return []
        found = self._files.files(f"{folder}/{name}")
        return [one for one in found if NAME.fullmatch(one.name)]

    def _finish(self, found: list[_Folder], total: SharedLeftovers) -> SharedLeftovers:
        """Remove what a round found, and add it to the total."""
        aside = [one for folder in found for one in folder.aside]
        deleted = [one for folder in found for one in folder.deleted]
        here = sum(folder.count for folder in found)
        note = ""
        if len(aside) > max(LEAST, self._most_share * here):
            note = TOO_MANY
        if self._remove:
            back = [one for folder in found for one in folder.back]
            self._each(back, lambda name: self._files.move(key_of(name, REMOVED), key_of(name)))
            if not note:
                deleted = self._each(
                    deleted, lambda name: self._files.remove(key_of(name, REMOVED))
                )
                aside = self._each(
                    aside, lambda name: self._files.move(key_of(name), key_of(name, REMOVED))
                )
        return replace(
            total,
            aside=total.aside + len(aside),
            aside_bytes=total.aside_bytes + sum(one.size for one in aside),
            deleted=total.deleted + len(deleted),
            deleted_bytes=total.deleted_bytes + sum(one.size for one in deleted),
            note=note or total.note,
        )

    def _each(self, photos: list[SharedFile], do: Callable[[str], None]) -> list[SharedFile]:
        """Do something with photos while there is time; those that it was done with."""
        done = []
        for one in photos:
            if self._late():
                break
            do(one.name)
            done.append(one)
        return done

    def _late(self) -> bool:
        return self._until is not None and time.monotonic() > self._until
