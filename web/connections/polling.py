"""Waits for events on all sockets; a connection on which nothing happens costs nothing."""

import select

from waitress import wasyncore


class Polling:
    """Replaces waitress's loop, which asks every connection for its state in every round.

    A connection that waits to be read can only change by an event on its socket, or by `recheck`.
    So a round asks those which had an event, and those which wait for anything else.

    Attributes:
        map: file descriptor -> waitress's dispatcher.
    """

    def __init__(self) -> None:
        self.map: dict[int, wasyncore.dispatcher] = {}
        self._epoll = select.epoll()
        self._flags: dict[int, int] = {}  # file descriptor -> what it is registered for
        self._to_ask: set[int] = set()

    def opened(self, descriptor: int) -> None:
        """A new connection has this file descriptor, which an old one may have had."""
        self._flags.pop(descriptor, None)
        self._to_ask.add(descriptor)

    def recheck(self) -> None:
        """Ask all connections for their state in the next round."""
        self._to_ask.update(self.map)

    def turn(self, seconds: float) -> None:
        """Handle what happens on all sockets, waiting for at most some seconds."""
        polled, self._to_ask = self._to_ask, set()
        for descriptor in polled:
            if (dispatcher := self.map.get(descriptor)) is not None:
                self._register(descriptor, flags_of(dispatcher))
        for descriptor, flags in self._epoll.poll(seconds):
            self._to_ask.add(descriptor)
            if (dispatcher := self.map.get(descriptor)) is not None:
                wasyncore.readwrite(dispatcher, flags)

    def close(self) -> None:
        """Free the kernel's list of sockets."""
        self._epoll.close()

    def _register(self, descriptor: int, flags: int) -> None:
        before = self._flags.get(descriptor)
        if before is None:
            self._epoll.register(descriptor, flags)
        elif before != flags:
            self._epoll.modify(descriptor, flags)
        self._flags[descriptor] = flags
        if flags != select.EPOLLIN:
            self._to_ask.add(descriptor)


def flags_of(dispatcher: wasyncore.dispatcher) -> int:
    """The events that a dispatcher waits for."""
    flags = select.EPOLLIN if dispatcher.readable() else 0
    if dispatcher.writable() and not dispatcher.accepting:
        flags |= select.EPOLLOUT
    return flags
