"""Publish a delta and die by SIGKILL at the N-th time that something is synced: HOME N."""

import os
import signal
import sys
from pathlib import Path

from catalog import files
from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index import generation
from engine.index.update import Updater
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder

sync = files.sync
left = int(sys.argv[2])


def deadly(path: Path) -> None:
    """Count, and die instead of the last one."""
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)


def main(home: str) -> None:
    settings = EngineSettings(home=home, workers=1, trees=10)
    caps = CatalogSettings(home=home)
    generation.sync = files.sync = deadly
    with Database.open(caps) as db:
        Updater(Catalogue(db), FakeEncoder, settings, caps).update()


if __name__ == "__main__":
    main(sys.argv[1])
