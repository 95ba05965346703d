"""Homes for faults, and the process that runs commands on them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.losses.running import Homes, Runner, running

DISK = 6_000_000  # bytes
pytest.register_assert_rewrite("tests.losses.honest")


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    """Runs commands and kills them; started once, as that takes a second."""
    with running() as started:
        yield started


@pytest.fixture
def homes(tmp_path: Path, databases: Databases, runner: Runner) -> Iterator[Homes]:
    """Creates homes with each kind of database."""
    made = Homes(tmp_path, databases, runner)
    yield made
    made.close()


@pytest.fixture
def lite_homes(tmp_path: Path, runner: Runner) -> Iterator[Homes]:
    """Creates homes with SQLite, for tests that do not depend on the database."""
    made = Homes(tmp_path, Databases(None), runner)
    yield made
    made.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "lookalike-test", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {getattr(error, 'stderr', error)}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
