"""How long and how much one connection may take, and all of them together."""

import resource
from dataclasses import dataclass, replace
from typing import Self

FILES_EACH = 3  # a connection's socket, and temporary files for its request and its response
OTHER_FILES = 256  # databases, index, logs
MAX_CONNECTIONS = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server process. Times are in seconds, sizes in bytes.

    Attributes:
        connections: open connections.
        per_address: open connections of one client address; None: unlimited, as behind a proxy.
        header_seconds: from a request's first byte, or from the connection's, to its headers' end.
        idle_seconds: between two requests of a connection.
        body_seconds: for a request's body, plus its length at `body_rate`.
        body_rate: bytes of a body that count as one more second.
        stall_seconds: without any progress of a body or a response.
        response_seconds: for the client to take a whole response.
        body_bytes: the largest body; larger ones are refused with 413.
        all_bodies: bytes of all bodies that are being received.
    """

    connections: int = MAX_CONNECTIONS
    per_address: int | None = 64
    header_seconds: float = 10
    idle_seconds: float = 75
    body_seconds: float = 30
    body_rate: float = 20_000
    stall_seconds: float = 20
    response_seconds: float = 300
    body_bytes: int = 12_000_000
    all_bodies: int = 250_000_000

    def within(self, connections: int) -> Self:
        """These limits with at most so many connections."""
        return replace(self, connections=min(self.connections, connections))


def possible_connections() -> int:
    """Connections for which this process may open enough files, at most `MAX_CONNECTIONS`.

    Raises the process's limit of open files as far as it may.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(16, min(MAX_CONNECTIONS, (hard - OTHER_FILES) // FILES_EACH))
