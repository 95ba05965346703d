"""Connections to checked addresses only, none of whose steps outlasts the time of its request."""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2

from catalog.errors import FetchError
from catalog.fetching.addresses import Guard


class Clock:
    """The time that is left for the request of this thread; a server that drips cannot stretch it.

    A timeout of a socket holds for one call, and a slow server may need thousands.
    """

    def __init__(self) -> None:
        self._of = threading.local()

    @contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """Give what happens inside so many seconds, all together."""
        self._of.end = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._of.end

    def left(self, wanted: float | None, error: type[Exception]) -> float:
        """The smaller of a timeout and what is left.

        Raises:
            error: nothing is left.
        """
        left: float = self._of.end - time.monotonic()
        if left <= 0:
            raise error("the time for it is up")
        return left if wanted is None else min(left, wanted)


class CheckedBackend(httpcore2.NetworkBackend):
    """Looks a host up once, checks every address that it has, and connects to one of these.

    The certificate is checked against the host's name, since TLS starts on the name.
    """

    def __init__(self, guard: Guard, clock: Clock) -> None:
        self._guard = guard
        self._clock = clock
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
        checked = self._guard.checked(host, port)
        for number, address in enumerate(checked, 1):
            try:
                stream = self._system.connect_tcp(
                    address,
                    port,
                    self._clock.left(timeout, httpcore2.ConnectTimeout),
                    local_address,
                    socket_options,
                )
                return _TimedStream(stream, self._clock)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(checked):
                    raise
        raise AssertionError("a checked host has addresses")


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._clock.left(timeout, httpcore2.ConnectTimeout)
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise FetchError(
                    "tls", f"{server_hostname} has no valid certificate: {error.__cause__}."
                ) from error
            raise
        return _TimedStream(stream, self._clock)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore2 has it
        return self._stream.get_extra_info(info)
