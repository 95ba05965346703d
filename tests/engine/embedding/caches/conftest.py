"""Places for caches: a SQLite file, a folder of Parquet, and a bucket of a local server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.embedding.caches.cache import VectorCache
from engine.embedding.caches.choose import open_cache
from engine.settings import EngineSettings

BUCKET = "vectors"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an empty bucket, without a path."""
    pytest.importorskip("moto.server", reason="moto and flask-cors are not installed")
    from moto.server import ThreadedMotoServer
    from pyarrow.fs import FileSystem

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    query = f"endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    store, _ = FileSystem.from_uri(f"s3://key:secret@{BUCKET}?{query}&allow_bucket_creation=true")
    store.create_dir(BUCKET)
    yield f"s3://key:secret@{BUCKET}/{{path}}?{query}"
    server.stop()


@pytest.fixture(params=["sqlite", "folder", "s3"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], VectorCache]:
    """Opens the same cache as often as it is called."""
    place = {"sqlite": "", "folder": str(tmp_path / "shared" / "vectors")}.get(request.param)
    if place is None:
        place = request.getfixturevalue("s3").format(path=f"{tmp_path.name}/deep")
    settings = EngineSettings(home=tmp_path / "home", vector_cache=place)
    return lambda: open_cache(settings)
