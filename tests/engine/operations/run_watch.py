"""Runs a watch in a process of its own, with the fake encoder; what it reports goes to a file."""

import multiprocessing
import os
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from catalog.settings import CatalogSettings
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.environment import in_environment

CONTEXT = multiprocessing.get_context("forkserver")


def start_watch(home: Path, source: Path, address: str, **settings: object) -> ForkServerProcess:
    """A process that watches a source, from a home that shares its index; see `said`."""
    CONTEXT.set_forkserver_preload([__name__])
    given = (dict(os.environ), _watch, home, source, address, settings)
    process = CONTEXT.Process(target=in_environment, args=given)
    process.start()
    return process


def said(home: Path) -> str:
    """What the watch of a home has reported."""
    try:
        return (home / "said").read_text()
    except FileNotFoundError:
        return ""


def _watch(home: Path, source: Path, address: str, given: dict[str, object]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    caps = CatalogSettings(home=home, database_url=address)
    settings = EngineSettings(home=home, workers=1, trees=10, min_recall=0, **given)

    def report(line: str) -> None:
        with (home / "said").open("a") as stream:
            stream.write(f"{line}\n")

    watch = Watch(
        Feed(str(source)), FakeEncoder, every=0.2, settings=settings, caps=caps, report=report
    )
    watch.run()
