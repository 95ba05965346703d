"""nginx with the configuration of `web/deploy`, in front of a server."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parents[2] / "web" / "deploy" / "nginx.conf"
# What an installation has in its own nginx.conf; all files are in the test's folder.
MAIN = """
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    {paths}
    include {site};
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def proxied(address: tuple[str, int], folder: Path) -> Iterator[tuple[str, int]]:
    """Runs nginx in front of a server; yields its address. Skips where it is not installed."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed: apt install nginx-light")
    folder.mkdir()
    front = ("127.0.0.1", free_port())
    text = CONFIGURATION.read_text()
    for known, own in (
        ("listen 80;", f"listen {front[0]}:{front[1]};"),
        ("server 127.0.0.1:8000;", f"server {address[0]}:{address[1]};"),
    ):
        assert text.count(known) == 1
        text = text.replace(known, own)
    site = folder / "lookalike.conf"
    site.write_text(text)
    paths = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.getuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user=user, paths=paths, site=site))
    command = [nginx, "-e", str(folder / "error.log"), "-c", str(main), "-p", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(front, process)
            yield front
        finally:
            process.terminate()
            process.communicate(timeout=60)


def free_port() -> int:
    """A port that nothing listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def wait_for(address: tuple[str, int], process: subprocess.Popen) -> None:
    """Waits until something listens."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(address, timeout=5).close()
        except ConnectionRefusedError:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        else:
            return
