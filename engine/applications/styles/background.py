"""Finds styles again in a process of its own, so that whoever publishes goes on."""

import multiprocessing
import os
from multiprocessing.connection import Connection

from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.text import counted
from engine.applications.styles.keeping import regroup
from engine.errors import EngineError, StylesFailed
from engine.settings import EngineSettings

NICE = 10  # what publishes and answers goes first


class Regrouping:
    """One search for styles at a time. Used by one thread.

    Args:
        settings, caps: of the home.
    """

    def __init__(self, settings: EngineSettings, caps: CatalogSettings) -> None:
        self._settings, self._caps = settings, caps
        self._process: multiprocessing.process.BaseProcess | None = None
        self._answer: Connection | None = None

    @property
    def running(self) -> bool:
        """Whether one was started whose end `finish` has not told yet."""
        return self._process is not None

    def start(self) -> None:
        """Start a search; the process ends with this one."""
        spawning = multiprocessing.get_context("spawn")
        self._answer, other = spawning.Pipe(duplex=False)
        self._process = spawning.Process(
            target=find_again, args=(self._settings, self._caps, other), daemon=True
        )
        self._process.start()
        other.close()

    def finish(self, *, wait: bool = False) -> str | None:
        """What the search found, in a few words; None while it goes on.

        Raises:
            StylesFailed: it failed. The old styles stay.
        """
        assert self._process is not None and self._answer is not None
        if not wait and not self._answer.poll():
            return None
        try:
            ok, text = self._answer.recv()
        except EOFError:
            self._process.join()
            ok, text = False, f"its process ended with status {self._process.exitcode}"
        self.close()
        if not ok:
            raise StylesFailed(f"Styles could not be found again, and the old ones stay: {text}")
        return str(text)

    def close(self) -> None:
        """End the search, if one goes on."""
        if self._process is None or self._answer is None:
            return
        self._process.terminate()
        self._process.join()
        self._process.close()
        self._answer.close()
        self._process = self._answer = None


def find_again(settings: EngineSettings, caps: CatalogSettings, answer: Connection) -> None:
    """Find the styles of a home and send what came of it: whether it succeeded, and a text."""
    os.nice(NICE)
    try:
        with Database.open(caps) as database:
            styles, before = regroup(settings, Catalogue(database))
    except (CatalogError, EngineError, OSError) as error:
        answer.send((False, " ".join(str(error).split())))
        return
    kept = sum(before.find(one.number) is not None for one in styles.listed) if before else 0
    answer.send((True, f"found again: {counted(len(styles), 'style')}, {kept:,} of them as before"))
