"""Homes of small shops, and commands that run on them in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.databases import Databases, named
from tests.losses.state import State, state_of
from tests.waiting import LONG

Ended = dict[str, Any]  # see `tests.losses.zygote`


class Runner:
    """Runs commands in processes that start fast; see `tests.losses.zygote`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, command: str, given: dict[str, Any], **how: object) -> Ended:
        """Runs a command; kills it ``at_step`` or ``after`` a number of seconds, if given."""
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"command": command, "given": given, **how}
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def running() -> Iterator[Runner]:
    """A runner without LOOKALIKE settings in its environment."""
    kept = {name: value for name, value in os.environ.items() if "LOOKALIKE_" not in name}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.losses.zygote"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A fork does not copy threads, so there must be none.
        env=kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        try:
            yield Runner(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(LONG)


@dataclass(frozen=True)
class Home:
    """A home folder and its database."""

    path: Path
    address: str
    runner: Runner

    def state(self) -> State:
        """The state of the home, after checks of its consistency."""
        return state_of(self.path, self.address)

    def run(self, command: str, given: dict[str, Any] | None = None, **how: object) -> Ended:
        """Runs a command on the home; it may fail."""
        given = (given or {}) | {"home": str(self.path)}
        return self.runner.run(command, given, environment=named(self.address), **how)

    def do(self, command: str, **given: object) -> dict[str, Any]:
        """Runs a command that must succeed; returns its result."""
        ended = self.run(command, given)
        assert "result" in ended, ended
        return ended["result"]


class Homes:
    """Creates and removes homes with databases of one kind."""

    def __init__(self, folder: Path, databases: Databases, runner: Runner) -> None:
        self._folder = folder
        self._databases = databases
        self._runner = runner
        self._made: list[Home] = []

    def new(self, path: Path | None = None) -> Home:
        """Creates an empty home, at a path if given."""
        path = path or self._folder / f"home{len(self._made)}"
        path.mkdir()
        return self._remember(Home(path, self._databases.new(path), self._runner))

    def copy(self, home: Home, path: Path | None = None) -> Home:
        """Creates a copy of a home that is not open."""
        path = path or self._folder / f"home{len(self._made)}"
        shutil.copytree(home.path, path, ignore=shutil.ignore_patterns("catalog.db*"))
        return self._remember(Home(path, self._databases.copy(home.address, path), self._runner))

    def remove(self, home: Home) -> None:
        """Removes a home."""
        self._databases.drop(home.address)
        shutil.rmtree(home.path)
        self._made.remove(home)

    def close(self) -> None:
        """Drops the databases; the files are removed with the test's folder."""
        for home in self._made:
            self._databases.drop(home.address)

    def _remember(self, home: Home) -> Home:
        self._made.append(home)
        return home
