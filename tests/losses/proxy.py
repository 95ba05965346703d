"""nginx and Caddy with the configurations of `web/deploy`, in front of a server."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import LONG, free_port, wait_until

FOLDER = Path(__file__).parents[2] / "web" / "deploy"
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
PACKAGES = {"nginx": "nginx-light", "caddy": "caddy"}  # of Debian
BUFFERS = re.compile(r"^(\s*)# (re(?:quest|sponse)_buffers )", re.MULTILINE)


@contextmanager
def proxied(
    address: tuple[str, int], folder: Path, proxy: str = "nginx"
) -> Iterator[tuple[str, int]]:
    """Runs a proxy in front of a server; yields its address. See `skip_without`.

    Args:
        address: that of the server.
        folder: a new folder for the proxy's files.
        proxy: nginx, caddy, or caddy-buffers: with the buffers that the file has as comments.
    """
    folder.mkdir()
    front = ("127.0.0.1", free_port())
    command = {"nginx": nginx, "caddy": caddy, "caddy-buffers": buffering_caddy}[proxy](
        address, front, folder
    )
    paths = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(
        command, env=os.environ | paths, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_until(lambda: listens(front, process), "the proxy does not listen")
            yield front
        finally:
            process.terminate()
            process.communicate(timeout=LONG)


def nginx(address: tuple[str, int], front: tuple[str, int], folder: Path) -> list[str]:
    """The command that runs nginx."""
    program = found("nginx")
    site = folder / "lookalike.conf"
    site.write_text(
        replaced(
            "nginx.conf",
            ("listen 80;", f"listen {front[0]}:{front[1]};"),
            ("server 127.0.0.1:8000;", f"server {address[0]}:{address[1]};"),
        )
    )
    paths = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.getuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user=user, paths=paths, site=site))
    return [program, "-e", str(folder / "error.log"), "-c", str(main), "-p", str(folder)]


def caddy(address: tuple[str, int], front: tuple[str, int], folder: Path) -> list[str]:
    """The command that runs Caddy, without a certificate."""
    program = found("caddy")
    site = folder / "Caddyfile"
    site.write_text(
        replaced(
            "Caddyfile",
            ("shop.example {", f"http://{front[0]}:{front[1]}, http://shop.example:{front[1]} {{"),
            ("reverse_proxy 127.0.0.1:8000", f"reverse_proxy {address[0]}:{address[1]}"),
            ("\tservers {", "\tadmin off\n\tservers {"),
        )
    )
    return [program, "run", "--config", str(site), "--adapter", "caddyfile"]


def buffering_caddy(address: tuple[str, int], front: tuple[str, int], folder: Path) -> list[str]:
    """The same with the buffers that the file has as comments."""
    command = caddy(address, front, folder)
    site = folder / "Caddyfile"
    text, count = BUFFERS.subn(r"\1\2", site.read_text())
    assert count == 2
    site.write_text(text)
    return command


def skip_without(proxy: str) -> None:
    """Skips the test where a proxy is not installed, or too old for buffers."""
    program = found(proxy.removesuffix("-buffers"))
    if proxy in PACKAGES:
        return
    version = subprocess.run([program, "version"], capture_output=True, text=True).stdout
    if [int(part) for part in re.findall(r"\d+", version)[:2]] < [2, 7]:
        pytest.skip(f"Caddy {version.strip()} has no request_buffers, which came with 2.7")


def found(program: str) -> str:
    """Where a program is; skips the test where it is not installed."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if path is None:
        pytest.skip(f"{program} is not installed: apt install {PACKAGES[program]}")
    return path


def replaced(name: str, *changes: tuple[str, str]) -> str:
    """A documented configuration with the addresses of a test."""
    text = (FOLDER / name).read_text()
    for known, own in changes:
        assert text.count(known) == 1, known
        text = text.replace(known, own)
    return text


def listens(address: tuple[str, int], process: subprocess.Popen) -> bool:
    """Whether the process listens there; an error if it has ended."""
    try:
        socket.create_connection(address, timeout=LONG).close()
    except ConnectionRefusedError:
        assert process.poll() is None, process.communicate()
        return False
    return True
