"""An object store that speaks S3, in a thread of the tests."""

import urllib.request
from collections.abc import Iterator
from itertools import count

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
