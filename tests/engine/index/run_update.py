"""Publishes a delta in a process that dies by SIGKILL. It forks from one that has imported all."""

import multiprocessing
import os
import signal
from pathlib import Path

from catalog import files
from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index import generation
from engine.index.update import Updater
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.environment import in_environment
from tests.waiting import LONG

CONTEXT = multiprocessing.get_context("forkserver")
sync = files.sync


def killed_at(home: Path, step: int) -> int:
    """Publishes a delta and dies instead of the sync with this number; the exit code."""
    CONTEXT.set_forkserver_preload([__name__])
    process = CONTEXT.Process(target=in_environment, args=(dict(os.environ), _publish, home, step))
    process.start()
    process.join(LONG)
    assert process.exitcode is not None
    return process.exitcode


def _publish(home: Path, step: int) -> None:
    left = step

    def deadly(path: Path) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(path)

    generation.sync = files.sync = deadly
    settings = EngineSettings(home=home, workers=1, trees=10)
    caps = CatalogSettings(home=home)
    with Database.open(caps) as db:
        Updater(Catalogue(db), FakeEncoder, settings, caps).update()
