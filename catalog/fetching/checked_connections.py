"""Connections to checked IP addresses only, with one deadline for all steps of a request."""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2

from catalog.errors import FetchError
from catalog.fetching.addresses import SafeResolver


class Deadline:
    """The time left for the request of the current thread.

    A socket's timeout holds for one call, and a slow server can make thousands of calls necessary;
    this limits all of them together.
    """

    def __init__(self) -> None:
        self._thread = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limits what happens inside to ``seconds``, all together."""
        self._thread.end = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._thread.end

    def remaining(self, timeout: float | None, error: type[Exception]) -> float:
        """The smaller of a timeout and the time left, in seconds.

        Raises:
            error: no time is left.
        """
        left: float = self._thread.end - time.monotonic()
        if left <= 0:
            raise error("the time limit of the request is reached")
        return left if timeout is None else min(left, timeout)


class CheckedBackend(httpcore2.NetworkBackend):
    """Resolves a host once, checks all of its IP addresses, and connects to one of these.

    The certificate is still checked against the host's name, which TLS is started with.
    """

    def __init__(self, resolver: SafeResolver, deadline: Deadline) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._system = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """See `httpcore2.NetworkBackend`."""
        addresses = self._resolver.resolve(host, port)
        for number, address in enumerate(addresses, 1):
            try:
                stream = self._system.connect_tcp(
                    address,
                    port,
                    self._deadline.remaining(timeout, httpcore2.ConnectTimeout),
                    local_address,
                    socket_options,
                )
                return _TimedStream(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise AssertionError("a resolved host has addresses")


class _TimedStream(httpcore2.NetworkStream):
    """A stream none of whose calls outlasts the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(
            max_bytes, self._deadline.remaining(timeout, httpcore2.ReadTimeout)
        )

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.remaining(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.remaining(timeout, httpcore2.ConnectTimeout)
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise FetchError(
                    "tls", f"{server_hostname} has no valid certificate: {error.__cause__}."
                ) from error
            raise
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
