"""An object store that speaks S3, in a thread of the tests."""

import urllib.request
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

NUMBERS = count()


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The host and port of an object store."""
    patch = pytest.MonkeyPatch()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "anybody"),
        ("AWS_SECRET_ACCESS_KEY", "anything"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        patch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()
    patch.undo()


@pytest.fixture
def bucket(s3: str) -> str:
    """The address of a folder in an empty bucket."""
    name = f"bucket{next(NUMBERS)}"
    request = urllib.request.Request(f"http://{s3}/{name}", method="PUT")
    urllib.request.urlopen(request).close()
    return f"s3://{name}/shop?endpoint_override={s3}&scheme=http&region=us-east-1"


@pytest.fixture(params=["folder", "s3"])
def shared_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of each kind of shared files."""
    if request.param == "s3":
        found: str = request.getfixturevalue("bucket")
        return found
    (tmp_path / "shared").mkdir()
    return str(tmp_path / "shared")
