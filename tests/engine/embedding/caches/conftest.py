"""Places for caches: a SQLite file, a folder of Parquet, and a bucket of a local server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.embedding.caches.cache import VectorCache
from engine.embedding.caches.choose import open_cache
from engine.settings import EngineSettings


@pytest.fixture(params=["sqlite", "folder", "s3"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], VectorCache]:
    """Opens the same cache as often as it is called."""
    place = {"sqlite": "", "folder": str(tmp_path / "shared" / "vectors")}.get(request.param)
    if place is None:
        place = request.getfixturevalue("bucket").replace("s3://", "s3://anybody:anything@")
    settings = EngineSettings(home=tmp_path / "home", vector_cache=place)
    return lambda: open_cache(settings)
