"""Waiting for what another thread or process does, and addresses that no other one gets."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

LONG = 300.0  # seconds that a test waits before it fails, on a busy machine, too
GIVEN_BY_KERNEL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def wait_until(true: Callable[[], object], what: str, seconds: float = LONG) -> None:
    """Polls until a condition is true; ``what`` is said if it never is."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.01)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on, for a program that cannot choose one itself.

    It is none of those that the kernel gives to others, so that nobody takes it in the meantime.
    """
    first = int(GIVEN_BY_KERNEL.read_text().split()[0])
    room = range(max(1024, first - 16_384), first)
    for number in range(len(room)):
        port = room[(os.getpid() * 7 + number) % len(room)]
        try:
            with closing(socket.create_server(("127.0.0.1", port))):
                return port
        except OSError:
            continue
    raise AssertionError("no port is free")
