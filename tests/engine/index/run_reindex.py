"""Reindexes a home with the fake encoder in a process that forks from one that has imported all."""

import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index.reindex import reindex
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.environment import in_environment

CONTEXT = multiprocessing.get_context("forkserver")


class SlowEncoder(FakeEncoder):
    """Takes its time, so that a kill can hit any step of a run."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        time.sleep(0.01)
        return super().encode_pixels(pixels)


def start(home: Path, version: int) -> BaseProcess:
    """A process that has just come to its first step."""
    CONTEXT.set_forkserver_preload([__name__])
    ours, its = CONTEXT.Pipe(duplex=False)
    given = (dict(os.environ), _reindex, home, version, its)
    process = CONTEXT.Process(target=in_environment, args=given)
    process.start()
    its.close()
    assert ours.recv() == "started"
    ours.close()
    return process


def _reindex(home: Path, version: int, told: Connection) -> None:
    settings = EngineSettings(home=home, workers=1, trees=10, batch_size=4)
    caps = CatalogSettings(home=home)
    with Database.open(caps) as db:
        told.send("started")
        reindex(Catalogue(db), SlowEncoder(version), settings, caps=caps)
