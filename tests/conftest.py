"""Fixtures for tests of all packages. Each test has its own home."""

import csv
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

# Tests that use a database run on both kinds.
pytest_plugins = ["tests.databases", "tests.object_store", "tests.fuzz.summary"]

# The same examples in every run, so that a failure is due to a change; search further with
# `pytest --hypothesis-profile explore`.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--soak``: many more rounds of the tests that inject faults."""
    parser.addoption(
        "--soak",
        action="store_true",
        help="more rounds of tests that use `rounds`, and tests marked `soak`",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips tests marked `soak` without the option."""
    if not config.getoption("--soak"):
        for item in items:
            if item.get_closest_marker("soak"):
                item.add_marker(pytest.mark.skip(reason="takes minutes; run with --soak"))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Names a case of bytes by its number: compressed ones hold the time at which they were made.

    Processes that run tests in parallel must agree on the names.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """The number of rounds: ``rounds(usual, in_a_soak)``."""
    soak = bool(request.config.getoption("--soak"))
    return lambda usual, in_a_soak: in_a_soak if soak else usual


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuses connections to other machines."""
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            host = str(address[0])
            loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
            assert loopback, f"a test tried to reach {host}"
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", only_here)
    yield
    patch.undo()


# Tests have many tiny encoders, each made for one of them: converting them would take longer than
# the tests. Those of the runtime ask for it.
RUNTIME = "LOOKALIKE_RUNTIME"


@pytest.fixture(autouse=True, scope="session")
def torch_encodes() -> Iterator[None]:
    """Photos are encoded by torch, in the processes that tests start too."""
    patch = pytest.MonkeyPatch()
    patch.setenv(RUNTIME, "torch")
    yield
    patch.undo()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, set as LOOKALIKE_HOME; no other setting is inherited."""
    for name in [name for name in os.environ if name.startswith("LOOKALIKE_")]:
        if name != RUNTIME:
            monkeypatch.delenv(name)
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("LOOKALIKE_HOME", str(path))
    return path


@pytest.fixture
def make_photo() -> Callable[..., Path]:
    """Writes a photo of one colour, or of four in its quadrants; returns its path."""

    def make(
        path: Path,
        colour: str | Sequence[str] = "red",
        size: tuple[int, int] = (32, 40),
        **save_options: object,
    ) -> Path:
        image = Image.new("RGB", size, colour if isinstance(colour, str) else colour[0])
        if not isinstance(colour, str):
            width, height = size[0] // 2, size[1] // 2
            for index, part in enumerate(colour):
                corner = (index % 2 * width, index // 2 * height)
                image.paste(Image.new("RGB", (width, height), part), corner)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **save_options)
        return path

    return make


@pytest.fixture
def write_csv() -> Callable[[Path, Sequence[Mapping[str, object]]], Path]:
    """Writes rows to a CSV file whose header is the keys of the first row."""

    def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write
