"""Milvus for the tests: the small one of the package milvus-lite, and the real one in a soak.

Both end with the tests. The small one ignores how many candidates a search looks at, so its recall
says nothing; it scores all rows here. The real one is the package milvus, a single server of
version 2.3; a cluster cannot be started here.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from engine.errors import StoreError
from engine.index.stores.milvus_session import MilvusServer
from tests.postgres import GUARD

START_SECONDS = 60.0
FOLDER = "lookalike-milvus-"
REAL_PORT = 19530
ENDING = GUARD.replace("kill -INT", "kill -TERM")  # a Python program in the background ignores INT
PROGRAMS = Path(sys.executable).parent


@contextmanager
def small(port: int = 0, data: Path | None = None) -> Iterator[str]:
    """Starts milvus-lite; its address.

    Args:
        port: 0: one that is free.
        data: a folder that is kept; None: one that ends with it.
    """
    if importlib.util.find_spec("milvus_lite") is None:
        pytest.skip("the package milvus-lite is not installed")
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix=FOLDER)
    command = [PROGRAMS / "milvus-lite", "server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        ["bash", "-c", ENDING, "bash", *command, "--data-dir", data or f"{folder}/data"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"SCRATCH": folder},
    )
    try:
        wait_for(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        assert process.stdin is not None
        process.stdin.close()  # which ends it
        process.wait(20)


@contextmanager
def real() -> Iterator[str]:
    """Starts the server of the package milvus; its address. Its ports are fixed: one at a time."""
    if importlib.util.find_spec("milvus") is None:
        pytest.skip("the package milvus is not installed")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", REAL_PORT)) == 0:
            raise RuntimeError(f"another Milvus, or program, is at port {REAL_PORT}: end it first")
    with socket.socket() as probe:  # such as one that outlived a killed program
        if probe.connect_ex(("127.0.0.1", REAL_PORT)) == 0:
            raise RuntimeError(f"a server runs at port {REAL_PORT} already: end it first")
    folder = tempfile.mkdtemp(prefix=FOLDER)
    process = subprocess.Popen(
        [PROGRAMS / "milvus-server", "--data", f"{folder}/data"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(process, REAL_PORT)
        address = f"http://127.0.0.1:{REAL_PORT}"
        end = time.monotonic() + START_SECONDS
        while not answers(address) and time.monotonic() < end:
            time.sleep(0.5)
        yield address
    finally:
        # The server outlives the program that started it.
        ending = [*psutil.Process(process.pid).children(recursive=True), process]
        for one in ending:
            one.terminate()
        for one in ending:
            try:
                one.wait(10)
            except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                one.kill()
                one.wait()
        shutil.rmtree(folder, ignore_errors=True)


def answers(address: str) -> bool:
    """Whether a server is ready."""
    try:
        with MilvusServer(address, "", "").client() as client:
            client.list_collections()
    except StoreError:
        return False
    return True


def wait_for(process: subprocess.Popen, port: int) -> None:
    """Waits until something answers at a port."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"no Milvus answers at port {port}")
